/* FNV-1a of 64 bits: for tables and for telling apart what nobody made to look alike. Whoever wants that can make two
 * texts of one hash. Source: draft-eastlake-fnv. */
#ifndef WARRANT_BASE_FNV_H
#define WARRANT_BASE_FNV_H

#include <stddef.h>
#include <stdint.h>

#define FNV_START UINT64_C(0xcbf29ce484222325)

/* The hash of what `hash` is of, and these bytes behind it. */
static inline uint64_t fnv_add(uint64_t hash, const void *bytes, size_t size)
{
    const uint8_t *p = bytes;
    for (size_t i = 0; i < size; i++)
        hash = (hash ^ p[i]) * UINT64_C(0x100000001b3);
    return hash;
}

#endif
