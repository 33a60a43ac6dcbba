/* The opcode table as data: what the decoder, the validator and the names read. Internal to runtime/. */
#ifndef WARRANT_RUNTIME_OPCODES_H
#define WARRANT_RUNTIME_OPCODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define INSN(code, name, text, immediate, signature, class) INSN_##name,
enum insn {
#include "runtime/opcodes.def"
    INSN_COUNT
};
#undef INSN

enum insn_class {
    INSN_CLASS_UNARY,
    INSN_CLASS_BINARY,
    INSN_CLASS_INTEGER,
    INSN_CLASS_DIVIDE,
    INSN_CLASS_COMPARE,
    INSN_CLASS_COMPARE_FLOAT,
    INSN_CLASS_TEST,
    INSN_CLASS_TRUNCATE,
    INSN_CLASS_REINTERPRET,
    INSN_CLASS_LOAD,
    INSN_CLASS_STORE,
    INSN_CLASS_CONST,
    INSN_CLASS_V_UNARY, /* vectors from here on */
    INSN_CLASS_V_BINARY,
    INSN_CLASS_V_LOAD,
    INSN_CLASS_V_STORE,
    INSN_CLASS_V_CONST,
    INSN_CLASS_V_TERNARY,
    INSN_CLASS_V_SHUFFLE,
    INSN_CLASS_V_EXTRACT,
    INSN_CLASS_V_REPLACE,
    INSN_CLASS_V_LOAD_LANE,
    INSN_CLASS_V_STORE_LANE, /* regular up to here */
    INSN_CLASS_CONTROL,
    INSN_CLASS_PARAMETRIC,
    INSN_CLASS_VARIABLE,
    INSN_CLASS_TABLE,
    INSN_CLASS_MEMORY,
    INSN_CLASS_REFERENCE
};

enum insn_immediate {
    INSN_IMM_MEMARG_0,
    INSN_IMM_MEMARG_1,
    INSN_IMM_MEMARG_2,
    INSN_IMM_MEMARG_3,
    INSN_IMM_MEMARG_4, /* in this order: alignment exponent = value */
    INSN_IMM_NONE,
    INSN_IMM_BLOCK,
    INSN_IMM_LABEL,
    INSN_IMM_LABELS,
    INSN_IMM_FUNC,
    INSN_IMM_TYPE_TABLE,
    INSN_IMM_LOCAL,
    INSN_IMM_GLOBAL,
    INSN_IMM_TABLE,
    INSN_IMM_TABLE_2,
    INSN_IMM_ELEM,
    INSN_IMM_ELEM_TABLE,
    INSN_IMM_DATA,
    INSN_IMM_DATA_MEMORY,
    INSN_IMM_MEMORY,
    INSN_IMM_MEMORY_2,
    INSN_IMM_I32,
    INSN_IMM_I64,
    INSN_IMM_F32,
    INSN_IMM_F64,
    INSN_IMM_V128,
    INSN_IMM_SHUFFLE,
    INSN_IMM_LANE_2,
    INSN_IMM_LANE_4,
    INSN_IMM_LANE_8,
    INSN_IMM_LANE_16,
    INSN_IMM_REFTYPE,
    INSN_IMM_TYPES
};

/* Irregular instructions once more, each class as an enum of its own with the same values, so that a switch over one
 * names every row of the class. */
#define INSN_PICK_UNARY(...)
#define INSN_PICK_BINARY(...)
#define INSN_PICK_INTEGER(...)
#define INSN_PICK_DIVIDE(...)
#define INSN_PICK_COMPARE(...)
#define INSN_PICK_COMPARE_FLOAT(...)
#define INSN_PICK_TEST(...)
#define INSN_PICK_TRUNCATE(...)
#define INSN_PICK_REINTERPRET(...)
#define INSN_PICK_LOAD(...)
#define INSN_PICK_STORE(...)
#define INSN_PICK_CONST(...)
#define INSN_PICK_V_UNARY(...)
#define INSN_PICK_V_BINARY(...)
#define INSN_PICK_V_LOAD(...)
#define INSN_PICK_V_STORE(...)
#define INSN_PICK_V_CONST(...)
#define INSN_PICK_V_TERNARY(...)
#define INSN_PICK_V_SHUFFLE(...)
#define INSN_PICK_V_EXTRACT(...)
#define INSN_PICK_V_REPLACE(...)
#define INSN_PICK_V_LOAD_LANE(...)
#define INSN_PICK_V_STORE_LANE(...)
#define INSN_PICK_PARAMETRIC(...)
#define INSN_PICK_VARIABLE(...)
#define INSN_PICK_CONTROL(name, control, table, memory, reference)   control(name)
#define INSN_PICK_TABLE(name, control, table, memory, reference)     table(name)
#define INSN_PICK_MEMORY(name, control, table, memory, reference)    memory(name)
#define INSN_PICK_REFERENCE(name, control, table, memory, reference) reference(name)
#define INSN_DROP(name)
#define INSN_KEEP(name) CONTROL_INSN_##name = INSN_##name,
#define INSN(code, name, text, immediate, signature, class)                                                            \
    INSN_PICK_##class(name, INSN_KEEP, INSN_DROP, INSN_DROP, INSN_DROP)
enum insn_control {
#include "runtime/opcodes.def"
};
#undef INSN
#undef INSN_KEEP
#define INSN_KEEP(name) TABLE_INSN_##name = INSN_##name,
#define INSN(code, name, text, immediate, signature, class)                                                            \
    INSN_PICK_##class(name, INSN_DROP, INSN_KEEP, INSN_DROP, INSN_DROP)
enum insn_table {
#include "runtime/opcodes.def"
};
#undef INSN
#undef INSN_KEEP
#define INSN_KEEP(name) MEMORY_INSN_##name = INSN_##name,
#define INSN(code, name, text, immediate, signature, class)                                                            \
    INSN_PICK_##class(name, INSN_DROP, INSN_DROP, INSN_KEEP, INSN_DROP)
enum insn_memory {
#include "runtime/opcodes.def"
};
#undef INSN
#undef INSN_KEEP
#define INSN_KEEP(name) REFERENCE_INSN_##name = INSN_##name,
#define INSN(code, name, text, immediate, signature, class)                                                            \
    INSN_PICK_##class(name, INSN_DROP, INSN_DROP, INSN_DROP, INSN_KEEP)
enum insn_reference {
#include "runtime/opcodes.def"
};
#undef INSN
#undef INSN_KEEP
#undef INSN_DROP

/* Whether it accesses a memory: its first operand is an address. */
#define INSN_HAS_MEMARG(info) ((info)->immediate <= INSN_IMM_MEMARG_4)

struct insn_info {
    const char *text;
    uint16_t code;
    uint8_t immediate;   /* enum insn_immediate */
    uint8_t class;       /* enum insn_class */
    uint8_t param_count; /* regular rows only */
    uint8_t params[3];   /* enum rt_type */
    uint8_t result;      /* enum rt_type, 0: none */
    bool commutes;       /* its two parameters may change places */
    uint16_t prepared;   /* first enum prep_op of a regular row that has any */
};

extern const struct insn_info insn_infos[INSN_COUNT];
/* op + 1 by code, the codes behind 0xfc from 256 on, those behind 0xfd from 512; 0 where the code is free. */
enum { INSN_CODES = 3 * 256 };
extern const uint16_t insn_by_code[INSN_CODES];

/* Finds the instruction with this code (prefix * 256 + n behind a prefix), or NULL. */
static inline const struct insn_info *insn_find(uint32_t code)
{
    uint32_t at = code < 256 ? code : code >= 0xfc00 && code <= 0xfdff ? code - 0xfc00 + 256 : INSN_CODES;
    return at < INSN_CODES && insn_by_code[at] ? &insn_infos[insn_by_code[at] - 1] : NULL;
}
static inline enum insn insn_of(const struct insn_info *info) { return (enum insn)(info - insn_infos); }
/* Stands for all codes from 0x100 on behind the prefix 0xfd. */
enum { INSN_CODE_RELAXED_SIMD = 0xfd0000 };
/* The proposal that gives `code` a meaning (behind a prefix: prefix * 256 + n), or NULL. */
const char *insn_proposal(uint32_t code);

#endif
