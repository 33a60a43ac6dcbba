/* What a check makes of what it is told about the replay: the file that was read and the one that was replayed are the
 * same, the counts agree, and no word is an acquittal. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "checker/checker.h"
#include "replay_world.h"

/* What the stub does to an honest replay's report. */
enum lie { NO_LIE, OTHER_FILE, FEWER_CALLS, MORE_INSTRUCTIONS, NO_WORD };

static enum status told(void *self, const struct replay_options *options, struct replay_report *ret,
                        struct error *error)
{
    const enum lie *lie = self;
    enum status status = replay_run(options, ret, error);
    if (status != STATUS_OK)
        return status;
    ret->trace_hash[3] ^= *lie == OTHER_FILE;
    ret->calls -= *lie == FEWER_CALLS;
    ret->instructions += *lie == MORE_INSTRUCTIONS;
    return *lie == NO_WORD ? error_set(error, STATUS_LIMIT, "it took too long") : STATUS_OK;
}

static void the_word_is_held_against_the_trace(void **state)
{
    static const struct {
        enum lie lie;
        const char *says;
    } cases[] = { { NO_LIE, "" },
                  { OTHER_FILE, "changed while it was checked" },
                  { FEWER_CALLS, "other calls or instructions" },
                  { MORE_INSTRUCTIONS, "other calls or instructions" },
                  { NO_WORD, "took too long" } };
    struct replay_world world;
    struct checker *checker;
    (void)state;
    replay_world_record(&world, "replay_world", NULL);
    assert_int_equal(checker_open(NULL, NULL, NULL, &checker, NULL), STATUS_OK);
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        enum lie lie = cases[i].lie;
        struct check_report report;
        struct check_options options = { .trace_path = world.trace, .replay = told, .replay_self = &lie };
        check_report_init(&report);
        assert_int_equal(checker_check(checker, &options, &report, NULL), STATUS_OK);
        assert_true(report.replay.done);
        assert_true(report.trace_whole);
        assert_int_equal(report.replay.identical, lie == NO_LIE);
        assert_int_equal(report.finding_counts[CHECK_FINDING_REPLAY_FAILED], lie != NO_LIE);
        assert_int_equal(report.exit_status, lie == NO_LIE ? 0 : 1);
        assert_non_null(strstr(report.replay.text, cases[i].says));
        check_report_done(&report);
    }
    checker_close(checker);
    replay_world_done(&world);
}

static void without_one_it_is_not_replayed(void **state)
{
    struct replay_world world;
    struct checker *checker;
    struct check_report report;
    (void)state;
    replay_world_record(&world, "replay_world", NULL);
    struct check_options options = { .trace_path = world.trace };
    check_report_init(&report);
    assert_int_equal(checker_open(NULL, NULL, NULL, &checker, NULL), STATUS_OK);
    assert_int_equal(checker_check(checker, &options, &report, NULL), STATUS_OK);
    assert_false(report.replay.done);
    assert_false(report.replay.identical);
    assert_non_null(strstr(check_report_verdict(&report), "not replayed"));
    check_report_done(&report);
    checker_close(checker);
    replay_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(the_word_is_held_against_the_trace),
        cmocka_unit_test(without_one_it_is_not_replayed),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
