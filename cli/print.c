/* Everything that the command prints. Pieces are gathered, so that a line reaches stderr whole.
 *
 * Invariant: what is written was put through text_format or text_guard; the one exception is print_erase_line. */
#include "cli/print.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

struct out {
    FILE *stream;
    bool ascii; /* a terminal that takes no UTF-8: to it, the bytes of a character may be controls (C1) */
    size_t used;
    char bytes[1024];
};

static void out_flush(struct out *out)
{
    fwrite(out->bytes, 1, out->used, out->stream);
    out->used = 0;
}

/* The character set as the environment names it (POSIX, 8.2), without setlocale: nothing else depends on it. */
static bool utf8_is_named(void)
{
    static const char *const variables[] = { "LC_ALL", "LC_CTYPE", "LANG" };
    for (size_t i = 0; i < sizeof variables / sizeof *variables; i++) {
        const char *value = getenv(variables[i]);
        if (value && *value)
            return strcasestr(value, "utf-8") || strcasestr(value, "utf8");
    }
    return false;
}

/* Asked once: `show` prints millions of lines. */
static bool ascii_only(FILE *stream)
{
    static int known[3]; /* by descriptor: 0 not asked, 1 no, 2 yes */
    int fd = fileno(stream);
    if (fd < 0 || fd > 2)
        return false;
    if (!known[fd])
        known[fd] = isatty(fd) == 1 && !utf8_is_named() ? 2 : 1;
    return known[fd] == 2;
}

static void out_put(void *self, const char *piece, size_t size)
{
    struct out *out = self;
    if (out->ascii && (unsigned char)*piece >= 0x80) {
        for (size_t i = 0; i < size; i++) {
            char escape[5];
            snprintf(escape, sizeof escape, "\\x%02x", (unsigned char)piece[i]);
            out_put(self, escape, 4);
        }
        return;
    }
    if (size > sizeof out->bytes - out->used)
        out_flush(out);
    if (size > sizeof out->bytes) {
        fwrite(piece, 1, size, out->stream);
        return;
    }
    memcpy(out->bytes + out->used, piece, size);
    out->used += size;
}

void print_to_list(FILE *stream, const char *format, va_list args)
{
    struct out out = { .stream = stream, .ascii = ascii_only(stream) };
    text_format(&(struct text_sink) { out_put, &out }, format, args);
    out_flush(&out);
}

void print_to(FILE *stream, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_to_list(stream, format, args);
    va_end(args);
}

void print_out(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_to_list(stdout, format, args);
    va_end(args);
}

void print_err(const char *format, ...)
{
    va_list args;
    va_start(args, format);
    print_to_list(stderr, format, args);
    va_end(args);
}

void print_bytes(FILE *stream, const void *text, size_t size)
{
    struct out out = { .stream = stream, .ascii = ascii_only(stream) };
    text_guard_lines(&(struct text_sink) { out_put, &out }, text, size);
    out_flush(&out);
}

void print_text(FILE *stream, const struct buffer *text) { print_bytes(stream, text->data, text->size); }

void print_message(FILE *stream, const char *text)
{
    struct out out = { .stream = stream, .ascii = ascii_only(stream) };
    text_guard_line(&(struct text_sink) { out_put, &out }, text, strlen(text));
    out_flush(&out);
}

void print_erase_line(void) { fputs("\r\033[K", stderr); }
