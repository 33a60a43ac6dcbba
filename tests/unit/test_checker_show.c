/* Hostcalls as lines: what they say, and that a guest cannot steer a terminal with them. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <string.h>
#include <cmocka.h>
#include "checker/checker.h"
#include "checker/show.h"
#include "runtime/rt.h"

static struct trace_call call; /* large */
static const struct show_options plain;

static void expect(const char *line)
{
    struct buffer out = BUFFER_INIT;
    show_call(&call, &plain, &out);
    buffer_u8(&out, 0);
    assert_string_equal((const char *)out.data, line);
    buffer_done(&out);
}

static void new_call(enum operation which)
{
    memset(&call, 0, sizeof call);
    call.complete = true;
    call.request.call = which;
    call.request.import = (uint16_t)which; /* Preview 1's are the first, in the order of the operations */
}

static void test_write(void **state)
{
    (void)state;
    new_call(OPERATION_FD_WRITE);
    call.request.slot[SLOT_FD_WRITE_fd] = 1;
    call.request.iov_count = 1;
    call.request.iov[0] = (struct region) { 0x1234, 12 };
    call.ops.count = 1;
    call.ops.op[0] = (struct op) { .kind = OP_WRITE, .rule = RULE_RIGHT_HELD, .handle = 1 };
    call.ops.result[0].value = 12;
    memcpy(call.data[0].out_head, "hello world\n", 12);
    call.data[0].out_head_length = call.data[0].out_length = 12;
    call.outcome.value_count = 1;
    call.outcome.value[0] = 12;
    expect("fd_write(1, [{0x1234, 12}] \"hello world\\n\") = 0 (nwritten 12)  [write #1 = 12]  the descriptor is open "
           "and holds the right\n");
    call.complete = false;
    expect("fd_write(1, [{0x1234, 12}] \"hello world\\n\") = ? (in flight)  [write #1]  the descriptor is open and "
           "holds the right\n");
}

static void test_open_and_escapes(void **state)
{
    (void)state;
    new_call(OPERATION_PATH_OPEN);
    static const char path[] = "a\033[2J\x9b\"\0z";
    call.request.slot[SLOT_PATH_OPEN_fd] = 3;
    call.request.slot[SLOT_PATH_OPEN_oflags] = 9;
    call.request.string_count = 1;
    call.request.string[0] = (struct region) { 0, sizeof path - 1 };
    memcpy(call.request.bytes, path, sizeof path);
    call.outcome.wasi_errno = WASI_ILSEQ;
    call.outcome.rule = RULE_PATH_NUL;
    expect(
        "path_open(3, 0, \"a\\x1b[2J\\x9b\\\"\\x00z\", CREAT|TRUNC, 0, 0, 0) = 25 ILSEQ  the path has a NUL inside\n");
}

static void test_seek_and_exit(void **state)
{
    (void)state;
    new_call(OPERATION_FD_SEEK);
    call.request.slot[SLOT_FD_SEEK_fd] = 4;
    call.request.slot[SLOT_FD_SEEK_offset] = UINT64_MAX;
    call.request.slot[SLOT_FD_SEEK_whence] = WHENCE_END;
    call.outcome.value_count = 1;
    call.outcome.value[0] = 99;
    expect("fd_seek(4, -1, END) = 0 (newoffset 99)\n");
    new_call(OPERATION_PROC_EXIT);
    call.request.slot[SLOT_PROC_EXIT_rval] = 3;
    expect("proc_exit(3) (does not return)\n");
}

/* The module where it is not Preview 1; the import's name, and the operation's where that is another. */
static void test_imports(void **state)
{
    (void)state;
    new_call(OPERATION_FD_SEEK);
    call.request.import = IMPORT_UNSTABLE_FD_SEEK;
    call.request.slot[SLOT_FD_SEEK_fd] = 4;
    call.request.slot[SLOT_FD_SEEK_whence] = WHENCE_END;
    call.outcome.value_count = 1;
    call.outcome.value[0] = 99;
    expect("wasi_unstable.fd_seek(4, 0, END) = 0 (newoffset 99)\n");
    new_call(OPERATION_FD_CLOSE);
    call.request.import = IMPORT_WAMR_SOCK_CLOSE;
    call.request.slot[SLOT_FD_CLOSE_fd] = 4;
    expect("sock_close as fd_close(4) = 0\n");
}

static void test_cut(void **state)
{
    (void)state;
    new_call(OPERATION_PATH_UNLINK_FILE);
    call.request.string_count = 1;
    call.request.string[0] = (struct region) { 0, 3000 };
    memset(call.request.bytes, 'x', 3000);
    struct buffer out = BUFFER_INIT;
    show_call(&call, &plain, &out);
    assert_true(out.size < 200);
    buffer_clear(&out);
    show_call(&call, &(struct show_options) { .full = true }, &out);
    assert_true(out.size > 3000);
    buffer_done(&out);
}

/* Counts and regions that do not fit, as a damaged trace might have them: nothing is read beyond, and something is
 * printed. */
static void test_hostile(void **state)
{
    (void)state;
    for (uint32_t which = 0; which <= OPERATION_COUNT; which++) {
        memset(&call, 0xff, sizeof call);
        memset(call.data, 0, sizeof call.data);
        call.data[0].out_head_length = UINT32_MAX;
        call.complete = which % 2;
        call.timed = which % 3 != 0;
        call.request.call = which;
        call.request.import = (uint16_t)which; /* Preview 1's are the first, in the order of the operations */
        for (unsigned i = 0; i < LIMIT_OPS; i++)
            call.ops.op[i].kind = (uint16_t)(which % (OP_COUNT + 1));
        struct buffer out = BUFFER_INIT;
        show_call(&call, &plain, &out);
        show_call(&call, &(struct show_options) { .full = true, .names = true }, &out);
        show_call_json(&call, &plain, &out);
        for (size_t i = 0; i < out.size; i++)
            assert_true(out.data[i] == '\n' || (out.data[i] >= 0x20 && out.data[i] < 0x7f));
        buffer_done(&out);
    }
}

static void test_between_calls(void **state)
{
    (void)state;
    const struct trace_state here = { .digest = 0xab, .instructions = 7 },
                             last = { .digest = 1, .instructions = 8, .at_end = true };
    const struct trace_growth growth = { .number = 3, .index = 1, .amount = 9 };
    struct buffer out = BUFFER_INIT;
    show_state(5, &here, &plain, &out);
    show_state(6, &last, &plain, &out);
    show_growth(7, &growth, &plain, &out);
    show_state_json(6, &last, &out);
    show_growth_json(7, &growth, &out);
    buffer_u8(&out, 0);
    assert_string_equal((const char *)out.data,
                        "--- state 00000000000000ab after 7 instructions ---\n"
                        "--- state at the end 0000000000000001 after 8 instructions ---\n"
                        "--- memory.grow 1 by 9 pages: refused by the system (growth 3) ---\n"
                        "{\"event\":6,\"state\":\"0000000000000001\",\"at_end\":true,\"instructions\":8}\n"
                        "{\"event\":7,\"growth\":\"memory\",\"index\":1,\"amount\":9,\"number\":3}\n");
    buffer_done(&out);
}

static void test_json(void **state)
{
    (void)state;
    new_call(OPERATION_FD_TELL);
    call.request.slot[SLOT_FD_TELL_fd] = 4;
    call.outcome.value_count = 1;
    call.outcome.value[0] = 7;
    struct buffer out = BUFFER_INIT;
    show_call_json(&call, &plain, &out);
    buffer_u8(&out, 0);
    assert_string_equal(
        (const char *)out.data,
        "{\"event\":0,\"chunk\":0,\"ticks\":0,\"call\":\"fd_tell\",\"module\":\"wasi_snapshot_preview1\",\"import\":"
        "\"fd_tell\",\"args\":{\"fd\":4,\"offset\":0},\"symbolic\":{},\"structs\":{},\"complete\":true,"
        "\"duration\":null,\"errno\":\"SUCCESS\",\"trap\":null,\"results\":[7],\"ops\":[],\"rule\":null}\n");
    buffer_done(&out);
}

/* A trap has its name, as the engine calls it. */
static void test_traps(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    new_call(OPERATION_SCHED_YIELD);
    call.outcome.trap = RT_TRAP_HOST_POLICY;
    expect("sched_yield() = trap: stopped by policy\n");
    const struct trace_exit last = { .outcome = 2,
                                     .trap = RT_TRAP_DIVIDE_BY_ZERO,
                                     .function = 3,
                                     .offset = 16,
                                     .stack = { 2, { { 3, 16 }, { 5, 0x80 } } } };
    const struct crash_symbols symbols = { .frame = { { "f\n", "", 0 } } };
    struct show_options options = plain;
    options.crash = &symbols;
    show_exit(&last, &options, &out);
    show_exit_json(&last, &options, &out);
    buffer_u8(&out, 0);
    assert_string_equal((const char *)out.data,
                        "+++ trapped (integer divide by zero) at function 3 offset 0x10 after 0 instructions +++\n"
                        "    #0  0x00000010 in f\\n (function 3)\n"
                        "    #1  0x00000080 in function 5\n"
                        "{\"exit\":\"trapped\",\"code\":0,\"trap\":\"DIVIDE_BY_ZERO\",\"function\":3,\"offset\":16,"
                        "\"instructions\":0,\"frames\":2,\"stack\":[{\"frame\":0,\"function\":3,\"offset\":16,"
                        "\"name\":\"f\\u000a\",\"file\":null,\"line\":0},{\"frame\":1,\"function\":5,\"offset\":128,"
                        "\"name\":null,\"file\":null,\"line\":0}]}\n");
    buffer_done(&out);
}

int main(void)
{
    const struct CMUnitTest tests[] = { cmocka_unit_test(test_write),         cmocka_unit_test(test_open_and_escapes),
                                        cmocka_unit_test(test_seek_and_exit), cmocka_unit_test(test_imports),
                                        cmocka_unit_test(test_cut),           cmocka_unit_test(test_hostile),
                                        cmocka_unit_test(test_json),          cmocka_unit_test(test_between_calls),
                                        cmocka_unit_test(test_traps) };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
