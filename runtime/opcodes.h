/* The opcode table as data: what the decoder, the validator and the names read. Internal to runtime/. */
#ifndef WARRANT_RUNTIME_OPCODES_H
#define WARRANT_RUNTIME_OPCODES_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define OP(code, name, text, immediate, signature, class) OP_##name,
enum op {
#include "runtime/opcodes.def"
    OP_COUNT
};
#undef OP

enum op_class {
    OP_CLASS_UNARY,
    OP_CLASS_BINARY,
    OP_CLASS_INTEGER,
    OP_CLASS_DIVIDE,
    OP_CLASS_COMPARE,
    OP_CLASS_COMPARE_FLOAT,
    OP_CLASS_TEST,
    OP_CLASS_TRUNCATE,
    OP_CLASS_REINTERPRET,
    OP_CLASS_LOAD,
    OP_CLASS_STORE,
    OP_CLASS_CONST,
    OP_CLASS_V_UNARY, /* vectors from here on */
    OP_CLASS_V_BINARY,
    OP_CLASS_V_LOAD,
    OP_CLASS_V_STORE,
    OP_CLASS_V_CONST,
    OP_CLASS_V_TERNARY,
    OP_CLASS_V_SHUFFLE,
    OP_CLASS_V_EXTRACT,
    OP_CLASS_V_REPLACE,
    OP_CLASS_V_LOAD_LANE,
    OP_CLASS_V_STORE_LANE, /* regular up to here */
    OP_CLASS_CONTROL,
    OP_CLASS_PARAMETRIC,
    OP_CLASS_VARIABLE,
    OP_CLASS_TABLE,
    OP_CLASS_MEMORY,
    OP_CLASS_REFERENCE
};

enum op_immediate {
    OP_IMM_MEMARG_0,
    OP_IMM_MEMARG_1,
    OP_IMM_MEMARG_2,
    OP_IMM_MEMARG_3,
    OP_IMM_MEMARG_4, /* in this order: alignment exponent = value */
    OP_IMM_NONE,
    OP_IMM_BLOCK,
    OP_IMM_LABEL,
    OP_IMM_LABELS,
    OP_IMM_FUNC,
    OP_IMM_TYPE_TABLE,
    OP_IMM_LOCAL,
    OP_IMM_GLOBAL,
    OP_IMM_TABLE,
    OP_IMM_TABLE_2,
    OP_IMM_ELEM,
    OP_IMM_ELEM_TABLE,
    OP_IMM_DATA,
    OP_IMM_DATA_MEMORY,
    OP_IMM_MEMORY,
    OP_IMM_MEMORY_2,
    OP_IMM_I32,
    OP_IMM_I64,
    OP_IMM_F32,
    OP_IMM_F64,
    OP_IMM_V128,
    OP_IMM_SHUFFLE,
    OP_IMM_LANE_2,
    OP_IMM_LANE_4,
    OP_IMM_LANE_8,
    OP_IMM_LANE_16,
    OP_IMM_REFTYPE,
    OP_IMM_TYPES
};

/* Whether it accesses a memory: its first operand is an address. */
#define OP_HAS_MEMARG(info) ((info)->immediate <= OP_IMM_MEMARG_4)

struct op_info {
    const char *text;
    uint16_t code;
    uint8_t immediate;   /* enum op_immediate */
    uint8_t class;       /* enum op_class */
    uint8_t param_count; /* regular rows only */
    uint8_t params[3];   /* enum rt_type */
    uint8_t result;      /* enum rt_type, 0: none */
    bool commutes;       /* its two parameters may change places */
    uint16_t prepared;   /* first enum prep_op of a regular row that has any */
};

extern const struct op_info op_infos[OP_COUNT];
/* op + 1 by code, the codes behind 0xfc from 256 on, those behind 0xfd from 512; 0 where the code is free. */
enum { OP_CODES = 3 * 256 };
extern const uint16_t op_by_code[OP_CODES];

/* Finds the instruction with this code (prefix * 256 + n behind a prefix), or NULL. */
static inline const struct op_info *op_find(uint32_t code)
{
    uint32_t at = code < 256 ? code : code >= 0xfc00 && code <= 0xfdff ? code - 0xfc00 + 256 : OP_CODES;
    return at < OP_CODES && op_by_code[at] ? &op_infos[op_by_code[at] - 1] : NULL;
}
static inline enum op op_of(const struct op_info *info) { return (enum op)(info - op_infos); }
/* Stands for all codes from 0x100 on behind the prefix 0xfd. */
enum { OP_CODE_RELAXED_SIMD = 0xfd0000 };
/* The proposal that gives `code` a meaning (behind a prefix: prefix * 256 + n), or NULL. */
const char *op_proposal(uint32_t code);

#endif
