/* The writer from within: what its fast and its slow half share. Internal to tracer/. */
#ifndef WARRANT_TRACER_WRITER_H
#define WARRANT_TRACER_WRITER_H

#include <string.h>
#include "tracer/format.h"
#include "tracer/ring.h"

/* In `plan`, beside the count of ops. */
#define TRACE_PLAN_BULKY   UINT32_C(0x10000) /* one of them brought data, or counts */
#define TRACE_PLAN_COMPACT UINT32_C(0x20000) /* a CALL told of the first */
#define TRACE_PLAN_COUNT   UINT32_C(0xffff)

static inline uint32_t event_head(size_t size, enum trace_event_type type, uint32_t code)
{
    return (uint32_t)(size / 8) | (uint32_t)type << 16 | code << 24;
}

/* Version 1 has one instance and one thread, both 0. */
static inline void event_put_head(uint8_t *at, uint64_t head) { memcpy(at, &head, sizeof head); }

static inline void event_put_u64(uint8_t *at, uint64_t v) { memcpy(at, &v, sizeof v); }

/* Moves behind `size` bytes of an event, which stays invisible until writer_publish. */
static inline void writer_advance(struct trace_writer *writer, uint8_t *at, size_t size) { writer->at = at + size; }

/* Shows the recorder everything up to `at`. Release: the events' bytes must be there before the new head is. */
static inline void writer_publish(struct trace_writer *writer)
{
    atomic_store_explicit(&trace_ring_header(writer)->head, (uint64_t)(uintptr_t)writer->at + writer->bias,
                          memory_order_release);
}

/* Did somebody order a stop, or did the recorder die? Relaxed: the flag is all that is communicated. */
static inline bool writer_stopped(struct trace_writer *writer)
{
    uint32_t state = atomic_load_explicit(&trace_ring_header(writer)->state, memory_order_relaxed);
    return (state & (TRACE_RING_STOP | TRACE_RING_DIED)) != 0;
}

/* Must `at` be looked at more closely before a simple call is written there? Relaxed: the room behind soft was acquired
 * with the tail when soft was computed; a stop communicates nothing but itself. */
static inline bool writer_full(struct trace_writer *writer, const uint8_t *at)
{
    return (uint64_t)(uintptr_t)at > atomic_load_explicit(&trace_ring_header(writer)->soft, memory_order_relaxed);
}

/* Waits until `size` bytes and the reserve behind them are free. STOPPED. size: at most TRACE_EVENT_BYTES_MAX. */
MUST_USE enum status writer_room(struct trace_writer *writer, size_t size, struct error *error);
/* The same, where that is known already. */
MUST_USE static inline enum status writer_ensure(struct trace_writer *writer, size_t size, struct error *error)
{
    if (__builtin_expect(!writer_full(writer, writer->at + size), 1))
        return STATUS_OK;
    return writer_room(writer, size, error);
}

/* Waits until the recorder has all that was published. STOPPED. */
MUST_USE enum status writer_written(struct trace_writer *writer, struct error *error);

/* The general forms, for what the compact events do not tell of. */
MUST_USE enum status writer_op_any(struct trace_writer *writer, const struct request *request, const struct op *op,
                                   const struct backend_space *space, struct error *error);
MUST_USE enum status writer_end_any(struct trace_writer *writer, const struct request *request,
                                    const struct call_ops *ops, const struct outcome *outcome,
                                    const struct backend_space *space, uint64_t committed, struct error *error);

/* The compact events once more, for calls of which the caller promises their form (writer_brief.c). */
extern const struct wasi_observer_brief writer_brief[OPERATION_COUNT];

#endif
