/* Clocks, random bytes, sleeping, closing, flags and what the table answers alone. */
#include "decide_case.h"

/* CLK-01 */
static void two_clocks_are_offered(void **state)
{
    static const struct {
        enum operation call;
        enum op_kind kind;
    } calls[] = { { OPERATION_CLOCK_TIME_GET, OP_CLOCK_TIME }, { OPERATION_CLOCK_RES_GET, OP_CLOCK_RES } };
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct decide_case *c = case_new();
        for (uint64_t id = 0; id <= CLOCKID_MONOTONIC; id++) {
            case_call(c, calls[i].call, id);
            const struct op *op = case_issues(c, calls[i].kind);
            assert_int_equal(op->value, id);
            assert_int_equal(op->handle, HANDLE_NONE);
            case_result(c, 1234567890123);
            case_commits(c);
            assert_int_equal(case_outcome(c).value[0], 1234567890123);
        }
        case_call(c, calls[i].call, CLOCKID_PROCESS_CPUTIME);
        case_refuses(c, RULE_NOT_SUPPORTED, WASI_INVAL);
        case_call(c, calls[i].call, CLOCKID_THREAD_CPUTIME);
        case_refuses(c, RULE_NOT_SUPPORTED, WASI_INVAL);
        case_call(c, calls[i].call, 4);
        case_refuses(c, RULE_BAD_VALUE, WASI_INVAL);
        case_call(c, calls[i].call, UINT32_MAX);
        case_refuses(c, RULE_BAD_VALUE, WASI_INVAL);
    }
}

/* RND-01 */
static void random_bytes_are_bounded_and_whole(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_RANDOM_GET, CASE_MEMORY - 256, 256);
    const struct op *op = case_issues(c, OP_RANDOM);
    assert_int_equal(op->mem.offset, CASE_MEMORY - 256);
    assert_int_equal(op->mem.length, 256);
    case_result(c, 256);
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
    case_rewind(c)->value = 0; /* never zeros where random bytes were promised */
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_IO);
    case_call(c, OPERATION_RANDOM_GET, CASE_MEMORY - 255, 256);
    case_traps(c, RULE_MEMORY_BOUNDS);
    case_call(c, OPERATION_RANDOM_GET, UINT32_MAX, 0);
    case_commits(c);
    c->context.memory = UINT64_C(1) << 32;
    case_call(c, OPERATION_RANDOM_GET, 64, LIMIT_RANDOM);
    for (uint64_t filled = 0; filled < LIMIT_RANDOM;) { /* in pieces, and on where the kernel was interrupted */
        op = case_issues(c, OP_RANDOM);
        assert_int_equal(op->mem.offset, 64 + filled);
        assert_true(op->mem.length <= LIMIT_RANDOM_OP && op->mem.length <= LIMIT_RANDOM - filled);
        uint32_t got = filled == 0 ? 300 : op->mem.length;
        case_result(c, got);
        filled += got;
    }
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
    case_call(c, OPERATION_RANDOM_GET, 0, LIMIT_RANDOM + 1);
    case_refuses(c, RULE_TOO_MANY, WASI_INVAL);
}

/* FD-02: whatever the system says of the close, the descriptor is gone, with all that it could. */
static void close_frees_the_handle(void **state)
{
    (void)state;
    for (uint32_t fd = 0; fd < CASE_FREE; fd++) {
        struct decide_case *c = case_new();
        case_call(c, OPERATION_FD_CLOSE, fd);
        assert_int_equal(case_issues(c, OP_CLOSE)->handle, fd);
        case_result(c, fd % 2 ? -WASI_IO : 0);
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, fd % 2 ? WASI_IO : WASI_SUCCESS);
        assert_false(c->table.handle[fd].live);
        assert_false(c->table.handle[fd].preopen);
        assert_int_equal(c->table.handle[fd].rights | c->table.handle[fd].inheriting, 0);
        case_call(c, OPERATION_FD_CLOSE, fd);
        case_refuses(c, RULE_BAD_DESCRIPTOR, WASI_BADF);
    }
}

/* FD-06 */
static void flags_of_files_reach_the_system_others_do_not(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_FDSTAT_SET_FLAGS, CASE_FILE, FDFLAG_APPEND | FDFLAG_NONBLOCK);
    assert_int_equal(case_issues(c, OP_SET_FLAGS)->value, FDFLAG_APPEND | FDFLAG_NONBLOCK);
    case_result(c, 0);
    case_commits(c);
    (void)case_outcome(c);
    assert_int_equal(c->table.handle[CASE_FILE].fdflags, FDFLAG_APPEND | FDFLAG_NONBLOCK);
    case_call(c, OPERATION_FD_FDSTAT_SET_FLAGS, CASE_FILE, FDFLAG_SYNC);
    case_refuses(c, RULE_NOT_SUPPORTED, WASI_NOTSUP);
    case_call(c, OPERATION_FD_FDSTAT_SET_FLAGS, CASE_FILE, 32);
    case_refuses(c, RULE_BAD_VALUE, WASI_INVAL);
    case_call(c, OPERATION_FD_FDSTAT_SET_FLAGS, CASE_STREAM,
              FDFLAG_NONBLOCK); /* the next read would wait all the same */
    case_refuses(c, RULE_NOT_SUPPORTED, WASI_NOTSUP);
    case_call(c, OPERATION_FD_FDSTAT_SET_FLAGS, CASE_STREAM, 0);
    case_commits(c);
    case_call(c, OPERATION_FD_FDSTAT_SET_FLAGS, CASE_STREAM, FDFLAG_APPEND);
    case_refuses(c, RULE_NOT_SUPPORTED, WASI_NOTSUP);
}

/* FD-07 */
static void preopens_tell_their_name(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_PRESTAT_GET, CASE_DIR);
    case_commits(c);
    case_call(c, OPERATION_FD_PRESTAT_GET, CASE_DIR_READ);
    case_refuses(c, RULE_NOT_PREOPEN, WASI_BADF);
    case_call(c, OPERATION_FD_PRESTAT_DIR_NAME, CASE_DIR, 0, 5);
    case_commits(c);
    case_call(c, OPERATION_FD_PRESTAT_DIR_NAME, CASE_DIR, 0, 4);
    case_refuses(c, RULE_BUFFER_SMALL, WASI_NAMETOOLONG);
    case_call(c, OPERATION_FD_PRESTAT_DIR_NAME, CASE_DIR, CASE_MEMORY - 4, 5);
    case_traps(c, RULE_MEMORY_BOUNDS);
}

/* MEM-10 */
static void arguments_need_their_room(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_ARGS_GET, CASE_MEMORY - 8, CASE_MEMORY - 10);
    case_commits(c);
    case_call(c, OPERATION_ARGS_GET, CASE_MEMORY - 4, 0);
    case_traps(c, RULE_MEMORY_BOUNDS);
    case_call(c, OPERATION_ARGS_GET, 0, CASE_MEMORY - 9);
    case_traps(c, RULE_MEMORY_BOUNDS);
    case_call(c, OPERATION_ENVIRON_GET, CASE_MEMORY - 4, CASE_MEMORY - 4);
    case_commits(c);
    case_call(c, OPERATION_ARGS_SIZES_GET, 0);
    case_commits(c);
    struct outcome outcome = case_outcome(c);
    assert_int_equal(outcome.value_count, 2);
    assert_int_equal(outcome.value[0], 2);
    assert_int_equal(outcome.value[1], 10);
}

static void subscribe(struct decide_case *c, uint8_t type, uint32_t clock_or_fd, uint64_t timeout, uint16_t flags)
{
    c->request.subscription[c->request.subscription_count++] =
        (struct subscription) { 7, timeout, 0, clock_or_fd, flags, type };
    c->request.slot[SLOT_POLL_ONEOFF_nsubscriptions] = c->request.subscription_count;
}

static void expect_event(struct decide_case *c, uint32_t index, enum wasi_errno expected)
{
    uint16_t wasi_errno = 0;
    assert_true(decide_poll_event(&c->table, &c->request, &c->plan, index, &wasi_errno));
    assert_string_equal(abi_errno_name(wasi_errno), abi_errno_name(expected));
}

static void the_earliest_timer_decides_the_sleep(void **state)
{
    uint16_t ignored = 0;
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_POLL_ONEOFF, 0);
    subscribe(c, EVENTTYPE_CLOCK, CLOCKID_MONOTONIC, 500, 0);
    subscribe(c, EVENTTYPE_CLOCK, CLOCKID_REALTIME, 1300, SUBCLOCK_ABSTIME);
    subscribe(c, EVENTTYPE_CLOCK, CLOCKID_REALTIME, UINT64_MAX, 0);
    assert_int_equal(case_issues(c, OP_CLOCK_TIME)->value, CLOCKID_REALTIME);
    case_result(c, 1000);
    const struct op *op = case_issues(c, OP_SLEEP);
    assert_int_equal(op->offset, 300);
    assert_int_equal(op->flags, 0);
    case_result(c, 0);
    case_commits(c);
    expect_event(c, 1, WASI_SUCCESS);
    assert_false(decide_poll_event(&c->table, &c->request, &c->plan, 0, &ignored));
    assert_false(decide_poll_event(&c->table, &c->request, &c->plan, 2, &ignored));
    assert_false(decide_poll_event(&c->table, &c->request, &c->plan, 3, &ignored));
}

/* POLL-04 */
static void times_saturate(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_POLL_ONEOFF, 0);
    subscribe(c, EVENTTYPE_CLOCK, CLOCKID_MONOTONIC, UINT64_MAX, 0);
    assert_int_equal(case_issues(c, OP_SLEEP)->offset, INT64_MAX);
    case_call(c, OPERATION_POLL_ONEOFF, 0);
    subscribe(c, EVENTTYPE_CLOCK, CLOCKID_MONOTONIC, 999, SUBCLOCK_ABSTIME);
    case_issues(c, OP_CLOCK_TIME);
    case_result(c, 1000); /* past already */
    case_commits(c);
    expect_event(c, 0, WASI_SUCCESS);
    case_call(c, OPERATION_POLL_ONEOFF, 0);
    subscribe(c, EVENTTYPE_CLOCK, CLOCKID_MONOTONIC, 0, 0);
    case_commits(c);
    expect_event(c, 0, WASI_SUCCESS);
}

static void what_cannot_be_waited_for_says_so_in_its_event(void **state)
{
    static const struct {
        uint8_t type;
        uint32_t clock_or_fd;
        uint16_t flags;
        enum wasi_errno expected;
    } ones[] = {
        { EVENTTYPE_FD_WRITE, CASE_FILE, 0, WASI_SUCCESS },
        { EVENTTYPE_FD_READ, CASE_FREE, 0, WASI_BADF },
        { EVENTTYPE_FD_WRITE, CASE_DIR_READ, 0, WASI_NOTCAPABLE },
        { EVENTTYPE_CLOCK, CLOCKID_THREAD_CPUTIME, 0, WASI_INVAL },
        { EVENTTYPE_CLOCK, 9, 0, WASI_INVAL },
        { EVENTTYPE_CLOCK, 0, 2, WASI_INVAL },
        { 3, 0, 0, WASI_INVAL },
    };
    (void)state;
    for (uint32_t i = 0; i < sizeof ones / sizeof *ones; i++) {
        struct decide_case *c = case_new();
        uint16_t ignored = 0;
        case_call(c, OPERATION_POLL_ONEOFF, 0);
        subscribe(c, EVENTTYPE_CLOCK, CLOCKID_MONOTONIC, 1000000, 0);
        subscribe(c, ones[i].type, ones[i].clock_or_fd, 50, ones[i].flags);
        case_commits(c);
        expect_event(c, 1, ones[i].expected);
        assert_false(decide_poll_event(&c->table, &c->request, &c->plan, 0, &ignored));
    }
}

/* Every descriptor is asked about, files too where a stream is among them; the wait ends with the earliest clock. */
static void streams_are_asked_about(void **state)
{
    uint16_t ignored = 0;
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_POLL_ONEOFF, 0);
    subscribe(c, EVENTTYPE_FD_READ, CASE_STREAM, 0, 0);
    const struct op *op = case_issues(c, OP_POLL);
    assert_int_equal(op->handle, HANDLE_NONE);
    assert_int_equal(op->offset, INT64_MAX);
    (void)case_rewind(c);
    subscribe(c, EVENTTYPE_CLOCK, CLOCKID_MONOTONIC, 500, 0);
    subscribe(c, EVENTTYPE_CLOCK, CLOCKID_MONOTONIC, 900, 0);
    subscribe(c, EVENTTYPE_FD_WRITE, CASE_FILE, 0, 0);
    assert_int_equal(case_issues(c, OP_POLL)->offset, 500);
    case_result(c, 0);
    case_commits(c);
    expect_event(c, 1, WASI_SUCCESS);
    assert_false(decide_poll_event(&c->table, &c->request, &c->plan, 2, &ignored));
    assert_false(decide_poll_event(&c->table, &c->request, &c->plan, 0, &ignored)); /* the answer is staged */
    case_rewind(c)->value = 2;
    case_commits(c);
    assert_false(decide_poll_event(&c->table, &c->request, &c->plan, 1, &ignored));
    c->request.subscription[1].timeout = 0;
    expect_event(c, 1, WASI_SUCCESS);
    c->plan = decide_plan_start();
    assert_int_equal(case_issues(c, OP_POLL)->offset, 0);
    (void)case_rewind(c);
    c->table.handle[CASE_STREAM].rights &= ~R(POLL_FD_READWRITE);
    case_commits(c);
    expect_event(c, 0, WASI_NOTCAPABLE);
}

/* POLL-01; a sleep that was interrupted brings no events. */
static void polls_of_nothing_and_interrupted_ones(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_POLL_ONEOFF, 0);
    case_refuses(c, RULE_BAD_VALUE, WASI_INVAL);
    subscribe(c, EVENTTYPE_CLOCK, CLOCKID_MONOTONIC, 5, 0);
    case_issues(c, OP_SLEEP);
    case_result(c, -WASI_INTR);
    case_commits(c);
    struct outcome outcome = case_outcome(c);
    assert_int_equal(outcome.wasi_errno, WASI_INTR);
    assert_int_equal(outcome.value_count, 0);
}

static void errors_outside_the_table_are_io(void **state)
{
    static const int64_t values[] = { -(int64_t)WASI_ERRNO_COUNT, INT64_MIN, -65536 };
    (void)state;
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        struct decide_case *c = case_new();
        case_call(c, OPERATION_FD_SYNC, CASE_FILE);
        case_issues(c, OP_SYNC);
        case_result(c, values[i]);
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_IO);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(two_clocks_are_offered),
        cmocka_unit_test(random_bytes_are_bounded_and_whole),
        cmocka_unit_test(close_frees_the_handle),
        cmocka_unit_test(flags_of_files_reach_the_system_others_do_not),
        cmocka_unit_test(preopens_tell_their_name),
        cmocka_unit_test(arguments_need_their_room),
        cmocka_unit_test(the_earliest_timer_decides_the_sleep),
        cmocka_unit_test(times_saturate),
        cmocka_unit_test(what_cannot_be_waited_for_says_so_in_its_event),
        cmocka_unit_test(streams_are_asked_about),
        cmocka_unit_test(polls_of_nothing_and_interrupted_ones),
        cmocka_unit_test(errors_outside_the_table_are_io),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
