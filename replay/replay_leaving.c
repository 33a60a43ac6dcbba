/* Digests the bytes that are about to leave the guest, in the form that the trace keeps.
 *
 * Invariant: the same bytes give the same digest as the trace's writer gave them; a region outside of the guest's memory
 * counts as empty, so that nothing is read there (the decision core has excluded it). Source: docs/trace-format.md. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "replay/session.h"

void leaving_get(const struct request *request, const struct op *op, const struct backend_space *space,
                 struct trace_op_data *ret)
{
    *ret = (struct trace_op_data){ 0 };
    if (op->kind != OP_WRITE && op->kind != OP_PWRITE && op->kind != OP_APPEND)
        return;
    uint64_t total = 0, most = op->kind == OP_WRITE ? LIMIT_STAGING : UINT32_MAX;
    XXH3_state_t state;
    XXH3_64bits_reset(&state);
    if ((uint64_t)op->mem.offset + op->mem.length > request->iov_count)
        return;
    for (uint32_t i = 0; i < op->mem.length && total < most; i++) {
        struct region region = request->iov[op->mem.offset + i];
        uint64_t length = region.length < most - total ? region.length : most - total;
        if (region.offset + length > space->memory_size)
            continue;
        XXH3_64bits_update(&state, space->memory + region.offset, (size_t)length);
        total += length;
    }
    ret->out_length = (uint32_t)total;
    ret->out_digest = XXH3_64bits_digest(&state);
}
