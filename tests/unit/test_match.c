/* Every verdict of the matcher, on hand-made sequences. */
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
    kit_event(kit, WITNESS_ENTRY_ONLY, 0)->syscall = impact_number("exit_group");
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

static void test_mismatches(void **state)
{
    (void)state;
    static const char *const evidence[] = { "descriptor: expected 14, found 12", "offset: expected 4096, found 4097",
                                            "length of a vector's element: expected 512, found 513",
                                            "address of a vector's element", "result: expected 512, found 511" };
    for (unsigned i = 0; i < 5; i++) {
        struct kit *kit = kit_create();
        kit_pwrite(kit, 4, 0, 512);
        kit_pwrite(kit, 4, 4096, 512);
        kit_pwrite(kit, 4, 8192, 512);
        kit_saw_pwrite(kit, 14, 0, 512);
        struct witness_record *r = kit_saw_pwrite(kit, i == 0 ? 12 : 14, i == 1 ? 4097 : 4096, 512);
        kit->iov[r - kit->record].length += i == 2;
        kit->iov[r - kit->record].base += i == 3;
        r->result -= i == 4;
        kit_saw_pwrite(kit, 14, 8192, 512);
        kit_run(kit);
        only_finding(kit, CHECK_FINDING_MISMATCH, 1, evidence[i]);
        assert_int_equal(kit->seen.finding[0].syscall, 296);
        EXPECT(kit, 0, MATCH);
        EXPECT(kit, 1, MISMATCH);
        EXPECT(kit, 2, MATCH);
        kit_free(kit);
    }
}

static void test_open_mismatches(void **state)
{
    (void)state;
    static const char *const evidence[] = { "path: expected \"a\", found \"b\\x1b[2J\"",
                                            "open flags: expected 0x80100, found 0x80300",
                                            "resolve flags: expected 0xa, found 0x0",
                                            "result: expected NOENT, found 9" };
    for (unsigned i = 0; i < 4; i++) {
        struct kit *kit = kit_create();
        kit_open(kit, 3, "a", OPEN_READ, 5, i == 3 ? -WASI_NOENT : 0);
        struct witness_record *r =
            kit_saw_open(kit, 13, i == 0 ? "b\033[2J" : "a", 0400 | 02000000 | (i == 1 ? 01000 : 0), 9);
        r->how[2] = i == 2 ? 0 : r->how[2];
        kit_run(kit);
        only_finding(kit, CHECK_FINDING_MISMATCH, 0, evidence[i]);
        kit_free(kit);
    }
}

/* openat2 asked again: as often as the trace says, each time but the last with EAGAIN, and otherwise the same. */
static void test_open_tries(void **state)
{
    (void)state;
    static const struct {
        uint32_t calls;
        int64_t result[4];   /* what the kernel answered; 0: no more */
        const char *other;   /* the path of the second, where it differs */
        const char *finding; /* NULL: none */
        enum check_finding_kind kind;
    } cases[] = {
        { 1, { 9 }, NULL, NULL, 0 },
        { 3, { -11, -11, 9 }, NULL, NULL, 0 },
        { 1, { -11, 9 }, NULL, "openat2", CHECK_FINDING_UNDECLARED },
        { 2, { -11, -11, 9 }, NULL, "openat2", CHECK_FINDING_UNDECLARED },
        { 2, { 9 }, NULL, "result: expected AGAIN, found 9", CHECK_FINDING_MISMATCH },
        { 3, { -11, 9 }, NULL, "result: expected AGAIN, found 9", CHECK_FINDING_MISMATCH },
        { 3, { -11, -2, 9 }, NULL, "result: expected AGAIN, found -2", CHECK_FINDING_MISMATCH },
        { 3, { -11, -11, 9 }, "b", "path: expected \"a\", found \"b\"", CHECK_FINDING_MISMATCH },
        { LIMIT_OPEN_TRIES + 1, { 9 }, NULL, "an op took more system calls than it may", CHECK_FINDING_MISMATCH },
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct kit *kit = kit_create();
        kit_open(kit, 3, "a", OPEN_READ, 5, 0)->ops.result[0].calls = cases[i].calls;
        kit_pwrite(kit, 4, 4096, 512);
        for (unsigned k = 0; cases[i].result[k] != 0; k++)
            kit_saw_open(kit, 13, k == 1 && cases[i].other ? cases[i].other : "a", 0400 | 02000000, cases[i].result[k]);
        kit_saw_pwrite(kit, 14, 4096, 512);
        kit_run(kit);
        if (!cases[i].finding) {
            assert_int_equal(kit->seen.findings, 0);
            EXPECT(kit, 0, MATCH);
        } else {
            assert_true(kit->seen.findings > 0);
            assert_int_equal(kit->seen.finding[0].kind, cases[i].kind);
            if (!strstr(kit->seen.finding[0].evidence, cases[i].finding))
                fail_msg("case %zu: %s", i, kit->seen.finding[0].evidence);
            assert_true(kit->seen.counts[CHECK_VERDICT_MATCH] < 2);
        }
        kit_free(kit);
    }
}

/* Behind a gap, and in a trace that stops: the tries of one op belong together. */
static void test_open_tries_found_again(void **state)
{
    struct kit *kit = *state;
    for (uint32_t n = 0; n < 200; n++) {
        kit_open(kit, 3, "a", OPEN_READ, 5, 0)->ops.result[0].calls = 1 + n % 4;
        kit_close(kit, 5);
        if (n == 50) {
            kit_event(kit, WITNESS_LOST, 2 + n % 4);
            continue;
        }
        for (uint32_t k = 0; k < n % 4; k++)
            kit_saw_open(kit, 13, "a", 0400 | 02000000, -11);
        kit_saw_open(kit, 13, "a", 0400 | 02000000, 7);
        kit_saw_close(kit, 7);
    }
    struct trace_call *last = kit_open(kit, 3, "b", OPEN_READ, 5, 0);
    last->complete = false;
    kit->open_end = true;
    for (uint32_t k = 0; k < 3; k++)
        kit_saw_open(kit, 13, "b", 0400 | 02000000, -11);
    kit_run(kit);
    for (size_t i = 0; i < kit->seen.findings; i++)
        assert_int_equal(kit->seen.finding[i].kind, CHECK_FINDING_LOST);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_UNDECLARED] + kit->seen.counts[CHECK_VERDICT_MISMATCH] +
                         kit->seen.counts[CHECK_VERDICT_UNWITNESSED],
                     0);
    assert_true(kit->seen.counts[CHECK_VERDICT_MATCH] > 390);
    EXPECT(kit, 400, IN_FLIGHT);
}

static void test_errno_agrees(void **state)
{
    struct kit *kit = *state;
    kit_open(kit, 3, "a", OPEN_READ, 5, -WASI_NOENT);
    kit_open(kit, 3, "../a", OPEN_READ, 5, -WASI_NOTCAPABLE);
    kit_open(kit, 3, "b", OPEN_READ, 5, -WASI_IO);
    kit_saw_open(kit, 13, "a", 0400 | 02000000, -2);
    kit_saw_open(kit, 13, "../a", 0400 | 02000000, -18);
    kit_saw_open(kit, 13, "b", 0400 | 02000000, -133); /* an errno that WASI has no name for */
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 0);
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

/* The runtime may map memory for itself, but not make it executable. */
static void test_wrong_operands_of_a_role(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_syscall(kit, "mmap", 4096)->arg[2] = 3;
    kit_syscall(kit, "mmap", 8192)->arg[2] = 7;
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_UNDECLARED, 0, "mmap(0x0, 0x0, 0x7");
    assert_int_equal(kit->seen.classes[MATCH_ROLE], 1);
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

static void test_in_flight(void **state)
{
    (void)state;
    for (int seen = 0; seen < 4; seen++) {
        struct kit *kit = kit_create();
        kit_pwrite(kit, 4, 0, 8);
        kit_pwrite(kit, 4, 8, 8)->complete = false;
        kit_saw_pwrite(kit, 14, 0, 8);
        if (seen == 1)
            kit_saw_pwrite(kit, 14, 8, 8);
        if (seen == 2)
            kit_saw_pwrite(kit, 14, 8, 8)->kind = WITNESS_ENTRY_ONLY;
        if (seen == 3) {
            struct witness_record *r = kit_event(kit, WITNESS_EXIT_ONLY, -38);
            r->syscall = impact_number("pwritev");
        }
        kit_event(kit, WITNESS_END, 9);
        kit_run(kit);
        assert_int_equal(kit->seen.findings, 0);
        EXPECT(kit, 0, MATCH);
        EXPECT(kit, 1, IN_FLIGHT);
        kit_free(kit);
    }
}

static void test_in_flight_without_op(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_tell(kit)->complete = false;
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_run(kit);
    EXPECT(kit, 1, IN_FLIGHT);
}

static void test_extra_in_flight(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 8, 8)->complete = false;
    kit_saw_open(kit, 13, "x", 0, 9);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_UNDECLARED, 0, "openat2");
}

/* It began with other operands, and the trace ends before its result. */
static void test_wrong_in_flight(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_pwrite(kit, 4, 8, 8)->complete = false;
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_saw_pwrite(kit, 14, 9, 8);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_MISMATCH, 1, "offset: expected 8, found 9");
    EXPECT(kit, 0, MATCH);
    EXPECT(kit, 1, MISMATCH);
}

static void test_beyond(void **state)
{
    struct kit *kit = *state;
    kit->open_end = true;
    kit_pwrite(kit, 4, 0, 8);
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_saw_pwrite(kit, 14, 8, 8);
    kit_saw_pwrite(kit, 14, 16, 8);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 2); /* one may have been in flight, another was not */
    assert_int_equal(kit->seen.finding[0].kind, CHECK_FINDING_BEYOND);
    assert_int_equal(kit->seen.finding[1].kind, CHECK_FINDING_UNDECLARED);
    assert_int_equal(kit->seen.classes[MATCH_BEYOND], 1);
    assert_int_equal(kit->seen.classes[MATCH_UNDECLARED], 1);
    EXPECT(kit, 0, UNDECLARED);
}

/* The call in flight is in the trace: behind it there is no other. */
static void test_beyond_in_flight(void **state)
{
    struct kit *kit = *state;
    kit->open_end = true;
    kit_pwrite(kit, 4, 0, 8)->complete = false;
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_saw_pwrite(kit, 14, 8, 8);
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_UNDECLARED, 0, "behind the place where the trace stops");
}

static void test_lost_said(void **state)
{
    struct kit *kit = *state;
    for (uint32_t i = 0; i < 20; i++)
        kit_pwrite(kit, 4, i * 8, 8);
    for (uint32_t i = 0; i < 20; i++) {
        if (i == 7)
            kit_event(kit, WITNESS_LOST, 5);
        if (i < 7 || i > 9) /* two of the lost ones were of no plan */
            kit_saw_pwrite(kit, 14, i * 8, 8);
    }
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 1);
    assert_int_equal(kit->seen.finding[0].kind, CHECK_FINDING_LOST);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_LOST], 3);
    EXPECT(kit, 7, LOST);
    EXPECT(kit, 10, MATCH);
}

static void test_lost_hole(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8);
    kit_pwrite(kit, 4, 8, 8);
    kit_pwrite(kit, 4, 16, 8);
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_saw_pwrite(kit, 14, 16, 8)->sequence++;
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_LOST, 1, "1 records");
    EXPECT(kit, 1, LOST);
    EXPECT(kit, 2, MATCH);
}

/* The witness file ends early: what it cannot tell is lost, not made up. */
static void test_cut_witness(void **state)
{
    struct kit *kit = *state;
    kit->cut = true;
    kit_pwrite(kit, 4, 0, 8);
    kit_tell(kit);
    kit_pwrite(kit, 4, 8, 8);
    kit_pwrite(kit, 4, 16, 8);
    kit_saw_pwrite(kit, 14, 0, 8);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 0); /* the reader of the file reports it */
    EXPECT(kit, 0, MATCH);
    EXPECT(kit, 1, SILENT);
    EXPECT(kit, 2, LOST);
    EXPECT(kit, 3, LOST);
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
    kit->record[1].syscall = impact_number("execve"); /* before the filter, and not of the role */
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
        kit->record[1].syscall = impact_number("dup2");
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

static void test_made_up_stat(void **state)
{
    struct kit *kit = *state;
    for (int i = 0; i < 2; i++) {
        struct trace_call *call = kit_call(kit, OPERATION_FD_FILESTAT_GET);
        kit_op(call, OP_STAT, 4, 0);
        call->ops.result[0].stat =
            (struct filestat) { .dev = 1, .ino = (uint64_t)(1004 + i), .filetype = FILETYPE_DIRECTORY };
        struct witness_record *r = kit_syscall(kit, "fstat", 0);
        r->arg[0] = 14;
        r->object = kit_object(14);
        r->parts = WITNESS_PART_OBJECT;
    }
    kit_run(kit);
    only_finding(kit, CHECK_FINDING_MISMATCH, 1, "expected inode 1005 on device 1, found inode 1004");
}

static void test_directory_entries(void **state)
{
    (void)state;
    for (int wrong = 0; wrong < 2; wrong++) {
        struct kit *kit = kit_create();
        uint8_t entries[2 * 24 + 3];
        memset(entries, 0, sizeof entries);
        struct dirent_head head = { 1, 2, 1, FILETYPE_DIRECTORY, { 0 } };
        memcpy(entries, &head, 24);
        entries[24] = '.';
        head.name_length = 2;
        memcpy(entries + 25, &head, 24);
        memcpy(entries + 49, "..", 2);
        struct trace_call *call = kit_call(kit, OPERATION_FD_READDIR);
        kit_op(call, OP_READ_DIR, 4, sizeof entries)->value = 4096;
        call->data[0].in = entries;
        call->data[0].in_length = call->data[0].in_kept = sizeof entries;
        struct witness_record *r = kit_syscall(kit, "getdents64", wrong ? 72 : 48);
        r->arg[0] = 14;
        r->arg[2] = 4096;
        r->object = kit_object(14);
        r->parts = WITNESS_PART_OBJECT;
        kit_run(kit);
        EXPECT(kit, 0, MATCH + (wrong ? CHECK_VERDICT_MISMATCH - CHECK_VERDICT_MATCH : 0));
        kit_free(kit);
    }
}

/* A trace's op that names bytes its request does not have. */
static void test_hostile_op(void **state)
{
    struct kit *kit = *state;
    kit_pwrite(kit, 4, 0, 8)->ops.op[0].mem = (struct region) { UINT32_MAX, 2 };
    kit_open(kit, 3, "a", 0, 5, 0)->ops.op[0].path.offset = REQUEST_BYTES;
    kit_tell(kit)->ops.count = 1;
    kit->call[2]->ops.op[0].kind = 9999;
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 3);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_MISMATCH], 3);
}

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_match_and_silent),
        T(test_clock_by_system_call),
        T(test_descriptor_reuse),
        T(test_mismatches),
        T(test_open_mismatches),
        T(test_open_tries),
        T(test_open_tries_found_again),
        T(test_errno_agrees),
        T(test_undeclared),
        T(test_wrong_operands_of_a_role),
        T(test_undeclared_of_other_tables),
        T(test_unwitnessed),
        T(test_unwitnessed_open),
        T(test_same_call_twice),
        T(test_swapped),
        T(test_in_flight),
        T(test_in_flight_without_op),
        T(test_extra_in_flight),
        T(test_wrong_in_flight),
        T(test_beyond),
        T(test_beyond_in_flight),
        T(test_lost_said),
        T(test_lost_hole),
        T(test_cut_witness),
        T(test_denied),
        T(test_denied_of_no_plan),
        T(test_restarts),
        T(test_restart_of_another),
        T(test_setup_and_other_threads),
        T(test_no_filter),
        T(test_launch),
        T(test_made_up_stat),
        T(test_directory_entries),
        T(test_hostile_op),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
