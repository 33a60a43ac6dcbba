/* From ring to trace to replay in one process.
 *
 * Invariant: nothing here is a second form of the recorder or of the replay: stream.h carries the ring into a
 * container, session.h compares. White-box: enters below both public doors, which want files and an engine. */
#include "fuzz/call_record.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include "replay/session.h"
#include "tracer/stream.h"

static struct trace_ring *ring;
static struct trace_writer fresh; /* as created, on an empty ring */

static void must(enum status status, const char *what, const struct error *error)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "call_record: %s: %s: %s\n", what, status_text(status), error ? error->text : "");
    abort();
}

struct trace_writer *call_record_begin(void)
{
    static const uint8_t run_id[TRACE_RUN_ID];
    struct error error = ERROR_INIT;
    struct trace_writer *writer;
    if (!ring) {
        int fd = memfd_create("ring", MFD_CLOEXEC);
        must(trace_ring_create(fd, run_id, &error), "the ring", &error);
        must(trace_ring_map(fd, &ring, &error), "the ring", &error);
        close(fd);
        must(trace_writer_create(ring, &writer, &error), "the writer", &error);
        fresh = *writer;
    }
    struct trace_ring_header *header = trace_ring_header(&ring->writer);
    atomic_store_explicit(&header->head, 0, memory_order_relaxed); /* one thread at a time has the ring */
    atomic_store_explicit(&header->tail, 0, memory_order_relaxed);
    atomic_store_explicit(&header->soft, 0, memory_order_relaxed);
    ring->writer = fresh; /* creating one anew would touch all of the ring */
    return &ring->writer;
}

static void container_fill(struct trace_file *file, const struct buffer *description)
{
    struct error error = ERROR_INIT;
    struct stream stream;
    struct trace_end end = { .reason = TRACE_END_CLEAN };
    const struct trace_fate fate = { .cause = TRACE_CAUSE_ITSELF, .waited = TRACE_WAITED_EXITED };
    struct trace_ring_header *header = trace_ring_header(&ring->writer);
    uint64_t head = atomic_load_explicit(&header->head, memory_order_relaxed);
    size_t taken = 0;
    must(trace_file_append(file, TRACE_CHUNK_DESCRIPTION, description->data, description->size, 0, 0, 0, &error),
         "the description", &error);
    must(stream_init(&stream, file, ring, header->start_ticks, 0, 0, &error), "the stream", &error);
    for (uint64_t done = 0; done < head; done += taken) {
        must(stream_take(&stream, head, &taken, &error), "the ring holds no events", &error);
        if (!taken)
            break;
    }
    must(stream_flush(&stream, &error), "the events", &error);
    if (!stream_is_clean(&stream, &fate)) {
        fprintf(stderr, "call_record: the writer's events do not end in its EXIT\n");
        abort();
    }
    must(stream_end(&stream, &fate, &end, &error), "the end", &error);
    stream_done(&stream);
}

void call_record_end(struct trace_writer *writer, const struct run_spec *spec, struct buffer *ret)
{
    static const uint8_t run_id[TRACE_RUN_ID];
    struct error error = ERROR_INIT;
    struct buffer description = BUFFER_INIT;
    struct trace_file *file;
    const struct trace_exit exit = { .outcome = WASI_ENDED_RETURNED };
    must(trace_writer_exit(writer, &exit), "the exit", NULL);
    int fd = memfd_create("trace", MFD_CLOEXEC), kept = dup(fd);
    run_spec_encode(spec, &description);
    must(trace_file_create(fd, TRACE_FILE_EVENTS, run_id, &file, &error), "the trace", &error);
    container_fill(file, &description);
    size_t size = (size_t)trace_file_size(file);
    trace_file_close(file);
    buffer_done(&description);
    trace_writer_free(writer);
    void *bytes = mmap(NULL, size, PROT_READ, MAP_PRIVATE, kept, 0);
    if (bytes == MAP_FAILED)
        abort();
    buffer_bytes(ret, bytes, size);
    munmap(bytes, size);
    close(kept);
}

void call_record_replay(const struct buffer *trace, const struct wasi_config *config,
                        void (*guest)(void *self, struct wasi *wasi), void *self)
{
    static struct trace_call call;
    static const struct replay_options options;
    struct error error = ERROR_INIT;
    struct replay_report report = { .verdict = REPLAY_IDENTICAL };
    struct session session = { .options = &options, .report = &report, .call = &call, .stream = { 0, 1, 2 } };
    struct wasi *wasi;
    must(trace_reader_open_bytes(trace->data, trace->size, &session.reader, &error), "the trace cannot be read",
         &error);
    must(session_next(&session, &error), "the trace", &error);
    const struct wasi_backend backend = session_backend(&session);
    const struct wasi_observer observer = session_observer(&session);
    must(wasi_create(config, &backend, &observer, &wasi, &error), "the replay's hostcalls", &error);
    guest(self, wasi);
    bool equal =
        report.verdict == REPLAY_IDENTICAL && session.item == SESSION_EXIT && session.failure.status == STATUS_OK;
    if (!equal) {
        fprintf(stderr, "replay: the guest left its own trace: %s: %s: expected %s, found %s (%s)\n",
                report.divergence.hostcall, report.divergence.what, report.divergence.expected, report.divergence.found,
                wasi_failure(wasi)->text);
        call_record_found(trace);
    }
    struct trace_end end;
    bool inside;
    enum trace_item_kind kind;
    struct trace_exit last;
    if (trace_reader_next(session.reader, &kind, &call, &last, NULL) != STATUS_NOT_FOUND ||
        trace_reader_stop(session.reader, &end, &inside, &error) != STATUS_OK || inside ||
        end.reason != TRACE_END_CLEAN) {
        fprintf(stderr, "the trace is not whole: %s\n", error.text);
        call_record_found(trace);
    }
    wasi_free(wasi);
    trace_reader_close(session.reader);
}

void call_record_found(const struct buffer *trace)
{
    const char *folder = getenv("TMPDIR");
    char path[4096];
    snprintf(path, sizeof path, "%s/warrant-fuzz-found-XXXXXX.wtrace", folder ? folder : "/tmp");
    int fd = trace ? mkstemps(path, 7) : -1;
    if (fd >= 0 && write(fd, trace->data, trace->size) == (ssize_t)trace->size)
        fprintf(stderr, "its trace: %s\n", path);
    abort();
}
