/* A module from where users keep them: a file, a pipe (`<(...)`, a FIFO), or the standard input (`-`). */
#ifndef WARRANT_CLI_MODULE_FILE_H
#define WARRANT_CLI_MODULE_FILE_H

#include <stddef.h>
#include "runtime/base/base.h"

/* A sealed memory file and its bytes: what was hashed, what runs and what a trace keeps are the same, whatever happens
 * to the file on disk. */
struct module_file {
    int fd;            /* -1: none */
    const void *bytes; /* mapped */
    size_t size;
};

#define MODULE_FILE_INIT { -1, NULL, 0 }

/* Reads at most `limit` bytes, once. A pipe has to bring its end within FILE_PIPE_SECONDS, the standard input whenever
 * it likes; with `-` (or /dev/stdin) descriptor 0 is /dev/null afterwards, as what it brought is the module. What is no
 * module by its first bytes is refused with what it is. The text names the file. Failure: *ret is empty. */
MUST_USE enum status module_file_read(const char *path, uint64_t limit, struct module_file *ret, struct error *error);
void module_file_done(struct module_file *file); /* closes and unmaps */

#endif
