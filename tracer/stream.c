/* From the ring's bytes to the file's chunks.
 *
 * The guest's process may be an attacker's, and it writes the ring while it is read: so bytes are copied out first and
 * only the copy is checked and used. A chunk ends with the event that brings it to TRACE_CHUNK_TARGET, or earlier where
 * the recorder flushes. Ticks become differences on the way.
 *
 * Leaves out: whether the events make sense together; the reader judges that. docs/trace-format.md, Events and Ring. */
#include "tracer/stream.h"

#include <stdlib.h>
#include <string.h>

enum { STREAM_BUFFER = TRACE_CHUNK_TARGET + TRACE_EVENT_BYTES_MAX + 8 };

enum status stream_init(struct stream *stream, struct trace_file *file, struct trace_ring *ring, uint64_t start_ticks,
                        uint64_t position, uint64_t events, struct error *error)
{
    *stream = (struct stream) { .file = file,
                                .data = trace_ring_data(ring),
                                .start_ticks = start_ticks,
                                .position = position,
                                .events = events,
                                .ticks = start_ticks };
    stream->buffer = malloc(STREAM_BUFFER);
    return stream->buffer ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory for the recorder's buffer");
}

void stream_done(struct stream *stream)
{
    free(stream->buffer);
    stream->buffer = NULL;
}

/* The size of the event at `at`, or 0 where none can begin. left: at least 8. */
static size_t event_size(const uint8_t *at, uint64_t left)
{
    static const uint8_t least[] = { [TRACE_EVENT_BEGIN] = sizeof(struct trace_event_begin),
                                     [TRACE_EVENT_OP] = sizeof(struct trace_event_op),
                                     [TRACE_EVENT_DATA] = sizeof(struct trace_event_data),
                                     [TRACE_EVENT_END] = sizeof(struct trace_event_end),
                                     [TRACE_EVENT_EXIT] = sizeof(struct trace_event_exit),
                                     [TRACE_EVENT_STATE] = sizeof(struct trace_event_state),
                                     [TRACE_EVENT_GROWTH] = sizeof(struct trace_event_growth),
                                     [TRACE_EVENT_SILENT] = sizeof(struct trace_event_silent),
                                     [TRACE_EVENT_CALL] = sizeof(struct trace_event_call) + 8,
                                     [TRACE_EVENT_CALL_UNTIMED] = sizeof(struct trace_event_call),
                                     [TRACE_EVENT_DONE] = sizeof(struct trace_event_done) + 16,
                                     [TRACE_EVENT_DONE_UNTIMED] = sizeof(struct trace_event_done) + 8 };
    struct trace_event_head head;
    memcpy(&head, at, sizeof head);
    size_t size = head.words * (size_t)8;
    if (head.type < TRACE_EVENT_BEGIN || head.type > TRACE_EVENT_LAST || size < least[head.type] || size > left)
        return 0;
    return size;
}

static void event_seal(struct stream *stream, uint8_t *at)
{
    uint8_t type = at[2];
    stream->exit_last = type == TRACE_EVENT_EXIT;
    if (stream->exit_last) {
        struct trace_event_exit event;
        memcpy(&event, at, sizeof event);
        const struct trace_exit exit = { .outcome = event.outcome, .exit_code = event.exit_code };
        stream->exit_status = trace_exit_status(&exit);
    }
    stream->parsed_events++;
    if (!trace_event_has_ticks(type))
        return;
    uint64_t ticks, since;
    memcpy(&ticks, at + TRACE_TICKS_OFFSET, sizeof ticks);
    since = ticks - stream->ticks;
    memcpy(at + TRACE_TICKS_OFFSET, &since, sizeof since);
    stream->ticks = ticks;
}

enum status stream_flush(struct stream *stream, struct error *error)
{
    if (stream->parsed == 0)
        return STATUS_OK;
    enum status status = trace_file_append(stream->file, TRACE_CHUNK_EVENTS, stream->buffer, stream->parsed,
                                           stream->position, stream->events, stream->parsed_events, error);
    if (status != STATUS_OK)
        return status;
    stream->position += stream->parsed;
    stream->events += stream->parsed_events;
    stream->copied -= stream->parsed;
    memmove(stream->buffer, stream->buffer + stream->parsed, stream->copied);
    stream->parsed = stream->parsed_events = 0;
    stream->ticks = stream->start_ticks; /* each chunk counts from the start of the run */
    return STATUS_OK;
}

/* Checks the copied events, up to the end of a chunk. published: bytes from buffer[0] that the guest declared whole. */
static bool stream_parse(struct stream *stream, uint64_t published)
{
    while (stream->parsed < TRACE_CHUNK_TARGET && stream->copied - stream->parsed >= sizeof(struct trace_event_head)) {
        uint8_t *at = stream->buffer + stream->parsed;
        size_t size = event_size(at, published - stream->parsed);
        if (size == 0)
            return false;
        if (size > stream->copied - stream->parsed)
            return true;
        event_seal(stream, at);
        stream->parsed += size;
    }
    return true;
}

static enum status stream_spoiled(const struct stream *stream, struct error *error)
{
    unsigned long long offset = stream->position + stream->parsed;
    return error_set(error, STATUS_MALFORMED, "the guest's process spoiled the ring: no event at stream offset %llu",
                     offset);
}

enum status stream_take(struct stream *stream, uint64_t head, size_t *ret_taken, struct error *error)
{
    *ret_taken = 0;
    uint64_t published = head - stream->position;
    if (published > TRACE_RING_BYTES || published < stream->copied || (head & 7))
        return error_set(error, STATUS_MALFORMED, "the guest's process spoiled the ring: its head is impossible");
    do { /* once at least: a chunk whose writing failed is tried again */
        uint64_t from = (stream->position + stream->copied) & (TRACE_RING_BYTES - 1);
        uint64_t left = published - stream->copied, room = STREAM_BUFFER - stream->copied;
        size_t count = (size_t)(left < room ? left : room);
        memcpy(stream->buffer + stream->copied, stream->data + from, count);
        stream->copied += count;
        *ret_taken += count;
        if (!stream_parse(stream, published))
            return stream_spoiled(stream, error);
        while (stream->parsed >= TRACE_CHUNK_TARGET) {
            enum status status = stream_flush(stream, error);
            if (status != STATUS_OK)
                return status;
            published = head - stream->position;
            if (!stream_parse(stream, published))
                return stream_spoiled(stream, error);
        }
    } while (stream->copied < published);
    return STATUS_OK;
}

bool stream_is_clean(const struct stream *stream, const struct trace_fate *fate)
{
    return stream->exit_last && stream->copied == 0 && fate->waited == TRACE_WAITED_EXITED &&
           fate->exit_code == stream->exit_status;
}

enum status stream_end(struct stream *stream, const struct trace_fate *fate, struct trace_end *end, struct error *error)
{
    end->signal = fate->signal;
    end->cause = fate->cause;
    end->cause_signal = fate->cause_signal;
    end->waited = fate->waited;
    end->exit_code = fate->exit_code;
    end->end_ns = elapsed_now_ns();
    end->end_ticks = platform_ticks();
    end->events = stream->events;
    end->stream_bytes = stream->position;
    return trace_file_append(stream->file, TRACE_CHUNK_END, end, sizeof *end, 0, 0, 0, error);
}
