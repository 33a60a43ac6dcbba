/* Event bytes and trace files for white-box tests: written by the real writer into a ring that nobody drains, then
 * taken out. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "trace_white_forge.h"

#include <fcntl.h>
#include <setjmp.h>
#include <sodium.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>
#include <cmocka.h>

#include "tracer/signature.h"
#include "tracer/ring.h"

static const uint8_t forge_run_id[TRACE_RUN_ID] = { 'f', 'o', 'r', 'g', 'e' };

void forge_init(struct forge *forge) { memset(forge, 0, sizeof *forge); }

void forge_done(struct forge *forge)
{
    buffer_done(&forge->bytes);
    free(forge->start);
}

void forge_raw(struct forge *forge, const void *event, size_t size)
{
    forge->start = realloc(forge->start, (forge->count + 1) * sizeof *forge->start);
    assert_non_null(forge->start);
    forge->start[forge->count++] = forge->bytes.size;
    buffer_bytes(&forge->bytes, event, size);
}

void forge_cut(struct forge *forge, uint64_t count)
{
    if (count < forge->count)
        forge->bytes.size = forge->start[count];
    forge->count = count < forge->count ? count : forge->count;
}

/* Takes the ring's events, with ticks of 100 per event instead of the machine's. */
static void forge_take(struct forge *forge, struct trace_ring *ring)
{
    struct trace_ring_header *header = trace_ring_header(ring);
    uint8_t *data = trace_ring_data(ring);
    uint64_t head = atomic_load(&header->head);
    for (uint64_t at = 0; at < head;) {
        struct trace_event_head event;
        memcpy(&event, data + at, sizeof event);
        if (trace_event_has_ticks(event.type)) {
            uint64_t ticks = 100 * (forge->count + 1);
            memcpy(data + at + TRACE_TICKS_OFFSET, &ticks, sizeof ticks);
        }
        forge_raw(forge, data + at, event.words * 8u);
        at += event.words * 8u;
    }
}

static void forge_write(struct forge *forge, uint64_t first, uint64_t calls, bool big, bool leave)
{
    static struct kit_call call;
    for (uint64_t done = 0; done < calls || leave;) {
        int fd = memfd_create("ring", MFD_CLOEXEC);
        struct trace_ring *ring;
        struct trace_writer *writer;
        assert_int_equal(trace_ring_create(fd, forge_run_id, NULL), STATUS_OK);
        assert_int_equal(trace_ring_map(fd, &ring, NULL), STATUS_OK);
        assert_int_equal(trace_writer_create(ring, &writer, NULL), STATUS_OK);
        struct wasi_observer observer = trace_writer_observer(writer);
        for (uint64_t i = 0; i < 5 && done < calls; i++, done++) { /* what surely fits into the ring */
            kit_call_make(first + done, big, &call);
            assert_int_equal(kit_call_observe(&call, &observer, NULL), STATUS_OK);
        }
        if (leave) {
            struct trace_exit last = { .outcome = 1, .exit_code = 7, .instructions = 12345 };
            assert_int_equal(trace_writer_exit(writer, &last), STATUS_OK);
            leave = false;
        }
        forge_take(forge, ring);
        trace_writer_free(writer);
        trace_ring_unmap(ring);
        close(fd);
    }
}

void forge_calls(struct forge *forge, uint64_t first, uint64_t calls, bool big)
{
    forge_write(forge, first, calls, big, false);
}

void forge_exit(struct forge *forge) { forge_write(forge, 0, 0, false, true); }

/* One chunk's events with their ticks as differences. */
static uint8_t *chunk_bytes(const struct forge *forge, uint64_t first, uint64_t count, size_t *ret_size)
{
    size_t begin = forge->start[first],
           end = first + count < forge->count ? forge->start[first + count] : forge->bytes.size;
    uint8_t *bytes = malloc(end - begin);
    uint64_t before = 0;
    assert_non_null(bytes);
    memcpy(bytes, forge->bytes.data + begin, end - begin);
    for (uint64_t i = first; i < first + count; i++) {
        uint8_t *at = bytes + (forge->start[i] - begin);
        uint64_t ticks, since;
        if (!trace_event_has_ticks(at[2]) || forge->start[i] + 16 > end)
            continue;
        memcpy(&ticks, at + TRACE_TICKS_OFFSET, sizeof ticks);
        since = ticks - before;
        memcpy(at + TRACE_TICKS_OFFSET, &since, sizeof since);
        before = ticks;
    }
    *ret_size = end - begin;
    return bytes;
}

void forge_file(const struct forge *forge, const char *path, uint32_t per_chunk, enum trace_end_reason reason)
{
    forge_signed_file(forge, path, per_chunk, reason, NULL);
}

void forge_key(uint8_t seed, struct trace_key *ret)
{
    const uint8_t bytes[crypto_sign_SEEDBYTES] = { seed };
    crypto_sign_seed_keypair(ret->public, ret->secret, bytes);
}

void forge_signed_file(const struct forge *forge, const char *path, uint32_t per_chunk, enum trace_end_reason reason,
                       const struct trace_key *key)
{
    struct trace_file *file;
    int fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
    assert_true(fd >= 0);
    assert_int_equal(trace_file_create(fd, TRACE_FILE_EVENTS, forge_run_id, &file, NULL), STATUS_OK);
    assert_int_equal(trace_file_append(file, TRACE_CHUNK_DESCRIPTION, "description", 11, 0, 0, 0, NULL), STATUS_OK);
    assert_int_equal(trace_file_append_part(file, TRACE_CHUNK_MODULE, "mod", 3, 0, 0, 0, true, NULL), STATUS_OK);
    assert_int_equal(trace_file_append_part(file, TRACE_CHUNK_MODULE, "ule", 3, 0, 0, 0, false, NULL), STATUS_OK);
    for (uint64_t i = 0; i < forge->count; i += per_chunk) {
        uint64_t count = forge->count - i < per_chunk ? forge->count - i : per_chunk;
        size_t size;
        uint8_t *bytes = chunk_bytes(forge, i, count, &size);
        assert_int_equal(
            trace_file_append(file, TRACE_CHUNK_EVENTS, bytes, size, forge->start[i], i, (uint32_t)count, NULL),
            STATUS_OK);
        free(bytes);
    }
    struct trace_end end = { .reason = reason,
                             .events = forge->count,
                             .stream_bytes = forge->bytes.size,
                             .start_ns = 1000,
                             .end_ticks = 100 * forge->count + 100,
                             .end_ns = 2000,
                             .cause = reason == TRACE_END_CLEAN ? TRACE_CAUSE_ITSELF : TRACE_CAUSE_UNKNOWN,
                             .waited = reason == TRACE_END_CLEAN ? TRACE_WAITED_EXITED : TRACE_WAITED_UNKNOWN,
                             .exit_code = reason == TRACE_END_CLEAN ? 7 : 0 };
    if (reason)
        assert_int_equal(trace_file_append(file, TRACE_CHUNK_END, &end, sizeof end, 0, 0, 0, NULL), STATUS_OK);
    if (key)
        assert_int_equal(trace_file_sign(file, TRACE_SIGNER_RECORDER, key, forge->count, NULL), STATUS_OK);
    trace_file_close(file);
}

/* ---- images ---- */

static void image_index(struct image *image)
{
    size_t at = sizeof(struct trace_file_header);
    struct trace_chunk_header header;
    for (image->chunks = 0; image->size - at >= sizeof header && image->chunks < 64;) {
        image->chunk[image->chunks++] = at;
        memcpy(&header, image->bytes + at, sizeof header);
        at += sizeof header + header.stored_length;
    }
}

void image_load(const char *path, struct image *ret)
{
    FILE *file = fopen(path, "rb");
    assert_non_null(file);
    fseek(file, 0, SEEK_END);
    ret->size = (size_t)ftell(file);
    rewind(file);
    ret->bytes = malloc(ret->size + 64); /* room to append */
    assert_non_null(ret->bytes);
    assert_int_equal(fread(ret->bytes, 1, ret->size, file), ret->size);
    fclose(file);
    image_index(ret);
}

void image_done(struct image *image) { free(image->bytes); }

void image_save(const struct image *image, const char *path)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(image->bytes, 1, image->size, file), image->size);
    assert_int_equal(fclose(file), 0);
}

static size_t chunk_end(const struct image *image, size_t index)
{
    return index + 1 < image->chunks ? image->chunk[index + 1] : image->size;
}

void image_remove(struct image *image, size_t index)
{
    size_t from = image->chunk[index], to = chunk_end(image, index);
    memmove(image->bytes + from, image->bytes + to, image->size - to);
    image->size -= to - from;
    image_index(image);
}

void image_swap(struct image *image, size_t index)
{
    size_t a = image->chunk[index], b = image->chunk[index + 1], end = chunk_end(image, index + 1);
    uint8_t *first = malloc(b - a);
    assert_non_null(first);
    memcpy(first, image->bytes + a, b - a);
    memmove(image->bytes + a, image->bytes + b, end - b);
    memcpy(image->bytes + a + (end - b), first, b - a);
    free(first);
    image_index(image);
}

void image_reseal(struct image *image, size_t first, bool chain)
{
    struct trace_file_header file;
    uint8_t hash[TRACE_HASH];
    memcpy(&file, image->bytes, sizeof file);
    file.checksum = XXH3_64bits(&file, offsetof(struct trace_file_header, checksum));
    memcpy(image->bytes, &file, sizeof file);
    crypto_generichash(hash, sizeof hash, image->bytes, sizeof file, NULL, 0);
    for (size_t i = 0; i < image->chunks; i++) {
        uint8_t *at = image->bytes + image->chunk[i];
        size_t size = chunk_end(image, i) - image->chunk[i];
        struct trace_chunk_header header;
        memcpy(&header, at, sizeof header);
        if (chain && i >= first)
            memcpy(header.previous, hash, sizeof hash);
        header.header_checksum = XXH3_64bits(&header, offsetof(struct trace_chunk_header, header_checksum));
        memcpy(at, &header, sizeof header);
        uint8_t *joined = malloc(size);
        assert_non_null(joined);
        memcpy(joined, at, 88);
        memcpy(joined + 88, at + sizeof header, size - sizeof header);
        header.checksum = XXH3_64bits(joined, size - 8);
        free(joined);
        memcpy(at, &header, sizeof header);
        crypto_generichash(hash, sizeof hash, at, size, NULL, 0);
    }
}

enum status image_read(const struct image *image, struct error *error)
{
    static struct trace_call call;
    struct trace_exit last;
    struct trace_reader *reader;
    struct trace_end end;
    enum trace_item_kind kind;
    bool inside;
    /* An exact copy, so that a sanitizer sees a read behind its end. */
    uint8_t *copy = malloc(image->size ? image->size : 1);
    assert_non_null(copy);
    memcpy(copy, image->bytes, image->size);
    enum status status = trace_reader_open_bytes(copy, image->size, &reader, error);
    if (status == STATUS_OK) {
        while ((status = trace_reader_next(reader, &kind, &call, &last, error)) == STATUS_OK) {
        }
        if (status == STATUS_NOT_FOUND)
            status = trace_reader_stop(reader, &end, &inside, error);
        trace_reader_close(reader);
    }
    free(copy);
    return status;
}
