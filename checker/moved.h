/* How many bytes a hostcall moved. Private to checker/. */
#ifndef WARRANT_CHECKER_MOVED_H
#define WARRANT_CHECKER_MOVED_H

#include "tracer/trace.h"

/* Into the guest, or out of it. */
static inline uint64_t call_bytes_moved(const struct trace_call *call, bool in)
{
    uint64_t bytes = 0;
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS; i++) {
        const struct op *op = &call->ops.op[i];
        int64_t value = call->ops.result[i].value;
        if (op->kind >= OP_COUNT || value <= 0)
            continue;
        bool enters = abi_ops[op->kind].in != OP_BYTES_NONE, leaves = abi_ops[op->kind].out != OP_BYTES_NONE;
        if (in ? enters : leaves)
            bytes += (uint64_t)value;
    }
    return bytes;
}

#endif
