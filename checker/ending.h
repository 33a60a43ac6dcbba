/* How a recording and its guest's process ended, by the trace's END chunk. Private to checker/. */
#ifndef WARRANT_CHECKER_ENDING_H
#define WARRANT_CHECKER_ENDING_H

#include "checker/audit.h"

/* Whether calls may be missing behind the trace's last one. */
bool ending_is_open(const struct check_report *report);
/* Findings where the trace has no clean end. last: the place of the last hostcall, NULL: there is none. */
void ending_report(struct check_report *report, struct store *store, const struct match_place *last);
/* In words: "by itself, exited with status 0"; "the wall-clock limit, killed by signal 9". */
void ending_cause(const struct trace_end *end, struct buffer *out);
const char *ending_reason(uint32_t reason); /* "clean", as the database has it; NULL: no end */

#endif
