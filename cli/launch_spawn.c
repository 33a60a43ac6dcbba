/* Starts a child executable with exactly the descriptors it is given.
 *
 * The child is forked first and waits for its go, so that the witness can watch the process from before its exec. It
 * dies with the launcher (PR_SET_PDEATHSIG). Only async-signal-safe calls stand between fork and exec. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/prctl.h>
#include <unistd.h>

/* The executable NAME: beside the command in the build tree and in an installation: ../libexec/warrant or
 * libexec/warrant. */
static enum status helper_path(const char *name, char *ret, size_t size, struct error *error)
{
    char self[4096];
    ssize_t n = readlink("/proc/self/exe", self, sizeof self - 1);
    if (n < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot find where warrant is installed");
    self[n] = '\0';
    const char *folder = dirname(self);
    static const char *const places[] = { "libexec/warrant", "../libexec/warrant" };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (snprintf(ret, size, "%s/%s/%s", folder, places[i], name) < (int)size && access(ret, X_OK) == 0)
            return STATUS_OK;
    }
    return error_set(error, STATUS_NOT_FOUND, "the part %s is missing: expected %s; install or build warrant again",
                     name, ret);
}

/* In the child: moves the passed descriptors to their places. All are first copied out of the way. */
static bool place(const struct launch_pass *pass, size_t count)
{
    enum { HIGH = 512 };
    for (size_t i = 0; i < count; i++) {
        if (dup2(pass[i].from, HIGH + (int)i) < 0)
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (dup2(HIGH + (int)i, pass[i].to) < 0)
            return false;
        close(HIGH + (int)i);
    }
    return true;
}

static _Noreturn void child(const char *path, const struct launch_pass *pass, size_t count, bool quiet, int go)
{
    if (quiet) {
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
    } else {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
    }
    signal(SIGPIPE, SIG_IGN);
    char byte;
    ssize_t n;
    do
        n = read(go, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1 || !place(pass, count))
        _exit(EXIT_FAILURE_SETUP);
    char *const argv[] = { (char *)(uintptr_t)path, NULL };
    char *const envp[] = { NULL };
    execve(path, argv, envp);
    _exit(EXIT_FAILURE_SETUP);
}

enum status launch_spawn(const char *name, const struct launch_pass *pass, size_t count, bool quiet, int *ret_pid,
                         int *ret_go, struct error *error)
{
    char path[4200];
    enum status s = helper_path(name, path, sizeof path, error);
    if (s != STATUS_OK)
        return s;
    int go[2];
    if (pipe2(go, O_CLOEXEC) < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot create a pipe");
    pid_t pid = fork();
    if (pid < 0) {
        close(go[0]);
        close(go[1]);
        return error_set_errno(error, STATUS_IO, errno, "cannot start %s", name);
    }
    if (pid == 0) {
        close(go[1]);
        child(path, pass, count, quiet, go[0]);
    }
    close(go[0]);
    *ret_pid = pid;
    *ret_go = go[1];
    return STATUS_OK;
}

void launch_go(int go)
{
    char byte = 1;
    ssize_t ignored = write(go, &byte, 1);
    (void)ignored;
    close(go);
}
