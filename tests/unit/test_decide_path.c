/* Calls on names: what a path may be, and that nothing but openat2 ever gets more than one component. */
#include <string.h>
#include "decide_case.h"

/* The calls on one path, the op they end in. */
static const struct {
    enum operation call;
    enum op_kind kind;
} calls[] = {
    { OPERATION_PATH_CREATE_DIRECTORY, OP_MAKE_DIR },
    { OPERATION_PATH_REMOVE_DIRECTORY, OP_REMOVE_DIR },
    { OPERATION_PATH_UNLINK_FILE, OP_UNLINK },
    { OPERATION_PATH_READLINK, OP_READ_LINK },
    { OPERATION_PATH_SYMLINK, OP_MAKE_LINK },
    { OPERATION_PATH_FILESTAT_GET, OP_STAT_AT },
    { OPERATION_PATH_FILESTAT_SET_TIMES, OP_SET_TIMES_AT },
    { OPERATION_PATH_OPEN, OP_OPEN },
};
enum { CALLS = sizeof calls / sizeof *calls };

static struct decide_case *path_call_bytes(size_t i, const char *path, size_t length)
{
    struct decide_case *c = case_new();
    case_call(c, calls[i].call, CASE_DIR);
    if (calls[i].call == OPERATION_PATH_SYMLINK) {
        c->request.slot[SLOT_PATH_SYMLINK_fd] = CASE_DIR;
        case_path(c, "target");
    }
    if (calls[i].call == OPERATION_PATH_READLINK)
        c->request.slot[SLOT_PATH_READLINK_buf_len] = 64;
    case_string(c, path, length);
    return c;
}

static struct decide_case *path_call(size_t i, const char *path) { return path_call_bytes(i, path, strlen(path)); }

static void assert_path(const struct decide_case *c, struct region path, const char *expected)
{
    assert_int_equal(path.length, strlen(expected));
    assert_memory_equal(c->request.bytes + path.offset, expected, path.length);
}

/* PATH-02, PATH-03, PATH-04 */
static void bad_texts_are_refused_without_op(void **state)
{
    static char longest[LIMIT_PATH + 1];
    memset(longest, 'x', sizeof longest);
    (void)state;
    for (size_t i = 0; i < CALLS; i++) {
        case_refuses(path_call(i, ""), RULE_PATH_EMPTY, WASI_NOENT);
        case_refuses(path_call(i, "/"), RULE_PATH_ABSOLUTE, WASI_NOTCAPABLE);
        case_refuses(path_call(i, "/etc/passwd"), RULE_PATH_ABSOLUTE, WASI_NOTCAPABLE);
        case_refuses(path_call(i, "//x"), RULE_PATH_ABSOLUTE, WASI_NOTCAPABLE);
        case_refuses(path_call_bytes(i, "a\0b", 3), RULE_PATH_NUL, WASI_ILSEQ);
        case_refuses(path_call_bytes(i, "\0", 1), RULE_PATH_NUL, WASI_ILSEQ);
        case_refuses(path_call_bytes(i, "ab\0", 3), RULE_PATH_NUL, WASI_ILSEQ);
        (void)case_issues(path_call_bytes(i, longest, LIMIT_PATH), calls[i].kind);
        struct decide_case *c = path_call(i, "x");
        c->request.string[c->request.string_count - 1].length = LIMIT_PATH + 1;
        case_refuses(c, RULE_PATH_LONG, WASI_NAMETOOLONG);
    }
}

static void one_component_is_done_on_the_handle(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALLS; i++) {
        if (calls[i].call == OPERATION_PATH_OPEN)
            continue;
        struct decide_case *c = path_call(i, "name");
        const struct op *op = case_issues(c, calls[i].kind);
        assert_int_equal(op->handle, CASE_DIR);
        assert_path(c, op->path, "name");
        case_result(c, 0)->stat.filetype = FILETYPE_REGULAR_FILE;
        case_commits(c);
    }
}

/* PATH-13: the parent is opened beneath the handle, to be named only; the op gets the last component alone. */
static void parents_are_opened_and_closed(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALLS; i++) {
        if (calls[i].call == OPERATION_PATH_OPEN || calls[i].call == OPERATION_PATH_FILESTAT_GET)
            continue;
        struct decide_case *c = path_call(i, "a/../b//name");
        const struct op *op = case_issues(c, OP_OPEN);
        assert_int_equal(op->handle, CASE_DIR);
        assert_int_equal(op->handle2, HANDLE_SCRATCH);
        assert_int_equal(op->flags, OPEN_PATH_ONLY | OPEN_DIRECTORY);
        assert_path(c, op->path, "a/../b");
        case_result(c, 0);
        op = case_issues(c, calls[i].kind);
        assert_int_equal(op->handle, HANDLE_SCRATCH);
        assert_path(c, op->path, "name");
        case_result(c, -WASI_NOTEMPTY);
        op = case_issues(c, OP_CLOSE);
        assert_int_equal(op->handle, HANDLE_SCRATCH);
        case_result(c, 0);
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_NOTEMPTY);
    }
}

static void parents_that_fail_end_the_plan(void **state)
{
    (void)state;
    for (size_t i = 0; i < CALLS; i++) {
        struct decide_case *c = path_call(i, "a/name");
        case_issues(c, OP_OPEN);
        case_result(c, -WASI_NOENT);
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_NOENT);
        case_rewind(c)->value = -WASI_XDEV;
        case_refuses(c, RULE_PATH_ESCAPES, WASI_NOTCAPABLE);
    }
}

/* PATH-01, PATH-15: what ends in dots has no name that could be made or removed. */
static void dots_are_no_names(void **state)
{
    static const char *const paths[] = { ".", "..", "a/.", "a/..", "../", "./", "a/..//" };
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++)
        for (size_t call = 0; call < 5; call++)
            case_refuses(path_call(call, paths[i]), RULE_PATH_LAST,
                         calls[call].call == OPERATION_PATH_CREATE_DIRECTORY ||
                                 calls[call].call == OPERATION_PATH_SYMLINK
                             ? WASI_EXIST
                         : calls[call].call == OPERATION_PATH_UNLINK_FILE ? WASI_ISDIR
                                                                          : WASI_INVAL);
    (void)case_issues(path_call(0, "..."), OP_MAKE_DIR);
    (void)case_issues(path_call(0, ".a"), OP_MAKE_DIR);
}

/* PATH-05 */
static void slashes_at_the_end(void **state)
{
    (void)state;
    struct decide_case *c = path_call(0, "d//");
    assert_path(c, case_issues(c, OP_MAKE_DIR)->path, "d");
    c = path_call(1, "d/");
    assert_path(c, case_issues(c, OP_REMOVE_DIR)->path, "d");
    case_refuses(path_call(3, "l/"), RULE_PATH_LAST, WASI_NOTDIR);
    case_refuses(path_call(4, "l/"), RULE_PATH_LAST, WASI_NOENT);
}

static void unlink_with_a_slash_never_unlinks(void **state)
{
    (void)state;
    struct decide_case *c = path_call(2, "x/");
    const struct op *op = case_issues(c, OP_OPEN);
    assert_int_equal(op->flags, OPEN_PATH_ONLY | OPEN_DIRECTORY);
    assert_path(c, op->path, "x/");
    case_result(c, -WASI_NOTDIR);
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_NOTDIR);
    case_rewind(c)->value = 0;
    case_issues(c, OP_STAT);
    case_result(c, 0);
    case_issues(c, OP_CLOSE);
    case_result(c, 0);
    case_refuses(c, RULE_IS_DIRECTORY, WASI_ISDIR);
}

/* PATH-09 */
static void link_targets_are_kept_unless_absolute(void **state)
{
    (void)state;
    struct decide_case *c = case_new();
    case_call(c, OPERATION_PATH_SYMLINK, 0, 0, CASE_DIR);
    case_path(c, "../../x/");
    case_path(c, "link");
    const struct op *op = case_issues(c, OP_MAKE_LINK);
    assert_path(c, op->path2, "../../x/");
    assert_path(c, op->path, "link");
    (void)case_rewind(c);
    c->request.bytes[0] = '/';
    case_refuses(c, RULE_LINK_TARGET, WASI_NOTCAPABLE);
    c->request.bytes[0] = 0;
    case_refuses(c, RULE_PATH_NUL, WASI_ILSEQ);
    c->request.string[0].length = 0;
    case_refuses(c, RULE_PATH_EMPTY, WASI_NOENT);
}

/* MEM-13: the buffer bounds what the system may write. */
static void readlink_writes_its_buffer_only(void **state)
{
    (void)state;
    struct decide_case *c = path_call(3, "l");
    c->request.slot[SLOT_PATH_READLINK_buf] = CASE_MEMORY - 64;
    const struct op *op = case_issues(c, OP_READ_LINK);
    assert_int_equal(op->mem.offset, CASE_MEMORY - 64);
    assert_int_equal(op->mem.length, 64);
    case_result(c, 6);
    case_commits(c);
    assert_int_equal(case_outcome(c).value[0], 6);
    c = path_call(3, "l");
    c->request.slot[SLOT_PATH_READLINK_buf] = CASE_MEMORY - 63;
    case_traps(c, RULE_MEMORY_BOUNDS);
    c->request.slot[SLOT_PATH_READLINK_buf_len] = 0;
    case_commits(c);
    assert_int_equal(case_outcome(c).value[0], 0);
}

static void stat_opens_only_links_that_are_followed(void **state)
{
    (void)state;
    for (uint64_t follow = 0; follow <= LOOKUP_SYMLINK_FOLLOW; follow++) {
        struct decide_case *c = path_call(5, "l");
        c->request.slot[SLOT_PATH_FILESTAT_GET_flags] = follow;
        case_issues(c, OP_STAT_AT);
        case_result(c, 0)->stat.filetype = FILETYPE_SYMBOLIC_LINK;
        if (!follow) {
            case_commits(c);
            continue;
        }
        assert_int_equal(case_issues(c, OP_OPEN)->flags, OPEN_PATH_ONLY);
        case_result(c, 0);
        assert_int_equal(case_issues(c, OP_STAT)->handle, HANDLE_SCRATCH);
        case_result(c, 0)->stat.size = 9;
        case_issues(c, OP_CLOSE);
        case_result(c, 0);
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
    }
}

static void stat_of_more_opens_the_whole_path(void **state)
{
    static const struct {
        const char *path;
        uint32_t flags;
    } paths[] = {
        { "a/b", OPEN_PATH_ONLY | OPEN_NOFOLLOW },
        { ".", OPEN_PATH_ONLY | OPEN_NOFOLLOW },
        { "..", OPEN_PATH_ONLY | OPEN_NOFOLLOW },
        { "a/", OPEN_PATH_ONLY | OPEN_NOFOLLOW | OPEN_DIRECTORY },
    };
    (void)state;
    for (size_t i = 0; i < sizeof paths / sizeof *paths; i++) {
        struct decide_case *c = path_call(5, paths[i].path);
        assert_int_equal(case_issues(c, OP_OPEN)->flags, paths[i].flags);
        assert_path(c, c->op.path, paths[i].path);
        case_result(c, 0);
        case_issues(c, OP_STAT);
        case_result(c, -WASI_IO);
        case_issues(c, OP_CLOSE);
        case_result(c, 0);
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_IO);
    }
}

/* PATH-16 */
static void times_are_given_or_now(void **state)
{
    (void)state;
    struct decide_case *c = path_call(6, "f");
    c->request.slot[SLOT_PATH_FILESTAT_SET_TIMES_atim] = 11;
    c->request.slot[SLOT_PATH_FILESTAT_SET_TIMES_mtim] = UINT64_MAX;
    c->request.slot[SLOT_PATH_FILESTAT_SET_TIMES_fst_flags] = FST_ATIM | FST_MTIM;
    const struct op *op = case_issues(c, OP_SET_TIMES_AT);
    assert_int_equal(op->offset, 11);
    assert_int_equal(op->value, UINT64_MAX);
    assert_int_equal(op->flags, FST_ATIM | FST_MTIM);
    for (uint64_t flags = 0; flags < 64; flags++) {
        (void)case_rewind(c);
        c->request.slot[SLOT_PATH_FILESTAT_SET_TIMES_fst_flags] = flags;
        if (flags >= 16 || (flags & 3) == 3 || (flags & 12) == 12)
            case_refuses(c, RULE_BAD_VALUE, WASI_INVAL);
        else
            case_issues(c, OP_SET_TIMES_AT);
    }
    (void)case_rewind(c);
    c->request.slot[SLOT_PATH_FILESTAT_SET_TIMES_fst_flags] = FST_MTIM_NOW;
    c->request.slot[SLOT_PATH_FILESTAT_SET_TIMES_flags] = LOOKUP_SYMLINK_FOLLOW;
    assert_int_equal(case_issues(c, OP_OPEN)->flags, OPEN_PATH_ONLY);
    case_result(c, 0);
    assert_int_equal(case_issues(c, OP_SET_TIMES)->flags, FST_MTIM_NOW);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(bad_texts_are_refused_without_op),
        cmocka_unit_test(one_component_is_done_on_the_handle),
        cmocka_unit_test(parents_are_opened_and_closed),
        cmocka_unit_test(parents_that_fail_end_the_plan),
        cmocka_unit_test(dots_are_no_names),
        cmocka_unit_test(slashes_at_the_end),
        cmocka_unit_test(unlink_with_a_slash_never_unlinks),
        cmocka_unit_test(link_targets_are_kept_unless_absolute),
        cmocka_unit_test(readlink_writes_its_buffer_only),
        cmocka_unit_test(stat_opens_only_links_that_are_followed),
        cmocka_unit_test(stat_of_more_opens_the_whole_path),
        cmocka_unit_test(times_are_given_or_now),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
