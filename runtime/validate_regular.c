/* Instructions whose row in the opcode table says all: pop the parameters, push the result, emit by class
 * (3.3.2, 3.3.7). */
#include "runtime/validate.h"

enum { MEMARG_HAS_MEMORY = 64 }; /* 5.4.7 */

enum status validate_memarg(struct body *b, const struct op_info *info, struct memarg *ret)
{
    uint32_t flags;
    TRY(decode_u32(b->d, &flags));
    ret->memory = 0;
    if (flags >= 128)
        return decode_fail_at(b->d, b->op_offset, STATUS_MALFORMED, "malformed memop flags 0x%x", flags);
    if (flags & MEMARG_HAS_MEMORY)
        TRY(decode_u32(b->d, &ret->memory));
    if (ret->memory >= b->module->memory_count)
        return body_fail(b, "unknown memory %u", ret->memory);
    if ((flags & (MEMARG_HAS_MEMORY - 1)) > info->immediate) /* OP_IMM_MEMARG_n is n */
        return body_fail(b, "alignment must not be larger than natural");
    return decode_u32(b->d, &ret->offset);
}

/* The address's slot, with an offset that does not fit into the instruction added to it beforehand. */
static enum status address(struct body *b, uint32_t at, uint32_t *offset, uint32_t *ret_slot)
{
    TRY(prep_use(b, at, ret_slot));
    if (*offset <= UINT16_MAX)
        return STATUS_OK;
    TRY(prep_emit_pair(b, prep_word(P_ADD_OFFSET, *ret_slot, 0, slot_of(b, at)), *offset, false));
    *ret_slot = slot_of(b, at);
    *offset = 0;
    return STATUS_OK;
}

static enum status emit_load(struct body *b, const struct op_info *info, struct memarg *m)
{
    uint32_t slot;
    TRY(address(b, b->height, &m->offset, &slot));
    return prep_emit_access(b, m->memory, prep_word(info->prepared, slot, m->offset, slot_of(b, b->height)), true);
}

static enum status emit_store(struct body *b, const struct op_info *info, struct memarg *m)
{
    uint32_t slot, value;
    TRY(prep_use(b, b->height + 1, &value));
    TRY(address(b, b->height, &m->offset, &slot));
    return prep_emit_access(b, m->memory, prep_word(info->prepared, slot, m->offset, value), false);
}

static enum status emit_unary(struct body *b, const struct op_info *info, bool traps)
{
    uint32_t slot;
    TRY(prep_use(b, b->height, &slot));
    if (traps)
        TRY(prep_map(b, false));
    return prep_emit_result(b, prep_word(info->prepared, slot, 0, slot_of(b, b->height)));
}

/* Whether an operand is a constant that the 16 bits of a _K form can hold. */
static bool fits_k(const struct operand *o)
{
    if (o->kind != OPERAND_CONST)
        return false;
    int64_t v = o->type == RT_I32 ? (int32_t)(uint32_t)o->bits : (int64_t)o->bits;
    return v >= INT16_MIN && v <= INT16_MAX;
}

static enum status emit_binary(struct body *b, const struct op_info *info)
{
    bool has_k = info->class != OP_CLASS_BINARY;
    uint32_t x, y, op = info->prepared, second = b->height + rt_type_slots(1, info->params);
    TRY(prep_use(b, b->height, &x));
    if (has_k && b->live && fits_k(&b->stack[second])) {
        op += PREP_K;
        y = (uint16_t)b->stack[second].bits;
    } else {
        TRY(prep_use(b, second, &y));
    }
    if (info->class == OP_CLASS_DIVIDE)
        TRY(prep_map(b, false));
    return prep_emit_result(b, prep_word(op, x, y, slot_of(b, b->height)));
}

static enum status emit_test(struct body *b, const struct op_info *info)
{
    uint32_t slot, op = info->params[0] == RT_I32 ? P_I32_EQ_K : P_I64_EQ_K;
    TRY(prep_use(b, b->height, &slot));
    return prep_emit_result(b, prep_word(op, slot, 0, slot_of(b, b->height)));
}

static enum status constant(struct body *b, const struct op_info *info)
{
    struct operand o = { .kind = OPERAND_CONST, .type = info->result };
    int32_t i32;
    int64_t i64;
    uint32_t f32;
    uint64_t v128[2] = { 0 };
    if (info->immediate == OP_IMM_I32) {
        TRY(decode_s32(b->d, &i32));
        o.bits = (uint32_t)i32;
    } else if (info->immediate == OP_IMM_I64) {
        TRY(decode_s64(b->d, &i64));
        o.bits = (uint64_t)i64;
    } else if (info->immediate == OP_IMM_F32) {
        TRY(decode_f32(b->d, &f32));
        o.bits = f32;
    } else if (info->immediate == OP_IMM_F64) {
        TRY(decode_f64(b->d, &o.bits));
    } else {
        TRY(decode_v128(b->d, v128));
        o.bits = v128[0];
    }
    return operand_push_lazy(b, o, v128[1]);
}

/* A change of type that leaves the slot as it is; the operand may stay where it was. */
static enum status reinterpret(struct body *b, const struct op_info *info)
{
    bool known = b->height > control_top(b)->height;
    TRY(operand_pop(b, info->params[0]));
    if (!known)
        return operand_push(b, info->result);
    struct operand o = b->stack[b->height];
    o.type = info->result;
    return operand_push_lazy(b, o, 0);
}

enum status validate_regular(struct body *b, const struct op_info *info)
{
    struct memarg m = { 0 };
    if (info->class == OP_CLASS_CONST)
        return constant(b, info);
    if (info->class == OP_CLASS_REINTERPRET)
        return reinterpret(b, info);
    if (info->class >= OP_CLASS_TERNARY && info->class <= OP_CLASS_STORE_LANE)
        return validate_lanes(b, info);
    if (info->class == OP_CLASS_LOAD || info->class == OP_CLASS_STORE)
        TRY(validate_memarg(b, info, &m));
    TRY(operands_pop(b, info->param_count, info->params));
    if (b->live) {
        if (info->class == OP_CLASS_LOAD)
            TRY(emit_load(b, info, &m));
        else if (info->class == OP_CLASS_STORE)
            TRY(emit_store(b, info, &m));
        else if (info->class == OP_CLASS_TEST)
            TRY(emit_test(b, info));
        else if (info->param_count == 1)
            TRY(emit_unary(b, info, info->class == OP_CLASS_TRUNCATE));
        else
            TRY(emit_binary(b, info));
    }
    return info->result ? operand_push(b, info->result) : STATUS_OK;
}
