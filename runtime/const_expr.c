/* Constant expressions (3.3.10, 5.4.9) as 2.0 has them: one instruction and `end`. Longer ones, and globals that the
 * module defines itself, are a later proposal's; they are recognised in order to say so. */
#include "runtime/decode.h"
#include "runtime/opcodes.h"

/* May follow an instruction in an extended constant expression. */
static bool is_extended(uint8_t byte)
{
    return (byte >= 0x41 && byte <= 0x44) || byte == 0x23 || (byte >= 0x6a && byte <= 0x6c) ||
           (byte >= 0x7c && byte <= 0x7e);
}

static enum status global_get(struct decoder *d, size_t at, struct const_expr *expr)
{
    uint32_t index;
    TRY(decode_u32(d, &index));
    if (index >= d->module->global_count)
        return decode_fail_at(d, at, STATUS_INVALID, "unknown global %u", index);
    const struct global *g = &d->module->globals[index];
    if (!g->imported)
        return decode_needs(d, at, "extended constant expressions");
    if (g->type.mutable)
        return decode_fail_at(d, at, STATUS_INVALID, "constant expression required: global %u is mutable", index);
    *expr = (struct const_expr) { index, CONST_GLOBAL, g->type.type };
    return STATUS_OK;
}

static enum status ref_func(struct decoder *d, size_t at, struct const_expr *expr)
{
    uint32_t index;
    TRY(decode_u32(d, &index));
    if (index >= d->module->function_count)
        return decode_fail_at(d, at, STATUS_INVALID, "unknown function %u", index);
    module_declare(d->module, index);
    *expr = (struct const_expr) { index, CONST_FUNCTION, RT_FUNCREF };
    return STATUS_OK;
}

static enum status instruction(struct decoder *d, struct const_expr *expr)
{
    size_t at = cursor_offset(&d->in);
    uint8_t byte, type;
    int32_t i32;
    int64_t i64;
    uint32_t f32;
    TRY(decode_u8(d, &byte));
    switch (byte) {
    case 0x41:
        TRY(decode_s32(d, &i32));
        *expr = (struct const_expr) { (uint32_t)i32, CONST_BITS, RT_I32 };
        return STATUS_OK;
    case 0x42:
        TRY(decode_s64(d, &i64));
        *expr = (struct const_expr) { (uint64_t)i64, CONST_BITS, RT_I64 };
        return STATUS_OK;
    case 0x43:
        TRY(decode_f32(d, &f32));
        *expr = (struct const_expr) { f32, CONST_BITS, RT_F32 };
        return STATUS_OK;
    case 0x44:
        *expr = (struct const_expr) { 0, CONST_BITS, RT_F64 };
        return decode_f64(d, &expr->bits);
    case 0x23:
        return global_get(d, at, expr);
    case 0xd0:
        TRY(decode_reference_type(d, &type));
        *expr = (struct const_expr) { 0, CONST_BITS, type };
        return STATUS_OK;
    case 0xd2:
        return ref_func(d, at, expr);
    case 0x0b:
        return decode_fail_at(d, at, STATUS_INVALID, "type mismatch: an empty constant expression");
    case 0xfb:
        return decode_needs(d, at, "garbage collection");
    case 0xfd:
        return decode_needs(d, at, "fixed-width SIMD");
    default:
        if (!op_find(byte))
            return decode_fail_at(d, at, STATUS_MALFORMED, "illegal opcode 0x%02x", byte);
        return decode_fail_at(d, at, STATUS_INVALID, "constant expression required");
    }
}

enum status decode_const_expr(struct decoder *d, uint8_t expected, struct const_expr *ret)
{
    size_t at = cursor_offset(&d->in);
    struct const_expr expr = { .kind = CONST_BITS };
    TRY(instruction(d, &expr));
    size_t end_at = cursor_offset(&d->in);
    uint8_t byte;
    TRY(decode_u8(d, &byte));
    if (byte != 0x0b) {
        if (is_extended(byte))
            return decode_needs(d, end_at, "extended constant expressions");
        return decode_fail_at(d, end_at, STATUS_INVALID,
                              "constant expression required, or type mismatch: `end` expected");
    }
    if (expr.type != expected)
        return decode_fail_at(d, at, STATUS_INVALID, "type mismatch in a constant expression");
    *ret = expr;
    return STATUS_OK;
}
