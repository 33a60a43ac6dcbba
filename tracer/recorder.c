/* The recorder: a process of its own that carries the ring into the file.
 *
 * The ring's tail moves only after a chunk is in the file, so at any instant file and ring together hold all complete
 * events: whoever dies, nothing complete is lost. What the ring says is not believed, not even the tail, which is kept
 * here. The recorder sleeps between looks, at most 2 ms, in a poll that the launcher's word interrupts. Events that are
 * too few for a chunk wait for more only so long (hold_ns), so that the file can be followed while the guest runs.
 *
 * The end of the guest is told by the launcher, who waited for it, and by nobody else: what the guest's process holds,
 * it can close. A recorder that stops by itself kills the guest first. One whose launcher died does the same, and
 * finishes the trace alone.
 *
 * A disk is not filled to its end: the guest is stopped while there is some room left for others, and what the ring
 * still holds goes into the room that the ring itself had. So nothing is missing from a trace that ended for want of
 * space, but where that room was taken by somebody else.
 *
 * Leaves out: going on with a gap when the disk is full. docs/trace-format.md, Ring. */
#include "tracer/stream.h"

#include <errno.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "runtime/base/os.h"
#include "tracer/signature.h"

enum {
    MODULE_PART = LIMIT_TRACE_CHUNK / 2,
    SLEEP_SHORT_US = 100,
    SLEEP_LONG_US = 2000,
    BUSY_BYTES = 128 * 1024 /* as much in one look: the guest is writing fast */
};

static enum status write_preamble(struct trace_file *file, const struct recorder_options *options, struct error *error)
{
    enum status status = trace_file_append(file, TRACE_CHUNK_DESCRIPTION, options->description,
                                           options->description_size, 0, 0, 0, error);
    const uint8_t *module = options->module;
    for (size_t done = 0; status == STATUS_OK && module && done < options->module_size;) {
        size_t left = options->module_size - done, part = left < MODULE_PART ? left : MODULE_PART;
        status = trace_file_append_part(file, TRACE_CHUNK_MODULE, module + done, part, 0, 0, 0, part < left, error);
        done += part;
    }
    return status;
}

/* What the recorder knows of the guest's end. */
struct watch {
    const struct recorder_options *options;
    struct trace_fate fate;
    bool orphan; /* the launcher is gone, without a word of it */
    bool gone;   /* the guest's process is */
};

static void guest_kill(const struct watch *watch)
{
    if (watch->options->guest_fd >= 0)
        os_process_kill(watch->options->guest_fd, watch->options->guest_pid);
}

static void watch_control(struct watch *watch)
{
    struct trace_fate fate;
    size_t got = 0;
    while (got < sizeof fate) {
        ssize_t n = read(watch->options->control_fd, (char *)&fate + got, sizeof fate - got);
        if (n < 0 && errno == EINTR)
            continue;
        if (n <= 0)
            break;
        got += (size_t)n;
    }
    if (got == sizeof fate) {
        watch->fate = fate;
        watch->gone = true;
        return;
    }
    watch->orphan = true;
    watch->gone = watch->options->guest_fd < 0;
    guest_kill(watch); /* its launcher's death ends it anyhow; this one does not rely on that */
}

/* Sleeps until there may be something to do; timeout NULL: until the guest's process is gone or the launcher is. */
static void watch_sleep(struct watch *watch, const struct timespec *timeout)
{
    if (!os_wait_readable(watch->orphan ? watch->options->guest_fd : watch->options->control_fd, timeout))
        return;
    if (watch->orphan)
        watch->gone = true;
    else
        watch_control(watch);
}

/* The recording stops: so does the guest, at once. */
static void watch_stop(struct watch *watch, struct trace_ring *ring, enum trace_cause cause)
{
    guest_kill(watch);
    trace_ring_stop(ring);
    while (!watch->gone)
        watch_sleep(watch, NULL);
    watch->fate.cause = cause;
}

/* ---- room ---- */

enum { ROOM_SHARE = 20 /* a twentieth of the file system stays free, */, ROOM_MOST = 1 << 30 /* or so many bytes */ };

/* The size at which a limit of the process lets the file grow no further, less what the ring may hold. */
static uint64_t limit_of_process(void)
{
    struct rlimit limit;
    const uint64_t rest = TRACE_RING_BYTES + TRACE_RING_BYTES / 8;
    if (getrlimit(RLIMIT_FSIZE, &limit) < 0 || limit.rlim_cur == RLIM_INFINITY || limit.rlim_cur < 2 * rest)
        return UINT64_MAX;
    return limit.rlim_cur - rest;
}

/* Whether the file may grow on. */
static enum status room_check(const struct recorder_options *options, const struct trace_file *file,
                              uint64_t process_limit, struct error *error)
{
    struct statvfs fs;
    if (trace_file_size(file) >= process_limit)
        return error_set(error, STATUS_NO_SPACE, "no room for the trace: the process's limit of file sizes is near");
    if (fstatvfs(options->trace_fd, &fs) < 0 || fs.f_blocks == 0)
        return STATUS_OK; /* a file system that does not tell; writing will */
    uint64_t share = (uint64_t)fs.f_blocks / ROOM_SHARE * fs.f_frsize;
    uint64_t kept = share < ROOM_MOST ? share : ROOM_MOST;
    if ((uint64_t)fs.f_bavail * fs.f_frsize >= kept)
        return STATUS_OK;
    return error_set(error, STATUS_NO_SPACE, "no room for the trace: less than %llu MiB of its file system are free",
                     (unsigned long long)(kept >> 20) + 1);
}

/* What the ring holds, into memory; the room that it had, to the file system. Returns the copy, owned; NULL: out of
 * memory. */
static uint8_t *ring_take_over(int ring_fd, struct stream *stream)
{
    /* Twice, as it is mapped: what is read wraps nowhere. */
    uint8_t *copy = malloc((size_t)2 * TRACE_RING_BYTES);
    if (!copy)
        return NULL;
    memcpy(copy, stream->data, (size_t)2 * TRACE_RING_BYTES);
    stream->data = copy;
    /* Where the file system cannot, there is no more room than before. */
    if (!os_file_punch(ring_fd, TRACE_RING_HEADER, TRACE_RING_BYTES))
        errno = 0;
    return copy;
}

/* The guest is gone: the rest of the ring into the file, as far as there is room. */
static enum status rest_write(struct stream *stream, uint64_t head, struct error *error)
{
    size_t taken;
    enum status status = stream_take(stream, head, &taken, error);
    return status == STATUS_OK ? stream_flush(stream, error) : status;
}

/* Gives what lies before `position` back to the guest. */
static void release_tail(struct trace_ring_header *header, uint64_t position)
{
    /* Release: the bytes were read before the guest may overwrite them. Then the pair of the guest's wait: its store of
     * waiting and load of tail against this store of tail and load of waiting, sequentially consistent. */
    atomic_store_explicit(&header->tail, position, memory_order_release);
    atomic_thread_fence(memory_order_seq_cst);
    if (atomic_load_explicit(&header->waiting, memory_order_seq_cst)) {
        atomic_store_explicit(&header->waiting, 0, memory_order_relaxed);
        os_wake(&header->waiting);
    }
}

/* Whether the guest waits for what it wrote to be in the file. */
static bool guest_waits(struct trace_ring_header *header, const struct recorder_options *options)
{
    /* Sequentially consistent, against the guest, which stores head and then waiting: who sees this sees that. */
    return options->sync_calls && atomic_load_explicit(&header->waiting, memory_order_seq_cst) != 0;
}

/* Closes the chunk whose first event has waited long enough, or is waited for. *since: when the first was seen here; 0:
 * nothing waits. */
static enum status held_flush(struct stream *stream, struct trace_ring_header *header,
                              const struct recorder_options *options, uint64_t *since, struct error *error)
{
    bool waits = guest_waits(header, options);
    if (stream->parsed == 0 || (options->hold_ns == 0 && !waits)) {
        *since = 0;
        return STATUS_OK;
    }
    uint64_t now = elapsed_now_ns();
    if (*since == 0)
        *since = now;
    if (!waits && now - *since < options->hold_ns)
        return STATUS_OK;
    *since = 0;
    return stream_flush(stream, error);
}

/* Sleeps between two looks, so many microseconds at most. */
static void look_sleep(struct watch *watch, struct trace_ring_header *header, bool moved, uint32_t us)
{
    const struct timespec timeout = { 0, (long)us * 1000 }, brief = { 0, SLEEP_SHORT_US * 1000L }, none = { 0, 0 };
    if (!watch->options->sync_calls) {
        watch_sleep(watch, &timeout);
    } else if (moved || !guest_waits(header, watch->options)) {
        os_wait_on(&header->waiting, 0, &timeout);
        watch_sleep(watch, &none);
    } else { /* it waits, and for nothing that it wrote: a guest that only says so shall not keep this process busy */
        watch_sleep(watch, &brief);
    }
}

/* Copies until the guest's process is gone and the ring is empty. */
static enum status recorder_copy(struct stream *stream, struct trace_ring_header *header, struct watch *watch,
                                 struct error *error)
{
    uint32_t sleep = SLEEP_SHORT_US;
    const uint64_t process_limit = limit_of_process();
    uint64_t held_since = 0;
    for (;;) {
        bool gone = watch->gone; /* before the ring is looked at: then nothing can follow */
        uint64_t before = stream->position;
        size_t taken = 0;
        /* Acquire: pairs with the writer's release; the events are there. */
        uint64_t head = atomic_load_explicit(&header->head, memory_order_acquire);
        enum status status = stream_take(stream, head, &taken, error);
        held_since = stream->position == before ? held_since : 0;
        if (status == STATUS_OK && !gone)
            status = held_flush(stream, header, watch->options, &held_since, error);
        if (status != STATUS_OK)
            return status;
        if (stream->position != before) {
            release_tail(header, stream->position);
            status = room_check(watch->options, stream->file, process_limit, error);
            if (status != STATUS_OK)
                return status;
            if (trace_file_size(stream->file) >= watch->options->trace_limit)
                return error_set(error, STATUS_LIMIT, "the trace reached its limit of bytes");
        }
        if (gone && taken == 0)
            return STATUS_OK;
        if (gone)
            continue;
        sleep = taken >= BUSY_BYTES ? SLEEP_SHORT_US : sleep * 2 < SLEEP_LONG_US ? sleep * 2 : SLEEP_LONG_US;
        look_sleep(watch, header, stream->position != before, sleep);
    }
}

/* Whatever ended the copying, the guest is stopped, and the file gets its last chunk and its END. */
static enum status recorder_finish(struct stream *stream, enum status status, struct trace_ring *ring,
                                   struct watch *watch, struct trace_end *end, struct error *error)
{
    uint8_t *rest = NULL;
    bool full = status == STATUS_NO_SPACE || status == STATUS_LIMIT, saved = !full;
    if (status != STATUS_OK)
        watch_stop(watch, ring, status == STATUS_LIMIT ? TRACE_CAUSE_TRACE_LIMIT : TRACE_CAUSE_RECORDER);
    if (status == STATUS_OK || status == STATUS_MALFORMED) {
        enum status last = stream_flush(stream, error);
        saved = last == STATUS_OK;
        full = last == STATUS_NO_SPACE;
        status = saved ? status : last;
    }
    if (full) {
        /* Acquire: pairs with the writer's release; the events are there. */
        uint64_t head = atomic_load_explicit(&trace_ring_header(ring)->head, memory_order_acquire);
        rest = ring_take_over(watch->options->ring_fd, stream);
        enum status written = rest ? rest_write(stream, head, NULL) : STATUS_NO_MEMORY;
        saved = written == STATUS_OK;
        status = written == STATUS_MALFORMED ? written : status;
    }
    if (status == STATUS_OK)
        end->reason = stream_is_clean(stream, &watch->fate) ? TRACE_END_CLEAN : TRACE_END_GUEST_DIED;
    else
        end->reason = status == STATUS_MALFORMED ? TRACE_END_BAD_RING : TRACE_END_NO_SPACE;
    enum status ended = stream_end(stream, &watch->fate, end, error);
    if (ended != STATUS_OK && status == STATUS_OK)
        status = ended;
    if (status == STATUS_LIMIT && saved && ended == STATUS_OK)
        status = STATUS_OK; /* stopped as it was told to */
    if (status == STATUS_NO_SPACE || status == STATUS_LIMIT)
        error_prefix(error, "the recording stopped after %llu events, %llu bytes of trace are valid",
                     (unsigned long long)end->events, (unsigned long long)trace_file_size(stream->file));
    free(rest);
    return status;
}

static enum status recorder_stream(const struct recorder_options *options, struct trace_file *file,
                                   struct trace_ring *ring, void (*ready)(void *), void *ready_self,
                                   struct trace_end *end, struct error *error)
{
    struct trace_ring_header *header = trace_ring_header(ring);
    struct ring_owner *owner = NULL;
    struct watch watch = { .options = options };
    struct stream stream;
    end->start_ticks = header->start_ticks; /* before the guest can touch them */
    end->start_ns = header->start_ns;
    enum status status = stream_init(&stream, file, ring, header->start_ticks, 0, 0, error);
    if (status == STATUS_OK)
        status = ring_owner_attach(header, &owner, error);
    if (status == STATUS_OK) {
        if (ready)
            ready(ready_self);
        status = recorder_copy(&stream, header, &watch, error);
        status = recorder_finish(&stream, status, ring, &watch, end, error);
    }
    ring_owner_detach(owner);
    stream_done(&stream);
    return status;
}

enum status recorder_run_mapped(const struct recorder_options *options, struct trace_ring *ring, void (*ready)(void *),
                                void *ready_self, struct trace_end *ret_end, struct error *error)
{
    struct trace_end end = { 0 };
    struct trace_file *file = NULL;
    struct trace_ring *mapped = NULL;
    signal(SIGXFSZ, SIG_IGN); /* a full file is an errno here */
    enum status status = trace_file_create(options->trace_fd, TRACE_FILE_EVENTS, options->run_id, &file, error);
    if (status == STATUS_OK && options->sync_chunks)
        trace_file_sync(file);
    if (status == STATUS_OK)
        status = write_preamble(file, options, error);
    if (status == STATUS_OK && !ring)
        status = trace_ring_map(options->ring_fd, &mapped, error);
    if (status == STATUS_OK)
        status = recorder_stream(options, file, ring ? ring : mapped, ready, ready_self, &end, error);
    if (file && options->key && trace_file_is_ended(file)) {
        /* However the recording went: the file has its END, and that says how. */
        enum status s = trace_file_sign(file, TRACE_SIGNER_RECORDER, options->key, end.events, error);
        status = status == STATUS_OK ? s : status;
    }
    *ret_end = end;
    trace_ring_unmap(mapped);
    trace_file_close(file);
    return status;
}

enum status recorder_run(const struct recorder_options *options, void (*ready)(void *), void *ready_self,
                         struct trace_end *ret_end, struct error *error)
{
    return recorder_run_mapped(options, NULL, ready, ready_self, ret_end, error);
}
