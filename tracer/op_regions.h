/* The pieces of guest memory that an op's data lies in. Internal to tracer/. */
#ifndef WARRANT_TRACER_OP_REGIONS_H
#define WARRANT_TRACER_OP_REGIONS_H

#include "tracer/format.h"

/* The op's pieces of guest memory, one after the other. */
struct pieces {
    const struct region *next;
    uint32_t count;
};

struct pieces op_pieces(const struct request *request, const struct op *op);
bool pieces_in_memory(struct pieces pieces, uint64_t memory_size);

/* Where a gather stands: inside pieces->next[0]. */
struct gather {
    struct pieces pieces;
    uint32_t inside;
};

/* Copies the next `count` bytes, or what there is, to `to`; returns how many. The pieces must lie in memory. */
size_t gather_bytes(struct gather *gather, const uint8_t *memory, uint8_t *to, size_t count);

#endif
