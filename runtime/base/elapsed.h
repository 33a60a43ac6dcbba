/* How long things take on the host; nothing that a guest sees. */
#ifndef WARRANT_BASE_ELAPSED_H
#define WARRANT_BASE_ELAPSED_H

#include <stdint.h>

uint64_t elapsed_now_ns(void); /* monotonic; only differences mean something */

#endif
