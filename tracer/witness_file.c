/* Reads a witness file back.
 *
 * Invariants: a record is given only where its whole chunk is valid; nothing past the first defect. What the bytes of a
 * record are: witness_record.c. Left out on purpose: any judgement of the records, the order of one thread's sequence
 * included. docs/witness.md. */
#include "tracer/container.h"
#include "tracer/signature.h"
#include "tracer/witness_file.h"

#include <stdlib.h>
#include <string.h>

struct witness_reader {
    struct trace_source *source;
    struct witness_info info;
    struct buffer description; /* its facts are what stands behind the info */
    size_t facts;              /* where */
    struct cursor records;     /* what is left of the current chunk */
    struct witness_room room;
    uint64_t chunk, chunk_left; /* its number, records it still has to hold */
    uint64_t next;              /* number of the next record */
    uint64_t lost;              /* in LOST records so far; all losses once the end was read */
    bool ended;                 /* the END chunk was read */
    bool finished;              /* there is nothing more to read */
    struct error stop;          /* why */
};

static enum status reader_description(struct witness_reader *reader, struct error *error)
{
    struct trace_chunk chunk;
    enum status s = trace_source_next(reader->source, &chunk, error);
    if (s == STATUS_NOT_FOUND)
        return error_set(error, STATUS_TRUNCATED, "the witness file ends before its description");
    if (s != STATUS_OK)
        return s;
    struct cursor c = cursor_over(chunk.bytes, chunk.size);
    if (chunk.kind != TRACE_CHUNK_DESCRIPTION || witness_info_decode(&c, &reader->info) != STATUS_OK ||
        cursor_left(&c) > WITNESS_FACTS_MAX)
        return error_set(error, STATUS_MALFORMED, "chunk %llu is no description of a witness file",
                         (unsigned long long)chunk.number);
    reader->facts = chunk.size - cursor_left(&c);
    buffer_bytes(&reader->description, chunk.bytes, chunk.size);
    if (reader->description.status != STATUS_OK)
        return error_set(error, reader->description.status, "no memory for a witness file's description");
    if (memcmp(reader->info.run_id, trace_source_run_id(reader->source), TRACE_RUN_ID) != 0)
        return error_set(error, STATUS_MALFORMED, "the description belongs to another run than the file");
    return STATUS_OK;
}

static enum status reader_over(struct trace_source *source, struct witness_reader **ret, struct error *error)
{
    struct witness_reader *reader = calloc(1, sizeof(*reader));
    if (!reader) {
        trace_source_close(source);
        return error_set(error, STATUS_NO_MEMORY, "no memory for a witness reader");
    }
    reader->source = source;
    enum status s = reader_description(reader, error);
    if (s != STATUS_OK) {
        witness_reader_close(reader);
        return s;
    }
    *ret = reader;
    return STATUS_OK;
}

enum status witness_reader_open(const char *path, struct witness_reader **ret, struct error *error)
{
    struct trace_source *source;
    enum status s = trace_source_open(path, TRACE_FILE_WITNESS, &source, error);
    return s == STATUS_OK ? reader_over(source, ret, error) : s;
}

enum status witness_reader_again(const struct witness_reader *reader, struct witness_reader **ret, struct error *error)
{
    struct trace_source *source;
    uint64_t size;
    int fd = trace_source_fd(reader->source, &size);
    enum status s = trace_source_open_fd(fd, size, TRACE_FILE_WITNESS, &source, error);
    return s == STATUS_OK ? reader_over(source, ret, error) : s;
}

const struct witness_info *witness_reader_info(const struct witness_reader *reader) { return &reader->info; }

const void *witness_reader_facts(const struct witness_reader *reader, size_t *ret_size)
{
    *ret_size = reader->description.size - reader->facts;
    return reader->description.data + reader->facts;
}

/* Reads the END chunk: nothing may come after it, and it must count what was read. */
static enum status reader_end(struct witness_reader *reader, const struct trace_chunk *chunk, struct error *error)
{
    struct cursor c = cursor_over(chunk->bytes, chunk->size);
    struct witness_info info;
    uint64_t records;
    enum status s = witness_info_decode(&c, &info);
    if (s == STATUS_OK)
        s = cursor_u64(&c, &records);
    if (s != STATUS_OK || cursor_left(&c) != 0 || memcmp(info.run_id, reader->info.run_id, TRACE_RUN_ID) != 0)
        return error_set(error, STATUS_MALFORMED, "chunk %llu is no end of a witness file",
                         (unsigned long long)chunk->number);
    if (records != reader->next || info.lost < reader->lost)
        return error_set(error, STATUS_MALFORMED,
                         "the end tells of %llu records and %llu losses, the file holds %llu and %llu",
                         (unsigned long long)records, (unsigned long long)info.lost, (unsigned long long)reader->next,
                         (unsigned long long)reader->lost);
    reader->lost = info.lost;
    reader->ended = true;
    return STATUS_OK;
}

/* Goes on to the next chunk that holds records. NOT_FOUND: there is none, `stop` says why. */
static enum status reader_advance(struct witness_reader *reader, struct error *error)
{
    struct trace_chunk chunk;
    enum status s = trace_source_next(reader->source, &chunk, &reader->stop);
    if (s != STATUS_OK) {
        reader->finished = true;
        if (s == STATUS_NOT_FOUND) {
            reader->stop = (struct error)ERROR_INIT;
            if (!reader->ended)
                (void)error_set(&reader->stop, STATUS_TRUNCATED, "the witness file has no end: its writer was stopped");
        }
        return STATUS_NOT_FOUND;
    }
    unsigned long long number = chunk.number;
    if (reader->ended && chunk.kind == TRACE_CHUNK_SIGNATURE)
        return STATUS_OK;
    if (reader->ended)
        return error_set(error, STATUS_MALFORMED, "chunk %llu comes after the end", number);
    if (chunk.kind == TRACE_CHUNK_END)
        return reader_end(reader, &chunk, error);
    if (chunk.kind != TRACE_CHUNK_EVENTS || chunk.first_event != reader->next)
        return error_set(error, STATUS_MALFORMED, "chunk %llu does not hold the next records", number);
    reader->records = cursor_over(chunk.bytes, chunk.size);
    reader->chunk = chunk.number;
    reader->chunk_left = chunk.event_count;
    if (chunk.event_count == 0 || chunk.size == 0)
        return error_set(error, STATUS_MALFORMED, "chunk %llu holds no record", number);
    return STATUS_OK;
}

enum status witness_reader_next(struct witness_reader *reader, struct witness_record *ret, struct error *error)
{
    while (reader->chunk_left == 0) {
        if (reader->finished)
            return STATUS_NOT_FOUND;
        if (cursor_left(&reader->records) != 0)
            return error_set(error, STATUS_MALFORMED, "chunk %llu holds more than its records",
                             (unsigned long long)reader->chunk);
        enum status s = reader_advance(reader, error);
        if (s != STATUS_OK)
            return s;
    }
    size_t offset = cursor_offset(&reader->records);
    if (witness_record_decode(&reader->records, &reader->room, ret) != STATUS_OK)
        return error_set(error, STATUS_MALFORMED, "chunk %llu, byte %zu: no valid witness record",
                         (unsigned long long)reader->chunk, offset);
    ret->number = reader->next++;
    ret->chunk = reader->chunk;
    reader->chunk_left--;
    if (ret->kind == WITNESS_LOST && __builtin_add_overflow(reader->lost, (uint64_t)ret->result, &reader->lost))
        return error_set(error, STATUS_MALFORMED, "chunk %llu, byte %zu: an impossible count of losses",
                         (unsigned long long)reader->chunk, offset);
    return STATUS_OK;
}

enum status witness_reader_stop(const struct witness_reader *reader, uint64_t *ret_lost, struct error *error)
{
    if (ret_lost)
        *ret_lost = reader->lost;
    if (reader->stop.status != STATUS_OK)
        return error_copy(error, reader->stop.status, &reader->stop);
    return STATUS_OK;
}

enum status witness_reader_signature(const struct witness_reader *reader, struct trace_signature *ret,
                                     struct error *error)
{
    return trace_source_signature(reader->source, TRACE_SIGNER_WITNESS, reader->description.data,
                                  reader->description.size, reader->next, ret, error);
}

void witness_reader_close(struct witness_reader *reader)
{
    if (!reader)
        return;
    trace_source_close(reader->source);
    buffer_done(&reader->description);
    free(reader);
}
