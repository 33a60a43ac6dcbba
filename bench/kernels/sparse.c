/* Conjugate gradients on a sparse symmetric matrix of SIZE rows: a few random neighbours per row, so that the vector
 * is read out of order. Floating point bound by memory. */
#include "bench/kernels/kernel.h"

enum { LINKS = 4, ITERATIONS = 40 };

/* Compressed rows: entries of row r are starts[r] .. starts[r + 1] - 1. */
struct matrix {
    uint32_t rows, *starts, *columns;
    double *values;
};

/* Row r is linked to r + 1, and to rows at a random distance; the diagonal dominates, so the matrix is positive
 * definite. */
static void make_matrix(struct matrix *matrix)
{
    uint32_t *ends = kernel_alloc(matrix->rows * LINKS, sizeof(uint32_t)),
             *fill = kernel_alloc(matrix->rows + 1, sizeof(uint32_t));
    uint64_t state = 60;
    matrix->starts = kernel_alloc(matrix->rows + 2, sizeof(uint32_t));
    matrix->columns = kernel_alloc(matrix->rows * (2 * LINKS + 1), sizeof(uint32_t));
    matrix->values = kernel_alloc(matrix->rows * (2 * LINKS + 1), sizeof(double));
    for (uint32_t i = 0; i < matrix->rows * LINKS; i++) {
        uint32_t row = i / LINKS;
        ends[i] = i % LINKS ? kernel_random(&state) % matrix->rows : (row + 1) % matrix->rows;
        matrix->starts[row + 1]++;
        matrix->starts[ends[i] + 1]++;
    }
    for (uint32_t row = 0; row < matrix->rows; row++) {
        matrix->starts[row + 1] += matrix->starts[row] + 1;
        fill[row] = matrix->starts[row];
        matrix->columns[fill[row]] = row;
        matrix->values[fill[row]++] = 1.0 + matrix->starts[row + 1] - matrix->starts[row];
    }
    for (uint32_t i = 0; i < matrix->rows * LINKS; i++) {
        uint32_t row = i / LINKS, other = ends[i];
        double value = -kernel_random_double(&state);
        matrix->columns[fill[row]] = other;
        matrix->values[fill[row]++] = value;
        matrix->columns[fill[other]] = row;
        matrix->values[fill[other]++] = value;
    }
}

static void multiply(double *product, const struct matrix *matrix, const double *vector)
{
    for (uint32_t row = 0; row < matrix->rows; row++) {
        double sum = 0;
        for (uint32_t i = matrix->starts[row]; i < matrix->starts[row + 1]; i++)
            sum += matrix->values[i] * vector[matrix->columns[i]];
        product[row] = sum;
    }
}

static double dot(const double *a, const double *b, uint32_t count)
{
    double sum = 0;
    for (uint32_t i = 0; i < count; i++)
        sum += a[i] * b[i];
    return sum;
}

uint64_t kernel_run(uint32_t size)
{
    struct matrix matrix = { .rows = size };
    double *x = kernel_alloc(size, sizeof *x), *rest = kernel_alloc(size, sizeof *x),
           *way = kernel_alloc(size, sizeof *x);
    double *image = kernel_alloc(size, sizeof *x);
    make_matrix(&matrix);
    uint64_t sum = 0;
    for (uint32_t i = 0; i < size; i++)
        rest[i] = way[i] = (double)(i * 7 % 13) - 6;
    for (uint32_t done = 0; done < ITERATIONS; done++) {
        double before = dot(rest, rest, size);
        multiply(image, &matrix, way);
        double length = before / dot(way, image, size);
        for (uint32_t i = 0; i < size; i++) {
            x[i] += length * way[i];
            rest[i] -= length * image[i];
        }
        double turn = dot(rest, rest, size) / before;
        for (uint32_t i = 0; i < size; i++)
            way[i] = rest[i] + turn * way[i];
        sum = kernel_mix_double(sum, x[done % size]);
    }
    return sum;
}
