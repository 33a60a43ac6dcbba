/* Calls from the host into a guest: arguments onto the value stack, the interpreter, results back. A host function may
 * call into the guest again; such nesting is the only recursion on the host's stack, and is bounded. */
#include "runtime/instance.h"

#include <string.h>
#include "runtime/prepare_function.h"

static enum rt_trap_kind refuse(struct rt_instance *instance, const struct function *f)
{
    instance->trap = (struct rt_trap) { RT_TRAP_STACK_EXHAUSTED, f->index, f->body_offset, f->name };
    return RT_TRAP_STACK_EXHAUSTED;
}

enum rt_trap_kind function_call(const struct function_object *object, uint64_t *slots)
{
    struct rt_instance *instance = object->owner;
    const struct function *f = object->function;
    if (object->host)
        return object->host(object->env, instance, slots);
    uint64_t *top = instance->frame ? instance->fp + instance->frame->entry->frame_slots : instance->stack;
    if (instance->nesting >= LIMIT_NESTING || !frame_fits(instance, instance->vm.depth, top, f->frame_slots))
        return refuse(instance, f);
    const uint16_t *pc = instance->pc;
    uint64_t *fp = instance->fp;
    struct frame *frame = instance->frame;
    uint32_t depth = instance->vm.depth;
    instance->nesting++;
    memcpy(top, slots, f->param_slots * sizeof *slots);
    enum rt_trap_kind kind = interp_run(instance, &instance->entries[f->index], top);
    if (kind == RT_TRAP_NONE)
        memcpy(slots, top, f->result_slots * sizeof *slots);
    instance->nesting--;
    instance->pc = pc;
    instance->fp = fp;
    instance->frame = frame;
    instance->vm.depth = depth;
    return kind;
}

static enum status report(const struct rt_instance *instance, enum rt_trap_kind kind, struct error *error)
{
    const struct rt_trap *t = &instance->trap;
    if (kind == RT_TRAP_NONE)
        return STATUS_OK;
    if (kind == RT_TRAP_EXIT)
        return STATUS_EXITED;
    if (t->function_name)
        return error_set(error, STATUS_TRAPPED, "%s, in function %u (%s) at offset %u", rt_trap_text(kind), t->function,
                         t->function_name, t->offset);
    return error_set(error, STATUS_TRAPPED, "%s, in function %u at offset %u", rt_trap_text(kind), t->function,
                     t->offset);
}

enum status rt_call(struct rt_instance *instance, uint32_t function, const uint64_t *args, uint32_t arg_count,
                    uint64_t *results, uint32_t result_count, struct error *error)
{
    if (!instance || (!args && arg_count > 0) || (!results && result_count > 0))
        return error_set(error, STATUS_INVALID, "no instance is given, or no slots");
    if (function >= instance->module->function_count)
        return error_set(error, STATUS_INVALID, "no function %u", function);
    const struct function_object *object = &instance->functions[function];
    const struct function *f = object->function;
    if (f->param_slots != arg_count || f->result_slots != result_count)
        return error_set(error, STATUS_INVALID, "function %u takes %u slots and gives %u, not %u and %u", function,
                         f->param_slots, f->result_slots, arg_count, result_count);
    uint64_t slots[2 * LIMIT_PARAMS];
    if (arg_count > 0)
        memcpy(slots, args, arg_count * sizeof *slots);
    slots_clear(object->type->function.param_count, object->type->function.params, slots);
    instance->trap = (struct rt_trap) { .kind = RT_TRAP_NONE };
    enum rt_trap_kind kind = function_call(object, slots);
    if (kind == RT_TRAP_NONE && result_count > 0)
        memcpy(results, slots, result_count * sizeof *slots);
    if (kind != RT_TRAP_NONE)
        instance->trap.kind = kind;
    return report(instance, kind, error);
}

enum status rt_instance_start(struct rt_instance *instance, struct error *error)
{
    if (!instance)
        return error_set(error, STATUS_INVALID, "no instance is given");
    if (!instance->module->has_start)
        return STATUS_OK;
    return rt_call(instance, instance->module->start, NULL, 0, NULL, 0, error);
}
