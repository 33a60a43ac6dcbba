/* Reserved address space, committed page by page: what linear memories and value stacks lie in. */
#ifndef WARRANT_BASE_PAGES_H
#define WARRANT_BASE_PAGES_H

#include <stdint.h>
#include "runtime/base/status.h"

/* Reserves `size` bytes (a multiple of 64 KiB) that fault on any access. *ret: returns owned, see pages_release.
 * NO_MEMORY where the address space is not to be had. */
MUST_USE enum status pages_reserve(uint64_t size, void **ret);
/* Makes [base + offset, base + offset + size) readable and writable, zero at first. Both multiples of 64 KiB. */
MUST_USE enum status pages_commit(void *base, uint64_t offset, uint64_t size);
/* Gives all of it back; base may be NULL. */
void pages_release(void *base, uint64_t size);

#endif
