/* Runs one guest from start to end.
 *
 * The order of a start: all children are forked and wait; the witness watches; the guest's process executes, confines
 * itself and waits; now it is known what holds, and the description is written and sealed, for the recorder, and told
 * to the witness; the recorder is ready; the guest goes. A start that fails before that leaves nothing behind.
 * Afterwards no file is removed on anybody's word.
 *
 * Invariants: the guest's process looks at no byte of the module before recorder and witness are ready; the death of
 * either ends it; whatever happens, no child is left behind. */
#include "cli/crash_process.h"
#include "cli/launch_run.h"

#include <string.h>

static enum status start(struct run *run, struct error *error)
{
    bool recorded = run->options->trace_path != NULL;
    enum status s = guest_fork(run, error);
    if (s == STATUS_OK)
        s = resolver_start(run, error);
    if (s == STATUS_OK && recorded)
        s = recorder_fork(run, error);
    if (s == STATUS_OK && recorded)
        s = witness_try(run, error);
    if (s == STATUS_OK)
        s = guest_confined(run, error);
    launch_signals_take(&run->signals);
    if (s == STATUS_OK && run->signals.count)
        s = error_set(error, STATUS_STOPPED, "signal %d came before the guest was started", run->signals.first);
    if (s == STATUS_OK && recorded)
        s = launch_facts_seal(run->options->spec, &run->files, error);
    if (s == STATUS_OK && recorded)
        s = witness_tell(run, error);
    if (s == STATUS_OK && recorded)
        s = recorder_start(run, error);
    if (s == STATUS_OK && recorded)
        s = launch_outputs_keep(run->options, &run->files, run->result->witnessed, error);
    return s;
}

static enum status run_children(struct run *run, struct error *error)
{
    enum status s = start(run, error);
    if (s != STATUS_OK)
        return s;
    run->result->started = true;
    launch_listen_say(run->options->spec);
    guest_wait(run);
    resolver_say(run);
    if (run->options->trace_path) {
        s = recorder_finish(run, error);
        witness_finish(run);
        struct error failure = ERROR_INIT;
        enum status copied = launch_outputs_copy(&run->files, run->result->witnessed, &failure);
        memcpy(run->result->copy_text, failure.text, sizeof failure.text);
        s = s == STATUS_OK ? copied : s;
    }
    return s;
}

static enum status files_open(struct run *run, struct error *error)
{
    enum status s =
        launch_limits(run->options->spec->policy.file_count + run->options->spec->policy.listen_count, error);
    if (s == STATUS_OK)
        s = launch_files_open(run->options, &run->files, error);
    if (s == STATUS_OK)
        s = launch_facts_fill(run->options->spec, &run->files, error);
    if (s == STATUS_OK && run->options->trace_path)
        s = launch_outputs_make(run->options, &run->files, error);
    if (s == STATUS_OK)
        s = launch_files_page(run->options, &run->files, error);
    return s;
}

/* Looks up what the module says of the stack that the guest's process reported, where that will be printed. */
static void crash_find(const struct run *run, struct launch_result *result)
{
    const struct crash_source source = { run->files.module, run->files.module_size, false };
    if (result->reported && result->report.status == STATUS_TRAPPED && result->report.stack.depth > 0 &&
        result->fate.waited == TRACE_WAITED_EXITED)
        crash_look(&source, &result->report.stack, &result->crash);
}

enum status launch_run(const struct launch_options *options, struct launch_result *ret, struct error *error)
{
    static const struct child_process none = { .control = -1, .go = -1, .watch = -1 };
    memset(ret, 0, sizeof *ret);
    struct run run = {
        .options = options, .result = ret, .guest = none, .recorder = none, .witness = none, .resolver = none
    };
    launch_files_init(&run.files);
    run.signals.fd = -1;
    enum status s = launch_signals_open(&run.signals, error);
    if (s == STATUS_OK)
        s = files_open(&run, error);
    if (s == STATUS_OK)
        s = run_children(&run, error);
    launch_signals_take(&run.signals);
    if (!ret->started && run.signals.count) {
        ret->fate.cause = TRACE_CAUSE_SIGNAL;
        ret->fate.cause_signal = (uint32_t)run.signals.first;
    }
    child_put_down(&run.guest);
    child_let_end(&run.recorder);
    child_let_end(&run.witness);
    child_put_down(&run.resolver);
    crash_find(&run, ret);
    memcpy(ret->trace_path, run.files.trace_path, sizeof ret->trace_path);
    launch_outputs_drop(options, &run.files);
    launch_files_close(&run.files);
    launch_signals_close(&run.signals);
    return s;
}
