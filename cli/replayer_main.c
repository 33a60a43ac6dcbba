/* warrant-replayer: the process in which a trace's guest is executed again. Trace and module are an attacker's choice,
 * so that nothing of them is read before the process is confined.
 *
 * Order: read the job, start what needs system calls of its own, close everything else, confine, replay, answer. After
 * confinement the process reads the trace and the module, writes its answer (and the guest's output, where that was
 * asked for), and manages memory. Left out: opening anything. */
#include <errno.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/launch.h"
#include "cli/replay_process.h"
#include "runtime/base/os.h"
#include "runtime/base/streams.h"
#include "runtime/rt.h"
#include "wasi/confine/confine.h"

enum { PROGRESS_CALLS = 16384, DESCRIPTORS = 16 };

static struct replay_message
    *message; /* large; the allocation before confinement makes the allocator ask for its random key */
static uint64_t told;

static bool write_all(int fd, const void *bytes, size_t size)
{
    const char *at = bytes;
    while (size > 0) {
        ssize_t n = write(fd, at, size);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        at += n;
        size -= (size_t)n;
    }
    return true;
}

static bool tell(enum replay_message_kind kind)
{
    message->kind = kind;
    return write_all(REPLAYER_FD_RESULT, message, sizeof *message);
}

static bool on_progress(void *self, uint64_t calls, uint64_t instructions)
{
    (void)self;
    if (calls < told + PROGRESS_CALLS)
        return true;
    told = calls;
    message->calls = calls;
    message->instructions = instructions;
    return tell(REPLAY_PROGRESS);
}

static bool on_output(void *self, unsigned stream, const void *bytes, size_t size)
{
    (void)self;
    return write_all((int)stream, bytes, size);
}

static bool on_counted(void *self, const void *bytes, size_t size)
{
    (void)self;
    for (size_t done = 0; done < size; done += message->size) {
        message->size = size - done < REPLAY_PIECE ? (uint32_t)(size - done) : REPLAY_PIECE;
        memcpy(message->bytes, (const uint8_t *)bytes + done, message->size);
        if (!tell(REPLAY_COUNTED))
            return false;
    }
    return true;
}

static bool on_value(void *self, const struct tell_value *value, const uint8_t *bytes)
{
    (void)self;
    message->value = *value;
    if (value->size > 0)
        memcpy(message->bytes, bytes, value->size);
    return tell(REPLAY_VALUE);
}

static void on_step(void *self, const struct replay_step *step)
{
    (void)self;
    message->step = *step;
    (void)tell(REPLAY_STEP);
}

static enum status job_read(struct replay_job *job, struct error *error)
{
    ssize_t n;
    do
        n = read(REPLAYER_FD_JOB, job, sizeof *job);
    while (n < 0 && errno == EINTR);
    close(REPLAYER_FD_JOB);
    if (n != sizeof *job || job->magic != REPLAY_JOB_MAGIC || job->size != REPLAY_JOB_SIZE)
        return error_set(
            error, STATUS_INVALID,
            "warrant-replayer is started by `warrant replay`, `check` and `validate` of the same version only");
    return STATUS_OK;
}

/* A line that this kernel does not have is told; one that it has and refuses ends the replay. */
static enum status confine(const struct replay_job *job, char *weaker, size_t size, struct error *error)
{
    static const int keep[] = { REPLAYER_FD_RESULT, REPLAYER_FD_TRACE, REPLAYER_FD_MODULE, REPLAYER_FD_ASKED };
    const struct rlimit seconds = { job->seconds, job->seconds };
    struct confine_report report;
    struct confine_options options = CONFINE_OPTIONS_DEFAULT;
    options.replay = true;
    options.memory = job->memory;
    options.descriptors = DESCRIPTORS;
    enum status status = confine_close_inherited(keep, sizeof keep / sizeof *keep, error);
    if (status == STATUS_OK && job->seconds && setrlimit(RLIMIT_CPU, &seconds) < 0)
        status = error_set_errno(error, STATUS_DENIED, errno, "the replay's time cannot be limited");
    if (status == STATUS_OK)
        status = confine_apply(&options, &report, error);
    size_t used = 0;
    for (uint32_t i = 0; status == STATUS_OK && i < CONFINE_LINE_COUNT; i++) {
        const char *name = confine_line_name((enum confine_line)i);
        if (report.state[i] == CONFINE_FAILED)
            status =
                error_set(error, STATUS_DENIED, "the replay's process is not confined: the kernel refused %s", name);
        if (report.state[i] == CONFINE_ABSENT && used < size) {
            int added = snprintf(weaker + used, size - used, "%s%s", used ? ", " : "", name);
            used += added > 0 ? (size_t)added : 0;
        }
    }
    return status;
}

/* Decodes and validates, and keeps nothing. */
static enum status validate(const struct replay_job *job, struct error *error)
{
    struct buffer bytes = BUFFER_INIT;
    enum status status = file_read_fd(REPLAYER_FD_MODULE, job->module_size, &bytes, error);
    if (status == STATUS_OK)
        status = rt_module_validate(bytes.data, bytes.size, NULL, error);
    buffer_done(&bytes);
    return status;
}

static enum status run(struct error *error)
{
    struct replay_job job;
    char weaker[sizeof message->report.weaker] = "";
    enum status status = streams_fill(error);
    if (status == STATUS_OK && !os_die_with_parent_executed())
        status = error_set_errno(error, STATUS_STOPPED, errno, "cannot watch the command");
    if (status == STATUS_OK)
        status = job_read(&job, error);
    if (status == STATUS_OK && sodium_init() < 0)
        status = error_set(error, STATUS_INTERNAL, "the hash library cannot be started");
    if (status != STATUS_OK)
        return status;
    os_memory_short_goes_first();
    status = confine(&job, weaker, sizeof weaker, error);
    if (status != STATUS_OK)
        return status;
    if (job.validate)
        return validate(&job, error);
    const struct replay_files files = { REPLAYER_FD_TRACE, job.has_module ? REPLAYER_FD_MODULE : -1, job.trace_size,
                                        job.module_size };
    struct buffer asked = BUFFER_INIT;
    if (job.asked_size > 0)
        status = file_read_fd(REPLAYER_FD_ASKED, job.asked_size, &asked, error);
    if (status != STATUS_OK)
        return status;
    const struct replay_options options = { .files = &files,
                                            .asked = job.asked_size > 0 ? asked.data : NULL,
                                            .asked_size = asked.size,
                                            .assume_output = job.assume_output,
                                            .told = job.asked_size > 0 ? on_step : NULL,
                                            .until_event = job.until_event,
                                            .digest = job.digest,
                                            .wishes = job.wishes.count > 0 ? &job.wishes : NULL,
                                            .valued = on_value,
                                            .counted = job.count ? on_counted : NULL,
                                            .progress = job.progress ? on_progress : NULL,
                                            .output = job.output ? on_output : NULL };
    status = replay_run(&options, &message->report, error);
    memcpy(message->report.weaker, weaker, sizeof weaker);
    return status;
}

int main(void)
{
    struct error error = ERROR_INIT;
    message = calloc(1, sizeof *message);
    if (!message)
        _exit(EXIT_FAILURE_SETUP);
    enum status status = run(&error);
    message->status = status;
    memcpy(message->text, error.text, sizeof message->text);
    bool said = tell(status == STATUS_OK ? REPLAY_DONE : REPLAY_FAILED);
    /* Nothing is freed: the process ends here. */
    _exit(said && status == STATUS_OK ? 0 : EXIT_FAILURE_SETUP);
}
