/* The limit on memory: one sum of everything that a guest makes the engine hold.
 *
 * Invariants: nothing is taken before it was counted; whether a growth is allowed depends on the module, the limits and
 * the sizes that the guest sees, on no tier and no machine. So prepared code is counted in advance, by the size of the
 * code that it comes from; what a function needs beyond that is taken from what is left, and where nothing is left the
 * guest is stopped. Left out on purpose: scratch memory of one function's validation and preparation, which is given
 * back. */
#include "runtime/instance.h"

enum { BUDGET_PREPARED = 4, BUDGET_STACK_SHARE = 8, BUDGET_STACK_LEAST = (1 << 20) / 8 /* slots: 1 MiB */ };

uint32_t budget_stack_slots(const struct rt_limits *limits)
{
    uint64_t share = limits->memory_bytes / BUDGET_STACK_SHARE / sizeof(uint64_t);
    if (!limits->memory_bytes || share > LIMIT_STACK_SLOTS)
        return LIMIT_STACK_SLOTS;
    return share < BUDGET_STACK_LEAST ? BUDGET_STACK_LEAST : (uint32_t)share;
}

uint32_t budget_frames(const struct rt_limits *limits) { return limits->call_depth + 1 + LIMIT_NESTING; }

uint64_t budget_engine(const struct rt_module *m, const struct rt_limits *limits)
{
    uint64_t bytes = m->source_size + m->arena.bytes + m->types.capacity * sizeof *m->types.at;
    bytes += (uint64_t)m->code_size * (1 + BUDGET_PREPARED);
    bytes += m->function_count * (uint64_t)sizeof(struct function_object);
    bytes += m->global_slots * (uint64_t)sizeof(uint64_t) + m->elem_count + m->data_count;
    bytes += m->table_count * (uint64_t)sizeof(struct table) + m->memory_count * (uint64_t)sizeof(struct memory);
    bytes += budget_stack_slots(limits) * (uint64_t)sizeof(uint64_t);
    bytes += budget_frames(limits) * (uint64_t)sizeof(struct frame);
    return bytes > LIMIT_ENGINE_FREE ? bytes - LIMIT_ENGINE_FREE : 0;
}

enum status budget_check(const struct rt_module *m, const struct rt_limits *limits, struct error *error)
{
    uint64_t engine = budget_engine(m, limits), guest = 0;
    if (!limits->memory_bytes)
        return STATUS_OK;
    for (uint32_t n = m->imported_memories; n < m->memory_count; n++)
        guest += m->memories[n].min * (uint64_t)PAGE_BYTES;
    for (uint32_t t = m->imported_tables; t < m->table_count; t++)
        guest += m->tables[t].limits.min * (uint64_t)sizeof(uint64_t);
    if (guest <= limits->memory_bytes && engine <= limits->memory_bytes - guest)
        return STATUS_OK;
    return error_set(error, STATUS_LIMIT,
                     "memories and tables of %llu bytes, and %llu that the engine needs for the module, exceed the "
                     "limit of %llu (memory)",
                     (unsigned long long)guest, (unsigned long long)engine, (unsigned long long)limits->memory_bytes);
}

/* Pages of all memories; one that is imported twice counts twice. */
static uint64_t pages_together(const struct rt_instance *instance)
{
    uint64_t pages = 0;
    for (uint32_t n = 0; n < instance->module->memory_count; n++)
        pages += instance->vm.memories[n]->pages;
    return pages;
}

static uint64_t taken(const struct rt_instance *instance)
{
    uint64_t bytes = instance->engine_bytes + pages_together(instance) * PAGE_BYTES;
    for (uint32_t t = 0; t < instance->module->table_count; t++)
        bytes += instance->vm.tables[t]->size * (uint64_t)sizeof(uint64_t);
    return bytes;
}

bool budget_allows(const struct rt_instance *instance, uint64_t more)
{
    uint64_t most = instance->limits.memory_bytes, has = most ? taken(instance) : 0;
    return !most || (has <= most && more <= most - has);
}

bool budget_allows_pages(const struct rt_instance *instance, uint32_t more)
{
    if (instance->module->memory_count > 1 && pages_together(instance) + more > instance->limits.memory_pages)
        return false;
    return budget_allows(instance, more * (uint64_t)PAGE_BYTES);
}

bool budget_allows_code(const struct rt_instance *instance, size_t more)
{
    uint64_t given = (uint64_t)instance->module->code_size * BUDGET_PREPARED, has = instance->code_bytes;
    return has + more <= given || budget_allows(instance, has + more - given);
}
