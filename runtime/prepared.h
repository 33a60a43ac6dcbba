/* Prepared code: what a function's body becomes at its first call, and what the interpreter runs. Internal to runtime/.
 *
 * A function is an array of 16-bit units. An instruction is its op and then operands: a slot takes one unit, numbers of
 * 32 and 64 bits two and four (lower bits first). Slots are of the frame: parameters and locals first, then the operand
 * stack, whose height is known statically, so that no instruction pushes or pops.
 *
 * Three accumulators mirror the slot that was written last by an instruction of their kind: R (integers and references,
 * as the slot holds them), FS (f32) and FD (f64). An operand is S (a slot), R (the accumulator of its type) or K (a
 * constant, sign-extended from 32 bits; of 64 for f64). A result goes into its accumulator and a slot, or, in the forms
 * that end in _R, into the accumulator alone.
 *
 * Below, A, B are source slots, C is the destination, n names operands of n bits. `to` is a branch target: its distance
 * in units from that operand itself. `cost` is the segment's, see rt_instance_instructions. Sources stand in the order
 * x, y; a destination is the last unit. */
#ifndef WARRANT_RUNTIME_PREPARED_H
#define WARRANT_RUNTIME_PREPARED_H

#include <stdint.h>
#include <string.h>

/* Which accumulator. */
enum acc { ACC_INT, ACC_F32, ACC_F64, ACC_COUNT, ACC_NONE = ACC_COUNT };

/* Units of CALL and CALL_IMPORT, and of CALL_INDIRECT: how far behind its beginning a call returns to. */
enum { PREP_CALL_UNITS = 5, PREP_CALL_INDIRECT_UNITS = 7 };

/* The forms of a regular row, in an order that is relied on (FORM_ below). Two operands: op x y C. */
#define PREP_SOURCES(X, before, name, behind)                                                                          \
    X(before##name##_SS##behind)                                                                                       \
    X(before##name##_SK##behind)                                                                                       \
    X(before##name##_RS##behind)                                                                                       \
    X(before##name##_SR##behind)                                                                                       \
    X(before##name##_RK##behind)
#define PREP_BINARY(X, name)  PREP_SOURCES(X, , name, ) PREP_SOURCES(X, , name, _R)
#define PREP_INTEGER(X, name) PREP_BINARY(X, name)
#define PREP_DIVIDE(X, name)  PREP_BINARY(X, name)
/* BR_: op x y cost16 to32; BRN_: the branch is taken unless. ADD_BR_: an addition before it, whose result is x: op A
 * K32 C y cost16 to32 */
#define PREP_COMPARE(X, name)                                                                                          \
    PREP_BINARY(X, name) PREP_SOURCES(X, BR_, name, ) X(ADD_BR_##name##_RS) X(ADD_BR_##name##_RK)
#define PREP_COMPARE_FLOAT(X, name) PREP_BINARY(X, name) PREP_SOURCES(X, BR_, name, ) PREP_SOURCES(X, BRN_, name, )
#define PREP_UNARY(X, name)         X(name##_S) X(name##_R) X(name##_S_R) X(name##_R_R)
#define PREP_TRUNCATE(X, name)      PREP_UNARY(X, name)
#define PREP_TEST(X, name)
#define PREP_REINTERPRET(X, name)
#define PREP_CONST(X, name)
/* op x offset32 C; K: op address32 C. In the X forms the address is a sum of 32 bits, of A and B, R and B, A and K32, R
 * and K32: op A B offset32 C, and so on. */
/* clang-format off */
#define PREP_LOAD(X, name)                                                                                             \
    X(name##_S) X(name##_R) X(name##_K) X(name##_XS) X(name##_XR) X(name##_XK) X(name##_XRK)                           \
    X(name##_S_R) X(name##_R_R) X(name##_K_R) X(name##_XS_R) X(name##_XR_R) X(name##_XK_R) X(name##_XRK_R)
/* clang-format on */
/* op address offset32 value; K in the address: op address32 value */
#define PREP_STORE(X, name) X(name##_SS) X(name##_SR) X(name##_SK) X(name##_RS) X(name##_RK) X(name##_KS) X(name##_KR)
/* Vectors: op A B C, and behind these what the class needs. */
#define PREP_V_UNARY(X, name)      X(name)
#define PREP_V_BINARY(X, name)     X(name)
#define PREP_V_TERNARY(X, name)    X(name) /* third source */
#define PREP_V_SHUFFLE(X, name)    X(name) /* lanes, 128 bits */
#define PREP_V_EXTRACT(X, name)    X(name) /* B: lane */
#define PREP_V_REPLACE(X, name)    X(name) /* lane */
#define PREP_V_LOAD(X, name)       X(name) /* address A, offset32 */
#define PREP_V_STORE(X, name)      X(name) /* address A, value C, offset32 */
#define PREP_V_LOAD_LANE(X, name)  X(name) /* C = B with a lane from address A; offset32, lane */
#define PREP_V_STORE_LANE(X, name) X(name) /* the same, from C */
#define PREP_V_CONST(X, name)
#define PREP_CONTROL(X, name)
#define PREP_PARAMETRIC(X, name)
#define PREP_VARIABLE(X, name)
#define PREP_TABLE(X, name)
#define PREP_MEMORY(X, name)
#define PREP_REFERENCE(X, name)

/* A product, then: added to A, A taken from it, taken from A: op x y A C. */
#define PREP_MULTIPLY(X, type)                                                                                         \
    PREP_PRODUCT(X, type##_MUL_ADD) PREP_PRODUCT(X, type##_MUL_SUB) PREP_PRODUCT(X, type##_SUB_MUL)
#define PREP_PRODUCT(X, name) X(name##_SS) X(name##_RS) X(name##_SS_R) X(name##_RS_R)

/* Prepared code of its own, and of irregular rows. */
/* clang-format off */
#define PREP_OWN_LIST(X)                                                                                             \
    PREP_MULTIPLY(X, F32) PREP_MULTIPLY(X, F64)                                                                      \
    X(EXIT)             /* leaves the interpreter; what a frame entered from the host returns to */                    \
    X(PREPARE)          /* the code of a function that was not called yet: prepares it and begins anew */              \
    X(NATIVE)           /* the code of a function that another tier runs: gives the frame back and calls it */         \
    X(ENTERED)          /* of watched code (watch.c): a function begins */                                           \
    X(LEFT)             /* it ends: stands before the last op, behind a CHARGE */                                    \
    X(PIECE)            /* piece32: it has been executed */                                                          \
    X(CHARGE)           /* cost32; the end of a segment that falls into a label */                                     \
    X(ZERO)             /* C count16: the locals behind the parameters */                                            \
    X(ZERO_1) X(ZERO_2) X(ZERO_3) X(ZERO_4) /* C: as many from there */                                              \
    X(COPY)             /* A C */                                                                                    \
    X(COPY_2)           /* A C, A C: one after the other */                                                          \
    X(I32_ADD_SK_2)     /* A K32 C, A K32 C: likewise */                                                             \
    X(COPY_R)           /* C = R */                                                                                  \
    X(MOVE)             /* A C count16: slots, ascending */                                                          \
    X(CONST_32)         /* K32 C: sign-extended */                                                                   \
    X(CONST_U32)        /* K32 C: zero-extended */                                                                   \
    X(CONST_64)         /* K64 C */                                                                                  \
    X(COPY_V128)        /* A C, two slots each; so do the others of this name */                                     \
    X(CONST_V128)       /* K64 K64 C */                                                                              \
    X(BR)               /* cost16 to32 */                                                                            \
    X(BR_TABLE_S)       /* A selects; cost16, count32, then count + 1 to32 */                                        \
    X(BR_TABLE_R)       /* R selects */                                                                              \
    X(RETURN)           /* A count16 cost16 */                                                                       \
    X(RETURN_0)         /* cost16 */                                                                                 \
    X(RETURN_S)         /* one result: A cost16; also in R for the caller */                                         \
    X(RETURN_R)         /* cost16 */                                                                                 \
    X(RETURN_K)         /* K32 cost16 */                                                                             \
    X(CALL)             /* A (the arguments' first slot, later the results') cost16 function32 */                    \
    X(CALL_IMPORT)                                                                                                   \
    X(CALL_INDIRECT)    /* A cost16 B (selects) type32 table16 */                                                    \
    X(TAIL_CALL)        /* as CALL, CALL_IMPORT, CALL_INDIRECT, and returns what the callee does */                  \
    X(TAIL_CALL_IMPORT)                                                                                              \
    X(TAIL_CALL_INDIRECT)                                                                                            \
    X(MEMORY_SELECT)    /* memory16: the next access is to it; 0 is selected again behind it */                      \
    X(UNREACHABLE)                                                                                                   \
    X(SELECT_S)         /* A B condition C */                                                                        \
    X(SELECT_R)         /* A B C; R is the condition */                                                              \
    X(SELECT_S_R)                                                                                                    \
    X(SELECT_R_R)                                                                                                    \
    X(GLOBAL_GET)       /* global32 C */                                                                             \
    X(GLOBAL_GET_R)     /* global32 */                                                                               \
    X(GLOBAL_SET_S)     /* global32 A */                                                                             \
    X(GLOBAL_SET_R)     /* global32 */                                                                               \
    X(GLOBAL_GET_SHARED) /* the same through the address in the global's slot (imported globals) */                  \
    X(GLOBAL_SET_SHARED)                                                                                             \
    X(SELECT_V128)      /* A B condition C */                                                                        \
    X(GLOBAL_GET_V128)                                                                                               \
    X(GLOBAL_SET_V128)                                                                                               \
    X(GLOBAL_GET_SHARED_V128)                                                                                        \
    X(GLOBAL_SET_SHARED_V128)                                                                                        \
    X(TABLE_GET)        /* A table16 C */                                                                            \
    X(TABLE_SET)        /* A table16 B */                                                                            \
    X(TABLE_SIZE)       /* table16 C */                                                                              \
    X(TABLE_GROW)       /* A (value) B (count) table16 C: old size */                                                \
    X(TABLE_FILL)       /* A (from) B (value) C (count) table16 */                                                   \
    X(TABLE_COPY)       /* A (to) B (from) C (count) to16 from16: tables */                                          \
    X(TABLE_INIT)       /* A (to) B (from) C (count) table16 segment32 */                                            \
    X(ELEM_DROP)        /* segment32 */                                                                              \
    X(MEMORY_SIZE)      /* memory16 C: pages */                                                                      \
    X(MEMORY_GROW)      /* A (pages) memory16 C: old size or -1 */                                                   \
    X(MEMORY_FILL)      /* A (to) B (value) C (count) memory16 */                                                    \
    X(MEMORY_COPY)      /* A (to) B (from) C (count) to16 from16: memories */                                        \
    X(MEMORY_INIT)      /* A (to) B (from) C (count) memory16 segment32 */                                           \
    X(DATA_DROP)        /* segment32 */                                                                              \
    X(REF_FUNC)         /* function32 C */
/* clang-format on */

#define PREP_ENUM(name)                                     P_##name,
#define INSN(code, name, text, immediate, signature, class) PREP_##class(PREP_ENUM, name)
enum prep_op {
#include "runtime/opcodes.def"
    PREP_OWN_LIST(PREP_ENUM) PREP_COUNT
};
#undef INSN
#undef PREP_ENUM
_Static_assert(PREP_COUNT <= UINT16_MAX, "an op is one unit");

/* Added to a row's first op. */
enum {
    FORM_SS,
    FORM_SK,
    FORM_RS,
    FORM_SR,
    FORM_RK,
    FORM_SOURCES, /* of two operands: to the _R forms, then BR_, then BRN_ */
    FORM_BR = 2 * FORM_SOURCES,
    FORM_BRN = 3 * FORM_SOURCES,
    FORM_ADD_BR_RS = 3 * FORM_SOURCES,
    FORM_ADD_BR_RK,
    FORM_PRODUCT_RS = 1,
    FORM_PRODUCT_R = 2,
    FORM_PRODUCTS = 4,  /* to the next operation on one */
    FORM_UNARY_ACC = 1, /* operand in the accumulator */
    FORM_UNARY_R = 2,
    FORM_LOAD_S = 0,
    FORM_LOAD_R,
    FORM_LOAD_K,
    FORM_LOAD_XS,
    FORM_LOAD_XR,
    FORM_LOAD_XK,
    FORM_LOAD_XRK,
    FORM_LOAD_ACC, /* to the _R forms */
    FORM_STORE_SS = 0,
    FORM_STORE_SR,
    FORM_STORE_SK,
    FORM_STORE_RS,
    FORM_STORE_RK,
    FORM_STORE_KS,
    FORM_STORE_KR
};

static inline uint32_t unit_u32(const uint16_t *units)
{
    uint32_t v;
    memcpy(&v, units, sizeof v);
    return v;
}
static inline uint64_t unit_u64(const uint16_t *units)
{
    uint64_t v;
    memcpy(&v, units, sizeof v);
    return v;
}
static inline void unit_put_u32(uint16_t *units, uint32_t v) { memcpy(units, &v, sizeof v); }

#endif
