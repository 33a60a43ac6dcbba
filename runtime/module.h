/* A decoded and validated module. Internal to runtime/; immutable once rt_module_load has returned. */
#ifndef WARRANT_RUNTIME_MODULE_H
#define WARRANT_RUNTIME_MODULE_H

#include "runtime/arena.h"
#include "runtime/base/base.h"
#include "runtime/base/try.h"
#include "runtime/rt.h"
#include "runtime/types.h"

enum { KIND_FUNCTION = RT_FUNCTION, KIND_TABLE = RT_TABLE, KIND_MEMORY = RT_MEMORY, KIND_GLOBAL = RT_GLOBAL };

struct name {
    const char *text; /* NUL-terminated; may hold NULs of its own */
    uint32_t size;
};

/* Of a memory or table. address: the type of its addresses, indices and sizes: RT_I32, as RT_I64 needs memory64. */
struct size_limits {
    uint32_t min, max;
    bool has_max;
    uint32_t address;
};

struct table_type {
    uint32_t element; /* a reference type */
    struct size_limits limits;
};

struct global_type {
    uint32_t type;
    bool mutable;
};

/* A constant expression: mostly one instruction; a longer one is a program of such, in their order. */
enum const_kind {
    CONST_BITS,
    CONST_V128,
    CONST_GLOBAL,
    CONST_FUNCTION,
    CONST_ADD,
    CONST_SUB,
    CONST_MUL,
    CONST_PROGRAM
};
struct const_expr {
    /* BITS: the value as it lies in a slot; V128: address of its two; FUNCTION: index; GLOBAL: index (its type's width
     * tells the slots); PROGRAM: address of a struct const_program */
    uint64_t bits;
    uint8_t kind; /* enum const_kind */
    uint32_t type;
};
struct const_program {
    uint32_t count;
    struct const_expr steps[];
};

struct import {
    struct name module, name;
    uint8_t kind;
    uint32_t index; /* within its kind */
    uint32_t type;  /* functions: type index */
    struct table_type table;
    struct size_limits memory;
    struct global_type global;
};

struct export
{
    struct name name;
    uint8_t kind;
    uint32_t index;
};

struct global {
    struct global_type type;
    struct const_expr init; /* defined ones */
    uint32_t slot;          /* where it lies among the instance's */
    bool imported;
};

enum segment_mode { SEGMENT_ACTIVE, SEGMENT_PASSIVE, SEGMENT_DECLARED };
struct elem_segment {
    uint8_t mode;  /* enum segment_mode */
    uint32_t type; /* a reference type */
    uint32_t table, count;
    struct const_expr offset;
    struct const_expr *items;
};
struct data_segment {
    uint8_t mode;
    uint32_t memory, size;
    struct const_expr offset;
    const uint8_t *bytes;
};

/* One function of the index space. `body` is NULL for imports. */
struct function {
    uint32_t frame_slots; /* parameters, locals and the operand stack's greatest height: what one frame costs. Room
                             for the results, too, which a tail call may leave to a host function */
    uint32_t local_slots; /* parameters and locals */
    uint32_t param_slots, result_slots;
    uint32_t index, type;
    const uint8_t *body;  /* its bytes: locals, then code; in the module's copy of the code section */
    uint32_t body_size;   /* bytes */
    uint32_t body_offset; /* in the module file: its first byte (the locals) */
    const char *name;     /* NULL: none */
};

/* Where an instruction of prepared code that can trap, call or end a segment comes from. */
struct code_place {
    uint32_t offset; /* in the module file */
    uint32_t count;  /* instructions of its segment up to and with it that are not charged yet when it traps */
    uint32_t first;  /* the segment's first instruction */
};

struct rt_module {
    struct arena arena;
    struct types types;
    uint32_t import_count, function_count, table_count, memory_count, global_count, export_count;
    uint32_t global_slots;
    uint32_t elem_count, data_count;
    uint32_t imported_functions, imported_tables, imported_memories, imported_globals;
    struct import *imports;
    struct function *functions;
    struct table_type *tables;
    struct size_limits *memories;
    struct global *globals;
    struct export *exports;
    struct export *exports_by_name; /* a sorted copy */
    struct elem_segment *elems;
    struct data_segment *datas;
    uint8_t *declared; /* a bit per function: ref.func may name it (3.4.10, C.refs) */
    bool later_types;  /* for white-box tests only: types as 3.0 has them were let in; nothing public sets it */
    bool has_data_count, has_start;
    uint32_t data_count_section, start;
    size_t source_size;    /* bytes of the module as it was given */
    size_t code_size;      /* bytes of code_section */
    uint8_t *code_section; /* owned; a copy of its bytes, for what reads bodies after the module was loaded */
};

const struct export *module_export_find(const struct rt_module *module, const char *name, size_t size);
/* The definition that a function type's index names. */
static inline const struct type_def *module_type(const struct rt_module *m, uint32_t index)
{
    return m->types.at[index];
}
static inline const struct type_def *function_def(const struct rt_module *m, uint32_t function)
{
    return module_type(m, m->functions[function].type);
}
static inline const struct rt_functype *function_type(const struct rt_module *m, uint32_t function)
{
    return &function_def(m, function)->function;
}
/* The type of a reference to the function; it matches funcref. */
static inline uint32_t function_reference(const struct rt_module *m, uint32_t function)
{
    return TYPE_INDEXED | TYPE_NON_NULL | function_def(m, function)->id;
}

#endif
