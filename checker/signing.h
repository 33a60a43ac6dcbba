/* Who signed a run's files, and what of --require holds. Private to checker/. */
#ifndef WARRANT_CHECKER_SIGNING_H
#define WARRANT_CHECKER_SIGNING_H

#include "checker/store.h"
#include "tracer/witness_file.h"

/* Behind the pass, which read both files to their ends. witness: NULL: unwitnessed. Fills report->signed_by; findings
 * go into report and store. */
void signing_check(const struct check_options *options, const struct run_spec *spec, const struct trace_reader *trace,
                   const struct witness_reader *witness, struct store *store, struct check_report *report);

#endif
