/* The witness from the launcher's side: started on the waiting guest, before that executes anything. */
#include "cli/launch_run.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <unistd.h>

static enum status witness_start(struct run *run, struct error *error)
{
    struct launch_result *result = run->result;
    int theirs;
    memcpy(result->witness_path, run->files.witness_path, sizeof result->witness_path);
    enum status s = child_socket(&run->witness, &theirs, error);
    if (s != STATUS_OK)
        return s;
    const struct launch_pass pass[] = { { theirs, WITNESS_FD_CONTROL },
                                        { run->files.witness, WITNESS_FD_FILE },
                                        { run->files.keys[LAUNCH_KEY_WITNESS], WITNESS_FD_KEY } };
    s = child_fork(&run->witness, "warrant-witness", pass, sizeof pass / sizeof *pass, true, error);
    close(theirs);
    if (s == STATUS_OK)
        s = child_release(&run->witness, "warrant-witness", error);
    if (s != STATUS_OK)
        return s;
    struct witness_start start = {
        .info = { .guest_pid = (uint32_t)run->guest.pid, .recorder_pid = (uint32_t)run->recorder.pid },
        .sign = run->files.keys[LAUNCH_KEY_WITNESS] >= 0,
    };
    memcpy(start.info.run_id, run->options->spec->run_id, sizeof start.info.run_id);
    if (write(run->witness.control, &start, sizeof start) != sizeof start)
        return error_set(error, STATUS_INTERNAL, "the witness ended before it was ready");
    return child_ready(run, &run->witness, "witness", error);
}

enum status witness_try(struct run *run, struct error *error)
{
    struct error reason = ERROR_INIT;
    struct run_facts *facts = &run->options->spec->facts;
    if (facts->witness_asked == WITNESS_MODE_OFF) {
        snprintf(run->result->witness_reason, sizeof run->result->witness_reason, "it was turned off");
        return STATUS_OK;
    }
    enum status s = witness_start(run, &reason);
    if (s == STATUS_OK) {
        run->result->witnessed = true;
        facts->witness_held = 1;
        return STATUS_OK;
    }
    child_put_down(&run->witness);
    run->result->witness_path[0] = '\0';
    if (facts->witness_asked == WITNESS_MODE_ON)
        return error_copy(error, s, &reason), error_prefix(error, "no witness"), s;
    memcpy(run->result->witness_reason, reason.text, sizeof reason.text);
    free(facts->witness_reason);
    facts->witness_reason = strdup(reason.text);
    return facts->witness_reason ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

/* The witness was ready and is gone: in its own words, where it left some. */
static enum status witness_gone(struct run *run, struct error *error)
{
    struct child_message message;
    if (child_message_read(run, &run->witness, &message) && message.kind != CHILD_READY && message.kind != CHILD_DONE)
        return error_set(error, (enum status)message.status, "the witness: %s", message.text);
    return error_set(error, STATUS_INTERNAL, "the witness ended before the guest was started");
}

enum status witness_tell(struct run *run, struct error *error)
{
    struct buffer facts = BUFFER_INIT, told = BUFFER_INIT;
    if (!run->result->witnessed)
        return STATUS_OK;
    run_spec_encode_facts(run->options->spec, &facts);
    buffer_bytes(&facts, run->files.spec_hash, sizeof run->files.spec_hash);
    buffer_blob(&told, facts.data, facts.size);
    enum status s = facts.status != STATUS_OK || told.status != STATUS_OK
                        ? error_set(error, STATUS_NO_MEMORY, "out of memory for what the witness is told")
                        : STATUS_OK;
    for (size_t done = 0; s == STATUS_OK && done < told.size;) {
        ssize_t n = write(run->witness.control, told.data + done, told.size - done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            s = witness_gone(run, error);
    }
    buffer_done(&facts);
    buffer_done(&told);
    return s;
}

void witness_finish(struct run *run)
{
    struct launch_result *result = run->result;
    if (!result->witnessed)
        return;
    struct child_message message;
    shutdown(run->witness.control, SHUT_WR);
    if (child_message_read(run, &run->witness, &message)) {
        result->witness_lost = message.lost;
        result->witness_bytes = message.bytes;
        if (message.kind != CHILD_DONE)
            memcpy(result->witness_reason, message.text, sizeof result->witness_reason);
    } else {
        snprintf(result->witness_reason, sizeof result->witness_reason, "it died before the end of the run");
    }
    child_let_end(&run->witness);
}
