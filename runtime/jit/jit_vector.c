/* Vectors. A row is a call of the engine's own function for it (jit_vector_row.c), which finds operands and result in
 * slots: in the frame's scratch memory here. Loads, stores and constants of a whole vector are LLVM's, as are the
 * operations on all its bits. So every row is right from the start, and the rows that matter for speed can be written
 * out later, one by one, against the same tests. */
#include "runtime/jit/jit_translate.h"

static enum status call_row(struct jit_function *f)
{
    const struct jit_reader *r = &f->r;
    const struct insn_info *info = r->info;
    struct jit_module *m = f->m;
    LLVMValueRef at = LLVMConstNull(m->pointer), operands[3] = { NULL };
    for (uint32_t i = info->param_count; i > 0; i--)
        operands[i - 1] = jit_pop(f);
    bool accesses = INSN_HAS_MEMARG(info), shuffles = info->class == INSN_CLASS_V_SHUFFLE;
    if (accesses)
        TRY(jit_access_place(f, operands[0], 1u << info->immediate, &at));
    for (uint32_t i = accesses; i < info->param_count; i++)
        jit_slot_put(f, f->scratch, 2 * i, operands[i], info->params[i]);
    LLVMValueRef arguments[] = { f->vm,
                                 f->scratch,
                                 jit_i32(m, r->insn),
                                 jit_i32(m, accesses ? r->x : 0),
                                 jit_i64(m, shuffles ? r->bits[0] : r->lane),
                                 jit_i64(m, shuffles ? r->bits[1] : 0),
                                 at };
    jit_help(f, VERIFY_HELPER_vector, arguments, 7);
    return info->result ? jit_push(f, jit_slot_get(f, f->scratch, JIT_SCRATCH_RESULT, info->result), info->result)
                        : STATUS_OK;
}

static LLVMValueRef constant(struct jit_function *f, uint64_t low, uint64_t high)
{
    LLVMValueRef lanes[] = { jit_i64(f->m, low), jit_i64(f->m, high) };
    return LLVMConstVector(lanes, 2);
}

static enum status whole_access(struct jit_function *f)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMValueRef value = f->r.insn == INSN_V128_STORE ? jit_pop(f) : NULL, at;
    TRY(jit_access_place(f, jit_pop(f), sizeof f->r.bits, &at));
    LLVMValueRef access = value ? LLVMBuildStore(b, value, at) : LLVMBuildLoad2(b, f->m->v128, at, "");
    LLVMSetAlignment(jit_tag(f, access, JIT_TAG_GUEST), 1);
    return value ? STATUS_OK : jit_push(f, access, RT_V128);
}

/* The operations on all bits; ANDNOT takes the second operand's complement. */
static enum status all_bits(struct jit_function *f)
{
    LLVMBuilderRef b = f->m->builder;
    enum insn insn = f->r.insn;
    LLVMValueRef y = jit_pop(f);
    if (insn == INSN_V128_NOT)
        return jit_push(f, LLVMBuildNot(b, y, ""), RT_V128);
    if (insn == INSN_V128_ANDNOT)
        y = LLVMBuildNot(b, y, "");
    LLVMOpcode operation = insn == INSN_V128_OR ? LLVMOr : insn == INSN_V128_XOR ? LLVMXor : LLVMAnd;
    return jit_push(f, LLVMBuildBinOp(b, operation, jit_pop(f), y, ""), RT_V128);
}

enum status jit_vector(struct jit_function *f)
{
    enum insn insn = f->r.insn;
    if (insn == INSN_V128_CONST)
        return jit_push(f, constant(f, f->r.bits[0], f->r.bits[1]), RT_V128);
    if (insn == INSN_V128_LOAD || insn == INSN_V128_STORE)
        return whole_access(f);
    return insn >= INSN_V128_NOT && insn <= INSN_V128_XOR ? all_bits(f) : call_row(f);
}
_Static_assert(INSN_V128_XOR - INSN_V128_NOT == 4 && INSN_V128_NOT < INSN_V128_AND &&
                   INSN_V128_AND < INSN_V128_ANDNOT && INSN_V128_ANDNOT < INSN_V128_OR && INSN_V128_OR < INSN_V128_XOR,
               "nothing else stands between them");
