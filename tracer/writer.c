/* The guest's side of the ring, its fast half: hostcalls whose events have a fixed form, which are most.
 *
 * Each event is written where it stays. The BEGIN is written with the first OP, before that op is performed, or with
 * the END of a call without ops: nothing outside the process changes earlier, and one call of the observer is saved. It
 * checks once for room for a whole simple call, so that the END needs no check. Copies may write a few bytes behind an
 * event, into reserved room that nobody sees yet: a fixed copy is cheaper than an exact one. Reads and writes of one
 * region are in writer_vector.c, the general forms in writer_any.c.
 *
 * Leaves out: instances and threads other than 0. docs/trace-format.md, Events. */
#include "tracer/writer.h"

enum { END_SIMPLE = sizeof(struct trace_event_end) + 8 /* of one op, without values */ };

static enum status observe_op(void *self, const struct request *request, const struct op *op,
                              const struct backend_space *space, struct error *error)
{
    struct trace_writer *writer = self;
    uint64_t head = writer_rows[request->call].simple;
    uint8_t *at = writer->at;
    __asm__("" : "+r"(head)); /* else the compiler tests the table's zeros by a longer way */
    if (__builtin_expect(!head || writer_full(writer, at), 0))
        return writer_op_vector(writer, request, op, space, error);
    event_put_head(at, head);
    event_put_u64(at + 8, platform_ticks());
    event_put_u64(at + 16, writer_fault_import(request)); /* no iovs, no subscriptions */
    memcpy(at + 24, request->slot, WRITER_SIMPLE_SLOTS * sizeof(uint64_t));
    at += (head & 0xffff) * sizeof(uint64_t);
    event_put_head(at, event_head(sizeof(struct trace_event_op), TRACE_EVENT_OP, 0));
    memcpy(at + 8, op, sizeof *op);
    writer->plan = 1;
    writer_advance(writer, at, sizeof(struct trace_event_op));
    writer_publish(writer);
    return STATUS_OK;
}

static enum status observe_end(void *self, const struct request *request, const struct call_ops *ops,
                               const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                               struct error *error)
{
    struct trace_writer *writer = self;
    if (__builtin_expect(--writer->plan != 0, 0)) /* back to 0, for the next call */
        return writer_end_vector(writer, request, ops, outcome, space, committed, error);
    uint8_t *at = writer->at;
    uint64_t told;
    memcpy(&told, outcome, sizeof told); /* errno, rule, trap, value_count */
    uint64_t values = told >> 48;
    event_put_head(at, event_head(END_SIMPLE, TRACE_EVENT_END, 1) + values);
    event_put_u64(at + 8, platform_ticks());
    event_put_u64(at + 16, told);
    event_put_u64(at + 24, committed);
    event_put_u64(at + 32, (uint64_t)ops->result[0].value);
    memcpy(at + 40, outcome->value, sizeof outcome->value);
    writer_advance(writer, at, END_SIMPLE + values * 8);
    writer_publish(writer);
    return STATUS_OK;
}

struct wasi_observer trace_writer_observer(struct trace_writer *writer)
{
    return (struct wasi_observer) { writer, NULL, observe_op, observe_end };
}
