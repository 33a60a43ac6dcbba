/* Sections that declare: types, imports, functions, tables, memories, globals (5.5.4 to 5.5.9). Each index space starts
 * with its imports; arrays are allocated once, when the defining section tells how many follow. */
#include "runtime/decode.h"

#include <string.h>

static enum status value_types(struct decoder *d, const char *what, uint32_t *types, uint32_t *ret_count)
{
    uint32_t count;
    TRY(decode_count(d, 1, LIMIT_PARAMS, what, &count));
    for (uint32_t i = 0; i < count; i++)
        TRY(decode_value_type(d, &types[i]));
    *ret_count = count;
    return STATUS_OK;
}

static enum status function_type_add(struct decoder *d, size_t at)
{
    uint32_t params[LIMIT_PARAMS], results[LIMIT_PARAMS];
    const char *why = NULL;
    struct type_def def = type_def_given(&(struct rt_functype) { .params = params, .results = results });
    TRY(value_types(d, "parameters", params, &def.function.param_count));
    TRY(value_types(d, "results", results, &def.function.result_count));
    enum status status = types_add_group(&d->module->types, &def, 1, &why);
    return status == STATUS_OK ? STATUS_OK : decode_fail_at(d, at, status, "%s", why);
}

enum status decode_types(struct decoder *d)
{
    uint32_t count;
    if (d->module->later_types)
        return decode_later_types(d);
    TRY(decode_count(d, 2, LIMIT_TYPES, "types", &count));
    for (uint32_t i = 0; i < count; i++) {
        size_t at = cursor_offset(&d->in);
        uint8_t form;
        TRY(decode_u8(d, &form));
        if (form == 0x5f || form == 0x5e || form == 0x50 || form == 0x4f || form == 0x4e)
            return decode_needs(d, at, "garbage collection");
        if (form == 0x5d)
            return decode_needs(d, at, "stack switching");
        if (form == 0x4d || form == 0x4c)
            return decode_needs(d, at, "custom descriptors");
        if (form == 0x65)
            return decode_needs(d, at, "shared-everything threads");
        if (form != 0x60)
            return decode_fail_at(d, at, STATUS_MALFORMED, "malformed type form 0x%02x", form);
        TRY(function_type_add(d, at));
    }
    return STATUS_OK;
}

static enum status type_index(struct decoder *d, uint32_t *ret)
{
    size_t at = cursor_offset(&d->in);
    uint32_t index;
    TRY(decode_u32(d, &index));
    if (index >= d->module->types.count)
        return decode_fail_at(d, at, STATUS_INVALID, "unknown type %u", index);
    if (module_type(d->module, index)->kind != TYPE_FUNCTION)
        return decode_fail_at(d, at, STATUS_INVALID, "type %u is no function type", index);
    *ret = index;
    return STATUS_OK;
}

/* What is no kind of an import here: other proposals' are said by name. */
static enum status import_refuse(struct decoder *d, const struct import *i, size_t at)
{
    if (i->kind == 4)
        return decode_needs(d, at, "exception handling");
    if (i->kind == 0x20)
        return decode_needs(d, at, "custom descriptors");
    if ((i->kind == 0x7e || i->kind == 0x7f) && i->name.size == 0)
        return decode_needs(d, at, "compact import section");
    return decode_fail_at(d, at, STATUS_MALFORMED, "malformed import kind 0x%02x", i->kind);
}

static enum status import_desc(struct decoder *d, struct import *i)
{
    struct rt_module *m = d->module;
    size_t at = cursor_offset(&d->in);
    TRY(decode_u8(d, &i->kind));
    if (i->kind > RT_GLOBAL)
        return import_refuse(d, i, at);
    switch ((enum rt_kind)i->kind) {
    case RT_FUNCTION:
        i->index = m->imported_functions++;
        return type_index(d, &i->type);
    case RT_TABLE:
        i->index = m->imported_tables++;
        return decode_table_type(d, &i->table);
    case RT_MEMORY:
        i->index = m->imported_memories++;
        return decode_size_limits(d, LIMIT_MEMORY_PAGES, "memory", &i->memory);
    case RT_GLOBAL:
        i->index = m->imported_globals++;
        return decode_global_type(d, &i->global);
    }
    return import_refuse(d, i, at);
}

enum status decode_imports(struct decoder *d)
{
    struct rt_module *m = d->module;
    uint32_t count;
    TRY(decode_count(d, 4, LIMIT_IMPORTS, "imports", &count));
    m->imports = arena_alloc(&m->arena, count, sizeof *m->imports);
    if (!m->imports)
        return decode_no_memory(d);
    for (; m->import_count < count; m->import_count++) {
        struct import *i = &m->imports[m->import_count];
        TRY(decode_name(d, &i->module));
        TRY(decode_name(d, &i->name));
        TRY(import_desc(d, i));
    }
    return STATUS_OK;
}

/* The index spaces are laid out even where their section is absent: decode_module calls these with an empty cursor. */
enum status decode_functions(struct decoder *d)
{
    struct rt_module *m = d->module;
    size_t at = cursor_offset(&d->in);
    uint32_t count = 0;
    if (cursor_left(&d->in) > 0)
        TRY(decode_count(d, 1, UINT32_MAX, "functions", &count));
    uint64_t sum = (uint64_t)m->imported_functions + count;
    if (sum > d->limits.functions)
        return decode_fail_at(d, at, STATUS_LIMIT, "%llu functions exceed the limit of %u (functions)",
                              (unsigned long long)sum, d->limits.functions);
    uint32_t total = (uint32_t)sum;
    m->functions = arena_alloc(&m->arena, total, sizeof *m->functions);
    m->declared = arena_alloc(&m->arena, total / 8 + (size_t)1, 1);
    if (!m->functions || !m->declared)
        return decode_no_memory(d);
    for (uint32_t i = 0; i < m->import_count; i++)
        if (m->imports[i].kind == KIND_FUNCTION)
            m->functions[m->function_count++].type = m->imports[i].type;
    for (; m->function_count < total; m->function_count++)
        TRY(type_index(d, &m->functions[m->function_count].type));
    for (uint32_t i = 0; i < total; i++) {
        struct function *f = &m->functions[i];
        f->index = i;
        f->param_slots = module_type(m, f->type)->param_slots;
        f->result_slots = module_type(m, f->type)->result_slots;
    }
    return STATUS_OK;
}

enum status decode_tables(struct decoder *d)
{
    struct rt_module *m = d->module;
    size_t at = cursor_offset(&d->in);
    uint32_t count = 0;
    if (cursor_left(&d->in) > 0)
        TRY(decode_count(d, 3, UINT32_MAX, "tables", &count));
    uint64_t sum = (uint64_t)m->imported_tables + count;
    if (sum > d->limits.tables)
        return decode_fail_at(d, at, STATUS_LIMIT, "%llu tables exceed the limit of %u (tables)",
                              (unsigned long long)sum, d->limits.tables);
    uint32_t total = (uint32_t)sum;
    m->tables = arena_alloc(&m->arena, total, sizeof *m->tables);
    if (!m->tables)
        return decode_no_memory(d);
    for (uint32_t i = 0; i < m->import_count; i++)
        if (m->imports[i].kind == KIND_TABLE)
            m->tables[m->table_count++] = m->imports[i].table;
    for (; m->table_count < total; m->table_count++)
        TRY(decode_table_type(d, &m->tables[m->table_count]));
    return STATUS_OK;
}

enum status decode_memories(struct decoder *d)
{
    struct rt_module *m = d->module;
    uint32_t count = 0;
    if (cursor_left(&d->in) > 0)
        TRY(decode_count(d, 2, LIMIT_MEMORIES, "memories", &count));
    uint32_t total = m->imported_memories + count;
    if (total > LIMIT_MEMORIES)
        return decode_fail(d, STATUS_LIMIT, "%u memories exceed the limit of %d", total, LIMIT_MEMORIES);
    m->memories = arena_alloc(&m->arena, total, sizeof *m->memories);
    if (!m->memories)
        return decode_no_memory(d);
    for (uint32_t i = 0; i < m->import_count; i++)
        if (m->imports[i].kind == KIND_MEMORY)
            m->memories[m->memory_count++] = m->imports[i].memory;
    for (uint32_t i = 0; i < count; i++)
        TRY(decode_size_limits(d, LIMIT_MEMORY_PAGES, "memory", &m->memories[m->memory_count++]));
    return STATUS_OK;
}

/* Gives it a type and slots. An imported mutable one needs a slot for its address only, and has no fewer. */
static struct global *global_lay_out(struct rt_module *m, struct global *g, struct global_type type)
{
    *g = (struct global) { .type = type, .slot = m->global_slots };
    m->global_slots += rt_type_slots(1, &type.type);
    return g;
}

enum status decode_globals(struct decoder *d)
{
    struct rt_module *m = d->module;
    uint32_t count = 0;
    if (cursor_left(&d->in) > 0)
        TRY(decode_count(d, 4, LIMIT_GLOBALS, "globals", &count));
    uint32_t total = m->imported_globals + count;
    m->globals = arena_alloc(&m->arena, total, sizeof *m->globals);
    if (!m->globals)
        return decode_no_memory(d);
    for (uint32_t i = 0; i < m->import_count; i++)
        if (m->imports[i].kind == KIND_GLOBAL)
            global_lay_out(m, &m->globals[m->global_count++], m->imports[i].global)->imported = true;
    for (; m->global_count < total; m->global_count++) { /* what comes before may be read in the expression */
        struct global_type type;
        TRY(decode_global_type(d, &type));
        struct global *g = global_lay_out(m, &m->globals[m->global_count], type);
        TRY(decode_const_expr(d, type.type, &g->init));
    }
    return STATUS_OK;
}
