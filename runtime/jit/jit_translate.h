/* The translation of one function to LLVM's representation, and what its parts share. Internal to runtime/jit/.
 *
 * verify_abi.h has the form of a compiled function and of its way in. More than one result are left in the slots from
 * `fp` on, as in any frame. fp: where the interpreter would have its frame, so that the limit on the value stack is met
 * by the same call. The way in takes and gives everything in memory.
 *
 * References are numbers of 64 bits. Locals are memory of the native frame until LLVM's pass `sroa` has made values of
 * them; operands are values from the start. Segments begin and end where prepare_branch.c has them, so that fuel is
 * looked at by the same instructions. Code that cannot be reached is read and skipped. */
#ifndef WARRANT_RUNTIME_JIT_TRANSLATE_H
#define WARRANT_RUNTIME_JIT_TRANSLATE_H

#include <llvm-c/Core.h>
#include "runtime/instance.h"
#include "runtime/jit/jit_reader.h"
#include "runtime/jit/jit_site.h"
#include "runtime/layout.h"
#include "runtime/validate.h"
#include "runtime/verify/verify_abi.h"

struct verify_object; /* verify.h */

/* What memory is accessed: no two overlap. The guest's; what layout.h lists; slots: frames, globals. */
enum jit_tag { JIT_TAG_GUEST, JIT_TAG_CONTEXT, JIT_TAG_SLOT, JIT_TAG_COUNT };

/* A module that is being translated. */
struct jit_module {
    const struct rt_module *module;
    struct jit_sites sites;
    bool *compiled;                                           /* by function; owned by the caller */
    const char **left;                                        /* likewise: why the verifier refuses it */
    void (*checked)(void *env, struct verify_object *object); /* told of what was verified; NULL: nobody */
    void *checked_env;
    unsigned convention; /* of the functions' calls: LLVM's number */
    LLVMContextRef context;
    LLVMModuleRef llvm;
    LLVMBuilderRef builder;
    LLVMTypeRef i1, i8, i16, i32, i64, f32, f64, v128, pointer, none;
    unsigned tag_kind; /* metadata that says what an access cannot touch */
    LLVMValueRef tags[JIT_TAG_COUNT];
    LLVMTypeRef helper_types[VERIFY_HELPER_COUNT];
};

struct jit_control {
    const struct type_def *type;
    uint32_t height;          /* of the operand stack below the parameters */
    LLVMBasicBlockRef target; /* LOOP: its head; else what is behind its end. Its first instructions are a phi for each
                                 value that a branch brings. NULL: the function */
    LLVMBasicBlockRef otherwise; /* IF: the other way, with phis for the parameters */
    uint8_t kind;                /* enum control_kind */
    bool live_at_entry, reached;
};

struct jit_function {
    struct jit_module *m;
    struct jit_reader r;
    const struct function *function;
    LLVMValueRef llvm, vm, fp, depth, fuel, scratch; /* fuel, scratch: memory of the frame */
    LLVMValueRef *locals;                            /* memory of the frame; owned */
    uint32_t *local_types;                           /* owned */
    uint32_t local_count, local_capacity;
    LLVMValueRef *stack; /* operands; owned */
    uint32_t *types;     /* theirs; owned */
    uint32_t *slots;     /* where the interpreter has them in the frame; owned */
    uint32_t height, stack_capacity;
    struct jit_control *controls; /* owned */
    uint32_t control_count, control_capacity;
    uint32_t cost; /* of the segment so far, the instruction at hand included */
    bool live;
    uint32_t skipped; /* blocks that began where nothing is live */
};

/* jit_translate.c */
MUST_USE enum status jit_translate(struct jit_module *m, const struct function *function);
/* Whether the row has a translation. */
bool jit_row_translated(enum insn insn);
static inline uint32_t jit_width(uint32_t type) { return type == RT_V128 ? 2 : 1; } /* in slots */
LLVMTypeRef jit_type(const struct jit_module *m, uint32_t type);
MUST_USE enum status jit_push(struct jit_function *f, LLVMValueRef value, uint32_t type);
LLVMValueRef jit_pop(struct jit_function *f);

/* jit_emit.c: small steps. */
LLVMValueRef jit_i32(const struct jit_module *m, uint32_t value);
LLVMValueRef jit_i64(const struct jit_module *m, uint64_t value);
LLVMValueRef jit_tag(const struct jit_function *f, LLVMValueRef access, enum jit_tag tag);
/* The address of what lies `offset` bytes behind `base`; the value there, of what layout.h lists. */
LLVMValueRef jit_at(struct jit_function *f, LLVMValueRef base, uint64_t offset);
LLVMValueRef jit_field(struct jit_function *f, LLVMTypeRef type, LLVMValueRef base, uint64_t offset);
LLVMValueRef jit_fuel(struct jit_function *f);
/* After something outside has run. */
void jit_fuel_reload(struct jit_function *f);
LLVMBasicBlockRef jit_block(struct jit_function *f, const char *name);
/* The instruction at hand, as a place that has `pending` instructions not charged; NO_MEMORY where it is 0. */
MUST_USE enum status jit_site(struct jit_function *f, uint32_t pending, LLVMValueRef *ret);
MUST_USE enum status jit_trap_if(struct jit_function *f, LLVMValueRef condition, enum rt_trap_kind kind,
                                 uint32_t pending);
MUST_USE enum status jit_trap(struct jit_function *f, enum rt_trap_kind kind, uint32_t pending);
LLVMValueRef jit_help(struct jit_function *f, enum verify_helper helper, LLVMValueRef *arguments, unsigned count);
LLVMValueRef jit_intrinsic(struct jit_function *f, const char *name, LLVMTypeRef type, LLVMTypeRef other,
                           LLVMValueRef *arguments, unsigned count);
/* Ends the segment but for its last `keep` instructions. */
MUST_USE enum status jit_charge(struct jit_function *f, uint32_t keep);
/* What branches back to a loop and calls look at. */
MUST_USE enum status jit_poll(struct jit_function *f);
/* A value as a slot has it, and back. */
void jit_slot_put(struct jit_function *f, LLVMValueRef base, uint32_t slot, LLVMValueRef value, uint32_t type);
LLVMValueRef jit_slot_get(struct jit_function *f, LLVMValueRef base, uint32_t slot, uint32_t type);

/* jit_vector_row.c; every row of a vector class has a translation. Executes a row on VERIFY_SCRATCH_SLOTS slots,
 * operands two slots each from the first on, the result in the last two; false where `insn` is no such row or `at` is
 * not inside the memory. */
enum { JIT_SCRATCH_RESULT = VERIFY_SCRATCH_SLOTS - 2 };
MUST_USE bool jit_vector_row(uint64_t *slots, uint32_t insn, const struct memory *memory, uint64_t low, uint64_t high,
                             uint8_t *at);

/* By class; the reader has the instruction. rows: whether it has a translation. */
bool jit_numeric_rows(enum insn insn);
MUST_USE enum status jit_numeric(struct jit_function *f);
bool jit_float_rows(enum insn insn);
MUST_USE enum status jit_float(struct jit_function *f);
LLVMValueRef jit_float_canonical(struct jit_function *f, LLVMValueRef x);
bool jit_convert_rows(enum insn insn);
MUST_USE enum status jit_convert(struct jit_function *f);
bool jit_access_rows(enum insn insn);
MUST_USE enum status jit_access(struct jit_function *f);
/* The place of `bytes` in memory, once they are known to lie inside. */
MUST_USE enum status jit_access_place(struct jit_function *f, LLVMValueRef address, uint32_t bytes, LLVMValueRef *ret);
MUST_USE enum status jit_vector(struct jit_function *f);
MUST_USE enum status jit_control(struct jit_function *f);
MUST_USE enum status jit_control_push(struct jit_function *f, enum control_kind kind, const struct type_def *type);
MUST_USE enum status jit_call(struct jit_function *f);
MUST_USE enum status jit_call_indirect(struct jit_function *f);
MUST_USE enum status jit_tail_call(struct jit_function *f);
MUST_USE enum status jit_tail_call_indirect(struct jit_function *f);
/* With the topmost operands, or as many as there are results. */
MUST_USE enum status jit_leave_function(struct jit_function *f);
MUST_USE enum status jit_variable(struct jit_function *f);
MUST_USE enum status jit_parametric(struct jit_function *f);
MUST_USE enum status jit_reference(struct jit_function *f);
MUST_USE enum status jit_table(struct jit_function *f);
MUST_USE enum status jit_memory(struct jit_function *f);

/* jit_module.c */
LLVMTypeRef jit_function_type(const struct jit_module *m, const struct type_def *type);
LLVMValueRef jit_function_get(const struct jit_module *m, uint32_t function);

#endif
