/* Foreign text made fit for terminals and JSON.
 *
 * Invariants: nothing of unprintable.def and no invalid UTF-8 leaves these functions raw; text_plain and text_json lose
 * nothing and give different texts for different bytes. No allocation but the buffer's. Source: Unicode 15, 3.9 (table
 * 3-7) and the general categories. The formatted variants are in text_format.c. */
#include "runtime/base/text_inner.h"

#include <stdbool.h>
#include <string.h>
#include "runtime/base/fnv.h"

static const struct {
    uint32_t first, last;
} unprintable[] = {
#define RANGE(first, last, why) { first, last },
#include "runtime/base/unprintable.def"
#undef RANGE
};

static bool is_printable(uint32_t point)
{
    size_t low = 0, high = sizeof unprintable / sizeof *unprintable;
    if (point >= 0x20 && point < 0x7f)
        return true;
    while (low < high) {
        size_t middle = low + (high - low) / 2;
        if (point > unprintable[middle].last)
            low = middle + 1;
        else
            high = middle;
    }
    return low == sizeof unprintable / sizeof *unprintable || point < unprintable[low].first;
}

/* Length of the well-formed UTF-8 sequence at p, 0 where there is none. */
static size_t utf8_length(const uint8_t *p, size_t left)
{
    uint8_t lead = p[0];
    size_t length = lead < 0x80                   ? 1
                    : lead >= 0xc2 && lead < 0xe0 ? 2
                    : (lead & 0xf0) == 0xe0       ? 3
                    : lead >= 0xf0 && lead < 0xf5 ? 4
                                                  : 0;
    if (length == 0 || length > left)
        return 0;
    for (size_t i = 1; i < length; i++)
        if ((p[i] & 0xc0) != 0x80)
            return 0;
    if (length > 2) {
        uint8_t low = lead == 0xe0 ? 0xa0 : lead == 0xf0 ? 0x90 : 0x80;
        uint8_t high = lead == 0xed ? 0x9f : lead == 0xf4 ? 0x8f : 0xbf;
        if (p[1] < low || p[1] > high)
            return 0;
    }
    return length;
}

static uint32_t utf8_point(const uint8_t *p, size_t length)
{
    uint32_t point = length == 1 ? p[0] : p[0] & (0x7fU >> length);
    for (size_t i = 1; i < length; i++)
        point = point << 6 | (p[i] & 0x3fU);
    return point;
}

enum { BYTE_ESCAPE = 4 };

static void byte_escape(uint8_t byte, char ret[BYTE_ESCAPE])
{
    static const char digits[] = "0123456789abcdef";
    memcpy(ret, (const char[]) { '\\', 'x', digits[byte >> 4], digits[byte & 15] }, BYTE_ESCAPE);
}

/* Puts the character at p, as it is where `kept` has it or where it can be printed, and returns how many bytes it had.
 */
static size_t put_character(const struct text_sink *sink, const uint8_t *p, size_t left, const char *kept)
{
    size_t length = utf8_length(p, left);
    bool whole = length > 0 && p[0] != '\\' && is_printable(utf8_point(p, length));
    if (whole || (p[0] && strchr(kept, p[0]))) {
        sink->put(sink->self, (const char *)p, length);
        return length;
    }
    const char *letters = "\\\\\nn\tt\rr", *letter = letters;
    while (*letter && *letter != (char)p[0])
        letter += 2;
    if (*letter && p[0]) {
        sink->put(sink->self, (const char[]) { '\\', letter[1] }, 2);
        return 1;
    }
    length = length ? length : 1;
    for (size_t i = 0; i < length; i++) {
        char piece[BYTE_ESCAPE];
        byte_escape(p[i], piece);
        sink->put(sink->self, piece, sizeof piece);
    }
    return length;
}

static void put_all(const struct text_sink *sink, const uint8_t *p, size_t size, const char *kept)
{
    for (size_t i = 0; i < size;) {
        size_t run = i;
        while (run < size && p[run] >= 0x20 && p[run] < 0x7f && p[run] != '\\')
            run++;
        if (run > i)
            sink->put(sink->self, (const char *)p + i, run - i);
        i = run;
        if (i < size)
            i += put_character(sink, p + i, size - i, kept);
    }
}

void text_plain_to(const struct text_sink *sink, const void *bytes, size_t size) { put_all(sink, bytes, size, ""); }
void text_guard_line(const struct text_sink *sink, const void *bytes, size_t size) { put_all(sink, bytes, size, "\\"); }
void text_guard_lines(const struct text_sink *sink, const void *bytes, size_t size)
{
    put_all(sink, bytes, size, "\\\n");
}

void text_buffer_put(void *self, const char *piece, size_t size) { buffer_bytes(self, piece, size); }

void text_plain(struct buffer *out, const void *bytes, size_t size)
{
    text_plain_to(&(struct text_sink) { text_buffer_put, out }, bytes, size);
}

void text_plain_string(struct buffer *out, const char *text) { text_plain(out, text, strlen(text)); }

void text_guard(struct buffer *out, const void *bytes, size_t size)
{
    text_guard_line(&(struct text_sink) { text_buffer_put, out }, bytes, size);
}

void text_quote(struct buffer *out, const void *bytes, size_t size, size_t limit)
{
    const uint8_t *p = bytes;
    size_t shown = limit > 0 && size > limit ? limit : size;
    buffer_u8(out, '"');
    for (size_t i = 0; i < shown; i++) {
        uint8_t c = p[i];
        char escape[BYTE_ESCAPE];
        if (c == '"' || c == '\\')
            buffer_bytes(out, (const char[]) { '\\', (char)c }, 2);
        else if (c == '\n')
            buffer_string(out, "\\n");
        else if (c == '\t')
            buffer_string(out, "\\t");
        else if (c >= 0x20 && c < 0x7f)
            buffer_u8(out, c);
        else
            byte_escape(c, escape), buffer_bytes(out, escape, sizeof escape);
    }
    buffer_u8(out, '"');
    if (shown < size)
        buffer_string(out, "...");
}

void text_quote_name(struct buffer *out, const void *bytes, size_t size, size_t limit)
{
    text_quote(out, bytes, size, limit);
    if (limit == 0 || size <= limit)
        return;
    buffer_printf(out, " (%zu bytes, %016llx)", size, (unsigned long long)fnv_add(FNV_START, bytes, size));
}

static void json_escape(struct buffer *out, uint32_t point)
{
    if (point >= 0x10000)
        buffer_printf(out, "\\u%04x\\u%04x", 0xd800 + ((point - 0x10000) >> 10), 0xdc00 + ((point - 0x10000) & 0x3ff));
    else
        buffer_printf(out, "\\u%04x", point);
}

/* How many bytes stand in a JSON string as they are. */
static size_t json_run(const uint8_t *p, size_t size)
{
    size_t run = 0;
    while (run < size && p[run] >= 0x20 && p[run] < 0x7f && p[run] != '"' && p[run] != '\\')
        run++;
    return run;
}

void text_json(struct buffer *out, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    buffer_u8(out, '"');
    for (size_t i = 0; i < size;) {
        size_t run = json_run(p + i, size - i);
        buffer_bytes(out, p + i, run);
        i += run;
        if (i == size)
            break;
        size_t length = utf8_length(p + i, size - i);
        uint32_t point = length ? utf8_point(p + i, length) : 0;
        if (length == 0) {
            json_escape(out, 0xdc00U + p[i]);
            length = 1;
        } else if (!is_printable(point)) {
            json_escape(out, point);
        } else {
            if (point == '"' || point == '\\')
                buffer_u8(out, '\\');
            buffer_bytes(out, p + i, length);
        }
        i += length;
    }
    buffer_u8(out, '"');
}

void text_json_string(struct buffer *out, const char *text)
{
    if (text)
        text_json(out, text, strlen(text));
    else
        buffer_string(out, "null");
}

void text_copy(const struct buffer *from, char *ret, size_t size)
{
    size_t count = from->size < size - 1 ? from->size : size - 1;
    if (count > 0)
        memcpy(ret, from->data, count);
    ret[count] = 0;
}
