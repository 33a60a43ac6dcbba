/* The choice on x86-64. What the processor has, and the system saves, was asked for once, before main. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/long_digest.h"

uint64_t long_digest(const uint8_t *bytes, size_t size)
{
    if (__builtin_cpu_supports("avx512f"))
        return long_digest_avx512(bytes, size);
    if (__builtin_cpu_supports("avx2"))
        return long_digest_avx2(bytes, size);
    return XXH3_64bits(bytes, size);
}

bool long_digest_by(unsigned way, const uint8_t *bytes, size_t size, uint64_t *ret)
{
    if (way == 0)
        *ret = XXH3_64bits(bytes, size);
    else if (way == 1 && __builtin_cpu_supports("avx2"))
        *ret = long_digest_avx2(bytes, size);
    else if (way == 2 && __builtin_cpu_supports("avx512f"))
        *ret = long_digest_avx512(bytes, size);
    else
        return false;
    return true;
}
