/* warrant-witness: the privileged process that holds the probe and writes what the kernel saw. It takes nothing from
 * the guest's process: only the launcher that started it speaks to it, and it watches a child of that launcher only. */
#include "cli/child_report.h"

#include <string.h>
#include <unistd.h>

#include "cli/key_read.h"
#include "ebpf/witness.h"
#include "runtime/base/streams.h"

static enum status start(struct witness_start *told, struct trace_key *key, struct witness **witness,
                         struct trace_file **file, struct error *error)
{
    const struct witness_info *info = &told->info;
    if (read(WITNESS_FD_CONTROL, told, sizeof *told) != sizeof *told)
        return error_set(error, STATUS_INVALID, "warrant-witness is started by `warrant record` only");
    enum status s = witness_caller_file(WITNESS_FD_FILE, error);
    if (s == STATUS_OK)
        s = witness_caller_check(WITNESS_FD_CONTROL, info->guest_pid, error);
    if (s == STATUS_OK && told->sign)
        s = key_read(WITNESS_FD_KEY, "the witness's key", key, error);
    if (s == STATUS_OK)
        s = witness_open(witness, error);
    if (s == STATUS_OK)
        s = witness_watch(*witness, info->guest_pid, WITNESS_GUEST, error);
    if (s == STATUS_OK) /* it may have executed another program meanwhile */
        s = witness_caller_check(WITNESS_FD_CONTROL, info->guest_pid, error);
    if (s == STATUS_OK)
        s = witness_caller_settle(error);
    if (s == STATUS_OK)
        s = trace_file_create(WITNESS_FD_FILE, TRACE_FILE_WITNESS, info->run_id, file, error);
    return s;
}

int main(void)
{
    struct error error = ERROR_INIT;
    struct witness_start told;
    struct trace_key key;
    struct witness *witness = NULL;
    struct trace_file *file = NULL;
    enum status s = streams_fill(&error);
    if (s == STATUS_OK)
        s = start(&told, &key, &witness, &file, &error);
    if (s != STATUS_OK)
        return child_report_failure(WITNESS_FD_CONTROL, s, &error);
    struct child_message message = { .kind = CHILD_READY };
    child_report(WITNESS_FD_CONTROL, &message);
    s = witness_collect(witness, file, WITNESS_FD_CONTROL, &told.info, told.sign ? &key : NULL, &error);
    if (told.sign)
        trace_key_done(&key);
    message.kind = s == STATUS_OK ? CHILD_DONE : CHILD_FAILED;
    message.status = s;
    message.lost = told.info.lost;
    message.bytes = trace_file_size(file);
    memcpy(message.text, error.text, sizeof message.text);
    child_report(WITNESS_FD_CONTROL, &message);
    trace_file_close(file);
    witness_close(witness);
    return 0;
}
