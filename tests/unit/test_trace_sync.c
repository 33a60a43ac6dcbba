/* What `--sync` promises: a guest does not go on before its call is in the file, and a device that fails stops it. */
#include "trace_kit.h"

#include <errno.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>

enum { CALLS = 200, GUEST_STOPPED = 33 };

static unsigned syncs_left; /* of this process; then the device fails */

/* In place of the C library's, which this program links dynamically. */
int fdatasync(int fd)
{
    (void)fd;
    if (syncs_left > 0) {
        syncs_left--;
        return 0;
    }
    errno = EIO;
    return -1;
}

/* Bytes of events in the file's whole chunks. */
static uint64_t stream_bytes(const char *path)
{
    struct trace_source *source;
    struct trace_chunk chunk;
    uint64_t bytes = 0;
    if (trace_source_open(path, TRACE_FILE_EVENTS, &source, NULL) != STATUS_OK)
        _exit(8);
    while (trace_source_next(source, &chunk, NULL) == STATUS_OK)
        bytes += chunk.kind == TRACE_CHUNK_EVENTS ? chunk.size : 0;
    trace_source_close(source);
    return bytes;
}

static void write_synced(struct trace_writer *writer, void *argument)
{
    const struct kit_run *run = argument;
    struct wasi_observer observer = trace_writer_observer_synced(writer);
    static struct kit_call call;
    for (uint64_t i = 0; i < CALLS; i++) {
        kit_call_make(i, false, &call);
        enum status status = kit_call_observe(&call, &observer, NULL);
        if (status == STATUS_STOPPED)
            _exit(GUEST_STOPPED);
        if (status != STATUS_OK)
            _exit(8);
        if (stream_bytes(run->trace) != kit_ring_head(run))
            _exit(7); /* it goes on, and the file does not have its call */
    }
    struct trace_exit last = { .outcome = 1, .exit_code = KIT_EXIT, .instructions = 12345 };
    if (trace_writer_exit(writer, &last) != STATUS_OK)
        _exit(8);
}

static void test_each_call_is_in_the_file(void **state)
{
    (void)state;
    struct kit_run run = { .sync_chunks = true, .sync_calls = true };
    struct trace_end end;
    struct error error = ERROR_INIT;
    bool inside;
    enum status status;
    syncs_left = UINT32_MAX;
    kit_run_start_limited(&run);
    kit_run_guest(&run, write_synced, &run);
    assert_int_equal(kit_wait(run.guest), 0);
    assert_int_equal(kit_wait(run.recorder), 0);
    assert_int_equal(kit_trace_read(run.trace, false, &end, &inside, &status, &error), CALLS);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(end.reason, TRACE_END_CLEAN);
    kit_run_done(&run);
}

static void write_for_ever(struct trace_writer *writer, void *argument)
{
    struct wasi_observer observer = trace_writer_observer(writer);
    static struct kit_call call;
    (void)argument;
    for (uint64_t i = 0;; i++) {
        kit_call_make(i, false, &call);
        if (kit_call_observe(&call, &observer, NULL) != STATUS_OK)
            _exit(GUEST_STOPPED);
    }
}

/* A device that writes no more stops the guest, and what it wrote before is a trace. Where no sync was asked for,
 * nobody asks it. */
static void test_a_device_that_fails(void **state)
{
    (void)state;
    enum { PREAMBLE = 2 /* description and module */ };
    for (unsigned calls = 0; calls < 2; calls++) {
        struct kit_run run = { .sync_chunks = true, .sync_calls = calls };
        struct trace_end end;
        struct error error = ERROR_INIT;
        bool inside;
        enum status status;
        syncs_left = PREAMBLE + 3;
        kit_run_start_limited(&run);
        kit_run_guest(&run, calls ? write_synced : write_for_ever, &run);
        assert_int_equal(WEXITSTATUS(kit_wait(run.guest)), GUEST_STOPPED);
        assert_int_equal(WEXITSTATUS(kit_wait(run.recorder)), STATUS_IO);
        assert_true(kit_trace_read(run.trace, false, &end, &inside, &status, &error) >= 3);
        kit_run_done(&run);
    }
    struct kit_run run;
    syncs_left = 0;
    kit_trace_write(&run, CALLS, false);
    kit_run_done(&run);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_each_call_is_in_the_file),
        cmocka_unit_test(test_a_device_that_fails),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
