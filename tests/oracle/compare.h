/* Holds the engine against the oracle: a module generated from any bytes, two instances of it, the same calls on both;
 * results, traps, counts, what host functions saw, and all state must be equal after each call. */
#ifndef WARRANT_TESTS_COMPARE_H
#define WARRANT_TESTS_COMPARE_H

#include "runtime/rt.h"
#include "tests/tiers/tier_kit.h"

/* What the comparisons so far did; the caller's, zero at first. */
struct compare_counts {
    uint64_t modules, calls, hostcalls, instructions;
    uint64_t watched, in_pieces;   /* instructions of every second module, whose code is watched; those of its pieces */
    uint64_t traps[RT_TRAP_COUNT]; /* RT_TRAP_NONE: calls that returned */
};

/* name: of the input, for the report. fuel: the most that a module gets. tiers: who executes for the engine; NULL: the
 * interpreter. A difference, or a module that is refused, is
 * reported on stderr, the module written to the file that WARRANT_DIFFERENCE names (engine-difference.wasm), and the
 * program aborted. */
void compare_input(const char *name, const uint8_t *bytes, size_t size, uint64_t fuel, struct tiers *tiers,
                   struct compare_counts *counts);

#endif
