/* Exports and the start function (5.5.10, 5.5.11). Sorted by name, for the check for duplicates (which must not be
 * quadratic) and for later look-ups. */
#include "runtime/decode.h"

#include <stdlib.h>
#include <string.h>

static int name_compare(const struct name *a, const struct name *b)
{
    size_t size = a->size < b->size ? a->size : b->size;
    int order = size ? memcmp(a->text, b->text, size) : 0;
    return order ? order : (a->size > b->size) - (a->size < b->size);
}

static int export_compare(const void *a, const void *b)
{
    const struct export *x = a, *y = b;
    return name_compare(&x->name, &y->name);
}

const struct export *module_export_find(const struct rt_module *m, const char *name, size_t size)
{
    struct export key = { .name = { name, (uint32_t)size } };
    if (size > LIMIT_NAME_BYTES || m->export_count == 0)
        return NULL;
    return bsearch(&key, m->exports_by_name, m->export_count, sizeof key, export_compare);
}

static enum status export_desc(struct decoder *d, struct export *e)
{
    struct rt_module *m = d->module;
    size_t at = cursor_offset(&d->in);
    TRY(decode_u8(d, &e->kind));
    if (e->kind == 4)
        return decode_needs(d, at, "exception handling");
    if (e->kind > KIND_GLOBAL)
        return decode_fail_at(d, at, STATUS_MALFORMED, "malformed export kind 0x%02x", e->kind);
    TRY(decode_u32(d, &e->index));
    const uint32_t counts[] = { m->function_count, m->table_count, m->memory_count, m->global_count };
    static const char *const kinds[] = { "function", "table", "memory", "global" };
    if (e->index >= counts[e->kind])
        return decode_fail_at(d, at, STATUS_INVALID, "unknown %s %u", kinds[e->kind], e->index);
    if (e->kind == KIND_FUNCTION)
        module_declare(m, e->index);
    return STATUS_OK;
}

enum status decode_exports(struct decoder *d)
{
    struct rt_module *m = d->module;
    size_t at = cursor_offset(&d->in);
    uint32_t count;
    TRY(decode_count(d, 3, LIMIT_EXPORTS, "exports", &count));
    m->exports = arena_alloc(&m->arena, count, sizeof *m->exports);
    m->exports_by_name = arena_alloc(&m->arena, count, sizeof *m->exports_by_name);
    if (!m->exports || !m->exports_by_name)
        return decode_no_memory(d);
    for (uint32_t i = 0; i < count; i++) {
        TRY(decode_name(d, &m->exports[i].name));
        TRY(export_desc(d, &m->exports[i]));
        m->exports_by_name[i] = m->exports[i];
    }
    m->export_count = count;
    qsort(m->exports_by_name, count, sizeof *m->exports_by_name, export_compare);
    for (uint32_t i = 1; i < count; i++)
        if (name_compare(&m->exports_by_name[i - 1].name, &m->exports_by_name[i].name) == 0)
            return decode_fail_at(d, at, STATUS_INVALID, "duplicate export name \"%s\"",
                                  m->exports_by_name[i].name.text);
    return STATUS_OK;
}

enum status decode_start(struct decoder *d)
{
    struct rt_module *m = d->module;
    size_t at = cursor_offset(&d->in);
    TRY(decode_u32(d, &m->start));
    if (m->start >= m->function_count)
        return decode_fail_at(d, at, STATUS_INVALID, "unknown function %u", m->start);
    const struct rt_functype *t = function_type(m, m->start);
    if (t->param_count != 0 || t->result_count != 0)
        return decode_fail_at(d, at, STATUS_INVALID, "start function must have no parameters and no results");
    m->has_start = true;
    return STATUS_OK;
}
