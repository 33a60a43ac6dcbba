/* Losses are counted exactly: the same child makes the same calls under a ring that holds all of them, and under one
 * that does not. Holes at the end of a thread, in the middle, and of threads of which nothing arrived. Needs root and
 * BPF. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <signal.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>
#include "tests/unit/witness_live.h"

enum { BURST = 2000, BURSTS = 5, CHILDREN = 10 };

static const struct live_options roomy = { .ring_bytes = 1 << 23 };

/* Bursts of calls with pauses in which a reader empties the ring. */
static int code_bursts(void *self, int ready)
{
    (void)self;
    (void)ready;
    const struct timespec pause = { 0, 30000000 };
    for (unsigned i = 0; i < BURSTS; i++) {
        for (unsigned k = 0; k < BURST; k++)
            syscall(SYS_getppid);
        syscall(SYS_clock_nanosleep, CLOCK_MONOTONIC, 0, &pause, NULL);
    }
    return 0;
}

static int code_family(void *self, int ready)
{
    (void)self;
    (void)ready;
    for (unsigned k = 0; k < BURST; k++)
        syscall(SYS_getppid);
    for (unsigned i = 0; i < CHILDREN; i++) {
        long child = syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
        if (child == 0) {
            syscall(SYS_getppid);
            syscall(SYS_exit_group, 0);
        }
        if (syscall(SYS_wait4, child, NULL, 0, NULL) != child)
            return 1;
    }
    return 0;
}

/* Records that are no LOST ones. */
static uint64_t real_records(const struct live_run *run)
{
    uint64_t count = 0;
    for (size_t i = 0; i < run->count; i++)
        count += run->records[i].kind != WITNESS_LOST;
    return count;
}

static uint64_t all_records(int (*code)(void *, int))
{
    struct live_run run;
    live_run(&run, &roomy, code, NULL);
    assert_int_equal(run.wait_status, 0);
    assert_int_equal(live_check_sequences(&run), 0);
    uint64_t count = real_records(&run);
    live_done(&run);
    return count;
}

static void test_middle(void **state)
{
    (void)state;
    const struct live_options tiny = { .ring_bytes = WITNESS_RING_MIN };
    uint64_t expected = all_records(code_bursts);
    assert_true(expected > BURST * BURSTS);
    struct live_run run;
    live_run(&run, &tiny, code_bursts, NULL);
    uint64_t lost = live_check_sequences(&run);
    assert_true(lost > 0);
    assert_int_equal(real_records(&run) + lost, expected);
    unsigned holes = 0;
    for (size_t i = 0; i + 1 < run.count; i++)
        holes += run.records[i].kind == WITNESS_LOST;
    assert_true(holes >= 2); /* not one count at the end */
    live_done(&run);
}

static void test_end(void **state)
{
    (void)state;
    const struct live_options tiny = { .ring_bytes = WITNESS_RING_MIN, .collect_late = true };
    uint64_t expected = all_records(code_bursts);
    struct live_run run;
    live_run(&run, &tiny, code_bursts, NULL);
    uint64_t lost = live_check_sequences(&run);
    assert_true(lost > BURST);
    assert_int_equal(real_records(&run) + lost, expected);
    assert_int_equal(run.records[run.count - 1].kind, WITNESS_LOST); /* its END is among the lost */
    live_done(&run);
}

static void test_unheard(void **state)
{
    (void)state;
    const struct live_options tiny = { .ring_bytes = WITNESS_RING_MIN, .collect_late = true };
    uint64_t expected = all_records(code_family);
    struct live_run run;
    live_run(&run, &tiny, code_family, NULL);
    uint64_t lost = live_check_sequences(&run);
    assert_int_equal(real_records(&run) + lost, expected);
    unsigned unheard = 0; /* children of which the only record is that theirs are lost */
    for (size_t i = 0; i < run.count; i++) {
        const struct witness_record *r = &run.records[i];
        if (r->tid == run.info.guest_pid || r->kind != WITNESS_LOST || r->sequence != 0)
            continue;
        unheard++;
        assert_int_equal(r->result, 4); /* clone's exit, getppid, exit_group, the end */
        assert_int_equal(r->role, WITNESS_GUEST);
    }
    assert_int_equal(unheard, CHILDREN);
    live_done(&run);
}

int main(void)
{
    live_need_witness();
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_middle), cmocka_unit_test(test_end),
                                        cmocka_unit_test(test_unheard) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
