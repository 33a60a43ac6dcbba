/* Text from hostile places (guests, traces, file names), made fit for terminals and JSON.
 *
 * Invariant: no control character, no escape sequence and no invalid UTF-8 leaves these functions. */
#include <stdbool.h>
#include <string.h>
#include "checker/text.h"

void text_quote(struct buffer *out, const void *bytes, size_t size, size_t limit)
{
    const uint8_t *p = bytes;
    size_t shown = limit > 0 && size > limit ? limit : size;
    buffer_u8(out, '"');
    for (size_t i = 0; i < shown; i++) {
        uint8_t c = p[i];
        if (c == '"' || c == '\\')
            buffer_printf(out, "\\%c", c);
        else if (c == '\n')
            buffer_string(out, "\\n");
        else if (c == '\t')
            buffer_string(out, "\\t");
        else if (c >= 0x20 && c < 0x7f)
            buffer_u8(out, c);
        else
            buffer_printf(out, "\\x%02x", c);
    }
    buffer_u8(out, '"');
    if (shown < size)
        buffer_string(out, "...");
}

/* Length of the well-formed UTF-8 sequence at p (Unicode 3.9, table 3-7), 0 where there is none. */
static size_t utf8_length(const uint8_t *p, size_t left)
{
    uint8_t lead = p[0];
    size_t length = lead < 0x80 ? 1 : lead >= 0xc2 && lead <= 0xdf ? 2 : (lead & 0xf0) == 0xe0 ? 3 : lead >= 0xf0 && lead <= 0xf4 ? 4 : 0;
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

/* C1 controls are two bytes in UTF-8, and some terminals obey them. */
static bool is_control(const uint8_t *p, size_t length)
{
    return length == 1 ? p[0] < 0x20 || p[0] == 0x7f : length == 2 && p[0] == 0xc2 && p[1] < 0xa0;
}

void text_plain(struct buffer *out, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < size;) {
        size_t length = utf8_length(p + i, size - i);
        if (length > 0 && !is_control(p + i, length)) {
            buffer_bytes(out, p + i, length);
            i += length;
        } else {
            buffer_printf(out, "\\x%02x", p[i++]);
        }
    }
}

void text_json(struct buffer *out, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    buffer_u8(out, '"');
    for (size_t i = 0; i < size;) {
        size_t length = utf8_length(p + i, size - i);
        if (length == 0) {
            buffer_string(out, "\\ufffd");
            i++;
        } else if (is_control(p + i, length)) {
            buffer_printf(out, "\\u%04x", length == 1 ? p[i] : p[i + 1]);
            i += length;
        } else {
            if (p[i] == '"' || p[i] == '\\')
                buffer_u8(out, '\\');
            buffer_bytes(out, p + i, length);
            i += length;
        }
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
