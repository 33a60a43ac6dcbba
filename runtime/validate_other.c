/* Parametric, variable and reference instructions (3.3.3 to 3.3.5). local.get emits nothing: the operand stays in its
 * local until something needs it elsewhere. */
#include "runtime/validate.h"

static bool is_reference(uint8_t type) { return type == RT_FUNCREF || type == RT_EXTERNREF; }

static enum status select_emit(struct body *b)
{
    uint32_t condition, x, y;
    if (!b->live)
        return STATUS_OK;
    bool wide = b->stack[b->height].type == RT_V128;
    TRY(prep_use(b, b->height + (wide ? 4 : 2), &condition));
    TRY(prep_use(b, b->height + (wide ? 2 : 1), &y));
    TRY(prep_use(b, b->height, &x));
    return prep_emit_pair(b, prep_word(wide ? P_SELECT_V128 : P_SELECT, x, y, slot_of(b, b->height)), condition, true);
}

static enum status select_typed(struct body *b)
{
    uint32_t count;
    uint8_t type;
    TRY(decode_count(b->d, 1, LIMIT_PARAMS, "types", &count));
    if (count != 1)
        return body_fail(b, "invalid result arity: select takes one type");
    TRY(decode_value_type(b->d, &type));
    TRY(operand_pop(b, RT_I32));
    TRY(operand_pop(b, type));
    TRY(operand_pop(b, type));
    TRY(select_emit(b));
    return operand_push(b, type);
}

enum status validate_parametric(struct body *b, enum op op)
{
    uint8_t x, y;
    if (op == OP_DROP) {
        b->last = NO_WORD;
        return operand_pop_any(b, &x);
    }
    if (op == OP_SELECT_T)
        return select_typed(b);
    TRY(operand_pop(b, RT_I32));
    TRY(operand_pop_any(b, &y));
    TRY(operand_pop_any(b, &x));
    if (is_reference(x) || is_reference(y))
        return body_fail(b, "type mismatch: select of references needs a type");
    if (x != y && x != TYPE_UNKNOWN && y != TYPE_UNKNOWN)
        return body_fail(b, "type mismatch: select of %s and %s", type_text(x), type_text(y));
    TRY(select_emit(b));
    return operand_push(b, x == TYPE_UNKNOWN ? y : x);
}

static enum status global_access(struct body *b, enum op op, uint32_t index)
{
    if (index >= b->module->global_count)
        return body_fail(b, "unknown global %u", index);
    const struct global *g = &b->module->globals[index];
    bool shared = g->imported && g->type.mutable; /* an immutable one is copied at linking */
    bool wide = g->type.type == RT_V128;
    if (op == OP_GLOBAL_GET) {
        uint32_t get = wide ? (shared ? P_GLOBAL_GET_SHARED_V128 : P_GLOBAL_GET_V128)
                            : (shared ? P_GLOBAL_GET_SHARED : P_GLOBAL_GET);
        TRY(prep_emit_result(b, prep_low(get, g->slot, slot_of(b, b->height))));
        return operand_push(b, g->type.type);
    }
    if (!g->type.mutable)
        return body_fail(b, "global is immutable: global %u", index);
    TRY(operand_pop(b, g->type.type));
    uint32_t slot;
    TRY(prep_use(b, b->height, &slot));
    uint32_t set =
        wide ? (shared ? P_GLOBAL_SET_SHARED_V128 : P_GLOBAL_SET_V128) : (shared ? P_GLOBAL_SET_SHARED : P_GLOBAL_SET);
    return prep_emit(b, prep_low(set, g->slot, slot));
}

enum status validate_variable(struct body *b, enum op op)
{
    uint32_t index;
    TRY(decode_u32(b->d, &index));
    if (op == OP_GLOBAL_GET || op == OP_GLOBAL_SET)
        return global_access(b, op, index);
    if (index >= b->local_count)
        return body_fail(b, "unknown local %u", index);
    uint8_t type = b->local_types[index];
    struct operand local = { .kind = OPERAND_LOCAL, .type = type, .local = b->local_slots[index] };
    if (op == OP_LOCAL_GET)
        return operand_push_lazy(b, local, 0);
    TRY(operand_pop(b, type));
    TRY(prep_local_set(b, b->height, local.local));
    return op == OP_LOCAL_TEE ? operand_push_lazy(b, local, 0) : STATUS_OK;
}

enum status validate_reference(struct body *b, enum op op)
{
    uint8_t type;
    uint32_t index, slot;
    switch ((unsigned)op) {
    case OP_REF_NULL:
        TRY(decode_reference_type(b->d, &type));
        return operand_push_lazy(b, (struct operand) { .kind = OPERAND_CONST, .type = type }, 0);
    case OP_REF_IS_NULL:
        TRY(operand_pop_any(b, &type));
        if (type != TYPE_UNKNOWN && !is_reference(type))
            return body_fail(b, "type mismatch: expected a reference, found %s", type_text(type));
        TRY(prep_use(b, b->height, &slot));
        TRY(prep_emit_result(b, prep_word(P_I64_EQ_K, slot, 0, slot_of(b, b->height))));
        return operand_push(b, RT_I32);
    default:
        TRY(decode_u32(b->d, &index));
        if (index >= b->module->function_count)
            return body_fail(b, "unknown function %u", index);
        if (!module_declared(b->module, index))
            return body_fail(b, "undeclared function reference %u", index);
        TRY(prep_emit_result(b, prep_low(P_REF_FUNC, index, slot_of(b, b->height))));
        return operand_push(b, RT_FUNCREF);
    }
}
