/* White-box test of the live backend: what each op brings, and what it never does: leave its regions or its directory.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "act_world.h"

static int world_setup(void **state)
{
    static struct act_world world;
    act_world_init(&world);
    *state = &world;
    return 0;
}

static int world_teardown(void **state)
{
    act_world_done(*state);
    return 0;
}

/* LEAK-03 */
static void every_errno_becomes_the_guests(void **state)
{
    (void)state;
    for (int number = -4096; number <= 4096; number++)
        assert_in_range(-act_errno_result(number), 1, WASI_ERRNO_COUNT - 1);
    assert_int_equal(act_errno_result(ENOENT), -WASI_NOENT);
    assert_int_equal(act_errno_result(EXDEV), -WASI_XDEV);
    assert_int_equal(act_errno_result(ETXTBSY), -WASI_TXTBSY);
    assert_int_equal(act_errno_result(4095), -WASI_IO);
}

/* The errno of the call that failed, and none that was there before it. */
static void a_failing_call_tells_its_own_errno(void **state)
{
    struct act_world *world = *state;
    static const struct region region = { 64, 8 };
    static const enum op_kind kinds[] = { OP_READ, OP_WRITE, OP_PREADV,   OP_PWRITEV,  OP_APPEND,   OP_STAT,  OP_PREAD,
                                          OP_SYNC, OP_CLOSE, OP_READ_DIR, OP_SEEK_DIR, OP_SET_SIZE, OP_PWRITE };
    for (size_t i = 0; i < sizeof kinds / sizeof *kinds; i++) {
        int closed = open("/dev/null", O_RDWR | O_CLOEXEC);
        assert_true(closed >= 0);
        act_live_adopt(world->live, H_FREE, closed);
        close(closed);
        struct op op = act_world_op(kinds[i], H_FREE);
        act_world_vector(world, &op, 1, &region);
        errno = EINVAL;
        assert_int_equal(act_world_act(world, &op).value, -WASI_BADF);
    }
    struct op sleep = act_world_op(OP_SLEEP, HANDLE_NONE);
    sleep.value = 999; /* no clock */
    errno = EBADF;
    assert_int_equal(act_world_act(world, &sleep).value, -WASI_INVAL);
}

static void times_are_clamped_not_wrapped(void **state)
{
    (void)state;
    assert_int_equal(act_ns((struct timespec) { -1, 999999999 }), 0);
    assert_int_equal(act_ns((struct timespec) { 1, 5 }), 1000000005);
    assert_int_equal(act_ns((struct timespec) { INT64_MAX, 0 }), UINT64_MAX);
    assert_int_equal(act_ns(act_timespec(UINT64_MAX)), UINT64_MAX);
}

static void files_are_read_into_their_regions_alone(void **state)
{
    struct act_world *world = *state;
    struct op op = act_world_op(OP_PREADV, H_FILE);
    act_world_vector(world, &op, 2, (struct region[]) { { 100, 3 }, { 103, 4 } });
    op.offset = 2;
    assert_int_equal(act_world_act(world, &op).value, 7);
    assert_memory_equal(world->space.memory + 100, "2345678", 7);
    assert_true(act_world_untouched(world, (struct region) { 100, 7 }));
}

static void files_are_written_and_appended(void **state)
{
    struct act_world *world = *state;
    struct op op = act_world_op(OP_PWRITEV, H_FILE);
    char content[16];
    memcpy(world->space.memory + 50, "xyz", 3);
    act_world_vector(world, &op, 2, (struct region[]) { { 50, 1 }, { 51, 2 } });
    op.offset = 4;
    assert_int_equal(act_world_act(world, &op).value, 3);
    op.kind = OP_APPEND;
    op.handle = H_APPEND;
    op.offset = 0;
    assert_int_equal(act_world_act(world, &op).value, 3);
    assert_int_equal(pread(world->live->host_fd[H_FILE], content, sizeof content, 0), 13);
    assert_memory_equal(content, "0123xyz789xyz", 13);
}

/* Of one region the op carries it itself. */
static void one_region_needs_no_vector(void **state)
{
    struct act_world *world = *state;
    struct op op = act_world_op(OP_PREAD, H_FILE);
    char content[16];
    op.mem = (struct region) { 100, 5 };
    op.offset = 3;
    assert_int_equal(act_world_act(world, &op).value, 5);
    assert_memory_equal(world->space.memory + 100, "34567", 5);
    assert_true(act_world_untouched(world, (struct region) { 100, 5 }));
    op.kind = OP_PWRITE;
    op.mem.length = 2;
    op.offset = 8;
    assert_int_equal(act_world_act(world, &op).value, 2);
    assert_int_equal(pread(world->live->host_fd[H_FILE], content, sizeof content, 0), 10);
    assert_memory_equal(content, "0123456734", 10);
}

/* More than the staging buffer: cut, at the buffer's end and no byte later. */
static void streams_pass_through_the_host_buffer(void **state)
{
    struct act_world *world = *state;
    struct op op = act_world_op(OP_READ, H_ZERO);
    act_world_vector(world, &op, 3, (struct region[]) { { 10, 5 }, { 15, 0 }, { 15, 3 * LIMIT_STAGING } });
    assert_int_equal(act_world_act(world, &op).value, LIMIT_STAGING);
    for (uint32_t i = 0; i < LIMIT_STAGING; i++)
        assert_int_equal(world->space.memory[10 + i], 0);
    assert_true(act_world_untouched(world, (struct region) { 10, LIMIT_STAGING }));
    op.kind = OP_WRITE;
    op.handle = H_NULL;
    assert_int_equal(act_world_act(world, &op).value, LIMIT_STAGING);
}

static void pipes_carry_what_the_regions_hold(void **state)
{
    struct act_world *world = *state;
    int ends[2];
    assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
    act_live_adopt(world->live, H_FREE, ends[0]);
    act_live_adopt(world->live, H_FREE_TOO, ends[1]);
    struct op op = act_world_op(OP_WRITE, H_FREE_TOO);
    memcpy(world->space.memory + 1000, "left", 4);
    memcpy(world->space.memory + 2000, "right", 5);
    act_world_vector(world, &op, 2, (struct region[]) { { 1000, 4 }, { 2000, 5 } });
    assert_int_equal(act_world_act(world, &op).value, 9);
    op = act_world_op(OP_READ, H_FREE);
    act_world_vector(world, &op, 3, (struct region[]) { { 3000, 2 }, { 3002, 3 }, { 3005, 100 } });
    assert_int_equal(act_world_act(world, &op).value, 9);
    assert_memory_equal(world->space.memory + 3000, "leftright", 9);
    assert_int_equal(world->space.memory[3009], 0xA5);
}

static int64_t open_path(struct act_world *world, const char *path, uint32_t flags)
{
    struct op op = act_world_op(OP_OPEN, H_DIR);
    op.path = act_world_path(world, path, false);
    op.flags = flags;
    op.handle2 = H_FREE;
    int64_t value = act_world_act(world, &op).value;
    if (value == 0) {
        struct op closing = act_world_op(OP_CLOSE, H_FREE);
        assert_int_equal(act_world_act(world, &closing).value, 0);
        assert_int_equal(world->live->host_fd[H_FREE], -1);
    }
    return value;
}

static void opening_stays_beneath_the_directory(void **state)
{
    struct act_world *world = *state;
    assert_int_equal(open_path(world, "file", OPEN_READ), 0);
    assert_int_equal(open_path(world, "sub/../file", OPEN_READ | OPEN_WRITE), 0);
    assert_int_equal(open_path(world, "link", OPEN_READ), 0);
    assert_int_equal(open_path(world, "link", OPEN_READ | OPEN_NOFOLLOW), -WASI_LOOP);
    assert_int_equal(open_path(world, "link", OPEN_PATH_ONLY | OPEN_NOFOLLOW), 0);
    assert_int_equal(open_path(world, "sub", OPEN_PATH_ONLY | OPEN_DIRECTORY), 0);
    assert_int_equal(open_path(world, "new", OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE), 0);
    assert_int_equal(open_path(world, "new", OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE), -WASI_EXIST);
    assert_int_equal(open_path(world, "..", OPEN_READ), -WASI_XDEV);
    assert_int_equal(open_path(world, "sub/../..", OPEN_PATH_ONLY), -WASI_XDEV);
    assert_int_equal(open_path(world, "out", OPEN_READ), -WASI_XDEV);
    assert_int_equal(open_path(world, "/etc/passwd", OPEN_READ), -WASI_XDEV);
    assert_int_equal(open_path(world, "out/x", OPEN_WRITE | OPEN_CREATE), -WASI_XDEV);
    assert_int_equal(open_path(world, "none", OPEN_READ), -WASI_NOENT);
}

/* The magic links of /proc do not lead out either. */
/* A tree that changes for ever: in a child whose openat2 the kernel answers with EAGAIN. */
static void opening_is_tried_again_and_counted(void **state)
{
    struct act_world *world = *state;
    struct op op = act_world_op(OP_OPEN, H_DIR);
    op.path = act_world_path(world, "file", false);
    op.handle2 = H_FREE;
    struct op_result result = act_world_act(world, &op);
    assert_int_equal(result.value, 0);
    assert_int_equal(result.calls, 1);
    pid_t child = fork();
    if (child == 0) {
        struct sock_filter code[] = { BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
                                      BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, 437, 0, 1),
                                      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EAGAIN),
                                      BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW) };
        struct sock_fprog program = { sizeof code / sizeof *code, code };
        if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) != 0 || prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
            _exit(1);
        op.handle2 = H_FREE_TOO;
        result = act_world_act(world, &op);
        _exit(result.value == -WASI_AGAIN && result.calls == LIMIT_OPEN_TRIES ? 0 : 2);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), 0);
}

static void magic_links_are_not_followed(void **state)
{
    struct act_world *world = *state;
    act_live_adopt(world->live, H_FREE_TOO, open("/proc/self", O_RDONLY | O_DIRECTORY | O_CLOEXEC));
    struct op op = act_world_op(OP_OPEN, H_FREE_TOO);
    op.path = act_world_path(world, "exe", false);
    op.flags = OPEN_READ;
    op.handle2 = H_FREE;
    assert_int_equal(act_world_act(world, &op).value, -WASI_LOOP);
}

static void status_is_the_objects(void **state)
{
    struct act_world *world = *state;
    struct op op = act_world_op(OP_STAT, H_FILE);
    struct stat stat;
    struct filestat host;
    struct op_result result = act_world_act(world, &op);
    assert_int_equal(fstat(world->live->host_fd[H_FILE], &stat), 0);
    assert_int_equal(result.value, 0);
    assert_int_equal(result.stat.ino, stat.st_ino);
    assert_int_equal(result.stat.size, 10);
    assert_int_equal(result.stat.filetype, FILETYPE_REGULAR_FILE);
    op = act_world_op(OP_STAT_AT, H_DIR);
    op.path = act_world_path(world, "link", false);
    assert_int_equal(act_world_act(world, &op).stat.filetype, FILETYPE_SYMBOLIC_LINK);
    assert_int_equal(act_host_stat(world->live->host_fd[H_NULL], &host, NULL), STATUS_OK);
    assert_int_equal(host.filetype, FILETYPE_UNKNOWN); /* no terminal */
    assert_int_equal(act_host_stat(-1, &host, NULL), STATUS_IO);
}

static void times_are_set_on_names_and_on_descriptors(void **state)
{
    struct act_world *world = *state;
    struct op op = act_world_op(OP_SET_TIMES, H_NAME), ask = act_world_op(OP_STAT, H_FILE);
    op.flags = FST_ATIM | FST_MTIM;
    op.offset = 1000000007;
    op.value = 2000000009;
    assert_int_equal(act_world_act(world, &op).value, 0);
    struct filestat stat = act_world_act(world, &ask).stat;
    assert_int_equal(stat.atim, 1000000007);
    assert_int_equal(stat.mtim, 2000000009);
    op = act_world_op(OP_SET_TIMES_AT, H_DIR);
    op.path = act_world_path(world, "link", false);
    op.flags = FST_MTIM;
    op.value = 5;
    assert_int_equal(act_world_act(world, &op).value, 0);
    assert_int_equal(act_world_act(world, &ask).stat.mtim, 2000000009); /* the link's, not its target's */
}

static void a_links_text_is_cut_at_the_regions_end(void **state)
{
    struct act_world *world = *state;
    struct op op = act_world_op(OP_READ_LINK, H_DIR);
    op.path = act_world_path(world, "link", false);
    op.mem = (struct region) { 500, 2 };
    assert_int_equal(act_world_act(world, &op).value, 2);
    assert_memory_equal(world->space.memory + 500, "fi", 2);
    assert_true(act_world_untouched(world, op.mem));
}

static void entries_are_portable(void **state)
{
    struct act_world *world = *state;
    struct op op = act_world_op(OP_READ_DIR, H_DIR);
    op.value = LIMIT_READDIR;
    int64_t bytes = act_world_act(world, &op).value;
    uint32_t seen = 0, links = 0;
    for (int64_t at = 0; at < bytes; seen++) {
        struct dirent_head head;
        memcpy(&head, world->space.staging + at, sizeof head);
        links += head.type == FILETYPE_SYMBOLIC_LINK;
        at += (int64_t)(sizeof head + head.name_length);
        assert_in_range(at, 0, bytes);
    }
    assert_int_equal(seen, 6); /* . .. file sub link out */
    assert_int_equal(links, 2);
    assert_int_equal(act_world_act(world, &op).value, 0);
    op.kind = OP_SEEK_DIR;
    assert_int_equal(act_world_act(world, &op).value, 0);
    op.kind = OP_READ_DIR;
    assert_int_equal(act_world_act(world, &op).value, bytes);
}

/* Directories full of the names that grow most on their way: all entries of one call fit the staging buffer. */
static void the_most_entries_fit_the_staging_buffer(void **state)
{
    struct act_world *world = *state;
    int dir = world->live->host_fd[H_DIR];
    for (int i = 0; i < 2500; i++) {
        char name[8] = { 'a', (char)('a' + i / 676 % 26), (char)('a' + i / 26 % 26), (char)('a' + i % 26) };
        close(openat(dir, name, O_CREAT | O_WRONLY | O_CLOEXEC, 0666));
    }
    struct op op = act_world_op(OP_READ_DIR, H_DIR);
    op.value = LIMIT_READDIR;
    assert_in_range(act_world_act(world, &op).value, LIMIT_READDIR, LIMIT_STAGING);
}

static void names_are_made_and_removed(void **state)
{
    struct act_world *world = *state;
    struct op op = act_world_op(OP_MAKE_DIR, H_DIR);
    op.path = act_world_path(world, "made", false);
    assert_int_equal(act_world_act(world, &op).value, 0);
    assert_int_equal(act_world_act(world, &op).value, -WASI_EXIST);
    op.kind = OP_UNLINK;
    assert_int_equal(act_world_act(world, &op).value, -WASI_ISDIR);
    op.kind = OP_REMOVE_DIR;
    assert_int_equal(act_world_act(world, &op).value, 0);
    op = act_world_op(OP_MAKE_LINK, H_DIR);
    op.path = act_world_path(world, "made", false);
    op.path2 = act_world_path(world, "sub/target", true);
    assert_int_equal(act_world_act(world, &op).value, 0);
    op.kind = OP_READ_LINK;
    op.mem = (struct region) { 0, 100 };
    assert_int_equal(act_world_act(world, &op).value, 10);
    assert_memory_equal(world->space.memory, "sub/target", 10);
    op.kind = OP_UNLINK;
    assert_int_equal(act_world_act(world, &op).value, 0);
}

/* What the core never asks for is refused before any system call. */
static void impossible_ops_are_refused(void **state)
{
    struct act_world *world = *state;
    struct wasi_backend backend = act_live_backend(world->live);
    struct op_result result;
    struct op ops[] = { act_world_op(OP_PWRITE, H_FREE),      act_world_op(OP_PREAD, HANDLE_NONE),
                        act_world_op(OP_PREADV, H_FILE),      act_world_op(OP_READ, H_ZERO),
                        act_world_op(OP_RANDOM, HANDLE_NONE), act_world_op(OP_OPEN, H_DIR),
                        act_world_op(OP_UNLINK, H_DIR),       act_world_op(OP_COUNT, H_FILE),
                        act_world_op(OP_STAT, HANDLES_TOTAL), act_world_op(OP_PREAD, H_FILE) };
    act_world_vector(world, &ops[2], 1, &(struct region) { WORLD_MEMORY - 4, 5 });
    ops[3].mem = ops[2].mem;
    ops[4].mem = (struct region) { UINT32_MAX, UINT32_MAX };
    ops[9].mem = (struct region) { WORLD_MEMORY - 4, 5 };
    ops[5].handle2 = H_FILE; /* in use */
    ops[5].path = act_world_path(world, "file", false);
    ops[6].path = (struct region) { REQUEST_BYTES - 1, 2 };
    for (size_t i = 0; i < sizeof ops / sizeof *ops; i++)
        assert_int_equal(backend.act(backend.self, &ops[i], world->request, &world->space, &result, NULL),
                         STATUS_INTERNAL);
    assert_true(act_world_untouched(world, (struct region) { 0, 0 }));
}

#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(every_errno_becomes_the_guests),
        cmocka_unit_test(times_are_clamped_not_wrapped),
        WORLD_TEST(a_failing_call_tells_its_own_errno),
        WORLD_TEST(files_are_read_into_their_regions_alone),
        WORLD_TEST(files_are_written_and_appended),
        WORLD_TEST(one_region_needs_no_vector),
        WORLD_TEST(streams_pass_through_the_host_buffer),
        WORLD_TEST(pipes_carry_what_the_regions_hold),
        WORLD_TEST(opening_stays_beneath_the_directory),
        WORLD_TEST(opening_is_tried_again_and_counted),
        WORLD_TEST(magic_links_are_not_followed),
        WORLD_TEST(status_is_the_objects),
        WORLD_TEST(times_are_set_on_names_and_on_descriptors),
        WORLD_TEST(a_links_text_is_cut_at_the_regions_end),
        WORLD_TEST(entries_are_portable),
        WORLD_TEST(the_most_entries_fit_the_staging_buffer),
        WORLD_TEST(names_are_made_and_removed),
        WORLD_TEST(impossible_ops_are_refused),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
