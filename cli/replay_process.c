/* Starts warrant-replayer, waits for its answer, and takes that for what it is: bytes from a process that may have been
 * taken over.
 *
 * Invariants: no byte of the module is looked at here; the child is gone when this returns, whatever it did; every
 * number, text and truth value of an answer is brought into its range before it is used. */
#include "cli/replay_process.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/launch.h"
#include "runtime/base/os.h"
#include "runtime/base/streams.h"
#include "cli/module_file.h"
#include "wasi/policy/policy.h"

enum { GRACE_SECONDS = 2, TEXT_TIME = 32 };

/* One child and what leads to it; -1: none. */
struct replayer {
    int trace, module, asked, null;
    int job[2], result[2];
    int pid;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* ---- what it says ---- */

static void text_end(char *text, size_t size)
{
    text[size - 1] = 0;
    for (char *at = text; *at; at++)
        if ((unsigned char)*at < 0x20 || (unsigned char)*at == 0x7f)
            *at = '?';
}

/* A bool that another process wrote may hold any byte. */
static bool truth(const bool *at)
{
    unsigned char byte;
    memcpy(&byte, at, 1);
    return byte != 0;
}

static uint32_t number_of(const void *enumerator)
{
    uint32_t value;
    memcpy(&value, enumerator, sizeof value);
    return value;
}
static_assert(sizeof(enum replay_verdict) == 4 && sizeof(enum status) == 4, "enums are read as 32 bits");

static bool report_take(struct replay_report *r, struct error *error)
{
    if (number_of(&r->verdict) > REPLAY_DIVERGED || number_of(&r->stop) >= STATUS_COUNT)
        return error_set(error, STATUS_INTERNAL, "the replay's process answered nonsense"), false;
    r->has_digest = truth(&r->has_digest);
    r->ended = truth(&r->ended);
    r->inside_call = truth(&r->inside_call);
    r->other_module = truth(&r->other_module);
    text_end(r->stop_text, sizeof r->stop_text);
    text_end(r->weaker, sizeof r->weaker);
    text_end(r->divergence.hostcall, sizeof r->divergence.hostcall);
    text_end(r->divergence.what, sizeof r->divergence.what);
    text_end(r->divergence.function_name, sizeof r->divergence.function_name);
    text_end(r->divergence.expected, sizeof r->divergence.expected);
    text_end(r->divergence.found, sizeof r->divergence.found);
    r->asked.parted = truth(&r->asked.parted);
    r->asked.differs = truth(&r->asked.differs);
    text_end(r->asked.stop, sizeof r->asked.stop);
    return true;
}

/* false: it is nonsense. */
static bool step_take(struct replay_step *step)
{
    step->then = truth(&step->then);
    step->now = truth(&step->now);
    step->traps = truth(&step->traps);
    text_end(step->text, sizeof step->text);
    text_end(step->why, sizeof step->why);
    return step->kind < REPLAY_STEP_COUNT && step->call < OPERATION_COUNT && step->errno_then < WASI_ERRNO_COUNT &&
           step->errno_now < WASI_ERRNO_COUNT && step->rule_then < RULE_COUNT && step->rule_now < RULE_COUNT;
}

/* ---- waiting ---- */

static int left_ms(uint64_t deadline_ns)
{
    if (deadline_ns == UINT64_MAX)
        return -1;
    uint64_t now = elapsed_now_ns();
    uint64_t left = now >= deadline_ns ? 0 : (deadline_ns - now) / 1000000 + 1;
    return left < 1000000 ? (int)left : 1000000;
}

/* The next message, whole. NOT_FOUND: the process ended without one; LIMIT: its time is over. */
static enum status message_next(int fd, uint64_t deadline_ns, struct replay_message *ret)
{
    char *at = (char *)ret;
    size_t left = sizeof *ret;
    while (left > 0) {
        struct pollfd wait = { fd, POLLIN, 0 };
        int ready = poll(&wait, 1, left_ms(deadline_ns));
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0 && elapsed_now_ns() >= deadline_ns)
            return STATUS_LIMIT;
        if (ready <= 0)
            continue;
        ssize_t n = read(fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return STATUS_NOT_FOUND;
        at += n;
        left -= (size_t)n;
    }
    return STATUS_OK;
}

/* Ends the child, if it has not ended, and says how it ended. */
static int child_end(struct replayer *child)
{
    int how = 0;
    kill(child->pid, SIGKILL);
    while (waitpid(child->pid, &how, 0) < 0 && errno == EINTR)
        ;
    child->pid = -1;
    return how;
}

static const char *work(const struct replay_process *process) { return process->validate ? "validation" : "replay"; }

static void time_text(uint64_t ns, char ret[TEXT_TIME])
{
    if (ns % UINT64_C(1000000000))
        snprintf(ret, TEXT_TIME, "%llu ms", (unsigned long long)(ns / 1000000));
    else
        snprintf(ret, TEXT_TIME, "%llu s", (unsigned long long)(ns / UINT64_C(1000000000)));
}

static enum status time_over(const struct replay_process *process, struct error *error)
{
    char time[TEXT_TIME];
    time_text(process->timeout_ns, time);
    return error_set(error, STATUS_LIMIT, "the %s was stopped after %s; --timeout gives it more", work(process), time);
}

/* The process ended without an answer. */
static enum status child_died(const struct replay_process *process, int how, struct error *error)
{
    if (!WIFSIGNALED(how))
        return error_set(error, STATUS_INTERNAL, "the %s's process ended with status %d and without an answer",
                         work(process), WEXITSTATUS(how));
    int number = WTERMSIG(how);
    if (number == SIGXCPU)
        return time_over(process, error);
    if (number == SIGSYS)
        return error_set(error, STATUS_DENIED,
                         "the %s's process asked for a system call that it may not make, and was killed: treat the "
                         "module as hostile",
                         work(process));
    return error_set(error, STATUS_INTERNAL, "the %s's process was killed by signal %d (%s)%s", work(process), number,
                     strsignal(number), number == SIGKILL ? "; was memory short?" : "");
}

static enum status child_failed(const struct replay_process *process, struct replay_message *message,
                                struct error *error)
{
    enum status status =
        message->status > STATUS_OK && message->status < STATUS_COUNT ? (enum status)message->status : STATUS_INTERNAL;
    struct error why = { status, { 0 } };
    text_end(message->text, sizeof message->text);
    memcpy(why.text, message->text, sizeof why.text);
    if (why.text[0])
        error_copy(error, status, &why);
    else
        error_set(error, status, "%s", status_text(status));
    if (status == STATUS_NO_MEMORY)
        error_prefix(error, "not enough memory for the %s, which had %llu MiB (--memory gives it more)", work(process),
                     (unsigned long long)(process->memory >> 20));
    return status;
}

static bool on_the_way(const struct replay_message *message)
{
    return message->kind == REPLAY_PROGRESS || message->kind == REPLAY_STEP || message->kind == REPLAY_COUNTED ||
           message->kind == REPLAY_VALUE;
}

/* Passes on what is told on the way; false: whoever is told wants no more. */
static bool pass_on(struct replay_message *message, const struct replay_options *options)
{
    switch ((enum replay_message_kind)message->kind) {
    case REPLAY_PROGRESS:
        return !options->progress || options->progress(options->progress_self, message->calls, message->instructions);
    case REPLAY_STEP:
        if (options->told && step_take(&message->step))
            options->told(options->told_self, &message->step);
        return true;
    case REPLAY_COUNTED:
        return !options->counted || message->size > REPLAY_PIECE ||
               options->counted(options->counted_self, message->bytes, message->size);
    case REPLAY_VALUE:
        return !options->wishes || message->value.expression >= options->wishes->count ||
               message->value.call > OPERATION_COUNT || message->value.outcome >= TELL_OUTCOME_COUNT ||
               message->value.size > TELL_BYTES ||
               options->valued(options->valued_self, &message->value, message->bytes);
    case REPLAY_DONE:
    case REPLAY_FAILED:
        break;
    }
    return true;
}

static enum status child_wait(struct replayer *child, const struct replay_process *process, uint64_t wall_ns,
                              const struct replay_options *options, struct replay_report *ret, struct error *error)
{
    const uint64_t now = elapsed_now_ns();
    const uint64_t deadline = wall_ns < UINT64_MAX - now ? now + wall_ns : UINT64_MAX;
    struct replay_message *message = malloc(sizeof *message);
    enum status status =
        message ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "not enough memory for the replay's answer");
    bool over = status != STATUS_OK;
    while (!over) {
        status = message_next(child->result[0], deadline, message);
        over = status != STATUS_OK || !on_the_way(message);
        if (!over && !pass_on(message, options)) {
            status = error_set(error, STATUS_STOPPED, "the replay was stopped by its caller");
            over = true;
        }
    }
    int how = 0;
    /* One that ended by itself is let end: how tells why. */
    if (status == STATUS_NOT_FOUND) {
        while (waitpid(child->pid, &how, 0) < 0 && errno == EINTR)
            ;
        child->pid = -1;
        status = child_died(process, how, error);
    } else if (status == STATUS_LIMIT) {
        status = time_over(process, error);
    } else if (status == STATUS_OK && message->kind == REPLAY_DONE) {
        *ret = message->report;
        status = report_take(ret, error) ? STATUS_OK : STATUS_INTERNAL;
    } else if (status == STATUS_OK) {
        status = child_failed(process, message, error);
    }
    free(message);
    return status;
}

/* ---- starting ---- */

/* The description with another policy, in a file that nobody changes. */
static enum status asked_take(const struct replay_options *options, struct replayer *child, struct replay_job *job,
                              struct error *error)
{
    int fd = -1, reader = -1;
    if (!os_memory_create("asked", &fd, &reader))
        return error_set_errno(error, STATUS_IO, errno, "cannot make a file in memory");
    const bool whole =
        write(fd, options->asked, options->asked_size) == (ssize_t)options->asked_size && os_memory_seal(&fd, &reader);
    job->asked_size = options->asked_size;
    job->assume_output = options->assume_output;
    child->asked = whole ? fcntl(fd, F_DUPFD_CLOEXEC, 3) : -1;
    close_fd(&fd);
    close_fd(&reader);
    return child->asked >= 0
               ? STATUS_OK
               : error_set_errno(error, STATUS_IO, errno, "the policy cannot be handed to the replay's process");
}

/* Read once, from wherever modules come: the child gets a sealed copy. */
static enum status module_take(const char *path, struct replayer *child, struct replay_job *job, struct error *error)
{
    struct module_file module;
    enum status status = module_file_read(path, LIMIT_MODULE_BYTES, &module, error);
    if (status != STATUS_OK)
        return status;
    job->module_size = module.size;
    child->module = fcntl(module.fd, F_DUPFD_CLOEXEC, 3);
    if (child->module < 0)
        status = error_set_errno(error, STATUS_IO, errno, "the module cannot be handed to the replay's process");
    module_file_done(&module);
    return status;
}

static enum status files_open(struct replayer *child, const struct replay_options *options, struct replay_job *job,
                              struct error *error)
{
    enum status status = STATUS_OK;
    if (options->files && options->files->trace < 0) { /* the module alone */
        job->module_size = options->files->module_size;
        job->has_module = 1;
        child->module = fcntl(options->files->module, F_DUPFD_CLOEXEC, 3);
        if (child->module < 0)
            status =
                error_set_errno(error, STATUS_IO, errno, "the module cannot be handed to the validation's process");
    } else if (options->files) {
        job->trace_size = options->files->trace_size;
        job->module_size = options->files->module_size;
        child->trace = fcntl(options->files->trace, F_DUPFD_CLOEXEC, 3);
        child->module = options->files->module >= 0 ? fcntl(options->files->module, F_DUPFD_CLOEXEC, 3) : -1;
        job->has_module = options->files->module >= 0;
        if (child->trace < 0 || (job->has_module && child->module < 0))
            status = error_set_errno(error, STATUS_IO, errno, "the trace cannot be handed to the replay's process");
    } else {
        status = file_open_regular(options->trace_path, &child->trace, &job->trace_size, error);
        if (status == STATUS_OK && options->module_path)
            status = module_take(options->module_path, child, job, error);
        job->has_module = options->module_path != NULL;
    }
    if (status == STATUS_OK && options->asked)
        status = asked_take(options, child, job, error);
    child->null = streams_null();
    if (status == STATUS_OK && child->null < 0)
        status = error_set_errno(error, STATUS_IO, errno, "cannot open /dev/null");
    if (status == STATUS_OK && (!os_pipe(child->job) || !os_pipe(child->result)))
        status = error_set_errno(error, STATUS_IO, errno, "cannot create a pipe");
    return status;
}

static enum status child_start(struct replayer *child, const struct replay_process *process,
                               const struct replay_job *job, struct error *error)
{
    struct launch_pass pass[8] = { { child->job[0], REPLAYER_FD_JOB },
                                   { child->result[1], REPLAYER_FD_RESULT },
                                   { child->trace >= 0 ? child->trace : child->null, REPLAYER_FD_TRACE },
                                   { child->null, 0 } };
    size_t count = 4;
    int go = -1;
    if (child->module >= 0)
        pass[count++] = (struct launch_pass) { child->module, REPLAYER_FD_MODULE };
    if (child->asked >= 0)
        pass[count++] = (struct launch_pass) { child->asked, REPLAYER_FD_ASKED };
    for (int stream = 1; stream <= 2 && !process->output; stream++)
        pass[count++] = (struct launch_pass) { child->null, stream };
    enum status status = launch_spawn("warrant-replayer", pass, count, false, &child->pid, &go, error);
    if (status != STATUS_OK)
        return status;
    if (write(child->job[1], job, sizeof *job) != sizeof *job)
        status = error_set_errno(error, STATUS_IO, errno, "the replay's process cannot be told what to do");
    enum status released = launch_go(go, "warrant-replayer", error);
    status = status == STATUS_OK ? released : status;
    /* Whether it lives is seen by the end of its pipe. */
    close_fd(&child->job[0]);
    close_fd(&child->job[1]);
    close_fd(&child->result[1]);
    return status;
}

/* How long it may take where nobody says. What the trace says of that is believed within bounds. */
static uint64_t timeout_derive(const struct replayer *child, const struct replay_process *process,
                               const struct replay_job *job)
{
    static const uint64_t second = UINT64_C(1000000000);
    struct trace_end end;
    if (process->validate)
        return REPLAY_SECONDS_MOST * second;
    if (!trace_end_ahead(child->trace, job->trace_size, &end) || end.end_ns < end.start_ns)
        return REPLAY_SECONDS_UNKNOWN * second;
    uint64_t took = end.end_ns - end.start_ns;
    return took < (REPLAY_SECONDS_MOST - REPLAY_SECONDS_LEAST) * second / REPLAY_TIMES
               ? REPLAY_SECONDS_LEAST * second + REPLAY_TIMES * took
               : REPLAY_SECONDS_MOST * second;
}

enum status replay_process_run(void *self, const struct replay_options *options, struct replay_report *ret,
                               struct error *error)
{
    struct replay_process copy = *(const struct replay_process *)self, *process = &copy;
    uint64_t wall_ns = process->timeout_ns;
    struct replayer child = { -1, -1, -1, -1, { -1, -1 }, { -1, -1 }, -1 };
    struct replay_job job = { .magic = REPLAY_JOB_MAGIC,
                              .size = REPLAY_JOB_SIZE,
                              .digest = options->digest,
                              .progress = options->progress != NULL,
                              .output = process->output,
                              .count = options->counted != NULL,
                              .validate = process->validate,
                              .until_event = options->until_event,
                              .memory = process->memory };
    enum status status = files_open(&child, options, &job, error);
    bool opened = status == STATUS_OK;
    if (opened && wall_ns == REPLAY_TIMEOUT_DERIVED) {
        process->timeout_ns = timeout_derive(&child, process, &job);
        wall_ns = process->output ? UINT64_MAX : process->timeout_ns;
    }
    if (options->wishes)
        job.wishes = *options->wishes;
    job.seconds = process->timeout_ns / UINT64_C(1000000000) + GRACE_SECONDS;
    if (status == STATUS_OK)
        status = child_start(&child, process, &job, error);
    if (status == STATUS_OK)
        status = child_wait(&child, process, wall_ns, options, ret, error);
    if (child.pid > 0)
        child_end(&child);
    if (status != STATUS_OK && opened && options->trace_path)
        error_prefix(error, "%s", options->trace_path);
    close_fd(&child.trace);
    close_fd(&child.module);
    close_fd(&child.asked);
    close_fd(&child.null);
    for (int i = 0; i < 2; i++) {
        close_fd(&child.job[i]);
        close_fd(&child.result[i]);
    }
    return status;
}

enum status validate_process_run(const struct replay_process *process, int fd, uint64_t size, struct error *error)
{
    struct replay_process validation = *process;
    const struct replay_files files = { -1, fd, 0, size };
    const struct replay_options options = { .files = &files };
    struct replay_report *report = malloc(sizeof *report);
    validation.validate = true;
    enum status status = report ? replay_process_run(&validation, &options, report, error)
                                : error_set(error, STATUS_NO_MEMORY, "not enough memory for the validation's answer");
    free(report);
    return status;
}

int replay_option(const struct command *command, struct replay_process *process, int option, const char *value)
{
    enum { MEMORY_LEAST = 1 << 24 };
    return option == 0 ? command_number(command, "memory", policy_parse_size, value, MEMORY_LEAST, &process->memory)
                       : command_number(command, "timeout", policy_parse_duration, value, 1, &process->timeout_ns);
}
