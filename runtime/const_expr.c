/* Constant expressions (3.3.10, 5.4.9): constants, references, immutable globals that come before, and sums,
 * differences and products of integers. Nearly all are one instruction; a longer one is read twice, first to check and
 * count it, then into a program of its exact size. */
#include "runtime/decode.h"
#include "runtime/opcodes.h"

static enum status global_get(struct decoder *d, size_t at, struct const_expr *step)
{
    uint32_t index;
    TRY(decode_u32(d, &index));
    if (index >= d->module->global_count)
        return decode_fail_at(d, at, STATUS_INVALID, "unknown global %u", index);
    const struct global *g = &d->module->globals[index];
    if (g->type.mutable)
        return decode_fail_at(d, at, STATUS_INVALID, "constant expression required: global %u is mutable", index);
    *step = (struct const_expr) { index, CONST_GLOBAL, g->type.type };
    return STATUS_OK;
}

static enum status ref_func(struct decoder *d, size_t at, struct const_expr *step)
{
    uint32_t index;
    TRY(decode_u32(d, &index));
    if (index >= d->module->function_count)
        return decode_fail_at(d, at, STATUS_INVALID, "unknown function %u", index);
    module_declare(d->module, index);
    *step = (struct const_expr) { index, CONST_FUNCTION, function_reference(d->module, index) };
    return STATUS_OK;
}

static enum status number(struct decoder *d, enum insn insn, struct const_expr *step)
{
    int32_t i32;
    int64_t i64;
    uint32_t f32;
    if (insn == INSN_I32_CONST) {
        TRY(decode_s32(d, &i32));
        *step = (struct const_expr) { (uint32_t)i32, CONST_BITS, RT_I32 };
    } else if (insn == INSN_I64_CONST) {
        TRY(decode_s64(d, &i64));
        *step = (struct const_expr) { (uint64_t)i64, CONST_BITS, RT_I64 };
    } else if (insn == INSN_F32_CONST) {
        TRY(decode_f32(d, &f32));
        *step = (struct const_expr) { f32, CONST_BITS, RT_F32 };
    } else {
        *step = (struct const_expr) { 0, CONST_BITS, RT_F64 };
        return decode_f64(d, &step->bits);
    }
    return STATUS_OK;
}

static enum status vector(struct decoder *d, struct const_expr *step)
{
    uint64_t *bits = arena_alloc(&d->module->arena, 2, sizeof *bits);
    if (!bits)
        return decode_no_memory(d);
    *step = (struct const_expr) { (uint64_t)(uintptr_t)bits, CONST_V128, RT_V128 };
    return decode_v128(d, bits);
}

static enum status arithmetic(enum insn insn, struct const_expr *step)
{
    static const uint8_t kinds[] = { CONST_ADD, CONST_SUB, CONST_MUL };
    bool narrow = insn == INSN_I32_ADD || insn == INSN_I32_SUB || insn == INSN_I32_MUL;
    *step = (struct const_expr) { 0, kinds[insn - (narrow ? INSN_I32_ADD : INSN_I64_ADD)], narrow ? RT_I32 : RT_I64 };
    return STATUS_OK;
}
_Static_assert(INSN_I32_SUB == INSN_I32_ADD + 1 && INSN_I32_MUL == INSN_I32_ADD + 2, "as `kinds` has them");
_Static_assert(INSN_I64_SUB == INSN_I64_ADD + 1 && INSN_I64_MUL == INSN_I64_ADD + 2, "as `kinds` has them");

/* Refuses an instruction, with the name of a proposal where one would allow it. */
static enum status refuse(struct decoder *d, size_t at, uint32_t code)
{
    if (insn_find(code))
        return decode_fail_at(d, at, STATUS_INVALID, "constant expression required");
    if (insn_proposal(code))
        return decode_needs(d, at, insn_proposal(code));
    return decode_fail_at(d, at, STATUS_MALFORMED, "illegal opcode 0x%02x", code);
}

/* What an instruction is here; all that stand in no row are no part of a constant expression. */
enum constant { NOT_CONSTANT, NUMBER, VECTOR, ARITHMETIC, GLOBAL, NULL_REFERENCE, FUNCTION, END };
static const uint8_t constants[INSN_COUNT] = {
    [INSN_I32_CONST] = NUMBER,        [INSN_I64_CONST] = NUMBER,   [INSN_F32_CONST] = NUMBER,
    [INSN_F64_CONST] = NUMBER,        [INSN_V128_CONST] = VECTOR,  [INSN_I32_ADD] = ARITHMETIC,
    [INSN_I32_SUB] = ARITHMETIC,      [INSN_I32_MUL] = ARITHMETIC, [INSN_I64_ADD] = ARITHMETIC,
    [INSN_I64_SUB] = ARITHMETIC,      [INSN_I64_MUL] = ARITHMETIC, [INSN_GLOBAL_GET] = GLOBAL,
    [INSN_REF_NULL] = NULL_REFERENCE, [INSN_REF_FUNC] = FUNCTION,  [INSN_END] = END,
};

/* One instruction. *ret_end: it was `end`, and *step is untouched. */
static enum status instruction(struct decoder *d, struct const_expr *step, bool *ret_end)
{
    size_t at = cursor_offset(&d->in);
    uint32_t code = 0;
    uint32_t type;
    TRY(decode_opcode(d, &code));
    const struct insn_info *info = insn_find(code);
    if (!info)
        return refuse(d, at, code);
    enum insn insn = insn_of(info);
    switch ((enum constant)constants[insn]) {
    case NUMBER:
        return number(d, insn, step);
    case VECTOR:
        return vector(d, step);
    case ARITHMETIC:
        return arithmetic(insn, step);
    case GLOBAL:
        return global_get(d, at, step);
    case NULL_REFERENCE:
        TRY(decode_heap_type(d, &type));
        *step = (struct const_expr) { 0, CONST_BITS, type };
        return STATUS_OK;
    case FUNCTION:
        return ref_func(d, at, step);
    case END:
        *ret_end = true;
        return STATUS_OK;
    case NOT_CONSTANT:
        break;
    }
    return refuse(d, at, code);
}

/* Reads up to `end`; leaves the last instruction in *step and their number in *ret_count. */
static enum status check(struct decoder *d, uint32_t expected, struct const_expr *step, uint32_t *ret_count)
{
    uint32_t types[LIMIT_CONST_DEPTH];
    uint32_t height = 0, count = 0;
    size_t at = cursor_offset(&d->in);
    for (bool end = false;; count++) {
        TRY(instruction(d, step, &end));
        if (end)
            break;
        if (step->kind == CONST_ADD || step->kind == CONST_SUB || step->kind == CONST_MUL) {
            if (height < 2 || types[height - 1] != step->type || types[height - 2] != step->type)
                return decode_fail_at(d, at, STATUS_INVALID, "type mismatch in a constant expression");
            height--;
        } else if (height == LIMIT_CONST_DEPTH) {
            return decode_fail_at(d, at, STATUS_LIMIT, "a constant expression has more than %d operands",
                                  LIMIT_CONST_DEPTH);
        } else {
            types[height++] = step->type;
        }
    }
    if (height != 1 || !type_matches(&d->module->types, types[0], expected))
        return decode_fail_at(d, at, STATUS_INVALID, "type mismatch in a constant expression");
    *ret_count = count;
    return STATUS_OK;
}

enum status decode_const_expr(struct decoder *d, uint32_t expected, struct const_expr *ret)
{
    struct cursor start = d->in;
    struct const_expr last = { .kind = CONST_BITS };
    uint32_t count = 0;
    bool end = false;
    TRY(check(d, expected, &last, &count));
    if (count > 1) {
        d->in = start;
        struct const_program *p =
            arena_alloc(&d->module->arena, 1, sizeof *p + (size_t)count * sizeof(struct const_expr));
        if (!p)
            return decode_no_memory(d);
        for (; p->count < count; p->count++)
            TRY(instruction(d, &p->steps[p->count], &end));
        TRY(instruction(d, &last, &end));
        last = (struct const_expr) { (uint64_t)(uintptr_t)p, CONST_PROGRAM, expected };
    }
    *ret = last;
    return STATUS_OK;
}
