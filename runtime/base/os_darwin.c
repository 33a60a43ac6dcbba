/* os.h on macOS 14.4 and later. Compiled and linked by `./dev build macos`; never run.
 *
 * Costs and gaps, each beside its function too: a memory file is a file in the user's temporary folder whose name is
 * gone at once; waits are in whole milliseconds; a process is killed by its number; nothing of the system ties a ring
 * to the life of its recorder (ring_darwin.c). References: the manual pages kqueue(2), fcntl(2), renameatx_np(2),
 * dyld(3), os_sync_wait_on_address(3). */
#include "runtime/base/os.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <mach-o/dyld.h>
#include <poll.h>
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/event.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <unistd.h>

/* <os/os_sync_wait_on_address.h>, which the compiler's bundle of headers leaves out; public from macOS 14.4 on. */
int os_sync_wait_on_address(void *word, uint64_t value, size_t size, uint32_t flags);
int os_sync_wait_on_address_with_timeout(void *word, uint64_t value, size_t size, uint32_t flags, uint32_t clock,
                                         uint64_t timeout_ns);
int os_sync_wake_by_address_all(void *word, size_t size, uint32_t flags);
enum { SYNC_SHARED = 1, SYNC_CLOCK_ABSOLUTE = 32 /* OS_CLOCK_MACH_ABSOLUTE_TIME: ns that are asked for, not ticks */ };

enum { DESCRIPTORS_MOST = 1 << 20 };

static bool close_on_exec(int fd) { return fcntl(fd, F_SETFD, FD_CLOEXEC) == 0; }

/* Closes and keeps errno. false, for the return. */
static bool give_up(int fd, int other)
{
    int number = errno;
    if (fd >= 0)
        close(fd);
    if (other >= 0)
        close(other);
    errno = number;
    return false;
}

const char *os_errno_text(int number, char *room, size_t size)
{
    if (strerror_r(number, room, size) != 0)
        snprintf(room, size, "errno %d", number);
    return room;
}

bool os_memory_create(const char *name, int *ret_fd, int *ret_reader)
{
    char path[PATH_MAX];
    size_t length = confstr(_CS_DARWIN_USER_TEMP_DIR, path, sizeof path);
    if (length == 0 || length > sizeof path)
        snprintf(path, sizeof path, "/tmp/");
    length = strlen(path);
    if (snprintf(path + length, sizeof path - length, "warrant-%s.XXXXXX", name) >= (int)(sizeof path - length)) {
        errno = ENAMETOOLONG;
        return false;
    }
    int fd = mkstemp(path);
    if (fd < 0)
        return false;
    int reader = ret_reader ? open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW) : -1;
    bool done = close_on_exec(fd) && (!ret_reader || reader >= 0);
    struct stat here, there; /* that nobody put another file behind the name meanwhile */
    if (done && ret_reader)
        done = fstat(fd, &here) == 0 && fstat(reader, &there) == 0 && here.st_ino == there.st_ino &&
               here.st_dev == there.st_dev;
    if (unlink(path) < 0 || !done)
        return give_up(fd, reader);
    *ret_fd = fd;
    if (ret_reader)
        *ret_reader = reader;
    return true;
}

bool os_memory_seal(int *fd, int *reader)
{
    if (*reader < 0) {
        errno = EBADF;
        return false;
    }
    close(*fd);
    *fd = *reader;
    *reader = -1;
    return true;
}

bool os_pipe(int ret[2])
{
    if (pipe(ret) < 0)
        return false;
    return (close_on_exec(ret[0]) && close_on_exec(ret[1])) || give_up(ret[0], ret[1]);
}

static bool pair_make(int type, int ret[2])
{
    const int on = 1;
    if (socketpair(AF_UNIX, type, 0, ret) < 0)
        return false;
    for (int i = 0; i < 2; i++)
        if (!close_on_exec(ret[i]) || setsockopt(ret[i], SOL_SOCKET, SO_NOSIGPIPE, &on, sizeof on) < 0)
            return give_up(ret[0], ret[1]);
    return true;
}

bool os_message_pair(int ret[2]) { return pair_make(SOCK_DGRAM, ret); }
bool os_socket_pair(int ret[2]) { return pair_make(SOCK_STREAM, ret); }

ssize_t os_socket_write(int fd, const void *bytes, size_t size) { return send(fd, bytes, size, 0); }

/* One more than the highest number that a descriptor may have; what was opened under a higher limit than today's stays.
 */
static int descriptors_end(void)
{
    struct rlimit files;
    if (getrlimit(RLIMIT_NOFILE, &files) < 0 || files.rlim_cur > DESCRIPTORS_MOST)
        return DESCRIPTORS_MOST;
    return (int)files.rlim_cur;
}

bool os_close_on_exec(int first)
{
    for (int fd = first, end = descriptors_end(); fd < end; fd++) {
        int flags = fcntl(fd, F_GETFD);
        if (flags >= 0 && !(flags & FD_CLOEXEC) && fcntl(fd, F_SETFD, flags | FD_CLOEXEC) < 0)
            return false;
    }
    return true;
}

bool os_close_range(unsigned first, unsigned last)
{
    unsigned end = (unsigned)descriptors_end();
    for (unsigned fd = first; fd < end && fd <= last; fd++)
        close((int)fd);
    return true;
}

bool os_descriptor_path(int fd, char *ret, size_t size)
{
    char path[PATH_MAX];
    if (fcntl(fd, F_GETPATH, path) < 0 || path[0] != '/' || strlen(path) >= size)
        return false;
    memcpy(ret, path, strlen(path) + 1);
    return true;
}

/* There is no O_PATH: O_EVTONLY asks for no right to read. */
int os_open_name(int folder, const char *name, int flags)
{
    int own = (flags & O_DIRECTORY) | (flags & O_NOFOLLOW ? O_SYMLINK : 0);
    return openat(folder, name, O_EVTONLY | O_NONBLOCK | O_CLOEXEC | own);
}

ssize_t os_link_target(int link, char *ret, size_t size) { return freadlink(link, ret, size); }

bool os_links_are_magic(int folder)
{
    (void)folder; /* /dev/fd has no links */
    return false;
}

bool os_rename_exchange(int folder, const char *one, const char *other)
{
    if (renameatx_np(folder, one, folder, other, RENAME_SWAP) == 0)
        return true;
    errno = errno == ENOTSUP ? EINVAL : errno; /* as Linux says that a file system cannot */
    return false;
}

/* Room from the end of what is there up to `end`. */
static bool room(int fd, uint64_t end)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return false;
    if (end <= (uint64_t)st.st_size)
        return true;
    fstore_t store = { F_ALLOCATEALL, F_PEOFPOSMODE, 0, (off_t)(end - (uint64_t)st.st_size), 0 };
    return fcntl(fd, F_PREALLOCATE, &store) == 0;
}

bool os_file_allocate(int fd, uint64_t size) { return room(fd, size) && ftruncate(fd, (off_t)size) == 0; }

bool os_file_reserve(int fd, uint64_t offset, uint64_t size) { return room(fd, offset + size); }

bool os_file_punch(int fd, uint64_t offset, uint64_t size)
{
    fpunchhole_t hole = { 0, 0, (off_t)offset, (off_t)size };
    return fcntl(fd, F_PUNCHHOLE, &hole) == 0;
}

bool os_file_nameless(const char *folder, int *ret_fd)
{
    char path[4096];
    int length = snprintf(path, sizeof path, "%s/warrant-XXXXXX", folder);
    *ret_fd = length > 0 && (size_t)length < sizeof path ? mkstemp(path) : -1;
    return *ret_fd >= 0 && unlink(path) == 0 && fcntl(*ret_fd, F_SETFD, FD_CLOEXEC) == 0;
}

/* fsync hands it to the drive, which may keep it; where the drive has no way to be told, fsync is all there is. */
bool os_file_sync(int fd) { return fcntl(fd, F_FULLFSYNC) == 0 || fsync(fd) == 0; }

bool os_process_watch(int pid, int *ret_fd)
{
    int queue = kqueue();
    struct kevent event;
    if (queue < 0)
        return false;
    EV_SET(&event, (uintptr_t)pid, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL);
    bool done = close_on_exec(queue) && kevent(queue, &event, 1, NULL, 0, NULL) == 0;
    if (!done && errno == ESRCH) { /* it has ended already: an event that is there at once */
        EV_SET(&event, 0, EVFILT_USER, EV_ADD, 0, 0, NULL);
        done = kevent(queue, &event, 1, NULL, 0, NULL) == 0;
        EV_SET(&event, 0, EVFILT_USER, 0, NOTE_TRIGGER, 0, NULL);
        done = done && kevent(queue, &event, 1, NULL, 0, NULL) == 0;
    }
    *ret_fd = queue;
    return done || give_up(queue, -1);
}

/* A queue is not inherited. */
int os_process_pass(int fd)
{
    (void)fd;
    return -1;
}

bool os_process_receive(int passed, int pid, int *ret_fd)
{
    (void)passed;
    return os_process_watch(pid, ret_fd);
}

/* Not where the end was seen: the number may be another's by then. Between the look and the signal it still can. */
void os_process_kill(int fd, int pid)
{
    struct pollfd ended = { fd, POLLIN, 0 };
    if (poll(&ended, 1, 0) == 0)
        kill(pid, SIGKILL);
}

void os_die_with_parent_forked(void) {}

static void *die_with_parent(void *parent)
{
    struct kevent event;
    int queue = kqueue();
    EV_SET(&event, (uintptr_t)parent, EVFILT_PROC, EV_ADD, NOTE_EXIT, 0, NULL);
    int number;
    do
        number = queue < 0 ? 0 : kevent(queue, &event, 1, &event, 1, NULL);
    while (number < 0 && errno == EINTR);
    kill(getpid(), SIGKILL); /* also where it could not be watched: then it is gone */
    return NULL;
}

bool os_die_with_parent_executed(void)
{
    pid_t parent = getppid();
    pthread_t thread;
    sigset_t all, before;
    if (parent <= 1) { /* adopted: it is gone */
        errno = ESRCH;
        return false;
    }
    sigfillset(&all); /* signals are the first thread's */
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int number = pthread_create(&thread, NULL, die_with_parent, (void *)(intptr_t)parent);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    errno = number;
    return number == 0;
}

void os_memory_short_goes_first(void) {}

void os_keep_secrets(void)
{
    const struct rlimit none = { 0, 0 };
    (void)setrlimit(RLIMIT_CORE, &none);
}

bool os_program_path(char *ret, size_t size)
{
    char path[PATH_MAX], whole[PATH_MAX];
    uint32_t room_for = sizeof path;
    if (_NSGetExecutablePath(path, &room_for) != 0 || !realpath(path, whole) || strlen(whole) >= size)
        return false;
    memcpy(ret, whole, strlen(whole) + 1);
    return true;
}

void os_wait_on(const void *word, uint32_t value, const struct timespec *timeout)
{
    void *at = (void *)(uintptr_t)word;
    if (!timeout) {
        (void)os_sync_wait_on_address(at, value, sizeof value, SYNC_SHARED);
        return;
    }
    uint64_t ns = (uint64_t)timeout->tv_sec * UINT64_C(1000000000) + (uint64_t)timeout->tv_nsec;
    (void)os_sync_wait_on_address_with_timeout(at, value, sizeof value, SYNC_SHARED, SYNC_CLOCK_ABSOLUTE, ns ? ns : 1);
}

void os_wake(const void *word)
{
    (void)os_sync_wake_by_address_all((void *)(uintptr_t)word, sizeof(uint32_t), SYNC_SHARED);
}

bool os_wait_readable(int fd, const struct timespec *timeout)
{
    struct pollfd wait = { fd, POLLIN, 0 };
    int64_t ms = timeout ? (int64_t)timeout->tv_sec * 1000 + (timeout->tv_nsec + 999999) / 1000000 : -1;
    return poll(&wait, 1, ms < INT_MAX ? (int)ms : INT_MAX) > 0 && wait.revents;
}

/* A queue tells of a signal even where it is blocked; sigwait takes it. */
int os_signals_open(const sigset_t *signals)
{
    int queue = kqueue();
    bool done = queue >= 0 && close_on_exec(queue);
    for (int number = 1; done && number < NSIG; number++) {
        struct kevent event;
        EV_SET(&event, (uintptr_t)number, EVFILT_SIGNAL, EV_ADD, 0, 0, NULL);
        if (sigismember(signals, number) == 1)
            done = kevent(queue, &event, 1, NULL, 0, NULL) == 0;
    }
    if (!done)
        (void)give_up(queue, -1);
    return done ? queue : -1;
}

int os_signals_take(int fd, const sigset_t *signals)
{
    const struct timespec now = { 0, 0 };
    struct kevent event;
    sigset_t pending, taken;
    while (kevent(fd, NULL, 0, &event, 1, &now) > 0) { /* what it tells is asked for below */
    }
    if (sigpending(&pending) < 0)
        return 0;
    for (int number = 1; number < NSIG; number++) {
        int got = 0;
        if (sigismember(&pending, number) != 1 || sigismember(signals, number) != 1)
            continue;
        sigemptyset(&taken);
        sigaddset(&taken, number);
        return sigwait(&taken, &got) == 0 ? got : 0;
    }
    return 0;
}
