/* What reaches guest memory: every byte defined, padding zero, nothing beside the result. White box (hostcall_world.h).
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "hostcall_world.h"

enum { OUT = 1024, OTHER = 4096 };

static int results_setup(void **state)
{
    static struct hostcall_world world;
    hostcall_world_init(&world, false);
    hostcall_world_expect(&world, 0);
    *state = &world;
    return 0;
}

static int results_teardown(void **state)
{
    hostcall_world_done(*state);
    return 0;
}

/* `at` holds exactly these bytes, and what stands around them is untouched. */
static void wrote(const struct hostcall_world *world, uint32_t at, const void *bytes, uint32_t length)
{
    assert_memory_equal(world->memory + at, bytes, length);
    assert_true(hostcall_world_filled(world, at - 64, 64));
    assert_true(hostcall_world_filled(world, at + length, 64));
}

static void descriptor_status_has_no_stray_bytes(void **state)
{
    struct hostcall_world *world = *state;
    const uint64_t read_only = rights_read & ~(R(SOCK_SHUTDOWN) | R(SOCK_ACCEPT));
    const uint64_t of_files = R(FD_READ) | R(FD_SEEK) | R(FD_TELL) | R(FD_ADVISE);
    uint64_t expected[3] = { FILETYPE_DIRECTORY, read_only & ~of_files, read_only };
    assert_int_equal(HW_CALL(world, OPERATION_FD_FDSTAT_GET, NULL, HW_READ_ONLY, OUT), RT_TRAP_NONE);
    wrote(world, OUT, expected, sizeof expected);
}

static void file_status_has_no_stray_bytes(void **state)
{
    struct hostcall_world *world = *state;
    const uint64_t expected[8] = { 1, 2, FILETYPE_REGULAR_FILE, 4, 5, 6, 7, 8 };
    memcpy(&world->answer[0].stat, expected, sizeof expected);
    assert_int_equal(HW_CALL(world, OPERATION_FD_FILESTAT_GET, NULL, HW_PREOPEN, OUT), RT_TRAP_NONE);
    wrote(world, OUT, expected, sizeof expected);
    world->answer[0].stat.filetype = UINT64_MAX; /* would be seen in the padding */
    assert_int_equal(HW_CALL(world, OPERATION_FD_FILESTAT_GET, NULL, HW_PREOPEN, OUT), RT_TRAP_NONE);
    assert_int_equal(hostcall_world_get_u64(world, OUT + 16), FILETYPE_UNKNOWN);
}

static void granted_directories_have_a_name(void **state)
{
    struct hostcall_world *world = *state;
    uint32_t wasi_errno;
    assert_int_equal(HW_CALL(world, OPERATION_FD_PRESTAT_GET, NULL, HW_PREOPEN, OUT), RT_TRAP_NONE);
    wrote(world, OUT, (uint32_t[]) { 0, 5 }, 8);
    HW_CALL(world, OPERATION_FD_PRESTAT_DIR_NAME, &wasi_errno, HW_PREOPEN, OTHER, 4);
    assert_int_equal(wasi_errno, WASI_NAMETOOLONG);
    assert_true(hostcall_world_filled(world, OTHER, 16));
    HW_CALL(world, OPERATION_FD_PRESTAT_DIR_NAME, &wasi_errno, HW_PREOPEN, OTHER, 100);
    assert_int_equal(wasi_errno, WASI_SUCCESS);
    wrote(world, OTHER, "/data", 5);
}

static void arguments_are_laid_out_as_announced(void **state)
{
    struct hostcall_world *world = *state;
    assert_int_equal(HW_CALL(world, OPERATION_ARGS_SIZES_GET, NULL, OUT, OUT + 4), RT_TRAP_NONE);
    wrote(world, OUT, (uint32_t[]) { 2, 9 }, 8);
    assert_int_equal(HW_CALL(world, OPERATION_ARGS_GET, NULL, OTHER, HW_MEMORY - 9), RT_TRAP_NONE);
    wrote(world, OTHER, (uint32_t[]) { HW_MEMORY - 9, HW_MEMORY - 4 }, 8);
    assert_memory_equal(world->memory + HW_MEMORY - 9, "prog\0x y", 9);
    assert_int_equal(HW_CALL(world, OPERATION_ARGS_GET, NULL, OTHER, HW_MEMORY - 8), RT_TRAP_HOST_POINTER);
    assert_int_equal(HW_CALL(world, OPERATION_ENVIRON_GET, NULL, 8192, 9000), RT_TRAP_NONE);
    wrote(world, 9000, "A=1", 4);
}

static void the_digest_tells_what_was_written(void **state)
{
    struct hostcall_world *world = *state;
    world->answer[0].value = 5;
    HW_CALL(world, OPERATION_CLOCK_TIME_GET, NULL, CLOCKID_MONOTONIC, 0, OUT);
    uint64_t first = world->committed;
    assert_int_equal(hostcall_world_get_u64(world, OUT), 5);
    assert_int_not_equal(first, 0);
    HW_CALL(world, OPERATION_CLOCK_TIME_GET, NULL, CLOCKID_MONOTONIC, 0, OUT);
    assert_int_equal(world->committed, first);
    HW_CALL(world, OPERATION_CLOCK_TIME_GET, NULL, CLOCKID_MONOTONIC, 0, OUT + 8);
    assert_int_not_equal(world->committed, first); /* another place */
    world->answer[0].value = 6;
    HW_CALL(world, OPERATION_CLOCK_TIME_GET, NULL, CLOCKID_MONOTONIC, 0, OUT);
    assert_int_not_equal(world->committed, first); /* another time */
    hostcall_world_expect(world, 0);
    HW_CALL(world, OPERATION_SCHED_YIELD, NULL, 0);
    assert_int_equal(world->committed, 0);
}

/* Appends one portable entry. */
static uint32_t stage_entry(uint8_t *staged, uint32_t at, uint64_t next, uint64_t inode, const char *name, uint8_t type)
{
    struct dirent_head head = { next, inode, (uint16_t)strlen(name), type, { 0xEE, 0xEE, 0xEE, 0xEE, 0xEE } };
    memcpy(staged + at, &head, sizeof head);
    memcpy(staged + at + sizeof head, name, head.name_length);
    return at + (uint32_t)sizeof head + head.name_length;
}

/* The guest's form of the same entry. */
static uint32_t guest_entry(uint8_t *out, uint32_t at, uint64_t next, uint64_t inode, const char *name, uint8_t type)
{
    uint32_t length = (uint32_t)strlen(name);
    memset(out + at, 0, 24);
    memcpy(out + at, &next, 8);
    memcpy(out + at + 8, &inode, 8);
    memcpy(out + at + 16, &length, 4);
    out[at + 20] = type;
    memcpy(out + at + 24, name, length);
    return at + 24 + length;
}

/* MEM-13, FD-08, LEAK-01: At every length of the buffer: that prefix of the entries, not a byte more; padding is zero;
 * `..` of a granted directory shows the directory itself. */
static void directory_entries_are_cut_where_the_buffer_ends(void **state)
{
    struct hostcall_world *world = *state;
    uint8_t staged[256], expected[256];
    uint32_t size = stage_entry(staged, 0, 1, 500, ".", FILETYPE_DIRECTORY);
    size = stage_entry(staged, size, 2, 400, "..", FILETYPE_DIRECTORY);
    size = stage_entry(staged, size, 9, 501, "..a", FILETYPE_REGULAR_FILE);
    size = stage_entry(staged, size, 10, 502, "name", 200);
    uint32_t full = guest_entry(expected, 0, 1, 500, ".", FILETYPE_DIRECTORY);
    full = guest_entry(expected, full, 2, 77, "..", FILETYPE_DIRECTORY);
    full = guest_entry(expected, full, 9, 501, "..a", FILETYPE_REGULAR_FILE);
    full = guest_entry(expected, full, 10, 502, "name", FILETYPE_UNKNOWN);
    world->staged = staged;
    world->staged_size = size;
    for (uint32_t room = 0; room < full + 10; room++) {
        uint32_t used = room < full ? room : full;
        memset(world->memory, HW_FILL, HW_MEMORY);
        assert_int_equal(HW_CALL(world, OPERATION_FD_READDIR, NULL, HW_PREOPEN, OTHER, room, 0, OUT), RT_TRAP_NONE);
        assert_int_equal(hostcall_world_get_u32(world, OUT), used);
        assert_int_equal(world->last_outcome.value[0], used);
        wrote(world, OTHER, expected, used);
    }
    /* No byte of a buffer of none is looked at, wherever it lies. */
    for (uint32_t at = HW_MEMORY; at; at *= 2)
        assert_int_equal(HW_CALL(world, OPERATION_FD_READDIR, NULL, HW_PREOPEN, at, 0, 0, OUT), RT_TRAP_NONE);
    assert_int_equal(hostcall_world_get_u32(world, OUT), 0);
}

static void entries_that_do_not_add_up_stop_the_guest(void **state)
{
    struct hostcall_world *world = *state;
    uint8_t staged[64];
    uint32_t size = stage_entry(staged, 0, 1, 500, "name", FILETYPE_DIRECTORY);
    world->staged = staged;
    for (world->staged_size = 1; world->staged_size < size; world->staged_size++)
        assert_int_equal(HW_CALL(world, OPERATION_FD_READDIR, NULL, HW_PREOPEN, OTHER, 100, 0, OUT),
                         RT_TRAP_HOST_FAILED);
}

static void subscribe_clock(struct hostcall_world *world, uint32_t at, uint64_t userdata, uint64_t timeout)
{
    memset(world->memory + at, 0, 48);
    memcpy(world->memory + at, &userdata, 8);
    hostcall_world_u32(world, at + 16, CLOCKID_MONOTONIC);
    memcpy(world->memory + at + 24, &timeout, 8);
}

/* POLL-06, LEAK-01 */
static void events_have_no_stray_bytes(void **state)
{
    struct hostcall_world *world = *state;
    uint8_t expected[64] = { 0 };
    subscribe_clock(world, 256, 7, 3000);
    subscribe_clock(world, 304, 8, 1000); /* the first to come */
    subscribe_clock(world, 352, 9, 1000);
    assert_int_equal(HW_CALL(world, OPERATION_POLL_ONEOFF, NULL, 256, OTHER, 3, OUT), RT_TRAP_NONE);
    assert_int_equal(world->last_op.kind, OP_SLEEP);
    assert_int_equal(world->last_op.offset, 1000);
    expected[0] = 8;
    expected[32] = 9;
    assert_int_equal(hostcall_world_get_u32(world, OUT), 2);
    wrote(world, OTHER, expected, 64);
}

/* What cannot be waited for has its errno in its own event, and nothing sleeps. */
static void a_bad_subscription_fails_in_its_event(void **state)
{
    struct hostcall_world *world = *state;
    subscribe_clock(world, 256, 7, 3000);
    memset(world->memory + 304, 0, 48);
    world->memory[304] = 3;
    world->memory[312] = EVENTTYPE_FD_READ;
    hostcall_world_u32(world, 320, 99);
    assert_int_equal(HW_CALL(world, OPERATION_POLL_ONEOFF, NULL, 256, OTHER, 2, OUT), RT_TRAP_NONE);
    assert_int_equal(world->acts, 0);
    assert_int_equal(hostcall_world_get_u32(world, OUT), 1);
    uint8_t expected[32] = { [0] = 3, [8] = WASI_BADF, [10] = EVENTTYPE_FD_READ };
    wrote(world, OTHER, expected, sizeof expected);
}

/* POLL-03: The events may lie over the subscriptions: those were copied first. */
static void events_may_overlap_subscriptions(void **state)
{
    struct hostcall_world *world = *state;
    subscribe_clock(world, 256, 7, 1000);
    subscribe_clock(world, 304, 8, 1000);
    assert_int_equal(HW_CALL(world, OPERATION_POLL_ONEOFF, NULL, 256, 264, 2, OUT), RT_TRAP_NONE);
    assert_int_equal(hostcall_world_get_u32(world, OUT), 2);
    assert_int_equal(hostcall_world_get_u64(world, 264), 7);
    assert_int_equal(hostcall_world_get_u64(world, 296), 8);
}

#define RESULTS_TEST(name) cmocka_unit_test_setup_teardown(name, results_setup, results_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        RESULTS_TEST(descriptor_status_has_no_stray_bytes),
        RESULTS_TEST(file_status_has_no_stray_bytes),
        RESULTS_TEST(granted_directories_have_a_name),
        RESULTS_TEST(arguments_are_laid_out_as_announced),
        RESULTS_TEST(the_digest_tells_what_was_written),
        RESULTS_TEST(directory_entries_are_cut_where_the_buffer_ends),
        RESULTS_TEST(entries_that_do_not_add_up_stop_the_guest),
        RESULTS_TEST(events_have_no_stray_bytes),
        RESULTS_TEST(a_bad_subscription_fails_in_its_event),
        RESULTS_TEST(events_may_overlap_subscriptions),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
