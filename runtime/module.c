/* The public face of a module: load, free, ask. */
#include "runtime/module.h"

#include <stdlib.h>
#include <string.h>
#include "runtime/decode.h"

enum status rt_module_load(const void *bytes, size_t size, struct rt_module **ret, struct error *error)
{
    struct rt_module *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while loading the module");
    struct decoder d = { .in = cursor_over(bytes, size), .module = m, .error = error };
    enum status status = decode_module(&d);
    if (status != STATUS_OK) {
        rt_module_free(m);
        return status;
    }
    *ret = m;
    return STATUS_OK;
}

void rt_module_free(struct rt_module *m)
{
    if (!m)
        return;
    free(m->code_section);
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
