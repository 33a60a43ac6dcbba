/* Everything that the command prints. Pieces are gathered, so that a line reaches stderr whole.
 *
 * Invariant: what is written was put through text_format or text_guard; the one exception is print_erase_line. */
#include "cli/print.h"

#include <string.h>

struct out {
    FILE *stream;
    size_t used;
    char bytes[1024];
};

static void out_flush(struct out *out)
{
    fwrite(out->bytes, 1, out->used, out->stream);
    out->used = 0;
}

static void out_put(void *self, const char *piece, size_t size)
{
    struct out *out = self;
    if (size > sizeof out->bytes - out->used)
        out_flush(out);
    for (size_t i = 0; i < size; i++) /* a piece is shorter than the room */
        out->bytes[out->used++] = piece[i];
}

void print_to_list(FILE *stream, const char *format, va_list args)
{
    struct out out = { .stream = stream, .used = 0 };
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
    struct out out = { .stream = stream, .used = 0 };
    text_guard_lines(&(struct text_sink) { out_put, &out }, text, size);
    out_flush(&out);
}

void print_text(FILE *stream, const struct buffer *text) { print_bytes(stream, text->data, text->size); }

void print_message(FILE *stream, const char *text)
{
    struct out out = { .stream = stream, .used = 0 };
    text_guard_line(&(struct text_sink) { out_put, &out }, text, strlen(text));
    out_flush(&out);
}

void print_erase_line(void) { fputs("\r\033[K", stderr); }
