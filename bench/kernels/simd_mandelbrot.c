/* SIMD, 32-bit floats: how long each point of a SIZE x SIZE square stays inside the Mandelbrot set's circle, four
 * points at a time: multiplications, comparisons, masks. */
#include "bench/kernels/kernel.h"

enum { ROUNDS = 256 };

typedef float floats __attribute__((vector_size(16)));
typedef int32_t masks __attribute__((vector_size(16)));

/* Returns the rounds that each point stayed inside. */
static masks count_rounds(floats x, floats y)
{
    floats re = x, im = y;
    masks rounds = { 0, 0, 0, 0 };
    for (int i = 0; i < ROUNDS; i++) {
        floats re_square = re * re, im_square = im * im;
        masks inside = re_square + im_square < 4.0f;
        rounds -= inside;
        if (!(inside[0] | inside[1] | inside[2] | inside[3]))
            break;
        im = 2.0f * re * im + y;
        re = re_square - im_square + x;
    }
    return rounds;
}

uint64_t kernel_run(uint32_t size)
{
    float step = 2.5f / (float)size;
    uint64_t sum = 0;
    for (uint32_t line = 0; line < size; line++) {
        float top = (float)line * step - 1.25f;
        for (uint32_t column = 0; column < size; column += 4) {
            float left = (float)column * step - 2.0f;
            floats x = { left, left + step, left + 2 * step, left + 3 * step }, y = { top, top, top, top };
            masks rounds = count_rounds(x, y);
            uint32_t packed = (uint32_t)(rounds[0] + rounds[1] * 3 + rounds[2] * 5 + rounds[3] * 7);
            sum = kernel_mix(sum, packed);
        }
    }
    return sum;
}
