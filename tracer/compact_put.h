/* Compact events, put together piece by piece: what writer.c and writer_brief.c share. Expanded for each row, so that
 * the tables of compact.h are constants. Internal to those two. */
#ifndef WARRANT_TRACER_COMPACT_PUT_H
#define WARRANT_TRACER_COMPACT_PUT_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/compact_rows.h"
#include "tracer/long_digest.h"
#include "tracer/writer.h"

#define INLINE static inline __attribute__((always_inline))

enum {
    FEW_IN_MAX = 1024, /* bytes that entered, for which there is room already */
    OUT_MAX = 65536    /* bytes that leave and are hashed here */
};
static_assert(sizeof(struct trace_event_call) + sizeof(uint64_t) * (1 + COMPACT_SLOTS + 1 + 2 + 1) + TRACE_HEAD_BYTES +
                      sizeof(struct trace_event_done) + sizeof(uint64_t) * (2 + 1) + FEW_IN_MAX +
                      sizeof(struct filestat) <=
                  TRACE_WRITER_RESERVE,
              "the whole call fits");
static_assert((int)OUT_MAX <= (int)LIMIT_STAGING && (int)OUT_MAX <= (int)TRACE_KERNEL_MAX, "all of the region leaves");

/* The tables again, as constants. */
static const struct compact_row rows[OPERATION_COUNT] = {
#define OPERATION(id, ...) [OPERATION_##id] = COMPACT_ROW(id),
#include "wasi/abi/operations.def"
#undef OPERATION
};
static const struct compact_op kinds[OP_COUNT] = {
#define OP(id, text, syscall, calls, operands, object, right, table, effect, changes, out, in, ...)                    \
    [OP_##id] = COMPACT_OP(calls, operands, object, table, out, in),
#include "wasi/abi/ops.def"
#undef OP
};

/* ---- parts of events ---- */

INLINE uint64_t word_at(const void *at)
{
    uint64_t word;
    memcpy(&word, at, sizeof word);
    return word;
}

/* The first eight bytes: those of struct trace_event_call and its kin, as one number. */
INLINE void put_head(uint8_t *start, const uint8_t *end, enum trace_event_type type, uint64_t code, uint64_t low,
                     uint64_t high)
{
    event_put_u64(start, (uint64_t)(end - start) / 8 | (uint64_t)type << 16 | code << 24 | low << 32 | high << 48);
}

INLINE void put_slot(uint8_t *at, const struct compact_row *row, const uint64_t *slot, unsigned i)
{
    uint32_t narrow = (uint32_t)slot[i];
    if (i >= row->slots)
        return;
    at += 4 * i + 4 * (unsigned)__builtin_popcount(row->wide & ((1u << i) - 1));
    if (row->wide >> i & 1)
        event_put_u64(at, slot[i]);
    else
        memcpy(at, &narrow, sizeof narrow);
}

/* The slots, each as long as it is, padded. Returns where the event goes on. */
INLINE uint8_t *put_slots(uint8_t *at, const struct compact_row *row, const uint64_t *slot)
{
    static_assert(COMPACT_SLOTS == 5, "each has its line");
    put_slot(at, row, slot, 0);
    put_slot(at, row, slot, 1);
    put_slot(at, row, slot, 2);
    put_slot(at, row, slot, 3);
    put_slot(at, row, slot, 4);
    if (row->bytes % 8)
        memset(at + row->bytes, 0, sizeof(uint32_t));
    return at + trace_pad8(row->bytes);
}

/* An outcome's first word where the call succeeded, with this many values. */
static_assert(offsetof(struct outcome, value_count) == 6 && offsetof(struct outcome, value) == 8 && WASI_SUCCESS == 0,
              "read as one word");
INLINE bool succeeded(const struct outcome *outcome, uint64_t values) { return word_at(outcome) == values << 48; }

/* Up to 8 bytes, padded. Reads no others. size: not 0. Returns where the event goes on. */
INLINE uint8_t *put_few(uint8_t *at, const uint8_t *bytes, size_t size)
{
    event_put_u64(at, 0);
    if (size < sizeof(uint32_t)) {
        at[0] = bytes[0];
        at[size / 2] = bytes[size / 2];
        at[size - 1] = bytes[size - 1];
    } else {
        memcpy(at, bytes, sizeof(uint32_t));
        memcpy(at + size - sizeof(uint32_t), bytes + size - sizeof(uint32_t), sizeof(uint32_t));
    }
    return at + sizeof(uint64_t);
}

/* Bytes, padded. size: not 0. Returns where the event goes on. */
INLINE uint8_t *put_bytes(uint8_t *at, const uint8_t *bytes, size_t size)
{
    if (size <= sizeof(uint64_t))
        return put_few(at, bytes, size);
    event_put_u64(at + trace_pad8(size) - 8, 0);
    memcpy(at, bytes, size);
    return at + trace_pad8(size);
}

/* What is told of the bytes that leave: all of them, or a digest and the first. length: not 0. Returns where the event
 * goes on. */
INLINE uint8_t *put_out(uint8_t *at, const uint8_t *bytes, uint32_t length)
{
    if (length <= TRACE_HEAD_BYTES)
        return put_bytes(at, bytes, length);
    event_put_u64(at, length <= DIGEST_SHORT_MAX ? XXH3_64bits(bytes, length) : long_digest(bytes, length));
    memcpy(at + sizeof(uint64_t), bytes, TRACE_HEAD_BYTES);
    return at + sizeof(uint64_t) + TRACE_HEAD_BYTES;
}

/* ---- events ---- */

/* Shows the recorder the event from `start` to `at`, which is whole. */
INLINE void show(struct trace_writer *writer, uint8_t *start, const uint8_t *at)
{
    writer_advance(writer, start, (size_t)(at - start));
    writer_publish(writer);
}

/* Of a CALL at `start` what goes before the bytes that leave. Returns where the event goes on. */
INLINE uint8_t *put_call(uint8_t *start, const struct request *request, const struct op *op,
                         const struct compact_row *row, const struct compact_op *form)
{
    uint8_t *at = start + sizeof(struct trace_event_call);
    if (form->ticks)
        event_put_u64(at, platform_ticks());
    at = put_slots(at + form->ticks, row, request->slot);
    if (form->form == COMPACT_REGION) {
        event_put_u64(at, word_at(&request->iov[0]));
        at += sizeof request->iov[0];
    }
    if (form->offset)
        event_put_u64(at, op->offset);
    at += form->offset;
    if (form->value)
        event_put_u64(at, op->value);
    return at + form->value;
}

/* Writes its head, for the rest is written as far as `at`, and shows it. */
INLINE void show_call(struct trace_writer *writer, uint8_t *start, const uint8_t *at, const struct request *request,
                      const struct op *op, const struct compact_row *row, const struct compact_op *form)
{
    put_head(start, at, form->ticks ? TRACE_EVENT_CALL : TRACE_EVENT_CALL_UNTIMED, (uint64_t)(row - rows),
             request->import, (uint64_t)(form - kinds) | (uint64_t)op->rule << 8);
    writer->plan = 1 | TRACE_PLAN_COMPACT | (form->in != OP_BYTES_NONE ? TRACE_PLAN_BULKY : 0);
    show(writer, start, at);
}

/* The digest of what was committed, unless it is 0; *tells is what says so. Returns where the event goes on. */
INLINE uint8_t *put_committed(uint8_t *at, uint64_t committed, uint64_t *tells)
{
    if (committed == 0)
        return at;
    *tells = TRACE_TELLS_COMMITTED;
    event_put_u64(at, committed);
    return at + sizeof committed;
}

/* Writes a SILENT, for which there is room, and shows it. */
INLINE void show_silent(struct trace_writer *writer, const struct request *request, const struct outcome *outcome,
                        uint64_t committed, const struct compact_row *row)
{
    uint8_t *start = writer->at, *at = start + sizeof(struct trace_event_silent);
    uint64_t tells = row->results ? row->results | TRACE_TELLS_NUMBERS : 0;
    at = put_slots(at, row, request->slot);
    memcpy(at, outcome->value, row->results * sizeof(uint64_t));
    at += row->results * sizeof(uint64_t);
    if (row->results == 0)
        at = put_committed(at, committed, &tells);
    put_head(start, at, TRACE_EVENT_SILENT, (uint64_t)(row - rows), request->import, tells);
    show(writer, start, at);
}

/* Of a DONE at `start` what goes before what its op brought beside the result. Returns where the event goes on. */
INLINE uint8_t *put_done(uint8_t *start, int64_t result, const struct compact_op *form)
{
    uint8_t *at = start + sizeof(struct trace_event_done);
    if (form->ticks)
        event_put_u64(at, platform_ticks());
    at += form->ticks;
    event_put_u64(at, (uint64_t)result);
    return at + sizeof result;
}

/* The stat that its op brought, if it did. Returns where the event goes on. */
INLINE uint8_t *put_stat(uint8_t *at, const struct op_result *brought, const struct compact_op *form)
{
    if (form->in != OP_BYTES_STAT)
        return at;
    memcpy(at, &brought->stat, sizeof(struct filestat));
    return at + sizeof(struct filestat);
}

/* Writes its head, for the rest is written as far as `at`, and shows it. */
INLINE void show_done(struct trace_writer *writer, uint8_t *start, const uint8_t *at, uint64_t tells,
                      const struct compact_op *form)
{
    put_head(start, at, form->ticks ? TRACE_EVENT_DONE : TRACE_EVENT_DONE_UNTIMED, tells, 0, 0);
    writer->plan = 0;
    show(writer, start, at);
}

#endif
