/* Calls: from the host into a guest, and the frame that a defined function takes whoever calls it. A host function may
 * call into the guest again, and instances each other; such nesting is the only recursion on the host's stack, and is
 * bounded. */
#include "runtime/instance.h"

#include <string.h>

static enum rt_trap_kind refuse(const struct function_object *self)
{
    const struct function *f = self->function;
    self->owner->trap = (struct rt_trap) { RT_TRAP_STACK_EXHAUSTED, f->index, f->body_offset, f->name };
    self->owner->trap_frame = NULL;
    self->owner->trap_depth = 1; /* who called is not in this instance, or in code without frames */
    return RT_TRAP_STACK_EXHAUSTED;
}

/* Whether a function of the instance itself calls: it has the arguments on the instance's stack. That is no nesting,
 * whichever tiers the two are on: the depth bounds it. */
static bool calls_itself(const struct rt_instance *instance, const uint64_t *slots)
{
    return (uintptr_t)slots >= (uintptr_t)instance->stack && (uintptr_t)slots < (uintptr_t)instance->vm.stack_end;
}

/* Where the frame begins: at arguments that lie on the owner's stack already, else behind the innermost frame. */
static uint64_t *frame_start(const struct rt_instance *instance, const uint64_t *slots)
{
    if (calls_itself(instance, slots))
        return instance->stack + (slots - instance->stack);
    return instance->frame ? instance->fp + instance->frame->function->frame_slots : instance->stack;
}

enum rt_trap_kind function_begin(const struct function_object *self, const uint64_t *slots, struct activation *ret)
{
    struct rt_instance *instance = self->owner;
    uint64_t *top = frame_start(instance, slots);
    uint32_t nests = calls_itself(instance, slots) ? 0 : 1;
    if (instance->nesting + nests > LIMIT_NESTING ||
        !frame_fits(&instance->vm, instance->vm.depth, top, self->frame_slots))
        return refuse(self);
    *ret =
        (struct activation) { top, instance->pc, instance->fp, instance->frame, instance->vm.depth, instance->nesting };
    instance->frame = instance->frame ? instance->frame + 1 : instance->frames;
    *instance->frame = (struct frame) { NULL, top, self };
    instance->fp = top;
    instance->pc = NULL;
    instance->nesting += nests;
    instance->vm.depth--;
    if (top != slots)
        memcpy(top, slots, self->function->param_slots * sizeof *slots);
    return RT_TRAP_NONE;
}

enum rt_trap_kind function_end(const struct function_object *self, uint64_t *slots, const struct activation *a,
                               enum rt_trap_kind kind)
{
    struct rt_instance *instance = self->owner;
    if (kind == RT_TRAP_NONE && a->slots != slots)
        memcpy(slots, a->slots, self->function->result_slots * sizeof *slots);
    instance->nesting = a->nesting;
    instance->pc = a->pc;
    instance->fp = a->fp;
    instance->frame = a->frame;
    instance->vm.depth = a->depth;
    if (instance->watch && kind != RT_TRAP_NONE)
        watch_ended(instance);
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
    const struct function_object *object = &instance->vm.functions[function];
    const struct function *f = object->function;
    if (f->param_slots != arg_count || f->result_slots != result_count)
        return error_set(error, STATUS_INVALID, "function %u takes %u slots and gives %u, not %u and %u", function,
                         f->param_slots, f->result_slots, arg_count, result_count);
    uint64_t slots[2 * LIMIT_PARAMS];
    if (arg_count > 0)
        memcpy(slots, args, arg_count * sizeof *slots);
    slots_clear(object->type->function.param_count, object->type->function.params, slots);
    instance->trap = (struct rt_trap) { .kind = RT_TRAP_NONE };
    instance->trap_depth = 0;
    enum rt_trap_kind kind = object->code(object, slots);
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
