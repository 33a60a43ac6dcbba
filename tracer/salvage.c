/* After the recorder died: what the ring still holds goes into the trace, and an END that says so.
 *
 * The file's valid prefix says how far the recorder came, not the ring, which the guest's process could write. A chunk
 * that was being written when the recorder died is cut off; its events are still in the ring.
 *
 * Leaves out: a recorder that died before the guest was started (there is nothing to save then). */
#include "tracer/stream.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

struct found {
    struct trace_prefix prefix;
    uint64_t events, stream_bytes;
    uint8_t run_id[TRACE_RUN_ID];
    bool preamble; /* a description stands there */
    bool ended;
    struct trace_end end;
};

/* Walks the valid prefix. A torn tail is what one expects here; it is no failure. */
static enum status find_prefix(const char *path, int fd, struct found *found, struct error *error)
{
    struct trace_source *source = NULL;
    struct stat st;
    int own = fcntl(fd, F_DUPFD_CLOEXEC, 3);
    if (own < 0 || fstat(own, &st) < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot read %s", path);
    enum status status = trace_source_open_fd(own, (uint64_t)st.st_size, TRACE_FILE_EVENTS, &source, error);
    if (status != STATUS_OK) {
        error_prefix(error, "%s", path);
        return status;
    }
    struct trace_chunk chunk;
    while ((status = trace_source_next(source, &chunk, NULL)) == STATUS_OK) {
        found->preamble |= chunk.kind == TRACE_CHUNK_DESCRIPTION;
        if (chunk.kind == TRACE_CHUNK_EVENTS) {
            found->events = chunk.first_event + chunk.event_count;
            found->stream_bytes = chunk.stream_offset + chunk.size;
        }
        found->ended |= chunk.kind == TRACE_CHUNK_END;
        if (chunk.kind == TRACE_CHUNK_END && chunk.size == sizeof found->end)
            memcpy(&found->end, chunk.bytes, sizeof found->end);
    }
    found->prefix = trace_source_prefix(source);
    memcpy(found->run_id, trace_source_run_id(source), TRACE_RUN_ID);
    trace_source_close(source);
    if (status == STATUS_NO_MEMORY || status == STATUS_IO)
        return error_set(error, status, "%s: cannot read what the recorder left", path);
    if (!found->preamble)
        return error_set(error, STATUS_TRUNCATED, "%s: the recorder died before the guest was started", path);
    return STATUS_OK;
}

enum status recorder_prefix(const char *path, int trace_fd, uint64_t *ret_bytes, struct error *error)
{
    struct found found;
    memset(&found, 0, sizeof found);
    enum status status = find_prefix(path, trace_fd, &found, error);
    *ret_bytes = found.prefix.size;
    return status;
}

static enum status salvage_stream(struct trace_file *file, struct trace_ring *ring, const struct found *found,
                                  const struct trace_fate *fate, struct trace_end *end, struct error *error)
{
    const struct trace_ring_header *header = trace_ring_header(ring);
    struct stream stream;
    enum status status =
        stream_init(&stream, file, ring, header->start_ticks, found->stream_bytes, found->events, error);
    if (status != STATUS_OK)
        return status;
    size_t taken = 0;
    /* Acquire: pairs with the writer's release, should it be alive still. */
    uint64_t head = atomic_load_explicit(&((struct trace_ring_header *)(uintptr_t)header)->head, memory_order_acquire);
    enum status content = stream_take(&stream, head, &taken, NULL);
    end->reason = content == STATUS_OK ? TRACE_END_RECORDER_DIED : TRACE_END_BAD_RING;
    end->start_ticks = header->start_ticks;
    end->start_ns = header->start_ns;
    status = content == STATUS_MALFORMED ? STATUS_OK : content;
    if (status == STATUS_OK)
        status = stream_flush(&stream, error);
    if (status == STATUS_OK)
        status = stream_end(&stream, fate, end, error);
    else
        error_set(error, status, "cannot save the rest of the ring into the trace");
    stream_done(&stream);
    return status;
}

enum status recorder_salvage(const char *path, int trace_fd, int ring_fd, const struct trace_fate *fate,
                             struct trace_end *ret_end, struct error *error)
{
    static const struct trace_fate unknown = { .cause = TRACE_CAUSE_UNKNOWN };
    struct found found;
    memset(&found, 0, sizeof found);
    enum status status = find_prefix(path, trace_fd, &found, error);
    if (status != STATUS_OK)
        return status;
    struct trace_ring *ring = NULL;
    status = trace_ring_map(ring_fd, &ring, error);
    if (status != STATUS_OK)
        return status;
    if (memcmp(trace_ring_header(ring)->run_id, found.run_id, TRACE_RUN_ID) != 0) {
        trace_ring_unmap(ring);
        return error_set(error, STATUS_INVALID,
                         "%s: the ring beside it belongs to another run, whose guest was not started; remove the ring",
                         path);
    }
    if (found.ended) {
        trace_ring_unmap(ring);
        *ret_end = found.end;
        return STATUS_OK;
    }
    int fd = fcntl(trace_fd, F_DUPFD_CLOEXEC, 3);
    struct trace_file *file = NULL;
    if (fd < 0)
        status = error_set_errno(error, STATUS_IO, errno, "cannot open %s to complete it", path);
    else
        status = trace_file_reopen(fd, &found.prefix, &file, error);
    struct trace_end end = { 0 };
    if (status == STATUS_OK)
        status = salvage_stream(file, ring, &found, fate ? fate : &unknown, &end, error);
    if (status == STATUS_OK)
        *ret_end = end;
    trace_file_close(file);
    trace_ring_unmap(ring);
    return status;
}
