/* The tree of hashes over chunks, leaf by leaf.
 *
 * A leaf is the hash of a chunk or of the file header, as the chain has it; both begin with a magic number. What an
 * inner node is hashed from begins with a byte that begins neither, so that no chunk can be passed off as a node.
 * docs/trace-format.md, SIGNATURE. */
#include "tracer/tree.h"

#include <sodium.h>
#include <string.h>

enum { NODE_MARK = 1 };

void trace_tree_join(const uint8_t *left, const uint8_t *right, uint8_t *ret)
{
    uint8_t bytes[1 + 2 * TRACE_HASH] = { NODE_MARK };
    memcpy(bytes + 1, left, TRACE_HASH);
    memcpy(bytes + 1 + TRACE_HASH, right, TRACE_HASH);
    crypto_generichash(ret, TRACE_HASH, bytes, sizeof bytes, NULL, 0);
}

void trace_tree_add(struct trace_tree *tree, const uint8_t *leaf)
{
    uint8_t node[TRACE_HASH];
    unsigned level = 0;
    memcpy(node, leaf, sizeof node);
    for (; tree->count >> level & 1; level++)
        trace_tree_join(tree->peak[level], node, node);
    memcpy(tree->peak[level], node, sizeof node);
    tree->count++;
}

void trace_tree_root(const struct trace_tree *tree, uint8_t *ret)
{
    bool any = false;
    memset(ret, 0, TRACE_HASH);
    for (unsigned level = 0; level < TRACE_TREE_LEVELS; level++) {
        if (!(tree->count >> level & 1))
            continue;
        if (any)
            trace_tree_join(tree->peak[level], ret, ret);
        else
            memcpy(ret, tree->peak[level], TRACE_HASH);
        any = true;
    }
}
