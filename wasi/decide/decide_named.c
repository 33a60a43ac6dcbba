/* Calls that change or read a name: create and remove directories, unlink, read and make symbolic links.
 *
 * Slashes behind the path: stripped for directories. unlink: the directory is opened to tell NOTDIR, NOENT and
 * ISDIR apart. readlink and symlink: refused as NOTDIR and NOENT. "." and ".." at the end: EXIST for mkdir, ISDIR for
 * unlink, INVAL otherwise. A link's target is kept as it is, but never absolute; following it stays beneath the handle like any
 * path. Source: witx, path_*; POSIX on trailing slashes. */
#include "wasi/decide/decide_inner.h"

struct step decide_path_create_directory(const struct handle_table *table, const struct request *request,
                                         const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_PATH_CREATE_DIRECTORY_fd];
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_CREATE_DIRECTORY), 0);
    if (rule != RULE_NONE)
        return decide_refuse_first(ops, rule, decide_rule_errno(rule));
    struct path_split split = decide_path_split(request, 0);
    if (split.dots)
        return decide_refuse_first(ops, RULE_PATH_LAST, WASI_EXIST);
    return decide_name_step((uint32_t)fd, table->handle[fd].doubtful, split, ops, OP_MAKE_DIR);
}

struct step decide_path_remove_directory(const struct handle_table *table, const struct request *request,
                                         const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_PATH_REMOVE_DIRECTORY_fd];
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_REMOVE_DIRECTORY), 0);
    if (rule != RULE_NONE)
        return decide_refuse_first(ops, rule, decide_rule_errno(rule));
    struct path_split split = decide_path_split(request, 0);
    if (split.dots)
        return decide_refuse_first(ops, RULE_PATH_LAST, WASI_INVAL);
    return decide_name_step((uint32_t)fd, table->handle[fd].doubtful, split, ops, OP_REMOVE_DIR);
}

/* unlink of a path with a slash behind it never unlinks: where it names a directory, that is the reason. */
/*@ requires \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==>
  @   (plain_op(\result.op, OP_STAT, HANDLE_SCRATCH) && plan_opened(ops, HANDLE_SCRATCH)) ||
  @   scratch_opened(\result.op, fd, path) ||
  @   ((plain_op(\result.op, OP_CLOSE, HANDLE_SCRATCH) || plain_op(\result.op, OP_FILE_SYSTEM, HANDLE_SCRATCH)) &&
  @     plan_opened(ops, HANDLE_SCRATCH));
  @ ensures data: \result.verdict == VERDICT_ISSUE && doubtful != 0 && \result.op.kind == OP_STAT ==>
  @   asked_for_data(ops, HANDLE_SCRATCH);
  @ ensures bounded: \result.verdict == VERDICT_ISSUE ==> ops->count < LIMIT_OPS;
  @ ensures refusal: \result.verdict == VERDICT_REFUSE ==> refusal_changes_nothing(ops) && refuses(\result);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT || \result.verdict == VERDICT_REFUSE;
*/
static struct step unlink_directory(uint32_t fd, bool doubtful, struct region path, const struct call_ops *ops)
{
    const uint32_t flags = OPEN_PATH_ONLY | OPEN_DIRECTORY;
    struct step step = decide_whole_step(fd, doubtful, path, flags, ops, 0, OP_STAT);
    struct opening_state opening = decide_opening(ops, 0);
    if (step.verdict != VERDICT_COMMIT || opening.state != OPENING_DONE || ops->op[opening.at].flags != flags)
        return step;
    uint32_t asked = opening.at + 1 < ops->count && ops->op[opening.at + 1].kind == OP_FILE_SYSTEM ? 1 : 0;
    if (ops->count != opening.at + asked + 3 || ops->op[opening.at + asked + 1].kind != OP_STAT ||
        ops->op[opening.at + asked + 2].kind != OP_CLOSE)
        return step;
    return decide_refuse(RULE_IS_DIRECTORY);
}

struct step decide_path_unlink_file(const struct handle_table *table, const struct request *request,
                                    const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_PATH_UNLINK_FILE_fd];
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_UNLINK_FILE), 0);
    if (rule != RULE_NONE)
        return decide_refuse_first(ops, rule, decide_rule_errno(rule));
    struct path_split split = decide_path_split(request, 0);
    if (split.dots)
        return decide_refuse_first(ops, RULE_PATH_LAST, WASI_ISDIR);
    if (split.trailing)
        return unlink_directory((uint32_t)fd, table->handle[fd].doubtful, request->string[0], ops);
    return decide_name_step((uint32_t)fd, table->handle[fd].doubtful, split, ops, OP_UNLINK);
}

struct step decide_path_readlink(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_PATH_READLINK_fd];
    struct region buffer = decide_buffer(request, SLOT_PATH_READLINK_buf);
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_READLINK), 0);
    if (rule == RULE_NONE && !decide_region_ok(buffer, context->memory))
        rule = RULE_MEMORY_BOUNDS;
    if (rule != RULE_NONE)
        return decide_refuse_first(ops, rule, decide_rule_errno(rule));
    struct path_split split = decide_path_split(request, 0);
    if (split.dots || split.trailing)
        return decide_refuse_first(ops, RULE_PATH_LAST, split.dots ? WASI_INVAL : WASI_NOTDIR);
    if (buffer.length == 0)
        return decide_go_commit();
    struct step step = decide_name_step((uint32_t)fd, table->handle[fd].doubtful, split, ops, OP_READ_LINK);
    if (step.verdict == VERDICT_ISSUE && step.op.kind == OP_READ_LINK) {
        step.op.mem.offset = buffer.offset;
        step.op.mem.length = buffer.length <= LIMIT_PATH ? buffer.length : LIMIT_PATH;
    }
    return step;
}

/* A link's target: as a path, but absolute is a reason of its own. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> string_clean(request, 0);
  @ ensures rule: 0 <= \result < RULE_COUNT;
*/
static enum rule target_rule(const struct request *request)
{
    enum rule rule = decide_path_rule(request, 0);
    return rule == RULE_PATH_ABSOLUTE ? RULE_LINK_TARGET : rule;
}

struct step decide_path_symlink(const struct handle_table *table, const struct request *request,
                                const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_PATH_SYMLINK_fd];
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_SYMLINK), 1);
    if (rule == RULE_NONE)
        rule = target_rule(request);
    if (rule != RULE_NONE)
        return decide_refuse_first(ops, rule, decide_rule_errno(rule));
    struct path_split split = decide_path_split(request, 1);
    if (split.dots || split.trailing)
        return decide_refuse_first(ops, RULE_PATH_LAST, split.dots ? WASI_EXIST : WASI_NOENT);
    struct step step = decide_name_step((uint32_t)fd, table->handle[fd].doubtful, split, ops, OP_MAKE_LINK);
    if (step.verdict == VERDICT_ISSUE && step.op.kind == OP_MAKE_LINK) {
        step.op.path2.offset = request->string[0].offset;
        step.op.path2.length = request->string[0].length;
    }
    return step;
}
