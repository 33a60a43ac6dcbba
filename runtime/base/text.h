/* Foreign text (names and data of guests, modules, traces, policies, files, users) made fit for terminals and for JSON.
 *
 * Two forms, and both can be undone, so that two names never print alike:
 * - *plain*, for people: printable characters as they are; a backslash is `\\`; newline, tab and carriage return are
 *   `\n`, `\t`, `\r`; each byte of anything else (unprintable.def, and bytes that are no UTF-8) is `\xNN`.
 * - *JSON*: what is not printable is `\uNNNN` (pairs above U+FFFF), and a byte NN that is no UTF-8 is `\udcNN`, as
 * Python's surrogateescape has it: json.loads(text).encode("utf-8", "surrogateescape") gives the bytes back. */
#ifndef WARRANT_BASE_TEXT_H
#define WARRANT_BASE_TEXT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include "runtime/base/buffer.h"

/* Takes the pieces of a text in order. A piece is a run of printable ASCII without backslashes, or one other character,
 * or one escape: who cuts runs anywhere, and otherwise between pieces, cuts no character and no escape. */
struct text_sink {
    void (*put)(void *self, const char *piece, size_t size);
    void *self;
};

/* A name, in the plain form. */
void text_plain(struct buffer *out, const void *bytes, size_t size);
void text_plain_string(struct buffer *out, const char *text); /* NUL-terminated */
/* A text of one line that was put together before, with its names in the plain form: its backslashes stay, everything
 * else is as in text_plain. For text of our own it changes nothing. */
void text_guard(struct buffer *out, const void *bytes, size_t size);
void text_guard_line(const struct text_sink *sink, const void *bytes, size_t size);
/* The same for a text of several lines: newlines stay. */
void text_guard_lines(const struct text_sink *sink, const void *bytes, size_t size);
/* Data in double quotes as C would write them: no byte outside printable ASCII passes. Behind `limit` bytes (0: no
 * limit) it is cut, with `...` behind the quote. */
void text_quote(struct buffer *out, const void *bytes, size_t size, size_t limit);
/* The same for a name: where it is cut, its length and a hash (FNV-1a) of all of it stand behind the dots, so that
 * names that begin alike can be told apart. */
void text_quote_name(struct buffer *out, const void *bytes, size_t size, size_t limit);
/* A JSON string with its quotes. */
void text_json(struct buffer *out, const void *bytes, size_t size);
void text_json_string(struct buffer *out, const char *text); /* NUL-terminated; NULL: null */
/* Copies out->data as a NUL-terminated string into `ret`, cut at `size` - 1 bytes. */
void text_copy(const struct buffer *from, char *ret, size_t size);

/* What buffer_printf does, to a sink: as printf, but each %s and %c is foreign and comes out in the plain form; a width
 * counts characters. Knows the conversions d i u x X o c s p f g e % with h hh l ll j z t. */
void text_format(const struct text_sink *sink, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
/* Into `ret` of `size` bytes (at least 1), NUL-terminated; cut between pieces. Returns the length. */
size_t text_format_fixed(char *ret, size_t size, const char *format, va_list args)
    __attribute__((format(printf, 3, 0)));

#endif
