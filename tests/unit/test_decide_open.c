/* path_open: what is refused before any op, how the host's open follows from the rights, what becomes of what was
 * opened. */
#include "decide_case.h"

enum { EXT = 0xef53, PROC = 0x9fa0, SYSFS = 0x62656572 };

static struct decide_case *open_call(const char *path, uint64_t oflags, uint64_t rights)
{
    struct decide_case *c = case_new();
    case_call(c, OPERATION_PATH_OPEN, CASE_DIR, LOOKUP_SYMLINK_FOLLOW, 0, 0, oflags, rights, rights, 0);
    case_path(c, path);
    return c;
}

static void expect_flags(uint64_t oflags, uint64_t rights, uint32_t flags)
{
    struct decide_case *c = open_call("f", oflags, rights);
    assert_int_equal(case_issues(c, OP_OPEN)->flags, flags | OPEN_NONBLOCK);
}

static void access_follows_from_the_rights(void **state)
{
    (void)state;
    expect_flags(0, 0, OPEN_READ);
    expect_flags(0, R(FD_READ) | R(FD_SEEK), OPEN_READ);
    expect_flags(0, R(FD_WRITE), OPEN_WRITE);
    expect_flags(0, R(FD_ALLOCATE), OPEN_WRITE);
    expect_flags(0, R(FD_FILESTAT_SET_SIZE), OPEN_WRITE);
    expect_flags(0, R(FD_READ) | R(FD_WRITE), OPEN_READ | OPEN_WRITE);
    expect_flags(0, R(FD_READ) | R(FD_FILESTAT_SET_SIZE), OPEN_READ);
    expect_flags(OFLAG_DIRECTORY, RIGHTS_ALL, OPEN_READ | OPEN_WRITE | OPEN_DIRECTORY); /* ISDIR, says the system */
    expect_flags(OFLAG_DIRECTORY, R(FD_READDIR) | R(PATH_OPEN), OPEN_READ | OPEN_DIRECTORY);
    expect_flags(OFLAG_CREAT, R(FD_WRITE), OPEN_WRITE | OPEN_CREATE);
    expect_flags(OFLAG_CREAT | OFLAG_EXCL, R(FD_WRITE), OPEN_WRITE | OPEN_CREATE | OPEN_EXCLUSIVE);
    expect_flags(OFLAG_EXCL, R(FD_WRITE), OPEN_WRITE);
    expect_flags(OFLAG_TRUNC, R(FD_WRITE), OPEN_WRITE | OPEN_TRUNCATE);
}

static void manner_follows_from_the_flags(void **state)
{
    (void)state;
    struct decide_case *c = open_call("f", 0, R(FD_READ));
    c->request.slot[SLOT_PATH_OPEN_dirflags] = 0;
    c->request.slot[SLOT_PATH_OPEN_fdflags] = FDFLAG_APPEND | FDFLAG_DSYNC | FDFLAG_RSYNC;
    assert_int_equal(case_issues(c, OP_OPEN)->flags,
                     OPEN_READ | OPEN_NONBLOCK | OPEN_NOFOLLOW | OPEN_APPEND | OPEN_DSYNC | OPEN_SYNC);
}

/* PATH-17 (GHSA-2r75): truncating and creating are rights of the directory, however little else is asked for. */
static void a_read_only_grant_creates_and_truncates_nothing(void **state)
{
    (void)state;
    for (uint64_t oflags = OFLAG_CREAT; oflags <= OFLAG_TRUNC; oflags += OFLAG_TRUNC - OFLAG_CREAT) {
        struct decide_case *c = open_call("f", oflags, R(FD_READ));
        c->request.slot[SLOT_PATH_OPEN_fd] = CASE_DIR_READ;
        case_refuses(c, RULE_RIGHT_MISSING, WASI_NOTCAPABLE);
    }
    struct decide_case *c = open_call("f", 0, R(FD_WRITE));
    c->request.slot[SLOT_PATH_OPEN_fd] = CASE_DIR_READ;
    case_refuses(c, RULE_RIGHT_MISSING, WASI_NOTCAPABLE);
    c->request.slot[SLOT_PATH_OPEN_fs_rights_base] |= R(FD_READ);
    assert_int_equal(case_issues(c, OP_OPEN)->flags & (OPEN_READ | OPEN_WRITE), OPEN_READ);
}

/* What os.Root of Go does: below a directory that was opened for reading it truncates, by the right that this hands on;
 * without both rights, as the official suite drops them, nothing is truncated. */
static void truncating_follows_from_what_is_handed_on(void **state)
{
    (void)state;
    for (unsigned which = 0; which < 4; which++) {
        struct decide_case *c = open_call("f", OFLAG_TRUNC, R(FD_READ) | R(FD_WRITE));
        if (which & 1)
            c->table.handle[CASE_DIR].rights &= ~R(PATH_FILESTAT_SET_SIZE);
        if (which & 2)
            c->table.handle[CASE_DIR].inheriting &= ~R(FD_FILESTAT_SET_SIZE);
        if (which == 3)
            case_refuses(c, RULE_RIGHT_MISSING, WASI_NOTCAPABLE);
        else
            assert_true(case_issues(c, OP_OPEN)->flags & OPEN_TRUNCATE);
    }
}

static const struct handle *opened(struct decide_case *c, uint64_t type)
{
    case_issues(c, OP_OPEN);
    case_result(c, 0);
    case_issues(c, OP_STAT);
    case_result(c, 0)->stat.filetype = type;
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
    return &c->table.handle[CASE_FREE];
}

/* FD-05, and rights that do not exist: what the directory does not hand on is left out, one right at a time. */
static void rights_come_from_the_directory(void **state)
{
    (void)state;
    for (unsigned bit = 0; bit < 64; bit++) {
        uint64_t right = UINT64_C(1) << bit;
        for (uint64_t type = FILETYPE_DIRECTORY; type <= FILETYPE_REGULAR_FILE; type++) {
            struct decide_case *c = open_call("f", 0, UINT64_MAX);
            c->table.handle[CASE_DIR].inheriting = RIGHTS_ALL & ~right;
            const struct handle *handle = opened(c, type);
            assert_int_equal((handle->rights | handle->inheriting) & (right | ~RIGHTS_ALL), 0);
            assert_true(handle->rights & (right == R(FD_SYNC) ? R(FD_FILESTAT_GET) : R(FD_SYNC)));
        }
    }
}

/* What Go asks for to read a file or a directory, whatever the grant. */
static void a_fixed_set_of_rights_opens_a_read_only_grant(void **state)
{
    const uint64_t all = RIGHTS_ALL & ~(R(SOCK_SHUTDOWN) | R(SOCK_ACCEPT));
    const uint64_t base = all & ~(R(FD_DATASYNC) | R(FD_WRITE) | R(FD_ALLOCATE) | R(PATH_FILESTAT_SET_SIZE));
    (void)state;
    for (uint64_t type = FILETYPE_DIRECTORY; type <= FILETYPE_REGULAR_FILE; type++) {
        struct decide_case *c = open_call("f", 0, base);
        c->request.slot[SLOT_PATH_OPEN_fd] = CASE_DIR_READ;
        c->request.slot[SLOT_PATH_OPEN_fs_rights_inheriting] = all;
        const struct handle *handle = opened(c, type);
        assert_int_equal((handle->rights | handle->inheriting) & ~rights_read, 0);
        assert_true(handle->rights & (type == FILETYPE_DIRECTORY ? R(FD_READDIR) : R(FD_READ)));
        assert_int_equal(c->ops.op[0].flags & (OPEN_READ | OPEN_WRITE), OPEN_READ);
    }
}

/* MEM-15, PATH-18 */
static void flags_without_meaning_are_refused(void **state)
{
    static const struct {
        uint8_t slot;
        uint64_t value;
    } bad[] = {
        { SLOT_PATH_OPEN_dirflags, 2 },
        { SLOT_PATH_OPEN_dirflags, UINT32_MAX },
        { SLOT_PATH_OPEN_oflags, 16 },
        { SLOT_PATH_OPEN_oflags, 0x10001 },
        { SLOT_PATH_OPEN_fdflags, 32 },
        { SLOT_PATH_OPEN_fdflags, 0x10000 },
        { SLOT_PATH_OPEN_oflags, OFLAG_DIRECTORY | OFLAG_TRUNC },
        { SLOT_PATH_OPEN_oflags, OFLAG_DIRECTORY | OFLAG_CREAT },
    };
    (void)state;
    for (size_t i = 0; i < sizeof bad / sizeof *bad; i++) {
        struct decide_case *c = open_call("f", 0, R(FD_READ));
        c->request.slot[bad[i].slot] = bad[i].value;
        case_refuses(c, RULE_BAD_VALUE, WASI_INVAL);
    }
}

static void a_file_becomes_a_handle_with_what_was_asked_for(void **state)
{
    (void)state;
    struct decide_case *c = open_call("d/f", 0, R(FD_READ) | R(FD_SEEK) | R(PATH_OPEN));
    c->request.slot[SLOT_PATH_OPEN_fdflags] = FDFLAG_APPEND;
    const struct op *op = case_issues(c, OP_OPEN);
    assert_int_equal(op->handle, CASE_DIR);
    assert_int_equal(op->handle2, CASE_FREE);
    assert_int_equal(op->path.length, 3);
    case_result(c, 0);
    assert_int_equal(case_issues(c, OP_STAT)->handle, CASE_FREE);
    case_result(c, 0)->stat = (struct filestat) { .dev = 1, .ino = 2, .filetype = FILETYPE_REGULAR_FILE };
    assert_int_equal(case_issues(c, OP_FILE_SYSTEM)->handle, CASE_FREE);
    case_result(c, EXT);
    case_commits(c);
    c->table.handle[CASE_FREE].position = 77; /* left from another file */
    struct outcome outcome = case_outcome(c);
    const struct handle *handle = &c->table.handle[CASE_FREE];
    assert_int_equal(outcome.wasi_errno, WASI_SUCCESS);
    assert_int_equal(outcome.value[0], CASE_FREE);
    assert_true(handle->live);
    assert_false(handle->preopen);
    assert_int_equal(handle->rights, R(FD_READ) | R(FD_SEEK));
    assert_int_equal(handle->inheriting, 0);
    assert_int_equal(handle->position, 0);
    assert_int_equal(handle->dev, 1);
    assert_int_equal(handle->ino, 2);
    assert_int_equal(handle->fdflags, FDFLAG_APPEND);
    assert_int_equal(handle->type, FILETYPE_REGULAR_FILE);
}

static void a_directory_hands_on_less_and_less(void **state)
{
    (void)state;
    struct decide_case *c = open_call("d", OFLAG_DIRECTORY, RIGHTS_ALL);
    c->request.slot[SLOT_PATH_OPEN_fs_rights_inheriting] = R(FD_READ) | R(FD_WRITE);
    case_issues(c, OP_OPEN);
    case_result(c, 0);
    case_issues(c, OP_STAT);
    case_result(c, 0)->stat.filetype = FILETYPE_DIRECTORY;
    case_commits(c);
    (void)case_outcome(c);
    const struct handle *handle = &c->table.handle[CASE_FREE];
    assert_true(handle->rights & R(PATH_OPEN));
    assert_false(handle->rights & (R(FD_SEEK) | R(FD_READ) | R(FD_WRITE)));
    assert_int_equal(handle->inheriting, R(FD_READ) | R(FD_WRITE));
    case_call(c, OPERATION_PATH_OPEN, CASE_FREE, 0, 0, 0, 0, R(FD_READ) | R(FD_SYNC), 0, 0);
    case_path(c, "x");
    case_issues(c, OP_OPEN);
    case_result(c, 0);
    case_issues(c, OP_STAT);
    case_result(c, 0)->stat.filetype = FILETYPE_REGULAR_FILE;
    (void)case_outcome(c);
    assert_int_equal(c->table.handle[CASE_FREE + 1].rights, R(FD_READ));
}

/* PATH-10, PATH-11: devices, FIFOs and sockets are closed again. */
static void special_files_are_closed_and_refused(void **state)
{
    (void)state;
    for (uint64_t type = 0; type <= FILETYPE_SYMBOLIC_LINK; type++) {
        if (type == FILETYPE_DIRECTORY || type == FILETYPE_REGULAR_FILE)
            continue;
        struct decide_case *c = open_call("fifo", 0, R(FD_READ));
        case_issues(c, OP_OPEN);
        case_result(c, 0);
        case_issues(c, OP_STAT);
        case_result(c, 0)->stat.filetype = type;
        const struct op *op = case_issues(c, OP_CLOSE);
        assert_int_equal(op->handle, CASE_FREE);
        assert_int_equal(op->rule, RULE_PLAN_CLEANUP);
        case_result(c, 0);
        case_refuses(c, RULE_SPECIAL_FILE, WASI_NOTSUP);
        assert_false(c->table.handle[CASE_FREE].live);
    }
}

/* What lies on another device than its directory is asked for its file system. */
static void what_holds_no_data_is_closed_again(void **state)
{
    static const int64_t types[] = { PROC, SYSFS, 0, UINT32_MAX, INT64_MAX, -WASI_NOSYS };
    (void)state;
    for (size_t i = 0; i < sizeof types / sizeof *types; i++) {
        struct decide_case *c = open_call("proc/self/mem", OFLAG_TRUNC, R(FD_READ) | R(FD_WRITE));
        c->table.handle[CASE_DIR].dev = 7;
        case_issues(c, OP_OPEN);
        case_result(c, 0);
        case_issues(c, OP_STAT);
        case_result(c, 0)->stat = (struct filestat) { .dev = 8, .filetype = FILETYPE_REGULAR_FILE };
        assert_int_equal(case_issues(c, OP_FILE_SYSTEM)->handle, CASE_FREE);
        case_result(c, types[i]);
        assert_int_equal(case_issues(c, OP_CLOSE)->handle, CASE_FREE);
        case_result(c, 0);
        case_commits(c);
        struct outcome outcome = case_outcome(c);
        assert_int_equal(outcome.wasi_errno, types[i] < 0 ? -types[i] : WASI_NOTCAPABLE);
        assert_int_equal(outcome.rule, types[i] < 0 ? RULE_NONE : RULE_NO_DATA);
        assert_false(c->table.handle[CASE_FREE].live);
    }
}

static void doubt_is_handed_on(void **state)
{
    (void)state;
    for (int doubtful = 0; doubtful < 2; doubtful++) {
        struct decide_case *c = open_call("d", 0, R(PATH_OPEN));
        c->table.handle[CASE_DIR].doubtful = doubtful;
        c->table.handle[CASE_DIR].dev = 7;
        case_issues(c, OP_OPEN);
        case_result(c, 0);
        case_issues(c, OP_STAT);
        case_result(c, 0)->stat = (struct filestat) { .dev = 7, .filetype = FILETYPE_DIRECTORY };
        case_commits(c); /* the same device: nothing to ask */
        assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
        assert_int_equal(c->table.handle[CASE_FREE].doubtful, doubtful);
    }
}

/* The node that was listed, and no other. */
static void listed_devices_may_be_opened(void **state)
{
    (void)state;
    for (uint64_t ino = 20; ino < 24; ino++) {
        struct decide_case *c = open_call("dev/null", 0, R(FD_READ));
        c->context.device_count = 2;
        c->context.device[0].dev = c->context.device[1].dev = 5;
        c->context.device[0].ino = 21;
        c->context.device[1].ino = 22;
        c->table.handle[CASE_DIR].dev = 5;
        case_issues(c, OP_OPEN);
        case_result(c, 0);
        case_issues(c, OP_STAT);
        case_result(c, 0)->stat = (struct filestat) { .dev = 5, .ino = ino, .filetype = FILETYPE_CHARACTER_DEVICE };
        if (ino == 21 || ino == 22) {
            case_commits(c);
            assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
            assert_int_equal(c->table.handle[CASE_FREE].type, FILETYPE_CHARACTER_DEVICE);
        } else {
            case_issues(c, OP_CLOSE);
        }
    }
}

static void a_stat_that_fails_closes_and_tells(void **state)
{
    (void)state;
    struct decide_case *c = open_call("f", OFLAG_CREAT, R(FD_WRITE));
    case_issues(c, OP_OPEN);
    case_result(c, 0);
    case_issues(c, OP_STAT);
    case_result(c, -WASI_IO);
    case_issues(c, OP_CLOSE);
    case_result(c, -WASI_INTR);
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_IO);
    assert_false(c->table.handle[CASE_FREE].live);
}

static void leaving_the_tree_is_a_refusal(void **state)
{
    (void)state;
    struct decide_case *c = open_call("../x", 0, R(FD_READ));
    case_issues(c, OP_OPEN);
    case_result(c, -WASI_XDEV);
    case_refuses(c, RULE_PATH_ESCAPES, WASI_NOTCAPABLE);
    case_rewind(c)->value = -WASI_LOOP;
    case_commits(c);
    assert_int_equal(case_outcome(c).wasi_errno, WASI_LOOP);
}

/* RES-04; FD-02: the lowest number that is free. */
static void a_full_table_opens_nothing(void **state)
{
    (void)state;
    struct decide_case *c = open_call("f", OFLAG_CREAT, R(FD_WRITE));
    for (uint32_t fd = 0; fd < CASE_LIMIT; fd++)
        c->table.handle[fd].live = true;
    case_refuses(c, RULE_TABLE_FULL, WASI_MFILE);
    c->table.handle[CASE_LIMIT - 1].live = false;
    assert_int_equal(case_issues(c, OP_OPEN)->handle2, CASE_LIMIT - 1);
    c->table.handle[1].live = false;
    (void)case_rewind(c);
    assert_int_equal(case_issues(c, OP_OPEN)->handle2, 1);
}

/* The commit masks again by what the directory hands on, whatever was decided before. */
static void a_commit_hands_on_no_more_than_the_directory_does(void **state)
{
    (void)state;
    for (uint64_t type = FILETYPE_DIRECTORY; type <= FILETYPE_REGULAR_FILE; type++) {
        struct decide_case *c = open_call("f", 0, R(FD_READ) | R(FD_READDIR) | R(FD_SYNC));
        case_issues(c, OP_OPEN);
        case_result(c, 0);
        case_issues(c, OP_STAT);
        case_result(c, 0)->stat.filetype = type;
        case_commits(c);
        c->table.handle[CASE_DIR].inheriting = R(FD_SYNC);
        assert_int_equal(case_outcome(c).wasi_errno, WASI_SUCCESS);
        assert_int_equal(c->table.handle[CASE_FREE].rights, R(FD_SYNC));
        assert_int_equal(c->table.handle[CASE_FREE].inheriting & ~R(FD_SYNC), 0);
    }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(access_follows_from_the_rights),
        cmocka_unit_test(manner_follows_from_the_flags),
        cmocka_unit_test(a_read_only_grant_creates_and_truncates_nothing),
        cmocka_unit_test(truncating_follows_from_what_is_handed_on),
        cmocka_unit_test(rights_come_from_the_directory),
        cmocka_unit_test(a_fixed_set_of_rights_opens_a_read_only_grant),
        cmocka_unit_test(flags_without_meaning_are_refused),
        cmocka_unit_test(a_file_becomes_a_handle_with_what_was_asked_for),
        cmocka_unit_test(a_directory_hands_on_less_and_less),
        cmocka_unit_test(special_files_are_closed_and_refused),
        cmocka_unit_test(what_holds_no_data_is_closed_again),
        cmocka_unit_test(doubt_is_handed_on),
        cmocka_unit_test(listed_devices_may_be_opened),
        cmocka_unit_test(a_stat_that_fails_closes_and_tells),
        cmocka_unit_test(leaving_the_tree_is_a_refusal),
        cmocka_unit_test(a_full_table_opens_nothing),
        cmocka_unit_test(a_commit_hands_on_no_more_than_the_directory_does),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
