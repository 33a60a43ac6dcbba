/* Traps: their words, where they happened, and the exact instruction count. Segments are charged at their end, so what
 * an interrupted segment has executed is added here. */
#include "runtime/prepare_function.h"

#define TRAP_TEXT(kind, text) text,
const char *rt_trap_text(enum rt_trap_kind kind)
{
    static const char *const texts[] = { RT_TRAP_LIST(TRAP_TEXT) };
    return (unsigned)kind < RT_TRAP_COUNT ? texts[kind] : "unknown trap";
}
#undef TRAP_TEXT

static struct rt_trap trap_at(const struct entry *entry, struct code_place place)
{
    const struct function *f = entry->function;
    return (struct rt_trap) { .function = f->index, .function_name = f->name, .offset = place.offset };
}

struct rt_trap rt_instance_where(const struct rt_instance *instance)
{
    if (!instance || !instance->frame)
        return (struct rt_trap) { .kind = RT_TRAP_NONE };
    const struct frame *frame = instance->frame;
    return trap_at(frame->entry, prepare_place(instance, frame->entry, instance->pc));
}

void trap_record(struct rt_instance *instance, enum rt_trap_kind kind)
{
    const struct entry *entry = instance->frame->entry;
    struct code_place place = prepare_place(instance, entry, instance->pc);
    instance->vm.fuel -= place.count;
    instance->trap = trap_at(entry, place);
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
