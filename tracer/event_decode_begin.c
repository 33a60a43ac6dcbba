/* BEGIN and OP: what a guest asked for, and what was decided to be done. Strings, arrays and addresses are held against
 * what the operation takes; an op's regions, paths and handles against what they point into.
 * docs/trace-format.md, Events. */
#include "tracer/event_decode_inner.h"

/* ---- BEGIN ---- */

enum status event_take_address(struct cursor *cursor, struct net_address *ret, const char **ret_why)
{
    enum status status = event_bounded(event_take(cursor, ret, sizeof *ret), ret_why);
    if (status == STATUS_OK && (ret->zero != 0 || (ret->family != NET_NONE && net_sockaddr_length(ret->family) == 0)))
        return event_bad(ret_why, "an address of no known family");
    return status;
}

static enum status check_begin(const struct trace_event_begin *begin, const struct trace_carries *carries,
                               const char **ret_why)
{
    if (begin->fault > FAULT_PATH_LONG)
        return event_bad(ret_why, "no such fault");
    if (begin->iovs > (carries->iovs ? LIMIT_IOVECS : 0) ||
        begin->subscriptions > (carries->subscriptions ? LIMIT_SUBSCRIPTIONS : 0))
        return event_bad(ret_why, "a longer array than the hostcall takes");
    return STATUS_OK;
}

static enum status take_strings(struct cursor *cursor, struct request *request, const uint32_t *lengths)
{
    uint64_t sum = 0;
    for (unsigned i = 0; i < request->string_count; i++) {
        if (sum + lengths[i] > REQUEST_BYTES)
            return STATUS_LIMIT;
        request->string[i] = (struct region) { (uint32_t)sum, lengths[i] };
        sum += lengths[i];
    }
    enum status status = event_take(cursor, request->bytes, (size_t)sum);
    return status == STATUS_OK ? event_pass_padding(cursor, (size_t)sum) : status;
}

enum status event_request_start(struct request *request, uint32_t operation, uint16_t import, const char **ret_why)
{
    if (import >= IMPORT_COUNT || abi_imports[import].operation != operation)
        return event_bad(ret_why, "its import does not lower into its operation");
    request->call = operation;
    request->fault = FAULT_NONE;
    request->instance = request->thread = 0;
    request->import = import;
    request->string_count = request->iov_count = request->subscription_count = 0;
    memset(request->slot, 0, sizeof request->slot);
    memset(request->string, 0, sizeof request->string);
    memset(&request->address, 0, sizeof request->address);
    return STATUS_OK;
}

void event_call_open(struct event_decoder *decoder, struct trace_call *call, uint64_t ticks, bool timed)
{
    decoder->now += ticks;
    decoder->begin_now = decoder->now;
    decoder->open = true;
    decoder->data_began = false;
    buffer_clear(&decoder->arena);
    call->ticks = decoder->now;
    call->timed = timed;
    call->duration = call->committed = 0;
    call->complete = false;
    call->ops.count = 0;
    memset(&call->outcome, 0, sizeof call->outcome);
}

enum status event_decode_begin(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                               const char **ret_why)
{
    struct trace_event_begin begin;
    struct trace_carries carries = { 0 }; /* behind a fault: nothing */
    enum status status = event_bounded(event_take(cursor, &begin, sizeof begin), ret_why);
    if (status == STATUS_OK && begin.head.code >= OPERATION_COUNT)
        return event_bad(ret_why, "no such hostcall");
    struct request *request = &call->request;
    if (status == STATUS_OK)
        status = event_request_start(request, begin.head.code, begin.import, ret_why);
    if (status == STATUS_OK && begin.fault == FAULT_NONE)
        carries = trace_request_carries[begin.head.code];
    if (status == STATUS_OK)
        status = check_begin(&begin, &carries, ret_why);
    if (status != STATUS_OK)
        return status;
    uint32_t lengths[REQUEST_STRINGS] = { 0, 0 }, slots = abi_operations[begin.head.code].slot_count;
    request->fault = begin.fault;
    request->instance = begin.head.instance;
    request->thread = begin.head.thread;
    request->string_count = carries.strings;
    request->iov_count = begin.iovs;
    request->subscription_count = begin.subscriptions;
    status = event_take(cursor, request->slot, slots * sizeof(uint64_t));
    for (uint32_t i = 0; i < slots && status == STATUS_OK; i++)
        if (request->slot[i] > UINT32_MAX && !(trace_request_carries[begin.head.code].wide >> i & 1))
            return event_bad(ret_why, "an i32 of more than 32 bits");
    if (status == STATUS_OK && carries.strings)
        status = event_take(cursor, lengths, sizeof lengths);
    if (status == STATUS_OK)
        status = event_take(cursor, request->iov, begin.iovs * sizeof(struct region));
    if (status == STATUS_OK)
        status = event_take(cursor, request->subscription, begin.subscriptions * sizeof(struct subscription));
    if (status == STATUS_OK && carries.address)
        status = event_take_address(cursor, &request->address, ret_why);
    if (status == STATUS_MALFORMED)
        return status;
    if (status == STATUS_OK)
        status = take_strings(cursor, request, lengths);
    if (status != STATUS_OK)
        return event_bounded(status, ret_why);
    decoder->compact = false;
    event_call_open(decoder, call, begin.ticks, true);
    return STATUS_OK;
}

/* ---- OP ---- */

static bool inside(struct region region, uint64_t size) { return (uint64_t)region.offset + region.length <= size; }

static bool handle_is_possible(uint32_t handle) { return handle < HANDLES_TOTAL || handle == HANDLE_NONE; }

enum status event_check_op(const struct op *op, const struct request *request, const char **ret_why)
{
    if (op->kind >= OP_COUNT)
        return event_bad(ret_why, "no such op");
    if (op->rule >= RULE_COUNT)
        return event_bad(ret_why, "no such rule");
    if (!handle_is_possible(op->handle) || !handle_is_possible(op->handle2))
        return event_bad(ret_why, "no handle has such a number");
    const struct op_row *row = &abi_ops[op->kind];
    uint64_t bytes = 0;
    for (unsigned i = 0; i < request->string_count; i++)
        bytes += request->string[i].length;
    if ((abi_op_has(row, OPERAND_PATH) && !inside(op->path, bytes)) ||
        (abi_op_has(row, OPERAND_PATH2) && !inside(op->path2, bytes)))
        return event_bad(ret_why, "its path lies outside the request's bytes");
    uint64_t space = abi_op_bit(op->kind) & ops_vector ? request->iov_count : UINT64_C(1) << 32;
    return inside(op->mem, space) ? STATUS_OK : event_bad(ret_why, "its memory lies outside what the request names");
}

static enum status take_out(struct cursor *cursor, struct trace_op_data *data, const char **ret_why)
{
    struct trace_event_out out;
    enum status status = event_take(cursor, &out, sizeof out);
    if (status == STATUS_OK && out.head_length != (out.length < TRACE_HEAD_BYTES ? out.length : TRACE_HEAD_BYTES))
        return event_bad(ret_why, "another number of head bytes than there are");
    if (status == STATUS_OK)
        status = event_take(cursor, data->out_head, out.head_length);
    if (status == STATUS_OK)
        status = event_pass_padding(cursor, out.head_length);
    if (status != STATUS_OK)
        return event_bounded(status, ret_why);
    data->out_digest = out.digest;
    data->out_length = out.length;
    data->out_head_length = out.head_length;
    return STATUS_OK;
}

void event_op_add(struct event_decoder *decoder, struct trace_call *call, const struct op *op,
                  const struct trace_op_data *data)
{
    uint32_t index = call->ops.count++;
    call->ops.op[index] = *op;
    call->ops.result[index].value = call->ops.result[index].calls = 0;
    call->data[index] = *data;
    decoder->data[index] = (struct decoder_data) { 0, 0, 0 };
}

enum status event_decode_op(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                            const char **ret_why)
{
    if (!decoder->open || decoder->data_began)
        return event_bad(ret_why, "an op outside a call");
    if (call->ops.count >= LIMIT_OPS)
        return event_bad(ret_why, "more ops than a call may have");
    struct trace_event_op event;
    enum status status = event_bounded(event_take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    status = event_check_op(&event.op, &call->request, ret_why);
    if (status != STATUS_OK)
        return status;
    struct trace_op_data data = { 0 };
    if (abi_op_bit(event.op.kind) & ops_out)
        status = take_out(cursor, &data, ret_why);
    if (status != STATUS_OK)
        return status;
    decoder->compact = false;
    event_op_add(decoder, call, &event.op, &data);
    return STATUS_OK;
}
