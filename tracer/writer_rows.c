/* What the writer knows of each operation beforehand, generated from the tables once for its three loops. */
#include "tracer/writer.h"

#define ARG_TYPE(name, witx, core, size, align, class, ...)                                                            \
    STRINGS_##name = ARG_CLASS_##class == ARG_CLASS_STRING || ARG_CLASS_##class == ARG_CLASS_NAME,                     \
    ADDRESSES_##name = ARG_CLASS_##class == ARG_CLASS_ADDRESS,                                                         \
    VECTORS_##name = ARG_CLASS_##class == ARG_CLASS_IOVS || ARG_CLASS_##class == ARG_CLASS_CIOVS,                      \
    SUBSCRIPTIONS_##name = ARG_CLASS_##class == ARG_CLASS_SUBS,
enum {
#include "wasi/abi/argtypes.def"
};
#undef ARG_TYPE

/* Adds up one of these over an operation's fields. */
#define F(type, name)                                                  +ARG_SLOTS_##type
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) ROW_SLOTS_##id = 0 fields,
enum {
#include "wasi/abi/operations.def"
};
#undef F
#undef OPERATION
#define F(type, name)                                                  +STRINGS_##type
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) ROW_STRINGS_##id = 0 fields,
enum {
#include "wasi/abi/operations.def"
};
#undef F
#undef OPERATION
#define F(type, name)                                                  +VECTORS_##type
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) ROW_VECTORS_##id = 0 fields,
enum {
#include "wasi/abi/operations.def"
};
#undef F
#undef OPERATION
#define F(type, name)                                                  +SUBSCRIPTIONS_##type
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) ROW_SUBSCRIPTIONS_##id = 0 fields,
enum {
#include "wasi/abi/operations.def"
};
#undef F
#undef OPERATION

#define F(type, name)                                                  +ADDRESSES_##type
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) ROW_ADDRESSES_##id = 0 fields,
enum {
#include "wasi/abi/operations.def"
};
#undef F
#undef OPERATION

#define WORD(id) ((uint32_t)TRACE_EVENT_BEGIN << 16 | (uint32_t)OPERATION_##id << 24)
#define ARRAYS(id)                                                                                                     \
    ((int)ROW_STRINGS_##id + (int)ROW_VECTORS_##id + (int)ROW_SUBSCRIPTIONS_##id + (int)ROW_ADDRESSES_##id)
#define SLOTS_UP_TO(id, most) ((int)ROW_SLOTS_##id <= (int)(most))
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    [OPERATION_##id] = { ARRAYS(id) == 0 && SLOTS_UP_TO(id, WRITER_SIMPLE_SLOTS) && (max_ops) == 1 &&                  \
                                 ((ops) & (ops_out | ops_in)) == 0                                                     \
                             ? (3 + (uint32_t)ROW_SLOTS_##id) | WORD(id)                                               \
                             : 0,                                                                                      \
                         ARRAYS(id) == 1 && (int)ROW_VECTORS_##id == 1 && SLOTS_UP_TO(id, WRITER_VECTOR_SLOTS)         \
                             ? (4 + (uint32_t)ROW_SLOTS_##id) | WORD(id)                                               \
                             : 0 },
const struct writer_row writer_rows[OPERATION_COUNT] = {
#include "wasi/abi/operations.def"
};
#undef OPERATION
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    [OPERATION_##                                                                                                      \
        id] = { ROW_STRINGS_##id != 0, ROW_VECTORS_##id != 0, ROW_SUBSCRIPTIONS_##id != 0, ROW_ADDRESSES_##id != 0 },
const struct writer_carries writer_carries[OPERATION_COUNT] = {
#include "wasi/abi/operations.def"
};
