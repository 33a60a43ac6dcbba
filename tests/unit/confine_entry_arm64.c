/* A 64-bit arm process cannot enter by the 32-bit table. */
#include "tests/unit/confine_entry.h"

long confine_entry_compat_getpid(void) { return -1; }
