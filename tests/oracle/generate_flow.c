/* Blocks, branches and calls. Loops that count down are the rule; a branch may close one that never ends, which fuel
 * then does. */
#include "generate_state.h"

#include <string.h>

static void label_push(struct generator *g, const struct gen_type *t, bool loop)
{
    g->labels[g->label_count++] = (struct gen_label) { .types = loop ? t->params : t->results,
                                                       .count = loop ? t->param_count : t->result_count,
                                                       .results = t->results,
                                                       .result_count = t->result_count,
                                                       .height = g->height - t->param_count };
}

/* The block's results are on the stack, or cannot be reached. */
static void label_pop(struct generator *g, enum insn insn)
{
    struct gen_label *label = gen_top(g);
    if (!(label->dead && g->height == label->height && choose(g->c, 2)))
        gen_settle(g, label->result_count, label->results);
    gen_insn(g, insn);
    g->height = label->height;
    label->dead = false;
    if (insn == INSN_ELSE)
        return;
    g->label_count--;
    for (uint32_t i = 0; i < label->result_count; i++)
        gen_push(g, label->results[i]);
}

/* A block's type that the block's own code may look at: one of the module's, or one made for the purpose. */
static const struct gen_type *block_type(struct generator *g, struct gen_type *own)
{
    uint32_t way = choose(g->c, 4);
    *own = (struct gen_type) { .result_count = way == 0 ? 0 : 1 };
    own->results[0] = gen_any_type(g);
    return way < 2 ? own : &g->types[choose(g->c, g->type_count)];
}

static void write_block_type(struct generator *g, const struct gen_type *t, const struct gen_type *own)
{
    if (t != own)
        gen_sleb(&g->code, t - g->types);
    else
        gen_type(&g->code, t->result_count > 0 ? t->results[0] : 0x40);
}

static bool same_types(const struct gen_type *t)
{
    return t->param_count == t->result_count && gen_same(t->params, t->results, t->param_count);
}

static void if_block(struct generator *g, const struct gen_type *t, const struct gen_type *own)
{
    gen_want(g, t->param_count, t->params);
    gen_value(g, RT_I32, 2);
    gen_insn(g, INSN_IF);
    write_block_type(g, t, own);
    gen_pop(g, 1);
    label_push(g, t, false);
    gen_run(g, 6);
    if (!same_types(t) || choose(g->c, 2)) {
        label_pop(g, INSN_ELSE);
        for (uint32_t i = 0; i < t->param_count; i++)
            gen_push(g, t->params[i]);
        gen_run(g, 6);
    }
    label_pop(g, INSN_END);
}

/* At its end, takes one off a counter and goes round again if that is not zero; or does not. */
static void loop_tail(struct generator *g, const struct gen_type *t, uint32_t counter)
{
    if (gen_top(g)->dead)
        return;
    gen_settle(g, t->param_count, t->params);
    gen_insn(g, INSN_LOCAL_GET);
    gen_leb(&g->code, counter);
    gen_push(g, RT_I32);
    gen_i32(g, 1);
    gen_insn(g, INSN_I32_SUB);
    gen_pop(g, 1);
    gen_insn(g, INSN_LOCAL_TEE);
    gen_leb(&g->code, counter);
    gen_insn(g, INSN_BR_IF);
    gen_leb(&g->code, 0);
    gen_pop(g, 1);
}

static void loop_block(struct generator *g, const struct gen_type *t, const struct gen_type *own)
{
    bool counts = g->counters_used < COUNTERS;
    uint32_t counter = g->first_counter + g->counters_used;
    if (counts) {
        g->counters_used++;
        gen_i32(g, 1 + choose(g->c, 6));
        gen_insn(g, INSN_LOCAL_SET);
        gen_leb(&g->code, counter);
        gen_pop(g, 1);
    }
    gen_want(g, t->param_count, t->params);
    gen_insn(g, INSN_LOOP);
    write_block_type(g, t, own);
    label_push(g, t, true);
    gen_run(g, 8);
    if (counts) {
        loop_tail(g, t, counter);
        g->counters_used--;
    }
    label_pop(g, INSN_END);
}

static void block(struct generator *g)
{
    struct gen_type own;
    const struct gen_type *t = block_type(g, &own);
    uint32_t kind = choose(g->c, 4);
    if (g->label_count == LABELS_MAX || g->height + t->param_count + t->result_count > STACK_MAX / 2)
        return;
    if (kind == 0) {
        if_block(g, t, &own);
    } else if (kind == 1) {
        loop_block(g, t, &own);
    } else {
        gen_want(g, t->param_count, t->params);
        gen_insn(g, INSN_BLOCK);
        write_block_type(g, t, &own);
        label_push(g, t, false);
        gen_run(g, 8);
        label_pop(g, INSN_END);
    }
}

static bool label_equal(const struct gen_label *a, const struct gen_label *b)
{
    return a->count == b->count && gen_same(a->types, b->types, a->count);
}

static void branch_table(struct generator *g, uint32_t depth)
{
    const struct gen_label *target = &g->labels[g->label_count - 1 - depth];
    uint32_t same[LABELS_MAX], same_count = 0, count = choose(g->c, 6);
    for (uint32_t i = 0; i < g->label_count; i++)
        if (label_equal(&g->labels[g->label_count - 1 - i], target))
            same[same_count++] = i;
    gen_want(g, target->count, target->types);
    if (choose(g->c, 4) == 0)
        gen_value(g, RT_I32, 1);
    else
        gen_place(g, count + 1);
    gen_insn(g, INSN_BR_TABLE);
    gen_leb(&g->code, count);
    for (uint32_t i = 0; i <= count; i++)
        gen_leb(&g->code, same[choose(g->c, same_count)]);
}

/* Ends the code that can be reached. */
static void set_dead(struct generator *g)
{
    g->height = gen_base(g);
    gen_top(g)->dead = true;
}

static void branch(struct generator *g, enum insn insn)
{
    uint32_t depth = choose(g->c, g->label_count);
    const struct gen_label *target = &g->labels[g->label_count - 1 - depth];
    if (insn == INSN_BR_TABLE) {
        branch_table(g, depth);
        set_dead(g);
        return;
    }
    if (insn == INSN_RETURN)
        target = &g->labels[0];
    gen_want(g, target->count, target->types);
    if (insn == INSN_BR_IF)
        gen_value(g, RT_I32, 2);
    gen_insn(g, insn);
    if (insn != INSN_RETURN)
        gen_leb(&g->code, depth);
    if (insn == INSN_BR_IF)
        gen_pop(g, 1);
    else
        set_dead(g);
}

static void results(struct generator *g, const struct gen_type *t, bool tail)
{
    gen_pop(g, t->param_count);
    if (tail) {
        set_dead(g);
        return;
    }
    for (uint32_t i = 0; i < t->result_count; i++)
        gen_push(g, t->results[i]);
}

static bool can_tail(const struct generator *g, const struct gen_type *t)
{
    return t->result_count == g->type->result_count && gen_same(t->results, g->type->results, t->result_count);
}

void gen_call(struct generator *g, uint32_t function)
{
    const struct gen_type *t = &g->types[g->functions[function]];
    bool tail = can_tail(g, t) && choose(g->c, 4) == 0;
    if (g->height + t->result_count > STACK_MAX / 2)
        return;
    gen_want(g, t->param_count, t->params);
    gen_insn(g, tail ? INSN_RETURN_CALL : INSN_CALL);
    gen_leb(&g->code, function);
    results(g, t, tail);
}

static void call_indirect(struct generator *g)
{
    uint32_t at = choose(g->c, FUNCTIONS_MAX), wrong = choose(g->c, 12);
    uint32_t type = wrong == 0 ? choose(g->c, g->type_count) : g->functions[g->first_table[at]];
    const struct gen_type *t = &g->types[type];
    bool tail = can_tail(g, t) && choose(g->c, 3) == 0;
    if (g->height + t->result_count > STACK_MAX / 2)
        return;
    gen_want(g, t->param_count, t->params);
    if (wrong == 1)
        gen_value(g, RT_I32, 1);
    else
        gen_i32(g, at);
    gen_insn(g, tail ? INSN_RETURN_CALL_INDIRECT : INSN_CALL_INDIRECT);
    gen_leb(&g->code, type);
    gen_leb(&g->code, 0);
    gen_pop(g, 1);
    results(g, t, tail);
}

/* Many operands at once, deeper than any engine keeps them back. */
static void pile(struct generator *g)
{
    uint32_t count = 1 + choose(g->c, 30);
    for (uint32_t i = 0; i < count && g->height < STACK_MAX / 4; i++)
        gen_value(g, gen_any_type(g), choose(g->c, 6) == 0);
}

void gen_flow(struct generator *g, uint32_t which)
{
    static const enum insn ends[] = { INSN_BR, INSN_BR_TABLE, INSN_RETURN, INSN_BR, INSN_BR_TABLE, INSN_UNREACHABLE };
    if (which < 14) {
        block(g);
    } else if (which < 20) {
        branch(g, INSN_BR_IF);
    } else if (which < 22) {
        enum insn insn = ends[choose(g->c, 6)];
        if (insn != INSN_UNREACHABLE) {
            branch(g, insn);
        } else if (choose(g->c, 4) == 0) {
            gen_insn(g, insn);
            set_dead(g);
        }
    } else if (which < 26) {
        gen_call(g, choose(g->c, g->function_count));
    } else if (which < 29) {
        call_indirect(g);
    } else if (which < 31) {
        pile(g);
    } else {
        gen_insn(g, INSN_NOP);
    }
}

void gen_run(struct generator *g, uint32_t most)
{
    uint32_t count = choose(g->c, most + 1);
    for (uint32_t i = 0; i < count && g->budget > 0; i++) {
        uint32_t which = choose(g->c, 100);
        if (gen_top(g)->dead && choose(g->c, 4))
            return;
        if (g->height > STACK_MAX / 3)
            gen_settle(g, 0, g->stack);
        if (which < 42)
            gen_regular(g);
        else if (which < 56)
            gen_variable(g);
        else if (which < 68)
            gen_bulk(g);
        else
            gen_flow(g, which - 68);
    }
}

void gen_body(struct generator *g)
{
    g->height = g->label_count = g->counters_used = 0;
    g->labels[g->label_count++] = (struct gen_label) { .types = g->type->results,
                                                       .count = g->type->result_count,
                                                       .results = g->type->results,
                                                       .result_count = g->type->result_count };
    while (g->budget > 0 && !gen_top(g)->dead)
        gen_run(g, 12);
    label_pop(g, INSN_END);
}
