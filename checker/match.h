/* Matching: a run's plans, in the order of the trace, against the kernel's record of the guest's thread. Private to
 * checker/.
 *
 * The matcher pulls: match_step says what it needs next, the caller pushes one hostcall or one record and steps again.
 * Both windows are bounded, so memory does not grow with the trace. docs/queries.md gives the verdicts. */
#ifndef WARRANT_CHECKER_MATCH_H
#define WARRANT_CHECKER_MATCH_H

#include "checker/match_sink.h"

struct match_options {
    const struct run_spec *spec; /* borrowed for the life of the matcher: descriptors at the start */
    uint32_t guest_pid;
    uint64_t setup_until; /* number of the record that ends the setup (the filter's installation); UINT64_MAX: none was
                             seen, the first system call of a plan ends it */
    struct match_sink sink;
};

struct match;
/* Returns owned. Failure: NO_MEMORY. */
MUST_USE enum status match_create(const struct match_options *options, struct match **ret, struct error *error);
void match_free(struct match *match); /* NULL is fine */
enum match_need match_step(struct match *match);
/* `number` counts hostcalls from 0. Both copy what they need. Failure: NO_MEMORY. */
MUST_USE enum status match_call(struct match *match, const struct trace_call *call, uint64_t number);
MUST_USE enum status match_record(struct match *match, const struct witness_record *record);
/* No more hostcalls. open_end: the trace stops before the run did: what was executed up to stop_ns (CLOCK_MONOTONIC; 0:
 * not known when) the recorder could not write any more, behind that one call may have been in flight, and any other is
 * undeclared. */
void match_calls_end(struct match *match, bool open_end, uint64_t stop_ns);
/* No more records. cut: the witness file is damaged or unfinished, so what is missing from here on is lost, not
 * unwitnessed. */
void match_records_end(struct match *match, bool cut);

#endif
