/* The rows of compact.h as constants: for the tables, and for the writer, which is expanded for each row. Internal to
 * compact.c and writer.c. */
#ifndef WARRANT_TRACER_COMPACT_ROWS_H
#define WARRANT_TRACER_COMPACT_ROWS_H

#include "tracer/compact.h"

#define ARG_TYPE(name, witx, core, size, align, class, ...)                                                            \
    OTHERS_##name = (ARG_CLASS_##class != ARG_CLASS_SCALAR && ARG_CLASS_##class != ARG_CLASS_RESULT &&                 \
                     ARG_CLASS_##class != ARG_CLASS_BUFFER && ARG_CLASS_##class != ARG_CLASS_VECTOR &&                 \
                     ARG_CLASS_##class != ARG_CLASS_IOVS && ARG_CLASS_##class != ARG_CLASS_CIOVS) ||                   \
                    ARG_##name == ARG_POINTER,                                                                         \
    VECTORS_##name = ARG_CLASS_##class == ARG_CLASS_IOVS || ARG_CLASS_##class == ARG_CLASS_CIOVS,                      \
    WIDE_##name = ARG_CLASS_##class == ARG_CLASS_SCALAR && (size) == 8,                                                \
    RESULT_##name = ARG_CLASS_##class == ARG_CLASS_RESULT,                                                             \
    NUMBER_##name = RESULT_##name && ((size) == 4 || (size) == 8) && (size) == (align), EIGHT_##name = (size) == 8,
enum {
#include "wasi/abi/argtypes.def"
};
#undef ARG_TYPE

#define F(type, name)                , (type, name)
#define SLOTS_OF(id, type, name)     +ARG_SLOTS_##type
#define WIDE_OF(id, type, name)      +WIDE_##type
#define OTHERS_OF(id, type, name)    +OTHERS_##type
#define VECTORS_OF(id, type, name)   +VECTORS_##type
#define RESULTS_OF(id, type, name)   +RESULT_##type
#define NUMBERS_OF(id, type, name)   +NUMBER_##type
#define MASK_OF(id, type, name)      +(WIDE_##type << SLOT_##id##_##name)
#define PLACES_OF(id, type, name)    +(NUMBER_##type * SLOT_##id##_##name)
#define LENGTHS_OF(id, type, name)   +(NUMBER_##type * EIGHT_##type)
#define FIRST_PLACE(id, type, name)  NUMBER_##type ? SLOT_##id##_##name:
#define FIRST_LENGTH(id, type, name) NUMBER_##type ? EIGHT_##type:
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    enum {                                                                                                             \
        SLOTS_##id = 0 EACH_FIELD(SLOTS_OF, id fields),                                                                \
        WIDES_##id = 0 EACH_FIELD(WIDE_OF, id fields),                                                                 \
        OTHERS_IN_##id = 0 EACH_FIELD(OTHERS_OF, id fields),                                                           \
        VECTORS_IN_##id = 0 EACH_FIELD(VECTORS_OF, id fields),                                                         \
        RESULTS_IN_##id = 0 EACH_FIELD(RESULTS_OF, id fields),                                                         \
        NUMBERS_IN_##id = 0 EACH_FIELD(NUMBERS_OF, id fields),                                                         \
        MASK_##id = 0 EACH_FIELD(MASK_OF, id fields),                                                                  \
        PLACES_##id = 0 EACH_FIELD(PLACES_OF, id fields),                                                              \
        LENGTHS_##id = 0 EACH_FIELD(LENGTHS_OF, id fields),                                                            \
        PLACE_##id = EACH_FIELD(FIRST_PLACE, id fields) 0,                                                             \
        LENGTH_##id = EACH_FIELD(FIRST_LENGTH, id fields) 0,                                                           \
        FORM_##id = SLOTS_##id > COMPACT_SLOTS || OTHERS_IN_##id > 0 || VECTORS_IN_##id > 1 ? (int)COMPACT_NEVER       \
                    : VECTORS_IN_##id > 0                                                   ? (int)COMPACT_REGION      \
                                                                                            : (int)COMPACT_SCALARS,                                                      \
        TOLD_##id = NUMBERS_IN_##id == RESULTS_IN_##id && NUMBERS_IN_##id <= COMPACT_RESULTS ? NUMBERS_IN_##id : 0     \
    };
#include "wasi/abi/operations.def"
#undef OPERATION
#undef F

/* The initialiser of an operation's struct compact_row. */
#define COMPACT_ROW(id)                                                                                                \
    { FORM_##id,                                                                                                       \
      SLOTS_##id,                                                                                                      \
      (uint8_t)(4 * (SLOTS_##id + WIDES_##id)),                                                                        \
      (uint8_t)MASK_##id,                                                                                              \
      (uint8_t)TOLD_##id,                                                                                              \
      { PLACE_##id, (uint8_t)(PLACES_##id - PLACE_##id) },                                                             \
      (uint8_t)(LENGTH_##id | (LENGTHS_##id - LENGTH_##id) << 1) }

/* Roles whose operands follow from the request, or lie in the fields that an event may carry. */
#define ROLE(name) (UINT32_C(1) << OPERAND_##name)
#define ROLES_TOLD                                                                                                     \
    (ROLE(FD) | ROLE(IOVS) | ROLE(COUNT) | ROLE(OFFSET) | ROLE(VALUE) | ROLE(ZERO) | ROLE(CONSTANT) | ROLE(FDFLAGS) |  \
     ROLE(MEM) | ROLE(MEMLEN) | ROLE(STAGE) | ROLE(STAGELEN) | ROLE(RESULT))

#define W(role)              | ROLE(role)
#define K(number)            | ROLE(CONSTANT)
#define HAS(operands, roles) (((0u operands) & (roles)) != 0)
#define MOVES(bytes)                                                                                                   \
    (OP_BYTES_##bytes == OP_BYTES_VECTOR || OP_BYTES_##bytes == OP_BYTES_JOINED || OP_BYTES_##bytes == OP_BYTES_REGION)
#define TOLD(bytes) (OP_BYTES_##bytes == OP_BYTES_NONE || OP_BYTES_##bytes == OP_BYTES_STAT || MOVES(bytes))

/* The initialiser of an op's struct compact_op, from these columns of its row. */
#define COMPACT_OP(calls, operands, object, table, out, in)                                                            \
    { HAS(operands, ~ROLES_TOLD) || !TOLD(in) || OP_CALLS_##calls == OP_CALLS_WALK ||                                  \
              (OP_OBJECT_##object != OP_OBJECT_NONE && OP_OBJECT_##object != OP_OBJECT_HANDLE) ||                      \
              (OP_TABLE_##table != OP_TABLE_KEEPS && OP_TABLE_##table != OP_TABLE_CLOSES)                              \
          ? COMPACT_NEVER                                                                                              \
      : MOVES(out) || MOVES(in) ? COMPACT_REGION                                                                       \
                                : COMPACT_SCALARS,                                                                     \
      OP_CALLS_##calls == OP_CALLS_VDSO ? 0 : 8,                                                                       \
      HAS(operands, ROLE(OFFSET)) ? 8 : 0,                                                                             \
      HAS(operands, ROLE(VALUE) | ROLE(FDFLAGS)) ? 8 : 0,                                                              \
      OP_OBJECT_##object == OP_OBJECT_HANDLE,                                                                          \
      OP_BYTES_##out == OP_BYTES_REGION || OP_BYTES_##in == OP_BYTES_REGION,                                           \
      OP_BYTES_##out,                                                                                                  \
      OP_BYTES_##in }

#endif
