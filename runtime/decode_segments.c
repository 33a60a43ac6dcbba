/* Element and data segments (5.5.12, 5.5.14, 5.5.16). Their bytes are copied; whether they fit is checked at
 * instantiation. */
#include "runtime/decode.h"

#include <string.h>

/* The flags of an element segment: bit 0 not active, bit 1 a table index or declared, bit 2 expressions. */
enum { ELEM_NOT_ACTIVE = 1, ELEM_EXPLICIT = 2, ELEM_EXPRESSIONS = 4 };

static enum status elem_items(struct decoder *d, struct elem_segment *e, bool expressions)
{
    struct rt_module *m = d->module;
    TRY(decode_count(d, expressions ? 2 : 1, LIMIT_TABLE_ELEMENTS, "elements", &e->count));
    e->items = arena_alloc(&m->arena, e->count, sizeof *e->items);
    if (!e->items)
        return decode_no_memory(d);
    for (uint32_t i = 0; i < e->count; i++) {
        if (expressions) {
            TRY(decode_const_expr(d, e->type, &e->items[i]));
            continue;
        }
        size_t at = cursor_offset(&d->in);
        uint32_t index;
        TRY(decode_u32(d, &index));
        if (index >= m->function_count)
            return decode_fail_at(d, at, STATUS_INVALID, "unknown function %u", index);
        module_declare(m, index);
        e->items[i] = (struct const_expr) { index, CONST_FUNCTION, RT_FUNCREF };
    }
    return STATUS_OK;
}

static enum status elem_segment(struct decoder *d, struct elem_segment *e)
{
    size_t at = cursor_offset(&d->in);
    uint32_t flags;
    uint8_t kind = 0;
    TRY(decode_u32(d, &flags));
    if (flags > 7)
        return decode_fail_at(d, at, STATUS_MALFORMED, "malformed elements segment kind %u", flags);
    bool expressions = flags & ELEM_EXPRESSIONS;
    e->mode = !(flags & ELEM_NOT_ACTIVE) ? SEGMENT_ACTIVE : flags & ELEM_EXPLICIT ? SEGMENT_DECLARED : SEGMENT_PASSIVE;
    e->type = RT_FUNCREF;
    if (e->mode == SEGMENT_ACTIVE) {
        if (flags & ELEM_EXPLICIT)
            TRY(decode_u32(d, &e->table));
        if (e->table >= d->module->table_count)
            return decode_fail_at(d, at, STATUS_INVALID, "unknown table %u", e->table);
        TRY(decode_const_expr(d, d->module->tables[e->table].limits.address, &e->offset));
    }
    if (flags & (ELEM_NOT_ACTIVE | ELEM_EXPLICIT)) {
        if (expressions) {
            TRY(decode_reference_type(d, &e->type));
        } else {
            TRY(decode_u8(d, &kind));
            if (kind != 0)
                return decode_fail(d, STATUS_MALFORMED, "malformed element kind 0x%02x", kind);
        }
    }
    if (e->mode == SEGMENT_ACTIVE && !type_matches(&d->module->types, e->type, d->module->tables[e->table].element))
        return decode_fail_at(d, at, STATUS_INVALID, "type mismatch: the segment's type is not its table's");
    return elem_items(d, e, expressions);
}

enum status decode_elems(struct decoder *d)
{
    struct rt_module *m = d->module;
    uint32_t count;
    TRY(decode_count(d, 2, LIMIT_SEGMENTS, "element segments", &count));
    m->elems = arena_alloc(&m->arena, count, sizeof *m->elems);
    if (!m->elems)
        return decode_no_memory(d);
    for (; m->elem_count < count; m->elem_count++)
        TRY(elem_segment(d, &m->elems[m->elem_count]));
    return STATUS_OK;
}

enum status decode_data_count(struct decoder *d)
{
    d->module->has_data_count = true;
    return decode_u32(d, &d->module->data_count_section);
}

static enum status data_segment(struct decoder *d, struct data_segment *s)
{
    size_t at = cursor_offset(&d->in);
    uint32_t flags;
    TRY(decode_u32(d, &flags));
    if (flags > 2)
        return decode_fail_at(d, at, STATUS_MALFORMED, "malformed data segment kind %u", flags);
    s->mode = flags == 1 ? SEGMENT_PASSIVE : SEGMENT_ACTIVE;
    if (flags == 2)
        TRY(decode_u32(d, &s->memory));
    if (s->mode == SEGMENT_ACTIVE) {
        if (s->memory >= d->module->memory_count)
            return decode_fail_at(d, at, STATUS_INVALID, "unknown memory %u", s->memory);
        TRY(decode_const_expr(d, d->module->memories[s->memory].address, &s->offset));
    }
    TRY(decode_count(d, 1, LIMIT_MODULE_BYTES, "bytes of a data segment", &s->size));
    uint8_t *copy = arena_alloc(&d->module->arena, s->size, 1);
    if (!copy)
        return decode_no_memory(d);
    memcpy(copy, d->in.at, s->size);
    d->in.at += s->size;
    s->bytes = copy;
    return STATUS_OK;
}

enum status decode_datas(struct decoder *d)
{
    struct rt_module *m = d->module;
    uint32_t count;
    TRY(decode_count(d, 2, LIMIT_SEGMENTS, "data segments", &count));
    if (m->has_data_count && count != m->data_count_section)
        return decode_fail(d, STATUS_MALFORMED, "data count and data section have inconsistent lengths");
    m->datas = arena_alloc(&m->arena, count, sizeof *m->datas);
    if (!m->datas)
        return decode_no_memory(d);
    for (; m->data_count < count; m->data_count++)
        TRY(data_segment(d, &m->datas[m->data_count]));
    return STATUS_OK;
}
