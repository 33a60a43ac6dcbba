/* Generated modules, one for each number from a first one on, through the engine and the oracle.
 *
 *     oracle_sweep [--tier TIER [--level LEVEL]] [COUNT [FIRST]]
 *
 * WARRANT_SWEEP=COUNT does the same for the tests. TIER is who executes for the engine, see tests/tiers/tier_kit.h.
 *
 * Prints what the calls came to; fails if they came to so little that the comparison says nothing. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include "compare.h"

enum { FUEL = 20000, COUNT = 2000 };

static void print(const struct compare_counts *c)
{
    printf("%llu modules, %llu calls, %llu hostcalls, %llu instructions\n", (unsigned long long)c->modules,
           (unsigned long long)c->calls, (unsigned long long)c->hostcalls, (unsigned long long)c->instructions);
    printf("%8llu of %llu instructions of watched modules lie in pieces\n", (unsigned long long)c->in_pieces,
           (unsigned long long)c->watched);
    for (uint32_t i = 0; i < RT_TRAP_COUNT; i++)
        if (c->traps[i] > 0)
            printf("%8llu %s\n", (unsigned long long)c->traps[i], rt_trap_text((enum rt_trap_kind)i));
}

static unsigned long long number_of(const char *text, unsigned long long fallback)
{
    return text && *text ? strtoull(text, NULL, 10) : fallback;
}

static const char *option(int *argc, char ***argv, const char *name)
{
    if (*argc < 3 || strcmp((*argv)[1], name) != 0)
        return NULL;
    *argc -= 2;
    *argv += 2;
    return (*argv)[0];
}

static int start(int argc, char **argv)
{
    struct compare_counts counts = { 0 };
    const char *tier = option(&argc, &argv, "--tier"), *level = option(&argc, &argv, "--level");
    struct tiers *tiers = tiers_create(tier ? tier : "interpreter", level);
    if (!tiers)
        return 2;
    unsigned long long count = number_of(argc > 1 ? argv[1] : getenv("WARRANT_SWEEP"), COUNT);
    unsigned long long first = number_of(argc > 2 ? argv[2] : NULL, 0);
    for (unsigned long long seed = first; seed < first + count; seed++) {
        uint8_t bytes[8];
        char name[32];
        for (int i = 0; i < 8; i++)
            bytes[i] = (uint8_t)(seed >> 8 * i);
        snprintf(name, sizeof name, "seed %llu", seed);
        compare_input(name, bytes, sizeof bytes, FUEL, tiers, &counts);
    }
    print(&counts);
    tiers_print(tiers);
    bool worked = tiers_worked(tiers, counts.modules + 1);
    tiers_free(tiers);
    /* What bulk instructions count beyond themselves is little, and all else is in pieces. */
    worked = worked && (counts.modules < 100 || counts.in_pieces * 100 >= counts.watched * 99);
    return worked && counts.traps[RT_TRAP_NONE] * 4 > counts.calls ? 0 : 1;
}

int main(int argc, char **argv) { return tiers_run(start, argc, argv); }
