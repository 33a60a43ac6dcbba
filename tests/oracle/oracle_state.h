/* The oracle's state, shared by its files. Positions count bytes from the start of a function's body. */
#ifndef WARRANT_TESTS_ORACLE_STATE_H
#define WARRANT_TESTS_ORACLE_STATE_H

#include "oracle.h"
#include "runtime/opcodes.h"

enum { ORACLE_UPPER = 1 }; /* the type of a v128's second slot */

struct oracle_block {
    uint32_t start;     /* its block, loop or if */
    uint32_t otherwise; /* its else; 0: none */
    uint32_t end;
    bool bound; /* something that can be reached branches behind the end */
};

/* What is known of a function before it runs. */
struct oracle_plan {
    uint32_t *local_types;
    uint32_t *local_slots;
    uint32_t local_count, code;  /* code: position of the first instruction */
    struct oracle_block *blocks; /* in the order of `start` */
    uint32_t block_count;
};

struct oracle_label {
    const struct oracle_block *block; /* NULL: the function's own */
    uint64_t height;                  /* of the stack below the block's parameters */
    uint32_t slots;                   /* that a branch takes along */
    uint32_t results;                 /* slots that the block leaves */
    bool loop;
};

struct oracle_frame {
    const struct function *function;
    const struct oracle_plan *plan;
    uint64_t base;   /* slot of local 0 */
    uint32_t labels; /* of the frames before */
    struct cursor in;
};

struct oracle {
    struct oracle *next;
    struct oracle_world *world;
    struct rt_instance *instance;
    uint64_t *stack;
    uint32_t *types; /* of each slot below `height`: enum rt_type, ORACLE_UPPER */
    uint64_t height, slots;
    struct oracle_frame *frames;
    uint32_t frame_count, frame_capacity, label_count, label_capacity, nesting;
    struct oracle_label *labels;
    struct oracle_plan **plans; /* by function index; NULL: not made yet */
    uint32_t at;                /* position of the instruction at hand */
    int64_t pending;            /* instructions of the segment so far */
    struct rt_trap trap;
};

_Noreturn void oracle_fail(const struct oracle *o, const char *what);
void *oracle_grow(void *array, uint32_t count, uint32_t *capacity, size_t size);
static inline struct oracle_frame *oracle_frame(struct oracle *o) { return &o->frames[o->frame_count - 1]; }

/* oracle_stack.c */
void oracle_push(struct oracle *o, uint32_t type, const uint64_t *bits); /* two slots of a v128 */
void oracle_push_number(struct oracle *o, uint32_t type, uint64_t bits);
void oracle_pop(struct oracle *o, uint32_t type, uint64_t *ret);
uint64_t oracle_pop_number(struct oracle *o, uint32_t type);
uint32_t oracle_pop_i32(struct oracle *o);
uint32_t oracle_pop_any(struct oracle *o, uint64_t ret[2]); /* returns the type */
/* Takes the topmost slots down to `to`, where the stack then ends. */
void oracle_slide(struct oracle *o, uint64_t to, uint32_t slots);

/* oracle_plan.c */
struct oracle_plan *oracle_plan_create(const struct rt_module *module, const struct function *function);
void oracle_plan_free(struct oracle_plan *plan);
const struct oracle_block *oracle_block_find(const struct oracle_plan *plan, uint32_t start);
/* Readers of validated bytes. */
const struct insn_info *oracle_read_op(struct cursor *in);
uint32_t oracle_read_u32(struct cursor *in);
int64_t oracle_read_s64(struct cursor *in);
int64_t oracle_read_s33(struct cursor *in);
int32_t oracle_read_s32(struct cursor *in);
uint8_t oracle_read_u8(struct cursor *in);
void oracle_read_bytes(struct cursor *in, void *ret, size_t size);
struct rt_functype oracle_block_type(const struct rt_module *module, struct cursor *in, uint32_t *single);

/* oracle_control.c */
enum rt_trap_kind oracle_control(struct oracle *o, const struct insn_info *info);
enum rt_trap_kind oracle_segment_end(struct oracle *o);
enum rt_trap_kind oracle_enter(struct oracle *o, const struct function *function, uint64_t base);
struct oracle *oracle_of(struct oracle_world *world, struct rt_instance *instance);

/* oracle_numbers.c, oracle_floats.c: false where the instruction is none of theirs. */
bool oracle_integer(enum insn insn, const uint64_t *in, uint64_t *ret, enum rt_trap_kind *ret_trap);
bool oracle_float(enum insn insn, const uint64_t *in, uint64_t *ret, enum rt_trap_kind *ret_trap);
/* oracle_vector.c: rows of opcodes_simd.def; at: the first byte of an access. */
void oracle_vector(const struct insn_info *info, uint64_t *in, uint32_t lane, const uint8_t *lanes, uint8_t *at,
                   uint64_t ret[2]);
/* oracle_other.c */
enum rt_trap_kind oracle_regular(struct oracle *o, const struct insn_info *info);
enum rt_trap_kind oracle_other(struct oracle *o, const struct insn_info *info);

#endif
