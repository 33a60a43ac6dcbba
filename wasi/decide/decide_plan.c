/* The two plans of calls that take a path and do not open it for the guest: on the last component, and on the whole
 * path.
 *
 * No system call but openat2 resolves a path beneath a handle. So for one component the op is done on the handle
 * itself; for several the parent is OPENed (names only, beneath the handle) into the scratch slot, the op done
 * there on the last component, and the scratch slot CLOSEd. Where links are to be followed or the path ends in a
 * slash or in dots, the whole path is OPENed instead (names only), the op done to what was opened, and the slot
 * CLOSEd, also where the op failed. Where the grant may hold file systems that are doors into the kernel (proc, sysfs),
 * what was opened is asked for its file system before anything is done with it. Which op was issued last says where such a plan
 * stands; the path is cut once, and the plan keeps the last component. */
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

/* Opens `path` into the scratch slot, to name it. */
/*@ requires open_names_only(flags) && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures open: scratch_opened(\result, plan, fd, path, name);
*/
static struct step scratch_open(struct plan plan, uint32_t fd, struct region path, struct region name, uint32_t flags)
{
    struct step step = decide_issue(plan, OP_OPEN, RULE_GRANTED_TREE, fd);
    step.op.handle2 = HANDLE_SCRATCH;
    step.op.flags = flags;
    step.op.path.offset = path.offset;
    step.op.path.length = path.length;
    step.plan.slot = HANDLE_SCRATCH;
    step.plan.name.offset = name.offset;
    step.plan.name.length = name.length;
    return step;
}

struct step decide_name_first(struct plan plan, uint32_t fd, struct path_split split, enum op_kind kind)
{
    if (split.parent.length > 0)
        return scratch_open(plan, fd, split.parent, split.last, OPEN_PATH_ONLY | OPEN_DIRECTORY);
    struct step step = decide_issue_last(plan, kind, RULE_GRANTED_TREE, fd);
    step.op.path.offset = split.last.offset;
    step.op.path.length = split.last.length;
    return step;
}

struct step decide_whole_first(struct plan plan, uint32_t fd, struct region path, uint32_t flags)
{
    struct region none = { 0, 0 };
    return scratch_open(plan, fd, path, none, flags);
}

struct step decide_scratch_act(struct plan plan, enum op_kind kind)
{
    struct step step = decide_issue(plan, kind, RULE_GRANTED_TREE, HANDLE_SCRATCH);
    step.op.path.offset = plan.name.offset;
    step.op.path.length = plan.name.length;
    return step;
}

struct step decide_scratch_next(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, const struct op_result *answer,
                                uint64_t fd, struct step act)
{
    if (plan.slot != HANDLE_SCRATCH || plan.kind == OP_CLOSE)
        return decide_go_commit(plan, answer->value);
    if (plan.kind == OP_OPEN && answer->value < 0)
        return answer->value == -(int64_t)WASI_XDEV && plan.changed == PLAN_CHANGED_NOTHING
                   ? decide_refuse(RULE_PATH_ESCAPES)
                   : decide_go_commit(plan, answer->value);
    if (plan.kind == OP_OPEN)
        return table->handle[fd].doubtful ? decide_issue(plan, OP_FILE_SYSTEM, RULE_OBJECT_CHECK, HANDLE_SCRATCH) : act;
    if (plan.kind != OP_FILE_SYSTEM)
        return decide_close(plan, answer->value);
    if (decide_holds_data(answer->value))
        return act;
    return answer->value < 0 ? decide_close(plan, answer->value) : decide_close_refuse(plan, RULE_NO_DATA);
}
