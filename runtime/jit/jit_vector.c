/* Vectors. A row is a call of the engine's own function for it (simd.h), which finds operands and result in slots: in
 * the frame's scratch memory here. Loads, stores and constants of a whole vector are LLVM's, as are the operations on
 * all its bits. So every row is right from the start, and the rows that matter for speed can be written out later, one
 * by one, against the same tests. */
#include "runtime/jit/jit_translate.h"
#include "runtime/simd.h"

#define INSN(code, name, text, immediate, signature, class) INSN_FUNCTION_##class(name)
#define INSN_FUNCTION(name)                                 [INSN_##name] = simd_##name,
#define INSN_FUNCTION_V_UNARY(name)                         INSN_FUNCTION(name)
#define INSN_FUNCTION_V_BINARY(name)                        INSN_FUNCTION(name)
#define INSN_FUNCTION_V_LOAD(name)                          INSN_FUNCTION(name)
#define INSN_FUNCTION_V_STORE(name)                         INSN_FUNCTION(name)
#define INSN_FUNCTION_V_CONST(name)
#define INSN_FUNCTION_V_TERNARY(name)    INSN_FUNCTION(name)
#define INSN_FUNCTION_V_SHUFFLE(name)    INSN_FUNCTION(name)
#define INSN_FUNCTION_V_EXTRACT(name)    INSN_FUNCTION(name)
#define INSN_FUNCTION_V_REPLACE(name)    INSN_FUNCTION(name)
#define INSN_FUNCTION_V_LOAD_LANE(name)  INSN_FUNCTION(name)
#define INSN_FUNCTION_V_STORE_LANE(name) INSN_FUNCTION(name)
jit_vector_fn *const jit_vector_table[INSN_COUNT] = {
#include "runtime/opcodes_simd.def"
};
#undef INSN

/* Where operands lie in the scratch memory, and the result; and the longest instruction in units. */
enum { SLOT_RESULT = 6, UNITS = 12 };
_Static_assert(SLOT_RESULT + 2 == JIT_SCRATCH_SLOTS, "three vectors before it");

/* The instruction as prepared code has it (prepared.h), with the scratch memory for its frame. */
static LLVMValueRef units_of(struct jit_function *f)
{
    const struct jit_reader *r = &f->r;
    struct jit_module *m = f->m;
    uint16_t units[UNITS] = { 0, 0, 2, SLOT_RESULT };
    LLVMValueRef values[UNITS];
    if (r->info->class == INSN_CLASS_V_EXTRACT)
        units[2] = r->lane;
    else if (r->info->class == INSN_CLASS_V_STORE || r->info->class == INSN_CLASS_V_STORE_LANE)
        units[3] = 2;
    else if (r->info->class == INSN_CLASS_V_TERNARY)
        units[4] = 4;
    else if (r->info->class == INSN_CLASS_V_REPLACE)
        units[4] = r->lane;
    else if (r->info->class == INSN_CLASS_V_SHUFFLE)
        memcpy(&units[4], r->bits, sizeof r->bits);
    if (r->info->class == INSN_CLASS_V_LOAD_LANE || r->info->class == INSN_CLASS_V_STORE_LANE)
        units[6] = r->lane;
    for (int i = 0; i < UNITS; i++)
        values[i] = LLVMConstInt(m->i16, units[i], false);
    LLVMValueRef global = LLVMAddGlobal(m->llvm, LLVMArrayType2(m->i16, UNITS), "");
    LLVMSetInitializer(global, LLVMConstArray2(m->i16, values, UNITS));
    LLVMSetLinkage(global, LLVMPrivateLinkage);
    LLVMSetGlobalConstant(global, true);
    return global;
}

static enum status call_row(struct jit_function *f)
{
    const struct insn_info *info = f->r.info;
    struct jit_module *m = f->m;
    LLVMValueRef at = LLVMConstNull(m->pointer), operands[3] = { NULL };
    for (uint32_t i = info->param_count; i > 0; i--)
        operands[i - 1] = jit_pop(f);
    bool accesses = INSN_HAS_MEMARG(info);
    if (accesses)
        TRY(jit_access_place(f, operands[0], 1u << info->immediate, &at));
    for (uint32_t i = accesses; i < info->param_count; i++)
        jit_slot_put(f, f->scratch, 2 * i, operands[i], info->params[i]);
    LLVMTypeRef params[] = { m->pointer, m->pointer, m->pointer };
    LLVMValueRef row = jit_field(f, m->pointer, m->vector_rows, f->r.insn * sizeof(void *));
    LLVMValueRef arguments[] = { f->scratch, units_of(f), at };
    LLVMBuildCall2(m->builder, LLVMFunctionType(m->none, params, 3, false), row, arguments, 3, "");
    return info->result ? jit_push(f, jit_slot_get(f, f->scratch, SLOT_RESULT, info->result), info->result) : STATUS_OK;
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
