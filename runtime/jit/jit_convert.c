/* Conversions (4.3.4). A truncation traps on NaN first, then on what does not fit; its bounds are such as the source
 * type can represent exactly, the same as numeric.h has. */
#include "runtime/jit/jit_translate.h"

struct row {
    enum { NOT_HERE, CAST, CANONICAL, LOW_BITS, TRUNCATE, SATURATE } kind;
    unsigned what;     /* CAST, CANONICAL, TRUNCATE: LLVMOpcode; LOW_BITS: how many are sign-extended */
    double low, above; /* TRUNCATE: what fits is above `low`, or equal and inclusive, and less than `above` */
    bool inclusive;
};

#define TWO_31 2147483648.0
#define TWO_32 4294967296.0
#define TWO_63 9223372036854775808.0
#define TWO_64 18446744073709551616.0

static const struct row rows[INSN_COUNT] = {
    [INSN_I32_WRAP_I64] = { CAST, LLVMTrunc, 0, 0, false },
    [INSN_I64_EXTEND_I32_S] = { CAST, LLVMSExt, 0, 0, false },
    [INSN_I64_EXTEND_I32_U] = { CAST, LLVMZExt, 0, 0, false },
    [INSN_I32_REINTERPRET_F32] = { CAST, LLVMBitCast, 0, 0, false },
    [INSN_I64_REINTERPRET_F64] = { CAST, LLVMBitCast, 0, 0, false },
    [INSN_F32_REINTERPRET_I32] = { CAST, LLVMBitCast, 0, 0, false },
    [INSN_F64_REINTERPRET_I64] = { CAST, LLVMBitCast, 0, 0, false },
    [INSN_F32_CONVERT_I32_S] = { CAST, LLVMSIToFP, 0, 0, false },
    [INSN_F32_CONVERT_I32_U] = { CAST, LLVMUIToFP, 0, 0, false },
    [INSN_F32_CONVERT_I64_S] = { CAST, LLVMSIToFP, 0, 0, false },
    [INSN_F32_CONVERT_I64_U] = { CAST, LLVMUIToFP, 0, 0, false },
    [INSN_F64_CONVERT_I32_S] = { CAST, LLVMSIToFP, 0, 0, false },
    [INSN_F64_CONVERT_I32_U] = { CAST, LLVMUIToFP, 0, 0, false },
    [INSN_F64_CONVERT_I64_S] = { CAST, LLVMSIToFP, 0, 0, false },
    [INSN_F64_CONVERT_I64_U] = { CAST, LLVMUIToFP, 0, 0, false },
    [INSN_F32_DEMOTE_F64] = { CANONICAL, LLVMFPTrunc, 0, 0, false },
    [INSN_F64_PROMOTE_F32] = { CANONICAL, LLVMFPExt, 0, 0, false },
    [INSN_I32_EXTEND8_S] = { LOW_BITS, 8, 0, 0, false },
    [INSN_I32_EXTEND16_S] = { LOW_BITS, 16, 0, 0, false },
    [INSN_I64_EXTEND8_S] = { LOW_BITS, 8, 0, 0, false },
    [INSN_I64_EXTEND16_S] = { LOW_BITS, 16, 0, 0, false },
    [INSN_I64_EXTEND32_S] = { LOW_BITS, 32, 0, 0, false },
    [INSN_I32_TRUNC_F32_S] = { TRUNCATE, LLVMFPToSI, -TWO_31, TWO_31, true },
    [INSN_I32_TRUNC_F32_U] = { TRUNCATE, LLVMFPToUI, -1, TWO_32, false },
    [INSN_I32_TRUNC_F64_S] = { TRUNCATE, LLVMFPToSI, -TWO_31 - 1, TWO_31, false },
    [INSN_I32_TRUNC_F64_U] = { TRUNCATE, LLVMFPToUI, -1, TWO_32, false },
    [INSN_I64_TRUNC_F32_S] = { TRUNCATE, LLVMFPToSI, -TWO_63, TWO_63, true },
    [INSN_I64_TRUNC_F32_U] = { TRUNCATE, LLVMFPToUI, -1, TWO_64, false },
    [INSN_I64_TRUNC_F64_S] = { TRUNCATE, LLVMFPToSI, -TWO_63, TWO_63, true },
    [INSN_I64_TRUNC_F64_U] = { TRUNCATE, LLVMFPToUI, -1, TWO_64, false },
    [INSN_I32_TRUNC_SAT_F32_S] = { SATURATE, LLVMFPToSI, 0, 0, false },
    [INSN_I32_TRUNC_SAT_F32_U] = { SATURATE, LLVMFPToUI, 0, 0, false },
    [INSN_I32_TRUNC_SAT_F64_S] = { SATURATE, LLVMFPToSI, 0, 0, false },
    [INSN_I32_TRUNC_SAT_F64_U] = { SATURATE, LLVMFPToUI, 0, 0, false },
    [INSN_I64_TRUNC_SAT_F32_S] = { SATURATE, LLVMFPToSI, 0, 0, false },
    [INSN_I64_TRUNC_SAT_F32_U] = { SATURATE, LLVMFPToUI, 0, 0, false },
    [INSN_I64_TRUNC_SAT_F64_S] = { SATURATE, LLVMFPToSI, 0, 0, false },
    [INSN_I64_TRUNC_SAT_F64_U] = { SATURATE, LLVMFPToUI, 0, 0, false },
};

bool jit_convert_rows(enum insn insn) { return rows[insn].kind != NOT_HERE; }

static enum status check_range(struct jit_function *f, const struct row *row, LLVMValueRef x)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMTypeRef type = LLVMTypeOf(x);
    TRY(jit_trap_if(f, LLVMBuildFCmp(b, LLVMRealUNO, x, x, ""), RT_TRAP_INVALID_CONVERSION, f->cost));
    LLVMRealPredicate below = row->inclusive ? LLVMRealOLT : LLVMRealOLE;
    LLVMValueRef too_low = LLVMBuildFCmp(b, below, x, LLVMConstReal(type, row->low), "");
    LLVMValueRef too_high = LLVMBuildFCmp(b, LLVMRealOGE, x, LLVMConstReal(type, row->above), "");
    return jit_trap_if(f, LLVMBuildOr(b, too_low, too_high, ""), RT_TRAP_INTEGER_OVERFLOW, f->cost);
}

enum status jit_convert(struct jit_function *f)
{
    const struct row *row = &rows[f->r.insn];
    LLVMBuilderRef b = f->m->builder;
    LLVMTypeRef type = jit_type(f->m, f->r.info->result);
    LLVMValueRef x = jit_pop(f);
    switch (row->kind) {
    case CAST:
        x = LLVMBuildCast(b, (LLVMOpcode)row->what, x, type, "");
        break;
    case CANONICAL:
        x = jit_float_canonical(f, LLVMBuildCast(b, (LLVMOpcode)row->what, x, type, ""));
        break;
    case LOW_BITS:
        x = LLVMBuildTrunc(b, x, LLVMIntTypeInContext(f->m->context, row->what), "");
        x = LLVMBuildSExt(b, x, type, "");
        break;
    case TRUNCATE:
        TRY(check_range(f, row, x));
        x = LLVMBuildCast(b, (LLVMOpcode)row->what, x, type, "");
        break;
    case SATURATE:
        x = jit_intrinsic(f, row->what == LLVMFPToSI ? "llvm.fptosi.sat" : "llvm.fptoui.sat", type, LLVMTypeOf(x), &x,
                          1);
        break;
    case NOT_HERE:
    default:
        return STATUS_INTERNAL;
    }
    return jit_push(f, x, f->r.info->result);
}
