/* Where the compiler's own target has the vectors that there are (NEON). */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/long_digest.h"

uint64_t long_digest(const uint8_t *bytes, size_t size) { return XXH3_64bits(bytes, size); }

bool long_digest_by(unsigned way, const uint8_t *bytes, size_t size, uint64_t *ret)
{
    *ret = XXH3_64bits(bytes, size);
    return way == 0;
}
