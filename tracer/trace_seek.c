/* Goes to an event of a trace, looks at the next item without taking it, and makes a second reader at the same place.
 *
 * An index (a mark for every so many chunks of events) is filled by whatever is read or passed over; where it does not
 * reach yet it is made further: chunks are passed over, checked as chunks (checksums, chain, numbers), and neither
 * expanded nor decoded. So what lies behind the valid prefix of chunks is never reached; an event that is not valid
 * inside of a checked chunk is met by who reads it, and not by who passes over it.
 *
 * Invariants: an item is delivered from its first event on, whichever of its events was asked for; the index takes the
 * same memory for every trace. docs/trace-format.md, Going to an event. */
#include <stdlib.h>
#include <string.h>
#include "tracer/trace_inner.h"

enum status trace_reader_peek(struct trace_reader *reader, enum trace_item_kind *ret_kind, struct trace_call *call,
                              struct trace_exit *exit, struct error *error)
{
    trace_reader_unpeek(reader);
    struct trace_place here = trace_reader_place(reader);
    enum status status = trace_reader_next(reader, ret_kind, call, exit, error);
    if (status == STATUS_OK) {
        reader->peek = here;
        reader->peeked = true;
    }
    return status;
}

/* ---- going to an event ---- */

static enum status changed(struct error *error)
{
    return error_set(error, STATUS_CORRUPT, "the trace changed while it was read: other chunks");
}

/* Passes over chunks up to the one that holds the event. NOT_FOUND: there is none; *ret is then the last chunk of
 * events, if there is any (*ret_any). */
static enum status find_chunk(struct trace_reader *reader, uint64_t event, struct trace_mark *ret, bool *ret_any,
                              struct error *error)
{
    struct trace_mark at = reader->first;
    struct trace_chunk chunk;
    struct error why = ERROR_INIT;
    enum status status;
    bool known = trace_index_find(&reader->index, event, &at);
    *ret_any = false;
    trace_reader_go_chunk(reader, &at);
    for (;;) {
        at = trace_source_mark(reader->source);
        status = trace_source_pass(reader->source, &chunk, &why);
        if (status != STATUS_OK || chunk.kind != TRACE_CHUNK_EVENTS)
            break;
        trace_index_note(&reader->index, &at);
        *ret = at;
        *ret_any = true;
        if (event - chunk.first_event < chunk.event_count)
            return STATUS_OK;
    }
    if (status == STATUS_NO_MEMORY || status == STATUS_IO)
        return error_copy(error, status, &why);
    if (known && !*ret_any)
        return changed(error);
    return STATUS_NOT_FOUND;
}

/* Whether an item certainly begins where the loaded chunk does: what stands inside of calls alone may go on with one.
 */
static bool begins_item(const struct trace_reader *reader)
{
    struct trace_event_head head;
    if (!trace_chunk_head(&reader->chunk, 0, &head))
        return true; /* nothing valid does, and who reads on is told */
    return trace_event_begins(head.type) || head.type == TRACE_EVENT_STATE || head.type == TRACE_EVENT_GROWTH;
}

/* The last chunk of those from *from on and before that at `until` at whose start an item begins, or which cannot be
 * expanded: *ret. False: none of them. */
static bool last_begin(struct trace_reader *reader, struct trace_mark from, uint64_t until, struct trace_mark *ret)
{
    struct trace_chunk chunk;
    struct error why = ERROR_INIT;
    bool found = false;
    for (enum status status = STATUS_OK; status == STATUS_OK && from.at < until;) {
        trace_reader_go_chunk(reader, &from);
        bool loaded = trace_reader_load(reader) == STATUS_OK;
        if (!loaded || begins_item(reader)) {
            *ret = from;
            found = true;
        }
        if (!loaded) {
            trace_reader_go_chunk(reader, &from);
            status = trace_source_pass(reader->source, &chunk, &why);
        }
        from = trace_source_mark(reader->source);
    }
    return found;
}

/* Loads the last chunk, not behind that at *mark, at whose start an item begins. Looks back twice as far each time, and
 * at no chunk twice: a call may take as many chunks as a file holds. */
static enum status load_before(struct trace_reader *reader, struct trace_mark mark, struct error *error)
{
    struct trace_mark from = mark, begin;
    bool any;
    trace_reader_go_chunk(reader, &mark);
    if (trace_reader_load(reader) != STATUS_OK || begins_item(reader))
        return STATUS_OK;
    for (uint64_t back = 1; mark.events > 0; mark = from, back = back < UINT64_MAX / 2 ? 2 * back : back) {
        enum status status = find_chunk(reader, mark.events > back ? mark.events - back : 0, &from, &any, error);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? changed(error) : status;
        if (from.at >= mark.at)
            return changed(error);
        if (last_begin(reader, from, mark.at, &begin)) {
            mark = begin;
            break;
        }
    }
    trace_reader_go_chunk(reader, &mark);
    if (trace_reader_load(reader) != STATUS_OK)
        reader->in_events = false; /* who reads on is told */
    return STATUS_OK;
}

/* Walks from the start of the loaded chunk, by the heads of events, to the item that has the event; to the end where
 * none has it. What is not valid on the way is left to who reads it. */
static void walk_to(struct trace_reader *reader, uint64_t event)
{
    struct trace_place item = trace_reader_place(reader);
    struct trace_event_head head;
    bool open = false;
    item.exited = item.cut = false;
    for (bool exited = false; reader->in_events;) {
        if (reader->at == reader->chunk.size &&
            reader->event == reader->chunk.first_event + reader->chunk.event_count) {
            if (trace_reader_load(reader) != STATUS_OK) { /* the end: nothing is left but why */
                reader->inside_call |= open;
                reader->stopped = true;
                return;
            }
            continue;
        }
        if (!trace_chunk_head(&reader->chunk, reader->at, &head))
            break;
        if (!open || head.type == TRACE_EVENT_EXIT) {
            reader->decoder.exited = exited;
            reader->inside_call |= open;
            item = trace_reader_place(reader);
        }
        if (reader->event >= event)
            break;
        if (trace_event_has_ticks(head.type) && head.words * (size_t)8 >= TRACE_TICKS_OFFSET + sizeof(uint64_t)) {
            uint64_t since;
            memcpy(&since, reader->chunk.bytes + reader->at + TRACE_TICKS_OFFSET, sizeof since);
            reader->decoder.now += since;
        }
        exited |= head.type == TRACE_EVENT_EXIT;
        open = (open || trace_event_begins(head.type)) && !trace_event_ends(head.type) && head.type != TRACE_EVENT_EXIT;
        reader->at += head.words * (size_t)8;
        reader->event++;
    }
    if (reader->in_events)
        trace_reader_go(reader, &item);
}

enum status trace_reader_seek(struct trace_reader *reader, uint64_t event, struct error *error)
{
    struct trace_mark mark;
    bool any;
    enum status status = find_chunk(reader, event, &mark, &any, error);
    if (status == STATUS_NOT_FOUND && any)
        status = STATUS_OK; /* the last one: what reading ends with lies behind it */
    if (status == STATUS_OK)
        status = load_before(reader, mark, error);
    if (status == STATUS_OK) {
        walk_to(reader, event);
    } else if (status == STATUS_NOT_FOUND) { /* a trace of no events */
        trace_reader_go_chunk(reader, &reader->first);
        status = STATUS_OK;
    }
    return status;
}

/* ---- a second reader ---- */

enum status trace_reader_clone(const struct trace_reader *reader, struct trace_reader **ret, struct error *error)
{
    struct trace_reader *clone = calloc(1, sizeof *clone);
    struct trace_place here = reader->peeked ? reader->peek : trace_reader_place(reader);
    if (!clone)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for reading the trace");
    enum status status = trace_source_again(reader->source, &here.mark, &clone->source, error);
    buffer_bytes(&clone->description, reader->description.data, reader->description.size);
    if (status == STATUS_OK && clone->description.status != STATUS_OK)
        status = error_set(error, STATUS_NO_MEMORY, "not enough memory for the trace's description");
    if (status != STATUS_OK) {
        trace_reader_close(clone);
        return status;
    }
    clone->module = reader->module;
    clone->module_size = reader->module_size;
    clone->has_module = reader->has_module;
    clone->first = reader->first;
    clone->index = reader->index;
    clone->decoder.state = reader->decoder.state;
    clone->decoder.growth = reader->decoder.growth;
    trace_reader_go_chunk(clone, &here.mark);
    trace_reader_go(clone, &here);
    if (reader->stopped) { /* where that ended, and why */
        clone->stop = reader->stop;
        clone->end = reader->end;
        clone->stopped = true;
        clone->invalid = reader->invalid;
        clone->ended = reader->ended;
        clone->event = reader->event;
    }
    *ret = clone;
    return STATUS_OK;
}
