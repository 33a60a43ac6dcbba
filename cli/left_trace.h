/* A trace of which all processes were killed: the file, and behind it what the ring beside it still holds. */
#ifndef WARRANT_CLI_LEFT_TRACE_H
#define WARRANT_CLI_LEFT_TRACE_H

#include "runtime/base/base.h"

/* Where the trace is such a one, puts both together in a file without a name: *ret_fd, the caller's, -1 where it is
 * none. *ret_events: of the whole. Neither trace nor ring is changed: `warrant recover` does that. What cannot be put
 * together is said in `error`, and the trace is what its file holds. */
MUST_USE enum status left_trace_open(const char *path, int *ret_fd, uint64_t *ret_events, struct error *error);
/* As left_trace_open, for a command, which says what it did. Returns the descriptor, or -1; *ret_size: of its
 * file. */
int left_trace_take(const char *command, const char *path, uint64_t *ret_size);

#endif
