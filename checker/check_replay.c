/* Runs the replay of a check and says what it came to.
 *
 * Invariants: the replay's word is a claim: an identical one must have read the trace that was checked, and counted
 * what that trace has; it is over before the database is locked, so that a long one holds up nobody. docs/queries.md.
 */
#include "checker/check_replay.h"

#include "checker/findings.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/base/text.h"

/* Of an EXIT event (docs/trace-format.md). */

static bool on_progress(void *self, uint64_t calls, uint64_t instructions)
{
    const struct check_options *options = self;
    (void)instructions;
    if (options->progress)
        options->progress(options->progress_self, "replaying", calls, 0);
    return true;
}

void check_replay_run(const struct check_options *options, const struct trace_reader *reader,
                      struct check_replayed *ret)
{
    struct replay_files files = { .module = -1 };
    files.trace = trace_reader_fd(reader, &files.trace_size);
    struct check_options copy = *options; /* whom to tell; nothing else is used */
    struct replay_options replay = { .files = &files, .progress = on_progress, .progress_self = &copy };
    uint64_t before = elapsed_now_ns();
    *ret = (struct check_replayed) { .report = calloc(1, sizeof *ret->report), .why = ERROR_INIT, .done = true };
    ret->status = ret->report ? options->replay(options->replay_self, &replay, ret->report, &ret->why)
                              : error_set(&ret->why, STATUS_NO_MEMORY, "no memory for the replay");
    ret->ns = elapsed_now_ns() - before;
}

void check_replay_done(struct check_replayed *replayed)
{
    free(replayed->report);
    *replayed = (struct check_replayed) { 0 };
}

/* Replay and trace read the file one after the other: who changed it in between is found by the hash of all that was
 * read. */
static enum status same_trace(const struct trace_reader *reader, const struct check_report *report,
                              const struct replay_report *replay, struct error *error)
{
    uint8_t hash[TRACE_HASH];
    bool all = replay->verdict == REPLAY_IDENTICAL || replay->verdict == REPLAY_PREFIX;
    trace_reader_hash(reader, hash);
    if (all && memcmp(hash, replay->trace_hash, sizeof hash) != 0)
        return error_set(error, STATUS_CORRUPT, "the trace changed while it was checked");
    if (replay->verdict == REPLAY_IDENTICAL &&
        (replay->calls != report->hostcalls || !report->has_exit || replay->instructions != report->exit.instructions))
        return error_set(error, STATUS_INTERNAL,
                         "the replay calls itself identical and counts other calls or instructions than the trace has");
    return STATUS_OK;
}

static void report_divergence(const struct replay_divergence *d, struct store *store, struct check_report *report)
{
    struct buffer text = BUFFER_INIT;
    buffer_printf(&text, "%s, %s: expected ", d->hostcall, d->what);
    text_guard(&text, d->expected, strnlen(d->expected, sizeof d->expected));
    buffer_string(&text, ", found ");
    text_guard(&text, d->found, strnlen(d->found, sizeof d->found));
    buffer_printf(&text, "; at function %" PRIu32, d->function);
    if (d->function_name[0]) {
        buffer_string(&text, " (");
        text_plain(&text, d->function_name, strnlen(d->function_name, sizeof d->function_name));
        buffer_string(&text, ")");
    }
    buffer_printf(&text, " offset 0x%" PRIx32, d->offset);
    text_copy(&text, report->replay.text, sizeof report->replay.text);
    buffer_done(&text);
    struct match_place place = { d->call, d->event, d->chunk, OPERATION_COUNT, MATCH_NO_OP };
    for (uint32_t i = 0; i < OPERATION_COUNT; i++)
        if (strcmp(abi_operations[i].name, d->hostcall) == 0)
            place.call = i;
    findings_add(report, store, CHECK_FINDING_DIVERGENCE, &place, NULL, -1, report->replay.text);
}

static void report_failure(enum status status, const struct error *why, struct store *store,
                           struct check_report *report)
{
    struct buffer text = BUFFER_INIT;
    const char *reason = why->text[0] ? why->text : status_text(status);
    text_guard(&text, reason, strlen(reason));
    text_copy(&text, report->replay.text, sizeof report->replay.text);
    buffer_done(&text);
    findings_add(report, store, CHECK_FINDING_REPLAY_FAILED, NULL, NULL, -1, report->replay.text);
}

void check_replay_report(struct check_replayed *replayed, const struct trace_reader *reader, struct store *store,
                         struct check_report *report)
{
    const struct replay_report *replay = replayed->report;
    if (!replayed->done)
        return;
    enum status s = replayed->status;
    if (s == STATUS_OK)
        s = same_trace(reader, report, replay, &replayed->why);
    report->replay_ns = replayed->ns;
    report->replay.done = true;
    if (s != STATUS_OK) {
        report_failure(s, &replayed->why, store, report);
        return;
    }
    report->replay.calls = replay->calls;
    report->replay.instructions = replay->instructions;
    report->replay.recorded_instructions = report->has_exit ? report->exit.instructions : 0;
    report->replay.started_here =
        replay->verdict == REPLAY_PREFIX && report->has_exit && report->exit.outcome == WASI_ENDED_NOT_STARTED;
    report->replay.identical = replay->verdict != REPLAY_DIVERGED;
    if (replay->verdict == REPLAY_DIVERGED)
        report_divergence(&replay->divergence, store, report);
}
