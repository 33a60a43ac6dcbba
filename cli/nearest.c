/* Counts the letters that have to be added, left out, replaced or exchanged with their neighbour; a third of the word
 * may be wrong, and a word of three letters or more that a name begins with is near. */
#include "cli/nearest.h"

#include <stdbool.h>
#include <string.h>

enum { WORD_MAX = 32 };

static size_t least(size_t a, size_t b) { return a < b ? a : b; }

static size_t distance(const char *a, size_t a_length, const char *b, size_t b_length)
{
    size_t row[WORD_MAX + 1][WORD_MAX + 1];
    for (size_t i = 0; i <= a_length; i++)
        row[i][0] = i;
    for (size_t k = 0; k <= b_length; k++)
        row[0][k] = k;
    for (size_t i = 1; i <= a_length; i++)
        for (size_t k = 1; k <= b_length; k++) {
            size_t best = row[i - 1][k - 1] + (a[i - 1] != b[k - 1]);
            best = least(best, least(row[i - 1][k], row[i][k - 1]) + 1);
            if (i > 1 && k > 1 && a[i - 1] == b[k - 2] && a[i - 2] == b[k - 1])
                best = least(best, row[i - 2][k - 2] + 1);
            row[i][k] = best;
        }
    return row[a_length][b_length];
}

struct nearest nearest_to(const char *word, size_t length)
{
    return (struct nearest) { .word = word, .length = length };
}

void nearest_offer(struct nearest *nearest, const char *name)
{
    size_t length = strlen(name);
    if (length > WORD_MAX || nearest->length > WORD_MAX || nearest->length < 2)
        return;
    bool begun = nearest->length > 2 && !strncmp(name, nearest->word, nearest->length);
    size_t d = begun ? 1 : distance(nearest->word, nearest->length, name, length);
    if (d > (nearest->length + 2) / 3 || (nearest->name && d >= nearest->distance))
        return;
    nearest->name = name;
    nearest->distance = d;
}
