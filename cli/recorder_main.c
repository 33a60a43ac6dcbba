/* warrant-recorder: the process that owns the trace. Reads the ring, which the guest's process fills, and trusts
 * nothing in it; what was run it takes from the launcher's sealed file alone. */
#include "cli/child_report.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/key_read.h"
#include "cli/print.h"
#include "runtime/base/os.h"
#include "runtime/base/streams.h"
#include "runtime/base/try.h"

/* With what the recorder sleeps between looks, and with what writing takes, a second is kept. */
enum { HOLD_NS = 500000000 };

static const void *file_map(int fd, size_t *ret_size)
{
    struct stat st;
    if (fstat(fd, &st) < 0 || st.st_size <= 0)
        return NULL;
    void *bytes = mmap(NULL, (size_t)st.st_size, PROT_READ, MAP_PRIVATE, fd, 0);
    *ret_size = (size_t)st.st_size;
    return bytes == MAP_FAILED ? NULL : bytes;
}

static void ready(void *self)
{
    (void)self;
    struct child_message message = { .kind = CHILD_READY };
    child_report(RECORDER_FD_CONTROL, &message);
}

/* Waits until the description is there. */
static bool started(struct recorder_start *ret)
{
    size_t got = 0;
    while (got < sizeof *ret) {
        ssize_t n = read(RECORDER_FD_CONTROL, (char *)ret + got, sizeof *ret - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return false;
        got += (size_t)n;
    }
    ret->ring_name[sizeof ret->ring_name - 1] = '\0';
    return true;
}

/* What the recorder needs of the description. */
static enum status describe(struct recorder_options *options, struct trace_key *key, struct error *error)
{
    struct run_spec spec;
    TRY(run_spec_decode(options->description, options->description_size, &spec, error));
    options->trace_limit = spec.policy.limits.trace;
    options->sync_chunks = spec.facts.sync != RUN_SYNC_NONE;
    options->sync_calls = spec.facts.sync == RUN_SYNC_CALL;
    memcpy(options->run_id, spec.run_id, sizeof options->run_id);
    if (!spec.facts.no_module)
        options->module = file_map(RECORDER_FD_MODULE, &options->module_size);
    enum status s = STATUS_OK;
    if (spec.facts.sign_asked & RUN_SIGN_RECORDER) {
        options->key = key;
        s = key_read(RECORDER_FD_KEY, "the recorder's key", key, error);
    }
    run_spec_done(&spec);
    return s;
}

int main(void)
{
    struct error error = ERROR_INIT;
    struct recorder_options options = { .ring_fd = RECORDER_FD_RING,
                                        .trace_fd = RECORDER_FD_TRACE,
                                        .control_fd = RECORDER_FD_CONTROL,
                                        .hold_ns = HOLD_NS };
    if (streams_fill(&error) != STATUS_OK)
        return child_report_failure(RECORDER_FD_CONTROL, STATUS_IO, &error);
    struct recorder_start start;
    if (!started(&start))
        return EXIT_FAILURE_SETUP;
    options.guest_pid = start.guest_pid;
    if (!os_process_receive(RECORDER_FD_GUEST, start.guest_pid, &options.guest_fd))
        return child_report_failure(
            RECORDER_FD_CONTROL, STATUS_INTERNAL,
            (error_set_errno(&error, STATUS_INTERNAL, errno, "cannot watch the guest's process"), &error));
    options.description = file_map(RECORDER_FD_SPEC, &options.description_size);
    if (!options.description)
        return child_report_failure(
            RECORDER_FD_CONTROL, STATUS_INVALID,
            (error_set(&error, STATUS_INVALID, "the description of the run is missing"), &error));
    struct trace_key key;
    enum status s = describe(&options, &key, &error);
    if (s != STATUS_OK)
        return child_report_failure(RECORDER_FD_CONTROL, s, &error);
    struct child_message message = { .kind = CHILD_DONE };
    s = recorder_run(&options, ready, NULL, &message.end, &error);
    if (options.key)
        trace_key_done(&key);
    if (s != STATUS_OK) {
        message.kind = CHILD_FAILED;
        message.status = s;
        memcpy(message.text, error.text, sizeof message.text);
    }
    child_report(RECORDER_FD_CONTROL, &message);
    /* Nobody told how the guest ended: the launcher is gone, and the ring is in nobody's care. */
    if (s == STATUS_OK && message.end.waited == TRACE_WAITED_UNKNOWN &&
        !file_remove(RECORDER_FD_FOLDER, start.ring_name, (dev_t)start.ring_dev, (ino_t)start.ring_ino))
        print_err("warrant record: %s is left and cannot be removed (%s); remove it yourself\n", start.ring_name,
                  strerror(errno));
    return 0;
}
