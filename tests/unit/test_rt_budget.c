/* One limit for all that a guest makes the engine hold: memories and tables are refused where they would exceed it
 * together, a module that takes more than it is not loaded, and a function that no room is left for stops the guest. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "rt_build.h"

enum { MIB = 1 << 20, PAGE = 65536, ELEMENT = 8 };

/* Functions that grow memory 0 and table 0 by their argument. */
static struct rt_module *growing(void)
{
    struct rt_build b = { .memory_min = 1, .memory_max = 1000, .table_size = 10 };
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x40, 0));
    rt_build_function(&b, "i:i", "", CODE(0xd2, 0, 0x20, 0, 0xfc, 0x0f, 0));
    static const uint32_t declared[] = { 0 };
    rt_build_elems(&b, declared, 1);
    return rt_build_load(&b);
}

static uint32_t call(struct rt_instance *i, uint32_t function, uint32_t argument)
{
    uint64_t value = argument, result = 0;
    assert_int_equal(rt_call(i, function, &value, 1, &result, 1, NULL), STATUS_OK);
    return (uint32_t)result;
}

static void memories_and_tables_share_it(void **state)
{
    (void)state;
    struct rt_module *m = growing();
    struct rt_limits l = RT_LIMITS_DEFAULT;
    struct rt_instance *i = NULL;
    l.call_depth = 100;
    l.memory_bytes = 4 * MIB; /* a small module's engine is below what is free */
    assert_int_equal(rt_instance_create(m, NULL, 0, &l, &i, NULL), STATUS_OK);
    const uint32_t room = (4 * MIB - PAGE) / ELEMENT - 10; /* elements that fit beside the first page */
    assert_int_equal(call(i, 1, room + 1), UINT32_MAX);
    assert_int_equal(call(i, 1, room), 10);
    assert_int_equal(call(i, 1, 1), UINT32_MAX);
    assert_int_equal(call(i, 0, 1), UINT32_MAX);
    rt_instance_free(i);
    assert_int_equal(rt_instance_create(m, NULL, 0, &l, &i, NULL), STATUS_OK);
    assert_int_equal(call(i, 0, 63), UINT32_MAX); /* 80 bytes of elements are in the way */
    assert_int_equal(call(i, 0, 62), 1);
    assert_int_equal(call(i, 1, PAGE / ELEMENT - 9), UINT32_MAX);
    assert_int_equal(call(i, 1, PAGE / ELEMENT - 10), 10);
    rt_instance_free(i);
    rt_module_free(m);
}

/* RES-01 */
static void what_is_declared_is_counted_first(void **state)
{
    (void)state;
    struct rt_module *m = growing();
    struct rt_limits l = RT_LIMITS_DEFAULT;
    struct rt_instance *i = NULL;
    struct error error = ERROR_INIT;
    l.call_depth = 100;
    l.memory_bytes = PAGE + 10 * ELEMENT;
    assert_int_equal(rt_instance_create(m, NULL, 0, &l, &i, NULL), STATUS_OK);
    rt_instance_free(i);
    l.memory_bytes--;
    assert_int_equal(rt_instance_create(m, NULL, 0, &l, &i, &error), STATUS_LIMIT);
    assert_non_null(strstr(error.text, "exceed the limit of 65615 (memory)"));
    rt_module_free(m);
}

/* Each of these functions is called once; so many that their prepared code is far beyond what is free. */
static void code_is_counted_in_advance(void **state)
{
    (void)state;
    enum { FUNCTIONS = 4000, ADDS = 1000 };
    static uint8_t body[2 + 3 * ADDS];
    struct rt_build b = { .memory_min = 1, .memory_max = 1000 };
    body[0] = 0x20; /* local.get 0, then as often as it goes: local.get 0, i32.add */
    for (uint32_t n = 0; n < ADDS; n++)
        memcpy(body + 2 + n * 3, (uint8_t[]) { 0x20, 0, 0x6a }, 3);
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x40, 0));
    for (uint32_t n = 0; n < FUNCTIONS; n++)
        rt_build_function(&b, "i:i", "", body, sizeof body);
    struct rt_module *m = rt_build_load(&b);
    struct rt_limits l = RT_LIMITS_DEFAULT;
    struct rt_instance *i = NULL;
    l.memory_bytes = 32 * MIB; /* the module has 12 MB of code */
    assert_int_equal(rt_instance_create(m, NULL, 0, &l, &i, NULL), STATUS_LIMIT);
    l.memory_bytes = 128 * MIB;
    assert_int_equal(rt_instance_create(m, NULL, 0, &l, &i, NULL), STATUS_OK);
    uint32_t pages = 1;
    while (call(i, 0, 1) != UINT32_MAX)
        pages++;
    assert_in_range(pages, 1, 128 * MIB / PAGE - FUNCTIONS * sizeof body * 5 / PAGE);
    for (uint32_t f = 1; f <= FUNCTIONS; f++) /* the guest has all that it may have, and its code fits all the same */
        assert_int_equal(call(i, f, 1), ADDS + 1);
    rt_instance_free(i);
    rt_module_free(m);
}

/* Constants of 2 bytes that each have to lie in a slot of 8 when a call is made grow more than other code when they are
 * prepared. Where nothing is left for that, the guest stops. */
static void code_beyond_its_share_needs_room(void **state)
{
    (void)state;
    enum { FUNCTIONS = 60, CALLS = 1000, PARAMS = 30 };
    static uint8_t body[CALLS * (2 * PARAMS + 2)];
    struct rt_build b = { .memory_min = 1, .memory_max = 1000 };
    for (uint32_t n = 0; n < sizeof body; n += 2 * PARAMS + 2) {
        for (uint32_t p = 0; p < PARAMS; p++)
            memcpy(body + n + 2 * p, (uint8_t[]) { 0x42, (uint8_t)p }, 2); /* i64.const */
        memcpy(body + n + 2 * PARAMS, (uint8_t[]) { 0x10, 1 }, 2);
    }
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x40, 0));
    rt_build_function(&b, "IIIIIIIIIIIIIIIIIIIIIIIIIIIIII:", "", CODE(0x01));
    for (uint32_t n = 0; n < FUNCTIONS; n++)
        rt_build_function(&b, "i:", "", body, sizeof body);
    struct rt_module *m = rt_build_load(&b);
    for (uint32_t full = 0; full < 2; full++) {
        struct rt_limits l = RT_LIMITS_DEFAULT;
        struct rt_instance *i = NULL;
        uint64_t value = 0;
        enum status status = STATUS_OK;
        l.memory_bytes = 64 * MIB;
        assert_int_equal(rt_instance_create(m, NULL, 0, &l, &i, NULL), STATUS_OK);
        while (full && call(i, 0, 1) != UINT32_MAX)
            continue;
        for (uint32_t f = 2; f < 2 + FUNCTIONS && status == STATUS_OK; f++)
            status = rt_call(i, f, &value, 1, NULL, 0, NULL);
        assert_int_equal(status, full ? STATUS_TRAPPED : STATUS_OK);
        assert_int_equal(rt_instance_trap(i)->kind, full ? RT_TRAP_HOST_FAILED : RT_TRAP_NONE);
        rt_instance_free(i);
    }
    rt_module_free(m);
}

/* 5 bytes of a module become an import's struct of more than a hundred. */
static void a_module_is_counted_while_it_is_loaded(void **state)
{
    (void)state;
    enum { IMPORTS = 90000 };
    struct rt_build b = { .memory_min = 1, .memory_max = 1 };
    for (uint32_t n = 0; n < IMPORTS; n++)
        rt_build_import(&b, "h", "f", ":");
    rt_build_finish(&b);
    struct rt_module_limits l = RT_MODULE_LIMITS_DEFAULT;
    struct rt_module *m = NULL;
    struct error error = ERROR_INIT;
    l.memory = 1 * MIB;
    assert_int_equal(rt_module_load(b.module.data, b.module.size, &l, &m, &error), STATUS_LIMIT);
    assert_non_null(strstr(error.text, "the module takes more than the limit of 1048576 bytes (memory)"));
    l.memory = 256 * MIB;
    assert_int_equal(rt_module_load(b.module.data, b.module.size, &l, &m, NULL), STATUS_OK);
    rt_module_free(m);
    rt_build_done(&b);
}

/* A low limit has a smaller value stack; how deep a guest gets then is the same wherever it runs. */
static void the_stack_is_a_share(void **state)
{
    (void)state;
    struct rt_build b = { .memory_min = 1, .memory_max = 1 };
    rt_build_function(&b, "i:i", "IIIIIIIIIIIIIIIIIIIIIIIIIIIIIIII", CODE(0x20, 0, 0x41, 1, 0x6a, 0x10, 0));
    struct rt_module *m = rt_build_load(&b);
    uint64_t count[2];
    for (uint32_t n = 0; n < 2; n++) {
        struct rt_limits l = RT_LIMITS_DEFAULT;
        struct rt_instance *i = NULL;
        uint64_t value = 0, result;
        l.memory_bytes = n ? 0 : 16 * MIB;
        assert_int_equal(rt_instance_create(m, NULL, 0, &l, &i, NULL), STATUS_OK);
        assert_int_equal(rt_call(i, 0, &value, 1, &result, 1, NULL), STATUS_TRAPPED);
        assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_STACK_EXHAUSTED);
        count[n] = rt_instance_instructions(i);
        rt_instance_free(i);
    }
    assert_true(count[0] < count[1]);
    rt_module_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(memories_and_tables_share_it),
        cmocka_unit_test(what_is_declared_is_counted_first),
        cmocka_unit_test(code_is_counted_in_advance),
        cmocka_unit_test(code_beyond_its_share_needs_room),
        cmocka_unit_test(a_module_is_counted_while_it_is_loaded),
        cmocka_unit_test(the_stack_is_a_share),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
