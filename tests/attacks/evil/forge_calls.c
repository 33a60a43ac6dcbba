/* forge_calls IN OUT WORD=NUMBER...: writes a trace again, with right checksums and other calls.
 *   import=N   every call came by import N              other=N    those that it lowers into came by it
 *   code=N     every call is operation N
 *   calls=N    every op that may take several system calls took N
 *   ops=N      the first call with ops has N of them    count=N    and its end says N
 *   kind=N     every op is of kind N                    handle2=N  and moves or opens that handle
 *   split=N    chunks of N events each
 *   parts=N    no other events; N chunks, each of which begins inside of a call
 */
#include "tracer/container.h"
#include "wasi/abi/imports.h"
#include "wasi/abi/op_sets.h"
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

static char **words;
static struct trace_file *out;
static struct error error = ERROR_INIT;
static uint64_t events, stream;
static uint8_t *to;
static size_t size;
static uint32_t count;
static uint8_t kinds[256];
static unsigned op_count;
static bool repeated;

static void must(enum status status)
{
    if (status == STATUS_OK)
        return;
    fprintf(stderr, "forge_calls: %s: %s\n", status_text(status), error.text);
    exit(2);
}

static bool word(const char *name, long *ret)
{
    size_t length = strlen(name);
    for (char **at = words; *at; at++)
        if (!strncmp(*at, name, length) && (*at)[length] == '=')
            return *ret = atol(*at + length + 1), true;
    return false;
}

static void put(const void *bytes, size_t length, uint32_t number)
{
    must(trace_file_append(out, TRACE_CHUNK_EVENTS, bytes, length, stream, events, number, &error));
    stream += length;
    events += number;
}

static uint8_t *copy(const uint8_t *event, size_t length)
{
    uint8_t *at = memcpy(to + size, event, length);
    size += length;
    count++;
    return at;
}

static void put_op(const uint8_t *event, size_t length)
{
    long value, more = 1;
    if (op_count == 0 && !repeated && word("ops", &more))
        repeated = true;
    for (long i = 0; i < more; i++) {
        struct trace_event_op *op = (void *)copy(event, length);
        if (word("kind", &value))
            op->op.kind = (uint8_t)value;
        if (word("handle2", &value))
            op->op.handle2 = (uint32_t)value;
        kinds[op_count++ % 256] = op->op.kind;
    }
}

static void put_end(const uint8_t *event, size_t length)
{
    struct trace_event_end *end = (void *)copy(event, length);
    uint64_t *result = (void *)(end + 1);
    long value;
    if (word("count", &value) && op_count > 0)
        end->head.code = (uint8_t)value;
    for (unsigned i = 0; i < op_count && word("calls", &value); i++)
        if (abi_op_bit(kinds[i]) & ops_walk)
            result[i] = (result[i] & UINT32_MAX) | (uint64_t)value << 32;
    op_count = 0;
}

static void copy_events(const struct trace_chunk *chunk)
{
    to = malloc(chunk->size + (1 << 20));
    size = count = 0;
    for (size_t at = 0; at < chunk->size;) {
        struct trace_event_head head;
        memcpy(&head, chunk->bytes + at, sizeof head);
        size_t length = head.words * (size_t)8;
        long value;
        if (head.type == TRACE_EVENT_OP) {
            put_op(chunk->bytes + at, length);
        } else if (head.type == TRACE_EVENT_END) {
            put_end(chunk->bytes + at, length);
        } else {
            struct trace_event_begin *begin = (void *)copy(chunk->bytes + at, length);
            if (head.type == TRACE_EVENT_BEGIN && word("import", &value))
                begin->import = (uint16_t)value;
            if (head.type == TRACE_EVENT_BEGIN && word("other", &value) && abi_imports[value].operation == head.code)
                begin->import = (uint16_t)value;
            if (head.type == TRACE_EVENT_BEGIN && word("code", &value))
                begin->head.code = (uint8_t)value;
        }
        at += length;
        if (word("split", &value) && count >= (uint32_t)value) {
            put(to, size, count);
            size = count = 0;
        }
    }
    if (count > 0)
        put(to, size, count);
    free(to);
}

int main(int argc, char **argv)
{
    struct trace_source *in;
    struct trace_chunk chunk;
    struct trace_end end = { .reason = TRACE_END_CLEAN };
    const struct trace_event_head part = { .words = 1, .type = TRACE_EVENT_OP };
    long parts = 0;
    words = argv + 3;
    must(trace_source_open(argv[1], TRACE_FILE_EVENTS, &in, &error));
    int fd = open(argv[2], O_RDWR | O_CREAT | O_TRUNC, 0600);
    must(trace_file_create(fd, TRACE_FILE_EVENTS, trace_source_run_id(in), &out, &error));
    word("parts", &parts);
    while (trace_source_next(in, &chunk, &error) == STATUS_OK) {
        if (chunk.kind == TRACE_CHUNK_END)
            memcpy(&end, chunk.bytes, chunk.size < sizeof end ? chunk.size : sizeof end);
        else if (chunk.kind != TRACE_CHUNK_EVENTS)
            must(trace_file_append_part(out, chunk.kind, chunk.bytes, chunk.size, 0, 0, 0, trace_source_more(in),
                                        &error));
        else if (!parts)
            copy_events(&chunk);
    }
    for (long i = 0; i < parts; i++)
        put(&part, sizeof part, 1);
    end.events = events;
    end.stream_bytes = stream;
    must(trace_file_append(out, TRACE_CHUNK_END, &end, sizeof end, 0, 0, 0, &error));
    trace_file_close(out);
    trace_source_close(in);
    return 0;
}
