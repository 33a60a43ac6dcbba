/* warrant-symbols: the process that tells names and source lines of a trap's stack, or all lines of a module. It reads
 * a module that nobody trusts, and its debug information, so that nothing of it is looked at before the process is
 * confined.
 *
 * Order: read the job, close everything else, confine, find the module, answer with the names, read the debug
 * information, answer with all. So what goes wrong with the second costs the first nothing. After confinement the
 * process reads its one file, writes its answers and manages memory. */
#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/crash_process.h"
#include "cli/launch.h"
#include "cli/symbols_module.h"
#include "runtime/base/os.h"
#include "runtime/base/streams.h"
#include "wasi/confine/confine.h"

enum { DESCRIPTORS = 16 };

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

static bool tell(struct crash_message *message, enum crash_message_kind kind)
{
    message->kind = kind;
    return write_all(SYMBOLS_FD_RESULT, message, sizeof *message);
}

static enum status job_read(struct crash_job *job, struct error *error)
{
    ssize_t n;
    do
        n = read(SYMBOLS_FD_JOB, job, sizeof *job);
    while (n < 0 && errno == EINTR);
    close(SYMBOLS_FD_JOB);
    if (n != sizeof *job || job->magic != CRASH_JOB_MAGIC || job->size != CRASH_JOB_SIZE)
        return error_set(error, STATUS_INVALID, "warrant-symbols is started by `warrant` of the same version only");
    return STATUS_OK;
}

/* A line that this kernel does not have is done without; one that it has and refuses ends the process. */
static enum status confine(const struct crash_job *job, struct error *error)
{
    static const int keep[] = { SYMBOLS_FD_RESULT, SYMBOLS_FD_SOURCE };
    const struct rlimit seconds = { job->seconds, job->seconds };
    struct confine_report report;
    struct confine_options options = CONFINE_OPTIONS_DEFAULT;
    options.replay = true; /* reads what is open, and writes its answer */
    options.memory = job->memory;
    options.descriptors = DESCRIPTORS;
    enum status status = confine_close_inherited(keep, sizeof keep / sizeof *keep, error);
    if (status == STATUS_OK && setrlimit(RLIMIT_CPU, &seconds) < 0)
        status = error_set_errno(error, STATUS_DENIED, errno, "the time of warrant-symbols cannot be limited");
    if (status == STATUS_OK)
        status = confine_apply(&options, &report, error);
    for (uint32_t i = 0; status == STATUS_OK && i < CONFINE_LINE_COUNT; i++)
        if (report.state[i] == CONFINE_FAILED)
            status = error_set(error, STATUS_DENIED,
                               "no names of functions: warrant-symbols is not confined: the kernel "
                               "refused %s",
                               confine_line_name((enum confine_line)i));
    return status;
}

static enum status module_get(const struct crash_job *job, struct buffer *ret, struct error *error)
{
    struct trace_reader *reader;
    uint64_t size;
    if (!job->is_trace && job->source_size > LIMIT_MODULE_BYTES)
        return error_set(error, STATUS_LIMIT, "no names of functions: the module is too large");
    if (!job->is_trace)
        return file_read_fd(SYMBOLS_FD_SOURCE, job->source_size, ret, error);
    enum status status = trace_reader_open_fd(SYMBOLS_FD_SOURCE, job->source_size, &reader, error);
    if (status != STATUS_OK)
        return status;
    status = trace_reader_has_module(reader, &size)
                 ? trace_reader_module(reader, ret, error)
                 : error_set(error, STATUS_NOT_FOUND, "no names of functions: the trace does not hold the module");
    trace_reader_close(reader);
    return status;
}

static bool put_lines(void *self, const void *bytes, size_t size)
{
    struct crash_message *message = self;
    for (size_t done = 0, some; done < size; done += some) {
        if (message->size == sizeof message->bytes) {
            if (!tell(message, CRASH_LINES))
                return false;
            message->size = 0;
        }
        some = size - done;
        if (some > sizeof message->bytes - message->size)
            some = sizeof message->bytes - message->size;
        memcpy(message->bytes + message->size, (const uint8_t *)bytes + done, some);
        message->size += (uint32_t)some;
    }
    return true;
}

static enum status tell_lines(const struct symbols_module *module, struct crash_message *message, struct error *error)
{
    enum status status = symbols_lines_tell(module, put_lines, message, error);
    if (status == STATUS_OK && message->size > 0 && !tell(message, CRASH_LINES))
        status = STATUS_IO;
    return status;
}

static enum status run(struct crash_message *message, struct error *error)
{
    struct crash_job job;
    struct buffer bytes = BUFFER_INIT;
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
    status = confine(&job, error);
    if (status == STATUS_OK)
        status = module_get(&job, &bytes, error);
    if (status != STATUS_OK)
        return status;
    const struct symbols_module module = symbols_module_read(bytes.data, bytes.size);
    if (job.lines)
        return tell_lines(&module, message, error);
    symbols_names_find(&module, &job.stack, &message->symbols);
    if (!tell(message, CRASH_NAMES))
        return STATUS_IO;
    symbols_lines_find(&module, &job.stack, &message->symbols);
    return STATUS_OK;
}

int main(void)
{
    struct error error = ERROR_INIT;
    struct crash_message *message = calloc(1, sizeof *message); /* before confinement: see warrant-replayer */
    if (!message)
        _exit(EXIT_FAILURE_SETUP);
    enum status status = run(message, &error);
    memcpy(message->text, error.text, sizeof message->text);
    bool said = tell(message, status == STATUS_OK ? CRASH_ALL : CRASH_FAILED);
    /* Nothing is freed: the process ends here. */
    _exit(said && status == STATUS_OK ? 0 : EXIT_FAILURE_SETUP);
}
