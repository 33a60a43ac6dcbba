/* Writes the container: chunks, each compressed, checksummed, and chained to the one before it by its hash.
 *
 * The file is a whole number of chunks at any time between two calls: what fails half-way is cut off again. Room for an
 * END chunk is reserved ahead, so that a full disk can still be recorded as the reason.
 *
 * docs/trace-format.md, Container. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/container.h"
#include "tracer/signature.h"
#include "tracer/tree.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <zstd.h>

#include "runtime/base/os.h"

static_assert(TRACE_HASH == crypto_generichash_BYTES, "BLAKE2b-256");
enum { COMPRESSION_LEVEL = 1, END_RESERVE = 1024 /* bytes: more than END and SIGNATURE ever have */ };

struct trace_file {
    int fd;
    uint64_t size, chunks;
    uint8_t run_id[TRACE_RUN_ID];
    uint8_t hash[TRACE_HASH];        /* of the last chunk */
    struct trace_tree tree;          /* of the file header and all chunks; of a file that was reopened, none */
    uint8_t description[TRACE_HASH]; /* of the DESCRIPTION's bytes, where it was one chunk */
    bool described;
    uint32_t last; /* kind of the last chunk */
    uint8_t *out;  /* one chunk as it will lie in the file */
    size_t out_capacity;
    ZSTD_CCtx *zstd;
    bool synced;
};

static enum status write_error(int number, struct error *error)
{
    if (number == ENOSPC || number == EFBIG || number == EDQUOT)
        return error_set_errno(error, STATUS_NO_SPACE, number, "no room for the trace");
    return error_set_errno(error, STATUS_IO, number, "cannot write the trace");
}

/* Writes all of it at `offset`, or nothing that counts. Returns an errno. */
static int write_all(int fd, const uint8_t *bytes, size_t size, uint64_t offset)
{
    while (size) {
        ssize_t n = pwrite(fd, bytes, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            return n < 0 ? errno : EIO;
        bytes += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return 0;
}

static enum status file_write(struct trace_file *file, const uint8_t *bytes, size_t size, bool last,
                              struct error *error)
{
    /* Blocks behind the end of file: the END chunk's. Where the file system cannot, the write itself will tell. */
    if (!last && !os_file_reserve(file->fd, file->size, size + END_RESERVE) && (errno == ENOSPC || errno == EDQUOT))
        return write_error(errno, error);
    int number = write_all(file->fd, bytes, size, file->size);
    if (number == 0 && file->synced && !os_file_sync(file->fd))
        number = errno;
    if (number != 0) {
        /* Should cutting fail too, the reader still finds the valid prefix. */
        if (ftruncate(file->fd, (off_t)file->size) < 0)
            error_set_errno(error, STATUS_IO, errno, "cannot cut the trace back to its last whole chunk");
        return write_error(number, error);
    }
    file->size += size;
    return STATUS_OK;
}

void trace_file_sync(struct trace_file *file) { file->synced = true; }

/* NULL: out of memory; then fd is closed. */
static struct trace_file *file_alloc(int fd, struct error *error)
{
    struct trace_file *file = calloc(1, sizeof *file);
    if (file)
        file->zstd = ZSTD_createCCtx();
    if (!file || !file->zstd || sodium_init() < 0) {
        if (file)
            ZSTD_freeCCtx(file->zstd);
        free(file);
        close(fd);
        error_set(error, STATUS_NO_MEMORY, "out of memory for the trace");
        return NULL;
    }
    file->fd = fd;
    ZSTD_CCtx_setParameter(file->zstd, ZSTD_c_compressionLevel, COMPRESSION_LEVEL);
    return file;
}

enum status trace_file_create(int fd, enum trace_file_kind kind, const uint8_t *run_id, struct trace_file **ret,
                              struct error *error)
{
    struct trace_file *file = file_alloc(fd, error);
    if (!file)
        return STATUS_NO_MEMORY;
    struct trace_file_header header = { .kind = kind, .major = TRACE_VERSION_MAJOR, .minor = TRACE_VERSION_MINOR };
    if (kind == TRACE_FILE_EVENTS)
        header.incompatible = TRACE_FEATURE_BETWEEN_CALLS;
    memcpy(header.magic, TRACE_MAGIC, TRACE_MAGIC_BYTES);
    memcpy(header.run_id, run_id, TRACE_RUN_ID);
    header.checksum = XXH3_64bits(&header, offsetof(struct trace_file_header, checksum));
    crypto_generichash(file->hash, sizeof file->hash, (const uint8_t *)&header, sizeof header, NULL, 0);
    memcpy(file->run_id, run_id, TRACE_RUN_ID);
    trace_tree_add(&file->tree, file->hash);
    enum status status = file_write(file, (const uint8_t *)&header, sizeof header, false, error);
    if (status != STATUS_OK) {
        trace_file_close(file);
        return status;
    }
    *ret = file;
    return STATUS_OK;
}

enum status trace_file_reopen(int fd, const struct trace_prefix *prefix, struct trace_file **ret, struct error *error)
{
    struct trace_file *file = file_alloc(fd, error);
    if (!file)
        return STATUS_NO_MEMORY;
    file->size = prefix->size; /* first: closing cuts the file to it */
    if (ftruncate(fd, (off_t)prefix->size) < 0) {
        int number = errno;
        trace_file_close(file);
        return error_set_errno(error, STATUS_IO, number, "cannot cut off the torn end of the trace");
    }
    file->chunks = prefix->chunks;
    memcpy(file->hash, prefix->hash, sizeof file->hash);
    *ret = file;
    return STATUS_OK;
}

/* Makes room for a chunk whose body has `raw` bytes; false: out of memory. */
static bool out_room(struct trace_file *file, size_t raw)
{
    size_t need = sizeof(struct trace_chunk_header) + ZSTD_compressBound(raw);
    if (need <= file->out_capacity)
        return true;
    uint8_t *out = realloc(file->out, need);
    if (!out)
        return false;
    file->out = out;
    file->out_capacity = need;
    return true;
}

enum status trace_file_append_part(struct trace_file *file, enum trace_chunk_kind kind, const void *bytes, size_t size,
                                   uint64_t stream_offset, uint64_t first_event, uint32_t event_count, bool more,
                                   struct error *error)
{
    if (size > LIMIT_TRACE_CHUNK)
        return error_set(error, STATUS_LIMIT, "a chunk of %zu bytes is larger than the trace allows", size);
    if (!out_room(file, size))
        return error_set(error, STATUS_NO_MEMORY, "out of memory for a chunk of the trace");
    uint8_t *body = file->out + sizeof(struct trace_chunk_header);
    size_t stored =
        ZSTD_compress2(file->zstd, body, file->out_capacity - sizeof(struct trace_chunk_header), bytes, size);
    bool plain = ZSTD_isError(stored) || stored >= size || kind == TRACE_CHUNK_SIGNATURE; /* to be found by eye */
    if (plain) {
        if (size)
            memcpy(body, bytes, size);
        stored = size;
    }
    struct trace_chunk_header header = { .magic = TRACE_CHUNK_MAGIC,
                                         .kind = kind,
                                         .number = file->chunks,
                                         .first_event = first_event,
                                         .stream_offset = stream_offset,
                                         .event_count = event_count,
                                         .raw_length = (uint32_t)size,
                                         .stored_length = (uint32_t)stored,
                                         .encoding = plain ? TRACE_ENCODING_PLAIN : TRACE_ENCODING_ZSTD,
                                         .flags = more ? TRACE_CHUNK_FLAG_MORE : 0 };
    memcpy(header.previous, file->hash, sizeof header.previous);
    header.header_checksum = XXH3_64bits(&header, offsetof(struct trace_chunk_header, header_checksum));
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    XXH3_64bits_update(&state, &header, offsetof(struct trace_chunk_header, checksum));
    XXH3_64bits_update(&state, body, stored);
    header.checksum = XXH3_64bits_digest(&state);
    memcpy(file->out, &header, sizeof header);
    size_t total = sizeof header + stored;
    enum status status = file_write(file, file->out, total, kind >= TRACE_CHUNK_END, error);
    if (status != STATUS_OK)
        return status;
    crypto_generichash(file->hash, sizeof file->hash, file->out, total, NULL, 0);
    if (file->tree.count != 0)
        trace_tree_add(&file->tree, file->hash);
    if (kind == TRACE_CHUNK_DESCRIPTION) {
        file->described = file->chunks == 0 && !more;
        crypto_generichash(file->description, sizeof file->description, bytes, size, NULL, 0);
    }
    file->last = kind;
    file->chunks++;
    return STATUS_OK;
}

enum status trace_file_append(struct trace_file *file, enum trace_chunk_kind kind, const void *bytes, size_t size,
                              uint64_t stream_offset, uint64_t first_event, uint32_t event_count, struct error *error)
{
    return trace_file_append_part(file, kind, bytes, size, stream_offset, first_event, event_count, false, error);
}

bool trace_file_is_ended(const struct trace_file *file) { return file->last == TRACE_CHUNK_END; }

enum status trace_file_sign(struct trace_file *file, enum trace_signer signer, const struct trace_key *key,
                            uint64_t events, struct error *error)
{
    struct trace_signature signature;
    struct trace_statement statement = { .signer = signer, .chunks = file->chunks, .events = events };
    if (!trace_file_is_ended(file) || !file->described || file->tree.count != file->chunks + 1)
        return error_set(error, STATUS_INVALID, "a file that was not written from its start to its end is not signed");
    memcpy(statement.run_id, file->run_id, TRACE_RUN_ID);
    memcpy(statement.end, file->hash, TRACE_HASH);
    memcpy(statement.description, file->description, TRACE_HASH);
    trace_tree_root(&file->tree, statement.root);
    trace_statement_sign(&statement, key, &signature);
    return trace_file_append(file, TRACE_CHUNK_SIGNATURE, &signature, sizeof signature, 0, 0, 0, error);
}

uint64_t trace_file_size(const struct trace_file *file) { return file->size; }

void trace_file_close(struct trace_file *file)
{
    if (!file)
        return;
    /* Gives the reserved blocks behind the end of file back. */
    if (ftruncate(file->fd, (off_t)file->size) < 0)
        errno = 0; /* they are only room */
    close(file->fd);
    ZSTD_freeCCtx(file->zstd);
    free(file->out);
    free(file);
}
