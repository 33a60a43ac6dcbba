/* Linking (4.5.3, 4.5.4): every import is matched by kind and type, then entered into the instance's index spaces. A
 * host function keeps its address and environment, so that a call goes straight to it. */
#include "runtime/link.h"
#include "runtime/validate.h"

#include <stdlib.h>
#include <string.h>

static enum status mismatch(const struct import *i, const char *why, struct error *error)
{
    return error_set(error, STATUS_UNLINKABLE, "import \"%s\" \"%s\": %s", i->module.text, i->name.text, why);
}

static bool limits_fit(uint32_t size, bool has_max, uint32_t max, const struct size_limits *wanted)
{
    return size >= wanted->min && (!wanted->has_max || (has_max && max <= wanted->max));
}

/* A function of another instance, whose object is the environment. */
static enum rt_trap_kind call_other(const struct function_object *self, uint64_t *slots)
{
    const struct function_object *other = self->env;
    return other->code(other, slots);
}

static enum rt_trap_kind call_host(const struct function_object *self, uint64_t *slots)
{
    const struct vmctx *vm = &self->owner->vm;
    return self->host(self->env, self->owner, (struct rt_memory) { vm->memory_base, vm->memory_size }, slots);
}

/* A function of the embedder's. */
static enum rt_trap_kind call_given(const struct function_object *self, uint64_t *slots)
{
    enum rt_trap_kind kind = call_host(self, slots);
    if (kind == RT_TRAP_NONE)
        slots_clear(self->type->function.result_count, self->type->function.results, slots);
    return kind;
}

/* The same with one result of 32 bits, which nearly all have. */
static enum rt_trap_kind call_given_narrow(const struct function_object *self, uint64_t *slots)
{
    enum rt_trap_kind kind = call_host(self, slots);
    if (kind == RT_TRAP_NONE)
        slots[0] = (uint32_t)slots[0];
    return kind;
}

static function_code *given_caller(const struct rt_functype *type)
{
    bool narrow = type->result_count == 1 && (type->results[0] == RT_I32 || type->results[0] == RT_F32);
    return narrow ? call_given_narrow : call_given;
}

const struct function_object *function_origin(const struct function_object *function)
{
    while (function->code == call_other)
        function = function->env;
    return function;
}

const struct types *function_types(const struct function_object *f)
{
    return f->owner ? &f->owner->module->types : NULL;
}

bool function_matches(const struct function_object *f, const struct types *types, const struct type_def *type)
{
    return f->type == type || types_def_matches(function_types(f), f->type, types, type);
}

bool callee_matches(const struct rt_instance *caller, const struct function_object *callee, const struct type_def *type)
{
    return function_matches(callee, &caller->module->types, type);
}

static bool link_function(struct rt_instance *r, const struct import *i, const struct extern_value *v)
{
    struct function_object *own = &r->vm.functions[i->index];
    if (!function_matches(v->function, &r->module->types, own->type))
        return false;
    if (v->function->host && !v->function->owner) {
        own->code = given_caller(&own->type->function);
        own->host = v->function->host;
        own->env = v->function->env;
    } else {
        own->code = call_other;
        own->env = (void *)(uintptr_t)v->function;
    }
    return true;
}

static bool link_global(struct rt_instance *r, const struct import *i, const struct extern_value *v)
{
    const struct types *types = &r->module->types;
    if (v->global_type.mutable != i->global.mutable ||
        !types_value_matches(v->types, v->global_type.type, types, i->global.type) ||
        (i->global.mutable && !types_value_equal(v->types, v->global_type.type, types, i->global.type)))
        return false;
    uint64_t *own = &r->vm.globals[r->module->globals[i->index].slot];
    if (i->global.mutable)
        *own = (uint64_t)(uintptr_t)v->global;
    else
        memcpy(own, v->global, rt_type_slots(1, &i->global.type) * sizeof *own);
    return true;
}

static bool link_table(struct rt_instance *r, const struct import *i, const struct extern_value *v)
{
    const struct table *t = v->table;
    if (!types_value_equal(t->types, t->type, &r->module->types, i->table.element) ||
        !limits_fit(t->size, t->has_max, t->declared_max, &i->table.limits))
        return false;
    r->vm.tables[i->index] = v->table;
    return true;
}

static bool link_memory(struct rt_instance *r, const struct import *i, const struct extern_value *v)
{
    const struct memory *m = v->memory;
    if (!limits_fit(m->pages, m->has_max, m->declared_max, &i->memory))
        return false;
    r->vm.memories[i->index] = v->memory;
    if (i->index == 0)
        memory_attach(v->memory, r);
    return true;
}

enum status link_imports(struct rt_instance *r, const struct extern_value *imports, struct error *error)
{
    for (uint32_t n = 0; n < r->module->import_count; n++) {
        const struct import *i = &r->module->imports[n];
        const struct extern_value *v = &imports[n];
        bool fits = v->kind == i->kind;
        if (fits && i->kind == KIND_FUNCTION)
            fits = link_function(r, i, v);
        else if (fits && i->kind == KIND_TABLE)
            fits = link_table(r, i, v);
        else if (fits && i->kind == KIND_MEMORY)
            fits = link_memory(r, i, v);
        else if (fits)
            fits = link_global(r, i, v);
        if (!fits)
            return mismatch(i, "incompatible import type", error);
    }
    return STATUS_OK;
}

static bool is_named(const struct rt_import *given, const struct import *i)
{
    return given->module && given->name && strlen(given->name) == i->name.size &&
           memcmp(given->name, i->name.text, i->name.size) == 0 && strlen(given->module) == i->module.size &&
           memcmp(given->module, i->module.text, i->module.size) == 0;
}

static const struct rt_functype *wanted_type(const struct rt_module *m, const struct import *i)
{
    return &module_type(m, m->functions[i->index].type)->function;
}

static bool is_function(const struct rt_import *given)
{
    const struct rt_functype *type = &given->type;
    return given->function && (type->param_count == 0 || type->params) && (type->result_count == 0 || type->results);
}

/* Of several of one name the first function that has the type, else the first. */
static const struct rt_import *import_find(const struct rt_module *m, const struct rt_import *imports, size_t count,
                                           const struct import *i)
{
    const struct rt_import *first = NULL;
    for (size_t n = 0; n < count; n++) {
        const struct rt_import *given = &imports[n];
        if (!is_named(given, i))
            continue;
        if (i->kind == KIND_FUNCTION && is_function(given) && functype_equal(&given->type, wanted_type(m, i)))
            return given;
        if (!first)
            first = given;
    }
    return first;
}

static void append_types(struct error *error, uint32_t count, const uint32_t *types)
{
    for (uint32_t k = 0; k < count; k++)
        error_append(error, "%s%s", k > 0 ? " " : "", type_text(types[k]));
}

static void append_signature(struct error *error, const struct rt_functype *type)
{
    error_append(error, "(");
    append_types(error, type->param_count, type->params);
    error_append(error, ") -> (");
    append_types(error, type->result_count, type->results);
    error_append(error, ")");
}

/* A function that is known by name, and by none of its types. */
static enum status type_mismatch(const struct rt_module *m, const struct rt_import *imports, size_t count,
                                 const struct import *i, struct error *error)
{
    bool another = false;
    (void)mismatch(i, "incompatible import type: the module wants ", error);
    append_signature(error, wanted_type(m, i));
    for (size_t n = 0; n < count; n++) {
        if (!is_named(&imports[n], i) || !is_function(&imports[n]))
            continue;
        error_append(error, another ? " or " : ", the host has ");
        append_signature(error, &imports[n].type);
        another = true;
    }
    return STATUS_UNLINKABLE;
}

/* What another instance exports in place of a host function. */
static enum status gather_from(const struct import *i, const struct rt_import *found, struct extern_value *ret,
                               struct error *error)
{
    if (!found->export_name)
        return error_set(error, STATUS_INVALID, "import \"%s\" \"%s\": the other instance's export has no name",
                         i->module.text, i->name.text);
    if (!instance_export(found->from, found->export_name, strlen(found->export_name), ret))
        return mismatch(i, "unknown import: the other instance has no such export", error);
    return STATUS_OK;
}

/* A host function while it is being linked. */
struct given {
    struct function_object object;
    struct type_def type;
};

/* Finds a value for each import; `objects` and `values` have room for all. */
static enum status gather(const struct rt_module *m, const struct rt_import *imports, size_t count,
                          struct given *objects, struct extern_value *values, struct error *error)
{
    for (uint32_t n = 0; n < m->import_count; n++) {
        const struct import *i = &m->imports[n];
        const struct rt_import *found = import_find(m, imports, count, i);
        if (found && found->from) {
            TRY(gather_from(i, found, &values[n], error));
            continue;
        }
        if (i->kind != KIND_FUNCTION)
            return mismatch(i, found ? "a host function is given, and another kind is wanted" : "unknown import",
                            error);
        if (!found)
            return mismatch(i, "unknown import: the host has no such function", error);
        const struct rt_functype *type = &found->type;
        if (!is_function(found))
            return error_set(error, STATUS_INVALID, "import \"%s\" \"%s\": no function is given, or not its types",
                             i->module.text, i->name.text);
        if (!functype_equal(type, wanted_type(m, i)))
            return type_mismatch(m, imports, count, i, error);
        objects[n].type = type_def_given(type);
        objects[n].object =
            (struct function_object) { .type = &objects[n].type, .host = found->function, .env = found->env };
        values[n] = (struct extern_value) { .kind = KIND_FUNCTION, .function = &objects[n].object };
    }
    return STATUS_OK;
}

enum status rt_instance_create(const struct rt_module *m, const struct rt_import *imports, size_t import_count,
                               const struct rt_limits *limits, struct rt_instance **ret, struct error *error)
{
    enum status status = STATUS_NO_MEMORY;
    if (!m || !ret || (!imports && import_count > 0))
        return error_set(error, STATUS_INVALID, "no module is given, or no place for the instance");
    struct given *objects = calloc(m->import_count + (size_t)1, sizeof *objects);
    struct extern_value *values = calloc(m->import_count + (size_t)1, sizeof *values);
    if (objects && values)
        status = gather(m, imports, import_count, objects, values, error);
    else
        error_set(error, status, "out of memory while linking");
    if (status == STATUS_OK)
        status = instance_link(m, values, limits, ret, error);
    free(objects);
    free(values);
    return status;
}

bool instance_export(struct rt_instance *r, const char *name, size_t size, struct extern_value *ret)
{
    const struct export *e = module_export_find(r->module, name, size);
    if (!e)
        return false;
    *ret = (struct extern_value) { .kind = e->kind };
    switch ((enum rt_kind)e->kind) {
    case RT_FUNCTION:
        ret->function = &r->vm.functions[e->index];
        break;
    case RT_TABLE:
        ret->table = r->vm.tables[e->index];
        break;
    case RT_MEMORY:
        ret->memory = r->vm.memories[e->index];
        break;
    case RT_GLOBAL: {
        const struct global *g = &r->module->globals[e->index];
        ret->global_type = g->type;
        ret->types = &r->module->types;
        ret->global = instance_global(r, e->index);
    }
    }
    return true;
}
