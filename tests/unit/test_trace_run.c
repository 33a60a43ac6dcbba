/* Recording end to end: guest, ring, recorder, file, reader; and what is left when one of them is killed. */
#include "trace_kit.h"

#include <fcntl.h>
#include <signal.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <cmocka.h>

static enum status salvage(const struct kit_run *run, struct trace_end *end, struct error *error)
{
    int fd = open(run->trace, O_RDWR | O_CLOEXEC);
    assert_true(fd >= 0);
    enum status status = recorder_salvage(run->trace, fd, run->ring_fd, NULL, end, error);
    close(fd);
    return status;
}

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

/* ---- messages ---- */

enum { MESSAGES = 3 };
static const uint32_t message_bytes[MESSAGES] = { 20000, 100, 30 }; /* of which the first would be DATA */

/* A call that dropped two messages and was given the third. */
static void write_messages(struct trace_writer *writer, void *argument)
{
    (void)argument;
    struct wasi_observer observer = trace_writer_observer(writer);
    static struct kit_call call;
    call.request.call = OPERATION_SOCK_RECV;
    call.request.import = IMPORT_PREVIEW1_SOCK_RECV;
    call.request.iov_count = 1;
    call.request.iov[0] = (struct region) { 4096, 64 };
    call.ops.count = MESSAGES;
    for (uint8_t i = 0; i < MESSAGES; i++) {
        call.ops.op[i] = (struct op) { .kind = OP_RECEIVE_FROM,
                                       .rule = RULE_RIGHT_HELD,
                                       .handle = 5,
                                       .handle2 = HANDLE_NONE,
                                       .value = LIMIT_STAGING };
        call.ops.result[i] = (struct op_result) { .value = message_bytes[i],
                                                  .address = { .family = NET_V4, .port = 9, .bytes = { 127, 0, 0, i } },
                                                  .calls = 1 };
    }
    if (kit_call_observe(&call, &observer, NULL) != STATUS_OK ||
        trace_writer_exit(writer, &(struct trace_exit) { .outcome = 1, .exit_code = KIT_EXIT }) != STATUS_OK)
        _exit(9);
}

/* The staging buffer holds the last message alone when the call ends. Of those before it, which were dropped, nothing
 * is kept, and so nothing that they were not. */
static void test_dropped_messages_leave_no_bytes(void **state)
{
    (void)state;
    static struct trace_call call;
    struct kit_run run;
    struct trace_reader *reader;
    struct trace_exit last;
    enum trace_item_kind kind;
    kit_run_start(&run);
    kit_run_guest(&run, write_messages, NULL);
    assert_int_equal(kit_wait(run.guest), 0);
    assert_int_equal(kit_wait(run.recorder), 0);
    assert_int_equal(trace_reader_open(run.trace, &reader, NULL), STATUS_OK);
    assert_int_equal(trace_reader_next(reader, &kind, &call, &last, NULL), STATUS_OK);
    assert_true(call.complete);
    assert_int_equal(call.ops.count, MESSAGES);
    for (uint8_t i = 0; i < MESSAGES; i++) {
        const uint32_t kept = i == MESSAGES - 1 ? message_bytes[i] : 0;
        assert_int_equal(call.ops.result[i].value, message_bytes[i]);
        assert_int_equal(call.ops.result[i].address.bytes[3], i);
        assert_int_equal(call.data[i].in_length, kept);
        assert_int_equal(call.data[i].in_kept, kept);
    }
    assert_memory_equal(call.data[MESSAGES - 1].in, kit_space().staging, message_bytes[MESSAGES - 1]);
    trace_reader_close(reader);
    kit_run_done(&run);
}

/* ---- kills ---- */

static void write_for_ever(struct trace_writer *writer, void *argument)
{
    (void)argument;
    struct wasi_observer observer = trace_writer_observer(writer);
    static struct kit_call call;
    enum status status = STATUS_OK;
    for (uint64_t i = 0; status == STATUS_OK; i++) {
        kit_call_make(i, false, &call);
        status = kit_call_observe(&call, &observer, NULL);
    }
    _exit(status == STATUS_STOPPED ? 33 : 8);
}

static void pause_random(unsigned most_us) { usleep((useconds_t)(100 + rand() % (int)most_us)); }

static void test_killed_guest_leaves_all_it_published(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        struct kit_run run;
        struct trace_end end;
        struct error error = ERROR_INIT;
        bool inside;
        enum status status;
        kit_run_start(&run);
        kit_run_guest(&run, write_for_ever, NULL);
        pause_random(30000);
        kill(run.guest, SIGKILL);
        assert_true(WIFSIGNALED(kit_wait(run.guest)));
        assert_int_equal(kit_wait(run.recorder), 0);
        uint64_t published = kit_ring_head(&run);
        kit_trace_read(run.trace, false, &end, &inside, &status, &error);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(end.reason, TRACE_END_GUEST_DIED);
        assert_int_equal(end.stream_bytes, published);
        kit_run_done(&run);
    }
}

static void test_killed_recorder_stops_the_guest_and_loses_nothing(void **state)
{
    (void)state;
    for (unsigned i = 0; i < 20; i++) {
        struct kit_run run;
        struct trace_end end, saved;
        struct error error = ERROR_INIT;
        bool inside;
        enum status status;
        kit_run_start(&run);
        kit_run_guest(&run, write_for_ever, NULL);
        pause_random(30000);
        kill(run.recorder, SIGKILL);
        assert_true(WIFSIGNALED(kit_wait(run.recorder)));
        int guest = kit_wait(run.guest); /* nobody tells it: the kernel does */
        assert_true(WIFEXITED(guest));
        assert_int_equal(WEXITSTATUS(guest), 33);
        assert_int_equal(salvage(&run, &saved, &error), STATUS_OK);
        kit_trace_read(run.trace, false, &end, &inside, &status, &error);
        assert_int_equal(status, STATUS_OK);
        assert_int_equal(end.reason, TRACE_END_RECORDER_DIED);
        assert_int_equal(end.stream_bytes, kit_ring_head(&run));
        assert_memory_equal(&end, &saved, sizeof end);
        kit_run_done(&run);
    }
}

static void test_salvage_cuts_a_torn_chunk(void **state)
{
    (void)state;
    struct kit_run run;
    struct trace_end end;
    struct error error = ERROR_INIT;
    bool inside;
    enum status status;
    kit_run_start(&run);
    kit_run_guest(&run, write_for_ever, NULL);
    usleep(20000);
    kill(run.recorder, SIGKILL);
    kit_wait(run.recorder);
    kit_wait(run.guest);
    FILE *file = fopen(run.trace, "ab"); /* half a header, as a kill inside a write leaves it */
    assert_non_null(file);
    assert_int_equal(fwrite("WCHK torn", 1, 9, file), 9);
    assert_int_equal(fclose(file), 0);
    assert_int_equal(salvage(&run, &end, &error), STATUS_OK);
    kit_trace_read(run.trace, false, &end, &inside, &status, &error);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(end.stream_bytes, kit_ring_head(&run));
    /* A second time changes nothing. */
    struct trace_end again;
    assert_int_equal(salvage(&run, &again, &error), STATUS_OK);
    assert_memory_equal(&end, &again, sizeof end);
    kit_run_done(&run);
}

static void test_full_disk_stops_the_guest_and_keeps_the_prefix(void **state)
{
    (void)state;
    struct kit_run run;
    struct trace_end end;
    struct error error = ERROR_INIT;
    bool inside;
    enum status status;
    run.file_limit = 300000; /* bytes: RLIMIT_FSIZE of the recorder's process */
    run.hold_ns = 0;
    run.sync_chunks = run.sync_calls = false;
    kit_run_start_limited(&run);
    kit_run_guest(&run, write_for_ever, NULL);
    int guest = kit_wait(run.guest);
    assert_true(WIFEXITED(guest));
    assert_int_equal(WEXITSTATUS(guest), 33);
    assert_int_equal(WEXITSTATUS(kit_wait(run.recorder)), STATUS_NO_SPACE);
    assert_true(kit_trace_read(run.trace, false, &end, &inside, &status, &error) > 100);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(end.reason, TRACE_END_NO_SPACE);
    kit_run_done(&run);
}

enum { LIVE_CALLS = 4 };

/* A guest that makes its next call when the one before is in the file. */
static void write_when_written(struct trace_writer *writer, void *argument)
{
    struct wasi_observer observer = trace_writer_observer(writer);
    static struct kit_call call;
    struct stat st;
    off_t before = 0;
    for (uint64_t i = 0; i < LIVE_CALLS; i++) {
        if (stat(argument, &st) < 0)
            _exit(8);
        before = st.st_size;
        kit_call_make(i, false, &call);
        if (kit_call_observe(&call, &observer, NULL) != STATUS_OK)
            _exit(8);
        for (unsigned looks = 0; st.st_size == before; looks++) {
            usleep(1000);
            if (looks == 60000 || stat(argument, &st) < 0)
                _exit(8);
        }
    }
    struct trace_exit last = { .outcome = 1, .exit_code = KIT_EXIT, .instructions = 12345 };
    if (trace_writer_exit(writer, &last) != STATUS_OK)
        _exit(8);
}

/* Few events are no reason to keep them: a guest that waits for more than a chunk of them never writes that many. */
static void test_few_events_reach_the_file(void **state)
{
    (void)state;
    struct kit_run run;
    struct trace_end end;
    struct error error = ERROR_INIT;
    bool inside;
    enum status status;
    run.file_limit = 0;
    run.hold_ns = 1;
    run.sync_chunks = run.sync_calls = false;
    kit_run_start_limited(&run);
    kit_run_guest(&run, write_when_written, run.trace);
    assert_int_equal(kit_wait(run.guest), 0);
    assert_int_equal(kit_wait(run.recorder), 0);
    assert_int_equal(kit_trace_read(run.trace, false, &end, &inside, &status, &error), LIVE_CALLS);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(end.reason, TRACE_END_CLEAN);
    kit_run_done(&run);
}

static void test_ordered_stop_reaches_a_guest_that_waits(void **state)
{
    (void)state;
    struct kit_run run;
    struct trace_ring *ring;
    kit_run_start(&run);
    kill(run.recorder, SIGSTOP); /* so that the ring fills */
    kit_run_guest(&run, write_for_ever, NULL);
    usleep(100000);
    assert_int_equal(trace_ring_map(run.ring_fd, &ring, NULL), STATUS_OK);
    trace_ring_stop(ring);
    int guest = kit_wait(run.guest);
    assert_true(WIFEXITED(guest));
    assert_int_equal(WEXITSTATUS(guest), 33);
    kill(run.recorder, SIGCONT);
    assert_int_equal(kit_wait(run.recorder), 0);
    trace_ring_unmap(ring);
    kit_run_done(&run);
}

int main(void)
{
    srand((unsigned)getpid());
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_round_trip_of_every_hostcall),
        cmocka_unit_test(test_dropped_messages_leave_no_bytes),
        cmocka_unit_test(test_round_trip_of_large_data),
        cmocka_unit_test(test_killed_guest_leaves_all_it_published),
        cmocka_unit_test(test_killed_recorder_stops_the_guest_and_loses_nothing),
        cmocka_unit_test(test_salvage_cuts_a_torn_chunk),
        cmocka_unit_test(test_full_disk_stops_the_guest_and_keeps_the_prefix),
        cmocka_unit_test(test_few_events_reach_the_file),
        cmocka_unit_test(test_ordered_stop_reaches_a_guest_that_waits),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
