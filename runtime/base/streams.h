/* The standard streams of a process of ours. */
#ifndef WARRANT_BASE_STREAMS_H
#define WARRANT_BASE_STREAMS_H

#include "runtime/base/error.h"

/* First thing in every main: descriptors 0, 1 and 2 that the process was started without become /dev/null, so that no
 * file of ours is ever opened under such a number. Where there is no /dev/null they become an empty stream that takes
 * nothing. And the limit on the size of files (ulimit -f) is an errno, EFBIG, and no signal that kills; children
 * inherit that. IO: they cannot be filled. */
MUST_USE enum status streams_fill(struct error *error);
/* Opens /dev/null, or where there is none a stream that is empty and takes nothing; close-on-exec. -1, and errno. Safe
 * in a forked child. */
int streams_null(void);

#endif
