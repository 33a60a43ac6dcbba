/* A trace that is shown while it is being written. */
#ifndef WARRANT_CLI_SHOW_FOLLOW_H
#define WARRANT_CLI_SHOW_FOLLOW_H

#include "checker/show.h"
#include "tracer/trace.h"

/* Until the end: a signal that ends the following (SIGINT, SIGTERM) is taken note of and does not end the process. */
void show_follow_begin(void);
int show_follow_signal(void); /* which one came; 0: none */

/* As trace_reader_open, of a trace whose beginning may not be there yet: waits for it while it is being recorded. */
MUST_USE enum status show_follow_open(const char *path, struct trace_reader **ret, struct error *error);
/* As trace_reader_next: waits for the next item while the trace is being recorded, with what was printed flushed.
 * NOT_FOUND also where a signal came. */
MUST_USE enum status show_follow_next(const char *path, struct trace_reader *reader, enum trace_item_kind *ret_kind,
                                      struct trace_call *call, struct trace_exit *exit, struct error *error);

/* Two points that relate its ticks to time, where that is so and it was recorded here: now is one. */
bool show_live_end(const char *path, const struct trace_reader *reader, struct trace_end *ret);

#endif
