/* The tables of the compact events. */
#include "tracer/compact_rows.h"

const struct compact_row compact_rows[OPERATION_COUNT] = {
#define OPERATION(id, ...) [OPERATION_##id] = COMPACT_ROW(id),
#include "wasi/abi/operations.def"
#undef OPERATION
};

const struct compact_op compact_ops[OP_COUNT] = {
#define OP(id, text, syscall, calls, operands, object, right, table, effect, changes, out, in, ...)                    \
    [OP_##id] = COMPACT_OP(calls, operands, object, table, out, in),
#include "wasi/abi/ops.def"
#undef OP
};
