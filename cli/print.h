/* The one way out: everything that the command prints goes through here, and no other file of cli/ calls stdio's output
 * functions (tests/layering/layering_tree.py).
 *
 * A format's %s and %c are taken for foreign (names of files, modules, functions, arguments) and are printed in the
 * plain form of runtime/base/text.h: no control character, direction mark or broken UTF-8 reaches a terminal, and no
 * two names print alike. A text that a library has put together goes through print_text, which lets newlines and
 * backslashes pass and escapes again whatever else is not printable. Colours are of this file alone: they stand between
 * parts of a text that its writer named by place, so that nothing in a text can choose or end one. The guest's own
 * standard output and error are the guest's, and not ours. */
#ifndef WARRANT_CLI_PRINT_H
#define WARRANT_CLI_PRINT_H

#include <stdbool.h>
#include <stdio.h>
#include "runtime/base/base.h"

void print_to(FILE *stream, const char *format, ...) __attribute__((format(printf, 2, 3)));
void print_to_list(FILE *stream, const char *format, va_list args) __attribute__((format(printf, 2, 0)));
void print_out(const char *format, ...) __attribute__((format(printf, 1, 2)));
void print_err(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* A library's text: reports, lines of `show`, JSON. */
void print_text(FILE *stream, const struct buffer *text);
void print_bytes(FILE *stream, const void *text, size_t size);

bool print_flush(void); /* standard output, for who waits; false: it cannot be written */

/* ---- on a terminal ---- */

enum print_tone { PRINT_NAME, PRINT_GOOD, PRINT_DOUBT, PRINT_BAD, PRINT_DIM, PRINT_HEAD, PRINT_TONES };
/* A part of a text that has a tone of its own; in order, and none within another. */
struct print_mark {
    size_t from, to;
    enum print_tone tone;
};
/* As print_bytes; on a terminal lines are as wide as it is (cli/fold.h), and marks have colours, where they are wanted.
 * A pipe and a file get the same bytes as ever. */
void print_marked(FILE *stream, const void *text, size_t size, const struct print_mark *marks, size_t count);
/* The terminal's columns; 0: it is none, or does not tell. */
unsigned print_width(FILE *stream);
/* No colours from here on: --no-color. The environment says it by NO_COLOR, or by a TERM without any. */
void print_no_color(void);
#define NO_COLOR_OPTION_ROW { 0, "no-color", NULL, "no colours on a terminal; so does NO_COLOR in the environment" }

/* A library's message of one line (struct error, a report's reason): newlines are escaped as well. */
void print_message(FILE *stream, const char *text);
/* Takes the cursor's line of stderr back: for progress on a terminal. */
void print_erase_line(void);

#endif
