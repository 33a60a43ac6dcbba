/* Fills the standard streams that the process was started without: a trace that lands on descriptor 1 would be written
 * over by the next message.
 *
 * Leaves out: streams that are open and useless; they are what the caller gave. */
#include "runtime/base/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

int streams_null(void)
{
    int fd = open("/dev/null", O_RDWR | O_CLOEXEC);
    int ends[2];
    if (fd >= 0 || pipe(ends) < 0)
        return fd;
    /* In a container without /dev: the reading end of a pipe that nobody writes into. Reading ends at once, writing is
     * EBADF. */
    close(ends[1]);
    fcntl(ends[0], F_SETFD, FD_CLOEXEC);
    return ends[0];
}

enum status streams_fill(struct error *error)
{
    signal(SIGXFSZ, SIG_IGN);
    for (int fd = 0; fd < 3; fd++) {
        if (fcntl(fd, F_GETFD) >= 0)
            continue;
        /* The lowest free number is given out, so that it is this one. */
        int got = open("/dev/null", fd == 0 ? O_RDONLY : O_WRONLY);
        if (got < 0)
            got = streams_null();
        if (got != fd || fcntl(fd, F_SETFD, 0) < 0)
            return error_set_errno(error, STATUS_IO, errno, "descriptor %d is closed and cannot be replaced", fd);
    }
    return STATUS_OK;
}
