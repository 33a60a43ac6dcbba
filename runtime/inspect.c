/* What an embedder may ask of modules and instances, and change in them. Everything it hands over is checked here:
 * handles for NULL, indices and counts against the module. */
#include "runtime/instance.h"

#include <string.h>

const char *rt_version(void) { return RT_VERSION; }

enum status rt_module_validate(const void *bytes, size_t size, const struct rt_module_limits *limits,
                               struct error *error)
{
    struct rt_module *m = NULL;
    TRY(rt_module_load(bytes, size, limits, &m, error));
    rt_module_free(m);
    return STATUS_OK;
}

uint32_t rt_module_import_count(const struct rt_module *m) { return m ? m->import_count : 0; }

struct rt_import_info rt_module_import(const struct rt_module *m, uint32_t index)
{
    if (!m || index >= m->import_count)
        return (struct rt_import_info) { .module = NULL };
    const struct import *i = &m->imports[index];
    struct rt_import_info info = { .module = i->module.text, .name = i->name.text, .kind = i->kind };
    if (i->kind == KIND_FUNCTION)
        info.type = module_type(m, i->type)->function;
    return info;
}

static struct rt_export_info export_info(const struct rt_module *m, const struct export *e)
{
    struct rt_export_info info = {
        .name = e->name.text, .name_size = e->name.size, .kind = e->kind, .index = e->index
    };
    const struct size_limits *size = NULL;
    switch ((enum rt_kind)e->kind) {
    case RT_FUNCTION:
        info.type = *function_type(m, e->index);
        break;
    case RT_TABLE:
        info.value_type = m->tables[e->index].element;
        size = &m->tables[e->index].limits;
        break;
    case RT_MEMORY:
        size = &m->memories[e->index];
        break;
    case RT_GLOBAL:
        info.value_type = m->globals[e->index].type.type;
        info.is_mutable = m->globals[e->index].type.mutable;
    }
    if (size) {
        info.min = size->min;
        info.max = size->max;
        info.has_max = size->has_max;
    }
    return info;
}

uint32_t rt_module_export_count(const struct rt_module *m) { return m ? m->export_count : 0; }

struct rt_export_info rt_module_export_at(const struct rt_module *m, uint32_t index)
{
    if (!m || index >= m->export_count)
        return (struct rt_export_info) { .name = NULL };
    return export_info(m, &m->exports[index]);
}

bool rt_module_export_find(const struct rt_module *m, const char *name, struct rt_export_info *ret)
{
    const struct export *e = m && name && ret ? module_export_find(m, name, strlen(name)) : NULL;
    if (e)
        *ret = export_info(m, e);
    return e != NULL;
}

bool rt_module_export(const struct rt_module *m, const char *name, uint32_t *ret_function)
{
    struct rt_export_info info;
    if (!ret_function || !rt_module_export_find(m, name, &info) || info.kind != RT_FUNCTION)
        return false;
    *ret_function = info.index;
    return true;
}

struct rt_functype rt_module_function_type(const struct rt_module *m, uint32_t function)
{
    return m && function < m->function_count ? *function_type(m, function) : (struct rt_functype) { .params = NULL };
}

uint32_t rt_module_function_count(const struct rt_module *m) { return m ? m->function_count : 0; }

struct rt_body rt_module_function_body(const struct rt_module *m, uint32_t function)
{
    if (!m || function >= m->function_count || !m->functions[function].body)
        return (struct rt_body) { 0, 0 };
    return (struct rt_body) { m->functions[function].body_offset, m->functions[function].body_size };
}

const char *rt_module_function_name(const struct rt_module *m, uint32_t function)
{
    return m && function < m->function_count ? m->functions[function].name : NULL;
}

uint64_t rt_slot_i32(int32_t value) { return (uint32_t)value; }

uint64_t rt_slot_f32(float value)
{
    union rt_value v = { .bits = 0 };
    v.f32 = value;
    return v.bits;
}

uint64_t rt_slot_f64(double value)
{
    union rt_value v = { .f64 = value };
    return v.bits;
}

uint32_t rt_type_slots(uint32_t count, const uint32_t *types)
{
    uint32_t slots = count;
    for (uint32_t i = 0; i < count; i++)
        slots += types[i] == RT_V128;
    return slots;
}

uint8_t *rt_memory_range(struct rt_memory memory, uint64_t address, uint64_t size)
{
    return address <= memory.size && size <= memory.size - address && memory.base ? memory.base + address : NULL;
}

struct rt_memory rt_instance_memory(const struct rt_instance *i)
{
    return i ? (struct rt_memory) { i->vm.memory_base, i->vm.memory_size } : (struct rt_memory) { NULL, 0 };
}

struct rt_memory rt_instance_memory_at(const struct rt_instance *i, uint32_t index)
{
    if (!i || index >= i->module->memory_count)
        return (struct rt_memory) { NULL, 0 };
    return (struct rt_memory) { i->vm.memories[index]->base, memory_bytes(i->vm.memories[index]) };
}

void slots_clear(uint32_t count, const uint32_t *types, uint64_t *slots)
{
    for (uint32_t n = 0; n < count; n++) {
        if (types[n] == RT_I32 || types[n] == RT_F32)
            *slots &= UINT32_MAX;
        slots += rt_type_slots(1, &types[n]);
    }
}

uint64_t *instance_global(const struct rt_instance *i, uint32_t global)
{
    const struct global *g = &i->module->globals[global];
    uint64_t *slot = &i->vm.globals[g->slot];
    return g->imported && g->type.mutable ? (uint64_t *)(uintptr_t)*slot : slot;
}

/* Finds a global's type, or NULL where it has not `count` slots; then `error` says why. */
static const struct global_type *global_find(const struct rt_instance *i, uint32_t global, const uint64_t *slots,
                                             uint32_t count, struct error *error)
{
    if (!i || !slots) {
        error_set(error, STATUS_INVALID, "no instance is given, or no slots");
        return NULL;
    }
    if (global >= i->module->global_count) {
        error_set(error, STATUS_INVALID, "no global %u", global);
        return NULL;
    }
    const struct global_type *type = &i->module->globals[global].type;
    uint32_t wanted = rt_type_slots(1, &type->type);
    if (count == wanted)
        return type;
    error_set(error, STATUS_INVALID, "global %u has %u slots, not %u", global, wanted, count);
    return NULL;
}

uint32_t rt_instance_global_type(const struct rt_instance *i, uint32_t global)
{
    return i && global < i->module->global_count ? i->module->globals[global].type.type : 0;
}

enum status rt_instance_global_get(const struct rt_instance *i, uint32_t global, uint64_t *ret_slots, uint32_t count,
                                   struct error *error)
{
    if (!global_find(i, global, ret_slots, count, error))
        return STATUS_INVALID;
    memcpy(ret_slots, instance_global(i, global), count * sizeof *ret_slots);
    return STATUS_OK;
}

enum status rt_instance_global_set(struct rt_instance *i, uint32_t global, const uint64_t *slots, uint32_t count,
                                   struct error *error)
{
    const struct global_type *type = global_find(i, global, slots, count, error);
    if (!type)
        return STATUS_INVALID;
    if (!type->mutable)
        return error_set(error, STATUS_INVALID, "global %u is not mutable", global);
    uint64_t *at = instance_global(i, global);
    memcpy(at, slots, count * sizeof *at);
    slots_clear(1, &type->type, at);
    return STATUS_OK;
}

enum status rt_instance_refuel(struct rt_instance *i, uint64_t fuel, struct error *error)
{
    if (!i)
        return error_set(error, STATUS_INVALID, "no instance is given");
    if (i->nesting > 0)
        return error_set(error, STATUS_INVALID, "the instance runs: its fuel cannot be changed now");
    /* The count so far is the difference of the two, which must fit. */
    int64_t spent = (int64_t)rt_instance_instructions(i);
    i->vm.fuel = fuel > (uint64_t)(INT64_MAX - spent) ? INT64_MAX - spent : (int64_t)fuel;
    i->fuel_at_start = i->vm.fuel + spent;
    return STATUS_OK;
}
