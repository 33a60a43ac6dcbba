/* A complex FFT of 2^14 points, forward and backward: floating point with strides that grow. Size: how many times.
 * The twiddle factors come from half-angle formulas, not from a libm, so that every build has the same ones. */
#include "bench/kernels/kernel.h"
#include <math.h>

enum { BITS = 14, POINTS = 1 << BITS };

struct point {
    double re, im;
};

static struct point times(struct point a, struct point b)
{
    return (struct point) { a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re };
}

/* roots[k] = exp(2 pi i k / POINTS), k below POINTS / 2: a product of the roots for k's bits. */
static void make_roots(struct point *roots)
{
    struct point power = { -1, 0 }; /* the root for k = POINTS / 2 */
    roots[0] = (struct point) { 1, 0 };
    for (uint32_t bit = POINTS / 4; bit; bit /= 2) {
        double cosine = sqrt((1 + power.re) / 2), sine = sqrt((1 - power.re) / 2);
        power = (struct point) { cosine, sine };
        roots[bit] = power;
    }
    for (uint32_t k = 3; k < POINTS / 2; k++) {
        uint32_t low = k & -k;
        if (low != k)
            roots[k] = times(roots[k - low], roots[low]);
    }
}

static void reorder(struct point *data)
{
    for (uint32_t i = 0, j = 0; i < POINTS; i++) {
        if (i < j) {
            struct point kept = data[i];
            data[i] = data[j];
            data[j] = kept;
        }
        uint32_t bit = POINTS / 2;
        for (; j & bit; bit /= 2)
            j ^= bit;
        j |= bit;
    }
}

static void transform(struct point *data, const struct point *roots, double sign)
{
    reorder(data);
    for (uint32_t half = 1; half < POINTS; half *= 2)
        for (uint32_t start = 0; start < POINTS; start += 2 * half)
            for (uint32_t k = 0; k < half; k++) {
                struct point root = roots[k * (POINTS / 2 / half)], *low = &data[start + k], *high = low + half;
                root.im *= sign;
                struct point turned = times(*high, root);
                *high = (struct point) { low->re - turned.re, low->im - turned.im };
                *low = (struct point) { low->re + turned.re, low->im + turned.im };
            }
}

uint64_t kernel_run(uint32_t size)
{
    struct point *roots = kernel_alloc(POINTS / 2, sizeof *roots), *data = kernel_alloc(POINTS, sizeof *data);
    const double scale = 1.0 / (double)POINTS;
    uint64_t state = 14, sum = 0;
    make_roots(roots);
    for (uint32_t i = 0; i < POINTS; i++) {
        data[i].re = kernel_random_double(&state);
        data[i].im = kernel_random_double(&state);
    }
    for (uint32_t round = 0; round < size; round++) {
        transform(data, roots, 1);
        sum = kernel_mix_double(sum, data[round % POINTS].re);
        transform(data, roots, -1);
        for (uint32_t i = 0; i < POINTS; i++)
            data[i] = (struct point) { data[i].re * scale, data[i].im * scale };
    }
    for (uint32_t i = 0; i < POINTS; i++)
        sum = kernel_mix_double(sum, data[i].im);
    return sum;
}
