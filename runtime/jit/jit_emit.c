/* Small steps that every instruction is translated by: fields of the context, places, traps, charges, polls. A trap is
 * one call that does not return, off the way; its arguments are constants but for the fuel, so that LLVM may merge such
 * calls and the place stays what it was. */
#include "runtime/jit/jit_translate.h"

#include <stdlib.h>
#include <string.h>

LLVMValueRef jit_i32(const struct jit_module *m, uint32_t value) { return LLVMConstInt(m->i32, value, false); }
LLVMValueRef jit_i64(const struct jit_module *m, uint64_t value) { return LLVMConstInt(m->i64, value, false); }

LLVMValueRef jit_tag(const struct jit_function *f, LLVMValueRef access, enum jit_tag tag)
{
    LLVMSetMetadata(access, f->m->tag_kind, f->m->tags[tag]);
    return access;
}

LLVMValueRef jit_at(struct jit_function *f, LLVMValueRef base, uint64_t offset)
{
    LLVMValueRef index = jit_i64(f->m, offset);
    return offset == 0 ? base : LLVMBuildGEP2(f->m->builder, f->m->i8, base, &index, 1, "");
}

LLVMValueRef jit_field(struct jit_function *f, LLVMTypeRef type, LLVMValueRef base, uint64_t offset)
{
    return jit_tag(f, LLVMBuildLoad2(f->m->builder, type, jit_at(f, base, offset), ""), JIT_TAG_CONTEXT);
}

LLVMValueRef jit_fuel(struct jit_function *f) { return LLVMBuildLoad2(f->m->builder, f->m->i64, f->fuel, "fuel"); }

void jit_fuel_reload(struct jit_function *f)
{
    LLVMBuildStore(f->m->builder, jit_field(f, f->m->i64, f->vm, LAYOUT_vmctx_fuel), f->fuel);
}

LLVMBasicBlockRef jit_block(struct jit_function *f, const char *name)
{
    return LLVMAppendBasicBlockInContext(f->m->context, f->llvm, name);
}

enum status jit_site(struct jit_function *f, uint32_t pending, LLVMValueRef *ret)
{
    struct jit_sites *s = &f->m->sites;
    struct jit_site site = { f->function->index, f->r.offset, pending };
    if (s->count == 0 || memcmp(&s->at[s->count - 1], &site, sizeof site) != 0) {
        if (s->count == s->capacity) {
            uint32_t capacity = s->capacity ? s->capacity * 2 : 256;
            struct jit_site *grown = realloc(s->at, capacity * sizeof *grown);
            if (!grown)
                return STATUS_NO_MEMORY;
            s->at = grown;
            s->capacity = capacity;
        }
        s->at[s->count++] = site;
    }
    *ret = jit_i32(f->m, s->count - 1);
    return STATUS_OK;
}

LLVMValueRef jit_help(struct jit_function *f, enum verify_helper helper, LLVMValueRef *arguments, unsigned count)
{
    LLVMValueRef all = jit_field(f, f->m->pointer, f->vm, LAYOUT_vmctx_helpers);
    LLVMValueRef one = jit_field(f, f->m->pointer, all, (uint64_t)helper * sizeof(void *));
    return LLVMBuildCall2(f->m->builder, f->m->helper_types[helper], one, arguments, count, "");
}

enum status jit_trap(struct jit_function *f, enum rt_trap_kind kind, uint32_t pending)
{
    LLVMValueRef arguments[] = { f->vm, jit_fuel(f), NULL, jit_i32(f->m, kind) };
    TRY(jit_site(f, pending, &arguments[2]));
    jit_help(f, VERIFY_HELPER_trap, arguments, 4);
    LLVMBuildUnreachable(f->m->builder);
    return STATUS_OK;
}

enum status jit_trap_if(struct jit_function *f, LLVMValueRef condition, enum rt_trap_kind kind, uint32_t pending)
{
    LLVMBasicBlockRef trap = jit_block(f, "trap"), on = jit_block(f, "on");
    LLVMBuildCondBr(f->m->builder, condition, trap, on);
    LLVMPositionBuilderAtEnd(f->m->builder, trap);
    TRY(jit_trap(f, kind, pending));
    LLVMPositionBuilderAtEnd(f->m->builder, on);
    return STATUS_OK;
}

LLVMValueRef jit_intrinsic(struct jit_function *f, const char *name, LLVMTypeRef type, LLVMTypeRef other,
                           LLVMValueRef *arguments, unsigned count)
{
    unsigned id = LLVMLookupIntrinsicID(name, strlen(name));
    LLVMTypeRef types[] = { type, other };
    unsigned type_count = other ? 2 : 1;
    LLVMValueRef function = LLVMGetIntrinsicDeclaration(f->m->llvm, id, types, type_count);
    LLVMTypeRef function_type = LLVMIntrinsicGetType(f->m->context, id, types, type_count);
    return LLVMBuildCall2(f->m->builder, function_type, function, arguments, count, "");
}

enum status jit_charge(struct jit_function *f, uint32_t keep)
{
    uint32_t cost = f->cost - keep;
    f->cost = keep;
    if (cost == 0)
        return STATUS_OK;
    LLVMValueRef left = LLVMBuildSub(f->m->builder, jit_fuel(f), jit_i64(f->m, cost), "");
    LLVMBuildStore(f->m->builder, left, f->fuel);
    LLVMValueRef spent = LLVMBuildICmp(f->m->builder, LLVMIntSLT, left, jit_i64(f->m, 0), "");
    return jit_trap_if(f, spent, RT_TRAP_FUEL_EXHAUSTED, 0);
}

enum status jit_poll(struct jit_function *f)
{
    LLVMValueRef asked = jit_field(f, f->m->i32, f->vm, LAYOUT_vmctx_interrupt);
    LLVMSetVolatile(asked, true);
    LLVMValueRef stop = LLVMBuildICmp(f->m->builder, LLVMIntNE, asked, jit_i32(f->m, 0), "");
    return jit_trap_if(f, stop, RT_TRAP_INTERRUPTED, 0);
}

/* The upper half of a slot with 32 bits is clear. */
void jit_slot_put(struct jit_function *f, LLVMValueRef base, uint32_t slot, LLVMValueRef value, uint32_t type)
{
    struct jit_module *m = f->m;
    if (type == RT_F32)
        value = LLVMBuildBitCast(m->builder, value, m->i32, "");
    if (type == RT_F32 || type == RT_I32)
        value = LLVMBuildZExt(m->builder, value, m->i64, "");
    LLVMValueRef store = LLVMBuildStore(m->builder, value, jit_at(f, base, slot * sizeof(uint64_t)));
    LLVMSetAlignment(jit_tag(f, store, JIT_TAG_SLOT), sizeof(uint64_t));
}

LLVMValueRef jit_slot_get(struct jit_function *f, LLVMValueRef base, uint32_t slot, uint32_t type)
{
    LLVMValueRef at = jit_at(f, base, slot * sizeof(uint64_t));
    LLVMValueRef value = LLVMBuildLoad2(f->m->builder, jit_type(f->m, type), at, "");
    LLVMSetAlignment(jit_tag(f, value, JIT_TAG_SLOT), sizeof(uint64_t));
    return value;
}
