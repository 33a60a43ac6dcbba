/* `check`: opens a trace and its witness, runs the pass, replays, and sums up.
 *
 * Invariants: what can be checked is checked (a damaged trace up to where it is valid), and the exit status never says
 * more than was done: an unwitnessed run, a gap and a missing end are stated. The store sees all of a run or nothing.
 * Left out on purpose: the oracle model. docs/queries.md. */
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "checker/audit.h"
#include "checker/check_replay.h"
#include "checker/checker_inner.h"
#include "checker/findings.h"
#include "checker/signing.h"
#include "checker/store_inner.h"
#include "checker/witness_find.h"

enum { EXIT_CLEAN = 0, EXIT_FINDING = 1, EXIT_FILE = 3 };

struct checker {
    struct store *store; /* NULL: nothing is stored */
};

void check_report_init(struct check_report *report) { memset(report, 0, sizeof *report); }

void check_report_done(struct check_report *report)
{
    if (!report)
        return;
    free(report->findings);
    free(report->crash);
    check_report_init(report);
}

enum status checker_open(const char *db_path, void (*told)(void *self, const char *what, uint64_t done, uint64_t total),
                         void *self, struct checker **ret, struct error *error)
{
    struct checker *checker = calloc(1, sizeof *checker);
    if (!checker)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the checker");
    struct database_wait wait = { told, self, 0 };
    enum status s = db_path ? store_open(db_path, &wait, &checker->store, error) : STATUS_OK;
    if (s != STATUS_OK) {
        free(checker);
        return s;
    }
    *ret = checker;
    return STATUS_OK;
}

void checker_close(struct checker *checker)
{
    if (checker)
        store_close(checker->store);
    free(checker);
}

sqlite3 *checker_database(const struct checker *checker, int64_t *ret_run)
{
    *ret_run = checker->store ? checker->store->run : 0;
    return checker->store ? checker->store->db : NULL;
}

/* Everything that one check holds. */
struct session {
    const struct check_options *options;
    struct check_report *report;
    struct trace_reader *reader;
    struct witness_found witness;
    struct check_replayed replayed;
    struct run_spec spec;
    bool in_transaction;
};

static enum status open_trace(struct session *session, struct error *error)
{
    struct check_report *report = session->report;
    const char *path = session->options->trace_path;
    snprintf(report->trace_path, sizeof report->trace_path, "%s", path);
    const struct check_file *file = session->options->file;
    enum status s = file ? trace_reader_open_fd(file->fd, file->size, &session->reader, error)
                         : trace_reader_open(path, &session->reader, error);
    if (s != STATUS_OK)
        return s;
    memcpy(report->run_id, trace_reader_run_id(session->reader), TRACE_RUN_ID);
    size_t size;
    const void *bytes = trace_reader_description(session->reader, &size);
    s = run_spec_decode(bytes, size, &session->spec, error);
    session->report->machine = syscall_machine_find(session->spec.facts.arch);
    if (s != STATUS_OK)
        error_prefix(error, "%s: its description", path);
    return s;
}

/* The second line of defence, as the description has it. */
static void report_confinement(const struct run_spec *spec, struct store *store, struct check_report *report)
{
    enum run_confinement how = run_confinement(&spec->facts);
    run_confinement_text(&spec->facts, report->confined, sizeof report->confined);
    if (how != RUN_CONFINED)
        findings_add(report, store, how == RUN_UNCONFINED ? CHECK_FINDING_CONFINE_OFF : CHECK_FINDING_CONFINE_WEAKER,
                     NULL, NULL, -1, report->confined);
}

static enum status check(struct session *session, struct store *store, struct error *error)
{
    struct check_report *report = session->report;
    double ns_per_tick = 0;
    bool replaced;
    enum status s = open_trace(session, error);
    if (s == STATUS_OK && !session->options->no_replay && session->options->replay)
        check_replay_run(session->options, session->reader,
                         &session->replayed); /* before the database is held up for others */
    if (s == STATUS_OK && store) {
        s = store_begin(store, report->run_id, &replaced, error);
        session->in_transaction = s == STATUS_OK;
    }
    if (s == STATUS_OK)
        s = witness_find(session->options, &session->spec, report->run_id, store, report, &session->witness, error);
    if (s != STATUS_OK)
        return s;
    report_confinement(&session->spec, store, report);
    report->policy_given = session->options->policy != NULL;
    struct audit_options audit = { session->options,        store,          session->reader,
                                   session->witness.reader, &session->spec, session->witness.setup_until };
    s = audit_run(&audit, report, &ns_per_tick, error);
    if (s != STATUS_OK)
        return s;
    signing_check(session->options, &session->spec, session->reader, session->witness.reader, store, report);
    check_replay_report(&session->replayed, session->reader, store, report);
    report->exit_status = !report->trace_whole ? EXIT_FILE : report->failing > 0 ? EXIT_FINDING : EXIT_CLEAN;
    if (!store)
        return STATUS_OK;
    store_run(store, report, &session->spec, ns_per_tick);
    session->in_transaction = false; /* a failed commit rolls back */
    s = store_commit(store, error);
    report->imported = s == STATUS_OK;
    return s;
}

enum status checker_check(struct checker *checker, const struct check_options *options, struct check_report *report,
                          struct error *error)
{
    uint64_t before = elapsed_now_ns();
    struct session session = { .options = options, .report = report };
    run_spec_init(&session.spec);
    enum status s = check(&session, checker->store, error);
    if (session.in_transaction)
        store_rollback(checker->store);
    check_replay_done(&session.replayed);
    witness_reader_close(session.witness.reader);
    trace_reader_close(session.reader);
    run_spec_done(&session.spec);
    report->elapsed_ns = elapsed_now_ns() - before;
    return s;
}
