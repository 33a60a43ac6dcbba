/* One function: its frame, then its instructions in their order. */
#include "runtime/jit/jit_translate.h"

#include <stdlib.h>

LLVMTypeRef jit_type(const struct jit_module *m, uint32_t type)
{
    switch (type) {
    case RT_I32:
        return m->i32;
    case RT_F32:
        return m->f32;
    case RT_F64:
        return m->f64;
    case RT_V128:
        return m->v128;
    default: /* RT_I64, references */
        return m->i64;
    }
}

/* Of the scalar regular classes by row; of the others all. */
bool jit_row_translated(enum insn insn)
{
    return insn_infos[insn].class >= INSN_CLASS_V_UNARY || jit_numeric_rows(insn) || jit_float_rows(insn) ||
           jit_convert_rows(insn) || jit_access_rows(insn);
}

enum status jit_push(struct jit_function *f, LLVMValueRef value, uint32_t type)
{
    if (f->height == f->stack_capacity) {
        uint32_t capacity = f->stack_capacity ? f->stack_capacity * 2 : 64;
        LLVMValueRef *stack = (LLVMValueRef *)realloc((void *)f->stack, capacity * sizeof *stack);
        if (!stack)
            return STATUS_NO_MEMORY;
        f->stack = stack;
        uint32_t *types = realloc(f->types, capacity * sizeof *types);
        if (!types)
            return STATUS_NO_MEMORY;
        f->types = types;
        uint32_t *slots = realloc(f->slots, capacity * sizeof *slots);
        if (!slots)
            return STATUS_NO_MEMORY;
        f->slots = slots;
        f->stack_capacity = capacity;
    }
    f->slots[f->height] =
        f->height == 0 ? f->function->local_slots : f->slots[f->height - 1] + jit_width(f->types[f->height - 1]);
    f->stack[f->height] = value;
    f->types[f->height++] = type;
    return STATUS_OK;
}

LLVMValueRef jit_pop(struct jit_function *f) { return f->stack[--f->height]; }

static enum status local_add(struct jit_function *f, LLVMValueRef value, uint32_t type)
{
    LLVMBuilderRef b = f->m->builder;
    if (f->local_count == f->local_capacity) {
        uint32_t capacity = f->local_capacity ? f->local_capacity * 2 : 32;
        LLVMValueRef *locals = (LLVMValueRef *)realloc((void *)f->locals, capacity * sizeof *locals);
        if (!locals)
            return STATUS_NO_MEMORY;
        f->locals = locals;
        uint32_t *types = realloc(f->local_types, capacity * sizeof *types);
        if (!types)
            return STATUS_NO_MEMORY;
        f->local_types = types;
        f->local_capacity = capacity;
    }
    LLVMValueRef place = LLVMBuildAlloca(b, jit_type(f->m, type), "");
    LLVMBuildStore(b, value, place);
    f->locals[f->local_count] = place;
    f->local_types[f->local_count++] = type;
    return STATUS_OK;
}

static enum status group(void *env, uint32_t count, uint32_t type)
{
    struct jit_function *f = env;
    LLVMValueRef zero = LLVMConstNull(jit_type(f->m, type));
    for (uint32_t i = 0; i < count; i++)
        TRY(local_add(f, zero, type));
    return STATUS_OK;
}

/* Locals and the fuel, in the frame. */
static enum status begin(struct jit_function *f)
{
    const struct rt_functype *t = function_type(f->m->module, f->function->index);
    LLVMBuilderRef b = f->m->builder;
    f->llvm = jit_function_get(f->m, f->function->index);
    f->vm = LLVMGetParam(f->llvm, 0);
    f->fp = LLVMGetParam(f->llvm, 1);
    f->depth = LLVMGetParam(f->llvm, 3);
    LLVMPositionBuilderAtEnd(b, jit_block(f, "begin"));
    f->fuel = LLVMBuildAlloca(b, f->m->i64, "");
    LLVMBuildStore(b, LLVMGetParam(f->llvm, 2), f->fuel);
    f->scratch = LLVMBuildAlloca(b, LLVMArrayType2(f->m->i64, VERIFY_SCRATCH_SLOTS), "");
    for (uint32_t i = 0; i < t->param_count; i++)
        TRY(local_add(f, LLVMGetParam(f->llvm, 4 + i), t->params[i]));
    TRY(jit_reader_begin(&f->r, f->function, group, f));
    f->live = true;
    return jit_control_push(f, CONTROL_FUNCTION, function_def(f->m->module, f->function->index));
}

static enum status regular(struct jit_function *f)
{
    enum insn insn = f->r.insn;
    if (jit_access_rows(insn))
        return jit_access(f);
    if (jit_float_rows(insn))
        return jit_float(f);
    return jit_numeric_rows(insn) ? jit_numeric(f) : jit_convert_rows(insn) ? jit_convert(f) : STATUS_INTERNAL;
}

static enum status instruction(struct jit_function *f)
{
    if (!jit_row_translated(f->r.insn))
        return STATUS_INTERNAL;
    if (f->r.info->class < INSN_CLASS_V_UNARY)
        return regular(f);
    if (f->r.info->class < INSN_CLASS_CONTROL)
        return jit_vector(f);
    if (f->r.info->class == INSN_CLASS_CONTROL)
        return jit_control(f);
    if (f->r.info->class == INSN_CLASS_PARAMETRIC)
        return jit_parametric(f);
    if (f->r.info->class == INSN_CLASS_VARIABLE)
        return jit_variable(f);
    if (f->r.info->class == INSN_CLASS_TABLE)
        return jit_table(f);
    return f->r.info->class == INSN_CLASS_MEMORY ? jit_memory(f) : jit_reference(f);
}
_Static_assert(INSN_CLASS_V_STORE_LANE + 1 == INSN_CLASS_CONTROL && INSN_CLASS_REFERENCE == INSN_CLASS_MEMORY + 1,
               "as instruction() has them");

/* Whether the instruction at hand is one that nobody can reach; blocks there are counted. */
static bool skips(struct jit_function *f)
{
    if (f->live)
        return false;
    if (f->r.info->immediate == INSN_IMM_BLOCK) {
        f->skipped++;
        return true;
    }
    if (f->skipped > 0 && f->r.insn == INSN_END) {
        f->skipped--;
        return true;
    }
    return f->skipped > 0 || (f->r.insn != INSN_ELSE && f->r.insn != INSN_END);
}

static enum status body(struct jit_function *f)
{
    TRY(begin(f));
    while (f->control_count > 0) {
        TRY(jit_reader_next(&f->r));
        if (skips(f))
            continue;
        f->cost++;
        TRY(instruction(f));
    }
    return STATUS_OK;
}

enum status jit_translate(struct jit_module *m, const struct function *function)
{
    struct jit_function f = { .m = m, .function = function };
    jit_reader_init(&f.r, m->module);
    enum status status = body(&f);
    jit_reader_done(&f.r);
    free((void *)f.locals);
    free(f.local_types);
    free((void *)f.stack);
    free(f.types);
    free(f.slots);
    free(f.controls);
    return status;
}
