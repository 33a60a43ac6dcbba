/* A lattice Boltzmann fluid (nine directions, SIZE lines of 256 cells, wrapping round), as in SPEC's lbm: floating
 * point on 9 MiB that stream through the caches. */
#include "bench/kernels/kernel.h"

enum { WIDTH = 256, STEPS = 8, DIRECTIONS = 9 };

static const int32_t step_x[DIRECTIONS] = { 0, 1, 0, -1, 0, 1, -1, -1, 1 };
static const int32_t step_y[DIRECTIONS] = { 0, 0, 1, 0, -1, 1, 1, -1, -1 };
static const double weights[DIRECTIONS] = { 4.0 / 9,  1.0 / 9,  1.0 / 9,  1.0 / 9, 1.0 / 9,
                                            1.0 / 36, 1.0 / 36, 1.0 / 36, 1.0 / 36 };

/* Takes what streams into one cell, relaxes it towards equilibrium and stores it. */
static void relax_cell(const double *restrict from, double *restrict to, int32_t lines, int32_t x, int32_t y)
{
    double f[DIRECTIONS], density = 0, flow_x = 0, flow_y = 0;
    for (int d = 0; d < DIRECTIONS; d++) {
        int32_t column = (x - step_x[d]) & (WIDTH - 1), line = y - step_y[d];
        line += line < 0 ? lines : line >= lines ? -lines : 0;
        f[d] = from[(line * WIDTH + column) * DIRECTIONS + d];
        density += f[d];
        flow_x += f[d] * step_x[d];
        flow_y += f[d] * step_y[d];
    }
    flow_x /= density;
    flow_y /= density;
    double square = 1.5 * (flow_x * flow_x + flow_y * flow_y);
    for (int d = 0; d < DIRECTIONS; d++) {
        double along = 3 * (flow_x * step_x[d] + flow_y * step_y[d]);
        double equal = weights[d] * density * (1 + along + 0.5 * along * along - square);
        to[(y * WIDTH + x) * DIRECTIONS + d] = f[d] + 0.6 * (equal - f[d]);
    }
}

uint64_t kernel_run(uint32_t size)
{
    uint32_t cells = size * WIDTH;
    double *from = kernel_alloc(cells * DIRECTIONS, sizeof *from), *to = kernel_alloc(cells * DIRECTIONS, sizeof *to);
    uint64_t state = 9, sum = 0;
    for (uint32_t cell = 0; cell < cells; cell++)
        for (int d = 0; d < DIRECTIONS; d++)
            from[cell * DIRECTIONS + (uint32_t)d] = weights[d] * (1 + 0.1 * kernel_random_double(&state));
    for (uint32_t i = 0; i < STEPS; i++) {
        for (int32_t y = 0; y < (int32_t)size; y++)
            for (int32_t x = 0; x < WIDTH; x++)
                relax_cell(from, to, (int32_t)size, x, y);
        double *kept = from;
        from = to;
        to = kept;
    }
    for (uint32_t i = 0; i < cells * DIRECTIONS; i += 7)
        sum = kernel_mix_double(sum, from[i]);
    return sum;
}
