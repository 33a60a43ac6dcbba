/* What text.c and text_format.c share. */
#ifndef WARRANT_BASE_TEXT_INNER_H
#define WARRANT_BASE_TEXT_INNER_H

#include "runtime/base/text.h"

void text_plain_to(const struct text_sink *sink, const void *bytes, size_t size);
void text_buffer_put(void *self, const char *piece, size_t size); /* self: a struct buffer */

#endif
