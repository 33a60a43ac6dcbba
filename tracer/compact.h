/* What the compact events leave out, because it follows from the tables: of calls that carry scalars alone, or scalars
 * and one region, with one op or none. The writer's fast half and the decoder read the same two tables, generated from
 * operations.def and ops.def. docs/trace-format.md, Compact events. Internal to tracer/. */
#ifndef WARRANT_TRACER_COMPACT_H
#define WARRANT_TRACER_COMPACT_H

#include "tracer/format.h"

enum compact_form {
    COMPACT_NEVER,
    COMPACT_SCALARS, /* operation: it takes no strings and no arrays; op: no bytes of the guest's move */
    COMPACT_REGION   /* operation: it takes one vector, here of one region; op: the bytes of that region move */
};
enum { COMPACT_SLOTS = 5, COMPACT_RESULTS = 2 };

struct compact_row {
    uint8_t form;                    /* enum compact_form */
    uint8_t slots, bytes;            /* how many slots, and their bytes in an event: 4 of an i32, 8 of an i64 */
    uint8_t wide;                    /* bit n: slot n is an i64 */
    uint8_t results;                 /* scalar results of 4 or 8 bytes, where the operation has no others; else 0 */
    uint8_t result[COMPACT_RESULTS]; /* the slot that says where it goes */
    uint8_t result_wide;             /* bit n: result n has 8 bytes */
};
static_assert(sizeof(struct compact_row) == 8, "found in one step");
extern const struct compact_row compact_rows[OPERATION_COUNT];

struct compact_op {
    uint8_t form;          /* enum compact_form */
    uint8_t ticks;         /* its events carry ticks: 8 bytes, or 0 where the vDSO answers */
    uint8_t offset, value; /* bytes that `offset` and `value` take in the event, 8 or 0; then they are 0 */
    uint8_t on_handle;     /* 1: `handle` is the first slot; 0: HANDLE_NONE */
    uint8_t region;        /* 1: `mem` is the region itself; 0: elements of the vector, or nothing */
    uint8_t out, in;       /* enum op_bytes */
};
static_assert(sizeof(struct compact_op) == 8, "found in one step");
extern const struct compact_op compact_ops[OP_COUNT];

/* `mem` of an op that moves the bytes of `region`, or none. */
static inline struct region compact_mem(const struct compact_op *op, struct region region)
{
    if (op->form != COMPACT_REGION)
        return (struct region) { 0, 0 };
    return op->region ? region : (struct region) { 0, 1 };
}

/* What END calls committed, of a call that succeeded with these values. */
static inline uint64_t compact_committed(const struct compact_row *row, const uint64_t *slot, const uint64_t *value)
{
    uint64_t digest = 0;
    for (unsigned i = 0; i < row->results; i++) {
        uint64_t narrow = row->result_wide >> i & 1 ? value[i] : (uint32_t)value[i];
        digest = observer_digest_number(digest, slot[row->result[i]], narrow);
    }
    return digest;
}

/* The same of a call whose only result is the stat that its op brought, as it is, written to the last slot, which there
 * is. */
uint64_t compact_stat_committed(const struct compact_row *row, const uint64_t *slot, const struct filestat *stat);

#endif
