/* Instructions whose row in the opcode table says all: pop the parameters, push the result, emit by class
 * (3.3.2, 3.3.7). */
#include "runtime/prepare.h"

enum status validate_memarg(struct body *b, const struct insn_info *info, struct memarg *ret)
{
    uint32_t flags;
    TRY(decode_u32(b->d, &flags));
    ret->memory = 0;
    if (flags >= 128)
        return decode_fail_at(b->d, b->insn_offset, STATUS_MALFORMED, "malformed memop flags 0x%x", flags);
    if (flags & MEMARG_HAS_MEMORY)
        TRY(decode_u32(b->d, &ret->memory));
    if (ret->memory >= b->module->memory_count)
        return body_fail(b, "unknown memory %u", ret->memory);
    if ((flags & (MEMARG_HAS_MEMORY - 1)) > info->immediate) /* INSN_IMM_MEMARG_n is n */
        return body_fail(b, "alignment must not be larger than natural");
    return decode_u32(b->d, &ret->offset);
}

static enum status constant(struct body *b, const struct insn_info *info)
{
    struct operand o = { .kind = OPERAND_CONST, .type = info->result };
    int32_t i32;
    int64_t i64;
    uint32_t f32;
    uint64_t v128[2] = { 0 };
    if (info->immediate == INSN_IMM_I32) {
        TRY(decode_s32(b->d, &i32));
        o.bits = (uint32_t)i32;
    } else if (info->immediate == INSN_IMM_I64) {
        TRY(decode_s64(b->d, &i64));
        o.bits = (uint64_t)i64;
    } else if (info->immediate == INSN_IMM_F32) {
        TRY(decode_f32(b->d, &f32));
        o.bits = f32;
    } else if (info->immediate == INSN_IMM_F64) {
        TRY(decode_f64(b->d, &o.bits));
    } else {
        TRY(decode_v128(b->d, v128));
        o.bits = v128[0];
    }
    return operand_push_lazy(b, o, v128[1]);
}

/* A change of type that leaves the slot as it is; the operand may stay where it was. */
static enum status reinterpret(struct body *b, const struct insn_info *info)
{
    TRY(operand_pop(b, info->params[0]));
    if (!b->emitting)
        return operand_push(b, info->result);
    struct operand o = b->stack[b->height];
    o.type = info->result;
    return operand_push_lazy(b, o, 0);
}

enum status validate_params(struct body *b, const struct insn_info *info, uint32_t first)
{
    for (uint32_t i = info->param_count; i > first; i--)
        TRY(operand_pop(b, info->params[i - 1]));
    return STATUS_OK;
}

enum status validate_access_operands(struct body *b, const struct insn_info *info, const struct memarg *m)
{
    TRY(validate_params(b, info, 1));
    return operand_pop(b, b->module->memories[m->memory].address);
}

static enum status access(struct body *b, const struct insn_info *info)
{
    struct memarg m = { 0 };
    TRY(validate_memarg(b, info, &m));
    TRY(validate_access_operands(b, info, &m));
    if (info->class == INSN_CLASS_STORE)
        return b->emitting ? prep_store(b, info, &m) : STATUS_OK;
    if (b->emitting)
        TRY(prep_load(b, info, &m));
    return operand_push(b, info->result);
}

static enum status emit(struct body *b, const struct insn_info *info)
{
    if (info->param_count == 2)
        return prep_binary(b, info);
    if (info->class == INSN_CLASS_TEST)
        return prep_test(b, info->params[0] == RT_I32 ? INSN_I32_EQ : INSN_I64_EQ);
    return prep_unary(b, info, info->class == INSN_CLASS_TRUNCATE);
}

enum status validate_regular(struct body *b, const struct insn_info *info)
{
    if (info->class == INSN_CLASS_LOAD || info->class == INSN_CLASS_STORE)
        return access(b, info);
    if (info->class == INSN_CLASS_CONST || info->class == INSN_CLASS_V_CONST)
        return constant(b, info);
    if (info->class == INSN_CLASS_REINTERPRET)
        return reinterpret(b, info);
    TRY(validate_params(b, info, 0));
    if (b->emitting)
        TRY(emit(b, info));
    return operand_push(b, info->result);
}
