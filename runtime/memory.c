/* Linear memory (4.2.8): reserved address space of 8 GiB and a guard, so that any 32-bit address plus any 32-bit offset
 * stays inside it; pages are committed as the memory grows. The interpreter checks bounds by itself all the same. */
#include "runtime/instance.h"

/* 32-bit address + 32-bit offset + the widest access. */
static const uint64_t MEMORY_RESERVED = (8ull << 30) + PAGE_BYTES;

enum status memory_init(struct memory *m, const struct size_limits *type, uint32_t limit, struct error *error)
{
    void *base;
    *m = (struct memory) { .reserved = MEMORY_RESERVED, .has_max = type->has_max, .declared_max = type->max };
    m->max_pages = type->has_max && type->max < limit ? type->max : limit;
    if (type->min > limit)
        return error_set(error, STATUS_LIMIT, "the memory's %u pages of 64 KiB exceed the limit of %u (memory)",
                         type->min, limit);
    if (pages_reserve(m->reserved, &base) != STATUS_OK)
        return error_set(error, STATUS_NO_MEMORY,
                         "no address space for a linear memory; is there a limit on it (ulimit -v)?");
    m->base = base;
    if (pages_commit(m->base, 0, (uint64_t)type->min * PAGE_BYTES) != STATUS_OK)
        return error_set(error, STATUS_NO_MEMORY, "no memory for %u pages of 64 KiB", type->min);
    m->pages = type->min;
    return STATUS_OK;
}

void memory_done(struct memory *m)
{
    if (m)
        pages_release(m->base, m->reserved);
}

static void publish(struct memory *m, struct rt_instance *user)
{
    user->vm.memory_base = m->base;
    user->vm.memory_size = memory_bytes(m);
}

void memory_attach(struct memory *m, struct rt_instance *user)
{
    user->memory = m;
    user->next_memory_user = m->users;
    m->users = user;
    publish(m, user);
}

void memory_detach(struct rt_instance *user)
{
    if (!user->memory)
        return;
    struct rt_instance **at = &user->memory->users;
    while (*at && *at != user)
        at = &(*at)->next_memory_user;
    if (*at)
        *at = user->next_memory_user;
    user->memory = NULL;
}

uint32_t memory_grow(struct rt_instance *instance, uint32_t memory, uint32_t pages)
{
    struct memory *m = instance->vm.memories[memory];
    uint32_t before = m->pages;
    struct rt_growth growth;
    if (pages > m->max_pages - before || !budget_allows_pages(instance, pages) ||
        !growth_ask(instance, false, memory, pages, &growth))
        return UINT32_MAX;
    if (pages_commit(m->base, (uint64_t)before * PAGE_BYTES, (uint64_t)pages * PAGE_BYTES) != STATUS_OK) {
        growth_refused(instance, &growth);
        return UINT32_MAX;
    }
    m->pages += pages;
    for (struct rt_instance *user = m->users; user; user = user->next_memory_user)
        publish(m, user);
    return before;
}
