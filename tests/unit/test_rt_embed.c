/* rt.h as an embedder uses it: exports of every kind, globals, memories, fuel by the call, instances linked with each
 * other, and a host that is careless with its slots. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "rt_kit.h"

static void exports_are_told(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        uint8_t kind, value_type;
        uint32_t index;
        bool is_mutable, has_max;
        uint32_t min, max;
    } rows[] = {
        { "memory", RT_MEMORY, 0, 0, false, true, 1, 3 },
        { "second", RT_MEMORY, 0, 1, false, false, 2, 0 },
        { "table", RT_TABLE, RT_FUNCREF, 0, false, true, 4, 9 },
        { "things", RT_TABLE, RT_EXTERNREF, 1, false, false, 5, 0 },
        { "count", RT_GLOBAL, RT_I32, 0, true, false, 0, 0 },
        { "fixed", RT_GLOBAL, RT_I64, 1, false, false, 0, 0 },
        { "wide", RT_GLOBAL, RT_V128, 2, true, false, 0, 0 },
        { "ratio", RT_GLOBAL, RT_F64, 3, true, false, 0, 0 },
        { "add", RT_FUNCTION, 0, 3, false, false, 0, 0 },
    };
    struct rt_module *m = rt_kit_load("rt_exports");
    assert_int_equal(rt_module_export_count(m), 17);
    for (uint32_t n = 0; n < sizeof rows / sizeof *rows; n++) {
        struct rt_export_info found, at = rt_module_export_at(m, n);
        assert_string_equal(at.name, rows[n].name);
        assert_int_equal(at.name_size, strlen(rows[n].name));
        assert_int_equal(at.kind, rows[n].kind);
        assert_int_equal(at.value_type, rows[n].value_type);
        assert_int_equal(at.index, rows[n].index);
        assert_int_equal(at.is_mutable, rows[n].is_mutable);
        assert_int_equal(at.has_max, rows[n].has_max);
        assert_int_equal(at.min, rows[n].min);
        assert_int_equal(at.max, rows[n].max);
        assert_true(rt_module_export_find(m, rows[n].name, &found));
        assert_int_equal(found.kind, at.kind);
        assert_int_equal(found.index, at.index);
        uint32_t function;
        assert_int_equal(rt_module_export(m, rows[n].name, &function), at.kind == RT_FUNCTION);
    }
    struct rt_export_info add = rt_module_export_at(m, 8);
    assert_int_equal(add.type.param_count, 2);
    assert_int_equal(add.type.result_count, 1);
    assert_int_equal(add.type.params[1], RT_I32);
    assert_false(rt_module_export_find(m, "nobody", &add));
    assert_null(rt_module_export_at(m, 17).name);
    rt_module_free(m);
}

static void globals_are_read_and_written(void **state)
{
    (void)state;
    struct rt_kit kit;
    uint64_t v[2] = { 0, 0 };
    rt_kit_open(&kit, NULL);
    struct rt_instance *i = kit.instance;
    assert_int_equal(rt_instance_global_get(i, 0, v, 1, NULL), STATUS_OK);
    assert_int_equal(v[0], 7);
    assert_int_equal(rt_instance_global_get(i, 1, v, 1, NULL), STATUS_OK);
    assert_true(v[0] == 1234567890123);
    assert_int_equal(rt_instance_global_get(i, 2, v, 2, NULL), STATUS_OK);
    assert_true(v[0] == 11 && v[1] == 22);
    v[0] = 33;
    assert_int_equal(rt_instance_global_set(i, 2, v, 2, NULL), STATUS_OK);
    assert_int_equal(rt_instance_global_get(i, 2, v, 2, NULL), STATUS_OK);
    assert_true(v[0] == 33 && v[1] == 22);
    v[0] = rt_slot_f64(2.25);
    assert_int_equal(rt_instance_global_set(i, 3, v, 1, NULL), STATUS_OK);
    assert_int_equal(rt_instance_global_get(i, 2, v, 2, NULL), STATUS_OK); /* the neighbour is as it was */
    assert_true(v[0] == 33 && v[1] == 22);
    struct error error = ERROR_INIT;
    assert_int_equal(rt_instance_global_set(i, 1, v, 1, &error), STATUS_INVALID);
    assert_string_equal(error.text, "global 1 is not mutable");
    error = (struct error)ERROR_INIT;
    assert_int_equal(rt_instance_global_get(i, 4, v, 1, &error), STATUS_INVALID);
    assert_string_equal(error.text, "no global 4");
    error = (struct error)ERROR_INIT;
    assert_int_equal(rt_instance_global_get(i, 2, v, 1, &error), STATUS_INVALID);
    assert_string_equal(error.text, "global 2 has 2 slots, not 1");
    rt_kit_close(&kit);
}

static void memories_are_seen(void **state)
{
    (void)state;
    struct rt_kit kit;
    rt_kit_open(&kit, NULL);
    struct rt_memory m = rt_instance_memory(kit.instance), second = rt_instance_memory_at(kit.instance, 1);
    assert_ptr_equal(rt_instance_memory_at(kit.instance, 0).base, m.base);
    assert_memory_equal(rt_memory_range(m, 16, 3), "abc", 3);
    assert_int_equal(second.size, 131072);
    assert_int_equal(*rt_memory_range(second, 131071, 1), 'z');
    assert_null(rt_instance_memory_at(kit.instance, 2).base);
    assert_int_equal(m.size, 65536);
    assert_ptr_equal(rt_memory_range(m, 0, 65536), m.base);
    assert_ptr_equal(rt_memory_range(m, 65536, 0), m.base + 65536);
    assert_null(rt_memory_range(m, 65536, 1));
    assert_null(rt_memory_range(m, 65537, 0));
    assert_null(rt_memory_range(m, 1, 65536));
    assert_null(rt_memory_range(m, 1, UINT64_MAX));
    assert_null(rt_memory_range(m, UINT64_MAX, 2));
    rt_kit_close(&kit);
}

/* LEAK-04: A slot of 32 bits whose upper half the host left dirty must not become an address beyond the memory. */
static void dirty_slots_are_cleared(void **state)
{
    (void)state;
    static const uint64_t minus_one = UINT64_MAX, high = 16 + (UINT64_C(1) << 32);
    struct rt_kit kit;
    uint64_t v = 0;
    rt_kit_open(&kit, NULL);
    kit.answer = minus_one;
    assert_int_equal(rt_kit_call(&kit, "read_at_host", true, 0, &v), STATUS_TRAPPED);
    assert_int_equal(rt_instance_trap(kit.instance)->kind, RT_TRAP_MEMORY_BOUNDS);
    assert_int_equal(rt_kit_call(&kit, "widen_host", true, 0, &v), STATUS_OK);
    assert_true(v == UINT32_MAX);
    assert_int_equal(rt_kit_call(&kit, "widen_f32", true, 0, &v), STATUS_OK);
    assert_true(v == UINT32_MAX);
    kit.answer = high;
    assert_int_equal(rt_kit_call(&kit, "read_at_host", true, 0, &v), STATUS_OK);
    assert_int_equal(v, 'a');
    assert_int_equal(rt_kit_call(&kit, "read_at", true, minus_one, &v), STATUS_TRAPPED);
    assert_int_equal(rt_kit_call(&kit, "read_at", true, high, &v), STATUS_OK);
    assert_int_equal(v, 'a');
    assert_int_equal(rt_kit_call(&kit, "widen", true, high, &v), STATUS_OK);
    assert_true(v == 16);
    assert_int_equal(rt_instance_global_set(kit.instance, 0, &minus_one, 1, NULL), STATUS_OK);
    assert_int_equal(rt_kit_call(&kit, "widen_count", false, 0, &v), STATUS_OK);
    assert_true(v == UINT32_MAX);
    assert_true(rt_slot_i32(-1) == UINT32_MAX && rt_slot_f32(1.0f) == 0x3f800000);
    rt_kit_close(&kit);
}

static void fuel_is_given_by_the_call(void **state)
{
    (void)state;
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    struct rt_kit kit;
    limits.fuel = 1000;
    rt_kit_open(&kit, &limits);
    struct rt_instance *i = kit.instance;
    for (int n = 1; n <= 3; n++) {
        assert_int_equal(rt_kit_call(&kit, "spin", false, 0, NULL), STATUS_TRAPPED);
        assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_FUEL_EXHAUSTED);
        assert_in_range(rt_instance_instructions(i), 1000 * n, 1000 * n + 10);
        assert_int_equal(rt_kit_call(&kit, "nothing", false, 0, NULL), STATUS_TRAPPED); /* it is and stays exhausted */
        assert_int_equal(rt_instance_refuel(i, (uint64_t)(1000 * n + 1000) - rt_instance_instructions(i), NULL),
                         STATUS_OK);
    }
    assert_int_equal(rt_instance_refuel(i, UINT64_MAX, NULL), STATUS_OK);
    uint64_t before = rt_instance_instructions(i), v = 0;
    assert_in_range(before, 3000, 3040);
    assert_int_equal(rt_kit_call(&kit, "nothing", false, 0, NULL), STATUS_OK);
    assert_true(rt_instance_instructions(i) == before + 1);
    kit.refuel = 5; /* not by a host function */
    assert_int_equal(rt_kit_call(&kit, "widen_host", true, 0, &v), STATUS_OK);
    assert_int_equal(kit.refueled, STATUS_INVALID);
    rt_kit_close(&kit);
}

static void instances_share(void **state)
{
    (void)state;
    struct rt_kit kit;
    rt_kit_open(&kit, NULL);
    struct rt_module *m = rt_kit_load("rt_imports");
    struct rt_instance *i = NULL;
    struct rt_import imports[5];
    assert_int_equal(rt_module_import_count(m), 5);
    for (uint32_t n = 0; n < 5; n++) {
        struct rt_import_info info = rt_module_import(m, n);
        imports[n] = (struct rt_import) {
            .module = info.module, .name = info.name, .from = kit.instance, .export_name = info.name
        };
    }
    struct error error = ERROR_INIT;
    imports[1].export_name = "table"; /* no memory */
    assert_int_equal(rt_instance_create(m, imports, 5, NULL, &i, &error), STATUS_UNLINKABLE);
    assert_string_equal(error.text, "import \"other\" \"memory\": incompatible import type");
    error = (struct error)ERROR_INIT;
    imports[1].export_name = "nobody";
    assert_int_equal(rt_instance_create(m, imports, 5, NULL, &i, &error), STATUS_UNLINKABLE);
    assert_string_equal(error.text,
                        "import \"other\" \"memory\": unknown import: the other instance has no such export");
    error = (struct error)ERROR_INIT;
    imports[1].export_name = NULL;
    assert_int_equal(rt_instance_create(m, imports, 5, NULL, &i, &error), STATUS_INVALID);
    error = (struct error)ERROR_INIT;
    imports[1].from = NULL;
    assert_int_equal(rt_instance_create(m, imports, 5, NULL, &i, &error), STATUS_UNLINKABLE);
    assert_non_null(strstr(error.text, "a host function is given, and another kind is wanted"));
    imports[1] =
        (struct rt_import) { .module = "other", .name = "memory", .from = kit.instance, .export_name = "memory" };
    error = (struct error)ERROR_INIT;
    if (rt_instance_create(m, imports, 5, NULL, &i, &error) != STATUS_OK)
        fail_msg("%s", error.text);
    uint32_t work = 0;
    uint64_t v[1] = { 0 };
    assert_true(rt_module_export(m, "work", &work));
    assert_int_equal(rt_call(i, work, NULL, 0, v, 1, NULL), STATUS_OK);
    assert_int_equal(v[0], 16 + 'a' + 3);
    assert_int_equal(rt_instance_global_get(kit.instance, 0, v, 1, NULL), STATUS_OK);
    assert_int_equal(v[0], 9);
    v[0] = 100;
    assert_int_equal(rt_instance_global_set(i, 0, v, 1, NULL), STATUS_OK); /* through the one that imports it */
    assert_int_equal(rt_instance_global_get(kit.instance, 0, v, 1, NULL), STATUS_OK);
    assert_int_equal(v[0], 100);
    assert_memory_equal(rt_instance_memory(kit.instance).base + 16, "aBc", 3);
    assert_ptr_equal(rt_instance_memory(i).base, rt_instance_memory(kit.instance).base);
    rt_instance_free(i);
    rt_module_free(m);
    rt_kit_close(&kit);
}

static void modules_are_validated(void **state)
{
    (void)state;
    static const uint8_t good[] = { 0, 'a', 's', 'm', 1, 0, 0, 0 };
    struct error error = ERROR_INIT;
    assert_int_equal(rt_module_validate(good, sizeof good, NULL, &error), STATUS_OK);
    assert_string_equal(error.text, "");
    assert_int_equal(rt_module_validate(good, 7, NULL, &error), STATUS_MALFORMED);
    assert_true(error.text[0]);
    assert_string_equal(rt_version(), WARRANT_VERSION); /* the project's, of CMakeLists.txt */
    assert_string_equal(RT_VERSION, WARRANT_VERSION);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(exports_are_told),          cmocka_unit_test(globals_are_read_and_written),
        cmocka_unit_test(memories_are_seen),         cmocka_unit_test(dirty_slots_are_cleared),
        cmocka_unit_test(fuel_is_given_by_the_call), cmocka_unit_test(instances_share),
        cmocka_unit_test(modules_are_validated),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
