/* SIMD, bytes and 16-bit integers: blurs a 512 x 512 picture, across and down, with the weights 1 4 6 4 1: widening,
 * shifts, narrowing, unaligned loads. Size: how many times. */
#include "bench/kernels/kernel.h"

enum { SIDE = 512, EDGE = 16, PITCH = SIDE + 2 * EDGE }; /* a frame of zeros, so that no access is outside */

typedef uint8_t bytes __attribute__((vector_size(8)));
typedef uint16_t words __attribute__((vector_size(16)));

static words load(const uint8_t *from)
{
    bytes loaded;
    memcpy(&loaded, from, sizeof loaded);
    return __builtin_convertvector(loaded, words);
}

static words weigh(words far, words near, words middle)
{
    return (far + near * 4 + middle * 6 + 8) >> 4; /* at most 255 * 16 + 8 */
}

/* Blurs along one axis: `step` is the distance of neighbours. */
static void blur(uint8_t *to, const uint8_t *from, int32_t step)
{
    for (uint32_t line = EDGE; line < EDGE + SIDE; line++)
        for (uint32_t column = EDGE; column < EDGE + SIDE; column += 8) {
            const uint8_t *at = from + line * PITCH + column;
            words blurred =
                weigh(load(at - 2 * step) + load(at + 2 * step), load(at - step) + load(at + step), load(at));
            bytes narrow = __builtin_convertvector(blurred, bytes);
            memcpy(to + line * PITCH + column, &narrow, sizeof narrow);
        }
}

uint64_t kernel_run(uint32_t size)
{
    uint8_t *picture = kernel_alloc(PITCH * PITCH, 1), *between = kernel_alloc(PITCH * PITCH, 1);
    uint64_t state = 512, sum = 0;
    for (uint32_t line = EDGE; line < EDGE + SIDE; line++)
        for (uint32_t column = EDGE; column < EDGE + SIDE; column++)
            picture[line * PITCH + column] = (uint8_t)kernel_random(&state);
    for (uint32_t i = 0; i < size; i++) {
        blur(between, picture, 1);
        blur(picture, between, PITCH);
        sum = kernel_mix(sum, picture[(EDGE + i % SIDE) * PITCH + SIDE / 2]);
    }
    for (uint32_t i = 0; i < PITCH * PITCH; i++)
        sum = kernel_mix(sum, picture[i]);
    return sum;
}
