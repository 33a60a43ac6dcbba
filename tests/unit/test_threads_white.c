/* What two threads share: the ring between writer and recorder, the order to stop, the engine's interrupt. Here both
 * sides are threads of one process and use one mapping, so that ThreadSanitizer sees every access of theirs (./dev
 * tsan); in the product they are processes. Looks inside tracer/. */
#include "trace_kit.h"

#include <fcntl.h>
#include <pthread.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "rt_build.h"
#include "tracer/stream.h"

enum { CALLS = 2500, LOOPS = 20 };
static const uint8_t run_id[TRACE_RUN_ID] = { 1, 2, 3, 4, 5 };

struct recording {
    char folder[64], trace[96], path[96];
    int ring_fd, control[2];
    struct trace_ring *ring;
    struct trace_end end;
    enum status recorded, written;
    uint64_t calls; /* that the writer makes */
    pthread_t writer;
};

/* The guest's side: calls until there are enough or it is stopped. */
static void *write_calls(void *argument)
{
    struct recording *r = argument;
    struct trace_writer *writer;
    static struct kit_call call;
    struct trace_fate fate = { .cause = TRACE_CAUSE_ITSELF, .waited = TRACE_WAITED_EXITED, .exit_code = KIT_EXIT };
    r->written = trace_writer_create(r->ring, &writer, NULL);
    struct wasi_observer observer = trace_writer_observer(writer);
    for (uint64_t i = 0; i < r->calls && r->written == STATUS_OK; i++) {
        kit_call_make(i, true, &call);
        r->written = kit_call_observe(&call, &observer, NULL);
    }
    struct trace_exit last = { .outcome = 1, .exit_code = KIT_EXIT, .instructions = 12345 };
    if (r->written == STATUS_OK)
        r->written = trace_writer_exit(writer, &last);
    trace_writer_free(writer);
    if (write(r->control[1], &fate, sizeof fate) != sizeof fate)
        abort();
    return NULL;
}

static void start_writer(void *self)
{
    struct recording *r = self;
    assert_int_equal(pthread_create(&r->writer, NULL, write_calls, r), 0);
}

static void recording_open(struct recording *r, uint64_t calls)
{
    kit_space();
    *r = (struct recording) { .folder = "/tmp/warrant-threads-XXXXXX", .calls = calls };
    assert_non_null(mkdtemp(r->folder));
    snprintf(r->trace, sizeof r->trace, "%s/run.wtrace", r->folder);
    snprintf(r->path, sizeof r->path, "%s/run.ring", r->folder);
    r->ring_fd = open(r->path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    assert_true(r->ring_fd >= 0);
    assert_int_equal(trace_ring_create(r->ring_fd, run_id, NULL), STATUS_OK);
    assert_int_equal(trace_ring_map(r->ring_fd, &r->ring, NULL), STATUS_OK);
    assert_int_equal(pipe(r->control), 0);
}

static void recording_run(struct recording *r)
{
    struct recorder_options options = { .ring_fd = r->ring_fd,
                                        .control_fd = r->control[0],
                                        .guest_fd = -1,
                                        .trace_limit = UINT64_MAX,
                                        .description = "description",
                                        .description_size = 11 };
    struct error error = ERROR_INIT;
    options.trace_fd = open(r->trace, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    memcpy(options.run_id, run_id, sizeof run_id);
    r->recorded = recorder_run_mapped(&options, r->ring, start_writer, r, &r->end, &error);
    assert_int_equal(pthread_join(r->writer, NULL), 0);
}

static void recording_done(struct recording *r)
{
    trace_ring_unmap(r->ring);
    close(r->ring_fd);
    close(r->control[0]);
    close(r->control[1]);
    unlink(r->trace);
    unlink(r->path);
    rmdir(r->folder);
}

/* Enough that the ring goes round and each waits for the other: all calls arrive, as they were. */
static void test_ring_between_two_threads(void **state)
{
    (void)state;
    struct recording r;
    struct trace_end end;
    struct error error = ERROR_INIT;
    bool inside;
    enum status status;
    recording_open(&r, CALLS);
    recording_run(&r);
    assert_int_equal(r.recorded, STATUS_OK);
    assert_int_equal(r.written, STATUS_OK);
    assert_int_equal(kit_trace_read(r.trace, true, &end, &inside, &status, &error), CALLS);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(end.reason, TRACE_END_CLEAN);
    assert_true(end.stream_bytes > TRACE_RING_BYTES);
    recording_done(&r);
}

static void *stop_soon(void *argument)
{
    usleep(20000);
    trace_ring_stop(argument);
    return NULL;
}

/* A writer that would go on for ever hears the order of a third thread; what it wrote before is whole. */
static void test_order_to_stop(void **state)
{
    (void)state;
    struct recording r;
    pthread_t stopper;
    recording_open(&r, UINT64_MAX);
    assert_int_equal(pthread_create(&stopper, NULL, stop_soon, r.ring), 0);
    recording_run(&r);
    assert_int_equal(pthread_join(stopper, NULL), 0);
    assert_int_equal(r.recorded, STATUS_OK);
    assert_int_equal(r.written, STATUS_STOPPED);
    assert_int_equal(r.end.reason, TRACE_END_GUEST_DIED); /* without an EXIT event */
    recording_done(&r);
}

static void *interrupt_soon(void *argument)
{
    usleep(2000);
    rt_instance_interrupt(argument);
    return NULL;
}

/* An endless loop, and a fill that is asked again and again, are left when another thread interrupts. */
static void test_interrupt_from_another_thread(void **state)
{
    (void)state;
    struct rt_build b = { .memory_min = 16, .memory_max = 16 };
    rt_build_function(&b, ":", "", CODE(0x03, 0x40, 0x0c, 0, 0x0b));
    rt_build_function(&b, ":", "",
                      CODE(0x03, 0x40, 0x41, 0, 0x41, 0x2a, 0x41, 0x80, 0x80, 0x20, 0xfc, 11, 0, 0x0c, 0, 0x0b));
    struct rt_module *m = rt_build_load(&b);
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    limits.fuel = UINT64_MAX;
    struct rt_instance *i = NULL;
    assert_int_equal(rt_instance_create(m, NULL, 0, &limits, &i, NULL), STATUS_OK);
    for (uint32_t loop = 0; loop < LOOPS; loop++) {
        pthread_t other;
        assert_int_equal(pthread_create(&other, NULL, interrupt_soon, i), 0);
        assert_int_equal(rt_call(i, loop % 2, NULL, 0, NULL, 0, NULL), STATUS_TRAPPED);
        assert_int_equal(rt_instance_trap(i)->kind, RT_TRAP_INTERRUPTED);
        assert_int_equal(pthread_join(other, NULL), 0);
    }
    rt_instance_free(i);
    rt_module_free(m);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_ring_between_two_threads),
        cmocka_unit_test(test_order_to_stop),
        cmocka_unit_test(test_interrupt_from_another_thread),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
