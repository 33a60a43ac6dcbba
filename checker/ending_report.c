/* What the end of a trace means for its check: findings where it is no clean one.
 *
 * Invariant: a trace that may lack its last calls is never taken for whole. docs/trace-format.md. */
#include "checker/ending_report.h"

#include "checker/ending.h"
#include "checker/findings.h"
#include "runtime/base/text.h"

bool ending_is_open(const struct check_report *report)
{
    return !report->trace_whole || report->end.reason == TRACE_END_NO_SPACE ||
           report->end.cause == TRACE_CAUSE_TRACE_LIMIT;
}

static const char *ending_stop(const struct check_report *report)
{
    if (report->stop_text[0])
        return report->stop_text;
    return trace_end_text(&report->end);
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
    findings_add(report, store, CHECK_FINDING_STOP, last, NULL, -1, evidence);
    if (report->end.reason == TRACE_END_BAD_RING)
        findings_add(report, store, CHECK_FINDING_BAD_RING, last, NULL, -1, evidence);
}
