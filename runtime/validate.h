/* The validator's state for one function body, and the emitter's that rides on it. Internal to runtime/.
 *
 * The operand stack of the algorithm (appendix "Validation Algorithm") carries, beside the type, where the value is: in
 * its own slot, still in a local (local.get emits nothing), or a constant. Only the topmost OPERAND_WINDOW operands may
 * be anything but in their slot, so that every search is bounded. A v128 is two entries, RT_V128 and then
 * TYPE_UPPER_HALF, so that positions on the stack and slots stay the same thing. */
#ifndef WARRANT_RUNTIME_VALIDATE_H
#define WARRANT_RUNTIME_VALIDATE_H

#include "runtime/decode.h"
#include "runtime/opcodes.h"
#include "runtime/prepared.h"

enum { TYPE_UNKNOWN = 0, TYPE_UPPER_HALF = 1, OPERAND_WINDOW = 16 };
#define NO_WORD UINT32_MAX

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
    uint32_t label;      /* LOOP: its word */
    uint32_t patches;    /* last word that waits for the end's address; the others hang from it. NO_WORD: none */
    uint32_t else_patch; /* IF: the word that waits for `else` or `end` */
    uint8_t kind;        /* enum control_kind */
    bool unreachable, live_at_entry;
};

struct body {
    struct decoder *d;
    struct rt_module *module;
    struct function *function;
    uint8_t *local_types;  /* LIMIT_LOCALS; owned by decode_code */
    uint16_t *local_slots; /* first slot of each; LIMIT_LOCALS, owned by decode_code */
    uint32_t local_count;
    uint32_t frame_base; /* slots of all locals: where the operand stack starts */
    struct operand *stack;
    uint32_t height, stack_capacity, max_height;
    struct control *controls;
    uint32_t control_count, control_capacity;
    uint32_t *labels; /* of one br_table */
    uint32_t label_capacity;

    size_t op_offset; /* of the instruction at hand */
    bool live;        /* code that can be reached: only this is emitted */
    uint32_t code_at; /* first word of the function */
    uint32_t last;    /* word of the last instruction if its result may be redirected, else NO_WORD */
    uint32_t cost;    /* instructions of the segment so far */
};

/* validate.c */
MUST_USE enum status validate_body(struct body *b);
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
MUST_USE enum status validate_lanes(struct body *b, const struct op_info *info); /* vectors with lanes, or three */
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

/* prepare.c. Each does nothing and succeeds while the code is not live. `at` is an index of the operand stack. */
static inline uint32_t slot_of(const struct body *b, uint32_t at) { return b->frame_base + at; }
MUST_USE enum status prep_emit(struct body *b, uint64_t word);        /* no result to redirect */
MUST_USE enum status prep_emit_result(struct body *b, uint64_t word); /* one word with its result in C */
MUST_USE enum status prep_emit_pair(struct body *b, uint64_t word, uint64_t second, bool result);
MUST_USE enum status prep_emit_triple(struct body *b, uint64_t word, uint64_t second, uint64_t third);
/* A load (result) or store of one word, entered into the code map. The interpreter has memory 0 at hand; another one is
 * selected for the access, and memory 0 again behind it. */
MUST_USE enum status prep_emit_access(struct body *b, uint32_t memory, uint64_t word, bool result);
/* Enters the next instruction into the code map. charged: its segment's cost is charged before it can trap. */
MUST_USE enum status prep_map(struct body *b, bool charged);
/* The slot to read an operand from; puts a constant into its slot first. */
MUST_USE enum status prep_use(struct body *b, uint32_t at, uint32_t *ret_slot);
/* Puts the operands [first, past) into their own slots. */
MUST_USE enum status prep_flush(struct body *b, uint32_t first, uint32_t past);
/* Writes the operand at `at` to a local whose slot this is (local.set, local.tee). */
MUST_USE enum status prep_local_set(struct body *b, uint32_t at, uint32_t slot);
MUST_USE enum status prep_const(struct body *b, uint64_t bits, uint32_t slot);
/* The segment's cost, at most 16 bits (a CHARGE takes the rest), and begins a new segment. */
MUST_USE enum status prep_take_cost(struct body *b, uint32_t *ret);

/* prepare_branch.c */
/* Charges what the segment has cost so far but the last `keep` instructions, as a label follows. */
MUST_USE enum status prep_charge(struct body *b, uint32_t keep);
void prep_bind_label(struct body *b);
/* Goes to the label of `target` with `count` operands from `at` on. */
MUST_USE enum status prep_branch(struct body *b, struct control *target, uint32_t at, uint32_t count);
/* The same if the operand `condition` is not zero. */
MUST_USE enum status prep_branch_if(struct body *b, struct control *target, uint32_t at, uint32_t count,
                                    uint32_t condition);
/* A conditional branch to be patched; inverted: taken if the operand is zero. */
MUST_USE enum status prep_condition(struct body *b, uint32_t condition, bool inverted, uint32_t *ret_patch);
MUST_USE enum status prep_branch_table(struct body *b, uint32_t selector, uint32_t at, uint32_t count,
                                       uint32_t label_count);
MUST_USE enum status prep_return(struct body *b, uint32_t at, uint32_t count);
/* Makes the word `patch` lead to the next instruction. */
void prep_patch(struct body *b, uint32_t patch);
/* All words that wait for the end of `control`. */
void prep_patch_all(struct body *b, const struct control *control);
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
