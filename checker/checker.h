/* The checker: imports traces and witness records into SQLite, holds the kernel's record against the trace, judges the
 * policy again on kernel facts, replays, and answers questions. docs/queries.md is the authority for the schema and the
 * named queries. Not built yet: the oracle model. */
#ifndef WARRANT_CHECKER_H
#define WARRANT_CHECKER_H

#include <stdbool.h>
#include "checker/crash.h"
#include "runtime/base/base.h"
#include "tracer/signature.h"
#include "tracer/trace.h"
#include "wasi/abi/syscalls.h"
#include "wasi/policy/policy.h"

#define VERDICT(id, name, text) CHECK_VERDICT_##id,
enum check_verdict {
#include "checker/verdicts.def"
    CHECK_VERDICT_COUNT
};
#undef VERDICT

enum check_severity { CHECK_NOTICE, CHECK_WARNING, CHECK_ERROR, CHECK_CRITICAL };

#define FINDING(id, rule, severity, fails, text, advice) CHECK_FINDING_##id,
enum check_finding_kind {
#include "checker/findings.def"
    CHECK_FINDING_COUNT
};
#undef FINDING

struct check_finding_row {
    const char *rule, *text, *advice;
    uint8_t severity; /* enum check_severity */
    bool fails;
};
const struct check_finding_row *check_finding_row(enum check_finding_kind kind); /* a constant table's */
const char *check_verdict_name(enum check_verdict verdict);                      /* "match"; "?" beyond the table */
const char *check_severity_name(enum check_severity severity);                   /* "notice" */

/* A trap of the guest, by its number in a trace: "FUEL_EXHAUSTED"; "all fuel consumed". */
const char *check_trap_name(uint32_t trap);
const char *check_trap_text(uint32_t trap);
bool check_trap_is_exit(uint32_t trap); /* how a guest ends by its own call: no failure */

enum { CHECK_EVIDENCE_MAX = 400, CHECK_FINDINGS_KEPT = 1000 };
#define CHECK_NO_PLACE UINT64_MAX

/* Plain data; numbers that do not apply are CHECK_NO_PLACE. Strings from the guest are escaped already. */
struct check_finding {
    enum check_finding_kind kind;
    uint64_t hostcall, event, chunk; /* in the trace: the call's number from 0, its begin event, its chunk */
    uint64_t record;                 /* in the witness file */
    const char *call_name;           /* "fd_write"; NULL outside hostcalls; static */
    int64_t syscall;                 /* the kernel's number; -1: none */
    char syscall_name[32];           /* "openat2"; empty: none */
    const char *impact;              /* what that system call can do, from the impact table; static; NULL: none */
    char evidence[CHECK_EVIDENCE_MAX];
};

struct check_replay {
    bool done;         /* a replay was tried */
    bool identical;    /* it went to the end of the trace without a difference */
    bool started_here; /* the guest could not start where it was recorded, and could here: nothing was compared */
    uint64_t calls;    /* hostcalls replayed */
    uint64_t instructions, recorded_instructions; /* recorded: 0 where the trace has no exit event */
    char text[CHECK_EVIDENCE_MAX];                /* the divergence or failure in words; empty: none */
};

/* What the judgement of the policy rests on. */
enum check_judged {
    CHECK_JUDGED_NOT,
    CHECK_JUDGED_TRACE,  /* the trace's own word: nobody witnessed the run */
    CHECK_JUDGED_PARTLY, /* the kernel's record, and the trace's word where it has gaps */
    CHECK_JUDGED_KERNEL,
};
const char *check_judged_name(enum check_judged judged); /* "kernel"; "?" beyond the list */

/* Who signs which file: the recorder the trace, the witness its own. */
enum check_signer { CHECK_SIGNER_RECORDER, CHECK_SIGNER_WITNESS, CHECK_SIGNERS };
enum check_signed_state {
    CHECK_SIGNED_NOT,     /* and was not to be */
    CHECK_SIGNED_MISSING, /* though it was to be, by the description */
    CHECK_SIGNED_BAD,     /* it is not of this file, or not by the key that it names */
    CHECK_SIGNED_VALID,   /* by a key that the reader did not say to trust */
    CHECK_SIGNED_TRUSTED
};
const char *check_signed_name(enum check_signed_state state); /* "trusted"; "?" beyond the list */
struct check_signed {
    uint8_t state;            /* enum check_signed_state */
    char key[TRACE_KEY_NAME]; /* what the key is called that it names; empty: there is no signature */
};

struct check_report {
    uint8_t run_id[TRACE_RUN_ID];
    char trace_path[4096], witness_path[4096]; /* witness_path: empty where the run is unwitnessed */
    bool witnessed;
    enum syscall_machine machine; /* that was recorded, as its description says; COUNT: one without a table */
    bool imported;                /* false where the run was in the database already, or no database was given */
    uint64_t hostcalls, events;
    uint64_t syscalls; /* witness records of the guest's process inside hostcalls */
    uint64_t setup_syscalls, other_syscalls;
    uint64_t lost;
    uint64_t verdicts[CHECK_VERDICT_COUNT];
    bool trace_whole;     /* every chunk is valid, and an END chunk closes it */
    struct trace_end end; /* reason 0: none */
    bool ends_inside_call;
    char stop_text[ERROR_TEXT_MAX]; /* where and why the valid prefix stops; empty where the trace is whole */
    bool has_exit;
    struct trace_exit exit;
    struct crash_symbols
        *crash; /* owned: what the module says of exit.stack, for whoever prints it; NULL: not looked up */
    struct check_replay replay;
    uint8_t judged; /* enum check_judged */
    struct check_signed signed_by[CHECK_SIGNERS];
    char confined[160];     /* the second line of defence: run_confinement_text */
    bool policy_given;      /* another policy than the trace's own was asked */
    uint64_t finding_count; /* all, notices too; the first CHECK_FINDINGS_KEPT are kept */
    uint64_t finding_counts[CHECK_FINDING_COUNT];
    uint64_t failing;               /* findings that fail the check */
    struct check_finding *findings; /* owned by the report */
    size_t findings_kept;
    uint64_t elapsed_ns, replay_ns; /* of the check; of its replay */
    int exit_status; /* 0, 1: a finding, 3: the trace's file is at fault (its valid prefix was checked) */
};
/* Whether all that the guest was recorded to have executed was executed again, with the same calls. */
bool check_replay_whole(const struct check_replay *replay);
/* What the check came to, in a word or some: "clean" only where the run was held against the kernel's record, judged
 * and replayed, and nothing was found; "incomplete: unwitnessed, not replayed" names what was not done; "findings";
 * "damaged". Static storage. */
const char *check_report_verdict(const struct check_report *report);
void check_report_init(struct check_report *report);
void check_report_done(struct check_report *report); /* NULL is fine */

/* ---- the store ---- */

struct checker;
/* What takes long is told now and then. what: static text ("reading", "replaying", "waiting for another process that
 * has the database": then done counts seconds). db_path: NULL: nothing is stored; ":memory:": a database that ends with
 * the checker; CHECKER_TEMPORARY: the same on disk, in a file without a name; else a file, created if missing. told,
 * self: as check_options; told may be NULL. Failure: as database_open's. Returns owned. */
#define CHECKER_TEMPORARY ":temporary:"
MUST_USE enum status checker_open(const char *db_path,
                                  void (*told)(void *self, const char *what, uint64_t done, uint64_t total), void *self,
                                  struct checker **ret, struct error *error);
void checker_close(struct checker *checker); /* NULL is fine */

/* A directory that a policy names. */
struct check_place {
    char *path; /* absolute; resolved as far as it exists */
    bool here;  /* it exists, and is: */
    uint64_t dev, ino;
};

/* What can be demanded of a run. SIGNATURE: by trusted keys, two where there is a witness. */
enum { CHECK_REQUIRE_WITNESS = 1, CHECK_REQUIRE_SIGNATURE = 2, CHECK_REQUIRE_CONFINED = 4 };
struct check_key {
    uint8_t bytes[TRACE_KEY];
};

struct replay_options;
struct replay_report;

/* An open file (borrowed). */
struct check_file {
    int fd;
    uint64_t size;
};

struct check_options {
    const char *trace_path;           /* borrowed */
    const struct check_file *file;    /* borrowed; NULL: the file at trace_path is opened. Else what is read instead */
    const char *witness_path;         /* borrowed; NULL: trace_path with .wwit for .wtrace, if that file exists */
    const struct policy *policy;      /* borrowed; NULL: the policy that the trace carries. Judged instead of it */
    const struct check_place *places; /* borrowed; one for each file of `policy`: where it lies on this machine */
    const char *host;                 /* borrowed; this machine's name; NULL: taken for the trace's */
    bool no_replay;
    const struct check_key
        *trusted; /* borrowed; public keys; a signature by another one is a finding where some are given */
    size_t trusted_count;
    uint32_t require; /* CHECK_REQUIRE_*: what does not hold is a finding */
    /* Executes the guest again; as replay_run, of the trace's open file. The module is hostile: whoever implements this
     * does it in a confined process. NULL: the run is not replayed. */
    enum status (*replay)(void *self, const struct replay_options *options, struct replay_report *ret,
                          struct error *error);
    void *replay_self;
    /* Told now and then how far it is; may be NULL. what: static text ("reading", "replaying"). */
    void (*progress)(void *self, const char *what, uint64_t done, uint64_t total);
    void *progress_self;
};
/* Checks one trace and fills *report (initialised by the caller). OK also where there are findings or the trace is
 * damaged: report->exit_status tells. Other statuses: nothing could be checked (no such file, not a trace, a later
 * version, the database failed); the database is unchanged then. One transaction per trace; a run that is there already
 * is replaced by what this check finds. */
MUST_USE enum status checker_check(struct checker *checker, const struct check_options *options,
                                   struct check_report *report, struct error *error);
/* One finding as whoever prints it wants it. Strings: borrowed for the visit, NULL where there is none, and escaped. */
struct check_told {
    const char *rule, *level, *text, *advice; /* of the kind: findings.def */
    const char *evidence;                     /* of this one, in words */
    bool fails;
    const char *file;                        /* that shows it: the trace, or the witness file where that alone does */
    uint64_t hostcall, event, chunk, record; /* CHECK_NO_PLACE: none */
    const char *call, *syscall, *impact;
};
typedef void check_told_fn(void *self, const struct check_told *told);
/* Tells all that were kept, or the first `limit` where that is not 0, in the order in which they were found. Returns
 * how many. Every form of the report lists its findings by this. */
size_t check_report_visit(const struct check_report *report, size_t limit, check_told_fn *visit, void *self);
/* For people; `limit`: findings printed in full, 0: all that were kept. No terminal escapes whatever the guest did. */
void check_report_text(const struct check_report *report, size_t limit, struct buffer *out);
void check_report_json(const struct check_report *report, struct buffer *out);
/* As SARIF 2.1.0. version: the program's. */
void check_report_sarif(const struct check_report *report, const char *version, struct buffer *out);
/* As one HTML page, without scripts and with nothing from elsewhere. The report must be of what `checker`, which has a
 * database, checked last; the trace's description is read again. version: the program's. NO_MEMORY; DENIED: the trace
 * was replaced meanwhile; others as trace_reader_open's and database_open's. */
MUST_USE enum status check_report_html(struct checker *checker, const struct check_report *report, const char *version,
                                       struct buffer *out, struct error *error);
/* As an in-toto statement, not signed; likewise. NOT_FOUND: the trace holds no module; CORRUPT: another than its
 * description says. */
MUST_USE enum status check_report_attest(struct checker *checker, const struct check_report *report,
                                         const char *version, struct buffer *out, struct error *error);

/* ---- questions ---- */

struct checker_query_row {
    const char *name, *description, *sql;
};
/* The named queries; *ret_count of them. A constant table's. */
const struct checker_query_row *checker_queries(size_t *ret_count);
enum checker_format { CHECKER_TEXT, CHECKER_JSON };
/* Which runs: those that every part which is given takes. Strings: borrowed. */
struct checker_choice {
    const char *const *runs; /* each a list with commas: "3", "3..7", eight or more of the first digits of a run's id */
    size_t run_count;        /* 0: all */
    const char *const *labels; /* each KEY or KEY=VALUE */
    size_t label_count;
    int64_t since_ns, before_ns; /* started then or later; before then (since 1970); 0: at any time */
    bool leaves_newest;          /* not the newest so many of those with the labels */
    uint64_t newest;
    bool leaves_failed; /* not those whose check had a finding that fails it, or a damaged trace */
};
/* Where an answer goes, piece by piece, as its rows come; a failure of write ends the query. */
struct checker_sink {
    enum status (*write)(void *self, const void *bytes, size_t size, struct error *error);
    void *self;
    size_t width; /* characters that a line of a table may have; where that is too few, each row is a list of its
                     columns. 0: any number */
};
/* Runs a named query on the chosen runs (NULL: all), or SQL (one statement that only reads, and chooses itself), on the
 * database file `db_path`, opened read-only, and writes a table or a JSON array of objects. NOT_FOUND: no such file, no
 * such run, or neither a known name nor SQL (the text lists the names). INVALID: SQL that does not compile or does
 * anything but read, SQL with a choice, or a choice that is none. Others as database_open's and the sink's. After a
 * failure the answer is not whole. */
MUST_USE enum status checker_query(const char *db_path, const char *query, const struct checker_choice *choice,
                                   enum checker_format format, const struct checker_sink *sink, struct error *error);

#endif
