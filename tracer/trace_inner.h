/* The reader of whole calls from within. Internal to tracer/. */
#ifndef WARRANT_TRACER_TRACE_INNER_H
#define WARRANT_TRACER_TRACE_INNER_H

#include "tracer/container.h"
#include "tracer/event_decode.h"

/* Marks of chunks of events: every one, every second, every fourth ... as they become more. */
enum { TRACE_INDEX_MARKS = 512 };
struct trace_index {
    struct trace_mark mark[TRACE_INDEX_MARKS];
    uint32_t count, every;
    uint64_t chunks;   /* of events that were met so far */
    uint64_t frontier; /* a chunk that begins before it was met */
};

/* Where an item begins. */
struct trace_place {
    struct trace_mark mark; /* of its chunk */
    size_t at;              /* in that */
    uint64_t event, now;    /* its number; the ticks before it */
    bool exited, cut;       /* an EXIT lies before it in the chunk; a call before it has no end */
};

struct trace_reader {
    struct trace_source *source; /* owned */
    struct buffer description;
    struct trace_mark module; /* where the module begins */
    struct trace_mark first;  /* what lies behind the module: the events */
    struct trace_index index;
    struct trace_place peek; /* where the item lies that was peeked at */
    bool peeked;
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

/* trace_index.c: a chunk of events was met, at the mark, behind those that were met before or among them. */
void trace_index_note(struct trace_index *index, const struct trace_mark *mark);
/* The last mark that is not behind the event. False: there is none. */
bool trace_index_find(const struct trace_index *index, uint64_t event, struct trace_mark *ret);

/* trace_chunks.c: reads the next chunk of whatever kind; it is `pending`. */
MUST_USE enum status trace_reader_source(struct trace_reader *reader);
/* Brings the next chunk of events. NOT_FOUND: there is none, for whatever reason; `stop` has it. */
MUST_USE enum status trace_reader_load(struct trace_reader *reader);
/* Keeps what is wrong inside of the current chunk, and returns MALFORMED. */
enum status trace_reader_malformed(struct trace_reader *reader, const char *what);
/* The head of the event at `at`; false: none that fits stands there. */
bool trace_chunk_head(const struct trace_chunk *chunk, size_t at, struct trace_event_head *ret);
/* Where the next item begins. Not inside of one. */
struct trace_place trace_reader_place(const struct trace_reader *reader);
/* Goes to a place, or before the first event of the chunk at a mark. A chunk that cannot be loaded any more is met by
 * who reads on. */
void trace_reader_go(struct trace_reader *reader, const struct trace_place *place);
void trace_reader_go_chunk(struct trace_reader *reader, const struct trace_mark *mark);
/* Takes a peek back. */
void trace_reader_unpeek(struct trace_reader *reader);

#endif
