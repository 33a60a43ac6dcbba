/* What every CPU kernel shares. A kernel is one file with one function, kernel_run; kernel_main.c calls it, prints its
 * checksum on stdout and the nanoseconds it took on stderr. The same source is built natively and for wasm32-wasi, and
 * both must print the same: no long and no size_t in a checksum, no libm but sqrt (which IEEE 754 fixes to the bit), no
 * contraction of a*b+c. */
#pragma once
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Does work that grows with `size` and returns a checksum of its results. */
uint64_t kernel_run(uint32_t size);

/* Returns owned zeroed memory, for `count` elements of `bytes`; ends the program where there is none. */
void *kernel_alloc(uint32_t count, uint32_t bytes);

/* Folds a value into a checksum; the order of values matters. */
static inline uint64_t kernel_mix(uint64_t sum, uint64_t value)
{
    sum = (sum ^ value) * 0x9e3779b97f4a7c15u;
    return sum ^ sum >> 32;
}

static inline uint64_t kernel_mix_double(uint64_t sum, double value)
{
    uint64_t bits;
    memcpy(&bits, &value, sizeof bits);
    return kernel_mix(sum, bits);
}

/* The next number of a fixed sequence (xorshift64*); the state starts as anything but 0. */
static inline uint32_t kernel_random(uint64_t *state)
{
    *state ^= *state >> 12;
    *state ^= *state << 25;
    *state ^= *state >> 27;
    return (uint32_t)(*state * 0x2545f4914f6cdd1du >> 32);
}

/* In [0, 1), exactly: 2^-32 times an integer. */
static inline double kernel_random_double(uint64_t *state) { return kernel_random(state) * 0x1p-32; }
