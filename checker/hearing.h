/* The policy held against a run: its grants, its limits, the kernel's facts, or the trace's own word where there are
 * none. Private to checker/. */
#ifndef WARRANT_CHECKER_HEARING_H
#define WARRANT_CHECKER_HEARING_H

#include "checker/audit_options.h"

struct hearing;
/* Rules on the grants at once; findings go into report and store. options, report: borrowed until hearing_free. Returns
 * owned. */
MUST_USE enum status hearing_create(const struct audit_options *options, struct check_report *report,
                                    struct hearing **ret, struct error *error);
void hearing_free(struct hearing *hearing); /* NULL is fine */
/* A hostcall as the trace tells it, in order. */
void hearing_call(struct hearing *hearing, const struct trace_call *call, uint64_t number);
/* A system call that the kernel executed for the guest's process after its setup. place: NULL outside hostcalls. */
void hearing_record(struct hearing *hearing, const struct witness_record *record, const struct match_place *place);
/* NO_MEMORY where the judge ran out of it: what it found is worth nothing then. */
MUST_USE enum status hearing_status(const struct hearing *hearing, struct error *error);
/* From here on records are missing: the trace's word counts again. */
void hearing_gap(struct hearing *hearing);
/* Behind the last of both: the limits, and what the hearing was worth, into the report. */
void hearing_end(struct hearing *hearing);

#endif
