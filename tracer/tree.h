/* The tree of hashes over a file's chunks, as RFC 6962 has it: the whole file in 32 bytes, and any chunk shown to be of
 * it by as many hashes as its number has bits. Internal to tracer/ and its white-box tests. docs/trace-format.md,
 * SIGNATURE. */
#ifndef WARRANT_TRACER_TREE_H
#define WARRANT_TRACER_TREE_H

#include <stdint.h>
#include "tracer/trace.h"

enum { TRACE_TREE_LEVELS = 64 };

/* What is kept while leaves come: the root of each whole subtree that has no sibling yet. Zeros: no leaf. */
struct trace_tree {
    uint64_t count;                              /* of leaves */
    uint8_t peak[TRACE_TREE_LEVELS][TRACE_HASH]; /* [n]: of 2^n leaves, where bit n of the count is set */
};
void trace_tree_add(struct trace_tree *tree, const uint8_t *leaf);
/* Zeros for a tree without leaves. */
void trace_tree_root(const struct trace_tree *tree, uint8_t *ret);
/* The hash over two subtrees. ret may be either of them. */
void trace_tree_join(const uint8_t *left, const uint8_t *right, uint8_t *ret);

#endif
