/* What show says of a call beside its line: names of descriptors, structs, which calls pass a filter, times, counts. */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <cmocka.h>
#include "checker/show_filter.h"
#include "checker/show_paths.h"
#include "checker/show_summary.h"

static struct trace_call call; /* large */
static struct run_spec spec;
static struct show_paths *paths;

static void new_call(enum operation which)
{
    memset(&call, 0, sizeof call);
    call.complete = true;
    call.timed = true;
    call.request.call = which;
    call.request.import = (uint16_t)which;
}

static struct region put_string(const char *text)
{
    struct region region = { 0, (uint32_t)strlen(text) };
    for (uint32_t i = 0; i < call.request.string_count; i++)
        region.offset += call.request.string[i].length;
    memcpy(call.request.bytes + region.offset, text, region.length);
    call.request.string[call.request.string_count++] = region;
    return region;
}

static void open_as(uint32_t directory, const char *name, uint32_t fd, int64_t result)
{
    new_call(OPERATION_PATH_OPEN);
    call.request.slot[SLOT_PATH_OPEN_fd] = directory;
    struct region path = put_string(name);
    call.ops.count = 1;
    call.ops.op[0] =
        (struct op) { .kind = OP_OPEN, .handle = directory, .handle2 = fd, .path = path, .rule = RULE_GRANTED_TREE };
    call.ops.result[0].value = result;
    call.ops.result[0].calls = 1;
    call.outcome.wasi_errno = (uint16_t)-result;
    call.outcome.value_count = result == 0;
    call.outcome.value[0] = fd;
}

static void follow(void) { show_paths_follow(paths, &call); }

static void close_fd(uint32_t fd, int64_t result)
{
    new_call(OPERATION_FD_CLOSE);
    call.request.slot[0] = fd;
    call.ops.count = 1;
    call.ops.op[0] = (struct op) { .kind = OP_CLOSE, .handle = fd };
    call.ops.result[0].value = result;
    follow();
}

static void is_called(uint64_t handle, const char *name)
{
    struct show_path path = show_paths_get(paths, handle);
    if (!name) {
        assert_null(path.text);
        return;
    }
    assert_non_null(path.text);
    assert_int_equal(path.size, strlen(name));
    assert_memory_equal(path.text, name, path.size);
}

static int set_up(void **state)
{
    (void)state;
    struct error error = ERROR_INIT;
    run_spec_init(&spec);
    assert_int_equal(policy_add_file(&spec.policy, "/h", "/data", true, &error), STATUS_OK);
    assert_int_equal(policy_add_file(&spec.policy, "/r", "/", false, &error), STATUS_OK);
    assert_int_equal(policy_add_listen(&spec.policy, "tcp:127.0.0.1:80", &error), STATUS_OK);
    assert_int_equal(show_paths_create(&spec, &paths, &error), STATUS_OK);
    return 0;
}

static int tear_down(void **state)
{
    (void)state;
    show_paths_free(paths);
    run_spec_done(&spec);
    return 0;
}

static void names_follow_results(void **state)
{
    (void)state;
    is_called(0, "stdin");
    is_called(3, "/data");
    is_called(4, "/");
    is_called(5, "listening at 127.0.0.1:80");
    is_called(6, NULL);
    open_as(3, "./a//../b", 6, 0);
    follow();
    is_called(6, "/data/a/../b"); /* where a link leads, nobody said */
    open_as(4, "etc/x", 7, 0);
    follow();
    is_called(7, "/etc/x");
    open_as(3, "gone", 8, -WASI_NOENT);
    follow();
    is_called(8, NULL);
    open_as(9, "x", 8, 0); /* beneath what has no name */
    follow();
    is_called(8, NULL);
    new_call(OPERATION_FD_RENUMBER);
    call.ops.count = 1;
    call.ops.op[0] = (struct op) { .kind = OP_MOVE, .handle = 6, .handle2 = 7 };
    follow();
    is_called(6, "/etc/x");
    is_called(7, NULL);
    close_fd(6, -WASI_IO); /* Linux closes also where it fails */
    is_called(6, NULL);
    open_as(3, "y", 6, 0);
    call.complete = false; /* nobody knows whether it was */
    follow();
    is_called(6, NULL);
    show_paths_forget(paths);
    is_called(3, NULL);
}

static void lines_have_names(void **state)
{
    (void)state;
    struct buffer out = BUFFER_INIT;
    struct show_options options = { .paths = paths };
    open_as(3, "a>\xff", 6, 0);
    show_call(&call, &options, &out);
    buffer_u8(&out, 0);
    assert_string_equal(
        (const char *)out.data,
        "path_open(3</data>, 0, \"a>\\xff\", 0, 0, 0, 0) = 0 (opened_fd 6</data/a\\x3e\\xff>)  [open #3 "
        "\"a>\\xff\" as #6 = 0]  the path resolves beneath a granted directory\n");
    buffer_clear(&out);
    show_call_json(&call, &options, &out);
    buffer_u8(&out, 0);
    assert_non_null(strstr((const char *)out.data, "\"fd\":3,"));
    assert_non_null(strstr((const char *)out.data, "\"symbolic\":{\"dirflags\":\"0\",\"oflags\":\"0\","));
    assert_non_null(strstr((const char *)out.data, "\"paths\":{\"fd\":\"/data\",\"opened_fd\":\"/data/a>\\udcff\"},"));
    buffer_done(&out);
}

static void put_line(const struct show_options *options, const char *line)
{
    struct buffer out = BUFFER_INIT;
    show_call(&call, options, &out);
    buffer_u8(&out, 0);
    assert_string_equal((const char *)out.data, line);
    buffer_done(&out);
}

static void structs_are_shown(void **state)
{
    (void)state;
    struct show_options options = { .paths = paths };
    new_call(OPERATION_FD_FILESTAT_GET);
    call.request.slot[0] = 3;
    call.ops.count = 1;
    call.ops.op[0] = (struct op) { .kind = OP_STAT, .handle = 3, .rule = RULE_RIGHT_HELD };
    call.ops.result[0].stat = (struct filestat) { 0x803, 7, FILETYPE_DIRECTORY, 2, 4096, 1, 2, 3 };
    put_line(&options, "fd_filestat_get(3</data>) = 0 (stat {DIRECTORY, size 4096, ...})  [fstat #3 = 0]  the "
                       "descriptor is open and holds the right\n");
    options.full = true;
    put_line(&options, "fd_filestat_get(3</data>) = 0 (stat {dev 0x803, ino 7, DIRECTORY, nlink 2, size 4096, atim 1, "
                       "mtim 2, ctim 3})  [fstat #3 = 0]  the descriptor is open and holds the right\n");
    options.full = false;
    call.ops.result[0].value = -WASI_IO; /* a stat that failed has no struct */
    call.outcome.wasi_errno = WASI_IO;
    put_line(&options, "fd_filestat_get(3</data>) = 29 IO  [fstat #3 = IO]  the descriptor is open and holds the "
                       "right\n");
    new_call(OPERATION_FD_PRESTAT_GET);
    call.request.slot[0] = 3;
    put_line(&options, "fd_prestat_get(3</data>) = 0 (prestat {DIR, pr_name_len 5})\n");
    new_call(OPERATION_POLL_ONEOFF);
    call.request.slot[SLOT_POLL_ONEOFF_nsubscriptions] = 3;
    call.request.subscription_count = 3;
    call.request.subscription[0] = (struct subscription) {
        .type = EVENTTYPE_CLOCK, .clock_or_fd = CLOCKID_MONOTONIC, .timeout = 5, .flags = SUBCLOCK_ABSTIME
    };
    call.request.subscription[1] = (struct subscription) { .type = EVENTTYPE_FD_WRITE, .clock_or_fd = 1 };
    call.request.subscription[2] = (struct subscription) { .type = EVENTTYPE_FD_READ, .clock_or_fd = 0 };
    static const uint8_t polled[] = { 0, POLLED_READY | POLLED_HANGUP };
    call.ops.count = 1;
    call.ops.op[0] = (struct op) { .kind = OP_POLL, .handle = HANDLE_NONE, .rule = RULE_WAIT_GRANTED };
    call.ops.result[0].value = 2;
    call.data[0] = (struct trace_op_data) { .in = polled, .in_length = 2, .in_kept = 2 };
    call.outcome.value_count = 1;
    call.outcome.value[0] = 1;
    put_line(&options, "poll_oneoff([{CLOCK, MONOTONIC, timeout 5, SUBSCRIPTION_CLOCK_ABSTIME}, {FD_WRITE, 1<stdout>}, "
                       "{FD_READ, 0<stdin>}], [0<stdin> READY|HANGUP], 3) = 0 (nevents 1)  [ppoll = 2]  waiting for "
                       "descriptors that hold the right is granted to every guest\n");
    call.data[0].in_kept = 1; /* a trace that keeps less than it says */
    put_line(&options, "poll_oneoff([{CLOCK, MONOTONIC, timeout 5, SUBSCRIPTION_CLOCK_ABSTIME}, {FD_WRITE, 1<stdout>}, "
                       "{FD_READ, 0<stdin>}], [], 3) = 0 (nevents 1)  [ppoll = 2]  waiting for descriptors that hold "
                       "the right is granted to every guest\n");
}

static void entries_are_names(void **state)
{
    (void)state;
    struct show_options options = { .paths = paths };
    uint8_t data[sizeof(struct dirent_head) * 2 + 3];
    struct dirent_head head = { .name_length = 1 };
    memcpy(data, &head, sizeof head);
    data[sizeof head] = '.';
    head.name_length = 2;
    memcpy(data + sizeof head + 1, &head, sizeof head);
    memcpy(data + 2 * sizeof head + 1, "a\n", 2);
    new_call(OPERATION_FD_READDIR);
    call.request.slot[0] = 3;
    call.request.slot[1] = 0x100;
    call.request.slot[2] = 64;
    call.ops.count = 1;
    call.ops.op[0] = (struct op) { .kind = OP_READ_DIR, .handle = 3, .rule = RULE_RIGHT_HELD };
    call.ops.result[0].value = sizeof data;
    call.data[0] = (struct trace_op_data) { .in = data, .in_length = sizeof data, .in_kept = sizeof data };
    put_line(&options, "fd_readdir(3</data>, {0x100, 64} [\".\", \"a\\n\"], 0) = 0  [getdents64 #3 = 51]  the "
                       "descriptor is open and holds the right\n");
    call.data[0].in_kept--; /* the second name is cut off: it is not one */
    put_line(&options, "fd_readdir(3</data>, {0x100, 64} [\".\"], 0) = 0  [getdents64 #3 = 51]  the descriptor is "
                       "open and holds the right\n");
}

/* ---- filters ---- */

static struct show_filter filter_of(const char *first, const char *second)
{
    struct show_filter filter = { 0 };
    const char *lists[] = { first, second };
    for (size_t i = 0; i < 2 && lists[i]; i++) {
        struct show_set *set = &filter.set[filter.set_count++];
        const char *at = lists[i];
        set->negated = *at == '!';
        for (at += set->negated; *at; at += at[0] == ',') {
            size_t size = strcspn(at, ",");
            assert_true(show_set_add(set, at, size));
            at += size;
        }
    }
    return filter;
}

static bool passes(const char *first, const char *second)
{
    struct show_filter filter = filter_of(first, second);
    return show_filter_passes(&filter, &call, paths);
}

static void calls_pass_by_name_and_class(void **state)
{
    (void)state;
    struct show_set set = { 0 };
    assert_false(show_set_add(&set, "fd_rea", 6));
    assert_false(show_set_add(&set, "%files", 6));
    assert_false(show_set_add(&set, "", 0));
    open_as(3, "gone", 6, -WASI_NOENT);
    assert_true(passes("path_open", NULL) && passes("fd_read,path_open", NULL) && !passes("fd_read", NULL));
    assert_true(!passes("!path_open", NULL) && passes("!fd_read", NULL));
    assert_true(passes("%file", NULL) && !passes("%network", NULL) && !passes("!%file", NULL));
    assert_true(passes("%failed", NULL) && !passes("%refused", NULL));
    assert_true(passes("%file", "%failed") && !passes("%file", "!%failed"));
    call.outcome.rule = RULE_PATH_ESCAPES;
    assert_true(passes("%refused", NULL) && passes("%failed", NULL));
    new_call(OPERATION_FD_CLOSE);
    call.request.import = IMPORT_WAMR_SOCK_CLOSE; /* by the name that the guest used, too */
    assert_true(passes("sock_close", NULL) && passes("fd_close", NULL) && !passes("%file", NULL));
    call.request.import = OPERATION_FD_CLOSE;
    assert_true(!passes("sock_close", NULL));
    new_call(OPERATION_SOCK_CONNECT);
    assert_true(passes("%network", NULL) && !passes("%failed", NULL));
    new_call(OPERATION_FD_WRITE); /* of the network where the descriptor was a socket */
    call.ops.count = 1;
    call.ops.op[0].kind = OP_WRITE;
    assert_false(passes("%network", NULL));
    call.ops.op[0].kind = OP_SEND;
    assert_true(passes("%network", NULL));
}

static bool passes_path(const char *path)
{
    struct show_filter filter = { .path = path };
    return show_filter_passes(&filter, &call, paths);
}

static bool passes_fd(uint64_t fd)
{
    struct show_filter filter = { .by_fd = true, .fd = fd };
    return show_filter_passes(&filter, &call, paths);
}

static void calls_pass_by_descriptor_and_path(void **state)
{
    (void)state;
    open_as(3, "sub/x.db", 6, 0);
    assert_true(passes_fd(3) && passes_fd(6) && !passes_fd(4) && !passes_fd(0));
    assert_true(passes_path("/data/sub/x.db") && passes_path("/data/sub") && passes_path("/data/./sub/") &&
                passes_path("/"));
    assert_false(passes_path("/data/sub/x.d") || passes_path("/data/sub/x.db/y") || passes_path("/other"));
    follow();
    new_call(OPERATION_FD_TELL);
    call.request.slot[0] = 6;
    assert_true(passes_path("/data/sub/x.db") && passes_fd(6) && !passes_path("/data/sub/y"));
    new_call(OPERATION_PATH_RENAME); /* its second name too */
    call.request.slot[SLOT_PATH_RENAME_fd] = 3;
    call.request.slot[SLOT_PATH_RENAME_new_fd] = 4;
    put_string("a");
    put_string("b");
    assert_true(passes_path("/data/a") && passes_path("/b") && !passes_path("/data/b") && passes_fd(4));
    new_call(OPERATION_POLL_ONEOFF);
    call.request.subscription_count = 2;
    call.request.subscription[0] = (struct subscription) { .type = EVENTTYPE_CLOCK, .clock_or_fd = 1 };
    call.request.subscription[1] = (struct subscription) { .type = EVENTTYPE_FD_READ, .clock_or_fd = 0 };
    assert_true(passes_fd(0) && !passes_fd(1));
    call.request.subscription[1].clock_or_fd = 6;
    assert_true(passes_path("/data/sub/x.db") && !passes_path("/data/y"));
    call.request.subscription[1].type = EVENTTYPE_CLOCK;
    assert_false(passes_path("/data/sub/x.db"));
}

/* ---- times and counts ---- */

static void ticks_become_time(void **state)
{
    (void)state;
    /* 2 ns a tick; 2001-09-09T01:46:40Z. */
    const struct trace_end end = { .start_ticks = 50, .end_ticks = 1050, .start_ns = 100, .end_ns = 2100 };
    spec.started_ns = UINT64_C(1000000000000000000);
    struct show_options options = { .names = true, .clock = show_clock_of(&end, &spec) };
    new_call(OPERATION_SCHED_YIELD);
    call.ticks = 1500000;
    call.duration = 250000;
    put_line(&options, "       0        0.003000  sched_yield() = 0\n");
    options.wall = options.delta = options.durations = true;
    options.before = 500000;
    put_line(&options, "       0 01:46:40.003000         0.002000  sched_yield() = 0 <0.000500>\n");
    call.timed = false;
    put_line(&options, "       0 01:46:40.003000~        0.002000~ sched_yield() = 0 <?>\n");
    options.clock = show_clock_of(NULL, &spec); /* no end: ticks alone */
    put_line(&options, "       0               ?~               ?~ sched_yield() = 0 <?>\n");
    options.wall = options.delta = false;
    put_line(&options, "       0         1500000~ sched_yield() = 0 <?>\n");
}

static void calls_are_counted(void **state)
{
    (void)state;
    static struct show_summary summary;
    const struct trace_end end = { .start_ticks = 1, .end_ticks = 1001, .start_ns = 1, .end_ns = 1001 };
    const struct show_clock clock = show_clock_of(&end, &spec);
    new_call(OPERATION_FD_TELL); /* has no time of its own */
    call.timed = false;
    show_summary_add(&summary, &call);
    show_summary_add(&summary, &call);
    new_call(OPERATION_FD_READ);
    call.duration = 3000;
    call.ops.count = 1;
    call.ops.op[0].kind = OP_READ;
    call.ops.result[0].value = 100;
    show_summary_add(&summary, &call);
    call.outcome.wasi_errno = WASI_NOTCAPABLE;
    call.outcome.rule = RULE_RIGHT_MISSING;
    call.ops.count = 0;
    call.duration = 1000;
    show_summary_add(&summary, &call);
    new_call(OPERATION_SCHED_YIELD);
    call.duration = 12000;
    show_summary_add(&summary, &call);
    struct buffer out = BUFFER_INIT;
    show_summary_put(&summary, &clock, &out);
    buffer_u8(&out, 0);
    assert_string_equal(
        (const char *)out.data,
        "% time      seconds  usecs/call     calls    errors   refused     bytes in    bytes out call\n"
        "------ ------------ ----------- --------- --------- --------- ------------ ------------ ----------------\n"
        " 75.00     0.000012      12.000         1         0         0            0            0 sched_yield\n"
        " 25.00     0.000004       2.000         2         1         1          100            0 fd_read\n"
        "  0.00     0.000000       0.000         2         0         0            0            0 fd_tell\n"
        "------ ------------ ----------- --------- --------- --------- ------------ ------------ ----------------\n"
        "100.00     0.000016       5.333         5         1         1          100            0 total\n"
        "# 2 of these calls have no time of their own; seconds and usecs/call are without them\n");
    buffer_clear(&out);
    show_summary_json(&summary, &clock, &out);
    buffer_u8(&out, 0);
    assert_non_null(strstr((const char *)out.data,
                           "{\"call\":\"fd_read\",\"count\":2,\"errors\":1,\"refused\":1,\"timed\":2,\"total_ns\":4000,"
                           "\"mean_ns\":2000,\"bytes_in\":100,\"bytes_out\":0}"));
    assert_non_null(strstr((const char *)out.data, "\"total\":{\"count\":5,"));
    buffer_done(&out);
}

/* Numbers and regions that do not fit, as a forged trace might have them: nothing is read beyond, and nothing but
 * printable ASCII comes out. */
static void forged_calls_harm_nothing(void **state)
{
    (void)state;
    static struct show_summary summary;
    const struct trace_end end = { .start_ticks = 1, .end_ticks = 3, .start_ns = 1, .end_ns = UINT64_MAX };
    struct show_options options = { .names = true, .full = true, .wall = true, .delta = true, .durations = true };
    options.clock = show_clock_of(&end, &spec);
    options.paths = paths;
    for (uint32_t which = 0; which <= OPERATION_COUNT; which++)
        for (unsigned kind = 0; kind <= OP_COUNT; kind++) {
            memset(&call, kind % 2 ? 0xff : 0, sizeof call);
            memset(call.data, 0, sizeof call.data);
            call.complete = call.timed = true;
            call.request.call = which;
            call.outcome.wasi_errno = call.outcome.trap = call.request.fault = 0;
            call.ops.count = LIMIT_OPS + kind;
            for (unsigned i = 0; i < LIMIT_OPS; i++) {
                call.ops.op[i].kind = (uint16_t)kind;
                call.ops.op[i].handle = which % 3 ? call.ops.op[i].handle : 3;
                call.ops.op[i].handle2 = which % 2 ? call.ops.op[i].handle2 : 6;
                call.ops.result[i].value = which % 2;
            }
            struct show_filter filter = { .by_fd = true, .fd = 3, .path = "/data", .set_count = 1 };
            for (unsigned class = 0; class < SHOW_CLASS_COUNT; class ++)
                filter.set[0].class[class] = true;
            struct buffer out = BUFFER_INIT;
            struct json json = json_over(&out);
            (void)show_filter_passes(&filter, &call, paths);
            show_call(&call, &options, &out);
            show_call_json(&call, &options, &out);
            show_chrome_begin(&spec, &json);
            show_chrome_call(&call, &options, &json);
            show_chrome_end(NULL, 0, &options.clock, &json);
            show_summary_add(&summary, &call);
            follow();
            for (size_t i = 0; i < out.size; i++)
                assert_true(out.data[i] == '\n' || (out.data[i] >= 0x20 && out.data[i] < 0x7f));
            assert_int_equal(out.status, STATUS_OK);
            buffer_done(&out);
        }
    struct buffer out = BUFFER_INIT;
    show_summary_put(&summary, &options.clock, &out);
    assert_int_equal(out.status, STATUS_OK);
    buffer_done(&out);
}

#define WITH_RUN(test) cmocka_unit_test_setup_teardown(test, set_up, tear_down)

int main(void)
{
    const struct CMUnitTest tests[] = {
        WITH_RUN(names_follow_results),
        WITH_RUN(lines_have_names),
        WITH_RUN(structs_are_shown),
        WITH_RUN(entries_are_names),
        WITH_RUN(calls_pass_by_name_and_class),
        WITH_RUN(calls_pass_by_descriptor_and_path),
        WITH_RUN(ticks_become_time),
        WITH_RUN(calls_are_counted),
        WITH_RUN(forged_calls_harm_nothing),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
