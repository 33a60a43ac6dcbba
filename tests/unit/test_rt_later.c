/* What came after the first version of WebAssembly, where the specification's suite does not look: tail calls at the
 * limits, vectors that pass the host, operands that leave the emitter's window half by half, memories that share one
 * limit. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "rt_build.h"

static struct rt_instance *open_with(struct rt_module *m, const struct rt_import *import,
                                     const struct rt_limits *limits)
{
    struct rt_instance *instance = NULL;
    assert_int_equal(rt_instance_create(m, import, import ? 1 : 0, limits, &instance, NULL), STATUS_OK);
    return instance;
}

static void close_all(struct rt_instance *i, struct rt_module *m)
{
    rt_instance_free(i);
    rt_module_free(m);
}

struct host_world {
    struct rt_trap where;
    uint32_t times;
    bool interrupt;
};

/* i32 -> ten i64: the argument, and more of it. */
static enum rt_trap_kind ten(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    struct host_world *h = env;
    (void)memory;
    h->where = rt_instance_where(instance);
    h->times++;
    for (unsigned n = 10; n > 0; n--)
        slots[n - 1] = slots[0] + n - 1;
    return RT_TRAP_NONE;
}

/* 1: counts its argument down by tail calls, directly or (2) through the table; then tail-calls the host. */
static struct rt_module *build_tail(void)
{
    struct rt_build b = { .table_size = 2 };
    rt_build_import(&b, "h", "f", "i:IIIIIIIIII");
    rt_build_function(&b, "i:IIIIIIIIII", "",
                      CODE(0x20, 0, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x12, 1, 0x0b, 0x41, 5, 0x12, 0));
    rt_build_function(
        &b, "i:IIIIIIIIII", "",
        CODE(0x20, 0, 0x04, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x41, 0, 0x13, 1, 0, 0x0b, 0x41, 7, 0x41, 1, 0x13, 1, 0));
    rt_build_elems(&b, (const uint32_t[]) { 2, 0 }, 2);
    return rt_build_load(&b);
}

static void tail_calls_keep_the_depth(void **state)
{
    (void)state;
    static const uint32_t i32 = RT_I32;
    static const uint32_t i64s[] = { RT_I64, RT_I64, RT_I64, RT_I64, RT_I64, RT_I64, RT_I64, RT_I64, RT_I64, RT_I64 };
    struct host_world h = { .times = 0 };
    struct rt_import import = { "h", "f", { 1, 10, &i32, i64s }, ten, &h, NULL, NULL };
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    struct rt_module *m = build_tail();
    limits.call_depth = 1;
    for (uint32_t function = 1; function <= 2; function++) {
        struct rt_instance *i = open_with(m, &import, &limits);
        uint64_t arg = 100000, results[10] = { 0 };
        assert_int_equal(rt_call(i, function, &arg, 1, results, 10, NULL), STATUS_OK);
        for (unsigned n = 0; n < 10; n++)
            assert_int_equal(results[n], (function == 1 ? 5 : 7) + n);
        assert_int_equal(h.times, function);
        assert_int_equal(h.where.function, function);
        /* a round: get if get const sub return_call; the last: get if, const, return_call; one const more by table */
        assert_int_equal(rt_instance_instructions(i), 100000 * (5 + function) + 3 + function);
        rt_instance_free(i);
    }
    rt_module_free(m);
}

static void endless_tail_calls_end(void **state)
{
    (void)state;
    struct rt_build b = { .table_size = 1 };
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    rt_build_function(&b, ":", "", CODE(0x12, 0));
    rt_build_function(&b, ":", "", CODE(0x41, 0, 0x13, 1, 0));
    rt_build_elems(&b, (const uint32_t[]) { 1 }, 1);
    struct rt_module *m = rt_build_load(&b);
    limits.fuel = 1000;
    for (uint32_t function = 0; function < 2; function++) {
        struct rt_instance *i = open_with(m, NULL, &limits);
        assert_int_equal(rt_call(i, function, NULL, 0, NULL, 0, NULL), STATUS_TRAPPED);
        assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_FUEL_EXHAUSTED);
        rt_instance_free(i);
        i = open_with(m, NULL, NULL);
        rt_instance_interrupt(i);
        assert_int_equal(rt_call(i, function, NULL, 0, NULL, 0, NULL), STATUS_TRAPPED);
        assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_INTERRUPTED);
        rt_instance_free(i);
    }
    rt_module_free(m);
}

/* A chain of calls that fills the value stack, and at each depth a tail call into a frame of 4,000 slots: it must fit
 * or trap, and never write past the stack's end. */
static void a_tail_call_needs_its_slots(void **state)
{
    (void)state;
    static char locals[4001];
    struct rt_build b = { .memory_max = 0 };
    memset(locals, 'I', 4000);
    /* 0: the large one; 1: calls itself until the argument is 0, then tail-calls 0 */
    rt_build_function(&b, "i:i", locals, CODE(0x41, 3));
    rt_build_function(&b, "i:i", locals,
                      CODE(0x20, 0, 0x04, 0x7f, 0x20, 0, 0x41, 1, 0x6b, 0x10, 1, 0x05, 0x20, 0, 0x12, 0, 0x0b));
    /* 2: the same with a small frame, so that only the tail call can fail */
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x12, 0));
    rt_build_function(&b, "i:i", locals,
                      CODE(0x20, 0, 0x04, 0x7f, 0x20, 0, 0x41, 1, 0x6b, 0x10, 3, 0x05, 0x20, 0, 0x10, 2, 0x0b));
    struct rt_module *m = rt_build_load(&b);
    struct rt_instance *i = open_with(m, NULL, NULL);
    for (uint32_t function = 1; function <= 3; function += 2) {
        unsigned traps = 0, returns = 0;
        for (uint64_t depth = LIMIT_STACK_SLOTS / 4000 - 6; depth < LIMIT_STACK_SLOTS / 4000 + 3; depth++) {
            uint64_t result = 0;
            enum status status = rt_call(i, function, &depth, 1, &result, 1, NULL);
            traps += status == STATUS_TRAPPED && rt_instance_trap(i)->kind == RT_TRAP_STACK_EXHAUSTED;
            returns += status == STATUS_OK && result == 3;
        }
        assert_true(traps > 0 && returns > 0);
        assert_int_equal(traps + returns, 9);
    }
    close_all(i, m);
}

enum { NESTED = LIMIT_NESTING - 1, FRAMES = 2729 /* as many as nearly fill whole pages */ };

static enum rt_trap_kind nest(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    uint32_t *times = env;
    uint64_t arg = FRAMES - 1;
    (void)memory;
    enum status status = rt_call(instance, ++*times < NESTED ? 1 : 2, &arg, 1, slots, 1, NULL);
    return status == STATUS_OK ? RT_TRAP_NONE : rt_instance_trap(instance)->kind;
}

/* A tail call to the host gives its depth back and keeps its frame: nested, that is a frame more for each, and then all
 * that the limit allows. None may lie where something else does. */
static void nested_tail_calls_have_their_frames(void **state)
{
    (void)state;
    static const uint32_t i32 = RT_I32;
    struct rt_build b = { .memory_max = 0 };
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    uint32_t times = 0;
    uint64_t arg = 1, result = 0;
    const struct rt_import import = { "h", "f", { 1, 1, &i32, &i32 }, nest, &times, NULL, NULL };
    rt_build_import(&b, "h", "f", "i:i");
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x12, 0));
    rt_build_function(
        &b, "i:i", "",
        CODE(0x20, 0, 0x45, 0x04, 0x7f, 0x41, 0, 0x05, 0x20, 0, 0x41, 1, 0x6b, 0x10, 2, 0x41, 1, 0x6a, 0x0b));
    struct rt_module *m = rt_build_load(&b);
    limits.call_depth = FRAMES;
    struct rt_instance *i = open_with(m, &import, &limits);
    assert_int_equal(rt_call(i, 1, &arg, 1, &result, 1, NULL), STATUS_OK);
    assert_int_equal(result, FRAMES - 1);
    assert_int_equal(times, NESTED);
    close_all(i, m);
}

/* (v128, i32, v128) -> (i32, v128): slots are 0-1, 2, 3-4 and 0, 1-2. */
static enum rt_trap_kind mix(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    uint64_t in[5];
    (void)env, (void)instance, (void)memory;
    memcpy(in, slots, sizeof in);
    slots[0] = in[2] + 1;
    slots[1] = in[0] ^ in[3];
    slots[2] = in[1] ^ in[4];
    return RT_TRAP_NONE;
}

static void vectors_pass_the_host_in_two_slots(void **state)
{
    (void)state;
    static const uint32_t params[] = { RT_V128, RT_I32, RT_V128 }, results[] = { RT_I32, RT_V128 };
    struct rt_import import = { "h", "f", { 3, 2, params, results }, mix, NULL, NULL, NULL };
    struct rt_build b = { .memory_max = 0 };
    rt_build_import(&b, "h", "f", "viv:iv");
    rt_build_function(&b, "viv:iv", "v", CODE(0x20, 2, 0x20, 1, 0x20, 0, 0x10, 0));
    struct rt_module *m = rt_build_load(&b);
    struct rt_instance *i = open_with(m, &import, NULL);
    const uint64_t args[5] = { 0x1111, 0x2222, 41, 0x4444, 0x8888 };
    uint64_t out[3] = { 0 };
    assert_int_equal(rt_type_slots(3, params), 5);
    for (uint32_t function = 0; function < 2; function++) {
        assert_int_equal(rt_call(i, function, args, 5, out, 3, NULL), STATUS_OK);
        assert_int_equal(out[0], 42);
        assert_int_equal(out[1], 0x5555);
        assert_int_equal(out[2], 0xaaaa);
        assert_int_equal(rt_call(i, function, args, 3, out, 2, NULL), STATUS_INVALID); /* values are not slots */
    }
    close_all(i, m);
}

static void op_simd(struct buffer *code, uint8_t op)
{
    buffer_u8(code, 0xfd);
    if (op >= 0x80)
        buffer_u8(code, op);
    buffer_u8(code, op < 0x80 ? op : 1);
}

/* `depth` numbers, `count` times a vector that is still in its local or a constant, then a new value for the local:
 * what was pushed must be the old one, wherever the window of lazy operands cuts. */
static void build_window(struct rt_build *b, unsigned depth, unsigned count, bool constants)
{
    static const uint8_t one[16] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 }, other[16] = { 99 };
    struct buffer code = BUFFER_INIT;
    for (unsigned i = 0; i < depth; i++)
        buffer_bytes(&code, (const uint8_t[]) { 0x41, 7 }, 2);
    for (unsigned i = 0; i < count; i++) {
        if (constants) {
            op_simd(&code, 12);
            buffer_bytes(&code, one, 16);
        } else {
            buffer_bytes(&code, (const uint8_t[]) { 0x20, 0 }, 2);
        }
    }
    op_simd(&code, 12);
    buffer_bytes(&code, other, 16);
    buffer_bytes(&code, (const uint8_t[]) { 0x21, 0 }, 2);
    for (unsigned i = 1; i < count; i++)
        op_simd(&code, 0x6e); /* i8x16.add */
    buffer_bytes(&code, (const uint8_t[]) { 0x21, 1 }, 2);
    for (unsigned i = 0; i < depth; i++)
        buffer_u8(&code, 0x1a);
    buffer_bytes(&code, (const uint8_t[]) { 0x20, 1 }, 2);
    rt_build_function(b, "v:v", "v", code.data, code.size);
    buffer_done(&code);
}

static void lazy_vectors_keep_their_value(void **state)
{
    (void)state;
    for (unsigned depth = 0; depth < 4; depth++)
        for (unsigned count = 1; count < 14; count++)
            for (unsigned constants = 0; constants < 2; constants++) {
                struct rt_build b = { .memory_max = 0 };
                const uint64_t ones[2] = { 0x0101010101010101, 0x0101010101010101 };
                uint64_t out[2] = { 0 };
                build_window(&b, depth, count, constants);
                struct rt_module *m = rt_build_load(&b);
                struct rt_instance *i = open_with(m, NULL, NULL);
                assert_int_equal(rt_call(i, 0, ones, 2, out, 2, NULL), STATUS_OK);
                assert_int_equal(out[0], count * ones[0]);
                assert_int_equal(out[1], count * ones[0]);
                close_all(i, m);
            }
}

static void memories_share_one_limit(void **state)
{
    (void)state;
    struct rt_build b = { .memory_min = 1, .memory_max = 9, .more_memories = 1 };
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    struct rt_instance *i = NULL;
    uint64_t one = 1, result = 0;
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x40, 0)); /* grow 0, grow 1 */
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x40, 1));
    /* stores to the second byte by byte, and reads what the first has there */
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x41, 5, 0x3a, 0x40, 1, 0, 0x20, 0, 0x2d, 0, 0));
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x2d, 0x40, 1, 0));
    struct rt_module *m = rt_build_load(&b);
    limits.memory_pages = 1;
    assert_int_equal(rt_instance_create(m, NULL, 0, &limits, &i, NULL), STATUS_LIMIT);
    limits.memory_pages = 3;
    i = open_with(m, NULL, &limits);
    assert_int_equal(rt_call(i, 1, &one, 1, &result, 1, NULL), STATUS_OK);
    assert_int_equal(result, 1);
    assert_int_equal(rt_call(i, 0, &one, 1, &result, 1, NULL), STATUS_OK);
    assert_int_equal(result, UINT32_MAX);
    const uint64_t last = 2 * 65536 - 1, past = 65536; /* inside the second only; past the first */
    assert_int_equal(rt_call(i, 3, &last, 1, &result, 1, NULL), STATUS_OK);
    assert_int_equal(rt_call(i, 2, &past, 1, &result, 1, NULL), STATUS_TRAPPED); /* stored, then read from the first */
    assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_MEMORY_BOUNDS);
    assert_int_equal(rt_call(i, 3, &past, 1, &result, 1, NULL), STATUS_OK);
    assert_int_equal(result, 5);
    assert_int_equal(rt_call(i, 2, &one, 1, &result, 1, NULL), STATUS_OK);
    assert_int_equal(result, 0);
    close_all(i, m);
}

/* A loop of loads and sums would not show it: every kind of arithmetic on NaNs of odd signs and payloads, lane by lane.
 */
static void vector_nans_are_canonical(void **state)
{
    (void)state;
    static const struct {
        uint8_t op;
        bool wide, binary;
    } ops[] = {
        { 0xe4, false, true },  { 0xe5, false, true },  { 0xe6, false, true },  { 0xe7, false, true },
        { 0xe8, false, true },  { 0xe9, false, true },  { 0xe3, false, false }, { 0x67, false, false },
        { 0x68, false, false }, { 0x69, false, false }, { 0x6a, false, false }, { 0x5e, false, false },
        { 0xf0, true, true },   { 0xf1, true, true },   { 0xf2, true, true },   { 0xf3, true, true },
        { 0xf4, true, true },   { 0xf5, true, true },   { 0xef, true, false },  { 0x74, true, false },
        { 0x75, true, false },  { 0x7a, true, false },  { 0x94, true, false },  { 0x5f, true, false },
    };
    static const uint64_t f32s[2] = { 0xffc12345ffa00001, 0x7f812345ffffffff };
    static const uint64_t f64s[2] = { 0xfff8000000012345, 0x7ff4000000000001 };
    for (size_t n = 0; n < sizeof ops / sizeof *ops; n++) {
        struct rt_build b = { .memory_max = 0 };
        struct buffer code = BUFFER_INIT;
        bool from_wide = ops[n].op == 0x5e || (ops[n].wide && ops[n].op != 0x5f);
        uint64_t out[2];
        buffer_bytes(&code, (const uint8_t[]) { 0x20, 0, 0x20, 0 }, ops[n].binary ? 4 : 2);
        op_simd(&code, ops[n].op);
        rt_build_function(&b, "v:v", "", code.data, code.size);
        buffer_done(&code);
        struct rt_module *m = rt_build_load(&b);
        struct rt_instance *i = open_with(m, NULL, NULL);
        assert_int_equal(rt_call(i, 0, from_wide ? f64s : f32s, 2, out, 2, NULL), STATUS_OK);
        uint64_t canonical = ops[n].wide ? 0x7ff8000000000000 : 0x7fc000007fc00000;
        assert_int_equal(out[0], canonical);
        assert_int_equal(out[1], ops[n].op == 0x5e ? 0 : canonical);
        close_all(i, m);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(tail_calls_keep_the_depth),          cmocka_unit_test(endless_tail_calls_end),
        cmocka_unit_test(a_tail_call_needs_its_slots),        cmocka_unit_test(nested_tail_calls_have_their_frames),
        cmocka_unit_test(vectors_pass_the_host_in_two_slots), cmocka_unit_test(lazy_vectors_keep_their_value),
        cmocka_unit_test(memories_share_one_limit),           cmocka_unit_test(vector_nans_are_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
