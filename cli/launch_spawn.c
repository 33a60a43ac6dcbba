/* Starts a child executable with exactly the descriptors it is given.
 *
 * The child is forked first and waits for its go, so that the witness can watch the process from before its exec. It
 * dies with the launcher (os_die_with_parent_forked). Only async-signal-safe calls stand between fork and exec; what
 * fails there is told over the socket that the go came by, which the exec closes. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "runtime/base/os.h"
#include "runtime/base/streams.h"

enum { LAUNCHER_FILES = 40 };

/* What the child could not do. */
enum spawn_step { SPAWN_PLACE = 1, SPAWN_EXEC = 2 };
struct spawn_failure {
    int step, number;
};

enum status launch_self_path(char *ret, size_t size, struct error *error)
{
    if (os_program_path(ret, size))
        return STATUS_OK;
    return error_set(error, STATUS_IO,
                     "cannot find where warrant is installed: there is no /proc, and its name says nothing; call it by "
                     "its full path");
}

/* Beside the command in the build tree and in an installation: libexec/warrant or ../libexec/warrant. */
enum status launch_part_path(const char *name, char *ret, size_t size, struct error *error)
{
    char self[4096];
    enum status s = launch_self_path(self, sizeof self, error);
    if (s != STATUS_OK)
        return s;
    const char *folder = dirname(self);
    static const char *const places[] = { "libexec/warrant", "../libexec/warrant" };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++) {
        if (snprintf(ret, size, "%s/%s/%s", folder, places[i], name) < (int)size && access(ret, X_OK) == 0)
            return STATUS_OK;
    }
    return error_set(error, STATUS_NOT_FOUND, "the part %s is missing: expected %s; install or build warrant again",
                     name, ret);
}

enum status launch_limits(uint32_t grants, struct error *error)
{
    enum { TRIED_MAX = LAUNCHER_FILES + LIMIT_PREOPENS + LIMIT_LISTENERS };
    struct rlimit files;
    int tried[TRIED_MAX], count = 0, wanted = LAUNCHER_FILES + (int)grants;
    if (getrlimit(RLIMIT_NOFILE, &files) == 0 && files.rlim_cur < files.rlim_max) {
        files.rlim_cur = files.rlim_max;
        setrlimit(RLIMIT_NOFILE, &files);
    }
    while (count < wanted && count < TRIED_MAX && (tried[count] = fcntl(0, F_DUPFD_CLOEXEC, 3)) >= 0)
        count++;
    bool enough = count == wanted;
    while (count > 0)
        close(tried[--count]);
    getrlimit(RLIMIT_NOFILE, &files);
    if (!enough)
        return error_set(
            error, STATUS_LIMIT,
            "the limit of %llu open files (ulimit -n) leaves fewer than the %d that this run needs; raise it, "
            "or start warrant with fewer open files",
            (unsigned long long)files.rlim_cur, wanted);
    return STATUS_OK;
}

/* ---- in the child ---- */

/* Moves the passed descriptors to their places. All are first copied above the highest place, to numbers that are free,
 * so that none is overwritten before it was placed; the copies are closed by the exec. go: moved out of the way as
 * well. */
static bool place(struct launch_pass *pass, size_t count, int *go)
{
    int highest = 2;
    for (size_t i = 0; i < count; i++)
        highest = pass[i].to > highest ? pass[i].to : highest;
    int moved = fcntl(*go, F_DUPFD_CLOEXEC, highest + 1);
    if (moved < 0)
        return false;
    *go = moved;
    /* Whatever the launcher has open and inherited: nothing but what is placed afterwards survives the exec. */
    if (!os_close_on_exec(3))
        return false;
    for (size_t i = 0; i < count; i++) {
        if (pass[i].from >= 0 && (pass[i].from = fcntl(pass[i].from, F_DUPFD_CLOEXEC, highest + 1)) < 0)
            return false;
    }
    for (size_t i = 0; i < count; i++) {
        if (pass[i].from >= 0 && dup2(pass[i].from, pass[i].to) < 0)
            return false;
    }
    return true;
}

/* Recorder and witness read and print nothing; their last words go to the standard error. */
static void streams_drop(void)
{
    int none = streams_null();
    if (none < 0)
        return;
    dup2(none, 0);
    dup2(none, 1);
}

static _Noreturn void child(const char *path, struct launch_pass *pass, size_t count, bool quiet, pid_t launcher,
                            int go)
{
    if (quiet) {
        signal(SIGINT, SIG_IGN);
        signal(SIGQUIT, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
        signal(SIGTERM, SIG_IGN);
    } else {
        os_die_with_parent_forked();
        if (getppid() != launcher) /* it died before: nothing would end this process, which waits for its word */
            _exit(EXIT_FAILURE_SETUP);
    }
    signal(SIGPIPE, SIG_IGN);
    sigset_t none; /* the launcher takes its signals as data; a child does not inherit that */
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
    char byte;
    ssize_t n;
    do
        n = read(go, &byte, 1);
    while (n < 0 && errno == EINTR);
    if (n != 1)
        _exit(EXIT_FAILURE_SETUP);
    struct spawn_failure failure = { SPAWN_PLACE, 0 };
    if (place(pass, count, &go)) {
        if (quiet)
            streams_drop();
        char *const argv[] = { (char *)(uintptr_t)path, NULL };
        char *const envp[] = { NULL };
        execve(path, argv, envp);
        failure.step = SPAWN_EXEC;
    }
    failure.number = errno;
    ssize_t ignored = write(go, &failure, sizeof failure);
    (void)ignored;
    _exit(EXIT_FAILURE_SETUP);
}

/* ---- in the launcher ---- */

enum status launch_spawn(const char *name, const struct launch_pass *pass, size_t count, bool quiet, int *ret_pid,
                         int *ret_go, struct error *error)
{
    char path[4200];
    struct launch_pass moved[8 + LIMIT_PREOPENS + LIMIT_LISTENERS];
    if (count > sizeof moved / sizeof *moved)
        return error_set(error, STATUS_LIMIT, "too many descriptors for %s", name);
    memcpy(moved, pass, count * sizeof *pass);
    enum status s = launch_part_path(name, path, sizeof path, error);
    if (s != STATUS_OK)
        return s;
    int go[2];
    if (!os_socket_pair(go))
        return error_set_errno(error, STATUS_IO, errno, "cannot create a socket pair");
    pid_t launcher = getpid(), pid = fork();
    if (pid < 0) {
        int number = errno;
        close(go[0]);
        close(go[1]);
        return error_set_errno(error, STATUS_IO, number, "cannot start %s%s", name,
                               number == EAGAIN ? " (a limit on processes, ulimit -u or of the container)" : "");
    }
    if (pid == 0) {
        close(go[1]);
        child(path, moved, count, quiet, launcher, go[0]);
    }
    close(go[0]);
    *ret_pid = pid;
    *ret_go = go[1];
    return STATUS_OK;
}

enum status launch_go(int go, const char *name, struct error *error)
{
    struct spawn_failure failure = { 0 };
    char byte = 1;
    ssize_t n = os_socket_write(go, &byte, 1);
    if (n == 1) {
        do
            n = read(go, &failure, sizeof failure);
        while (n < 0 && errno == EINTR);
    }
    close(go);
    if (n != sizeof failure) /* closed by the exec; of a process that was killed its end tells */
        return STATUS_OK;
    if (failure.step == SPAWN_EXEC)
        return error_set_errno(error, STATUS_IO, failure.number, "cannot execute %s", name);
    return error_set_errno(error, failure.number == EMFILE || failure.number == EINVAL ? STATUS_LIMIT : STATUS_IO,
                           failure.number,
                           "cannot place the descriptors of %s; the limit on open files (ulimit -n) "
                           "may be too low",
                           name);
}
