/* Foreign text on its way to a terminal or into JSON: nothing that a terminal obeys or that is not seen gets through,
 * every form can be undone, and different bytes give different texts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "runtime/base/base.h"

static const struct {
    uint32_t first, last;
} ranges[] = {
#define RANGE(first, last, why) { first, last },
#include "runtime/base/unprintable.def"
#undef RANGE
};
enum { RANGES = sizeof ranges / sizeof *ranges };

static bool is_listed(uint32_t point)
{
    for (size_t i = 0; i < RANGES; i++)
        if (point >= ranges[i].first && point <= ranges[i].last)
            return true;
    return false;
}

static size_t encode(uint32_t point, uint8_t *p)
{
    if (point < 0x80)
        return p[0] = (uint8_t)point, 1;
    size_t length = point < 0x800 ? 2 : point < 0x10000 ? 3 : 4;
    for (size_t i = length; i-- > 1; point >>= 6)
        p[i] = (uint8_t)(0x80 | (point & 0x3f));
    p[0] = (uint8_t)(0xf00U >> length | point);
    return length;
}

/* Undoes the plain form. */
static size_t unplain(const struct buffer *text, uint8_t *ret)
{
    size_t size = 0;
    for (size_t i = 0; i < text->size; i++) {
        uint8_t c = text->data[i];
        if (c == '\\') {
            c = text->data[++i];
            unsigned value = 0;
            if (c == 'x') {
                assert_int_equal(sscanf((const char *)text->data + i + 1, "%2x", &value), 1);
                i += 2;
                c = (uint8_t)value;
            } else {
                c = c == 'n' ? '\n' : c == 't' ? '\t' : c == 'r' ? '\r' : c;
            }
        }
        ret[size++] = c;
    }
    return size;
}

static unsigned hex(const uint8_t *p)
{
    char text[5] = { (char)p[0], (char)p[1], (char)p[2], (char)p[3], 0 };
    return (unsigned)strtoul(text, NULL, 16);
}

/* Undoes the JSON form, lone surrogates U+DCNN as bytes. */
static size_t unjson(const struct buffer *text, uint8_t *ret)
{
    size_t size = 0;
    assert_int_equal(text->data[0], '"');
    assert_int_equal(text->data[text->size - 1], '"');
    for (size_t i = 1; i < text->size - 1; i++) {
        uint8_t c = text->data[i];
        if (c != '\\') {
            ret[size++] = c;
            continue;
        }
        c = text->data[++i];
        if (c != 'u') {
            ret[size++] = c;
            continue;
        }
        uint32_t point = hex(text->data + i + 1);
        i += 4;
        if (point >= 0xdc80 && point <= 0xdcff) {
            ret[size++] = (uint8_t)(point - 0xdc00);
            continue;
        }
        if (point >= 0xd800 && point < 0xdc00) {
            assert_memory_equal(text->data + i + 1, "\\u", 2);
            point = 0x10000 + ((point - 0xd800) << 10) + (hex(text->data + i + 3) - 0xdc00);
            i += 6;
        }
        size += encode(point, ret + size);
    }
    return size;
}

/* No byte of a control, no listed character, and nothing that is no UTF-8. */
static void assert_fit(const struct buffer *text, const char *allowed)
{
    for (size_t i = 0; i < text->size;) {
        const uint8_t *p = text->data + i;
        size_t length = p[0] < 0x80 ? 1 : p[0] < 0xe0 ? 2 : p[0] < 0xf0 ? 3 : 4;
        uint32_t point = length == 1 ? p[0] : p[0] & (0x7fU >> length);
        for (size_t k = 1; k < length; k++)
            point = point << 6 | (p[k] & 0x3fU);
        uint8_t again[4];
        assert_true(i + length <= text->size);
        assert_int_equal(encode(point, again), length);
        assert_memory_equal(again, p, length);
        if (is_listed(point) && !(point < 0x80 && point && strchr(allowed, (int)point)))
            fail_msg("U+%04X is printed", point);
        i += length;
    }
}

static void both_forms(const uint8_t *bytes, size_t size)
{
    static struct buffer plain, json, guard, quote; /* kept for the next */
    uint8_t back[64];
    buffer_clear(&plain);
    buffer_clear(&json);
    buffer_clear(&guard);
    buffer_clear(&quote);
    text_plain(&plain, bytes, size);
    text_json(&json, bytes, size);
    text_guard(&guard, bytes, size);
    text_quote(&quote, bytes, size, 0);
    assert_fit(&plain, "");
    assert_fit(&json, "");
    assert_fit(&guard, "");
    for (size_t i = 0; i < quote.size; i++)
        assert_in_range(quote.data[i], 0x20, 0x7e);
    assert_int_equal(unplain(&plain, back), size);
    assert_memory_equal(back, bytes, size);
    assert_int_equal(unjson(&json, back), size);
    assert_memory_equal(back, bytes, size);
}

static void table_is_in_order(void **state)
{
    (void)state;
    for (size_t i = 0; i < RANGES; i++) {
        assert_true(ranges[i].first <= ranges[i].last);
        assert_true(i == 0 || ranges[i].first > ranges[i - 1].last);
    }
}

static void every_byte_and_pair(void **state)
{
    (void)state;
    for (unsigned a = 0; a < 256; a++) {
        both_forms((const uint8_t[]) { (uint8_t)a }, 1);
        for (unsigned b = 0; b < 256; b++)
            both_forms((const uint8_t[]) { 'x', (uint8_t)a, (uint8_t)b, '\\' }, 4);
    }
}

/* Surrogates included: as UTF-8 they are broken, and come back as the bytes that they are. */
static void every_code_point(void **state)
{
    (void)state;
    for (uint32_t point = 0; point < 0x110000; point++) {
        uint8_t bytes[6] = { 'a' };
        size_t length = 1 + encode(point, bytes + 1);
        bytes[length++] = 'b';
        both_forms(bytes, length);
    }
}

static void cut_names_differ(void **state)
{
    struct buffer a = BUFFER_INIT, b = BUFFER_INIT;
    (void)state;
    text_quote_name(&a, "abcdef/x", 8, 6);
    text_quote_name(&b, "abcdef/y", 8, 6);
    buffer_u8(&a, 0);
    buffer_u8(&b, 0);
    assert_memory_equal(a.data, "\"abcdef\"... (8 bytes, ", 22);
    assert_string_not_equal((char *)a.data, (char *)b.data);
    buffer_clear(&a);
    text_quote_name(&a, "abcdef", 6, 6);
    buffer_u8(&a, 0);
    assert_string_equal((char *)a.data, "\"abcdef\"");
    buffer_done(&a);
    buffer_done(&b);
}

static void plain_words_stay(void **state)
{
    static const char *const words[] = { "a b", "\xc3\xa4\xc3\x9f", "\xe6\x97\xa5\xe6\x9c\xac", "\xf0\x9f\x98\x80",
                                         "it's \"1\" <2>" };
    (void)state;
    for (size_t i = 0; i < sizeof words / sizeof *words; i++) {
        struct buffer text = BUFFER_INIT;
        text_plain_string(&text, words[i]);
        assert_int_equal(text.size, strlen(words[i]));
        assert_memory_equal(text.data, words[i], text.size);
        buffer_done(&text);
    }
}

static void sink_put(void *self, const char *piece, size_t size) { buffer_bytes(self, piece, size); }

static void guard_keeps_what_was_made(void **state)
{
    struct buffer once = BUFFER_INIT, twice = BUFFER_INIT, lines = BUFFER_INIT;
    (void)state;
    text_plain(&once, "a\\b\x1b[2J\xc2\x9b\n", 10);
    text_guard(&twice, once.data, once.size);
    assert_int_equal(once.size, twice.size);
    assert_memory_equal(once.data, twice.data, once.size);
    text_guard_lines(&(struct text_sink) { sink_put, &lines }, "x\n\ty\x1b\\", 6);
    buffer_u8(&lines, 0);
    assert_string_equal((char *)lines.data, "x\n\\ty\\x1b\\");
    buffer_done(&once);
    buffer_done(&twice);
    buffer_done(&lines);
}

static void __attribute__((format(printf, 2, 3))) formats(const char *expected, const char *format, ...)
{
    char text[200];
    va_list args;
    va_start(args, format);
    size_t length = text_format_fixed(text, sizeof text, format, args);
    va_end(args);
    assert_string_equal(text, expected);
    assert_int_equal(length, strlen(expected));
}

static void format_is_printf(void **state)
{
    const char *volatile none = NULL; /* gcc would see a NULL */
    (void)state;
    formats("1 -2 3 ff FF 17 0x1f 007 +5", "%d %i %u %x %X %o %#x %03d %+d", 1, -2, 3U, 255U, 255U, 15U, 31U, 7, 5);
    formats("18446744073709551615 -9223372036854775807 255 -1 7 8", "%llu %lld %hhu %hd %zu %lu",
            UINT64_C(18446744073709551615) + 0ULL, -9223372036854775807LL, 255U, -1, (size_t)7, 8UL);
    formats("[   ab][ab   ][abc][ab][    7][7    ]", "[%5s][%-5s][%.3s][%.*s][%*d][%-*d]", "ab", "ab", "abcdef", 2,
            "abc", 5, 7, 5, 7);
    formats("1.50 100% c (null)", "%.2f %d%% %c %s", 1.5, 100, 'c', none);
}

static void format_takes_strings_for_foreign(void **state)
{
    (void)state;
    formats("a\\x1b[2J\\nb\\\\ \\x9b \\xc2\\x9b!", "%s %c %s%c", "a\x1b[2J\nb\\", '\x9b', "\xc2\x9b", '!');
    formats("our\nown \\", "our\nown \\");
    formats("[\xc3\xbc  ][\\x07]", "[%-3s][%3s]", "\xc3\xbc", "\a");
    formats("\\xe2\\x80", "%.2s", "\xe2\x80\xae"); /* cut inside of a character */
}

/* A message is cut between two escapes, never within one. */
static void cut_is_clean(void **state)
{
    struct error error = ERROR_INIT;
    char path[ERROR_TEXT_MAX];
    (void)state;
    memset(path, 0x1b, sizeof path - 1);
    path[sizeof path - 1] = 0;
    assert_int_equal(error_set(&error, STATUS_IO, "a%s", path), STATUS_IO);
    assert_int_equal(strlen(error.text), 1 + (ERROR_TEXT_MAX - 2) / 4 * 4);
    assert_string_equal(error.text + strlen(error.text) - 4, "\\x1b");
}

static void messages_do_not_escape_twice(void **state)
{
    struct error why = ERROR_INIT, error = ERROR_INIT;
    (void)state;
    (void)error_set(&why, STATUS_IO, "no \"%s\"", "\x1b]0;");
    (void)error_copy(&error, STATUS_IO, &why);
    error_prefix(&error, "%s", "a\nb");
    assert_string_equal(error.text, "a\\nb: no \"\\x1b]0;\"");
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(table_is_in_order), cmocka_unit_test(every_byte_and_pair),
        cmocka_unit_test(every_code_point),  cmocka_unit_test(cut_names_differ),
        cmocka_unit_test(plain_words_stay),  cmocka_unit_test(guard_keeps_what_was_made),
        cmocka_unit_test(format_is_printf),  cmocka_unit_test(format_takes_strings_for_foreign),
        cmocka_unit_test(cut_is_clean),      cmocka_unit_test(messages_do_not_escape_twice),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
