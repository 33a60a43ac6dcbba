/* Reads the container: the longest valid prefix of chunks, and why it ends where it ends.
 *
 * A chunk is returned only after all of it was checked: header checksum, number, checksum over header and body, hash of
 * the chunk before it, event numbers and stream offsets. No length is believed before it was compared with what is
 * there.
 *
 * Opening is container_open.c. docs/trace-format.md, Container. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/container_inner.h"

#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <zstd.h>

#define CHUNK_FORMAT     "chunk %llu at offset %llu"
#define CHUNK_AT(source) (unsigned long long)(source)->number, (unsigned long long)(source)->at

static bool header_is_whole(const struct trace_chunk_header *header)
{
    return header->magic == TRACE_CHUNK_MAGIC &&
           XXH3_64bits(header, offsetof(struct trace_chunk_header, header_checksum)) == header->header_checksum;
}

bool trace_source_find_last(struct trace_source *source, enum trace_chunk_kind kind, struct trace_mark *ret)
{
    struct trace_chunk_header header;
    uint64_t at = source->at;
    bool found = false;
    while (source->size - at >= sizeof header) {
        if (trace_source_read(source, at, &header, sizeof header, NULL) != STATUS_OK || !header_is_whole(&header) ||
            header.stored_length > source->size - at - sizeof header)
            return found;
        if (header.kind == (uint32_t)kind) {
            *ret = (struct trace_mark) { at, header.number, header.first_event, header.stream_offset, { 0 } };
            memcpy(ret->hash, header.previous, sizeof ret->hash);
            found = true;
        }
        at += sizeof header + header.stored_length;
    }
    return found;
}

/* Looks behind the chunk at `at` for chunk `number`; true: *ret_offset says where it lies. Only headers are believed.
 */
static bool source_search(struct trace_source *source, uint64_t number, uint64_t *ret_offset)
{
    struct trace_chunk_header header;
    uint64_t at = source->at;
    while (source->size - at >= sizeof header) {
        if (trace_source_read(source, at, &header, sizeof header, NULL) != STATUS_OK || !header_is_whole(&header))
            return false;
        if (header.number == number) {
            *ret_offset = at;
            return true;
        }
        at += sizeof header;
        if (header.stored_length > source->size - at)
            return false;
        at += header.stored_length;
    }
    return false;
}

static enum status wrong_number(struct trace_source *source, uint64_t found, struct error *error)
{
    uint64_t elsewhere;
    if (found < source->number)
        return error_set(error, STATUS_CORRUPT, CHUNK_FORMAT ": chunk %llu stands here again: chunks are out of order",
                         CHUNK_AT(source), (unsigned long long)found);
    if (source_search(source, source->number, &elsewhere))
        return error_set(error, STATUS_CORRUPT,
                         CHUNK_FORMAT
                         ": chunk %llu stands here, chunk %llu follows at offset %llu: chunks are out of order",
                         CHUNK_AT(source), (unsigned long long)found, (unsigned long long)source->number,
                         (unsigned long long)elsewhere);
    return error_set(error, STATUS_CORRUPT, CHUNK_FORMAT ": it is missing, chunk %llu stands in its place",
                     CHUNK_AT(source), (unsigned long long)found);
}

static enum status check_header(struct trace_source *source, const struct trace_chunk_header *header,
                                struct error *error)
{
    if (!header_is_whole(header))
        return error_set(error, STATUS_CORRUPT, CHUNK_FORMAT ": its header is damaged", CHUNK_AT(source));
    if (header->number != source->number)
        return wrong_number(source, header->number, error);
    if (header->kind < TRACE_CHUNK_DESCRIPTION || header->kind > TRACE_CHUNK_SIGNATURE ||
        header->encoding > TRACE_ENCODING_ZSTD || (header->flags & ~TRACE_CHUNK_FLAG_MORE))
        return error_set(error, STATUS_UNSUPPORTED,
                         CHUNK_FORMAT ": its kind (%u), encoding or flags are of a later version", CHUNK_AT(source),
                         header->kind);
    if (header->raw_length > LIMIT_TRACE_CHUNK || header->stored_length > header->raw_length ||
        (header->encoding == TRACE_ENCODING_PLAIN && header->stored_length != header->raw_length))
        return error_set(error, STATUS_MALFORMED, CHUNK_FORMAT ": its lengths (%u, stored %u) are impossible",
                         CHUNK_AT(source), header->raw_length, header->stored_length);
    uint64_t rest = source->size - source->at - sizeof *header;
    if (header->stored_length > rest)
        return error_set(error, STATUS_TRUNCATED, CHUNK_FORMAT ": the file ends inside it, %llu bytes are missing",
                         CHUNK_AT(source), (unsigned long long)(header->stored_length - rest));
    return STATUS_OK;
}

static bool source_room(uint8_t **bytes, size_t *capacity, size_t need)
{
    if (need <= *capacity)
        return true;
    free(*bytes);
    *capacity = 0;
    *bytes = malloc(need);
    if (!*bytes)
        return false;
    *capacity = need;
    return true;
}

/* Checks what only the whole chunk shows, and computes its hash. */
static enum status check_body(struct trace_source *source, const struct trace_chunk_header *header, uint8_t *ret_hash,
                              struct error *error)
{
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, header, offsetof(struct trace_chunk_header, checksum));
    XXH3_64bits_update(&state, source->stored, header->stored_length);
    if (XXH3_64bits_digest(&state) != header->checksum)
        return error_set(error, STATUS_CORRUPT, CHUNK_FORMAT ": its body is damaged: the checksum does not match",
                         CHUNK_AT(source));
    if (memcmp(header->previous, source->hash, TRACE_HASH) != 0)
        return error_set(error, STATUS_CORRUPT,
                         CHUNK_FORMAT
                         ": it does not continue what stands before it: the hash of the chain does not match",
                         CHUNK_AT(source));
    crypto_generichash_state hash;
    crypto_generichash_init(&hash, NULL, 0, TRACE_HASH);
    crypto_generichash_update(&hash, (const uint8_t *)header, sizeof *header);
    crypto_generichash_update(&hash, source->stored, header->stored_length);
    crypto_generichash_final(&hash, ret_hash, TRACE_HASH);
    if (header->kind == TRACE_CHUNK_EVENTS &&
        (header->first_event != source->events || header->stream_offset != source->stream))
        return error_set(error, STATUS_MALFORMED, CHUNK_FORMAT ": its events do not follow those before it",
                         CHUNK_AT(source));
    return STATUS_OK;
}

static enum status expand_body(struct trace_source *source, const struct trace_chunk_header *header,
                               const uint8_t **ret, struct error *error)
{
    *ret = source->stored;
    if (header->encoding == TRACE_ENCODING_PLAIN)
        return STATUS_OK;
    if (!source_room(&source->raw, &source->raw_capacity, header->raw_length))
        return error_set(error, STATUS_NO_MEMORY, CHUNK_FORMAT ": not enough memory for its %u bytes", CHUNK_AT(source),
                         header->raw_length);
    size_t size =
        ZSTD_decompressDCtx(source->zstd, source->raw, header->raw_length, source->stored, header->stored_length);
    if (ZSTD_isError(size) || size != header->raw_length)
        return error_set(error, STATUS_MALFORMED, CHUNK_FORMAT ": it does not decompress: %s", CHUNK_AT(source),
                         ZSTD_isError(size) ? ZSTD_getErrorName(size) : "wrong length");
    *ret = source->raw;
    return STATUS_OK;
}

static enum status behind_end(const struct trace_source *source, struct error *error)
{
    return error_set(error, STATUS_MALFORMED, CHUNK_FORMAT ": bytes follow the END chunk", CHUNK_AT(source));
}

/* What a file says of itself, signed; it follows the END, and stands for all before it by the hash of that. */
static enum status take_signature(struct trace_source *source, const uint8_t *bytes, size_t size, struct error *error)
{
    if (source->last != TRACE_CHUNK_END || size != sizeof source->signature)
        return error_set(error, STATUS_MALFORMED, CHUNK_FORMAT ": a SIGNATURE that is none, or does not follow the END",
                         CHUNK_AT(source));
    memcpy(&source->signature, bytes, sizeof source->signature);
    memcpy(source->signed_end, source->hash, sizeof source->signed_end);
    source->is_signed = true;
    return STATUS_OK;
}

/* The next chunk, checked; expanded too, where `expand`. */
static enum status source_chunk(struct trace_source *source, bool expand, struct trace_chunk *ret, struct error *error)
{
    struct trace_chunk_header header;
    uint64_t rest = source->size - source->at;
    if (rest == 0)
        return STATUS_NOT_FOUND;
    if (source->last == TRACE_CHUNK_SIGNATURE)
        return error_set(error, STATUS_MALFORMED, CHUNK_FORMAT ": bytes follow the SIGNATURE chunk", CHUNK_AT(source));
    if (rest < sizeof header && source->last == TRACE_CHUNK_END)
        return behind_end(source, error);
    if (rest < sizeof header)
        return error_set(error, STATUS_TRUNCATED, CHUNK_FORMAT ": the file ends inside its header", CHUNK_AT(source));
    enum status status = trace_source_read(source, source->at, &header, sizeof header, error);
    if (status == STATUS_OK && source->last == TRACE_CHUNK_END &&
        !(header_is_whole(&header) && header.kind == TRACE_CHUNK_SIGNATURE))
        return behind_end(source, error);
    if (status == STATUS_OK)
        status = check_header(source, &header, error);
    if (status != STATUS_OK)
        return status;
    if (!source_room(&source->stored, &source->stored_capacity, header.stored_length ? header.stored_length : 1))
        return error_set(error, STATUS_NO_MEMORY, CHUNK_FORMAT ": not enough memory for its %u bytes", CHUNK_AT(source),
                         header.stored_length);
    uint8_t hash[TRACE_HASH];
    const uint8_t *bytes = NULL;
    status = trace_source_read(source, source->at + sizeof header, source->stored, header.stored_length, error);
    if (status == STATUS_OK)
        status = check_body(source, &header, hash, error);
    if (status == STATUS_OK && (expand || header.kind == TRACE_CHUNK_SIGNATURE))
        status = expand_body(source, &header, &bytes, error);
    if (status == STATUS_OK && header.kind == TRACE_CHUNK_SIGNATURE)
        status = take_signature(source, bytes, header.raw_length, error);
    if (status != STATUS_OK)
        return status;
    *ret = (struct trace_chunk) { .number = source->number,
                                  .file_offset = source->at,
                                  .stream_offset = header.stream_offset,
                                  .first_event = header.first_event,
                                  .kind = header.kind,
                                  .event_count = header.event_count,
                                  .bytes = bytes,
                                  .size = expand ? header.raw_length : 0 };
    memcpy(ret->hash, hash, TRACE_HASH);
    memcpy(source->hash, hash, TRACE_HASH);
    if (header.kind != TRACE_CHUNK_SIGNATURE && source->number + 1 == source->tree.count)
        trace_tree_add(&source->tree, hash);
    if (header.kind == TRACE_CHUNK_EVENTS) {
        source->events += header.event_count;
        source->stream += header.raw_length;
    }
    source->last = header.kind;
    source->more = (header.flags & TRACE_CHUNK_FLAG_MORE) != 0;
    source->at += sizeof header + header.stored_length;
    source->number++;
    return STATUS_OK;
}

enum status trace_source_next(struct trace_source *source, struct trace_chunk *ret, struct error *error)
{
    return source_chunk(source, true, ret, error);
}

enum status trace_source_pass(struct trace_source *source, struct trace_chunk *ret, struct error *error)
{
    return source_chunk(source, false, ret, error);
}
