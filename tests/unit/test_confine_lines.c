/* Each line of the second defence, alone, on this kernel: a process that is locked down does each forbidden thing and
 * is refused or dies; what the guest needs goes on working. */
#include <setjmp.h>
#include <stdarg.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/capability.h>
#include <linux/futex.h>
#include <netinet/in.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/ptrace.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include <cmocka.h>
#include "tests/unit/confine_entry.h"
#include "tests/unit/skip_case.h"
#include "wasi/abi/syscalls.h"
#include "wasi/confine/confine.h"
#include "wasi/confine/filter.h"

enum { WORKED = 0, REFUSED = 77, NOT_CONFINED = 99, DIED = 1000 };

/* The folder of this run: granted/ (ro/ and rw/ in it), outside/. */
static char root[] = "/tmp/warrant-confine-XXXXXX";
static int ro_fd = -1, rw_fd = -1, secret_fd = -1;

struct open_how_like {
    uint64_t flags, mode, resolve;
};
enum { NR_OPENAT2 = 437 };

static long open2(int dir, const char *path, uint64_t flags)
{
    struct open_how_like how = { flags | O_CLOEXEC, flags & O_CREAT ? 0600 : 0, 0x08 | 0x02 };
    return syscall(NR_OPENAT2, dir, path, &how, sizeof how);
}

typedef int deed_fn(const void *with);

/* 0 where `deed` worked, REFUSED with an errno, DIED + signal. The lines are drawn first; `with` is handed on. */
static int attempt(uint32_t lines, deed_fn *deed, const void *with)
{
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        static const int caught[] = { SIGILL, SIGSYS, SIGSEGV, SIGBUS, SIGFPE }; /* by the test library */
        for (size_t i = 0; i < sizeof caught / sizeof *caught; i++)
            signal(caught[i], SIG_DFL);
        const struct confine_grant grants[] = { { ro_fd, false }, { rw_fd, true } };
        struct confine_options options = {
            .lines = lines, .required = lines, .grants = grants, .grant_count = 2, .descriptors = 64
        };
        struct confine_report report;
        if (confine_apply(&options, &report, NULL) != STATUS_OK)
            _exit(NOT_CONFINED);
        _exit(deed(with));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    return WIFSIGNALED(status) ? DIED + WTERMSIG(status) : WEXITSTATUS(status);
}

static int said(long result) { return result < 0 ? REFUSED : WORKED; }

#define SECCOMP_ALONE  (CONFINE_BIT(NO_NEW_PRIVS) | CONFINE_BIT(SECCOMP))
#define LANDLOCK_ALONE (CONFINE_BIT(NO_NEW_PRIVS) | CONFINE_BIT(LANDLOCK))

/* ---- seccomp ---- */

static int do_number(const void *with) { return said(syscall(*(const long *)with, -1, -1, -1, -1, -1, -1)); }

/* Every call of the table that the guest's process may not issue, with senseless operands: dies, or gets the errno of
 * its row. */
static void test_seccomp_every_number(void **state)
{
    (void)state;
    unsigned roles = SYSCALL_BY(OP) | SYSCALL_BY(BENEATH) | SYSCALL_BY(RUN);
    struct confine_report report;
    confine_probe_machine(&report);
    if (report.sanitizer)
        roles |= SYSCALL_BY(SANITIZER);
    for (size_t i = 0; i < SYSCALL_COUNT; i++) {
        const struct syscall_row *row = &abi_syscalls[i];
        long number = (long)syscall_row_number(row, SYSCALL_MACHINE_HERE);
        if (number < 0 || row->roles & roles)
            continue;
        int wanted = row->stop == SYSCALL_STOP_KILL ? DIED + SIGSYS : REFUSED;
        int got = attempt(SECCOMP_ALONE, do_number, &number);
        bool unseen = row->stop == SYSCALL_STOP_UNSEEN && got != WORKED; /* an errno, or SIGILL */
        if (got != wanted && !unseen)
            fail_msg("%s: %d, not %d", row->name, got, wanted);
    }
    long unknown[] = { 335 + 65, 1000, -1, 0x40000000 + 39 };
    for (size_t i = 0; i < sizeof unknown / sizeof *unknown; i++)
        assert_int_equal(attempt(SECCOMP_ALONE, do_number, &unknown[i]), DIED + SIGSYS);
}

static int do_compat(const void *with) { return (void)with, said(confine_entry_compat_getpid()); }

static void test_seccomp_compat_entry(void **state)
{
    (void)state;
    if (!PLATFORM_X86_64)
        SKIP_CASE("another architecture has no 32-bit entry");
    int got = attempt(SECCOMP_ALONE, do_compat, NULL);
    assert_true(got == DIED + SIGSYS || got == DIED + SIGSEGV); /* the latter: a kernel without that entry */
}

static int do_clone(const void *with) { return (void)with, said(syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0)); }
static int do_clone3(const void *with)
{
    (void)with;
    return syscall(435, NULL, 0) < 0 && errno == ENOSYS ? REFUSED : WORKED;
}
static int do_open(const void *with)
{
    return (void)with, said(syscall(SYS_openat, AT_FDCWD, "/etc/passwd", O_RDONLY));
}
static int do_socket(const void *with) { return (void)with, said(socket(AF_INET, SOCK_STREAM, 0)); }
static int do_exec(const void *with)
{
    char *const arg[] = { (char *)(uintptr_t)with, NULL };
    return said(execve(with, arg, NULL));
}
static int do_ptrace(const void *with) { return (void)with, said(ptrace(PTRACE_TRACEME, 0, NULL, NULL)); }
static int do_map_exec(const void *with)
{
    (void)with;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? REFUSED : WORKED;
}
static int do_map_file(const void *with)
{
    (void)with;
    return mmap(NULL, 4096, PROT_READ, MAP_SHARED, secret_fd, 0) == MAP_FAILED ? REFUSED : WORKED;
}
static int do_protect_exec(const void *with)
{
    (void)with;
    void *p = mmap(NULL, 4096, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    return p == MAP_FAILED ? NOT_CONFINED : said(mprotect(p, 4096, PROT_READ | PROT_EXEC));
}
static int do_move_fixed(const void *with)
{
    (void)with;
    char *p = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (p == MAP_FAILED)
        return NOT_CONFINED;
    return mremap(p, 4096, 4096, MREMAP_MAYMOVE | MREMAP_FIXED, p + 4096) == MAP_FAILED ? REFUSED : WORKED;
}
static int do_kill(const void *with) { return said(kill(*(const pid_t *)with, 0)); }
static int do_duplicate(const void *with) { return (void)with, said(fcntl(0, F_DUPFD, 100)); }
static int do_own_directory(const void *with) { return (void)with, said(open2(AT_FDCWD, ".", O_RDONLY)); }
static int do_wake_op(const void *with)
{
    (void)with;
    uint32_t word = 0, other = 0;
    return said(syscall(SYS_futex, &word, FUTEX_WAKE_OP, 1, 1, &other, 0));
}

static void test_seccomp_deeds(void **state)
{
    (void)state;
    pid_t parent = getpid();
    const struct {
        const char *name;
        deed_fn *deed;
        const void *with;
        int wanted;
    } deeds[] = {
        { "clone", do_clone, NULL, DIED + SIGSYS },
        { "clone3", do_clone3, NULL, REFUSED },
        { "socket", do_socket, NULL, DIED + SIGSYS },
        { "execve", do_exec, "/bin/true", DIED + SIGSYS },
        { "ptrace", do_ptrace, NULL, DIED + SIGSYS },
        { "mmap PROT_EXEC", do_map_exec, NULL, DIED + SIGSYS },
        { "mmap of a file", do_map_file, NULL, DIED + SIGSYS },
        { "mprotect PROT_EXEC", do_protect_exec, NULL, DIED + SIGSYS },
        { "mremap to a place", do_move_fixed, NULL, DIED + SIGSYS },
        { "kill", do_kill, &parent, DIED + SIGSYS },
        { "fcntl F_DUPFD", do_duplicate, NULL, DIED + SIGSYS },
        { "openat2 at the working directory", do_own_directory, NULL, DIED + SIGSYS },
        { "futex WAKE_OP", do_wake_op, NULL, DIED + SIGSYS },
    };
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        int got = attempt(SECCOMP_ALONE, deeds[i].deed, deeds[i].with);
        if (got != deeds[i].wanted)
            fail_msg("%s: %d, not %d", deeds[i].name, got, deeds[i].wanted);
    }
}

static int do_abort(const void *with)
{
    (void)with;
    signal(SIGABRT, SIG_DFL);
    return WORKED;
}
static int do_abort_raw(const void *with)
{
    (void)with;
    return said(syscall(SYS_tgkill, getpid(), syscall(SYS_gettid), SIGABRT));
}

static volatile sig_atomic_t alarms;
static void on_alarm(int number) { alarms += number == SIGALRM; }

/* All that a guest's run does, under every line at once. */
static int do_guest_work(const void *with)
{
    (void)with;
    for (size_t size = 16; size < (size_t)64 << 20; size *= 4) { /* brk, mmap, mremap, munmap */
        char *p = malloc(size), *q = p ? realloc(p, size * 2) : NULL;
        if (!q)
            return 1;
        memset(q, 1, size * 2);
        free(q);
    }
    uint8_t *memory = mmap(NULL, 1 << 20, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (memory == MAP_FAILED || mprotect(memory, 65536, PROT_READ | PROT_WRITE) || munmap(memory, 1 << 20))
        return 2;
    long file = open2(rw_fd, "made", O_RDWR | O_CREAT | O_TRUNC);
    if (file < 0 || write((int)file, "abcd", 4) != 4 || ftruncate((int)file, 2) || fsync((int)file) ||
        lseek((int)file, 0, SEEK_SET) || close((int)file))
        return 3;
    struct stat st;
    if (syscall(SYS_newfstatat, rw_fd, "made", &st, AT_SYMLINK_NOFOLLOW) || st.st_size != 2)
        return 4;
    if (syscall(SYS_mkdirat, rw_fd, "d", 0700) || syscall(SYS_unlinkat, rw_fd, "d", AT_REMOVEDIR) ||
        syscall(SYS_symlinkat, "made", rw_fd, "l") || syscall(SYS_unlinkat, rw_fd, "l", 0))
        return 5;
    char byte;
    long readable = open2(ro_fd, "file", O_RDONLY);
    if (readable < 0 || read((int)readable, &byte, 1) != 1 || syscall(SYS_getrandom, &byte, 1, 0) != 1)
        return 6;
    struct timespec now, pause = { 0, 1000000 };
    /* The timer of the caller may interrupt both sleeps. */
    if (clock_gettime(CLOCK_REALTIME, &now) || syscall(SYS_clock_gettime, CLOCK_MONOTONIC, &now) ||
        (syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL) && errno != EINTR))
        return 7;
    uint32_t word = 0;
    if (syscall(SYS_futex, &word, FUTEX_WAIT, 0, &pause) != -1 || (errno != ETIMEDOUT && errno != EINTR))
        return 8;
    struct timespec second = { 2, 0 };
    while (!alarms) /* the timer that was started before: rt_sigreturn, and EINTR out of a sleep */
        syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &second, NULL);
    return WORKED;
}

static void test_guest_goes_on(void **state)
{
    (void)state;
    struct sigaction action = { .sa_handler = on_alarm };
    sigaction(SIGALRM, &action, NULL);
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct itimerval timer = { { 0, 10000 }, { 0, 10000 } };
        setitimer(ITIMER_REAL, &timer, NULL);
        const struct confine_grant grants[] = { { ro_fd, false }, { rw_fd, true } };
        struct confine_options options = {
            .lines = CONFINE_ALL, .grants = grants, .grant_count = 2, .descriptors = 64
        };
        struct confine_report report;
        if (confine_apply(&options, &report, NULL) != STATUS_OK)
            _exit(NOT_CONFINED);
        _exit(do_guest_work(NULL));
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_true(WIFEXITED(status));
    assert_int_equal(WEXITSTATUS(status), WORKED);
    assert_int_equal(attempt(CONFINE_BIT(NO_NEW_PRIVS), do_abort, NULL), WORKED);
    assert_int_equal(attempt(SECCOMP_ALONE, do_abort_raw, NULL), DIED + SIGABRT);
}

/* ---- Landlock ---- */

static bool landlock_here(void)
{
    struct confine_report report;
    confine_probe_machine(&report);
    return report.landlock_abi > 0;
}

struct place {
    const char *path; /* beneath the root */
    uint64_t flags;
};
static int do_place(const void *with)
{
    const struct place *place = with;
    char path[128];
    snprintf(path, sizeof path, "%s/%s", root, place->path);
    return said(open(path, (int)place->flags | O_CLOEXEC, 0600));
}
static int do_rename_out(const void *with)
{
    (void)with;
    char from[128], to[128];
    snprintf(from, sizeof from, "%s/rw/file", root);
    snprintf(to, sizeof to, "%s/outside/stolen", root);
    return said(rename(from, to));
}
static int do_fifo(const void *with) { return (void)with, said(mkfifoat(rw_fd, "fifo", 0600)); }
static int do_exec_granted(const void *with)
{
    (void)with;
    char path[128];
    snprintf(path, sizeof path, "%s/rw/true", root);
    return do_exec(path);
}
static int do_read_open(const void *with)
{
    (void)with;
    char bytes[8];
    return said(pread(secret_fd, bytes, sizeof bytes, 0));
}
static int do_connect(const void *with)
{
    (void)with;
    struct sockaddr_in to = { .sin_family = AF_INET, .sin_port = htons(9), .sin_addr = { htonl(INADDR_LOOPBACK) } };
    int fd = socket(AF_INET, SOCK_STREAM, 0);
    return fd < 0 ? NOT_CONFINED : connect(fd, (struct sockaddr *)&to, sizeof to) && errno == EACCES ? REFUSED : WORKED;
}
static int do_unlink_outside(const void *with)
{
    (void)with;
    char path[128];
    snprintf(path, sizeof path, "%s/outside/secret", root);
    return said(unlink(path));
}

static void test_landlock_alone(void **state)
{
    (void)state;
    if (!landlock_here())
        SKIP_CASE("no Landlock here");
    pid_t parent = getpid();
    const struct {
        const char *name;
        deed_fn *deed;
        const void *with;
        int wanted;
    } deeds[] = {
        { "read a granted file", do_place, &(struct place) { "ro/file", O_RDONLY }, WORKED },
        { "list a granted directory", do_place, &(struct place) { "ro", O_RDONLY | O_DIRECTORY }, WORKED },
        { "write where reading is granted", do_place, &(struct place) { "ro/file", O_WRONLY }, REFUSED },
        { "create where reading is granted", do_place, &(struct place) { "ro/new", O_WRONLY | O_CREAT }, REFUSED },
        { "write a granted file", do_place, &(struct place) { "rw/file", O_RDWR | O_TRUNC }, WORKED },
        { "create a file", do_place, &(struct place) { "rw/new", O_WRONLY | O_CREAT }, WORKED },
        { "read outside", do_place, &(struct place) { "outside/secret", O_RDONLY }, REFUSED },
        { "write outside", do_place, &(struct place) { "outside/secret", O_WRONLY }, REFUSED },
        { "create outside", do_place, &(struct place) { "outside/new", O_WRONLY | O_CREAT }, REFUSED },
        { "list outside", do_place, &(struct place) { "outside", O_RDONLY | O_DIRECTORY }, REFUSED },
        { "out by dot-dot", do_place, &(struct place) { "rw/../outside/secret", O_RDONLY }, REFUSED },
        { "out by a link", do_place, &(struct place) { "rw/link", O_RDONLY }, REFUSED },
        { "passwd", do_open, NULL, REFUSED },
        { "rename out", do_rename_out, NULL, REFUSED },
        { "remove outside", do_unlink_outside, NULL, REFUSED },
        { "a FIFO", do_fifo, NULL, REFUSED },
        { "run a granted file", do_exec_granted, NULL, REFUSED },
        { "read what was open before", do_read_open, NULL, WORKED },
    };
    for (size_t i = 0; i < sizeof deeds / sizeof *deeds; i++) {
        int got = attempt(LANDLOCK_ALONE, deeds[i].deed, deeds[i].with);
        if (got != deeds[i].wanted)
            fail_msg("%s: %d, not %d", deeds[i].name, got, deeds[i].wanted);
    }
    struct confine_report report;
    confine_probe_machine(&report);
    if (report.landlock_net)
        assert_int_equal(attempt(LANDLOCK_ALONE, do_connect, NULL), REFUSED);
    if (report.landlock_scope)
        assert_int_equal(attempt(LANDLOCK_ALONE, do_kill, &parent), REFUSED);
}

static void test_landlock_without_grants(void **state)
{
    (void)state;
    if (!landlock_here())
        SKIP_CASE("no Landlock here");
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        struct confine_options options = { .lines = LANDLOCK_ALONE, .required = LANDLOCK_ALONE };
        struct confine_report report;
        if (confine_apply(&options, &report, NULL) != STATUS_OK)
            _exit(NOT_CONFINED);
        int ours = do_place(&(struct place) { "ro/file", O_RDONLY });
        _exit(ours == REFUSED && open2(ro_fd, "file", O_RDONLY) < 0 && do_open(NULL) == REFUSED ? WORKED : 1);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

/* ---- the rest ---- */

static int do_privileged(const void *with)
{
    (void)with;
    struct __user_cap_header_struct header = { _LINUX_CAPABILITY_VERSION_3, 0 };
    struct __user_cap_data_struct data[2];
    if (syscall(SYS_capget, &header, data))
        return 1;
    if (data[0].effective | data[0].permitted | data[0].inheritable | data[1].effective | data[1].permitted)
        return 2;
    if (prctl(PR_CAPBSET_READ, 21 /* CAP_SYS_ADMIN */, 0, 0, 0) == 1 && getuid() == 0)
        return 3;
    return fchown(secret_fd, 12345, 12345) < 0 && chroot("/") < 0 ? REFUSED : WORKED;
}
static int do_limits(const void *with)
{
    (void)with;
    struct rlimit core, files;
    if (getrlimit(RLIMIT_CORE, &core) || getrlimit(RLIMIT_NOFILE, &files))
        return 1;
    return core.rlim_max == 0 && files.rlim_max == 64 && files.rlim_cur == 64 && dup2(0, 64) < 0 ? REFUSED : WORKED;
}
static int do_dumpable(const void *with) { return (void)with, prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) ? WORKED : REFUSED; }
static int do_no_new_privs(const void *with)
{
    return (void)with, prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0) == 1 ? REFUSED : WORKED;
}

static void test_other_lines_alone(void **state)
{
    (void)state;
    assert_int_equal(attempt(CONFINE_BIT(NO_NEW_PRIVS), do_no_new_privs, NULL), REFUSED);
    assert_int_equal(attempt(CONFINE_BIT(UNDUMPABLE), do_dumpable, NULL), REFUSED);
    assert_int_equal(attempt(CONFINE_BIT(LIMITS), do_limits, NULL), REFUSED);
    assert_int_equal(attempt(CONFINE_BIT(CAPABILITIES), do_privileged, NULL), REFUSED);
    assert_int_equal(attempt(0, do_dumpable, NULL), WORKED); /* the tests' own sense: nothing drawn, nothing refused */
    assert_int_equal(attempt(0, do_open, NULL), WORKED);
}

static void test_inherited_descriptors(void **state)
{
    (void)state;
    fflush(NULL);
    pid_t child = fork();
    assert_true(child >= 0);
    if (!child) {
        int keep[] = { 40, -1, 11, 2, 300 };
        for (int fd = 10; fd < 400; fd++)
            if (dup2(0, fd) != fd)
                _exit(1);
        if (confine_close_inherited(keep, 5, NULL) != STATUS_OK)
            _exit(2);
        for (int fd = 0; fd < 1000; fd++) {
            bool open_now = fcntl(fd, F_GETFD) >= 0;
            if (open_now != (fd < 3 || fd == 40 || fd == 11 || fd == 300))
                _exit(3);
        }
        _exit(WORKED);
    }
    int status;
    assert_int_equal(waitpid(child, &status, 0), child);
    assert_int_equal(status, 0);
}

static void test_report_text(void **state)
{
    (void)state;
    struct confine_report report;
    struct confine_options options = { .lines = 0 };
    char text[512], cut[20];
    assert_int_equal(confine_apply(&options, &report, NULL), STATUS_OK);
    confine_report_text(&report, text, sizeof text);
    assert_non_null(strstr(text, "no_new_privs off"));
    assert_non_null(strstr(text, "seccomp off"));
    confine_probe_machine(&report);
    confine_report_text(&report, text, sizeof text);
    assert_true(strlen(text) < 250);
    confine_report_text(&report, cut, sizeof cut);
    assert_int_equal(strlen(cut), sizeof cut - 1);
    print_message("this machine: %s\n", text);
}

/* A line that the kernel has and that cannot be drawn is a failure with a reason, required or not. */
static void test_required_line(void **state)
{
    (void)state;
    if (!landlock_here())
        SKIP_CASE("no Landlock here");
    const struct confine_grant broken = { 999, true };
    struct confine_options options = {
        .lines = CONFINE_BIT(LANDLOCK), .required = CONFINE_BIT(LANDLOCK), .grants = &broken, .grant_count = 1
    };
    struct confine_report report;
    struct error error = ERROR_INIT;
    assert_int_equal(confine_apply(&options, &report, &error), STATUS_DENIED);
    assert_int_equal(report.state[CONFINE_LANDLOCK], CONFINE_FAILED);
    assert_non_null(strstr(error.text, "Landlock"));
    options.required = 0;
    assert_int_equal(confine_apply(&options, &report, NULL), STATUS_DENIED);
    assert_int_equal(report.state[CONFINE_LANDLOCK], CONFINE_FAILED);
}

static int file_make(const char *path, const char *text)
{
    char full[128];
    snprintf(full, sizeof full, "%s/%s", root, path);
    int fd = open(full, O_RDWR | O_CREAT | O_CLOEXEC, 0755);
    return fd >= 0 && write(fd, text, strlen(text)) == (ssize_t)strlen(text) ? fd : -1;
}

static int folder_make(const char *path)
{
    char full[128];
    snprintf(full, sizeof full, "%s/%s", root, path);
    return mkdir(full, 0755) ? -1 : open(full, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
}

static int tree_make(void **state)
{
    (void)state;
    if (!mkdtemp(root))
        return -1;
    ro_fd = folder_make("ro");
    rw_fd = folder_make("rw");
    int outside = folder_make("outside");
    secret_fd = file_make("outside/secret", "secret");
    int made[] = { file_make("ro/file", "x"), file_make("rw/file", "x"), file_make("rw/true", "#!/bin/true\n") };
    char link[128];
    snprintf(link, sizeof link, "%s/rw/link", root);
    bool good = ro_fd >= 0 && rw_fd >= 0 && outside >= 0 && secret_fd >= 0 && !symlink("../outside/secret", link);
    for (size_t i = 0; i < 3; i++)
        good = good && made[i] >= 0 && !close(made[i]);
    return good && !close(outside) ? 0 : -1;
}

static int tree_remove(void **state)
{
    (void)state;
    char command[64];
    snprintf(command, sizeof command, "rm -rf %s", root);
    return system(command); /* NOLINT: the name is mkdtemp's */
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_seccomp_every_number), cmocka_unit_test(test_seccomp_compat_entry),
        cmocka_unit_test(test_seccomp_deeds),        cmocka_unit_test(test_guest_goes_on),
        cmocka_unit_test(test_landlock_alone),       cmocka_unit_test(test_landlock_without_grants),
        cmocka_unit_test(test_other_lines_alone),    cmocka_unit_test(test_inherited_descriptors),
        cmocka_unit_test(test_report_text),          cmocka_unit_test(test_required_line),
    };
    return cmocka_run_group_tests(tests, tree_make, tree_remove);
}
