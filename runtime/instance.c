/* An instance's life: allocation in the order that the validator's index spaces give, initialisation as 4.5.4 orders
 * it, release of half-built ones. */
#include "runtime/instance.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/link.h"
#include "runtime/prepare_function.h"
#include "runtime/tier.h"

static enum status no_memory(struct error *error)
{
    return error_set(error, STATUS_NO_MEMORY, "out of memory while creating an instance");
}

/* Rounded up to what pages_reserve takes. */
static uint64_t page_round(uint64_t bytes) { return (bytes + PAGE_BYTES - 1) / PAGE_BYTES * PAGE_BYTES; }

static enum status allocate_stacks(struct rt_instance *i, struct error *error)
{
    void *stack, *frames;
    i->stack_bytes = page_round(budget_stack_slots(&i->limits) * (uint64_t)sizeof *i->stack);
    i->frames_bytes = page_round(budget_frames(&i->limits) * (uint64_t)sizeof *i->frames);
    if (pages_reserve(i->stack_bytes, &stack) != STATUS_OK)
        return no_memory(error);
    i->stack = stack;
    i->vm.stack_end = i->stack + budget_stack_slots(&i->limits);
    if (pages_reserve(i->frames_bytes, &frames) != STATUS_OK)
        return no_memory(error);
    i->frames = frames;
    if (pages_commit(stack, 0, i->stack_bytes) != STATUS_OK || pages_commit(frames, 0, i->frames_bytes) != STATUS_OK)
        return no_memory(error);
    return STATUS_OK;
}

static enum status allocate(struct rt_instance *i, const struct rt_module *m, struct error *error)
{
    i->vm.functions = calloc(m->function_count + (size_t)1, sizeof *i->vm.functions);
    i->vm.globals = calloc(m->global_slots + (size_t)1, sizeof *i->vm.globals);
    i->vm.tables = (struct table **)calloc(m->table_count + (size_t)1, sizeof(struct table *));
    i->own_tables = calloc(m->table_count + (size_t)1, sizeof *i->own_tables);
    i->vm.memories = (struct memory **)calloc(m->memory_count + (size_t)1, sizeof(struct memory *));
    i->own_memories = calloc(m->memory_count + (size_t)1, sizeof *i->own_memories);
    i->vm.elem_dropped = calloc(m->elem_count + (size_t)1, sizeof *i->vm.elem_dropped);
    i->vm.data_dropped = calloc(m->data_count + (size_t)1, sizeof *i->vm.data_dropped);
    if (!i->vm.functions || !i->vm.globals || !i->vm.tables || !i->own_tables || !i->vm.memories || !i->own_memories ||
        !i->vm.elem_dropped || !i->vm.data_dropped)
        return no_memory(error);
    i->vm.types = m->types.at;
    for (uint32_t f = 0; f < m->function_count; f++)
        i->vm.functions[f] = (struct function_object) {
            .code = m->functions[f].body ? i->tier->code : NULL, /* linking gives imports theirs */
            .units = m->functions[f].body ? prepare_first : NULL,
            .owner = i,
            .type = function_def(m, f),
            .function = &m->functions[f],
            .frame_slots = m->functions[f].frame_slots,
        };
    return allocate_stacks(i, error);
}

/* The limit on pages is one for all memories: each takes its least size from what is left. */
static enum status define_memories(struct rt_instance *i, struct error *error)
{
    const struct rt_module *m = i->module;
    uint32_t left = i->limits.memory_pages;
    for (uint32_t n = 0; n < m->memory_count; n++) {
        if (n >= m->imported_memories) {
            TRY(memory_init(&i->own_memories[n], &m->memories[n], left, error));
            i->vm.memories[n] = &i->own_memories[n];
            if (n == 0)
                memory_attach(i->vm.memories[n], i);
        }
        left -= i->vm.memories[n]->pages < left ? i->vm.memories[n]->pages : left;
    }
    return STATUS_OK;
}

static enum status define(struct rt_instance *i, struct error *error)
{
    const struct rt_module *m = i->module;
    for (uint32_t g = m->imported_globals; g < m->global_count; g++)
        const_store(i, &m->globals[g].init, &i->vm.globals[m->globals[g].slot]);
    for (uint32_t t = m->imported_tables; t < m->table_count; t++) {
        i->vm.tables[t] = &i->own_tables[t];
        TRY(table_init(&i->own_tables[t], &m->tables[t], i->limits.table_elements, error));
        i->own_tables[t].types = &m->types;
    }
    return define_memories(i, error);
}

static enum status segment_trap(struct rt_instance *i, enum rt_trap_kind kind, const char *what, uint32_t index,
                                struct error *error)
{
    i->trap = (struct rt_trap) { .kind = kind };
    i->trap_depth = 0;
    return error_set(error, STATUS_TRAPPED, "%s: %s segment %u does not fit", rt_trap_text(kind), what, index);
}

static enum status copy_segments(struct rt_instance *i, struct error *error)
{
    const struct rt_module *m = i->module;
    for (uint32_t s = 0; s < m->elem_count; s++) {
        const struct elem_segment *e = &m->elems[s];
        if (e->mode == SEGMENT_ACTIVE && !table_init_active(i, s))
            return segment_trap(i, RT_TRAP_TABLE_BOUNDS, "element", s, error);
        i->vm.elem_dropped[s] = e->mode != SEGMENT_PASSIVE;
    }
    for (uint32_t s = 0; s < m->data_count; s++) {
        const struct data_segment *d = &m->datas[s];
        if (d->mode != SEGMENT_ACTIVE)
            continue;
        uint32_t at = (uint32_t)const_value(i, &d->offset);
        const struct memory *memory = i->vm.memories[d->memory];
        if ((uint64_t)at + d->size > memory_bytes(memory))
            return segment_trap(i, RT_TRAP_MEMORY_BOUNDS, "data", s, error);
        if (d->size > 0)
            memcpy(memory->base + at, d->bytes, d->size);
        i->vm.data_dropped[s] = true;
    }
    return STATUS_OK;
}

static enum status build(struct rt_instance *i, const struct rt_module *m, const struct extern_value *imports,
                         struct error *error)
{
    TRY(budget_check(m, &i->limits, error));
    i->engine_bytes = budget_engine(m, &i->limits);
    TRY(allocate(i, m, error));
    TRY(link_imports(i, imports, error));
    TRY(define(i, error));
    return copy_segments(i, error);
}

enum status instance_link(const struct rt_module *m, const struct extern_value *imports, const struct rt_limits *limits,
                          struct rt_instance **ret, struct error *error)
{
    struct rt_limits most = RT_LIMITS_DEFAULT;
    struct rt_instance *i = calloc(1, sizeof *i);
    if (!i)
        return no_memory(error);
    i->module = m;
    i->tier = tier_get(RT_TIER_INTERPRETER);
    i->limits = limits ? *limits : most;
    if (i->limits.memory_pages > most.memory_pages)
        i->limits.memory_pages = most.memory_pages;
    if (i->limits.call_depth > most.call_depth)
        i->limits.call_depth = most.call_depth;
    if (i->limits.table_elements > most.table_elements)
        i->limits.table_elements = most.table_elements;
    i->vm.depth = i->limits.call_depth;
    i->vm.fuel = i->fuel_at_start = i->limits.fuel > INT64_MAX ? INT64_MAX : (int64_t)i->limits.fuel;
    enum status status = build(i, m, imports, error);
    if (status == STATUS_OK || status == STATUS_TRAPPED)
        *ret = i;
    else
        rt_instance_free(i);
    return status;
}

void rt_instance_free(struct rt_instance *i)
{
    if (!i)
        return;
    memory_detach(i);
    if (i->own_memories)
        for (uint32_t n = 0; n < i->module->memory_count; n++)
            memory_done(&i->own_memories[n]);
    free(i->own_memories);
    free((void *)i->vm.memories);
    if (i->own_tables)
        for (uint32_t t = 0; t < i->module->table_count; t++)
            table_done(&i->own_tables[t]);
    free(i->own_tables);
    free((void *)i->vm.tables);
    free(i->vm.globals);
    free(i->vm.functions);
    free(i->vm.elem_dropped);
    free(i->vm.data_dropped);
    if (i->tier && i->tier->done)
        i->tier->done(i);
    prepare_done(i);
    watch_done(i);
    pages_release(i->stack, i->stack_bytes);
    pages_release(i->frames, i->frames_bytes);
    free(i);
}
