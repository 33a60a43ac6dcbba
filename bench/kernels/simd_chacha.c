/* SIMD, 32-bit integers: the ChaCha20 key stream, one row of the state to a vector: additions, rotations, shuffles. The
 * stream comes from a fixed key. Size: KiB. */
#include "bench/kernels/kernel.h"

typedef uint32_t row __attribute__((vector_size(16)));

static row rotate(row words, int count) { return words << count | words >> (32 - count); }

/* Four quarter rounds at once, one to a lane. */
static void quarter_rounds(row *a, row *b, row *c, row *d)
{
    *a += *b, *d = rotate(*d ^ *a, 16);
    *c += *d, *b = rotate(*b ^ *c, 12);
    *a += *b, *d = rotate(*d ^ *a, 8);
    *c += *d, *b = rotate(*b ^ *c, 7);
}

static void make_block(row out[4], const row state[4])
{
    row a = state[0], b = state[1], c = state[2], d = state[3];
    for (int i = 0; i < 10; i++) {
        quarter_rounds(&a, &b, &c, &d);
        b = __builtin_shufflevector(b, b, 1, 2, 3, 0);
        c = __builtin_shufflevector(c, c, 2, 3, 0, 1);
        d = __builtin_shufflevector(d, d, 3, 0, 1, 2);
        quarter_rounds(&a, &b, &c, &d);
        b = __builtin_shufflevector(b, b, 3, 0, 1, 2);
        c = __builtin_shufflevector(c, c, 2, 3, 0, 1);
        d = __builtin_shufflevector(d, d, 1, 2, 3, 0);
    }
    out[0] = a + state[0], out[1] = b + state[1], out[2] = c + state[2], out[3] = d + state[3];
}

uint64_t kernel_run(uint32_t size)
{
    row state[4] = { { 0x61707865, 0x3320646e, 0x79622d32, 0x6b206574 },
                     { 0x03020100, 0x07060504, 0x0b0a0908, 0x0f0e0d0c },
                     { 0x13121110, 0x17161514, 0x1b1a1918, 0x1f1e1d1c },
                     { 1, 0x09000000, 0x4a000000, 0 } }; /* the key and nonce of RFC 8439, 2.3.2 */
    row sum = { 0, 0, 0, 0 }, out[4];
    uint64_t first = 0;
    for (uint32_t block = 0; block < size * 16; block++) {
        make_block(out, state);
        sum = rotate(sum, 5) ^ out[0] ^ out[1] ^ out[2] ^ out[3];
        state[3][0]++;
        if (block == 0)
            first = out[0][0];
    }
    first = kernel_mix(kernel_mix(first, sum[0]), sum[1]);
    return kernel_mix(kernel_mix(first, sum[2]), sum[3]);
}
