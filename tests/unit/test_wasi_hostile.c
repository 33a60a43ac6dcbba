/* Random calls with random arguments against a backend that answers anything: memory holds, and every call ends in one
 * of the documented ways. Deterministic; meant to run under ASan, where guest memory ends with its allocation. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <cmocka.h>
#include "hostcall_world.h"

enum { ROUNDS = 300000 };

static uint64_t random_next(uint64_t *seed)
{
    *seed ^= *seed << 13;
    *seed ^= *seed >> 7;
    *seed ^= *seed << 17;
    return *seed;
}

/* Numbers at the edges, small ones, and any. */
static uint64_t random_number(uint64_t *seed)
{
    static const uint64_t edges[] = { 0,
                                      1,
                                      3,
                                      4,
                                      HW_MEMORY - 1,
                                      HW_MEMORY,
                                      HW_MEMORY - 8,
                                      HW_MEMORY - 64,
                                      INT32_MAX,
                                      UINT32_MAX,
                                      UINT32_MAX - 7,
                                      INT64_MAX,
                                      UINT64_MAX,
                                      (uint64_t)INT64_MAX + 1 };
    uint64_t choice = random_next(seed);
    switch (choice % 4) {
    case 0:
        return edges[(choice >> 8) % (sizeof edges / sizeof *edges)];
    case 1:
        return (choice >> 8) % 8;
    case 2:
        return (choice >> 8) % HW_MEMORY & ~UINT64_C(7);
    default:
        return random_next(seed);
    }
}

static void random_answers(struct hostcall_world *world, uint64_t *seed)
{
    hostcall_world_expect(world, 0);
    world->answer_count = LIMIT_OPS;
    for (uint32_t i = 0; i < LIMIT_OPS; i++) {
        uint64_t choice = random_next(seed) % 8;
        world->answer[i].value = choice == 0   ? (int64_t)random_number(seed)
                                 : choice == 1 ? -(int64_t)(random_next(seed) % 80)
                                 : choice == 2 ? (int64_t)(random_next(seed) % 100)
                                               : 0;
        world->answer[i].stat.filetype = random_next(seed) % 10;
        world->answer[i].stat.size = random_number(seed);
    }
}

static void nothing_breaks_whatever_is_passed(void **state)
{
    (void)state;
    struct hostcall_world world;
    uint64_t seed = 0x9E3779B97F4A7C15, slots[OPERATION_SLOTS_MAX];
    uint8_t staged[LIMIT_STAGING];
    uint32_t ended[RT_TRAP_COUNT] = { 0 }, succeeded = 0;
    hostcall_world_init(&world, false);
    for (uint32_t round = 0; round < ROUNDS; round++) {
        uint32_t import = (uint32_t)(random_next(&seed) % IMPORT_COUNT), wasi_errno;
        for (size_t i = 0; i < OPERATION_SLOTS_MAX; i++)
            slots[i] = random_number(&seed);
        for (size_t i = 0; i < 64; i++)
            hostcall_world_u32(&world, (uint32_t)(random_next(&seed) % (HW_MEMORY / 4)) * 4,
                               (uint32_t)random_number(&seed));
        random_answers(&world, &seed);
        world.staged = random_next(&seed) % 2 ? staged : NULL;
        world.staged_size = (uint32_t)(random_next(&seed) % 512);
        for (uint32_t i = 0; i < world.staged_size; i++)
            staged[i] = random_next(&seed) % 3 ? 0 : (uint8_t)random_next(&seed);
        enum rt_trap_kind trap = hostcall_world_call(&world, import, slots, OPERATION_SLOTS_MAX, &wasi_errno);
        assert_in_range(trap, 0, RT_TRAP_COUNT - 1);
        ended[trap]++;
        if (trap == RT_TRAP_NONE) {
            assert_in_range(wasi_errno, 0, WASI_ERRNO_COUNT - 1);
            assert_int_equal(wasi_errno, world.last_outcome.wasi_errno);
            succeeded += wasi_errno == WASI_SUCCESS;
        } else {
            assert_true(trap == RT_TRAP_EXIT || trap == RT_TRAP_HOST_POINTER || trap == RT_TRAP_HOST_FAILED);
        }
        if (trap == RT_TRAP_HOST_POINTER)
            assert_string_equal(world.events, "be");
        if (round % 1000 == 999) { /* closed descriptors and full tables make a dull guest */
            hostcall_world_done(&world);
            hostcall_world_init(&world, false);
        }
    }
    hostcall_world_done(&world);
    /* All ways were taken. */
    assert_true(succeeded > ROUNDS / 100);
    assert_true(ended[RT_TRAP_EXIT] > 0 && ended[RT_TRAP_HOST_POINTER] > 0 && ended[RT_TRAP_HOST_FAILED] > 0);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(nothing_breaks_whatever_is_passed) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
