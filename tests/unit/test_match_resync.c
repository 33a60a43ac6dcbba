/* One difference is one finding, wherever it lies, and the matcher is back on its way behind it. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "checker/impact.h"
#include "tests/unit/test_match_kit.h"

enum { CALLS = 200 };
#define EXPECT_LOST(kit, n, is) assert_int_equal((kit)->seen.verdict[n] == CHECK_VERDICT_LOST, is)

static uint32_t offset_of(uint32_t i) { return (i * 2654435761u) >> 4; }

static void plan(struct kit *kit, uint32_t calls)
{
    for (uint32_t i = 0; i < calls; i++)
        kit_pwrite(kit, 4, offset_of(i), 8);
}

static void saw(struct kit *kit, uint32_t from, uint32_t to)
{
    for (uint32_t i = from; i < to; i++)
        kit_saw_pwrite(kit, 14, offset_of(i), 8);
}

static void test_one_extra_anywhere(void **state)
{
    (void)state;
    for (uint32_t at = 0; at <= CALLS; at += 5) {
        struct kit *kit = kit_create();
        plan(kit, CALLS);
        saw(kit, 0, at);
        kit_saw_pwrite(kit, 14, 77, 9);
        saw(kit, at, CALLS);
        kit_run(kit);
        assert_int_equal(kit->seen.findings, 1);
        assert_int_equal(kit->seen.finding[0].kind, CHECK_FINDING_UNDECLARED);
        assert_int_equal(kit->seen.counts[CHECK_VERDICT_MATCH], CALLS - 1);
        kit_free(kit);
    }
}

static void test_one_missing_anywhere(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < CALLS; at += 5) {
        struct kit *kit = kit_create();
        plan(kit, CALLS);
        saw(kit, 0, at);
        saw(kit, at + 1, CALLS);
        kit_run(kit);
        assert_int_equal(kit->seen.findings, 1);
        assert_int_equal(kit->seen.finding[0].kind, CHECK_FINDING_UNWITNESSED);
        assert_int_equal(kit->seen.finding[0].hostcall, at);
        kit_free(kit);
    }
}

static void test_one_other_anywhere(void **state)
{
    (void)state;
    for (uint32_t at = 0; at < CALLS; at += 5) {
        struct kit *kit = kit_create();
        plan(kit, CALLS);
        saw(kit, 0, at);
        kit_saw_pwrite(kit, 14, offset_of(at) + 1, 8);
        saw(kit, at + 1, CALLS);
        kit_run(kit);
        assert_int_equal(kit->seen.findings, 1);
        assert_int_equal(kit->seen.finding[0].kind, CHECK_FINDING_MISMATCH);
        assert_int_equal(kit->seen.finding[0].hostcall, at);
        kit_free(kit);
    }
}

/* More at once than the small piece reaches. */
static void test_bulk_missing(void **state)
{
    (void)state;
    struct kit *kit = kit_create();
    plan(kit, 3000);
    saw(kit, 0, 500);
    saw(kit, 2000, 3000);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 1500);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_UNWITNESSED], 1500);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_MATCH], 1500);
    kit_free(kit);
}

static void test_bulk_extra(void **state)
{
    (void)state;
    struct kit *kit = kit_create();
    plan(kit, 1000);
    saw(kit, 0, 500);
    for (uint32_t i = 0; i < 1200; i++)
        kit_saw_open(kit, 13, "elsewhere", 0, 9);
    saw(kit, 500, 1000);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 1200);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_MATCH], 999);
    kit_free(kit);
}

static void test_bulk_lost(void **state)
{
    (void)state;
    struct kit *kit = kit_create();
    plan(kit, 3000);
    saw(kit, 0, 500);
    kit_event(kit, WITNESS_LOST, 1500);
    saw(kit, 2000, 3000);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 1);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_LOST], 1500);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_MATCH], 1500);
    kit_free(kit);
}

/* Every call is wrong: as many findings as calls, and no more. */
static void test_all_wrong(void **state)
{
    (void)state;
    struct kit *kit = kit_create();
    plan(kit, 1000);
    for (uint32_t i = 0; i < 1000; i++)
        kit_saw_pwrite(kit, 14, offset_of(i) + 1, 8);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 1000);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_MISMATCH], 1000);
    kit_free(kit);
}

/* A whole kind of calls is made up; the others are real. */
static void test_one_kind_left_out(void **state)
{
    (void)state;
    struct kit *kit = kit_create();
    for (uint32_t i = 0; i < 300; i++) {
        kit_open(kit, 3, "f", OPEN_WRITE, 5, 0);
        for (uint32_t j = 0; j < 7; j++)
            kit_pwrite(kit, 5, j, 8);
        kit_close(kit, 5);
        kit_saw_open(kit, 13, "f", 01 | 0400 | 02000000, 8);
        kit_saw_close(kit, 8);
    }
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 2100);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_UNWITNESSED], 2100);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_MATCH], 600);
    kit_free(kit);
}

/* The extra call comes in the middle of calls that look alike; openings lie behind it. */
static void test_extra_before_openings(void **state)
{
    (void)state;
    struct kit *kit = kit_create();
    for (uint32_t i = 0; i < 30; i++) {
        kit_open(kit, 3, "f", OPEN_WRITE, 5 + i, 0);
        kit_pwrite(kit, 5 + i, i, 8);
        if (i == 11)
            kit_saw_open(kit, -100, "/tmp/x", 01, 50);
        kit_saw_open(kit, 13, "f", 01 | 0400 | 02000000, i < 11 ? 20 + (int)i : 80 + (int)i);
        kit_saw_pwrite(kit, i < 11 ? 20 + (int)i : 80 + (int)i, i, 8);
    }
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 1);
    assert_int_equal(kit->seen.finding[0].kind, CHECK_FINDING_UNDECLARED);
    assert_non_null(strstr(kit->seen.finding[0].evidence, "/tmp/x"));
    kit_free(kit);
}

/* By the clock it happened inside the call before, so that one is named. */
static void test_place_by_time(void **state)
{
    (void)state;
    struct kit *kit = kit_create();
    plan(kit, 10);
    for (uint32_t i = 0; i < 10; i++) {
        kit_saw_pwrite(kit, 14, offset_of(i), 8)->ktime = 1000000 + i * 1000 + 100;
        if (i == 5)
            kit_saw_open(kit, -100, "/tmp/x", 01, 50)->ktime = 1000000 + i * 1000 + 300;
    }
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 1);
    assert_int_equal(kit->seen.finding[0].hostcall, 5);
    assert_int_equal(kit->seen.verdict[5], CHECK_VERDICT_UNDECLARED);
    assert_int_equal(kit->seen.verdict[6], CHECK_VERDICT_MATCH);
    kit_free(kit);
}

/* ---- gaps: their size is exact, and nothing in front of them or behind is lost with them ---- */

/* Calls whose lengths come again after `period` calls. */
static void write_plan(struct kit *kit, uint32_t calls, uint32_t period)
{
    for (uint32_t i = 0; i < calls; i++)
        kit_pwrite(kit, 4, i % period, 8);
}

static void write_saw(struct kit *kit, uint32_t from, uint32_t to, uint32_t period)
{
    for (uint32_t i = from; i < to; i++)
        kit_saw_pwrite(kit, 14, i % period, 8);
}

static void test_gap_of_many(void **state)
{
    (void)state;
    static const struct {
        uint32_t period, own;
    } cases[] = { { 1000, 0 }, { 1000, 300 }, { 4000, 40 }, { 7, 0 }, { 1, 5 }, { 2, 3 } };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        enum { FROM = 400, TO = 6400, ALL = 7600 };
        struct kit *kit = kit_create();
        uint32_t period = cases[i].period;
        write_plan(kit, ALL, period);
        write_saw(kit, 0, FROM, period);
        kit_event(kit, WITNESS_LOST, TO - FROM + cases[i].own); /* some of the lost ones were of no plan */
        write_saw(kit, TO, ALL, period);
        kit_run(kit);
        assert_int_equal(kit->seen.findings, 1);
        assert_int_equal(kit->seen.finding[0].kind, CHECK_FINDING_LOST);
        assert_int_equal(kit->seen.counts[CHECK_VERDICT_LOST], TO - FROM);
        assert_int_equal(kit->seen.counts[CHECK_VERDICT_MATCH], ALL - TO + FROM);
        if (period >= 1000) { /* no look-alikes: the place is exact */
            EXPECT_LOST(kit, FROM, true);
            EXPECT_LOST(kit, TO - 1, true);
            EXPECT_LOST(kit, TO, false);
            EXPECT_LOST(kit, ALL - 1, false);
        }
        kit_free(kit);
    }
}

/* Two gaps; openings and closings lie in them. */
static void test_gaps_over_openings(void **state)
{
    (void)state;
    struct kit *kit = kit_create();
    enum { ROUNDS = 2000, EACH = 3 };
    uint32_t lost = 0;
    for (uint32_t i = 0; i < ROUNDS; i++) {
        kit_open(kit, 3, "f", OPEN_WRITE, 5, 0);
        kit_pwrite(kit, 5, offset_of(i), 8);
        kit_close(kit, 5);
        bool missing = (i >= 100 && i < 700) || (i >= 1200 && i < 1900);
        if (missing) {
            lost += EACH;
            continue;
        }
        if (lost > 0)
            kit_event(kit, WITNESS_LOST, lost);
        lost = 0;
        kit_saw_open(kit, 13, "f", 01 | 0400 | 02000000, 8);
        kit_saw_pwrite(kit, 8, offset_of(i), 8);
        kit_saw_close(kit, 8);
    }
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 2);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_LOST], (600 + 700) * EACH);
    kit_free(kit);
}

/* What a gap does not explain is said all the same. */
static void test_gap_excuses_nothing(void **state)
{
    (void)state;
    struct kit *kit = kit_create();
    plan(kit, 3000);
    saw(kit, 0, 500);
    kit_event(kit, WITNESS_LOST, 1000);
    saw(kit, 1500, 2000);
    kit_saw_open(kit, -100, "/tmp/x", 01, 50);
    saw(kit, 2000, 2500);
    saw(kit, 2501, 3000);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 3);
    assert_int_equal(kit->seen.finding[1].kind, CHECK_FINDING_UNDECLARED);
    assert_int_equal(kit->seen.finding[2].kind, CHECK_FINDING_UNWITNESSED);
    assert_int_equal(kit->seen.finding[2].hostcall, 2500);
    kit_free(kit);
}

/* Everything from here on is lost. */
static void test_gap_to_the_end(void **state)
{
    (void)state;
    struct kit *kit = kit_create();
    plan(kit, 6000);
    saw(kit, 0, 500);
    kit_event(kit, WITNESS_LOST, 5502);
    kit_run(kit);
    assert_int_equal(kit->seen.findings, 1);
    assert_int_equal(kit->seen.counts[CHECK_VERDICT_LOST], 5500);
    kit_free(kit);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_one_extra_anywhere),
        cmocka_unit_test(test_one_missing_anywhere),
        cmocka_unit_test(test_one_other_anywhere),
        cmocka_unit_test(test_bulk_missing),
        cmocka_unit_test(test_bulk_extra),
        cmocka_unit_test(test_bulk_lost),
        cmocka_unit_test(test_all_wrong),
        cmocka_unit_test(test_one_kind_left_out),
        cmocka_unit_test(test_extra_before_openings),
        cmocka_unit_test(test_place_by_time),
        cmocka_unit_test(test_gap_of_many),
        cmocka_unit_test(test_gaps_over_openings),
        cmocka_unit_test(test_gap_excuses_nothing),
        cmocka_unit_test(test_gap_to_the_end),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
