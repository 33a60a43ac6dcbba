/* The stored form of everything in a trace: file header, chunk header, events, ring header. docs/trace-format.md is the
 * authority; the sizes and offsets asserted here are its. All numbers are little-endian, as every machine is that
 * warrant builds on, so the structs are the bytes. Internal to tracer/ and its white-box tests. */
#ifndef WARRANT_TRACER_FORMAT_H
#define WARRANT_TRACER_FORMAT_H

#include <assert.h>
#include <stddef.h>
#include "tracer/trace.h"
#include "wasi/abi/op_sets.h"

static_assert(__BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__, "the stored form is little-endian");

/* Preview 1's functions by the names that they had before operations and imports were told apart: programs outside of
 * this tree that write traces use them. */
enum hostcall {
#define OPERATION(id, ...) HOSTCALL_##id = OPERATION_##id,
#define OPERATION_EXTENSION(id, ...)
#include "wasi/abi/operations.def"
#undef OPERATION
};
#define abi_hostcalls abi_operations

/* ---- container ---- */

#define TRACE_MAGIC "\x89WRT\r\n\x1a\n"
enum { TRACE_MAGIC_BYTES = 8, TRACE_CHUNK_MAGIC = 0x4b484357 /* "WCHK" */ };

/* Incompatible flags: what the file holds. */
enum { TRACE_FEATURE_BETWEEN_CALLS = 1 /* STATE and GROWTH events; in every trace since 1.1 */ };

struct trace_file_header {
    uint8_t magic[TRACE_MAGIC_BYTES];
    uint32_t kind; /* enum trace_file_kind */
    uint16_t major, minor;
    uint32_t incompatible; /* flags: a reader that does not know one of them must not read on */
    uint32_t compatible;   /* flags that may be ignored */
    uint8_t reserved[8];
    uint8_t run_id[TRACE_RUN_ID];
    uint8_t reserved2[8];
    uint64_t checksum; /* XXH3 of the bytes before it; at this place in every version */
};
static_assert(sizeof(struct trace_file_header) == 64, "docs/trace-format.md, File header");
static_assert(offsetof(struct trace_file_header, run_id) == 32, "docs/trace-format.md, File header");

enum trace_encoding { TRACE_ENCODING_PLAIN = 0, TRACE_ENCODING_ZSTD = 1 };
enum { TRACE_CHUNK_FLAG_MORE = 1 /* the next chunk, of the same kind, continues the body */ };

struct trace_chunk_header {
    uint32_t magic;
    uint32_t kind; /* enum trace_chunk_kind */
    uint64_t number;
    uint64_t first_event, stream_offset;
    uint32_t event_count;
    uint32_t raw_length, stored_length; /* bytes of the body before and after compression */
    uint16_t encoding, flags;
    uint8_t previous[TRACE_HASH]; /* BLAKE2b of the chunk before it (header and stored body); of the file header for
                                     chunk 0 */
    uint64_t header_checksum;     /* XXH3 of the bytes before it */
    uint64_t checksum;            /* XXH3 of all header bytes before it, then the stored body */
};
static_assert(sizeof(struct trace_chunk_header) == 96, "docs/trace-format.md, Chunk header");
static_assert(offsetof(struct trace_chunk_header, previous) == 48, "docs/trace-format.md, Chunk header");
static_assert(sizeof(struct trace_end) == 72, "docs/trace-format.md, END chunk");

/* ---- events ---- */

enum trace_event_type {
    TRACE_EVENT_BEGIN = 1,
    TRACE_EVENT_OP = 2,
    TRACE_EVENT_DATA = 3,
    TRACE_EVENT_END = 4,
    TRACE_EVENT_EXIT = 5,
    TRACE_EVENT_STATE = 6,
    TRACE_EVENT_GROWTH = 7,
    TRACE_EVENT_SILENT = 8,
    TRACE_EVENT_CALL = 9,
    TRACE_EVENT_CALL_UNTIMED = 10,
    TRACE_EVENT_DONE = 11,
    TRACE_EVENT_DONE_UNTIMED = 12,
    TRACE_EVENT_LAST = TRACE_EVENT_DONE_UNTIMED
};
enum {
    TRACE_DATA_MAX = 256 * 1024,        /* bytes that one DATA event carries */
    TRACE_INLINE_MAX = 16 * 1024,       /* bytes of one op that its END event may carry; more goes into DATA events */
    TRACE_EVENT_BYTES_MAX = 0xffff * 8, /* what the size field can say */
    TRACE_KERNEL_MAX = 0x7ffff000,      /* bytes that Linux moves in one call, at most */
    TRACE_HEAD_BYTES = 32,              /* of the bytes that left, how many are kept */
    TRACE_CHUNK_TARGET = 512 * 1024     /* the event that reaches it closes a chunk */
};

struct trace_event_head {
    uint16_t words; /* size of the event in units of 8 bytes, head included */
    uint8_t type;   /* enum trace_event_type */
    uint8_t code;   /* BEGIN: hostcall; DATA: index of the op; END: number of ops; STATE: 1 at the guest's end;
                       GROWTH: 1 of a table; else 0 */
    uint16_t instance, thread;
};
static_assert(sizeof(struct trace_event_head) == 8, "docs/trace-format.md, Events");

/* Followed by: slots (u64 each); where the operation has strings (a fault: none), two u32 string lengths; iovs;
 * subscriptions; the strings' bytes, one behind the other, padded with zeros to 8. */
struct trace_event_begin {
    struct trace_event_head head;
    uint64_t ticks; /* in the file: since the ticks before it in the same chunk, the run's start for the first */
    uint16_t fault, import, iovs, subscriptions;
};
static_assert(sizeof(struct trace_event_begin) == 24, "docs/trace-format.md, BEGIN");
static_assert(sizeof(struct subscription) == 32, "docs/trace-format.md, BEGIN");

/* Followed, for ops whose bytes leave the guest, by struct trace_event_out and the head bytes, padded with zeros to 8.
 */
struct trace_event_op {
    struct trace_event_head head;
    struct op op;
};
static_assert(sizeof(struct trace_event_op) == 64, "docs/trace-format.md, OP");
static_assert(offsetof(struct op, value) == 24 && offsetof(struct op, path2) == 48, "docs/trace-format.md, OP");

struct trace_event_out {
    uint64_t digest;
    uint32_t length, head_length;
};
static_assert(sizeof(struct trace_event_out) == 16, "docs/trace-format.md, OP");

struct trace_event_data {
    struct trace_event_head head;
    uint32_t length, reserved;
};
static_assert(sizeof(struct trace_event_data) == 16, "docs/trace-format.md, DATA");

/* Followed by: one word per op (trace_result_word); value_count u64 values; per op in order, its struct filestat or its
 * bytes, padded. */
struct trace_event_end {
    struct trace_event_head head;
    uint64_t ticks;
    uint16_t wasi_errno, rule, trap, value_count;
    uint64_t committed;
};
static_assert(sizeof(struct trace_event_end) == 32, "docs/trace-format.md, END");
static_assert(offsetof(struct outcome, value) == 8, "the head of an outcome is stored as it lies");
static_assert(sizeof(struct filestat) == 64, "docs/trace-format.md, END");

/* Followed by the kept frames of the stack (call_stack_kept of `frames`), two u32 each: function and offset. */
struct trace_event_exit {
    struct trace_event_head head;
    uint64_t ticks;
    uint32_t outcome, exit_code, trap, function, offset, frames;
    uint64_t instructions;
};
static_assert(sizeof(struct trace_event_exit) == 48 && sizeof(struct call_place) == 8, "docs/trace-format.md, EXIT");

/* STATE and GROWTH stand between calls. */
struct trace_event_state {
    struct trace_event_head head;
    uint64_t digest, instructions;
};
static_assert(sizeof(struct trace_event_state) == 24, "docs/trace-format.md, STATE");

struct trace_event_growth {
    struct trace_event_head head;
    uint32_t index, amount;
    uint64_t number;
};
static_assert(sizeof(struct trace_event_growth) == 24, "docs/trace-format.md, GROWTH");

/* Compact events (compact.h): calls of the commonest forms, without what follows from the tables. Their first eight
 * bytes are not the other events' head but for size and type; instance and thread are 0. CALL and CALL_UNTIMED are a
 * BEGIN and its first OP. CALL alone: ticks. Then: slots, of 4 or 8 bytes each, padded; the region; offset and value of
 * the op, where it has them; of what leaves, the head bytes, padded, and where those are not all, before
 * them u64 digest. */
struct trace_event_call {
    uint16_t words;
    uint8_t type, call; /* enum operation */
    uint16_t import;
    uint8_t op, rule; /* kind of the op, and what allowed it */
};
static_assert(sizeof(struct trace_event_call) == 8, "docs/trace-format.md, CALL");
static_assert(OP_COUNT <= 256 && (int)RULE_COUNT <= 256 && (int)OPERATION_COUNT <= 256 && (int)WASI_ERRNO_COUNT <= 256,
              "a byte each");

/* `tells` of DONE and SILENT. */
enum {
    TRACE_TELLS_VALUES = 3,     /* how many values follow */
    TRACE_TELLS_RESULT = 4,     /* DONE: there is one value, the op's result, and it does not follow */
    TRACE_TELLS_NUMBERS = 8,    /* committed is the digest of the values */
    TRACE_TELLS_COMMITTED = 16, /* committed follows; it is 0 where neither is said */
    TRACE_TELLS_STAT = 32,      /* DONE: committed is the digest of the op's stat, written to the last slot */
    TRACE_TELLS_ALL = 63
};

/* The END of such a call, which succeeded. DONE alone: ticks. Then: the op's result; the values; committed; stat or
 * bytes as in END. */
struct trace_event_done {
    uint16_t words;
    uint8_t type, tells;
    uint32_t reserved;
};
static_assert(sizeof(struct trace_event_done) == 8, "docs/trace-format.md, DONE");

/* A whole call without ops, which succeeded. Then: slots as in CALL; the values; committed. */
struct trace_event_silent {
    uint16_t words;
    uint8_t type, call;
    uint16_t import, tells;
};
static_assert(sizeof(struct trace_event_silent) == 8, "docs/trace-format.md, SILENT");

/* BEGIN, END, EXIT, CALL and DONE carry ticks, all at the same place. */
enum { TRACE_TICKS_OFFSET = 8 };
static_assert(offsetof(struct trace_event_begin, ticks) == 8 && offsetof(struct trace_event_end, ticks) == 8 &&
                  offsetof(struct trace_event_exit, ticks) == 8,
              "docs/trace-format.md, Events");

static inline bool trace_event_has_ticks(uint8_t type)
{
    return type == TRACE_EVENT_BEGIN || type == TRACE_EVENT_END || type == TRACE_EVENT_EXIT ||
           type == TRACE_EVENT_CALL || type == TRACE_EVENT_DONE;
}

/* Whether a call begins, or ends, with such an event. SILENT is both. */
static inline bool trace_event_begins(uint8_t type)
{
    return type == TRACE_EVENT_BEGIN || type == TRACE_EVENT_CALL || type == TRACE_EVENT_CALL_UNTIMED ||
           type == TRACE_EVENT_SILENT;
}

static inline bool trace_event_ends(uint8_t type)
{
    return type == TRACE_EVENT_END || type == TRACE_EVENT_DONE || type == TRACE_EVENT_DONE_UNTIMED ||
           type == TRACE_EVENT_SILENT;
}

static inline size_t trace_pad8(size_t size) { return (size + 7) & ~(size_t)7; }

/* A result as END has it: its value; of an op that says how many system calls there were, the value in the low half and
 * that number in the high one. (Such a value is 0 or an errno.) */
static inline uint64_t trace_result_word(const struct op *op, const struct op_result *result)
{
    return abi_op_bit(op->kind) & ops_walk ? (uint32_t)result->value | (uint64_t)result->calls << 32
                                           : (uint64_t)result->value;
}

#endif
