/* Tables (4.2.7) and the instructions on them. Elements are references as slots hold them. Bulk instructions run in
 * pieces of 64 KiB, as those on memory do (bulk.c): bounds first, then a poll before each further piece. */
#include "runtime/instance.h"

#include <stdlib.h>
#include <string.h>

enum { PIECE = 8192 }; /* elements: 64 KiB */

/* exact: no room beyond `size`, so that a table takes what the limit on memory counts. */
static bool reserve(struct table *t, uint32_t size, bool exact)
{
    if (size <= t->capacity)
        return true;
    uint32_t capacity = t->capacity * 2 > size && !exact ? t->capacity * 2 : size;
    uint64_t *elements = realloc(t->elements, (capacity ? capacity : (size_t)1) * sizeof *elements);
    if (!elements)
        return false;
    t->elements = elements;
    t->capacity = capacity;
    return true;
}

enum status table_init(struct table *t, const struct table_type *type, uint32_t limit, struct error *error)
{
    uint32_t min = type->limits.min;
    *t = (struct table) { .has_max = type->limits.has_max, .declared_max = type->limits.max, .type = type->element };
    t->max = t->has_max && t->declared_max < limit ? t->declared_max : limit;
    if (min > limit)
        return error_set(error, STATUS_LIMIT, "a table's %u elements exceed the limit of %u (table_elements)", min,
                         limit);
    t->elements = calloc(min + (size_t)1, sizeof *t->elements);
    if (!t->elements)
        return error_set(error, STATUS_NO_MEMORY, "no memory for a table of %u elements", min);
    t->size = t->capacity = min;
    return STATUS_OK;
}

void table_done(struct table *t) { free(t->elements); }

static enum rt_trap_kind fill(struct rt_instance *instance, uint64_t *to, uint64_t value, uint32_t count)
{
    struct bulk_pieces b = { .count = count, .piece = PIECE };
    while (bulk_next(instance, &b))
        for (uint32_t i = 0; i < b.size; i++)
            to[b.at + i] = value;
    return b.stop;
}

enum rt_trap_kind table_grow(struct rt_instance *instance, uint32_t table, uint64_t value, uint32_t count,
                             uint32_t *ret)
{
    struct table *t = instance->vm.tables[table];
    uint32_t before = t->size;
    *ret = UINT32_MAX;
    struct rt_growth growth;
    if (count > t->max - before || !budget_allows(instance, (uint64_t)count * sizeof *t->elements) ||
        !growth_ask(instance, true, table, count, &growth))
        return RT_TRAP_NONE;
    if (!reserve(t, before + count, instance->limits.memory_bytes != 0)) {
        growth_refused(instance, &growth);
        return RT_TRAP_NONE;
    }
    enum rt_trap_kind kind = fill(instance, t->elements + before, value, count);
    if (kind != RT_TRAP_NONE)
        return kind; /* the size is what it was, so what was filled cannot be seen */
    t->size += count;
    *ret = before;
    return RT_TRAP_NONE;
}

static bool inside(uint32_t at, uint32_t count, uint32_t size) { return (uint64_t)at + count <= size; }

enum rt_trap_kind table_fill(struct rt_instance *instance, uint32_t table, uint32_t to, uint64_t value, uint32_t count)
{
    struct table *t = instance->vm.tables[table];
    return inside(to, count, t->size) ? fill(instance, t->elements + to, value, count) : RT_TRAP_TABLE_BOUNDS;
}

enum rt_trap_kind table_copy(struct rt_instance *instance, uint32_t to_table, uint32_t from_table, uint32_t to,
                             uint32_t from, uint32_t count)
{
    struct table *target = instance->vm.tables[to_table];
    const struct table *source = instance->vm.tables[from_table];
    if (!inside(to, count, target->size) || !inside(from, count, source->size))
        return RT_TRAP_TABLE_BOUNDS;
    struct bulk_pieces b = { .count = count, .piece = PIECE, .backwards = to > from };
    while (bulk_next(instance, &b))
        memmove(target->elements + to + b.at, source->elements + from + b.at, b.size * sizeof *target->elements);
    return b.stop;
}

static void copy_items(struct rt_instance *instance, uint64_t *to, const struct const_expr *items, uint32_t count)
{
    for (uint32_t i = 0; i < count; i++)
        to[i] = const_value(instance, &items[i]);
}

enum rt_trap_kind table_init_segment(struct rt_instance *instance, uint32_t table, uint32_t segment, uint32_t to,
                                     uint32_t from, uint32_t count)
{
    struct table *t = instance->vm.tables[table];
    const struct elem_segment *e = &instance->module->elems[segment];
    if (!inside(to, count, t->size) || !inside(from, count, instance->vm.elem_dropped[segment] ? 0 : e->count))
        return RT_TRAP_TABLE_BOUNDS;
    struct bulk_pieces b = { .count = count, .piece = PIECE };
    while (bulk_next(instance, &b))
        copy_items(instance, t->elements + to + b.at, e->items + from + b.at, b.size);
    return b.stop;
}

bool table_init_active(struct rt_instance *instance, uint32_t segment)
{
    const struct elem_segment *e = &instance->module->elems[segment];
    struct table *t = instance->vm.tables[e->table];
    uint32_t to = (uint32_t)const_value(instance, &e->offset);
    if (!inside(to, e->count, t->size))
        return false;
    copy_items(instance, t->elements + to, e->items, e->count);
    return true;
}
