/* Loads and stores (4.4.7), each checked with a sum of 64 bits that does not wrap. The memory's size is read anew for
 * each, its address as far as LLVM cannot show that nothing has changed it. */
#include "runtime/jit/jit_translate.h"

struct row {
    uint8_t bits; /* in memory; 0: not here */
    bool is_signed;
};

static const struct row rows[INSN_COUNT] = {
    [INSN_I32_LOAD] = { 32, false },    [INSN_I64_LOAD] = { 64, false },     [INSN_F32_LOAD] = { 32, false },
    [INSN_F64_LOAD] = { 64, false },    [INSN_I32_LOAD8_S] = { 8, true },    [INSN_I32_LOAD8_U] = { 8, false },
    [INSN_I32_LOAD16_S] = { 16, true }, [INSN_I32_LOAD16_U] = { 16, false }, [INSN_I64_LOAD8_S] = { 8, true },
    [INSN_I64_LOAD8_U] = { 8, false },  [INSN_I64_LOAD16_S] = { 16, true },  [INSN_I64_LOAD16_U] = { 16, false },
    [INSN_I64_LOAD32_S] = { 32, true }, [INSN_I64_LOAD32_U] = { 32, false }, [INSN_I32_STORE] = { 32, false },
    [INSN_I64_STORE] = { 64, false },   [INSN_F32_STORE] = { 32, false },    [INSN_F64_STORE] = { 64, false },
    [INSN_I32_STORE8] = { 8, false },   [INSN_I32_STORE16] = { 16, false },  [INSN_I64_STORE8] = { 8, false },
    [INSN_I64_STORE16] = { 16, false }, [INSN_I64_STORE32] = { 32, false },
};

bool jit_access_rows(enum insn insn) { return rows[insn].bits > 0; }

struct extent {
    LLVMValueRef base, size;
};

/* The size is volatile: LLVM knows nothing of it, so that each check stays the comparison that the verifier looks for.
 */
static LLVMValueRef fresh(LLVMValueRef size)
{
    LLVMSetVolatile(size, true);
    return size;
}

static struct extent memory_extent(struct jit_function *f, uint32_t memory)
{
    const struct jit_module *m = f->m;
    if (memory == 0)
        return (struct extent) { jit_field(f, m->pointer, f->vm, LAYOUT_vmctx_memory_base),
                                 fresh(jit_field(f, m->i64, f->vm, LAYOUT_vmctx_memory_size)) };
    LLVMValueRef all = jit_field(f, m->pointer, f->vm, LAYOUT_vmctx_memories);
    LLVMValueRef one = jit_field(f, m->pointer, all, memory * sizeof(void *));
    LLVMValueRef pages = LLVMBuildZExt(m->builder, fresh(jit_field(f, m->i32, one, LAYOUT_memory_pages)), m->i64, "");
    return (struct extent) { jit_field(f, m->pointer, one, LAYOUT_memory_base),
                             LLVMBuildMul(m->builder, pages, jit_i64(m, PAGE_BYTES), "") };
}

enum status jit_access_place(struct jit_function *f, LLVMValueRef address, uint32_t bytes, LLVMValueRef *ret)
{
    const struct jit_module *m = f->m;
    LLVMBuilderRef b = m->builder;
    struct extent extent = memory_extent(f, f->r.x);
    LLVMValueRef at = LLVMBuildAdd(b, LLVMBuildZExt(b, address, m->i64, ""), jit_i64(m, f->r.y), "");
    LLVMValueRef last = LLVMBuildSub(b, extent.size, jit_i64(m, bytes), "");
    TRY(jit_trap_if(f, LLVMBuildICmp(b, LLVMIntSGT, at, last, ""), RT_TRAP_MEMORY_BOUNDS, f->cost));
    *ret = LLVMBuildGEP2(b, m->i8, extent.base, &at, 1, "");
    return STATUS_OK;
}

static enum status store(struct jit_function *f, const struct row *row)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMValueRef value = jit_pop(f), at;
    TRY(jit_access_place(f, jit_pop(f), row->bits / 8, &at));
    LLVMTypeRef type = LLVMTypeOf(value);
    if (LLVMGetTypeKind(type) == LLVMIntegerTypeKind && LLVMGetIntTypeWidth(type) > row->bits)
        value = LLVMBuildTrunc(b, value, LLVMIntTypeInContext(f->m->context, row->bits), "");
    LLVMSetAlignment(jit_tag(f, LLVMBuildStore(b, value, at), JIT_TAG_GUEST), 1);
    return STATUS_OK;
}

enum status jit_access(struct jit_function *f)
{
    const struct row *row = &rows[f->r.insn];
    LLVMBuilderRef b = f->m->builder;
    LLVMTypeRef type = jit_type(f->m, f->r.info->result);
    LLVMValueRef at;
    if (f->r.info->class == INSN_CLASS_STORE)
        return store(f, row);
    TRY(jit_access_place(f, jit_pop(f), row->bits / 8, &at));
    bool whole = LLVMGetTypeKind(type) != LLVMIntegerTypeKind || LLVMGetIntTypeWidth(type) == row->bits;
    LLVMTypeRef narrow = whole ? type : LLVMIntTypeInContext(f->m->context, row->bits);
    LLVMValueRef value = jit_tag(f, LLVMBuildLoad2(b, narrow, at, ""), JIT_TAG_GUEST);
    LLVMSetAlignment(value, 1);
    if (!whole)
        value = row->is_signed ? LLVMBuildSExt(b, value, type, "") : LLVMBuildZExt(b, value, type, "");
    return jit_push(f, value, f->r.info->result);
}
