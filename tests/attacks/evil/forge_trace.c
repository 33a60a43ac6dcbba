/* forge_trace IN OUT WORD...: writes a trace again, with right checksums and other contents.
 *   module=FILE        that file as the module            zeros=MIB          a module of zeros
 *   describe=FILE      that file as the description       blank=MIB          a description of zeros
 *   noevents           no events                          noexit             no EXIT, and no END that says the guest
 * ended instructions=N     what the EXIT says                 data=MIB ops=N     one call that begins and brings data,
 * ending never calls=N            that many calls that say nothing
 */
#include "tracer/container.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { PART = 1 << 23, ROOM = 1 << 24 };

static const char *words[16];
static int word_count;
static struct trace_file *out;
static struct error error = ERROR_INIT;
static uint64_t events, stream;
static uint8_t batch[ROOM];
static size_t batch_size;
static uint32_t batch_events;

static void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "forge_trace: %s: %s\n", status_text(status), error.text);
    exit(2);
}

/* What stands behind `NAME=`, or NULL; of a bare word "". */
static const char *word(const char *name)
{
    size_t length = strlen(name);
    for (int i = 0; i < word_count; i++)
        if (!strncmp(words[i], name, length) && (!words[i][length] || words[i][length] == '='))
            return words[i] + length + (words[i][length] == '=');
    return NULL;
}

static void put_events(const void *bytes, size_t size, uint32_t count)
{
    must(trace_file_append(out, TRACE_CHUNK_EVENTS, bytes, size, stream, events, count, &error));
    stream += size;
    events += count;
}

static void flush(void)
{
    if (batch_size)
        put_events(batch, batch_size, batch_events);
    batch_size = batch_events = 0;
}

static uint8_t *event(size_t size, enum trace_event_type type, uint8_t code)
{
    if (batch_size + size > sizeof batch)
        flush();
    uint8_t *at = memset(batch + batch_size, 0, size);
    struct trace_event_head head = { .words = (uint16_t)(size / 8), .type = (uint8_t)type, .code = code };
    memcpy(at, &head, sizeof head);
    batch_size += size;
    batch_events++;
    return at;
}

static void put_zeros(enum trace_chunk_kind kind, long parts)
{
    static uint8_t zeros[ROOM];
    for (long i = 0; i < parts; i++)
        must(trace_file_append_part(out, kind, zeros, sizeof zeros, 0, 0, 0, i + 1 < parts, &error));
}

static void put_file(enum trace_chunk_kind kind, const char *path)
{
    struct buffer file = BUFFER_INIT;
    must(file_read_all(path, LIMIT_MODULE_BYTES, &file, &error));
    for (size_t done = 0; done < file.size || done == 0;) {
        size_t part = file.size - done < PART ? file.size - done : PART;
        must(trace_file_append_part(out, kind, file.data + done, part, 0, 0, 0, done + part < file.size, &error));
        done += part ? part : 1;
    }
    buffer_done(&file);
}

/* A read into 1024 buffers of 4 GiB, with ops that bring zeros. */
static void put_bomb(long mib, uint32_t ops)
{
    const size_t slots = abi_operations[OPERATION_FD_READ].slot_count * 8;
    uint8_t *at =
        event(sizeof(struct trace_event_begin) + slots + LIMIT_IOVECS * 8, TRACE_EVENT_BEGIN, OPERATION_FD_READ);
    ((struct trace_event_begin *)at)->import = IMPORT_PREVIEW1_FD_READ;
    ((struct trace_event_begin *)at)->iovs = LIMIT_IOVECS;
    struct region *region = (void *)(at + sizeof(struct trace_event_begin) + slots);
    for (int i = 0; i < LIMIT_IOVECS; i++)
        region[i] = (struct region) { 0, UINT32_MAX };
    for (uint32_t i = 0; i < ops; i++) {
        const struct op op = { .kind = OP_PREADV, .handle = 0, .handle2 = HANDLE_NONE, .mem = { 0, LIMIT_IOVECS } };
        memcpy(event(sizeof(struct trace_event_op), TRACE_EVENT_OP, 0) + 8, &op, sizeof op);
    }
    for (uint32_t i = 0; i < ops; i++)
        for (long k = 0; k < mib * (1 << 20) / TRACE_DATA_MAX; k++) {
            at = event(sizeof(struct trace_event_data) + TRACE_DATA_MAX, TRACE_EVENT_DATA, (uint8_t)i);
            ((struct trace_event_data *)at)->length = TRACE_DATA_MAX;
        }
    flush();
}

static void put_calls(long calls)
{
    for (long i = 0; i < calls; i++) {
        uint8_t *at = event(sizeof(struct trace_event_begin), TRACE_EVENT_BEGIN, OPERATION_SCHED_YIELD);
        ((struct trace_event_begin *)at)->import = IMPORT_PREVIEW1_SCHED_YIELD;
        event(sizeof(struct trace_event_end), TRACE_EVENT_END, 0);
    }
    flush();
}

/* A chunk of events; the EXIT, which is the last, may be changed or left out. */
static void copy_events(const struct trace_chunk *chunk)
{
    uint8_t *bytes = memcpy(malloc(chunk->size), chunk->bytes, chunk->size);
    size_t size = chunk->size, at = 0;
    const struct trace_event_head *head = (void *)bytes;
    while (at + 8 * (size_t)head->words < size)
        head = (void *)(bytes + (at += 8 * (size_t)head->words));
    struct trace_event_exit *exit_event = (void *)(bytes + at);
    uint32_t count = chunk->event_count;
    bool last = size > 0 && head->type == TRACE_EVENT_EXIT;
    if (last && word("instructions"))
        exit_event->instructions = strtoull(word("instructions"), NULL, 10);
    if (last && word("noexit")) {
        size = at;
        count--;
    }
    if (size)
        put_events(bytes, size, count);
    free(bytes);
}

int main(int argc, char **argv)
{
    struct trace_source *in;
    struct trace_chunk chunk;
    struct trace_end end = { .reason = TRACE_END_CLEAN };
    bool replaced = false;
    for (int i = 3; i < argc; i++)
        words[word_count++] = argv[i];
    must(trace_source_open(argv[1], TRACE_FILE_EVENTS, &in, &error));
    int fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
    must(trace_file_create(fd, TRACE_FILE_EVENTS, trace_source_run_id(in), &out, &error));
    while (trace_source_next(in, &chunk, &error) == STATUS_OK) {
        bool module = chunk.kind == TRACE_CHUNK_MODULE;
        const char *file = word(module ? "module" : "describe"), *zeros = word(module ? "zeros" : "blank");
        if (chunk.kind == TRACE_CHUNK_END) {
            memcpy(&end, chunk.bytes, chunk.size < sizeof end ? chunk.size : sizeof end);
        } else if (chunk.kind == TRACE_CHUNK_EVENTS) {
            if (!word("noevents") && !word("data") && !word("calls"))
                copy_events(&chunk);
        } else if (!file && !zeros) {
            must(trace_file_append_part(out, chunk.kind, chunk.bytes, chunk.size, 0, 0, 0, trace_source_more(in),
                                        &error));
        } else if (!module || !replaced) {
            replaced |= module;
            if (file)
                put_file(chunk.kind, file);
            else
                put_zeros(chunk.kind, atol(zeros) / 16);
        }
    }
    if (word("data"))
        put_bomb(atol(word("data")), word("ops") ? (uint32_t)atol(word("ops")) : 1);
    if (word("calls"))
        put_calls(atol(word("calls")));
    end.events = events;
    end.stream_bytes = stream;
    if (word("noexit") || word("data") || word("calls") || word("noevents"))
        end.reason = TRACE_END_GUEST_DIED;
    must(trace_file_append(out, TRACE_CHUNK_END, &end, sizeof end, 0, 0, 0, &error));
    trace_file_close(out);
    trace_source_close(in);
    return 0;
}
