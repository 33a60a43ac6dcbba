/* The report of a check as text for people and as JSON.
 *
 * Invariant: every word about the guest was escaped before, or is escaped here; what was not done (no witness, no
 * replay) is said in plain words, never left out. docs/queries.md lists rules and verdicts. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include "checker/checker.h"
#include "checker/ending.h"
#include "runtime/base/text.h"

static void put_string(struct buffer *out, const char *text) { text_plain(out, text, strlen(text)); }

/* The rest of a line: a text with its names in the plain form. */
static void line_put(struct buffer *out, const char *text)
{
    text_guard(out, text, strlen(text));
    buffer_u8(out, '\n');
}

static void text_end(const struct check_report *r, struct buffer *out)
{
    buffer_string(out, "trace       ");
    if (!r->trace_whole) {
        buffer_string(out, "damaged: ");
        text_guard(out, r->stop_text, strlen(r->stop_text));
        buffer_string(out, "; checked up to there");
    } else if (r->has_exit) {
        buffer_printf(out, "whole; the guest %s", abi_ended_text(r->exit.outcome));
        if (r->exit.outcome == WASI_ENDED_EXIT)
            buffer_printf(out, " with status %" PRIu32, r->exit.exit_code);
        if (r->exit.outcome == WASI_ENDED_TRAP)
            buffer_printf(out, " at function %" PRIu32 " offset 0x%" PRIx32, r->exit.function, r->exit.offset);
        buffer_printf(out, " after %" PRIu64 " instructions", r->exit.instructions);
        if (r->end.cause != TRACE_CAUSE_ITSELF || r->end.waited != TRACE_WAITED_EXITED) {
            buffer_string(out, "; its process ended: ");
            ending_cause(&r->end, out);
        }
    } else {
        buffer_printf(out, "stops early%s", r->ends_inside_call ? ", inside a hostcall" : "");
        if (r->end.reason != 0) {
            buffer_string(out, "; the guest's process ended: ");
            ending_cause(&r->end, out);
        }
    }
    buffer_u8(out, '\n');
}

static void text_verdicts(const struct check_report *r, struct buffer *out)
{
    buffer_printf(out, "hostcalls   %" PRIu64 ":", r->hostcalls);
    bool any = false;
    for (unsigned v = 0; v < CHECK_VERDICT_COUNT; v++) {
        if (r->verdicts[v] == 0)
            continue;
        buffer_printf(out, "%s %" PRIu64 " %s", any ? "," : "", r->verdicts[v],
                      check_verdict_name((enum check_verdict)v));
        any = true;
    }
    buffer_string(out, any ? "\n" : " none\n");
}

static void text_witness(const struct check_report *r, struct buffer *out)
{
    if (!r->witnessed) {
        buffer_string(out,
                      "witness     none: this run is unwitnessed, nothing was compared with the kernel's record\n");
        return;
    }
    buffer_string(out, "witness     ");
    put_string(out, r->witness_path);
    buffer_printf(out,
                  ": system calls: %" PRIu64 " of hostcalls, %" PRIu64 " of the setup, %" PRIu64 " others; %" PRIu64
                  " lost\n",
                  r->syscalls, r->setup_syscalls, r->other_syscalls, r->lost);
}

static void text_identical(const struct check_report *r, struct buffer *out)
{
    const struct check_replay *replay = &r->replay;
    buffer_printf(out, "identical: %" PRIu64 " hostcalls, %" PRIu64, replay->calls, replay->instructions);
    if (replay->started_here)
        buffer_string(out, " instructions: the guest could not start where it was recorded, and can here\n");
    else if (!r->has_exit)
        buffer_string(out, " instructions (the trace records no end)\n");
    else if (replay->recorded_instructions == replay->instructions)
        buffer_string(out, " instructions, as recorded\n");
    else
        buffer_printf(out, " of the %" PRIu64 " recorded instructions\n", replay->recorded_instructions);
}

static void text_replay(const struct check_report *r, struct buffer *out)
{
    const struct check_replay *replay = &r->replay;
    buffer_string(out, "replay      ");
    if (!replay->done)
        buffer_string(out, "not done\n");
    else if (replay->identical)
        text_identical(r, out);
    else
        line_put(out, replay->text);
}

static void text_confined(const struct check_report *r, struct buffer *out)
{
    buffer_string(out, "confined    second line of defence: ");
    line_put(out, r->confined);
}

static void text_policy(const struct check_report *r, struct buffer *out)
{
    static const char *const rests[] = {
        [CHECK_JUDGED_NOT] = "not judged",
        [CHECK_JUDGED_TRACE] = "judged on the trace's own word, because the run is unwitnessed",
        [CHECK_JUDGED_PARTLY] = "judged on the kernel's record, and on the trace's own word where that has gaps",
        [CHECK_JUDGED_KERNEL] = "judged on the kernel's record",
    };
    buffer_printf(out, "policy      %s: %s\n", r->policy_given ? "the one that was given" : "the run's own",
                  rests[r->judged & 3]);
}

static void text_finding(const struct check_finding *f, struct buffer *out)
{
    const struct check_finding_row *row = check_finding_row(f->kind);
    buffer_printf(out, "%s %s: %s\n", check_severity_name((enum check_severity)row->severity), row->rule, row->text);
    buffer_string(out, "    where     ");
    if (f->hostcall != CHECK_NO_PLACE)
        buffer_printf(out, "hostcall %" PRIu64 "%s%s, event %" PRIu64 ", chunk %" PRIu64, f->hostcall,
                      f->call_name ? " " : "", f->call_name ? f->call_name : "", f->event, f->chunk);
    else
        buffer_string(out, "outside hostcalls");
    if (f->record != CHECK_NO_PLACE)
        buffer_printf(out, "; witness record %" PRIu64, f->record);
    buffer_string(out, "\n    evidence  ");
    line_put(out, f->evidence);
    if (f->syscall_name[0])
        buffer_printf(out, "    syscall   %s: %s\n", f->syscall_name, f->impact ? f->impact : "not in the table");
    buffer_printf(out, "    do        %s\n", row->advice);
}

static void text_summary(const struct check_report *r, struct buffer *out)
{
    uint64_t others = r->finding_count - r->failing;
    buffer_string(out, "result      ");
    if (r->failing == 0 && !r->trace_whole)
        buffer_string(out, "the trace's file is damaged; nothing else was found");
    else
        buffer_printf(out, "%" PRIu64 " finding%s", r->failing, r->failing == 1 ? "" : "s");
    if (r->failing == 0 && r->trace_whole && strcmp(check_report_verdict(r), "clean") != 0)
        buffer_printf(out, " (%s)", check_report_verdict(r));
    if (others > 0)
        buffer_printf(out, ", and %" PRIu64 " more to know of", others);
    buffer_u8(out, '\n');
}

void check_report_text(const struct check_report *report, size_t limit, struct buffer *out)
{
    size_t shown = limit > 0 && limit < report->findings_kept ? limit : report->findings_kept;
    buffer_string(out, "run         ");
    for (size_t i = 0; i < TRACE_RUN_ID; i++)
        buffer_printf(out, "%02x", report->run_id[i]);
    buffer_string(out, "  ");
    put_string(out, report->trace_path);
    buffer_u8(out, '\n');
    text_end(report, out);
    text_witness(report, out);
    text_verdicts(report, out);
    text_confined(report, out);
    text_policy(report, out);
    text_replay(report, out);
    text_summary(report, out);
    for (size_t i = 0; i < shown; i++)
        text_finding(&report->findings[i], out);
    if (report->finding_count > shown)
        buffer_printf(out, "... and %" PRIu64 " more; the database has all of them\n", report->finding_count - shown);
}

/* ---- JSON ---- */

static void json_number(struct buffer *out, const char *name, uint64_t value)
{
    buffer_printf(out, ",\"%s\":", name);
    if (value == CHECK_NO_PLACE)
        buffer_string(out, "null");
    else
        buffer_printf(out, "%" PRIu64, value);
}

static void json_string(struct buffer *out, const char *name, const char *value)
{
    buffer_printf(out, ",\"%s\":", name);
    text_json_string(out, value && value[0] ? value : NULL);
}

static void json_bool(struct buffer *out, const char *name, bool value)
{
    buffer_printf(out, ",\"%s\":%s", name, value ? "true" : "false");
}

static void json_finding(const struct check_finding *f, struct buffer *out)
{
    const struct check_finding_row *row = check_finding_row(f->kind);
    buffer_string(out, "{\"rule\":");
    text_json_string(out, row->rule);
    json_string(out, "severity", check_severity_name((enum check_severity)row->severity));
    json_bool(out, "fails", row->fails);
    json_number(out, "hostcall", f->hostcall);
    json_string(out, "call", f->call_name);
    json_number(out, "event", f->event);
    json_number(out, "chunk", f->chunk);
    json_number(out, "record", f->record);
    json_string(out, "syscall", f->syscall_name);
    json_string(out, "impact", f->impact);
    json_string(out, "evidence", f->evidence);
    json_string(out, "text", row->text);
    json_string(out, "advice", row->advice);
    buffer_u8(out, '}');
}

static void json_end(const struct check_report *r, struct buffer *out)
{
    struct buffer cause = BUFFER_INIT;
    ending_cause(&r->end, &cause);
    buffer_u8(&cause, 0);
    json_number(out, "end_reason", r->end.reason);
    json_string(out, "ended", trace_end_name(r->end.reason));
    json_string(out, "cause", r->end.reason != 0 && cause.status == STATUS_OK ? (const char *)cause.data : NULL);
    json_number(out, "signal", r->end.signal);
    buffer_done(&cause);
}

static void json_parts(const struct check_report *r, struct buffer *out)
{
    buffer_string(out, ",\"verdicts\":{");
    for (unsigned v = 0; v < CHECK_VERDICT_COUNT; v++)
        buffer_printf(out, "%s\"%s\":%" PRIu64, v > 0 ? "," : "", check_verdict_name((enum check_verdict)v),
                      r->verdicts[v]);
    buffer_string(out, "},\"exit\":");
    if (r->has_exit)
        buffer_printf(out, "{\"outcome\":\"%s\",\"code\":%" PRIu32 ",\"instructions\":%" PRIu64 "}",
                      abi_ended_text(r->exit.outcome), r->exit.exit_code, r->exit.instructions);
    else
        buffer_string(out, "null");
    buffer_printf(out, ",\"replay\":{\"done\":%s", r->replay.done ? "true" : "false");
    json_bool(out, "identical", r->replay.identical);
    json_number(out, "calls", r->replay.calls);
    json_number(out, "instructions", r->replay.instructions);
    json_number(out, "recorded_instructions", r->replay.recorded_instructions);
    json_string(out, "text", r->replay.text);
    buffer_u8(out, '}');
}

void check_report_json(const struct check_report *report, struct buffer *out)
{
    const struct check_report *r = report;
    buffer_string(out, "{\"run\":\"");
    for (size_t i = 0; i < TRACE_RUN_ID; i++)
        buffer_printf(out, "%02x", r->run_id[i]);
    buffer_u8(out, '"');
    json_string(out, "trace", r->trace_path);
    json_string(out, "witness", r->witness_path);
    json_bool(out, "witnessed", r->witnessed);
    json_bool(out, "whole", r->trace_whole);
    json_end(r, out);
    json_bool(out, "ends_inside_call", r->ends_inside_call);
    json_string(out, "stop", r->stop_text);
    json_number(out, "hostcalls", r->hostcalls);
    json_number(out, "events", r->events);
    json_number(out, "syscalls", r->syscalls);
    json_number(out, "setup_syscalls", r->setup_syscalls);
    json_number(out, "other_syscalls", r->other_syscalls);
    json_number(out, "lost", r->lost);
    json_string(out, "confined", r->confined);
    json_string(out, "policy", r->policy_given ? "given" : "own");
    json_string(out, "judged", check_judged_name((enum check_judged)r->judged));
    json_parts(r, out);
    json_number(out, "elapsed_ns", r->elapsed_ns);
    json_number(out, "replay_ns", r->replay_ns);
    json_number(out, "finding_count", r->finding_count);
    json_number(out, "failing", r->failing);
    json_number(out, "exit_status", (uint64_t)r->exit_status);
    json_string(out, "verdict", check_report_verdict(r));
    buffer_string(out, ",\"findings\":[");
    for (size_t i = 0; i < r->findings_kept; i++) {
        if (i > 0)
            buffer_u8(out, ',');
        json_finding(&r->findings[i], out);
    }
    buffer_string(out, "]}\n");
}
