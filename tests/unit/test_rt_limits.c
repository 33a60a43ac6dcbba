/* Limits that an embedder sets: each is kept to the unit, and what exceeds one is told by name, value in force and
 * size. What the limits do to a guest that runs (fuel, depth, growth) is in test_rt_traps.c and test_rt_later.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdio.h>
#include <string.h>
#include "rt_build.h"

/* One import and two functions of 3 + 2 and 1 + 0 locals; two tables of 5 and 6 elements; two memories of 2 pages. */
static void build(struct rt_build *b)
{
    static const uint8_t tables[] = { 0x04, 0x07, 0x02, 0x70, 0x00, 0x05, 0x6f, 0x00, 0x06 };
    *b = (struct rt_build) { .memory_min = 2, .memory_max = 2, .more_memories = 1, .table_size = 1 };
    rt_build_import(b, "h", "f", ":");
    rt_build_function(b, "iIv:", "fF", CODE(0x01));
    rt_build_function(b, "i:", "", CODE(0x01));
    rt_build_finish(b);
    /* rt_build writes one table: its section (04 04 01 70 00 01) makes room for these. */
    uint8_t *at = memmem(b->module.data, b->module.size, "\x04\x04\x01\x70\0\x01", 6);
    assert_non_null(at);
    struct buffer module = BUFFER_INIT;
    buffer_bytes(&module, b->module.data, (size_t)(at - b->module.data));
    buffer_bytes(&module, tables, sizeof tables);
    buffer_bytes(&module, at + 6, b->module.size - (size_t)(at + 6 - b->module.data));
    buffer_done(&b->module);
    b->module = module;
}

static enum status load(const struct rt_build *b, const struct rt_module_limits *limits, struct error *error)
{
    struct rt_module *m = NULL;
    enum status status = rt_module_load(b->module.data, b->module.size, limits, &m, error);
    assert_int_equal(status == STATUS_OK, m != NULL);
    rt_module_free(m);
    return status;
}

/* RES-02 */
static void modules_are_limited(void **state)
{
    (void)state;
    struct rt_build b;
    struct rt_module_limits l = RT_MODULE_LIMITS_DEFAULT;
    build(&b);
    assert_int_equal(load(&b, NULL, NULL), STATUS_OK);
    assert_int_equal(load(&b, &l, NULL), STATUS_OK);
    const struct {
        uint32_t *limit, exact;
        const char *text;
    } rows[] = {
        { &l.bytes, (uint32_t)b.module.size, "bytes exceed the limit of %u (module)" },
        { &l.functions, 3, ": 3 functions exceed the limit of %u (functions)" },
        { &l.locals, 5, ": 5 locals of function 1, parameters included, exceed the limit of %u (locals)" },
        { &l.tables, 2, ": 2 tables exceed the limit of %u (tables)" },
    };
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        uint32_t most = *rows[i].limit;
        *rows[i].limit = rows[i].exact;
        assert_int_equal(load(&b, &l, NULL), STATUS_OK);
        for (uint32_t less = 1; less <= rows[i].exact; less += rows[i].exact - 1) { /* one less, and none at all */
            char text[120];
            struct error error = ERROR_INIT;
            *rows[i].limit = rows[i].exact - less;
            assert_int_equal(load(&b, &l, &error), STATUS_LIMIT);
            snprintf(text, sizeof text, rows[i].text, *rows[i].limit);
            if (!strstr(error.text, text))
                fail_msg("\"%s\" instead of \"%s\"", error.text, text);
        }
        *rows[i].limit = most;
    }
    rt_build_done(&b);
}

/* Imports count: without that a module could have any number of tables. */
static void imports_count(void **state)
{
    (void)state;
    static const uint8_t module[] = "\0asm\1\0\0\0\x01\x04\x01\x60\0\0\x02\x15\x03\x01h\x01t\x01\x70\0\x01"
                                    "\x01h\x01\x66\0\0\x01h\x01g\0\0";
    struct rt_module_limits l = RT_MODULE_LIMITS_DEFAULT;
    struct error error = ERROR_INIT;
    struct rt_module *m = NULL;
    l.functions = 2;
    l.tables = 1;
    assert_int_equal(rt_module_load(module, sizeof module - 1, &l, &m, &error), STATUS_OK);
    rt_module_free(m);
    l.functions = 1;
    assert_int_equal(rt_module_load(module, sizeof module - 1, &l, &m, &error), STATUS_LIMIT);
    assert_non_null(strstr(error.text, "2 functions exceed the limit of 1 (functions)"));
    l.functions = 2;
    l.tables = 0;
    error = (struct error)ERROR_INIT;
    assert_int_equal(rt_module_load(module, sizeof module - 1, &l, &m, &error), STATUS_LIMIT);
    assert_non_null(strstr(error.text, "1 tables exceed the limit of 0 (tables)"));
}

/* No limit goes above the built-in one. */
static void limits_are_lowered_only(void **state)
{
    (void)state;
    const struct rt_module_limits high = { UINT32_MAX, UINT32_MAX, UINT32_MAX, UINT32_MAX, 0 };
    struct error error = ERROR_INIT;
    uint8_t module[40] = "\0asm\1\0\0\0\x01\x04\x01\x60\0\0\x03\x02\x01\0\x0a\x09\x01\x07\x01\xd1\x86\x03\x7f\x01\x0b";
    struct rt_module *m = NULL;
    assert_int_equal(rt_module_load(module, 29, &high, &m, &error), STATUS_LIMIT);
    assert_non_null(strstr(error.text, "50001 locals of function 0, parameters included, exceed the limit of 50000"));
    module[23] = 0xd0;
    assert_int_equal(rt_module_load(module, 29, &high, &m, NULL), STATUS_OK);
    rt_module_free(m);
}

static enum rt_trap_kind nothing(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    (void)env, (void)instance, (void)memory, (void)slots;
    return RT_TRAP_NONE;
}

static void instances_are_limited(void **state)
{
    (void)state;
    const struct rt_import import = { .module = "h", .name = "f", .function = nothing };
    struct rt_limits l = RT_LIMITS_DEFAULT;
    struct rt_build b;
    struct rt_instance *i = NULL;
    build(&b);
    struct rt_module *m = NULL;
    assert_int_equal(rt_module_load(b.module.data, b.module.size, NULL, &m, NULL), STATUS_OK);
    rt_build_done(&b);
    struct error error = ERROR_INIT;
    l.memory_pages = 4;
    l.table_elements = 6;
    assert_int_equal(rt_instance_create(m, &import, 1, &l, &i, &error), STATUS_OK);
    rt_instance_free(i);
    l.table_elements = 5;
    assert_int_equal(rt_instance_create(m, &import, 1, &l, &i, &error), STATUS_LIMIT);
    assert_string_equal(error.text, "a table's 6 elements exceed the limit of 5 (table_elements)");
    l.table_elements = 6;
    l.memory_pages = 1;
    error = (struct error)ERROR_INIT;
    assert_int_equal(rt_instance_create(m, &import, 1, &l, &i, &error), STATUS_LIMIT);
    assert_string_equal(error.text, "the memory's 2 pages of 64 KiB exceed the limit of 1 (memory)");
    rt_module_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(modules_are_limited), cmocka_unit_test(imports_count),
                                        cmocka_unit_test(limits_are_lowered_only),
                                        cmocka_unit_test(instances_are_limited) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
