/* The tones of a check's report for people, on a terminal. */
#ifndef WARRANT_CLI_CHECK_TONES_H
#define WARRANT_CLI_CHECK_TONES_H

#include "checker/checker.h"
#include "cli/print.h"

/* Prints what check_report_text wrote of this report. */
void check_tones_print(const struct check_report *report, const struct buffer *text);

#endif
