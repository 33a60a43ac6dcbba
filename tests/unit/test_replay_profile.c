/* Profiles: the numbers of small guests against numbers counted by hand, the forms, and a told profile that lies. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>

#include "replay/profile.h"
#include "rt_build.h"

struct world {
    struct rt_module *module;
    struct rt_instance *instance;
    struct profiler *profiler;
    struct profile profile;
};

static void world_open(struct world *w, struct rt_build *b, uint64_t fuel)
{
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    struct rt_code_watch watch;
    limits.fuel = fuel;
    *w = (struct world) { .module = rt_build_load(b) };
    assert_int_equal(rt_instance_create(w->module, NULL, 0, &limits, &w->instance, NULL), STATUS_OK);
    assert_int_equal(profiler_create(&w->profiler, &watch, NULL), STATUS_OK);
    assert_int_equal(rt_instance_watch_code(w->instance, &watch, NULL), STATUS_OK);
    assert_int_equal(rt_instance_watch_code(w->instance, &watch, NULL), STATUS_INVALID);
}

/* Calls a function (i32 -> i32), and takes the profile. */
static void world_run(struct world *w, uint32_t function, uint32_t argument, enum status expected)
{
    uint64_t arg = argument, result;
    assert_int_equal(rt_call(w->instance, function, &arg, 1, &result, 1, NULL), expected);
    assert_int_equal(profiler_get(w->profiler, w->module, w->instance, &w->profile, NULL), STATUS_OK);
    uint64_t nodes = 0, functions = 0, pieces = 0;
    for (uint32_t i = 0; i < w->profile.node_count; i++)
        nodes += w->profile.nodes[i].self + w->profile.nodes[i].cut;
    for (uint32_t i = 0; i < w->profile.function_count; i++)
        functions += w->profile.functions[i].self;
    for (uint32_t i = 0; i < w->profile.piece_count; i++)
        pieces += w->profile.pieces[i].count * w->profile.pieces[i].instructions;
    assert_int_equal(nodes, rt_instance_instructions(w->instance));
    assert_int_equal(functions, rt_instance_instructions(w->instance));
    assert_int_equal(pieces, rt_instance_instructions(w->instance));
}

static void world_close(struct world *w)
{
    profile_done(&w->profile);
    profiler_free(w->profiler);
    rt_instance_free(w->instance);
    rt_module_free(w->module);
}

static void expect(const struct world *w, uint32_t function, uint64_t calls, uint64_t self)
{
    assert_int_equal(w->profile.functions[function].calls, calls);
    assert_int_equal(w->profile.functions[function].self, self);
}

/* 0: Fibonacci's numbers; 1 and 2: whether a number is even, or odd, by tail calls of each other; 3: calls 0 and 1;
 * 4: calls 5 behind a nop; 5: divides by its argument; 6: calls itself as often as its argument says. */
static void build(struct rt_build *b)
{
    rt_build_function(b, "i:i", "",
                      CODE(0x20, 0, 0x41, 2, 0x49, 0x04, 0x7f, 0x20, 0, 0x05, 0x20, 0, 0x41, 1, 0x6b, 0x10, 0, 0x20, 0,
                           0x41, 2, 0x6b, 0x10, 0, 0x6a, 0x0b));
    rt_build_function(b, "i:i", "",
                      CODE(0x20, 0, 0x45, 0x04, 0x40, 0x41, 1, 0x0f, 0x0b, 0x20, 0, 0x41, 1, 0x6b, 0x12, 2));
    rt_build_function(b, "i:i", "",
                      CODE(0x20, 0, 0x45, 0x04, 0x40, 0x41, 0, 0x0f, 0x0b, 0x20, 0, 0x41, 1, 0x6b, 0x12, 1));
    rt_build_function(b, "i:i", "", CODE(0x20, 0, 0x10, 0, 0x1a, 0x20, 0, 0x10, 1));
    rt_build_function(b, "i:i", "", CODE(0x01, 0x20, 0, 0x10, 5));
    rt_build_function(b, "i:i", "", CODE(0x01, 0x41, 7, 0x20, 0, 0x6e));
    rt_build_function(b, "i:i", "",
                      CODE(0x20, 0, 0x45, 0x04, 0x40, 0x41, 0, 0x0f, 0x0b, 0x20, 0, 0x41, 1, 0x6b, 0x10, 6));
    rt_build_name(b, 0, "fib");
    rt_build_name(b, 6, "\x1b[2J\"\n\xe2\x80\xae");
}

static void hand_counts(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct world w;
    build(&b);
    world_open(&w, &b, UINT64_MAX);
    world_run(&w, 3, 5, STATUS_OK);
    /* 8 calls with 0 or 1: get const lt_u if get else end; 7 others: get const lt_u if, 9 for two calls and the sum,
     * end end */
    expect(&w, 0, 15, 8 * 7 + 7 * 15);
    /* 5, 3 and 1: get eqz if get const sub return_call. 4, 2 likewise; 0: get eqz if const return */
    expect(&w, 1, 3, 3 * 7);
    expect(&w, 2, 3, 2 * 7 + 5);
    expect(&w, 3, 1, 6);
    expect(&w, 4, 0, 0);
    /* The empty stack, 3, five depths of 0 below it, and of the tail calls the two that have the one frame in turn. */
    assert_int_equal(w.profile.node_count, 1 + 1 + 5 + 2);
    assert_int_equal(w.profile.nodes[1].function, 3);
    assert_int_equal(w.profile.nodes[1].self, 6);
    for (uint32_t i = 7; i < 9; i++)
        assert_int_equal(w.profile.nodes[i].parent, 1);
    assert_string_equal(w.profile.functions[0].name, "fib");
    assert_null(w.profile.functions[1].name);
    world_close(&w);
}

static void traps(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct world w;
    build(&b);
    world_open(&w, &b, UINT64_MAX);
    world_run(&w, 4, 0, STATUS_TRAPPED);
    expect(&w, 4, 1, 3); /* nop get call */
    expect(&w, 5, 1, 4); /* nop const get div_u, which traps */
    const struct rt_piece *last = &w.profile.pieces[w.profile.piece_count - 1];
    assert_int_equal(last->function, 5);
    assert_int_equal(last->count, 1);
    assert_int_equal(last->instructions, 4);
    assert_int_equal(last->past - last->first, 6);
    profile_done(&w.profile);
    /* The next call begins with an empty stack. */
    world_run(&w, 4, 1, STATUS_OK);
    expect(&w, 4, 2, 3 + 4);
    expect(&w, 5, 2, 4 + 5);
    assert_int_equal(w.profile.node_count, 3);
    world_close(&w);
}

static void fuel_ends(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct world w;
    build(&b);
    world_open(&w, &b, 70);
    world_run(&w, 0, 30, STATUS_TRAPPED);
    assert_int_equal(rt_instance_trap(w.instance)->kind, RT_TRAP_FUEL_EXHAUSTED);
    world_close(&w);
}

static void deep_stacks_are_cut(void **state)
{
    (void)state;
    enum { DEEP = 5000 };
    struct rt_build b = { .memory_max = 0 };
    struct world w;
    struct buffer out = BUFFER_INIT;
    build(&b);
    world_open(&w, &b, UINT64_MAX);
    world_run(&w, 6, DEEP, STATUS_OK);
    expect(&w, 6, DEEP + 1, 8 * DEEP + 5); /* get eqz if get const sub call end; get eqz if const return */
    assert_int_equal(w.profile.node_count, 1 + LIMIT_PROFILE_DEPTH);
    assert_int_equal(w.profile.nodes[LIMIT_PROFILE_DEPTH].cut, 8 * (DEEP - LIMIT_PROFILE_DEPTH) + 5);
    profile_speedscope(&w.profile, "deep", &out);
    buffer_u8(&out, 0);
    assert_non_null(strstr((const char *)out.data, "not kept apart"));
    for (const uint8_t *at = out.data; *at; at++)
        assert_true(*at == '\n' || (*at >= ' ' && *at < 0x7f)); /* whatever a name holds */
    buffer_done(&out);
    world_close(&w);
}

static bool on_told(void *self, const void *bytes, size_t size)
{
    buffer_bytes(self, bytes, size);
    return true;
}

static bool nobody(void *self, const void *bytes, size_t size) { return (void)self, (void)bytes, (void)size, false; }

/* Whatever is changed in what is told, reading ends, with a profile whose sums agree or without one. */
static void told_profiles(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct world w;
    struct profile read;
    struct buffer told = BUFFER_INIT, here = BUFFER_INIT, there = BUFFER_INIT;
    build(&b);
    world_open(&w, &b, UINT64_MAX);
    world_run(&w, 3, 9, STATUS_OK);
    assert_int_equal(profile_tell(&w.profile, nobody, NULL, NULL), STATUS_STOPPED);
    assert_int_equal(profile_tell(&w.profile, on_told, &told, NULL), STATUS_OK);
    assert_int_equal(profile_read(told.data, told.size, &read, NULL), STATUS_OK);
    assert_int_equal(read.piece_count, w.profile.piece_count);
    profile_speedscope(&w.profile, "a", &here);
    profile_speedscope(&read, "a", &there);
    profile_chrome(&w.profile, "a", &here);
    profile_chrome(&read, "a", &there);
    assert_int_equal(here.size, there.size);
    assert_memory_equal(here.data, there.data, here.size);
    profile_done(&read);
    uint32_t good = 0;
    for (size_t at = 0; at < told.size; at++)
        for (int bit = 0; bit < 8; bit++) {
            uint8_t *copy = malloc(told.size);
            assert_non_null(copy);
            memcpy(copy, told.data, told.size);
            copy[at] ^= (uint8_t)(1 << bit);
            if (profile_read(copy, told.size, &read, NULL) == STATUS_OK) {
                buffer_clear(&there);
                profile_speedscope(&read, "a", &there);
                profile_chrome(&read, "a", &there);
                assert_int_equal(there.status, STATUS_OK);
                assert_int_equal(read.instructions, w.profile.instructions);
                profile_done(&read);
                good++;
            }
            free(copy);
        }
    assert_true(good > 0); /* a name's letter */
    for (size_t size = 0; size < told.size; size++) {
        uint8_t *copy = malloc(size + 1);
        assert_non_null(copy);
        memcpy(copy, told.data, size);
        assert_int_equal(profile_read(copy, size, &read, NULL), STATUS_MALFORMED);
        free(copy);
    }
    buffer_done(&told);
    buffer_done(&here);
    buffer_done(&there);
    world_close(&w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(hand_counts),         cmocka_unit_test(traps),         cmocka_unit_test(fuel_ends),
        cmocka_unit_test(deep_stacks_are_cut), cmocka_unit_test(told_profiles),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
