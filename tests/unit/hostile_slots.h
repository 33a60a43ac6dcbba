/* Calls as a hostile guest makes them: from a row's field types, now plausible, now at an edge, now anything. The same
 * seed gives the same calls. */
#ifndef WARRANT_HOSTILE_SLOTS_H
#define WARRANT_HOSTILE_SLOTS_H

#include "wasi/abi/imports.h"

struct hostile {
    uint64_t state; /* the seed, not 0 */
    uint32_t memory, descriptors;
};

uint64_t hostile_next(struct hostile *hostile);
/* The parameters of `row`. */
void hostile_slots(struct hostile *hostile, const struct import_row *row, uint64_t *slots);
/* Fills memory with what such parameters may point at: vectors, subscriptions, paths; the rest is noise. */
void hostile_memory(struct hostile *hostile, uint8_t *memory);

#endif
