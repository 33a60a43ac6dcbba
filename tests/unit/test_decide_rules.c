/* Rules that hold for every hostcall alike: what is not offered, dead descriptors, missing rights, faults of the
 * copying; and that no plan ever leaves its row of operations.def, whatever the guest asks and the system answers. */
#include <string.h>
#include "decide_case.h"

static const uint64_t none[OPERATION_SLOTS_MAX];

static bool is_built(uint32_t call) { return abi_operations[call].state == OPERATION_STATE_BUILT; }

static uint8_t handle_slot(uint32_t call) { return abi_operations[call].handle_slot; }
static bool has_handle(uint32_t call) { return handle_slot(call) != SLOT_NONE; }

static bool wants_directory(uint32_t call)
{
    return strncmp(abi_operations[call].name, "path_", 5) == 0 || call == OPERATION_FD_READDIR;
}

static bool has_two_names(uint32_t call) { return call == OPERATION_PATH_RENAME || call == OPERATION_PATH_LINK; }

static uint8_t second_slot(uint32_t call)
{
    return call == OPERATION_PATH_RENAME ? (uint8_t)SLOT_PATH_RENAME_new_fd : (uint8_t)SLOT_PATH_LINK_new_fd;
}

static uint64_t second_right(uint32_t call)
{
    return call == OPERATION_PATH_RENAME ? R(PATH_RENAME_TARGET)
           : call == OPERATION_PATH_LINK ? R(PATH_LINK_TARGET)
                                         : 0;
}

/* A call whose arguments are all in order. */
static struct decide_case *good_call(uint32_t call)
{
    struct decide_case *c = case_new();
    case_call_slots(c, (enum operation)call, none);
    if (has_handle(call))
        c->request.slot[handle_slot(call)] =
            wants_directory(call) || call == OPERATION_FD_PRESTAT_GET || call == OPERATION_FD_PRESTAT_DIR_NAME
                ? CASE_DIR
                : CASE_FILE;
    if (call == OPERATION_SOCK_ACCEPT)
        c->request.slot[SLOT_SOCK_ACCEPT_fd] = CASE_LISTENER;
    else if (call == OPERATION_SOCK_BIND || call == OPERATION_SOCK_CONNECT || call == OPERATION_SOCK_LISTEN)
        c->request.slot[SLOT_FIRST] = CASE_SOCKET;
    else if (strncmp(abi_operations[call].name, "sock_", 5) == 0 && has_handle(call))
        c->request.slot[SLOT_FIRST] = CASE_PEER;
    if (call == OPERATION_SOCK_SHUTDOWN)
        c->request.slot[SLOT_SOCK_SHUTDOWN_how] = 3;
    if (call == OPERATION_SOCK_OPEN)
        c->request.slot[SLOT_SOCK_OPEN_family] = NET_V4;
    if (call == OPERATION_SOCK_LOCAL_ADDRESS || call == OPERATION_SOCK_PEER_ADDRESS)
        c->request.slot[SLOT_SOCK_LOCAL_ADDRESS_address_len] = 24;
    if (call == OPERATION_SOCK_GET_OPTION)
        c->request.import = IMPORT_WAMR_SOCK_GET_KEEP_ALIVE;
    if (call == OPERATION_SOCK_SET_OPTION)
        c->request.import = IMPORT_WAMR_SOCK_SET_KEEP_ALIVE;
    if (call == OPERATION_SOCK_RESOLVE) {
        c->request.import = IMPORT_WAMR_SOCK_ADDR_RESOLVE;
        c->context.name_count = 1;
        c->context.name[0].length = 4;
        memcpy(c->context.name[0].bytes, "name", 4);
    }
    case_address(c, 10, 1, 2, 3, 80);
    if (call == OPERATION_FD_PRESTAT_DIR_NAME)
        c->request.slot[SLOT_FD_PRESTAT_DIR_NAME_path_len] = 64;
    if (call == OPERATION_FD_READDIR)
        c->request.slot[SLOT_FD_READDIR_buf_len] = 64;
    if (call == OPERATION_PATH_READLINK)
        c->request.slot[SLOT_PATH_READLINK_buf_len] = 64;
    if (call == OPERATION_PATH_SYMLINK || has_two_names(call))
        case_path(c, "target");
    if (has_two_names(call))
        c->request.slot[second_slot(call)] = CASE_DIR;
    if (call == OPERATION_POLL_ONEOFF)
        c->request.slot[SLOT_POLL_ONEOFF_nsubscriptions] = 1;
    case_path(c, "name");
    case_iov(c, 0, 8);
    return c;
}

static void good_calls_are_accepted(void **state)
{
    (void)state;
    for (uint32_t call = 0; call < OPERATION_COUNT; call++)
        if (is_built(call))
            assert_int_not_equal(case_step(good_call(call)).verdict, VERDICT_REFUSE);
}

static void absent_calls_are_refused_with_and_without_fault(void **state)
{
    (void)state;
    for (uint32_t call = 0; call <= OPERATION_COUNT; call++) {
        if (call < OPERATION_COUNT && is_built(call))
            continue;
        struct decide_case *c = case_new();
        case_call_slots(c, (enum operation)call, none);
        case_refuses(c, RULE_NOT_BUILT, WASI_NOSYS);
        c->request.fault = FAULT_BOUNDS;
        case_refuses(c, RULE_NOT_BUILT, WASI_NOSYS);
    }
}

static void faults_refuse_before_all_else(void **state)
{
    (void)state;
    for (uint32_t call = 0; call < OPERATION_COUNT; call++) {
        if (!is_built(call))
            continue;
        struct decide_case *c = good_call(call);
        c->request.fault = FAULT_BOUNDS;
        case_traps(c, RULE_MEMORY_BOUNDS);
        c->request.fault = FAULT_ALIGNMENT;
        case_traps(c, RULE_MISALIGNED);
        c->request.fault = FAULT_TOO_MANY;
        case_refuses(c, RULE_TOO_MANY, WASI_INVAL);
        c->request.fault = FAULT_PATH_LONG;
        case_refuses(c, RULE_PATH_LONG, WASI_NAMETOOLONG);
    }
}

/* PATH-19: closed, far out, negative, and larger than any i32 (a trace could say so). */
static void dead_descriptors_are_refused(void **state)
{
    static const uint64_t dead[] = { CASE_FREE, CASE_LIMIT,        LIMIT_HANDLES, HANDLE_SCRATCH,    HANDLES_TOTAL,
                                     INT32_MAX, UINT64_C(1) << 31, UINT32_MAX,    UINT64_C(1) << 32, UINT64_MAX };
    (void)state;
    for (uint32_t call = 0; call < OPERATION_COUNT; call++)
        for (size_t i = 0; is_built(call) && has_handle(call) && i < sizeof dead / sizeof *dead; i++) {
            struct decide_case *c = good_call(call);
            c->table.handle[CASE_LIMIT].live = true; /* behind the limit: not the guest's */
            c->request.slot[handle_slot(call)] = dead[i];
            case_refuses(c, RULE_BAD_DESCRIPTOR, WASI_BADF);
        }
}

/* WAMR-4849 */
static void each_right_of_the_row_is_needed(void **state)
{
    (void)state;
    for (uint32_t call = 0; call < OPERATION_COUNT; call++)
        for (unsigned bit = 0; is_built(call) && bit < RIGHT_BIT_COUNT; bit++) {
            struct decide_case *c = good_call(call);
            if (!has_handle(call))
                break;
            c->table.handle[c->request.slot[handle_slot(call)]].rights &= ~(UINT64_C(1) << bit);
            if ((abi_operations[call].rights | second_right(call)) & (UINT64_C(1) << bit))
                case_refuses(c, RULE_RIGHT_MISSING, WASI_NOTCAPABLE);
            else
                assert_int_not_equal(case_step(c).verdict, VERDICT_REFUSE);
        }
}

static void paths_need_a_directory(void **state)
{
    (void)state;
    for (uint32_t call = 0; call < OPERATION_COUNT; call++) {
        if (!is_built(call) || !wants_directory(call))
            continue;
        struct decide_case *c = good_call(call);
        c->request.slot[handle_slot(call)] = CASE_FILE;
        case_refuses(c, RULE_NOT_DIRECTORY, WASI_NOTDIR);
        c->request.slot[handle_slot(call)] = CASE_STREAM;
        case_refuses(c, RULE_NOT_DIRECTORY, WASI_NOTDIR);
    }
}

static uint64_t random_state = 88172645463325252u;

static uint64_t any(uint64_t below)
{
    random_state ^= random_state << 13;
    random_state ^= random_state >> 7;
    random_state ^= random_state << 17;
    return below == 0 ? random_state : random_state % below;
}

static void any_request(struct decide_case *c, uint32_t call)
{
    static const char *const paths[] = { "a", "a/b", "a//b/", "..", "a/.", "a/", "/a", "", "../x/y", "a/../b" };
    case_call_slots(c, (enum operation)call, none);
    for (uint32_t i = 0; i < OPERATION_SLOTS_MAX; i++)
        c->request.slot[i] = any(4) == 0 ? any(0) : any(12);
    if (has_handle(call))
        c->request.slot[handle_slot(call)] = any(CASE_FREE + 1);
    if (call == OPERATION_PATH_OPEN && any(2) == 0)
        c->request.slot[SLOT_PATH_OPEN_fs_rights_base] = c->request.slot[SLOT_PATH_OPEN_fs_rights_inheriting] =
            any(RIGHTS_ALL);
    for (uint64_t i = any(3); i > 0; i--)
        case_path(c, paths[any(10)]);
    for (uint64_t i = any(4); i > 0; i--)
        case_iov(c, (uint32_t)any(70000), (uint32_t)any(2000));
    c->request.subscription_count = (uint32_t)any(4);
    for (uint32_t i = 0; i < c->request.subscription_count; i++)
        c->request.subscription[i] =
            (struct subscription) { any(0),           any(2) ? any(100) : any(0), 0,
                                    (uint32_t)any(8), (uint16_t)any(3),           (uint8_t)any(4) };
}

/* Follows the plan to its end with any results; an op must be in the call's row, and there may be no more than the row
 * says. */
static void follow(struct decide_case *c, uint32_t call)
{
    static const int64_t errors[] = { -WASI_AGAIN, -WASI_XDEV, -WASI_NOENT, -WASI_IO };
    const struct operation_row *row = &abi_operations[call];
    struct step decision = case_step(c);
    while (decision.verdict == VERDICT_ISSUE) {
        assert_true(c->ops.count < row->max_ops);
        assert_true(row->ops & (UINT64_C(1) << c->op.kind));
        assert_false(abi_rules[c->op.rule].refuses);
        struct op_result *result = case_result(c, any(2) ? (int64_t)any(50) : errors[any(4)]);
        result->stat.filetype = any(8);
        result->stat.size = any(0);
        decision = case_step(c);
    }
    if (decision.verdict == VERDICT_COMMIT)
        (void)case_outcome(c);
    else
        assert_int_not_equal(decision.wasi_errno, WASI_SUCCESS);
}

static void no_plan_leaves_its_row(void **state)
{
    (void)state;
    for (uint32_t round = 0; round < 500; round++)
        for (uint32_t call = 0; call < OPERATION_COUNT; call++) {
            struct decide_case *c = case_new();
            any_request(c, call);
            follow(c, call);
        }
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(good_calls_are_accepted),
        cmocka_unit_test(absent_calls_are_refused_with_and_without_fault),
        cmocka_unit_test(faults_refuse_before_all_else),
        cmocka_unit_test(dead_descriptors_are_refused),
        cmocka_unit_test(each_right_of_the_row_is_needed),
        cmocka_unit_test(paths_need_a_directory),
        cmocka_unit_test(no_plan_leaves_its_row),
    };
    return cmocka_run_group_tests(tests, NULL, NULL);
}
