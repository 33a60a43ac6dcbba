/* What a module may import: each row of imports.def lowers into an operation. Pure data, derived from the table.
 * (wr_abi) */
#ifndef WARRANT_ABI_IMPORTS_H
#define WARRANT_ABI_IMPORTS_H

#include "wasi/abi/abi.h"

#define IMPORT(id, module, name, operation, lowering, ...) IMPORT_##id,
enum import {
#include "wasi/abi/imports.def"
    IMPORT_COUNT
};
#undef IMPORT

enum import_lowering { IMPORT_LOWERING_SAME, IMPORT_LOWERING_FIELDS };

struct import_row {
    const char *module, *name;
    uint8_t operation;                                  /* enum operation */
    uint8_t lowering;                                   /* enum import_lowering */
    uint8_t field_count, slot_count;                    /* slot_count: its own parameters */
    struct operation_field field[OPERATION_FIELDS_MAX]; /* in its own order; slot: among the operation's */
};

extern const struct import_row abi_imports[IMPORT_COUNT];

#endif
