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
    if (instance->watch)
        watch_trapped(instance, place.pending);
    instance->trap_frame = instance->tier->caller_place ? instance->frame : NULL;
    instance->trap_depth = !place.function        ? 0
                           : instance->trap_frame ? (uint32_t)(instance->frame - instance->frames) + 1
                                                  : 1;
    if (kind == RT_TRAP_INTERRUPTED)
        __atomic_store_n(&instance->vm.interrupt, 0, __ATOMIC_RELAXED); /* heard; a later call may run */
}

const struct rt_trap *rt_instance_trap(const struct rt_instance *instance)
{
    static const struct rt_trap none = { .kind = RT_TRAP_NONE };
    return instance ? &instance->trap : &none;
}

/* Where the frame called what stands above it. A place that was found before is not looked for again. */
static struct rt_trap caller_find(const struct rt_instance *instance, const struct frame *frame,
                                  const struct frame *const *seen, const struct rt_trap *found, uint32_t count,
                                  uint64_t *left)
{
    const struct function *f = frame->function->function;
    struct tier_place place = { f, f->body_offset, 0 };
    for (uint32_t i = 1; i < count; i++) /* the first is where it trapped, which is no call */
        if (seen[i]->function == frame->function && seen[i][1].pc == frame[1].pc)
            return found[i];
    if (f->body_size <= *left) {
        *left -= f->body_size;
        place = instance->tier->caller_place(instance, frame);
    }
    return trap_at(instance->trap.kind, place);
}

uint32_t rt_instance_stack(const struct rt_instance *instance,
                           struct rt_trap ret[LIMIT_STACK_INNER + LIMIT_STACK_OUTER])
{
    enum { KEPT = LIMIT_STACK_INNER + LIMIT_STACK_OUTER };
    const struct frame *seen[KEPT];
    uint64_t left = LIMIT_STACK_READ;
    if (!instance || !ret)
        return 0;
    const uint32_t depth = instance->trap_depth, kept = depth < KEPT ? depth : KEPT;
    if (depth > 0)
        ret[0] = instance->trap;
    for (uint32_t i = 1; i < kept; i++) {
        seen[i] = instance->trap_frame - (i < LIMIT_STACK_INNER ? i : depth - kept + i);
        ret[i] = caller_find(instance, seen[i], seen, ret, i, &left);
    }
    return depth;
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
