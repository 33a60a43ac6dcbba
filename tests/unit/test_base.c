/* The base library: a cursor never leaves its bytes, LEB128 is read as the specification has it, a buffer remembers
 * that memory ran out, an error keeps the first failure, a file is read whole or refused. */
#include <fcntl.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "runtime/base/base.h"

static void cursor_stays_inside(void **state)
{
    static const uint8_t bytes[7] = { 1, 2, 3, 4, 5, 6, 7 };
    const uint8_t *at;
    uint64_t wide = 99;
    uint32_t word;
    uint16_t half;
    uint8_t byte;
    (void)state;
    struct cursor c = cursor_over(bytes, sizeof bytes);
    assert_int_equal(cursor_u64(&c, &wide), STATUS_TRUNCATED);
    assert_int_equal(wide, 99);
    assert_int_equal(cursor_offset(&c), 0);
    assert_int_equal(cursor_u32(&c, &word), STATUS_OK);
    assert_int_equal(word, 0x04030201);
    assert_int_equal(cursor_u16(&c, &half), STATUS_OK);
    assert_int_equal(half, 0x0605);
    assert_int_equal(cursor_u16(&c, &half), STATUS_TRUNCATED);
    assert_int_equal(cursor_bytes(&c, SIZE_MAX, &at), STATUS_TRUNCATED);
    assert_int_equal(cursor_left(&c), 1);
    assert_int_equal(cursor_u8(&c, &byte), STATUS_OK);
    assert_int_equal(byte, 7);
    assert_int_equal(cursor_u8(&c, &byte), STATUS_TRUNCATED);
    assert_int_equal(cursor_bytes(&c, 0, &at), STATUS_OK);
}

static void cursor_over_nothing(void **state)
{
    uint8_t byte;
    (void)state;
    struct cursor c = cursor_over(NULL, 0);
    assert_int_equal(cursor_left(&c), 0);
    assert_int_equal(cursor_u8(&c, &byte), STATUS_TRUNCATED);
}

struct leb {
    uint8_t bytes[11];
    uint8_t size;
    enum status status;
    int64_t value;
};

static void leb_u32(void **state)
{
    static const struct leb cases[] = {
        { { 0 }, 1, STATUS_OK, 0 },
        { { 0x7f }, 1, STATUS_OK, 127 },
        { { 0x80, 0x01 }, 2, STATUS_OK, 128 },
        { { 0xff, 0xff, 0xff, 0xff, 0x0f }, 5, STATUS_OK, 0xffffffff },
        { { 0x80, 0x80, 0x80, 0x80, 0x00 }, 5, STATUS_OK, 0 },           /* padded, allowed */
        { { 0xff, 0xff, 0xff, 0xff, 0x1f }, 5, STATUS_MALFORMED, 0 },    /* bit 32 */
        { { 0x80, 0x80, 0x80, 0x80, 0x80, 0 }, 6, STATUS_MALFORMED, 0 }, /* six bytes */
        { { 0x80, 0x80 }, 2, STATUS_TRUNCATED, 0 },
        { { 0 }, 0, STATUS_TRUNCATED, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cursor c = cursor_over(cases[i].bytes, cases[i].size);
        uint32_t value = 0;
        assert_int_equal(cursor_leb_u32(&c, &value), cases[i].status);
        if (cases[i].status == STATUS_OK) {
            assert_int_equal(value, cases[i].value);
            assert_int_equal(cursor_left(&c), 0);
        }
    }
}

static void leb_s32(void **state)
{
    static const struct leb cases[] = {
        { { 0x7f }, 1, STATUS_OK, -1 },
        { { 0x40 }, 1, STATUS_OK, -64 },
        { { 0x3f }, 1, STATUS_OK, 63 },
        { { 0x80, 0x80, 0x80, 0x80, 0x78 }, 5, STATUS_OK, INT32_MIN },
        { { 0xff, 0xff, 0xff, 0xff, 0x07 }, 5, STATUS_OK, INT32_MAX },
        { { 0xff, 0xff, 0xff, 0xff, 0x0f }, 5, STATUS_MALFORMED, 0 }, /* the unused bits are no sign extension */
        { { 0x80, 0x80, 0x80, 0x80, 0x70 }, 5, STATUS_MALFORMED, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cursor c = cursor_over(cases[i].bytes, cases[i].size);
        int32_t value = 0;
        assert_int_equal(cursor_leb_s32(&c, &value), cases[i].status);
        if (cases[i].status == STATUS_OK)
            assert_int_equal(value, cases[i].value);
    }
}

static void leb_s64(void **state)
{
    static const struct leb cases[] = {
        { { 0x7f }, 1, STATUS_OK, -1 },
        { { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x7f }, 10, STATUS_OK, INT64_MIN },
        { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x00 }, 10, STATUS_OK, INT64_MAX },
        { { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01 }, 10, STATUS_MALFORMED, 0 },
        { { 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0x80, 0 }, 11, STATUS_MALFORMED, 0 },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct cursor c = cursor_over(cases[i].bytes, cases[i].size);
        int64_t value = 0;
        assert_int_equal(cursor_leb_s64(&c, &value), cases[i].status);
        if (cases[i].status == STATUS_OK)
            assert_true(value == cases[i].value);
    }
}

static void buffer_round_trip(void **state)
{
    struct buffer b = BUFFER_INIT;
    const uint8_t *text;
    uint64_t wide;
    uint32_t length;
    (void)state;
    buffer_u64(&b, UINT64_C(0x1122334455667788));
    buffer_blob(&b, "grant", 5);
    buffer_printf(&b, "%d", 42);
    assert_int_equal(b.status, STATUS_OK);
    struct cursor c = cursor_over(b.data, b.size);
    assert_int_equal(cursor_u64(&c, &wide), STATUS_OK);
    assert_true(wide == UINT64_C(0x1122334455667788));
    assert_int_equal(cursor_u32(&c, &length), STATUS_OK);
    assert_int_equal(length, 5);
    assert_int_equal(cursor_bytes(&c, 5, &text), STATUS_OK);
    assert_memory_equal(text, "grant", 5);
    assert_int_equal(cursor_bytes(&c, 2, &text), STATUS_OK);
    assert_memory_equal(text, "42", 2);
    assert_int_equal(cursor_left(&c), 0);
    buffer_done(&b);
    buffer_done(NULL);
}

static void buffer_remembers_no_memory(void **state)
{
    struct buffer b = BUFFER_INIT;
    (void)state;
    buffer_u8(&b, 1);
    assert_null(buffer_extend(&b, SIZE_MAX - 8));
    buffer_u8(&b, 2);
    assert_int_equal(b.status, STATUS_NO_MEMORY);
    buffer_done(&b);
}

static void error_keeps_the_first(void **state)
{
    struct error error = ERROR_INIT;
    (void)state;
    assert_int_equal(error_set(&error, STATUS_IO, "first %d", 1), STATUS_IO);
    assert_int_equal(error_set(&error, STATUS_LIMIT, "second"), STATUS_LIMIT);
    assert_int_equal(error.status, STATUS_IO);
    assert_string_equal(error.text, "first 1");
    error_prefix(&error, "%s", "file");
    assert_string_equal(error.text, "file: first 1");
    assert_int_equal(error_set(NULL, STATUS_IO, "nobody listens"), STATUS_IO);
    struct error cut = ERROR_INIT;
    char text[2 * ERROR_TEXT_MAX];
    memset(text, 'x', sizeof text - 1);
    text[sizeof text - 1] = 0;
    (void)error_set(&cut, STATUS_IO, "%s", text);
    assert_int_equal(strlen(cut.text), ERROR_TEXT_MAX - 1);
}

static void file_is_read_whole_or_refused(void **state)
{
    char path[] = "/tmp/warrant-test-base-XXXXXX";
    struct buffer b = BUFFER_INIT;
    struct error error = ERROR_INIT;
    (void)state;
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    for (int i = 0; i < 1000; i++)
        assert_int_equal(write(fd,
                               "0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef0123456789abcdef"
                               "0123456789abcdef01234",
                               101),
                         101);
    close(fd);
    assert_int_equal(file_read_all(path, 101000, &b, &error), STATUS_OK);
    assert_int_equal(b.size, 101000);
    assert_memory_equal(b.data + 100999, "4", 1);
    buffer_clear(&b);
    assert_int_equal(file_read_all(path, 100999, &b, &error), STATUS_LIMIT);
    assert_non_null(strstr(error.text, path));
    unlink(path);
    error = (struct error)ERROR_INIT;
    assert_int_equal(file_read_all(path, 1, &b, &error), STATUS_NOT_FOUND);
    assert_int_equal(file_read_all("/", 1, &b, NULL), STATUS_IO);
    buffer_done(&b);
}

/* A FIFO nobody writes, a device without end, a pipe that brings something: none keeps the reader waiting. */
static void what_is_no_file_is_not_waited_for(void **state)
{
    char folder[] = "/tmp/warrant-test-base-XXXXXX", path[64], again[32];
    struct buffer b = BUFFER_INIT;
    struct error error = ERROR_INIT;
    uint64_t size = 7;
    int fd = -1, pair[2];
    (void)state;
    assert_non_null(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/fifo", folder);
    assert_int_equal(mkfifo(path, 0600), 0);
    assert_int_equal(file_open_regular(path, &fd, &size, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "is a pipe"));
    assert_int_equal(file_read_all(path, 100, &b, NULL), STATUS_OK); /* nobody writes: it ends at once */
    assert_int_equal(b.size, 0);
    error = (struct error)ERROR_INIT;
    assert_int_equal(file_read_all("/dev/zero", 100, &b, &error), STATUS_IO);
    assert_non_null(strstr(error.text, "is a device"));
    assert_int_equal(file_open_regular(folder, &fd, &size, NULL), STATUS_IO);
    assert_int_equal(fd, -1);
    assert_int_equal(size, 7);
    assert_int_equal(pipe(pair), 0);
    assert_int_equal(write(pair[1], "policy", 6), 6);
    close(pair[1]);
    snprintf(again, sizeof again, "/dev/fd/%d", pair[0]);
    assert_int_equal(file_read_all(again, 100, &b, NULL), STATUS_OK);
    assert_int_equal(b.size, 6);
    close(pair[0]);
    unlink(path);
    snprintf(path, sizeof path, "%s/short", folder);
    fd = open(path, O_RDWR | O_CREAT, 0600);
    assert_int_equal(write(fd, "abc", 3), 3);
    buffer_clear(&b);
    assert_int_equal(file_read_fd(fd, 4, &b, NULL), STATUS_TRUNCATED);
    buffer_clear(&b);
    assert_int_equal(file_read_fd(fd, 3, &b, NULL), STATUS_OK);
    assert_memory_equal(b.data, "abc", 3);
    close(fd);
    unlink(path);
    rmdir(folder);
    buffer_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(cursor_stays_inside),
        cmocka_unit_test(cursor_over_nothing),
        cmocka_unit_test(leb_u32),
        cmocka_unit_test(leb_s32),
        cmocka_unit_test(leb_s64),
        cmocka_unit_test(buffer_round_trip),
        cmocka_unit_test(buffer_remembers_no_memory),
        cmocka_unit_test(error_keeps_the_first),
        cmocka_unit_test(file_is_read_whole_or_refused),
        cmocka_unit_test(what_is_no_file_is_not_waited_for),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
