/* For the tests of the trace: made-up hostcalls that are the same each time, and the three processes of a recording. */
#ifndef WARRANT_TEST_TRACE_KIT_H
#define WARRANT_TEST_TRACE_KIT_H

#include <sys/types.h>
#include "tracer/trace.h"

enum { KIT_MEMORY = 1 << 21 };

/* One made-up hostcall with all that an observer is told of it. */
struct kit_call {
    struct request request;
    struct call_ops ops;
    struct outcome outcome;
    uint64_t committed;
};
/* The guest's memory and the staging buffer, filled with bytes that depend on their place. */
struct backend_space kit_space(void);
/* Call number `index`: hostcall index % OPERATION_COUNT, all its strings and arrays, one op of each kind that its row
 * allows (up to LIMIT_OPS) with data. In every second round of all imports: calls that succeed, with one op at most.
 * big: READ-like ops bring several hundred KiB. */
void kit_call_make(uint64_t index, bool big, struct kit_call *ret);
/* A clock_time_get with one op. */
void kit_call_clock(uint64_t index, struct kit_call *ret);
/* Tells the observer of it, in the order of a run. */
enum status kit_call_observe(const struct kit_call *call, const struct wasi_observer *observer, struct error *error);
/* Asserts that the trace's call is this one. */
void kit_call_assert(const struct kit_call *expected, const struct trace_call *call);

enum { KIT_EXIT = 7 /* the guests of the kit end with proc_exit(7) */ };

struct kit_run {
    char folder[64], trace[96], ring[96];
    int ring_fd, alive; /* alive: the write end that the guest's process inherits */
    pid_t recorder, guest;
    /* For kit_run_start_limited: bytes that the recorder may write into a file; how long it holds events. 0: without
     * end, as kit_run_start has it. */
    uint64_t file_limit, hold_ns;
    bool sync_chunks, sync_calls;
};
void kit_run_start(struct kit_run *run); /* the recorder, until it is ready */
void kit_run_start_limited(struct kit_run *run);
uint64_t kit_ring_head(const struct kit_run *run); /* stream bytes that the guest published */
/* The guest's process: calls body(writer, argument), then ends. */
void kit_run_guest(struct kit_run *run, void (*body)(struct trace_writer *, void *), void *argument);
void kit_run_guest_calls(struct kit_run *run, uint64_t calls); /* a guest that makes kit calls and an EXIT */
int kit_wait(pid_t pid);                                       /* its wait status */
void kit_run_done(struct kit_run *run);                        /* removes the folder */
/* Writes a trace of `calls` calls and an EXIT, through ring and recorder. */
void kit_trace_write(struct kit_run *run, uint64_t calls, bool big);
/* Reads the trace; asserts that its calls are kit_call_make(0..), returns how many are complete. *ret_status,
 * *ret_error: of trace_reader_stop. */
uint64_t kit_trace_read(const char *path, bool big, struct trace_end *ret_end, bool *ret_inside,
                        enum status *ret_status, struct error *ret_error);

#endif
