/* A recording and its replay in one process and without an engine, for fuzz targets of hostcalls: the real writer, the
 * real container, the real reader and the replay's own comparison. */
#ifndef WARRANT_FUZZ_CALL_RECORD_H
#define WARRANT_FUZZ_CALL_RECORD_H

#include "wasi/start.h"

struct trace_writer;

/* Empties the ring, which is the process's, and returns a writer on it. */
struct trace_writer *call_record_begin(void);
/* Ends the recording with an EXIT; the trace, as the bytes of a file. Frees the writer. */
void call_record_end(struct trace_writer *writer, const struct run_spec *spec, struct buffer *ret);
/* Calls `guest` with a wasi that answers from the trace. Ends the process where the trace is not whole and sound, or
 * the guest does anything that was not recorded. */
void call_record_replay(const struct buffer *trace, const struct wasi_config *config,
                        void (*guest)(void *self, struct wasi *wasi), void *self);
/* Keeps the trace of what was found, says where, and ends the process. `what` was said already. trace: NULL: there is
 * none. */
_Noreturn void call_record_found(const struct buffer *trace);

#endif
