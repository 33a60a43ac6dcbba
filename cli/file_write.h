/* A whole file for the user, made as file_make.h makes them. */
#ifndef WARRANT_CLI_FILE_WRITE_H
#define WARRANT_CLI_FILE_WRITE_H

#include "runtime/base/base.h"

/* Makes `path`, or replaces it where that may be. It has its name when all of it is written; after a failure what was
 * there is still there. DENIED, NOT_FOUND, NO_SPACE, IO, INVALID, LIMIT. */
MUST_USE enum status file_write(const char *path, const struct buffer *content, struct error *error);

/* All of the bytes into the file that is open. shown: its name for messages. NO_SPACE, IO. */
MUST_USE enum status file_write_bytes(int fd, const void *bytes, size_t size, const char *shown, struct error *error);

#endif
