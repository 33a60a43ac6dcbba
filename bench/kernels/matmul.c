/* A product of two SIZE x SIZE matrices of doubles, row by row: multiply and add, with loads and stores in order. */
#include "bench/kernels/kernel.h"

static double *make_matrix(uint32_t size, uint64_t *state)
{
    double *matrix = kernel_alloc(size * size, sizeof(double));
    for (uint32_t i = 0; i < size * size; i++)
        matrix[i] = kernel_random_double(state) - 0.5;
    return matrix;
}

static void multiply(double *restrict product, const double *restrict a, const double *restrict b, uint32_t size)
{
    for (uint32_t i = 0; i < size; i++)
        for (uint32_t k = 0; k < size; k++) {
            double factor = a[i * size + k];
            for (uint32_t j = 0; j < size; j++)
                product[i * size + j] += factor * b[k * size + j];
        }
}

uint64_t kernel_run(uint32_t size)
{
    uint64_t state = 3, sum = 0;
    double *a = make_matrix(size, &state), *b = make_matrix(size, &state),
           *product = kernel_alloc(size * size, sizeof(double));
    multiply(product, a, b, size);
    for (uint32_t i = 0; i < size * size; i++)
        sum = kernel_mix_double(sum, product[i]);
    return sum;
}
