/* A decoded instruction, as far as the verifier cares. Internal to runtime/verify/. */
#ifndef WARRANT_RUNTIME_VERIFY_INSN_H
#define WARRANT_RUNTIME_VERIFY_INSN_H

#include <stdbool.h>
#include <stdint.h>

enum { VERIFY_RSP = 4, VERIFY_REGISTERS = 16, VERIFY_NONE = 0xff, VERIFY_RIP = 0xfe };

/* What the verifier follows exactly; of all else it knows what is written and accessed. */
enum verify_kind {
    STEP_OTHER,
    STEP_MOV,
    STEP_MOVZX,
    STEP_MOVSX,
    STEP_LEA,
    STEP_ADD,
    STEP_SUB,
    STEP_INC,
    STEP_DEC,
    STEP_AND,
    STEP_XOR,
    STEP_SHL,
    STEP_SHR,
    STEP_BEXTR,
    STEP_CMOV,
    STEP_CMP,
    STEP_TEST,
    STEP_PUSH,
    STEP_POP,
    STEP_CALL,
    STEP_RET,
    STEP_JMP,
    STEP_JCC,
    STEP_END /* stops the process: ud2 */
};
/* Conditions of a jump. */
enum verify_condition {
    COND_OTHER,
    COND_E,
    COND_NE,
    COND_A,
    COND_AE,
    COND_B,
    COND_BE,
    COND_G,
    COND_GE,
    COND_L,
    COND_LE,
    COND_S,
    COND_NS
};

enum verify_operand_kind { OPERAND_NONE, OPERAND_REG, OPERAND_IMM, OPERAND_MEM, OPERAND_VECTOR };
struct verify_operand {
    uint8_t kind; /* enum verify_operand_kind */
    uint8_t reg;  /* OPERAND_REG: 0 to 15 */
    uint8_t bytes;
    bool high; /* of a register: bits 8 to 15 */
    bool written;
    int64_t value; /* OPERAND_IMM */
};
struct verify_insn {
    uint32_t at;
    uint8_t length, kind, condition; /* enums */
    bool has_memory, reads, writes;  /* memory */
    bool sets_flags;
    bool leader;                   /* something jumps here */
    bool followed, pads;           /* pads: does nothing */
    struct verify_operand op[3];   /* the first explicit ones */
    uint16_t clobbers, clobbers32; /* registers that are written otherwise: with 64, with 32 bits or fewer */
    /* The memory operand: base + index * scale + displacement. */
    uint8_t base, index, scale;
    uint16_t bytes;
    int64_t displacement;
    uint32_t target; /* of a direct jump or call; UINT32_MAX: indirect */
};

/* Decodes the instruction at `at` of code that ends at `end`. NULL, or why it is refused. */
const char *verify_decode(const uint8_t *text, uint32_t at, uint32_t end, struct verify_insn *ret);

#endif
