/* Fuzzes loading: any bytes, decoded and validated. A module that is accepted is linked with functions that do nothing
 * and each export without parameters is called on little fuel, so that prepared code meets the interpreter's checks
 * too. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include "runtime/rt.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static enum rt_trap_kind nothing(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    const struct rt_functype *type = env;
    (void)instance, (void)memory;
    memset(slots, 0, rt_type_slots(type->result_count, type->results) * sizeof *slots);
    return RT_TRAP_NONE;
}

static void run(const struct rt_module *module, struct rt_instance *instance)
{
    uint64_t results[2 * LIMIT_PARAMS];
    static const char *const names[] = { "_start", "run", "main", "a", "f", "" };
    if (rt_instance_start(instance, NULL) != STATUS_OK)
        return;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        uint32_t function;
        if (!rt_module_export(module, names[i], &function))
            continue;
        struct rt_functype type = rt_module_function_type(module, function);
        if (type.param_count == 0 &&
            rt_call(instance, function, NULL, 0, results, rt_type_slots(type.result_count, type.results), NULL) ==
                STATUS_TRAPPED &&
            rt_instance_trap(instance)->kind == RT_TRAP_NONE)
            abort();
    }
}

static void link_and_run(const struct rt_module *module)
{
    struct rt_limits limits = { .memory_pages = 16, .call_depth = 100, .table_elements = 1000, .fuel = 10000 };
    uint32_t count = rt_module_import_count(module);
    struct rt_import *imports = calloc(count + (size_t)1, sizeof *imports);
    struct rt_functype *types = calloc(count + (size_t)1, sizeof *types);
    struct rt_instance *instance = NULL;
    for (uint32_t i = 0; imports && types && i < count; i++) {
        struct rt_import_info info = rt_module_import(module, i);
        types[i] = info.type;
        imports[i] = (struct rt_import) { info.module, info.name, info.type, nothing, &types[i], NULL, NULL };
    }
    if (imports && types && rt_instance_create(module, imports, count, &limits, &instance, NULL) == STATUS_OK)
        run(module, instance);
    rt_instance_free(instance);
    free(imports);
    free(types);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
    struct rt_module *module = NULL;
    struct error error = ERROR_INIT;
    enum status status = rt_module_load(data, size, NULL, &module, &error);
    if ((status == STATUS_OK) != (module != NULL) || (status != STATUS_OK && error.text[0] == 0))
        abort();
    if (module)
        link_and_run(module);
    rt_module_free(module);
    return 0;
}
