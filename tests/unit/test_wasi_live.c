/* Hostcalls on a real directory: files behave as files, and nothing outside of the grant is reached. White box
 * (live_world.h). */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <cmocka.h>
#include "live_world.h"
#include "open_descriptors.h"

static int live_setup(void **state)
{
    static struct live_world world;
    live_world_init(&world);
    *state = &world;
    return 0;
}

static int live_teardown(void **state)
{
    struct live_world *world = *state;
    assert_string_equal(live_world_host(world, "outside"), "secret");
    live_world_done(world);
    return 0;
}

static void a_file_keeps_its_position(void **state)
{
    struct live_world *world = *state;
    uint32_t fd, other, count;
    assert_int_equal(live_world_open(world, LW_WRITES, "new", OFLAG_CREAT | OFLAG_EXCL, 0, &fd), WASI_SUCCESS);
    assert_int_equal(fd, LW_FIRST);
    assert_int_equal(live_world_write(world, fd, "hello "), WASI_SUCCESS);
    assert_int_equal(live_world_write(world, fd, "world"), WASI_SUCCESS);
    assert_string_equal(live_world_host(world, "granted/new"), "hello world");
    assert_int_equal(LW_CALL(world, OPERATION_FD_TELL, fd, LW_RESULT), WASI_SUCCESS);
    assert_int_equal(live_world_u64(world, LW_RESULT), 11);
    assert_int_equal(live_world_open(world, LW_WRITES, "new", 0, 0, &other), WASI_SUCCESS);
    assert_int_equal(LW_CALL(world, OPERATION_FD_SEEK, fd, (uint64_t)-5, WHENCE_END, LW_RESULT), WASI_SUCCESS);
    assert_int_equal(live_world_u64(world, LW_RESULT), 6);
    assert_int_equal(live_world_read(world, fd, 100, &count), WASI_SUCCESS);
    assert_int_equal(count, 5);
    assert_memory_equal(world->memory + LW_DATA, "world", 5);
    assert_int_equal(live_world_read(world, fd, 100, &count), WASI_SUCCESS);
    assert_int_equal(count, 0);
    assert_int_equal(live_world_read(world, other, 5, &count), WASI_SUCCESS); /* has its own */
    assert_memory_equal(world->memory + LW_DATA, "hello", 5);
    assert_int_equal(LW_CALL(world, OPERATION_FD_SEEK, fd, (uint64_t)-1, WHENCE_SET, LW_RESULT), WASI_INVAL);
    assert_int_equal(LW_CALL(world, OPERATION_FD_CLOSE, fd), WASI_SUCCESS);
    assert_int_equal(LW_CALL(world, OPERATION_FD_CLOSE, fd), WASI_BADF);
}

static void writes_by_position_move_nothing(void **state)
{
    struct live_world *world = *state;
    uint32_t fd;
    assert_int_equal(live_world_open(world, LW_WRITES, "file", 0, 0, &fd), WASI_SUCCESS);
    memcpy(world->memory + LW_DATA, "XY", 2);
    memcpy(world->memory + LW_IOVS, (uint32_t[]) { LW_DATA, 2 }, 8);
    assert_int_equal(LW_CALL(world, OPERATION_FD_PWRITE, fd, LW_IOVS, 1, 3, LW_RESULT), WASI_SUCCESS);
    assert_string_equal(live_world_host(world, "granted/file"), "conXYnt");
    assert_int_equal(LW_CALL(world, OPERATION_FD_TELL, fd, LW_RESULT), WASI_SUCCESS);
    assert_int_equal(live_world_u64(world, LW_RESULT), 0);
    assert_int_equal(LW_CALL(world, OPERATION_FD_PWRITE, fd, LW_IOVS, 1, UINT64_MAX, LW_RESULT), WASI_INVAL);
}

static void appends_go_to_the_end(void **state)
{
    struct live_world *world = *state;
    uint32_t fd, other;
    assert_int_equal(live_world_open(world, LW_WRITES, "file", 0, FDFLAG_APPEND, &fd), WASI_SUCCESS);
    assert_int_equal(live_world_open(world, LW_WRITES, "file", 0, FDFLAG_APPEND, &other), WASI_SUCCESS);
    assert_int_equal(live_world_write(world, fd, "+"), WASI_SUCCESS);
    assert_int_equal(live_world_write(world, other, "-"), WASI_SUCCESS);
    assert_int_equal(live_world_write(world, fd, "+"), WASI_SUCCESS);
    assert_string_equal(live_world_host(world, "granted/file"), "content+-+");
    assert_int_equal(LW_CALL(world, OPERATION_FD_TELL, fd, LW_RESULT), WASI_SUCCESS);
    assert_int_equal(live_world_u64(world, LW_RESULT), 10);
}

/* Every call that takes a path, with every path that leads out. */
static void no_path_leads_out(void **state)
{
    struct live_world *world = *state;
    static const char *const paths[] = { "..",          "../outside",  "sub/../../outside", "up/outside",
                                         "up",          "escape",      "slashed/outside",   "slashed",
                                         "/etc/passwd", "/",           "absolute",          "magic/etc/passwd",
                                         "./..",        "..//outside", "up/../outside",     "sub/../up/outside",
                                         "escape/",     "up/" };
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        static const uint32_t oflags[] = { 0, OFLAG_CREAT, OFLAG_TRUNC, OFLAG_DIRECTORY, OFLAG_CREAT | OFLAG_EXCL };
        for (size_t j = 0; j < sizeof oflags / sizeof *oflags; j++)
            if (live_world_open(world, LW_WRITES, paths[i], oflags[j], 0, NULL) == WASI_SUCCESS)
                fail_msg("%s was opened with %u", paths[i], oflags[j]);
        uint32_t length = live_world_path(world, LW_PATH, paths[i]);
        /* Followed to their end, none has a status. */
        if (LW_CALL(world, OPERATION_PATH_FILESTAT_GET, LW_WRITES, LOOKUP_SYMLINK_FOLLOW, LW_PATH, length, LW_RESULT) ==
            WASI_SUCCESS)
            fail_msg("%s has a status", paths[i]);
        (void)LW_CALL(world, OPERATION_PATH_FILESTAT_SET_TIMES, LW_WRITES, LOOKUP_SYMLINK_FOLLOW, LW_PATH, length, 1, 1,
                      FST_ATIM | FST_MTIM);
    }
    struct stat stat_outside;
    char path[128];
    snprintf(path, sizeof path, "%s/outside", world->path);
    assert_int_equal(stat(path, &stat_outside), 0);
    assert_true(stat_outside.st_mtim.tv_sec > 1);
}

static void no_name_outside_is_made_or_removed(void **state)
{
    struct live_world *world = *state;
    static const char *const paths[] = { "../made", "up/made", "slashed/made", "sub/../../made",
                                         "/tmp/made-by-warrant" };
    static const uint32_t calls[] = { OPERATION_PATH_CREATE_DIRECTORY, OPERATION_PATH_REMOVE_DIRECTORY,
                                      OPERATION_PATH_UNLINK_FILE };
    uint32_t target = live_world_path(world, LW_PATH_TOO, "file");
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        uint32_t length = live_world_path(world, LW_PATH, paths[i]);
        for (size_t j = 0; j < sizeof calls / sizeof *calls; j++)
            assert_int_not_equal(LW_CALL(world, calls[j], LW_WRITES, LW_PATH, length), WASI_SUCCESS);
        assert_int_not_equal(LW_CALL(world, OPERATION_PATH_SYMLINK, LW_PATH_TOO, target, LW_WRITES, LW_PATH, length),
                             WASI_SUCCESS);
    }
    uint32_t length = live_world_path(world, LW_PATH, "up/outside");
    assert_int_not_equal(LW_CALL(world, OPERATION_PATH_UNLINK_FILE, LW_WRITES, LW_PATH, length), WASI_SUCCESS);
    struct stat stat_made;
    char path[128];
    snprintf(path, sizeof path, "%s/made", world->path);
    assert_int_not_equal(stat(path, &stat_made), 0);
}

static void names_with_a_nul_are_refused(void **state)
{
    struct live_world *world = *state;
    memcpy(world->memory + LW_PATH, "file\0x", 6);
    for (uint32_t length = 5; length <= 6; length++) {
        assert_int_equal(LW_CALL(world, OPERATION_PATH_FILESTAT_GET, LW_WRITES, 0, LW_PATH, length, LW_RESULT),
                         WASI_ILSEQ);
        assert_int_equal(LW_CALL(world, OPERATION_PATH_UNLINK_FILE, LW_WRITES, LW_PATH, length), WASI_ILSEQ);
        assert_int_equal(
            LW_CALL(world, OPERATION_PATH_OPEN, LW_WRITES, 0, LW_PATH, length, 0, R(FD_READ), 0, 0, LW_RESULT),
            WASI_ILSEQ);
    }
    assert_string_equal(live_world_host(world, "granted/file"), "content");
}

static void links_are_not_followed_unasked(void **state)
{
    struct live_world *world = *state;
    uint32_t length = live_world_path(world, LW_PATH, "link");
    assert_int_equal(LW_CALL(world, OPERATION_PATH_OPEN, LW_WRITES, 0, LW_PATH, length, 0, R(FD_READ), 0, 0, LW_RESULT),
                     WASI_LOOP);
    assert_int_equal(LW_CALL(world, OPERATION_PATH_FILESTAT_GET, LW_WRITES, 0, LW_PATH, length, LW_RESULT),
                     WASI_SUCCESS);
    assert_int_equal(live_world_u64(world, LW_RESULT + 16), FILETYPE_SYMBOLIC_LINK);
    assert_int_equal(
        LW_CALL(world, OPERATION_PATH_FILESTAT_GET, LW_WRITES, LOOKUP_SYMLINK_FOLLOW, LW_PATH, length, LW_RESULT), 0);
    assert_int_equal(live_world_u64(world, LW_RESULT + 16), FILETYPE_REGULAR_FILE);
    assert_int_equal(live_world_open(world, LW_WRITES, "loop", 0, 0, NULL), WASI_LOOP);
    assert_int_not_equal(live_world_open(world, LW_WRITES, "file/", 0, 0, NULL), WASI_SUCCESS);
}

static void a_grant_for_reading_changes_nothing(void **state)
{
    struct live_world *world = *state;
    uint32_t fd, length;
    static const uint32_t oflags[] = { OFLAG_TRUNC, OFLAG_CREAT | OFLAG_TRUNC, OFLAG_CREAT };
    length = live_world_path(world, LW_PATH, "file");
    for (size_t i = 0; i < sizeof oflags / sizeof *oflags; i++)
        assert_int_equal(
            LW_CALL(world, OPERATION_PATH_OPEN, LW_READS, 0, LW_PATH, length, oflags[i], R(FD_READ), 0, 0, LW_RESULT),
            WASI_NOTCAPABLE);
    assert_int_equal(LW_CALL(world, OPERATION_PATH_OPEN, LW_READS, 0, LW_PATH, length, 0, R(FD_WRITE), 0, 0, LW_RESULT),
                     WASI_NOTCAPABLE);
    assert_int_equal(LW_CALL(world, OPERATION_PATH_UNLINK_FILE, LW_READS, LW_PATH, length), WASI_NOTCAPABLE);
    assert_int_equal(live_world_open(world, LW_READS, "file", 0, 0, &fd), WASI_SUCCESS);
    assert_int_equal(live_world_write(world, fd, "x"), WASI_NOTCAPABLE);
    assert_int_equal(LW_CALL(world, OPERATION_FD_FILESTAT_SET_SIZE, fd, 0), WASI_NOTCAPABLE);
    assert_int_equal(live_world_open(world, LW_READS, "sub", OFLAG_DIRECTORY, 0, &fd), WASI_SUCCESS);
    length = live_world_path(world, LW_PATH, "made");
    assert_int_equal(LW_CALL(world, OPERATION_PATH_CREATE_DIRECTORY, fd, LW_PATH, length), WASI_NOTCAPABLE);
    assert_string_equal(live_world_host(world, "granted/file"), "content");
}

static void nothing_happens_before_the_checks(void **state)
{
    struct live_world *world = *state;
    uint32_t length = live_world_path(world, LW_PATH, "never");
    assert_int_equal(LW_CALL(world, OPERATION_PATH_OPEN, LW_WRITES, 0, LW_PATH, length, OFLAG_CREAT, R(FD_WRITE), 0, 0,
                             LW_MEMORY - 2),
                     UINT32_MAX);
    assert_int_equal(world->trap, RT_TRAP_HOST_POINTER);
    assert_int_equal(live_world_open(world, LW_WRITES, "never", 0, 0, NULL), WASI_NOENT);
    (void)live_world_open(world, LW_WRITES, "file", OFLAG_DIRECTORY | OFLAG_TRUNC, 0, NULL);
    assert_string_equal(live_world_host(world, "granted/file"), "content");
}

/* Reads the whole directory through a buffer of `room` bytes; returns how many entries were seen. */
static uint32_t list(struct live_world *world, uint32_t fd, uint32_t room, uint64_t *ret_parent)
{
    uint64_t cookie = 0;
    uint32_t seen = 0;
    for (;;) {
        assert_int_equal(LW_CALL(world, OPERATION_FD_READDIR, fd, LW_DATA, room, cookie, LW_RESULT), WASI_SUCCESS);
        uint32_t used = live_world_u32(world, LW_RESULT), at = 0;
        while (used - at >= 24 && used - at - 24 >= live_world_u32(world, LW_DATA + at + 16)) {
            uint32_t length = live_world_u32(world, LW_DATA + at + 16);
            cookie = live_world_u64(world, LW_DATA + at);
            if (length == 2 && memcmp(world->memory + LW_DATA + at + 24, "..", 2) == 0)
                *ret_parent = live_world_u64(world, LW_DATA + at + 8);
            at += 24 + length;
            seen++;
        }
        if (used < room)
            return seen;
        assert_int_not_equal(at, 0);
    }
}

static void directories_are_listed_through_any_buffer(void **state)
{
    struct live_world *world = *state;
    uint64_t parent = 0, own;
    assert_int_equal(LW_CALL(world, OPERATION_FD_FILESTAT_GET, LW_WRITES, LW_RESULT), WASI_SUCCESS);
    own = live_world_u64(world, LW_RESULT + 8);
    for (uint32_t room = 32; room < 400; room += 7) {
        assert_int_equal(list(world, LW_WRITES, room, &parent), 11); /* 9 made, . and .. */
        assert_int_equal(parent, own);
    }
}

/* RES-04 */
static void the_table_is_bounded_and_leaks_nothing(void **state)
{
    struct live_world *world = *state;
    uint32_t fd, opened = 0;
    unsigned before = open_descriptors();
    while (live_world_open(world, LW_WRITES, "file", 0, 0, &fd) == WASI_SUCCESS)
        opened++;
    assert_int_equal(opened, LW_LIMIT - LW_FIRST);
    assert_int_equal(live_world_open(world, LW_WRITES, "unborn", OFLAG_CREAT, 0, &fd), WASI_MFILE);
    assert_int_equal(open_descriptors(), before + opened);
    for (fd = LW_FIRST; fd < LW_LIMIT; fd++)
        assert_int_equal(LW_CALL(world, OPERATION_FD_CLOSE, fd), WASI_SUCCESS);
    for (int i = 0; i < 1000; i++) {
        uint32_t length = live_world_path(world, LW_PATH, "sub/none");
        assert_int_equal(live_world_open(world, LW_WRITES, "sub/none", 0, 0, NULL), WASI_NOENT);
        assert_int_equal(LW_CALL(world, OPERATION_PATH_UNLINK_FILE, LW_WRITES, LW_PATH, length), WASI_NOENT);
        assert_int_equal(live_world_open(world, LW_WRITES, "file", 0, 0, &fd), WASI_SUCCESS);
        assert_int_equal(LW_CALL(world, OPERATION_FD_CLOSE, fd), WASI_SUCCESS);
    }
    assert_int_equal(open_descriptors(), before);
    assert_int_equal(live_world_open(world, LW_WRITES, "unborn", 0, 0, &fd), WASI_NOENT);
}

/* A pipe in the directory must neither block the runtime nor be opened, nor leave a descriptor behind. */
static void special_files_are_refused_at_once(void **state)
{
    struct live_world *world = *state;
    char path[128];
    unsigned before = open_descriptors();
    snprintf(path, sizeof path, "%s/granted/pipe", world->path);
    assert_int_equal(mkfifo(path, 0666), 0);
    assert_int_not_equal(live_world_open(world, LW_WRITES, "pipe", 0, 0, NULL), WASI_SUCCESS);
    assert_int_not_equal(live_world_open(world, LW_READS, "pipe", 0, 0, NULL), WASI_SUCCESS);
    assert_int_equal(open_descriptors(), before);
}

static void clocks_and_random_bytes_come_from_the_system(void **state)
{
    struct live_world *world = *state;
    uint64_t last = 0;
    uint32_t zeros = 0;
    for (int i = 0; i < 100; i++) {
        assert_int_equal(LW_CALL(world, OPERATION_CLOCK_TIME_GET, CLOCKID_MONOTONIC, 0, LW_RESULT), WASI_SUCCESS);
        assert_true(live_world_u64(world, LW_RESULT) >= last);
        last = live_world_u64(world, LW_RESULT);
    }
    assert_int_equal(LW_CALL(world, OPERATION_RANDOM_GET, LW_DATA, 100000), WASI_SUCCESS);
    for (uint32_t i = 0; i < 100000; i++)
        zeros += world->memory[LW_DATA + i] == 0;
    assert_in_range(zeros, 200, 700); /* 391 expected; 10 standard deviations are 197 */
    assert_int_equal(world->memory[LW_DATA + 100000], 0);
}

#define LIVE_TEST(name) cmocka_unit_test_setup_teardown(name, live_setup, live_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        LIVE_TEST(a_file_keeps_its_position),
        LIVE_TEST(writes_by_position_move_nothing),
        LIVE_TEST(appends_go_to_the_end),
        LIVE_TEST(no_path_leads_out),
        LIVE_TEST(no_name_outside_is_made_or_removed),
        LIVE_TEST(names_with_a_nul_are_refused),
        LIVE_TEST(links_are_not_followed_unasked),
        LIVE_TEST(a_grant_for_reading_changes_nothing),
        LIVE_TEST(nothing_happens_before_the_checks),
        LIVE_TEST(directories_are_listed_through_any_buffer),
        LIVE_TEST(the_table_is_bounded_and_leaks_nothing),
        LIVE_TEST(special_files_are_refused_at_once),
        LIVE_TEST(clocks_and_random_bytes_come_from_the_system),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
