/* Where paths join: what holds on all of them. A place that holds the same value on every way keeps it; else it gets a
 * symbol of its own, which stands for "what the place holds here". Of facts the weaker remain. A bound that rises from
 * visit to visit is given up, so that the visits end. */
#include "runtime/verify/verify_state.h"

#include <stdlib.h>

enum { NUMBER_SPAN = 34 }; /* bits that a number may have for facts about it to be kept: sums with it do not wrap */

struct pair {
    struct value old, in, both;
};
struct join {
    struct flow *f;
    uint32_t leader;
    struct state *old;
    const struct state *in;
    struct state both;
    struct pair *pairs; /* that differ; owned */
    uint32_t count;
};

/* Whether the value names what some place held when this leader was reached before. */
static bool from_here(const struct join *j, struct value v)
{
    const struct symbol *s = &j->f->symbols[j->f->symbols[v.symbol].root];
    return s->kind == SYMBOL_JOIN && s->at == j->leader;
}

static struct value number_of(struct value v) { return (struct value) { 0, v.shift, 0, v.symbol, v.add }; }

/* A bound for what has one of two; not below the first but in two steps. */
static uint64_t widen(uint64_t old, uint64_t in)
{
    const uint64_t span = (1ull << NUMBER_SPAN) - 1;
    return in <= old ? old : in <= UINT32_MAX ? UINT32_MAX : in <= span ? span : UINT64_MAX;
}

/* What is known of both numbers, for the symbol that stands for either. */
static void join_facts(struct join *j, struct value old, struct value in, struct value both)
{
    struct flow *f = j->f;
    uint64_t most = widen(flow_most(f, j->old, old), flow_most(f, j->in, in));
    if (most == UINT64_MAX)
        return;
    flow_learn(f, &j->both, LIMIT_MOST, 0, both, most);
    if (most >> NUMBER_SPAN)
        return;
    for (uint32_t i = 0; i < j->old->fact_count; i++) {
        const struct fact *fact = &j->old->facts[i];
        if (fact->symbol != old.symbol || fact->shift != old.shift || fact->limit == LIMIT_MOST ||
            fact->limit >= LIMIT_FRAME)
            continue;
        uint64_t x = flow_extent(j->old, (enum limit)fact->limit, fact->param, old);
        uint64_t y = flow_extent(j->in, (enum limit)fact->limit, fact->param, in);
        if (x && y)
            flow_learn(f, &j->both, (enum limit)fact->limit, fact->param, both, x < y ? x : y);
    }
}

static struct value join_value(struct join *j, uint64_t place, struct value old, struct value in)
{
    if (value_equal(old, in) && !from_here(j, in))
        return old;
    for (uint32_t i = 0; i < j->count; i++)
        if (value_equal(j->pairs[i].old, old) && value_equal(j->pairs[i].in, in))
            return j->pairs[i].both;
    bool same = old.region == in.region && old.param == in.param;
    struct value both = { .symbol = SYMBOL_ANY };
    if (same && (old.region == REGION_NUMBER || old.region == REGION_BASE)) {
        both = (struct value) { .region = old.region, .param = old.param };
        both.symbol = flow_symbol(j->f, SYMBOL_JOIN, j->leader, place, UINT64_MAX);
        join_facts(j, number_of(old), number_of(in), number_of(both));
    }
    j->pairs[j->count++] = (struct pair) { old, in, both };
    return both;
}

static void join_slots(struct join *j)
{
    for (uint32_t i = 0, k = 0; i < j->old->slot_count; i++) {
        const struct slot *a = &j->old->slots[i];
        while (k < j->in->slot_count && j->in->slots[k].at < a->at)
            k++;
        if (k == j->in->slot_count || j->in->slots[k].at != a->at || j->in->slots[k].bytes != a->bytes)
            continue;
        struct value v = join_value(j, (uint64_t)(a->at + (1ll << 31)) + 64, a->value, j->in->slots[k].value);
        flow_slot_put(j->f, &j->both, a->at, a->bytes, v);
    }
}

/* Facts about symbols that mean the same on both ways. */
static void join_common(struct join *j)
{
    for (uint32_t i = 0; i < j->old->fact_count; i++) {
        const struct fact *a = &j->old->facts[i];
        if (from_here(j, (struct value) { .symbol = a->symbol }))
            continue;
        for (uint32_t k = 0; k < j->in->fact_count; k++) {
            const struct fact *b = &j->in->facts[k];
            if (a->symbol != b->symbol || a->shift != b->shift || a->limit != b->limit || a->param != b->param)
                continue;
            uint64_t extent = a->extent < b->extent ? a->extent : b->extent;
            if (a->limit == LIMIT_MOST)
                extent = widen(a->extent, b->extent);
            struct value v = { .symbol = a->symbol, .shift = a->shift };
            flow_learn(j->f, &j->both, (enum limit)a->limit, a->param, v, extent);
        }
    }
}

static bool same_state(const struct state *a, const struct state *b)
{
    if (a->slot_count != b->slot_count || a->fact_count != b->fact_count)
        return false;
    for (int i = 0; i < VERIFY_REGISTERS; i++)
        if (!value_equal(a->registers[i], b->registers[i]))
            return false;
    for (uint32_t i = 0; i < a->slot_count; i++)
        if (a->slots[i].at != b->slots[i].at || a->slots[i].bytes != b->slots[i].bytes ||
            !value_equal(a->slots[i].value, b->slots[i].value))
            return false;
    for (uint32_t i = 0; i < a->fact_count; i++) {
        bool found = false;
        for (uint32_t k = 0; k < b->fact_count && !found; k++)
            found = a->facts[i].symbol == b->facts[k].symbol && a->facts[i].shift == b->facts[k].shift &&
                    a->facts[i].limit == b->facts[k].limit && a->facts[i].param == b->facts[k].param &&
                    a->facts[i].extent == b->facts[k].extent;
        if (!found)
            return false;
    }
    return true;
}

static void queue(struct flow *f, uint32_t leader)
{
    f->queued[leader] = true;
    f->lowest = leader < f->lowest ? leader : f->lowest;
}

void flow_join(struct flow *f, uint32_t leader, const struct state *in)
{
    struct state *old = &f->states[leader];
    if (!old->reached) {
        f->no_memory |= !state_copy(old, in);
        old->flags = (struct flags) { 0 };
        old->reached = true;
        queue(f, leader);
        return;
    }
    struct join j = { .f = f, .leader = leader, .old = old, .in = in, .both = f->joined };
    j.both.slot_count = j.both.fact_count = 0;
    j.both.flags = (struct flags) { 0 };
    j.pairs = malloc((VERIFY_REGISTERS + (size_t)old->slot_count) * sizeof *j.pairs);
    if (!j.pairs) {
        f->no_memory = true;
        return;
    }
    join_common(&j);
    for (uint32_t i = 0; i < VERIFY_REGISTERS; i++)
        j.both.registers[i] = join_value(&j, i, old->registers[i], in->registers[i]);
    join_slots(&j);
    j.both.reached = true;
    free(j.pairs);
    f->joined = j.both;
    if (same_state(old, &j.both))
        return;
    f->joined = *old;
    *old = j.both;
    queue(f, leader);
}
