/* Event bytes into calls, trusting none of them: every count is held against its limit and against the size of the
 * event, every enumeration against its table, every region against what it points into. What comes out can be used
 * without further checks of form; whether it is true is the checker's question.
 *
 * Here: events that are of no call, and to whom each event goes.
 *
 * Leaves out: whether a call may issue such an op, and the content of directory entries. docs/trace-format.md, Events.
 */
#include "tracer/event_decode_inner.h"

void event_decoder_done(struct event_decoder *decoder) { buffer_done(&decoder->arena); }

void event_decoder_chunk(struct event_decoder *decoder) { decoder->now = 0; }

enum status event_decode_exit(struct cursor *cursor, struct trace_exit *exit, uint64_t *ret_ticks, const char **ret_why)
{
    struct trace_event_exit event;
    struct call_stack stack = { 0 };
    enum status status = event_bounded(event_take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    if (event.outcome >= WASI_ENDED_COUNT || event.trap >= TRAP_LIMIT)
        return event_bad(ret_why, "no such exit");
    if (event.frames > 0 && event.outcome != WASI_ENDED_TRAP)
        return event_bad(ret_why, "a stack of a guest that did not trap");
    stack.depth = event.frames;
    status =
        event_bounded(event_take(cursor, stack.place, call_stack_kept(stack.depth) * sizeof stack.place[0]), ret_why);
    if (status != STATUS_OK)
        return status;
    *ret_ticks = event.ticks;
    *exit = (struct trace_exit) { .outcome = event.outcome,
                                  .exit_code = event.exit_code,
                                  .trap = event.trap,
                                  .function = event.function,
                                  .offset = event.offset,
                                  .instructions = event.instructions,
                                  .stack = stack };
    return STATUS_OK;
}

static enum status decode_exit(struct event_decoder *decoder, struct cursor *cursor, struct trace_exit *exit,
                               const char **ret_why)
{
    uint64_t ticks;
    enum status status = event_decode_exit(cursor, exit, &ticks, ret_why);
    if (status != STATUS_OK)
        return status;
    decoder->now += ticks;
    decoder->exited = true;
    return STATUS_OK;
}

/* ---- between calls ---- */

static enum status decode_state(struct event_decoder *decoder, struct cursor *cursor, const char **ret_why)
{
    struct trace_event_state event;
    enum status status = event_bounded(event_take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    if (decoder->open)
        return event_bad(ret_why, "a state inside a call");
    if (event.head.code > 1)
        return event_bad(ret_why, "no such place for a state");
    decoder->state = (struct trace_state) { event.digest, event.instructions, event.head.code == 1 };
    return STATUS_OK;
}

static enum status decode_growth(struct event_decoder *decoder, struct cursor *cursor, const char **ret_why)
{
    struct trace_event_growth event;
    enum status status = event_bounded(event_take(cursor, &event, sizeof event), ret_why);
    if (status != STATUS_OK)
        return status;
    if (decoder->open)
        return event_bad(ret_why, "a growth inside a call");
    if (event.head.code > 1)
        return event_bad(ret_why, "a growth of neither a memory nor a table");
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
        return event_bad(ret_why, "an event behind the exit");
    struct cursor cursor = cursor_over(bytes, event);
    enum status status = STATUS_OK;
    *ret = DECODED_PART;
    if (trace_event_begins(head.type) && decoder->open)
        return event_bad(ret_why, "a call inside a call");
    if (head.type == TRACE_EVENT_BEGIN) {
        status = event_decode_begin(decoder, &cursor, call, ret_why);
    } else if (head.type == TRACE_EVENT_CALL || head.type == TRACE_EVENT_CALL_UNTIMED) {
        status = event_decode_call(decoder, &cursor, call, ret_why);
    } else if (head.type == TRACE_EVENT_DONE || head.type == TRACE_EVENT_DONE_UNTIMED) {
        status = event_decode_done(decoder, &cursor, call, ret_why);
        *ret = DECODED_CALL;
    } else if (head.type == TRACE_EVENT_SILENT) {
        status = event_decode_silent(decoder, &cursor, call, ret_why);
        *ret = DECODED_CALL;
    } else if (head.type == TRACE_EVENT_OP) {
        status = event_decode_op(decoder, &cursor, call, ret_why);
    } else if (head.type == TRACE_EVENT_DATA) {
        status = event_decode_data(decoder, &cursor, call, ret_why);
    } else if (head.type == TRACE_EVENT_END) {
        status = event_decode_end(decoder, &cursor, call, ret_why);
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
        return event_bad(ret_why, "no such type of event");
    }
    if (status == STATUS_OK && cursor_left(&cursor) != 0)
        return event_bad(ret_why, "it is longer than its counts say");
    *ret_size = event;
    return status;
}
