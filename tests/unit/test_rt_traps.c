/* Where a guest stopped and what is left of it: places, names, depth, memory's edges, and that it can be called again.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include "rt_build.h"

struct host_world {
    struct rt_trap where;
    enum rt_trap_kind answer;
    uint32_t nested; /* function to call back into */
    uint32_t times;
};

static enum rt_trap_kind host(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    struct host_world *h = env;
    (void)memory;
    h->where = rt_instance_where(instance);
    h->times++;
    if (h->nested) {
        uint64_t arg = (uint32_t)slots[0], result;
        enum status status = rt_call(instance, h->nested, &arg, 1, &result, 1, NULL);
        slots[0] = result;
        return status == STATUS_OK ? RT_TRAP_NONE : rt_instance_trap(instance)->kind;
    }
    slots[0] = (uint32_t)slots[0] + 1;
    return h->answer;
}

static struct rt_instance *open_with(struct rt_module *m, struct host_world *h, const struct rt_limits *limits)
{
    static const uint32_t i32 = RT_I32;
    struct rt_import import = { "h", "f", { 1, 1, &i32, &i32 }, host, h, NULL, NULL };
    struct rt_instance *instance = NULL;
    assert_int_equal(rt_instance_create(m, &import, 1, limits, &instance, NULL), STATUS_OK);
    return instance;
}

static enum status call1(struct rt_instance *i, uint32_t function, uint32_t arg, uint32_t *ret)
{
    uint64_t slot = arg, result = 0;
    enum status status = rt_call(i, function, &slot, 1, &result, 1, NULL);
    *ret = (uint32_t)result;
    return status;
}

/* The module file's offset of a byte sequence that stands in it once. */
static uint32_t offset_of(const struct rt_build *b, const uint8_t *bytes, size_t size)
{
    const uint8_t *at = memmem(b->module.data, b->module.size, bytes, size);
    assert_non_null(at);
    return (uint32_t)(at - b->module.data);
}

static void a_trap_names_its_place(void **state)
{
    (void)state;
    struct rt_build b = { .memory_min = 1, .memory_max = 1 };
    struct host_world h = { .answer = RT_TRAP_NONE };
    struct rt_module *m = NULL;
    struct error error = ERROR_INIT;
    uint64_t arg = 65533, result;
    rt_build_import(&b, "h", "f", "i:i");
    rt_build_function(&b, "i:i", "", CODE(0x01, 0x20, 0, 0x28, 2, 0x00, 0x01)); /* i32.load of the argument */
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x10, 1));
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x10, 0, 0x1a, 0x20, 0)); /* the host's */
    rt_build_name(&b, 1, "reader");
    rt_build_finish(&b);
    uint32_t load = offset_of(&b, (const uint8_t[]) { 0x28, 2, 0, 1 }, 4);
    uint32_t hostcall = offset_of(&b, (const uint8_t[]) { 0x10, 0, 0x1a }, 3);
    assert_int_equal(rt_module_load(b.module.data, b.module.size, NULL, &m, &error), STATUS_OK);
    rt_build_done(&b);
    struct rt_instance *i = open_with(m, &h, NULL);
    assert_int_equal(rt_call(i, 2, &arg, 1, &result, 1, &error), STATUS_TRAPPED);
    const struct rt_trap *t = rt_instance_trap(i);
    assert_int_equal(t->kind, RT_TRAP_MEMORY_BOUNDS);
    assert_int_equal(t->function, 1);
    assert_int_equal(t->offset, load);
    assert_string_equal(t->function_name, "reader");
    assert_non_null(strstr(error.text, "out of bounds memory access"));
    assert_non_null(strstr(error.text, "reader"));
    uint32_t value;
    assert_int_equal(call1(i, 2, 65532, &value), STATUS_OK); /* the last word, and the instance still works */
    assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_NONE);
    assert_int_equal(call1(i, 3, 1, &value), STATUS_OK);
    assert_int_equal(h.where.function, 3);
    assert_int_equal(h.where.offset, hostcall);
    assert_null(h.where.function_name);
    assert_int_equal(rt_instance_where(i).offset, 0); /* nothing runs now */
    rt_instance_free(i);
    rt_module_free(m);
}

/* Frames from the trap outwards, each at the call that it is in, through direct and indirect calls and a host
 * function's trap; and again for the next trap. */
static void a_trap_has_a_stack(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0, .table_size = 1 };
    struct host_world h = { .answer = RT_TRAP_HOST_POLICY };
    struct rt_trap frame[LIMIT_STACK_INNER + LIMIT_STACK_OUTER];
    uint32_t value;
    rt_build_import(&b, "h", "f", "i:i");
    /* 1: traps where its argument is 0, and asks the host else */
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x45, 0x04, 0x40, 0x00, 0x0b, 0x20, 0, 0x10, 0));
    rt_build_function(&b, "i:i", "", CODE(0x41, 5, 0x1a, 0x20, 0, 0x10, 1, 0x41, 1, 0x6a)); /* 2: calls 1 */
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x41, 0, 0x11, 0, 0, 0x41, 2, 0x6a)); /* 3: calls 2 by the table */
    rt_build_name(&b, 2, "middle");
    rt_build_elems(&b, (const uint32_t[]) { 2 }, 1);
    struct rt_module *m = NULL;
    rt_build_finish(&b);
    const uint32_t unreachable = offset_of(&b, (const uint8_t[]) { 0x00, 0x0b, 0x20, 0 }, 4),
                   hostcall = offset_of(&b, (const uint8_t[]) { 0x10, 0, 0x0b }, 3),
                   direct = offset_of(&b, (const uint8_t[]) { 0x10, 1, 0x41 }, 3),
                   indirect = offset_of(&b, (const uint8_t[]) { 0x11, 0, 0, 0x41 }, 4);
    assert_int_equal(rt_module_load(b.module.data, b.module.size, NULL, &m, NULL), STATUS_OK);
    rt_build_done(&b);
    struct rt_instance *i = open_with(m, &h, NULL);
    assert_int_equal(rt_instance_stack(i, frame), 0);
    for (uint32_t argument = 0; argument < 2; argument++) {
        assert_int_equal(call1(i, 3, argument, &value), STATUS_TRAPPED);
        assert_int_equal(rt_instance_stack(i, frame), 3);
        const uint32_t place[] = { argument ? hostcall : unreachable, direct, indirect };
        for (uint32_t f = 0; f < 3; f++) {
            assert_int_equal(frame[f].function, f + 1);
            assert_int_equal(frame[f].offset, place[f]);
        }
        assert_string_equal(frame[1].function_name, "middle");
        assert_null(frame[2].function_name);
    }
    h.answer = RT_TRAP_NONE;
    assert_int_equal(call1(i, 3, 1, &value), STATUS_OK);
    assert_int_equal(rt_instance_stack(i, frame), 0);
    assert_int_equal(rt_instance_stack(NULL, frame), 0);
    rt_instance_free(i);
    rt_module_free(m);
}

static void an_exit_is_not_a_trap(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct host_world h = { .answer = RT_TRAP_EXIT };
    uint32_t value;
    rt_build_import(&b, "h", "f", "i:i");
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x10, 0));
    struct rt_module *m = rt_build_load(&b);
    struct rt_instance *i = open_with(m, &h, NULL);
    assert_int_equal(call1(i, 1, 0, &value), STATUS_EXITED);
    assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_EXIT);
    h.answer = RT_TRAP_HOST_POLICY;
    assert_int_equal(call1(i, 1, 0, &value), STATUS_TRAPPED);
    assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_HOST_POLICY);
    h.answer = RT_TRAP_NONE;
    assert_int_equal(call1(i, 1, 41, &value), STATUS_OK);
    assert_int_equal(value, 42);
    assert_int_equal(call1(i, 0, 41, &value), STATUS_OK); /* an import, called as the host */
    assert_int_equal(value, 42);
    rt_instance_free(i);
    rt_module_free(m);
}

/* f(n) = n == 0 ? 0 : f(n - 1) + 1; needs n + 1 frames. */
static void build_recursion(struct rt_build *b, const char *locals)
{
    rt_build_import(b, "h", "f", "i:i");
    rt_build_function(
        b, "i:i", locals,
        CODE(0x20, 0, 0x45, 0x04, 0x7f, 0x41, 0, 0x05, 0x20, 0, 0x41, 1, 0x6b, 0x10, 1, 0x41, 1, 0x6a, 0x0b));
}

static void depth_ends_at_the_limit(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct host_world h = { .answer = RT_TRAP_NONE };
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    uint32_t value;
    build_recursion(&b, "");
    limits.call_depth = 100;
    struct rt_module *m = rt_build_load(&b);
    struct rt_instance *i = open_with(m, &h, &limits);
    assert_int_equal(call1(i, 1, 99, &value), STATUS_OK);
    assert_int_equal(value, 99);
    assert_int_equal(call1(i, 1, 100, &value), STATUS_TRAPPED);
    assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_STACK_EXHAUSTED);
    assert_int_equal(call1(i, 1, 99, &value), STATUS_OK);
    rt_instance_free(i);
    i = open_with(m, &h, NULL);
    assert_int_equal(call1(i, 1, LIMIT_CALL_DEPTH - 1, &value), STATUS_OK);
    assert_int_equal(call1(i, 1, LIMIT_CALL_DEPTH, &value), STATUS_TRAPPED);
    struct rt_trap frame[LIMIT_STACK_INNER + LIMIT_STACK_OUTER];
    assert_int_equal(rt_instance_stack(i, frame), LIMIT_CALL_DEPTH);
    for (uint32_t f = 0; f < LIMIT_STACK_INNER + LIMIT_STACK_OUTER; f++) { /* the call that was refused is the same */
        assert_int_equal(frame[f].function, 1);
        assert_int_equal(frame[f].offset, rt_instance_trap(i)->offset);
    }
    rt_instance_free(i);
    rt_module_free(m);
}

static void slots_end_the_stack_too(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct host_world h = { .answer = RT_TRAP_NONE };
    char locals[2001];
    uint32_t value, low = 0, high = LIMIT_CALL_DEPTH - 1;
    memset(locals, 'I', sizeof locals - 1);
    locals[sizeof locals - 1] = 0;
    build_recursion(&b, locals);
    struct rt_module *m = rt_build_load(&b);
    struct rt_instance *i = open_with(m, &h, NULL);
    while (low < high) { /* the deepest call that works */
        uint32_t middle = (low + high + 1) / 2;
        if (call1(i, 1, middle, &value) == STATUS_OK)
            low = middle;
        else
            high = middle - 1;
    }
    assert_int_equal(rt_instance_trap(i)->kind == RT_TRAP_STACK_EXHAUSTED || rt_instance_trap(i)->kind == RT_TRAP_NONE,
                     1);
    /* a frame begins at its argument, in the caller's frame of 1 + 2000 locals and at most 2 operands */
    assert_in_range(low, LIMIT_STACK_SLOTS / 2003 - 2, LIMIT_STACK_SLOTS / 2001 + 1);
    rt_instance_free(i);
    rt_module_free(m);
}

static void a_host_function_may_call_back(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct host_world h = { .nested = 2 };
    uint32_t value;
    rt_build_import(&b, "h", "f", "i:i");
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x10, 0, 0x41, 2, 0x6c)); /* 2 * host(n) */
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x41, 3, 0x6a));          /* n + 3 */
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x10, 0));                /* without end */
    struct rt_module *m = rt_build_load(&b);
    struct rt_instance *i = open_with(m, &h, NULL);
    assert_int_equal(call1(i, 1, 4, &value), STATUS_OK);
    assert_int_equal(value, 14);
    h.nested = 3;
    h.times = 0;
    assert_int_equal(call1(i, 3, 0, &value), STATUS_TRAPPED);
    assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_STACK_EXHAUSTED);
    assert_int_equal(h.times, LIMIT_NESTING);
    h.nested = 2;
    assert_int_equal(call1(i, 1, 4, &value), STATUS_OK);
    assert_int_equal(value, 14);
    rt_instance_free(i);
    rt_module_free(m);
}

/* MEM-12 */
static void memory_grows_in_place(void **state)
{
    (void)state;
    struct rt_build b = { .memory_min = 1, .memory_max = 10 };
    struct host_world h = { .answer = RT_TRAP_NONE };
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    uint32_t value;
    rt_build_import(&b, "h", "f", "i:i");
    rt_build_function(&b, "i:i", "", CODE(0x20, 0, 0x40, 0));
    limits.memory_pages = 5;
    struct rt_module *m = rt_build_load(&b);
    struct rt_instance *i = open_with(m, &h, &limits);
    struct rt_memory before = rt_instance_memory(i);
    before.base[7] = 42;
    assert_int_equal(call1(i, 1, 3, &value), STATUS_OK);
    assert_int_equal(value, 1);
    struct rt_memory after = rt_instance_memory(i);
    assert_ptr_equal(after.base, before.base);
    assert_int_equal(after.size, 4 * 65536);
    assert_int_equal(after.base[7], 42);
    assert_int_equal(after.base[4 * 65536 - 1], 0);
    assert_int_equal(call1(i, 1, 2, &value), STATUS_OK); /* below the module's maximum, above the limit */
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(call1(i, 1, UINT32_MAX, &value), STATUS_OK);
    assert_int_equal(value, UINT32_MAX);
    assert_int_equal(call1(i, 1, 1, &value), STATUS_OK);
    assert_int_equal(value, 4);
    rt_instance_free(i);
    rt_module_free(m);
}

/* LEAK-05: 0 / 0, inf - inf and sqrt(-1) have other bits on other machines; here all are the canonical NaN. */
static void nans_are_canonical(void **state)
{
    (void)state;
    struct rt_build b = { .memory_max = 0 };
    struct host_world h = { .answer = RT_TRAP_NONE };
    uint64_t args[2] = { 0xfff0000000000001u, 0x8000000000000000u }, result;
    rt_build_import(&b, "h", "f", "i:i");
    static const uint8_t ops[] = { 0xa0, 0xa1, 0xa2, 0xa3, 0xa4, 0xa5 }; /* f64.add to f64.max */
    for (size_t n = 0; n < sizeof ops; n++)
        rt_build_function(&b, "FF:F", "", CODE(0x20, 0, 0x20, 1, ops[n]));
    rt_build_function(&b, "FF:F", "", CODE(0x20, 0, 0x9f));       /* f64.sqrt */
    rt_build_function(&b, "FF:F", "", CODE(0x20, 0, 0xb6, 0xbb)); /* demote, promote */
    rt_build_function(&b, "FF:F", "", CODE(0x20, 0, 0x9a));       /* f64.neg keeps the payload */
    struct rt_module *m = rt_build_load(&b);
    struct rt_instance *i = open_with(m, &h, NULL);
    for (uint32_t f = 1; f <= 8; f++) {
        assert_int_equal(rt_call(i, f, args, 2, &result, 1, NULL), STATUS_OK);
        assert_int_equal(result, 0x7ff8000000000000u);
    }
    assert_int_equal(rt_call(i, 9, args, 2, &result, 1, NULL), STATUS_OK);
    assert_int_equal(result, 0x7ff0000000000001u);
    rt_instance_free(i);
    rt_module_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_trap_names_its_place),  cmocka_unit_test(a_trap_has_a_stack),
        cmocka_unit_test(an_exit_is_not_a_trap),   cmocka_unit_test(depth_ends_at_the_limit),
        cmocka_unit_test(slots_end_the_stack_too), cmocka_unit_test(a_host_function_may_call_back),
        cmocka_unit_test(memory_grows_in_place),   cmocka_unit_test(nans_are_canonical),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
