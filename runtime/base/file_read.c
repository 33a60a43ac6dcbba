/* Reads a file whole. Bounded in bytes and in time: a file that grows while it is read stops at the limit, a pipe that
 * brings nothing at the end of its time, and what is neither a file nor a pipe is never opened. */
#include "runtime/base/file_read.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/elapsed.h"

enum { BLOCK = 65536 };

static const char *type_text(mode_t mode)
{
    return S_ISDIR(mode) ? "a directory" : S_ISFIFO(mode) ? "a pipe" : S_ISSOCK(mode) ? "a socket" : "a device";
}

/* Looked at before and after: what the name stands for may be exchanged in between. */
static enum status open_checked(const char *path, bool pipes, int *ret_fd, struct stat *st, struct error *error)
{
    const char *wanted = pipes ? "a file or a pipe" : "a file";
    if (stat(path, st) < 0)
        return error_set_errno(error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot open %s", path);
    if (!S_ISREG(st->st_mode) && !(pipes && S_ISFIFO(st->st_mode)))
        return error_set(error, STATUS_IO, "%s is %s, and not a regular file; give %s", path, type_text(st->st_mode),
                         wanted);
    int fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (fd < 0)
        return error_set_errno(error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot open %s", path);
    if (fstat(fd, st) < 0 || !(S_ISREG(st->st_mode) || (pipes && S_ISFIFO(st->st_mode)))) {
        close(fd);
        return error_set(error, STATUS_IO, "%s changed while it was opened; give %s", path, wanted);
    }
    *ret_fd = fd;
    return STATUS_OK;
}

enum status file_open_regular(const char *path, int *ret_fd, uint64_t *ret_size, struct error *error)
{
    struct stat st;
    enum status status = open_checked(path, false, ret_fd, &st, error);
    if (status == STATUS_OK)
        *ret_size = (uint64_t)st.st_size;
    return status;
}

/* Waits for a pipe's next bytes. False: its time is over. */
static bool pipe_wait(int fd, uint64_t deadline_ns)
{
    uint64_t now = elapsed_now_ns();
    struct pollfd wait = { fd, POLLIN, 0 };
    if (now >= deadline_ns)
        return false;
    return poll(&wait, 1, (int)((deadline_ns - now) / 1000000) + 1) != 0;
}

enum status file_read_all(const char *path, size_t limit, struct buffer *ret, struct error *error)
{
    const uint64_t deadline = elapsed_now_ns() + FILE_PIPE_SECONDS * UINT64_C(1000000000);
    size_t total = 0;
    int fd;
    struct stat st;
    enum status status = open_checked(path, true, &fd, &st, error);
    if (status != STATUS_OK)
        return status;
    for (;;) {
        uint8_t *at = buffer_extend(ret, BLOCK);
        if (!at) {
            status = error_set(error, STATUS_NO_MEMORY, "%s: out of memory", path);
            break;
        }
        ssize_t got = read(fd, at, BLOCK);
        int failure = errno;
        ret->size -= BLOCK - (got > 0 ? (size_t)got : 0);
        if (got < 0 && failure == EINTR)
            continue;
        if (got < 0 && failure == EAGAIN && pipe_wait(fd, deadline))
            continue;
        if (got < 0 && failure == EAGAIN)
            status = error_set(error, STATUS_IO, "%s is a pipe that brought no end within %d seconds", path,
                               FILE_PIPE_SECONDS);
        else if (got < 0)
            status = error_set_errno(error, STATUS_IO, failure, "cannot read %s", path);
        if (got <= 0)
            break;
        total += (size_t)got;
        if (total > limit) {
            status = error_set(error, STATUS_LIMIT, "%s has more than %zu bytes", path, limit);
            break;
        }
        if (S_ISFIFO(st.st_mode) && elapsed_now_ns() > deadline) {
            status = error_set(error, STATUS_IO, "%s is a pipe that brought no end within %d seconds", path,
                               FILE_PIPE_SECONDS);
            break;
        }
    }
    close(fd);
    return status;
}

enum status file_read_fd(int fd, uint64_t size, struct buffer *ret, struct error *error)
{
    uint64_t done = 0;
    uint8_t *to = size < SIZE_MAX ? buffer_extend(ret, (size_t)size) : NULL;
    if (!to)
        return error_set(error, STATUS_NO_MEMORY, "out of memory for %llu bytes", (unsigned long long)size);
    while (done < size) {
        ssize_t got = pread(fd, to + done, (size_t)(size - done), (off_t)done);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            return error_set_errno(error, STATUS_IO, errno, "cannot read");
        if (got == 0)
            return error_set(error, STATUS_TRUNCATED, "the file became shorter while it was read");
        done += (uint64_t)got;
    }
    return STATUS_OK;
}

bool file_exists(const char *path) { return access(path, F_OK) == 0; }
