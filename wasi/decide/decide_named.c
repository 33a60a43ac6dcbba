/* Calls that change or read a name: create and remove directories, unlink, read and make symbolic links.
 *
 * Slashes behind the path: stripped for directories. unlink: the directory is opened to tell NOTDIR, NOENT and
 * ISDIR apart. readlink and symlink: refused as NOTDIR and NOENT. "." and ".." at the end: EXIST for mkdir, ISDIR for
 * unlink, INVAL otherwise. A link's target is kept as it is, but never absolute; following it stays beneath the handle like any
 * path. Source: witx, path_*; POSIX on trailing slashes. */
#include "wasi/decide/decide_inner.h"

struct step decide_path_create_directory(const struct decide_context *context, const struct handle_table *table,
                                         const struct request *request, struct plan plan,
                                         const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_PATH_CREATE_DIRECTORY_fd];
    if (plan.count > 0)
        return decide_scratch_next(context, table, request, plan, answer, fd, decide_scratch_act(plan, OP_MAKE_DIR));
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_CREATE_DIRECTORY), 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    struct path_split split = decide_path_split(request, 0);
    if (split.dots)
        return decide_refuse_as(RULE_PATH_LAST, WASI_EXIST);
    return decide_name_first(plan, (uint32_t)fd, split, OP_MAKE_DIR);
}

struct change commit_path_create_directory(const struct decide_context *context, const struct handle_table *table,
                                           const struct request *request, struct plan plan,
                                           const struct op_result *answer)
{
    return decide_change(plan);
}

struct step decide_path_remove_directory(const struct decide_context *context, const struct handle_table *table,
                                         const struct request *request, struct plan plan,
                                         const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_PATH_REMOVE_DIRECTORY_fd];
    if (plan.count > 0)
        return decide_scratch_next(context, table, request, plan, answer, fd, decide_scratch_act(plan, OP_REMOVE_DIR));
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_REMOVE_DIRECTORY), 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    struct path_split split = decide_path_split(request, 0);
    if (split.dots)
        return decide_refuse_as(RULE_PATH_LAST, WASI_INVAL);
    return decide_name_first(plan, (uint32_t)fd, split, OP_REMOVE_DIR);
}

struct change commit_path_remove_directory(const struct decide_context *context, const struct handle_table *table,
                                           const struct request *request, struct plan plan,
                                           const struct op_result *answer)
{
    return decide_change(plan);
}

/* unlink of a path with a slash behind it never unlinks: where it names a directory, that is the reason. */
struct step decide_path_unlink_file(const struct decide_context *context, const struct handle_table *table,
                                    const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_PATH_UNLINK_FILE_fd];
    if (plan.kind == OP_STAT && plan.slot == HANDLE_SCRATCH)
        return decide_close_refuse(plan, RULE_IS_DIRECTORY);
    if (plan.count > 0)
        return decide_scratch_next(context, table, request, plan, answer, fd,
                                   decide_scratch_act(plan, plan.name.length > 0 ? OP_UNLINK : OP_STAT));
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_UNLINK_FILE), 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    struct path_split split = decide_path_split(request, 0);
    if (split.dots)
        return decide_refuse_as(RULE_PATH_LAST, WASI_ISDIR);
    if (split.trailing)
        return decide_whole_first(plan, (uint32_t)fd, request->string[0], OPEN_PATH_ONLY | OPEN_DIRECTORY);
    return decide_name_first(plan, (uint32_t)fd, split, OP_UNLINK);
}

struct change commit_path_unlink_file(const struct decide_context *context, const struct handle_table *table,
                                      const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

/* What READ_LINK needs beside the path: where the link's content goes. */
/*@ assigns \nothing;
  @ ensures same: step.op.kind != OP_READ_LINK ==> \result == step;
  @ ensures mem: step.op.kind == OP_READ_LINK ==> \result == {step \with .op.mem = \result.op.mem} &&
  @   \result.op.mem.offset == buffer.offset && \result.op.mem.length <= buffer.length;
*/
static struct step with_buffer(struct step step, struct region buffer)
{
    if (step.op.kind == OP_READ_LINK) {
        step.op.mem.offset = buffer.offset;
        step.op.mem.length = buffer.length <= LIMIT_PATH ? buffer.length : LIMIT_PATH;
    }
    return step;
}

struct step decide_path_readlink(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_PATH_READLINK_fd];
    struct region buffer = decide_buffer(request, SLOT_PATH_READLINK_buf);
    if (plan.count > 0)
        return decide_scratch_next(context, table, request, plan, answer, fd,
                                   with_buffer(decide_scratch_act(plan, OP_READ_LINK), buffer));
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_READLINK), 0);
    if (rule == RULE_NONE && !decide_region_ok(buffer, context->memory))
        rule = RULE_MEMORY_BOUNDS;
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    struct path_split split = decide_path_split(request, 0);
    if (split.dots || split.trailing)
        return decide_refuse_as(RULE_PATH_LAST, split.dots ? WASI_INVAL : WASI_NOTDIR);
    if (buffer.length == 0)
        return decide_go_commit(plan, 0);
    return with_buffer(decide_name_first(plan, (uint32_t)fd, split, OP_READ_LINK), buffer);
}

struct change commit_path_readlink(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change_value(plan);
}

/* A link's target: as a path, but absolute is a reason of its own. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> string_clean(request, 0);
  @ ensures rule: \result == RULE_NONE || rule_refuses(\result);
*/
static enum rule target_rule(const struct request *request)
{
    enum rule rule = decide_path_rule(request, 0);
    return rule == RULE_PATH_ABSOLUTE ? RULE_LINK_TARGET : rule;
}

/* What MAKE_LINK needs beside the path: the link's content. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
  @ ensures same: step.op.kind != OP_MAKE_LINK ==> \result == step;
  @ ensures target: step.op.kind == OP_MAKE_LINK ==> \result == {step \with .op.path2 = request->string[0]};
*/
static struct step with_target(struct step step, const struct request *request)
{
    if (step.op.kind == OP_MAKE_LINK) {
        step.op.path2.offset = request->string[0].offset;
        step.op.path2.length = request->string[0].length;
    }
    return step;
}

struct step decide_path_symlink(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_PATH_SYMLINK_fd];
    if (plan.count > 0)
        return decide_scratch_next(context, table, request, plan, answer, fd,
                                   with_target(decide_scratch_act(plan, OP_MAKE_LINK), request));
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_SYMLINK), 1);
    if (rule == RULE_NONE)
        rule = target_rule(request);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    struct path_split split = decide_path_split(request, 1);
    if (split.dots || split.trailing)
        return decide_refuse_as(RULE_PATH_LAST, split.dots ? WASI_EXIST : WASI_NOENT);
    return with_target(decide_name_first(plan, (uint32_t)fd, split, OP_MAKE_LINK), request);
}

struct change commit_path_symlink(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}
