/* The report of a check as text for people.
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
        if (r->exit.outcome == WASI_ENDED_EXIT || r->exit.outcome == WASI_ENDED_RAISED)
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
    if (r->has_exit)
        crash_words(&r->exit.stack, r->crash, out);
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

static void text_signed(const struct check_report *r, struct buffer *out)
{
    static const char *const files[CHECK_SIGNERS] = { "the trace", "the witness file" };
    static const char *const says[] = {
        [CHECK_SIGNED_NOT] = "is not signed",
        [CHECK_SIGNED_MISSING] = "was to be signed, and is not",
        [CHECK_SIGNED_BAD] = "has a signature that is not of it",
        [CHECK_SIGNED_VALID] = "is signed by a key that nobody named (--trust)",
        [CHECK_SIGNED_TRUSTED] = "is signed by a trusted key",
    };
    for (unsigned i = 0; i < (r->witnessed ? CHECK_SIGNERS : CHECK_SIGNER_WITNESS); i++) {
        const struct check_signed *is = &r->signed_by[i];
        buffer_printf(out, "%s%s %s", i ? "; " : "signed      ", files[i], says[is->state]);
        if (is->key[0])
            buffer_printf(out, ", %.16s", is->key);
    }
    buffer_u8(out, '\n');
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

static void text_finding(void *self, const struct check_told *told)
{
    struct buffer *out = self;
    buffer_printf(out, "%s %s: %s\n", told->level, told->rule, told->text);
    buffer_string(out, "    where     ");
    if (told->hostcall != CHECK_NO_PLACE)
        buffer_printf(out, "hostcall %" PRIu64 "%s%s, event %" PRIu64 ", chunk %" PRIu64, told->hostcall,
                      told->call ? " " : "", told->call ? told->call : "", told->event, told->chunk);
    else
        buffer_string(out, "outside hostcalls");
    if (told->record != CHECK_NO_PLACE)
        buffer_printf(out, "; witness record %" PRIu64, told->record);
    buffer_string(out, "\n    evidence  ");
    line_put(out, told->evidence);
    if (told->syscall)
        buffer_printf(out, "    syscall   %s: %s\n", told->syscall, told->impact ? told->impact : "not in the table");
    buffer_printf(out, "    do        %s\n", told->advice);
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
    text_signed(report, out);
    text_policy(report, out);
    text_replay(report, out);
    text_summary(report, out);
    size_t shown = check_report_visit(report, limit, text_finding, out);
    if (report->finding_count > shown)
        buffer_printf(out, "... and %" PRIu64 " more; the database has all of them\n", report->finding_count - shown);
}
