/* Prepared code: what validation emits and the interpreter runs. Internal to runtime/.
 *
 * A function is an array of 64-bit words. Operands are slots of the frame: parameters and locals first, then the
 * operand stack, whose height is known statically, so that no instruction pushes or pops. An instruction's first word
 * is
 *
 *     bits 0-15 op, 16-31 A, 32-47 B, 48-63 C
 *
 * where A and B are sources and C is the destination (the source in stores and other instructions without a result). _K
 * forms hold a signed 16-bit constant in B. A word that names a branch target holds the distance in words from itself
 * in its upper half; a segment's cost (see rt_instance_instructions) stands in the word's lower half, or where the op
 * says. */
#ifndef WARRANT_RUNTIME_PREPARED_H
#define WARRANT_RUNTIME_PREPARED_H

#include <stdint.h>

/* What a regular row of the opcode table becomes. The order is relied on: op, _K, BR_, BR_K. */
#define PREP_UNARY(X, name)   X(name)
#define PREP_BINARY(X, name)  X(name)
#define PREP_INTEGER(X, name) X(name) X(name##_K)
#define PREP_DIVIDE(X, name)  X(name) X(name##_K)
#define PREP_COMPARE(X, name) X(name) X(name##_K) X(BR_##name) X(BR_##name##_K)
#define PREP_TEST(X, name)
#define PREP_TRUNCATE(X, name) X(name)
#define PREP_REINTERPRET(X, name)
#define PREP_LOAD(X, name)  X(name)
#define PREP_STORE(X, name) X(name)
#define PREP_CONST(X, name)
#define PREP_TERNARY(X, name)    X(name) /* W1: third operand */
#define PREP_SHUFFLE(X, name)    X(name) /* W1, W2: the lanes, a byte each */
#define PREP_EXTRACT(X, name)    X(name) /* B: lane */
#define PREP_REPLACE(X, name)    X(name) /* W1: lane */
#define PREP_LOAD_LANE(X, name)  X(name) /* C = B with a lane from address A; W1: offset in the upper half, lane */
#define PREP_STORE_LANE(X, name) X(name) /* the same, from C */
#define PREP_CONTROL(X, name)
#define PREP_PARAMETRIC(X, name)
#define PREP_VARIABLE(X, name)
#define PREP_TABLE(X, name)
#define PREP_MEMORY(X, name)
#define PREP_REFERENCE(X, name)

/* Prepared code of its own, and of irregular rows. LOW: bits 16-47 of the first word as one number. W1: the second
 * word. */
/* clang-format off */
#define PREP_OWN_LIST(X)                                                                                             \
    X(EXIT)           /* leaves the interpreter; what a frame entered from the host returns to */                      \
    X(CHARGE)         /* upper half: cost; the end of a segment that falls into a label */                             \
    X(COPY)           /* C = A */                                                                                    \
    X(MOVE)           /* W1 slots from A to C, ascending */                                                            \
    X(CONST_U32)      /* C = LOW, zero-extended */                                                                   \
    X(CONST_S32)      /* C = LOW, sign-extended */                                                                   \
    X(CONST_64)       /* C = W1 */                                                                                   \
    X(COPY_V128)      /* C = A, two slots; so do the others of this name */                                              \
    X(CONST_V128)     /* C = W1, W2 */                                                                               \
    X(ADD_OFFSET)     /* C = A + W1: an address whose offset does not fit into B */                                    \
    X(BR)             /* upper half: target; cost in A */                                                            \
    X(BR_TABLE)       /* A selects; W1: lower half cost, upper half count; then count + 1 target words */              \
    X(RETURN)         /* B results from slot A; cost in C */                                                         \
    X(RETURN_1)       /* one result, in slot A; cost in C */                                                         \
    X(CALL)           /* W1: the callee's struct function; arguments from slot A; cost in C */                          \
    X(CALL_IMPORT)    /* W1: function index; arguments from slot A; cost in C */                                     \
    X(CALL_INDIRECT)  /* B selects; arguments from slot A; cost in C; W1: table in the upper half, type in the lower */ \
    X(TAIL_CALL)      /* as CALL, CALL_IMPORT, CALL_INDIRECT, and returns what the callee does */                     \
    X(TAIL_CALL_IMPORT)                                                                                              \
    X(TAIL_CALL_INDIRECT)                                                                                            \
    X(MEMORY_SELECT)  /* the next access is to memory LOW; 0 is selected again behind it */                          \
    X(UNREACHABLE)                                                                                                   \
    X(SELECT)         /* C = W1 slot non-zero ? A : B */                                                             \
    X(GLOBAL_GET)     /* C = global LOW */                                                                           \
    X(GLOBAL_SET)     /* global LOW = C */                                                                           \
    X(GLOBAL_GET_SHARED) /* the same through the address in the global's slot (imported globals) */                    \
    X(GLOBAL_SET_SHARED)                                                                                             \
    X(SELECT_V128)                                                                                                   \
    X(GLOBAL_GET_V128)                                                                                               \
    X(GLOBAL_SET_V128)                                                                                               \
    X(GLOBAL_GET_SHARED_V128)                                                                                        \
    X(GLOBAL_SET_SHARED_V128)                                                                                        \
    X(TABLE_GET)      /* C = table W1 [A] */                                                                         \
    X(TABLE_SET)      /* table W1 [A] = C */                                                                         \
    X(TABLE_SIZE)     /* C = size of table W1 */                                                                     \
    X(TABLE_GROW)     /* C = old size; B more elements of value A; table W1 */                                         \
    X(TABLE_FILL)     /* table W1: C elements from A of value B */                                                     \
    X(TABLE_COPY)     /* to A from B, C elements; W1: destination table upper, source table lower */                   \
    X(TABLE_INIT)     /* to A from B, C elements; W1: table upper, segment lower */                                    \
    X(ELEM_DROP)      /* segment LOW */                                                                              \
    X(MEMORY_SIZE)    /* C = pages of memory B */                                                                      \
    X(MEMORY_GROW)    /* C = old size or -1; A pages; memory B */                                                    \
    X(MEMORY_FILL)    /* C bytes from A of value B; memory W1 */                                                     \
    X(MEMORY_COPY)    /* to A from B, C bytes; W1: destination memory upper, source memory lower */                  \
    X(MEMORY_INIT)    /* to A from B, C bytes; W1: memory upper, segment lower */                                    \
    X(DATA_DROP)      /* segment LOW */                                                                              \
    X(REF_FUNC)       /* C = reference to function LOW */
/* clang-format on */

#define PREP_ENUM(name)                                   P_##name,
#define OP(code, name, text, immediate, signature, class) PREP_##class(PREP_ENUM, name)
enum prep_op {
#include "runtime/opcodes.def"
    PREP_OWN_LIST(PREP_ENUM) PREP_COUNT
};
#undef OP
#undef PREP_ENUM

enum { PREP_K = 1, PREP_BRANCH = 2 }; /* added to a comparison's op: constant form, fused branch */

static inline uint64_t prep_word(uint32_t op, uint32_t a, uint32_t b, uint32_t c)
{
    return (uint64_t)(op & 0xffff) | (uint64_t)(a & 0xffff) << 16 | (uint64_t)(b & 0xffff) << 32 | (uint64_t)c << 48;
}
static inline uint64_t prep_low(uint32_t op, uint32_t low, uint32_t c)
{
    return (uint64_t)(op & 0xffff) | (uint64_t)low << 16 | (uint64_t)c << 48;
}
static inline uint32_t prep_op(uint64_t w) { return (uint16_t)w; }
static inline uint32_t prep_a(uint64_t w) { return (uint16_t)(w >> 16); }
static inline uint32_t prep_b(uint64_t w) { return (uint16_t)(w >> 32); }
static inline uint32_t prep_c(uint64_t w) { return (uint32_t)(w >> 48); }
static inline uint32_t prep_low_get(uint64_t w) { return (uint32_t)(w >> 16); }

#endif
