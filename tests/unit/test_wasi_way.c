/* The one way of a hostcall: which events, in which order, and what ends a guest. White box (hostcall_world.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "hostcall_world.h"

enum { IOVS = 256, DATA = 512, RESULT = 1024 };

static int way_setup(void **state)
{
    static struct hostcall_world world;
    hostcall_world_init(&world, false);
    hostcall_world_u32(&world, IOVS, DATA);
    hostcall_world_u32(&world, IOVS + 4, 10);
    *state = &world;
    return 0;
}

static int way_teardown(void **state)
{
    hostcall_world_done(*state);
    return 0;
}

static void imports_are_the_tables(void **state)
{
    struct hostcall_world *world = *state;
    size_t count;
    const struct rt_import *imports = wasi_imports(world->wasi, &count);
    assert_int_equal(count, IMPORT_COUNT);
    for (size_t i = 0; i < count; i++) {
        assert_string_equal(imports[i].module, abi_imports[i].module);
        assert_string_equal(imports[i].name, abi_imports[i].name);
        assert_int_equal(imports[i].type.param_count, abi_imports[i].slot_count);
        assert_int_equal(imports[i].type.result_count, abi_operations[abi_imports[i].operation].returns);
    }
    static const uint32_t seek[] = { RT_I32, RT_I64, RT_I32, RT_I32 };
    assert_memory_equal(imports[IMPORT_PREVIEW1_FD_SEEK].type.params, seek, sizeof seek);
    assert_int_equal(imports[IMPORT_PREVIEW1_FD_SEEK].type.results[0], RT_I32);
}

static void a_call_begins_acts_and_ends(void **state)
{
    struct hostcall_world *world = *state;
    uint32_t wasi_errno;
    hostcall_world_expect(world, 10);
    assert_int_equal(HW_CALL(world, OPERATION_FD_WRITE, &wasi_errno, 1, IOVS, 1, RESULT), RT_TRAP_NONE);
    assert_int_equal(wasi_errno, WASI_SUCCESS);
    assert_string_equal(world->events, "boae");
    assert_int_equal(hostcall_world_get_u32(world, RESULT), 10);
    assert_int_equal(wasi_call_count(world->wasi), 1);
}

/* What leaves through a stream is taken out of the guest's memory once, before the observer is told: it shows, and the
 * backend performs, the same copy. Of one region (decided from scalars) and of several. */
static void bytes_that_leave_are_read_once(void **state)
{
    struct hostcall_world *world = *state;
    memcpy(world->memory + DATA, "left to right", 13);
    hostcall_world_u32(world, IOVS + 8, DATA + 10);
    hostcall_world_u32(world, IOVS + 12, 3);
    world->overwrites = true;
    for (uint32_t regions = 1; regions <= 2; regions++) {
        uint8_t before[HW_MEMORY];
        memcpy(before, world->memory, sizeof before);
        memset(world->shown, 0, sizeof world->shown);
        hostcall_world_expect(world, 10);
        assert_int_equal(HW_CALL(world, OPERATION_FD_WRITE, NULL, 1, IOVS, regions, RESULT), RT_TRAP_NONE);
        assert_string_equal(world->events, "boae");
        assert_true(hostcall_world_filled(world, DATA, 13)); /* by the observer */
        assert_memory_equal(world->shown, "left to right", regions == 1 ? 10 : 13);
        assert_memory_equal(world->performed, "left to right", regions == 1 ? 10 : 13);
        memcpy(world->memory, before, sizeof before);
    }
}

/* A redirected stream stays a stream: its position is shared with whoever redirected it. */
static void standard_streams_are_never_written_by_position(void **state)
{
    struct hostcall_world *world = *state;
    hostcall_world_expect(world, 10);
    assert_int_equal(HW_CALL(world, OPERATION_FD_WRITE, NULL, 2, IOVS, 1, RESULT), RT_TRAP_NONE);
    assert_int_equal(world->last_op.kind, OP_WRITE);
    uint32_t wasi_errno;
    HW_CALL(world, OPERATION_FD_SEEK, &wasi_errno, 2, 0, WHENCE_CUR, RESULT);
    assert_int_not_equal(wasi_errno, WASI_SUCCESS);
}

static void a_refusal_begins_and_ends(void **state)
{
    struct hostcall_world *world = *state;
    uint32_t wasi_errno;
    hostcall_world_expect(world, 10);
    assert_int_equal(HW_CALL(world, OPERATION_FD_WRITE, &wasi_errno, 9, IOVS, 1, RESULT), RT_TRAP_NONE);
    assert_int_equal(wasi_errno, WASI_BADF);
    assert_string_equal(world->events, "be");
    assert_true(abi_rules[world->last_outcome.rule].refuses);
    assert_true(hostcall_world_filled(world, RESULT, 4));
    hostcall_world_expect(world, 0);
    HW_CALL(world, OPERATION_PROC_RAISE, &wasi_errno, SIGNAL_SYS + 1);
    assert_int_equal(wasi_errno, WASI_INVAL);
    assert_string_equal(world->events, "be");
    assert_int_equal(world->last_outcome.rule, RULE_BAD_VALUE);
}

static void a_bad_pointer_traps_without_an_op(void **state)
{
    struct hostcall_world *world = *state;
    static const uint64_t bad[][4] = {
        { 1, IOVS + 1, 1, RESULT },       /* misaligned */
        { 1, HW_MEMORY - 4, 1, RESULT },  /* the array leaves memory */
        { 1, UINT32_MAX - 7, 1, RESULT }, /* wraps */
        { 1, IOVS, 1, HW_MEMORY },        /* the result lies outside */
        { 1, IOVS, 1, RESULT + 2 },       /* the result is misaligned */
    };
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        hostcall_world_expect(world, 10);
        assert_int_equal(hostcall_world_call(world, OPERATION_FD_WRITE, bad[i], 4, NULL), RT_TRAP_HOST_POINTER);
        assert_string_equal(world->events, "be");
        assert_int_equal(world->last_outcome.trap, RT_TRAP_HOST_POINTER);
    }
    hostcall_world_u32(world, IOVS + 4, HW_MEMORY); /* an element that leaves memory */
    hostcall_world_expect(world, 10);
    assert_int_equal(HW_CALL(world, OPERATION_FD_WRITE, NULL, 1, IOVS, 1, RESULT), RT_TRAP_HOST_POINTER);
    assert_string_equal(world->events, "be");
    assert_true(hostcall_world_filled(world, RESULT, 64));
}

static void every_errno_of_a_system_reaches_the_guest(void **state)
{
    struct hostcall_world *world = *state;
    for (uint32_t number = 1; number < WASI_ERRNO_COUNT; number++) {
        uint32_t wasi_errno = 0;
        hostcall_world_expect(world, -(int64_t)number);
        assert_int_equal(HW_CALL(world, OPERATION_FD_WRITE, &wasi_errno, 1, IOVS, 1, RESULT), RT_TRAP_NONE);
        assert_int_equal(wasi_errno, number);
        assert_int_equal(world->events[strlen(world->events) - 1], 'e');
        assert_true(hostcall_world_filled(world, RESULT, 4));
        assert_int_equal(world->committed, 0);
    }
}

static void short_counts_are_passed_on(void **state)
{
    struct hostcall_world *world = *state;
    for (uint32_t count = 0; count <= 10; count++) {
        hostcall_world_expect(world, count);
        assert_int_equal(HW_CALL(world, OPERATION_FD_READ, NULL, 0, IOVS, 1, RESULT), RT_TRAP_NONE);
        assert_int_equal(hostcall_world_get_u32(world, RESULT), count);
    }
}

/* A backend that answers what no system can answer stops the guest; nothing of it is believed. */
static void impossible_answers_stop_the_guest(void **state)
{
    struct hostcall_world *world = *state;
    static const int64_t values[] = { 11, INT32_MAX, UINT32_MAX, INT64_MAX, INT64_MIN, -WASI_ERRNO_COUNT };
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        hostcall_world_expect(world, values[i]);
        assert_int_equal(HW_CALL(world, OPERATION_FD_READ, NULL, 0, IOVS, 1, RESULT), RT_TRAP_HOST_FAILED);
        assert_string_equal(world->events, "boa");
        assert_true(hostcall_world_filled(world, RESULT, 4));
        hostcall_world_expect(world, values[i]);
        assert_int_equal(HW_CALL(world, OPERATION_RANDOM_GET, NULL, DATA, 10), RT_TRAP_HOST_FAILED);
    }
    hostcall_world_expect(world, 1);
    assert_int_equal(HW_CALL(world, OPERATION_FD_FILESTAT_GET, NULL, 3, RESULT), RT_TRAP_HOST_FAILED);
    assert_int_equal(wasi_failure(world->wasi)->status, STATUS_INTERNAL);
}

static void whoever_fails_ends_the_guest(void **state)
{
    struct hostcall_world *world = *state;
    static const struct {
        enum status status;
        enum rt_trap_kind trap;
    } rows[] = { { STATUS_STOPPED, RT_TRAP_HOST_STOPPED },
                 { STATUS_DIVERGED, RT_TRAP_HOST_DIVERGED },
                 { STATUS_IO, RT_TRAP_HOST_FAILED },
                 { STATUS_NO_SPACE, RT_TRAP_HOST_FAILED } };
    static const char *const traces[] = { "b", "bo", "boa", "boae" };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        for (size_t j = 0; j < 4; j++) {
            hostcall_world_expect(world, 10);
            world->failing_event = traces[j][strlen(traces[j]) - 1];
            world->failing_status = rows[i].status;
            assert_int_equal(HW_CALL(world, OPERATION_FD_WRITE, NULL, 1, IOVS, 1, RESULT), rows[i].trap);
            assert_string_equal(world->events, traces[j]);
        }
    assert_int_equal(wasi_failure(world->wasi)->status, STATUS_STOPPED); /* the first is kept */
    assert_string_equal(wasi_failure(world->wasi)->text, "as told");
}

static void an_exit_is_told_before_it_ends(void **state)
{
    struct hostcall_world *world = *state;
    hostcall_world_expect(world, 0);
    assert_int_equal(HW_CALL(world, OPERATION_PROC_EXIT, NULL, 42), RT_TRAP_EXIT);
    assert_string_equal(world->events, "be");
    assert_int_equal(world->last_outcome.trap, RT_TRAP_EXIT);
    assert_int_equal(wasi_exit_code(world->wasi), 42);
}

/* on_violation: a refusal for want of a capability answers NOTCAPABLE, or stops the guest. */
static void violations_answer_or_stop(void **state)
{
    (void)state;
    for (int traps = 0; traps < 2; traps++) {
        struct hostcall_world world;
        uint32_t wasi_errno = 0;
        hostcall_world_init(&world, traps);
        memcpy(world.memory, "new", 3);
        hostcall_world_expect(&world, 0);
        enum rt_trap_kind trap = HW_CALL(&world, OPERATION_PATH_CREATE_DIRECTORY, &wasi_errno, HW_READ_ONLY, 0, 3);
        assert_int_equal(trap, traps ? RT_TRAP_HOST_POLICY : RT_TRAP_NONE);
        assert_int_equal(world.last_outcome.wasi_errno, WASI_NOTCAPABLE);
        assert_int_equal(world.last_outcome.trap, trap);
        assert_string_equal(world.events, "be");
        hostcall_world_done(&world);
    }
}

static void an_observer_may_be_missing(void **state)
{
    (void)state;
    struct hostcall_world world, other;
    uint32_t wasi_errno;
    hostcall_world_init(&world, false);
    other = world;
    struct wasi_config config = { .descriptor_limit = 3, .stdio[1] = { .filetype = FILETYPE_CHARACTER_DEVICE } };
    struct wasi_backend backend = { NULL, NULL }; /* not needed by a call without ops */
    assert_int_equal(wasi_create(&config, &backend, NULL, &other.wasi, NULL), STATUS_OK);
    assert_int_equal(HW_CALL(&other, OPERATION_ARGS_SIZES_GET, &wasi_errno, RESULT, RESULT + 4), RT_TRAP_NONE);
    assert_int_equal(wasi_errno, WASI_SUCCESS);
    assert_int_equal(hostcall_world_get_u64(&other, RESULT), 0);
    HW_CALL(&other, OPERATION_FD_PRESTAT_GET, &wasi_errno, 3, RESULT);
    assert_int_equal(wasi_errno, WASI_BADF); /* nothing granted: no directory */
    wasi_free(other.wasi);
    hostcall_world_done(&world);
}

static void limits_are_kept_at_creation(void **state)
{
    (void)state;
    struct wasi *wasi;
    struct wasi_backend backend = { NULL, NULL };
    struct wasi_preopen preopens[LIMIT_PREOPENS + 1] = { { "/", true, false, { 0 } } };
    static char name[LIMIT_NAME + 2];
    static const char *const none[] = { "" }, *const longer[] = { name };
    memset(name, 'a', LIMIT_NAME + 1);
    struct wasi_config configs[] = {
        { .descriptor_limit = LIMIT_HANDLES + 1 },
        { .descriptor_limit = 2 },
        { .descriptor_limit = 3, .preopen_count = 1, .preopens = preopens },
        { .descriptor_limit = 100, .preopen_count = LIMIT_PREOPENS + 1, .preopens = preopens },
        { .descriptor_limit = 3, .arg_count = LIMIT_ARGS + 1 },
        { .descriptor_limit = 3, .env_count = LIMIT_ARGS + 1 },
        { .descriptor_limit = 3, .listen_count = 1 },
        { .descriptor_limit = 3, .network_count = LIMIT_NETWORK_RULES + 1 },
        { .descriptor_limit = 3, .name_count = LIMIT_NAMES + 1 },
        { .descriptor_limit = 3, .name_count = 1, .names = none },
        { .descriptor_limit = 3, .name_count = 1, .names = longer },
    };
    for (size_t i = 0; i < sizeof configs / sizeof *configs; i++) {
        struct error error = ERROR_INIT;
        assert_int_equal(wasi_create(&configs[i], &backend, NULL, &wasi, &error), STATUS_LIMIT);
        assert_int_not_equal(error.text[0], 0);
    }
}

#define WAY_TEST(name) cmocka_unit_test_setup_teardown(name, way_setup, way_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WAY_TEST(imports_are_the_tables),
        WAY_TEST(a_call_begins_acts_and_ends),
        WAY_TEST(standard_streams_are_never_written_by_position),
        WAY_TEST(a_refusal_begins_and_ends),
        WAY_TEST(a_bad_pointer_traps_without_an_op),
        WAY_TEST(every_errno_of_a_system_reaches_the_guest),
        WAY_TEST(short_counts_are_passed_on),
        WAY_TEST(impossible_answers_stop_the_guest),
        WAY_TEST(whoever_fails_ends_the_guest),
        WAY_TEST(an_exit_is_told_before_it_ends),
        WAY_TEST(bytes_that_leave_are_read_once),
        cmocka_unit_test(violations_answer_or_stop),
        cmocka_unit_test(an_observer_may_be_missing),
        cmocka_unit_test(limits_are_kept_at_creation),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
