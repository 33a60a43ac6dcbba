/* The table of imports.h, expanded from imports.def. Fields and parameters are counted by the compiler. */
#include "wasi/abi/imports.h"

#define IMPORT(id, module, name, operation, lowering, ...) IMPORT_FIELDS_##id = 0 __VA_ARGS__,
#define F(type, name)                                      +1
enum {
#include "wasi/abi/imports.def"
};
#undef IMPORT
#undef F
#define IMPORT(id, module, name, operation, lowering, ...) IMPORT_SLOTS_##id = 0 __VA_ARGS__,
#define F(type, name)                                      +ARG_SLOTS_##type
enum {
#include "wasi/abi/imports.def"
};
#undef IMPORT
#undef F
#define IMPORT(id, module, name, operation, lowering, ...)                                                             \
    [IMPORT_##id] = { module,                                                                                          \
                      #name,                                                                                           \
                      OPERATION_##operation,                                                                           \
                      IMPORT_LOWERING_##lowering,                                                                      \
                      IMPORT_FIELDS_##id,                                                                              \
                      IMPORT_SLOTS_##id,                                                                               \
                      { EACH_FIELD(FIELD_ROW, operation __VA_ARGS__) } },
#define F(type, name) , (type, name)
const struct import_row abi_imports[IMPORT_COUNT] = {
#include "wasi/abi/imports.def"
};
#undef IMPORT
#undef F
