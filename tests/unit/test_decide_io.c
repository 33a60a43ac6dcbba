/* fd_read, fd_write, fd_pread, fd_pwrite, fd_seek, fd_tell, fd_readdir: which op, at which offset, and where the handle
 * stands after. */
#include "decide_case.h"

static void files_are_read_at_their_position(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_READ, CASE_FILE);
    case_iov(c, 16, 8);
    case_iov(c, 1000, 4);
    const struct op *op = case_issues(c, OP_PREADV);
    assert_int_equal(op->handle, CASE_FILE);
    assert_int_equal(op->offset, CASE_POSITION);
    assert_int_equal(op->mem.offset, 0);
    assert_int_equal(op->mem.length, 2);
    case_result(c, 5);
    case_commits(c);
    struct outcome outcome = case_outcome(c);
    assert_int_equal(outcome.wasi_errno, WASI_SUCCESS);
    assert_int_equal(outcome.value_count, 1);
    assert_int_equal(outcome.value[0], 5);
    assert_int_equal(c->table.handle[CASE_FILE].position, CASE_POSITION + 5);
}

/* A vector of one region is that region; of several, all of them, by number. */
static void one_region_is_carried_itself(void **state)
{
    static const struct {
        enum operation call;
        enum op_kind one, several;
    } calls[] = { { OPERATION_FD_READ, OP_PREAD, OP_PREADV },
                  { OPERATION_FD_PREAD, OP_PREAD, OP_PREADV },
                  { OPERATION_FD_WRITE, OP_PWRITE, OP_PWRITEV },
                  { OPERATION_FD_PWRITE, OP_PWRITE, OP_PWRITEV } };
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct decide_case *c = case_new();
        case_call(c, calls[i].call, CASE_FILE);
        case_iov(c, 24, 8);
        const struct op *op = case_issues(c, calls[i].one);
        assert_int_equal(op->mem.offset, 24);
        assert_int_equal(op->mem.length, 8);
        (void)case_rewind(c);
        case_iov(c, 0, 0);
        op = case_issues(c, calls[i].several);
        assert_int_equal(op->mem.offset, 0);
        assert_int_equal(op->mem.length, 2);
    }
}

static void failed_write_moves_nothing(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_WRITE, CASE_FILE);
    case_iov(c, 0, 8);
    case_issues(c, OP_PWRITE);
    case_result(c, -WASI_NOSPC);
    case_commits(c);
    struct outcome outcome = case_outcome(c);
    assert_int_equal(outcome.wasi_errno, WASI_NOSPC);
    assert_int_equal(outcome.value_count, 0);
    assert_int_equal(c->table.handle[CASE_FILE].position, CASE_POSITION);
}

static void append_then_asks_for_the_end(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_WRITE, CASE_APPEND);
    case_iov(c, 0, 8);
    case_issues(c, OP_APPEND);
    case_result(c, 8);
    case_issues(c, OP_STAT);
    case_result(c, 0)->stat.size = 4096;
    case_commits(c);
    assert_int_equal(case_outcome(c).value[0], 8);
    assert_int_equal(c->table.handle[CASE_APPEND].position, 4096);
}

static void failed_append_ends_the_plan(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_WRITE, CASE_APPEND);
    case_iov(c, 0, 8);
    case_issues(c, OP_APPEND);
    case_result(c, -WASI_IO);
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_IO);
}

static void streams_have_no_offset(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_WRITE, 1);
    case_iov(c, 0, 8);
    case_issues(c, OP_WRITE);
    case_call(c, OPERATION_FD_READ, CASE_STREAM);
    case_iov(c, 0, 8);
    case_issues(c, OP_READ);
    case_call(c, OPERATION_FD_PREAD, CASE_STREAM);
    case_iov(c, 0, 8);
    case_refuses(c, RULE_NOT_SEEKABLE, WASI_SPIPE);
    case_call(c, OPERATION_FD_SEEK, CASE_STREAM);
    case_refuses(c, RULE_NOT_SEEKABLE, WASI_SPIPE);
    case_call(c, OPERATION_FD_TELL, CASE_STREAM);
    case_refuses(c, RULE_NOT_SEEKABLE, WASI_SPIPE);
}

static void directories_have_no_content(void **state)
{
    static const enum operation calls[] = { OPERATION_FD_READ, OPERATION_FD_WRITE, OPERATION_FD_PREAD,
                                            OPERATION_FD_PWRITE, OPERATION_FD_FILESTAT_SET_SIZE };
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct decide_case *c = case_new();
        case_call(c, calls[i], CASE_DIR);
        case_iov(c, 0, 8);
        case_refuses(c, RULE_IS_DIRECTORY, WASI_ISDIR);
    }
}

/* MEM-01, MEM-02, MEM-07: of a vector, any bad element stops all of it; empty ones may lie anywhere. */
static void vectors_lie_in_memory(void **state)
{
    static const struct region bad[] = { { CASE_MEMORY, 1 },        { CASE_MEMORY - 1, 2 }, { 0, CASE_MEMORY + 1 },
                                         { 0, UINT32_MAX },         { UINT32_MAX - 7, 16 }, { UINT32_MAX, 1 },
                                         { UINT32_MAX, UINT32_MAX } };
    static const enum operation calls[] = { OPERATION_FD_READ, OPERATION_FD_WRITE, OPERATION_FD_PREAD,
                                            OPERATION_FD_PWRITE };
    (void)state;
    for (size_t call = 0; call < sizeof calls / sizeof *calls; call++)
        for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
            struct decide_case *c = case_new();
            case_call(c, calls[call], CASE_FILE);
            case_iov(c, UINT32_MAX, 0);
            case_iov(c, 0, CASE_MEMORY);
            assert_int_equal(case_step(c).verdict, VERDICT_ISSUE);
            (void)case_rewind(c);
            case_iov(c, bad[i].offset, bad[i].length);
            case_traps(c, RULE_MEMORY_BOUNDS);
        }
}

/* MEM-04: as many elements as the limit, and no more; the sum counts in 64 bits. */
static void vectors_have_limits(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    c->context.memory = UINT64_C(1) << 32;
    case_call(c, OPERATION_FD_READ, CASE_FILE);
    for (uint32_t i = 0; i < LIMIT_IOVECS; i++)
        case_iov(c, 0, 1);
    case_issues(c, OP_PREADV);
    (void)case_rewind(c);
    c->request.iov_count = LIMIT_IOVECS + 1;
    case_refuses(c, RULE_TOO_MANY, WASI_INVAL);
    case_call(c, OPERATION_FD_READ, CASE_FILE);
    case_iov(c, 0, INT32_MAX);
    case_issues(c, OP_PREAD);
    (void)case_rewind(c);
    case_iov(c, 0, 1);
    case_refuses(c, RULE_TOO_MANY, WASI_INVAL);
    c->request.iov_count = 0;
    case_iov(c, 0, UINT32_MAX);
    case_iov(c, 0, UINT32_MAX);
    case_refuses(c, RULE_TOO_MANY, WASI_INVAL);
}

static void nothing_to_move_needs_no_op(void **state)
{
    static const enum operation calls[] = { OPERATION_FD_READ, OPERATION_FD_WRITE, OPERATION_FD_PREAD,
                                            OPERATION_FD_PWRITE };
    (void)state;
    for (size_t i = 0; i < sizeof calls / sizeof *calls; i++) {
        struct decide_case *c = case_new();
        case_call(c, calls[i], CASE_FILE);
        case_commits(c);
        case_iov(c, UINT32_MAX, 0);
        case_commits(c);
        struct outcome outcome = case_outcome(c);
        assert_int_equal(outcome.wasi_errno, WASI_SUCCESS);
        assert_int_equal(outcome.value_count, 1);
        assert_int_equal(outcome.value[0], 0);
    }
}

/* MEM-16 */
static void offsets_end_at_int64_max(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_PWRITE, CASE_FILE, 0, 0, INT64_MAX - 8);
    case_iov(c, 0, 8);
    assert_int_equal(case_issues(c, OP_PWRITE)->offset, INT64_MAX - 8);
    (void)case_rewind(c);
    c->request.slot[SLOT_FD_PWRITE_offset]++;
    case_refuses(c, RULE_OFFSET_RANGE, WASI_INVAL);
    c->request.slot[SLOT_FD_PWRITE_offset] = UINT64_MAX;
    case_refuses(c, RULE_OFFSET_RANGE, WASI_INVAL);
    c->table.handle[CASE_FILE].position = INT64_MAX - 7;
    case_call(c, OPERATION_FD_WRITE, CASE_FILE);
    case_iov(c, 0, 8);
    case_refuses(c, RULE_OFFSET_RANGE, WASI_INVAL);
    case_call(c, OPERATION_FD_FILESTAT_SET_SIZE, CASE_FILE, UINT64_C(1) << 63);
    case_refuses(c, RULE_OFFSET_RANGE, WASI_INVAL);
}

static void seek_to(struct decide_case *c, int64_t delta, enum wasi_whence whence, uint64_t expected)
{
    case_call(c, OPERATION_FD_SEEK, CASE_FILE, (uint64_t)delta, whence);
    case_commits(c);
    assert_int_equal(case_outcome(c).value[0], expected);
    assert_int_equal(c->table.handle[CASE_FILE].position, expected);
}

/* FD-09 */
static void seeking_counts_in_the_table(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    seek_to(c, 7, WHENCE_SET, 7);
    seek_to(c, -7, WHENCE_CUR, 0);
    seek_to(c, INT64_MAX, WHENCE_CUR, INT64_MAX);
    seek_to(c, 0, WHENCE_CUR, INT64_MAX);
    case_call(c, OPERATION_FD_SEEK, CASE_FILE, 1, WHENCE_CUR);
    case_refuses(c, RULE_OFFSET_RANGE, WASI_INVAL);
    case_call(c, OPERATION_FD_SEEK, CASE_FILE, UINT64_MAX, WHENCE_SET);
    case_refuses(c, RULE_OFFSET_RANGE, WASI_INVAL);
    case_call(c, OPERATION_FD_SEEK, CASE_FILE, UINT64_C(1) << 63, WHENCE_CUR);
    case_refuses(c, RULE_OFFSET_RANGE, WASI_INVAL);
    case_call(c, OPERATION_FD_SEEK, CASE_FILE, 0, 3);
    case_refuses(c, RULE_BAD_VALUE, WASI_INVAL);
    case_call(c, OPERATION_FD_TELL, CASE_FILE);
    case_commits(c);
    assert_int_equal(case_outcome(c).value[0], INT64_MAX);
}

static void the_end_is_asked_of_the_system(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_SEEK, CASE_FILE, (uint64_t)-10, WHENCE_END);
    case_issues(c, OP_STAT);
    case_result(c, 0)->stat.size = 50;
    case_commits(c);
    assert_int_equal(case_outcome(c).value[0], 40);
    assert_int_equal(c->table.handle[CASE_FILE].position, 40);
    case_rewind(c)->stat.size = 9;
    case_refuses(c, RULE_OFFSET_RANGE, WASI_INVAL);
    case_rewind(c)->value = -WASI_IO;
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_IO);
    assert_int_equal(c->table.handle[CASE_FILE].position, 40);
}

static void a_directory_is_moved_only_for_another_cookie(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_READDIR, CASE_DIR, 0, 64, 0);
    case_issues(c, OP_READ_DIR);
    case_result(c, 48);
    case_issues(c, OP_READ_DIR);
    case_result(c, 0);
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
    assert_int_equal(c->table.handle[CASE_DIR].position, HANDLE_POSITION_UNKNOWN);
    case_call(c, OPERATION_FD_READDIR, CASE_DIR, 0, 64, 7);
    assert_int_equal(case_issues(c, OP_SEEK_DIR)->offset, 7);
    case_result(c, 7);
    case_issues(c, OP_READ_DIR);
    case_result(c, 0);
    case_commits(c);
    (void)case_outcome(c);
    assert_int_equal(c->table.handle[CASE_DIR].position, 7);
}

/* An answer that is short means the end, so a plan goes on until the buffer is full or the directory ends. */
static void a_buffer_is_filled_until_the_directory_ends(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    c->context.memory = UINT64_C(1) << 32;
    case_call(c, OPERATION_FD_READDIR, CASE_DIR, 0, 65536, 0);
    assert_int_equal(case_issues(c, OP_READ_DIR)->value, LIMIT_READDIR);
    assert_int_equal(c->op.offset, 0);
    case_result(c, 43073);
    assert_int_equal(case_issues(c, OP_READ_DIR)->offset, 43073);
    assert_in_range(c->op.value, 65536 - 43073, LIMIT_READDIR - 1);
    case_result(c, 65536 - 43073 - 1);
    assert_int_equal(case_issues(c, OP_READ_DIR)->offset, 65535);
    case_result(c, 40);
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
    case_call(c, OPERATION_FD_READDIR, CASE_DIR, 0, 65536, 0);
    c->table.handle[CASE_DIR].position = 0;
    case_issues(c, OP_READ_DIR);
    case_result(c, 100);
    case_issues(c, OP_READ_DIR);
    case_result(c, -WASI_IO);
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_IO);
}

/* What no plan can fill is an error, for less would tell of an end that there is not. */
static void a_plan_that_ends_too_early_is_an_error(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    c->context.memory = UINT64_C(1) << 32;
    for (uint32_t length = 4096; length <= UINT32_C(1) << 20; length <<= 8) {
        case_call(c, OPERATION_FD_READDIR, CASE_DIR, 0, length, 0);
        c->table.handle[CASE_DIR].position = 0;
        bool small = length == 4096;
        for (uint32_t i = 0; i < (small ? (uint32_t)LIMIT_OPS - 1 : LIMIT_READDIR_BUFFER / 32768); i++) {
            case_issues(c, OP_READ_DIR);
            case_result(c, small ? 100 : 32768);
        }
        case_commits(c);
        struct outcome outcome = case_outcome(c);
        assert_int_equal(outcome.wasi_errno, WASI_OVERFLOW);
        assert_int_equal(outcome.rule, RULE_DIRECTORY_LONG);
        assert_int_equal(c->table.handle[CASE_DIR].position, HANDLE_POSITION_UNKNOWN);
        case_rewind(c)->value = 0;
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
    }
}

/* FD-08 */
static void directory_arguments_are_checked(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_FD_READDIR, CASE_DIR, UINT32_MAX, 0, 0);
    case_commits(c);
    case_call(c, OPERATION_FD_READDIR, CASE_DIR, CASE_MEMORY - 63, 64, 0);
    case_traps(c, RULE_MEMORY_BOUNDS);
    case_call(c, OPERATION_FD_READDIR, CASE_DIR, 0, 64, UINT64_MAX);
    case_refuses(c, RULE_OFFSET_RANGE, WASI_INVAL);
    case_call(c, OPERATION_FD_READDIR, CASE_DIR, 0, 64, 9);
    case_issues(c, OP_SEEK_DIR);
    case_result(c, -WASI_INVAL);
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_INVAL);
    assert_int_equal(c->table.handle[CASE_DIR].position, HANDLE_POSITION_UNKNOWN);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(files_are_read_at_their_position),
        cmocka_unit_test(one_region_is_carried_itself),
        cmocka_unit_test(failed_write_moves_nothing),
        cmocka_unit_test(append_then_asks_for_the_end),
        cmocka_unit_test(failed_append_ends_the_plan),
        cmocka_unit_test(streams_have_no_offset),
        cmocka_unit_test(directories_have_no_content),
        cmocka_unit_test(vectors_lie_in_memory),
        cmocka_unit_test(vectors_have_limits),
        cmocka_unit_test(nothing_to_move_needs_no_op),
        cmocka_unit_test(offsets_end_at_int64_max),
        cmocka_unit_test(seeking_counts_in_the_table),
        cmocka_unit_test(the_end_is_asked_of_the_system),
        cmocka_unit_test(a_directory_is_moved_only_for_another_cookie),
        cmocka_unit_test(a_buffer_is_filled_until_the_directory_ends),
        cmocka_unit_test(a_plan_that_ends_too_early_is_an_error),
        cmocka_unit_test(directory_arguments_are_checked),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
