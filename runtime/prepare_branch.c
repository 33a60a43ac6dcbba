/* Emission of branches, returns and charges. A segment is code that runs from its first to its last instruction unless
 * it traps; what ends it (a branch, a call, a return, a label) charges its cost. A branch that comes before its target
 * leaves a word that waits; waiting words of one label are chained through their upper halves. */
#include "runtime/validate.h"

static uint32_t here(const struct body *b) { return (uint32_t)b->d->code_count; }

static void word_aim(struct body *b, uint32_t word, uint32_t target)
{
    uint64_t *w = &b->module->code[word];
    *w = (*w & UINT32_MAX) | (uint64_t)(target - word) << 32;
}

void prep_patch(struct body *b, uint32_t patch) { word_aim(b, patch, here(b)); }

void prep_patch_all(struct body *b, const struct control *control)
{
    uint32_t word = control->patches;
    while (word != NO_WORD) {
        uint32_t next = (uint32_t)(b->module->code[word] >> 32);
        prep_patch(b, word);
        word = next;
    }
    if (control->else_patch != NO_WORD)
        prep_patch(b, control->else_patch);
}

/* Makes `word` lead to the label of `target`, now or later. */
static void word_to(struct body *b, uint32_t word, struct control *target)
{
    if (target->kind == CONTROL_LOOP) {
        word_aim(b, word, target->label);
        return;
    }
    uint64_t *w = &b->module->code[word];
    *w = (*w & UINT32_MAX) | (uint64_t)target->patches << 32;
    target->patches = word;
}

void prep_bind_label(struct body *b) { b->last = NO_WORD; }

enum status prep_charge(struct body *b, uint32_t keep)
{
    if (b->live && b->cost > keep) {
        TRY(prep_map(b, true));
        TRY(prep_emit(b, prep_word(P_CHARGE, 0, 0, 0) | (uint64_t)(b->cost - keep) << 32));
    }
    b->cost = keep;
    return STATUS_OK;
}

enum status prep_take_cost(struct body *b, uint32_t *ret)
{
    if (b->cost > UINT16_MAX)
        TRY(prep_charge(b, 0));
    *ret = b->cost;
    b->cost = 0;
    return STATUS_OK;
}

enum status prep_return(struct body *b, uint32_t at, uint32_t count)
{
    uint32_t slot = slot_of(b, at), cost;
    if (!b->live)
        return STATUS_OK;
    if (count == 1)
        TRY(prep_use(b, at, &slot));
    else
        TRY(prep_flush(b, at, at + count));
    TRY(prep_take_cost(b, &cost));
    TRY(prep_map(b, true));
    return prep_emit(b, prep_word(count == 1 ? P_RETURN_1 : P_RETURN, slot, count, cost));
}

static bool needs_move(const struct control *target, uint32_t at, uint32_t count)
{
    return target->kind == CONTROL_FUNCTION || (count > 0 && target->height != at);
}

static enum status move(struct body *b, const struct control *target, uint32_t at, uint32_t count)
{
    if (count == 0 || target->height == at)
        return STATUS_OK;
    if (count == 1)
        return prep_emit(b, prep_word(P_COPY, slot_of(b, at), 0, slot_of(b, target->height)));
    return prep_emit_pair(b, prep_word(P_MOVE, slot_of(b, at), 0, slot_of(b, target->height)), count, false);
}

enum status prep_branch(struct body *b, struct control *target, uint32_t at, uint32_t count)
{
    uint32_t cost;
    if (!b->live)
        return STATUS_OK;
    if (target->kind == CONTROL_FUNCTION)
        return prep_return(b, at, count);
    TRY(prep_flush(b, at, at + count));
    TRY(move(b, target, at, count));
    TRY(prep_take_cost(b, &cost));
    TRY(prep_map(b, true));
    TRY(prep_emit(b, prep_word(P_BR, cost, 0, 0)));
    word_to(b, here(b) - 1, target);
    return STATUS_OK;
}

/* The comparison that is true where `op` is false; plain forms. */
static uint32_t inverse(uint32_t op)
{
    static const uint16_t pairs[][2] = {
        { P_I32_EQ, P_I32_NE },     { P_I32_LT_S, P_I32_GE_S }, { P_I32_LT_U, P_I32_GE_U }, { P_I32_GT_S, P_I32_LE_S },
        { P_I32_GT_U, P_I32_LE_U }, { P_I64_EQ, P_I64_NE },     { P_I64_LT_S, P_I64_GE_S }, { P_I64_LT_U, P_I64_GE_U },
        { P_I64_GT_S, P_I64_LE_S }, { P_I64_GT_U, P_I64_LE_U },
    };
    uint32_t k = 0;
    for (; k <= PREP_K; k++)
        for (size_t i = 0; i < sizeof pairs / sizeof *pairs; i++)
            for (unsigned side = 0; side < 2; side++)
                if (pairs[i][side] + k == op)
                    return pairs[i][1 - side] + k;
    return op;
}

/* The comparison emitted last if its only use is the operand at `at`, else NULL. */
static uint64_t *fusible(const struct body *b, uint32_t at)
{
    if (b->stack[at].kind != OPERAND_SLOT || b->last == NO_WORD || b->last + 1 != here(b))
        return NULL;
    uint64_t *word = &b->module->code[b->last];
    if (prep_c(*word) != slot_of(b, at) || inverse(prep_op(*word)) == prep_op(*word))
        return NULL;
    return word;
}

enum status prep_condition(struct body *b, uint32_t condition, bool inverted, uint32_t *ret_patch)
{
    uint32_t slot, op = P_I32_NE_K;
    uint64_t *fused = fusible(b, condition);
    if (fused) {
        op = prep_op(*fused);
        slot = prep_a(*fused);
        uint32_t other = prep_b(*fused);
        b->d->code_count--;
        TRY(prep_map(b, true));
        TRY(prep_emit_pair(b, prep_word((inverted ? inverse(op) : op) + PREP_BRANCH, slot, other, 0), b->cost, false));
    } else {
        TRY(prep_use(b, condition, &slot));
        TRY(prep_map(b, true));
        TRY(prep_emit_pair(b, prep_word((inverted ? inverse(op) : op) + PREP_BRANCH, slot, 0, 0), b->cost, false));
    }
    b->cost = 0;
    *ret_patch = here(b) - 1;
    return STATUS_OK;
}

enum status prep_branch_if(struct body *b, struct control *target, uint32_t at, uint32_t count, uint32_t condition)
{
    uint32_t patch;
    if (!b->live)
        return STATUS_OK;
    TRY(prep_flush(b, at, at + count));
    if (!needs_move(target, at, count)) {
        TRY(prep_condition(b, condition, false, &patch));
        word_to(b, patch, target);
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
    uint32_t slot;
    TRY(prep_use(b, selector, &slot));
    TRY(prep_flush(b, at, at + count));
    TRY(prep_map(b, true));
    TRY(prep_emit_pair(b, prep_word(P_BR_TABLE, slot, 0, 0), (uint64_t)(label_count - 1) << 32 | b->cost, false));
    b->cost = 0;
    uint32_t entry = here(b);
    for (uint32_t i = 0; i < label_count; i++)
        TRY(prep_emit(b, 0));
    for (uint32_t i = 0; i < label_count; i++) {
        struct control *target = &b->controls[b->control_count - 1 - b->labels[i]];
        if (needs_move(target, at, count)) {
            prep_patch(b, entry + i);
            TRY(prep_branch(b, target, at, count));
        } else {
            word_to(b, entry + i, target);
        }
    }
    return STATUS_OK;
}
