/* The ring in hostile hands: a guest's process that writes what it likes into it gets a trace with a valid prefix that
 * says BAD_RING, and a recorder that does nothing else. */
#include "trace_kit.h"

#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>
#include <cmocka.h>
#include "tracer/ring.h"

enum { GOOD_CALLS = 50 };

static void write_good(struct trace_writer *writer)
{
    static struct kit_call call;
    struct wasi_observer observer = trace_writer_observer(writer);
    for (uint64_t i = 0; i < GOOD_CALLS; i++) {
        kit_call_make(i, false, &call);
        if (kit_call_observe(&call, &observer, NULL) != STATUS_OK)
            _exit(8);
    }
}

static void bad_head(struct trace_writer *writer, void *argument)
{
    write_good(writer);
    usleep(5000); /* the recorder has seen some of it */
    atomic_store(&trace_ring_header(writer)->head, *(uint64_t *)argument);
}

static void bad_event(struct trace_writer *writer, void *argument)
{
    write_good(writer);
    struct trace_ring_header *header = trace_ring_header(writer);
    uint64_t head = atomic_load(&header->head);
    memset(trace_ring_data(writer) + (head & (TRACE_RING_BYTES - 1)), 0, 64);
    memcpy(trace_ring_data(writer) + (head & (TRACE_RING_BYTES - 1)), argument, 8);
    atomic_store(&header->head, head + 64);
}

static void assert_bad_ring(void (*body)(struct trace_writer *, void *), void *argument)
{
    struct kit_run run;
    struct trace_end end;
    struct error error = ERROR_INIT;
    enum status status;
    bool inside;
    kit_run_start(&run);
    kit_run_guest(&run, body, argument);
    kit_wait(run.guest);
    assert_int_equal(WEXITSTATUS(kit_wait(run.recorder)), STATUS_MALFORMED);
    kit_trace_read(run.trace, false, &end, &inside, &status, &error);
    assert_int_equal(status, STATUS_OK);
    assert_int_equal(end.reason, TRACE_END_BAD_RING);
    kit_run_done(&run);
}

static void test_impossible_heads(void **state)
{
    (void)state;
    uint64_t heads[] = { UINT64_MAX - 7, UINT64_C(1) << 40, 8 * TRACE_RING_BYTES, 12345 };
    for (size_t i = 0; i < sizeof heads / sizeof *heads; i++)
        assert_bad_ring(bad_head, &heads[i]);
}

static void test_impossible_events(void **state)
{
    (void)state;
    struct trace_event_head events[] = {
        { 0, TRACE_EVENT_BEGIN, 0, 0, 0 },    { 0xffff, TRACE_EVENT_BEGIN, 0, 0, 0 },  { 8, 0, 0, 0, 0 },
        { 8, TRACE_EVENT_LAST + 1, 0, 0, 0 }, { 2, TRACE_EVENT_END, 0, 0, 0 },         { 9, TRACE_EVENT_OP, 0, 0, 0 },
        { 2, TRACE_EVENT_STATE, 0, 0, 0 },    { 2, TRACE_EVENT_GROWTH, 0, 0, 0 },      { 1, TRACE_EVENT_CALL, 0, 0, 0 },
        { 2, TRACE_EVENT_DONE, 0, 0, 0 },     { 1, TRACE_EVENT_DONE_UNTIMED, 0, 0, 0 }
    };
    for (size_t i = 0; i < sizeof events / sizeof *events; i++)
        assert_bad_ring(bad_event, &events[i]);
}

static void scribble(struct trace_writer *writer, void *argument)
{
    unsigned seed = *(unsigned *)argument;
    struct trace_ring_header *header = trace_ring_header(writer);
    for (unsigned i = 0; i < 20000; i++) {
        uint64_t at = (uint64_t)rand_r(&seed) % (TRACE_RING_BYTES / 8) * 8;
        uint64_t value = (uint64_t)rand_r(&seed) << (rand_r(&seed) % 40);
        memcpy(trace_ring_data(writer) + at, &value, 8);
        if (i % 64 == 0)
            atomic_fetch_add(&header->head, (uint64_t)(rand_r(&seed) % 4096) * 8);
        if (i % 1000 == 0)
            atomic_store(&header->tail, value); /* the recorder keeps its own */
    }
}

/* Whatever lies there: the recorder ends in good order and its trace is readable. */
static void test_scribbled_ring(void **state)
{
    (void)state;
    for (unsigned seed = 1; seed <= 10; seed++) {
        struct kit_run run;
        struct trace_reader *reader;
        static struct trace_call call;
        struct trace_exit last;
        struct trace_end end;
        enum trace_item_kind kind;
        enum status status;
        bool inside;
        kit_run_start(&run);
        kit_run_guest(&run, scribble, &seed);
        kit_wait(run.guest);
        int recorder = kit_wait(run.recorder);
        assert_true(WIFEXITED(recorder));
        assert_int_equal(trace_reader_open(run.trace, &reader, NULL), STATUS_OK);
        while ((status = trace_reader_next(reader, &kind, &call, &last, NULL)) == STATUS_OK) {
        }
        if (status == STATUS_NOT_FOUND) {
            assert_int_equal(trace_reader_stop(reader, &end, &inside, NULL), STATUS_OK);
            assert_int_not_equal(end.reason, TRACE_END_CLEAN);
        } else {
            assert_int_equal(status, STATUS_MALFORMED);
        }
        trace_reader_close(reader);
        kit_run_done(&run);
    }
}

/* Where the recorder holds events until their chunk is full, chunks are cut by events, not by when it looked. */
static void test_chunks_do_not_depend_on_time(void **state)
{
    (void)state;
    uint64_t chunks[2], sizes[2][64];
    memset(sizes, 0, sizeof sizes);
    for (unsigned round = 0; round < 2; round++) {
        struct kit_run run;
        struct trace_source *source;
        struct trace_chunk chunk;
        kit_run_start(&run);
        if (round == 1)
            kill(run.recorder, SIGSTOP);
        kit_run_guest_calls(&run, 5000);
        if (round == 1) {
            usleep(200000);
            kill(run.recorder, SIGCONT);
        }
        assert_int_equal(kit_wait(run.guest), 0);
        assert_int_equal(kit_wait(run.recorder), 0);
        assert_int_equal(trace_source_open(run.trace, TRACE_FILE_EVENTS, &source, NULL), STATUS_OK);
        for (chunks[round] = 0; trace_source_next(source, &chunk, NULL) == STATUS_OK && chunks[round] < 64;
             chunks[round]++)
            sizes[round][chunks[round]] = chunk.size;
        trace_source_close(source);
        kit_run_done(&run);
    }
    assert_true(chunks[0] > 5);
    assert_int_equal(chunks[0], chunks[1]);
    assert_memory_equal(sizes[0], sizes[1], sizeof sizes[0]);
}

static void test_ring_says_when_there_is_no_room(void **state)
{
    (void)state;
    const uint8_t run_id[TRACE_RUN_ID] = { 0 };
    struct error error = ERROR_INIT;
    FILE *full = fopen("/dev/full", "r+");
    assert_non_null(full);
    assert_int_not_equal(trace_ring_create(fileno(full), run_id, &error), STATUS_OK);
    fclose(full);
    /* A file that is no ring is not mapped. */
    struct trace_ring *ring;
    int fd = memfd_create("no ring", MFD_CLOEXEC);
    assert_int_equal(trace_ring_map(fd, &ring, &error), STATUS_MALFORMED);
    assert_int_equal(ftruncate(fd, TRACE_RING_HEADER + TRACE_RING_BYTES), 0);
    assert_int_equal(trace_ring_map(fd, &ring, &error), STATUS_MALFORMED);
    close(fd);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_impossible_heads),
        cmocka_unit_test(test_impossible_events),
        cmocka_unit_test(test_scribbled_ring),
        cmocka_unit_test(test_chunks_do_not_depend_on_time),
        cmocka_unit_test(test_ring_says_when_there_is_no_room),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
