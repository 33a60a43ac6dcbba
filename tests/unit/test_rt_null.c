/* Every function of rt.h with NULL in place of a handle or of another pointer, and with indices that are not there:
 * the outcome that the header states, and no crash. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "rt_kit.h"

static const uint8_t empty[] = { 0, 'a', 's', 'm', 1, 0, 0, 0 };

static void loading(void **state)
{
    (void)state;
    struct rt_module *m = NULL;
    struct error error = ERROR_INIT;
    assert_int_equal(rt_module_load(NULL, 8, NULL, &m, &error), STATUS_INVALID);
    assert_true(error.text[0]);
    assert_int_equal(rt_module_load(empty, sizeof empty, NULL, NULL, NULL), STATUS_INVALID);
    assert_int_equal(rt_module_load(NULL, 0, NULL, &m, NULL), STATUS_MALFORMED);
    assert_int_equal(rt_module_validate(NULL, 8, NULL, NULL), STATUS_INVALID);
    assert_int_equal(rt_module_validate(NULL, 0, NULL, NULL), STATUS_MALFORMED);
    assert_null(m);
    rt_module_free(NULL);
}

static void asking_no_module(void **state)
{
    (void)state;
    struct rt_export_info info;
    uint32_t function;
    assert_int_equal(rt_module_import_count(NULL), 0);
    assert_int_equal(rt_module_export_count(NULL), 0);
    assert_null(rt_module_import(NULL, 0).name);
    assert_null(rt_module_export_at(NULL, 0).name);
    assert_false(rt_module_export_find(NULL, "memory", &info));
    assert_false(rt_module_export(NULL, "add", &function));
    assert_int_equal(rt_module_function_type(NULL, 0).param_count, 0);
    assert_null(rt_module_function_name(NULL, 0));
}

static void asking_a_module(void **state)
{
    (void)state;
    struct rt_module *m = rt_kit_load("rt_exports");
    struct rt_export_info info;
    uint32_t function;
    assert_null(rt_module_import(m, rt_module_import_count(m)).name);
    assert_null(rt_module_import(m, UINT32_MAX).module);
    assert_null(rt_module_export_at(m, rt_module_export_count(m)).name);
    assert_false(rt_module_export_find(m, NULL, &info));
    assert_false(rt_module_export_find(m, "memory", NULL));
    assert_false(rt_module_export(m, NULL, &function));
    assert_false(rt_module_export(m, "add", NULL));
    assert_null(rt_module_function_type(m, UINT32_MAX).params);
    assert_null(rt_module_function_name(m, UINT32_MAX));
    rt_module_free(m);
}

static void creating(void **state)
{
    (void)state;
    static const uint32_t i32 = RT_I32;
    struct rt_instance *i = NULL;
    struct rt_module *m = rt_kit_load("rt_exports"), *none = NULL;
    assert_int_equal(rt_module_load(empty, sizeof empty, NULL, &none, NULL), STATUS_OK);
    assert_int_equal(rt_instance_create(NULL, NULL, 0, NULL, &i, NULL), STATUS_INVALID);
    assert_int_equal(rt_instance_create(none, NULL, 0, NULL, NULL, NULL), STATUS_INVALID);
    assert_int_equal(rt_instance_create(none, NULL, 1, NULL, &i, NULL), STATUS_INVALID);
    assert_int_equal(rt_instance_create(m, NULL, 0, NULL, &i, NULL), STATUS_UNLINKABLE);
    const struct rt_import imports[] = {
        { .module = NULL, .name = "f" },
        { .module = "h", .name = NULL },
        { .module = "h", .name = "f", .type = { 1, 1, &i32, &i32 } },
    };
    struct error error = ERROR_INIT;
    assert_int_equal(rt_instance_create(m, imports, 2, NULL, &i, NULL), STATUS_UNLINKABLE);
    assert_int_equal(rt_instance_create(m, imports, 3, NULL, &i, &error), STATUS_INVALID);
    assert_non_null(strstr(error.text, "import \"h\" \"f\": no function"));
    assert_null(i);
    assert_int_equal(rt_instance_create(none, NULL, 0, NULL, &i, NULL), STATUS_OK);
    assert_null(rt_instance_memory(i).base);
    assert_null(rt_instance_memory_at(i, 0).base);
    assert_null(rt_memory_range(rt_instance_memory(i), 0, 0));
    assert_int_equal(rt_instance_start(i, NULL), STATUS_OK);
    assert_int_equal(rt_call(i, 0, NULL, 0, NULL, 0, NULL), STATUS_INVALID);
    rt_instance_free(i);
    rt_instance_free(NULL);
    rt_module_free(none);
    rt_module_free(m);
}

static void using_no_instance(void **state)
{
    (void)state;
    uint64_t v[2] = { 0, 0 };
    struct error error = ERROR_INIT;
    assert_int_equal(rt_instance_start(NULL, NULL), STATUS_INVALID);
    assert_int_equal(rt_call(NULL, 0, NULL, 0, NULL, 0, &error), STATUS_INVALID);
    assert_true(error.text[0]);
    assert_int_equal(rt_instance_trap(NULL)->kind, RT_TRAP_NONE);
    assert_int_equal(rt_instance_where(NULL).offset, 0);
    assert_null(rt_instance_memory(NULL).base);
    assert_null(rt_instance_memory_at(NULL, 0).base);
    assert_int_equal(rt_instance_global_get(NULL, 0, v, 1, NULL), STATUS_INVALID);
    assert_int_equal(rt_instance_global_set(NULL, 0, v, 1, NULL), STATUS_INVALID);
    assert_int_equal(rt_instance_instructions(NULL), 0);
    assert_int_equal(rt_instance_refuel(NULL, 1, NULL), STATUS_INVALID);
    rt_instance_interrupt(NULL);
    assert_string_equal(rt_trap_text((enum rt_trap_kind) - 1), "unknown trap");
}

static void using_an_instance(void **state)
{
    (void)state;
    struct rt_kit kit;
    uint64_t v[3] = { 1, 2, 77 };
    rt_kit_open(&kit, NULL);
    uint32_t add = 0;
    assert_true(rt_module_export(kit.module, "add", &add));
    assert_int_equal(rt_call(kit.instance, add, NULL, 2, v, 1, NULL), STATUS_INVALID);
    assert_int_equal(rt_call(kit.instance, add, v, 2, NULL, 1, NULL), STATUS_INVALID);
    assert_int_equal(rt_call(kit.instance, add, v, 3, v, 1, NULL), STATUS_INVALID);
    assert_int_equal(rt_call(kit.instance, UINT32_MAX, v, 2, v, 1, NULL), STATUS_INVALID);
    assert_int_equal(rt_instance_global_get(kit.instance, 0, NULL, 1, NULL), STATUS_INVALID);
    assert_int_equal(rt_instance_global_set(kit.instance, 0, NULL, 1, NULL), STATUS_INVALID);
    assert_int_equal(rt_instance_where(kit.instance).offset, 0);
    assert_int_equal(rt_instance_trap(kit.instance)->kind, RT_TRAP_NONE);
    assert_int_equal(rt_call(kit.instance, add, v, 2, v + 2, 1, NULL), STATUS_OK);
    assert_int_equal(v[2], 3);
    rt_kit_close(&kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(loading),           cmocka_unit_test(asking_no_module),
                                        cmocka_unit_test(asking_a_module),   cmocka_unit_test(creating),
                                        cmocka_unit_test(using_no_instance), cmocka_unit_test(using_an_instance) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
