/* Whole calls out of a trace file.
 *
 * The order of chunks is fixed: DESCRIPTION, MODULE (or none), EVENTS, END. Reading stops for good at the first thing
 * that is not valid; why is kept for trace_reader_stop. A call whose end is not there is delivered as what it is,
 * incomplete.
 *
 * Seeking is trace_seek.c. docs/trace-format.md. */
#include "tracer/signature.h"
#include "tracer/trace_inner.h"

#include <stdlib.h>
#include <string.h>

/* Takes the current chunk of the preamble: the description is kept, the module counted. */
static enum status reader_append(struct trace_reader *reader, struct buffer *to, uint64_t *size)
{
    const struct trace_chunk *chunk = &reader->chunk;
    const uint64_t most = to ? LIMIT_TRACE_CHUNK : LIMIT_MODULE_BYTES;
    if (*size + chunk->size > most)
        return error_set(&reader->stop, STATUS_LIMIT, "chunk %llu at offset %llu: more bytes than a %s may have",
                         (unsigned long long)chunk->number, (unsigned long long)chunk->file_offset,
                         to ? "description" : "module");
    *size += chunk->size;
    if (!to)
        return STATUS_OK;
    buffer_bytes(to, chunk->bytes, chunk->size);
    return to->status == STATUS_OK
               ? STATUS_OK
               : error_set(&reader->stop, to->status, "not enough memory for the trace's description");
}

/* Reads one part of the preamble: chunks of `kind` up to the one that does not go on. The chunk behind it is pending.
 */
static enum status reader_part(struct trace_reader *reader, enum trace_chunk_kind kind, struct buffer *to,
                               uint64_t *size, bool *ret_found)
{
    bool more = true;
    *ret_found = false;
    while (reader->pending && more && reader->chunk.kind == (uint32_t)kind) {
        enum status status = reader_append(reader, to, size);
        if (status != STATUS_OK)
            return status;
        more = trace_source_more(reader->source);
        *ret_found = !more;
        status = trace_reader_source(reader);
        if (status == STATUS_NO_MEMORY)
            return status;
        if (status != STATUS_OK)
            break; /* trace_reader_stop tells why */
    }
    return STATUS_OK; /* a part without its rest is none */
}

static enum status reader_preamble(struct trace_reader *reader)
{
    enum status status = trace_reader_source(reader);
    if (status == STATUS_NOT_FOUND)
        return error_set(&reader->stop, STATUS_TRUNCATED, "chunk 0 at offset 64: the file ends behind its header");
    if (status != STATUS_OK)
        return status;
    bool found;
    uint64_t size = 0;
    status = reader_part(reader, TRACE_CHUNK_DESCRIPTION, &reader->description, &size, &found);
    if (status == STATUS_OK && !found)
        return error_set(&reader->stop, STATUS_MALFORMED,
                         "chunk 0 at offset 64: the trace does not begin with a description");
    reader->module = reader->mark;
    if (status == STATUS_OK)
        status = reader_part(reader, TRACE_CHUNK_MODULE, NULL, &reader->module_size, &reader->has_module);
    reader->first = reader->pending ? reader->mark : trace_source_mark(reader->source);
    return status;
}

static enum status reader_start(struct trace_reader *reader, struct trace_reader **ret, struct error *error)
{
    enum status status = reader_preamble(reader);
    if (status != STATUS_OK) {
        error_copy(error, status, &reader->stop);
        trace_reader_close(reader);
        return status;
    }
    *ret = reader;
    return STATUS_OK;
}

static enum status reader_over(struct trace_source *source, struct trace_reader **ret, struct error *error)
{
    struct trace_reader *reader = calloc(1, sizeof *reader);
    if (!reader) {
        trace_source_close(source);
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for reading the trace");
    }
    reader->source = source;
    reader->index.every = 1;
    return reader_start(reader, ret, error);
}

enum status trace_reader_open(const char *path, struct trace_reader **ret, struct error *error)
{
    struct trace_source *source;
    enum status status = trace_source_open(path, TRACE_FILE_EVENTS, &source, error);
    if (status != STATUS_OK)
        return status;
    status = reader_over(source, ret, error);
    if (status != STATUS_OK)
        error_prefix(error, "%s", path);
    return status;
}

enum status trace_reader_open_fd(int fd, uint64_t size, struct trace_reader **ret, struct error *error)
{
    struct trace_source *source;
    enum status status = trace_source_open_fd(fd, size, TRACE_FILE_EVENTS, &source, error);
    return status == STATUS_OK ? reader_over(source, ret, error) : status;
}

enum status trace_reader_open_bytes(const void *bytes, size_t size, struct trace_reader **ret, struct error *error)
{
    struct trace_source *source;
    enum status status = trace_source_open_bytes(bytes, size, TRACE_FILE_EVENTS, &source, error);
    return status == STATUS_OK ? reader_over(source, ret, error) : status;
}

const uint8_t *trace_reader_run_id(const struct trace_reader *reader) { return trace_source_run_id(reader->source); }

const void *trace_reader_description(const struct trace_reader *reader, size_t *ret_size)
{
    *ret_size = reader->description.size;
    return reader->description.data;
}

bool trace_reader_has_module(const struct trace_reader *reader, uint64_t *ret_size)
{
    *ret_size = reader->has_module ? reader->module_size : 0;
    return reader->has_module;
}

int trace_reader_fd(const struct trace_reader *reader, uint64_t *ret_size)
{
    return trace_source_fd(reader->source, ret_size);
}

void trace_reader_hash(const struct trace_reader *reader, uint8_t *ret)
{
    memcpy(ret, trace_source_prefix(reader->source).hash, TRACE_HASH);
}

/* Delivers the call that is open as incomplete. */
static enum status reader_cut_call(struct trace_reader *reader, enum trace_item_kind *ret_kind, struct trace_call *call)
{
    reader->decoder.open = false;
    reader->inside_call = true;
    call->begin_event = reader->begin_event;
    call->end_event = 0;
    call->chunk = reader->begin_chunk;
    call->complete = false;
    for (uint32_t i = 0; i < call->ops.count; i++)
        call->data[i].in = NULL;
    memcpy(call->op_event, reader->op_event, sizeof call->op_event);
    *ret_kind = TRACE_ITEM_CALL;
    return STATUS_OK;
}

/* Is the event at `at` an EXIT inside a call? Then the call is delivered first. */
static bool reader_exit_in_call(const struct trace_reader *reader)
{
    return reader->decoder.open && reader->chunk.size - reader->at >= sizeof(struct trace_event_exit) &&
           reader->chunk.bytes[reader->at + offsetof(struct trace_event_head, type)] == TRACE_EVENT_EXIT;
}

/* Notes where an op's first DATA event stands. */
static void reader_data_place(struct trace_reader *reader, const uint8_t *bytes)
{
    struct trace_event_data event;
    memcpy(&event, bytes, sizeof event);
    uint32_t index = event.head.code;
    if (reader->decoder.data[index].length != event.length)
        return;
    reader->data_mark[index] = reader->mark;
    reader->data_at[index] = reader->at;
}

/* Decodes one event and keeps its numbers. */
static enum status reader_event(struct trace_reader *reader, struct trace_call *call, struct trace_exit *exit,
                                enum decoded *ret)
{
    const uint8_t *bytes = reader->chunk.bytes + reader->at;
    const char *why = NULL;
    size_t size = 0;
    bool was_open = reader->decoder.open;
    enum status status =
        event_decode(&reader->decoder, bytes, reader->chunk.size - reader->at, call, exit, ret, &size, &why);
    reader->invalid = status == STATUS_MALFORMED || status == STATUS_TRUNCATED;
    if (status == STATUS_NO_MEMORY)
        return error_set(&reader->stop, status, "not enough memory for event %llu", (unsigned long long)reader->event);
    if (status != STATUS_OK)
        return error_set(&reader->stop, status == STATUS_TRUNCATED ? STATUS_MALFORMED : status,
                         "chunk %llu at offset %llu: event %llu is not valid: %s",
                         (unsigned long long)reader->chunk.number, (unsigned long long)reader->chunk.file_offset,
                         (unsigned long long)reader->event, why);
    uint8_t type = bytes[offsetof(struct trace_event_head, type)];
    if (type == TRACE_EVENT_DATA)
        reader_data_place(reader, bytes);
    if (!was_open && trace_event_begins(type)) {
        reader->begin_event = reader->event;
        reader->begin_chunk = reader->chunk.number;
    }
    if (type == TRACE_EVENT_OP || type == TRACE_EVENT_CALL || type == TRACE_EVENT_CALL_UNTIMED)
        reader->op_event[call->ops.count - 1] = reader->event;
    reader->at += size;
    reader->event++;
    if (reader->at == reader->chunk.size && reader->event != reader->chunk.first_event + reader->chunk.event_count)
        return trace_reader_malformed(reader, "its header counts other events than there are");
    return STATUS_OK;
}

enum status trace_reader_next(struct trace_reader *reader, enum trace_item_kind *ret_kind, struct trace_call *call,
                              struct trace_exit *exit, struct error *error)
{
    trace_reader_unpeek(reader);
    for (;;) {
        enum status stop = reader->stop.status; /* what is this machine's fault is not the trace's end */
        if (reader->stopped && (stop == STATUS_NO_MEMORY || stop == STATUS_IO))
            return error_copy(error, stop, &reader->stop);
        if (reader->stopped)
            return reader->invalid ? error_copy(error, STATUS_MALFORMED, &reader->stop) : STATUS_NOT_FOUND;
        bool drained = !reader->in_events || reader->at >= reader->chunk.size;
        if (reader->stop.status != STATUS_OK || (drained && trace_reader_load(reader) != STATUS_OK)) {
            reader->stopped = !reader->decoder.open;
            if (reader->decoder.open)
                return reader_cut_call(reader, ret_kind, call);
            continue;
        }
        if (reader_exit_in_call(reader))
            return reader_cut_call(reader, ret_kind, call);
        enum decoded decoded;
        if (reader_event(reader, call, exit, &decoded) != STATUS_OK)
            continue;
        if (decoded == DECODED_EXIT || decoded == DECODED_STATE || decoded == DECODED_GROWTH) {
            *ret_kind = decoded == DECODED_EXIT    ? TRACE_ITEM_EXIT
                        : decoded == DECODED_STATE ? TRACE_ITEM_STATE
                                                   : TRACE_ITEM_GROWTH;
            return STATUS_OK;
        }
        if (decoded == DECODED_CALL) {
            call->begin_event = reader->begin_event;
            call->end_event = reader->event - 1;
            call->chunk = reader->begin_chunk;
            memcpy(call->op_event, reader->op_event, sizeof call->op_event);
            *ret_kind = TRACE_ITEM_CALL;
            return STATUS_OK;
        }
    }
}

uint64_t trace_reader_event(const struct trace_reader *reader) { return reader->event ? reader->event - 1 : 0; }

uint64_t trace_reader_chunk(const struct trace_reader *reader) { return reader->chunk.number; }

const struct trace_state *trace_reader_state(const struct trace_reader *reader) { return &reader->decoder.state; }

const struct trace_growth *trace_reader_growth(const struct trace_reader *reader) { return &reader->decoder.growth; }

enum status trace_reader_stop(const struct trace_reader *reader, struct trace_end *ret_end, bool *inside_call,
                              struct error *error)
{
    *ret_end = reader->end;
    *inside_call = reader->inside_call;
    if (reader->stop.status != STATUS_OK)
        return error_copy(error, reader->stop.status, &reader->stop);
    return STATUS_OK;
}

enum status trace_reader_signature(const struct trace_reader *reader, struct trace_signature *ret, struct error *error)
{
    return trace_source_signature(reader->source, TRACE_SIGNER_RECORDER, reader->description.data,
                                  reader->description.size, reader->event, ret, error);
}

void trace_reader_close(struct trace_reader *reader)
{
    if (!reader)
        return;
    trace_source_close(reader->source);
    buffer_done(&reader->description);
    event_decoder_done(&reader->decoder);
    free(reader);
}
