/* What the probe sees of calls that are known: numbers, operands, copied memory, identities as stat(2) has them,
 * refusals, children, deaths. Needs root and BPF; else the program is skipped and says why. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <fcntl.h>
#include <linux/filter.h>
#include <linux/openat2.h>
#include <linux/seccomp.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>
#include "tests/unit/confine_entry.h"
#include "tests/unit/skip_case.h"
#include "tests/unit/witness_live.h"

static const struct live_options plain = { .ring_bytes = 1 << 20 };

static const struct witness_record *record_find(const struct live_run *run, long number, unsigned nth)
{
    for (size_t i = 0; i < run->count; i++) {
        const struct witness_record *r = &run->records[i];
        if (r->kind <= WITNESS_EXIT_ONLY && r->syscall == number && !(r->flags & WITNESS_FLAG_COMPAT) && nth-- == 0)
            return r;
    }
    fail_msg("call %ld was not recorded", number);
    return NULL;
}

static void check_object(const struct witness_object *object, const struct stat *st)
{
    if (!(object->mode & WITNESS_MODE_OTHER_NUMBERS)) {
        assert_int_equal(object->dev, st->st_dev);
        assert_int_equal(object->ino, st->st_ino);
    }
    assert_int_equal(object->rdev, st->st_rdev);
    assert_int_equal(object->mode & ~(uint32_t)(WITNESS_MODE_OTHER_NUMBERS | WITNESS_MODE_NO_DATA), st->st_mode);
}

/* ---- files ---- */

static char long_path[300], longest_path[4096], too_long_path[4200];

static int code_files(void *self, int ready)
{
    (void)ready;
    char bytes[8] = "abcdefg";
    static struct iovec iov[1025];
    for (unsigned i = 0; i < 1025; i++)
        iov[i] = (struct iovec) { bytes, i % 3 };
    int dir = (int)syscall(SYS_openat, AT_FDCWD, self, O_RDONLY | O_DIRECTORY, 0);
    struct open_how how = { .flags = O_RDWR | O_CREAT, .mode = 0600, .resolve = RESOLVE_BENEATH };
    int file = (int)syscall(SYS_openat2, dir, "data", &how, sizeof(how));
    if (syscall(SYS_writev, file, iov, 3) != 3 || syscall(SYS_writev, file, iov, 10) != 9)
        return 1;
    if (syscall(SYS_pwritev, 1, iov, 1, 0, 0) == 1000) /* fails or not: only what was seen counts */
        return 1;
    if (syscall(SYS_pread64, file, bytes, 4, 2) != 4)
        return 1;
    struct timespec times[2] = { { 1111, 22 }, { 3333, 44 } };
    if (syscall(SYS_symlinkat, "goal", dir, "link") != 0 || syscall(SYS_utimensat, dir, "data", times, 0) != 0)
        return 1;
    int parent = (int)syscall(SYS_openat, dir, "..", O_RDONLY | O_DIRECTORY, 0);
    if (syscall(SYS_renameat2, dir, "data", dir, "other", 0) != 0 ||
        syscall(SYS_openat, dir, long_path, O_RDONLY, 0) >= 0)
        return 1;
    if (syscall(SYS_symlinkat, longest_path, dir, long_path) == 0 || syscall(SYS_mkdirat, dir, too_long_path, 0) == 0 ||
        syscall(SYS_linkat, dir, "no-such-file", parent, "x", 0) == 0)
        return 1;
    if (syscall(SYS_writev, file, iov, 1024) != 1023 || syscall(SYS_writev, file, iov, 1025) >= 0)
        return 1;
    if (syscall(SYS_openat, AT_FDCWD, (void *)8, O_RDONLY, 0) >= 0 || syscall(100000, 1, 2, 3, 4, 5, 6L) >= 0)
        return 1;
    return 5;
}

static void check_iovecs(const struct live_run *run)
{
    const struct witness_record *r = record_find(run, SYS_writev, 0);
    assert_int_equal(r->iov_count, 3);
    assert_int_equal(r->result, 3);
    assert_int_equal(r->flags, 0);
    for (unsigned nth = 1; nth < 3; nth++) { /* of 10 elements, of 1024 */
        r = record_find(run, SYS_writev, nth);
        assert_int_equal(r->iov_count, r->arg[2]);
        assert_int_equal(r->flags, 0);
        for (unsigned i = 0; i < r->iov_count; i++) {
            assert_int_equal(r->iov[i].length, i % 3);
            assert_int_equal(r->iov[i].base, r->iov[0].base);
        }
    }
    r = record_find(run, SYS_writev, 3); /* more than the kernel takes */
    assert_int_equal(r->result, -EINVAL);
    assert_true(r->flags & WITNESS_FLAG_CUT);
    assert_false(r->parts & WITNESS_PART_IOV);
}

static void check_names(const struct live_run *run)
{
    const struct witness_record *r = record_find(run, SYS_symlinkat, 0);
    assert_string_equal(r->path[0], "goal");
    assert_string_equal(r->path[1], "link");
    r = record_find(run, SYS_renameat2, 0);
    assert_string_equal(r->path[0], "data");
    assert_string_equal(r->path[1], "other");
    assert_int_equal(r->object2.ino, r->object.ino);
    r = record_find(run, SYS_linkat, 0);
    assert_true(r->parts & WITNESS_PART_OBJECT2);
    assert_int_not_equal(r->object2.ino, r->object.ino);
    r = record_find(run, SYS_utimensat, 0);
    const uint64_t times[4] = { 1111, 22, 3333, 44 };
    assert_memory_equal(r->times, times, sizeof(times));
    r = record_find(run, SYS_openat, 2);
    assert_int_equal(r->flags, 0);
    assert_string_equal(r->path[0], long_path);
    r = record_find(run, SYS_symlinkat, 1); /* two that go ahead */
    assert_int_equal(r->flags, 0);
    assert_string_equal(r->path[0], longest_path);
    assert_string_equal(r->path[1], long_path);
    r = record_find(run, SYS_mkdirat, 0);
    assert_int_equal(r->result, -ENAMETOOLONG);
    assert_true(r->flags & WITNESS_FLAG_CUT);
    assert_null(r->path[0]);
    r = record_find(run, SYS_openat, 3);
    assert_int_equal(r->result, -EFAULT);
    assert_true(r->flags & WITNESS_FLAG_UNREAD);
    assert_null(r->path[0]);
}

static void test_files(void **state)
{
    (void)state;
    char dir[] = "/tmp/warrant-seen-XXXXXX", path[64];
    assert_non_null(mkdtemp(dir));
    memset(long_path, 'x', sizeof(long_path) - 1);
    memset(longest_path, 'y', sizeof(longest_path) - 1);
    memset(too_long_path, 'z', sizeof(too_long_path) - 1);
    struct live_run run;
    live_run(&run, &plain, code_files, dir);
    assert_int_equal(WEXITSTATUS(run.wait_status), 5);
    assert_int_equal(live_check_sequences(&run), 0);

    struct stat dir_st, file_st, cwd_st;
    snprintf(path, sizeof(path), "%s/other", dir);
    assert_int_equal(stat(dir, &dir_st) | stat(path, &file_st) | stat(".", &cwd_st), 0);
    const struct witness_record *r = &run.records[0];
    assert_int_equal(r->kind, WITNESS_EXIT_ONLY); /* the read that it waited in */
    assert_int_equal(r->flags, WITNESS_FLAG_FIRST);
    assert_int_equal(r->syscall, SYS_read);
    r = record_find(&run, SYS_openat, 0);
    check_object(&r->object, &cwd_st);
    check_object(&r->opened, &dir_st);
    assert_string_equal(r->path[0], dir);
    r = record_find(&run, SYS_openat2, 0);
    check_object(&r->object, &dir_st);
    check_object(&r->opened, &file_st);
    assert_string_equal(r->path[0], "data");
    const uint64_t how[3] = { O_RDWR | O_CREAT, 0600, RESOLVE_BENEATH };
    assert_memory_equal(r->how, how, sizeof(how));
    r = record_find(&run, SYS_pread64, 0);
    check_object(&r->object, &file_st);
    assert_int_equal(r->arg[2], 4);
    assert_int_equal(r->arg[3], 2);
    assert_int_equal(r->arg[4] | r->arg[5], 0);
    check_iovecs(&run);
    check_names(&run);
    r = record_find(&run, 100000, 0);
    assert_int_equal(r->result, -ENOSYS);
    assert_int_equal(r->arg[5], 6);
    r = &run.records[run.count - 2];
    assert_int_equal(r->kind, WITNESS_ENTRY_ONLY);
    assert_int_equal(r->syscall, SYS_exit_group);
    assert_int_equal(r->arg[0], 5);
    assert_int_equal(run.records[run.count - 1].kind, WITNESS_END);
    assert_int_equal(run.records[run.count - 1].result, 5 << 8);
    live_done(&run);
    snprintf(path, sizeof(path), "%s/link", dir);
    unlink(path);
    snprintf(path, sizeof(path), "%s/other", dir);
    unlink(path);
    rmdir(dir);
}

/* ---- refusals ---- */

static bool filter_set(uint32_t number, uint32_t action)
{
    struct sock_filter filter[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, action),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = { 4, filter };
    return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 && prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

static int code_refused(void *self, int ready)
{
    (void)self;
    (void)ready;
    char name[] = "no-such-file"; /* on the stack, so resident: a refused call has not touched its operands */
    if (!filter_set(SYS_unlinkat, SECCOMP_RET_ERRNO | EPERM) || !filter_set(SYS_mkdirat, SECCOMP_RET_KILL_PROCESS))
        return 1;
    syscall(SYS_unlinkat, AT_FDCWD, name, 0);
    syscall(SYS_mkdirat, AT_FDCWD, name, 0);
    return 0;
}

static void test_refused(void **state)
{
    (void)state;
    struct live_run run;
    live_run(&run, &plain, code_refused, NULL);
    assert_true(WIFSIGNALED(run.wait_status) && WTERMSIG(run.wait_status) == SIGSYS);
    assert_int_equal(live_check_sequences(&run), 0);
    const struct witness_record *r = record_find(&run, SYS_unlinkat, 0);
    assert_int_equal(r->kind, WITNESS_EXIT_ONLY);
    assert_int_equal(r->result, -EPERM);
    assert_int_equal(r->flags, 0);
    assert_string_equal(r->path[0], "no-such-file"); /* the registers still hold */
    r = record_find(&run, SYS_mkdirat, 0);
    assert_int_equal(r->kind, WITNESS_EXIT_ONLY);
    assert_int_equal(r->result, SYS_mkdirat);
    assert_int_equal(run.records[run.count - 1].kind, WITNESS_END);
    assert_int_equal(run.records[run.count - 1].result, run.wait_status);
    live_done(&run);
}

/* ---- interruptions ---- */

static void on_alarm(int number) { (void)number; }

static int code_interrupted(void *self, int ready)
{
    (void)self;
    (void)ready;
    const struct timespec sleep = { 0, 100000000 };
    const struct itimerval timer = { .it_value = { 0, 20000 } };
    struct sigaction action = { .sa_handler = on_alarm };
    if (sigaction(SIGALRM, &action, NULL) != 0 || setitimer(ITIMER_REAL, &timer, NULL) != 0)
        return 1;
    long result = syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &sleep, NULL);
    return result == -1 && errno == EINTR ? 0 : 1;
}

/* A call that a signal cuts short shows the kernel's own restart code, and the return from the handler is a call with a
 * pair although it rewrites the registers. */
static void test_interrupted(void **state)
{
    (void)state;
    enum { RESTART_BLOCK = -516 };
    struct live_run run;
    live_run(&run, &plain, code_interrupted, NULL);
    assert_int_equal(run.wait_status, 0);
    assert_int_equal(live_check_sequences(&run), 0);
    const struct witness_record *r = record_find(&run, SYS_clock_nanosleep, 0);
    assert_int_equal(r->kind, WITNESS_SYSCALL);
    assert_int_equal(r->result, RESTART_BLOCK);
    assert_int_equal(r->times[1], 100000000);
    r = record_find(&run, SYS_rt_sigreturn, 0);
    assert_int_equal(r->kind, WITNESS_SYSCALL);
    live_done(&run);
}

/* ---- the 32-bit entry ---- */

static int code_compat(void *self, int ready)
{
    (void)self;
    (void)ready;
    return confine_entry_compat_getpid() == getpid() ? 0 : 1;
}

static void test_compat(void **state)
{
    (void)state;
    struct live_run run;
    live_run(&run, &plain, code_compat, NULL);
    unsigned found = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct witness_record *r = &run.records[i];
        if (!(r->flags & WITNESS_FLAG_COMPAT))
            continue;
        found++;
        assert_int_equal(r->kind, WITNESS_SYSCALL);
        assert_int_equal(r->syscall, 20);                   /* getpid there, writev here */
        assert_int_equal(r->object.mode | r->iov_count, 0); /* nothing is concluded from a number of another table */
    }
    bool had_one = run.wait_status == 0;
    live_done(&run);
    if (!had_one)
        SKIP_CASE("this kernel or architecture has no 32-bit entry");
    assert_int_equal(found, 1);
}

/* ---- children and deaths ---- */

static int code_children(void *self, int ready)
{
    (void)self;
    (void)ready;
    int wait_status;
    pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        syscall(SYS_exit_group, 3);
    if (waitpid(child, &wait_status, 0) != child)
        return 1;
    child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0)
        for (;;)
            syscall(SYS_ppoll, 0, 0, 0, 0, 0);
    usleep(20000);
    if (kill(child, SIGKILL) != 0 || waitpid(child, &wait_status, 0) != child)
        return 1;
    child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
    if (child == 0) {
        char *const arguments[] = { NULL };
        syscall(SYS_execve, "/bin/true", arguments, arguments);
        _exit(9);
    }
    return waitpid(child, &wait_status, 0) == child ? 0 : 1;
}

/* The records of one thread, in order. */
static size_t thread_records(const struct live_run *run, uint32_t tid, const struct witness_record **ret, size_t room)
{
    size_t count = 0;
    for (size_t i = 0; i < run->count && count < room; i++)
        if (run->records[i].tid == tid)
            ret[count++] = &run->records[i];
    return count;
}

static void check_first_child(const struct live_run *run, uint32_t pid)
{
    const struct witness_record *r[8];
    assert_int_equal(thread_records(run, pid, r, 8), 3);
    assert_int_equal(r[0]->kind, WITNESS_EXIT_ONLY); /* the clone that made it returns 0 in it */
    assert_int_equal(r[0]->syscall, SYS_clone);
    assert_int_equal(r[0]->result, 0);
    assert_int_equal(r[0]->flags, 0);
    assert_int_equal(r[1]->kind, WITNESS_ENTRY_ONLY);
    assert_int_equal(r[1]->syscall, SYS_exit_group);
    assert_int_equal(r[2]->kind, WITNESS_END);
    assert_int_equal(r[2]->result, 3 << 8);
    assert_int_equal(r[2]->pid, pid);
    assert_int_equal(r[2]->role, WITNESS_GUEST);
}

static void check_killed_child(const struct live_run *run, uint32_t pid)
{
    const struct witness_record *r[8];
    size_t count = thread_records(run, pid, r, 8);
    assert_true(count >= 3);
    assert_int_equal(r[count - 2]->syscall, SYS_ppoll);
    assert_int_equal(r[count - 1]->kind, WITNESS_END);
    assert_int_equal(r[count - 1]->result, SIGKILL);
}

static void check_exec_child(const struct live_run *run, uint32_t pid)
{
    const struct witness_record *r[64];
    struct stat st;
    assert_int_equal(stat("/bin/true", &st), 0);
    size_t count = thread_records(run, pid, r, 64);
    assert_true(count > 4);
    assert_int_equal(r[1]->kind, WITNESS_EXEC);
    check_object(&r[1]->object, &st);
    assert_int_equal(r[2]->syscall, SYS_execve);
    assert_string_equal(r[2]->path[0], "/bin/true");
    assert_int_equal(r[2]->result, 0);
}

/* The fork happens inside the call that makes it, and so comes right before that call's record. */
static void check_fork(const struct live_run *run, uint32_t child)
{
    const struct witness_record *r[64];
    size_t count = thread_records(run, run->info.guest_pid, r, 64), at = 0;
    while (at < count && r[at]->kind != WITNESS_FORK)
        at++;
    assert_true(at + 1 < count);
    assert_int_equal(r[at + 1]->syscall, SYS_clone);
    assert_int_equal(r[at + 1]->result, child);
    assert_int_equal(r[at]->result, child);
}

static void test_children(void **state)
{
    (void)state;
    struct live_run run;
    live_run(&run, &plain, code_children, NULL);
    assert_int_equal(run.wait_status, 0);
    assert_int_equal(live_check_sequences(&run), 0);
    uint32_t child[3] = { 0 };
    unsigned found = 0;
    for (size_t i = 0; i < run.count && found < 3; i++) {
        const struct witness_record *r = &run.records[i];
        if (r->kind != WITNESS_FORK)
            continue;
        assert_int_equal(r->tid, run.info.guest_pid);
        child[found++] = (uint32_t)r->result;
    }
    assert_int_equal(found, 3);
    check_fork(&run, child[0]);
    check_first_child(&run, child[0]);
    check_killed_child(&run, child[1]);
    check_exec_child(&run, child[2]);
    live_done(&run);
}

/* ---- a process that has threads already ---- */

static void *thread_code(void *self)
{
    int go = *(int *)self;
    char byte;
    if (read(go, &byte, 1) >= 0)
        syscall(SYS_getppid);
    return NULL;
}

static int code_threads(void *self, int ready)
{
    (void)self;
    enum { THREADS = 3 };
    pthread_t threads[THREADS];
    int go[2];
    if (pipe(go) != 0)
        return 1;
    for (unsigned i = 0; i < THREADS; i++)
        if (pthread_create(&threads[i], NULL, thread_code, &go[0]) != 0)
            return 1;
    usleep(20000);
    close(ready);
    usleep(100000); /* is watched meanwhile */
    close(go[1]);
    for (unsigned i = 0; i < THREADS; i++)
        pthread_join(threads[i], NULL);
    return 0;
}

static void test_threads(void **state)
{
    (void)state;
    const struct live_options options = { .ring_bytes = 1 << 20, .watch_late = true };
    struct live_run run;
    live_run(&run, &options, code_threads, NULL);
    assert_int_equal(run.wait_status, 0);
    assert_int_equal(live_check_sequences(&run), 0);
    unsigned calls = 0, firsts = 0, ends = 0;
    for (size_t i = 0; i < run.count; i++) {
        const struct witness_record *r = &run.records[i];
        calls += r->kind == WITNESS_SYSCALL && r->syscall == SYS_getppid && r->tid != run.info.guest_pid;
        firsts += (r->flags & WITNESS_FLAG_FIRST) != 0;
        ends += r->kind == WITNESS_END;
        assert_int_equal(r->pid, run.info.guest_pid);
    }
    assert_int_equal(calls, 3);
    assert_int_equal(firsts, 4);
    assert_int_equal(ends, 4);
    live_done(&run);
}

/* ---- two recordings at once ---- */

static int code_calls(void *self, int ready)
{
    (void)self;
    (void)ready;
    for (unsigned i = 0; i < 1000; i++)
        syscall(SYS_getppid);
    usleep(50000); /* so that the two meet */
    for (unsigned i = 0; i < 1000; i++)
        syscall(SYS_getppid);
    return 0;
}

/* Whether a recording holds all the calls of its own process and nothing of another. */
static bool records_own(void)
{
    struct live_run run;
    live_run(&run, &plain, code_calls, NULL);
    unsigned calls = 0;
    bool own = run.lost == 0;
    for (size_t i = 0; i < run.count; i++) {
        own = own && run.records[i].pid == run.info.guest_pid;
        calls += run.records[i].kind == WITNESS_SYSCALL && run.records[i].syscall == SYS_getppid;
    }
    live_done(&run);
    return own && calls == 2000;
}

static void test_two(void **state)
{
    (void)state;
    int ended;
    pid_t other = fork();
    assert_true(other >= 0);
    if (other == 0)
        _exit(records_own() ? 0 : 1);
    assert_true(records_own());
    assert_int_equal(waitpid(other, &ended, 0), other);
    assert_int_equal(ended, 0);
}

int main(void)
{
    live_need_witness();
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_files),       cmocka_unit_test(test_refused), cmocka_unit_test(test_compat),
        cmocka_unit_test(test_children),    cmocka_unit_test(test_threads), cmocka_unit_test(test_two),
        cmocka_unit_test(test_interrupted),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
