/* The instance is made as an embedder would make it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include "rt_kit.h"
#include "runtime/base/base.h"

static enum rt_trap_kind answer(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    struct rt_kit *kit = env;
    (void)memory;
    slots[0] = kit->answer;
    if (kit->refuel)
        kit->refueled = rt_instance_refuel(instance, kit->refuel, NULL);
    return RT_TRAP_NONE;
}

static enum rt_trap_kind nothing(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    (void)env, (void)instance, (void)memory, (void)slots;
    return RT_TRAP_NONE;
}

struct rt_module *rt_kit_load(const char *name)
{
    char path[4096];
    struct buffer bytes = BUFFER_INIT;
    struct rt_module *m = NULL;
    struct error error = ERROR_INIT;
    snprintf(path, sizeof path, GUESTS "/%s.wasm", name);
    assert_int_equal(file_read_all(path, LIMIT_MODULE_BYTES, &bytes, &error), STATUS_OK);
    if (rt_module_load(bytes.data, bytes.size, NULL, &m, &error) != STATUS_OK)
        fail_msg("%s: %s", name, error.text);
    buffer_done(&bytes);
    return m;
}

void rt_kit_open(struct rt_kit *kit, const struct rt_limits *limits)
{
    static const uint32_t i32 = RT_I32, f32 = RT_F32;
    struct error error = ERROR_INIT;
    *kit = (struct rt_kit) { .module = rt_kit_load("rt_exports") };
    const struct rt_import imports[] = {
        { .module = "h", .name = "f", .type = { 1, 1, &i32, &i32 }, .function = answer, .env = kit },
        { .module = "h", .name = "g", .type = { 1, 1, &f32, &f32 }, .function = answer, .env = kit },
        { .module = "h", .name = "unused", .function = nothing },
    };
    if (rt_instance_create(kit->module, imports, 3, limits, &kit->instance, &error) != STATUS_OK)
        fail_msg("%s", error.text);
}

void rt_kit_close(struct rt_kit *kit)
{
    rt_instance_free(kit->instance);
    rt_module_free(kit->module);
}

enum status rt_kit_call(struct rt_kit *kit, const char *name, bool with, uint64_t arg, uint64_t *ret)
{
    uint32_t function = 0;
    assert_true(rt_module_export(kit->module, name, &function));
    return rt_call(kit->instance, function, &arg, with ? 1 : 0, ret, ret ? 1 : 0, NULL);
}
