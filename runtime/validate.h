/* The validator's state for one function body. Internal to runtime/.
 *
 * The operand stack of the algorithm (appendix "Validation Algorithm") carries, beside the type, where the value is: in
 * its own slot, still in a local (local.get emits nothing), or a constant. Only the topmost OPERAND_WINDOW operands may
 * be anything but in their slot, so that every search is bounded. A v128 is two entries, RT_V128 and then
 * TYPE_UPPER_HALF, so that positions on the stack and slots stay the same thing.
 *
 * A body is read twice: when the module is loaded, to validate it, and at the function's first call, to prepare it
 * (prepare.h), by the same code; the first time nothing is emitted. */
#ifndef WARRANT_RUNTIME_VALIDATE_H
#define WARRANT_RUNTIME_VALIDATE_H

#include "runtime/decode.h"
#include "runtime/opcodes.h"
#include "runtime/prepared.h"

enum { TYPE_UNKNOWN = 0, TYPE_UPPER_HALF = 1, OPERAND_WINDOW = 16 };
#define NO_UNIT UINT32_MAX

enum operand_kind { OPERAND_SLOT, OPERAND_LOCAL, OPERAND_CONST };
struct operand {
    uint64_t bits;  /* CONST: as it lies in a slot */
    uint16_t local; /* LOCAL: its slot */
    uint8_t kind, type;
};

enum control_kind { CONTROL_FUNCTION, CONTROL_BLOCK, CONTROL_LOOP, CONTROL_IF, CONTROL_ELSE };
struct control {
    struct rt_functype type;
    uint32_t height;     /* of the operand stack below the parameters */
    uint32_t label;      /* LOOP: its unit */
    uint32_t patches;    /* last target that waits for the end; the others hang from it. NO_UNIT: none */
    uint32_t else_patch; /* IF: the target that waits for `else` or `end` */
    uint8_t kind;        /* enum control_kind */
    bool unreachable, live_at_entry;
    bool reached; /* some branch that can be reached goes to its end */
};

/* What has been emitted of the function, see prepare.c. */
struct emitter {
    uint16_t *code;
    uint32_t count, capacity;     /* units */
    uint32_t cost;                /* instructions of the segment so far */
    uint32_t acc_slot[ACC_COUNT]; /* which slot the accumulator mirrors; NO_UNIT: none */
    uint32_t begun, before;       /* where the instruction at hand begins, and the one before it; NO_UNIT: unknown */
    uint32_t label;               /* where the last label is; nothing moves across it */
    /* The last instruction, as long as its result may be redirected. */
    uint32_t last;         /* NO_UNIT: there is none */
    uint32_t last_dest;    /* where its destination stands */
    uint32_t last_short;   /* the op of its form without a destination; 0: it has none */
    uint32_t last_row;     /* which enum op it is a form of, OP_COUNT: of none */
    uint32_t last_sources; /* in which form its operands are */
    uint32_t acc_before;   /* what R mirrored before it */
    /* To find out where in the module an instruction of prepared code comes from. */
    uint32_t watch; /* its unit; NO_UNIT: nothing is asked */
    bool mapped;    /* `here` is of the instruction that is about to begin */
    struct code_place here, place;
};

struct body {
    struct decoder *d;
    const struct rt_module *module;
    const struct function *function;
    uint8_t *local_types;  /* LIMIT_LOCALS; owned */
    uint16_t *local_slots; /* first slot of each; LIMIT_LOCALS, owned */
    uint32_t local_count;
    uint32_t frame_base; /* slots of all locals: where the operand stack starts */
    struct operand *stack;
    uint32_t height, stack_capacity, max_height;
    struct control *controls;
    uint32_t control_count, control_capacity;
    uint32_t *labels; /* of one br_table */
    uint32_t label_capacity;

    size_t op_offset; /* of the instruction at hand */
    bool live;        /* code that can be reached */
    bool preparing;   /* the second reading */
    bool emitting;    /* live and preparing */
    struct emitter out;
};

/* validate.c */
MUST_USE enum status body_init(struct body *b, struct decoder *d); /* the owned arrays */
void body_done(struct body *b);                                    /* half-built ones too */
/* Reads the body of `function` from `in`; with b->preparing, emits it. */
MUST_USE enum status validate_body(struct body *b, const struct function *function, struct cursor in);
static inline void set_live(struct body *b, bool live)
{
    b->live = live;
    b->emitting = live && b->preparing;
}
enum status body_fail(struct body *b, const char *format, ...) __attribute__((format(printf, 2, 3)));
const char *type_text(uint8_t type);
static inline struct control *control_top(const struct body *b) { return &b->controls[b->control_count - 1]; }
/* Pops one operand; the entry (or the two of a v128) stays readable at stack[height]. */
MUST_USE enum status operand_pop(struct body *b, uint8_t expected);
MUST_USE enum status operand_pop_any(struct body *b, uint8_t *ret);
MUST_USE enum status operands_pop(struct body *b, uint32_t count, const uint8_t *types);
/* Pushes an operand that lies in its slot. */
MUST_USE enum status operand_push(struct body *b, uint8_t type);
MUST_USE enum status operands_push(struct body *b, uint32_t count, const uint8_t *types);
/* Pushes one that is a constant or a local still; upper: the bits of a v128's second half. */
MUST_USE enum status operand_push_lazy(struct body *b, struct operand operand, uint64_t upper);

/* One function per class of irregular instructions; regular ones share one. */
MUST_USE enum status validate_regular(struct body *b, const struct op_info *info);
MUST_USE enum status validate_vector(struct body *b, const struct op_info *info);
MUST_USE enum status validate_control(struct body *b, enum op op);
MUST_USE enum status control_push(struct body *b, enum control_kind kind, struct rt_functype type);
MUST_USE enum status validate_parametric(struct body *b, enum op op);
MUST_USE enum status validate_variable(struct body *b, enum op op);
MUST_USE enum status validate_table(struct body *b, enum op op);
MUST_USE enum status validate_memory(struct body *b, enum op op);
MUST_USE enum status validate_reference(struct body *b, enum op op);

/* What follows the opcode of a load or store (5.4.7). */
struct memarg {
    uint32_t memory, offset;
};
MUST_USE enum status validate_memarg(struct body *b, const struct op_info *info, struct memarg *ret);

static inline uint32_t label_slots(const struct control *c)
{
    return c->kind == CONTROL_LOOP ? rt_type_slots(c->type.param_count, c->type.params)
                                   : rt_type_slots(c->type.result_count, c->type.results);
}
static inline uint32_t label_arity(const struct control *c)
{
    return c->kind == CONTROL_LOOP ? c->type.param_count : c->type.result_count;
}
static inline const uint8_t *label_types(const struct control *c)
{
    return c->kind == CONTROL_LOOP ? c->type.params : c->type.results;
}

#endif
