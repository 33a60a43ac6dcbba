/* The two plans of calls that take a path and do not open it for the guest: on the last component, and on the whole
 * path.
 *
 * No system call but openat2 resolves a path beneath a handle. So for one component the op is done on the handle
 * itself; for several the parent is OPENed (names only, beneath the handle) into the scratch slot, the op done
 * there on the last component, and the scratch slot CLOSEd. Where links are to be followed or the path ends in a
 * slash or in dots, the whole path is OPENed instead (names only), the op done to what was opened, and the slot
 * CLOSEd, also where the op failed. Where the grant may hold file systems that are doors into the kernel (proc, sysfs),
 * what was opened is asked for its file system before anything is done with it. */
#include "wasi/decide/decide_inner.h"

enum rule decide_directory_rule(const struct handle_table *table, uint64_t fd, uint64_t rights)
{
    enum rule rule = decide_handle_rule(table, fd, rights);
    if (rule != RULE_NONE)
        return rule;
    return table->handle[fd].type == FILETYPE_DIRECTORY ? RULE_NONE : RULE_NOT_DIRECTORY;
}

enum rule decide_name_rule(const struct handle_table *table, const struct request *request, uint64_t fd,
                           uint64_t rights, uint32_t index)
{
    enum rule rule = decide_directory_rule(table, fd, rights);
    return rule != RULE_NONE ? rule : decide_path_rule(request, index);
}

/*@ requires open_names_only(flags);
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && scratch_opened(\result.op, fd, path);
*/
static struct step scratch_open(uint32_t fd, struct region path, uint32_t flags)
{
    struct step step = decide_issue(OP_OPEN, RULE_GRANTED_TREE, fd);
    step.op.handle2 = HANDLE_SCRATCH;
    step.op.flags = flags;
    step.op.path.offset = path.offset;
    step.op.path.length = path.length;
    return step;
}

/*@ requires 0 <= kind < OP_COUNT;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.op.kind == kind && \result.op.handle == handle &&
  @   \result.op.path == name && \result.op.mem.length == 0;
*/
static struct step name_issue(enum op_kind kind, uint32_t handle, struct region name)
{
    struct step step = decide_issue(kind, RULE_GRANTED_TREE, handle);
    step.op.path.offset = name.offset;
    step.op.path.length = name.length;
    return step;
}

/*@ assigns \nothing;
  @ ensures exact: \result != 0 <==> open_names_only(flags);
*/
static bool is_names_only(uint32_t flags)
{
    return flags == OPEN_PATH_ONLY || flags == (OPEN_PATH_ONLY | OPEN_DIRECTORY) ||
           flags == (OPEN_PATH_ONLY | OPEN_NOFOLLOW) || flags == (OPEN_PATH_ONLY | OPEN_NOFOLLOW | OPEN_DIRECTORY);
}

/* Behind the opening of the scratch slot at `at`: its file system where that is in doubt, `act`, the close. */
/*@ requires \valid_read(ops) && at < ops->count <= LIMIT_OPS && at <= 1 + DECIDE_RETRIES;
  @ requires ops->op[at].kind == OP_OPEN && ops->op[at].handle2 == HANDLE_SCRATCH && ops->result[at].value >= 0;
  @ requires \forall integer k; 0 <= k < at ==> !op_changes(ops, k);
  @ requires act.verdict == VERDICT_ISSUE && name_kind(act.op.kind);
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> plan_opened(ops, HANDLE_SCRATCH) &&
  @   (\result == act || plain_op(\result.op, OP_CLOSE, HANDLE_SCRATCH) || plain_op(\result.op, OP_FILE_SYSTEM, HANDLE_SCRATCH));
  @ ensures data: \result.verdict == VERDICT_ISSUE && doubtful != 0 && \result.op.kind == act.op.kind ==>
  @   asked_for_data(ops, HANDLE_SCRATCH);
  @ ensures bounded: \result.verdict == VERDICT_ISSUE ==> ops->count < LIMIT_OPS;
  @ ensures refusal: \result.verdict == VERDICT_REFUSE ==> refusal_changes_nothing(ops) && refuses(\result);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT || \result.verdict == VERDICT_REFUSE;
*/
static struct step scratch_use(bool doubtful, struct step act, const struct call_ops *ops, uint32_t at)
{
    uint32_t next = at + 1;
    if (doubtful) {
        if (ops->count == next)
            return decide_issue(OP_FILE_SYSTEM, RULE_OBJECT_CHECK, HANDLE_SCRATCH);
        if (ops->op[next].kind != OP_FILE_SYSTEM || ops->op[next].handle != HANDLE_SCRATCH)
            return decide_go_commit();
        if (!decide_holds_data(ops->result[next].value)) {
            if (ops->count == next + 1)
                return decide_issue(OP_CLOSE, RULE_PLAN_CLEANUP, HANDLE_SCRATCH);
            if (ops->count != next + 2 || ops->op[next + 1].kind != OP_CLOSE || ops->result[next].value < 0 ||
                !is_names_only(ops->op[at].flags))
                return decide_go_commit();
            return decide_refuse(RULE_NO_DATA);
        }
        next++;
    }
    if (ops->count == next)
        return act;
    if (ops->count == next + 1 && ops->op[next].kind == act.op.kind)
        return decide_issue(OP_CLOSE, RULE_PLAN_CLEANUP, HANDLE_SCRATCH);
    return decide_go_commit();
}

struct step decide_name_step(uint32_t fd, bool doubtful, struct path_split split, const struct call_ops *ops,
                             enum op_kind kind)
{
    if (split.parent.length == 0)
        return ops->count == 0 ? name_issue(kind, fd, split.last) : decide_go_commit();
    struct opening_state opening = decide_opening(ops, 0);
    if (opening.state == OPENING_TRY)
        return scratch_open(fd, split.parent, OPEN_PATH_ONLY | OPEN_DIRECTORY);
    if (opening.state == OPENING_ESCAPES)
        return decide_refuse(RULE_PATH_ESCAPES);
    if (opening.state != OPENING_DONE || ops->op[opening.at].handle2 != HANDLE_SCRATCH)
        return decide_go_commit();
    return scratch_use(doubtful, name_issue(kind, HANDLE_SCRATCH, split.last), ops, opening.at);
}

struct step decide_whole_step(uint32_t fd, bool doubtful, struct region path, uint32_t open_flags,
                              const struct call_ops *ops, uint32_t first, enum op_kind kind)
{
    struct opening_state opening = decide_opening(ops, first);
    if (opening.state == OPENING_TRY)
        return scratch_open(fd, path, open_flags);
    if (opening.state == OPENING_ESCAPES)
        return decide_refuse(RULE_PATH_ESCAPES);
    if (opening.state != OPENING_DONE || ops->op[opening.at].handle2 != HANDLE_SCRATCH)
        return decide_go_commit();
    return scratch_use(doubtful, decide_issue(kind, RULE_GRANTED_TREE, HANDLE_SCRATCH), ops, opening.at);
}
