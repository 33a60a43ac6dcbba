/* Traps: where they happened, and the exact instruction count. Segments are charged at their end, so what
 * an interrupted segment has executed is added here. */
#include "runtime/tier.h"

static struct rt_trap trap_at(enum rt_trap_kind kind, struct tier_place place)
{
    const struct function *f = place.function;
    return f ? (struct rt_trap) { kind, f->index, place.offset, f->name } : (struct rt_trap) { .kind = kind };
}

struct rt_trap rt_instance_where(const struct rt_instance *instance)
{
    if (!instance)
        return (struct rt_trap) { .kind = RT_TRAP_NONE };
    return trap_at(RT_TRAP_NONE, instance->tier->place(instance));
}

void trap_record(struct rt_instance *instance, enum rt_trap_kind kind)
{
    struct tier_place place = instance->tier->place(instance);
    instance->vm.fuel = instance->tier->fuel_left(instance) - place.pending;
    instance->trap = trap_at(kind, place);
    if (kind == RT_TRAP_INTERRUPTED)
        __atomic_store_n(&instance->vm.interrupt, 0, __ATOMIC_RELAXED); /* heard; a later call may run */
}

const struct rt_trap *rt_instance_trap(const struct rt_instance *instance)
{
    static const struct rt_trap none = { .kind = RT_TRAP_NONE };
    return instance ? &instance->trap : &none;
}

uint64_t rt_instance_instructions(const struct rt_instance *instance)
{
    return instance ? (uint64_t)(instance->fuel_at_start - instance->tier->fuel_left(instance)) : 0;
}

const struct tier *tier_get(enum rt_tier id)
{
    static const struct tier *const tiers[RT_TIER_COUNT] = { [RT_TIER_INTERPRETER] = &tier_interpreter };
    return tiers[id];
}

void rt_instance_interrupt(struct rt_instance *instance)
{
    if (instance)
        __atomic_store_n(&instance->vm.interrupt, 1, __ATOMIC_RELAXED);
}
