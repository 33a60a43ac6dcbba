/* What one pass over a trace and its witness file works on: shared by the pass and those that it asks. Private to
 * checker/. */
#ifndef WARRANT_CHECKER_AUDIT_OPTIONS_H
#define WARRANT_CHECKER_AUDIT_OPTIONS_H

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

#endif
