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

/* Whether the callee's frame may begin there; deeper: it takes one of those that are left. Two conditions, each with a
 * branch of its own: so the verifier sees what is known behind it. */
static enum status check_frame(struct jit_function *f, LLVMValueRef callee_fp, uint32_t frame_slots, bool deeper)
{
    const struct jit_module *m = f->m;
    LLVMBuilderRef b = m->builder;
    if (deeper)
        TRY(jit_trap_if(f, LLVMBuildICmp(b, LLVMIntEQ, f->depth, jit_i32(m, 0), ""), RT_TRAP_STACK_EXHAUSTED, 0));
    LLVMValueRef past = LLVMBuildPtrToInt(b, jit_at(f, callee_fp, frame_slots * sizeof(uint64_t)), m->i64, "");
    LLVMValueRef end = jit_field(f, m->i64, f->vm, LAYOUT_vmctx_stack_end);
    return jit_trap_if(f, LLVMBuildICmp(b, LLVMIntUGT, past, end, ""), RT_TRAP_STACK_EXHAUSTED, 0);
}

static enum status results_from_slots(struct jit_function *f, const struct rt_functype *t, LLVMValueRef slots)
{
    for (uint32_t i = 0, slot = 0; i < t->result_count; slot += jit_width(t->results[i++]))
        TRY(jit_push(f, jit_slot_get(f, slots, slot, t->results[i]), t->results[i]));
    return STATUS_OK;
}

/* Calls native code of the type `def`, whose frame begins at `fp`; the operands are gone. tail: in place of this
 * function, whose frame and depth it takes over, and returns what it does. */
static enum status call_native(struct jit_function *f, const struct type_def *def, LLVMValueRef code, LLVMValueRef fp,
                               bool tail, LLVMValueRef *ret)
{
    const struct rt_functype *t = &def->function;
    LLVMBuilderRef b = f->m->builder;
    LLVMValueRef *arguments = (LLVMValueRef *)calloc(t->param_count + 4ul, sizeof *arguments);
    if (!arguments)
        return STATUS_NO_MEMORY;
    f->height -= t->param_count;
    arguments[0] = f->vm;
    arguments[1] = fp;
    arguments[2] = jit_fuel(f);
    arguments[3] = tail ? f->depth : LLVMBuildSub(b, f->depth, jit_i32(f->m, 1), "");
    for (uint32_t i = 0; i < t->param_count; i++)
        arguments[4 + i] = f->stack[f->height + i];
    *ret = LLVMBuildCall2(b, jit_function_type(f->m, def), code, arguments, t->param_count + 4, "");
    LLVMSetInstructionCallConv(*ret, f->m->convention);
    free((void *)arguments);
    if (tail) {
        LLVMSetTailCallKind(*ret, LLVMTailCallKindMustTail);
        LLVMBuildRet(b, *ret);
    } else {
        LLVMBuildStore(b, LLVMBuildExtractValue(b, *ret, 0, ""), f->fuel);
    }
    return STATUS_OK;
}

static enum status call_compiled(struct jit_function *f, uint32_t function, bool tail)
{
    const struct type_def *def = function_def(f->m->module, function);
    LLVMValueRef fp = tail ? f->fp : operand_slots(f, def->function.param_count), both;
    TRY(jit_poll(f));
    TRY(check_frame(f, fp, f->m->module->functions[function].frame_slots, !tail));
    TRY(call_native(f, def, jit_function_get(f->m, function), fp, tail, &both));
    if (tail)
        return STATUS_OK;
    if (def->function.result_count == 1)
        return jit_push(f, LLVMBuildExtractValue(f->m->builder, both, 1, ""), def->function.results[0]);
    return results_from_slots(f, &def->function, fp);
}

/* Arguments into the slots from `slots` on; the operands are gone. */
static void place_arguments(struct jit_function *f, const struct rt_functype *t, LLVMValueRef slots)
{
    f->height -= t->param_count;
    for (uint32_t i = 0, slot = 0; i < t->param_count; slot += jit_width(t->params[i++]))
        jit_slot_put(f, slots, slot, f->stack[f->height + i], t->params[i]);
}

/* Through the callee's `code`; results come in the slots. */
static enum status call_other(struct jit_function *f, uint32_t function, LLVMValueRef slots, enum verify_helper helper)
{
    LLVMValueRef all = jit_field(f, f->m->pointer, f->vm, LAYOUT_vmctx_functions);
    LLVMValueRef callee = jit_at(f, all, function * (uint64_t)LAYOUT_function_object_size);
    place_arguments(f, function_type(f->m->module, function), slots);
    LLVMValueRef arguments[] = { f->vm, f->fp, slots, jit_fuel(f), f->depth, NULL, callee };
    TRY(jit_site(f, 0, &arguments[5]));
    jit_help(f, helper, arguments, 7);
    jit_fuel_reload(f);
    return results_from_slots(f, function_type(f->m->module, function), slots);
}

enum status jit_call(struct jit_function *f)
{
    uint32_t function = f->r.x;
    TRY(jit_charge(f, 0));
    if (f->m->compiled[function])
        return call_compiled(f, function, false);
    LLVMValueRef slots = operand_slots(f, function_type(f->m->module, function)->param_count);
    return call_other(f, function, slots, VERIFY_HELPER_call);
}

enum status jit_tail_call(struct jit_function *f)
{
    uint32_t function = f->r.x;
    TRY(jit_charge(f, 0));
    if (f->m->compiled[function])
        return call_compiled(f, function, true);
    TRY(call_other(f, function, f->fp, VERIFY_HELPER_tail_call));
    return jit_leave_function(f);
}

/* Any callee, through its `code`. */
static enum status call_selected(struct jit_function *f, const struct type_def *def, LLVMValueRef selector,
                                 LLVMValueRef slots, enum verify_helper helper)
{
    const struct jit_module *m = f->m;
    place_arguments(f, &def->function, slots);
    LLVMValueRef arguments[] = {
        f->vm, f->fp, slots, jit_fuel(f), f->depth, NULL, selector, jit_i32(m, f->r.y), jit_i32(m, def->id)
    };
    TRY(jit_site(f, 0, &arguments[5]));
    jit_help(f, helper, arguments, 9);
    jit_fuel_reload(f);
    return STATUS_OK;
}

/* What is selected, where it is compiled code of this instance, which is called as such: in a block of its own, in
 * which the builder stands afterwards; ret_other: the one for all else. */
static enum status select_native(struct jit_function *f, const struct type_def *def, LLVMValueRef selector,
                                 LLVMValueRef slots, enum verify_helper helper, LLVMValueRef *ret,
                                 LLVMBasicBlockRef *ret_other)
{
    const struct jit_module *m = f->m;
    LLVMValueRef arguments[] = { f->vm, slots,    jit_fuel(f),        f->depth,
                                 NULL,  selector, jit_i32(m, f->r.y), jit_i32(m, def->id) };
    TRY(jit_site(f, 0, &arguments[4]));
    *ret = jit_help(f, helper, arguments, 8);
    LLVMBasicBlockRef native = jit_block(f, "native");
    *ret_other = jit_block(f, "other");
    LLVMBuildCondBr(m->builder, LLVMBuildIsNull(m->builder, *ret, ""), *ret_other, native);
    LLVMPositionBuilderAtEnd(m->builder, native);
    return STATUS_OK;
}

/* One result comes in a register, and goes to where all others are left. */
enum status jit_call_indirect(struct jit_function *f)
{
    const struct type_def *def = module_type(f->m->module, f->r.x);
    const struct rt_functype *t = &def->function;
    LLVMBuilderRef b = f->m->builder;
    LLVMBasicBlockRef other, on = jit_block(f, "on");
    LLVMValueRef selector = jit_pop(f), slots = operand_slots(f, t->param_count), code, both;
    TRY(jit_charge(f, 0));
    TRY(select_native(f, def, selector, slots, VERIFY_HELPER_native, &code, &other));
    TRY(call_native(f, def, code, slots, false, &both));
    if (t->result_count == 1)
        jit_slot_put(f, slots, 0, LLVMBuildExtractValue(b, both, 1, ""), t->results[0]);
    LLVMBuildBr(b, on);
    f->height += t->param_count;
    LLVMPositionBuilderAtEnd(b, other);
    TRY(call_selected(f, def, selector, slots, VERIFY_HELPER_call_indirect));
    LLVMBuildBr(b, on);
    LLVMPositionBuilderAtEnd(b, on);
    return results_from_slots(f, t, slots);
}

enum status jit_tail_call_indirect(struct jit_function *f)
{
    const struct type_def *def = module_type(f->m->module, f->r.x);
    LLVMBasicBlockRef other;
    LLVMValueRef selector = jit_pop(f), code, both;
    TRY(jit_charge(f, 0));
    TRY(select_native(f, def, selector, f->fp, VERIFY_HELPER_tail_native, &code, &other));
    TRY(call_native(f, def, code, f->fp, true, &both));
    f->height += def->function.param_count;
    LLVMPositionBuilderAtEnd(f->m->builder, other);
    TRY(call_selected(f, def, selector, f->fp, VERIFY_HELPER_tail_call_indirect));
    TRY(results_from_slots(f, &def->function, f->fp));
    return jit_leave_function(f);
}
