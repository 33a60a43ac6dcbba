/* path_filestat_get and path_filestat_set_times.
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

struct step decide_path_filestat_get(const struct handle_table *table, const struct request *request,
                                     const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_PATH_FILESTAT_GET_fd];
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_FILESTAT_GET), 0);
    if (rule == RULE_NONE && request->slot[SLOT_PATH_FILESTAT_GET_flags] > LOOKUP_SYMLINK_FOLLOW)
        rule = RULE_BAD_VALUE;
    if (rule != RULE_NONE)
        return decide_refuse_first(ops, rule, decide_rule_errno(rule));
    bool follow = request->slot[SLOT_PATH_FILESTAT_GET_flags] == LOOKUP_SYMLINK_FOLLOW;
    struct path_split split = decide_path_split(request, 0);
    uint32_t flags = name_flags(follow, split.trailing);
    if (split.parent.length > 0 || split.trailing || split.dots)
        return decide_whole_step((uint32_t)fd, table->handle[fd].doubtful, request->string[0], flags, ops, 0, OP_STAT);
    if (ops->count == 0)
        return decide_name_step((uint32_t)fd, table->handle[fd].doubtful, split, ops, OP_STAT_AT);
    if (!follow || ops->op[0].kind != OP_STAT_AT || ops->result[0].value < 0 ||
        ops->result[0].stat.filetype != FILETYPE_SYMBOLIC_LINK)
        return decide_go_commit();
    return decide_whole_step((uint32_t)fd, table->handle[fd].doubtful, request->string[0], flags, ops, 1, OP_STAT);
}

/* Known flags, and no time both given and "now". */
/*@ assigns \nothing;
*/
static bool times_flags_ok(uint64_t flags)
{
    return flags <= TIMES_ALL && (flags & (FST_ATIM | FST_ATIM_NOW)) != (FST_ATIM | FST_ATIM_NOW) &&
           (flags & (FST_MTIM | FST_MTIM_NOW)) != (FST_MTIM | FST_MTIM_NOW);
}

struct step decide_path_filestat_set_times(const struct handle_table *table, const struct request *request,
                                           const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_PATH_FILESTAT_SET_TIMES_fd];
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_FILESTAT_SET_TIMES), 0);
    if (rule == RULE_NONE && (request->slot[SLOT_PATH_FILESTAT_SET_TIMES_flags] > LOOKUP_SYMLINK_FOLLOW ||
                              !times_flags_ok(request->slot[SLOT_PATH_FILESTAT_SET_TIMES_fst_flags])))
        rule = RULE_BAD_VALUE;
    if (rule != RULE_NONE)
        return decide_refuse_first(ops, rule, decide_rule_errno(rule));
    bool follow = request->slot[SLOT_PATH_FILESTAT_SET_TIMES_flags] == LOOKUP_SYMLINK_FOLLOW;
    struct path_split split = decide_path_split(request, 0);
    struct step step;
    if (follow || split.trailing || split.dots)
        step = decide_whole_step((uint32_t)fd, table->handle[fd].doubtful, request->string[0],
                                 name_flags(follow, split.trailing), ops, 0, OP_SET_TIMES);
    else
        step = decide_name_step((uint32_t)fd, table->handle[fd].doubtful, split, ops, OP_SET_TIMES_AT);
    if (step.verdict == VERDICT_ISSUE && (step.op.kind == OP_SET_TIMES || step.op.kind == OP_SET_TIMES_AT)) {
        step.op.flags = (uint32_t)request->slot[SLOT_PATH_FILESTAT_SET_TIMES_fst_flags];
        step.op.offset = request->slot[SLOT_PATH_FILESTAT_SET_TIMES_atim];
        step.op.value = request->slot[SLOT_PATH_FILESTAT_SET_TIMES_mtim];
    }
    return step;
}
