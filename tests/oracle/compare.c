/* The two sides differ in nothing but in who executes. References are compared by the function that they name. Host
 * functions fold everything that they see into a number, and take their results and what else they do from it. */
#include "compare.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "generate.h"
#include "oracle.h"
#include "runtime/link.h"
#include "runtime/tier.h"

enum { NESTED_MAX = 4, CALLS_MAX = 6 };

struct side;
struct host {
    struct side *side;
    uint32_t number;
    const struct rt_functype *type;
};
struct side {
    struct rt_instance *instance;
    struct oracle_world *oracle; /* NULL: the engine */
    uint64_t globals[GENERATE_IMPORTED_GLOBALS][2];
    struct host hosts[GENERATE_HOSTS];
    uint64_t seen; /* by host functions */
    uint64_t hostcalls;
    uint32_t nested;
};
/* Who watches the engine's code: what each function executed itself, by its calls; and, over all modules, by pieces. */
enum { FUNCTIONS_MAX = 256, DEPTH_MAX = 512 };
struct watcher {
    uint64_t self[FUNCTIONS_MAX + 1], before; /* the last: what no function did */
    uint32_t stack[DEPTH_MAX], depth;
    bool lost; /* more functions or frames than there is room for */
};
struct comparison {
    const char *name;
    struct watcher watcher;
    struct buffer bytes;
    struct rt_module *module;
    struct side sides[2];
    uint32_t call, function; /* at hand */
    enum rt_trap_kind kind;  /* its outcome, once the engine has run */
};

static _Noreturn void differ(const struct comparison *c, const char *what, uint64_t engine, uint64_t oracle)
{
    const char *path = getenv("WARRANT_DIFFERENCE");
    path = path ? path : "engine-difference.wasm";
    const struct rt_instance *e = c->sides[0].instance;
    fprintf(stderr, "%s: %s: engine %llu (0x%llx), oracle %llu (0x%llx)\n", c->name, what, (unsigned long long)engine,
            (unsigned long long)engine, (unsigned long long)oracle, (unsigned long long)oracle);
    if (e)
        fprintf(stderr, "call %u, of function %u: %s, engine at function %u offset 0x%x\n", c->call, c->function,
                rt_trap_text(c->kind), e->trap.function, e->trap.offset);
    fprintf(stderr, "the module is in %s\n", path);
    FILE *file = fopen(path, "wb");
    if (file) {
        fwrite(c->bytes.data, 1, c->bytes.size, file);
        fclose(file);
    }
    abort();
}

static void same(const struct comparison *c, const char *what, uint64_t engine, uint64_t oracle)
{
    if (engine != oracle)
        differ(c, what, engine, oracle);
}

static void attribute(struct watcher *w, uint64_t instructions)
{
    w->self[w->depth > 0 ? w->stack[w->depth - 1] : FUNCTIONS_MAX] += instructions - w->before;
    w->before = instructions;
}

static void on_entered(void *env, uint32_t function, uint32_t depth, uint64_t instructions)
{
    struct watcher *w = env;
    attribute(w, instructions);
    w->lost = w->lost || function >= FUNCTIONS_MAX || depth > DEPTH_MAX || depth == 0 || depth > w->depth + 2;
    if (w->lost)
        return;
    if (depth == w->depth + 2) /* one tail-called the host, and the host this */
        w->stack[depth - 2] = w->depth > 0 ? w->stack[w->depth - 1] : function;
    w->stack[depth - 1] = function;
    w->depth = depth;
}

static void on_left(void *env, uint32_t depth, uint64_t instructions)
{
    struct watcher *w = env;
    attribute(w, instructions);
    if (depth > 0 && depth <= w->depth)
        w->depth = depth - 1;
}

/* Two ways to the same numbers: calls and the count between them; pieces and how often each was executed. */
static void same_watched(struct comparison *c, struct compare_counts *counts)
{
    struct watcher *w = &c->watcher;
    const struct rt_piece *pieces;
    uint32_t count;
    uint64_t self[FUNCTIONS_MAX] = { 0 }, all = 0;
    attribute(w, rt_instance_instructions(c->sides[0].instance));
    if (rt_instance_pieces(c->sides[0].instance, &pieces, &count, NULL) != STATUS_OK)
        differ(c, "not watched", 0, 0);
    same(c, "calls that cannot be", w->lost, false);
    same(c, "instructions of no function", w->self[FUNCTIONS_MAX], 0);
    for (uint32_t i = 0; i < count; i++)
        self[pieces[i].function] += pieces[i].count * pieces[i].instructions;
    for (uint32_t f = 0; f < FUNCTIONS_MAX; f++) {
        if (self[f] > w->self[f])
            differ(c, "a function's instructions, and those of its pieces", w->self[f], self[f]);
        all += self[f];
    }
    counts->watched += rt_instance_instructions(c->sides[0].instance);
    counts->in_pieces += all;
}

/* A slot as a number that does not depend on the instance. */
static uint64_t neutral(const struct rt_instance *instance, uint32_t type, uint64_t slot)
{
    if (type != RT_FUNCREF || slot == 0)
        return slot;
    uint64_t at = slot - (uint64_t)(uintptr_t)instance->vm.functions, index = at / sizeof *instance->vm.functions;
    if (at % sizeof *instance->vm.functions != 0 || index >= instance->module->function_count) {
        fprintf(stderr, "a reference names no function\n");
        abort();
    }
    return index + 1;
}

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static enum rt_trap_kind side_call(struct side *s, uint32_t function, uint64_t *slots)
{
    if (s->oracle)
        return oracle_call(s->oracle, s->instance, function, slots);
    const struct function *f = &s->instance->module->functions[function];
    uint64_t results[2 * LIMIT_PARAMS];
    if (rt_call(s->instance, function, slots, f->param_slots, results, f->result_slots, NULL) != STATUS_OK)
        return rt_instance_trap(s->instance)->kind;
    memcpy(slots, results, f->result_slots * sizeof *slots);
    return RT_TRAP_NONE;
}

/* Values of these types out of a number. */
static void invent(struct side *s, uint64_t h, uint32_t count, const uint32_t *types, uint64_t *slots)
{
    for (uint32_t i = 0; i < count; i++) {
        uint64_t v = h = mix(h, i + 1);
        if (types[i] == RT_V128)
            *slots++ = v * 3;
        else if (types[i] == RT_I32 || types[i] == RT_F32)
            v = (uint32_t)v;
        else if (types[i] == RT_FUNCREF)
            v = v % 3 == 0 ? 0
                           : (uint64_t)(uintptr_t)&s->instance->vm.functions[v % s->instance->module->function_count];
        else if (types[i] == RT_EXTERNREF)
            v %= 4;
        *slots++ = v;
    }
}

static enum rt_trap_kind act(struct side *s, uint32_t number, uint64_t h)
{
    struct rt_memory memory = rt_instance_memory(s->instance);
    if (h % 8 == 4 && memory.size > 0)
        memory.base[(h >> 8) % memory.size] ^= (uint8_t)(h >> 4);
    if (h % 64 == 1)
        return h >> 8 & 1 ? RT_TRAP_HOST_POLICY : RT_TRAP_EXIT;
    if (h % 64 == 2)
        rt_instance_interrupt(s->instance);
    if (number > 0 || s->nested == NESTED_MAX)
        return RT_TRAP_NONE;
    uint64_t none[1];
    s->nested++;
    enum rt_trap_kind kind = side_call(s, GENERATE_HOSTS, none); /* []->[] */
    s->nested--;
    s->seen = mix(s->seen, kind);
    return h % 2 ? kind : RT_TRAP_NONE; /* passes it on or swallows it */
}

static enum rt_trap_kind host_function(void *env, struct rt_instance *instance, struct rt_memory memory,
                                       uint64_t *slots)
{
    const struct host *host = env;
    struct side *s = host->side;
    const struct rt_functype *t = host->type;
    struct rt_trap where = s->oracle ? oracle_where(s->oracle, instance) : rt_instance_where(instance);
    uint64_t h = mix(s->seen, host->number + 16);
    h = mix(mix(h, where.function), where.offset);
    h = mix(h, rt_instance_instructions(instance));
    h = mix(h, memory.size);
    for (uint32_t i = 0, at = 0; i < t->param_count; at += rt_type_slots(1, &t->params[i++])) {
        h = mix(h, neutral(instance, t->params[i], slots[at]));
        if (t->params[i] == RT_V128)
            h = mix(h, slots[at + 1]);
    }
    s->seen = h;
    s->hostcalls++;
    enum rt_trap_kind kind = act(s, host->number, h);
    invent(s, s->seen, t->result_count, t->results, slots);
    return kind;
}

static void side_open(struct comparison *c, struct side *s, const struct rt_limits *limits)
{
    struct function_object objects[GENERATE_HOSTS];
    struct extern_value values[GENERATE_HOSTS + GENERATE_IMPORTED_GLOBALS] = { 0 };
    struct error error = ERROR_INIT;
    for (uint32_t i = 0; i < GENERATE_HOSTS; i++) {
        const struct type_def *type = function_def(c->module, i);
        s->hosts[i] = (struct host) { s, i, &type->function };
        objects[i] = (struct function_object) { .type = type, .host = host_function, .env = &s->hosts[i] };
        values[i] = (struct extern_value) { .kind = KIND_FUNCTION, .function = &objects[i] };
    }
    for (uint32_t i = 0; i < GENERATE_IMPORTED_GLOBALS; i++) {
        s->globals[i][0] = generate_global_types[i] == RT_FUNCREF ? 0 : 41 + i;
        values[GENERATE_HOSTS + i] =
            (struct extern_value) { .kind = KIND_GLOBAL,
                                    .global = s->globals[i],
                                    .global_type = { generate_global_types[i], generate_global_mutable[i] } };
    }
    if (instance_link(c->module, values, limits, &s->instance, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        differ(c, "not instantiated", 0, 0);
    }
}

static void same_slots(const struct comparison *c, const char *what, uint32_t type, const uint64_t *engine,
                       const uint64_t *oracle)
{
    same(c, what, neutral(c->sides[0].instance, type, engine[0]), neutral(c->sides[1].instance, type, oracle[0]));
    if (type == RT_V128)
        same(c, what, engine[1], oracle[1]);
}

static void same_bytes(const struct comparison *c, uint32_t memory, const uint8_t *engine, const uint8_t *oracle,
                       uint64_t size)
{
    char what[64];
    uint64_t at = 0;
    if (memcmp(engine, oracle, size) == 0)
        return;
    while (engine[at] == oracle[at])
        at++;
    snprintf(what, sizeof what, "memory %u at %llu", memory, (unsigned long long)at);
    differ(c, what, engine[at], oracle[at]);
}

static void same_state(const struct comparison *c)
{
    const struct rt_instance *e = c->sides[0].instance, *o = c->sides[1].instance;
    const struct rt_module *m = c->module;
    for (uint32_t i = 0; i < GENERATE_IMPORTED_GLOBALS; i++)
        same_slots(c, "an imported global", generate_global_types[i], c->sides[0].globals[i], c->sides[1].globals[i]);
    for (uint32_t i = GENERATE_IMPORTED_GLOBALS; i < m->global_count; i++)
        same_slots(c, "a global", m->globals[i].type.type, &e->vm.globals[m->globals[i].slot],
                   &o->vm.globals[m->globals[i].slot]);
    for (uint32_t i = 0; i < m->table_count; i++) {
        same(c, "a table's size", e->vm.tables[i]->size, o->vm.tables[i]->size);
        for (uint32_t n = 0; n < e->vm.tables[i]->size; n++)
            same_slots(c, "a table's element", m->tables[i].element, &e->vm.tables[i]->elements[n],
                       &o->vm.tables[i]->elements[n]);
    }
    for (uint32_t i = 0; i < m->memory_count; i++) {
        uint64_t size = memory_bytes(e->vm.memories[i]);
        same(c, "a memory's size", size, memory_bytes(o->vm.memories[i]));
        same_bytes(c, i, e->vm.memories[i]->base, o->vm.memories[i]->base, size);
    }
    for (uint32_t i = 0; i < m->elem_count; i++)
        same(c, "a dropped element segment", e->vm.elem_dropped[i], o->vm.elem_dropped[i]);
    for (uint32_t i = 0; i < m->data_count; i++)
        same(c, "a dropped data segment", e->vm.data_dropped[i], o->vm.data_dropped[i]);
    same(c, "frames left", e->vm.depth, o->vm.depth);
    same(c, "an interrupt", e->vm.interrupt, o->vm.interrupt);
}

static void call_both(struct comparison *c, const struct rt_functype *t, uint64_t slots[2][2 * LIMIT_PARAMS])
{
    struct side *e = &c->sides[0], *o = &c->sides[1];
    c->kind = side_call(e, c->function, slots[0]);
    same(c, "the outcome", c->kind, side_call(o, c->function, slots[1]));
    same(c, "the instructions", rt_instance_instructions(e->instance), rt_instance_instructions(o->instance));
    same(c, "what host functions saw", e->seen, o->seen);
    if (c->kind != RT_TRAP_NONE) {
        const struct rt_trap *trap = rt_instance_trap(e->instance);
        same(c, "the trap's function", trap->function, oracle_trap(o->oracle, o->instance).function);
        same(c, "the trap's offset", trap->offset, oracle_trap(o->oracle, o->instance).offset);
    }
    for (uint32_t i = 0, at = 0; c->kind == RT_TRAP_NONE && i < t->result_count;
         at += rt_type_slots(1, &t->results[i++]))
        same_slots(c, "a result", t->results[i], &slots[0][at], &slots[1][at]);
    same_state(c);
}

static void run(struct comparison *c, struct choices *choices, struct compare_counts *counts)
{
    uint64_t slots[2][2 * LIMIT_PARAMS];
    uint32_t calls = 1 + choose(choices, CALLS_MAX);
    for (c->call = 1; c->call <= calls; c->call++) {
        c->function = c->call == 1 ? c->module->function_count - 1 : choose(choices, c->module->function_count);
        const struct rt_functype *t = function_type(c->module, c->function);
        for (uint32_t i = 0, at = 0; i < t->param_count; at += rt_type_slots(1, &t->params[i++])) {
            choose_value(choices, t->params[i], &slots[0][at]);
            memcpy(&slots[1][at], &slots[0][at], 2 * sizeof slots[0][at]);
            for (int s = 0; s < 2 && t->params[i] == RT_FUNCREF; s++)
                slots[s][at] =
                    (uint64_t)(uintptr_t)&c->sides[s].instance->vm.functions[c->call % c->module->function_count];
        }
        call_both(c, t, slots);
        counts->traps[c->kind]++;
        counts->calls++;
    }
    counts->instructions += rt_instance_instructions(c->sides[0].instance);
    counts->hostcalls += c->sides[0].hostcalls;
}

void compare_input(const char *name, const uint8_t *bytes, size_t size, uint64_t fuel, struct tiers *tiers,
                   struct compare_counts *counts)
{
    static const uint32_t depths[] = { 2, 10, 40, 200 };
    static const uint32_t fuels[] = { 60, 300, 1000, 3000, 10000, 10000, 10000, UINT32_MAX };
    struct comparison c = { .name = name, .bytes = BUFFER_INIT };
    struct choices choices;
    struct error error = ERROR_INIT;
    choices_init(&choices, bytes, size);
    uint32_t most = fuels[choose(&choices, 8)];
    struct rt_limits limits = { .memory_pages = 6, .table_elements = 20, .call_depth = depths[choose(&choices, 4)] };
    limits.fuel = most < fuel ? most : fuel;
    generate_module(&choices, &c.bytes);
    if (rt_module_load(c.bytes.data, c.bytes.size, NULL, &c.module, &error) != STATUS_OK) {
        fprintf(stderr, "%s\n", error.text);
        differ(&c, "the module is refused", 0, 0);
    }
    side_open(&c, &c.sides[0], &limits);
    const struct rt_code_watch watch = { &c.watcher, on_entered, on_left };
    tiers_give(tiers, c.module, c.sides[0].instance);
    const bool watched = counts->modules % 2 == 1 && c.module->function_count <= FUNCTIONS_MAX &&
                         c.sides[0].instance->tier == &tier_interpreter;
    if (watched && rt_instance_watch_code(c.sides[0].instance, &watch, NULL) != STATUS_OK)
        differ(&c, "not watched", 0, 0);
    side_open(&c, &c.sides[1], &limits);
    c.sides[1].oracle = oracle_world_create();
    run(&c, &choices, counts);
    if (watched)
        same_watched(&c, counts);
    counts->modules++;
    oracle_world_free(c.sides[1].oracle);
    rt_instance_free(c.sides[0].instance);
    rt_instance_free(c.sides[1].instance);
    tiers_release(tiers);
    rt_module_free(c.module);
    buffer_done(&c.bytes);
}
