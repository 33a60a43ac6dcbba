/* Each way in which a system call can go beyond the policy, and what stays within it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "checker/judge/judge.h"
#include "wasi/abi/abi.h"
#include "wasi/abi/syscalls.h"

enum { READ_DIR = 13, WRITE_DIR = 14, OPENED = 20 }; /* host descriptors; stdio is 10, 11, 12 */
enum { RDWR = 02, CREAT = 0100, TRUNC = 01000, PATH_ONLY = 010000000, CONFINED = 0x0a };

static struct run_initial initial[] = { { .dev = 1, .ino = 10, .filetype = 2, .host_fd = 10 },
                                        { .dev = 1, .ino = 11, .filetype = 2, .host_fd = 11 },
                                        { .dev = 1, .ino = 12, .filetype = 2, .host_fd = 12 },
                                        { .dev = 1, .ino = 13, .filetype = 3, .host_fd = 13 },
                                        { .dev = 1, .ino = 14, .filetype = 3, .host_fd = 14 } };
static struct policy_file files[] = { { (char[]) { "r" }, (char[]) { "/r" }, false, NULL },
                                      { (char[]) { "w" }, (char[]) { "/w" }, true, NULL } };

static enum run_walker walker = RUN_WALKER_OPENAT2;

static struct judge *new_judge(void)
{
    struct run_spec spec = { .policy = { .file_count = 2, .files = files },
                             .initial_count = 5,
                             .initial = initial,
                             .facts = { .arch = (char[]) { "x86_64" } } };
    spec.facts.walker = walker;
    enum judge_grant grants[] = { JUDGE_GRANT_READ, JUDGE_GRANT_WRITE };
    struct judge *judge;
    assert_int_equal(judge_create(&spec, grants, &spec.policy, &judge, NULL), STATUS_OK);
    return judge;
}

static struct judge_fact fact(const char *name, int fd, const char *path, int64_t result)
{
    const struct syscall_row *row = syscall_find_name(name);
    assert_non_null(row);
    struct judge_fact f = { .number = syscall_row_number(row, SYSCALL_MACHINE_X86_64),
                            .returned = true,
                            .result = result,
                            .path = { path, NULL } };
    f.arg[0] = (uint64_t)fd;
    f.object = (struct judge_object) { 1, fd >= OPENED ? 500 + (uint64_t)fd : (uint64_t)fd, 0100600 };
    return f;
}

static struct judge_fact open_fact(int fd, const char *path, uint64_t flags, int64_t result)
{
    struct judge_fact f = fact("openat2", fd, path, result);
    f.how[0] = flags;
    f.how[2] = CONFINED;
    f.how_known = true;
    f.opened = (struct judge_object) { 1, 500 + (uint64_t)result, 0100600 };
    return f;
}

static void expect(struct judge *judge, const struct judge_fact *f, enum judge_rule rule)
{
    struct judge_ruling ruling;
    bool fine = judge_call(judge, f, &ruling);
    assert_string_equal(judge_rule_name(ruling.rule), judge_rule_name(rule));
    assert_int_equal(fine, rule == JUDGE_NONE);
}

#define EXPECT(rule, f)                                                                                                \
    do {                                                                                                               \
        struct judge_fact fact_ = f;                                                                                   \
        expect(judge, &fact_, JUDGE_##rule);                                                                           \
    } while (0)

static int setup(void **state)
{
    *state = new_judge();
    return 0;
}

static int teardown(void **state)
{
    judge_free(*state);
    return 0;
}

static struct judge_fact on(struct judge_fact f, uint64_t ino)
{
    f.object = (struct judge_object) { 1, ino, 0100600 };
    return f;
}

static void test_within(void **state)
{
    struct judge *judge = *state;
    EXPECT(NONE, open_fact(WRITE_DIR, "a/b", RDWR | CREAT, OPENED));
    EXPECT(NONE, on(fact("pwritev", OPENED, NULL, 5), 500 + OPENED));
    EXPECT(NONE, on(fact("ftruncate", OPENED, NULL, 0), 500 + OPENED));
    EXPECT(NONE, on(fact("close", OPENED, NULL, 0), 500 + OPENED));
    EXPECT(NONE, open_fact(READ_DIR, "x", 0, OPENED));
    EXPECT(NONE, on(fact("preadv", OPENED, NULL, 5), 500 + OPENED));
    EXPECT(NONE, fact("write", 11, NULL, 5));
    EXPECT(NONE, fact("unlinkat", WRITE_DIR, "name", 0));
    EXPECT(NONE, fact("newfstatat", READ_DIR, "name", 0));
    EXPECT(NONE, fact("futex", 0, NULL, 0));
    EXPECT(NONE, fact("exit_group", 0, NULL, 0));
    EXPECT(NONE, fact("clock_nanosleep", 1, NULL, 0));
    EXPECT(NONE, fact("getrandom", 0, NULL, 8));
}

static void test_unconfined(void **state)
{
    struct judge *judge = *state;
    struct judge_fact f = open_fact(WRITE_DIR, "a", 0, OPENED);
    f.how[2] = 0x08;
    EXPECT(UNCONFINED, f);
    f.how[2] = 0;
    EXPECT(UNCONFINED, f);
    EXPECT(UNCONFINED, fact("openat", WRITE_DIR, "a", OPENED));
    EXPECT(UNCONFINED, fact("open", 0, "/etc/passwd", OPENED));
    EXPECT(NEVER, fact("open_by_handle_at", WRITE_DIR, NULL, OPENED));
    EXPECT(FOREIGN_DESCRIPTOR, fact("read", OPENED, NULL, 1)); /* what came of it is not known */
}

static void test_foreign_directory(void **state)
{
    struct judge *judge = *state;
    EXPECT(FOREIGN_DIRECTORY, open_fact(-100, "a", 0, OPENED));
    EXPECT(FOREIGN_DIRECTORY, open_fact(99, "a", 0, OPENED));
    EXPECT(FOREIGN_DIRECTORY, open_fact(11, "a", 0, OPENED)); /* a stream is no grant */
    EXPECT(FOREIGN_DIRECTORY, fact("mkdirat", -100, "a", 0));
}

static void test_foreign_descriptor(void **state)
{
    struct judge *judge = *state;
    EXPECT(FOREIGN_DESCRIPTOR, fact("read", 5, NULL, 1));
    EXPECT(FOREIGN_DESCRIPTOR, fact("pwritev", 5, NULL, 1));
    EXPECT(FOREIGN_DESCRIPTOR, fact("write", 1, NULL, 1)); /* the host's number 1 is not the guest's */
    EXPECT(NONE, open_fact(READ_DIR, "x", 0, OPENED));
    EXPECT(NONE, fact("close", OPENED, NULL, 0));
    EXPECT(FOREIGN_DESCRIPTOR, fact("read", OPENED, NULL, 1));
}

static void test_other_object(void **state)
{
    struct judge *judge = *state;
    EXPECT(NONE, fact("fstat", READ_DIR, NULL, 0));
    EXPECT(OTHER_OBJECT, on(fact("fstat", WRITE_DIR, NULL, 0), 77));
    EXPECT(NONE, open_fact(WRITE_DIR, "x", RDWR, OPENED));
    EXPECT(OTHER_OBJECT, on(fact("pwritev", OPENED, NULL, 1), 78));
    EXPECT(OTHER_OBJECT, on(open_fact(READ_DIR, "x", 0, -2), 79));
}

/* On some file systems stat(2) tells other numbers than the kernel's objects have: then the first use settles them. */
static void test_overlay_numbers(void **state)
{
    struct judge *judge = *state;
    EXPECT(NONE, on(fact("fstat", READ_DIR, NULL, 0), 7001));
    EXPECT(NONE, on(fact("fstat", READ_DIR, NULL, 0), 7001));
    EXPECT(OTHER_OBJECT, on(fact("fstat", READ_DIR, NULL, 0), 7002));
}

/* One that says so is settled by its first use, also where others have agreed. */
static void test_other_numbers(void **state)
{
    struct judge *judge = *state;
    EXPECT(NONE, fact("fstat", WRITE_DIR, NULL, 0));
    struct judge_fact f = on(fact("fstat", READ_DIR, NULL, 0), 7001);
    f.object.mode |= JUDGE_MODE_OTHER_NUMBERS;
    EXPECT(NONE, f);
    f.object.ino = 7002;
    EXPECT(OTHER_OBJECT, f);
}

/* What holds no data may be opened, asked about and closed; a stream may be any object. */
static void test_no_data(void **state)
{
    struct judge *judge = *state;
    static const char *const asks[] = { "fstat", "fstatfs" }, *const uses[] = { "read", "pwritev", "getdents64",
                                                                                "fcntl" };
    EXPECT(NONE, open_fact(WRITE_DIR, "x", PATH_ONLY, OPENED));
    for (size_t i = 0; i < sizeof asks / sizeof *asks; i++) {
        struct judge_fact f = on(fact(asks[i], OPENED, NULL, 0), 500 + OPENED);
        f.object.mode |= JUDGE_MODE_NO_DATA;
        EXPECT(NONE, f);
    }
    for (size_t i = 0; i < sizeof uses / sizeof *uses; i++) {
        struct judge_fact f = on(fact(uses[i], OPENED, NULL, 0), 500 + OPENED);
        f.object.mode |= JUDGE_MODE_NO_DATA;
        f.arg[1] = strcmp(uses[i], "fcntl") == 0 ? 4 : f.arg[1];
        EXPECT(NO_DATA, f);
    }
    struct judge_fact name = fact("mkdirat", WRITE_DIR, "x", 0);
    name.object.mode |= JUDGE_MODE_NO_DATA;
    EXPECT(NO_DATA, name);
    struct judge_fact stream = fact("write", 11, NULL, 1);
    stream.object.mode |= JUDGE_MODE_NO_DATA;
    EXPECT(NONE, stream);
    struct judge_fact end = on(fact("close", OPENED, NULL, 0), 500 + OPENED);
    end.object.mode |= JUDGE_MODE_NO_DATA;
    EXPECT(NONE, end);
}

static void test_read_only(void **state)
{
    struct judge *judge = *state;
    EXPECT(READ_ONLY, open_fact(READ_DIR, "x", RDWR, -13));
    EXPECT(READ_ONLY, open_fact(READ_DIR, "x", CREAT, -13));
    EXPECT(READ_ONLY, open_fact(READ_DIR, "x", TRUNC, -13));
    EXPECT(READ_ONLY, open_fact(READ_DIR, "x", 01, -13));
    EXPECT(NONE, open_fact(READ_DIR, "x", PATH_ONLY, OPENED));
    EXPECT(READ_ONLY, on(fact("ftruncate", OPENED, NULL, -9), 500 + OPENED));
    EXPECT(READ_ONLY, on(fact("utimensat", OPENED, NULL, 0), 500 + OPENED));
    EXPECT(READ_ONLY, fact("unlinkat", READ_DIR, "x", 0));
    EXPECT(READ_ONLY, fact("mkdirat", READ_DIR, "x", 0));
}

static void test_names(void **state)
{
    struct judge *judge = *state;
    EXPECT(NAME, fact("unlinkat", WRITE_DIR, "a/b", 0));
    EXPECT(NAME, fact("unlinkat", WRITE_DIR, "..", 0));
    EXPECT(NAME, fact("mkdirat", WRITE_DIR, "/a", 0));
    EXPECT(NAME, fact("newfstatat", READ_DIR, "../x", 0));
    EXPECT(NAME, fact("readlinkat", READ_DIR, "a/", 0));
}

static void test_links(void **state)
{
    struct judge *judge = *state;
    struct judge_fact f = fact("symlinkat", 0, "target", 0);
    f.arg[1] = WRITE_DIR;
    f.path[1] = "name";
    f.object = (struct judge_object) { 1, WRITE_DIR, 040700 };
    EXPECT(NONE, f);
    f.path[0] = "/etc";
    EXPECT(LINK_TARGET, f);
    f.path[0] = "target";
    f.path[1] = "a/name";
    EXPECT(NAME, f);
    f.path[1] = "name";
    f.arg[1] = READ_DIR;
    f.object.ino = READ_DIR;
    EXPECT(READ_ONLY, f);
}

static void test_two_names(void **state)
{
    struct judge *judge = *state;
    struct judge_fact f = fact("renameat2", WRITE_DIR, "a", 0);
    f.arg[2] = WRITE_DIR;
    f.path[1] = "b";
    f.object2 = f.object;
    EXPECT(NONE, f);
    f.object2.ino = 77; /* the second directory is looked at too */
    EXPECT(OTHER_OBJECT, f);
    f.arg[2] = READ_DIR;
    f.object2.ino = READ_DIR;
    EXPECT(READ_ONLY, f);
    f.arg[2] = 99;
    EXPECT(FOREIGN_DIRECTORY, f);
    f.arg[0] = READ_DIR;
    f.object.ino = READ_DIR;
    EXPECT(READ_ONLY, f);
}

/* What the witness could not read is no name, and not the descriptor itself. */
static void test_unread(void **state)
{
    struct judge *judge = *state;
    static const char *const calls[] = { "newfstatat", "readlinkat", "utimensat", "mkdirat", "unlinkat" };
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++) {
        struct judge_fact f = fact(calls[i], WRITE_DIR, NULL, 0);
        f.arg[1] = 0x7000; /* a pointer to something */
        EXPECT(UNREAD, f);
    }
    struct judge_fact f = fact("newfstatat", READ_DIR, "name", 0);
    f.late = true; /* the answer may lie over the name */
    EXPECT(UNREAD, f);
    f = fact("mkdirat", WRITE_DIR, "name", 0);
    f.late = true; /* writes no answer */
    EXPECT(NONE, f);
    f = open_fact(WRITE_DIR, NULL, RDWR, OPENED); /* the kernel confines every name */
    EXPECT(NONE, f);
    f.how_known = false;
    EXPECT(UNREAD, f);
    f = fact("pwritev", WRITE_DIR, NULL, 1);
    f.object.mode = 0; /* a call that succeeded has an object */
    EXPECT(UNREAD, f);
    f.result = -9;
    EXPECT(NONE, f);
    f = fact("symlinkat", 0, NULL, 0);
    f.arg[0] = 0x7000;
    f.arg[1] = WRITE_DIR;
    f.path[1] = "name";
    f.object = (struct judge_object) { 1, WRITE_DIR, 040700 };
    EXPECT(UNREAD, f);
}

static void test_never(void **state)
{
    struct judge *judge = *state;
    static const char *const names[] = {
        "execve",  "ptrace", "io_uring_setup", "socket",   "connect", "process_vm_writev",
        "bpf",     "mount",  "setuid",         "kill",     "clone",   "init_module",
        "rename",  "chmod",  "unlink",         "truncate", "keyctl",  "userfaultfd",
        "seccomp", "prctl",  "chdir"
    };
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        struct judge_ruling ruling;
        struct judge_fact f = fact(names[i], 3, "x", -1);
        if (judge_call(judge, &f, &ruling))
            fail_msg("%s was let pass", names[i]);
    }
    struct judge_fact f = fact("fcntl", WRITE_DIR, NULL, 0);
    f.arg[1] = 8; /* F_SETOWN */
    EXPECT(NEVER, f);
}

static void test_other_tables(void **state)
{
    struct judge *judge = *state;
    struct judge_fact f = fact("futex", 0, NULL, 0);
    f.compat = true;
    EXPECT(NEVER, f);
    f.compat = false;
    f.number = 700;
    EXPECT(UNKNOWN, f);
    f.result = -38;
    EXPECT(NONE, f);
    f.number = -1;
    EXPECT(NONE, f);
}

static void test_code(void **state)
{
    struct judge *judge = *state;
    struct judge_fact f = fact("mmap", 0, NULL, 4096);
    f.arg[2] = 3;
    EXPECT(NONE, f);
    f.arg[2] = 5;
    EXPECT(CODE, f);
    f = fact("mprotect", 0, NULL, 0);
    f.arg[2] = 4;
    EXPECT(CODE, f);
}

static void test_duplicates(void **state)
{
    struct judge *judge = *state;
    struct judge_fact f = fact("fcntl", READ_DIR, NULL, 30);
    EXPECT(NONE, f); /* F_DUPFD */
    EXPECT(READ_ONLY, on(open_fact(30, "x", RDWR, -13), READ_DIR));
}

/* Another policy is asked, which grants only one of the run's directories. */
static void test_other_policy(void **state)
{
    (void)state;
    struct run_spec spec = { .policy = { .file_count = 2, .files = files },
                             .initial_count = 5,
                             .initial = initial,
                             .facts = { .arch = (char[]) { "x86_64" } } };
    enum judge_grant grants[] = { JUDGE_GRANT_READ, JUDGE_GRANT_NONE };
    struct judge *judge;
    assert_int_equal(judge_create(&spec, grants, &spec.policy, &judge, NULL), STATUS_OK);
    EXPECT(FOREIGN_DIRECTORY, open_fact(WRITE_DIR, "x", 0, OPENED));
    EXPECT(NONE, open_fact(READ_DIR, "x", 0, OPENED));
    judge_free(judge);
}

static void test_gap(void **state)
{
    struct judge *judge = *state;
    judge_gap(judge);
    EXPECT(NONE, fact("read", 40, NULL, 1));
    EXPECT(NONE, open_fact(40, "x", RDWR, 41));
    EXPECT(NEVER, fact("execve", 0, "x", 0));
    EXPECT(UNCONFINED, fact("openat", 40, "x", 3));
}

/* Numbers as a hostile witness file might have them. */
static void test_hostile(void **state)
{
    struct judge *judge = *state;
    EXPECT(NONE, open_fact(WRITE_DIR, "x", 0, INT64_MAX));
    EXPECT(NONE, open_fact(WRITE_DIR, "x", 0, 65535));
    EXPECT(FOREIGN_DESCRIPTOR, fact("read", INT32_MAX, NULL, 1));
    struct judge_fact f = fact("fcntl", WRITE_DIR, NULL, INT64_MAX);
    EXPECT(NONE, f);
    f = fact("symlinkat", 0, NULL, 0);
    EXPECT(LINK_TARGET, f);
}

/* What an op does to a descriptor, the judge judges by the descriptor: on one that comes from nowhere each is an
 * escape, and a descriptor that is granted for reading only bears no op that changes files. */
static void test_every_op(void **state)
{
    struct judge *judge = *state;
    for (size_t op = 0; op < OP_COUNT; op++) {
        const struct op_row *row = &abi_ops[op];
        if (!abi_op_has(row, OPERAND_FD) || row->table == OP_TABLE_CLOSES || row->table == OP_TABLE_MOVES)
            continue;
        struct judge_fact f = fact(row->syscall, 99, "name", -1);
        unsigned slot = 0;
        while (row->operand[slot] != OPERAND_FD)
            slot++;
        f.arg[slot] = 99;
        f.path[slot] = "name"; /* of symlinkat, whose content comes first */
        struct judge_ruling ruling;
        if (judge_call(judge, &f, &ruling))
            fail_msg("op %s: %s on a foreign descriptor is let through", row->text, row->syscall);
        f.arg[slot] = READ_DIR;
        f.object = (struct judge_object) { 1, READ_DIR, 0100600 };
        if (row->changes == OP_CHANGES_WORLD && judge_call(judge, &f, &ruling))
            fail_msg("op %s: %s beneath a directory for reading is let through", row->text, row->syscall);
    }
}

static struct judge_fact component(int fd, const char *name, uint64_t flags, int64_t result)
{
    struct judge_fact f = fact("openat", fd, name, result);
    f.arg[1] = 1;
    f.arg[2] = flags;
    if (result >= 0)
        f.opened = (struct judge_object) { 1, 500 + (uint64_t)result, 0100600 };
    return f;
}

/* One component at a time, where the run is said to resolve paths so, and never otherwise. */
static void test_components(void **state)
{
    (void)state;
    enum { HELD = 0400000 | 02000000, DATA_NOT = 0x20000 };
    walker = RUN_WALKER_OPENAT2;
    struct judge *judge = new_judge();
    EXPECT(UNCONFINED, component(WRITE_DIR, "a", HELD | PATH_ONLY, 20));
    judge_free(judge);
    walker = RUN_WALKER_COMPONENTS;
    judge = new_judge();
    EXPECT(NONE, component(READ_DIR, "a", HELD | PATH_ONLY, 20));
    EXPECT(NONE, component(20, "b", HELD, 21));
    EXPECT(NONE, fact("fstat", 21, NULL, 0));
    EXPECT(NONE, component(20, ".", HELD, 22));
    EXPECT(READ_ONLY, component(20, "c", HELD | RDWR, 23));
    EXPECT(READ_ONLY, component(20, "c", HELD | CREAT, 23));
    EXPECT(NONE, component(WRITE_DIR, "c", HELD | RDWR | CREAT, 24));
    EXPECT(NAME, component(WRITE_DIR, "..", HELD | PATH_ONLY, 25));
    EXPECT(NAME, component(WRITE_DIR, "a/b", HELD | PATH_ONLY, 25));
    EXPECT(NAME, component(WRITE_DIR, "", HELD | PATH_ONLY, 25));
    EXPECT(UNCONFINED, component(WRITE_DIR, "a", PATH_ONLY | 02000000, 25));
    EXPECT(UNCONFINED, component(WRITE_DIR, "a", HELD & ~02000000, 25));
    EXPECT(FOREIGN_DIRECTORY, component(-100, "a", HELD | PATH_ONLY, 25));
    EXPECT(FOREIGN_DIRECTORY, component(99, "a", HELD | PATH_ONLY, 25));
    struct judge_fact unread = component(WRITE_DIR, NULL, HELD | PATH_ONLY, 25);
    EXPECT(UNREAD, unread);
    /* Through what holds no data a walk may pass: links are read there only behind the kernel's refusal to open them.
     */
    struct judge_fact proc = component(WRITE_DIR, "proc", HELD | PATH_ONLY, 26);
    proc.opened.mode |= DATA_NOT;
    EXPECT(NONE, proc);
    struct judge_fact self = component(26, "self", HELD | PATH_ONLY, -20), read = fact("readlinkat", 26, "self", 4);
    self.object.mode |= DATA_NOT;
    read.object.mode |= DATA_NOT;
    read.arg[1] = 1;
    EXPECT(NO_DATA, read);
    EXPECT(NONE, self);
    EXPECT(NONE, read);
    EXPECT(NO_DATA, read);
    EXPECT(NONE, self);
    read.path[0] = "exe";
    EXPECT(NO_DATA, read);
    judge_free(judge);
    walker = RUN_WALKER_OPENAT2;
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_within),
        T(test_unconfined),
        T(test_foreign_directory),
        T(test_foreign_descriptor),
        T(test_other_object),
        T(test_overlay_numbers),
        T(test_other_numbers),
        T(test_no_data),
        T(test_read_only),
        T(test_names),
        T(test_links),
        T(test_two_names),
        T(test_unread),
        T(test_never),
        T(test_other_tables),
        T(test_code),
        T(test_components),
        T(test_duplicates),
        T(test_other_policy),
        T(test_gap),
        T(test_hostile),
        T(test_every_op),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
