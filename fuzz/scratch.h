/* What fuzz targets share whose decoder takes a path: one file of this process, filled anew for each input; and the
 * rule of what may be printed. */
#ifndef WARRANT_FUZZ_SCRATCH_H
#define WARRANT_FUZZ_SCRATCH_H

#include <stdbool.h>
#include <stddef.h>

/* The path of the scratch file: in /dev/shm where that can be written, else in $TMPDIR or /tmp. Removed at exit. */
const char *scratch_path(void);
void scratch_write(const void *bytes, size_t size); /* aborts where it cannot */

/* Whether a terminal may be given these bytes: UTF-8 without control characters but newlines, without C1, and without
 * the marks that turn the direction of text around. */
bool printable(const void *bytes, size_t size);

#endif
