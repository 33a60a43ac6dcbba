/* Everything that the command prints. Pieces are gathered, so that a line reaches stderr whole.
 *
 * Invariant: what is written was put through text_format or text_guard; the exceptions are print_erase_line and the
 * colours of a terminal. */
#include "cli/print.h"

#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "cli/fold.h"

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
static bool is_terminal(FILE *stream)
{
    static int known[3]; /* by descriptor: 0 not asked, 1 no, 2 yes */
    int fd = fileno(stream);
    if (fd < 0 || fd > 2)
        return false;
    if (!known[fd])
        known[fd] = isatty(fd) == 1 ? 2 : 1;
    return known[fd] == 2;
}

static bool ascii_only(FILE *stream) { return is_terminal(stream) && !utf8_is_named(); }

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

bool print_flush(void) { return fflush(stdout) == 0 && !ferror(stdout); }

/* ---- on a terminal ---- */

static bool without_color;

void print_no_color(void) { without_color = true; }

/* no-color.org; and a terminal that says it can do nothing. */
static bool color_wanted(void)
{
    const char *refused = getenv("NO_COLOR"), *terminal = getenv("TERM");
    return !without_color && !(refused && *refused) && terminal && *terminal && strcmp(terminal, "dumb") != 0;
}

unsigned print_width(FILE *stream)
{
    enum { LEAST = 20 }; /* below it nothing can be laid out */
    struct winsize size;
    int fd = fileno(stream);
    if (!is_terminal(stream) || ioctl(fd, TIOCGWINSZ, &size) < 0 || size.ws_col < LEAST)
        return 0;
    return size.ws_col;
}

struct folded {
    struct fold fold;
    bool ascii;
};

/* Escapes come before the fold, which has to know how wide they are. */
static void folded_put(void *self, const char *piece, size_t size)
{
    struct folded *folded = self;
    if (!folded->ascii || (unsigned char)*piece < 0x80) {
        fold_put(&folded->fold, piece, size);
        return;
    }
    for (size_t i = 0; i < size; i++) {
        char escape[5];
        snprintf(escape, sizeof escape, "\\x%02x", (unsigned char)piece[i]);
        fold_put(&folded->fold, escape, 4);
    }
}

void print_marked(FILE *stream, const void *text, size_t size, const struct print_mark *marks, size_t count)
{
    /* Of the sixteen that every terminal has those that are read on dark and on light. */
    static const char *const tones[PRINT_TONES] = {
        [PRINT_NAME] = "\033[36m", [PRINT_GOOD] = "\033[32m", [PRINT_DOUBT] = "\033[33m",
        [PRINT_BAD] = "\033[31m",  [PRINT_DIM] = "\033[2m",   [PRINT_HEAD] = "\033[1m"
    };
    static const char plain[] = "\033[0m";
    if (!is_terminal(stream)) {
        print_bytes(stream, text, size);
        return;
    }
    struct out out = { .stream = stream };
    struct folded folded = { { .next = { out_put, &out }, .width = print_width(stream) }, ascii_only(stream) };
    const struct text_sink sink = { folded_put, &folded };
    size_t at = 0;
    for (size_t i = 0; i < count && color_wanted(); i++) {
        if (marks[i].from < at || marks[i].to <= marks[i].from || marks[i].to > size)
            continue;
        text_guard_lines(&sink, (const char *)text + at, marks[i].from - at);
        fold_escape(&folded.fold, tones[marks[i].tone], strlen(tones[marks[i].tone]));
        text_guard_lines(&sink, (const char *)text + marks[i].from, marks[i].to - marks[i].from);
        fold_escape(&folded.fold, plain, sizeof plain - 1);
        at = marks[i].to;
    }
    text_guard_lines(&sink, (const char *)text + at, size - at);
    fold_end(&folded.fold);
    out_flush(&out);
}

void print_message(FILE *stream, const char *text)
{
    struct out out = { .stream = stream, .ascii = ascii_only(stream) };
    text_guard_line(&(struct text_sink) { out_put, &out }, text, strlen(text));
    out_flush(&out);
}

void print_erase_line(void) { fputs("\r\033[K", stderr); }
