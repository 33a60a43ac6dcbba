/* Starts warrant-symbols, and takes what it says for what it is: bytes from a process that may have been taken over.
 *
 * Invariants: no byte of the module is looked at here; the child is gone when this returns; of its answer every text
 * ends within its field. */
#include "cli/crash_process.h"

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
#include "cli/module_file.h"
#include "runtime/base/os.h"
#include "runtime/base/streams.h"

/* What debug information of a large module takes, and a bound on one that is made to take long. */
enum { SECONDS = 10, GRACE_SECONDS = 2 };
#define CRASH_MEMORY (UINT64_C(3) << 30)

struct child {
    int job[2], result[2], null, pid;
};

static void close_fd(int *fd)
{
    if (*fd >= 0)
        close(*fd);
    *fd = -1;
}

/* The next message, whole; false: there is none, or the time is over. */
static bool message_read(int fd, uint64_t deadline_ns, struct crash_message *ret)
{
    char *at = (char *)ret;
    size_t left = sizeof *ret;
    while (left > 0) {
        const uint64_t now = elapsed_now_ns();
        struct pollfd wait = { fd, POLLIN, 0 };
        if (now >= deadline_ns)
            return false;
        int ready = poll(&wait, 1, (int)((deadline_ns - now) / 1000000 + 1));
        if (ready <= 0)
            continue;
        ssize_t n = read(fd, at, left);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        left -= (size_t)n;
    }
    return true;
}

static void symbols_take(const struct crash_message *message, struct crash_symbols *ret)
{
    *ret = message->symbols;
    for (unsigned i = 0; i < CALL_STACK_KEPT; i++) {
        ret->frame[i].name[CRASH_NAME - 1] = 0;
        ret->frame[i].file[CRASH_FILE - 1] = 0;
    }
    ret->why[sizeof ret->why - 1] = 0;
}

static void say(struct crash_symbols *ret, const char *text) { snprintf(ret->why, sizeof ret->why, "%s", text); }

/* Takes messages until the last one. */
static void listen_to(struct child *child, struct crash_symbols *ret)
{
    const uint64_t deadline = elapsed_now_ns() + SECONDS * UINT64_C(1000000000);
    struct crash_message *message = malloc(sizeof *message);
    say(ret, message ? "no names of functions: the process that reads the module did not answer"
                     : "no names of functions: out of memory");
    for (int i = 0; i < CRASH_MESSAGES && message && message_read(child->result[0], deadline, message); i++) {
        if (message->kind == CRASH_NAMES || message->kind == CRASH_ALL) {
            symbols_take(message, ret);
        } else { /* names that came before stay */
            message->text[sizeof message->text - 1] = 0;
            say(ret, message->text);
        }
        if (message->kind != CRASH_NAMES)
            break;
        say(ret, "no source lines: the process that reads the module's debug information ended or took too long");
    }
    free(message);
}

static enum status start(struct child *child, const struct crash_source *source, const struct crash_job *job,
                         struct error *error)
{
    int go = -1;
    child->null = streams_null();
    if (child->null < 0 || !os_pipe(child->job) || !os_pipe(child->result))
        return error_set_errno(error, STATUS_IO, errno, "cannot create a pipe");
    const struct launch_pass pass[] = { { child->job[0], SYMBOLS_FD_JOB },
                                        { child->result[1], SYMBOLS_FD_RESULT },
                                        { source->fd, SYMBOLS_FD_SOURCE },
                                        { child->null, 0 },
                                        { child->null, 1 },
                                        { child->null, 2 } };
    enum status status =
        launch_spawn("warrant-symbols", pass, sizeof pass / sizeof *pass, true, &child->pid, &go, error);
    if (status != STATUS_OK)
        return status;
    if (write(child->job[1], job, sizeof *job) != sizeof *job)
        status = error_set_errno(error, STATUS_IO, errno, "warrant-symbols cannot be told what to do");
    enum status released = launch_go(go, "warrant-symbols", error);
    close_fd(&child->job[0]);
    close_fd(&child->job[1]);
    close_fd(&child->result[1]);
    return status == STATUS_OK ? released : status;
}

static void end(struct child *child)
{
    if (child->pid > 0) {
        kill(child->pid, SIGKILL);
        while (waitpid(child->pid, NULL, 0) < 0 && errno == EINTR)
            ;
    }
    close_fd(&child->null);
    for (int i = 0; i < 2; i++) {
        close_fd(&child->job[i]);
        close_fd(&child->result[i]);
    }
}

void crash_look(const struct crash_source *source, const struct call_stack *stack, struct crash_symbols *ret)
{
    struct child child = { { -1, -1 }, { -1, -1 }, -1, -1 };
    struct error error = ERROR_INIT;
    const struct crash_job job = { .magic = CRASH_JOB_MAGIC,
                                   .size = CRASH_JOB_SIZE,
                                   .source_size = source->size,
                                   .memory = CRASH_MEMORY,
                                   .seconds = SECONDS + GRACE_SECONDS,
                                   .is_trace = source->is_trace,
                                   .stack = *stack };
    memset(ret, 0, sizeof *ret);
    if (start(&child, source, &job, &error) == STATUS_OK)
        listen_to(&child, ret);
    else
        say(ret, error.text);
    end(&child);
}

/* Takes messages until the last one. */
static enum status lines_take(struct child *child, struct crash_message *message, struct buffer *told,
                              struct error *error)
{
    const uint64_t deadline = elapsed_now_ns() + SECONDS * UINT64_C(1000000000);
    for (;;) {
        if (!message_read(child->result[0], deadline, message))
            return error_set(
                error, STATUS_LIMIT,
                "no source lines: the process that reads the module's debug information ended or took too long");
        if (message->kind == CRASH_ALL)
            return STATUS_OK;
        if (message->kind != CRASH_LINES || message->size > sizeof message->bytes) {
            message->text[sizeof message->text - 1] = 0;
            return error_set(error, STATUS_NOT_FOUND, "%s", message->text);
        }
        if (told->size + message->size > LIMIT_PROFILE_BYTES)
            return error_set(error, STATUS_LIMIT, "no source lines: there are too many");
        buffer_bytes(told, message->bytes, message->size);
        if (told->status != STATUS_OK)
            return error_set(error, told->status, "no source lines: out of memory");
    }
}

enum status crash_lines_look(const char *trace_path, const char *module_path, struct buffer *told, struct error *error)
{
    struct child child = { { -1, -1 }, { -1, -1 }, -1, -1 };
    struct crash_source source = { .fd = -1, .is_trace = !module_path };
    struct crash_message *message = malloc(sizeof *message);
    if (!message)
        return error_set(error, STATUS_NO_MEMORY, "no source lines: out of memory");
    enum status status = file_open_regular(module_path ? module_path : trace_path, &source.fd, &source.size, error);
    const struct crash_job job = { .magic = CRASH_JOB_MAGIC,
                                   .size = CRASH_JOB_SIZE,
                                   .source_size = source.size,
                                   .memory = CRASH_MEMORY,
                                   .seconds = SECONDS + GRACE_SECONDS,
                                   .is_trace = source.is_trace,
                                   .lines = 1 };
    if (status == STATUS_OK)
        status = start(&child, &source, &job, error);
    if (status == STATUS_OK)
        status = lines_take(&child, message, told, error);
    end(&child);
    close_fd(&source.fd);
    free(message);
    return status;
}

struct crash_symbols *crash_trace_look(const char *trace_path, const char *module_path, const struct call_stack *stack)
{
    struct crash_symbols *symbols = stack->depth > 0 ? calloc(1, sizeof *symbols) : NULL;
    struct crash_source source = { .fd = -1, .is_trace = !module_path };
    struct error error = ERROR_INIT;
    if (!symbols)
        return NULL;
    if (file_open_regular(module_path ? module_path : trace_path, &source.fd, &source.size, &error) == STATUS_OK)
        crash_look(&source, stack, symbols);
    else
        say(symbols, error.text);
    close_fd(&source.fd);
    return symbols;
}

void crash_trace_words(const char *trace_path, const struct call_stack *stack, struct buffer *out)
{
    struct crash_symbols *symbols = crash_trace_look(trace_path, NULL, stack);
    crash_words(stack, symbols, out);
    free(symbols);
}
