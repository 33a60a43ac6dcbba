/* Event bytes into calls, trusting none of them: every count is held against its limit and against the size of the
 * event, every enumeration against its table, every region against what it points into. What comes out can be used
 * without further checks of form; whether it is true is the checker's question.
 *
 * Leaves out: whether a call may issue such an op, and the content of directory entries. docs/trace-format.md, Events.
 */
#include "tracer/event_decode.h"
#include "tracer/compact.h"

#include <string.h>

#define TRAP_LIMIT 64 /* trap kinds are the engine's; only their range is checked */

static enum status bad(const char **ret_why, const char *why)
{
    *ret_why = why;
    return STATUS_MALFORMED;
}

static enum status bounded(enum status status, const char **ret_why)
{
    return status == STATUS_OK ? status : bad(ret_why, "it is shorter than its counts say");
}

void event_decoder_done(struct event_decoder *decoder) { buffer_done(&decoder->arena); }

void event_decoder_chunk(struct event_decoder *decoder) { decoder->now = 0; }

/* Copies the next `size` bytes to `to`. */
static enum status take(struct cursor *cursor, void *to, size_t size)
{
    const uint8_t *bytes;
    enum status status = cursor_bytes(cursor, size, &bytes);
    if (status == STATUS_OK && size)
        memcpy(to, bytes, size);
    return status;
}

static enum status take_address(struct cursor *cursor, struct net_address *ret, const char **ret_why)
{
    enum status status = bounded(take(cursor, ret, sizeof *ret), ret_why);
    if (status == STATUS_OK && (ret->zero != 0 || (ret->family != NET_NONE && net_sockaddr_length(ret->family) == 0)))
        return bad(ret_why, "an address of no known family");
    return status;
}

/* ---- BEGIN ---- */

/* How many strings the row takes; and whether it takes arrays. */
static unsigned row_strings(const struct operation_row *row, bool *ret_iovs, bool *ret_subscriptions, bool *ret_address)
{
    unsigned strings = 0;
    *ret_iovs = *ret_subscriptions = *ret_address = false;
    for (unsigned i = 0; i < row->field_count; i++) {
        uint8_t class = abi_arg_types[row->field[i].type].class;
        strings += class == ARG_CLASS_STRING || class == ARG_CLASS_NAME;
        *ret_iovs |= class == ARG_CLASS_IOVS || class == ARG_CLASS_CIOVS;
        *ret_subscriptions |= class == ARG_CLASS_SUBS;
        *ret_address |= class == ARG_CLASS_ADDRESS;
    }
    return strings;
}

/* *ret_strings: how many strings follow; *ret_address: whether an address does. */
static enum status check_begin(const struct trace_event_begin *begin, uint32_t *ret_strings, bool *ret_address,
                               const char **ret_why)
{
    if (begin->head.code >= OPERATION_COUNT)
        return bad(ret_why, "no such hostcall");
    bool iovs, subscriptions, address;
    unsigned strings = row_strings(&abi_operations[begin->head.code], &iovs, &subscriptions, &address);
    if (begin->import >= IMPORT_COUNT || abi_imports[begin->import].operation != begin->head.code)
        return bad(ret_why, "its import does not lower into its operation");
    if (begin->fault > FAULT_PATH_LONG)
        return bad(ret_why, "no such fault");
    bool whole = begin->fault == FAULT_NONE;
    if (begin->iovs > (whole && iovs ? LIMIT_IOVECS : 0) ||
        begin->subscriptions > (whole && subscriptions ? LIMIT_SUBSCRIPTIONS : 0))
        return bad(ret_why, "a longer array than the hostcall takes");
    *ret_strings = whole ? strings : 0;
    *ret_address = whole && address;
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
    enum status status = take(cursor, request->bytes, (size_t)sum);
    const uint8_t *padding;
    return status == STATUS_OK ? cursor_bytes(cursor, trace_pad8((size_t)sum) - (size_t)sum, &padding) : status;
}

static void open_call(struct event_decoder *decoder, struct trace_call *call, uint64_t ticks, bool timed)
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

static enum status decode_begin(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                const char **ret_why)
{
    struct trace_event_begin begin;
    uint32_t string_count = 0;
    bool address = false;
    enum status status = bounded(take(cursor, &begin, sizeof begin), ret_why);
    if (status == STATUS_OK)
        status = check_begin(&begin, &string_count, &address, ret_why);
    if (status != STATUS_OK)
        return status;
    struct request *request = &call->request;
    uint32_t lengths[REQUEST_STRINGS] = { 0, 0 }, slots = abi_operations[begin.head.code].slot_count;
    request->call = begin.head.code;
    request->fault = begin.fault;
    request->instance = begin.head.instance;
    request->thread = begin.head.thread;
    request->import = begin.import;
    request->string_count = string_count;
    request->iov_count = begin.iovs;
    request->subscription_count = begin.subscriptions;
    memset(request->slot, 0, sizeof request->slot);
    memset(request->string, 0, sizeof request->string);
    memset(&request->address, 0, sizeof request->address);
    status = take(cursor, request->slot, slots * sizeof(uint64_t));
    if (status == STATUS_OK && string_count)
        status = take(cursor, lengths, sizeof lengths);
    if (status == STATUS_OK)
        status = take(cursor, request->iov, begin.iovs * sizeof(struct region));
    if (status == STATUS_OK)
        status = take(cursor, request->subscription, begin.subscriptions * sizeof(struct subscription));
    if (status == STATUS_OK && address)
        status = take_address(cursor, &request->address, ret_why);
    if (status == STATUS_MALFORMED)
        return status;
    if (status == STATUS_OK)
        status = take_strings(cursor, request, lengths);
    if (status != STATUS_OK)
        return bounded(status, ret_why);
    decoder->compact = false;
    open_call(decoder, call, begin.ticks, true);
    return STATUS_OK;
}

/* ---- OP ---- */

static bool inside(struct region region, uint64_t size) { return (uint64_t)region.offset + region.length <= size; }

static bool handle_is_possible(uint32_t handle) { return handle < HANDLES_TOTAL || handle == HANDLE_NONE; }

static enum status check_op(const struct op *op, const struct request *request, const char **ret_why)
{
    if (op->kind >= OP_COUNT)
        return bad(ret_why, "no such op");
    if (op->rule >= RULE_COUNT)
        return bad(ret_why, "no such rule");
    if (!handle_is_possible(op->handle) || !handle_is_possible(op->handle2))
        return bad(ret_why, "no handle has such a number");
    const struct op_row *row = &abi_ops[op->kind];
    uint64_t bytes = 0;
    for (unsigned i = 0; i < request->string_count; i++)
        bytes += request->string[i].length;
    if ((abi_op_has(row, OPERAND_PATH) && !inside(op->path, bytes)) ||
        (abi_op_has(row, OPERAND_PATH2) && !inside(op->path2, bytes)))
        return bad(ret_why, "its path lies outside the request's bytes");
    uint64_t space = abi_op_bit(op->kind) & ops_vector ? request->iov_count : UINT64_C(1) << 32;
    return inside(op->mem, space) ? STATUS_OK : bad(ret_why, "its memory lies outside what the request names");
}

static enum status take_out(struct cursor *cursor, struct trace_op_data *data, const char **ret_why)
{
    struct trace_event_out out;
    enum status status = take(cursor, &out, sizeof out);
    if (status == STATUS_OK && (out.head_length > TRACE_HEAD_BYTES || out.head_length > out.length))
        return bad(ret_why, "more head bytes than there are");
    const uint8_t *padding;
    if (status == STATUS_OK)
        status = take(cursor, data->out_head, out.head_length);
    if (status == STATUS_OK)
        status = cursor_bytes(cursor, trace_pad8(out.head_length) - out.head_length, &padding);
    if (status != STATUS_OK)
        return bounded(status, ret_why);
    data->out_digest = out.digest;
    data->out_length = out.length;
    data->out_head_length = out.head_length;
    return STATUS_OK;
}

static enum status decode_op(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                             const char **ret_why)
{
    uint32_t index = call->ops.count;
    if (!decoder->open || decoder->data_began)
        return bad(ret_why, "an op outside a call");
    if (index >= LIMIT_OPS)
        return bad(ret_why, "more ops than a call may have");
    struct trace_event_op event;
    enum status status = bounded(take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    status = check_op(&event.op, &call->request, ret_why);
    if (status != STATUS_OK)
        return status;
    struct trace_op_data *data = &call->data[index];
    memset(data, 0, sizeof *data);
    decoder->data[index] = (struct decoder_data) { 0, 0, 0 };
    if (abi_op_bit(event.op.kind) & ops_out)
        status = take_out(cursor, data, ret_why);
    if (status != STATUS_OK)
        return status;
    decoder->compact = false;
    call->ops.op[index] = event.op;
    call->ops.result[index].value = call->ops.result[index].calls = 0;
    call->ops.count = index + 1;
    return STATUS_OK;
}

/* ---- DATA ---- */

/* How much of an op's data the arena still takes, so that every later op keeps its least. */
static size_t data_room(const struct event_decoder *decoder, uint32_t index)
{
    size_t most = DECODER_KEPT_MAX - (LIMIT_OPS - 1 - index) * (size_t)DECODER_KEPT_EACH;
    return decoder->arena.size < most ? most - decoder->arena.size : 0;
}

static enum status decode_data(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                               const char **ret_why)
{
    struct trace_event_data event;
    enum status status = bounded(take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    uint32_t index = event.head.code;
    if (!decoder->open || index >= call->ops.count)
        return bad(ret_why, "data of no op");
    for (uint32_t i = index + 1; i < call->ops.count; i++) {
        if (decoder->data[i].length)
            return bad(ret_why, "data of an op behind data of a later one");
    }
    struct decoder_data *data = &decoder->data[index];
    const uint8_t *bytes, *padding;
    if (event.length == 0 || event.length > TRACE_DATA_MAX)
        return bad(ret_why, "data of an impossible length");
    if (data->length + event.length > trace_op_in_length(&call->request, &call->ops.op[index], INT64_MAX))
        return bad(ret_why, "more data than the op can bring");
    status = cursor_bytes(cursor, event.length, &bytes);
    if (status == STATUS_OK)
        status = cursor_bytes(cursor, trace_pad8(event.length) - event.length, &padding);
    if (status != STATUS_OK)
        return bounded(status, ret_why);
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
        return bad(ret_why, "the end of no call");
    if (end->head.code != call->ops.count)
        return bad(ret_why, "another number of ops than were issued");
    if (end->wasi_errno >= WASI_ERRNO_COUNT || end->rule >= RULE_COUNT || end->trap >= TRAP_LIMIT ||
        end->value_count > 2)
        return bad(ret_why, "no such outcome");
    return STATUS_OK;
}

/* The word of one op's result (trace_result_word). */
static enum status take_result(struct cursor *cursor, const struct op *op, struct op_result *result,
                               const char **ret_why)
{
    uint64_t word;
    enum status status = bounded(take(cursor, &word, sizeof word), ret_why);
    if (status != STATUS_OK)
        return status;
    bool counts = abi_op_bit(op->kind) & ops_walk;
    result->value = counts ? (int32_t)(uint32_t)word : (int64_t)word;
    result->calls = counts ? (uint32_t)(word >> 32) : 1;
    if (result->calls > LIMIT_OP_CALLS)
        return bad(ret_why, "an impossible number of system calls");
    return STATUS_OK;
}

/* The stat or the bytes of one op. */
static enum status take_payload(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                uint32_t index, const char **ret_why)
{
    const struct op *op = &call->ops.op[index];
    struct op_result *result = &call->ops.result[index];
    struct trace_op_data *data = &call->data[index];
    if (result->value <= -(int64_t)WASI_ERRNO_COUNT)
        return bad(ret_why, "a result that is no errno");
    if (abi_ops[op->kind].in == OP_BYTES_STAT)
        return result->value < 0 ? STATUS_OK : bounded(take(cursor, &result->stat, sizeof result->stat), ret_why);
    if (abi_brings_address((enum op_bytes)abi_ops[op->kind].in) && result->value >= 0) {
        enum status status = take_address(cursor, &result->address, ret_why);
        if (status != STATUS_OK)
            return status;
    }
    uint64_t length = trace_op_in_length(&call->request, op, result->value);
    if (abi_ops[op->kind].in != OP_BYTES_NONE && abi_ops[op->kind].in != OP_BYTES_NAME && result->value > 0 &&
        (uint64_t)result->value != length)
        return bad(ret_why, "more data than the op can bring");
    if (decoder->data[index].length != (length > TRACE_INLINE_MAX ? length : 0))
        return bad(ret_why, "another amount of data than its result says");
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
    return bounded(status, ret_why);
}

static enum status decode_end(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                              const char **ret_why)
{
    struct trace_event_end end;
    enum status status = bounded(take(cursor, &end, sizeof end), ret_why);
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
        status = take(cursor, call->outcome.value, end.value_count * sizeof(uint64_t));
    if (status != STATUS_OK)
        return bounded(status, ret_why);
    for (uint32_t i = 0; i < call->ops.count && status == STATUS_OK; i++)
        status = take_payload(decoder, cursor, call, i, ret_why);
    if (status != STATUS_OK)
        return status;
    decoder->now += end.ticks;
    decoder->open = false;
    call->duration = decoder->now - decoder->begin_now;
    call->committed = end.committed;
    call->complete = true;
    return STATUS_OK;
}

/* ---- compact events ---- */

/* A request of scalars, and of one region where the operation takes some. */
static enum status take_compact_request(struct cursor *cursor, uint8_t operation, uint16_t import,
                                        struct request *request, const char **ret_why)
{
    if (operation >= OPERATION_COUNT || compact_rows[operation].form == COMPACT_NEVER)
        return bad(ret_why, "no hostcall that such an event tells of");
    const struct compact_row *row = &compact_rows[operation];
    if (import >= IMPORT_COUNT || abi_imports[import].operation != operation)
        return bad(ret_why, "its import does not lower into its operation");
    request->call = operation;
    request->fault = FAULT_NONE;
    request->instance = request->thread = 0;
    request->import = import;
    request->string_count = request->iov_count = request->subscription_count = 0;
    memset(request->slot, 0, sizeof request->slot);
    memset(request->string, 0, sizeof request->string);
    memset(&request->address, 0, sizeof request->address);
    enum status status = STATUS_OK;
    for (unsigned i = 0; i < row->slots && status == STATUS_OK; i++)
        status = take(cursor, &request->slot[i], row->wide >> i & 1 ? sizeof(uint64_t) : sizeof(uint32_t));
    const uint8_t *padding;
    if (status == STATUS_OK)
        status = cursor_bytes(cursor, trace_pad8(row->bytes) - row->bytes, &padding);
    return bounded(status, ret_why);
}

/* The digest and the first bytes of what leaves in the region. */
static enum status take_compact_out(struct cursor *cursor, uint32_t length, struct trace_op_data *data,
                                    const char **ret_why)
{
    const uint8_t *padding;
    if (length == 0 || length > LIMIT_STAGING)
        return bad(ret_why, "bytes that leave, in a region of an impossible length");
    data->out_length = length;
    data->out_head_length = length < TRACE_HEAD_BYTES ? length : TRACE_HEAD_BYTES;
    enum status status = take(cursor, &data->out_digest, sizeof data->out_digest);
    if (status == STATUS_OK)
        status = take(cursor, data->out_head, data->out_head_length);
    if (status == STATUS_OK)
        status = cursor_bytes(cursor, trace_pad8(data->out_head_length) - data->out_head_length, &padding);
    return bounded(status, ret_why);
}

static enum status decode_call(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                               const char **ret_why)
{
    struct trace_event_call event;
    struct request *request = &call->request;
    uint64_t ticks = 0;
    enum status status = bounded(take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    if (event.op >= OP_COUNT)
        return bad(ret_why, "no such op");
    const struct compact_op *form = &compact_ops[event.op];
    if ((form->ticks != 0) != (event.type == TRACE_EVENT_CALL))
        return bad(ret_why, "ticks where the op has none, or none where it has some");
    if (form->ticks)
        status = bounded(take(cursor, &ticks, sizeof ticks), ret_why);
    if (status == STATUS_OK)
        status = take_compact_request(cursor, event.call, event.import, request, ret_why);
    if (status != STATUS_OK)
        return status;
    if (form->form != compact_rows[event.call].form || (form->on_handle && compact_rows[event.call].slots == 0))
        return bad(ret_why, "an op of another form than its hostcall");
    struct op op = { .kind = event.op,
                     .rule = event.rule,
                     .handle = form->on_handle ? (uint32_t)request->slot[0] : HANDLE_NONE,
                     .handle2 = HANDLE_NONE };
    if (form->form == COMPACT_REGION) {
        request->iov_count = 1;
        status = take(cursor, &request->iov[0], sizeof request->iov[0]);
        op.mem = compact_mem(form, request->iov[0]);
    }
    if (status == STATUS_OK && form->offset)
        status = take(cursor, &op.offset, sizeof op.offset);
    if (status == STATUS_OK && form->value)
        status = take(cursor, &op.value, sizeof op.value);
    status = bounded(status, ret_why);
    if (status == STATUS_OK)
        status = check_op(&op, request, ret_why);
    struct trace_op_data *data = &call->data[0];
    memset(data, 0, sizeof *data);
    decoder->data[0] = (struct decoder_data) { 0, 0, 0 };
    if (status == STATUS_OK && form->out != OP_BYTES_NONE)
        status = take_compact_out(cursor, request->iov[0].length, data, ret_why);
    if (status != STATUS_OK)
        return status;
    open_call(decoder, call, ticks, form->ticks != 0);
    decoder->compact = true;
    call->ops.op[0] = op;
    call->ops.result[0].value = call->ops.result[0].calls = 0;
    call->ops.count = 1;
    return STATUS_OK;
}

/* The values and committed, as `tells` has them. result: of the op. */
static enum status take_told(struct cursor *cursor, uint16_t tells, int64_t result, struct trace_call *call,
                             const char **ret_why)
{
    uint16_t count = tells & TRACE_TELLS_RESULT ? 1 : tells & TRACE_TELLS_VALUES;
    const struct compact_row *row = &compact_rows[call->request.call];
    if ((tells & ~TRACE_TELLS_ALL) || count > 2 || (tells & TRACE_TELLS_RESULT && tells & TRACE_TELLS_VALUES) ||
        (tells & TRACE_TELLS_NUMBERS && (tells & TRACE_TELLS_COMMITTED || row->results != count)))
        return bad(ret_why, "it tells what such a call cannot");
    call->outcome = (struct outcome) { .value_count = count };
    enum status status = STATUS_OK;
    if (tells & TRACE_TELLS_RESULT)
        call->outcome.value[0] = (uint64_t)result;
    else
        status = take(cursor, call->outcome.value, count * sizeof(uint64_t));
    call->committed = 0;
    if (tells & TRACE_TELLS_NUMBERS)
        call->committed = compact_committed(row, call->request.slot, call->outcome.value);
    if (status == STATUS_OK && tells & TRACE_TELLS_COMMITTED)
        status = take(cursor, &call->committed, sizeof call->committed);
    return bounded(status, ret_why);
}

static enum status decode_done(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                               const char **ret_why)
{
    struct trace_event_done event;
    uint64_t ticks = 0;
    enum status status = bounded(take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    if (!decoder->open || !decoder->compact || call->timed != (event.type == TRACE_EVENT_DONE))
        return bad(ret_why, "the end of no such call");
    struct op_result *result = &call->ops.result[0];
    if (call->timed)
        status = take(cursor, &ticks, sizeof ticks);
    if (status == STATUS_OK)
        status = take(cursor, &result->value, sizeof result->value);
    result->calls = 1;
    status = bounded(status, ret_why);
    if (status == STATUS_OK && result->value < 0)
        return bad(ret_why, "a result that is an errno, of a call that succeeded");
    if (status == STATUS_OK)
        status = take_told(cursor, event.tells, result->value, call, ret_why);
    if (status == STATUS_OK)
        status = take_payload(decoder, cursor, call, 0, ret_why);
    if (status != STATUS_OK)
        return status;
    decoder->now += ticks;
    decoder->open = false;
    call->duration = call->timed ? decoder->now - decoder->begin_now : 0; /* in another chunk, ticks count anew */
    call->complete = true;
    return STATUS_OK;
}

static enum status decode_silent(struct event_decoder *decoder, struct cursor *cursor, struct trace_call *call,
                                 const char **ret_why)
{
    struct trace_event_silent event;
    enum status status = bounded(take(cursor, &event, sizeof event), ret_why);
    if (status == STATUS_OK)
        status = take_compact_request(cursor, event.call, event.import, &call->request, ret_why);
    if (status != STATUS_OK)
        return status;
    if (compact_rows[event.call].form != COMPACT_SCALARS || event.tells & TRACE_TELLS_RESULT)
        return bad(ret_why, "no hostcall that such an event tells of");
    open_call(decoder, call, 0, false);
    decoder->open = false;
    status = take_told(cursor, event.tells, 0, call, ret_why);
    call->complete = status == STATUS_OK;
    return status;
}

static enum status decode_exit(struct event_decoder *decoder, struct cursor *cursor, struct trace_exit *exit,
                               const char **ret_why)
{
    struct trace_event_exit event;
    enum status status = bounded(take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    if (event.outcome >= WASI_ENDED_COUNT || event.trap >= TRAP_LIMIT)
        return bad(ret_why, "no such exit");
    decoder->now += event.ticks;
    decoder->exited = true;
    *exit = (struct trace_exit) { .outcome = event.outcome,
                                  .exit_code = event.exit_code,
                                  .trap = event.trap,
                                  .function = event.function,
                                  .offset = event.offset,
                                  .instructions = event.instructions };
    return STATUS_OK;
}

/* ---- between calls ---- */

static enum status decode_state(struct event_decoder *decoder, struct cursor *cursor, const char **ret_why)
{
    struct trace_event_state event;
    enum status status = bounded(take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    if (decoder->open)
        return bad(ret_why, "a state inside a call");
    if (event.head.code > 1)
        return bad(ret_why, "no such place for a state");
    decoder->state = (struct trace_state) { event.digest, event.instructions, event.head.code == 1 };
    return STATUS_OK;
}

static enum status decode_growth(struct event_decoder *decoder, struct cursor *cursor, const char **ret_why)
{
    struct trace_event_growth event;
    enum status status = bounded(take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    if (decoder->open)
        return bad(ret_why, "a growth inside a call");
    if (event.head.code > 1)
        return bad(ret_why, "a growth of neither a memory nor a table");
    decoder->growth = (struct trace_growth) { event.number, event.head.code == 1, event.index, event.amount };
    return STATUS_OK;
}

enum status event_decode(struct event_decoder *decoder, const uint8_t *bytes, size_t size, struct trace_call *call,
                         struct trace_exit *exit, enum decoded *ret, size_t *ret_size, const char **ret_why)
{
    struct trace_event_head head;
    *ret_why = "it is cut off";
    if (size < sizeof head)
        return STATUS_TRUNCATED;
    memcpy(&head, bytes, sizeof head);
    size_t event = head.words * (size_t)8;
    if (event < sizeof head || event > size)
        return STATUS_TRUNCATED;
    if (decoder->exited)
        return bad(ret_why, "an event behind the exit");
    struct cursor cursor = cursor_over(bytes, event);
    enum status status = STATUS_OK;
    *ret = DECODED_PART;
    if (trace_event_begins(head.type) && decoder->open)
        return bad(ret_why, "a call inside a call");
    if (head.type == TRACE_EVENT_BEGIN) {
        status = decode_begin(decoder, &cursor, call, ret_why);
    } else if (head.type == TRACE_EVENT_CALL || head.type == TRACE_EVENT_CALL_UNTIMED) {
        status = decode_call(decoder, &cursor, call, ret_why);
    } else if (head.type == TRACE_EVENT_DONE || head.type == TRACE_EVENT_DONE_UNTIMED) {
        status = decode_done(decoder, &cursor, call, ret_why);
        *ret = DECODED_CALL;
    } else if (head.type == TRACE_EVENT_SILENT) {
        status = decode_silent(decoder, &cursor, call, ret_why);
        *ret = DECODED_CALL;
    } else if (head.type == TRACE_EVENT_OP) {
        status = decode_op(decoder, &cursor, call, ret_why);
    } else if (head.type == TRACE_EVENT_DATA) {
        status = decode_data(decoder, &cursor, call, ret_why);
    } else if (head.type == TRACE_EVENT_END) {
        status = decode_end(decoder, &cursor, call, ret_why);
        *ret = DECODED_CALL;
    } else if (head.type == TRACE_EVENT_EXIT) {
        status = decode_exit(decoder, &cursor, exit, ret_why);
        *ret = DECODED_EXIT;
    } else if (head.type == TRACE_EVENT_STATE) {
        status = decode_state(decoder, &cursor, ret_why);
        *ret = DECODED_STATE;
    } else if (head.type == TRACE_EVENT_GROWTH) {
        status = decode_growth(decoder, &cursor, ret_why);
        *ret = DECODED_GROWTH;
    } else {
        return bad(ret_why, "no such type of event");
    }
    if (status == STATUS_OK && cursor_left(&cursor) != 0)
        return bad(ret_why, "it is longer than its counts say");
    *ret_size = event;
    return status;
}
