/* Finds the witness file of a trace, and holds what the trace's description says of its witness against it. Private to
 * checker/. */
#ifndef WARRANT_CHECKER_WITNESS_FIND_H
#define WARRANT_CHECKER_WITNESS_FIND_H

#include "checker/store.h"
#include "tracer/witness_file.h"

struct witness_found {
    struct witness_reader *reader; /* NULL: nothing to compare with; else owned by the caller */
    uint64_t setup_until;          /* as match_options */
};
/* Fills report->witness_path and witnessed. Findings: a file that is missing though the run had a witness, is empty, or
 * is another run's; a line of defence of which description and kernel say different things. Failure: a file that was
 * named and cannot be opened, no memory, or a failed read. UNSUPPORTED: of a machine whose system calls have no table.
 */
MUST_USE enum status witness_find(const struct check_options *options, const struct run_spec *spec,
                                  const uint8_t *run_id, struct store *store, struct check_report *report,
                                  struct witness_found *ret, struct error *error);

#endif
