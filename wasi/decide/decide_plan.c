/* The two plans of calls that take a path and do not open it for the guest: on the last component, and on the whole
 * path.
 *
 * No system call but openat2 resolves a path beneath a handle. So for one component the op is done on the handle
 * itself; for several the parent is OPENed (names only, beneath the handle) into the scratch slot, the op done
 * there on the last component, and the scratch slot CLOSEd. Where links are to be followed or the path ends in a
 * slash or in dots, the whole path is OPENed instead (names only), the op done to what was opened, and the slot
 * CLOSEd, also where the op failed. */
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

struct step decide_name_step(uint32_t fd, struct path_split split, const struct call_ops *ops, enum op_kind kind)
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
    if (ops->count == opening.at + 1)
        return name_issue(kind, HANDLE_SCRATCH, split.last);
    if (ops->count == opening.at + 2 && ops->count < LIMIT_OPS && ops->op[opening.at + 1].kind == kind)
        return decide_issue(OP_CLOSE, RULE_PLAN_CLEANUP, HANDLE_SCRATCH);
    return decide_go_commit();
}

struct step decide_whole_step(uint32_t fd, struct region path, uint32_t open_flags, const struct call_ops *ops,
                              uint32_t first, enum op_kind kind)
{
    struct opening_state opening = decide_opening(ops, first);
    if (opening.state == OPENING_TRY)
        return scratch_open(fd, path, open_flags);
    if (opening.state == OPENING_ESCAPES)
        return decide_refuse(RULE_PATH_ESCAPES);
    if (opening.state != OPENING_DONE || ops->op[opening.at].handle2 != HANDLE_SCRATCH)
        return decide_go_commit();
    if (ops->count == opening.at + 1)
        return decide_issue(kind, RULE_GRANTED_TREE, HANDLE_SCRATCH);
    if (ops->count == opening.at + 2 && ops->count < LIMIT_OPS && ops->op[opening.at + 1].kind == kind)
        return decide_issue(OP_CLOSE, RULE_PLAN_CLEANUP, HANDLE_SCRATCH);
    return decide_go_commit();
}
