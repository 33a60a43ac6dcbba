/* What the end of a trace means for its check. Private to checker/. */
#ifndef WARRANT_CHECKER_ENDING_REPORT_H
#define WARRANT_CHECKER_ENDING_REPORT_H

#include "checker/store.h"

/* Whether calls may be missing behind the trace's last one. */
bool ending_is_open(const struct check_report *report);
/* Findings where the trace has no clean end. last: the place of the last hostcall, NULL: there is none. */
void ending_report(struct check_report *report, struct store *store, const struct match_place *last);

#endif
