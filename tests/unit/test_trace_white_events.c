/* Events that a hostile guest could have the recorder seal into sound chunks: the reader calls each malformed, names
 * chunk and event, and delivers what came before. */
#include "trace_white_forge.h"

#include <setjmp.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "tracer/event_decode.h"

enum { PATH_BYTES = 64 };

/* The forge as a file of a new name. */
static void forge_temporary(const struct forge *forge, char path[PATH_BYTES], uint32_t per_chunk,
                            enum trace_end_reason reason)
{
    snprintf(path, PATH_BYTES, "/tmp/warrant-events-XXXXXX");
    int fd = mkstemp(path);
    assert_true(fd >= 0);
    close(fd);
    forge_file(forge, path, per_chunk, reason);
}

static enum status read_forge(const struct forge *forge, struct error *error)
{
    char path[PATH_BYTES];
    struct image image;
    forge_temporary(forge, path, 1000, TRACE_END_CLEAN);
    image_load(path, &image);
    unlink(path);
    enum status status = image_read(&image, error);
    image_done(&image);
    return status;
}

/* A forge that is read item by item. */
struct reading {
    char path[PATH_BYTES];
    struct trace_reader *reader;
    enum trace_item_kind kind;
    struct trace_call call;
    struct trace_exit last;
};

/* Returns owned. */
static struct reading *reading_open(const struct forge *forge, uint32_t per_chunk, enum trace_end_reason reason)
{
    struct reading *reading = calloc(1, sizeof *reading);
    assert_non_null(reading);
    forge_temporary(forge, reading->path, per_chunk, reason);
    assert_int_equal(trace_reader_open(reading->path, &reading->reader, NULL), STATUS_OK);
    return reading;
}

static enum status reading_next(struct reading *reading)
{
    return trace_reader_next(reading->reader, &reading->kind, &reading->call, &reading->last, NULL);
}

static void reading_close(struct reading *reading)
{
    trace_reader_close(reading->reader);
    unlink(reading->path);
    free(reading);
}

static void assert_malformed(const struct forge *forge, uint64_t event, const char *why)
{
    struct error error = ERROR_INIT;
    char expected[64];
    snprintf(expected, sizeof expected, "event %llu is not valid", (unsigned long long)event);
    if (read_forge(forge, &error) != STATUS_MALFORMED || !strstr(error.text, expected) ||
        !strstr(error.text, "chunk 3 at offset") || !strstr(error.text, why))
        fail_msg("expected event %llu, %s; got: %s", (unsigned long long)event, why, error.text);
}

/* A call of Preview 1's `hostcall`, BEGIN and ops without END. */
static void forge_open(struct forge *forge, uint32_t hostcall)
{
    for (uint64_t i = hostcall;; i += IMPORT_COUNT) {
        static struct kit_call call;
        kit_call_make(i, false, &call);
        if (call.request.fault != FAULT_NONE)
            continue;
        forge_calls(forge, i, 1, false);
        forge_cut(forge, forge->count - 1);
        return;
    }
}

struct edit {
    uint32_t hostcall;
    uint64_t event; /* of that call */
    size_t offset;
    uint64_t value;
    size_t size;
    const char *why;
};

static const struct edit edits[] = {
    { OPERATION_FD_READ, 0, 0, 0xffff, 2, "cut off" },
    { OPERATION_FD_READ, 0, 0, 0, 2, "cut off" },
    { OPERATION_FD_READ, 0, 2, 99, 1, "no such type" },
    { OPERATION_FD_READ, 0, 3, OPERATION_COUNT, 1, "no such hostcall" },
    { OPERATION_FD_READ, 0, 3, OPERATION_CLOCK_TIME_GET, 1, "does not lower" },
    { OPERATION_FD_READ, 0, 16, 77, 2, "no such fault" },
    { OPERATION_FD_READ, 0, 16, FAULT_BOUNDS, 2, "longer array" },
    { OPERATION_FD_READ, 0, 18, IMPORT_PREVIEW1_FD_WRITE, 2, "does not lower" },
    { OPERATION_FD_READ, 0, 18, IMPORT_COUNT, 2, "does not lower" },
    { OPERATION_FD_READ, 0, 18, UINT16_MAX, 2, "does not lower" },
    { OPERATION_FD_READ, 0, 20, LIMIT_IOVECS, 2, "shorter" },
    { OPERATION_FD_READ, 0, 20, LIMIT_IOVECS + 1, 2, "longer array" },
    { OPERATION_FD_READ, 0, 20, 0, 2, "longer than" },
    { OPERATION_FD_READ, 0, 28, 1, 4, "an i32 of more" },
    { OPERATION_FD_READ, 0, 52, UINT32_MAX, 4, "an i32 of more" },
    { OPERATION_CLOCK_TIME_GET, 0, 36, 1, 4, "" },
    { OPERATION_CLOCK_TIME_GET, 0, 44, 1, 4, "an i32 of more" },
    { OPERATION_POLL_ONEOFF, 0, 22, LIMIT_SUBSCRIPTIONS + 1, 2, "longer array" },
    { OPERATION_PATH_SYMLINK, 0, 24 + 5 * 8, UINT32_MAX, 4, "shorter" },
    { OPERATION_PATH_SYMLINK, 0, 16, FAULT_BOUNDS, 2, "longer than" },
    { OPERATION_FD_READ, 1, 8, OP_COUNT, 2, "no such op" },
    { OPERATION_FD_READ, 1, 10, RULE_COUNT, 2, "no such rule" },
    { OPERATION_FD_READ, 1, 12, HANDLES_TOTAL, 4, "handle" },
    { OPERATION_FD_READ, 1, 16, HANDLES_TOTAL, 4, "handle" },
    { OPERATION_FD_READ, 1, 40, 2000, 4, "memory lies outside" },
    { OPERATION_FD_READ, 1, 44, UINT32_MAX, 4, "memory lies outside" },
    { OPERATION_PATH_SYMLINK, 1, 48, 9000, 4, "path lies outside" },
    { OPERATION_FD_WRITE, 1, 76, 33, 4, "head bytes" },
    { OPERATION_FD_WRITE, 1, 72, 0, 4, "head bytes" },
    { OPERATION_FD_WRITE, 1, 76, 0, 4, "head bytes" },
    { OPERATION_CLOCK_TIME_GET, 2, 3, 2, 1, "another number of ops" },
    { OPERATION_CLOCK_TIME_GET, 2, 16, WASI_ERRNO_COUNT, 2, "no such outcome" },
    { OPERATION_CLOCK_TIME_GET, 2, 18, RULE_COUNT, 2, "no such outcome" },
    { OPERATION_CLOCK_TIME_GET, 2, 20, 500, 2, "no such outcome" },
    { OPERATION_CLOCK_TIME_GET, 2, 22, 3, 2, "no such outcome" },
    { OPERATION_CLOCK_TIME_GET, 2, 32, (uint64_t)-5000, 8, "no errno" },
    { OPERATION_RANDOM_GET, 2, 32, 65, 8, "more data" },
    { OPERATION_RANDOM_GET, 2, 32, INT64_MAX, 8, "more data" },
    { OPERATION_RANDOM_GET, 1, 44, 1 << 20, 4, "" }, /* may then bring more than it did: its END tells */
};

/* The first call of this hostcall that has no fault and whose ops succeed. */
static uint64_t plain_call(uint32_t hostcall)
{
    static struct kit_call call;
    for (uint64_t i = hostcall;; i += IMPORT_COUNT) {
        kit_call_make(i, false, &call);
        bool plain = call.request.fault == FAULT_NONE && call.request.string_count <= 2;
        for (uint32_t k = 0; k < call.ops.count; k++)
            plain &= call.ops.result[k].value > 0;
        for (uint32_t k = 0; k < call.request.string_count; k++)
            plain &= call.request.string[k].length > 8 && call.request.string[k].length < 200;
        if (plain && call.outcome.value_count < 2 && call.request.iov_count < 10)
            return i;
    }
}

static void test_every_edit_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof edits / sizeof *edits; i++) {
        const struct edit *edit = &edits[i];
        struct forge forge;
        forge_init(&forge);
        forge_calls(&forge, 0, 3, false); /* something valid before it */
        uint64_t first = forge.count;
        forge_calls(&forge, plain_call(edit->hostcall), 1, false);
        assert_true(first + edit->event < forge.count);
        memcpy(forge.bytes.data + forge.start[first + edit->event] + edit->offset, &edit->value, edit->size);
        if (edit->why[0])
            assert_malformed(&forge, first + edit->event, edit->why);
        else
            read_forge(&forge, &(struct error)ERROR_INIT);
        forge_done(&forge);
    }
}

static void put_event(struct forge *forge, uint8_t type, uint8_t code, size_t size, const void *behind_head,
                      size_t count)
{
    uint8_t event[4096] = { (uint8_t)(size / 8), (uint8_t)(size / 8 >> 8), type, code };
    if (count)
        memcpy(event + 8, behind_head, count);
    forge_raw(forge, event, size);
}

static void test_order_of_events(void **state)
{
    (void)state;
    struct op op = { .kind = OP_YIELD, .handle = HANDLE_NONE, .handle2 = HANDLE_NONE };
    struct forge forge;
    forge_init(&forge); /* an op outside a call */
    put_event(&forge, TRACE_EVENT_OP, 0, 64, &op, sizeof op);
    assert_malformed(&forge, 0, "outside a call");
    forge_done(&forge);

    forge_init(&forge); /* an end of nothing */
    put_event(&forge, TRACE_EVENT_END, 0, 32, NULL, 0);
    assert_malformed(&forge, 0, "end of no call");
    forge_done(&forge);

    forge_init(&forge); /* a call inside a call */
    forge_open(&forge, OPERATION_FD_CLOSE);
    uint64_t count = forge.count;
    forge_open(&forge, OPERATION_FD_CLOSE);
    assert_malformed(&forge, count, "inside a call");
    forge_done(&forge);

    forge_init(&forge); /* too many ops */
    forge_open(&forge, OPERATION_FD_CLOSE);
    while (forge.count < 1 + LIMIT_OPS + 1)
        put_event(&forge, TRACE_EVENT_OP, 0, 64, &op, sizeof op);
    assert_malformed(&forge, 1 + LIMIT_OPS, "more ops");
    forge_done(&forge);

    forge_init(&forge); /* something behind the exit */
    forge_exit(&forge);
    forge_open(&forge, OPERATION_FD_CLOSE);
    assert_malformed(&forge, 1, "behind the exit");
    forge_done(&forge);
}

static void test_data_is_bounded_by_what_the_op_can_bring(void **state)
{
    (void)state;
    struct op op = { .kind = OP_RANDOM, .handle = HANDLE_NONE, .handle2 = HANDLE_NONE, .mem = { 0, 20 } };
    const uint32_t data[2] = { 8, 0 };
    struct forge forge;
    forge_init(&forge);
    forge_calls(&forge, OPERATION_SCHED_YIELD, 1, false);
    forge_cut(&forge, 1);
    put_event(&forge, TRACE_EVENT_OP, 0, 64, &op, sizeof op);
    put_event(&forge, TRACE_EVENT_DATA, 0, 24, data, sizeof data);
    put_event(&forge, TRACE_EVENT_DATA, 0, 24, data, sizeof data);
    put_event(&forge, TRACE_EVENT_DATA, 0, 24, data, sizeof data); /* 24 of 20 bytes */
    assert_malformed(&forge, 4, "more data");
    forge_cut(&forge, 2);
    put_event(&forge, TRACE_EVENT_DATA, 1, 24, data, sizeof data);
    assert_malformed(&forge, 2, "data of no op");
    forge_cut(&forge, 2);
    put_event(&forge, TRACE_EVENT_DATA, 0, 24, data, sizeof data);
    put_event(&forge, TRACE_EVENT_OP, 0, 64, &op, sizeof op);
    assert_malformed(&forge, 3, "outside a call");
    forge_done(&forge);
}

/* ---- compact events ---- */

struct compact_edit {
    unsigned event; /* 0 SILENT; 1 CALL and 2 DONE of a read; 3 CALL UNTIMED and 4 DONE UNTIMED of a clock */
    size_t offset;
    uint64_t value;
    size_t size;
    const char *why;
};

static const struct compact_edit compact_edits[] = {
    { 0, 3, OPERATION_PATH_OPEN, 1, "no hostcall that such an event" },
    { 0, 3, OPERATION_FD_READ, 1, "does not lower" },
    { 0, 3, 250, 1, "no hostcall that such an event" },
    { 0, 4, IMPORT_PREVIEW1_FD_SEEK, 2, "does not lower" },
    { 0, 6, TRACE_TELLS_RESULT | TRACE_TELLS_NUMBERS, 2, "no hostcall that such an event" },
    { 0, 6, 3, 2, "tells what such a call cannot" },
    { 0, 6, 2 | TRACE_TELLS_NUMBERS, 2, "tells what such a call cannot" },
    { 0, 6, 1 | TRACE_TELLS_NUMBERS | TRACE_TELLS_COMMITTED, 2, "tells what such a call cannot" },
    { 0, 6, TRACE_TELLS_ALL + 1, 2, "tells what such a call cannot" },
    { 0, 6, 0, 2, "longer than" },
    { 0, 6, 1 | TRACE_TELLS_COMMITTED, 2, "shorter" },
    { 1, 2, TRACE_EVENT_CALL_UNTIMED, 1, "ticks where" },
    { 1, 3, OPERATION_FD_TELL, 1, "does not lower" },
    { 1, 6, OP_COUNT, 1, "no such op" },
    { 1, 6, OP_STAT, 1, "another form" },
    { 1, 6, OP_OPEN, 1, "another form" },
    { 1, 6, OP_PREADV, 1, "" },
    { 1, 7, RULE_COUNT, 1, "no such rule" },
    { 1, 16, HANDLES_TOTAL, 4, "handle" },
    { 1, 44, UINT32_MAX, 4, "memory lies outside" },
    { 2, 2, TRACE_EVENT_DONE_UNTIMED, 1, "the end of no such call" },
    { 2, 2, TRACE_EVENT_SILENT, 1, "a call inside a call" },
    { 0, 6, TRACE_TELLS_STAT, 2, "no hostcall that such an event" },
    { 2, 3, TRACE_TELLS_RESULT | 1, 1, "tells what such a call cannot" },
    { 2, 3, TRACE_TELLS_STAT, 1, "tells what such a call cannot" },
    { 2, 16, (uint64_t)-5, 8, "an errno" },
    { 2, 16, 9, 8, "more data" },
    { 3, 2, TRACE_EVENT_CALL, 1, "ticks where" },
    { 3, 6, OP_CLOSE, 1, "ticks where" },
    { 4, 2, TRACE_EVENT_DONE, 1, "the end of no such call" },
    { 4, 8, (uint64_t)-1, 8, "an errno" },
};

/* The five events, as the page has them. */
static void forge_compact(struct forge *forge)
{
    static const uint32_t silent[] = { OPERATION_FD_TELL << 24 | TRACE_EVENT_SILENT << 16 | 3,
                                       IMPORT_PREVIEW1_FD_TELL | (1 | TRACE_TELLS_NUMBERS) << 16,
                                       5,
                                       4096,
                                       77,
                                       0 };
    static const uint32_t call[] = { (uint32_t)OPERATION_FD_PREAD << 24 | TRACE_EVENT_CALL << 16 | 7,
                                     IMPORT_PREVIEW1_FD_PREAD | OP_PREAD << 16 | RULE_RIGHT_HELD << 24,
                                     100,
                                     0,
                                     5,
                                     16,
                                     1,
                                     512,
                                     0,
                                     64,
                                     1000,
                                     8,
                                     512,
                                     0 };
    static const uint32_t done[] = {
        (TRACE_TELLS_RESULT | TRACE_TELLS_NUMBERS) << 24 | TRACE_EVENT_DONE << 16 | 4, 0, 150, 0, 3, 0, 0x636261, 0
    };
    static const uint32_t clock[] = { OPERATION_CLOCK_TIME_GET << 24 | TRACE_EVENT_CALL_UNTIMED << 16 | 4,
                                      IMPORT_PREVIEW1_CLOCK_TIME_GET | OP_CLOCK_TIME << 16 | RULE_CLOCK_GRANTED << 24,
                                      1,
                                      1000,
                                      0,
                                      128,
                                      1,
                                      0 };
    static const uint32_t told[] = {
        (TRACE_TELLS_RESULT | TRACE_TELLS_NUMBERS) << 24 | TRACE_EVENT_DONE_UNTIMED << 16 | 2, 0, 123456, 0
    };
    forge_raw(forge, silent, sizeof silent);
    forge_raw(forge, call, sizeof call);
    forge_raw(forge, done, sizeof done);
    forge_raw(forge, clock, sizeof clock);
    forge_raw(forge, told, sizeof told);
}

static void test_every_edit_of_compact_events_is_refused(void **state)
{
    (void)state;
    for (size_t i = 0; i < sizeof compact_edits / sizeof *compact_edits; i++) {
        const struct compact_edit *edit = &compact_edits[i];
        struct forge forge;
        forge_init(&forge);
        forge_compact(&forge);
        forge_exit(&forge);
        memcpy(forge.bytes.data + forge.start[edit->event] + edit->offset, &edit->value, edit->size);
        if (edit->why[0])
            assert_malformed(&forge, edit->event, edit->why);
        else
            read_forge(&forge, &(struct error)ERROR_INIT);
        forge_done(&forge);
    }
}

/* What is left out of the events is what follows: the whole calls come out. */
static void test_compact_events_are_whole_calls(void **state)
{
    (void)state;
    struct forge forge;
    forge_init(&forge);
    forge_compact(&forge);
    forge_exit(&forge);
    struct reading *reading = reading_open(&forge, 1, TRACE_END_CLEAN);
    const struct trace_call *call = &reading->call;
    assert_int_equal(reading_next(reading), STATUS_OK);
    assert_true(call->complete && !call->timed && call->begin_event == 0 && call->end_event == 0);
    assert_int_equal(call->request.slot[SLOT_FD_TELL_fd], 5);
    assert_int_equal(call->outcome.value[0], 77);
    assert_true(call->committed == ((UINT64_C(4096) + 0x27d4eb2f) ^ 77) * UINT64_C(0x9e3779b185ebca87));
    assert_int_equal(reading_next(reading), STATUS_OK);
    assert_true(call->complete && call->timed && call->begin_event == 1 && call->end_event == 2 &&
                call->op_event[0] == 1);
    assert_int_equal(call->request.slot[SLOT_FD_PREAD_offset], 512);
    assert_int_equal(call->ops.op[0].handle, 5);
    assert_int_equal(call->ops.op[0].handle2, HANDLE_NONE);
    assert_int_equal(call->ops.op[0].mem.offset, 1000);
    assert_int_equal(call->ops.op[0].mem.length, 8);
    assert_int_equal(call->ops.op[0].offset, 512);
    assert_int_equal(call->duration, 50);
    assert_int_equal(call->outcome.value[0], 3);
    assert_int_equal(call->data[0].in_length, 3);
    assert_memory_equal(call->data[0].in, "abc", 3);
    assert_int_equal(reading_next(reading), STATUS_OK);
    assert_true(call->complete && !call->timed);
    assert_int_equal(call->ops.op[0].handle, HANDLE_NONE);
    assert_int_equal(call->ops.op[0].value, 1);
    assert_int_equal(call->outcome.value[0], 123456);
    reading_close(reading);
    forge_done(&forge);
}

/* Of what leaves a CALL tells in one region of 1 to LIMIT_STAGING bytes; and an op on the first slot needs one. */
static void test_compact_ops_that_their_hostcalls_cannot_carry(void **state)
{
    (void)state;
    static const struct {
        uint32_t length;
        const char *why;
    } writes[] = { { 1, "" },
                   { TRACE_HEAD_BYTES, "longer than" }, /* the digest of what is all there is not written */
                   { TRACE_HEAD_BYTES + 1, "" },
                   { LIMIT_STAGING, "" },
                   { 0, "impossible length" },
                   { LIMIT_STAGING + 1, "impossible length" },
                   { UINT32_MAX, "impossible length" } };
    for (size_t i = 0; i < sizeof writes / sizeof *writes; i++) {
        const uint32_t length = writes[i].length,
                       of_bytes = length <= 8 ? 8 : 8 + TRACE_HEAD_BYTES; /* digest and head */
        const uint32_t call[20] = { (uint32_t)OPERATION_FD_WRITE << 24 | TRACE_EVENT_CALL << 16 | (40 + of_bytes) / 8,
                                    IMPORT_PREVIEW1_FD_WRITE | OP_WRITE << 16 | RULE_RIGHT_HELD << 24,
                                    100,
                                    0,
                                    1,
                                    16,
                                    1,
                                    64,
                                    1000,
                                    length };
        struct forge forge;
        forge_init(&forge);
        forge_raw(&forge, call, 40 + of_bytes);
        if (writes[i].why[0])
            assert_malformed(&forge, 0, writes[i].why);
        else
            assert_int_equal(read_forge(&forge, &(struct error)ERROR_INIT), STATUS_OK);
        forge_done(&forge);
    }
    const uint32_t handle_of_nothing[] = { (uint32_t)OPERATION_SCHED_YIELD << 24 | TRACE_EVENT_CALL << 16 | 2,
                                           IMPORT_PREVIEW1_SCHED_YIELD | OP_SYNC << 16 | RULE_RIGHT_HELD << 24, 100,
                                           0 };
    struct forge forge;
    forge_init(&forge);
    forge_raw(&forge, handle_of_nothing, sizeof handle_of_nothing);
    assert_malformed(&forge, 0, "another form");
    forge_done(&forge);
}

/* Who dies inside a call leaves its CALL: what was about to be done is told. */
static void test_call_without_done(void **state)
{
    (void)state;
    struct forge forge;
    struct trace_end end;
    bool inside;
    forge_init(&forge);
    forge_compact(&forge);
    forge_cut(&forge, 2);
    struct reading *reading = reading_open(&forge, 1, TRACE_END_GUEST_DIED);
    const struct trace_call *call = &reading->call;
    assert_int_equal(reading_next(reading), STATUS_OK);
    assert_true(call->complete);
    assert_int_equal(reading_next(reading), STATUS_OK);
    assert_false(call->complete);
    assert_int_equal(call->ops.count, 1);
    assert_int_equal(call->ops.op[0].kind, OP_PREAD);
    assert_int_equal(call->ops.op[0].offset, 512);
    assert_int_equal(reading_next(reading), STATUS_NOT_FOUND);
    assert_int_equal(trace_reader_stop(reading->reader, &end, &inside, NULL), STATUS_OK);
    assert_true(inside);
    reading_close(reading);
    forge_done(&forge);
}

/* What came before a malformed event is delivered, the open call as incomplete. */
static void test_valid_calls_before_it_are_delivered(void **state)
{
    (void)state;
    struct forge forge;
    forge_init(&forge);
    forge_calls(&forge, 0, 4, false);
    forge_open(&forge, OPERATION_CLOCK_TIME_GET);
    put_event(&forge, 99, 0, 8, NULL, 0);
    struct reading *reading = reading_open(&forge, 1000, TRACE_END_GUEST_DIED);
    const struct trace_call *call = &reading->call;
    for (unsigned i = 0; i < 4; i++) {
        assert_int_equal(reading_next(reading), STATUS_OK);
        assert_true(call->complete);
    }
    assert_int_equal(reading_next(reading), STATUS_OK);
    assert_int_equal(call->request.call, OPERATION_CLOCK_TIME_GET);
    assert_false(call->complete);
    assert_int_equal(call->end_event, 0);
    assert_int_equal(reading_next(reading), STATUS_MALFORMED);
    assert_int_equal(reading_next(reading), STATUS_MALFORMED);
    reading_close(reading);
    forge_done(&forge);
}

/* A call that the trace ends in is delivered; an EXIT may follow it. */
static void test_exit_inside_a_call(void **state)
{
    (void)state;
    struct forge forge;
    struct trace_end end;
    bool inside;
    forge_init(&forge);
    forge_open(&forge, OPERATION_FD_WRITE);
    forge_exit(&forge);
    struct reading *reading = reading_open(&forge, 1, TRACE_END_CLEAN);
    const struct trace_call *call = &reading->call;
    size_t size;
    assert_memory_equal(trace_reader_description(reading->reader, &size), "description", 11);
    uint64_t module_size;
    struct buffer module = BUFFER_INIT;
    struct trace_exit ahead;
    assert_true(trace_reader_has_module(reading->reader, &module_size));
    assert_int_equal(module_size, 6);
    assert_int_equal(trace_reader_module(reading->reader, &module, NULL), STATUS_OK);
    assert_int_equal(module.size, 6);
    assert_memory_equal(module.data, "module", 6);
    buffer_done(&module);
    assert_true(trace_reader_exit_ahead(reading->reader, &ahead));
    assert_int_equal(reading_next(reading), STATUS_OK);
    assert_int_equal(reading->kind, TRACE_ITEM_CALL);
    assert_false(call->complete);
    assert_int_equal(call->ops.count, forge.count - 2);
    assert_int_equal(reading_next(reading), STATUS_OK);
    assert_int_equal(reading->kind, TRACE_ITEM_EXIT);
    assert_int_equal(reading->last.instructions, 12345);
    assert_int_equal(reading_next(reading), STATUS_NOT_FOUND);
    assert_int_equal(trace_reader_stop(reading->reader, &end, &inside, NULL), STATUS_OK);
    assert_true(inside);
    reading_close(reading);
    forge_done(&forge);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(test_every_edit_is_refused),
        cmocka_unit_test(test_every_edit_of_compact_events_is_refused),
        cmocka_unit_test(test_compact_events_are_whole_calls),
        cmocka_unit_test(test_compact_ops_that_their_hostcalls_cannot_carry),
        cmocka_unit_test(test_call_without_done),
        cmocka_unit_test(test_order_of_events),
        cmocka_unit_test(test_data_is_bounded_by_what_the_op_can_bring),
        cmocka_unit_test(test_valid_calls_before_it_are_delivered),
        cmocka_unit_test(test_exit_inside_a_call),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
