/* XXH3 of inputs beyond its short forms (240 bytes), by the widest vectors that the processor has; the digest is the
 * same whichever they are. Internal to tracer/. */
#ifndef WARRANT_TRACER_LONG_DIGEST_H
#define WARRANT_TRACER_LONG_DIGEST_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum { DIGEST_SHORT_MAX = 240 };

uint64_t long_digest(const uint8_t *bytes, size_t size);

/* The same by one of the ways there are: 0 is the compiler's own target, the last the widest. False: this processor has
 * no such way. For tests. */
bool long_digest_by(unsigned way, const uint8_t *bytes, size_t size, uint64_t *ret);

/* Each in a file of its own, which is compiled for such processors (x86-64). */
uint64_t long_digest_avx2(const uint8_t *bytes, size_t size);
uint64_t long_digest_avx512(const uint8_t *bytes, size_t size);

#endif
