/* The container holds what it promises: whatever is done to a file of chunks is reported, with the chunk where it was
 * done. */
#include "trace_white_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>

enum { PREAMBLE = 3, EVENT_CHUNKS = 6 /* about */ }; /* DESCRIPTION, two of MODULE; then EVENTS; then END */

static struct image good;

static int make_good(void **state)
{
    (void)state;
    char path[64] = "/tmp/warrant-container-XXXXXX";
    int fd = mkstemp(path);
    struct forge forge;
    if (fd < 0)
        return -1;
    close(fd);
    forge_init(&forge);
    forge_calls(&forge, 0, 12, false);
    forge_exit(&forge);
    forge_file(&forge, path, (uint32_t)((forge.count + EVENT_CHUNKS - 1) / EVENT_CHUNKS), TRACE_END_CLEAN);
    forge_done(&forge);
    image_load(path, &good);
    unlink(path);
    return good.chunks > PREAMBLE + EVENT_CHUNKS - 1 ? 0 : -1;
}

static int drop_good(void **state)
{
    (void)state;
    image_done(&good);
    return 0;
}

static struct image copy_good(void)
{
    struct image copy = good;
    copy.bytes = malloc(good.size + 64);
    assert_non_null(copy.bytes);
    memcpy(copy.bytes, good.bytes, good.size);
    return copy;
}

static void assert_names_chunk(const struct error *error, size_t chunk, size_t at)
{
    char expected[64];
    snprintf(expected, sizeof expected, "chunk %zu at offset %zu", chunk, good.chunk[chunk]);
    if (!strstr(error->text, expected))
        fail_msg("spoiled at %zu in chunk %zu, but: %s", at, chunk, error->text);
}

static size_t chunk_of(size_t offset)
{
    size_t chunk = 0;
    while (chunk + 1 < good.chunks && good.chunk[chunk + 1] <= offset)
        chunk++;
    return chunk;
}

static void test_good_is_good(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    assert_int_equal(image_read(&good, &error), STATUS_OK);
}

static void test_every_flipped_byte_is_placed(void **state)
{
    (void)state;
    struct image spoiled = copy_good();
    for (size_t i = 0; i < good.size; i++) {
        struct error error = ERROR_INIT;
        spoiled.bytes[i] ^= (uint8_t)(1u << i % 8);
        enum status status = image_read(&spoiled, &error);
        if (i < sizeof(struct trace_file_header)) {
            assert_int_equal(status, i < TRACE_MAGIC_BYTES ? STATUS_MALFORMED : STATUS_CORRUPT);
            assert_non_null(strstr(error.text, "before chunk 0"));
        } else {
            assert_int_equal(status, STATUS_CORRUPT);
            assert_names_chunk(&error, chunk_of(i), i);
            assert_non_null(strstr(error.text, "damaged"));
        }
        spoiled.bytes[i] = good.bytes[i];
    }
    image_done(&spoiled);
}

static void test_every_cut_tail_is_placed(void **state)
{
    (void)state;
    struct image spoiled = copy_good();
    for (size_t size = 0; size < good.size; size++) {
        struct error error = ERROR_INIT;
        spoiled.size = size;
        enum status status = image_read(&spoiled, &error);
        assert_int_equal(status, size == 0 ? STATUS_MALFORMED : STATUS_TRUNCATED);
        if (size < sizeof(struct trace_file_header))
            assert_non_null(strstr(error.text, "before chunk 0"));
        else
            assert_names_chunk(&error, chunk_of(size), size);
    }
    image_done(&spoiled);
}

static void test_removed_chunks_are_missed(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < good.chunks; i++) {
        struct image spoiled = copy_good();
        struct error error = ERROR_INIT;
        image_remove(&spoiled, i);
        assert_int_equal(image_read(&spoiled, &error), STATUS_CORRUPT);
        assert_names_chunk(&error, i, i);
        assert_non_null(strstr(error.text, "missing"));
        image_done(&spoiled);
    }
}

static void test_swapped_chunks_are_seen_as_such(void **state)
{
    (void)state;
    for (size_t i = 0; i + 1 < good.chunks; i++) {
        struct image spoiled = copy_good();
        struct error error = ERROR_INIT;
        image_swap(&spoiled, i);
        assert_int_equal(image_read(&spoiled, &error), STATUS_CORRUPT);
        assert_names_chunk(&error, i, i);
        assert_non_null(strstr(error.text, "out of order"));
        image_done(&spoiled);
    }
}

static void test_removed_and_renumbered_breaks_the_chain(void **state)
{
    (void)state;
    struct image spoiled = copy_good();
    struct error error = ERROR_INIT;
    image_remove(&spoiled, 5);
    for (size_t i = 5; i < spoiled.chunks; i++) {
        uint64_t number = i;
        memcpy(spoiled.bytes + spoiled.chunk[i] + offsetof(struct trace_chunk_header, number), &number, sizeof number);
    }
    image_reseal(&spoiled, 0, false);
    assert_int_equal(image_read(&spoiled, &error), STATUS_CORRUPT);
    assert_names_chunk(&error, 5, 0);
    assert_non_null(strstr(error.text, "chain"));
    /* Forging the chain as well leaves a hole in the events. */
    struct error again = ERROR_INIT;
    image_reseal(&spoiled, 5, true);
    assert_int_equal(image_read(&spoiled, &again), STATUS_MALFORMED);
    assert_non_null(strstr(again.text, "do not follow"));
    image_done(&spoiled);
}

static void test_bytes_behind_the_end_are_refused(void **state)
{
    (void)state;
    struct image spoiled = copy_good();
    struct error error = ERROR_INIT;
    spoiled.bytes[spoiled.size++] = 0;
    assert_int_equal(image_read(&spoiled, &error), STATUS_MALFORMED);
    assert_non_null(strstr(error.text, "follow the END"));
    image_done(&spoiled);
}

static enum status read_with_header(size_t offset, uint32_t value, size_t size, struct error *error)
{
    struct image spoiled = copy_good();
    memcpy(spoiled.bytes + offset, &value, size);
    image_reseal(&spoiled, 0, true);
    enum status status = image_read(&spoiled, error);
    image_done(&spoiled);
    return status;
}

static void test_later_versions_are_refused_by_name(void **state)
{
    (void)state;
    struct error version = ERROR_INIT, flags = ERROR_INIT, kind = ERROR_INIT, minor = ERROR_INIT, chunk = ERROR_INIT,
                 earlier = ERROR_INIT;
    assert_int_equal(read_with_header(12, 2, 2, &version), STATUS_UNSUPPORTED);
    assert_non_null(strstr(version.text, "version 2.3"));
    assert_int_equal(read_with_header(16, 4, 4, &flags), STATUS_UNSUPPORTED);
    assert_non_null(strstr(flags.text, "0x4"));
    assert_int_equal(read_with_header(8, TRACE_FILE_WITNESS, 4, &kind), STATUS_MALFORMED);
    assert_int_equal(read_with_header(14, 9, 2, &minor), STATUS_OK);
    assert_int_equal(read_with_header(14, 1, 2, &earlier), STATUS_UNSUPPORTED);
    assert_non_null(strstr(earlier.text, "version 1.1"));
    assert_int_equal(read_with_header(good.chunk[4] + 4, 77, 4, &chunk), STATUS_UNSUPPORTED);
}

static void test_lengths_are_not_believed(void **state)
{
    (void)state;
    const size_t raw = offsetof(struct trace_chunk_header, raw_length),
                 stored = offsetof(struct trace_chunk_header, stored_length);
    struct error huge = ERROR_INIT, longer = ERROR_INIT, other = ERROR_INIT;
    assert_int_equal(read_with_header(good.chunk[4] + raw, UINT32_MAX, 4, &huge), STATUS_MALFORMED);
    assert_int_equal(read_with_header(good.chunk[4] + raw, LIMIT_TRACE_CHUNK, 4, &other), STATUS_MALFORMED);
    assert_non_null(strstr(other.text, "decompress"));
    struct image spoiled = copy_good();
    uint32_t length = 1 << 20;
    memcpy(spoiled.bytes + spoiled.chunk[4] + raw, &length, 4);
    memcpy(spoiled.bytes + spoiled.chunk[4] + stored, &length, 4);
    image_reseal(&spoiled, 0, true);
    assert_int_equal(image_read(&spoiled, &longer), STATUS_TRUNCATED);
    image_done(&spoiled);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_good_is_good),
        cmocka_unit_test(test_every_flipped_byte_is_placed),
        cmocka_unit_test(test_every_cut_tail_is_placed),
        cmocka_unit_test(test_removed_chunks_are_missed),
        cmocka_unit_test(test_swapped_chunks_are_seen_as_such),
        cmocka_unit_test(test_removed_and_renumbered_breaks_the_chain),
        cmocka_unit_test(test_bytes_behind_the_end_are_refused),
        cmocka_unit_test(test_later_versions_are_refused_by_name),
        cmocka_unit_test(test_lengths_are_not_believed),
    };
    return cmocka_run_group_tests(tests, make_good, drop_good);
}
