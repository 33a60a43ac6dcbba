/* White box: the seccomp program does for every number and operand what syscalls.def says. The program is run by the
 * same rules as the kernel's; test_confine_lines.c shows that the kernel agrees. */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/audit.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <cmocka.h>
#include "wasi/abi/syscalls.h"
#include "wasi/confine/filter.h"

enum {
    PID = 4711,
    PLANS = SYSCALL_BY(OP) | SYSCALL_BY(RUN),
    GUEST = PLANS | SYSCALL_BY(BENEATH),
    WALKING = PLANS | SYSCALL_BY(WALK),
    SOCKETS = GUEST | SYSCALL_BY(SOCKETS),
    NETWORKED = SOCKETS | SYSCALL_BY(NETWORK)
};
static const uint32_t native = PLATFORM_X86_64 ? AUDIT_ARCH_X86_64 : AUDIT_ARCH_AARCH64;

static uint32_t answer(const struct filter *f, int64_t number, uint32_t arch, const uint64_t *args)
{
    struct seccomp_data data = { .nr = (int)number, .arch = arch };
    if (args)
        memcpy(data.args, args, sizeof data.args);
    return filter_run(f, &data, NULL);
}

static uint32_t named(const struct filter *f, const char *name, uint64_t a, uint64_t b, uint64_t c, uint64_t d,
                      uint64_t e, uint64_t g)
{
    const struct syscall_row *row = syscall_find_name(name);
    assert_non_null(row);
    return answer(f, syscall_row_number(row, SYSCALL_MACHINE_HERE), native, (const uint64_t[6]) { a, b, c, d, e, g });
}

static uint32_t refusal(const struct syscall_row *row)
{
    return row->stop == SYSCALL_STOP_EPERM    ? SECCOMP_RET_ERRNO | EPERM
           : row->stop == SYSCALL_STOP_ENOSYS ? SECCOMP_RET_ERRNO | ENOSYS
                                              : SECCOMP_RET_KILL_PROCESS;
}

/* Every number, whether the table has it or not: allowed exactly where a role of the confined guest says so. */
static void test_every_number(void **state)
{
    (void)state;
    static struct filter f;
    static const unsigned runs[] = { GUEST, WALKING, SOCKETS, NETWORKED };
    for (int kind = 0; kind < 8; kind++) {
        bool sanitizer = kind & 1;
        unsigned roles = runs[kind / 2];
        assert_int_equal(filter_build(&f, roles, sanitizer, PID, NULL), STATUS_OK);
        roles |= sanitizer ? SYSCALL_BY(SANITIZER) : 0;
        for (int64_t number = -3; number < 2000; number++) {
            const struct syscall_row *row = syscall_find_number(SYSCALL_MACHINE_HERE, number);
            uint32_t got = answer(&f, number, native, NULL);
            if (!row)
                assert_int_equal(got, SECCOMP_RET_KILL_PROCESS);
            else if (!(row->roles & roles))
                assert_int_equal(got, refusal(row));
            else if (row->check == SYSCALL_CHECK_ANY)
                assert_int_equal(got, SECCOMP_RET_ALLOW);
            else
                assert_true(got == SECCOMP_RET_ALLOW || got == refusal(row));
        }
    }
}

/* FD-15, WAVE-07: What the guest's own numbers are, by name: a change of the table has to be made here too, on purpose.
 */
static void test_guest_calls_are_these(void **state)
{
    (void)state;
    static const char wanted[] =
        " read write close fstat lseek mmap mprotect munmap brk rt_sigprocmask rt_sigreturn sched_yield mremap"
        " madvise getpid exit fcntl fsync fdatasync ftruncate gettid futex getdents64 restart_syscall"
        " clock_gettime clock_getres clock_nanosleep exit_group tgkill mkdirat newfstatat unlinkat symlinkat"
        " readlinkat utimensat pread64 pwrite64 preadv pwritev getrandom pwritev2 openat2 ppoll fstatfs openat "
        "fadvise64 fallocate"
        " socket connect sendto recvfrom shutdown bind listen getsockname getpeername setsockopt getsockopt accept4"
        " renameat2 linkat ";
    char name[64];
    for (size_t i = 0; i < SYSCALL_COUNT; i++) {
        const struct syscall_row *row = &abi_syscalls[i];
        snprintf(name, sizeof name, " %s ", row->name);
        bool guest = row->roles & SYSCALL_BY_GUEST;
        if (guest != (strstr(wanted, name) != NULL))
            fail_msg("%s: %s", row->name, guest ? "allowed, and not in this test's list" : "in this test's list only");
    }
}

/* The process that executes a trace's guest again reads and writes what is open, and has memory: nothing else. */
static void test_replay_calls_are_these(void **state)
{
    (void)state;
    static const char wanted[] =
        " write mmap mprotect munmap brk rt_sigprocmask rt_sigreturn pread64 mremap madvise getpid exit"
        " gettid futex restart_syscall clock_gettime exit_group tgkill ";
    static struct filter f;
    char name[64];
    assert_int_equal(filter_build(&f, SYSCALL_BY(RUN) | SYSCALL_BY(REPLAY), false, PID, NULL), STATUS_OK);
    for (size_t i = 0; i < SYSCALL_COUNT; i++) {
        const struct syscall_row *row = &abi_syscalls[i];
        int64_t number = syscall_row_number(row, SYSCALL_MACHINE_HERE);
        snprintf(name, sizeof name, " %s ", row->name);
        bool listed = strstr(wanted, name) != NULL;
        if (number < 0)
            continue;
        if (!listed && answer(&f, number, native, NULL) != refusal(row))
            fail_msg("%s: allowed, and not in this test's list", row->name);
        if (listed && row->check == SYSCALL_CHECK_ANY && answer(&f, number, native, NULL) != SECCOMP_RET_ALLOW)
            fail_msg("%s: in this test's list only", row->name);
    }
    assert_int_equal(named(&f, "mmap", 0, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, 0, 0),
                     SECCOMP_RET_KILL_PROCESS);
}

static void test_other_entries_die(void **state)
{
    (void)state;
    static struct filter f;
    assert_int_equal(filter_build(&f, GUEST, false, PID, NULL), STATUS_OK);
    for (int64_t number = 0; number < 500; number++) {
        assert_int_equal(answer(&f, number, AUDIT_ARCH_I386, NULL), SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(answer(&f, number, AUDIT_ARCH_ARM, NULL), SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(answer(&f, number, PLATFORM_X86_64 ? AUDIT_ARCH_AARCH64 : AUDIT_ARCH_X86_64, NULL),
                         SECCOMP_RET_KILL_PROCESS);
        assert_int_equal(answer(&f, number | SYSCALL_X32_BIT, native, NULL), SECCOMP_RET_KILL_PROCESS);
    }
}

static void test_operands(void **state)
{
    (void)state;
    static struct filter f;
    const uint64_t here = (uint32_t)AT_FDCWD, anonymous = MAP_PRIVATE | MAP_ANONYMOUS, rw = PROT_READ | PROT_WRITE;
    const struct {
        const char *name;
        uint64_t arg[6];
        bool allowed;
    } rows[] = {
        { "mprotect", { 0, 4096, rw }, true },
        { "mprotect", { 0, 4096, PROT_READ | PROT_EXEC }, false },
        { "mprotect", { 0, 4096, PROT_EXEC }, false },
        { "mmap", { 0, 4096, rw, anonymous, (uint64_t)-1 }, true },
        { "mmap", { 0, 4096, PROT_NONE, anonymous | MAP_NORESERVE | MAP_STACK, (uint64_t)-1 }, true },
        { "mmap", { 0, 4096, rw | PROT_EXEC, anonymous, (uint64_t)-1 }, false },
        { "mmap", { 4096, 4096, rw, anonymous | MAP_FIXED, (uint64_t)-1 }, false },
        { "mmap", { 4096, 4096, rw, anonymous | MAP_FIXED_NOREPLACE, (uint64_t)-1 }, false },
        { "mmap", { 0, 4096, PROT_READ, MAP_PRIVATE, 3 }, false },
        { "mmap", { 0, 4096, PROT_READ, MAP_SHARED, 3 }, false },
        { "mmap", { 0, 4096, rw, MAP_SHARED | MAP_ANONYMOUS, (uint64_t)-1 }, false },
        { "mremap", { 4096, 4096, 8192, MREMAP_MAYMOVE }, true },
        { "mremap", { 4096, 4096, 8192, MREMAP_MAYMOVE | MREMAP_FIXED, 8192 }, false },
        { "mremap", { 4096, 4096, 4096, MREMAP_MAYMOVE | 4 /* MREMAP_DONTUNMAP */ }, false },
        { "madvise", { 0, 4096, MADV_DONTNEED }, true },
        { "madvise", { 0, 4096, MADV_REMOVE }, false },
        { "madvise", { 0, 4096, MADV_HWPOISON }, false },
        { "fcntl", { 3, F_SETFL, O_APPEND }, true },
        { "fcntl", { 3, F_DUPFD, 0 }, false },
        { "fcntl", { 3, F_DUPFD_CLOEXEC, 0 }, false },
        { "fcntl", { 3, F_SETOWN, 1 }, false },
        { "pwritev2", { 3, 0, 0, 0, 0, 0x10 }, true },
        { "pwritev2", { 3, 0, 0, 0, 0, 0 }, true },
        { "pwritev2", { 3, 0, 0, 0, 0, 0x20 }, false },
        { "fallocate", { 3, 0, 0, 4096 }, true },
        { "fallocate", { 3, 1 /* FALLOC_FL_KEEP_SIZE */, 0, 4096 }, false },
        { "fallocate", { 3, 3 /* and _PUNCH_HOLE */, 0, 4096 }, false },
        { "newfstatat", { 3, 0, 0, AT_SYMLINK_NOFOLLOW }, true },
        { "newfstatat", { 3, 0, 0, AT_EMPTY_PATH }, true },
        { "newfstatat", { 3, 0, 0, 0 }, false },
        { "newfstatat", { here, 0, 0, AT_SYMLINK_NOFOLLOW }, false },
        { "newfstatat", { UINT64_C(0xffffffffffffff9c), 0, 0, AT_SYMLINK_NOFOLLOW }, false },
        { "openat2", { 3 }, true },
        { "openat2", { here }, false },
        { "openat2", { UINT64_C(0x1ffffff9c) }, false }, /* the kernel takes an int: the upper half is noise */
        { "mkdirat", { here }, false },
        { "unlinkat", { 3 }, true },
        { "unlinkat", { here }, false },
        { "readlinkat", { here }, false },
        { "utimensat", { here }, false },
        { "symlinkat", { 0, 3 }, true },
        { "symlinkat", { 0, here }, false },
        { "renameat2", { 3, 0, 4, 0, 0 }, true },
        { "renameat2", { here, 0, 4, 0, 0 }, false },
        { "renameat2", { 3, 0, here, 0, 0 }, false },
        { "renameat2", { 3, 0, 4, 0, 2 /* RENAME_EXCHANGE */ }, false },
        { "linkat", { 3, 0, 4, 0, 0 }, true },
        { "linkat", { here, 0, 4, 0, 0 }, false },
        { "linkat", { 3, 0, here, 0, 0 }, false },
        { "linkat", { 3, 0, 4, 0, AT_SYMLINK_FOLLOW }, false },
        { "linkat", { 3, 0, 4, 0, AT_EMPTY_PATH }, false },
        { "tgkill", { PID, 1, SIGABRT }, true },
        { "tgkill", { PID, 1, SIGKILL }, false },
        { "tgkill", { 1, 1, SIGABRT }, false },
        { "futex", { 0, FUTEX_WAIT }, true },
        { "futex", { 0, FUTEX_WAKE_PRIVATE }, true },
        { "futex", { 0, FUTEX_WAIT_BITSET | FUTEX_CLOCK_REALTIME }, true },
        { "futex", { 0, FUTEX_WAKE_OP }, false },
        { "futex", { 0, FUTEX_LOCK_PI }, false },
        { "futex", { 0, FUTEX_CMP_REQUEUE_PI_PRIVATE }, false },
    };
    assert_int_equal(filter_build(&f, GUEST, false, PID, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const uint64_t *a = rows[i].arg;
        bool allowed = named(&f, rows[i].name, a[0], a[1], a[2], a[3], a[4], a[5]) == SECCOMP_RET_ALLOW;
        if (allowed != rows[i].allowed)
            fail_msg("row %zu, %s: %s", i, rows[i].name, allowed ? "allowed" : "refused");
    }
    /* A sanitizer's allocator places its own regions; code stays out all the same. */
    assert_int_equal(filter_build(&f, GUEST, true, PID, NULL), STATUS_OK);
    assert_int_equal(named(&f, "mmap", 4096, 4096, rw, anonymous | MAP_FIXED, 0, 0), SECCOMP_RET_ALLOW);
    assert_int_equal(named(&f, "mmap", 0, 4096, rw | PROT_EXEC, anonymous, 0, 0), SECCOMP_RET_KILL_PROCESS);
}

/* Who walks has openat for one component at a time, and no openat2; who does not has no openat. */
static void test_walkers(void **state)
{
    (void)state;
    static struct filter f;
    const uint64_t held = O_NOFOLLOW | O_CLOEXEC, here = (uint32_t)AT_FDCWD;
    const struct {
        uint64_t arg[4];
        bool allowed;
    } rows[] = {
        { { 3, 0, held | O_PATH | O_DIRECTORY }, true },
        { { 3, 0, held | O_RDWR | O_CREAT | O_EXCL | O_NONBLOCK | O_NOCTTY, 0666 }, true },
        { { 3, 0, held | O_WRONLY | O_TRUNC | O_APPEND | O_SYNC }, true },
        { { here, 0, held | O_PATH }, false },
        { { UINT64_C(0xffffffffffffff9c), 0, held | O_PATH }, false },
        { { 3, 0, O_CLOEXEC | O_PATH | O_DIRECTORY }, false },
        { { 3, 0, O_NOFOLLOW | O_RDONLY }, false },
        { { 3, 0, held | O_TMPFILE | O_RDWR }, false },
        { { 3, 0, held | O_DIRECT }, false },
        { { 3, 0, held | O_ASYNC }, false },
        { { 3, 0, held | O_RDWR | O_CREAT, 04755 }, false },
        { { 3, 0, held | O_RDWR | O_CREAT, 0777 }, false },
    };
    assert_int_equal(filter_build(&f, WALKING, false, PID, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        const uint64_t *a = rows[i].arg;
        bool allowed = named(&f, "openat", a[0], a[1], a[2], a[3], 0, 0) == SECCOMP_RET_ALLOW;
        if (allowed != rows[i].allowed)
            fail_msg("row %zu: %s", i, allowed ? "allowed" : "refused");
    }
    assert_int_equal(named(&f, "openat2", 3, 0, 0, 24, 0, 0), SECCOMP_RET_KILL_PROCESS);
    assert_int_equal(filter_build(&f, GUEST, false, PID, NULL), STATUS_OK);
    assert_int_equal(named(&f, "openat", 3, 0, held | O_PATH, 0, 0, 0), SECCOMP_RET_KILL_PROCESS);
    assert_int_equal(named(&f, "openat2", 3, 0, 0, 24, 0, 0), SECCOMP_RET_ALLOW);
}

/* Sockets of the two families and protocols, with the few flags and options that ops have; where none are granted, none
 * of it. */
static void test_sockets(void **state)
{
    (void)state;
    static struct filter f;
    enum { TAKE = 0, MAKE = 1 }; /* who has sockets at all may; who may make them may */
    const struct {
        const char *name;
        uint64_t arg[6];
        bool allowed, makes;
    } rows[] = {
        { "socket", { AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 0 }, true, MAKE },
        { "socket", { AF_INET6, SOCK_DGRAM | SOCK_CLOEXEC | SOCK_NONBLOCK, IPPROTO_UDP }, true, MAKE },
        { "socket", { AF_INET, SOCK_STREAM, 0 }, false, MAKE },
        { "socket", { AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0 }, false, MAKE },
        { "socket", { 16 /* AF_NETLINK */, SOCK_DGRAM | SOCK_CLOEXEC, 0 }, false, MAKE },
        { "socket", { 40 /* AF_VSOCK */, SOCK_STREAM | SOCK_CLOEXEC, 0 }, false, MAKE },
        { "socket", { AF_INET, SOCK_RAW | SOCK_CLOEXEC, 0 }, false, MAKE },
        { "socket", { AF_INET, SOCK_STREAM | SOCK_CLOEXEC, 262 /* MPTCP */ }, false, MAKE },
        { "socket", { AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, IPPROTO_ICMP }, false, MAKE },
        { "connect", { 5, 0, 16 }, true, MAKE },
        { "bind", { 5, 0, 16 }, true, MAKE },
        { "listen", { 5, 5 }, true, MAKE },
        { "accept4", { 5, 0, 0, SOCK_CLOEXEC | SOCK_NONBLOCK }, true, TAKE },
        { "accept4", { 5, 0, 0, 0 }, false, TAKE },
        { "sendto", { 5, 0, 4, MSG_NOSIGNAL }, true, TAKE },
        { "sendto", { 5, 0, 4, 0 }, false, TAKE },
        { "sendto", { 5, 0, 4, MSG_NOSIGNAL | MSG_OOB }, false, TAKE },
        { "sendto", { 5, 0, 4, MSG_NOSIGNAL | 0x20000000 /* MSG_FASTOPEN */ }, false, TAKE },
        { "recvfrom", { 5, 0, 4, MSG_PEEK | MSG_WAITALL }, true, TAKE },
        { "recvfrom", { 5, 0, 4, MSG_ERRQUEUE }, false, TAKE },
        { "shutdown", { 5, 2 }, true, TAKE },
        { "getsockname", { 5 }, true, TAKE },
        { "getpeername", { 5 }, true, TAKE },
        { "setsockopt", { 5, SOL_SOCKET, SO_RCVBUF }, true, TAKE },
        { "setsockopt", { 5, SOL_SOCKET, SO_SNDTIMEO }, true, TAKE },
        { "setsockopt", { 5, IPPROTO_TCP, TCP_NODELAY }, true, TAKE },
        { "setsockopt", { 5, IPPROTO_IPV6, IPV6_V6ONLY }, true, TAKE },
        { "setsockopt", { 5, SOL_SOCKET, SO_ERROR }, false, TAKE },
        { "setsockopt", { 5, SOL_SOCKET, IPV6_V6ONLY /* SO_ATTACH_FILTER */ }, false, TAKE },
        { "setsockopt", { 5, SOL_SOCKET, SO_BINDTODEVICE }, false, TAKE },
        { "setsockopt", { 5, SOL_SOCKET, SO_MARK }, false, TAKE },
        { "setsockopt", { 5, IPPROTO_TCP, 31 /* TCP_ULP */ }, false, TAKE },
        { "setsockopt", { 5, IPPROTO_TCP, SO_RCVTIMEO }, false, TAKE },
        { "setsockopt", { 5, IPPROTO_IP, 1 }, false, TAKE },
        { "setsockopt", { 5, IPPROTO_IPV6, 1 /* IPV6_ADDRFORM */ }, false, TAKE },
        { "getsockopt", { 5, SOL_SOCKET, SO_ERROR }, true, TAKE },
        { "getsockopt", { 5, SOL_SOCKET, SO_PEERCRED }, false, TAKE },
        { "getsockopt", { 5, IPPROTO_TCP, 11 /* TCP_INFO */ }, false, TAKE },
        { "sendmsg", { 5 }, false, TAKE },
        { "recvmsg", { 5 }, false, TAKE },
        { "accept", { 5 }, false, TAKE },
        { "socketpair", { AF_UNIX, SOCK_STREAM }, false, TAKE },
    };
    static const unsigned runs[] = { GUEST, SOCKETS, NETWORKED };
    for (size_t run = 0; run < 3; run++) {
        assert_int_equal(filter_build(&f, runs[run], false, PID, NULL), STATUS_OK);
        for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
            const uint64_t *a = rows[i].arg;
            bool wanted = rows[i].allowed && (runs[run] & SYSCALL_BY(NETWORK) ||
                                              (runs[run] & SYSCALL_BY(SOCKETS) && rows[i].makes == TAKE));
            uint32_t got = named(&f, rows[i].name, a[0], a[1], a[2], a[3], a[4], a[5]);
            if (got != (wanted ? SECCOMP_RET_ALLOW : SECCOMP_RET_KILL_PROCESS))
                fail_msg("run %zu, row %zu, %s: %s", run, i, rows[i].name, wanted ? "refused" : "allowed");
        }
    }
}

/* The search stays logarithmic: a straight list of 50 numbers would take 50 steps. */
static void test_few_steps(void **state)
{
    (void)state;
    static struct filter f;
    assert_int_equal(filter_build(&f, GUEST, false, PID, NULL), STATUS_OK);
    for (int64_t number = 0; number < 600; number++) {
        struct seccomp_data data = { .nr = (int)number, .arch = native };
        uint32_t steps = 0;
        assert_int_not_equal(filter_run(&f, &data, &steps), UINT32_MAX);
        assert_in_range(steps, 1, 26);
    }
}

/* Beside the guest, what a system call is good for decides, whatever its operands; all else answers as on a kernel that
 * lacks it. */
static void test_by_impact(void **state)
{
    (void)state;
    static struct filter f;
    assert_int_equal(filter_build_impacts(&f, FILTER_IMPACT(NETWORK) | FILTER_IMPACT(WAIT), NULL), STATUS_OK);
    assert_int_equal(named(&f, "socket", AF_NETLINK, SOCK_RAW, 0, 0, 0, 0), SECCOMP_RET_ALLOW);
    assert_int_equal(named(&f, "setsockopt", 3, SOL_SOCKET, SO_BINDTODEVICE, 0, 0, 0), SECCOMP_RET_ALLOW);
    for (int64_t number = 0; number < 2000; number++) {
        const struct syscall_row *row = syscall_find_number(SYSCALL_MACHINE_HERE, number);
        bool good = row && (row->impact == SYSCALL_NETWORK || row->impact == SYSCALL_WAIT);
        assert_int_equal(answer(&f, number, native, NULL), good ? SECCOMP_RET_ALLOW : SECCOMP_RET_ERRNO | ENOSYS);
        assert_int_equal(answer(&f, number, native ^ 1, NULL), SECCOMP_RET_KILL_PROCESS);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_every_number),
                                        cmocka_unit_test(test_guest_calls_are_these),
                                        cmocka_unit_test(test_replay_calls_are_these),
                                        cmocka_unit_test(test_other_entries_die),
                                        cmocka_unit_test(test_operands),
                                        cmocka_unit_test(test_walkers),
                                        cmocka_unit_test(test_sockets),
                                        cmocka_unit_test(test_few_steps),
                                        cmocka_unit_test(test_by_impact) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
