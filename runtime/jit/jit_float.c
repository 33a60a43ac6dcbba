/* Floats (4.3.3). Every arithmetic result is made canonical where it arises, as the interpreter does it; abs, neg and
 * copysign move bits and keep a NaN's payload, so they are done on the bits. */
#include "runtime/jit/jit_translate.h"

#define BOTH(name, ...) [INSN_F32_##name] = { __VA_ARGS__ }, [INSN_F64_##name] = { __VA_ARGS__ }

struct row {
    enum { NOT_HERE, CONSTANT, OPERATION, COMPARE, INTRINSIC, LEAST, GREATEST, ABS, NEG, COPYSIGN } kind;
    unsigned what; /* LLVMOpcode or LLVMRealPredicate */
    const char *intrinsic;
};

static const struct row rows[INSN_COUNT] = {
    BOTH(CONST, CONSTANT, 0, NULL),
    BOTH(ADD, OPERATION, LLVMFAdd, NULL),
    BOTH(SUB, OPERATION, LLVMFSub, NULL),
    BOTH(MUL, OPERATION, LLVMFMul, NULL),
    BOTH(DIV, OPERATION, LLVMFDiv, NULL),
    BOTH(SQRT, INTRINSIC, 0, "llvm.sqrt"),
    BOTH(CEIL, INTRINSIC, 0, "llvm.ceil"),
    BOTH(FLOOR, INTRINSIC, 0, "llvm.floor"),
    BOTH(TRUNC, INTRINSIC, 0, "llvm.trunc"),
    BOTH(NEAREST, INTRINSIC, 0, "llvm.rint"),
    BOTH(MIN, LEAST, LLVMRealOLT, NULL),
    BOTH(MAX, GREATEST, LLVMRealOGT, NULL),
    BOTH(ABS, ABS, 0, NULL),
    BOTH(NEG, NEG, 0, NULL),
    BOTH(COPYSIGN, COPYSIGN, 0, NULL),
    BOTH(EQ, COMPARE, LLVMRealOEQ, NULL),
    BOTH(NE, COMPARE, LLVMRealUNE, NULL),
    BOTH(LT, COMPARE, LLVMRealOLT, NULL),
    BOTH(GT, COMPARE, LLVMRealOGT, NULL),
    BOTH(LE, COMPARE, LLVMRealOLE, NULL),
    BOTH(GE, COMPARE, LLVMRealOGE, NULL),
};

bool jit_float_rows(enum insn insn) { return rows[insn].kind != NOT_HERE; }

static LLVMTypeRef bits_type(const struct jit_function *f, LLVMTypeRef type)
{
    return type == f->m->f32 ? f->m->i32 : f->m->i64;
}
static LLVMValueRef bits(struct jit_function *f, LLVMValueRef x)
{
    return LLVMBuildBitCast(f->m->builder, x, bits_type(f, LLVMTypeOf(x)), "");
}
static uint64_t sign(const struct jit_function *f, LLVMTypeRef type)
{
    return type == f->m->f32 ? 0x80000000u : 0x8000000000000000u;
}
static LLVMValueRef mask(struct jit_function *f, LLVMTypeRef type, bool of_sign)
{
    uint64_t the_sign = sign(f, type);
    return LLVMConstInt(bits_type(f, type), of_sign ? the_sign : the_sign - 1, false);
}

static LLVMValueRef canonical_nan(struct jit_function *f, LLVMTypeRef type)
{
    uint64_t nan = type == f->m->f32 ? 0x7fc00000u : 0x7ff8000000000000u;
    return LLVMConstBitCast(LLVMConstInt(bits_type(f, type), nan, false), type);
}

LLVMValueRef jit_float_canonical(struct jit_function *f, LLVMValueRef x)
{
    LLVMValueRef is_nan = LLVMBuildFCmp(f->m->builder, LLVMRealUNO, x, x, "");
    return LLVMBuildSelect(f->m->builder, is_nan, canonical_nan(f, LLVMTypeOf(x)), x, "");
}

/* As numeric.h has them: NaN if either is; of equal ones the first where its sign says so, which is -0 for min. */
static LLVMValueRef least_or_greatest(struct jit_function *f, const struct row *row, LLVMValueRef x, LLVMValueRef y)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMTypeRef type = LLVMTypeOf(x);
    LLVMValueRef beyond = LLVMBuildFCmp(b, (LLVMRealPredicate)row->what, x, y, "");
    LLVMValueRef equal = LLVMBuildFCmp(b, LLVMRealOEQ, x, y, "");
    LLVMValueRef negative = LLVMBuildICmp(b, LLVMIntSLT, bits(f, x), LLVMConstInt(bits_type(f, type), 0, false), "");
    LLVMValueRef first = row->kind == LEAST ? negative : LLVMBuildNot(b, negative, "");
    LLVMValueRef takes_x = LLVMBuildOr(b, beyond, LLVMBuildAnd(b, equal, first, ""), "");
    LLVMValueRef one = LLVMBuildSelect(b, takes_x, x, y, "");
    return LLVMBuildSelect(b, LLVMBuildFCmp(b, LLVMRealUNO, x, y, ""), canonical_nan(f, type), one, "");
}

static LLVMValueRef unary(struct jit_function *f, const struct row *row, LLVMValueRef x)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMTypeRef type = LLVMTypeOf(x);
    if (row->kind == ABS)
        return LLVMBuildBitCast(b, LLVMBuildAnd(b, bits(f, x), mask(f, type, false), ""), type, "");
    if (row->kind == NEG)
        return LLVMBuildBitCast(b, LLVMBuildXor(b, bits(f, x), mask(f, type, true), ""), type, "");
    return jit_float_canonical(f, jit_intrinsic(f, row->intrinsic, type, NULL, &x, 1));
}

static LLVMValueRef copysign_of(struct jit_function *f, LLVMValueRef x, LLVMValueRef y)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMTypeRef type = LLVMTypeOf(x);
    LLVMValueRef value = LLVMBuildAnd(b, bits(f, x), mask(f, type, false), "");
    LLVMValueRef from = LLVMBuildAnd(b, bits(f, y), mask(f, type, true), "");
    return LLVMBuildBitCast(b, LLVMBuildOr(b, value, from, ""), type, "");
}

enum status jit_float(struct jit_function *f)
{
    const struct row *row = &rows[f->r.insn];
    LLVMBuilderRef b = f->m->builder;
    uint32_t result = f->r.info->result;
    LLVMTypeRef type = jit_type(f->m, result);
    if (row->kind == CONSTANT) /* its bits, which may be those of any NaN */
        return jit_push(f, LLVMConstBitCast(LLVMConstInt(bits_type(f, type), f->r.bits[0], false), type), result);
    if (f->r.info->param_count == 1)
        return jit_push(f, unary(f, row, jit_pop(f)), result);
    LLVMValueRef y = jit_pop(f), x = jit_pop(f);
    switch (row->kind) {
    case COMPARE:
        x = LLVMBuildZExt(b, LLVMBuildFCmp(b, (LLVMRealPredicate)row->what, x, y, ""), f->m->i32, "");
        break;
    case OPERATION:
        x = jit_float_canonical(f, LLVMBuildBinOp(b, (LLVMOpcode)row->what, x, y, ""));
        break;
    case LEAST:
    case GREATEST:
        x = least_or_greatest(f, row, x, y);
        break;
    case COPYSIGN:
        x = copysign_of(f, x, y);
        break;
    case NOT_HERE:
    case CONSTANT:
    case INTRINSIC:
    case ABS:
    case NEG:
    default:
        return STATUS_INTERNAL;
    }
    return jit_push(f, x, result);
}
