/* The tables of what events hold, read off operations.def and ops.def: what requests carry, and the compact events. */
#define XXH_INLINE_ALL
#include <xxhash.h>

#include "tracer/compact_rows.h"

#define ARG_TYPE(name, witx, core, size, align, class, ...)                                                            \
    STRINGS_##name = ARG_CLASS_##class == ARG_CLASS_STRING || ARG_CLASS_##class == ARG_CLASS_NAME,                     \
    SUBSCRIPTIONS_##name = ARG_CLASS_##class == ARG_CLASS_SUBS,                                                        \
    ADDRESSES_##name = ARG_CLASS_##class == ARG_CLASS_ADDRESS,
enum {
#include "wasi/abi/argtypes.def"
};
#undef ARG_TYPE
#define F(type, name)                     , (type, name)
#define EACH_STRING(id, type, name)       +STRINGS_##type
#define ANY_SUBSCRIPTIONS(id, type, name) || SUBSCRIPTIONS_##type > 0
#define ANY_ADDRESS(id, type, name)       || ADDRESSES_##type > 0
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    [OPERATION_##id] = { 0 EACH_FIELD(EACH_STRING, id fields), VECTORS_IN_##id > 0,                                    \
                         false EACH_FIELD(ANY_SUBSCRIPTIONS, id fields), false EACH_FIELD(ANY_ADDRESS, id fields),     \
                         MASK_##id },
const struct trace_carries trace_request_carries[OPERATION_COUNT] = {
#include "wasi/abi/operations.def"
};
#undef OPERATION
#undef F

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

uint64_t compact_stat_committed(const struct compact_row *row, const uint64_t *slot, const struct filestat *stat)
{
    return XXH3_64bits_withSeed(stat, sizeof *stat, slot[row->slots - 1] + OBSERVER_DIGEST_STEP);
}
