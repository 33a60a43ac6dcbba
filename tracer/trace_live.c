/* A trace while it is being written: whether it is, and reading on as it grows.
 *
 * Launcher and recorder hold the ring beside the trace locked for as long as they live, and the kernel takes the lock
 * from who dies; so a lock tells the living from the dead, where a process id could be another's by now. A chunk is
 * written by one call, but may be seen in parts: a file that ends inside of one is waited for like one that ends
 * before it. docs/trace-format.md, Ring. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/stat.h>
#include <unistd.h>

#include "tracer/ring.h"
#include "tracer/signature.h"
#include "tracer/trace_inner.h"

static bool beside_look(int fd, const uint8_t *run_id, struct trace_beside *ret)
{
    struct trace_ring_header header = { 0 };
    struct stat st;
    if (fstat(fd, &st) < 0 || !S_ISREG(st.st_mode))
        return false;
    /* A ring is made and locked before its trace is made; its header comes later. */
    bool begun = pread(fd, &header, sizeof header, 0) == (ssize_t)sizeof header;
    if (run_id && (!begun || memcmp(header.magic, TRACE_RING_MAGIC, sizeof header.magic) != 0 ||
                   memcmp(header.run_id, run_id, TRACE_RUN_ID) != 0))
        return false;
    ret->start_ticks = header.start_ticks;
    ret->start_ns = header.start_ns;
    /* Shared: looking twice at once tells both the same. */
    ret->state = flock(fd, LOCK_SH | LOCK_NB) == 0 ? TRACE_BESIDE_LEFT : TRACE_BESIDE_LIVE;
    return begun || ret->state == TRACE_BESIDE_LIVE;
}

struct trace_beside trace_beside(const char *path, const uint8_t *run_id)
{
    static const char suffix[] = ".ring";
    char ring[4096 + sizeof suffix];
    struct trace_beside beside = { .state = TRACE_BESIDE_NONE };
    int length = snprintf(ring, sizeof ring, "%s%s", path, suffix);
    if (length < 0 || (size_t)length >= sizeof ring)
        return beside;
    int fd = open(ring, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0)
        return beside;
    if (!beside_look(fd, run_id, &beside))
        beside.state = TRACE_BESIDE_NONE;
    close(fd); /* and the lock goes */
    return beside;
}

bool trace_reader_recorded(const struct trace_reader *reader, const char *path)
{
    uint64_t size;
    struct stat st;
    struct trace_end end;
    int fd = trace_source_fd(reader->source, &size);
    /* In this order: the END is written before the lock goes. */
    return trace_beside(path, trace_reader_run_id(reader)).state == TRACE_BESIDE_LIVE && fstat(fd, &st) == 0 &&
           !trace_end_ahead(fd, (uint64_t)st.st_size, &end);
}

bool trace_reader_signature_ahead(const struct trace_reader *reader)
{
    struct trace_source *source;
    struct trace_mark mark;
    struct stat st;
    uint64_t size;
    int fd = trace_source_fd(reader->source, &size);
    if (fd < 0 || fstat(fd, &st) < 0 ||
        trace_source_open_fd(fd, (uint64_t)st.st_size, TRACE_FILE_EVENTS, &source, NULL) != STATUS_OK)
        return false;
    bool found = trace_source_find_last(source, TRACE_CHUNK_SIGNATURE, &mark);
    trace_source_close(source);
    return found;
}

bool trace_reader_grow(struct trace_reader *reader)
{
    struct trace_prefix prefix = trace_source_prefix(reader->source);
    uint64_t size;
    struct stat st;
    int fd = trace_source_fd(reader->source, &size);
    if (fd < 0 || fstat(fd, &st) < 0 || (uint64_t)st.st_size == size || (uint64_t)st.st_size < prefix.size)
        return false;
    trace_source_resize(reader->source, (uint64_t)st.st_size);
    return true;
}

enum status trace_reader_next_live(struct trace_reader *reader, enum trace_item_kind *ret_kind, struct trace_call *call,
                                   struct trace_exit *exit, bool *ret_waits, struct error *error)
{
    trace_reader_unpeek(reader);
    struct trace_place here = trace_reader_place(reader);
    enum status status = trace_reader_next(reader, ret_kind, call, exit, error);
    bool short_of =
        status == STATUS_NOT_FOUND || (status == STATUS_OK && *ret_kind == TRACE_ITEM_CALL && !call->complete);
    *ret_waits = short_of && reader->stop.status == STATUS_TRUNCATED;
    if (!*ret_waits)
        return status;
    trace_reader_go(reader, &here);
    return STATUS_NOT_FOUND;
}
