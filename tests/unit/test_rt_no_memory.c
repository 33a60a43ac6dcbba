/* No memory: the n-th allocation fails, for every n, from loading a module to the first call of its functions. Each
 * failure is said in the status of the step that met it, leaves nothing behind (LeakSanitizer looks), and the instance
 * that stands can be called again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <stdlib.h>
#include <string.h>
#include "rt_build.h"

/* The linker turns the engine's calls into these (--wrap). */
void *__real_malloc(size_t size);
void *__real_calloc(size_t count, size_t size);
void *__real_realloc(void *old, size_t size);
void *__wrap_malloc(size_t size);
void *__wrap_calloc(size_t count, size_t size);
void *__wrap_realloc(void *old, size_t size);

enum { NEVER = -1 };
static long left = NEVER; /* allocations that still succeed */

static bool refused(void) { return left != NEVER && left-- == 0; }
void *__wrap_malloc(size_t size) { return refused() ? NULL : __real_malloc(size); }
void *__wrap_calloc(size_t count, size_t size) { return refused() ? NULL : __real_calloc(count, size); }
void *__wrap_realloc(void *old, size_t size) { return refused() ? NULL : __real_realloc(old, size); }

static enum rt_trap_kind host(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    (void)env;
    (void)instance, (void)memory;
    slots[0]++;
    return RT_TRAP_NONE;
}

enum { MANY = 600, CALLED = 1, WANTED = 41 + 1 + MANY };

/* Function 1 adds 1 to its parameter many times, so that its code and its operand stack grow, and calls the host. */
static void build(struct rt_build *b)
{
    struct buffer code = BUFFER_INIT;
    rt_build_import(b, "h", "f", "i:i");
    buffer_bytes(&code, "\x20\0\x10\0", 4);
    for (int i = 0; i < MANY; i++)
        buffer_bytes(&code, "\x41\1", 2);
    for (int i = 0; i < MANY; i++)
        buffer_bytes(&code, "\x6a", 1);
    for (int i = 0; i < 100; i++)
        buffer_bytes(&code, "\x02\x40", 2);
    buffer_bytes(&code, "\x41\0\x0e\2\0\1\2", 7);
    for (int i = 0; i < 100; i++)
        buffer_bytes(&code, "\x0b", 1);
    rt_build_function(b, "i:i", "ifFv", code.data, code.size);
    rt_build_export(b, "f", CALLED);
    rt_build_name(b, CALLED, "called");
    rt_build_elems(b, (const uint32_t[]) { CALLED }, 1);
    rt_build_data(b, 0, "data", 4);
    rt_build_finish(b);
    buffer_done(&code);
}

/* Loads, links and calls with `count` allocations; returns whether they were enough. */
static bool attempt(const struct rt_build *b, long count, unsigned *failed_at)
{
    struct rt_module *m = NULL;
    struct rt_instance *i = NULL;
    uint64_t arg = 41, result = 0;
    static const uint32_t i32[] = { RT_I32 };
    const struct rt_import import = { .module = "h", .name = "f", .type = { 1, 1, i32, i32 }, .function = host };
    left = count;
    enum status status = rt_module_load(b->module.data, b->module.size, NULL, &m, NULL);
    unsigned step = 0;
    if (status == STATUS_OK) {
        step = 1;
        status = rt_instance_create(m, &import, 1, NULL, &i, NULL);
    }
    if (status == STATUS_OK) {
        step = 2;
        status = rt_call(i, CALLED, &arg, 1, &result, 1, NULL);
    }
    left = NEVER;
    if (step == 2 && status != STATUS_OK) {
        assert_int_equal(status, STATUS_TRAPPED);
        assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_HOST_FAILED);
        assert_int_equal(rt_instance_trap(i)->function, CALLED);
        assert_int_equal(rt_call(i, CALLED, &arg, 1, &result, 1, NULL), STATUS_OK);
        assert_int_equal(result, WANTED);
    } else if (status != STATUS_OK) {
        assert_int_equal(status, STATUS_NO_MEMORY);
        assert_null(step == 0 ? (void *)m : (void *)i);
    } else {
        assert_int_equal(result, WANTED);
    }
    if (status != STATUS_OK)
        failed_at[step]++;
    rt_instance_free(i);
    rt_module_free(m);
    return status == STATUS_OK;
}

static void every_allocation_may_fail(void **state)
{
    (void)state;
    struct rt_build b = { .memory_min = 1, .memory_max = 1, .table_size = 4, .globals = 1 };
    unsigned failed_at[3] = { 0 };
    build(&b);
    long count = 0;
    while (!attempt(&b, count, failed_at))
        assert_true(++count < 1000);
    for (unsigned step = 0; step < 3; step++)
        assert_true(failed_at[step] > 3);
    rt_build_done(&b);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(every_allocation_may_fail) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
