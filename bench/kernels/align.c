/* Smith-Waterman with affine gaps: the best local alignment of two random sequences of SIZE letters. Dynamic
 * programming over two rows: integer maxima, loads and stores in order. */
#include "bench/kernels/kernel.h"

enum { LETTERS = 20, OPEN = 11, EXTEND = 1 };

static int32_t larger(int32_t a, int32_t b) { return a > b ? a : b; }

static void make_scores(int32_t scores[LETTERS][LETTERS], uint64_t *state)
{
    for (int a = 0; a < LETTERS; a++)
        for (int b = 0; b <= a; b++)
            scores[a][b] = scores[b][a] =
                a == b ? 4 + (int32_t)(kernel_random(state) % 6) : (int32_t)(kernel_random(state) % 6) - 4;
}

uint64_t kernel_run(uint32_t size)
{
    int32_t scores[LETTERS][LETTERS];
    uint64_t state = 20, sum = 0;
    uint8_t *first = kernel_alloc(size, 1), *second = kernel_alloc(size, 1);
    int32_t *row = kernel_alloc(size + 1, sizeof *row);      /* the best alignment that ends here, in the row above */
    int32_t *vertical = kernel_alloc(size + 1, sizeof *row); /* and the best that ends in a vertical gap */
    make_scores(scores, &state);
    for (uint32_t i = 0; i < size; i++) {
        first[i] = (uint8_t)(kernel_random(&state) % LETTERS);
        second[i] = kernel_random(&state) % 4 ? first[i] : (uint8_t)(kernel_random(&state) % LETTERS);
    }
    int32_t best = 0;
    for (uint32_t i = 0; i < size; i++) {
        const int32_t *score = scores[first[i]];
        int32_t diagonal = 0, horizontal = 0;
        for (uint32_t j = 1; j <= size; j++) {
            int32_t here = larger(diagonal + score[second[j - 1]], larger(vertical[j], horizontal));
            here = larger(here, 0);
            best = larger(best, here);
            diagonal = row[j];
            row[j] = here;
            vertical[j] = larger(vertical[j] - EXTEND, here - OPEN);
            horizontal = larger(horizontal - EXTEND, here - OPEN);
        }
        sum = kernel_mix(sum, (uint64_t)best);
    }
    return sum;
}
