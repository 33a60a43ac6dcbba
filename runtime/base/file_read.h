/* Files that the user named on the command line. What stands there may be an attacker's choice: no open and no read
 * waits for ever. */
#ifndef WARRANT_BASE_FILE_READ_H
#define WARRANT_BASE_FILE_READ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "runtime/base/buffer.h"
#include "runtime/base/error.h"

/* Opens a regular file for reading; the caller closes. Anything else (a FIFO, a device, a socket, a directory) is
 * refused before it is opened, since opening alone may wait or have an effect. *ret_size: its size now; it may change.
 * NOT_FOUND, IO, the text naming the file. */
MUST_USE enum status file_open_regular(const char *path, int *ret_fd, uint64_t *ret_size, struct error *error);
/* Appends all of the file at `path` to *ret (the caller's), at most `limit` bytes. A pipe is read too, as long as it
 * brings everything within FILE_PIPE_SECONDS. NOT_FOUND, IO, LIMIT, NO_MEMORY, the text naming the file. */
enum { FILE_PIPE_SECONDS = 10 };
MUST_USE enum status file_read_all(const char *path, size_t limit, struct buffer *ret, struct error *error);
/* The same of a descriptor (borrows) that lies at its start; `size` bytes, as whoever opened it said. TRUNCATED: it
 * became shorter. Needs pread(2) alone. */
MUST_USE enum status file_read_fd(int fd, uint64_t size, struct buffer *ret, struct error *error);
bool file_exists(const char *path);

#endif
