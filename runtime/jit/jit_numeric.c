/* Integers: arithmetic, comparisons, divisions (4.3.2). Shifts take their distance modulo the width, and what a
 * division could not do has trapped before it, so that nothing here is undefined to LLVM. */
#include "runtime/jit/jit_translate.h"

#define BOTH(name, ...) [INSN_I32_##name] = { __VA_ARGS__ }, [INSN_I64_##name] = { __VA_ARGS__ }

/* How a row is made: one of LLVM's operations on two operands, or a comparison, or an intrinsic. */
struct row {
    enum { NOT_HERE, OPERATION, SHIFT, ROTATE, COMPARE, TEST, COUNT_BITS, POPULATION, DIVISION, CONSTANT } kind;
    unsigned what; /* LLVMOpcode or LLVMIntPredicate */
    const char *intrinsic;
};

static const struct row rows[INSN_COUNT] = {
    BOTH(CONST, CONSTANT, 0, NULL),
    BOTH(ADD, OPERATION, LLVMAdd, NULL),
    BOTH(SUB, OPERATION, LLVMSub, NULL),
    BOTH(MUL, OPERATION, LLVMMul, NULL),
    BOTH(AND, OPERATION, LLVMAnd, NULL),
    BOTH(OR, OPERATION, LLVMOr, NULL),
    BOTH(XOR, OPERATION, LLVMXor, NULL),
    BOTH(SHL, SHIFT, LLVMShl, NULL),
    BOTH(SHR_S, SHIFT, LLVMAShr, NULL),
    BOTH(SHR_U, SHIFT, LLVMLShr, NULL),
    BOTH(ROTL, ROTATE, 0, "llvm.fshl"),
    BOTH(ROTR, ROTATE, 0, "llvm.fshr"),
    BOTH(DIV_S, DIVISION, LLVMSDiv, NULL),
    BOTH(DIV_U, DIVISION, LLVMUDiv, NULL),
    BOTH(REM_S, DIVISION, LLVMSRem, NULL),
    BOTH(REM_U, DIVISION, LLVMURem, NULL),
    BOTH(CLZ, COUNT_BITS, 0, "llvm.ctlz"),
    BOTH(CTZ, COUNT_BITS, 0, "llvm.cttz"),
    BOTH(POPCNT, POPULATION, 0, "llvm.ctpop"),
    BOTH(EQZ, TEST, 0, NULL),
    BOTH(EQ, COMPARE, LLVMIntEQ, NULL),
    BOTH(NE, COMPARE, LLVMIntNE, NULL),
    BOTH(LT_S, COMPARE, LLVMIntSLT, NULL),
    BOTH(LT_U, COMPARE, LLVMIntULT, NULL),
    BOTH(GT_S, COMPARE, LLVMIntSGT, NULL),
    BOTH(GT_U, COMPARE, LLVMIntUGT, NULL),
    BOTH(LE_S, COMPARE, LLVMIntSLE, NULL),
    BOTH(LE_U, COMPARE, LLVMIntULE, NULL),
    BOTH(GE_S, COMPARE, LLVMIntSGE, NULL),
    BOTH(GE_U, COMPARE, LLVMIntUGE, NULL),
};

bool jit_numeric_rows(enum insn insn) { return rows[insn].kind != NOT_HERE; }

/* A zero divisor traps, then the one quotient that does not fit; the remainder of that is 0, and LLVM's is not
 * defined, so it is computed with another divisor. */
static enum status division(struct jit_function *f, unsigned what, LLVMValueRef x, LLVMValueRef y, LLVMValueRef *ret)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMTypeRef type = LLVMTypeOf(x);
    LLVMValueRef zero = LLVMConstInt(type, 0, false), minus_one = LLVMConstAllOnes(type);
    TRY(jit_trap_if(f, LLVMBuildICmp(b, LLVMIntEQ, y, zero, ""), RT_TRAP_DIVIDE_BY_ZERO, f->cost));
    LLVMValueRef negates = LLVMBuildICmp(b, LLVMIntEQ, y, minus_one, "");
    if (what == LLVMSDiv) {
        LLVMValueRef least = LLVMConstInt(type, 1ull << (LLVMGetIntTypeWidth(type) - 1), false);
        LLVMValueRef both = LLVMBuildAnd(b, negates, LLVMBuildICmp(b, LLVMIntEQ, x, least, ""), "");
        TRY(jit_trap_if(f, both, RT_TRAP_INTEGER_OVERFLOW, f->cost));
    } else if (what == LLVMSRem) {
        y = LLVMBuildSelect(b, negates, LLVMConstInt(type, 1, false), y, "");
    }
    *ret = LLVMBuildBinOp(b, (LLVMOpcode)what, x, y, "");
    return STATUS_OK;
}

static enum status one_operand(struct jit_function *f, const struct row *row)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMValueRef x = jit_pop(f);
    LLVMTypeRef type = LLVMTypeOf(x);
    if (row->kind == TEST) {
        LLVMValueRef is = LLVMBuildICmp(b, LLVMIntEQ, x, LLVMConstInt(type, 0, false), "");
        return jit_push(f, LLVMBuildZExt(b, is, f->m->i32, ""), RT_I32);
    }
    LLVMValueRef arguments[] = { x, LLVMConstInt(f->m->i1, 0, false) }; /* 0 is defined: the width */
    return jit_push(f, jit_intrinsic(f, row->intrinsic, type, NULL, arguments, row->kind == POPULATION ? 1 : 2),
                    f->r.info->result);
}

enum status jit_numeric(struct jit_function *f)
{
    const struct row *row = &rows[f->r.insn];
    LLVMBuilderRef b = f->m->builder;
    uint32_t type = f->r.info->result;
    if (row->kind == CONSTANT)
        return jit_push(f, LLVMConstInt(jit_type(f->m, type), f->r.bits[0], false), type);
    if (f->r.info->param_count == 1)
        return one_operand(f, row);
    LLVMValueRef y = jit_pop(f), x = jit_pop(f), result;
    LLVMValueRef turned[] = { x, x, y };
    unsigned width = LLVMGetIntTypeWidth(LLVMTypeOf(x));
    switch (row->kind) {
    case COMPARE:
        result = LLVMBuildZExt(b, LLVMBuildICmp(b, (LLVMIntPredicate)row->what, x, y, ""), f->m->i32, "");
        break;
    case SHIFT:
        y = LLVMBuildAnd(b, y, LLVMConstInt(LLVMTypeOf(y), width - 1, false), "");
        result = LLVMBuildBinOp(b, (LLVMOpcode)row->what, x, y, "");
        break;
    case ROTATE: /* which take it modulo the width */
        result = jit_intrinsic(f, row->intrinsic, LLVMTypeOf(x), NULL, turned, 3);
        break;
    case DIVISION:
        TRY(division(f, row->what, x, y, &result));
        break;
    case OPERATION:
        result = LLVMBuildBinOp(b, (LLVMOpcode)row->what, x, y, "");
        break;
    case NOT_HERE:
    case TEST:
    case COUNT_BITS:
    case POPULATION:
    case CONSTANT:
    default:
        return STATUS_INTERNAL;
    }
    return jit_push(f, result, type);
}
