/* White-box test: a path resolved component by component names what openat2 names, or is refused for the same reason;
 * leaves no descriptor behind; and stays beneath its directory whatever others rename meanwhile. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "act_world.h"

enum { PATHS = 60000, FLAGS = 9, EAGAIN_TRIES = 64 };
enum { DIRECTORIES = 6, RACES = 30000 };

static uint64_t seed = 88172645463325252u;
static uint32_t any(uint32_t below)
{
    seed ^= seed << 13;
    seed ^= seed >> 7;
    seed ^= seed << 17;
    return (uint32_t)(seed % below);
}

static void make_link(const struct act_world *world, const char *name, const char *content)
{
    char path[256];
    snprintf(path, sizeof path, "%s/%s", world->path, name);
    assert_int_equal(symlink(content, path), 0);
}

/* Directories, files, and links of every kind: to each, to nothing, to each other, out, absolute, empty-ended. */
static void grow(struct act_world *world)
{
    static const char *const folders[] = { "sub/a", "sub/a/b", "sub/a/b/c", "sub/closed", "d" };
    static const char *const links[][2] = { { "to_dir", "sub/a" },
                                            { "sub/up", ".." },
                                            { "sub/a/far", "../../d" },
                                            { "loop", "loop" },
                                            { "ping", "pong" },
                                            { "pong", "ping" },
                                            { "sub/out", "../../.." },
                                            { "sub/abs", "/etc" },
                                            { "dangling", "sub/missing" },
                                            { "sub/a/slash", "../a/b/" },
                                            { "dot", "." },
                                            { "sub/file", "../file" },
                                            { "chain", "sub/up/to_dir" },
                                            { "into", "to_dir/b/c" },
                                            { "d/self", "../d/." },
                                            { "file_slash", "file/" },
                                            { "missing_slash", "none/" } };
    char path[256];
    for (size_t i = 0; i < sizeof folders / sizeof *folders; i++) {
        snprintf(path, sizeof path, "%s/%s", world->path, folders[i]);
        assert_int_equal(mkdir(path, 0755), 0);
    }
    for (size_t i = 0; i < sizeof links / sizeof *links; i++)
        make_link(world, links[i][0], links[i][1]);
    snprintf(path, sizeof path, "%s/sub/a/b/leaf", world->path);
    int leaf = open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600);
    assert_int_equal(write(leaf, "leaf", 4), 4); /* what is empty was made by an opening */
    close(leaf);
}

static void random_path(char *ret)
{
    static const char *const names[] = {
        "sub",    "a",    "b",      "c",    "d",    "file", "link", "out",        "..",           ".",     "..",
        "to_dir", "up",   "far",    "loop", "ping", "abs",  "leaf", "none",       "dangling",     "slash", "dot",
        "chain",  "into", "closed", "self", "a",    "b",    "sub",  "file_slash", "missing_slash"
    };
    ret[0] = 0;
    for (uint32_t left = 1 + any(6); left > 0; left--) {
        strcat(ret, names[any(sizeof names / sizeof *names)]);
        if (left > 1 || any(5) == 0)
            strcat(ret, any(7) ? "/" : "//");
    }
}

static const uint32_t flags[FLAGS] = {
    OPEN_READ | OPEN_NONBLOCK,
    OPEN_READ | OPEN_NOFOLLOW | OPEN_NONBLOCK,
    OPEN_READ | OPEN_DIRECTORY,
    OPEN_READ | OPEN_DIRECTORY | OPEN_NOFOLLOW,
    OPEN_PATH_ONLY,
    OPEN_PATH_ONLY | OPEN_NOFOLLOW,
    OPEN_PATH_ONLY | OPEN_DIRECTORY,
    OPEN_READ | OPEN_WRITE | OPEN_CREATE | OPEN_NONBLOCK,
    OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE,
};

static uint32_t open_descriptors(void)
{
    uint32_t count = 0;
    for (int fd = 0; fd < 1024; fd++)
        count += fcntl(fd, F_GETFD) >= 0;
    return count;
}

/* What one walker makes of the path. */
struct found {
    int64_t value;
    uint32_t calls;
    struct stat stat;
    int flags;
};

static void unlink_opened(int fd)
{
    char link[64], path[512];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t length = readlink(link, path, sizeof path - 1);
    assert_true(length > 0);
    path[length] = 0;
    unlink(path);
}

static struct found find(struct act_world *world, bool walks, const char *text, uint32_t open)
{
    struct op op = act_world_op(OP_OPEN, H_DIR);
    op.path = act_world_path(world, text, false);
    op.handle2 = H_FREE;
    op.flags = open;
    act_live_walk(world->live, walks);
    struct op_result result = act_world_act(world, &op);
    struct found found = { .value = result.value, .calls = result.calls };
    int fd = world->live->host_fd[H_FREE];
    if (result.value == 0) {
        assert_int_equal(fstat(fd, &found.stat), 0);
        found.flags = fcntl(fd, F_GETFL) & ~(O_NOFOLLOW | O_DIRECTORY);
        assert_true(fcntl(fd, F_GETFD) & FD_CLOEXEC);
        if (found.stat.st_size == 0 && (walks || open & OPEN_EXCLUSIVE))
            unlink_opened(fd);
        close(fd);
        world->live->host_fd[H_FREE] = -1;
    }
    assert_int_equal(world->live->host_fd[H_FREE], -1);
    return found;
}

static void names_what_openat2_names(void **state)
{
    struct act_world *world = *state;
    char text[256];
    uint32_t opened = 0, many = 0;
    grow(world);
    uint32_t before = open_descriptors();
    for (uint32_t i = 0; i < PATHS; i++) {
        uint32_t how = flags[any(FLAGS)];
        random_path(text);
        struct found whole = find(world, false, text, how);
        struct found parts = find(world, true, text, how);
        if (whole.value != parts.value)
            fail_msg("%s with 0x%x: openat2 %lld, component by component %lld", text, how, (long long)whole.value,
                     (long long)parts.value);
        opened += whole.value == 0;
        many += parts.calls > 5;
        assert_in_range(whole.calls, 1, LIMIT_OPEN_TRIES); /* EAGAIN, where anybody on the machine renames meanwhile */
        if (whole.value == 0) {
            if (!(how & OPEN_EXCLUSIVE))
                assert_int_equal(whole.stat.st_ino, parts.stat.st_ino);
            assert_int_equal(whole.stat.st_mode, parts.stat.st_mode);
            assert_int_equal(whole.flags, parts.flags);
        }
    }
    assert_int_equal(open_descriptors(), before);
    assert_true(opened > PATHS / 20 && many > PATHS / 20);
}

/* Each is refused, with nothing left open; the first before any system call. */
static void limits_are_kept(void **state)
{
    struct act_world *world = *state;
    char deep[2 * LIMIT_WALK_DEPTH + 8], path[128];
    uint32_t before = open_descriptors();
    struct found found = find(world, true, "../etc/passwd", OPEN_READ);
    assert_int_equal(found.value, -WASI_XDEV);
    assert_int_equal(found.calls, 0);
    assert_int_equal(find(world, true, "sub/../../x", OPEN_READ).value, -WASI_XDEV);
    int at = open(world->path, O_PATH | O_DIRECTORY | O_CLOEXEC);
    deep[0] = 0;
    for (int i = 0; i < LIMIT_WALK_DEPTH + 1; i++) {
        assert_int_equal(mkdirat(at, "n", 0755), 0);
        int next = openat(at, "n", O_PATH | O_DIRECTORY | O_CLOEXEC);
        close(at);
        at = next;
        strcat(deep, "n/");
    }
    close(at);
    deep[2 * (LIMIT_WALK_DEPTH + 1) - 1] = 0;
    assert_int_equal(find(world, true, deep, OPEN_PATH_ONLY).value, 0);
    strcat(deep, "/.");
    assert_int_equal(find(world, true, deep, OPEN_PATH_ONLY).value, -WASI_NAMETOOLONG);
    for (int i = 0; i < LIMIT_WALK_LINKS + 2; i++) {
        char to[32], name[32];
        snprintf(name, sizeof name, "hop%d", i);
        snprintf(to, sizeof to, "hop%d", i + 1);
        make_link(world, name, i == LIMIT_WALK_LINKS + 1 ? "file" : to);
    }
    assert_int_equal(find(world, false, "hop2", OPEN_READ).value, 0);
    assert_int_equal(find(world, true, "hop2", OPEN_READ).value, 0);
    assert_int_equal(find(world, false, "hop1", OPEN_READ).value, -WASI_LOOP);
    assert_int_equal(find(world, true, "hop1", OPEN_READ).value, -WASI_LOOP);
    static char around[4096];
    memset(around, 0, sizeof around);
    for (int i = 0; i < 1000; i++)
        strcat(around, "./.");
    around[0] = 'n';
    make_link(world, "long", "n/././././././.");
    assert_int_equal(find(world, true, "long", OPEN_PATH_ONLY).value, 0);
    snprintf(path, sizeof path, "%s/x", world->path);
    assert_int_equal(open_descriptors(), before);
}

/* Somebody swaps directories, links and files as fast as he can. */
static void swap_for_ever(const struct act_world *world)
{
    char a[128], b[128], c[128], outside[128];
    snprintf(a, sizeof a, "%s/sub/a", world->path);
    snprintf(b, sizeof b, "%s/d/a", world->path);
    snprintf(c, sizeof c, "%s/sub/swap", world->path);
    snprintf(outside, sizeof outside, "%s.out/a", world->path);
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    for (;;) {
        rename(a, b);
        rename(b, a);
        syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, c, 2 /* RENAME_EXCHANGE */);
        rename(a, outside); /* out of the grant, and back */
        rename(outside, a);
        syscall(SYS_renameat2, AT_FDCWD, a, AT_FDCWD, c, 2);
    }
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void)stat;
    (void)kind;
    (void)walk;
    return remove(path);
}

/* PATH-12, UVWASI-README: `secret` lies outside, beside the place that the directory is moved to. No path may ever name
 * it. */
static void renames_lead_nowhere(void **state)
{
    struct act_world *world = *state;
    char path[160], outside[128];
    static const char *const paths[] = { "sub/a/../secret",    "sub/a/b/../../secret", "sub/a/b/../../../secret",
                                         "sub/swap/../secret", "sub/swap/secret",      "sub/a/b/../../../x.out/secret",
                                         "to_dir/../secret",   "sub/a/b/../.." };
    grow(world);
    snprintf(outside, sizeof outside, "%s.out", world->path);
    assert_int_equal(mkdir(outside, 0755), 0);
    snprintf(path, sizeof path, "%s/secret", outside);
    close(open(path, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
    struct stat secret, above;
    assert_int_equal(stat(path, &secret), 0);
    assert_int_equal(stat(outside, &above), 0);
    make_link(world, "sub/swap", outside);
    uint32_t before = open_descriptors(), reached[2] = { 0, 0 };
    pid_t child = fork();
    if (child == 0)
        swap_for_ever(world);
    for (uint32_t i = 0; i < RACES; i++)
        for (int walks = 0; walks < 2; walks++) {
            struct found found = find(world, walks, paths[i % (sizeof paths / sizeof *paths)], OPEN_PATH_ONLY);
            if (found.value != 0)
                continue;
            reached[walks]++;
            if (found.stat.st_ino == secret.st_ino || found.stat.st_ino == above.st_ino)
                fail_msg("walker %d came to what lies outside by %s", walks, paths[i % (sizeof paths / sizeof *paths)]);
        }
    kill(child, SIGKILL);
    waitpid(child, NULL, 0);
    nftw(outside, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    assert_true(reached[0] > 0 && reached[1] > 0);
    assert_int_equal(open_descriptors(), before);
}

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

int main(void)
{
#define WORLD_TEST(name) cmocka_unit_test_setup_teardown(name, world_setup, world_teardown)
    const struct CMUnitTest tests[] = { WORLD_TEST(names_what_openat2_names), WORLD_TEST(limits_are_kept),
                                        WORLD_TEST(renames_lead_nowhere) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
