/* Names and words of what a check says: rules, verdicts, severities, and what it came to as a whole.
 *
 * Invariant: nothing here calls another file of checker/, so whoever prints, stores or looks for something may ask.
 * docs/queries.md. */
#include "checker/checker.h"
#include "runtime/rt.h"

enum { EXIT_CLEAN = 0, EXIT_FILE = 3 };

const struct check_finding_row *check_finding_row(enum check_finding_kind kind)
{
#define FINDING(id, rule, severity, fails, text, advice) { rule, text, advice, CHECK_##severity, fails },
    static const struct check_finding_row rows[] = {
#include "checker/findings.def"
    };
#undef FINDING
    return &rows[kind];
}

const char *check_verdict_name(enum check_verdict verdict)
{
#define VERDICT(id, name, text) name,
    static const char *const names[] = {
#include "checker/verdicts.def"
    };
#undef VERDICT
    return (unsigned)verdict < CHECK_VERDICT_COUNT ? names[verdict] : "?";
}

const char *check_severity_name(enum check_severity severity)
{
    static const char *const names[] = { "notice", "warning", "error", "critical" };
    return (unsigned)severity < 4 ? names[severity] : "?";
}

const char *check_judged_name(enum check_judged judged)
{
    static const char *const names[] = { "no", "trace", "partly", "kernel" };
    return (unsigned)judged < 4 ? names[judged] : "?";
}

bool check_replay_whole(const struct check_replay *replay)
{
    return replay->identical && !replay->started_here &&
           (replay->recorded_instructions == 0 || replay->recorded_instructions == replay->instructions);
}

const char *check_report_verdict(const struct check_report *report)
{
    static const char *const clean[2][3] = {
        { "incomplete: unwitnessed, not replayed", "incomplete: unwitnessed, replayed in part",
          "incomplete: unwitnessed" },
        { "incomplete: not replayed", "incomplete: replayed in part", "clean" },
    };
    if (report->exit_status == EXIT_FILE)
        return "damaged";
    if (report->exit_status != EXIT_CLEAN)
        return "findings";
    return clean[report->witnessed][check_replay_whole(&report->replay) ? 2 : report->replay.identical];
}

const char *check_signed_name(enum check_signed_state state)
{
    static const char *const names[] = { [CHECK_SIGNED_NOT] = "no",
                                         [CHECK_SIGNED_MISSING] = "missing",
                                         [CHECK_SIGNED_BAD] = "bad",
                                         [CHECK_SIGNED_VALID] = "unknown key",
                                         [CHECK_SIGNED_TRUSTED] = "trusted" };
    return (unsigned)state < sizeof names / sizeof *names ? names[state] : "?";
}

const char *check_trap_name(uint32_t trap)
{
#define NAME(kind, text) #kind,
    static const char *const names[] = { RT_TRAP_LIST(NAME) };
#undef NAME
    return trap < RT_TRAP_COUNT ? names[trap] : "?";
}

const char *check_trap_text(uint32_t trap)
{
#define TEXT(kind, text) text,
    static const char *const texts[] = { RT_TRAP_LIST(TEXT) };
#undef TEXT
    return trap < RT_TRAP_COUNT ? texts[trap] : "of an unknown kind";
}

bool check_trap_is_exit(uint32_t trap) { return trap == RT_TRAP_EXIT; }
