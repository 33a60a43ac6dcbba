/* Emission of the regular rows on numbers, of select and of globals. */
#include "runtime/prepare.h"

enum status prep_unary(struct body *b, const struct insn_info *info, bool traps)
{
    enum acc from = acc_of(info->params[0]), to = acc_of(info->result);
    uint32_t at = b->height, slot = 0, op = info->prepared;
    if (!b->emitting)
        return STATUS_OK;
    bool acc = prep_in_acc(b, at, from);
    if (acc) {
        prep_take_acc(b, at);
        op += FORM_UNARY_ACC;
    } else {
        TRY(prep_use(b, at, &slot));
    }
    if (traps)
        prep_map(b, false);
    TRY(prep_op(b, op));
    if (!acc)
        prep_unit(b, slot);
    prep_result_acc(b, slot_of(b, at), to, (struct prep_form) { insn_of(info), 0, op + FORM_UNARY_R });
    return STATUS_OK;
}

static enum status emit_binary(struct body *b, const struct insn_info *info, const struct prep_sources *s)
{
    uint32_t op = info->prepared + s->form;
    if (info->class == INSN_CLASS_DIVIDE)
        prep_map(b, false);
    TRY(prep_op(b, op));
    prep_units(b, s);
    prep_result_acc(b, slot_of(b, b->height), acc_of(info->result),
                    (struct prep_form) { insn_of(info), s->form, op + FORM_SOURCES });
    return STATUS_OK;
}

/* What a sum or difference becomes if one of its operands is a product emitted just now; 0: something else. x, y: where
 * the operands are; ret_other: the one that is no product. */
static uint32_t product_op(const struct body *b, uint32_t row, uint32_t x, uint32_t y, uint32_t *ret_other)
{
    bool wide = row == INSN_F64_ADD || row == INSN_F64_SUB, sum = row == INSN_F32_ADD || row == INSN_F64_ADD;
    uint32_t multiply = wide ? INSN_F64_MUL : INSN_F32_MUL;
    if ((!sum && row != INSN_F32_SUB && row != INSN_F64_SUB) ||
        (b->out.last_sources != FORM_SS && b->out.last_sources != FORM_RS))
        return 0;
    bool first = prep_is_last(b, x, multiply), second = prep_is_last(b, y, multiply);
    *ret_other = first ? y : x;
    if ((!first && !second) || b->stack[*ret_other].kind == OPERAND_CONST)
        return 0;
    uint32_t base = wide ? P_F64_MUL_ADD_SS : P_F32_MUL_ADD_SS;
    return base + (uint32_t)FORM_PRODUCTS * (sum ? 0 : first ? 1 : 2);
}

static enum status emit_product(struct body *b, uint32_t op, uint32_t other)
{
    uint32_t slot, row = b->out.last_row;
    TRY(prep_use(b, other, &slot));
    struct prep_sources s = prep_unemit(b);
    op += s.form == FORM_RS ? (uint32_t)FORM_PRODUCT_RS : 0;
    TRY(prep_op(b, op));
    prep_units(b, &s);
    prep_unit(b, slot);
    prep_result_acc(b, slot_of(b, b->height), acc_of(insn_infos[row].result),
                    (struct prep_form) { INSN_COUNT, 0, op + FORM_PRODUCT_R });
    return STATUS_OK;
}

enum status prep_binary(struct body *b, const struct insn_info *info)
{
    struct prep_sources s;
    uint32_t other, row = insn_of(info);
    if (!b->emitting)
        return STATUS_OK;
    uint32_t product = product_op(b, row, b->height, b->height + 1, &other);
    if (product > 0)
        return emit_product(b, product, other);
    TRY(prep_pick(b, b->height, b->height + 1, acc_of(info->params[0]), info->commutes, &s));
    return emit_binary(b, info, &s);
}

enum status prep_test(struct body *b, uint32_t row)
{
    struct prep_sources s;
    if (!b->emitting)
        return STATUS_OK;
    TRY(prep_against_zero(b, b->height, &s));
    return emit_binary(b, &insn_infos[row], &s);
}

enum status prep_select(struct body *b, bool wide)
{
    uint32_t condition = 0, x, y, at = b->height;
    if (!b->emitting)
        return STATUS_OK;
    uint32_t condition_at = at + (wide ? 4 : 2);
    TRY(prep_use(b, at + (wide ? 2 : 1), &y));
    TRY(prep_use(b, at, &x));
    bool acc = !wide && prep_in_acc(b, condition_at, ACC_INT);
    if (acc)
        prep_take_acc(b, condition_at);
    else
        TRY(prep_use(b, condition_at, &condition));
    uint32_t op = wide ? P_SELECT_V128 : acc ? P_SELECT_R : P_SELECT_S;
    TRY(prep_op(b, op));
    prep_unit(b, x);
    prep_unit(b, y);
    if (!acc)
        prep_unit(b, condition);
    if (wide)
        prep_result_wide(b, slot_of(b, at));
    else /* R has the slot's bits, whatever their type */
        prep_result_acc(b, slot_of(b, at), ACC_INT,
                        (struct prep_form) { INSN_SELECT, 0, op + P_SELECT_S_R - P_SELECT_S });
    return STATUS_OK;
}

enum status prep_global_get(struct body *b, const struct global *g, bool shared)
{
    bool wide = g->type.type == RT_V128;
    uint32_t slot = slot_of(b, b->height);
    TRY(prep_op(b, wide ? (shared ? P_GLOBAL_GET_SHARED_V128 : P_GLOBAL_GET_V128)
                        : (shared ? P_GLOBAL_GET_SHARED : P_GLOBAL_GET)));
    prep_u32(b, g->slot);
    if (wide)
        prep_result_wide(b, slot);
    else if (!shared)
        prep_result_acc(b, slot, ACC_INT, (struct prep_form) { INSN_GLOBAL_GET, 0, P_GLOBAL_GET_R });
    else
        prep_result(b, slot);
    return STATUS_OK;
}

enum status prep_global_set(struct body *b, const struct global *g, bool shared)
{
    bool wide = g->type.type == RT_V128;
    uint32_t slot;
    if (!b->emitting)
        return STATUS_OK;
    if (!wide && !shared && prep_in_acc(b, b->height, ACC_INT)) {
        prep_take_acc(b, b->height);
        TRY(prep_op(b, P_GLOBAL_SET_R));
        prep_u32(b, g->slot);
        return STATUS_OK;
    }
    TRY(prep_use(b, b->height, &slot));
    TRY(prep_op(b, wide ? (shared ? P_GLOBAL_SET_SHARED_V128 : P_GLOBAL_SET_V128)
                        : (shared ? P_GLOBAL_SET_SHARED : P_GLOBAL_SET_S)));
    prep_u32(b, g->slot);
    prep_unit(b, slot);
    return STATUS_OK;
}
