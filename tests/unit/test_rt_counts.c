/* The instruction count and fuel: exact on every path, as rt.h defines them. The expected numbers are counted by hand.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include "rt_build.h"

struct world {
    struct rt_module *module;
    struct rt_instance *instance;
    uint64_t seen[64]; /* the count at each hostcall */
    unsigned calls;
    bool interrupt;
};

static enum rt_trap_kind host(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    struct world *w = env;
    (void)memory, (void)slots;
    w->seen[w->calls++ % 64] = rt_instance_instructions(instance);
    if (w->interrupt)
        rt_instance_interrupt(instance);
    return RT_TRAP_NONE;
}

static void world_open(struct world *w, struct rt_build *b, uint64_t fuel)
{
    struct rt_import import = { .module = "h", .name = "f", .function = host, .env = w };
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    limits.fuel = fuel;
    *w = (struct world) { .module = rt_build_load(b) };
    assert_int_equal(rt_instance_create(w->module, &import, 1, &limits, &w->instance, NULL), STATUS_OK);
}

static void world_close(struct world *w)
{
    rt_instance_free(w->instance);
    rt_module_free(w->module);
}

/* Runs function `index` (i32 -> i32) and returns how many instructions that took. */
static uint64_t count_of(struct world *w, uint32_t index, uint32_t argument, uint32_t expected)
{
    uint64_t arg = argument, result = 0, before = rt_instance_instructions(w->instance);
    assert_int_equal(rt_call(w->instance, index, &arg, 1, &result, 1, NULL), STATUS_OK);
    assert_int_equal(result, expected);
    return rt_instance_instructions(w->instance) - before;
}

static void build_flow(struct rt_build *b)
{
    rt_build_import(b, "h", "f", ":");
    /* 1: nop; a block that is left by br_if or by its end */
    rt_build_function(b, "i:i", "", CODE(0x01, 0x02, 0x40, 0x20, 0, 0x0d, 0, 0x01, 0x01, 0x0b, 0x41, 5));
    /* 2: a loop that counts its argument down */
    rt_build_function(b, "i:i", "", CODE(0x03, 0x40, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 0));
    /* 3: if with else, both arms of different lengths */
    rt_build_function(b, "i:i", "", CODE(0x20, 0, 0x04, 0x7f, 0x41, 1, 0x01, 0x05, 0x41, 2, 0x0b));
    /* 4: if without else */
    rt_build_function(b, "i:i", "", CODE(0x20, 0, 0x04, 0x40, 0x01, 0x01, 0x01, 0x0b, 0x41, 9));
    /* 5: br_table out of two blocks, the second by falling through */
    rt_build_function(b, "i:i", "",
                      CODE(0x02, 0x40, 0x02, 0x40, 0x20, 0, 0x0e, 1, 0, 1, 0x0b, 0x01, 0x41, 3, 0x0f, 0x0b, 0x41, 4));
    /* 6: calls 3 twice */
    rt_build_function(b, "i:i", "", CODE(0x20, 0, 0x10, 3, 0x10, 3));
    /* 7: br_if out of the function with a value that must be moved */
    rt_build_function(b, "i:i", "", CODE(0x41, 1, 0x1a, 0x41, 8, 0x20, 0, 0x0d, 0, 0x1a, 0x41, 6));
}

static void counts_follow_the_path(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct world w;
    build_flow(&b);
    world_open(&w, &b, UINT64_MAX);
    assert_int_equal(count_of(&w, 1, 0, 5), 9); /* nop block get br_if nop nop end const end */
    assert_int_equal(count_of(&w, 1, 1, 5), 6); /* nop block get br_if | const end */
    assert_int_equal(count_of(&w, 2, 1, 0), 6 + 3);
    assert_int_equal(count_of(&w, 2, 10, 0), 60 + 3); /* loop get const sub tee br_if, ten times; end get end */
    assert_int_equal(count_of(&w, 3, 1, 1), 6);       /* get if const nop else | end of the function */
    assert_int_equal(count_of(&w, 3, 0, 2), 5);       /* get if | const end end */
    assert_int_equal(count_of(&w, 4, 1, 9), 8);
    assert_int_equal(count_of(&w, 4, 0, 9), 4);
    assert_int_equal(count_of(&w, 5, 0, 3), 7); /* block block get br_table | nop const return */
    assert_int_equal(count_of(&w, 5, 1, 4), 6); /* block block get br_table | const end */
    assert_int_equal(count_of(&w, 5, 77, 4), 6);
    assert_int_equal(count_of(&w, 6, 1, 1), 2 + 6 + 1 + 6 + 1); /* get call (6) call (6) end */
    assert_int_equal(count_of(&w, 7, 1, 8), 5);                 /* const drop const get br_if */
    assert_int_equal(count_of(&w, 7, 0, 6), 8);
    world_close(&w);
}

static void a_trap_counts_up_to_itself(void **state)
{
    (void)state;
    struct rt_build b = { .memory_min = 1, .memory_max = 1 };
    struct world w;
    uint64_t result;
    rt_build_import(&b, "h", "f", ":");
    rt_build_function(&b, ":i", "", CODE(0x41, 1, 0x1a, 0x01, 0x41, 8, 0x41, 0, 0x6d, 0x01, 0x01)); /* div by zero */
    rt_build_function(&b, ":i", "", CODE(0x01, 0x10, 1, 0x01));                   /* nop, call that, nop */
    rt_build_function(&b, ":i", "", CODE(0x10, 0, 0x41, 0x7f, 0x28, 2, 0, 0x01)); /* hostcall, load at 2^32 - 1 */
    rt_build_function(&b, ":i", "", CODE(0x41, 1, 0x04, 0x40, 0x01, 0x00, 0x0b, 0x41, 1)); /* if nop unreachable */
    world_open(&w, &b, UINT64_MAX);
    static const uint64_t expected[] = { 6, 2 + 6, 3, 4 };
    for (uint32_t i = 0; i < 4; i++) {
        uint64_t before = rt_instance_instructions(w.instance);
        assert_int_equal(rt_call(w.instance, i + 1, NULL, 0, &result, 1, NULL), STATUS_TRAPPED);
        assert_int_equal(rt_instance_instructions(w.instance) - before, expected[i]);
    }
    assert_int_equal(w.calls, 1);
    assert_int_equal(w.seen[0], 6 + 8 + 1);
    world_close(&w);
}

/* loop: call the host; br_if while the argument lasts. 7 instructions a round: loop call get const sub tee br_if. */
static void build_calls(struct rt_build *b)
{
    rt_build_import(b, "h", "f", ":");
    rt_build_function(b, "i:i", "", CODE(0x03, 0x40, 0x10, 0, 0x20, 0, 0x41, 1, 0x6b, 0x22, 0, 0x0d, 0, 0x0b, 0x20, 0));
}

static void a_host_function_sees_the_count(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct world w;
    build_calls(&b);
    world_open(&w, &b, UINT64_MAX);
    assert_int_equal(count_of(&w, 1, 5, 0), 35 + 3);
    for (unsigned i = 0; i < 5; i++)
        assert_int_equal(w.seen[i], 7 * i + 2);
    world_close(&w);
}

/* For every amount of fuel: enough of it changes nothing; too little stops at a segment's end, always the same, and no
 * host function runs that the fuel does not cover. */
static void fuel_stops_at_one_place(void **state)
{
    (void)state;
    for (uint64_t fuel = 0; fuel < 45; fuel++) {
        struct rt_build b = { .memory_max = 0 };
        struct world w;
        uint64_t arg = 5, result;
        build_calls(&b);
        world_open(&w, &b, fuel);
        enum status status = rt_call(w.instance, 1, &arg, 1, &result, 1, NULL);
        uint64_t count = rt_instance_instructions(w.instance);
        if (fuel >= 38) {
            assert_int_equal(status, STATUS_OK);
            assert_int_equal(count, 38);
        } else {
            assert_int_equal(status, STATUS_TRAPPED);
            assert_int_equal(rt_instance_trap(w.instance)->kind, RT_TRAP_FUEL_EXHAUSTED);
            /* segments end at the call (2 of 7) and at br_if (7 of 7) */
            uint64_t round = fuel / 7, rest = fuel % 7;
            uint64_t stop = round == 5 ? 38 : round * 7 + (rest < 2 ? 2 : 7);
            assert_int_equal(count, stop);
            assert_int_equal(w.calls, round == 5 ? 5 : round + (rest >= 2));
        }
        world_close(&w);
    }
}

static void an_interrupt_ends_a_loop(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct world w;
    uint64_t arg = 0, result; /* 2^32 rounds if nobody stops it */
    build_calls(&b);
    world_open(&w, &b, UINT64_MAX);
    w.interrupt = true;
    assert_int_equal(rt_call(w.instance, 1, &arg, 1, &result, 1, NULL), STATUS_TRAPPED);
    assert_int_equal(rt_instance_trap(w.instance)->kind, RT_TRAP_INTERRUPTED);
    assert_int_equal(w.calls, 1);
    assert_int_equal(rt_instance_instructions(w.instance), 7);
    w.interrupt = false;
    assert_int_equal(count_of(&w, 1, 1, 0), 10); /* heard once */
    world_close(&w);
}

static void bulk_memory_counts_its_pieces(void **state)
{
    (void)state;
    struct rt_build b = { .memory_min = 4, .memory_max = 4 };
    struct world w;
    rt_build_import(&b, "h", "f", ":");
    /* fill [0, n), then copy [0, n) onto itself */
    rt_build_function(&b, "i:i", "",
                      CODE(0x41, 0, 0x41, 1, 0x20, 0, 0xfc, 11, 0, 0x41, 0, 0x41, 0, 0x20, 0, 0xfc, 10, 0, 0, 0x20, 0));
    world_open(&w, &b, UINT64_MAX);
    assert_int_equal(count_of(&w, 1, 0, 0), 10);
    assert_int_equal(count_of(&w, 1, 65536, 65536), 10);
    assert_int_equal(count_of(&w, 1, 65537, 65537), 12);
    assert_int_equal(count_of(&w, 1, 4 * 65536, 4 * 65536), 16);
    world_close(&w);
}

/* Straight-line code longer than a branch's own field for its cost. */
static void long_segments_are_counted(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct buffer code = BUFFER_INIT;
    struct world w;
    rt_build_import(&b, "h", "f", ":");
    for (unsigned i = 0; i < 200000; i++)
        buffer_u8(&code, 0x01);
    buffer_bytes(&code, (const uint8_t[]) { 0x10, 0, 0x20, 0 }, 4);
    rt_build_function(&b, "i:i", "", code.data, code.size);
    buffer_done(&code);
    world_open(&w, &b, UINT64_MAX);
    assert_int_equal(count_of(&w, 1, 3, 3), 200003);
    assert_int_equal(w.seen[0], 200001);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(counts_follow_the_path),         cmocka_unit_test(a_trap_counts_up_to_itself),
        cmocka_unit_test(a_host_function_sees_the_count), cmocka_unit_test(fuel_stops_at_one_place),
        cmocka_unit_test(an_interrupt_ends_a_loop),       cmocka_unit_test(bulk_memory_counts_its_pieces),
        cmocka_unit_test(long_segments_are_counted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
