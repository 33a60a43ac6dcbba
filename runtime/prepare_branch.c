/* Emission of branches, returns and charges. A segment is code that runs from its first to its last instruction unless
 * it traps; what ends it (a branch, a call, a return, a label) charges its cost. A branch that comes before its target
 * leaves a target that waits; waiting targets of one label are chained. */
#include "runtime/prepare.h"

#include <stdlib.h>

static void aim(struct body *b, uint32_t at, uint32_t target) { unit_put_u32(&b->out.code[at], target - at); }

void prep_patch(struct body *b, uint32_t patch) { aim(b, patch, b->out.count); }

void prep_patch_all(struct body *b, const struct control *control)
{
    uint32_t at = control->patches;
    while (at != NO_UNIT) {
        uint32_t next = unit_u32(&b->out.code[at]);
        prep_patch(b, at);
        at = next;
    }
    if (control->else_patch != NO_UNIT)
        prep_patch(b, control->else_patch);
}

/* A loop's label is its beginning; nobody gets to its end by a branch. */
static void reach(struct control *target) { target->reached |= target->kind != CONTROL_LOOP; }

/* Makes the target at `at` lead to the label of `target`, now or later. */
static void lead(struct body *b, uint32_t at, struct control *target)
{
    if (target->kind == CONTROL_LOOP) {
        aim(b, at, target->label);
        return;
    }
    unit_put_u32(&b->out.code[at], target->patches);
    target->patches = at;
}

/* A target operand; returns where it stands. */
static uint32_t target_unit(struct body *b)
{
    uint32_t at = b->out.count;
    prep_u32(b, 0);
    return at;
}

void prep_bind_label(struct body *b)
{
    b->out.last = NO_UNIT;
    b->out.label = b->out.count;
    prep_forget(b);
}

/* The segment up to `past` is a piece. It is counted before it is charged, as fuel that is exhausted stops the guest
 * behind it. */
static enum status piece(struct body *b, uint32_t past, uint32_t instructions)
{
    struct emitter *e = &b->out;
    if (e->piece_count == e->piece_capacity) {
        uint32_t capacity = e->piece_capacity ? e->piece_capacity * 2 : 64;
        struct rt_piece *pieces = realloc(e->pieces, capacity * sizeof *pieces);
        if (!pieces)
            return STATUS_NO_MEMORY;
        e->pieces = pieces;
        e->piece_capacity = capacity;
    }
    TRY(prep_op(b, P_PIECE));
    prep_u32(b, e->pieces_before + e->piece_count);
    e->pieces[e->piece_count++] = (struct rt_piece) { .first = e->first, .past = past, .instructions = instructions };
    return STATUS_OK;
}

enum status prep_charge(struct body *b, uint32_t keep)
{
    struct emitter *e = &b->out;
    const uint32_t here = (uint32_t)b->insn_offset;
    if (b->emitting && e->cost > keep) {
        if (e->watched)
            TRY(piece(b, keep ? here : here + 1, e->cost - keep));
        prep_map(b, true);
        TRY(prep_op(b, P_CHARGE));
        prep_u32(b, e->cost - keep);
    }
    e->cost = keep;
    if (keep)
        e->first = here;
    return STATUS_OK;
}

enum status prep_take_cost(struct body *b, uint32_t *ret)
{
    struct emitter *e = &b->out;
    if (e->cost > UINT16_MAX)
        TRY(prep_charge(b, 0));
    else if (e->watched && e->cost > 0)
        TRY(piece(b, (uint32_t)b->insn_offset + 1, e->cost));
    *ret = e->cost;
    e->cost = 0;
    return STATUS_OK;
}

enum status prep_left(struct body *b)
{
    if (!b->out.watched)
        return STATUS_OK;
    TRY(prep_charge(b, 0));
    return prep_op(b, P_LEFT);
}

/* One result: from where it is. */
static enum status return_one(struct body *b, uint32_t at)
{
    uint32_t slot = 0, cost, op = P_RETURN_S;
    const struct operand *o = &b->stack[at];
    if (o->kind == OPERAND_CONST && o->bits <= UINT32_MAX) {
        op = P_RETURN_K;
    } else if (prep_in_acc(b, at, ACC_INT)) {
        op = P_RETURN_R;
        prep_take_acc(b, at);
    } else {
        TRY(prep_use(b, at, &slot));
    }
    TRY(prep_left(b));
    TRY(prep_take_cost(b, &cost));
    prep_map(b, true);
    TRY(prep_op(b, op));
    if (op == P_RETURN_K)
        prep_u32(b, (uint32_t)o->bits);
    else if (op == P_RETURN_S)
        prep_unit(b, slot);
    prep_unit(b, cost);
    return STATUS_OK;
}

enum status prep_return(struct body *b, uint32_t at, uint32_t count)
{
    uint32_t cost;
    if (!b->emitting)
        return STATUS_OK;
    if (count == 1)
        return return_one(b, at);
    TRY(prep_flush(b, at, at + count));
    TRY(prep_left(b));
    TRY(prep_take_cost(b, &cost));
    prep_map(b, true);
    TRY(prep_op(b, count == 0 ? P_RETURN_0 : P_RETURN));
    if (count > 0) {
        prep_unit(b, slot_of(b, at));
        prep_unit(b, count);
    }
    prep_unit(b, cost);
    return STATUS_OK;
}

static bool needs_move(const struct control *target, uint32_t at, uint32_t count)
{
    return target->kind == CONTROL_FUNCTION || (count > 0 && target->height != at);
}

static enum status move(struct body *b, const struct control *target, uint32_t at, uint32_t count)
{
    if (count == 0 || target->height == at)
        return STATUS_OK;
    TRY(prep_op(b, count == 1 ? P_COPY : P_MOVE));
    prep_unit(b, slot_of(b, at));
    prep_unit(b, slot_of(b, target->height));
    if (count > 1)
        prep_unit(b, count);
    return STATUS_OK;
}

enum status prep_branch(struct body *b, struct control *target, uint32_t at, uint32_t count)
{
    uint32_t cost;
    if (!b->live)
        return STATUS_OK;
    reach(target);
    if (!b->emitting)
        return STATUS_OK;
    if (target->kind == CONTROL_FUNCTION)
        return prep_return(b, at, count);
    TRY(prep_flush(b, at, at + count));
    TRY(move(b, target, at, count));
    TRY(prep_take_cost(b, &cost));
    prep_map(b, true);
    TRY(prep_op(b, P_BR));
    prep_unit(b, cost);
    lead(b, target_unit(b), target);
    return STATUS_OK;
}

/* The comparison of integers that is true where `row` is false, or INSN_COUNT. */
static uint32_t inverse(uint32_t row)
{
    static const uint16_t pairs[][2] = {
        { INSN_I32_EQ, INSN_I32_NE },     { INSN_I32_LT_S, INSN_I32_GE_S }, { INSN_I32_LT_U, INSN_I32_GE_U },
        { INSN_I32_GT_S, INSN_I32_LE_S }, { INSN_I32_GT_U, INSN_I32_LE_U }, { INSN_I64_EQ, INSN_I64_NE },
        { INSN_I64_LT_S, INSN_I64_GE_S }, { INSN_I64_LT_U, INSN_I64_GE_U }, { INSN_I64_GT_S, INSN_I64_LE_S },
        { INSN_I64_GT_U, INSN_I64_LE_U },
    };
    for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
        for (unsigned side = 0; side < 2; side++)
            if (pairs[i][side] == row)
                return pairs[i][1 - side];
    return INSN_COUNT;
}

/* The first op of the branch that does what a comparison and a branch would. */
static uint32_t branch_op(uint32_t row, bool inverted)
{
    const struct insn_info *info = &insn_infos[row];
    if (info->class == INSN_CLASS_COMPARE_FLOAT)
        return info->prepared + (inverted ? (uint32_t)FORM_BRN : (uint32_t)FORM_BR);
    return insn_infos[inverted ? inverse(row) : row].prepared + (uint32_t)FORM_BR;
}

/* Whether the condition is a comparison emitted just now, and for it alone. */
static bool fusible(const struct body *b, uint32_t at)
{
    uint32_t row = b->out.last_row;
    return row < INSN_COUNT && prep_is_last(b, at, row) &&
           (insn_infos[row].class == INSN_CLASS_COMPARE || insn_infos[row].class == INSN_CLASS_COMPARE_FLOAT);
}

/* Whether the instruction before is an addition that R is the result of, and no label stands between. */
static bool follows_addition(const struct body *b, uint32_t row, const struct prep_sources *s)
{
    const struct emitter *e = &b->out;
    const struct insn_info *info = &insn_infos[row];
    if (info->class != INSN_CLASS_COMPARE || (s->form != FORM_RS && s->form != FORM_RK) || e->begun == NO_UNIT ||
        e->begun < e->label)
        return false;
    return e->code[e->begun] == (info->params[0] == RT_I32 ? P_I32_ADD_SK : P_I64_ADD_SK);
}

enum status prep_condition(struct body *b, uint32_t condition, bool inverted, uint32_t *ret_patch)
{
    struct prep_sources s;
    uint32_t cost, row = INSN_I32_NE;
    if (!b->emitting)
        return STATUS_OK;
    TRY(prep_take_cost(b, &cost));
    if (fusible(b, condition)) {
        row = b->out.last_row;
        s = prep_unemit(b);
    } else {
        TRY(prep_against_zero(b, condition, &s));
    }
    prep_map(b, true);
    if (follows_addition(b, row, &s))
        TRY(prep_extend(b, branch_op(row, inverted) - FORM_BR + FORM_ADD_BR_RS + (s.form == FORM_RK)));
    else
        TRY(prep_op(b, branch_op(row, inverted) + s.form));
    prep_units(b, &s);
    prep_unit(b, cost);
    *ret_patch = target_unit(b);
    return STATUS_OK;
}

enum status prep_branch_if(struct body *b, struct control *target, uint32_t at, uint32_t count, uint32_t condition)
{
    uint32_t patch = NO_UNIT;
    if (!b->live)
        return STATUS_OK;
    reach(target);
    if (!b->emitting)
        return STATUS_OK;
    TRY(prep_flush(b, at, at + count));
    if (!needs_move(target, at, count)) {
        TRY(prep_condition(b, condition, false, &patch));
        lead(b, patch, target);
        return STATUS_OK;
    }
    TRY(prep_condition(b, condition, true, &patch));
    TRY(prep_branch(b, target, at, count));
    prep_patch(b, patch);
    prep_bind_label(b);
    return STATUS_OK;
}

enum status prep_branch_table(struct body *b, uint32_t selector, uint32_t at, uint32_t count, uint32_t label_count)
{
    uint32_t slot = 0, cost;
    for (uint32_t i = 0; b->live && i < label_count; i++)
        reach(&b->controls[b->control_count - 1 - b->labels[i]]);
    if (!b->emitting)
        return STATUS_OK;
    TRY(prep_flush(b, at, at + count));
    bool acc = prep_in_acc(b, selector, ACC_INT);
    if (acc)
        prep_take_acc(b, selector);
    else
        TRY(prep_use(b, selector, &slot));
    TRY(prep_take_cost(b, &cost));
    prep_map(b, true);
    TRY(prep_op(b, acc ? P_BR_TABLE_R : P_BR_TABLE_S));
    if (!acc)
        prep_unit(b, slot);
    prep_unit(b, cost);
    prep_u32(b, label_count - 1);
    uint32_t entry = b->out.count;
    TRY(prep_room(b, 2 * label_count));
    b->out.count += 2 * label_count;
    for (uint32_t i = 0; i < label_count; i++) {
        struct control *target = &b->controls[b->control_count - 1 - b->labels[i]];
        if (needs_move(target, at, count)) {
            prep_patch(b, entry + 2 * i);
            prep_bind_label(b);
            TRY(prep_branch(b, target, at, count));
        } else {
            lead(b, entry + 2 * i, target);
        }
    }
    return STATUS_OK;
}
