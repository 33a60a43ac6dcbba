/* Writing HTML: markup of our own as literals, and everything else escaped. Private to checker/.
 *
 * Invariant: no byte that is not a literal of this program reaches a page but through html_text or html_name: they put
 * it into the plain form of runtime/base/text.h (no controls, no marks of direction, no broken UTF-8) and escape what
 * HTML reads. That holds for text and for attributes in double quotes. */
#ifndef WARRANT_CHECKER_HTML_WRITE_H
#define WARRANT_CHECKER_HTML_WRITE_H

#include <stdbool.h>
#include "runtime/base/base.h"

/* Markup. Only a string literal compiles. */
#define html_raw(out, literal) buffer_bytes((out), "" literal "", sizeof(literal) - 1)
/* Text that was put together before, its names in the plain form; NULL: nothing. */
void html_text(struct buffer *out, const char *text);
void html_text_bytes(struct buffer *out, const void *bytes, size_t size);
/* The same, cut behind about `limit` bytes, where the length of all of it is said. */
void html_text_cut(struct buffer *out, const void *bytes, size_t size, size_t limit);
/* A name as it is outside: put into the plain form. NULL: nothing. */
void html_name(struct buffer *out, const char *name);
/* As printf, its %s foreign, as buffer_printf has it; then escaped. */
void html_format(struct buffer *out, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* The exact value is in the markup, for programs; what is read is grouped, or in the largest fitting unit. */
void html_number(struct buffer *out, uint64_t value);
void html_bytes(struct buffer *out, uint64_t value);
void html_time(struct buffer *out, uint64_t ns);
/* "3 files": html_number, a blank, and the word, of which `one` is the form for 1. */
void html_count(struct buffer *out, uint64_t value, const char *one, const char *many);

#endif
