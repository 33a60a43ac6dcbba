/* Locals, globals, select and references (3.3.3 to 3.3.5). */
#include "runtime/jit/jit_translate.h"

enum status jit_parametric(struct jit_function *f)
{
    LLVMBuilderRef b = f->m->builder;
    if (f->r.insn == INSN_DROP) {
        (void)jit_pop(f);
        return STATUS_OK;
    }
    LLVMValueRef condition = jit_pop(f), y = jit_pop(f), x = jit_pop(f);
    uint32_t type = f->types[f->height];
    condition = LLVMBuildICmp(b, LLVMIntNE, condition, jit_i32(f->m, 0), "");
    return jit_push(f, LLVMBuildSelect(b, condition, x, y, ""), type);
}

/* Where a global lies: an imported mutable one is its owner's, and the slot has its address. */
static LLVMValueRef global_place(struct jit_function *f, const struct global *g)
{
    LLVMValueRef all = jit_field(f, f->m->pointer, f->vm, LAYOUT_vmctx_globals);
    LLVMValueRef at = jit_at(f, all, g->slot * sizeof(uint64_t));
    return g->imported && g->type.mutable ? LLVMBuildLoad2(f->m->builder, f->m->pointer, at, "") : at;
}

enum status jit_variable(struct jit_function *f)
{
    LLVMBuilderRef b = f->m->builder;
    uint32_t x = f->r.x;
    if (f->r.insn == INSN_GLOBAL_GET || f->r.insn == INSN_GLOBAL_SET) {
        const struct global *g = &f->m->module->globals[x];
        LLVMValueRef at = global_place(f, g);
        if (f->r.insn == INSN_GLOBAL_GET)
            return jit_push(f, jit_slot_get(f, at, 0, g->type.type), g->type.type);
        jit_slot_put(f, at, 0, jit_pop(f), g->type.type);
        return STATUS_OK;
    }
    uint32_t type = f->local_types[x];
    if (f->r.insn == INSN_LOCAL_GET)
        return jit_push(f, LLVMBuildLoad2(b, jit_type(f->m, type), f->locals[x], ""), type);
    LLVMBuildStore(b, jit_pop(f), f->locals[x]);
    return f->r.insn == INSN_LOCAL_TEE ? jit_push(f, f->stack[f->height], type) : STATUS_OK;
}

enum status jit_reference(struct jit_function *f)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMValueRef value;
    switch ((enum insn_reference)f->r.insn) {
    case REFERENCE_INSN_REF_NULL:
        return jit_push(f, jit_i64(f->m, 0), f->r.x);
    case REFERENCE_INSN_REF_IS_NULL:
        value = LLVMBuildICmp(b, LLVMIntEQ, jit_pop(f), jit_i64(f->m, 0), "");
        return jit_push(f, LLVMBuildZExt(b, value, f->m->i32, ""), RT_I32);
    case REFERENCE_INSN_REF_FUNC:
        value = jit_field(f, f->m->pointer, f->vm, LAYOUT_vmctx_functions);
        value = jit_at(f, value, f->r.x * (uint64_t)LAYOUT_function_object_size);
        return jit_push(f, LLVMBuildPtrToInt(b, value, f->m->i64, ""), function_reference(f->m->module, f->r.x));
    }
    return STATUS_INTERNAL;
}
