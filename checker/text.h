/* Text from hostile places, made fit for terminals and JSON. Private to checker/. */
#ifndef WARRANT_CHECKER_TEXT_H
#define WARRANT_CHECKER_TEXT_H

#include "runtime/base/base.h"

/* Appends `bytes` in double quotes as C would write them: no byte outside printable ASCII passes. Behind `limit` bytes (0: no limit) it is
 * cut, with `...` behind the quote. */
void text_quote(struct buffer *out, const void *bytes, size_t size, size_t limit);
/* Appends `bytes` with control characters and invalid UTF-8 replaced by `\xNN`, for text that is mostly the program's own. */
void text_plain(struct buffer *out, const void *bytes, size_t size);
/* Appends a JSON string with its quotes. Bytes that are no UTF-8 become U+FFFD. */
void text_json(struct buffer *out, const void *bytes, size_t size);
void text_json_string(struct buffer *out, const char *text); /* NUL-terminated; NULL: null */
/* Copies out->data as a NUL-terminated string into `ret`, cut at `size` - 1 bytes. */
void text_copy(const struct buffer *from, char *ret, size_t size);

#endif
