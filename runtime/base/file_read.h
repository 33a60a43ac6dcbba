/* Reading a whole file that the user named on the command line. */
#ifndef WARRANT_BASE_FILE_READ_H
#define WARRANT_BASE_FILE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Appends all of the file at `path` to *ret (the caller's), at most `limit` bytes. NOT_FOUND, IO, LIMIT, NO_MEMORY, the text
 * naming the file. */
MUST_USE enum status file_read_all(const char *path, size_t limit, struct buffer *ret, struct error *error);
bool file_exists(const char *path);

#endif
