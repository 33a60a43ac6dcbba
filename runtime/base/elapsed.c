/* The host's monotonic clock, for messages about how long something took. */
#include "runtime/base/elapsed.h"

#include <time.h>

uint64_t elapsed_now_ns(void)
{
    struct timespec now = { 0, 0 };
    clock_gettime(CLOCK_MONOTONIC, &now);
    return (uint64_t)now.tv_sec * UINT64_C(1000000000) + (uint64_t)now.tv_nsec;
}
