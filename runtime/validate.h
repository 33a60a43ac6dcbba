/* The validator's state for one function body. Internal to runtime/.
 *
 * The operand stack of the algorithm (appendix "Validation Algorithm") is an array of types. A v128 is two entries,
 * RT_V128 and then TYPE_UPPER_HALF, so that positions on the stack and slots are the same thing. Lists of types (of
 * blocks, calls, branches) are compared and copied as a whole, so that no instruction costs more than a few ns per byte
 * of a list, and lists are bounded by LIMIT_PARAMS. While a body is prepared, a second array says where each value is:
 * in its own slot, still in a local (local.get emits nothing), or a constant. Only the topmost OPERAND_WINDOW operands
 * may be anything but in their slot, so that every search is bounded.
 *
 * A body is read twice: when the module is loaded, to validate it, and at the function's first call, to prepare it
 * (prepare.h), by the same code; the first time nothing is emitted. */
#ifndef WARRANT_RUNTIME_VALIDATE_H
#define WARRANT_RUNTIME_VALIDATE_H

#include "runtime/base/platform.h"
#include "runtime/decode.h"
#include "runtime/opcodes.h"
#include "runtime/prepared.h"

enum { OPERAND_WINDOW = 16, LOCALS_AT_HAND = 128 };
#define NO_UNIT UINT32_MAX

enum operand_kind { OPERAND_SLOT, OPERAND_LOCAL, OPERAND_CONST };
struct operand {
    uint64_t bits;  /* CONST: as it lies in a slot */
    uint32_t type;  /* as the stack of types has it */
    uint16_t local; /* LOCAL: its slot */
    uint8_t kind;   /* enum operand_kind */
};

/* A local's type and slot; of a run of equal ones the first's, and the index behind the last. */
struct local {
    uint32_t type, slot;
};
struct local_run {
    struct local first;
    uint32_t index, past;
};

enum control_kind { CONTROL_FUNCTION, CONTROL_BLOCK, CONTROL_LOOP, CONTROL_IF, CONTROL_ELSE };
struct control {
    const struct type_def *type;
    uint32_t height;     /* of the operand stack below the parameters */
    uint32_t label;      /* LOOP: its unit */
    uint32_t patches;    /* last target that waits for the end; the others hang from it. NO_UNIT: none */
    uint32_t else_patch; /* IF: the target that waits for `else` or `end` */
    uint32_t stamp;      /* of the last br_table that has this label */
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
    uint32_t last_row;     /* which enum insn it is a form of, INSN_COUNT: of none */
    uint32_t last_sources; /* in which form its operands are */
    uint32_t acc_before;   /* what R mirrored before it */
    /* Of watched code. */
    bool watched;           /* what tells of calls and pieces is emitted */
    uint32_t first;         /* the segment's first instruction, in the module file */
    uint32_t pieces_before; /* the number of the function's first piece */
    uint32_t piece_count, piece_capacity;
    struct rt_piece *pieces; /* owned */
    /* To find out where in the module an instruction of prepared code comes from. */
    uint32_t watch; /* its unit; NO_UNIT: nothing is asked */
    bool mapped;    /* `here` is of the instruction that is about to begin */
    struct code_place here, place;
};

struct body {
    struct decoder *d;
    const struct rt_module *module;
    const struct function *function;
    struct local locals[LOCALS_AT_HAND]; /* the first ones */
    struct local_run *runs;              /* all that are no parameters, in runs of one type; owned */
    uint32_t run_count, run_capacity;
    uint32_t local_count;
    uint32_t frame_base;   /* slots of all locals: where the operand stack starts */
    uint32_t *types;       /* the operand stack; owned */
    struct operand *stack; /* where the operands are, while preparing; owned */
    uint32_t height, stack_capacity, max_height;
    uint32_t floor;     /* height of the innermost block's stack at its start */
    uint32_t watermark; /* at this height and above, a push has more to do than store a type */
    uint32_t room;      /* entries that there is memory for, and that the frame may have */
    uint32_t stamp;     /* of the br_table at hand */
    struct control *controls;
    uint32_t control_count, control_capacity;
    uint32_t *labels; /* of one br_table */
    uint32_t label_capacity;

    size_t insn_offset; /* of the instruction at hand */
    bool live;          /* code that can be reached */
    bool has_memory;    /* memory 0, with addresses of type i32 */
    bool preparing;     /* the second reading */
    bool emitting;      /* live and preparing */
    struct emitter out;
};

/* validate.c */
void body_init(struct body *b, struct decoder *d);
void body_done(struct body *b);
/* Reads the body of `function` from `in`; with b->preparing, emits it. */
MUST_USE enum status validate_body(struct body *b, const struct function *function, struct cursor in);
/* To be called when any of what it looks at has changed. */
static inline void stack_mark(struct body *b)
{
    uint32_t limit = LIMIT_FRAME_SLOTS - b->frame_base;
    if (limit > b->stack_capacity)
        limit = b->stack_capacity;
    b->room = limit;
    if (b->live && limit > b->max_height)
        limit = b->max_height;
    b->watermark = b->emitting ? 0 : limit;
}
static inline void set_live(struct body *b, bool live)
{
    b->live = live;
    b->emitting = live && b->preparing;
    stack_mark(b);
}
enum status body_fail(struct body *b, const char *format, ...) __attribute__((format(printf, 2, 3), cold));
const char *type_text(uint32_t type);
static inline struct control *control_top(const struct body *b) { return &b->controls[b->control_count - 1]; }

/* The general forms; what is inlined below is their usual case. */
MUST_USE enum status operand_pop_slow(struct body *b, uint32_t expected);
MUST_USE enum status operands_pop_slow(struct body *b, uint32_t count, const uint32_t *types);
MUST_USE enum status operand_push_slow(struct body *b, struct operand operand);

/* Pops one operand; the entry (or the two of a v128) stays readable at stack[height]. Where all types will do, see
 * operand_pop_any. */
MUST_USE static inline enum status operand_pop(struct body *b, uint32_t expected)
{
    if (UNLIKELY(b->height == b->floor || b->types[b->height - 1] != expected))
        return operand_pop_slow(b, expected);
    b->height--;
    return STATUS_OK;
}
MUST_USE enum status operand_pop_any(struct body *b, uint32_t *ret);
/* Pops operands of these types, which are as they lie on the stack, see struct type_def. */
MUST_USE static inline enum status operands_pop(struct body *b, uint32_t count, const uint32_t *types)
{
    return count == 0 ? STATUS_OK : count == 1 ? operand_pop(b, *types) : operands_pop_slow(b, count, types);
}
/* Pushes an operand that lies in its slot. */
MUST_USE static inline enum status operand_push(struct body *b, uint32_t type)
{
    if (UNLIKELY(b->height >= b->watermark || type == RT_V128))
        return operand_push_slow(b, (struct operand) { .kind = OPERAND_SLOT, .type = type });
    b->types[b->height++] = type;
    return STATUS_OK;
}
MUST_USE enum status operands_push(struct body *b, uint32_t count, const uint32_t *types);
/* Pushes one that is a constant or a local still; upper: the bits of a v128's second half. */
MUST_USE enum status operand_push_lazy(struct body *b, struct operand operand, uint64_t upper);

/* One function per class of irregular instructions; regular ones share one. */
/* validate_locals.c: reads the declarations; reads the index of a local. */
MUST_USE enum status validate_locals(struct body *b);
MUST_USE enum status validate_local(struct body *b, struct local *ret);
MUST_USE enum status validate_regular(struct body *b, const struct insn_info *info);
MUST_USE enum status validate_vector(struct body *b, const struct insn_info *info);
MUST_USE enum status validate_control(struct body *b, enum insn insn);
MUST_USE enum status control_push(struct body *b, enum control_kind kind, const struct type_def *type);
MUST_USE enum status validate_parametric(struct body *b, enum insn insn);
MUST_USE enum status validate_variable(struct body *b, enum insn insn);
MUST_USE enum status validate_table(struct body *b, enum insn insn);
MUST_USE enum status validate_memory(struct body *b, enum insn insn);
MUST_USE enum status validate_reference(struct body *b, enum insn insn);

/* What follows the opcode of a load or store (5.4.7). */
struct memarg {
    uint32_t memory, offset;
};
MUST_USE enum status validate_memarg(struct body *b, const struct insn_info *info, struct memarg *ret);
/* Pops a regular row's parameters, from the last to number `first`; those of an access, whose address is of the
 * memory's type. */
MUST_USE enum status validate_params(struct body *b, const struct insn_info *info, uint32_t first);
MUST_USE enum status validate_access_operands(struct body *b, const struct insn_info *info, const struct memarg *m);

static inline uint32_t label_slots(const struct control *c)
{
    return c->kind == CONTROL_LOOP ? c->type->param_slots : c->type->result_slots;
}
static inline const uint32_t *label_types(const struct control *c)
{
    return c->kind == CONTROL_LOOP ? c->type->param_stack : c->type->result_stack;
}

#endif
