/* One pass over a trace and its witness file: match, judge, store. Private to checker/. */
#ifndef WARRANT_CHECKER_AUDIT_H
#define WARRANT_CHECKER_AUDIT_H

#include "checker/audit_options.h"

/* Fills the report but for replay, paths and exit status. *ret_ns_per_tick: 0 where the trace does not tell. A damaged
 * trace or witness is no failure here, it is in the report. */
MUST_USE enum status audit_run(const struct audit_options *options, struct check_report *report,
                               double *ret_ns_per_tick, struct error *error);

#endif
