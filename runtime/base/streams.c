/* Fills the standard streams that the process was started without: a trace that lands on descriptor 1 would be written
 * over by the next message.
 *
 * Leaves out: streams that are open and useless; they are what the caller gave. */
#include "runtime/base/streams.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

/* In a container without /dev: the reading end of a pipe that nobody writes into. Reading ends at once, writing is
 * EBADF. */
static int stream_without_dev(int fd)
{
    int ends[2];
    if (pipe(ends) < 0)
        return -1;
    if (ends[0] != fd && dup2(ends[0], fd) < 0)
        return -1;
    if (ends[0] != fd)
        close(ends[0]);
    if (ends[1] != fd)
        close(ends[1]);
    return fd;
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
            got = stream_without_dev(fd);
        if (got != fd)
            return error_set_errno(error, STATUS_IO, errno, "descriptor %d is closed and cannot be replaced", fd);
    }
    return STATUS_OK;
}
