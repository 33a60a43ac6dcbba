/* Every verdict of the matcher, on hand-made sequences of calls and records. Operands are test_match_operands.c, ends
 * and holes test_match_ends.c. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "checker/impact.h"
#include "tests/unit/test_match_expect.h"

static void test_match_and_silent(void **state)
{
    struct kit *kit = *state;
    kit_tell(kit);
    kit_open(kit, 3, "a.db", OPEN_READ | OPEN_WRITE | OPEN_CREATE, 5, 0);
    kit_pwrite(kit, 5, 4096, 512);
    kit_clock(kit);
    kit_close(kit, 5);
    kit_saw_open(kit, 13, "a.db", 02 | 0100 | 0400 | 02000000, 7);
    kit_syscall(kit, "futex", 0);
    kit_saw_pwrite(kit, 7, 4096, 512);
    kit_saw_close(kit, 7);
    kit_event(kit, WITNESS_ENTRY_ONLY, 0)->syscall = impact_number(SYSCALL_MACHINE_X86_64, "exit_group");
    kit_event(kit, WITNESS_END, 0);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 0);
    EXPECT(kit, 0, SILENT);
    EXPECT(kit, 1, MATCH);
    EXPECT(kit, 2, MATCH);
    EXPECT(kit, 3, SILENT);
    EXPECT(kit, 4, MATCH);
    assert_int_equal(kit->seen.classes[MATCH_PLAN], 3);
    assert_int_equal(kit->seen.classes[MATCH_ROLE], 2);
    assert_int_equal(kit->seen.classes[MATCH_SETUP], 2);
}

static void test_clock_by_system_call(void **state)
{
    struct kit *kit = *state;
    kit_clock(kit);
    kit_clock(kit);
    struct witness_record *r = kit_syscall(kit, "clock_gettime", 0);
    r->arg[0] = 1;
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 0);
    EXPECT(kit, 0, MATCH);
    EXPECT(kit, 1, SILENT);
}

/* A descriptor number that comes back stands for what was opened last. */
static void test_descriptor_reuse(void **state)
{
    struct kit *kit = *state;
    for (uint32_t i = 0; i < 40; i++) {
        uint32_t handle = 5 + i % 3;
        int fd = 7 + (int)(i % 2);
        kit_open(kit, 3, "x", OPEN_WRITE, handle, 0);
        kit_pwrite(kit, handle, i, 8);
        kit_close(kit, handle);
        kit_saw_open(kit, 13, "x", 01 | 0400 | 02000000, fd);
        kit_saw_pwrite(kit, fd, i, 8);
        kit_saw_close(kit, fd);
    }
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 0);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_MATCH], 120);
}

static void test_undeclared(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_pwrite(kit, 4, 8, 8);
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_saw_open(kit, -100, "/etc/passwd", 02000000, 9);
    kit_saw_pwrite(kit, 14, 8, 8);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_UNDECLARED, 1, "openat2");
    assert_non_null(strstr(kit->seen.finding[0].evidence, "\"/etc/passwd\" = 9"));
    EXPECT(kit, 0, MATCH);
    EXPECT(kit, 1, UNDECLARED);
}

static void test_undeclared_of_other_tables(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_syscall(kit, "futex", 0)->flags = WITNESS_FLAG_COMPAT;
    kit_syscall(kit, "futex", 0)->syscall = -1;
    kit_syscall(kit, "futex", 0)->syscall = 999;
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 3);
    assert_non_null(strstr(kit->seen.finding[0].evidence, "32-bit entry: number 202"));
    assert_int_equal(kit->seen.finding[0].syscall, -1);
    assert_non_null(strstr(kit->seen.finding[1].evidence, "tracer skipped"));
    assert_non_null(strstr(kit->seen.finding[2].evidence, "number 999"));
    EXPECT(kit, 0, UNDECLARED);
}

static void test_unwitnessed(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_pwrite(kit, 4, 8, 8);
    kit_close(kit, 4);
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_saw_close(kit, 14);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_UNWITNESSED, 1, "pwritev");
    EXPECT(kit, 1, UNWITNESSED);
    EXPECT(kit, 2, MATCH);
}

/* What the kernel did not open has no number; what is learnt later is not held against it. */
static void test_unwitnessed_open(void **state)
{
    struct kit *kit = *state;
    kit_open(kit, 3, "a", OPEN_WRITE, 5, 0);
    kit_pwrite(kit, 5, 0, 8);
    kit_pwrite(kit, 5, 8, 8);
    kit_saw_pwrite(kit, 9, 0, 8);
    kit_saw_pwrite(kit, 9, 8, 8);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_UNWITNESSED, 0, "openat2");
}

static void test_same_call_twice(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_pwrite(kit, 4, 8, 8);
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_saw_pwrite(kit, 14, 8, 8);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 1);
    assert_int_equal(kit->seen.finding[0].kind, CHECK_FINDING_UNDECLARED);
}

static void test_swapped(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_pwrite(kit, 4, 8, 8);
    kit_pwrite(kit, 4, 16, 8);
    kit_saw_pwrite(kit, 14, 8, 8);
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_saw_pwrite(kit, 14, 16, 8);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 2);
    EXPECT(kit, 2, MATCH);
}

static void test_denied(void **state)
{
    (void)state;
    static const int64_t results[] = { -1, -38, 437 }; /* EPERM, ENOSYS, and killed for it: the number itself */
    for (unsigned i = 0; i < 3; i++) {
        struct kit *kit = kit_create();
        kit_open(kit, 3, "a", OPEN_READ, 5, -WASI_PERM);
        kit_pwrite(kit, 4, 0, 8);
        kit_event(kit, WITNESS_EXIT_ONLY, results[i])->syscall = 437;
        kit_saw_pwrite(kit, 14, 0, 8);
        kit_run(kit);
        only_finding(kit, CHECK_FINDING_DENIED, 0, "the filter");
        EXPECT(kit, 0, DENIED);
        EXPECT(kit, 1, MATCH);
        kit_free(kit);
    }
}

static void test_denied_of_no_plan(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_event(kit, WITNESS_EXIT_ONLY, -1)->syscall = 59;
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_DENIED, 0, "execve");
    EXPECT(kit, 0, DENIED);
}

static void test_restarts(void **state)
{
    struct kit *kit = *state;
    struct trace_call *call = kit_call(kit, OPERATION_POLL_ONEOFF);
    struct op *op = kit_op(call, OP_SLEEP, HANDLE_NONE, 0);
    op->value = 1;
    op->offset = 5000000000;
    kit_pwrite(kit, 4, 0, 8);
    struct witness_record *r = kit_syscall(kit, "clock_nanosleep", -516);
    r->arg[0] = 1;
    r->times[0] = 5;
    r->parts = WITNESS_PART_TIMES;
    kit_syscall(kit, "restart_syscall", -516);
    kit_syscall(kit, "restart_syscall", 0);
    kit_saw_pwrite(kit, 14, 0, 8)->result = -512;
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 0);
    EXPECT(kit, 0, MATCH);
    EXPECT(kit, 1, MATCH);
    assert_int_equal(kit->seen.classes[MATCH_RESTART], 3);
}

/* A write that was interrupted is made again; the answer to a sleep of before is not its own. */
static void test_restart_of_another(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 0);
    kit_saw_pwrite(kit, 14, 0, 0)->result = -512;
    kit_syscall(kit, "restart_syscall", 0);
    kit_run(kit);
    assert_true(kit->seen.findings > 0);
    assert_int_not_equal(kit->seen.verdict[0], CHECK_VERDICT_MATCH);
}

static void test_setup_and_other_threads(void **state)
{
    struct kit *kit = *state;
    kit->record[1].syscall =
        impact_number(SYSCALL_MACHINE_X86_64, "execve"); /* before the filter, and not of the role */
    kit_pwrite(kit, 4, 0, 8);
    kit_syscall(kit, "execve", 0)->tid = 101;
    struct witness_record *r = kit_syscall(kit, "futex", 0);
    r->tid = 101;
    kit_saw_pwrite(kit, 14, 0, 8)->sequence -= 2;
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 2);
    assert_int_equal(kit->seen.finding[0].hostcall, CHECK_NO_PLACE);
    assert_non_null(strstr(kit->seen.finding[0].evidence, "during the setup"));
    assert_non_null(strstr(kit->seen.finding[1].evidence, "by thread 101"));
    assert_int_equal(kit->seen.classes[MATCH_OTHER], 1);
    EXPECT(kit, 0, MATCH);
}

/* Between fork and exec the process is the launcher's; behind it, it is not. */
static void test_launch(void **state)
{
    (void)state;
    for (int after = 0; after < 2; after++) {
        struct kit *kit = kit_create();
        kit->record[0].kind = after ? WITNESS_EXEC : WITNESS_SYSCALL;
        kit->record[1].syscall = impact_number(SYSCALL_MACHINE_X86_64, "dup2");
        kit_run(kit);
        assert_int_equal(kit->seen.findings, after);
        kit_free(kit);
    }
}

/* Without the second line's filter, the first system call of a plan ends the setup. */
static void test_no_filter(void **state)
{
    struct kit *kit = *state;
    kit->setup_until = UINT64_MAX;
    kit_clock(kit);
    kit_clock(kit);
    kit_close(kit, 4);
    kit_pwrite(kit, 3, 0, 8);
    kit_saw_close(kit, 3); /* the setup's own */
    kit_saw_close(kit, 14);
    kit_saw_pwrite(kit, 13, 0, 8);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 0);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_MATCH], 2);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_SILENT], 2);
    assert_int_equal(kit->seen.classes[MATCH_SETUP], 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_match_and_silent),
        T(test_clock_by_system_call),
        T(test_descriptor_reuse),
        T(test_undeclared),
        T(test_undeclared_of_other_tables),
        T(test_unwitnessed),
        T(test_unwitnessed_open),
        T(test_same_call_twice),
        T(test_swapped),
        T(test_denied),
        T(test_denied_of_no_plan),
        T(test_restarts),
        T(test_restart_of_another),
        T(test_setup_and_other_threads),
        T(test_no_filter),
        T(test_launch),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
