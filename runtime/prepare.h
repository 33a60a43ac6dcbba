/* The emitter of prepared code, which rides on the validator's second reading of a body (validate.h). Internal to
 * runtime/. Every function here does nothing and succeeds while nothing is to be emitted. `at` is an index of the
 * operand stack; an operand just popped stays readable there. */
#ifndef WARRANT_RUNTIME_PREPARE_H
#define WARRANT_RUNTIME_PREPARE_H

#include "runtime/validate.h"

static inline uint32_t slot_of(const struct body *b, uint32_t at) { return b->frame_base + at; }

/* prepare.c. An instruction is prep_op, then its operands; a result comes last. */
MUST_USE enum status prep_op(struct body *b, uint32_t op);
/* Makes the last instruction into another, which has its operands and then more. */
MUST_USE enum status prep_extend(struct body *b, uint32_t op);
/* Room for as many units more; prep_op makes it for an instruction of the usual length. */
MUST_USE enum status prep_room(struct body *b, uint32_t units);
void prep_unit(struct body *b, uint32_t unit);
void prep_u32(struct body *b, uint32_t value);
void prep_u64(struct body *b, uint64_t value);
/* A destination that may be redirected to a local. */
void prep_result(struct body *b, uint32_t slot);
void prep_result_wide(struct body *b, uint32_t slot); /* two slots */
/* The same where the result is in the accumulator, too. row: enum insn; sources: its form; short_op: its form without a
 * destination, 0 where there is none. */
struct prep_form {
    uint32_t row, sources, short_op;
};
void prep_result_acc(struct body *b, uint32_t slot, enum acc acc, struct prep_form form);
/* After slots were written that no destination names, and after what works outside of the interpreter. */
void prep_forget(struct body *b);
/* Where the instruction that is about to be emitted comes from, if that was asked for (trap.c). charged: its segment's
 * cost is charged before it can trap. */
void prep_map(struct body *b, bool charged);
/* The slot to read an operand from; puts a constant into its slot first. */
MUST_USE enum status prep_use(struct body *b, uint32_t at, uint32_t *ret_slot);
/* Puts the operands [first, past) into their own slots. */
MUST_USE enum status prep_flush(struct body *b, uint32_t first, uint32_t past);
/* Writes the operand at `at` to a local whose slot this is (local.set, local.tee). */
MUST_USE enum status prep_local_set(struct body *b, uint32_t at, uint32_t slot);
MUST_USE enum status prep_entry(struct body *b); /* what a function begins with */
/* Memory 0 is at hand; another one is selected for an access, and memory 0 again behind it. */
MUST_USE enum status prep_select_memory(struct body *b, uint32_t memory);
MUST_USE enum status prep_unselect_memory(struct body *b, uint32_t memory);

/* prepare_operands.c: in which form an instruction can have its operands. */
enum acc acc_of(uint32_t type);
/* Whether the accumulator of `acc` holds the operand. */
bool prep_in_acc(const struct body *b, uint32_t at, enum acc acc);
/* The operand is read from its accumulator and nowhere else: it need not be written to its slot. */
void prep_take_acc(struct body *b, uint32_t at);
/* Whether the last instruction is a form of `row` and there for the operand alone. */
bool prep_is_last(const struct body *b, uint32_t at, uint32_t row);
/* Takes the last instruction back, as another one will do its work; gives its sources' units. */
struct prep_sources {
    uint32_t form, count; /* FORM_SS and so on; units */
    uint16_t units[8];
};
struct prep_sources prep_unemit(struct body *b);
/* The sources of an instruction with two operands; commutes: they may change places. Constants that no K can hold have
 * been put into slots. */
MUST_USE enum status prep_pick(struct body *b, uint32_t x, uint32_t y, enum acc acc, bool commutes,
                               struct prep_sources *ret);
/* The sources of an integer's comparison with 0. */
MUST_USE enum status prep_against_zero(struct body *b, uint32_t at, struct prep_sources *ret);
void prep_units(struct body *b, const struct prep_sources *sources);
/* Whether the operand is a constant that a K of 32 bits can hold, sign-extended where the type has 64. */
bool prep_constant(const struct body *b, uint32_t at, uint32_t *ret);

/* prepare_values.c: the regular rows, by class. The operands were popped. */
struct memarg;
MUST_USE enum status prep_unary(struct body *b, const struct insn_info *info, bool traps);
MUST_USE enum status prep_binary(struct body *b, const struct insn_info *info);
MUST_USE enum status prep_test(struct body *b, uint32_t row); /* a comparison, row, with 0 */
MUST_USE enum status prep_select(struct body *b, bool wide);
MUST_USE enum status prep_global_get(struct body *b, const struct global *g, bool shared);
MUST_USE enum status prep_global_set(struct body *b, const struct global *g, bool shared);
/* prepare_access.c */
MUST_USE enum status prep_load(struct body *b, const struct insn_info *info, const struct memarg *m);
MUST_USE enum status prep_store(struct body *b, const struct insn_info *info, const struct memarg *m);
/* words: what follows the opcode (validate_lanes.c). */
MUST_USE enum status prep_vector(struct body *b, const struct insn_info *info, const struct memarg *m,
                                 const uint64_t words[2]);

/* prepare_branch.c */
/* The segment's cost, at most 16 bits (a CHARGE takes the rest), and begins a new segment. */
MUST_USE enum status prep_take_cost(struct body *b, uint32_t *ret);
/* Charges what the segment has cost so far but the last `keep` instructions, as a label follows. */
MUST_USE enum status prep_charge(struct body *b, uint32_t keep);
/* What ends the function follows, with the segment charged before: tells watched code's end. */
MUST_USE enum status prep_left(struct body *b);
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
/* Makes the target at `patch` lead to the next instruction. */
void prep_patch(struct body *b, uint32_t patch);
/* All targets that wait for the end of `control`. */
void prep_patch_all(struct body *b, const struct control *control);

/* prepare_call.c. at: where the arguments begin; selector: of an indirect call. */
MUST_USE enum status prep_call(struct body *b, uint32_t function, uint32_t at, uint32_t params, bool tail);
MUST_USE enum status prep_call_indirect(struct body *b, uint32_t type, uint32_t table, uint32_t at, uint32_t selector,
                                        bool tail);

#endif
