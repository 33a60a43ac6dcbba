/* Native code behind a function object's `code`: C functions stand in for what a compiler would make. They are called
 * by every way there is (the host, a call, through the table, tail calls, an import of another instance), call the host
 * and interpreted functions themselves, and trap; and what the host can see must be what it sees without them: results,
 * traps and their places, counts, fuel and depth left, and what a host function is told, under every fuel and depth
 * that matters. White-box: gives functions code, and the instance a tier that knows where it stands. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "rt_build.h"
#include "runtime/prepare_function.h"
#include "runtime/tier.h"

/* Functions, and so their types. DIV: x / y. THROUGH: DIV(host(x), y). PING: x ? PONG(x - 1) : 7, by a tail call; PONG:
 * PING(x) + 1. Then a caller of DIV and one of THROUGH for each way: its answer + 1, but of tail calls. */
enum { HOST, DIV, THROUGH, PING, PONG, CALLERS };
enum { CALL, CALL_INDIRECT, RETURN_CALL, RETURN_CALL_INDIRECT, WAYS };
enum { FUNCTIONS = CALLERS + 2 * WAYS };
/* Instructions that are native today; a set of them is a mask. */
enum { NATIVE_DIV = 1, NATIVE_THROUGH = 2, NATIVE_PING = 4, NATIVE_PONG = 8, NATIVE_ALL = 15 };
/* Where instructions stand in their bodies, as build() writes them: the first byte counts the locals. */
enum { DIV_DIVIDES = 5, DIV_ENDS = 6, THROUGH_HOST = 3, THROUGH_DIV = 7, THROUGH_ENDS = 9 };
enum { PING_TESTS = 3, PING_ELSE = 5, PING_RETURNS = 8, PING_CALLS = 15, PONG_CALLS = 3, PONG_ENDS = 8 };
enum { STOPS = 13 }; /* the argument for which the host function stops the guest */

/* ---- the tier of the native functions: which instruction stands where */

static uint32_t native_offset, native_pending;

static enum rt_trap_kind native_div(const struct function_object *self, uint64_t *slots);
static enum rt_trap_kind native_through(const struct function_object *self, uint64_t *slots);
static enum rt_trap_kind native_ping(const struct function_object *self, uint64_t *slots);
static enum rt_trap_kind native_pong(const struct function_object *self, uint64_t *slots);
static function_code *const natives[] = { native_div, native_through, native_ping, native_pong };

static struct tier_place place(const struct rt_instance *instance)
{
    const struct function_object *self = instance->frame ? instance->frame->function : NULL;
    for (unsigned i = 0; self && i < sizeof natives / sizeof *natives; i++)
        if (self->code == natives[i])
            return (struct tier_place) { self->function, self->function->body_offset + native_offset, native_pending };
    return tier_interpreter.place(instance);
}

static int64_t fuel_left(const struct rt_instance *instance) { return tier_interpreter.fuel_left(instance); }

/* ---- native functions */

/* A trap at an instruction that `pending` others of its segment lead to, itself included. */
static enum rt_trap_kind stop(const struct function_object *self, enum rt_trap_kind kind, uint32_t at, uint32_t pending)
{
    native_offset = at;
    native_pending = pending;
    trap_record(self->owner, kind);
    return kind;
}

/* The end of a segment of so many instructions, at the last of them. */
static enum rt_trap_kind charge(const struct function_object *self, int64_t count, uint32_t at)
{
    native_offset = at;
    native_pending = 0;
    self->owner->vm.fuel -= count;
    return self->owner->vm.fuel < 0 ? stop(self, RT_TRAP_FUEL_EXHAUSTED, at, 0) : RT_TRAP_NONE;
}

/* What a call does before it is made. */
static enum rt_trap_kind before_call(const struct function_object *self, const struct function_object *callee,
                                     const uint64_t *slots, uint32_t at)
{
    const struct vmctx *vm = &self->owner->vm;
    if (interrupted(vm))
        return stop(self, RT_TRAP_INTERRUPTED, at, 0);
    if (!frame_fits(vm, vm->depth, slots, callee->function->body ? callee->frame_slots : 0))
        return stop(self, RT_TRAP_STACK_EXHAUSTED, at, 0);
    return RT_TRAP_NONE;
}

static enum rt_trap_kind divide(const struct function_object *self, uint64_t *slots)
{
    int32_t x = (int32_t)slots[0], y = (int32_t)slots[1];
    if (y == 0)
        return stop(self, RT_TRAP_DIVIDE_BY_ZERO, DIV_DIVIDES, 3);
    if (x == INT32_MIN && y == -1)
        return stop(self, RT_TRAP_INTEGER_OVERFLOW, DIV_DIVIDES, 3);
    slots[0] = (uint32_t)(x / y);
    return charge(self, 4, DIV_ENDS);
}

static enum rt_trap_kind native_div(const struct function_object *self, uint64_t *slots)
{
    struct activation a;
    enum rt_trap_kind kind = function_begin(self, slots, &a);
    return kind == RT_TRAP_NONE ? function_end(self, slots, &a, divide(self, a.slots)) : kind;
}

static enum rt_trap_kind through(const struct function_object *self, uint64_t *fp)
{
    const struct function_object *host = &self->owner->vm.functions[HOST], *div = &self->owner->vm.functions[DIV];
    enum rt_trap_kind kind;
    fp[2] = fp[0];
    if ((kind = charge(self, 2, THROUGH_HOST)) != RT_TRAP_NONE ||
        (kind = before_call(self, host, &fp[2], THROUGH_HOST)) != RT_TRAP_NONE)
        return kind;
    if ((kind = host->code(host, &fp[2])) != RT_TRAP_NONE)
        return stop(self, kind, THROUGH_HOST, 0);
    fp[3] = fp[1];
    if ((kind = charge(self, 2, THROUGH_DIV)) != RT_TRAP_NONE ||
        (kind = before_call(self, div, &fp[2], THROUGH_DIV)) != RT_TRAP_NONE ||
        (kind = div->code(div, &fp[2])) != RT_TRAP_NONE)
        return kind;
    fp[0] = fp[2];
    return charge(self, 1, THROUGH_ENDS);
}

static enum rt_trap_kind native_through(const struct function_object *self, uint64_t *slots)
{
    struct activation a;
    enum rt_trap_kind kind = function_begin(self, slots, &a);
    return kind == RT_TRAP_NONE ? function_end(self, slots, &a, through(self, a.slots)) : kind;
}

static enum rt_trap_kind native_ping(const struct function_object *self, uint64_t *slots)
{
    const struct function_object *pong = &self->owner->vm.functions[PONG];
    struct activation a;
    enum rt_trap_kind kind = function_begin(self, slots, &a);
    if (kind != RT_TRAP_NONE)
        return kind;
    uint32_t x = (uint32_t)a.slots[0];
    if ((kind = charge(self, 2, PING_TESTS)) == RT_TRAP_NONE) {
        if (x == 0) {
            a.slots[0] = 7;
            kind = charge(self, 2, PING_RETURNS);
        } else if ((kind = charge(self, 1, PING_ELSE)) == RT_TRAP_NONE &&
                   (kind = charge(self, 4, PING_CALLS)) == RT_TRAP_NONE && interrupted(&self->owner->vm)) {
            kind = stop(self, RT_TRAP_INTERRUPTED, PING_CALLS, 0);
        }
    }
    if (x == 0 || kind != RT_TRAP_NONE)
        return function_end(self, slots, &a, kind);
    kind = function_end(self, a.slots, &a, RT_TRAP_NONE); /* a tail call: its frame is given back */
    slots[0] = x - 1;
    return pong->code(pong, slots);
}

static enum rt_trap_kind native_pong(const struct function_object *self, uint64_t *slots)
{
    const struct function_object *ping = &self->owner->vm.functions[PING];
    struct activation a;
    enum rt_trap_kind kind = function_begin(self, slots, &a);
    if (kind != RT_TRAP_NONE)
        return kind;
    a.slots[1] = a.slots[0];
    if ((kind = charge(self, 2, PONG_CALLS)) == RT_TRAP_NONE &&
        (kind = before_call(self, ping, &a.slots[1], PONG_CALLS)) == RT_TRAP_NONE &&
        (kind = ping->code(ping, &a.slots[1])) == RT_TRAP_NONE) {
        a.slots[0] = (uint32_t)(a.slots[1] + 1);
        kind = charge(self, 3, PONG_ENDS);
    }
    return function_end(self, slots, &a, kind);
}

/* ---- the module, and a guest of it */

static void add_caller(struct rt_build *b, uint32_t way, uint32_t callee)
{
    uint8_t index = (uint8_t)callee, element = callee == THROUGH;
    switch (way) {
    case CALL:
        rt_build_function(b, "ii:i", "", CODE(0x20, 0, 0x20, 1, 0x10, index, 0x41, 1, 0x6a));
        break;
    case CALL_INDIRECT:
        rt_build_function(b, "ii:i", "", CODE(0x20, 0, 0x20, 1, 0x41, element, 0x11, DIV, 0, 0x41, 1, 0x6a));
        break;
    case RETURN_CALL:
        rt_build_function(b, "ii:i", "", CODE(0x20, 0, 0x20, 1, 0x12, index));
        break;
    default:
        rt_build_function(b, "ii:i", "", CODE(0x20, 0, 0x20, 1, 0x41, element, 0x13, DIV, 0));
    }
}

static struct rt_module *build(void)
{
    struct rt_build b = { .table_size = 2 };
    rt_build_import(&b, "h", "f", "i:i");
    rt_build_function(&b, "ii:i", "", CODE(0x20, 0, 0x20, 1, 0x6d));
    rt_build_function(&b, "ii:i", "", CODE(0x20, 0, 0x10, HOST, 0x20, 1, 0x10, DIV));
    rt_build_function(&b, "i:i", "",
                      CODE(0x20, 0, 0x04, 0x40, 0x05, 0x41, 7, 0x0f, 0x0b, 0x20, 0, 0x41, 1, 0x6b, 0x12, PONG));
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x10, PING, 0x41, 1, 0x6a));
    for (uint32_t i = 0; i < 2 * WAYS; i++)
        add_caller(&b, i % WAYS, i < WAYS ? DIV : THROUGH);
    rt_build_elems(&b, (const uint32_t[]) { DIV, THROUGH }, 2);
    rt_build_export(&b, "div", DIV);
    rt_build_export(&b, "through", THROUGH);
    return rt_build_load(&b);
}

struct guest {
    struct rt_instance *instance;
    uint64_t told; /* all that the host function was told */
};

static enum rt_trap_kind host(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    struct guest *g = env;
    struct rt_trap where = rt_instance_where(instance);
    (void)memory;
    g->told = g->told * 31 + where.function;
    g->told = g->told * 31 + where.offset;
    g->told = g->told * 31 + rt_instance_instructions(instance);
    if (slots[0] == STOPS)
        return RT_TRAP_HOST_POLICY;
    slots[0] = UINT64_C(0xffffffff00000000) | (uint32_t)(slots[0] + 1);
    return RT_TRAP_NONE;
}

static void guest_open(struct guest *g, const struct rt_module *m, const struct rt_limits *limits, unsigned mask)
{
    static const struct tier tier = { RT_TIER_INTERPRETER, NULL, place, NULL, fuel_left, NULL };
    const struct rt_import import = { "h", "f", rt_module_function_type(m, HOST), host, g, NULL, NULL };
    g->told = 0;
    assert_int_equal(rt_instance_create(m, &import, 1, limits, &g->instance, NULL), STATUS_OK);
    g->instance->tier = &tier;
    for (uint32_t i = 0; i < 4; i++) {
        if (!(mask >> i & 1))
            continue;
        struct function_object *object = &g->instance->vm.functions[DIV + i];
        object->code = natives[i];
        object->units = prepare_native;
    }
}

struct seen {
    enum status status;
    uint64_t result, instructions, told;
    struct rt_trap trap;
    int64_t fuel;
    uint32_t depth, nesting;
    const struct frame *frame;
};

static struct seen call(struct guest *g, uint32_t function, uint32_t x, uint32_t y, bool interrupt)
{
    struct rt_instance *i = g->instance;
    const uint64_t args[] = { x, y };
    struct seen seen = { .result = 99 };
    if (interrupt)
        rt_instance_interrupt(i);
    seen.status = rt_call(i, function, args, i->module->functions[function].param_slots, &seen.result, 1, NULL);
    seen.instructions = rt_instance_instructions(i);
    seen.told = g->told;
    seen.trap = *rt_instance_trap(i);
    seen.fuel = i->vm.fuel;
    seen.depth = i->vm.depth;
    seen.nesting = i->nesting;
    seen.frame = i->frame;
    return seen;
}

static void same(const struct seen *a, const struct seen *b)
{
    assert_int_equal(a->status, b->status);
    assert_int_equal(a->result, b->result);
    assert_int_equal(a->trap.kind, b->trap.kind);
    assert_int_equal(a->trap.function, b->trap.function);
    assert_int_equal(a->trap.offset, b->trap.offset);
    assert_int_equal(a->instructions, b->instructions);
    assert_int_equal(a->told, b->told);
    assert_int_equal(a->fuel, b->fuel);
    assert_int_equal(a->depth, b->depth);
    assert_int_equal(b->nesting, 0);
    assert_null(b->frame);
}

static const struct {
    uint32_t x, y;
} pairs[] = { { 700, 7 }, { 1, 0 }, { (uint32_t)INT32_MIN, UINT32_MAX }, { INT32_MAX, UINT32_MAX }, { STOPS, 3 } };
enum { PAIRS = sizeof pairs / sizeof *pairs, FUEL_ENOUGH = 24, DEPTH_ENOUGH = 5 };

/* All ways and arguments, on fresh instances, with these functions native and without. Returns the traps that it saw.
 */
static uint32_t compare(const struct rt_module *m, const struct rt_limits *limits, unsigned mask, bool interrupt)
{
    uint32_t kinds = 0;
    for (uint32_t function = DIV; function < FUNCTIONS; function++)
        for (uint32_t i = 0; i < PAIRS; i++) {
            uint32_t x = function == PING || function == PONG ? i : pairs[i].x;
            struct guest plain, native;
            guest_open(&plain, m, limits, 0);
            guest_open(&native, m, limits, mask);
            for (unsigned again = 0; again < 2; again++) { /* the second call finds its code prepared */
                struct seen a = call(&plain, function, x, pairs[i].y, interrupt);
                struct seen b = call(&native, function, x, pairs[i].y, interrupt);
                same(&a, &b);
                kinds |= UINT32_C(1) << a.trap.kind;
            }
            rt_instance_free(native.instance);
            rt_instance_free(plain.instance);
        }
    return kinds;
}

static void native_code_is_called_as_prepared_code_is(void **state)
{
    (void)state;
    struct rt_module *m = build();
    uint32_t kinds = 0;
    for (unsigned mask = 1; mask <= NATIVE_ALL; mask++) {
        struct rt_limits limits = RT_LIMITS_DEFAULT;
        kinds |= compare(m, &limits, mask, false);
        kinds |= compare(m, &limits, mask, true);
        for (limits.fuel = 0; limits.fuel < FUEL_ENOUGH; limits.fuel++)
            kinds |= compare(m, &limits, mask, false);
        limits.fuel = UINT64_MAX;
        for (limits.call_depth = 1; limits.call_depth < DEPTH_ENOUGH; limits.call_depth++)
            kinds |= compare(m, &limits, mask, false);
    }
    /* The comparison has met all that it is for. */
    for (const enum rt_trap_kind *kind =
             (const enum rt_trap_kind[]) { RT_TRAP_DIVIDE_BY_ZERO, RT_TRAP_INTEGER_OVERFLOW, RT_TRAP_FUEL_EXHAUSTED,
                                           RT_TRAP_STACK_EXHAUSTED, RT_TRAP_INTERRUPTED, RT_TRAP_HOST_POLICY,
                                           RT_TRAP_NONE };
         ; kind++) {
        assert_int_equal(kinds >> *kind & 1, 1);
        if (*kind == RT_TRAP_NONE)
            break;
    }
    rt_module_free(m);
}

/* The value stack's end, slot by slot: a native function takes its frame's slots like an interpreted one. */
static void native_code_has_the_same_stack(void **state)
{
    (void)state;
    struct rt_module *m = build();
    uint32_t exhausted = 0, fits = 0;
    for (uint32_t slots = 1; slots < 24; slots++)
        for (uint32_t function = DIV; function < FUNCTIONS; function++) {
            struct guest plain, native;
            guest_open(&plain, m, NULL, 0);
            guest_open(&native, m, NULL, NATIVE_ALL);
            plain.instance->vm.stack_end = plain.instance->stack + slots;
            native.instance->vm.stack_end = native.instance->stack + slots;
            struct seen a = call(&plain, function, 2, 1, false), b = call(&native, function, 2, 1, false);
            same(&a, &b);
            exhausted += a.trap.kind == RT_TRAP_STACK_EXHAUSTED;
            fits += a.status == STATUS_OK;
            rt_instance_free(native.instance);
            rt_instance_free(plain.instance);
        }
    assert_true(exhausted > 20 && fits > 20);
    rt_module_free(m);
}

/* Another instance imports the functions. Its own calls are interpreted; each instance has its own fuel and trap. */
static void another_instance_imports_native_code(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    rt_build_import(&b, "m", "div", "ii:i");
    rt_build_import(&b, "m", "through", "ii:i");
    rt_build_function(&b, "ii:i", "", CODE(0x20, 0, 0x20, 1, 0x10, 0));
    rt_build_function(&b, "ii:i", "", CODE(0x20, 0, 0x20, 1, 0x10, 1));
    rt_build_function(&b, "ii:i", "", CODE(0x20, 0, 0x20, 1, 0x12, 1));
    struct rt_module *importer = rt_build_load(&b), *m = build();
    for (uint64_t fuel = 0; fuel <= FUEL_ENOUGH; fuel++)
        for (uint32_t function = 0; function < 5; function++)
            for (uint32_t i = 0; i < PAIRS; i++) {
                struct seen seen[2][2];
                for (unsigned native = 0; native < 2; native++) {
                    struct rt_limits limits = RT_LIMITS_DEFAULT;
                    struct guest owner, user = { .told = 0 };
                    limits.fuel = fuel < FUEL_ENOUGH ? fuel : UINT64_MAX;
                    guest_open(&owner, m, &limits, native ? NATIVE_ALL : 0);
                    struct rt_import imports[] = {
                        { .module = "m", .name = "div", .from = owner.instance, .export_name = "div" },
                        { .module = "m", .name = "through", .from = owner.instance, .export_name = "through" }
                    };
                    assert_int_equal(rt_instance_create(importer, imports, 2, NULL, &user.instance, NULL), STATUS_OK);
                    seen[native][0] = call(&user, function, pairs[i].x, pairs[i].y, false);
                    struct rt_instance *o = owner.instance;
                    seen[native][1] = (struct seen) { .told = owner.told,
                                                      .trap = *rt_instance_trap(o),
                                                      .fuel = o->vm.fuel,
                                                      .depth = o->vm.depth,
                                                      .nesting = o->nesting,
                                                      .instructions = rt_instance_instructions(o),
                                                      .frame = o->frame };
                    rt_instance_free(user.instance);
                    rt_instance_free(owner.instance);
                }
                same(&seen[0][0], &seen[1][0]);
                same(&seen[0][1], &seen[1][1]);
            }
    rt_module_free(importer);
    rt_module_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(native_code_is_called_as_prepared_code_is),
                                        cmocka_unit_test(native_code_has_the_same_stack),
                                        cmocka_unit_test(another_instance_imports_native_code) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
