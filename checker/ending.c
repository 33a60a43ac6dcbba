/* Says how a trace ends: what the recorder wrote last, who ended the guest's process, and what the kernel told of that.
 *
 * Invariant: the guest's own word of its end (the EXIT event) is never taken for the kernel's; both stand side by side.
 * docs/trace-format.md. */
#include "checker/ending.h"

#include <inttypes.h>
#include "runtime/base/text.h"

struct ending_row {
    const char *name, *text;
};
static const struct ending_row rows[] = {
    [0] = { NULL, "the trace has no end" },
    [TRACE_END_CLEAN] = { "clean", "" },
    [TRACE_END_GUEST_DIED] = { "guest died", "the guest's process was killed, or ended otherwise than it said" },
    [TRACE_END_NO_SPACE] = { "no space", "no space was left for the trace; the guest was stopped" },
    [TRACE_END_RECORDER_DIED] = { "recorder died", "the recorder died; the guest was stopped" },
    [TRACE_END_BAD_RING] = { "bad ring", "the guest's process wrote what is no event" },
};
static const struct ending_row unknown = { "unknown", "the trace ends for a reason that is not known" };

static const struct ending_row *find(uint32_t reason)
{
    return reason < sizeof rows / sizeof rows[0] ? &rows[reason] : &unknown;
}

const char *ending_reason(uint32_t reason) { return find(reason)->name; }

bool ending_is_open(const struct check_report *report)
{
    return !report->trace_whole || report->end.reason == TRACE_END_NO_SPACE ||
           report->end.cause == TRACE_CAUSE_TRACE_LIMIT;
}

void ending_cause(const struct trace_end *end, struct buffer *out)
{
    buffer_string(out, trace_cause_text(end->cause));
    if (end->cause == TRACE_CAUSE_SIGNAL)
        buffer_printf(out, " (%" PRIu32 ")", end->cause_signal);
    if (end->waited == TRACE_WAITED_EXITED)
        buffer_printf(out, ", exited with status %" PRIu32, end->exit_code);
    else if (end->waited != TRACE_WAITED_UNKNOWN)
        buffer_printf(out, ", killed by signal %" PRIu32, end->signal);
}

static const char *ending_stop(const struct check_report *report)
{
    if (report->stop_text[0])
        return report->stop_text;
    if (report->end.cause == TRACE_CAUSE_TRACE_LIMIT)
        return "the trace has as many bytes as it may; the guest was stopped";
    return find(report->end.reason)->text;
}

void ending_report(struct check_report *report, struct store *store, const struct match_place *last)
{
    struct buffer text = BUFFER_INIT;
    char evidence[CHECK_EVIDENCE_MAX];
    if (report->end.reason == TRACE_END_CLEAN && report->trace_whole)
        return;
    buffer_string(&text, ending_stop(report));
    if (report->end.reason != 0) {
        buffer_string(&text, "; the guest's process ended: ");
        ending_cause(&report->end, &text);
    }
    if (report->ends_inside_call)
        buffer_string(&text, "; the last call is in flight");
    text_copy(&text, evidence, sizeof evidence);
    buffer_done(&text);
    audit_finding(report, store, CHECK_FINDING_STOP, last, NULL, -1, evidence);
    if (report->end.reason == TRACE_END_BAD_RING)
        audit_finding(report, store, CHECK_FINDING_BAD_RING, last, NULL, -1, evidence);
}
