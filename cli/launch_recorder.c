/* The recorder from the launcher's side. It is forked with the others and executes at once, but writes nothing before
 * the description is sealed, which is when the guest's process has confined itself. */
#include "cli/launch_run.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/os.h"

enum status recorder_fork(struct run *run, struct error *error)
{
    int theirs;
    enum status s = child_socket(&run->recorder, &theirs, error);
    if (s != STATUS_OK)
        return s;
    const struct launch_pass pass[] = {
        { theirs, RECORDER_FD_CONTROL },
        { run->files.spec, RECORDER_FD_SPEC },
        { run->files.module, RECORDER_FD_MODULE },
        { run->files.ring, RECORDER_FD_RING },
        { os_process_pass(run->guest.watch), RECORDER_FD_GUEST },
        { run->files.trace, RECORDER_FD_TRACE },
        { run->files.folder, RECORDER_FD_FOLDER },
        { run->files.keys[LAUNCH_KEY_RECORDER], RECORDER_FD_KEY },
    };
    s = child_fork(&run->recorder, "warrant-recorder", pass, sizeof pass / sizeof *pass, true, error);
    close(theirs);
    return s == STATUS_OK ? child_release(&run->recorder, "warrant-recorder", error) : s;
}

enum status recorder_start(struct run *run, struct error *error)
{
    const struct file_made *ring = &run->files.ring_made;
    struct recorder_start start = { .ring_dev = (uint64_t)ring->dev,
                                    .ring_ino = ring->ino,
                                    .guest_pid = run->guest.pid };
    snprintf(start.ring_name, sizeof start.ring_name, "%s", ring->name);
    if (write(run->recorder.control, &start, sizeof start) != sizeof start)
        return error_set(error, STATUS_INTERNAL, "the recorder ended before it was ready");
    return child_ready(run, &run->recorder, "recorder", error);
}

enum status recorder_finish(struct run *run, struct error *error)
{
    struct launch_result *result = run->result;
    struct child_message message;
    /* Where it is gone already, nothing is read below. */
    bool told = write(run->recorder.control, &result->fate, sizeof result->fate) == sizeof result->fate;
    told = child_message_read(run, &run->recorder, &message) && told;
    child_let_end(&run->recorder);
    enum status s = STATUS_OK;
    if (told) {
        result->end = message.end;
        result->fate.cause = message.end.cause; /* the recorder knows better why it stopped the guest */
        memcpy(result->recorder_text, message.text, sizeof result->recorder_text);
        if (message.kind != CHILD_DONE)
            s = (enum status)message.status;
    } else {
        result->recorder_died = true;
        s = recorder_salvage(run->files.trace_path, run->files.trace, run->files.ring, &result->fate, &result->end,
                             error);
    }
    struct stat st;
    if (fstat(run->files.trace, &st) == 0)
        result->trace_bytes = (uint64_t)st.st_size;
    return s;
}
