/* Calls from outside, the loop over instructions, and traps. */
#include "oracle_state.h"

#include <stdlib.h>
#include <string.h>

struct oracle_world {
    struct oracle *all;
};

struct oracle_world *oracle_world_create(void)
{
    struct oracle_world *world = calloc(1, sizeof *world);
    if (!world)
        abort();
    return world;
}

enum { STACK_BYTES = LIMIT_STACK_SLOTS * 8, TYPES_BYTES = LIMIT_STACK_SLOTS * 4 };

void oracle_world_free(struct oracle_world *world)
{
    while (world && world->all) {
        struct oracle *o = world->all;
        world->all = o->next;
        for (uint32_t i = 0; i < o->instance->module->function_count; i++)
            oracle_plan_free(o->plans[i]);
        free((void *)o->plans);
        free(o->frames);
        free(o->labels);
        pages_release(o->stack, STACK_BYTES);
        pages_release(o->types, TYPES_BYTES);
        free(o);
    }
    free(world);
}

static void *pages(uint64_t size)
{
    void *ret;
    if (pages_reserve(size, &ret) != STATUS_OK || pages_commit(ret, 0, size) != STATUS_OK)
        abort();
    return ret;
}

struct oracle *oracle_of(struct oracle_world *world, struct rt_instance *instance)
{
    for (struct oracle *o = world->all; o; o = o->next)
        if (o->instance == instance)
            return o;
    struct oracle *o = calloc(1, sizeof *o);
    if (!o)
        abort();
    o->plans =
        (struct oracle_plan **)calloc(instance->module->function_count + (size_t)1, sizeof(struct oracle_plan *));
    if (!o->plans)
        abort();
    o->stack = pages(STACK_BYTES);
    o->types = pages(TYPES_BYTES);
    o->instance = instance;
    o->world = world;
    o->next = world->all;
    world->all = o;
    return o;
}

static enum rt_trap_kind step(struct oracle *o)
{
    struct cursor *in = &oracle_frame(o)->in;
    o->at = (uint32_t)cursor_offset(in);
    o->pending++;
    const struct insn_info *info = oracle_read_op(in);
    if (info->class == INSN_CLASS_CONTROL)
        return oracle_control(o, info);
    return info->class < INSN_CLASS_CONTROL ? oracle_regular(o, info) : oracle_other(o, info);
}

/* Where it happened; what the segment has executed until then counts. */
static void trap(struct oracle *o, enum rt_trap_kind kind)
{
    const struct function *f = oracle_frame(o)->function;
    o->instance->vm.fuel -= o->pending;
    o->trap = (struct rt_trap) { kind, f->index, f->body_offset + o->at, f->name };
    if (kind == RT_TRAP_INTERRUPTED)
        __atomic_store_n(&o->instance->vm.interrupt, 0, __ATOMIC_RELAXED);
}

/* A guest function's call from outside: from the host, or from another instance. */
static enum rt_trap_kind run(struct oracle *o, const struct function *function, uint64_t *slots)
{
    const struct oracle before = *o;
    uint32_t depth = o->instance->vm.depth;
    uint64_t top = o->frame_count > 0 ? oracle_frame(o)->base + oracle_frame(o)->function->frame_slots : 0;
    const struct rt_functype *type = function_type(o->instance->module, function->index);
    o->slots = (uint64_t)(o->instance->vm.stack_end - o->instance->stack);
    o->pending = 0;
    o->nesting++;
    enum rt_trap_kind kind = RT_TRAP_STACK_EXHAUSTED;
    bool fits = o->nesting <= LIMIT_NESTING && o->slots - top >= function->param_slots;
    if (fits) {
        memcpy(&o->stack[top], slots, function->param_slots * sizeof *slots);
        for (uint32_t i = 0, at = 0; i < type->param_count; at += rt_type_slots(1, &type->params[i++]))
            o->types[top + at] = type->params[i];
        o->height = top + function->param_slots;
        kind = oracle_enter(o, function, top);
    }
    if (kind != RT_TRAP_NONE)
        o->trap = (struct rt_trap) { kind, function->index, function->body_offset, function->name };
    while (kind == RT_TRAP_NONE && o->frame_count > before.frame_count)
        if ((kind = step(o)) != RT_TRAP_NONE)
            trap(o, kind);
    if (kind == RT_TRAP_NONE)
        memcpy(slots, &o->stack[top], function->result_slots * sizeof *slots);
    o->instance->vm.depth = depth;
    o->nesting = before.nesting;
    o->frame_count = before.frame_count;
    o->label_count = before.label_count;
    o->height = before.height;
    o->pending = before.pending;
    o->at = before.at;
    return kind;
}

enum rt_trap_kind oracle_call_object(struct oracle_world *world, const struct function_object *object, uint64_t *slots)
{
    if (!object->function->body)
        return object->code(object, slots);
    return run(oracle_of(world, object->owner), object->function, slots);
}

enum rt_trap_kind oracle_call(struct oracle_world *world, struct rt_instance *instance, uint32_t function,
                              uint64_t *slots)
{
    struct oracle *o = oracle_of(world, instance);
    o->trap = (struct rt_trap) { .kind = RT_TRAP_NONE };
    enum rt_trap_kind kind = oracle_call_object(world, &instance->vm.functions[function], slots);
    o->trap.kind = kind;
    return kind;
}

struct rt_trap oracle_where(struct oracle_world *world, struct rt_instance *instance)
{
    struct oracle *o = oracle_of(world, instance);
    if (o->frame_count == 0)
        return (struct rt_trap) { .kind = RT_TRAP_NONE };
    const struct function *f = oracle_frame(o)->function;
    return (struct rt_trap) { RT_TRAP_NONE, f->index, f->body_offset + o->at, f->name };
}

struct rt_trap oracle_trap(struct oracle_world *world, struct rt_instance *instance)
{
    return oracle_of(world, instance)->trap;
}
