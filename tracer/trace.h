/* The trace: container, events, ring, recorder, reader. docs/trace-format.md is the authority for every byte.
 *
 * Two libraries come from this folder. `wr_trace_write` (ring.c, writer.c): what the guest's process links, libc and
 * xxHash only. `wr_trace` (container, recorder, reader): zstd, libsodium.
 *
 * One stream of events runs from the guest through the ring into the file: a ring position, the producer's `head`, and
 * the stream offset of a chunk count the same bytes. So a recorder that died can be replaced by one that goes on where
 * the last whole chunk ends. */
#ifndef WARRANT_TRACE_H
#define WARRANT_TRACE_H

#include "runtime/base/base.h"
#include "runtime/base/call_stack.h"
#include "wasi/abi/call.h"
#include "wasi/observer.h"

enum { TRACE_VERSION_MAJOR = 1, TRACE_VERSION_MINOR = 3, TRACE_VERSION_MINOR_LEAST = 3 };
enum { TRACE_RUN_ID = 16, TRACE_HASH = 32 };

/* ---- the container: chunks in a file (traces: .wtrace; witness records: .wwit) ---- */

enum trace_file_kind { TRACE_FILE_EVENTS = 1, TRACE_FILE_WITNESS = 2 };
enum trace_chunk_kind {
    TRACE_CHUNK_DESCRIPTION = 1, /* what was run: an opaque blob of the launcher's (policy.h: run_spec) */
    TRACE_CHUNK_MODULE = 2,      /* the module's bytes; several where it is larger than one chunk */
    TRACE_CHUNK_EVENTS = 3,      /* whole events; in a .wwit whole witness records */
    TRACE_CHUNK_END = 4,         /* struct trace_end: how and why the recording ended */
    TRACE_CHUNK_SIGNATURE = 5    /* behind the END, where the writer held a key (signature.h) */
};

/* Why the recording ended. */
#define END_REASON(id, name, text) TRACE_END_##id,
enum trace_end_reason {
    TRACE_END_NONE, /* the trace has no end */
#include "tracer/end_reasons.def"
    TRACE_END_COUNT
};
#undef END_REASON

/* Who or what ended the guest's process. */
#define END_CAUSE(id, text) TRACE_CAUSE_##id,
enum trace_cause {
#include "tracer/end_causes.def"
    TRACE_CAUSE_COUNT
};
#undef END_CAUSE
enum trace_waited { TRACE_WAITED_UNKNOWN, TRACE_WAITED_EXITED, TRACE_WAITED_KILLED, TRACE_WAITED_CORE };

/* How the guest's process ended, from the launcher: the kernel's wait status, not the process's own word. */
struct trace_fate {
    uint32_t cause;        /* enum trace_cause */
    uint32_t cause_signal; /* of CAUSE_SIGNAL */
    uint32_t waited;       /* enum trace_waited */
    uint32_t exit_code;    /* where it exited */
    uint32_t signal;       /* where it was killed */
};
/* From a wait status (wait(2)); cause is left as it was. */
void trace_fate_wait(struct trace_fate *fate, int wait_status);

struct trace_end {
    uint32_t reason; /* enum trace_end_reason */
    uint32_t signal; /* that killed the guest's process, 0 if none or unknown */
    uint64_t events, stream_bytes;
    uint64_t start_ticks, start_ns, end_ticks, end_ns; /* two points that relate ticks to CLOCK_MONOTONIC */
    uint32_t cause, cause_signal, waited, exit_code;   /* as in struct trace_fate */
};
const char *trace_end_name(uint32_t reason); /* "clean"; NULL: no end; "unknown" beyond the list */
/* Why the trace ends where it does, half a sentence: by the reason, or by the limit that stopped the recording. */
const char *trace_end_text(const struct trace_end *end);
const char *trace_cause_text(uint32_t cause); /* "a signal to the launcher"; "?" beyond the list */

struct trace_file; /* a file being written */
/* fd: takes; an empty, seekable file. run_id: TRACE_RUN_ID bytes. Returns owned. */
MUST_USE enum status trace_file_create(int fd, enum trace_file_kind kind, const uint8_t *run_id,
                                       struct trace_file **ret, struct error *error);
/* Appends one chunk: compressed, checksummed, chained. stream_offset, first_event, event_count: of EVENTS chunks, else
 * 0. On failure (NO_SPACE, IO) the file is cut back to its last whole chunk and stays usable for reading. */
MUST_USE enum status trace_file_append(struct trace_file *file, enum trace_chunk_kind kind, const void *bytes,
                                       size_t size, uint64_t stream_offset, uint64_t first_event, uint32_t event_count,
                                       struct error *error);
uint64_t trace_file_size(const struct trace_file *file); /* bytes so far */
void trace_file_close(struct trace_file *file);          /* frees; writes nothing */

/* A chunk being read. bytes: borrowed until the next call. */
struct trace_chunk {
    uint64_t number, file_offset, stream_offset, first_event;
    uint32_t kind, event_count;
    const uint8_t *bytes;
    size_t size;
    uint8_t hash[TRACE_HASH]; /* BLAKE2b of its header and stored body */
};
struct trace_source; /* a container being read, chunk by chunk */
/* Opens and checks the file header. MALFORMED: not such a file; UNSUPPORTED: a later version, says which. Returns
 * owned. */
MUST_USE enum status trace_source_open(const char *path, enum trace_file_kind kind, struct trace_source **ret,
                                       struct error *error);
const uint8_t *trace_source_run_id(const struct trace_source *source);
/* OK; NOT_FOUND at the end of file; TRUNCATED, CORRUPT, MALFORMED where the valid prefix ends, the text naming the
 * chunk number and file offset: a flipped byte, a missing chunk, swapped chunks and a cut tail are all told apart. */
MUST_USE enum status trace_source_next(struct trace_source *source, struct trace_chunk *ret, struct error *error);
void trace_source_close(struct trace_source *source);

/* ---- the ring: from the guest's process to the recorder ---- */

enum { TRACE_RING_BYTES = 1 << 23 }; /* data bytes, a power of two */
struct trace_ring;                   /* a mapping of the ring's file */
/* Creates the ring in the empty file `fd` (borrows): header page and preallocated data. NO_SPACE says so in words. */
MUST_USE enum status trace_ring_create(int fd, const uint8_t *run_id, struct error *error);
/* CLOCK_REALTIME where the ticks of the ring just created in `fd` (borrows) begin, by what the two clocks are apart
 * now. Before the guest can touch it. */
MUST_USE enum status trace_ring_started(int fd, uint64_t *ret_ns, struct error *error);
MUST_USE enum status trace_ring_map(int fd, struct trace_ring **ret,
                                    struct error *error); /* borrows fd; returns owned */
void trace_ring_unmap(struct trace_ring *ring);
/* Tells the guest to stop at its next hostcall; the writer's calls return STOPPED from then on, as they do, by the
 * kernel's doing, once an attached recorder died. Async-signal-safe. */
void trace_ring_stop(struct trace_ring *ring);

/* The guest's side: an observer that writes begin/op/data/end events into the ring. When the ring is full it waits
 * (futex) for the recorder. Beside memory it needs futex(2) alone. The ring must be mapped, and its descriptor closed,
 * before the guest is confined: who has the descriptor could shorten the file. */
struct trace_writer;
MUST_USE enum status trace_writer_create(struct trace_ring *ring, struct trace_writer **ret,
                                         struct error *error); /* borrows ring; one writer per mapping */
struct wasi_observer trace_writer_observer(struct trace_writer *writer);
/* The same, and `end` returns when the recorder has the call in the file; where that has sync_chunks, on its device. */
struct wasi_observer trace_writer_observer_synced(struct trace_writer *writer);

/* How the guest ended; the last event of a whole trace. */
struct trace_exit {
    uint32_t outcome;          /* enum wasi_ended */
    uint32_t exit_code;        /* of proc_exit; RAISED: 128 and the signal */
    uint32_t trap;             /* enum rt_trap_kind's number */
    uint32_t function, offset; /* where it trapped */
    uint64_t instructions;     /* Wasm instructions executed */
    struct call_stack stack;   /* of a trap; else of no depth */
};
MUST_USE enum status trace_writer_exit(struct trace_writer *writer, const struct trace_exit *exit);
/* The exit status with which the guest's process ends where its end was this one: the code of proc_exit is 1 where no
 * status can carry it. */
static inline uint32_t trace_exit_status(const struct trace_exit *exit)
{
    enum { EXIT_TRAPPED = 134, EXIT_NOT_STARTED = 125, EXIT_LARGEST = 255 };
    switch ((enum wasi_ended)exit->outcome) {
    case WASI_ENDED_RETURNED:
        return 0;
    case WASI_ENDED_EXIT:
    case WASI_ENDED_RAISED:
        return exit->exit_code > EXIT_LARGEST ? 1 : exit->exit_code;
    case WASI_ENDED_TRAP:
        return EXIT_TRAPPED;
    case WASI_ENDED_NOT_STARTED:
    case WASI_ENDED_COUNT:
        break;
    }
    return EXIT_NOT_STARTED;
}

/* What the guest's state was: between two calls, or at its end. */
struct trace_state {
    uint64_t digest;       /* struct trace_digest of what rt_instance_state hands out */
    uint64_t instructions; /* Wasm instructions executed */
    bool at_end;           /* else: before the guest resumes behind the call before it */
};
/* A memory.grow or table.grow that the limits allowed and the system refused. */
struct trace_growth {
    uint64_t number; /* growths that the limits allowed before it */
    bool table;      /* else a memory */
    uint32_t index;
    uint32_t amount; /* pages or elements asked for */
};
/* Not inside a call. STOPPED, as the observer. */
MUST_USE enum status trace_writer_state(struct trace_writer *writer, const struct trace_state *state,
                                        struct error *error);
MUST_USE enum status trace_writer_growth(struct trace_writer *writer, const struct trace_growth *growth,
                                         struct error *error);
void trace_writer_free(struct trace_writer *writer);

/* The digest of a guest's state, byte by byte: trace_digest_add is an rt_state_fn. (wr_trace_write) */
struct trace_digest;
MUST_USE enum status trace_digest_create(struct trace_digest **ret, struct error *error); /* returns owned; begun */
void trace_digest_free(struct trace_digest *digest);                                      /* NULL is fine */
void trace_digest_begin(struct trace_digest *digest);
void trace_digest_add(void *digest, const void *bytes, size_t size);
uint64_t trace_digest_get(const struct trace_digest *digest);

/* ---- the recorder: from the ring into the file ---- */

struct trace_key;
struct recorder_options {
    int ring_fd, trace_fd; /* trace_fd: takes */
    int control_fd; /* from the launcher: one struct trace_fate when the guest's process is gone; end of file without
                       one means that the launcher is */
    int guest_fd;   /* watches the guest's process (os_process_watch), by which it is killed when the recording stops;
                       -1: none */
    int guest_pid;  /* its number */
    uint64_t trace_limit; /* bytes of the file at which the guest is stopped; what the ring holds then is added.
                             UINT64_MAX: none */
    uint64_t hold_ns;     /* so long events wait in the recorder for those that fill their chunk. 0: for ever, and where
                             chunks end depends on events alone */
    bool sync_chunks;     /* a chunk is on the device before its room in the ring is free again */
    bool sync_calls;      /* beside that: what a guest waits for (trace_writer_observer_synced) is written at once */
    uint8_t run_id[TRACE_RUN_ID];
    const void *description; /* borrowed */
    size_t description_size;
    const void *module; /* borrowed; NULL leaves it out */
    size_t module_size;
    const struct trace_key *key; /* borrowed; signs the trace when it has its END (signature.h). NULL: it is not */
};
/* Writes header, description and module, calls ready(ready_self) once the guest may start, copies the ring until the
 * guest is gone and the ring is empty, and closes with an END chunk. Runs as a process of its own; makes no assumption
 * about the ring's content. NO_SPACE: the guest was killed, *ret_end says how far the file reaches. OK also where the
 * guest was killed at the limit: *ret_end has CAUSE_TRACE_LIMIT. */
MUST_USE enum status recorder_run(const struct recorder_options *options, void (*ready)(void *), void *ready_self,
                                  struct trace_end *ret_end, struct error *error);
/* After the recorder died: appends to the trace behind trace_fd (borrowed; open for reading and writing; `path` is for
 * messages) what the ring still holds, and an END chunk with RECORDER_DIED. fate: NULL where nobody knows it. */
MUST_USE enum status recorder_salvage(const char *path, int trace_fd, int ring_fd, const struct trace_fate *fate,
                                      struct trace_end *ret_end, struct error *error);

/* Bytes of the trace behind trace_fd (borrowed) that are valid: what recorder_salvage goes on behind. */
MUST_USE enum status recorder_prefix(const char *path, int trace_fd, uint64_t *ret_bytes, struct error *error);

/* ---- the ring beside a trace: is it still being recorded? ---- */

enum trace_beside_state {
    TRACE_BESIDE_NONE, /* no ring of this run is there: the recording is over */
    TRACE_BESIDE_LIVE, /* launcher or recorder live, or the file system cannot tell (it has no locks) */
    TRACE_BESIDE_LEFT  /* all were killed: recorder_salvage saves what it holds */
};
struct trace_beside {
    enum trace_beside_state state;
    /* LIVE, LEFT: where the run's ticks begin, and CLOCK_MONOTONIC there. The guest's process could write them. */
    uint64_t start_ticks, start_ns;
};
/* Looks at PATH.ring, where `path` is the trace's. run_id: TRACE_RUN_ID bytes; NULL: of any run. Whoever may not open
 * the ring is told NONE. */
struct trace_beside trace_beside(const char *path, const uint8_t *run_id);

/* ---- the reader: whole calls out of a trace ---- */

enum trace_item_kind { TRACE_ITEM_CALL = 1, TRACE_ITEM_EXIT = 2, TRACE_ITEM_STATE = 3, TRACE_ITEM_GROWTH = 4 };

/* What requests of an operation carry: slots; and beside those, where they have no fault, the rest. */
struct trace_carries {
    uint8_t strings; /* how many */
    bool iovs, subscriptions, address;
    uint16_t wide; /* bit n: slot n is an i64 */
};
extern const struct trace_carries trace_request_carries[OPERATION_COUNT];

/* Bytes that left the guest in one op: XXH3 over all of them, and the first up to 32. Bytes that entered: the first
 * `in_kept`, which are all of them unless the call brought megabytes; trace_reader_data gives all. */
struct trace_op_data {
    uint64_t out_digest;
    uint32_t out_length, out_head_length;
    uint8_t out_head[32];
    const uint8_t *in; /* borrowed until the next trace_reader_next */
    uint32_t in_length, in_kept;
};

/* One hostcall, put together from its begin, op, data and end events. */
struct trace_call {
    uint64_t begin_event, end_event; /* event numbers; end_event is 0 where the trace ends inside the call */
    uint64_t chunk;                  /* that holds the begin event */
    uint64_t ticks, duration;        /* of its begin since the run's start; from begin to end */
    bool timed;    /* else `ticks` is of the last event before it in its chunk, 0 of none; no duration */
    bool complete; /* it has its end event */
    uint64_t op_event[LIMIT_OPS];
    struct request request; /* as it was copied from the guest */
    struct call_ops ops;    /* results only where `complete` */
    struct trace_op_data data[LIMIT_OPS];
    struct outcome outcome; /* where `complete` */
    uint64_t committed;
};

/* Fills the out_* fields of *ret with what leaves the guest in `op`: the regions of its iovs joined, as much of it as
 * one system call takes (WRITE: LIMIT_STAGING bytes, PWRITE and APPEND: 0x7ffff000). out_length 0 where no bytes leave.
 * Recorder and replay both use this, so that their digests can be compared. MALFORMED: a region leaves the memory. In
 * wr_trace_write. */
MUST_USE enum status trace_op_out(const struct request *request, const struct op *op, const struct backend_space *space,
                                  struct trace_op_data *ret);
/* How many bytes entered the guest (or, STAGED, the staging buffer) in `op` whose result was `value`. 0 on an error.
 */
uint64_t trace_op_in_length(const struct request *request, const struct op *op, int64_t value);
/* Whether op `index` of a call brought a message that was dropped, because another op follows: none of it entered the
 * guest, none is kept, and the staging buffer had the next one in its place when the call ended. */
static inline bool trace_op_dropped(const struct call_ops *ops, uint32_t index)
{
    return abi_ops[ops->op[index].kind].in == OP_BYTES_MESSAGE && index + 1 < ops->count;
}

struct trace_reader;
/* Opens a .wtrace, reads the description and passes over the module. The same failures as trace_source_open. Returns
 * owned. A reader takes memory for one chunk, stored and expanded (two, while something is read again), for what is
 * kept of one call and for the description: less than 100 MiB, whatever the trace holds (docs/trace-format.md, What
 * reading takes). */
MUST_USE enum status trace_reader_open(const char *path, struct trace_reader **ret, struct error *error);
/* The same of a descriptor (borrows until closed) of a regular file of `size` bytes. Needs pread(2) alone. */
MUST_USE enum status trace_reader_open_fd(int fd, uint64_t size, struct trace_reader **ret, struct error *error);
/* The file's descriptor (borrowed) and the bytes that are read of it. */
int trace_reader_fd(const struct trace_reader *reader, uint64_t *ret_size);
const uint8_t *trace_reader_run_id(const struct trace_reader *reader);
const void *trace_reader_description(const struct trace_reader *reader, size_t *ret_size); /* borrowed */
/* False: it was left out. */
bool trace_reader_has_module(const struct trace_reader *reader, uint64_t *ret_size);
/* Appends the module, which is read from the file again. NOT_FOUND where it was left out; NO_MEMORY; as
 * trace_source_next, where the file has changed. */
MUST_USE enum status trace_reader_module(const struct trace_reader *reader, struct buffer *ret, struct error *error);
/* Looks ahead for the guest's EXIT, the last event of a whole trace, without reading what lies between. It is a hint:
 * false where the trace has none or is damaged. */
bool trace_reader_exit_ahead(const struct trace_reader *reader, struct trace_exit *ret);
/* Reads the next item: *ret_kind CALL fills *call (the caller's, large), EXIT fills *exit; of STATE and GROWTH, which
 * leave both as they were, the functions below tell. NOT_FOUND: the end of the valid prefix; trace_reader_stop then
 * tells why. MALFORMED: a checked chunk holds no valid event (a hostile trace). */
MUST_USE enum status trace_reader_next(struct trace_reader *reader, enum trace_item_kind *ret_kind,
                                       struct trace_call *call, struct trace_exit *exit, struct error *error);
/* As trace_reader_next, and the item is still the next one. What is told of the last item (trace_reader_event, chunk,
 * state, growth) is told of this one until something else is read. */
MUST_USE enum status trace_reader_peek(struct trace_reader *reader, enum trace_item_kind *ret_kind,
                                       struct trace_call *call, struct trace_exit *exit, struct error *error);
/* As trace_reader_next, of a file that is still being written. NOT_FOUND and *ret_waits: what is there ends before the
 * next item does, which is still the next one; the item is whole when it comes. Whoever does not want to wait any more
 * calls trace_reader_next. */
MUST_USE enum status trace_reader_next_live(struct trace_reader *reader, enum trace_item_kind *ret_kind,
                                            struct trace_call *call, struct trace_exit *exit, bool *ret_waits,
                                            struct error *error);
/* Whether the trace, which was opened by `path`, is still being recorded: it has no END, and its ring is LIVE. */
bool trace_reader_recorded(const struct trace_reader *reader, const char *path);
/* Takes what was appended to the file since. False: nothing was. */
bool trace_reader_grow(struct trace_reader *reader);
/* Goes to the item that event number `event` belongs to: it is the next one then. Behind the last event the end is
 * next. Chunks that are passed over are checked as chunks, and not expanded: a trace's valid prefix ends where it would
 * by reading on, except for an event that is not valid in a chunk that is. What was read or passed over once is not
 * passed over again (an index of its chunks, of bounded size). Failure: NO_MEMORY; IO; CORRUPT where the file has
 * changed. */
MUST_USE enum status trace_reader_seek(struct trace_reader *reader, uint64_t event, struct error *error);
/* A second reader of the same file at the same place, which goes its own way from there. Borrows `reader` until closed.
 * Returns owned. */
MUST_USE enum status trace_reader_clone(const struct trace_reader *reader, struct trace_reader **ret,
                                        struct error *error);
/* Hands out, in order, all bytes that entered the guest in op `index` of the call that was delivered last. `visit`
 * false: STOPPED. What was not kept is read from the file again; as trace_source_next, where that has changed. */
typedef bool trace_bytes_fn(void *self, const uint8_t *bytes, size_t size);
MUST_USE enum status trace_reader_data(struct trace_reader *reader, const struct trace_call *call, uint32_t index,
                                       trace_bytes_fn *visit, void *self, struct error *error);
/* Looks ahead for the END chunk of the trace in `fd` (borrows), a file of `size` bytes, by its headers alone. A hint:
 * false where there is none, or a header is damaged. */
bool trace_end_ahead(int fd, uint64_t size, struct trace_end *ret);
/* Number and chunk of the event that the last item ended with; the item, where it was a STATE or a GROWTH. */
uint64_t trace_reader_event(const struct trace_reader *reader);
uint64_t trace_reader_chunk(const struct trace_reader *reader);
const struct trace_state *trace_reader_state(const struct trace_reader *reader);
const struct trace_growth *trace_reader_growth(const struct trace_reader *reader);
/* After NOT_FOUND. OK: the trace is whole, *ret_end its end. Else why the prefix stops (text names chunk and offset).
 * *inside_call: the last call has no end event. ret_end->reason is 0 where there is no END chunk. */
MUST_USE enum status trace_reader_stop(const struct trace_reader *reader, struct trace_end *ret_end, bool *inside_call,
                                       struct error *error);
/* The hash of the last chunk that was read: at the end, that of the whole valid prefix. TRACE_HASH bytes. */
void trace_reader_hash(const struct trace_reader *reader, uint8_t *ret);
void trace_reader_close(struct trace_reader *reader);

#endif
