/* The one place where text becomes HTML. */
#include "checker/html_write.h"

#include <inttypes.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include "runtime/base/text.h"

static void escape(void *self, const char *piece, size_t size)
{
    static const struct {
        char character;
        const char *reference;
    } references[] = { { '&', "&amp;" }, { '<', "&lt;" }, { '>', "&gt;" }, { '"', "&quot;" }, { '\'', "&#39;" } };
    struct buffer *out = self;
    for (size_t i = 0; i < size; i++) {
        const char *reference = NULL;
        for (size_t k = 0; k < sizeof references / sizeof *references && !reference; k++)
            reference = references[k].character == piece[i] ? references[k].reference : NULL;
        if (reference)
            buffer_string(out, reference);
        else
            buffer_u8(out, (uint8_t)piece[i]);
    }
}

void html_text_bytes(struct buffer *out, const void *bytes, size_t size)
{
    text_guard_line(&(struct text_sink) { escape, out }, bytes, size);
}

void html_text(struct buffer *out, const char *text)
{
    if (text)
        html_text_bytes(out, text, strlen(text));
}

struct cut {
    struct buffer *out;
    size_t left;
    bool over;
};

/* Between pieces, and within a run of ASCII: no character and no escape is cut. */
static void escape_some(void *self, const char *piece, size_t size)
{
    struct cut *cut = self;
    bool whole = piece[0] == '\\' || (uint8_t)piece[0] >= 0x80;
    size_t fits = size <= cut->left ? size : whole ? 0 : cut->left;
    if (cut->over)
        return;
    escape(cut->out, piece, fits);
    cut->left -= fits;
    cut->over = fits < size;
}

void html_text_cut(struct buffer *out, const void *bytes, size_t size, size_t limit)
{
    struct cut cut = { out, limit, false };
    text_guard_line(&(struct text_sink) { escape_some, &cut }, bytes, size);
    if (cut.over)
        html_format(out, "... (cut; %zu bytes)", size);
}

void html_name(struct buffer *out, const char *name)
{
    struct buffer plain = BUFFER_INIT;
    if (!name)
        return;
    text_plain_string(&plain, name);
    html_text_bytes(out, plain.data, plain.size);
    buffer_done(&plain);
}

void html_format(struct buffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_format(&(struct text_sink) { escape, out }, format, args);
    va_end(args);
}

static void value_begin(struct buffer *out, uint64_t value) { html_format(out, "%" PRIu64, value); }

void html_number(struct buffer *out, uint64_t value)
{
    char digits[24];
    int count = snprintf(digits, sizeof digits, "%" PRIu64, value);
    html_raw(out, "<data value=\"");
    value_begin(out, value);
    html_raw(out, "\">");
    for (int i = 0; i < count; i++) {
        if (i > 0 && (count - i) % 3 == 0)
            html_raw(out, "&#8239;");
        buffer_u8(out, (uint8_t)digits[i]);
    }
    html_raw(out, "</data>");
}

/* Three digits that count. */
static void scaled(struct buffer *out, double value, const char *unit)
{
    html_format(out, "%.*f", value < 9.995 ? 2 : value < 99.95 ? 1 : 0, value);
    html_raw(out, "&nbsp;");
    html_text(out, unit);
}

void html_bytes(struct buffer *out, uint64_t value)
{
    static const char *const units[] = { "KiB", "MiB", "GiB", "TiB", "PiB", "EiB" };
    double scale = (double)value / 1024;
    size_t unit = 0;
    html_raw(out, "<data value=\"");
    value_begin(out, value);
    html_raw(out, "\" title=\"");
    value_begin(out, value);
    html_raw(out, " bytes\">");
    for (; scale >= 1024 && unit + 1 < sizeof units / sizeof *units; unit++)
        scale /= 1024;
    if (value < 1024)
        html_format(out, "%" PRIu64 " B", value);
    else
        scaled(out, scale, units[unit]);
    html_raw(out, "</data>");
}

void html_time(struct buffer *out, uint64_t ns)
{
    static const char *const units[] = { "\xc2\xb5s", "ms", "s" };
    double scale = (double)ns / 1000;
    size_t unit = 0;
    html_raw(out, "<data value=\"");
    value_begin(out, ns);
    html_raw(out, "\" title=\"");
    value_begin(out, ns);
    html_raw(out, " ns\">");
    for (; scale >= 1000 && unit + 1 < sizeof units / sizeof *units; unit++)
        scale /= 1000;
    if (ns < 1000)
        html_format(out, "%" PRIu64 " ns", ns);
    else
        scaled(out, scale, units[unit]);
    html_raw(out, "</data>");
}

void html_count(struct buffer *out, uint64_t value, const char *one, const char *many)
{
    html_number(out, value);
    html_raw(out, " ");
    html_text(out, value == 1 ? one : many);
}
