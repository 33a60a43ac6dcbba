/* Instances live until the script's end, because tables may refer to their functions; they are freed newest first, so
 * that an importer goes before the owner. */
#include "spec_store_white.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum rt_trap_kind print_nothing(void *env, struct rt_instance *instance, struct rt_memory memory,
                                       uint64_t *slots)
{
    (void)env, (void)instance, (void)memory, (void)slots;
    return RT_TRAP_NONE;
}

static const struct {
    const char *name;
    uint32_t count, params[2];
} prints[7] = {
    { "print", 0, { 0 } },
    { "print_i32", 1, { RT_I32 } },
    { "print_i64", 1, { RT_I64 } },
    { "print_f32", 1, { RT_F32 } },
    { "print_f64", 1, { RT_F64 } },
    { "print_i32_f32", 2, { RT_I32, RT_F32 } },
    { "print_f64_f64", 2, { RT_F64, RT_F64 } },
};
static const struct {
    const char *name;
    uint32_t type;
    uint64_t bits;
} host_globals[4] = {
    { "global_i32", RT_I32, 666 },
    { "global_i64", RT_I64, 666 },
    { "global_f32", RT_F32, 0x4426a666u },
    { "global_f64", RT_F64, 0x4084d4cccccccccdu },
};

void spec_store_init(struct spec_store *store, bool oracle)
{
    *store = (struct spec_store) { .oracle = oracle ? oracle_world_create() : NULL };
    for (size_t i = 0; i < 7; i++) {
        store->print_types[i] =
            type_def_given(&(struct rt_functype) { .param_count = prints[i].count, .params = prints[i].params });
        store->print[i] = (struct function_object) { .type = &store->print_types[i], .host = print_nothing };
    }
    for (size_t i = 0; i < 4; i++)
        store->globals[i] = host_globals[i].bits;
    struct table_type table = { RT_FUNCREF, { 10, 20, true, RT_I32 } };
    struct size_limits memory = { 1, 2, true, RT_I32 };
    if (table_init(&store->table, &table, LIMIT_TABLE_ELEMENTS, NULL) != STATUS_OK ||
        memory_init(&store->memory, &memory, LIMIT_MEMORY_PAGES, NULL) != STATUS_OK)
        abort();
}

void spec_store_done(struct spec_store *store)
{
    while (store->registrations) {
        struct spec_registration *next = store->registrations->next;
        free(store->registrations->name);
        free(store->registrations);
        store->registrations = next;
    }
    oracle_world_free(store->oracle);
    while (store->units) {
        struct spec_unit *next = store->units->next;
        rt_instance_free(store->units->instance);
        rt_module_free(store->units->module);
        free(store->units->name);
        free(store->units->path);
        free(store->units->foreign);
        free(store->units);
        store->units = next;
    }
    tiers_release(store->tiers);
    table_done(&store->table);
    memory_done(&store->memory);
}

static bool spectest_find(struct spec_store *store, const char *name, struct extern_value *ret)
{
    for (size_t i = 0; i < 7; i++)
        if (strcmp(prints[i].name, name) == 0) {
            *ret = (struct extern_value) { .kind = KIND_FUNCTION, .function = &store->print[i] };
            return true;
        }
    for (size_t i = 0; i < 4; i++)
        if (strcmp(host_globals[i].name, name) == 0) {
            *ret = (struct extern_value) { .kind = KIND_GLOBAL,
                                           .global = &store->globals[i],
                                           .global_type = { host_globals[i].type, false } };
            return true;
        }
    *ret = (struct extern_value) { .kind = KIND_TABLE, .table = &store->table };
    if (strcmp(name, "table") == 0)
        return true;
    *ret = (struct extern_value) { .kind = KIND_MEMORY, .memory = &store->memory };
    return strcmp(name, "memory") == 0;
}

static struct spec_unit *registered(struct spec_store *store, const char *name)
{
    for (struct spec_registration *r = store->registrations; r; r = r->next)
        if (strcmp(r->name, name) == 0)
            return r->unit;
    return NULL;
}

enum status spec_store_load(struct spec_store *store, const char *path, struct spec_unit **ret, struct error *error)
{
    struct buffer bytes = BUFFER_INIT;
    struct spec_unit *unit = calloc(1, sizeof *unit);
    if (!unit || file_read_all(path, LIMIT_MODULE_BYTES, &bytes, error) != STATUS_OK) {
        fprintf(stderr, "%s: cannot be read\n", path);
        abort();
    }
    /* An allocation of the exact size, so that a sanitizer sees a read past the end. */
    uint8_t *exact = malloc(bytes.size ? bytes.size : 1);
    if (!exact)
        abort();
    if (bytes.size > 0)
        memcpy(exact, bytes.data, bytes.size);
    enum status status = store->later_types ? module_load_later(exact, bytes.size, &unit->module, error)
                                            : rt_module_load(exact, bytes.size, NULL, &unit->module, error);
    free(exact);
    buffer_done(&bytes);
    unit->unsupported = status == STATUS_UNSUPPORTED;
    unit->beyond = spec_expect_beyond(store->expect, path, 0);
    unit->path = strdup(path);
    unit->next = store->units;
    store->units = unit;
    *ret = unit;
    return status;
}

static enum status gather(struct spec_store *store, struct spec_unit *importer, struct extern_value *values,
                          struct error *error)
{
    const struct rt_module *m = importer->module;
    for (uint32_t n = 0; n < m->import_count; n++) {
        const struct import *i = &m->imports[n];
        struct spec_unit *unit = registered(store, i->module.text);
        if (unit && unit->beyond)
            importer->beyond = true;
        if (unit && unit->unsupported)
            return error_set(error, STATUS_UNSUPPORTED, "imports from a module that was refused");
        bool found = unit && unit->instance
                         ? instance_export(unit->instance, i->name.text, i->name.size, &values[n])
                         : strcmp(i->module.text, "spectest") == 0 && spectest_find(store, i->name.text, &values[n]);
        if (!found)
            return error_set(error, STATUS_UNLINKABLE, "unknown import \"%s\" \"%s\"", i->module.text, i->name.text);
    }
    return STATUS_OK;
}

static enum rt_trap_kind call_other(const struct function_object *self, uint64_t *slots)
{
    const struct spec_foreign *foreign = self->env;
    return oracle_call_object(foreign->world, foreign->function, slots);
}

/* The engine gives an imported function of another instance code that has the engine call it; here the oracle has to.
 */
static void redirect(const struct spec_store *store, struct spec_unit *unit, const struct extern_value *values)
{
    const struct rt_module *m = unit->module;
    unit->foreign = calloc(m->import_count + (size_t)1, sizeof *unit->foreign);
    if (!unit->foreign)
        abort();
    for (uint32_t n = 0; n < m->import_count; n++)
        if (values[n].kind == KIND_FUNCTION && (!values[n].function->host || values[n].function->owner)) {
            unit->foreign[n] = (struct spec_foreign) { store->oracle, values[n].function };
            unit->instance->vm.functions[m->imports[n].index].code = call_other;
            unit->instance->vm.functions[m->imports[n].index].env = &unit->foreign[n];
        }
}

enum rt_trap_kind spec_store_call(const struct spec_store *store, struct rt_instance *instance, uint32_t function,
                                  uint64_t *slots)
{
    const struct function *f = &instance->module->functions[function];
    if (store->oracle)
        return oracle_call(store->oracle, instance, function, slots);
    uint64_t results[2 * LIMIT_PARAMS];
    if (rt_call(instance, function, slots, f->param_slots, results, f->result_slots, NULL) == STATUS_OK)
        memcpy(slots, results, f->result_slots * sizeof *slots);
    return rt_instance_trap(instance)->kind;
}

static enum status start(const struct spec_store *store, const struct spec_unit *unit, struct error *error)
{
    if (!store->oracle)
        return rt_instance_start(unit->instance, error);
    if (!unit->module->has_start)
        return STATUS_OK;
    uint64_t none[1];
    unit->instance->trap.kind = oracle_call(store->oracle, unit->instance, unit->module->start, none);
    return unit->instance->trap.kind == RT_TRAP_NONE ? STATUS_OK : STATUS_TRAPPED;
}

enum status spec_store_instantiate(struct spec_store *store, struct spec_unit *unit, struct error *error)
{
    struct extern_value *values = calloc(unit->module->import_count + (size_t)1, sizeof *values);
    if (!values)
        abort();
    enum status status = gather(store, unit, values, error);
    if (status == STATUS_OK)
        status = instance_link(unit->module, values, NULL, &unit->instance, error);
    if (unit->instance && store->oracle)
        redirect(store, unit, values);
    if (unit->instance && !store->oracle)
        tiers_give(store->tiers, unit->module, unit->instance);
    if (status == STATUS_OK)
        status = start(store, unit, error);
    unit->unsupported = status == STATUS_UNSUPPORTED;
    free(values);
    return status;
}

struct spec_unit *spec_store_find(struct spec_store *store, const char *name)
{
    if (!name)
        return store->current;
    for (struct spec_unit *u = store->units; u; u = u->next)
        if (u->name && strcmp(u->name, name) == 0)
            return u;
    return NULL;
}

void spec_store_name(struct spec_unit *unit, const char *name)
{
    if (!name)
        return;
    free(unit->name);
    unit->name = strdup(name);
}

void spec_store_register(struct spec_store *store, const char *as, struct spec_unit *unit)
{
    struct spec_registration *r = calloc(1, sizeof *r);
    if (!r)
        abort();
    r->name = strdup(as);
    r->unit = unit;
    r->next = store->registrations;
    store->registrations = r;
}
