/* Reads a file whole. Bounded: a file that grows while it is read, or a device without end, stops at the limit. */
#include "runtime/base/file_read.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

enum { BLOCK = 65536 };

enum status file_read_all(const char *path, size_t limit, struct buffer *ret, struct error *error)
{
    enum status status = STATUS_OK;
    size_t total = 0;
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return error_set_errno(error, errno == ENOENT ? STATUS_NOT_FOUND : STATUS_IO, errno, "cannot open %s", path);
    for (;;) {
        uint8_t *at = buffer_extend(ret, BLOCK);
        if (!at) {
            status = error_set(error, STATUS_NO_MEMORY, "%s: out of memory", path);
            break;
        }
        ssize_t got = read(fd, at, BLOCK);
        ret->size -= BLOCK - (got > 0 ? (size_t)got : 0);
        if (got < 0 && errno == EINTR)
            continue;
        if (got < 0)
            status = error_set_errno(error, STATUS_IO, errno, "cannot read %s", path);
        if (got <= 0)
            break;
        total += (size_t)got;
        if (total > limit) {
            status = error_set(error, STATUS_LIMIT, "%s has more than %zu bytes", path, limit);
            break;
        }
    }
    close(fd);
    return status;
}

bool file_exists(const char *path) { return access(path, F_OK) == 0; }
