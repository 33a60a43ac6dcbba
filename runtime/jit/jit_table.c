/* Tables, and memories as a whole (3.3.6, 3.3.7). What works in pieces or grows is the engine's own code, which polls,
 * spends fuel and tells whoever watches growth as it does for the interpreter. */
#include "runtime/jit/jit_translate.h"

static LLVMValueRef table_of(struct jit_function *f, uint32_t table)
{
    LLVMValueRef all = jit_field(f, f->m->pointer, f->vm, LAYOUT_vmctx_tables);
    return jit_field(f, f->m->pointer, all, table * sizeof(void *));
}

/* The element's place, once it is known to exist. */
static enum status element(struct jit_function *f, LLVMValueRef index, LLVMValueRef *ret)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMValueRef table = table_of(f, f->r.x), size = jit_field(f, f->m->i32, table, LAYOUT_table_size);
    LLVMSetVolatile(size, true); /* as a memory's */
    TRY(jit_trap_if(f, LLVMBuildICmp(b, LLVMIntUGE, index, size, ""), RT_TRAP_TABLE_BOUNDS, f->cost));
    LLVMValueRef elements = jit_field(f, f->m->pointer, table, LAYOUT_table_elements);
    index = LLVMBuildZExt(b, index, f->m->i64, "");
    *ret = LLVMBuildGEP2(b, f->m->i64, elements, &index, 1, "");
    return STATUS_OK;
}

/* grow: of table x, or where x is none of a memory. */
static enum status grow(struct jit_function *f, bool table)
{
    const struct jit_module *m = f->m;
    LLVMValueRef count = jit_pop(f), value = table ? jit_pop(f) : jit_i64(m, f->r.x);
    LLVMValueRef arguments[] = { f->vm, jit_fuel(f), f->depth, NULL, jit_i32(m, table ? f->r.x + 1 : 0), value, count };
    TRY(jit_site(f, f->cost, &arguments[3]));
    LLVMValueRef before = jit_help(f, VERIFY_HELPER_grow, arguments, 7);
    jit_fuel_reload(f);
    return jit_push(f, LLVMBuildTrunc(m->builder, before, m->i32, ""), RT_I32);
}

/* One with three operands: to, from or a value, a count. */
static enum status bulk(struct jit_function *f)
{
    const struct jit_module *m = f->m;
    LLVMValueRef count = jit_pop(f), from = jit_pop(f), to = jit_pop(f);
    LLVMValueRef wide[2] = { to, from };
    for (int i = 0; i < 2; i++)
        if (LLVMTypeOf(wide[i]) == m->i32)
            wide[i] = LLVMBuildZExt(m->builder, wide[i], m->i64, "");
    LLVMValueRef arguments[] = {
        f->vm,   jit_fuel(f), f->depth, NULL, jit_i32(m, f->r.insn), jit_i32(m, f->r.x), jit_i32(m, f->r.y),
        wide[0], wide[1],     count
    };
    TRY(jit_site(f, f->cost, &arguments[3]));
    jit_help(f, VERIFY_HELPER_bulk, arguments, 10);
    jit_fuel_reload(f);
    return STATUS_OK;
}

static enum status drop(struct jit_function *f, uint64_t flags)
{
    LLVMValueRef all = jit_field(f, f->m->pointer, f->vm, flags);
    LLVMBuildStore(f->m->builder, LLVMConstInt(f->m->i8, 1, false), jit_at(f, all, f->r.x));
    return STATUS_OK;
}
_Static_assert(sizeof(bool) == 1, "a flag is a byte");

enum status jit_table(struct jit_function *f)
{
    LLVMBuilderRef b = f->m->builder;
    LLVMValueRef value, at;
    switch ((enum insn_table)f->r.insn) {
    case TABLE_INSN_TABLE_GET:
        TRY(element(f, jit_pop(f), &at));
        return jit_push(f, LLVMBuildLoad2(b, f->m->i64, at, ""), f->m->module->tables[f->r.x].element);
    case TABLE_INSN_TABLE_SET:
        value = jit_pop(f);
        TRY(element(f, jit_pop(f), &at));
        LLVMBuildStore(b, value, at);
        return STATUS_OK;
    case TABLE_INSN_TABLE_SIZE:
        return jit_push(f, jit_field(f, f->m->i32, table_of(f, f->r.x), LAYOUT_table_size), RT_I32);
    case TABLE_INSN_TABLE_GROW:
        return grow(f, true);
    case TABLE_INSN_ELEM_DROP:
        return drop(f, LAYOUT_vmctx_elem_dropped);
    case TABLE_INSN_TABLE_COPY:
    case TABLE_INSN_TABLE_INIT:
    case TABLE_INSN_TABLE_FILL:
        return bulk(f);
    }
    return STATUS_INTERNAL;
}

static enum status memory_size(struct jit_function *f)
{
    LLVMValueRef all = jit_field(f, f->m->pointer, f->vm, LAYOUT_vmctx_memories);
    LLVMValueRef one = jit_field(f, f->m->pointer, all, f->r.x * sizeof(void *));
    return jit_push(f, jit_field(f, f->m->i32, one, LAYOUT_memory_pages), RT_I32);
}

enum status jit_memory(struct jit_function *f)
{
    switch ((enum insn_memory)f->r.insn) {
    case MEMORY_INSN_MEMORY_SIZE:
        return memory_size(f);
    case MEMORY_INSN_MEMORY_GROW:
        return grow(f, false);
    case MEMORY_INSN_DATA_DROP:
        return drop(f, LAYOUT_vmctx_data_dropped);
    case MEMORY_INSN_MEMORY_COPY:
    case MEMORY_INSN_MEMORY_INIT:
    case MEMORY_INSN_MEMORY_FILL:
        return bulk(f);
    }
    return STATUS_INTERNAL;
}
