/* Calls. A compiled function of the module is called as a native one, after the caller has looked at what the
 * interpreter looks at: whether a stop was asked for, and whether there is a frame. All others go through the callee's
 * `code` (instance.h), the arguments in the slots where the interpreter would have them. */
#include "runtime/jit/jit_translate.h"

#include <stdlib.h>

/* Where the topmost `count` operands begin in the frame, and what is below none is behind the locals. */
static LLVMValueRef operand_slots(struct jit_function *f, uint32_t count)
{
    uint32_t at = f->height - count, slot = f->function->local_slots;
    if (at > 0)
        slot = f->slots[at - 1] + jit_width(f->types[at - 1]);
    return jit_at(f, f->fp, slot * sizeof(uint64_t));
}

static enum status check_frame(struct jit_function *f, LLVMValueRef callee_fp, uint32_t frame_slots)
{
    const struct jit_module *m = f->m;
    LLVMBuilderRef b = m->builder;
    LLVMValueRef past = LLVMBuildPtrToInt(b, jit_at(f, callee_fp, frame_slots * sizeof(uint64_t)), m->i64, "");
    LLVMValueRef end = jit_field(f, m->i64, f->vm, LAYOUT_vmctx_stack_end);
    LLVMValueRef deep = LLVMBuildICmp(b, LLVMIntEQ, f->depth, jit_i32(m, 0), "");
    LLVMValueRef high = LLVMBuildICmp(b, LLVMIntUGT, past, end, "");
    return jit_trap_if(f, LLVMBuildOr(b, deep, high, ""), RT_TRAP_STACK_EXHAUSTED, 0);
}

static enum status results_from_slots(struct jit_function *f, const struct rt_functype *t, LLVMValueRef slots)
{
    for (uint32_t i = 0, slot = 0; i < t->result_count; slot += jit_width(t->results[i++]))
        TRY(jit_push(f, jit_slot_get(f, slots, slot, t->results[i]), t->results[i]));
    return STATUS_OK;
}

static enum status call_compiled(struct jit_function *f, uint32_t function)
{
    const struct type_def *def = function_def(f->m->module, function);
    const struct rt_functype *t = &def->function;
    LLVMBuilderRef b = f->m->builder;
    uint32_t at = f->height - t->param_count;
    TRY(jit_poll(f));
    LLVMValueRef fp = operand_slots(f, t->param_count);
    TRY(check_frame(f, fp, f->m->module->functions[function].frame_slots));
    LLVMValueRef *arguments = (LLVMValueRef *)calloc(t->param_count + 4ul, sizeof *arguments);
    if (!arguments)
        return STATUS_NO_MEMORY;
    arguments[0] = f->vm;
    arguments[1] = fp;
    arguments[2] = jit_fuel(f);
    arguments[3] = LLVMBuildSub(b, f->depth, jit_i32(f->m, 1), "");
    for (uint32_t i = 0; i < t->param_count; i++)
        arguments[4 + i] = f->stack[at + i];
    LLVMValueRef both = LLVMBuildCall2(b, jit_function_type(f->m, def), jit_function_get(f->m, function), arguments,
                                       t->param_count + 4, "");
    free((void *)arguments);
    f->height = at;
    LLVMBuildStore(b, LLVMBuildExtractValue(b, both, 0, ""), f->fuel);
    if (t->result_count == 1)
        return jit_push(f, LLVMBuildExtractValue(b, both, 1, ""), t->results[0]);
    return results_from_slots(f, t, fp);
}

/* Arguments into their slots; the operands are gone. */
static LLVMValueRef place_arguments(struct jit_function *f, const struct rt_functype *t)
{
    LLVMValueRef slots = operand_slots(f, t->param_count);
    f->height -= t->param_count;
    for (uint32_t i = 0, slot = 0; i < t->param_count; slot += jit_width(t->params[i++]))
        jit_slot_put(f, slots, slot, f->stack[f->height + i], t->params[i]);
    return slots;
}

enum status jit_call(struct jit_function *f)
{
    uint32_t function = f->r.x;
    const struct rt_functype *t = function_type(f->m->module, function);
    TRY(jit_charge(f, 0));
    if (f->m->compiled[function])
        return call_compiled(f, function);
    LLVMValueRef all = jit_field(f, f->m->pointer, f->vm, LAYOUT_vmctx_functions);
    LLVMValueRef callee = jit_at(f, all, function * (uint64_t)LAYOUT_function_object_size);
    LLVMValueRef slots = place_arguments(f, t);
    LLVMValueRef arguments[] = { f->vm, f->fp, slots, jit_fuel(f), f->depth, NULL, callee };
    TRY(jit_site(f, 0, &arguments[5]));
    jit_help(f, JIT_HELPER_call, arguments, 7);
    jit_fuel_reload(f);
    return results_from_slots(f, t, slots);
}

enum status jit_call_indirect(struct jit_function *f)
{
    const struct type_def *def = module_type(f->m->module, f->r.x);
    const struct jit_module *m = f->m;
    LLVMValueRef selector = jit_pop(f);
    TRY(jit_charge(f, 0));
    LLVMValueRef slots = place_arguments(f, &def->function);
    LLVMValueRef arguments[] = {
        f->vm, f->fp, slots, jit_fuel(f), f->depth, NULL, selector, jit_i32(m, f->r.y), jit_i32(m, def->id)
    };
    TRY(jit_site(f, 0, &arguments[5]));
    jit_help(f, JIT_HELPER_call_indirect, arguments, 9);
    jit_fuel_reload(f);
    return results_from_slots(f, &def->function, slots);
}
