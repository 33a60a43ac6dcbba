/* path_filestat_get, path_filestat_set_times and fd_filestat_set_times.
 *
 * One component is asked about on the handle itself, without following; only if it turns out to be a link that
 * is to be followed is it opened, beneath the handle. Everything else opens the whole path to name it. Source:
 * witx; POSIX fstatat, utimensat. */
#include "wasi/decide/decide_inner.h"

enum { TIMES_ALL = FST_ATIM | FST_ATIM_NOW | FST_MTIM | FST_MTIM_NOW };

/* How the whole path is opened: as the guest says of links, and as a directory where a slash stands behind it. */
/*@ assigns \nothing;
  @ ensures names: open_names_only(\result);
*/
static uint32_t name_flags(bool follow, bool trailing)
{
    if (follow)
        return trailing ? OPEN_PATH_ONLY | OPEN_DIRECTORY : OPEN_PATH_ONLY;
    return trailing ? OPEN_PATH_ONLY | OPEN_NOFOLLOW | OPEN_DIRECTORY : OPEN_PATH_ONLY | OPEN_NOFOLLOW;
}

/* What is asked about on the handle itself: the plan goes on where it may be a link that is to be followed. */
/*@ requires plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_STAT_AT && \result.op.handle == fd &&
  @   \result.op.path == name && \result.op.mem.length == 0;
  @ ensures plan: \result.plan == plan_next(plan, OP_STAT_AT, follow != 0 ? PLAN_GOES_ON : PLAN_ENDS_WITH_ANSWER);
*/
static struct step stat_name(struct plan plan, uint32_t fd, struct region name, bool follow)
{
    struct step step = decide_issue(plan, OP_STAT_AT, RULE_GRANTED_TREE, fd);
    step.op.path.offset = name.offset;
    step.op.path.length = name.length;
    step.plan.end = follow ? PLAN_GOES_ON : PLAN_ENDS_WITH_ANSWER;
    return step;
}

struct step decide_path_filestat_get(const struct decide_context *context, const struct handle_table *table,
                                     const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_PATH_FILESTAT_GET_fd];
    if (plan.kind == OP_STAT_AT)
        return answer->value < 0 || answer->stat.filetype != FILETYPE_SYMBOLIC_LINK
                   ? decide_go_commit(plan, answer->value)
                   : decide_whole_first(plan, (uint32_t)fd, request->string[0], OPEN_PATH_ONLY);
    if (plan.count > 0)
        return decide_scratch_next(context, table, request, plan, answer, fd, decide_scratch_act(plan, OP_STAT));
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_FILESTAT_GET), 0);
    if (rule == RULE_NONE && request->slot[SLOT_PATH_FILESTAT_GET_flags] > LOOKUP_SYMLINK_FOLLOW)
        rule = RULE_BAD_VALUE;
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    bool follow = request->slot[SLOT_PATH_FILESTAT_GET_flags] == LOOKUP_SYMLINK_FOLLOW;
    struct path_split split = decide_path_split(request, 0);
    if (split.parent.length > 0 || split.trailing || split.dots)
        return decide_whole_first(plan, (uint32_t)fd, request->string[0], name_flags(follow, split.trailing));
    return stat_name(plan, (uint32_t)fd, split.last, follow);
}

struct change commit_path_filestat_get(const struct decide_context *context, const struct handle_table *table,
                                       const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

/* Known flags, and no time both given and "now". */
/*@ assigns \nothing;
*/
static bool times_flags_ok(uint64_t flags)
{
    return flags <= TIMES_ALL && (flags & (FST_ATIM | FST_ATIM_NOW)) != (FST_ATIM | FST_ATIM_NOW) &&
           (flags & (FST_MTIM | FST_MTIM_NOW)) != (FST_MTIM | FST_MTIM_NOW);
}

/* What SET_TIMES and SET_TIMES_AT need beside the path: the times. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
  @ ensures same: \result == {{{step \with .op.flags = \result.op.flags} \with .op.offset = \result.op.offset}
  @   \with .op.value = \result.op.value};
  @ ensures other: step.op.kind != OP_SET_TIMES && step.op.kind != OP_SET_TIMES_AT ==> \result == step;
*/
static struct step with_times(struct step step, const struct request *request)
{
    if (step.op.kind == OP_SET_TIMES || step.op.kind == OP_SET_TIMES_AT) {
        step.op.flags = (uint32_t)request->slot[SLOT_PATH_FILESTAT_SET_TIMES_fst_flags];
        step.op.offset = request->slot[SLOT_PATH_FILESTAT_SET_TIMES_atim];
        step.op.value = request->slot[SLOT_PATH_FILESTAT_SET_TIMES_mtim];
    }
    return step;
}

struct step decide_path_filestat_set_times(const struct decide_context *context, const struct handle_table *table,
                                           const struct request *request, struct plan plan,
                                           const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_PATH_FILESTAT_SET_TIMES_fd];
    if (plan.count > 0) {
        struct step act = decide_scratch_act(plan, plan.name.length > 0 ? OP_SET_TIMES_AT : OP_SET_TIMES);
        return decide_scratch_next(context, table, request, plan, answer, fd, with_times(act, request));
    }
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_FILESTAT_SET_TIMES), 0);
    if (rule == RULE_NONE && (request->slot[SLOT_PATH_FILESTAT_SET_TIMES_flags] > LOOKUP_SYMLINK_FOLLOW ||
                              !times_flags_ok(request->slot[SLOT_PATH_FILESTAT_SET_TIMES_fst_flags])))
        rule = RULE_BAD_VALUE;
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    bool follow = request->slot[SLOT_PATH_FILESTAT_SET_TIMES_flags] == LOOKUP_SYMLINK_FOLLOW;
    struct path_split split = decide_path_split(request, 0);
    if (follow || split.trailing || split.dots)
        return decide_whole_first(plan, (uint32_t)fd, request->string[0], name_flags(follow, split.trailing));
    return with_times(decide_name_first(plan, (uint32_t)fd, split, OP_SET_TIMES_AT), request);
}

struct change commit_path_filestat_set_times(const struct decide_context *context, const struct handle_table *table,
                                             const struct request *request, struct plan plan,
                                             const struct op_result *answer)
{
    return decide_change(plan);
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE ==>
  @   may(table, request->slot[SLOT_FD_FILESTAT_SET_TIMES_fd], R(FD_FILESTAT_SET_TIMES)) && \result.op.kind == OP_SET_TIMES &&
  @   \result.op.handle == request->slot[SLOT_FD_FILESTAT_SET_TIMES_fd];
*/
struct step decide_fd_filestat_set_times(const struct decide_context *context, const struct handle_table *table,
                                         const struct request *request, struct plan plan,
                                         const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_FILESTAT_SET_TIMES_fd];
    uint64_t flags = request->slot[SLOT_FD_FILESTAT_SET_TIMES_fst_flags];
    enum rule rule = decide_handle_rule(table, fd, R(FD_FILESTAT_SET_TIMES));
    if (rule == RULE_NONE && !times_flags_ok(flags))
        rule = RULE_BAD_VALUE;
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    struct step step = decide_issue_last(plan, OP_SET_TIMES, RULE_RIGHT_HELD, (uint32_t)fd);
    step.op.flags = (uint32_t)flags;
    step.op.offset = request->slot[SLOT_FD_FILESTAT_SET_TIMES_atim];
    step.op.value = request->slot[SLOT_FD_FILESTAT_SET_TIMES_mtim];
    return step;
}

struct change commit_fd_filestat_set_times(const struct decide_context *context, const struct handle_table *table,
                                           const struct request *request, struct plan plan,
                                           const struct op_result *answer)
{
    return decide_change(plan);
}
