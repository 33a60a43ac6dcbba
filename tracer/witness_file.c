/* The stored form of witness records, both ways.
 *
 * Invariants: what is encoded decodes to the same record (number, chunk and what is not meaningful for it apart); a decoder
 * reads nothing past its chunk, and an element count is checked against its limit before it is used. Left out on purpose:
 * any judgement of the records, the order of one thread's sequence included. The bytes are described in docs/witness.md. */
#include "tracer/witness_file.h"

#include <stdlib.h>
#include <string.h>

enum {
    PART_OBJECT = 1, PART_OPENED = 2, PART_HOW = 4, PART_IOV = 8, PART_TIMES = 16, PART_PATH = 32, PART_PATH2 = 64,
    PARTS_KNOWN = 127,
    FLAGS_KNOWN = WITNESS_FLAG_COMPAT | WITNESS_FLAG_CUT | WITNESS_FLAG_FIRST | WITNESS_FLAG_LATE | WITNESS_FLAG_UNREAD,
    ARGS = 6,
    LEB_MAX = 10,
    INFO_BYTES = TRACE_RUN_ID + 4 + 4 + 8,
    /* head, 6 numbers, args, two objects, how, iovecs, times, paths */
    RECORD_MAX = 4 + 6 * LEB_MAX + 1 + ARGS * LEB_MAX + 6 * LEB_MAX + 3 * LEB_MAX + 1 + 2 * WITNESS_IOVECS * LEB_MAX + 4 * LEB_MAX +
                 WITNESS_PATHS * (LEB_MAX + WITNESS_PATH_MAX)
};

/* ---- writing ---- */

static uint8_t *put(uint8_t *to, uint64_t v)
{
    while (v >= 0x80) {
        *to++ = (uint8_t)(v | 0x80);
        v >>= 7;
    }
    *to++ = (uint8_t)v;
    return to;
}

/* Signed numbers with the sign in bit 0, so that small negative ones stay short. */
static uint8_t *put_signed(uint8_t *to, int64_t v)
{
    return put(to, ((uint64_t)v << 1) ^ (v < 0 ? ~(uint64_t)0 : 0));
}

static uint8_t *put_object(uint8_t *to, const struct witness_object *object)
{
    to = put(to, object->dev);
    to = put(to, object->ino);
    return put(to, object->mode);
}

static uint8_t *put_path(uint8_t *to, const char *path)
{
    size_t length = strnlen(path, WITNESS_PATH_MAX - 1);
    to = put(to, length);
    memcpy(to, path, length);
    return to + length;
}

static bool any(const uint64_t *values, size_t count)
{
    uint64_t all = 0;
    for (size_t i = 0; i < count; i++)
        all |= values[i];
    return all != 0;
}

static uint8_t record_parts(const struct witness_record *record)
{
    unsigned parts = 0;
    parts |= record->object.mode ? PART_OBJECT : 0;
    parts |= record->opened.mode ? PART_OPENED : 0;
    parts |= any(record->how, 3) ? PART_HOW : 0;
    parts |= record->iov_count ? PART_IOV : 0;
    parts |= any(record->times, 4) ? PART_TIMES : 0;
    parts |= record->path_count > 0 ? PART_PATH : 0;
    parts |= record->path_count > 1 ? PART_PATH2 : 0;
    return (uint8_t)parts;
}

static uint8_t *put_parts(uint8_t *to, const struct witness_record *record, uint8_t parts)
{
    if (parts & PART_OBJECT)
        to = put_object(to, &record->object);
    if (parts & PART_OPENED)
        to = put_object(to, &record->opened);
    for (unsigned i = 0; (parts & PART_HOW) && i < 3; i++)
        to = put(to, record->how[i]);
    if (parts & PART_IOV) {
        uint32_t count = record->iov_count < WITNESS_IOVECS ? record->iov_count : WITNESS_IOVECS;
        *to++ = (uint8_t)count;
        for (uint32_t i = 0; i < count; i++)
            to = put(put(to, record->iov_base[i]), record->iov_length[i]);
    }
    for (unsigned i = 0; (parts & PART_TIMES) && i < 4; i++)
        to = put(to, record->times[i]);
    if (parts & PART_PATH)
        to = put_path(to, record->path[0]);
    if (parts & PART_PATH2)
        to = put_path(to, record->path[1]);
    return to;
}

void witness_record_encode(const struct witness_record *record, struct buffer *out)
{
    uint8_t *start = buffer_extend(out, RECORD_MAX);
    if (!start)
        return;
    uint8_t parts = record_parts(record);
    uint8_t *to = start;
    *to++ = (uint8_t)record->kind;
    *to++ = (uint8_t)record->role;
    *to++ = (uint8_t)record->flags;
    *to++ = parts;
    to = put(to, record->pid);
    to = put(to, record->tid);
    to = put(to, record->sequence);
    to = put(to, record->ktime);
    to = put_signed(to, record->syscall);
    to = put_signed(to, record->result);
    unsigned args = ARGS;
    while (args > 0 && record->arg[args - 1] == 0)
        args--;
    *to++ = (uint8_t)args;
    for (unsigned i = 0; i < args; i++)
        to = put(to, record->arg[i]);
    to = put_parts(to, record, parts);
    out->size -= RECORD_MAX - (size_t)(to - start);
}

void witness_info_encode(const struct witness_info *info, struct buffer *out)
{
    buffer_bytes(out, info->run_id, TRACE_RUN_ID);
    buffer_u32(out, info->guest_pid);
    buffer_u32(out, info->recorder_pid);
    buffer_u64(out, info->lost);
}

void witness_end_encode(const struct witness_info *info, uint64_t records, struct buffer *out)
{
    witness_info_encode(info, out);
    buffer_u64(out, records);
}

/* ---- reading ---- */

static enum status get_signed(struct cursor *c, int64_t *ret)
{
    uint64_t v;
    enum status s = cursor_leb_u64(c, &v);
    if (s == STATUS_OK)
        *ret = (int64_t)((v >> 1) ^ (0 - (v & 1)));
    return s;
}

static enum status get_all(struct cursor *c, uint64_t *values, size_t count)
{
    enum status s = STATUS_OK;
    for (size_t i = 0; s == STATUS_OK && i < count; i++)
        s = cursor_leb_u64(c, &values[i]);
    return s;
}

static enum status get_object(struct cursor *c, struct witness_object *object)
{
    enum status s = cursor_leb_u64(c, &object->dev);
    if (s == STATUS_OK)
        s = cursor_leb_u64(c, &object->ino);
    if (s == STATUS_OK)
        s = cursor_leb_u32(c, &object->mode);
    return s == STATUS_OK && object->mode == 0 ? STATUS_MALFORMED : s;
}

static enum status get_path(struct cursor *c, char *path)
{
    uint32_t length;
    const uint8_t *bytes;
    enum status s = cursor_leb_u32(c, &length);
    if (s == STATUS_OK && length >= WITNESS_PATH_MAX)
        s = STATUS_MALFORMED;
    if (s == STATUS_OK)
        s = cursor_bytes(c, length, &bytes);
    if (s != STATUS_OK)
        return s;
    if (memchr(bytes, 0, length))
        return STATUS_MALFORMED;
    memcpy(path, bytes, length);
    path[length] = 0;
    return STATUS_OK;
}

static enum status get_iov(struct cursor *c, struct witness_record *record)
{
    uint8_t count;
    enum status s = cursor_u8(c, &count);
    if (s == STATUS_OK && (count == 0 || count > WITNESS_IOVECS))
        s = STATUS_MALFORMED;
    for (unsigned i = 0; s == STATUS_OK && i < count; i++) {
        s = get_all(c, &record->iov_base[i], 1);
        if (s == STATUS_OK)
            s = get_all(c, &record->iov_length[i], 1);
        record->iov_total += record->iov_length[i];
        record->iov_count = i + 1;
    }
    return s;
}

static enum status get_parts(struct cursor *c, struct witness_record *record, uint8_t parts)
{
    enum status s = STATUS_OK;
    if ((parts & ~PARTS_KNOWN) || ((parts & PART_PATH2) && !(parts & PART_PATH)))
        return STATUS_MALFORMED;
    if (parts & PART_OBJECT)
        s = get_object(c, &record->object);
    if (s == STATUS_OK && (parts & PART_OPENED))
        s = get_object(c, &record->opened);
    if (s == STATUS_OK && (parts & PART_HOW))
        s = get_all(c, record->how, 3);
    if (s == STATUS_OK && (parts & PART_IOV))
        s = get_iov(c, record);
    if (s == STATUS_OK && (parts & PART_TIMES))
        s = get_all(c, record->times, 4);
    for (unsigned i = 0; s == STATUS_OK && i < WITNESS_PATHS && (parts & (i ? PART_PATH2 : PART_PATH)); i++) {
        s = get_path(c, record->path[i]);
        record->path_count = i + 1;
    }
    return s;
}

static enum status get_head(struct cursor *c, struct witness_record *record, uint8_t *ret_parts)
{
    const uint8_t *head;
    enum status s = cursor_bytes(c, 4, &head);
    if (s != STATUS_OK)
        return s;
    record->kind = head[0];
    record->role = head[1];
    record->flags = head[2];
    *ret_parts = head[3];
    if (record->kind < WITNESS_SYSCALL || record->kind > WITNESS_LOST || record->role < WITNESS_GUEST ||
        record->role > WITNESS_OTHER || (record->flags & ~(uint32_t)FLAGS_KNOWN))
        return STATUS_MALFORMED;
    s = cursor_leb_u32(c, &record->pid);
    if (s == STATUS_OK)
        s = cursor_leb_u32(c, &record->tid);
    if (s == STATUS_OK)
        s = get_all(c, &record->sequence, 1);
    if (s == STATUS_OK)
        s = get_all(c, &record->ktime, 1);
    if (s == STATUS_OK)
        s = get_signed(c, &record->syscall);
    if (s == STATUS_OK)
        s = get_signed(c, &record->result);
    return s;
}

enum status witness_record_decode(struct cursor *c, struct witness_record *ret)
{
    uint8_t parts, args;
    memset(ret, 0, sizeof(*ret));
    enum status s = get_head(c, ret, &parts);
    if (s == STATUS_OK)
        s = cursor_u8(c, &args);
    if (s == STATUS_OK && args > ARGS)
        s = STATUS_MALFORMED;
    if (s == STATUS_OK)
        s = get_all(c, ret->arg, args);
    if (s == STATUS_OK)
        s = get_parts(c, ret, parts);
    return s;
}

enum status witness_info_decode(struct cursor *c, struct witness_info *ret)
{
    const uint8_t *run_id;
    struct witness_info info = { 0 };
    enum status s = cursor_bytes(c, TRACE_RUN_ID, &run_id);
    if (s == STATUS_OK)
        memcpy(info.run_id, run_id, TRACE_RUN_ID);
    if (s == STATUS_OK)
        s = cursor_u32(c, &info.guest_pid);
    if (s == STATUS_OK)
        s = cursor_u32(c, &info.recorder_pid);
    if (s == STATUS_OK)
        s = cursor_u64(c, &info.lost);
    if (s == STATUS_OK)
        *ret = info;
    return s;
}

struct witness_reader {
    struct trace_source *source;
    struct witness_info info;
    struct cursor records; /* what is left of the current chunk */
    uint64_t chunk, chunk_left; /* its number, records it still has to hold */
    uint64_t next;         /* number of the next record */
    uint64_t lost;         /* in LOST records so far; all losses once the end was read */
    bool ended;            /* the END chunk was read */
    bool finished;         /* there is nothing more to read */
    struct error stop;     /* why */
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
    if (chunk.kind != TRACE_CHUNK_DESCRIPTION || witness_info_decode(&c, &reader->info) != STATUS_OK || cursor_left(&c) != 0)
        return error_set(error, STATUS_MALFORMED, "chunk %llu is no description of a witness file",
                         (unsigned long long)chunk.number);
    if (memcmp(reader->info.run_id, trace_source_run_id(reader->source), TRACE_RUN_ID) != 0)
        return error_set(error, STATUS_MALFORMED, "the description belongs to another run than the file");
    return STATUS_OK;
}

enum status witness_reader_open(const char *path, struct witness_reader **ret, struct error *error)
{
    struct witness_reader *reader = calloc(1, sizeof(*reader));
    if (!reader)
        return error_set(error, STATUS_NO_MEMORY, "no memory for a witness reader");
    enum status s = trace_source_open(path, TRACE_FILE_WITNESS, &reader->source, error);
    if (s == STATUS_OK)
        s = reader_description(reader, error);
    if (s != STATUS_OK) {
        witness_reader_close(reader);
        return s;
    }
    *ret = reader;
    return STATUS_OK;
}

const struct witness_info *witness_reader_info(const struct witness_reader *reader)
{
    return &reader->info;
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
        return error_set(error, STATUS_MALFORMED, "chunk %llu is no end of a witness file", (unsigned long long)chunk->number);
    if (records != reader->next || info.lost < reader->lost)
        return error_set(error, STATUS_MALFORMED, "the end tells of %llu records and %llu losses, the file holds %llu and %llu",
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
    if (witness_record_decode(&reader->records, ret) != STATUS_OK)
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

void witness_reader_close(struct witness_reader *reader)
{
    if (!reader)
        return;
    trace_source_close(reader->source);
    free(reader);
}
