/* Traces that lie: results that no system can give are told as a divergence and never reach the guest's memory or the
 * descriptor table; damaged files give a status or a valid prefix, whatever byte is broken. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <cmocka.h>

#include "replay_world.h"

static void lie_count(const struct op *op, struct op_result *result, const struct backend_space *space)
{
    (void)space;
    if (op->kind == OP_PWRITE)
        result->value = 6; /* of five bytes */
}

static void lie_huge_read(const struct op *op, struct op_result *result, const struct backend_space *space)
{
    (void)space;
    if (op->kind == OP_PREAD)
        result->value = INT64_MAX;
}

static void lie_errno(const struct op *op, struct op_result *result, const struct backend_space *space)
{
    (void)space;
    if (op->kind == OP_CLOSE)
        result->value = -5000;
}

static void lie_filetype(const struct op *op, struct op_result *result, const struct backend_space *space)
{
    (void)space;
    if (op->kind == OP_STAT || op->kind == OP_STAT_AT)
        result->stat.filetype = 4000;
}

static void lie_dirent(const struct op *op, struct op_result *result, const struct backend_space *space)
{
    (void)result;
    if (op->kind == OP_READ_DIR) {
        struct dirent_head head;
        memcpy(&head, space->staging, sizeof head);
        head.name_length = 60000;
        memcpy(space->staging, &head, sizeof head);
    }
}

static void impossible_results_stop_the_replay(void **state)
{
    static const struct {
        void (*result)(const struct op *op, struct op_result *result, const struct backend_space *space);
        const char *hostcall;
    } cases[] = {
        { lie_count, "fd_write" }, { lie_huge_read, "fd_pread" }, { lie_errno, "fd_close" },
        { lie_filetype, "" },      { lie_dirent, "fd_readdir" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replay_world world;
        struct replay_lies lies = { .result = cases[i].result };
        struct replay_report report;
        struct error error;
        replay_world_record(&world, "replay_world", &lies);
        enum status status = replay_world_replay(&world, NULL, 0, &report, &error);
        if (status == STATUS_OK) {
            assert_int_equal(report.verdict, REPLAY_DIVERGED);
            assert_string_equal(report.divergence.what, "recorded result");
            if (cases[i].hostcall[0])
                assert_string_equal(report.divergence.hostcall, cases[i].hostcall);
        } else {
            assert_int_equal(status, STATUS_MALFORMED); /* the reader noticed first */
        }
        replay_world_done(&world);
    }
}

/* The first bytes of what left are shown to whoever reads the trace: with the right digest beside them, too, they must
 * be what the guest wrote. */
static void shown_bytes_are_the_guests(void **state)
{
    struct replay_world world;
    struct replay_lies lies = { .ring_from = "hello", .ring_to = "hellp" };
    struct replay_report report;
    struct error error = ERROR_INIT;
    (void)state;
    replay_world_record(&world, "replay_world", &lies);
    assert_int_equal(replay_world_replay(&world, NULL, 0, &report, &error), STATUS_OK);
    assert_int_equal(report.verdict, REPLAY_DIVERGED);
    assert_string_equal(report.divergence.what, "data that left the guest");
    assert_string_equal(report.divergence.hostcall, "fd_write");
    replay_world_done(&world);
}

static void file_write(const char *path, const uint8_t *bytes, size_t size)
{
    FILE *file = fopen(path, "wb");
    assert_non_null(file);
    assert_int_equal(fwrite(bytes, 1, size, file), size);
    fclose(file);
}

/* One flipped byte at every seventh offset, and every seventh cut: nothing but a status or a shorter replay. */
static void damage_never_harms(void **state)
{
    struct replay_world world;
    struct buffer bytes = BUFFER_INIT;
    struct replay_report report;
    struct error error = ERROR_INIT;
    uint32_t prefixes = 0;
    (void)state;
    replay_world_record(&world, "replay_world", NULL);
    assert_int_equal(file_read_all(world.trace, 1 << 20, &bytes, &error), STATUS_OK);
    for (size_t at = 0; at < bytes.size; at += 7) {
        bytes.data[at] ^= 0x20;
        file_write(world.trace, bytes.data, bytes.size);
        enum status status = replay_world_replay(&world, NULL, 0, &report, &error);
        bytes.data[at] ^= 0x20;
        assert_true(status != STATUS_OK || report.verdict == REPLAY_PREFIX || report.verdict == REPLAY_IDENTICAL);
        file_write(world.trace, bytes.data, at);
        status = replay_world_replay(&world, NULL, 0, &report, &error);
        /* identical: only the END chunk was cut away */
        assert_true(status != STATUS_OK || report.verdict == REPLAY_PREFIX || report.verdict == REPLAY_IDENTICAL);
        prefixes += status == STATUS_OK && report.verdict == REPLAY_PREFIX;
    }
    assert_true(prefixes > 0);
    buffer_done(&bytes);
    replay_world_done(&world);
}

static void put_state(struct trace_writer *writer)
{
    const struct trace_state told = { .digest = 1 };
    assert_int_equal(trace_writer_state(writer, &told, NULL), STATUS_OK);
}

static void put_last_state(struct trace_writer *writer)
{
    const struct trace_state told = { .digest = 1, .at_end = true };
    assert_int_equal(trace_writer_state(writer, &told, NULL), STATUS_OK);
}

static void put_growth(struct trace_writer *writer)
{
    const struct trace_growth told = { .index = 7, .amount = 1 };
    assert_int_equal(trace_writer_growth(writer, &told, NULL), STATUS_OK);
}

/* States that are not the guest's, and growths that it does not ask for, wherever they stand. */
static void lies_between_calls_are_found(void **state)
{
    static const struct {
        void (*before)(struct trace_writer *writer), (*after)(struct trace_writer *writer);
        enum status status;
        const char *what, *found;
    } cases[] = {
        { put_state, NULL, STATUS_MALFORMED, "", "" },
        { put_last_state, NULL, STATUS_OK, "exit", "a call of clock_time_get" },
        { put_growth, NULL, STATUS_OK, "exit", "a call of clock_time_get" },
        { NULL, put_state, STATUS_OK, "state of globals, tables and memories", "" },
        { NULL, put_last_state, STATUS_OK, "state of globals, tables and memories", "" },
        { NULL, put_growth, STATUS_OK, "growth", "the guest's end" },
    };
    (void)state;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        struct replay_world world;
        struct replay_lies lies = { .before = cases[i].before, .after = cases[i].after };
        struct replay_report report;
        struct error error;
        replay_world_record(&world, "replay_world", &lies);
        assert_int_equal(replay_world_replay(&world, NULL, 0, &report, &error), cases[i].status);
        if (cases[i].status == STATUS_OK) {
            assert_int_equal(report.verdict, REPLAY_DIVERGED);
            assert_string_equal(report.divergence.what, cases[i].what);
            assert_non_null(strstr(report.divergence.found, cases[i].found));
            assert_int_equal(report.calls, cases[i].before ? 0 : world.calls);
        }
        replay_world_done(&world);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(impossible_results_stop_the_replay),
        cmocka_unit_test(shown_bytes_are_the_guests),
        cmocka_unit_test(damage_never_harms),
        cmocka_unit_test(lies_between_calls_are_found),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
