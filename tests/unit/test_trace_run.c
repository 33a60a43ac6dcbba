/* Recording end to end: guest, ring, recorder, file, reader; and what is left when one of them is killed. */
#include "trace_kit.h"

#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/wait.h>
#include <cmocka.h>

static void test_round_trip_of_every_hostcall(void **state)
{
    (void)state;
    struct kit_run run;
    struct trace_end end;
    struct error error = ERROR_INIT;
    bool inside;
    enum status status;
    enum { CALLS = 5000 };
    kit_trace_write(&run, CALLS, false);
    assert_int_equal(kit_trace_read(run.trace, false, &end, &inside, &status, &error), CALLS);
    assert_string_equal(error.text, "");
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(end.reason, TRACE_END_CLEAN);
    assert_false(inside);
    kit_run_done(&run);
}

static void test_round_trip_of_large_data(void **state)
{
    (void)state;
    struct kit_run run;
    struct trace_end end;
    struct error error = ERROR_INIT;
    bool inside;
    enum status status;
    enum { CALLS = 4000 };
    kit_trace_write(&run, CALLS, true);
    assert_int_equal(kit_trace_read(run.trace, true, &end, &inside, &status, &error), CALLS);
    assert_int_equal(status, STATUS_OK);
    assert_true(end.stream_bytes > TRACE_RING_BYTES); /* the ring went round */
    kit_run_done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_of_every_hostcall),
        cmocka_unit_test(test_round_trip_of_large_data),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
