/* The head of the HTML report: what was run, what the check came to, and what that rests on.
 *
 * Invariant: what was not done (no witness, no judgement, no replay) is said, as a state of its own, and never looks
 * like something that was fine. */
#include "checker/html_page.h"

#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include "checker/ending.h"
#include "wasi/abi/abi.h"

/* ---- what it rests on ---- */

/* The worst that was found by one part of the check: rules begin with its name. */
static enum html_state found(const struct check_report *report, const char *part, enum html_state least)
{
    static const enum html_state states[] = { [CHECK_NOTICE] = HTML_UNKNOWN,
                                              [CHECK_WARNING] = HTML_WARN,
                                              [CHECK_ERROR] = HTML_BAD,
                                              [CHECK_CRITICAL] = HTML_BAD };
    enum html_state worst = least;
    for (unsigned i = 0; i < CHECK_FINDING_COUNT; i++) {
        const struct check_finding_row *row = check_finding_row((enum check_finding_kind)i);
        if (report->finding_counts[i] > 0 && strncmp(row->rule, part, strlen(part)) == 0 &&
            states[row->severity] > worst)
            worst = states[row->severity];
    }
    return worst;
}

/* What holds of a part is no word about the whole. */
static enum html_state as_far(const struct html_page *page, enum html_state state)
{
    return state == HTML_OK && html_is_part(page) ? HTML_UNKNOWN : state;
}

static void check_begin(struct html_page *page, const char *what, enum html_state state, const char *const words[4])
{
    html_raw(page->out, "<div class=\"check\"><dt>");
    html_text(page->out, what);
    html_raw(page->out, "</dt><dd>");
    html_state_begin(page->out, state, words[state]);
    html_raw(page->out, " ");
}

static void check_end(struct html_page *page) { html_raw(page->out, "</dd></div>\n"); }

static void witness_check(struct html_page *page)
{
    static const char *const words[] = { "agrees", "not witnessed", "with gaps", "contradicts" };
    const struct check_report *r = page->report;
    static const char *const absent[] = { "", "not witnessed", "not witnessed", "missing" };
    enum html_state least = !r->witnessed ? HTML_UNKNOWN : r->lost > 0 ? HTML_WARN : HTML_OK;
    enum html_state state = as_far(page, found(r, "witness.", least));
    bool cut = state == HTML_UNKNOWN && r->witnessed;
    check_begin(page, "Kernel's record", state,
                cut            ? (const char *const[]) { "", "agrees, as far as the trace goes", "", "" }
                : r->witnessed ? words
                               : absent);
    if (!r->witnessed) {
        html_raw(page->out,
                 "There is none of this run: nothing that the runtime says was compared with what the kernel did.");
        if (state == HTML_BAD)
            html_raw(page->out, " A witness watched it, and its file is not here; see the findings.");
    } else {
        html_raw(page->out, "Of ");
        html_count(page->out, r->hostcalls, "hostcall", "hostcalls");
        for (unsigned v = 0, told = 0; v < CHECK_VERDICT_COUNT; v++)
            if (r->verdicts[v] > 0) {
                html_text(page->out, told++ ? ", " : ": ");
                html_number(page->out, r->verdicts[v]);
                html_format(page->out, " %s", check_verdict_name((enum check_verdict)v));
            }
        html_raw(page->out, ". ");
        html_count(page->out, r->syscalls, "system call", "system calls");
        html_raw(page->out, " of hostcalls, ");
        html_number(page->out, r->setup_syscalls);
        html_raw(page->out, " of the setup, ");
        html_number(page->out, r->other_syscalls);
        html_raw(page->out, " others; ");
        html_number(page->out, r->lost);
        html_raw(page->out, " lost.");
    }
    check_end(page);
}

static void policy_check(struct html_page *page)
{
    static const char *const words[] = { "kept", "not judged", "in doubt", "broken" };
    static const char *const rests[] = {
        [CHECK_JUDGED_NOT] = "It was not judged.",
        [CHECK_JUDGED_TRACE] =
            "It was judged on the trace's own word alone, because there is no kernel's record of the run.",
        [CHECK_JUDGED_PARTLY] =
            "It was judged on the kernel's record, and on the trace's own word where that has gaps.",
        [CHECK_JUDGED_KERNEL] = "It was judged on the kernel's record.",
    };
    static const enum html_state least[] = { [CHECK_JUDGED_NOT] = HTML_UNKNOWN,
                                             [CHECK_JUDGED_TRACE] = HTML_UNKNOWN,
                                             [CHECK_JUDGED_PARTLY] = HTML_WARN,
                                             [CHECK_JUDGED_KERNEL] = HTML_OK };
    uint8_t judged = page->report->judged & 3;
    enum html_state state = found(page->report, "judge.", found(page->report, "policy.", least[judged]));
    state = as_far(page, state);
    const char *kept[] = { "",
                           judged == CHECK_JUDGED_TRACE ? "kept, by its own word" : "kept, as far as the trace goes",
                           "", "" };
    check_begin(page, "Policy", state, state == HTML_UNKNOWN && judged != CHECK_JUDGED_NOT ? kept : words);
    html_text(page->out,
              page->report->policy_given ? "Another policy than the run's own was asked. " : "The run's own policy. ");
    html_text(page->out, rests[judged]);
    check_end(page);
}

static void replay_check(struct html_page *page)
{
    static const char *const words[] = { "identical", "not replayed", "in part", "diverges" };
    const struct check_replay *replay = &page->report->replay;
    bool whole = check_replay_whole(replay) && page->report->trace_whole;
    enum html_state least = !replay->done ? HTML_UNKNOWN : whole ? HTML_OK : HTML_WARN;
    check_begin(page, "Replay", found(page->report, "replay.", least), words);
    if (!replay->done) {
        html_raw(page->out, "The guest was not executed again.");
    } else if (replay->identical) {
        html_text(page->out,
                  replay->started_here ? "The guest could not start where it was recorded, and can here; " : "");
        html_count(page->out, replay->calls, "hostcall", "hostcalls");
        html_raw(page->out, " and ");
        html_count(page->out, replay->instructions, "instruction", "instructions");
        html_raw(page->out, " were executed again");
        if (!page->report->has_exit)
            html_raw(page->out, "; the trace records no end");
        else if (replay->recorded_instructions != replay->instructions) {
            html_raw(page->out, ", of ");
            html_number(page->out, replay->recorded_instructions);
            html_raw(page->out, " recorded ones");
        }
        html_raw(page->out, ".");
    } else {
        html_text(page->out, replay->text);
    }
    check_end(page);
}

static void line_check(struct html_page *page)
{
    static const char *const words[] = { "whole", "weaker", "off", "contradicted" };
    check_begin(page, "Second line", found(page->report, "confine.", HTML_OK), words);
    html_raw(page->out, "Confinement by the kernel, as the launcher wrote it down: ");
    html_text(page->out, page->report->confined);
    html_raw(page->out, ".");
    check_end(page);
}

static void file_check(struct html_page *page)
{
    static const char *const words[] = { "whole", "ends early", "in doubt", "damaged" };
    const struct check_report *r = page->report;
    enum html_state least = !r->trace_whole ? HTML_BAD : r->has_exit ? HTML_OK : HTML_UNKNOWN;
    check_begin(page, "Trace", found(r, "trace.", least), words);
    if (!r->trace_whole) {
        html_raw(page->out, "What follows is of the part before the damage. ");
        html_text(page->out, r->stop_text);
    } else {
        html_count(page->out, r->events, "event", "events");
        html_text(page->out, r->has_exit           ? ", to the guest's own end."
                             : r->ends_inside_call ? "; it stops inside of a hostcall."
                                                   : "; it stops before the guest ended.");
    }
    check_end(page);
}

static void signed_check(struct html_page *page)
{
    static const char *const words[] = { "trusted", "nobody vouched", "doubtful", "not what was signed" };
    const struct check_signed *by = page->report->signed_by;
    if (by[CHECK_SIGNER_RECORDER].state == CHECK_SIGNED_NOT && by[CHECK_SIGNER_WITNESS].state == CHECK_SIGNED_NOT)
        return; /* nobody was to sign */
    bool whole = by[CHECK_SIGNER_RECORDER].state == CHECK_SIGNED_TRUSTED &&
                 (!page->report->witnessed || by[CHECK_SIGNER_WITNESS].state == CHECK_SIGNED_TRUSTED);
    check_begin(page, "Signatures", found(page->report, "signature.", whole ? HTML_OK : HTML_UNKNOWN), words);
    html_raw(page->out, "Trace: ");
    html_text(page->out, check_signed_name((enum check_signed_state)by[CHECK_SIGNER_RECORDER].state));
    html_raw(page->out, "; witness file: ");
    html_text(page->out, check_signed_name((enum check_signed_state)by[CHECK_SIGNER_WITNESS].state));
    html_raw(page->out, ".");
    check_end(page);
}

/* ---- what was run ---- */

static void fact_begin(struct html_page *page, const char *what)
{
    html_raw(page->out, "<div><dt>");
    html_text(page->out, what);
    html_raw(page->out, "</dt><dd>");
}

static void fact_end(struct html_page *page) { html_raw(page->out, "</dd></div>\n"); }

static void hex(struct html_page *page, const uint8_t *bytes, size_t size)
{
    html_raw(page->out, "<code>");
    for (size_t i = 0; i < size; i++)
        html_format(page->out, "%02x", bytes[i]);
    html_raw(page->out, "</code>");
}

static void time_fact(struct html_page *page)
{
    char text[64] = "";
    time_t seconds = (time_t)(page->spec->started_ns / UINT64_C(1000000000));
    struct tm broken;
    if (gmtime_r(&seconds, &broken))
        (void)strftime(text, sizeof text, "%Y-%m-%d %H:%M:%S UTC", &broken);
    fact_begin(page, "Started");
    html_text(page->out, text[0] ? text : "at a time that no calendar has");
    fact_end(page);
}

static void texts(struct html_page *page, const char *what, char **list, uint32_t count)
{
    enum { SHOWN = 32 };
    if (count == 0)
        return;
    fact_begin(page, what);
    for (uint32_t i = 0; i < count && i < SHOWN; i++) {
        struct buffer plain = BUFFER_INIT;
        text_plain_string(&plain, list[i]);
        html_text(page->out, i > 0 ? " " : "");
        html_raw(page->out, "<code>");
        html_text_cut(page->out, plain.data, plain.size, HTML_NAME);
        html_raw(page->out, "</code>");
        buffer_done(&plain);
    }
    if (count > SHOWN)
        html_format(page->out, " and %" PRIu32 " more", count - SHOWN);
    fact_end(page);
}

static void end_fact(struct html_page *page)
{
    const struct check_report *r = page->report;
    fact_begin(page, "Ended");
    if (r->has_exit) {
        html_format(page->out, "The guest %s", abi_ended_text(r->exit.outcome));
        if (r->exit.outcome == WASI_ENDED_EXIT || r->exit.outcome == WASI_ENDED_RAISED)
            html_format(page->out, " with status %" PRIu32, r->exit.exit_code);
        if (r->exit.outcome == WASI_ENDED_TRAP)
            html_format(page->out, ": %s", check_trap_text(r->exit.trap));
        html_raw(page->out, ", after ");
        html_count(page->out, r->exit.instructions, "instruction", "instructions");
        html_raw(page->out, ". ");
    } else {
        html_raw(page->out, "The trace records no end of the guest. ");
    }
    if (r->end.reason != 0) {
        struct buffer cause = BUFFER_INIT;
        ending_cause(&r->end, &cause);
        html_raw(page->out, "Its process ended ");
        html_text_bytes(page->out, cause.data, cause.size);
        html_raw(page->out, ".");
        buffer_done(&cause);
    }
    fact_end(page);
}

static void facts(struct html_page *page)
{
    const struct run_spec *spec = page->spec;
    html_raw(page->out, "<dl class=\"facts\">\n");
    fact_begin(page, "Module");
    html_raw(page->out, "<code>");
    html_name(page->out, spec->module_path);
    html_raw(page->out, "</code>, ");
    html_bytes(page->out, spec->module_size);
    fact_end(page);
    fact_begin(page, "BLAKE2b-256");
    hex(page, spec->module_hash, sizeof spec->module_hash);
    fact_end(page);
    texts(page, "Arguments", spec->args, spec->arg_count);
    texts(page, "Labels", spec->facts.labels, spec->facts.label_count);
    fact_begin(page, "Run");
    hex(page, page->report->run_id, sizeof page->report->run_id);
    fact_end(page);
    time_fact(page);
    fact_begin(page, "Machine");
    html_format(page->out, "%s: %s %s, %s; warrant %s, %s", spec->facts.host ? spec->facts.host : "?",
                spec->facts.os ? spec->facts.os : "?", spec->facts.kernel ? spec->facts.kernel : "?",
                spec->facts.arch ? spec->facts.arch : "?", spec->facts.version ? spec->facts.version : "?",
                spec->facts.tier ? spec->facts.tier : "?");
    fact_end(page);
    end_fact(page);
    html_raw(page->out, "</dl>\n");
}

/* ---- figures ---- */

static void figure_begin(struct html_page *page) { html_raw(page->out, "<li><strong>"); }

static void figure_end(struct html_page *page, const char *what)
{
    html_raw(page->out, "</strong> ");
    html_text(page->out, what);
    html_raw(page->out, "</li>\n");
}

static void number_figure(struct html_page *page, uint64_t number, const char *one, const char *many)
{
    figure_begin(page);
    html_number(page->out, number);
    figure_end(page, number == 1 ? one : many);
}

static void bytes_figure(struct html_page *page, uint64_t bytes, const char *what)
{
    figure_begin(page);
    html_bytes(page->out, bytes);
    figure_end(page, what);
}

static void figures(struct html_page *page)
{
    const struct check_report *r = page->report;
    html_raw(page->out, "<ul class=\"figures\">\n");
    number_figure(page, r->failing, "finding", "findings");
    number_figure(page, r->finding_count - r->failing, "thing to know of", "things to know of");
    number_figure(page, r->hostcalls, "hostcall", "hostcalls");
    number_figure(page, page->scan.all.refused, "refused by a rule", "refused by a rule");
    number_figure(page, page->scan.all.errors, "answered with an error", "answered with an error");
    if (r->witnessed)
        number_figure(page, r->syscalls, "system call", "system calls");
    bytes_figure(page, page->scan.all.bytes_in, "into the guest");
    bytes_figure(page, page->scan.all.bytes_out, "out of the guest");
    html_raw(page->out, "</ul>\n");
}

static const char *file_name(const char *path)
{
    const char *slash = path ? strrchr(path, '/') : NULL;
    return slash && slash[1] ? slash + 1 : path;
}

void html_verdict(struct html_page *page)
{
    static const struct {
        const char *begins;
        enum html_state state;
        const char *word, *text;
    } verdicts[] = {
        { "clean", HTML_OK, "Clean",
          "Held against the kernel's record, judged by the policy, replayed: nothing was found." },
        { "incomplete", HTML_WARN, "Incomplete", "Nothing was found by what was done, and not all was done: " },
        { "damaged", HTML_BAD, "Damaged", "The trace's file is not whole. What is valid of it was checked." },
        { "", HTML_BAD, "Findings", "The check found what must not be. Each finding stands below with its evidence." },
    };
    const char *verdict = check_report_verdict(page->report);
    size_t i = 0;
    while (strncmp(verdict, verdicts[i].begins, strlen(verdicts[i].begins)) != 0)
        i++;
    html_raw(page->out, "<header>\n<p class=\"kind\">warrant report</p>\n<h1>");
    html_state_begin(page->out, verdicts[i].state, verdicts[i].word);
    html_raw(page->out, " ");
    html_name(page->out, file_name(page->spec->module_path));
    html_raw(page->out, "</h1>\n<p class=\"lead\">");
    html_text(page->out, verdicts[i].text);
    if (verdicts[i].state == HTML_WARN && strchr(verdict, ':'))
        html_format(page->out, "%s.", strchr(verdict, ':') + 2);
    html_raw(page->out, "</p>\n");
    figures(page);
    html_raw(page->out, "<dl class=\"checks\">\n");
    witness_check(page);
    policy_check(page);
    replay_check(page);
    line_check(page);
    file_check(page);
    signed_check(page);
    html_raw(page->out, "</dl>\n");
    facts(page);
    html_raw(page->out, "</header>\n");
}
