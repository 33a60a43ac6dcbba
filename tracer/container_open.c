/* Opens a container for reading: the file header, the bytes of a file or of memory, and places in it to go back to.
 *
 * Invariant: nothing of the file is believed here but its header, whose checksum is looked at before its fields.
 * docs/trace-format.md, File header. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/container_inner.h"

#include <errno.h>
#include <sodium.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum status trace_source_read(const struct trace_source *source, uint64_t offset, void *to, size_t size,
                              struct error *error)
{
    if (source->fd < 0) {
        if (size && source->bytes) /* of an empty one nothing is asked */
            memcpy(to, source->bytes + offset, size);
        return STATUS_OK;
    }
    for (uint8_t *at = to; size;) {
        ssize_t n = pread(source->fd, at, size, (off_t)offset);
        if (n < 0 && errno == EINTR)
            continue;
        if (n < 0)
            return error_set_errno(error, STATUS_IO, errno, "cannot read the trace");
        if (n == 0)
            return error_set(error, STATUS_TRUNCATED, "the file became shorter while it was read");
        at += n;
        offset += (uint64_t)n;
        size -= (size_t)n;
    }
    return STATUS_OK;
}

static enum status check_file_header(struct trace_source *source, enum trace_file_kind kind, struct error *error)
{
    struct trace_file_header header;
    if (source->size < sizeof header) {
        return error_set(error, source->size ? STATUS_TRUNCATED : STATUS_MALFORMED,
                         "the file ends inside its header, before chunk 0 (%llu of %zu bytes)",
                         (unsigned long long)source->size, sizeof header);
    }
    enum status status = trace_source_read(source, 0, &header, sizeof header, error);
    if (status != STATUS_OK)
        return status;
    if (memcmp(header.magic, TRACE_MAGIC, TRACE_MAGIC_BYTES) != 0)
        return error_set(error, STATUS_MALFORMED, "not a file of warrant (file header, before chunk 0)%s",
                         !memcmp(header.magic, "\0asm", 4) ? ": it is a module, of which `warrant record` makes a trace"
                                                           : "");
    if (XXH3_64bits(&header, offsetof(struct trace_file_header, checksum)) != header.checksum)
        return error_set(error, STATUS_CORRUPT,
                         "the file header, before chunk 0, is damaged: its checksum does not match");
    if (header.major != TRACE_VERSION_MAJOR)
        return error_set(error, STATUS_UNSUPPORTED,
                         "the file has version %u.%u of the trace format; this program reads version %u", header.major,
                         header.minor, TRACE_VERSION_MAJOR);
    if (header.minor < TRACE_VERSION_MINOR_LEAST)
        return error_set(error, STATUS_UNSUPPORTED,
                         "the file has version %u.%u of the trace format, with which no program was released; this one "
                         "reads %u.%u and later minor versions",
                         header.major, header.minor, TRACE_VERSION_MAJOR, TRACE_VERSION_MINOR_LEAST);
    uint32_t unknown = header.incompatible & ~(kind == TRACE_FILE_EVENTS ? TRACE_FEATURE_BETWEEN_CALLS : 0u);
    if (unknown != 0)
        return error_set(
            error, STATUS_UNSUPPORTED,
            "the file uses features (flags 0x%x) that this program does not know; read it with a later one", unknown);
    if (header.kind != (uint32_t)kind) {
        const char *what = header.kind == TRACE_FILE_EVENTS    ? "a trace"
                           : header.kind == TRACE_FILE_WITNESS ? "a witness file"
                                                               : "another kind of file";
        return error_set(error, STATUS_MALFORMED, "this is %s, not %s", what,
                         kind == TRACE_FILE_EVENTS ? "a trace" : "a witness file");
    }
    memcpy(source->run_id, header.run_id, TRACE_RUN_ID);
    crypto_generichash(source->hash, sizeof source->hash, (const uint8_t *)&header, sizeof header, NULL, 0);
    trace_tree_add(&source->tree, source->hash);
    source->at = sizeof header;
    return STATUS_OK;
}

static enum status source_start(struct trace_source *source, enum trace_file_kind kind, struct trace_source **ret,
                                struct error *error)
{
    enum status status = STATUS_OK;
    source->zstd = ZSTD_createDCtx();
    if (!source->zstd || sodium_init() < 0)
        status = error_set(error, STATUS_NO_MEMORY, "not enough memory for reading the trace");
    if (status == STATUS_OK)
        status = check_file_header(source, kind, error);
    if (status != STATUS_OK) {
        trace_source_close(source);
        return status;
    }
    *ret = source;
    return STATUS_OK;
}

static enum status source_open(int fd, bool borrowed, uint64_t size, enum trace_file_kind kind,
                               struct trace_source **ret, struct error *error)
{
    struct trace_source *source = calloc(1, sizeof *source);
    if (!source) {
        if (!borrowed)
            close(fd);
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for reading the trace");
    }
    source->fd = fd;
    source->borrowed = borrowed;
    source->size = size;
    return source_start(source, kind, ret, error);
}

enum status trace_source_open_fd(int fd, uint64_t size, enum trace_file_kind kind, struct trace_source **ret,
                                 struct error *error)
{
    return source_open(fd, true, size, kind, ret, error);
}

enum status trace_source_open(const char *path, enum trace_file_kind kind, struct trace_source **ret,
                              struct error *error)
{
    int fd;
    uint64_t size;
    enum status status = file_open_regular(path, &fd, &size, error);
    if (status != STATUS_OK)
        return status;
    status = source_open(fd, false, size, kind, ret, error);
    if (status != STATUS_OK)
        error_prefix(error, "%s", path);
    return status;
}

enum status trace_source_open_bytes(const void *bytes, size_t size, enum trace_file_kind kind,
                                    struct trace_source **ret, struct error *error)
{
    struct trace_source *source = calloc(1, sizeof *source);
    if (!source)
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for reading the trace");
    source->fd = -1;
    source->bytes = bytes;
    source->size = size;
    return source_start(source, kind, ret, error);
}

const uint8_t *trace_source_run_id(const struct trace_source *source) { return source->run_id; }

struct trace_prefix trace_source_prefix(const struct trace_source *source)
{
    struct trace_prefix prefix = { source->at, source->number, { 0 } };
    memcpy(prefix.hash, source->hash, sizeof prefix.hash);
    return prefix;
}

bool trace_source_more(const struct trace_source *source) { return source->more; }

int trace_source_fd(const struct trace_source *source, uint64_t *ret_size)
{
    *ret_size = source->size;
    return source->fd;
}

void trace_source_resize(struct trace_source *source, uint64_t size) { source->size = size; }

struct trace_mark trace_source_mark(const struct trace_source *source)
{
    struct trace_mark mark = { source->at, source->number, source->events, source->stream, { 0 } };
    memcpy(mark.hash, source->hash, sizeof mark.hash);
    return mark;
}

void trace_source_go(struct trace_source *source, const struct trace_mark *mark)
{
    source->at = mark->at;
    source->number = mark->number;
    source->events = mark->events;
    source->stream = mark->stream;
    source->last = 0;
    source->more = source->is_signed = false;
    memcpy(source->hash, mark->hash, sizeof source->hash);
}

enum status trace_source_again(const struct trace_source *source, const struct trace_mark *mark,
                               struct trace_source **ret, struct error *error)
{
    struct trace_source *again = calloc(1, sizeof *again);
    if (again)
        again->zstd = ZSTD_createDCtx();
    if (!again || !again->zstd) {
        free(again);
        return error_set(error, STATUS_NO_MEMORY, "not enough memory for reading the trace");
    }
    again->borrowed = true;
    again->fd = source->fd;
    again->bytes = source->bytes;
    again->size = source->size;
    memcpy(again->run_id, source->run_id, TRACE_RUN_ID);
    trace_source_go(again, mark);
    *ret = again;
    return STATUS_OK;
}

void trace_source_close(struct trace_source *source)
{
    if (!source)
        return;
    if (source->fd >= 0 && !source->borrowed)
        close(source->fd);
    ZSTD_freeDCtx(source->zstd);
    free(source->stored);
    free(source->raw);
    free(source);
}
