/* os.h on Linux. References: memfd_create(2), pidfd_open(2), futex(2), signalfd(2), close_range(2), renameat2(2). */
#include "runtime/base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/futex.h>
#include <linux/magic.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/auxv.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

enum { NR_CLOSE_RANGE = 436, CLOSE_ON_EXEC = 4 /* CLOSE_RANGE_CLOEXEC, Linux 5.11 */ };

const char *os_errno_text(int number, char *room, size_t size) { return strerror_r(number, room, size); }

bool os_memory_create(const char *name, int *ret_fd, int *ret_reader)
{
    *ret_fd = memfd_create(name, MFD_CLOEXEC | (ret_reader ? MFD_ALLOW_SEALING : 0));
    if (ret_reader)
        *ret_reader = -1;
    return *ret_fd >= 0;
}

bool os_memory_seal(int *fd, int *reader)
{
    (void)reader;
    return fcntl(*fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) == 0;
}

bool os_pipe(int ret[2]) { return pipe2(ret, O_CLOEXEC) == 0; }

bool os_message_pair(int ret[2]) { return socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ret) == 0; }

bool os_socket_pair(int ret[2]) { return socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ret) == 0; }

ssize_t os_socket_write(int fd, const void *bytes, size_t size) { return send(fd, bytes, size, MSG_NOSIGNAL); }

bool os_close_on_exec(int first)
{
    if (syscall(NR_CLOSE_RANGE, (unsigned)first, ~0U, CLOSE_ON_EXEC) == 0)
        return true;
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0)
        return false;
    /* Before Linux 5.11. What was opened under a higher limit than today's the child itself closes. */
    rlim_t most = files.rlim_cur < 1 << 20 ? files.rlim_cur : 1 << 20;
    for (int fd = first; fd < (int)most; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0 && !(flags & FD_CLOEXEC) && fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
            return false;
    }
    return true;
}

bool os_close_range(unsigned first, unsigned last) { return syscall(NR_CLOSE_RANGE, first, last, 0) == 0; }

bool os_descriptor_path(int fd, char *ret, size_t size)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, ret, size);
    if (n <= 0 || (size_t)n == size || ret[0] != '/')
        return false;
    ret[n] = '\0';
    return true;
}

int os_open_name(int folder, const char *name, int flags) { return openat(folder, name, O_PATH | O_CLOEXEC | flags); }

ssize_t os_link_target(int link, char *ret, size_t size) { return readlinkat(link, "", ret, size); }

bool os_links_are_magic(int folder)
{
    struct statfs fs;
    return fstatfs(folder, &fs) == 0 && fs.f_type == PROC_SUPER_MAGIC;
}

bool os_rename_exchange(int folder, const char *one, const char *other)
{
    return renameat2(folder, one, folder, other, RENAME_EXCHANGE) == 0;
}

bool os_file_allocate(int fd, uint64_t size)
{
    int number = posix_fallocate(fd, 0, (off_t)size);
    errno = number;
    return number == 0;
}

bool os_file_reserve(int fd, uint64_t offset, uint64_t size)
{
    return fallocate(fd, FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size) == 0;
}

bool os_file_punch(int fd, uint64_t offset, uint64_t size)
{
    return fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)offset, (off_t)size) == 0;
}

bool os_file_nameless(const char *folder, int *ret_fd)
{
    return (*ret_fd = open(folder, O_TMPFILE | O_RDWR | O_EXCL | O_CLOEXEC, 0600)) >= 0;
}

bool os_file_sync(int fd) { return fdatasync(fd) == 0; }

bool os_process_watch(int pid, int *ret_fd) { return (*ret_fd = (int)syscall(SYS_pidfd_open, pid, 0)) >= 0; }

int os_process_pass(int fd) { return fd; }

bool os_process_receive(int passed, int pid, int *ret_fd)
{
    (void)pid;
    *ret_fd = passed;
    return true;
}

void os_process_kill(int fd, int pid)
{
    (void)pid;
    syscall(SYS_pidfd_send_signal, fd, SIGKILL, NULL, 0);
}

void os_die_with_parent_forked(void) { prctl(PR_SET_PDEATHSIG, SIGKILL); }

bool os_die_with_parent_executed(void) { return true; }

void os_memory_short_goes_first(void)
{
    int fd = open("/proc/self/oom_score_adj", O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    if (write(fd, "1000", 4) < 0)
        errno = 0;
    close(fd);
}

void os_keep_secrets(void)
{
    const struct rlimit none = { 0, 0 };
    (void)setrlimit(RLIMIT_CORE, &none);
    (void)prctl(PR_SET_DUMPABLE, 0, 0, 0, 0);
}

bool os_program_path(char *ret, size_t size)
{
    ssize_t n = readlink("/proc/self/exe", ret, size - 1);
    if (n > 0 && (size_t)n < size - 1) {
        ret[n] = '\0';
        return true;
    }
    /* No /proc: the name that execve was given. Who has more rights than its caller must not believe that. */
    const char *name = getauxval(AT_SECURE) ? NULL : (const char *)(uintptr_t)getauxval(AT_EXECFN);
    return name && strchr(name, '/') && snprintf(ret, size, "%s", name) < (int)size && access(ret, X_OK) == 0;
}

void os_wait_on(const void *word, uint32_t value, const struct timespec *timeout)
{
    syscall(SYS_futex, word, FUTEX_WAIT, value, timeout, NULL, 0);
}

void os_wake(const void *word) { syscall(SYS_futex, word, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0); }

bool os_wait_readable(int fd, const struct timespec *timeout)
{
    struct pollfd wait = { .fd = fd, .events = POLLIN };
    return ppoll(&wait, 1, timeout, NULL) > 0 && wait.revents;
}

int os_signals_open(const sigset_t *signals) { return signalfd(-1, signals, SFD_CLOEXEC | SFD_NONBLOCK); }

int os_signals_take(int fd, const sigset_t *signals)
{
    struct signalfd_siginfo info;
    (void)signals;
    return read(fd, &info, sizeof info) == (ssize_t)sizeof info ? (int)info.ssi_signo : 0;
}
