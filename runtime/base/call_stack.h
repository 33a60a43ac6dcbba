/* A guest's call stack when it trapped, as reports, traces and messages hold it: where it trapped, then the calls from
 * there outwards. Of a deep one the innermost LIMIT_STACK_INNER frames and behind them the outermost LIMIT_STACK_OUTER.
 */
#ifndef WARRANT_BASE_CALL_STACK_H
#define WARRANT_BASE_CALL_STACK_H

#include <stdbool.h>
#include <stdint.h>
#include "runtime/base/limits.h"

enum { CALL_STACK_KEPT = LIMIT_STACK_INNER + LIMIT_STACK_OUTER };

struct call_stack {
    uint32_t depth; /* frames that there were; 0: none is known */
    struct call_place {
        uint32_t function, offset; /* index; byte of the instruction in the module file */
    } place[CALL_STACK_KEPT];      /* of as many as are kept; the rest has no meaning */
};

/* How many of `depth` frames are kept. */
static inline uint32_t call_stack_kept(uint32_t depth) { return depth < CALL_STACK_KEPT ? depth : CALL_STACK_KEPT; }

/* The number, from the innermost on, of the frame at place[index]. */
static inline uint32_t call_stack_number(const struct call_stack *stack, uint32_t index)
{
    return stack->depth > CALL_STACK_KEPT && index >= LIMIT_STACK_INNER ? stack->depth - CALL_STACK_KEPT + index
                                                                        : index;
}

static inline bool call_stack_equal(const struct call_stack *a, const struct call_stack *b)
{
    bool equal = a->depth == b->depth;
    for (uint32_t i = 0; equal && i < call_stack_kept(a->depth); i++)
        equal = a->place[i].function == b->place[i].function && a->place[i].offset == b->place[i].offset;
    return equal;
}

#endif
