/* Symbols, values, facts, slots of the native frame. */
#include "runtime/verify/verify_state.h"

#include <stdlib.h>
#include <string.h>

static uint32_t hash(enum symbol_kind kind, uint32_t at, uint64_t place)
{
    uint64_t h = ((uint64_t)kind << 32 | at) * 0x9e3779b97f4a7c15u ^ place * 0xc2b2ae3d27d4eb4fu;
    return (uint32_t)(h >> 32);
}

static bool grow(struct flow *f)
{
    uint32_t capacity = f->symbol_capacity ? f->symbol_capacity * 2 : 1024;
    struct symbol *symbols = realloc(f->symbols, capacity * sizeof *symbols);
    if (symbols)
        f->symbols = symbols;
    uint32_t *buckets = calloc(2ul * capacity, sizeof *buckets);
    if (!symbols || !buckets) {
        free(buckets);
        return false;
    }
    free(f->buckets);
    f->buckets = buckets;
    f->bucket_count = 2 * capacity;
    if (f->symbol_capacity == 0) {
        memset(f->symbols, 0, SYMBOL_FIRST * sizeof *f->symbols);
        for (uint32_t i = 0; i < SYMBOL_FIRST; i++)
            f->symbols[i].root = i;
        f->symbols[SYMBOL_ANY].most = UINT64_MAX;
        f->symbols[SYMBOL_ANY32].most = UINT32_MAX;
        f->symbol_count = SYMBOL_FIRST;
    }
    f->symbol_capacity = capacity;
    for (uint32_t i = SYMBOL_FIRST; i < f->symbol_count; i++) {
        const struct symbol *s = &f->symbols[i];
        uint32_t h = hash((enum symbol_kind)s->kind, s->at, s->place) % f->bucket_count;
        while (buckets[h])
            h = (h + 1) % f->bucket_count;
        buckets[h] = i;
    }
    return true;
}

static struct value forgotten(const struct flow *f, uint32_t symbol)
{
    uint32_t any = f->symbols[symbol].most <= UINT32_MAX ? SYMBOL_ANY32 : SYMBOL_ANY;
    return (struct value) { .symbol = any };
}

/* What still holds the symbol's last meaning. */
static void forget(struct flow *f, struct state *s, uint32_t symbol)
{
    enum { COUNT = VERIFY_REGISTERS + 3 };
    struct value *values[COUNT];
    for (int i = 0; i < VERIFY_REGISTERS; i++)
        values[i] = &s->registers[i];
    values[VERIFY_REGISTERS] = &s->flags.a;
    values[VERIFY_REGISTERS + 1] = &s->flags.b;
    values[VERIFY_REGISTERS + 2] = &s->flags.result;
    for (uint32_t i = 0; i < COUNT + s->slot_count; i++) {
        struct value *v = i < COUNT ? values[i] : &s->slots[i - COUNT].value;
        if (v->symbol != SYMBOL_NONE && f->symbols[v->symbol].root == symbol)
            *v = forgotten(f, v->add == 0 && v->shift == 0 ? v->symbol : SYMBOL_ANY);
    }
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->fact_count; i++)
        if (f->symbols[s->facts[i].symbol].root != symbol)
            s->facts[kept++] = s->facts[i];
    s->fact_count = kept;
}

uint32_t flow_symbol(struct flow *f, enum symbol_kind kind, uint32_t at, uint64_t place, uint64_t most)
{
    if (f->symbol_count >= f->symbol_capacity && !grow(f)) {
        f->no_memory = true;
        return SYMBOL_ANY;
    }
    uint32_t h = hash(kind, at, place) % f->bucket_count;
    for (; f->buckets[h]; h = (h + 1) % f->bucket_count) {
        const struct symbol *s = &f->symbols[f->buckets[h]];
        if (s->kind == kind && s->at == at && s->place == place) {
            if (kind == SYMBOL_RESULT)
                forget(f, &f->now, f->buckets[h]);
            return f->buckets[h];
        }
    }
    uint32_t number = f->symbol_count++;
    f->buckets[h] = number;
    f->symbols[number] =
        (struct symbol) { (uint8_t)kind, at, place, kind == SYMBOL_LOW ? f->symbols[at].root : number, 0, most };
    return number;
}

struct value flow_result(struct flow *f, uint32_t at, uint32_t place, uint64_t most)
{
    return (struct value) { .symbol = flow_symbol(f, SYMBOL_RESULT, at, place, most) };
}

struct value flow_low(struct flow *f, struct value v)
{
    if (v.region == REGION_DEPTH || v.region == REGION_PAGES || v.region == REGION_TABLE_SIZE)
        return v;
    if (v.region != REGION_NUMBER || v.symbol == SYMBOL_ANY)
        return (struct value) { .symbol = SYMBOL_ANY32 };
    if (v.symbol == SYMBOL_NONE)
        return value_constant((int64_t)(uint32_t)v.add);
    if (flow_most(f, &f->now, v) <= UINT32_MAX)
        return v;
    if (v.symbol == SYMBOL_ANY32 || v.add != (int32_t)v.add)
        return (struct value) { .symbol = SYMBOL_ANY32 };
    uint64_t place = (uint64_t)v.shift << 32 | (uint32_t)v.add;
    return (struct value) { .symbol = flow_symbol(f, SYMBOL_LOW, v.symbol, place, UINT32_MAX) };
}

bool value_equal(struct value a, struct value b)
{
    return a.region == b.region && a.param == b.param && a.symbol == b.symbol && a.shift == b.shift && a.add == b.add;
}

static struct fact *find_fact(const struct state *s, enum limit limit, uint32_t param, uint32_t symbol, uint32_t shift)
{
    for (uint32_t i = 0; i < s->fact_count; i++)
        if (s->facts[i].symbol == symbol && s->facts[i].shift == shift && s->facts[i].limit == limit &&
            s->facts[i].param == param)
            return &s->facts[i];
    return NULL;
}

uint64_t flow_most(const struct flow *f, const struct state *s, struct value v)
{
    if (v.region == REGION_PAGES || v.region == REGION_TABLE_SIZE || v.region == REGION_DEPTH)
        return v.add == 0 ? UINT32_MAX : UINT64_MAX;
    if (v.region != REGION_NUMBER)
        return UINT64_MAX;
    if (v.symbol == SYMBOL_NONE)
        return (uint64_t)v.add;
    const struct fact *fact = find_fact(s, LIMIT_MOST, 0, v.symbol, 0);
    uint64_t most = f->symbols[v.symbol].most;
    if (fact && fact->extent < most)
        most = fact->extent;
    if (most > UINT64_MAX >> 8 || v.add < 0 || v.shift > 8 || (uint64_t)v.add > UINT64_MAX >> 8)
        return v.shift == 0 && v.add == 0 ? most : UINT64_MAX;
    uint64_t all = (most << v.shift) + (uint64_t)v.add;
    return most >> (64 - 9 - v.shift) ? UINT64_MAX : all;
}

uint64_t flow_extent(const struct state *s, enum limit limit, uint32_t param, struct value v)
{
    const struct fact *fact = find_fact(s, limit, param, v.symbol, v.symbol ? v.shift : 0);
    if (v.add < 0 || !fact || fact->extent <= (uint64_t)v.add)
        return 0;
    return fact->extent - (uint64_t)v.add;
}

void flow_learn(struct flow *f, struct state *s, enum limit limit, uint32_t param, struct value v, uint64_t extent)
{
    if (v.symbol == SYMBOL_ANY || v.symbol == SYMBOL_ANY32)
        return;
    struct fact *known = find_fact(s, limit, param, v.symbol, v.shift);
    if (known && (limit == LIMIT_MOST ? extent < known->extent : extent > known->extent))
        known->extent = extent;
    if (known)
        return;
    if (s->fact_count == s->fact_capacity) {
        uint32_t capacity = s->fact_capacity ? s->fact_capacity * 2 : 16;
        struct fact *grown = realloc(s->facts, capacity * sizeof *grown);
        if (!grown) {
            f->no_memory = true;
            return;
        }
        s->facts = grown;
        s->fact_capacity = capacity;
    }
    s->facts[s->fact_count++] = (struct fact) { v.symbol, param, (uint8_t)limit, v.shift, extent };
}

/* The first slot that does not begin before `at`. */
static uint32_t find_slot(const struct state *s, int64_t at)
{
    uint32_t low = 0, high = s->slot_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (s->slots[middle].at < at)
            low = middle + 1;
        else
            high = middle;
    }
    return low;
}

struct slot *state_slot(struct state *s, int64_t at, uint32_t bytes)
{
    uint32_t i = find_slot(s, at);
    return i < s->slot_count && s->slots[i].at == at && s->slots[i].bytes == bytes ? &s->slots[i] : NULL;
}

void state_slots_drop(struct state *s, int64_t from, int64_t to)
{
    uint32_t first = find_slot(s, from), last;
    if (first > 0 && s->slots[first - 1].at + s->slots[first - 1].bytes > from)
        first--;
    for (last = first; last < s->slot_count && s->slots[last].at < to; last++)
        ;
    if (last > first)
        memmove(&s->slots[first], &s->slots[last], (s->slot_count - last) * sizeof *s->slots);
    s->slot_count -= last - first;
}

void flow_slot_put(struct flow *f, struct state *s, int64_t at, uint32_t bytes, struct value v)
{
    struct slot *same = state_slot(s, at, bytes);
    if (same) {
        same->value = v;
        return;
    }
    state_slots_drop(s, at, at + bytes);
    if (bytes != 4 && bytes != 8)
        return;
    if (s->slot_count == s->slot_capacity) {
        uint32_t capacity = s->slot_capacity ? s->slot_capacity * 2 : 16;
        struct slot *grown = realloc(s->slots, capacity * sizeof *grown);
        if (!grown) {
            f->no_memory = true;
            return;
        }
        s->slots = grown;
        s->slot_capacity = capacity;
    }
    uint32_t i = find_slot(s, at);
    memmove(&s->slots[i + 1], &s->slots[i], (s->slot_count++ - i) * sizeof *s->slots);
    s->slots[i] = (struct slot) { (int32_t)at, (uint8_t)bytes, v };
}

/* Marks what a value is made of. */
static void mark(struct flow *f, struct value v) { f->symbols[f->symbols[v.symbol].root].seen = f->sweep; }

void flow_sweep(struct flow *f, struct state *s)
{
    enum { FEW = 24 };
    if (s->fact_count < FEW)
        return;
    f->sweep++;
    mark(f, value_constant(0));
    for (uint32_t i = 0; i < VERIFY_REGISTERS; i++)
        mark(f, s->registers[i]);
    for (uint32_t i = 0; i < s->slot_count; i++)
        mark(f, s->slots[i].value);
    uint32_t kept = 0;
    for (uint32_t i = 0; i < s->fact_count; i++)
        if (f->symbols[f->symbols[s->facts[i].symbol].root].seen == f->sweep)
            s->facts[kept++] = s->facts[i];
    s->fact_count = kept;
}

void state_forget_region(struct state *s, enum region region)
{
    for (uint32_t i = 0; i < VERIFY_REGISTERS + s->slot_count; i++) {
        struct value *v = i < VERIFY_REGISTERS ? &s->registers[i] : &s->slots[i - VERIFY_REGISTERS].value;
        if (v->region == region)
            *v = (struct value) { .symbol = SYMBOL_ANY };
    }
}

bool state_copy(struct state *to, const struct state *from)
{
    struct state old = *to;
    *to = *from;
    to->slots = old.slots;
    to->slot_capacity = old.slot_capacity;
    to->facts = old.facts;
    to->fact_capacity = old.fact_capacity;
    if (to->slot_capacity < from->slot_count) {
        free(to->slots);
        to->slots = malloc(from->slot_count * sizeof *to->slots);
        to->slot_capacity = to->slots ? from->slot_count : 0;
    }
    if (to->fact_capacity < from->fact_count) {
        free(to->facts);
        to->facts = malloc(from->fact_count * sizeof *to->facts);
        to->fact_capacity = to->facts ? from->fact_count : 0;
    }
    if (to->slot_capacity < from->slot_count || to->fact_capacity < from->fact_count) {
        to->slot_count = to->fact_count = 0;
        return false;
    }
    if (from->slot_count)
        memcpy(to->slots, from->slots, from->slot_count * sizeof *to->slots);
    if (from->fact_count)
        memcpy(to->facts, from->facts, from->fact_count * sizeof *to->facts);
    return true;
}

void state_done(struct state *s)
{
    free(s->slots);
    free(s->facts);
    *s = (struct state) { 0 };
}
