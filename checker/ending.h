/* How a recording and its guest's process ended, by the trace's END chunk, in words. Private to checker/. */
#ifndef WARRANT_CHECKER_ENDING_H
#define WARRANT_CHECKER_ENDING_H

#include "runtime/base/base.h"
#include "tracer/trace.h"

/* In words: "by itself, exited with status 0"; "the wall-clock limit, killed by signal 9". */
void ending_cause(const struct trace_end *end, struct buffer *out);
const char *ending_reason(uint32_t reason); /* "clean", as the database has it; NULL: no end */
const char *ending_text(uint32_t reason);   /* a sentence's half; empty where it is clean */

#endif
