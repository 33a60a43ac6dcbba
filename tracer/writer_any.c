/* The guest's side of the ring, its general half: waiting for room, strings and arrays, bytes that leave (their digest)
 * and bytes that enter (all of them).
 *
 * Leaves out: references to blocks that the guest has seen before. docs/trace-format.md, Events. */
#include "runtime/base/os.h"
#include "tracer/op_regions.h"
#include "tracer/writer.h"

enum { WAIT_NS = 20000000 };

enum status trace_writer_create(struct trace_ring *ring, struct trace_writer **ret, struct error *error)
{
    struct trace_writer *writer = &ring->writer;
    struct trace_ring_header *header = trace_ring_header(writer);
    uint64_t head = atomic_load_explicit(&header->head, memory_order_relaxed); /* nobody else writes it */
    if (head & 7)
        return error_set(error, STATUS_MALFORMED, "the recorder's ring holds no whole events");
    writer->at = trace_ring_data(writer) + (head & (TRACE_RING_BYTES - 1));
    writer->bias = head - (uint64_t)(uintptr_t)writer->at;
    /* The first event looks for room. Relaxed: a stop that was ordered before is in `state`. */
    atomic_store_explicit(&header->soft, 0, memory_order_relaxed);
    writer->plan = 0;
    ring_populate(trace_ring_data(writer), TRACE_RING_BYTES);
    *ret = writer;
    return STATUS_OK;
}

void trace_writer_free(struct trace_writer *writer)
{
    (void)writer; /* it lies in the mapping, which its owner unmaps */
}

static enum status writer_stopped_error(struct trace_writer *writer, struct error *error)
{
    uint32_t state = atomic_load_explicit(&trace_ring_header(writer)->state, memory_order_relaxed);
    if (state & TRACE_RING_DIED)
        return error_set(error, STATUS_STOPPED, "the recorder's process died");
    return error_set(error, STATUS_STOPPED, "the recording was ordered to stop");
}

/* Free bytes behind `at`, as far as is known now. */
static uint64_t writer_free_bytes(struct trace_writer *writer)
{
    /* Acquire: the recorder has read what lies before the tail, and only then may it be overwritten. */
    uint64_t tail = atomic_load_explicit(&trace_ring_header(writer)->tail, memory_order_acquire);
    uint64_t used = (uint64_t)(uintptr_t)writer->at + writer->bias - tail;
    return used <= TRACE_RING_BYTES ? TRACE_RING_BYTES - used : 0;
}

static enum status writer_wait(struct trace_writer *writer, size_t need, struct error *error)
{
    const struct timespec look_again = { 0, WAIT_NS };
    struct trace_ring_header *header = trace_ring_header(writer);
    writer_publish(writer); /* a whole event that is not visible yet could be what the recorder waits for */
    while (writer_free_bytes(writer) < need) {
        if (writer_stopped(writer))
            return writer_stopped_error(writer, error);
        /* Sequentially consistent, against the recorder's store of tail and load of waiting: one of the two sees the
         * other's. */
        atomic_store_explicit(&header->waiting, 1, memory_order_seq_cst);
        atomic_thread_fence(memory_order_seq_cst);
        if (writer_free_bytes(writer) < need)
            os_wait_on(&header->waiting, 1, &look_again);
    }
    atomic_store_explicit(&header->waiting, 0, memory_order_relaxed);
    return STATUS_OK;
}

enum status writer_written(struct trace_writer *writer, struct error *error)
{
    const struct timespec look_again = { 0, WAIT_NS };
    struct trace_ring_header *header = trace_ring_header(writer);
    while (writer_free_bytes(writer) < TRACE_RING_BYTES) {
        if (writer_stopped(writer))
            return writer_stopped_error(writer, error);
        /* As in writer_wait. Here the recorder does not write before it sees that somebody waits: so it is woken. */
        atomic_store_explicit(&header->waiting, 1, memory_order_seq_cst);
        atomic_thread_fence(memory_order_seq_cst);
        if (writer_free_bytes(writer) < TRACE_RING_BYTES) {
            os_wake(&header->waiting);
            os_wait_on(&header->waiting, 1, &look_again);
        }
    }
    atomic_store_explicit(&header->waiting, 0, memory_order_relaxed);
    return STATUS_OK;
}

enum status writer_room(struct trace_writer *writer, size_t size, struct error *error)
{
    uint8_t *data = trace_ring_data(writer);
    if (writer->at >= data + TRACE_RING_BYTES) {
        writer->at -= TRACE_RING_BYTES;
        writer->bias += TRACE_RING_BYTES;
    }
    size_t need = size + TRACE_WRITER_RESERVE;
    enum status status = writer_free_bytes(writer) < need ? writer_wait(writer, need, error) : STATUS_OK;
    if (status != STATUS_OK)
        return status;
    uint64_t free_bytes = writer_free_bytes(writer) - TRACE_WRITER_RESERVE;
    uint64_t wrap = (uint64_t)(data + TRACE_RING_BYTES - 1 - writer->at);
    uint64_t stride = free_bytes < wrap ? free_bytes : wrap;
    stride = stride < size + TRACE_WRITER_STRIDE ? stride : size + TRACE_WRITER_STRIDE;
    /* Sequentially consistent, against trace_ring_stop, which stores state and then soft. */
    atomic_store_explicit(&trace_ring_header(writer)->soft, (uint64_t)(uintptr_t)writer->at + stride,
                          memory_order_seq_cst);
    return writer_stopped(writer) ? writer_stopped_error(writer, error) : STATUS_OK;
}

/* ---- BEGIN ---- */

static uint8_t *put_strings(uint8_t *at, const struct request *request, size_t bytes)
{
    event_put_u64(at + trace_pad8(bytes) - 8, 0); /* the padding; overwritten where there is none */
    for (unsigned i = 0; i < request->string_count; i++) {
        memcpy(at, request->bytes + request->string[i].offset, request->string[i].length);
        at += request->string[i].length;
    }
    return at;
}

static uint8_t *put_subscriptions(uint8_t *at, const struct subscription *subscription, size_t count)
{
    for (size_t i = 0; i < count; i++, at += sizeof *subscription) {
        memcpy(at, &subscription[i], sizeof *subscription);
        at[sizeof *subscription - 1] = 0; /* padding */
    }
    return at;
}

static enum status put_begin(struct trace_writer *writer, const struct request *request, struct error *error)
{
    const struct operation_row *row = &abi_operations[request->call];
    const struct trace_carries *carries = &trace_request_carries[request->call];
    bool whole = request->fault == FAULT_NONE; /* behind a fault nothing is set */
    struct trace_event_begin begin = {
        .fault = request->fault,
        .import = request->import,
        .iovs = (uint16_t)(whole && carries->iovs ? request->iov_count : 0),
        .subscriptions = (uint16_t)(whole && carries->subscriptions ? request->subscription_count : 0),
    };
    unsigned strings = whole && carries->strings ? request->string_count : 0;
    size_t bytes = 0;
    for (unsigned i = 0; i < strings; i++)
        bytes += request->string[i].length;
    if (strings > REQUEST_STRINGS || bytes > REQUEST_BYTES || begin.iovs > LIMIT_IOVECS ||
        begin.subscriptions > LIMIT_SUBSCRIPTIONS)
        return error_set(error, STATUS_INTERNAL, "a request of %s is larger than any may be", row->name);
    size_t size = sizeof begin + row->slot_count * sizeof(uint64_t) + (strings ? 8u : 0u) +
                  begin.iovs * sizeof(struct region) + begin.subscriptions * sizeof(struct subscription) +
                  (whole && carries->address ? sizeof request->address : 0) + trace_pad8(bytes);
    enum status status = writer_ensure(writer, size, error);
    if (status != STATUS_OK)
        return status;
    uint8_t *start = writer->at, *at = start + sizeof begin;
    begin.ticks = platform_ticks();
    memcpy(start, &begin, sizeof begin);
    event_put_head(start, event_head(size, TRACE_EVENT_BEGIN, request->call));
    memcpy(at, request->slot, row->slot_count * sizeof(uint64_t));
    at += row->slot_count * sizeof(uint64_t);
    if (strings) {
        uint64_t lengths = request->string[0].length;
        event_put_u64(at, strings > 1 ? lengths | (uint64_t)request->string[1].length << 32 : lengths);
        at += 8;
    }
    memcpy(at, request->iov, begin.iovs * sizeof(struct region));
    at = put_subscriptions(at + begin.iovs * sizeof(struct region), request->subscription, begin.subscriptions);
    if (whole && carries->address) {
        memcpy(at, &request->address, sizeof request->address);
        at += sizeof request->address;
    }
    if (bytes)
        put_strings(at, request, bytes);
    writer_advance(writer, start, size);
    return STATUS_OK;
}

/* ---- OP ---- */

enum status writer_op_any(struct trace_writer *writer, const struct request *request, const struct op *op,
                          const struct backend_space *space, struct error *error)
{
    size_t size = sizeof(struct trace_event_op);
    struct trace_op_data out;
    if (trace_op_out(request, op, space, &out) != STATUS_OK)
        return error_set(error, STATUS_INTERNAL, "an op takes bytes from outside the guest's memory");
    bool leaves = (abi_op_bit(op->kind) & ops_out) != 0;
    size_t head_bytes = trace_pad8(out.out_head_length);
    if (leaves)
        size += sizeof(struct trace_event_out) + head_bytes;
    enum status status = writer->plan == 0 ? put_begin(writer, request, error) : STATUS_OK;
    if (status == STATUS_OK)
        status = writer_ensure(writer, size, error);
    if (status != STATUS_OK)
        return status;
    uint8_t *at = writer->at;
    event_put_head(at, event_head(size, TRACE_EVENT_OP, 0));
    memcpy(at + 8, op, sizeof *op);
    if (leaves) {
        memset(out.out_head + out.out_head_length, 0, head_bytes - out.out_head_length);
        event_put_u64(at + 64, out.out_digest);
        event_put_u64(at + 72, out.out_length | (uint64_t)out.out_head_length << 32);
        memcpy(at + 80, out.out_head, sizeof out.out_head);
    }
    writer->plan = (writer->plan + 1) | (abi_op_bit(op->kind) & (ops_in | ops_walk) ? TRACE_PLAN_BULKY : 0);
    writer_advance(writer, at, size);
    writer_publish(writer);
    return STATUS_OK;
}

/* ---- DATA and END ---- */

/* Bytes of one op that are kept. */
static uint64_t kept_bytes(const struct request *request, const struct call_ops *ops, unsigned index)
{
    return trace_op_dropped(ops, index) ? 0 : trace_op_in_length(request, &ops->op[index], ops->result[index].value);
}

/* Those of them that its END carries itself. */
static size_t inline_bytes(const struct request *request, const struct call_ops *ops, unsigned index)
{
    uint64_t length = kept_bytes(request, ops, index);
    return length <= TRACE_INLINE_MAX ? (size_t)length : 0;
}

/* Where in the staging buffer an op's data begins; the backend has checked it. */
static uint64_t staged_at(const struct op *op) { return abi_ops[op->kind].in == OP_BYTES_ENTRIES ? op->offset : 0; }

static void copy_in(const struct op *op, const struct backend_space *space, struct gather *gather, uint64_t done,
                    uint8_t *to, size_t count)
{
    if (abi_bytes_staged(abi_ops[op->kind].in))
        memcpy(to, space->staging + staged_at(op) + done, count);
    else
        gather_bytes(gather, space->memory, to, count);
}

static enum status put_data(struct trace_writer *writer, const struct request *request, const struct op *op,
                            unsigned index, uint64_t length, const struct backend_space *space, struct error *error)
{
    struct gather gather = { op_pieces(request, op), 0 };
    for (uint64_t done = 0; done < length;) {
        size_t part = length - done < TRACE_DATA_MAX ? (size_t)(length - done) : TRACE_DATA_MAX;
        size_t size = sizeof(struct trace_event_data) + trace_pad8(part);
        enum status status = writer_ensure(writer, size, error);
        if (status != STATUS_OK)
            return status;
        uint8_t *at = writer->at;
        event_put_u64(at + size - 8, 0); /* the padding, where there is some */
        event_put_head(at, event_head(size, TRACE_EVENT_DATA, index));
        event_put_u64(at + 8, part);
        copy_in(op, space, &gather, done, at + sizeof(struct trace_event_data), part);
        writer_advance(writer, at, size);
        writer_publish(writer);
        done += part;
    }
    return STATUS_OK;
}

static uint8_t *put_payload(uint8_t *at, const struct request *request, const struct call_ops *ops,
                            const struct backend_space *space)
{
    for (unsigned i = 0; i < ops->count; i++) {
        const struct op *op = &ops->op[i];
        int64_t value = ops->result[i].value;
        if (abi_ops[op->kind].in == OP_BYTES_STAT && value >= 0) {
            memcpy(at, &ops->result[i].stat, sizeof(struct filestat));
            at += sizeof(struct filestat);
            continue;
        }
        if (abi_brings_address((enum op_bytes)abi_ops[op->kind].in) && value >= 0) {
            memcpy(at, &ops->result[i].address, sizeof(struct net_address));
            at += sizeof(struct net_address);
        }
        size_t count = inline_bytes(request, ops, i);
        if (!count)
            continue;
        event_put_u64(at + trace_pad8(count) - 8, 0);
        struct gather gather = { op_pieces(request, op), 0 };
        copy_in(op, space, &gather, 0, at, count);
        at += trace_pad8(count);
    }
    return at;
}

/* Sends the large data ahead; *ret_size: bytes of the END event's payload. */
static enum status prepare_payload(struct trace_writer *writer, const struct request *request,
                                   const struct call_ops *ops, const struct backend_space *space, size_t *ret_size,
                                   struct error *error)
{
    size_t size = 0;
    for (unsigned i = 0; i < ops->count; i++) {
        const struct op *op = &ops->op[i];
        int64_t value = ops->result[i].value;
        uint64_t length = kept_bytes(request, ops, i);
        if (length && abi_bytes_in_regions(abi_ops[op->kind].in) &&
            !pieces_in_memory(op_pieces(request, op), space->memory_size))
            return error_set(error, STATUS_INTERNAL, "an op brought bytes to outside the guest's memory");
        if (length && abi_bytes_staged(abi_ops[op->kind].in) && staged_at(op) > BACKEND_STAGING - length)
            return error_set(error, STATUS_INTERNAL, "an op brought bytes to outside the staging buffer");
        if (length > TRACE_INLINE_MAX) {
            enum status status = put_data(writer, request, op, i, length, space, error);
            if (status != STATUS_OK)
                return status;
        }
        size += abi_ops[op->kind].in == OP_BYTES_STAT && value >= 0 ? sizeof(struct filestat) : 0;
        size += abi_brings_address((enum op_bytes)abi_ops[op->kind].in) && value >= 0 ? sizeof(struct net_address) : 0;
        size += trace_pad8(inline_bytes(request, ops, i));
    }
    *ret_size = size;
    return STATUS_OK;
}

enum status writer_end_any(struct trace_writer *writer, const struct request *request, const struct call_ops *ops,
                           const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                           struct error *error)
{
    uint32_t plan = writer->plan;
    bool bulky = (plan & TRACE_PLAN_BULKY) != 0;
    writer->plan = 0;
    if (ops->count > LIMIT_OPS || outcome->value_count > 2)
        return error_set(error, STATUS_INTERNAL, "a call has more ops or values than any may have");
    size_t size = 0;
    enum status status = plan == 0 ? put_begin(writer, request, error) : STATUS_OK;
    if (status == STATUS_OK && bulky)
        status = prepare_payload(writer, request, ops, space, &size, error);
    if (status == STATUS_OK) {
        size +=
            sizeof(struct trace_event_end) + ops->count * sizeof(uint64_t) + outcome->value_count * sizeof(uint64_t);
        status = writer_ensure(writer, size, error);
    }
    if (status != STATUS_OK)
        return status;
    uint8_t *start = writer->at, *at = start + sizeof(struct trace_event_end);
    event_put_head(start, event_head(size, TRACE_EVENT_END, ops->count));
    event_put_u64(start + 8, platform_ticks());
    memcpy(start + 16, outcome, 8);
    event_put_u64(start + 24, committed);
    for (unsigned i = 0; i < ops->count; i++, at += 8)
        event_put_u64(at, trace_result_word(&ops->op[i], &ops->result[i]));
    memcpy(at, outcome->value, outcome->value_count * sizeof(uint64_t));
    at += outcome->value_count * sizeof(uint64_t);
    if (bulky)
        put_payload(at, request, ops, space);
    writer_advance(writer, start, size);
    writer_publish(writer);
    return STATUS_OK;
}

enum status trace_writer_exit(struct trace_writer *writer, const struct trace_exit *exit)
{
    struct trace_event_exit event = { .outcome = exit->outcome,
                                      .exit_code = exit->exit_code,
                                      .trap = exit->trap,
                                      .function = exit->function,
                                      .offset = exit->offset,
                                      .frames = exit->stack.depth,
                                      .instructions = exit->instructions };
    const size_t frames = call_stack_kept(event.frames) * sizeof exit->stack.place[0];
    enum status status = writer_ensure(writer, sizeof event + frames, NULL);
    if (status != STATUS_OK)
        return status;
    event.ticks = platform_ticks();
    memcpy(writer->at, &event, sizeof event);
    memcpy(writer->at + sizeof event, exit->stack.place, frames);
    event_put_head(writer->at, event_head(sizeof event + frames, TRACE_EVENT_EXIT, 0));
    writer_advance(writer, writer->at, sizeof event + frames);
    writer_publish(writer);
    return STATUS_OK;
}
