/* Freed handles are undefined behaviour; AddressSanitizer must see it, which it can where each handle is a heap
 * allocation of its own. Built with AddressSanitizer only; each case dies in a process of its own. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <string.h>
#include <sys/wait.h>
#include <unistd.h>
#include "rt_kit.h"

static struct rt_kit opened(void)
{
    struct rt_kit kit;
    rt_kit_open(&kit, NULL);
    return kit;
}

static void call_after_free(void)
{
    struct rt_kit kit = opened();
    rt_instance_free(kit.instance);
    (void)!rt_kit_call(&kit, "nothing", false, 0, NULL);
}
static void count_after_free(void)
{
    struct rt_kit kit = opened();
    rt_instance_free(kit.instance);
    (void)rt_instance_instructions(kit.instance);
}
static void memory_after_free(void)
{
    struct rt_kit kit = opened();
    rt_instance_free(kit.instance);
    (void)rt_instance_memory(kit.instance);
}
static void trap_after_free(void)
{
    struct rt_kit kit = opened();
    rt_instance_free(kit.instance);
    (void)!rt_instance_trap(kit.instance)->kind;
}
static void interrupt_after_free(void)
{
    struct rt_kit kit = opened();
    rt_instance_free(kit.instance);
    rt_instance_interrupt(kit.instance);
}
static void ask_after_free(void)
{
    struct rt_kit kit = opened();
    rt_kit_close(&kit);
    (void)rt_module_export_count(kit.module);
}
static void name_after_free(void)
{
    struct rt_module *m = rt_kit_load("rt_exports");
    const char *name = rt_module_export_at(m, 0).name;
    rt_module_free(m);
    (void)!*(const volatile char *)name;
}
static void create_after_free(void)
{
    struct rt_instance *i = NULL;
    struct rt_module *m = rt_kit_load("rt_exports");
    rt_module_free(m);
    (void)!rt_instance_create(m, NULL, 0, NULL, &i, NULL);
}
static void free_module_first(void)
{
    struct rt_kit kit = opened();
    rt_module_free(kit.module);
    rt_instance_free(kit.instance);
}
static void free_instance_twice(void)
{
    struct rt_kit kit = opened();
    rt_instance_free(kit.instance);
    rt_instance_free(kit.instance);
}
static void free_module_twice(void)
{
    struct rt_kit kit = opened();
    rt_kit_close(&kit);
    rt_module_free(kit.module);
}
static void nothing_freed(void)
{
    struct rt_kit kit = opened();
    rt_kit_close(&kit);
}

/* Runs `act` in a child; what it wrote to stderr goes to `text`. Returns whether it ended well. */
static bool child(void (*act)(void), char *text, size_t size)
{
    int pair[2], status = 0;
    assert_int_equal(pipe(pair), 0);
    pid_t pid = fork();
    assert_true(pid >= 0);
    if (pid == 0) {
        dup2(pair[1], 2);
        close(pair[0]);
        close(pair[1]);
        act();
        _exit(0);
    }
    close(pair[1]);
    size_t used = 0;
    char rest[512];
    for (;;) { /* to the end, so that the child is never stopped by a full pipe */
        bool room = used + 1 < size;
        ssize_t n = read(pair[0], room ? text + used : rest, room ? size - 1 - used : sizeof rest);
        if (n <= 0)
            break;
        used += room ? (size_t)n : 0;
    }
    text[used] = 0;
    close(pair[0]);
    assert_int_equal(waitpid(pid, &status, 0), pid);
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void freed_handles_are_seen(void **state)
{
    (void)state;
    static const struct {
        const char *name;
        void (*act)(void);
    } rows[] = {
        { "call", call_after_free },           { "count", count_after_free },
        { "memory", memory_after_free },       { "trap", trap_after_free },
        { "interrupt", interrupt_after_free }, { "ask", ask_after_free },
        { "name", name_after_free },           { "create", create_after_free },
        { "module first", free_module_first }, { "instance twice", free_instance_twice },
        { "module twice", free_module_twice },
    };
    static char text[65536];
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++)
        if (child(rows[i].act, text, sizeof text) || !strstr(text, "AddressSanitizer: heap-use-after-free"))
            fail_msg("%s: %s", rows[i].name, text[0] ? text : "nobody noticed");
    if (!child(nothing_freed, text, sizeof text))
        fail_msg("without a fault: %s", text);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(freed_handles_are_seen) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
