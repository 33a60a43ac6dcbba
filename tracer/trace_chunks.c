/* The chunks beneath a reader of whole calls: the next one with events, and places between items to go back to.
 *
 * Invariants: reading stops for good at the first thing that is not valid, and `stop` says why; going to a place
 * forgets that, so that who reads on from there meets it again. docs/trace-format.md. */
#include "tracer/trace_inner.h"

#include <string.h>

enum status trace_reader_source(struct trace_reader *reader)
{
    reader->mark = trace_source_mark(reader->source);
    enum status status = trace_source_next(reader->source, &reader->chunk, &reader->stop);
    reader->pending = status == STATUS_OK;
    return status;
}

enum status trace_reader_malformed(struct trace_reader *reader, const char *what)
{
    reader->invalid = true;
    return error_set(&reader->stop, STATUS_MALFORMED, "chunk %llu at offset %llu: %s",
                     (unsigned long long)reader->chunk.number, (unsigned long long)reader->chunk.file_offset, what);
}

static enum status reader_take_end(struct trace_reader *reader)
{
    if (reader->chunk.size != sizeof reader->end)
        return trace_reader_malformed(reader, "the END has another size");
    memcpy(&reader->end, reader->chunk.bytes, sizeof reader->end);
    reader->ended = true;
    if (reader->end.events != reader->event || reader->end.stream_bytes != reader->stream_bytes ||
        reader->end.reason == TRACE_END_NONE || reader->end.reason >= TRACE_END_COUNT)
        return trace_reader_malformed(reader, "the END counts other events than there are");
    if (reader->end.cause >= TRACE_CAUSE_COUNT || reader->end.waited > TRACE_WAITED_CORE)
        return trace_reader_malformed(reader, "the END names no known cause");
    return STATUS_OK;
}

enum status trace_reader_load(struct trace_reader *reader)
{
    reader->in_events = false;
    for (;;) {
        if (reader->stop.status != STATUS_OK)
            return STATUS_NOT_FOUND;
        if (!reader->pending) {
            enum status status = trace_reader_source(reader);
            if (status == STATUS_NOT_FOUND && !reader->ended)
                error_set(&reader->stop, STATUS_TRUNCATED,
                          "chunk %llu at offset %llu: the file ends here, without an END: its recorder was stopped, or "
                          "still runs",
                          (unsigned long long)trace_source_prefix(reader->source).chunks,
                          (unsigned long long)trace_source_prefix(reader->source).size);
            if (status != STATUS_OK)
                return STATUS_NOT_FOUND;
        }
        reader->pending = false;
        if (reader->chunk.kind == TRACE_CHUNK_EVENTS) {
            trace_index_note(&reader->index, &reader->mark);
            reader->at = 0;
            reader->stream_bytes += reader->chunk.size;
            event_decoder_chunk(&reader->decoder);
            reader->in_events = reader->chunk.size != 0;
            if (reader->in_events)
                return STATUS_OK;
            trace_reader_malformed(reader, "a chunk of no events");
        } else if (reader->chunk.kind == TRACE_CHUNK_END) {
            if (reader_take_end(reader) != STATUS_OK)
                return STATUS_NOT_FOUND;
        } else if (reader->chunk.kind != TRACE_CHUNK_SIGNATURE) { /* which the source has looked at */
            trace_reader_malformed(reader, "a description or module behind the events");
        }
    }
}

bool trace_chunk_head(const struct trace_chunk *chunk, size_t at, struct trace_event_head *ret)
{
    if (at > chunk->size || chunk->size - at < sizeof *ret)
        return false;
    memcpy(ret, chunk->bytes + at, sizeof *ret);
    return ret->words > 0 && ret->words * (size_t)8 <= chunk->size - at;
}

struct trace_place trace_reader_place(const struct trace_reader *reader)
{
    struct trace_place place = {
        .mark = reader->mark, .event = reader->event, .exited = reader->decoder.exited, .cut = reader->inside_call
    };
    if (reader->in_events && reader->at < reader->chunk.size) {
        place.at = reader->at;
        place.now = reader->decoder.now;
    } else if (!reader->pending) { /* ticks count from the run's start again */
        place.mark = trace_source_mark(reader->source);
    }
    return place;
}

/* Forgets how reading ended. */
static void reset(struct trace_reader *reader)
{
    reader->stop = (struct error)ERROR_INIT;
    reader->end = (struct trace_end) { 0 };
    reader->stopped = reader->invalid = reader->ended = reader->peeked = reader->inside_call = false;
    reader->decoder.open = reader->decoder.exited = reader->decoder.data_began = false;
}

void trace_reader_go_chunk(struct trace_reader *reader, const struct trace_mark *mark)
{
    reset(reader);
    trace_source_go(reader->source, mark);
    reader->pending = reader->in_events = false;
    reader->event = mark->events;
    reader->stream_bytes = mark->stream;
}

void trace_reader_go(struct trace_reader *reader, const struct trace_place *place)
{
    if (reader->in_events && reader->mark.at == place->mark.at)
        reset(reader);
    else
        trace_reader_go_chunk(reader, &place->mark);
    reader->inside_call = place->cut;
    reader->decoder.exited = place->exited;
    if (place->at == 0 && !reader->in_events)
        return;
    if (reader->in_events || trace_reader_load(reader) == STATUS_OK) {
        reader->at = place->at;
        reader->event = place->event;
        reader->decoder.now = place->now;
    }
}

void trace_reader_unpeek(struct trace_reader *reader)
{
    if (reader->peeked)
        trace_reader_go(reader, &reader->peek);
}
