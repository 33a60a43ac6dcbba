/* What of a trace is read a second time: the module, and data that was too much to be kept. And what is looked at
 * before its turn: the guest's end.
 *
 * Invariants: memory for one more chunk, however much is handed out; everything is checked again as when it was read
 * first, so that a file which changed in between is told and not believed. docs/trace-format.md, What reading takes. */
#include "tracer/trace_inner.h"

#include <string.h>

enum status trace_reader_module(const struct trace_reader *reader, struct buffer *ret, struct error *error)
{
    struct trace_source *again;
    struct trace_chunk chunk;
    if (!reader->has_module)
        return error_set(error, STATUS_NOT_FOUND, "the trace holds no module");
    enum status status = trace_source_again(reader->source, &reader->module, &again, error);
    if (status != STATUS_OK)
        return status;
    size_t before = ret->size;
    if (!buffer_extend(ret, (size_t)reader->module_size))
        status = error_set(error, STATUS_NO_MEMORY, "not enough memory for the trace's module of %llu bytes",
                           (unsigned long long)reader->module_size);
    for (uint64_t done = 0; status == STATUS_OK && done < reader->module_size; done += chunk.size) {
        status = trace_source_next(again, &chunk, error);
        if (status == STATUS_NOT_FOUND ||
            (status == STATUS_OK && (chunk.kind != TRACE_CHUNK_MODULE || chunk.size > reader->module_size - done)))
            status = error_set(error, STATUS_CORRUPT, "the trace changed while it was read: another module");
        if (status == STATUS_OK)
            memcpy(ret->data + before + done, chunk.bytes, chunk.size);
    }
    trace_source_close(again);
    return status;
}

/* One piece of an op's data out of the event at `at`. False: no such event stands there. */
static bool data_event(const struct trace_chunk *chunk, size_t at, uint32_t index, uint64_t left,
                       struct trace_event_data *ret)
{
    if (chunk->kind != TRACE_CHUNK_EVENTS || chunk->size - at < sizeof *ret)
        return false;
    memcpy(ret, chunk->bytes + at, sizeof *ret);
    return ret->head.type == TRACE_EVENT_DATA && ret->head.code == index && ret->length > 0 && ret->length <= left &&
           sizeof *ret + trace_pad8(ret->length) == ret->head.words * (size_t)8 &&
           ret->head.words * (size_t)8 <= chunk->size - at;
}

/* All DATA events of the op, from the file. */
static enum status data_again(const struct trace_reader *reader, uint32_t index, uint64_t left, trace_bytes_fn *visit,
                              void *self, struct error *error)
{
    struct trace_source *again;
    struct trace_chunk chunk;
    struct trace_event_data event;
    enum status status = trace_source_again(reader->source, &reader->data_mark[index], &again, error);
    if (status != STATUS_OK)
        return status;
    status = trace_source_next(again, &chunk, error);
    for (size_t at = reader->data_at[index]; status == STATUS_OK && left > 0;) {
        if (at == chunk.size) {
            status = trace_source_next(again, &chunk, error);
            at = 0;
            continue;
        }
        if (at > chunk.size || !data_event(&chunk, at, index, left, &event)) {
            status = STATUS_NOT_FOUND;
            break;
        }
        if (!visit(self, chunk.bytes + at + sizeof event, event.length))
            status = STATUS_STOPPED;
        left -= event.length;
        at += event.head.words * (size_t)8;
    }
    if (status == STATUS_NOT_FOUND)
        status = error_set(error, STATUS_CORRUPT, "the trace changed while it was read: other data");
    trace_source_close(again);
    return status;
}

enum status trace_reader_data(struct trace_reader *reader, const struct trace_call *call, uint32_t index,
                              trace_bytes_fn *visit, void *self, struct error *error)
{
    const struct trace_op_data *data = &call->data[index];
    if (!call->complete || index >= call->ops.count)
        return error_set(error, STATUS_INVALID, "the call has no data of such an op");
    if (data->in_kept < data->in_length)
        return data_again(reader, index, data->in_length, visit, self, error);
    return data->in_length == 0 || visit(self, data->in, data->in_length) ? STATUS_OK : STATUS_STOPPED;
}

/* The last event of a chunk, by the sizes that the events state. */
static bool last_event(const struct trace_chunk *chunk, size_t *ret_at)
{
    struct trace_event_head head;
    size_t at = 0;
    for (*ret_at = 0; trace_chunk_head(chunk, at, &head); at += head.words * (size_t)8)
        *ret_at = at;
    return at == chunk->size && at > 0;
}

bool trace_reader_exit_ahead(const struct trace_reader *reader, struct trace_exit *ret)
{
    struct trace_mark mark;
    struct trace_source *again;
    struct trace_chunk chunk;
    struct trace_event_head head;
    struct trace_exit exit;
    const char *why;
    uint64_t ticks;
    size_t at;
    /* The current chunk may be the last of events. */
    bool here = reader->chunk.kind == TRACE_CHUNK_EVENTS,
         behind = trace_source_find_last(reader->source, TRACE_CHUNK_EVENTS, &mark);
    if (!here && !behind)
        return false;
    if (trace_source_again(reader->source, behind ? &mark : &reader->mark, &again, NULL) != STATUS_OK)
        return false;
    bool found = trace_source_next(again, &chunk, NULL) == STATUS_OK && last_event(&chunk, &at) &&
                 trace_chunk_head(&chunk, at, &head) && head.type == TRACE_EVENT_EXIT;
    if (found) {
        struct cursor cursor = cursor_over(chunk.bytes + at, chunk.size - at);
        found = event_decode_exit(&cursor, &exit, &ticks, &why) == STATUS_OK && cursor_left(&cursor) == 0;
    }
    if (found)
        *ret = exit;
    trace_source_close(again);
    return found;
}

bool trace_end_ahead(int fd, uint64_t size, struct trace_end *ret)
{
    struct trace_source *source, *again;
    struct trace_chunk chunk;
    struct trace_mark mark;
    bool found = false;
    if (trace_source_open_fd(fd, size, TRACE_FILE_EVENTS, &source, NULL) != STATUS_OK)
        return false;
    if (trace_source_find_last(source, TRACE_CHUNK_END, &mark) &&
        trace_source_again(source, &mark, &again, NULL) == STATUS_OK) {
        found = trace_source_next(again, &chunk, NULL) == STATUS_OK && chunk.size == sizeof *ret;
        if (found)
            memcpy(ret, chunk.bytes, sizeof *ret);
        trace_source_close(again);
    }
    trace_source_close(source);
    return found;
}
