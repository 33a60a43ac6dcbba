/* The public face of a module: load, free, ask. */
#include "runtime/module.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/decode.h"

static uint32_t lower(uint32_t a, uint32_t b) { return a < b ? a : b; }

static struct rt_module_limits limits_of(const struct rt_module_limits *given)
{
    struct rt_module_limits most = RT_MODULE_LIMITS_DEFAULT;
    if (given)
        most = (struct rt_module_limits) { lower(given->bytes, most.bytes), lower(given->functions, most.functions),
                                           lower(given->locals, most.locals), lower(given->tables, most.tables) };
    return most;
}

enum status rt_module_load(const void *bytes, size_t size, const struct rt_module_limits *limits,
                           struct rt_module **ret, struct error *error)
{
    struct rt_module *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while loading the module");
    /* Code addresses go into function entries only when the array has stopped moving. */
    struct decoder d = { .in = cursor_over(bytes, size), .module = m, .error = error, .limits = limits_of(limits) };
    enum status status = decode_module(&d);
    if (status != STATUS_OK) {
        rt_module_free(m);
        return status;
    }
    for (uint32_t i = m->imported_functions; i < m->function_count; i++)
        m->functions[i].code = m->code + m->functions[i].code_at;
    *ret = m;
    return STATUS_OK;
}

void rt_module_free(struct rt_module *m)
{
    if (!m)
        return;
    free(m->code_section);
    free(m->code);
    free(m->map);
    arena_done(&m->arena);
    free(m);
}

uint32_t rt_module_import_count(const struct rt_module *m) { return m->import_count; }

struct rt_import_info rt_module_import(const struct rt_module *m, uint32_t index)
{
    const struct import *i = &m->imports[index];
    struct rt_import_info info = { .module = i->module.text, .name = i->name.text, .kind = i->kind };
    if (i->kind == KIND_FUNCTION)
        info.type = m->types[i->type];
    return info;
}

bool rt_module_export(const struct rt_module *m, const char *name, uint32_t *ret_function)
{
    const struct export *e = module_export_find(m, name, strlen(name));
    if (!e || e->kind != KIND_FUNCTION)
        return false;
    *ret_function = e->index;
    return true;
}

struct rt_functype rt_module_function_type(const struct rt_module *m, uint32_t function)
{
    return *function_type(m, function);
}

const char *rt_module_function_name(const struct rt_module *m, uint32_t function)
{
    return function < m->function_count ? m->functions[function].name : NULL;
}

bool functype_equal(const struct rt_functype *a, const struct rt_functype *b)
{
    return a->param_count == b->param_count && a->result_count == b->result_count &&
           (a->param_count == 0 || memcmp(a->params, b->params, a->param_count) == 0) &&
           (a->result_count == 0 || memcmp(a->results, b->results, a->result_count) == 0);
}

const struct code_map *module_map_find(const struct rt_module *m, const struct function *f, const uint64_t *pc)
{
    uint32_t word = (uint32_t)(pc - f->code);
    const struct code_map *map = m->map + f->map_at;
    uint32_t low = 0, high = f->map_count;
    while (low < high) {
        uint32_t middle = low + (high - low) / 2;
        if (map[middle].word == word)
            return &map[middle];
        if (map[middle].word < word)
            low = middle + 1;
        else
            high = middle;
    }
    return NULL;
}
