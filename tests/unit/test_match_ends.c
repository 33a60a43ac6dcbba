/* Where trace or record end early or have holes: nobody is accused for what is not there, and nothing is acquitted. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "checker/impact.h"
#include "tests/unit/test_match_expect.h"

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
            r->syscall = impact_number(SYSCALL_MACHINE_X86_64, "pwritev");
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

int main(void)
{
#define T(name) cmocka_unit_test_setup_teardown(name, setup, teardown)
    const struct CMUnitTest tests[] = {
        T(test_in_flight),   T(test_in_flight_without_op), T(test_extra_in_flight), T(test_wrong_in_flight),
        T(test_beyond),      T(test_beyond_in_flight),     T(test_lost_said),       T(test_lost_hole),
        T(test_cut_witness),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
