/* A plan of as many ops as there may be, through everything that has room for ops: the guest's writer, ring, recorder,
 * file, reader, matcher and database. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <cmocka.h>
#include "checker/impact.h"
#include "checker/match.h"
#include "checker/store.h"
#include "tests/unit/trace_kit.h"

enum { PID = 100, CALLS = 3, SCRATCH_FD = 9, DIR_FD = 10, TRIES = 3 };

/* Call n: OPEN by three system calls, STATs, a CLOSE; two strings. */
static void make_call(uint32_t n, struct kit_call *ret)
{
    memset(ret, 0, sizeof *ret);
    ret->request.call = OPERATION_PATH_LINK;
    ret->request.import = IMPORT_PREVIEW1_PATH_LINK;
    ret->request.string_count = 2;
    ret->request.string[0] = (struct region) { 0, 3 };
    ret->request.string[1] = (struct region) { 3, 2 };
    memcpy(ret->request.bytes, "oldto", 5);
    ret->ops.count = LIMIT_OPS;
    for (uint32_t i = 0; i < LIMIT_OPS; i++) {
        enum op_kind kind = i == 0 ? OP_OPEN : i == LIMIT_OPS - 1 ? OP_CLOSE : OP_STAT;
        ret->ops.op[i] = (struct op) { .kind = (uint16_t)kind,
                                       .rule = RULE_GRANTED_TREE,
                                       .handle = i == 0 ? 3 : HANDLE_SCRATCH,
                                       .handle2 = i == 0 ? HANDLE_SCRATCH : HANDLE_NONE,
                                       .flags = i == 0 ? OPEN_PATH_ONLY : 0 };
        if (i == 0)
            ret->ops.op[i].path = ret->request.string[0];
        ret->ops.result[i] = (struct op_result) { .calls = i == 0 ? TRIES : 0 };
        if (kind == OP_STAT)
            ret->ops.result[i].stat =
                (struct filestat) { .dev = 1, .ino = 77, .filetype = FILETYPE_REGULAR_FILE, .size = n };
    }
}

static void write_calls(struct trace_writer *writer, void *argument)
{
    (void)argument;
    struct wasi_observer observer = trace_writer_observer(writer);
    static struct kit_call call;
    for (uint32_t n = 0; n < CALLS; n++) {
        make_call(n, &call);
        if (kit_call_observe(&call, &observer, NULL) != STATUS_OK)
            _exit(9);
    }
    if (trace_writer_exit(writer, &(struct trace_exit) { .outcome = 0 }) != STATUS_OK)
        _exit(9);
}

/* The system call number `at` of a call's plan, as the kernel shows it. */
static struct witness_record record_of(uint32_t at)
{
    static const struct witness_object directory = { 1, 5, 0040755, 0 }, file = { 1, 77, 0100644, 0 };
    bool open = at < TRIES, last = at == TRIES - 1;
    struct witness_record r = { .kind = WITNESS_SYSCALL, .role = WITNESS_GUEST, .pid = PID, .tid = PID };
    r.syscall = impact_number(SYSCALL_MACHINE_X86_64, open                          ? "openat2"
                                                      : at == TRIES + LIMIT_OPS - 2 ? "close"
                                                                                    : "fstat");
    r.arg[0] = open ? DIR_FD : SCRATCH_FD;
    r.object = open ? directory : file;
    r.parts = WITNESS_PART_OBJECT;
    if (!open)
        return r;
    r.parts |= WITNESS_PART_HOW | WITNESS_PART_PATH | (last ? WITNESS_PART_OPENED : 0);
    r.result = last ? SCRATCH_FD : -11;
    r.opened = last ? file : (struct witness_object) { 0 };
    r.arg[3] = 24;
    r.how[0] = 010000000 | 02000000;
    r.how[2] = 0x0a;
    r.path[0] = "old";
    r.path_length[0] = 3;
    return r;
}

struct told {
    uint32_t verdicts[CHECK_VERDICT_COUNT], records[MATCH_CLASS_COUNT], findings;
};
static void on_verdict(void *self, uint64_t hostcall, enum check_verdict verdict)
{
    (void)hostcall;
    ((struct told *)self)->verdicts[verdict]++;
}
static void on_record(void *self, const struct witness_record *record, enum match_class class,
                      const struct match_place *place)
{
    (void)record;
    (void)place;
    ((struct told *)self)->records[class]++;
}
static void on_finding(void *self, enum check_finding_kind kind, const struct match_place *place,
                       const struct witness_record *record, int64_t syscall, const char *evidence)
{
    (void)kind;
    (void)place;
    (void)record;
    (void)syscall;
    printf("%s\n", evidence);
    ((struct told *)self)->findings++;
}

/* Matches calls as they are read with the records; leaves out record `missing` of each call. */
static void match_calls(struct trace_call *const *call, uint32_t missing, struct told *told)
{
    struct run_initial initial[5] = { 0 };
    for (uint32_t i = 0; i < 5; i++)
        initial[i] = (struct run_initial) { .dev = 1, .ino = 5, .filetype = FILETYPE_DIRECTORY, .host_fd = 7 + i };
    struct run_spec spec = { .initial_count = 5, .initial = initial, .facts = { .arch = (char[]) { "x86_64" } } };
    struct match *m;
    memset(told, 0, sizeof *told);
    assert_int_equal(
        match_create(&(struct match_options) { &spec, PID, 0, { told, on_verdict, on_record, on_finding } }, &m, NULL),
        STATUS_OK);
    uint32_t calls = 0, records = 0, number = 0;
    enum match_need need;
    while ((need = match_step(m)) != MATCH_DONE) {
        if (need == MATCH_NEED_CALL && calls < CALLS) {
            assert_int_equal(match_call(m, call[calls], calls), STATUS_OK);
            calls++;
        } else if (need == MATCH_NEED_CALL) {
            match_calls_end(m, false, 0);
        } else if (need == MATCH_NEED_RECORD && records < CALLS * (TRIES + LIMIT_OPS - 1)) {
            uint32_t at = records++ % (TRIES + LIMIT_OPS - 1);
            if (at == missing)
                continue;
            struct witness_record r = record_of(at);
            r.number = ++number; /* behind the setup */
            r.sequence = number - 1;
            assert_int_equal(match_record(m, &r), STATUS_OK);
        } else if (need == MATCH_NEED_RECORD) {
            match_records_end(m, false);
        }
    }
    match_free(m);
}

static struct trace_call *read_call[CALLS];

static void test_recorded_and_read(void **state)
{
    (void)state;
    struct kit_run run;
    struct trace_reader *reader;
    enum trace_item_kind kind;
    struct trace_exit exit;
    static struct kit_call expected;
    kit_run_start(&run);
    kit_run_guest(&run, write_calls, NULL);
    kit_wait(run.guest);
    kit_wait(run.recorder);
    assert_int_equal(trace_reader_open(run.trace, &reader, NULL), STATUS_OK);
    for (uint32_t n = 0; n < CALLS; n++) {
        struct trace_call *call = read_call[n] = calloc(1, sizeof *call);
        assert_int_equal(trace_reader_next(reader, &kind, call, &exit, NULL), STATUS_OK);
        make_call(n, &expected);
        kit_call_assert(&expected, call);
        assert_int_equal(call->ops.count, LIMIT_OPS);
        assert_int_equal(call->ops.result[0].calls, TRIES);
    }
    trace_reader_close(reader);
    kit_run_done(&run);
}

static void test_matched(void **state)
{
    (void)state;
    static struct told told;
    match_calls(read_call, UINT32_MAX, &told);
    assert_int_equal(told.findings, 0);
    assert_int_equal(told.verdicts[CHECK_VERDICT_MATCH], CALLS);
    assert_int_equal(told.records[MATCH_PLAN], CALLS * (TRIES + LIMIT_OPS - 1));
    match_calls(read_call, 0, &told); /* one try less than the trace says */
    assert_int_equal(told.verdicts[CHECK_VERDICT_MATCH], 0);
    match_calls(read_call, TRIES + LIMIT_OPS - 2, &told); /* the last op was not done */
    assert_int_equal(told.verdicts[CHECK_VERDICT_UNWITNESSED], CALLS);
}

static enum status append(void *self, const void *bytes, size_t size, struct error *error)
{
    (void)error;
    buffer_bytes(self, bytes, size);
    return STATUS_OK;
}

static void test_stored(void **state)
{
    (void)state;
    char path[] = "/tmp/long-plan-XXXXXX";
    int fd = mkstemp(path);
    uint8_t run_id[TRACE_RUN_ID] = { 1 };
    struct store *store;
    struct run_spec spec;
    struct check_report report;
    struct buffer out = BUFFER_INIT;
    bool replaced;
    assert_true(fd >= 0);
    close(fd);
    run_spec_init(&spec);
    check_report_init(&report);
    assert_int_equal(store_open(path, NULL, &store, NULL), STATUS_OK);
    for (int twice = 0; twice < 2; twice++) {
        assert_int_equal(store_begin(store, run_id, &replaced, NULL), STATUS_OK);
        for (uint32_t n = 0; n < CALLS; n++) {
            const struct trace_call *call = read_call[n];
            struct store_call row = { .number = n,
                                      .call = OPERATION_PATH_LINK,
                                      .complete = true,
                                      .begin_event = call->begin_event,
                                      .end_event = call->end_event,
                                      .slot_count = abi_operations[OPERATION_PATH_LINK].slot_count };
            store_call(store, &row, CHECK_VERDICT_MATCH);
            store_parts(store, call, n);
        }
        store_run(store, &report, &spec, 0.5);
        assert_int_equal(store_commit(store, NULL), STATUS_OK);
    }
    store_close(store);
    const struct checker_sink sink = { append, &out, 0 };
    assert_int_equal(
        checker_query(path,
                      "SELECT h.number AS call, count(*) AS ops, max(o.number) AS last, sum(o.calls) AS calls,"
                      " min(o.event) - h.event AS first, max(o.event) - h.end_event AS before,"
                      " (SELECT group_concat(text, '+') FROM arguments a WHERE a.hostcall = h.id AND text IS"
                      " NOT NULL) AS names FROM hostcalls h JOIN ops o ON o.hostcall = h.id GROUP BY h.id",
                      NULL, CHECKER_JSON, &sink, NULL),
        STATUS_OK);
    buffer_u8(&out, 0);
    unlink(path);
    assert_string_equal(
        (const char *)out.data,
        "[\n{\"call\":0,\"ops\":32,\"last\":31,\"calls\":3,\"first\":1,\"before\":-1,\"names\":\"old+to\"},\n"
        "{\"call\":1,\"ops\":32,\"last\":31,\"calls\":3,\"first\":1,\"before\":-1,\"names\":\"old+to\"},\n"
        "{\"call\":2,\"ops\":32,\"last\":31,\"calls\":3,\"first\":1,\"before\":-1,\"names\":\"old+to\"}\n]\n");
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_recorded_and_read), cmocka_unit_test(test_matched),
                                        cmocka_unit_test(test_stored) };
    int failed = cmocka_run_group_tests(tests, NULL, NULL);
    for (uint32_t n = 0; n < CALLS; n++)
        free(read_call[n]);
    return failed;
}
