/* The interpreter as a tier: how a call enters it, and where it stands. Fuel and depth lie in the context whenever the
 * interpreter has called something; in between they are in its registers, and nobody else runs. */
#include "runtime/prepare_function.h"
#include "runtime/tier.h"

static enum rt_trap_kind enter(const struct function_object *self, uint64_t *slots)
{
    struct activation activation;
    enum rt_trap_kind kind = function_begin(self, slots, &activation);
    if (kind != RT_TRAP_NONE)
        return kind;
    return function_end(self, slots, &activation, interp_run(self, activation.slots));
}

static struct tier_place place(const struct rt_instance *instance)
{
    if (!instance->frame)
        return (struct tier_place) { .function = NULL };
    const struct function_object *self = instance->frame->function;
    struct code_place at = prepare_place(instance, self, instance->pc);
    return (struct tier_place) { self->function, at.offset, at.count };
}

static struct tier_place caller_place(const struct rt_instance *instance, const struct frame *frame)
{
    struct code_place at = prepare_caller(instance, frame->function, frame[1].pc);
    return (struct tier_place) { frame->function->function, at.offset, 0 };
}

static int64_t fuel_left(const struct rt_instance *instance) { return instance->vm.fuel; }

const struct tier tier_interpreter = { RT_TIER_INTERPRETER, enter, place, caller_place, fuel_left, NULL };
