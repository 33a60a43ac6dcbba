/* The reader of whole calls from within. Internal to tracer/. */
#ifndef WARRANT_TRACER_TRACE_INNER_H
#define WARRANT_TRACER_TRACE_INNER_H

#include "tracer/container.h"
#include "tracer/event_decode.h"

struct trace_reader {
    struct trace_source *source; /* owned */
    struct buffer description;
    struct trace_mark module; /* where the module begins */
    uint64_t module_size;
    bool has_module;
    struct trace_chunk chunk; /* the current one; bytes borrowed from source */
    struct trace_mark mark;   /* of it */
    bool pending;             /* it was read ahead and not looked at */
    bool in_events;           /* it holds events, those from `at` are next */
    size_t at;                /* in it */
    uint64_t event;           /* number of the next */
    uint64_t stream_bytes;    /* of the chunks of events so far */
    struct event_decoder decoder;
    uint64_t begin_event, begin_chunk, op_event[LIMIT_OPS];
    struct trace_mark
        data_mark[LIMIT_OPS]; /* of each op of the call: where its first DATA lies, chunk and place in it */
    size_t data_at[LIMIT_OPS];
    struct trace_end end;
    bool ended;            /* by an END chunk */
    bool inside_call;      /* a call was delivered without its end */
    struct error stop;     /* status OK: goes on, or the trace is whole (ended) */
    bool stopped, invalid; /* invalid: stopped inside a checked chunk */
};

#endif
