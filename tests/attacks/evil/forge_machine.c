/* Writes a pair of trace and witness file anew as another machine would have left it: the description's architecture,
 * the numbers of the system calls, and the bits of open flags that arm64 has elsewhere. What the map does not list is
 * left out, and the thread's sequence closed. Spoils the pair where it is told to: none; number N: the N-th write of
 * the guest's process is left out; flags N: the N-th openat2 follows links
 *
 * usage: forge_machine IN.wtrace IN.wwit OUT.wtrace OUT.wwit ARCHITECTURE MAP none|number|flags N
 *        MAP: lines "FROM TO", numbers */
#include <fcntl.h>
#include <sodium.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "tracer/trace.h"
#include "tracer/witness_file.h"
#include "wasi/policy/policy.h"

enum { NUMBERS = 1024, THREADS = 256, X86_PWRITE64 = 18, X86_OPENAT2 = 437, X86_OPENAT = 257, X86_NOFOLLOW = 0400000 };

static int map[NUMBERS];
static bool other_bits;
static struct {
    uint32_t tid;
    uint64_t gone;
} threads[THREADS];

static void need(enum status s, const char *what, const struct error *error)
{
    if (s == STATUS_OK)
        return;
    fprintf(stderr, "forge_machine: %s: %s\n", what, error->text);
    exit(2);
}

static struct trace_file *create(const char *path, enum trace_file_kind kind, const uint8_t *run_id)
{
    struct error error = ERROR_INIT;
    struct trace_file *file;
    need(trace_file_create(open(path, O_RDWR | O_CREAT | O_TRUNC, 0600), kind, run_id, &file, &error), path, &error);
    return file;
}

static struct buffer facts; /* what the witness was told, as it would have been there */

static void describe(const struct trace_chunk *chunk, const char *architecture, struct buffer *out)
{
    struct error error = ERROR_INIT;
    struct run_spec spec;
    uint8_t hash[TRACE_HASH];
    need(run_spec_decode(chunk->bytes, chunk->size, &spec, &error), "the description", &error);
    free(spec.facts.arch);
    spec.facts.arch = strdup(architecture);
    run_spec_encode(&spec, out);
    run_spec_encode_facts(&spec, &facts);
    crypto_generichash(hash, sizeof hash, out->data, out->size, NULL, 0);
    buffer_bytes(&facts, hash, sizeof hash);
    run_spec_done(&spec);
}

static void forge_trace(const char *in, const char *out, const char *architecture)
{
    struct error error = ERROR_INIT;
    struct trace_source *source;
    struct trace_chunk chunk;
    enum status s;
    need(trace_source_open(in, TRACE_FILE_EVENTS, &source, &error), in, &error);
    struct trace_file *file = create(out, TRACE_FILE_EVENTS, trace_source_run_id(source));
    while ((s = trace_source_next(source, &chunk, &error)) == STATUS_OK) {
        struct buffer body = BUFFER_INIT;
        if (chunk.kind == TRACE_CHUNK_DESCRIPTION)
            describe(&chunk, architecture, &body);
        else
            buffer_bytes(&body, chunk.bytes, chunk.size);
        need(trace_file_append(file, chunk.kind, body.data, body.size, chunk.stream_offset, chunk.first_event,
                               chunk.event_count, &error),
             out, &error);
        buffer_done(&body);
    }
    need(s == STATUS_NOT_FOUND ? STATUS_OK : s, in, &error);
    trace_file_close(file);
    trace_source_close(source);
}

static uint64_t *gone_of(uint32_t tid)
{
    unsigned i = 0;
    while (threads[i].tid && threads[i].tid != tid)
        i++;
    threads[i].tid = tid;
    return &threads[i].gone;
}

static uint64_t bits_of(uint64_t flags)
{
    static const uint64_t from[] = { 040000, 0100000, 0200000, 0400000 }, to[] = { 0200000, 0400000, 040000, 0100000 };
    uint64_t bits = flags & ~(uint64_t)0740000;
    for (unsigned i = 0; i < 4; i++)
        bits |= flags & from[i] ? to[i] : 0;
    return other_bits ? bits : flags;
}

static void forge_witness(const char *in, const char *out, const char *spoil, unsigned spoiled)
{
    struct error error = ERROR_INIT;
    struct witness_reader *reader;
    struct witness_record *record = calloc(1, sizeof *record);
    struct buffer records = BUFFER_INIT, begin = BUFFER_INIT, end = BUFFER_INIT;
    uint64_t count = 0;
    unsigned writes = 0, opens = 0;
    enum status s;
    need(witness_reader_open(in, &reader, &error), in, &error);
    while ((s = witness_reader_next(reader, record, &error)) == STATUS_OK) {
        bool call = record->kind <= WITNESS_EXIT_ONLY, listed = record->syscall >= 0 && record->syscall < NUMBERS;
        uint64_t *gone = gone_of(record->tid);
        int64_t number = record->syscall;
        if (call && listed && map[number] < 0) {
            ++*gone;
            continue;
        }
        if (call && record->role == WITNESS_GUEST && number == X86_PWRITE64 && ++writes == spoiled &&
            !strcmp(spoil, "number")) {
            ++*gone;
            continue;
        }
        if (call && number == X86_OPENAT2 && ++opens == spoiled && !strcmp(spoil, "flags"))
            record->how[0] ^= X86_NOFOLLOW;
        if (call && number == X86_OPENAT2)
            record->how[0] = bits_of(record->how[0]);
        if (call && number == X86_OPENAT)
            record->arg[2] = bits_of(record->arg[2]);
        if (call && listed)
            record->syscall = map[number];
        record->sequence -= *gone;
        witness_record_encode(record, &records);
        count++;
    }
    need(s == STATUS_NOT_FOUND ? STATUS_OK : s, in, &error);
    const struct witness_info *info = witness_reader_info(reader);
    witness_info_encode(info, &begin);
    buffer_bytes(&begin, facts.data, facts.size);
    witness_end_encode(info, count, &end);
    struct trace_file *file = create(out, TRACE_FILE_WITNESS, info->run_id);
    need(trace_file_append(file, TRACE_CHUNK_DESCRIPTION, begin.data, begin.size, 0, 0, 0, &error), out, &error);
    need(trace_file_append(file, TRACE_CHUNK_EVENTS, records.data, records.size, 0, 0, (uint32_t)count, &error), out,
         &error);
    need(trace_file_append(file, TRACE_CHUNK_END, end.data, end.size, 0, 0, 0, &error), out, &error);
    trace_file_close(file);
    witness_reader_close(reader);
    buffer_done(&records);
    buffer_done(&begin);
    buffer_done(&end);
    free(record);
}

int main(int argc, char **argv)
{
    if (argc != 9)
        return 2;
    FILE *file = fopen(argv[6], "r");
    int from, to;
    memset(map, -1, sizeof map);
    while (file && fscanf(file, "%d %d", &from, &to) == 2)
        map[from] = to;
    other_bits = !strcmp(argv[5], "aarch64");
    forge_trace(argv[1], argv[3], argv[5]);
    forge_witness(argv[2], argv[4], argv[7], (unsigned)atoi(argv[8]));
    buffer_done(&facts);
    if (file)
        fclose(file);
    return 0;
}
