/* Traps: their words, where they happened, and the exact instruction count. Segments are charged at their end, so what
 * an interrupted segment has executed is added here, from the code map. */
#include "runtime/instance.h"

#define TRAP_TEXT(kind, text) text,
const char *rt_trap_text(enum rt_trap_kind kind)
{
    static const char *const texts[] = { RT_TRAP_LIST(TRAP_TEXT) };
    return (unsigned)kind < RT_TRAP_COUNT ? texts[kind] : "unknown trap";
}
#undef TRAP_TEXT

struct rt_trap rt_instance_where(const struct rt_instance *instance)
{
    struct rt_trap where = { .kind = RT_TRAP_NONE };
    if (!instance || !instance->frame)
        return where;
    const struct function *f = instance->frame->function;
    const struct code_map *map = module_map_find(instance->module, f, instance->pc);
    where.function = f->index;
    where.function_name = f->name;
    where.offset = map ? map->offset : f->body_offset;
    return where;
}

void trap_record(struct rt_instance *instance, enum rt_trap_kind kind)
{
    const struct code_map *map = module_map_find(instance->module, instance->frame->function, instance->pc);
    if (map)
        instance->vm.fuel -= map->count;
    instance->trap = rt_instance_where(instance);
    instance->trap.kind = kind;
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
    return instance ? (uint64_t)(instance->fuel_at_start - instance->vm.fuel) : 0;
}

void rt_instance_interrupt(struct rt_instance *instance)
{
    if (instance)
        __atomic_store_n(&instance->vm.interrupt, 1, __ATOMIC_RELAXED);
}
