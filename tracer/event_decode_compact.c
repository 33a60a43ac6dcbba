/* CALL, DONE and SILENT: what they leave out follows from the tables of compact.h, and what comes out has been held
 * against the same bounds as in the general forms. docs/trace-format.md, Compact events. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/compact.h"
#include "tracer/event_decode_inner.h"

/* A request of scalars, and of one region where the operation takes some. */
static enum status take_compact_request(struct cursor *cursor, uint8_t operation, uint16_t import,
                                        struct request *request, const char **ret_why)
{
    if (operation >= OPERATION_COUNT || compact_rows[operation].form == COMPACT_NEVER)
        return event_bad(ret_why, "no hostcall that such an event tells of");
    const struct compact_row *row = &compact_rows[operation];
    enum status status = event_request_start(request, operation, import, ret_why);
    if (status != STATUS_OK)
        return status;
    for (unsigned i = 0; i < row->slots && status == STATUS_OK; i++)
        status = event_take(cursor, &request->slot[i], row->wide >> i & 1 ? sizeof(uint64_t) : sizeof(uint32_t));
    if (status == STATUS_OK)
        status = event_pass_padding(cursor, row->bytes);
    return event_bounded(status, ret_why);
}

/* The digest and the first bytes of what leaves in the region. Where those are all, the digest follows. */
static enum status take_compact_out(struct cursor *cursor, uint32_t length, struct trace_op_data *data,
                                    const char **ret_why)
{
    if (length == 0 || length > LIMIT_STAGING)
        return event_bad(ret_why, "bytes that leave, in a region of an impossible length");
    data->out_length = length;
    data->out_head_length = length < TRACE_HEAD_BYTES ? length : TRACE_HEAD_BYTES;
    enum status status = STATUS_OK;
    if (length > TRACE_HEAD_BYTES)
        status = event_take(cursor, &data->out_digest, sizeof data->out_digest);
    if (status == STATUS_OK)
        status = event_take(cursor, data->out_head, data->out_head_length);
    if (status == STATUS_OK && length <= TRACE_HEAD_BYTES)
        data->out_digest = XXH3_64bits(data->out_head, length);
    if (status == STATUS_OK)
        status = event_pass_padding(cursor, data->out_head_length);
    return event_bounded(status, ret_why);
}

enum status event_decode_call(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                              const char **ret_why)
{
    struct trace_event_call event;
    struct request *request = &call->request;
    uint64_t ticks = 0;
    enum status status = event_bounded(event_take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    if (event.op >= OP_COUNT)
        return event_bad(ret_why, "no such op");
    const struct compact_op *form = &compact_ops[event.op];
    if ((form->ticks != 0) != (event.type == TRACE_EVENT_CALL))
        return event_bad(ret_why, "ticks where the op has none, or none where it has some");
    if (form->ticks)
        status = event_bounded(event_take(cursor, &ticks, sizeof ticks), ret_why);
    if (status == STATUS_OK)
        status = take_compact_request(cursor, event.call, event.import, request, ret_why);
    if (status != STATUS_OK)
        return status;
    if (form->form != compact_rows[event.call].form || (form->on_handle && compact_rows[event.call].slots == 0))
        return event_bad(ret_why, "an op of another form than its hostcall");
    struct op op = { .kind = event.op,
                     .rule = event.rule,
                     .handle = form->on_handle ? (uint32_t)request->slot[0] : HANDLE_NONE,
                     .handle2 = HANDLE_NONE };
    if (form->form == COMPACT_REGION) {
        request->iov_count = 1;
        status = event_take(cursor, &request->iov[0], sizeof request->iov[0]);
        op.mem = compact_mem(form, request->iov[0]);
    }
    if (status == STATUS_OK && form->offset)
        status = event_take(cursor, &op.offset, sizeof op.offset);
    if (status == STATUS_OK && form->value)
        status = event_take(cursor, &op.value, sizeof op.value);
    status = event_bounded(status, ret_why);
    if (status == STATUS_OK)
        status = event_check_op(&op, request, ret_why);
    struct trace_op_data data = { 0 };
    if (status == STATUS_OK && form->out != OP_BYTES_NONE)
        status = take_compact_out(cursor, request->iov[0].length, &data, ret_why);
    if (status != STATUS_OK)
        return status;
    event_call_open(decoder, call, ticks, form->ticks != 0);
    decoder->compact = true;
    event_op_add(decoder, call, &op, &data);
    return STATUS_OK;
}

/* Whether the stat of the call's op can be all that it wrote. */
static bool stat_may_be_committed(const struct trace_call *call, const struct compact_row *row, uint16_t tells)
{
    return tells == TRACE_TELLS_STAT && row->results == 0 && row->slots > 0 && call->ops.count == 1 &&
           abi_ops[call->ops.op[0].kind].in == OP_BYTES_STAT;
}

/* The values and committed, as `tells` has them, but for TRACE_TELLS_STAT. result: of the op. */
static enum status take_told(struct cursor *cursor, uint16_t tells, int64_t result, struct trace_call *call,
                             const char **ret_why)
{
    uint16_t count = tells & TRACE_TELLS_RESULT ? 1 : tells & TRACE_TELLS_VALUES;
    const struct compact_row *row = &compact_rows[call->request.call];
    if ((tells & ~TRACE_TELLS_ALL) || count > 2 || (tells & TRACE_TELLS_RESULT && tells & TRACE_TELLS_VALUES) ||
        (tells & TRACE_TELLS_NUMBERS && (tells & TRACE_TELLS_COMMITTED || row->results != count)) ||
        (tells & TRACE_TELLS_STAT && !stat_may_be_committed(call, row, tells)))
        return event_bad(ret_why, "it tells what such a call cannot");
    call->outcome = (struct outcome) { .value_count = count };
    enum status status = STATUS_OK;
    if (tells & TRACE_TELLS_RESULT)
        call->outcome.value[0] = (uint64_t)result;
    else
        status = event_take(cursor, call->outcome.value, count * sizeof(uint64_t));
    call->committed = 0;
    if (tells & TRACE_TELLS_NUMBERS)
        call->committed = compact_committed(row, call->request.slot, call->outcome.value);
    if (status == STATUS_OK && tells & TRACE_TELLS_COMMITTED)
        status = event_take(cursor, &call->committed, sizeof call->committed);
    return event_bounded(status, ret_why);
}

enum status event_decode_done(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                              const char **ret_why)
{
    struct trace_event_done event;
    uint64_t ticks = 0;
    enum status status = event_bounded(event_take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    if (!decoder->open || !decoder->compact || call->timed != (event.type == TRACE_EVENT_DONE))
        return event_bad(ret_why, "the end of no such call");
    struct op_result *result = &call->ops.result[0];
    if (call->timed)
        status = event_take(cursor, &ticks, sizeof ticks);
    if (status == STATUS_OK)
        status = event_take(cursor, &result->value, sizeof result->value);
    result->calls = 1;
    status = event_bounded(status, ret_why);
    if (status == STATUS_OK && result->value < 0)
        return event_bad(ret_why, "a result that is an errno, of a call that succeeded");
    if (status == STATUS_OK)
        status = take_told(cursor, event.tells, result->value, call, ret_why);
    if (status == STATUS_OK)
        status = event_take_payload(decoder, cursor, call, 0, ret_why);
    if (status != STATUS_OK)
        return status;
    if (event.tells & TRACE_TELLS_STAT)
        call->committed = compact_stat_committed(&compact_rows[call->request.call], call->request.slot, &result->stat);
    decoder->now += ticks;
    decoder->open = false;
    call->duration = call->timed ? decoder->now - decoder->begin_now : 0; /* in another chunk, ticks count anew */
    call->complete = true;
    return STATUS_OK;
}

enum status event_decode_silent(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                const char **ret_why)
{
    struct trace_event_silent event;
    enum status status = event_bounded(event_take(cursor, &event, sizeof event), ret_why);
    if (status == STATUS_OK)
        status = take_compact_request(cursor, event.call, event.import, &call->request, ret_why);
    if (status != STATUS_OK)
        return status;
    if (compact_rows[event.call].form != COMPACT_SCALARS || event.tells & (TRACE_TELLS_RESULT | TRACE_TELLS_STAT))
        return event_bad(ret_why, "no hostcall that such an event tells of");
    event_call_open(decoder, call, 0, false);
    decoder->open = false;
    status = take_told(cursor, event.tells, 0, call, ret_why);
    call->complete = status == STATUS_OK;
    return status;
}
