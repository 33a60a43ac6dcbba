/* The row of a field (struct operation_field). */
#define FIELD_ROW(id, type, name) { #name, ARG_##type, SLOT_##id##_##name, ARG_SLOTS_##type },

/* Where each field of each operation lies among its slots (the core parameters of its call), counted by the compiler
 * from operations.def. Part of abi.h; not for others. */
#ifndef WARRANT_ABI_SLOTS_H
#define WARRANT_ABI_SLOTS_H

#define ARG_TYPE(name, witx, core, ...) ARG_SLOTS_##name = sizeof(core) - 1,
enum { /* core parameters that a field of the type takes */
#include "wasi/abi/argtypes.def"
};
#undef ARG_TYPE

/* EACH_FIELD(M, id fields): M(id, type, name) for each field of a row of operations.def, F being `, (type, name)`. */
/* clang-format off */
#define FIELD_OPEN(type, name) type, name
#define FIELD_CALL(M, ...) M(__VA_ARGS__)
#define FIELDS_0(M, id)
#define FIELDS_1(M, id, f)      FIELD_CALL(M, id, FIELD_OPEN f)
#define FIELDS_2(M, id, f, ...) FIELD_CALL(M, id, FIELD_OPEN f) FIELDS_1(M, id, __VA_ARGS__)
#define FIELDS_3(M, id, f, ...) FIELD_CALL(M, id, FIELD_OPEN f) FIELDS_2(M, id, __VA_ARGS__)
#define FIELDS_4(M, id, f, ...) FIELD_CALL(M, id, FIELD_OPEN f) FIELDS_3(M, id, __VA_ARGS__)
#define FIELDS_5(M, id, f, ...) FIELD_CALL(M, id, FIELD_OPEN f) FIELDS_4(M, id, __VA_ARGS__)
#define FIELDS_6(M, id, f, ...) FIELD_CALL(M, id, FIELD_OPEN f) FIELDS_5(M, id, __VA_ARGS__)
#define FIELDS_7(M, id, f, ...) FIELD_CALL(M, id, FIELD_OPEN f) FIELDS_6(M, id, __VA_ARGS__)
#define FIELDS_8(M, id, f, ...) FIELD_CALL(M, id, FIELD_OPEN f) FIELDS_7(M, id, __VA_ARGS__)
#define FIELDS_9(M, id, f, ...) FIELD_CALL(M, id, FIELD_OPEN f) FIELDS_8(M, id, __VA_ARGS__)
#define FIELDS_COUNTED(id, f1, f2, f3, f4, f5, f6, f7, f8, f9, count, ...) FIELDS_##count
#define EACH_FIELD(M, ...) FIELDS_COUNTED(__VA_ARGS__, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0, 0)(M, __VA_ARGS__)
/* clang-format on */

/* The row of a field (struct operation_field). */
#define FIELD_ROW(id, type, name) { #name, ARG_##type, SLOT_##id##_##name, ARG_SLOTS_##type },

/* Where each field of each operation lies among its slots: SLOT_FD_PREAD_offset; a field of two slots has its pointer
 * in SLOT_FD_PREAD_iovs and its length or count in SLOT_FD_PREAD_iovs_len (of others that is SLOT_NONE). */
enum { SLOT_NONE = 255 };
#define F(type, name) , (type, name)
#define SLOT_ENUM(id, type, name)                                                                                      \
    SLOT_##id##_##name, SLOT_##id##_##name##_len = ARG_SLOTS_##type == 2 ? SLOT_##id##_##name + 1 : SLOT_NONE,         \
                        SLOT_##id##_##name##_last_ = SLOT_##id##_##name + ARG_SLOTS_##type - 1,
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    enum { SLOT_##id##_before_ = -1, EACH_FIELD(SLOT_ENUM, id fields) };
#include "wasi/abi/operations.def"
#undef OPERATION
/* The descriptor that an operation works on: its first field of type FD. */
#define SLOT_IF_FD(id, type, name) ARG_##type == ARG_FD ? SLOT_##id##_##name:
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    HANDLE_SLOT_##id = EACH_FIELD(SLOT_IF_FD, id fields) SLOT_NONE,
enum {
#include "wasi/abi/operations.def"
    SLOT_FIRST = 0 /* of whatever field comes first. All that work on a descriptor take it there, but path_symlink. */
};
#undef OPERATION
#undef F
#define F(type, name)
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    _Static_assert((int)OPERATION_##id == OPERATION_PATH_SYMLINK || (int)HANDLE_SLOT_##id == SLOT_FIRST ||             \
                       (int)HANDLE_SLOT_##id == SLOT_NONE,                                                             \
                   #name);
#include "wasi/abi/operations.def"
#undef OPERATION
#undef F

#endif
