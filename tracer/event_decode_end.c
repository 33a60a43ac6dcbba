/* DATA and END: what ops brought, and what the guest was told. No op brings more than its regions hold, and what came
 * in DATA is as much as its result says. docs/trace-format.md, Events. */
#include "tracer/event_decode_inner.h"

/* ---- DATA ---- */

/* How much of an op's data the arena still takes, so that every later op keeps its least. */
static size_t data_room(const struct event_decoder *decoder, uint32_t index)
{
    size_t most = DECODER_KEPT_MAX - (LIMIT_OPS - 1 - index) * (size_t)DECODER_KEPT_EACH;
    return decoder->arena.size < most ? most - decoder->arena.size : 0;
}

enum status event_decode_data(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                              const char **ret_why)
{
    struct trace_event_data event;
    enum status status = event_bounded(event_take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    uint32_t index = event.head.code;
    if (!decoder->open || index >= call->ops.count)
        return event_bad(ret_why, "data of no op");
    for (uint32_t i = index + 1; i < call->ops.count; i++) {
        if (decoder->data[i].length)
            return event_bad(ret_why, "data of an op behind data of a later one");
    }
    struct decoder_data *data = &decoder->data[index];
    const uint8_t *bytes;
    if (event.length == 0 || event.length > TRACE_DATA_MAX)
        return event_bad(ret_why, "data of an impossible length");
    if (trace_op_dropped(&call->ops, index) ||
        data->length + event.length > trace_op_in_length(&call->request, &call->ops.op[index], INT64_MAX))
        return event_bad(ret_why, "more data than the op can bring");
    status = cursor_bytes(cursor, event.length, &bytes);
    if (status == STATUS_OK)
        status = event_pass_padding(cursor, event.length);
    if (status != STATUS_OK)
        return event_bounded(status, ret_why);
    if (data->length == 0)
        data->offset = decoder->arena.size;
    if (data->kept == data->length) {
        size_t room = data_room(decoder, index), kept = event.length < room ? event.length : room;
        buffer_bytes(&decoder->arena, bytes, kept);
        data->kept += kept;
    }
    data->length += event.length;
    decoder->data_began = true;
    if (decoder->arena.status != STATUS_OK)
        *ret_why = "there is not enough memory for its data";
    return decoder->arena.status;
}

/* ---- END ---- */

static enum status check_end(const struct event_decoder *decoder, const struct trace_event_end *end,
                             const struct trace_call *call, const char **ret_why)
{
    if (!decoder->open)
        return event_bad(ret_why, "the end of no call");
    if (end->head.code != call->ops.count)
        return event_bad(ret_why, "another number of ops than were issued");
    if (end->wasi_errno >= WASI_ERRNO_COUNT || end->rule >= RULE_COUNT || end->trap >= TRAP_LIMIT ||
        end->value_count > 2)
        return event_bad(ret_why, "no such outcome");
    return STATUS_OK;
}

/* The word of one op's result (trace_result_word). */
static enum status take_result(struct cursor *cursor, const struct op *op, struct op_result *result,
                               const char **ret_why)
{
    uint64_t word;
    enum status status = event_bounded(event_take(cursor, &word, sizeof word), ret_why);
    if (status != STATUS_OK)
        return status;
    bool counts = abi_op_bit(op->kind) & ops_walk;
    result->value = counts ? (int32_t)(uint32_t)word : (int64_t)word;
    result->calls = counts ? (uint32_t)(word >> 32) : 1;
    if (result->calls > LIMIT_OP_CALLS)
        return event_bad(ret_why, "an impossible number of system calls");
    return STATUS_OK;
}

/* The stat or the bytes of one op. */
enum status event_take_payload(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                               uint32_t index, const char **ret_why)
{
    const struct op *op = &call->ops.op[index];
    struct op_result *result = &call->ops.result[index];
    struct trace_op_data *data = &call->data[index];
    if (result->value <= -(int64_t)WASI_ERRNO_COUNT)
        return event_bad(ret_why, "a result that is no errno");
    if (abi_ops[op->kind].in == OP_BYTES_STAT)
        return result->value < 0 ? STATUS_OK
                                 : event_bounded(event_take(cursor, &result->stat, sizeof result->stat), ret_why);
    if (abi_brings_address((enum op_bytes)abi_ops[op->kind].in) && result->value >= 0) {
        enum status status = event_take_address(cursor, &result->address, ret_why);
        if (status != STATUS_OK)
            return status;
    }
    uint64_t length = trace_op_in_length(&call->request, op, result->value);
    if (abi_ops[op->kind].in != OP_BYTES_NONE && abi_ops[op->kind].in != OP_BYTES_NAME && result->value > 0 &&
        (uint64_t)result->value != length)
        return event_bad(ret_why, "more data than the op can bring");
    if (trace_op_dropped(&call->ops, index))
        length = 0;
    if (decoder->data[index].length != (length > TRACE_INLINE_MAX ? length : 0))
        return event_bad(ret_why, "another amount of data than its result says");
    data->in_length = data->in_kept = (uint32_t)length;
    if (length > TRACE_INLINE_MAX) {
        data->in_kept = (uint32_t)decoder->data[index].kept;
        data->in = decoder->arena.data + decoder->data[index].offset;
        return STATUS_OK;
    }
    const uint8_t *bytes;
    enum status status = cursor_bytes(cursor, trace_pad8((size_t)length), &bytes);
    if (status == STATUS_OK)
        data->in = length ? bytes : NULL;
    return event_bounded(status, ret_why);
}

enum status event_decode_end(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                             const char **ret_why)
{
    struct trace_event_end end;
    enum status status = event_bounded(event_take(cursor, &end, sizeof end), ret_why);
    if (status == STATUS_OK)
        status = check_end(decoder, &end, call, ret_why);
    if (status != STATUS_OK)
        return status;
    for (uint32_t i = 0; i < call->ops.count && status == STATUS_OK; i++)
        status = take_result(cursor, &call->ops.op[i], &call->ops.result[i], ret_why);
    if (status != STATUS_OK)
        return status;
    call->outcome = (struct outcome) {
        .wasi_errno = end.wasi_errno, .rule = end.rule, .trap = end.trap, .value_count = end.value_count
    };
    if (status == STATUS_OK)
        status = event_take(cursor, call->outcome.value, end.value_count * sizeof(uint64_t));
    if (status != STATUS_OK)
        return event_bounded(status, ret_why);
    for (uint32_t i = 0; i < call->ops.count && status == STATUS_OK; i++)
        status = event_take_payload(decoder, cursor, call, i, ret_why);
    if (status != STATUS_OK)
        return status;
    decoder->now += end.ticks;
    decoder->open = false;
    call->duration = decoder->now - decoder->begin_now;
    call->committed = end.committed;
    call->complete = true;
    return STATUS_OK;
}
