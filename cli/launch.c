/* Runs one guest from start to end: recorder first, then the witness on the waiting guest, then the guest itself.
 *
 * Invariants: the guest never runs a hostcall before the recorder (and a witness that was asked for) said that it is
 * ready; the death of either stops the guest; whatever happens, no child is left behind. */
#include "cli/launch_page.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

struct child_process {
    int pid;    /* 0: none or reaped */
    int report; /* where it sends child_message */
};

struct run {
    const struct launch_options *options;
    struct launch_result *result;
    struct launch_files files;
    struct child_process guest, recorder, witness;
    int alive[2]; /* pipe: the guest holds the write end */
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* Reads one message; false where the child is gone without one. */
static bool message_read(int fd, struct child_message *message)
{
    size_t got = 0;
    while (got < sizeof *message) {
        ssize_t n = read(fd, (char *)message + got, sizeof *message - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    message->text[sizeof message->text - 1] = '\0';
    return true;
}

static void reap(struct child_process *child, int *status)
{
    int ignored;
    if (child->pid <= 0)
        return;
    while (waitpid(child->pid, status ? status : &ignored, 0) < 0 && errno == EINTR) {
    }
    child->pid = 0;
}

static void put_down(struct child_process *child)
{
    if (child->pid > 0)
        kill(child->pid, SIGKILL);
    reap(child, NULL);
    close_fd(&child->report);
}

static enum status recorder_start(struct run *run, struct error *error)
{
    int report[2];
    if (pipe2(run->alive, O_CLOEXEC) < 0 || pipe2(report, O_CLOEXEC) < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot create a pipe");
    const struct launch_pass pass[] = {
        { report[1], RECORDER_FD_REPORT },         { run->files.page, RECORDER_FD_LAUNCH },
        { run->files.module, RECORDER_FD_MODULE }, { run->files.ring, RECORDER_FD_RING },
        { run->alive[0], RECORDER_FD_ALIVE },      { run->files.trace, RECORDER_FD_TRACE },
    };
    size_t count = sizeof pass / sizeof *pass;
    int go;
    enum status s = launch_spawn("warrant-recorder", pass, count, true, &run->recorder.pid, &go, error);
    close(report[1]);
    run->recorder.report = report[0];
    if (s != STATUS_OK)
        return s;
    launch_go(go);
    close_fd(&run->alive[0]);
    struct child_message message;
    if (!message_read(report[0], &message))
        return error_set(error, STATUS_INTERNAL, "the recorder ended before it was ready");
    if (message.kind != CHILD_READY)
        return error_set(error, (enum status)message.status, "%s", message.text);
    return STATUS_OK;
}

static enum status guest_start(struct run *run, int *ret_go, struct error *error)
{
    uint32_t grants = run->options->spec->policy.file_count;
    struct launch_pass *pass = calloc(4 + (size_t)grants, sizeof *pass);
    if (!pass)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    size_t count = 0;
    pass[count++] = (struct launch_pass) { run->files.page, GUEST_FD_LAUNCH };
    pass[count++] = (struct launch_pass) { run->files.module, GUEST_FD_MODULE };
    if (run->options->trace_path) {
        pass[count++] = (struct launch_pass) { run->files.ring, GUEST_FD_RING };
        pass[count++] = (struct launch_pass) { run->alive[1], GUEST_FD_ALIVE };
    }
    for (uint32_t i = 0; i < grants; i++)
        pass[count++] = (struct launch_pass) { run->files.grants[i], GUEST_FD_GRANTS + (int)i };
    enum status s = launch_spawn("warrant-guest", pass, count, false, &run->guest.pid, ret_go, error);
    free(pass);
    close_fd(&run->alive[1]);
    return s;
}

/* FILE.wtrace has its witness in FILE.wwit; any other name gets .wwit behind it. */
static void witness_name(const char *trace, char *ret, size_t size)
{
    size_t length = strlen(trace), suffix = strlen(".wtrace");
    if (length > suffix && !strcmp(trace + length - suffix, ".wtrace"))
        length -= suffix;
    snprintf(ret, size, "%.*s.wwit", (int)length, trace);
}

static enum status witness_start(struct run *run, struct error *error)
{
    struct launch_result *result = run->result;
    int pair[2];
    witness_name(run->options->trace_path, result->witness_path, sizeof result->witness_path);
    int file = open(result->witness_path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
    if (file < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot create %s", result->witness_path);
    if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair) < 0) {
        close(file);
        return error_set_errno(error, STATUS_IO, errno, "cannot create a socket pair");
    }
    const struct launch_pass pass[] = { { pair[1], WITNESS_FD_CONTROL }, { file, WITNESS_FD_FILE } };
    int go;
    enum status s = launch_spawn("warrant-witness", pass, 2, true, &run->witness.pid, &go, error);
    close(pair[1]);
    close(file);
    run->witness.report = pair[0];
    if (s != STATUS_OK)
        return s;
    launch_go(go);
    struct witness_info info = { .guest_pid = (uint32_t)run->guest.pid, .recorder_pid = (uint32_t)run->recorder.pid };
    memcpy(info.run_id, run->options->spec->run_id, sizeof info.run_id);
    struct child_message message;
    if (write(pair[0], &info, sizeof info) != sizeof info || !message_read(pair[0], &message))
        return error_set(error, STATUS_INTERNAL, "the witness ended before it was ready");
    if (message.kind != CHILD_READY)
        return error_set(error, (enum status)message.status, "%s", message.text);
    return STATUS_OK;
}

/* auto: a witness that cannot be had is named and done without. */
static enum status witness_try(struct run *run, struct error *error)
{
    struct error reason = ERROR_INIT;
    if (run->options->witness == WITNESS_MODE_OFF) {
        snprintf(run->result->witness_reason, sizeof run->result->witness_reason, "it was turned off");
        return STATUS_OK;
    }
    enum status s = witness_start(run, &reason);
    if (s == STATUS_OK) {
        run->result->witnessed = true;
        return STATUS_OK;
    }
    put_down(&run->witness);
    unlink(run->result->witness_path);
    run->result->witness_path[0] = '\0';
    if (run->options->witness == WITNESS_MODE_ON)
        return error_set(error, s, "no witness: %s", reason.text);
    memcpy(run->result->witness_reason, reason.text, sizeof reason.text);
    return STATUS_OK;
}

static int pidfd_of(int pid) { return pid > 0 ? (int)syscall(SYS_pidfd_open, pid, 0) : -1; }

static int wait_left_ms(uint64_t wall_ns, const struct timespec *start)
{
    if (wall_ns == UINT64_MAX)
        return -1;
    struct timespec now;
    clock_gettime(CLOCK_MONOTONIC, &now);
    uint64_t spent = (uint64_t)(now.tv_sec - start->tv_sec) * UINT64_C(1000000000) + (uint64_t)now.tv_nsec -
                     (uint64_t)start->tv_nsec;
    /* The guest stops itself first (guest_main.c); this is the belt for one that does not. */
    uint64_t limit = wall_ns + UINT64_C(500000000);
    return spent >= limit ? 0
                          : (int)((limit - spent) / 1000000 + 1 > 1000000 ? 1000000 : (limit - spent) / 1000000 + 1);
}

/* Whether the process ended by itself; it is not reaped. */
static bool ended_by_itself(int pid)
{
    siginfo_t info = { 0 };
    return pid > 0 && waitid(P_PID, (id_t)pid, &info, WEXITED | WNOWAIT | WNOHANG) == 0 && info.si_pid == pid &&
           info.si_code == CLD_EXITED;
}

/* A recorder that gave up told the guest to stop, which it does at its next hostcall; one that was killed could not. */
static void guest_stop(struct run *run, struct pollfd *guest)
{
    enum { STOP_ALONE_MS = 300 };
    if (!ended_by_itself(run->recorder.pid) || poll(guest, 1, STOP_ALONE_MS) == 0)
        kill(run->guest.pid, SIGKILL);
}

/* Waits until the guest is gone; stops it when the recorder or the witness dies before. */
static void guest_wait(struct run *run)
{
    struct pollfd wait[3] = { { pidfd_of(run->guest.pid), POLLIN, 0 },
                              { pidfd_of(run->recorder.pid), POLLIN, 0 },
                              { pidfd_of(run->witness.pid), POLLIN, 0 } };
    struct timespec start;
    clock_gettime(CLOCK_MONOTONIC, &start);
    while (!(wait[0].revents & POLLIN)) {
        int n = poll(wait, 3, wait_left_ms(run->options->spec->policy.limits.wall_ns, &start));
        if (n == 0) {
            run->result->timed_out = true;
            kill(run->guest.pid, SIGKILL);
            break;
        }
        if (n > 0 && ((wait[1].revents & POLLIN) || (wait[2].revents & POLLIN))) {
            guest_stop(run, &wait[0]);
            break;
        }
    }
    reap(&run->guest, &run->result->wait_status);
    for (int i = 0; i < 3; i++)
        if (wait[i].fd >= 0)
            close(wait[i].fd);
}

/* Takes the recorder's last word, or does its work where it died. */
static enum status recorder_finish(struct run *run, struct error *error)
{
    struct launch_result *result = run->result;
    struct child_message message;
    bool told = message_read(run->recorder.report, &message);
    put_down(&run->recorder);
    enum status s = STATUS_OK;
    if (told) {
        result->end = message.end;
        memcpy(result->recorder_text, message.text, sizeof result->recorder_text);
        if (message.kind != CHILD_DONE)
            s = (enum status)message.status;
    } else {
        result->recorder_died = true;
        s = recorder_salvage(run->options->trace_path, run->files.ring, &result->end, error);
    }
    struct stat st;
    if (fstat(run->files.trace, &st) == 0)
        result->trace_bytes = (uint64_t)st.st_size;
    return s;
}

static void witness_finish(struct run *run)
{
    struct launch_result *result = run->result;
    if (!result->witnessed)
        return;
    struct child_message message;
    shutdown(run->witness.report, SHUT_WR);
    if (message_read(run->witness.report, &message)) {
        result->witness_lost = message.lost;
        result->witness_bytes = message.bytes;
        if (message.kind != CHILD_DONE)
            memcpy(result->witness_reason, message.text, sizeof result->witness_reason);
    } else {
        snprintf(result->witness_reason, sizeof result->witness_reason, "it died before the end of the run");
    }
    put_down(&run->witness);
}

static void report_take(struct run *run)
{
    struct launch_result *result = run->result;
    result->reported = launch_page_report(run->files.mapped, &result->report);
}

static enum status run_children(struct run *run, struct error *error)
{
    int go = -1;
    bool recorded = run->options->trace_path != NULL;
    enum status s = recorded ? recorder_start(run, error) : STATUS_OK;
    if (s == STATUS_OK)
        s = guest_start(run, &go, error);
    if (s == STATUS_OK && recorded)
        s = witness_try(run, error);
    if (s != STATUS_OK) {
        close_fd(&go);
        return s;
    }
    launch_go(go);
    guest_wait(run);
    report_take(run);
    if (recorded) {
        s = recorder_finish(run, error);
        witness_finish(run);
    }
    return s;
}

enum status launch_run(const struct launch_options *options, struct launch_result *ret, struct error *error)
{
    memset(ret, 0, sizeof *ret);
    struct run run = { .options = options, .result = ret, .alive = { -1, -1 } };
    run.guest.report = run.recorder.report = run.witness.report = -1;
    launch_files_init(&run.files);
    signal(SIGINT, SIG_IGN); /* the terminal's signal reaches the guest, whose end this waits for */
    signal(SIGPIPE, SIG_IGN);
    enum status s = launch_files_open(options, &run.files, error);
    if (s == STATUS_OK && options->trace_path)
        s = launch_files_record(options, &run.files, error);
    if (s == STATUS_OK)
        s = launch_files_page(options, &run.files, error);
    if (s == STATUS_OK)
        s = run_children(&run, error);
    put_down(&run.guest);
    close_fd(&run.alive[0]);
    close_fd(&run.alive[1]);
    put_down(&run.recorder);
    put_down(&run.witness);
    if (run.files.ring_path[0])
        unlink(run.files.ring_path);
    /* A trace without a run behind it must not look like one. */
    bool ran = ret->reported ? ret->report.status == STATUS_OK || ret->report.status == STATUS_EXITED ||
                                   ret->report.status == STATUS_TRAPPED || ret->report.status == STATUS_STOPPED
                             : ret->wait_status != 0;
    if (options->trace_path && run.files.trace >= 0 && !ran) {
        unlink(options->trace_path);
        if (ret->witness_path[0])
            unlink(ret->witness_path);
    }
    launch_files_close(&run.files);
    return s;
}
