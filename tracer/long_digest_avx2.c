/* Compiled for processors with AVX2 alone: nothing here may be reached on another (long_digest_x86.c). */
#define XXH_INLINE_ALL
#define XXH_VECTOR XXH_AVX2
#include <xxhash.h>

#include "tracer/long_digest.h"

uint64_t long_digest_avx2(const uint8_t *bytes, size_t size) { return XXH3_64bits(bytes, size); }
