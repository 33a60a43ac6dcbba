/* Calls and little else: Fibonacci, Ackermann, Takeuchi and queens on a board, each by plain recursion. Size: the
 * Fibonacci number's index; the others grow with it. */
#include "bench/kernels/kernel.h"

static uint32_t fibonacci(uint32_t n) { return n < 2 ? n : fibonacci(n - 1) + fibonacci(n - 2); }

static uint32_t ackermann(uint32_t m, uint32_t n)
{
    if (m == 0)
        return n + 1;
    return ackermann(m - 1, n == 0 ? 1 : ackermann(m, n - 1));
}

static int32_t takeuchi(int32_t x, int32_t y, int32_t z)
{
    return y < x ? takeuchi(takeuchi(x - 1, y, z), takeuchi(y - 1, z, x), takeuchi(z - 1, x, y)) : z;
}

/* The ways to place queens on the lines that are left; the three sets are the columns under attack. */
static uint32_t queens(uint32_t all, uint32_t columns, uint32_t left, uint32_t right)
{
    if (columns == all)
        return 1;
    uint32_t ways = 0;
    for (uint32_t open = all & ~(columns | left | right); open; open &= open - 1) {
        uint32_t bit = open & -open;
        ways += queens(all, columns | bit, (left | bit) << 1, (right | bit) >> 1);
    }
    return ways;
}

uint64_t kernel_run(uint32_t size)
{
    uint64_t sum = kernel_mix(0, fibonacci(size));
    sum = kernel_mix(sum, ackermann(2, 10 * size));
    sum = kernel_mix(sum, (uint64_t)takeuchi((int32_t)size / 2, (int32_t)size / 4, 0));
    return kernel_mix(sum, queens((1u << size / 3) - 1, 0, 0, 0));
}
