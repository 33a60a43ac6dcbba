/* path_rename and path_link: which directories are opened for two names, in which order they are closed, what is looked
 * at before, and that no name leads to where the object has other rights. */
#include <string.h>
#include "decide_case.h"

enum { OTHER = CASE_FREE }; /* a second directory, as CASE_DIR but where a test says otherwise */

static void assert_path(const struct decide_case *c, struct region path, const char *text)
{
    assert_int_equal(path.length, strlen(text));
    assert_memory_equal(c->request.bytes + path.offset, text, path.length);
}

static struct decide_case *pair_call(enum operation call, const char *from, const char *to)
{
    struct decide_case *c = case_new();
    c->table.handle[OTHER] = c->table.handle[CASE_DIR];
    if (call == OPERATION_PATH_RENAME)
        case_call(c, OPERATION_PATH_RENAME, CASE_DIR, 0, 0, OTHER);
    else
        case_call(c, OPERATION_PATH_LINK, CASE_DIR, 0, 0, 0, OTHER);
    case_path(c, from);
    case_path(c, to);
    return c;
}

static const enum operation both[] = { OPERATION_PATH_RENAME, OPERATION_PATH_LINK };
static const enum op_kind act[] = { OP_RENAME, OP_LINK };

static void closes(struct decide_case *c, uint32_t handle)
{
    assert_int_equal(case_issues(c, OP_CLOSE)->handle, handle);
    case_result(c, 0);
}

static void opens(struct decide_case *c, uint32_t handle, uint32_t slot, const char *path, uint32_t flags)
{
    const struct op *op = case_issues(c, OP_OPEN);
    assert_int_equal(op->handle, handle);
    assert_int_equal(op->handle2, slot);
    assert_int_equal(op->flags, flags);
    assert_path(c, op->path, path);
    case_result(c, 0);
}

static void acts(struct decide_case *c, enum op_kind kind, uint32_t handle, const char *name, uint32_t handle2,
                 const char *name2)
{
    const struct op *op = case_issues(c, kind);
    assert_int_equal(op->handle, handle);
    assert_int_equal(op->handle2, handle2);
    assert_path(c, op->path, name);
    assert_path(c, op->path2, name2);
}

static void names_alone_take_one_op(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct decide_case *c = pair_call(both[i], "a", "b");
        acts(c, act[i], CASE_DIR, "a", OTHER, "b");
        case_result(c, -WASI_XDEV);
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_XDEV);
    }
}

static void each_parent_is_opened_beneath_its_own_directory(void **state)
{
    const uint32_t parent = OPEN_PATH_ONLY | OPEN_DIRECTORY;
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct decide_case *c = pair_call(both[i], "x/a", "y//z/b");
        opens(c, CASE_DIR, HANDLE_SCRATCH, "x", parent);
        opens(c, OTHER, HANDLE_SCRATCH2, "y//z", parent);
        acts(c, act[i], HANDLE_SCRATCH, "a", HANDLE_SCRATCH2, "b");
        case_result(c, -WASI_EXIST);
        closes(c, HANDLE_SCRATCH2);
        closes(c, HANDLE_SCRATCH);
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_EXIST);

        c = pair_call(both[i], "a", "y/b");
        opens(c, OTHER, HANDLE_SCRATCH2, "y", parent);
        acts(c, act[i], CASE_DIR, "a", HANDLE_SCRATCH2, "b");
        case_result(c, 0);
        closes(c, HANDLE_SCRATCH2);
        case_commits(c);

        c = pair_call(both[i], "x/a", "b");
        opens(c, CASE_DIR, HANDLE_SCRATCH, "x", parent);
        acts(c, act[i], HANDLE_SCRATCH, "a", OTHER, "b");
        case_result(c, 0);
        closes(c, HANDLE_SCRATCH);
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
    }
}

/* PATH-01, and what was opened before is closed. */
static void a_parent_that_fails_leaves_nothing_open(void **state)
{
    (void)state;
    struct decide_case *c = pair_call(OPERATION_PATH_RENAME, "x/a", "../b");
    case_issues(c, OP_OPEN);
    case_result(c, -WASI_NOENT);
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_NOENT);
    case_rewind(c)->value = -WASI_XDEV;
    case_refuses(c, RULE_PATH_ESCAPES, WASI_NOTCAPABLE);
    case_rewind(c)->value = 0;
    case_issues(c, OP_OPEN);
    case_result(c, -WASI_ACCES);
    closes(c, HANDLE_SCRATCH);
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_ACCES);

    c = pair_call(OPERATION_PATH_LINK, "x/a", "../b");
    case_issues(c, OP_OPEN);
    case_result(c, 0);
    case_issues(c, OP_OPEN);
    case_result(c, -WASI_XDEV);
    closes(c, HANDLE_SCRATCH);
    case_refuses(c, RULE_PATH_ESCAPES, WASI_NOTCAPABLE);
}

/* A file system that holds no data, beneath either grant. */
static void doubtful_parents_are_asked_for_their_file_system(void **state)
{
    enum { EXT4 = 0xef53, PROC = 0x9fa0 };
    (void)state;
    for (int second = 0; second < 2; second++) {
        struct decide_case *c = pair_call(OPERATION_PATH_LINK, "x/a", "y/b");
        c->table.handle[CASE_DIR].doubtful = true;
        c->table.handle[OTHER].doubtful = true;
        case_issues(c, OP_OPEN);
        case_result(c, 0);
        assert_int_equal(case_issues(c, OP_FILE_SYSTEM)->handle, HANDLE_SCRATCH);
        case_result(c, second ? EXT4 : PROC);
        if (second) {
            case_issues(c, OP_OPEN);
            case_result(c, 0);
            assert_int_equal(case_issues(c, OP_FILE_SYSTEM)->handle, HANDLE_SCRATCH2);
            case_result(c, PROC);
            closes(c, HANDLE_SCRATCH2);
        }
        closes(c, HANDLE_SCRATCH);
        case_refuses(c, RULE_NO_DATA, WASI_NOTCAPABLE);
    }
}

/* PATH-15 */
static void a_slash_asks_for_a_directory(void **state)
{
    static const char *const names[][2] = { { "a/", "b" }, { "a", "b//" }, { "a//", "b/" } };
    const uint32_t look = OPEN_PATH_ONLY | OPEN_NOFOLLOW | OPEN_DIRECTORY;
    (void)state;
    for (size_t i = 0; i < 3; i++) {
        struct decide_case *c = pair_call(OPERATION_PATH_RENAME, names[i][0], names[i][1]);
        opens(c, CASE_DIR, HANDLE_SCRATCH2, "a", look);
        closes(c, HANDLE_SCRATCH2);
        acts(c, OP_RENAME, CASE_DIR, "a", OTHER, "b");
        case_result(c, 0);
        case_commits(c);
        c = pair_call(OPERATION_PATH_RENAME, names[i][0], names[i][1]);
        case_issues(c, OP_OPEN);
        case_result(c, -WASI_NOTDIR);
        case_commits(c);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_NOTDIR);
    }
    struct decide_case *c = pair_call(OPERATION_PATH_LINK, "a", "b/");
    case_refuses(c, RULE_PATH_LAST, WASI_NOENT);
}

static void dots_are_no_names(void **state)
{
    static const char *const dots[] = { ".", "..", "x/.", "x/..", "x/../", "./" };
    (void)state;
    for (size_t i = 0; i < sizeof dots / sizeof *dots; i++) {
        struct decide_case *c = pair_call(OPERATION_PATH_RENAME, dots[i], "b");
        case_refuses(c, RULE_PATH_LAST, WASI_INVAL);
        c = pair_call(OPERATION_PATH_RENAME, "a", dots[i]);
        case_refuses(c, RULE_PATH_LAST, WASI_INVAL);
        c = pair_call(OPERATION_PATH_LINK, dots[i], "b");
        case_refuses(c, RULE_LINK_DIRECTORY, WASI_PERM);
        c = pair_call(OPERATION_PATH_LINK, "a", dots[i]);
        case_refuses(c, RULE_PATH_LAST, WASI_EXIST);
    }
}

/* PATH-14 */
static void a_link_of_what_is_followed_is_looked_at(void **state)
{
    static const struct {
        uint8_t type;
        enum rule rule;
        enum wasi_errno wasi_errno;
    } found[] = { { FILETYPE_SYMBOLIC_LINK, RULE_LINK_FOLLOWED, WASI_INVAL },
                  { FILETYPE_DIRECTORY, RULE_LINK_DIRECTORY, WASI_PERM },
                  { FILETYPE_REGULAR_FILE, RULE_NONE, WASI_SUCCESS } };
    (void)state;
    for (size_t i = 0; i < sizeof found / sizeof *found; i++) {
        struct decide_case *c = pair_call(OPERATION_PATH_LINK, "a", "b");
        c->request.slot[SLOT_PATH_LINK_old_flags] = LOOKUP_SYMLINK_FOLLOW;
        opens(c, CASE_DIR, HANDLE_SCRATCH2, "a", OPEN_PATH_ONLY | OPEN_NOFOLLOW);
        assert_int_equal(case_issues(c, OP_STAT)->handle, HANDLE_SCRATCH2);
        case_result(c, 0)->stat.filetype = found[i].type;
        closes(c, HANDLE_SCRATCH2);
        if (found[i].rule != RULE_NONE) {
            case_refuses(c, found[i].rule, found[i].wasi_errno);
            continue;
        }
        acts(c, OP_LINK, CASE_DIR, "a", OTHER, "b");
        case_result(c, 0);
        case_commits(c);
    }
    struct decide_case *c = pair_call(OPERATION_PATH_LINK, "a", "b");
    c->request.slot[SLOT_PATH_LINK_old_flags] = 2;
    case_refuses(c, RULE_BAD_VALUE, WASI_INVAL);
}

/* GHSA-4ch3-9j33-3pmj. A link may lead to where less may be done; a rename to where as much may be. */
static void no_name_leads_to_other_rights(void **state)
{
    const uint64_t names = R(PATH_LINK_SOURCE) | R(PATH_LINK_TARGET) | R(PATH_RENAME_SOURCE) | R(PATH_RENAME_TARGET);
    (void)state;
    for (size_t i = 0; i < 2; i++)
        for (unsigned bit = 0; bit < RIGHT_BIT_COUNT; bit++)
            for (int where = 0; where < 4; where++) {
                struct decide_case *c = pair_call(both[i], "a", "b");
                uint64_t right = UINT64_C(1) << bit, opening = R(PATH_OPEN);
                struct handle *less = &c->table.handle[where & 1 ? OTHER : CASE_DIR];
                uint64_t before = less->inheriting;
                if (where & 2) /* of what its own rights are, where they are all that counts */
                    c->table.handle[OTHER].rights = c->table.handle[CASE_DIR].rights &= ~opening;
                if (where & 2)
                    less->rights &= ~(right & ~names);
                else
                    less->inheriting &= ~right;
                bool differs = where & 2 ? c->table.handle[OTHER].rights != c->table.handle[CASE_DIR].rights
                                         : less->inheriting != before;
                if (differs && (both[i] == OPERATION_PATH_RENAME || !(where & 1)))
                    case_refuses(c, RULE_RIGHTS_DIFFER, WASI_NOTCAPABLE);
                else
                    acts(c, act[i], CASE_DIR, "a", OTHER, "b");
            }
}

/* What a directory may do by opening itself again is no other right: programs open directories with less than they hand
 * on. */
static void less_that_opening_brings_back_is_no_difference(void **state)
{
    (void)state;
    for (size_t i = 0; i < 2; i++) {
        struct decide_case *c = pair_call(both[i], "a", "b");
        c->table.handle[CASE_DIR].rights &= ~R(PATH_FILESTAT_SET_SIZE);
        acts(c, act[i], CASE_DIR, "a", OTHER, "b");
    }
}

static void the_second_directory_is_checked_too(void **state)
{
    static const uint64_t dead[] = { CASE_FREE + 1, LIMIT_HANDLES, HANDLE_SCRATCH, HANDLE_SCRATCH2, UINT64_MAX };
    (void)state;
    for (size_t i = 0; i < sizeof dead / sizeof *dead; i++) {
        struct decide_case *c = pair_call(OPERATION_PATH_RENAME, "a", "b");
        c->request.slot[SLOT_PATH_RENAME_new_fd] = dead[i];
        case_refuses(c, RULE_BAD_DESCRIPTOR, WASI_BADF);
    }
    struct decide_case *c = pair_call(OPERATION_PATH_LINK, "a", "b");
    c->request.slot[SLOT_PATH_LINK_new_fd] = CASE_FILE;
    case_refuses(c, RULE_NOT_DIRECTORY, WASI_NOTDIR);
    c = pair_call(OPERATION_PATH_LINK, "a", "/b");
    case_refuses(c, RULE_PATH_ABSOLUTE, WASI_NOTCAPABLE);
    c = pair_call(OPERATION_PATH_LINK, "a", "");
    case_refuses(c, RULE_PATH_EMPTY, WASI_NOENT);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(names_alone_take_one_op),
        cmocka_unit_test(each_parent_is_opened_beneath_its_own_directory),
        cmocka_unit_test(a_parent_that_fails_leaves_nothing_open),
        cmocka_unit_test(doubtful_parents_are_asked_for_their_file_system),
        cmocka_unit_test(a_slash_asks_for_a_directory),
        cmocka_unit_test(dots_are_no_names),
        cmocka_unit_test(a_link_of_what_is_followed_is_looked_at),
        cmocka_unit_test(no_name_leads_to_other_rights),
        cmocka_unit_test(less_that_opening_brings_back_is_no_difference),
        cmocka_unit_test(the_second_directory_is_checked_too),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
