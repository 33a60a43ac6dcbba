/* Parametric, variable and reference instructions (3.3.3 to 3.3.5). local.get emits nothing: the operand stays in its
 * local until something needs it elsewhere. */
#include "runtime/prepare.h"

static enum status select_typed(struct body *b)
{
    uint32_t count, type;
    TRY(decode_count(b->d, 1, LIMIT_PARAMS, "types", &count));
    if (count != 1)
        return body_fail(b, "invalid result arity: select takes one type");
    TRY(decode_value_type(b->d, &type));
    TRY(operand_pop(b, RT_I32));
    TRY(operand_pop(b, type));
    TRY(operand_pop(b, type));
    TRY(prep_select(b, type == RT_V128));
    return operand_push(b, type);
}

enum status validate_parametric(struct body *b, enum insn insn)
{
    uint32_t x, y;
    if (insn == INSN_DROP) {
        b->out.last = NO_UNIT;
        return operand_pop_any(b, &x);
    }
    if (insn == INSN_SELECT_T)
        return select_typed(b);
    TRY(operand_pop(b, RT_I32));
    TRY(operand_pop_any(b, &y));
    TRY(operand_pop_any(b, &x));
    if (type_is_reference(x) || type_is_reference(y))
        return body_fail(b, "type mismatch: select of references needs a type");
    if (x != y && x != TYPE_UNKNOWN && y != TYPE_UNKNOWN)
        return body_fail(b, "type mismatch: select of %s and %s", type_text(x), type_text(y));
    TRY(prep_select(b, x == RT_V128 || y == RT_V128));
    return operand_push(b, x == TYPE_UNKNOWN ? y : x);
}

static enum status global_access(struct body *b, enum insn insn)
{
    uint32_t index;
    TRY(decode_u32(b->d, &index));
    if (index >= b->module->global_count)
        return body_fail(b, "unknown global %u", index);
    const struct global *g = &b->module->globals[index];
    bool shared = g->imported && g->type.mutable; /* an immutable one is copied at linking */
    if (insn == INSN_GLOBAL_GET) {
        TRY(prep_global_get(b, g, shared));
        return operand_push(b, g->type.type);
    }
    if (!g->type.mutable)
        return body_fail(b, "global is immutable: global %u", index);
    TRY(operand_pop(b, g->type.type));
    return prep_global_set(b, g, shared);
}

enum status validate_variable(struct body *b, enum insn insn)
{
    struct local local = { 0 };
    if (insn == INSN_GLOBAL_GET || insn == INSN_GLOBAL_SET)
        return global_access(b, insn);
    TRY(validate_local(b, &local));
    struct operand o = { .kind = OPERAND_LOCAL, .type = local.type, .local = (uint16_t)local.slot };
    if (insn == INSN_LOCAL_GET)
        return operand_push_lazy(b, o, 0);
    TRY(operand_pop(b, local.type));
    TRY(prep_local_set(b, b->height, local.slot));
    return insn == INSN_LOCAL_TEE ? operand_push_lazy(b, o, 0) : STATUS_OK;
}

enum status validate_reference(struct body *b, enum insn insn)
{
    uint32_t index, type = TYPE_UNKNOWN;
    switch ((enum insn_reference)insn) {
    case REFERENCE_INSN_REF_NULL:
        TRY(decode_heap_type(b->d, &type));
        return operand_push_lazy(b, (struct operand) { .kind = OPERAND_CONST, .type = type }, 0);
    case REFERENCE_INSN_REF_IS_NULL:
        TRY(operand_pop_any(b, &type));
        if (type != TYPE_UNKNOWN && !type_is_reference(type))
            return body_fail(b, "type mismatch: expected a reference, found %s", type_text(type));
        TRY(prep_test(b, INSN_I64_EQ));
        return operand_push(b, RT_I32);
    case REFERENCE_INSN_REF_FUNC:
        TRY(decode_u32(b->d, &index));
        if (index >= b->module->function_count)
            return body_fail(b, "unknown function %u", index);
        if (!module_declared(b->module, index))
            return body_fail(b, "undeclared function reference %u", index);
        TRY(prep_op(b, P_REF_FUNC));
        prep_u32(b, index);
        prep_result(b, slot_of(b, b->height));
        return operand_push(b, function_reference(b->module, index));
    }
    return body_fail(b, "instruction %d has no check", (int)insn);
}
