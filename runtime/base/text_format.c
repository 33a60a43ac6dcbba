/* printf for text that is part foreign: %s and %c come out in the plain form of text.h, everything else as printf has
 * it.
 *
 * Invariant: nothing is read behind a string's precision or its NUL. One conversion is one call of snprintf with its
 * own flags; a conversion that is not known ends the text with `%?`, and is a fault of ours. */
#include "runtime/base/text.h"

#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "runtime/base/text_inner.h"

/* A conversion's parts. */
struct conversion {
    bool left;     /* flag - */
    int width;     /* 0: none */
    int precision; /* -1: none */
    char length;   /* 0, h, H (hh), l, L (ll), j, z, t */
    char flags[8]; /* those for snprintf */
};

/* va_list may be an array, which is passed on as a pointer: the functions below share the one inside. */
struct arguments {
    va_list list;
};

static void conversion_star(int value, struct conversion *c, bool precision)
{
    if (precision) {
        c->precision = value < 0 ? -1 : value;
        return;
    }
    c->left |= value < 0;
    c->width = value < 0 ? -value : value;
}

static int number_read(const char **p)
{
    int value = 0;
    for (; **p >= '0' && **p <= '9'; (*p)++)
        value = value < 10000 ? value * 10 + (**p - '0') : value;
    return value;
}

/* Reads from behind the % up to the conversion's letter, which is left at *p. */
static void conversion_read(const char **p, struct conversion *c, struct arguments *args)
{
    size_t flags = 0;
    *c = (struct conversion) { .precision = -1 };
    for (; **p && strchr("-+ #0", **p); (*p)++) {
        c->left |= **p == '-';
        if (flags < sizeof c->flags - 1)
            c->flags[flags++] = **p;
    }
    if (**p == '*') {
        conversion_star(va_arg(args->list, int), c, false);
        (*p)++;
    } else {
        c->width = number_read(p);
    }
    if (**p == '.') {
        (*p)++;
        if (**p == '*') {
            conversion_star(va_arg(args->list, int), c, true);
            (*p)++;
        } else {
            c->precision = number_read(p);
        }
    }
    while (**p && strchr("hljzt", **p)) {
        if (c->length == **p)
            c->length = (char)(c->length - 'a' + 'A');
        else
            c->length = **p;
        (*p)++;
    }
}

struct counter {
    size_t characters;
};

static void counter_put(void *self, const char *piece, size_t size)
{
    struct counter *counter = self;
    for (size_t i = 0; i < size; i++)
        counter->characters += ((unsigned char)piece[i] & 0xc0) != 0x80;
}

static void pad(const struct text_sink *sink, size_t count)
{
    while (count-- > 0)
        sink->put(sink->self, " ", 1);
}

static void string_put(const struct text_sink *sink, const struct conversion *c, const char *text, size_t size)
{
    struct counter counter = { 0 };
    text_plain_to(&(struct text_sink) { counter_put, &counter }, text, size);
    size_t width = (size_t)c->width, missing = counter.characters < width ? width - counter.characters : 0;
    pad(sink, c->left ? 0 : missing);
    text_plain_to(sink, text, size);
    pad(sink, c->left ? missing : 0);
}

static intmax_t signed_get(const struct conversion *c, struct arguments *args)
{
    switch (c->length) {
    case 'h':
        return (short)va_arg(args->list, int);
    case 'H':
        return (signed char)va_arg(args->list, int);
    case 'l':
        return va_arg(args->list, long);
    case 'L':
        return va_arg(args->list, long long);
    case 'j': /* NOLINT(bugprone-branch-clone): the same type as size_t's here, another on other machines */
        return va_arg(args->list, intmax_t);
    case 'z':
    case 't':
        return va_arg(args->list, ptrdiff_t);
    default:
        return va_arg(args->list, int);
    }
}

static uintmax_t unsigned_get(const struct conversion *c, struct arguments *args)
{
    switch (c->length) {
    case 'h':
        return (unsigned short)va_arg(args->list, unsigned);
    case 'H':
        return (unsigned char)va_arg(args->list, unsigned);
    case 'l':
        return va_arg(args->list, unsigned long);
    case 'L':
        return va_arg(args->list, unsigned long long);
    case 'j': /* NOLINT(bugprone-branch-clone): as above */
        return va_arg(args->list, uintmax_t);
    case 'z':
    case 't':
        return va_arg(args->list, size_t);
    default:
        return va_arg(args->list, unsigned);
    }
}

#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
/* Numbers and pointers: as snprintf writes them, the width and the precision within what the piece holds. */
static void number_put(const struct text_sink *sink, const struct conversion *c, char letter, struct arguments *args)
{
    enum { NUMBER_MAX = 400 };
    char format[32], piece[NUMBER_MAX];
    int width = c->width < 128 ? c->width : 128, precision = c->precision < 64 ? c->precision : 64;
    bool real = strchr("feg", letter) != NULL, whole = strchr("diuxXo", letter) != NULL;
    snprintf(format, sizeof format, "%%%s%s*.*%s%c", c->flags, c->left ? "-" : "", whole ? "j" : "", letter);
    int length;
    if (letter == 'p')
        length = snprintf(piece, sizeof piece, "%*p", width, va_arg(args->list, void *));
    else if (real)
        length = snprintf(piece, sizeof piece, format, width, precision, va_arg(args->list, double));
    else if (letter == 'd' || letter == 'i')
        length = snprintf(piece, sizeof piece, format, width, precision, signed_get(c, args));
    else
        length = snprintf(piece, sizeof piece, format, width, precision, unsigned_get(c, args));
    if (length > 0)
        sink->put(sink->self, piece, (size_t)length < sizeof piece ? (size_t)length : sizeof piece - 1);
}
#pragma GCC diagnostic pop

/* False: the conversion is not known, and what stands behind it cannot be read. */
static bool conversion_put(const struct text_sink *sink, const struct conversion *c, char letter,
                           struct arguments *args)
{
    if (letter == 's') {
        const char *text = va_arg(args->list, const char *);
        text = text ? text : "(null)";
        string_put(sink, c, text, c->precision >= 0 ? strnlen(text, (size_t)c->precision) : strlen(text));
    } else if (letter == 'c') {
        char one = (char)va_arg(args->list, int);
        string_put(sink, c, &one, 1);
    } else if (letter == '%') {
        sink->put(sink->self, "%", 1);
    } else if (letter && strchr("diuxXopfeg", letter)) {
        number_put(sink, c, letter, args);
    } else {
        sink->put(sink->self, "%?", 2);
        return false;
    }
    return true;
}

void text_format(const struct text_sink *sink, const char *format, va_list args)
{
    struct arguments all;
    va_copy(all.list, args);
    for (bool known = true; known && *format;) {
        size_t own = strcspn(format, "%");
        if (own)
            sink->put(sink->self, format, own); /* our own words, ASCII */
        format += own;
        if (!*format)
            break;
        format++;
        struct conversion c;
        conversion_read(&format, &c, &all);
        known = conversion_put(sink, &c, *format, &all);
        format += known;
    }
    va_end(all.list);
}

void buffer_printf(struct buffer *out, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_format(&(struct text_sink) { text_buffer_put, out }, format, args);
    va_end(args);
}

struct fixed {
    char *text;
    size_t size, used;
    bool full;
};

static void fixed_put(void *self, const char *piece, size_t size)
{
    struct fixed *fixed = self;
    size_t room = fixed->size - fixed->used - 1;
    if (fixed->full)
        return;
    fixed->full = size > room;
    if (fixed->full) /* a run of ASCII is cut, nothing else is */
        size = (unsigned char)piece[0] < 0x80 && piece[0] != '\\' ? room : 0;
    memcpy(fixed->text + fixed->used, piece, size);
    fixed->used += size;
}

size_t text_format_fixed(char *ret, size_t size, const char *format, va_list args)
{
    struct fixed fixed = { ret, size, 0, false };
    text_format(&(struct text_sink) { fixed_put, &fixed }, format, args);
    ret[fixed.used] = '\0';
    return fixed.used;
}
