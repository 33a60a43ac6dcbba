/* Signals that end a run, as data (os.h). Reference: signal(7). */
#include "cli/launch_signals.h"

#include <errno.h>
#include <poll.h>
#include <unistd.h>

#include "runtime/base/os.h"

static const int ending[] = { SIGINT, SIGTERM, SIGHUP, SIGQUIT };

enum status launch_signals_open(struct launch_signals *signals, struct error *error)
{
    sigset_t *watched = &signals->watched;
    const struct sigaction ignored = { .sa_handler = SIG_IGN };
    sigaction(SIGPIPE, &ignored, &signals->before_pipe);
    sigemptyset(watched);
    for (size_t i = 0; i < sizeof ending / sizeof *ending; i++) {
        struct sigaction now;
        if (sigaction(ending[i], NULL, &now) == 0 && now.sa_handler != SIG_IGN)
            sigaddset(watched, ending[i]);
    }
    if (sigprocmask(SIG_BLOCK, watched, &signals->before) < 0)
        return error_set_errno(error, STATUS_INTERNAL, errno, "cannot block signals");
    signals->fd = os_signals_open(watched);
    return signals->fd >= 0 ? STATUS_OK : error_set_errno(error, STATUS_IO, errno, "cannot take signals as data");
}

void launch_signals_take(struct launch_signals *signals)
{
    int number;
    while (signals->fd >= 0 && (number = os_signals_take(signals->fd, &signals->watched)) != 0) {
        if (!signals->count++)
            signals->first = number;
    }
}

bool launch_signals_wait(struct launch_signals *signals, int fd)
{
    for (;;) {
        struct pollfd wait[2] = { { fd, POLLIN, 0 }, { signals->fd, POLLIN, 0 } };
        int n = poll(wait, 2, -1);
        if (n < 0 && errno != EINTR)
            return false;
        if (n > 0 && wait[0].revents)
            return true;
        launch_signals_take(signals);
        if (signals->count > 1)
            return false;
    }
}

void launch_signals_close(struct launch_signals *signals)
{
    if (signals->fd < 0)
        return;
    launch_signals_take(signals); /* what came meanwhile has had its effect */
    close(signals->fd);
    signals->fd = -1;
    sigprocmask(SIG_SETMASK, &signals->before, NULL);
    sigaction(SIGPIPE, &signals->before_pipe, NULL);
}
