/* The guest's side of the ring for reads and writes of one region, the commonest calls that carry bytes: the same
 * events as the general half writes, built where they stay. Whatever is not of this form goes to the general half.
 *
 * One check of room covers BEGIN, OP and END, as in the fast half, because bytes that enter are few here.
 * docs/trace-format.md, Events. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/writer.h"

enum {
    VECTOR_IN_MAX = 1024,  /* bytes that entered and are copied here */
    VECTOR_OUT_MAX = 65536 /* bytes that leave and are hashed here */
};
static_assert(sizeof(struct trace_event_begin) + sizeof(uint64_t) * (WRITER_VECTOR_SLOTS + 1) +
                      sizeof(struct trace_event_op) + sizeof(struct trace_event_out) + TRACE_HEAD_BYTES +
                      sizeof(struct trace_event_end) + sizeof(uint64_t) * (1 + 2) + VECTOR_IN_MAX <=
                  TRACE_WRITER_RESERVE,
              "the whole call fits");
static_assert((int)VECTOR_OUT_MAX <= (int)LIMIT_STAGING && (int)VECTOR_OUT_MAX <= (int)TRACE_KERNEL_MAX,
              "all of the region leaves");
static_assert((int)VECTOR_IN_MAX <= (int)TRACE_INLINE_MAX, "END carries them");

/* Is the op's data the request's one region, and does that lie in memory? An op on a vector says that it is all of it;
 * the others carry the region. */
static bool one_region(const struct request *request, const struct op *op, const struct backend_space *space)
{
    static const struct region all = { 0, 1 };
    const struct region *want = abi_op_bit(op->kind) & ops_vector ? &all : &request->iov[0];
    return request->iov_count == 1 && (abi_op_bit(op->kind) & (ops_vector | ops_region)) &&
           memcmp(&op->mem, want, sizeof *want) == 0 &&
           (uint64_t)request->iov[0].offset + request->iov[0].length <= space->memory_size;
}

/* What the OP says of the bytes that leave. Returns how much longer it is for that. */
static size_t put_out(uint8_t *at, const uint8_t *bytes, uint32_t length)
{
    uint32_t head = length < TRACE_HEAD_BYTES ? length : TRACE_HEAD_BYTES;
    event_put_u64(at, XXH3_64bits(bytes, length));
    event_put_u64(at + 8, length | (uint64_t)head << 32);
    if (head == TRACE_HEAD_BYTES) {
        memcpy(at + 16, bytes, TRACE_HEAD_BYTES);
    } else {
        event_put_u64(at + 16 + trace_pad8(head) - 8, 0); /* the padding; length is not 0 */
        memcpy(at + 16, bytes, head);
    }
    return sizeof(struct trace_event_out) + trace_pad8(head);
}

enum status writer_op_vector(struct trace_writer *writer, const struct request *request, const struct op *op,
                             const struct backend_space *space, struct error *error)
{
    uint64_t head = writer_rows[request->call].vector;
    uint8_t *at = writer->at;
    const struct region region = request->iov[0];
    if (!head || request->fault != FAULT_NONE || writer->plan != 0 || !one_region(request, op, space) ||
        region.length - 1 >= VECTOR_OUT_MAX || writer_full(writer, at))
        return writer_op_any(writer, request, op, space, error);
    event_put_head(at, head);
    event_put_u64(at + 8, platform_ticks());
    event_put_u64(at + 16, writer_fault_import(request) | (uint64_t)1 << 32); /* one iov */
    memcpy(at + 24, request->slot, WRITER_VECTOR_SLOTS * sizeof(uint64_t));
    at += (head & 0xffff) * 8;
    memcpy(at - 8, &region, sizeof region);
    size_t size = sizeof(struct trace_event_op);
    memcpy(at + 8, op, sizeof *op);
    writer->plan = abi_op_bit(op->kind) & ops_in ? 1 | TRACE_PLAN_BULKY : 1;
    if (abi_op_bit(op->kind) & ops_out)
        size += put_out(at + size, space->memory + region.offset, region.length);
    event_put_head(at, event_head(size, TRACE_EVENT_OP, 0));
    writer_advance(writer, at, size);
    writer_publish(writer);
    return STATUS_OK;
}

enum status writer_end_vector(struct trace_writer *writer, const struct request *request, const struct call_ops *ops,
                              const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                              struct error *error)
{
    int64_t value = ops->result[0].value;
    uint8_t *at = writer->at;
    /* The fast half has counted the plan down by one. */
    if (writer->plan != TRACE_PLAN_BULKY || ops->count != 1 || !writer_rows[request->call].vector ||
        outcome->value_count > 2 || !(abi_op_bit(ops->op[0].kind) & ops_in) ||
        !one_region(request, &ops->op[0], space) || value > VECTOR_IN_MAX ||
        (value > 0 && (uint64_t)value > request->iov[0].length) || writer_full(writer, at))
        return writer_end_any(writer, request, ops, outcome, space, committed, error);
    size_t length = value > 0 ? (size_t)value : 0,
           fixed = sizeof(struct trace_event_end) + 8 + outcome->value_count * sizeof(uint64_t);
    size_t size = fixed + trace_pad8(length);
    event_put_head(at, event_head(size, TRACE_EVENT_END, 1));
    event_put_u64(at + 8, platform_ticks());
    memcpy(at + 16, outcome, 8);
    event_put_u64(at + 24, committed);
    event_put_u64(at + 32, (uint64_t)value);
    memcpy(at + 40, outcome->value, sizeof outcome->value);
    if (length) {
        event_put_u64(at + size - 8, 0); /* the padding, where there is some */
        memcpy(at + fixed, space->memory + request->iov[0].offset, length);
    }
    writer->plan = 0;
    writer_advance(writer, at, size);
    writer_publish(writer);
    return STATUS_OK;
}
