/* The launcher's children as such: forked, released, heard, waited for, put down. */
#include "cli/launch_run.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "runtime/base/os.h"

void launch_close(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

enum status child_fork(struct child_process *child, const char *name, const struct launch_pass *pass, size_t count,
                       bool quiet, struct error *error)
{
    enum status s = launch_spawn(name, pass, count, quiet, &child->pid, &child->go, error);
    if (s != STATUS_OK)
        return s;
    if (os_process_watch(child->pid, &child->watch))
        return STATUS_OK;
    return error_set_errno(error, STATUS_UNSUPPORTED, errno, "cannot watch %s (Linux 5.3 or later is needed)", name);
}

enum status child_release(struct child_process *child, const char *name, struct error *error)
{
    int go = child->go;
    child->go = -1;
    return go >= 0 ? launch_go(go, name, error) : STATUS_OK;
}

enum status child_socket(struct child_process *child, int *ret_theirs, struct error *error)
{
    int pair[2];
    if (!os_socket_pair(pair))
        return error_set_errno(error, STATUS_IO, errno, "cannot create a socket pair");
    child->control = pair[0];
    *ret_theirs = pair[1];
    return STATUS_OK;
}

bool child_message_read(struct run *run, const struct child_process *child, struct child_message *message)
{
    size_t got = 0;
    while (got < sizeof *message) {
        if (!launch_signals_wait(&run->signals, child->control))
            return false;
        ssize_t n = read(child->control, (char *)message + got, sizeof *message - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    message->text[sizeof message->text - 1] = '\0';
    return true;
}

enum status child_ready(struct run *run, const struct child_process *child, const char *name, struct error *error)
{
    struct child_message message;
    if (!child_message_read(run, child, &message))
        return error_set(error, STATUS_INTERNAL, "the %s ended before it was ready", name);
    if (message.kind != CHILD_READY)
        return error_set(error, (enum status)message.status, "%s", message.text);
    return STATUS_OK;
}

bool child_is_gone(const struct child_process *child)
{
    struct pollfd wait = { child->watch, POLLIN, 0 };
    return child->pid <= 0 || poll(&wait, 1, 0) > 0;
}

void child_reap(struct child_process *child, int *ret_wait_status)
{
    int ignored;
    if (child->pid <= 0)
        return;
    while (waitpid(child->pid, ret_wait_status ? ret_wait_status : &ignored, 0) < 0 && errno == EINTR) {
    }
    child->pid = 0;
}

void child_put_down(struct child_process *child)
{
    if (child->pid > 0)
        kill(child->pid, SIGKILL);
    child_reap(child, NULL);
    launch_close(&child->control);
    launch_close(&child->go);
    launch_close(&child->watch);
}

void child_let_end(struct child_process *child)
{
    enum { GRACE_MS = 1000 };
    launch_close(&child->control);
    launch_close(&child->go);
    struct pollfd wait = { child->watch, POLLIN, 0 };
    if (child->pid > 0)
        poll(&wait, 1, GRACE_MS); /* a signal that comes meanwhile ends the grace */
    child_put_down(child);
}
