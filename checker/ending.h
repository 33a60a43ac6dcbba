/* How a recording and its guest's process ended, by the trace's END chunk, in words. Private to checker/. */
#ifndef WARRANT_CHECKER_ENDING_H
#define WARRANT_CHECKER_ENDING_H

#include "runtime/base/base.h"
#include "tracer/trace.h"

/* In words: "by itself, exited with status 0"; "the wall-clock limit, killed by signal 9". */
void ending_cause(const struct trace_end *end, struct buffer *out);

#endif
