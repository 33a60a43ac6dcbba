/* Replaying honest recordings: the same guest ends the same way without its files; a changed guest is caught at its
 * first changed event; a prefix replays to where it ends. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "replay_world.h"

static struct replay_report replayed(const struct replay_world *world, const struct buffer *module, uint64_t until)
{
    struct replay_report report;
    struct error error;
    enum status status = replay_world_replay(world, module, until, &report, &error);
    if (status != STATUS_OK)
        fail_msg("%s: %s", status_text(status), error.text);
    return report;
}

static void identical_without_its_files(void **state)
{
    struct replay_world world;
    struct stat st;
    (void)state;
    replay_world_record(&world, "replay_world", NULL);
    assert_int_equal(world.ending.ended, WASI_ENDED_EXIT);
    assert_int_equal(world.ending.exit_code, 0x77);
    replay_world_remove_data(&world);
    struct replay_report report = replayed(&world, NULL, 0);
    assert_int_equal(report.verdict, REPLAY_IDENTICAL);
    assert_int_equal(report.calls, world.calls);
    assert_int_equal(report.calls, 14);
    assert_int_equal(report.instructions, world.ending.instructions);
    assert_int_equal(report.recorded.instructions, world.ending.instructions);
    assert_int_equal(report.exit.exit_code, 0x77);
    assert_false(report.other_module);
    assert_int_equal(stat(world.data, &st), -1);
    replay_world_done(&world);
}

static void the_same_trap_at_the_same_place(void **state)
{
    struct replay_world world;
    (void)state;
    replay_world_record(&world, "replay_trap", NULL);
    assert_int_equal(world.ending.trap, RT_TRAP_UNREACHABLE);
    struct replay_report report = replayed(&world, NULL, 0);
    assert_int_equal(report.verdict, REPLAY_IDENTICAL);
    assert_int_equal(report.exit.trap, RT_TRAP_UNREACHABLE);
    assert_int_equal(report.exit.function, 1);
    assert_int_equal(report.exit.offset, world.ending.offset);
    /* unreachable becomes nop: the guest goes on to another end */
    struct buffer changed = BUFFER_INIT;
    replay_world_patch(&world, "\x03\x00\x00\x0b", "\x03\x00\x01\x0b", 4, &changed);
    report = replayed(&world, &changed, 0);
    assert_int_equal(report.verdict, REPLAY_DIVERGED);
    assert_string_equal(report.divergence.hostcall, "exit");
    assert_non_null(strstr(report.divergence.expected, "unreachable"));
    assert_non_null(strstr(report.divergence.found, "return from _start"));
    buffer_done(&changed);
    replay_world_done(&world);
}

static void no_start_is_an_outcome(void **state)
{
    struct replay_world world;
    (void)state;
    replay_world_record(&world, "replay_none", NULL);
    struct replay_report report = replayed(&world, NULL, 0);
    assert_int_equal(report.verdict, REPLAY_IDENTICAL);
    assert_int_equal(report.exit.outcome, WASI_ENDED_NOT_STARTED);
    replay_world_done(&world);
}

/* A change of the module, and where it must be noticed. */
struct change {
    const char *from, *to;
    size_t size;
    const char *hostcall, *what, *function;
    uint64_t call;
    const char *expected, *found;
};

static void a_changed_constant_is_caught_at_its_first_event(void **state)
{
    static const struct change changes[] = {
        { "\xe7\x8a\x8d\x09", "\xe8\x8a\x8d\x09", 4, "clock_time_get", "argument", "main", 0, "precision = 19088743",
          "precision = 19088744" },
        { "hello", "hellp", 5, "fd_write", "data that left the guest", "files", 3, "5 bytes", "5 bytes" },
        { "nosuchfile", "nosuchfilf", 10, "path_filestat_get", "string", "files", 8, "nosuchfile", "nosuchfilf" },
        { "\x00\x03\x00\x00\x10", "\x00\x03\x00\x00\x11", 5, "fd_pread", "vector", "files", 4, "16 bytes", "17 bytes" },
        { "\xf8\xac\xd1\x11", "\x80\x80\x80\x00", 4, "path_open", "hostcall", "main", 2, "path_open", "poll_oneoff" },
        { "\xe8\x03\x00\x00", "\xe9\x03\x00\x00", 4, "poll_oneoff", "subscription", "main", 11, "timeout 1000",
          "timeout 1001" },
        { "\x16wasi_snapshot_preview1\x0e"
          "clock_time_get\x00\x00",
          "\x8d\x80\x80\x80\x00wasi_unstable\x8e\x80\x80\x80\x00"
          "clock_time_get\x00\x80\x00",
          40, "clock_time_get", "import", "main", 0, "import 5, wasi_snapshot_preview1.clock_time_get",
          "import 51, wasi_unstable.clock_time_get" },
        { "\x41\xf7\x00\x10", "\x41\xf6\x00\x10", 4, "proc_exit", "argument", "main", 13, "rval = 119", "rval = 118" },
    };
    struct replay_world world;
    struct buffer changed = BUFFER_INIT;
    (void)state;
    replay_world_record(&world, "replay_world", NULL);
    replay_world_remove_data(&world);
    for (size_t i = 0; i < sizeof changes / sizeof *changes; i++) {
        const struct change *change = &changes[i];
        replay_world_patch(&world, change->from, change->to, change->size, &changed);
        struct replay_report report = replayed(&world, &changed, 0);
        const struct replay_divergence *d = &report.divergence;
        assert_int_equal(report.verdict, REPLAY_DIVERGED);
        assert_string_equal(d->hostcall, change->hostcall);
        assert_string_equal(d->what, change->what);
        assert_string_equal(d->function_name, change->function);
        assert_int_equal(d->call, change->call);
        assert_int_equal(report.calls, change->call);
        assert_non_null(strstr(d->expected, change->expected));
        assert_non_null(strstr(d->found, change->found));
        assert_true(d->offset > 0 && d->offset < world.module.size);
        assert_int_equal(world.module.data[d->offset], 0x10); /* a call instruction */
        assert_true(d->chunk > 0);
        assert_true(report.other_module);
    }
    buffer_done(&changed);
    replay_world_done(&world);
}

static void only_the_instruction_count_differs(void **state)
{
    struct replay_world world;
    struct buffer changed = BUFFER_INIT;
    (void)state;
    replay_world_record(&world, "replay_world", NULL);
    replay_world_patch(&world, "\xf8\xac\xd1\x01", "\xf9\xac\xd1\x01", 4, &changed);
    struct replay_report report = replayed(&world, &changed, 0);
    assert_int_equal(report.verdict, REPLAY_DIVERGED);
    assert_string_equal(report.divergence.what, "how the guest ended");
    assert_int_equal(report.calls, world.calls);
    assert_true(report.exit.instructions > report.recorded.instructions);
    buffer_done(&changed);
    replay_world_done(&world);
}

/* A module that never ends behind the last call is not waited for. */
static void an_endless_guest_is_stopped(void **state)
{
    struct replay_world world;
    struct buffer changed = BUFFER_INIT;
    (void)state;
    replay_world_record(&world, "replay_world", NULL);
    /* the loop of $spend takes nothing from its count: it goes on for ever */
    replay_world_patch(&world, "\x20\x00\x41\x01\x6b", "\x20\x00\x41\x00\x6b", 5, &changed);
    struct replay_report report = replayed(&world, &changed, 0);
    assert_int_equal(report.verdict, REPLAY_DIVERGED);
    assert_non_null(strstr(report.divergence.found, "goes on behind the instructions"));
    buffer_done(&changed);
    replay_world_done(&world);
}

static void until_an_event(void **state)
{
    struct replay_world world;
    (void)state;
    replay_world_record(&world, "replay_world", NULL);
    uint64_t calls = 0, last = 0;
    for (uint64_t until = 1; until < 60; until++) {
        struct replay_report report = replayed(&world, NULL, until);
        if (report.verdict == REPLAY_IDENTICAL)
            break;
        assert_int_equal(report.verdict, REPLAY_UNTIL);
        assert_true(report.calls >= calls && report.calls <= calls + 1);
        assert_true(report.last_event >= last);
        calls = report.calls;
        last = report.last_event;
    }
    assert_int_equal(calls, world.calls); /* behind the last call, before the end */
    replay_world_done(&world);
}

/* The guest is stopped after every possible number of tells, as kill -9 would: the calls that ended are replayed, the
 * one in flight is named, and nothing is found. */
static void every_prefix_replays_to_its_end(void **state)
{
    struct replay_world world;
    uint64_t most = 0;
    (void)state;
    for (uint32_t tells = 1; tells < 64; tells++) {
        struct replay_lies lies = { .stop_after = tells };
        replay_world_record(&world, "replay_world", &lies);
        bool whole = world.ending.ended == WASI_ENDED_EXIT;
        if (!whole) {
            struct replay_report report = replayed(&world, NULL, 0);
            assert_int_equal(report.verdict, REPLAY_PREFIX);
            assert_true(report.calls >= most && report.calls <= most + 1);
            assert_true(report.calls == world.calls || report.calls + 1 == world.calls);
            assert_true(report.stop_text[0] != 0);
            if (report.calls == world.calls)
                assert_false(report.inside_call);
            most = report.calls;
        }
        replay_world_done(&world);
        if (whole) {
            assert_int_equal(most, world.calls - 1);
            return;
        }
    }
    fail_msg("the guest never ended");
}

static void in_flight_is_named(void **state)
{
    struct replay_world world;
    struct replay_lies lies = { .stop_after = 2 }; /* begin and op of the first call */
    (void)state;
    replay_world_record(&world, "replay_world", &lies);
    struct replay_report report = replayed(&world, NULL, 0);
    assert_int_equal(report.verdict, REPLAY_PREFIX);
    assert_int_equal(report.calls, 0);
    assert_true(report.inside_call);
    struct buffer text = BUFFER_INIT;
    replay_report_print(&report, &text);
    buffer_u8(&text, 0);
    assert_non_null(strstr((char *)text.data, "in flight"));
    /* even there a changed argument is noticed */
    struct buffer changed = BUFFER_INIT;
    replay_world_patch(&world, "\xe7\x8a\x8d\x09", "\xe8\x8a\x8d\x09", 4, &changed);
    report = replayed(&world, &changed, 0);
    assert_int_equal(report.verdict, REPLAY_DIVERGED);
    buffer_done(&changed);
    buffer_done(&text);
    replay_world_done(&world);
}

static void stopped_from_outside(void **state)
{
    struct replay_world world;
    struct replay_lies lies = { .exit_trap = RT_TRAP_INTERRUPTED };
    (void)state;
    replay_world_record(&world, "replay_world", &lies);
    struct replay_report report = replayed(&world, NULL, 0);
    assert_int_equal(report.verdict, REPLAY_PREFIX);
    assert_int_equal(report.calls, world.calls);
    replay_world_done(&world);
}

static void without_a_module(void **state)
{
    struct replay_world world;
    struct replay_lies lies = { .no_module = true };
    struct replay_report report;
    struct error error;
    (void)state;
    replay_world_record(&world, "replay_world", &lies);
    assert_int_equal(replay_world_replay(&world, NULL, 0, &report, &error), STATUS_NOT_FOUND);
    assert_non_null(strstr(error.text, "no module"));
    report = replayed(&world, &world.module, 0);
    assert_int_equal(report.verdict, REPLAY_IDENTICAL);
    struct replay_options options = { .trace_path = world.trace, .module_path = world.trace };
    error = (struct error)ERROR_INIT;
    assert_int_equal(replay_run(&options, &report, &error), STATUS_MALFORMED);
    options.module_path = "/nowhere/at/all";
    error = (struct error)ERROR_INIT;
    assert_int_equal(replay_run(&options, &report, &error), STATUS_NOT_FOUND);
    options.trace_path = "/nowhere/at/all";
    assert_int_not_equal(replay_run(&options, &report, NULL), STATUS_OK);
    replay_world_done(&world);
}

static bool refuse(void *self, uint64_t calls, uint64_t instructions)
{
    (void)calls, (void)instructions;
    ++*(int *)self;
    return false;
}

static void progress_may_stop_it(void **state)
{
    struct replay_world world;
    int asked = 0;
    (void)state;
    replay_world_record(&world, "replay_world", NULL);
    struct replay_report report;
    struct replay_options options = { .trace_path = world.trace, .progress = refuse, .progress_self = &asked };
    enum status status = replay_run(&options, &report, NULL);
    assert_int_equal(status, asked ? STATUS_STOPPED : STATUS_OK); /* it is asked now and then only */
    replay_world_done(&world);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(identical_without_its_files),
        cmocka_unit_test(the_same_trap_at_the_same_place),
        cmocka_unit_test(no_start_is_an_outcome),
        cmocka_unit_test(a_changed_constant_is_caught_at_its_first_event),
        cmocka_unit_test(only_the_instruction_count_differs),
        cmocka_unit_test(an_endless_guest_is_stopped),
        cmocka_unit_test(until_an_event),
        cmocka_unit_test(every_prefix_replays_to_its_end),
        cmocka_unit_test(in_flight_is_named),
        cmocka_unit_test(stopped_from_outside),
        cmocka_unit_test(without_a_module),
        cmocka_unit_test(progress_may_stop_it),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
