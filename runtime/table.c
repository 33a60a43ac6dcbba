/* Tables (4.2.7) and the instructions on them. Elements are references as slots hold them. */
#include "runtime/instance.h"

#include <stdlib.h>
#include <string.h>

static bool reserve(struct rt_table *t, uint32_t size)
{
    if (size <= t->capacity)
        return true;
    uint32_t capacity = t->capacity * 2 > size ? t->capacity * 2 : size;
    uint64_t *elements = realloc(t->elements, (capacity ? capacity : (size_t)1) * sizeof *elements);
    if (!elements)
        return false;
    t->elements = elements;
    t->capacity = capacity;
    return true;
}

enum status table_init(struct rt_table *t, const struct table_type *type, uint32_t limit, struct error *error)
{
    uint32_t min = type->limits.min;
    *t = (struct rt_table) { .has_max = type->limits.has_max, .declared_max = type->limits.max, .type = type->element };
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

void table_done(struct rt_table *t) { free(t->elements); }

uint32_t table_grow(struct rt_table *t, uint64_t value, uint32_t count)
{
    uint32_t before = t->size;
    if (count > t->max - before || !reserve(t, before + count))
        return UINT32_MAX;
    for (uint32_t i = 0; i < count; i++)
        t->elements[before + i] = value;
    t->size += count;
    return before;
}

static bool inside(uint32_t at, uint32_t count, uint32_t size) { return (uint64_t)at + count <= size; }

bool table_fill(struct rt_table *t, uint32_t to, uint64_t value, uint32_t count)
{
    if (!inside(to, count, t->size))
        return false;
    for (uint32_t i = 0; i < count; i++)
        t->elements[to + i] = value;
    return true;
}

bool table_copy(struct rt_table *t, uint32_t to, const struct rt_table *from_table, uint32_t from, uint32_t count)
{
    if (!inside(to, count, t->size) || !inside(from, count, from_table->size))
        return false;
    if (count > 0)
        memmove(t->elements + to, from_table->elements + from, count * sizeof *t->elements);
    return true;
}

bool table_init_segment(struct rt_instance *instance, uint32_t table, uint32_t segment, uint32_t to, uint32_t from,
                        uint32_t count)
{
    struct rt_table *t = instance->vm.tables[table];
    const struct elem_segment *e = &instance->module->elems[segment];
    uint32_t size = instance->elem_dropped[segment] ? 0 : e->count;
    if (!inside(to, count, t->size) || !inside(from, count, size))
        return false;
    for (uint32_t i = 0; i < count; i++)
        t->elements[to + i] = const_value(instance, &e->items[from + i]);
    return true;
}
