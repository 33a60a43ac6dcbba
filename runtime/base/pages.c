/* Address space by mmap: PROT_NONE and without swap reservation at first, so that 8 GiB cost nothing but page tables.
 */
#include "runtime/base/pages.h"

#include <stddef.h>
#include <sys/mman.h>

enum status pages_reserve(uint64_t size, void **ret)
{
    void *p = mmap(NULL, (size_t)size, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        return STATUS_NO_MEMORY;
    *ret = p;
    return STATUS_OK;
}

enum status pages_commit(void *base, uint64_t offset, uint64_t size)
{
    if (size == 0)
        return STATUS_OK;
    return mprotect((uint8_t *)base + offset, (size_t)size, PROT_READ | PROT_WRITE) == 0 ? STATUS_OK : STATUS_NO_MEMORY;
}

void pages_release(void *base, uint64_t size)
{
    if (base)
        munmap(base, (size_t)size);
}
