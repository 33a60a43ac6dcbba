/* A module's life, and what the engine itself asks of it. */
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
                                           lower(given->locals, most.locals), lower(given->tables, most.tables),
                                           given->memory };
    return most;
}

static enum status load(const void *bytes, size_t size, struct rt_module_limits limits, bool later_types,
                        struct rt_module **ret, struct error *error)
{
    struct rt_module *m = calloc(1, sizeof *m);
    if (!m)
        return error_set(error, STATUS_NO_MEMORY, "out of memory while loading the module");
    types_init(&m->types, &m->arena);
    if (limits.memory && limits.memory < SIZE_MAX - LIMIT_ENGINE_FREE)
        m->arena.most = (size_t)limits.memory + LIMIT_ENGINE_FREE;
    m->later_types = later_types;
    struct decoder d = { .in = cursor_over(bytes, size), .module = m, .error = error, .limits = limits };
    enum status status = decode_module(&d);
    if (status != STATUS_OK) {
        rt_module_free(m);
        return status;
    }
    m->source_size = size;
    *ret = m;
    return STATUS_OK;
}

enum status rt_module_load(const void *bytes, size_t size, const struct rt_module_limits *limits,
                           struct rt_module **ret, struct error *error)
{
    if (!ret || (!bytes && size > 0))
        return error_set(error, STATUS_INVALID, "no module is given, or no place for it");
    return load(bytes, size, limits_of(limits), false, ret, error);
}

enum status module_load_later(const void *bytes, size_t size, struct rt_module **ret, struct error *error)
{
    return load(bytes, size, limits_of(NULL), true, ret, error);
}

void rt_module_free(struct rt_module *m)
{
    if (!m)
        return;
    free(m->code_section);
    types_done(&m->types);
    arena_done(&m->arena);
    free(m);
}
