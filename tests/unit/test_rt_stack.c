/* The value stack's end, swept: parameters, constants, locals and results near their limits, times every kind of call,
 * with a stack that ends exactly where the last frame does, one slot before and one behind. The class of fault is a
 * callee's space that is written before, or by another formula than, what was checked. What a call needs is counted
 * here by hand from rt.h's words; behind the stack lies a red zone that nobody may write to (under ASan: touch).
 * White-box: moves the end of an instance's stack. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "rt_build.h"
#include "runtime/instance.h"

/* The sanitizer's, where there is one. */
__attribute__((weak)) void __asan_poison_memory_region(const volatile void *at, size_t size);
__attribute__((weak)) void __asan_unpoison_memory_region(const volatile void *at, size_t size);

enum { CALL, CALL_INDIRECT, RETURN_CALL, RETURN_CALL_INDIRECT, WAYS };
/* Functions, and so their types: two imports, the callee, a caller for each way to the callee, then to the import, one
 * that calls the host that calls the callee; and for each caller one that comes to it through frames of its own. */
enum { HOST, BACK, CALLEE, CALLERS, NESTED = CALLERS + 2 * WAYS, DIVERS, FUNCTIONS = DIVERS + 2 * WAYS + 1 };
enum { CALLER_LOCALS = 3 };

struct shape {
    uint32_t params, locals, constants, results;
    bool wide; /* all of them are v128 */
};

struct world {
    struct shape s;
    struct rt_module *module;
    struct rt_instance *instance;
    uint64_t args[2 * LIMIT_PARAMS];
};

static uint32_t width(const struct shape *s) { return s->wide ? 2 : 1; }
static uint32_t most(uint32_t a, uint32_t b) { return a > b ? a : b; }

static uint64_t argument(uint32_t i) { return 1000 + i; }
/* The callee returns its parameters, then numbers. The import returns numbers. */
static uint64_t result(const struct shape *s, uint32_t i, bool host)
{
    return !host && i < s->params ? argument(i) : 5000 + i;
}

static void put_values(const struct shape *s, uint64_t *slots, uint32_t count, uint64_t (*value)(uint32_t))
{
    for (uint32_t i = 0; i < count; i++)
        for (uint32_t half = 0; half < width(s); half++)
            slots[i * width(s) + half] = value(i);
}

static uint64_t host_value(uint32_t i) { return 5000 + i; }

static enum rt_trap_kind host(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    const struct world *w = env;
    (void)instance, (void)memory;
    for (uint32_t i = 0; i < w->s.params * width(&w->s); i++)
        assert_int_equal(slots[i], argument(i / width(&w->s)));
    put_values(&w->s, slots, w->s.results, host_value);
    return RT_TRAP_NONE;
}

static enum rt_trap_kind back(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    const struct world *w = env;
    (void)memory;
    uint64_t results[2 * LIMIT_PARAMS];
    uint32_t count = w->s.results * width(&w->s);
    if (rt_call(instance, CALLEE, w->args, w->s.params * width(&w->s), results, count, NULL) != STATUS_OK)
        return rt_instance_trap(instance)->kind;
    memcpy(slots, results, count * sizeof *slots);
    return RT_TRAP_NONE;
}

static void leb(struct buffer *b, uint32_t v)
{
    for (; v > 0x7f; v >>= 7)
        buffer_u8(b, (uint8_t)(v | 0x80));
    buffer_u8(b, (uint8_t)v);
}

/* A constant below 2^14; both halves of a vector hold it. */
static void constant(struct buffer *b, bool wide, uint32_t v)
{
    if (wide) {
        buffer_bytes(b, "\xfd\x0c", 2);
        buffer_u64(b, v);
        buffer_u64(b, v);
        return;
    }
    buffer_u8(b, 0x42);
    buffer_u8(b, (uint8_t)(v | 0x80));
    buffer_u8(b, (uint8_t)(v >> 7 | 0x80));
    buffer_u8(b, 0);
}

/* "params:results", allocated; prefix: one more parameter in front, or 0. */
static char *type_of(const struct shape *s, char prefix, uint32_t params)
{
    char *type = calloc(1, params + s->results + 3), *at = type;
    if (!type)
        abort();
    if (prefix)
        *at++ = prefix;
    memset(at, s->wide ? 'v' : 'I', params);
    at[params] = ':';
    memset(at + params + 1, s->wide ? 'v' : 'I', s->results);
    return type;
}

static void add(struct rt_build *b, char *type, const char *locals, struct buffer *code)
{
    rt_build_function(b, type, locals, code->data, code->size);
    buffer_done(code);
    free(type);
}

/* Writes to its last local, and has all its constants on the stack at once, in their slots. */
static void add_callee(struct rt_build *b, const struct shape *s)
{
    struct buffer code = BUFFER_INIT;
    char *locals = calloc(1, s->locals + (size_t)1);
    if (!locals)
        abort();
    memset(locals, s->wide ? 'v' : 'I', s->locals);
    if (s->locals > 0) {
        constant(&code, s->wide, 77);
        buffer_u8(&code, 0x21);
        leb(&code, s->params + s->locals - 1);
    }
    for (uint32_t i = 0; i < s->constants; i++)
        constant(&code, s->wide, i % 16000);
    buffer_bytes(&code, "\x02\x40\x0b", 3);
    for (uint32_t i = 0; i < s->constants; i++)
        buffer_u8(&code, 0x1a);
    for (uint32_t i = 0; i < s->results; i++) {
        if (i < s->params) {
            buffer_u8(&code, 0x20);
            leb(&code, i);
        } else {
            constant(&code, s->wide, (uint32_t)result(s, i, false));
        }
    }
    add(b, type_of(s, 0, s->params), locals, &code);
    free(locals);
}

static void add_caller(struct rt_build *b, const struct shape *s, uint32_t way, bool to_host)
{
    static const uint8_t codes[WAYS] = { 0x10, 0x11, 0x12, 0x13 };
    struct buffer code = BUFFER_INIT;
    for (uint32_t i = 0; i < s->params; i++)
        constant(&code, s->wide, (uint32_t)argument(i));
    if (way == CALL || way == RETURN_CALL) {
        buffer_u8(&code, codes[way]);
        leb(&code, to_host ? HOST : CALLEE);
    } else {
        buffer_u8(&code, 0x41); /* the table's element */
        buffer_u8(&code, to_host);
        buffer_u8(&code, codes[way]);
        leb(&code, CALLEE); /* the type */
        leb(&code, 0);
    }
    add(b, type_of(s, 0, 0), "III", &code);
}

/* diver(n) = n == 0 ? caller() : diver(n - 1) */
static void add_diver(struct rt_build *b, const struct shape *s, uint32_t caller)
{
    struct buffer code = BUFFER_INIT;
    buffer_bytes(&code, "\x20\0\x45\x04", 4);
    leb(&code, BACK); /* the block's type: that of all callers */
    buffer_u8(&code, 0x10);
    leb(&code, caller);
    buffer_bytes(&code, "\x05\x20\0\x41\x01\x6b\x10", 7);
    leb(&code, caller - CALLERS + DIVERS);
    buffer_u8(&code, 0x0b);
    add(b, type_of(s, 'i', 0), "", &code);
}

static void world_open(struct world *w)
{
    struct rt_build b = { .table_size = 2 };
    const struct shape *s = &w->s;
    struct buffer nested = BUFFER_INIT;
    char *type = type_of(s, 0, s->params), *none = type_of(s, 0, 0);
    put_values(s, w->args, s->params, argument);
    rt_build_import(&b, "h", "f", type);
    rt_build_import(&b, "h", "b", none);
    add_callee(&b, s);
    for (uint32_t i = 0; i < 2 * WAYS; i++)
        add_caller(&b, s, i % WAYS, i >= WAYS);
    buffer_bytes(&nested, "\x10\x01", 2);
    add(&b, type_of(s, 0, 0), "III", &nested);
    for (uint32_t caller = CALLERS; caller < DIVERS; caller++)
        add_diver(&b, s, caller);
    rt_build_elems(&b, (const uint32_t[]) { CALLEE, HOST }, 2);
    w->module = rt_build_load(&b);
    assert_int_equal(w->module->function_count, FUNCTIONS);
    const struct rt_import imports[] = { { "h", "f", rt_module_function_type(w->module, HOST), host, w, NULL, NULL },
                                         { "h", "b", rt_module_function_type(w->module, BACK), back, w, NULL, NULL } };
    assert_int_equal(rt_instance_create(w->module, imports, 2, NULL, &w->instance, NULL), STATUS_OK);
    free(type);
    free(none);
}

static uint32_t callee_frame(const struct shape *s)
{
    uint32_t height = most(s->constants, s->results);
    return width(s) * (s->params + s->locals + most(height, s->locals > 0)); /* what the last local is set to */
}

static uint32_t caller_frame(const struct shape *s, uint32_t caller)
{
    uint32_t way = (caller - CALLERS) % WAYS, results = width(s) * s->results;
    if (caller == NESTED)
        return CALLER_LOCALS + results;
    uint32_t height = width(s) * s->params + (way == CALL_INDIRECT || way == RETURN_CALL_INDIRECT);
    if (way == CALL || way == CALL_INDIRECT)
        height = most(height, results);
    return most(CALLER_LOCALS + height, results);
}

/* Slots that a call of `caller` needs, callees included. */
static uint32_t caller_needs(const struct shape *s, uint32_t caller)
{
    uint32_t way = (caller - CALLERS) % WAYS, own = caller_frame(s, caller);
    if (caller == NESTED)
        return own + callee_frame(s); /* from the host: behind the whole frame */
    if (caller >= CALLERS + WAYS)
        return own; /* the import takes none */
    if (way == CALL || way == CALL_INDIRECT)
        return most(own, CALLER_LOCALS + callee_frame(s)); /* begins at its arguments */
    return most(own, callee_frame(s));
}

static uint32_t diver_frame(const struct shape *s) { return 1 + most(2, width(s) * s->results); }

static void red_zone(const struct world *w, size_t slots, bool set)
{
    uint64_t *zone = w->instance->vm.stack_end;
    if (set)
        memset(zone, 0xa5, slots * sizeof *zone);
    if (set && __asan_poison_memory_region)
        __asan_poison_memory_region(zone, slots * sizeof *zone);
    if (!set && __asan_unpoison_memory_region)
        __asan_unpoison_memory_region(zone, slots * sizeof *zone);
    for (size_t i = 0; !set && i < slots; i++)
        if (zone[i] != 0xa5a5a5a5a5a5a5a5u)
            fail_msg("slot %zu behind the stack was written to", i);
}

/* Calls on a stack of `slots` slots; the outcome must be what the formula says. */
static void try(const struct world *w, uint32_t function, const uint64_t *args, uint32_t arg_count, uint32_t slots,
                bool fits)
{
    uint64_t results[2 * LIMIT_PARAMS] = { 0 };
    uint32_t count = w->s.results * width(&w->s);
    size_t zone = LIMIT_FRAME_SLOTS / 8 + callee_frame(&w->s);
    bool to_host = function == HOST || (function >= CALLERS + WAYS && function < NESTED) ||
                   (function >= DIVERS + WAYS && function < DIVERS + 2 * WAYS);
    w->instance->vm.stack_end = w->instance->stack + slots;
    red_zone(w, zone, true);
    enum status status = rt_call(w->instance, function, args, arg_count, results, count, NULL);
    red_zone(w, zone, false);
    if (status != (fits ? STATUS_OK : STATUS_TRAPPED))
        fail_msg("function %u of shape %u %u %u %u %d on %u slots: %s", function, w->s.params, w->s.locals,
                 w->s.constants, w->s.results, w->s.wide, slots, rt_trap_text(rt_instance_trap(w->instance)->kind));
    if (!fits)
        assert_int_equal(rt_instance_trap(w->instance)->kind, RT_TRAP_STACK_EXHAUSTED);
    for (uint32_t i = 0; fits && i < count; i++)
        assert_int_equal(results[i], result(&w->s, i / width(&w->s), to_host));
}

/* On one slot too few, on just enough, on one more. */
static void try_around(const struct world *w, uint32_t function, const uint64_t *args, uint32_t arg_count,
                       uint32_t needed)
{
    if (needed > 0)
        try(w, function, args, arg_count, needed - 1, false);
    try(w, function, args, arg_count, needed, true);
    try(w, function, args, arg_count, needed + 1, true);
}

static void sweep(const struct shape *s)
{
    static const uint64_t dives[] = { 0, 1, 40 };
    struct world w = { .s = *s };
    world_open(&w);
    assert_int_equal(w.module->functions[CALLEE].frame_slots, callee_frame(s));
    try_around(&w, CALLEE, w.args, s->params * width(s), callee_frame(s));
    for (uint32_t caller = CALLERS; caller < DIVERS; caller++) {
        uint32_t diver = caller - CALLERS + DIVERS;
        assert_int_equal(w.module->functions[caller].frame_slots, caller_frame(s, caller));
        try_around(&w, caller, NULL, 0, caller_needs(s, caller));
        /* each diver's frame begins one slot behind the last one's */
        for (size_t i = 0; i < sizeof dives / sizeof *dives; i++)
            try_around(&w, diver, &dives[i], 1, (uint32_t)dives[i] + most(diver_frame(s), 1 + caller_needs(s, caller)));
    }
    rt_instance_free(w.instance);
    rt_module_free(w.module);
}

static void small_frames(void **state)
{
    static const uint32_t params[] = { 0, 1, 2, 9 }, locals[] = { 0, 1, 20 }, constants[] = { 0, 1, 17, 40 };
    (void)state;
    for (uint32_t n = 0; n < 4 * 3 * 4 * 3 * 2; n++) {
        struct shape s = { params[n % 4], locals[n / 4 % 3], constants[n / 12 % 4], 0, n / 144 % 2 };
        s.results = (const uint32_t[]) { 0, 1, s.params + 5 }[n / 48 % 3];
        sweep(&s);
    }
}

static void frames_at_the_limits(void **state)
{
    enum { REST = LIMIT_FRAME_SLOTS - LIMIT_LOCALS };
    static const struct shape shapes[] = {
        { LIMIT_PARAMS, 0, 0, 0, false },
        { LIMIT_PARAMS, 0, 0, LIMIT_PARAMS, false },
        { 0, 0, 0, LIMIT_PARAMS, false },
        { LIMIT_PARAMS, 0, 0, LIMIT_PARAMS, true },
        { 1, 0, 0, LIMIT_PARAMS, true },
        { LIMIT_PARAMS, 0, 300, 1, true },
        { LIMIT_PARAMS, LIMIT_LOCALS - LIMIT_PARAMS, REST, 1, false }, /* all of LIMIT_FRAME_SLOTS */
        { 0, LIMIT_LOCALS, REST, 0, false },
        { 3, 0, LIMIT_FRAME_SLOTS - 3, LIMIT_PARAMS, false },
        { LIMIT_PARAMS, 31000, (LIMIT_FRAME_SLOTS - 64000) / 2, 1, true },
        { 1, 31000, 767 - 1, LIMIT_PARAMS - 234, true },
    };
    (void)state;
    for (size_t i = 0; i < sizeof shapes / sizeof *shapes; i++)
        sweep(&shapes[i]);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(small_frames), cmocka_unit_test(frames_at_the_limits) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
