/* One pass over a trace and its witness file: match, judge, store. Private to checker/. */
#ifndef WARRANT_CHECKER_AUDIT_H
#define WARRANT_CHECKER_AUDIT_H

#include "checker/store.h"
#include "tracer/witness_file.h"

struct audit_options {
    const struct check_options *check; /* borrowed */
    struct store *store;               /* borrowed, in a transaction; NULL: nothing is stored */
    struct trace_reader *reader;       /* borrowed, at the trace's first item */
    struct witness_reader *witness;    /* borrowed, at its first record; NULL: unwitnessed */
    const struct run_spec *spec;       /* borrowed */
    uint64_t setup_until;              /* as match_options */
};
/* Fills the report but for replay, paths and exit status. *ret_ns_per_tick: 0 where the trace does not tell. A damaged
 * trace or witness is no failure here, it is in the report. */
MUST_USE enum status audit_run(const struct audit_options *options, struct check_report *report,
                               double *ret_ns_per_tick, struct error *error);
/* Adds a finding to the report and, where store is not NULL, to the store. Strings are copied; text of guests must be
 * escaped. place, record: NULL: none. syscall: -1: none. */
void audit_finding(struct check_report *report, struct store *store, enum check_finding_kind kind,
                   const struct match_place *place, const struct witness_record *record, int64_t syscall,
                   const char *evidence);

#endif
