/* `show -c`: calls counted instead of printed. */
#ifndef WARRANT_CHECKER_SHOW_SUMMARY_H
#define WARRANT_CHECKER_SHOW_SUMMARY_H

#include "checker/show.h"

struct show_counts {
    uint64_t calls, errors, refused, timed, ticks, bytes_in, bytes_out;
};
struct show_summary {
    struct show_counts of[OPERATION_COUNT]; /* all zero at the beginning */
};

void show_summary_add(struct show_summary *summary, const struct trace_call *call);
/* A table, the calls that took longest first; a total below it. */
void show_summary_put(const struct show_summary *summary, const struct show_clock *clock, struct buffer *out);
/* One object: {"calls": [...], "total": {...}}, and a newline. */
void show_summary_json(const struct show_summary *summary, const struct show_clock *clock, struct buffer *out);

#endif
