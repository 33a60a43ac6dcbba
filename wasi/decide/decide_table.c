/* Calls on one descriptor that move no bulk data: close, sync, flags, sizes, status.
 *
 * What the handle table knows is not asked of the kernel. Of a socket NONBLOCK alone is changed; the flags of anything
 * else that is no regular file are not, NONBLOCK neither: stdio is shared with the process that started us, and a promise that the next read breaks is
 * none. Source: witx, fd_*. */
#include "wasi/decide/decide_alone.h"

/* One op on the descriptor, then commit. */
/*@ requires \valid_read(table) && \valid_read(request) && 0 <= kind < OP_COUNT && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FIRST], rights);
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> op_on_handle(\result.op, kind, request->slot[SLOT_FIRST]) &&
  @   \result.plan == plan_next(plan, kind, PLAN_ENDS_WITH_ANSWER);
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || refuses(\result);
*/
static struct step simple_op(const struct handle_table *table, const struct request *request, struct plan plan,
                             uint64_t rights, enum op_kind kind)
{
    uint64_t fd = request->slot[SLOT_FIRST];
    enum rule rule = decide_handle_rule(table, fd, rights);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    return decide_issue_last(plan, kind, RULE_RIGHT_HELD, (uint32_t)fd);
}

struct step decide_fd_close(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, struct plan plan, const struct op_result *answer)
{
    return simple_op(table, request, plan, 0, OP_CLOSE);
}

/* Whatever the system answered, the host descriptor is gone. */
struct change commit_fd_close(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = decide_change(plan);
    change.how = CHANGE_CLOSED;
    change.handle = (uint32_t)request->slot[SLOT_FD_CLOSE_fd];
    return change;
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_SYNC_fd], R(FD_SYNC));
*/
struct step decide_fd_sync(const struct decide_context *context, const struct handle_table *table,
                           const struct request *request, struct plan plan, const struct op_result *answer)
{
    return simple_op(table, request, plan, R(FD_SYNC), OP_SYNC);
}

struct change commit_fd_sync(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_DATASYNC_fd], R(FD_DATASYNC));
*/
struct step decide_fd_datasync(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    return simple_op(table, request, plan, R(FD_DATASYNC), OP_DATASYNC);
}

struct change commit_fd_datasync(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

struct step decide_fd_filestat_get(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, struct plan plan, const struct op_result *answer)
{
    return simple_op(table, request, plan, R(FD_FILESTAT_GET), OP_STAT);
}

struct change commit_fd_filestat_get(const struct decide_context *context, const struct handle_table *table,
                                     const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

struct step decide_fd_fdstat_get(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    enum rule rule = decide_handle_rule(table, request->slot[SLOT_FD_FDSTAT_GET_fd], 0);
    return rule == RULE_NONE ? decide_go_commit(plan, 0) : decide_refuse(rule);
}

struct change commit_fd_fdstat_get(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

struct step decide_fd_prestat_get(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_PRESTAT_GET_fd];
    enum rule rule = decide_handle_rule(table, fd, 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    return table->handle[fd].preopen ? decide_go_commit(plan, 0) : decide_refuse(RULE_NOT_PREOPEN);
}

struct change commit_fd_prestat_get(const struct decide_context *context, const struct handle_table *table,
                                    const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

struct step decide_fd_prestat_dir_name(const struct decide_context *context, const struct handle_table *table,
                                       const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_PRESTAT_DIR_NAME_fd];
    struct region buffer = decide_buffer(request, SLOT_FD_PRESTAT_DIR_NAME_path);
    enum rule rule = decide_handle_rule(table, fd, 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (!table->handle[fd].preopen)
        return decide_refuse(RULE_NOT_PREOPEN);
    if (!decide_region_ok(buffer, context->memory))
        return decide_refuse(RULE_MEMORY_BOUNDS);
    if (buffer.length < table->handle[fd].name_length)
        return decide_refuse(RULE_BUFFER_SMALL);
    return decide_go_commit(plan, 0);
}

struct change commit_fd_prestat_dir_name(const struct decide_context *context, const struct handle_table *table,
                                         const struct request *request, struct plan plan,
                                         const struct op_result *answer)
{
    return decide_change(plan);
}

struct step decide_fd_fdstat_set_flags(const struct decide_context *context, const struct handle_table *table,
                                       const struct request *request, struct plan plan, const struct op_result *answer)
{
    const uint32_t all = FDFLAG_APPEND | FDFLAG_DSYNC | FDFLAG_NONBLOCK | FDFLAG_RSYNC | FDFLAG_SYNC;
    uint64_t fd = request->slot[SLOT_FD_FDSTAT_SET_FLAGS_fd];
    uint64_t flags = request->slot[SLOT_FD_FDSTAT_SET_FLAGS_flags];
    enum rule rule = decide_handle_rule(table, fd, R(FD_FDSTAT_SET_FLAGS));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (flags > all)
        return decide_refuse(RULE_BAD_VALUE);
    uint32_t changed = (uint32_t)flags ^ table->handle[fd].fdflags;
    bool socket = table->handle[fd].net_state != NET_STATE_NONE;
    if (socket && (changed & ~(uint32_t)FDFLAG_NONBLOCK) != 0)
        return decide_refuse(RULE_NOT_SUPPORTED);
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE && !socket)
        return changed == 0 ? decide_go_commit(plan, 0) : decide_refuse(RULE_NOT_SUPPORTED);
    if ((changed & ~(uint32_t)(FDFLAG_APPEND | FDFLAG_NONBLOCK)) != 0)
        return decide_refuse(RULE_NOT_SUPPORTED);
    struct step step = decide_issue_last(plan, OP_SET_FLAGS, RULE_RIGHT_HELD, (uint32_t)fd);
    step.op.value = flags;
    return step;
}

struct change commit_fd_fdstat_set_flags(const struct decide_context *context, const struct handle_table *table,
                                         const struct request *request, struct plan plan,
                                         const struct op_result *answer)
{
    struct change change = decide_change(plan);
    if (plan.value >= 0) {
        change.how = CHANGE_FLAGS;
        change.handle = (uint32_t)request->slot[SLOT_FD_FDSTAT_SET_FLAGS_fd];
        change.number = request->slot[SLOT_FD_FDSTAT_SET_FLAGS_flags];
    }
    return change;
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_FILESTAT_SET_SIZE_fd], R(FD_FILESTAT_SET_SIZE)) &&
  @   table->handle[request->slot[SLOT_FD_FILESTAT_SET_SIZE_fd]].type == FILETYPE_REGULAR_FILE && request->slot[SLOT_FD_FILESTAT_SET_SIZE_size] <= INT64_MAX;
  @ ensures op: \result.verdict == VERDICT_ISSUE ==>
  @   \result.op.kind == OP_SET_SIZE && \result.op.value == request->slot[SLOT_FD_FILESTAT_SET_SIZE_size];
*/
struct step decide_fd_filestat_set_size(const struct decide_context *context, const struct handle_table *table,
                                        const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_FILESTAT_SET_SIZE_fd];
    uint64_t size = request->slot[SLOT_FD_FILESTAT_SET_SIZE_size];
    enum rule rule = decide_handle_rule(table, fd, R(FD_FILESTAT_SET_SIZE));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (table->handle[fd].type == FILETYPE_DIRECTORY)
        return decide_refuse(RULE_IS_DIRECTORY);
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return decide_refuse(RULE_BAD_VALUE);
    if (size > INT64_MAX)
        return decide_refuse(RULE_OFFSET_RANGE);
    struct step step = decide_issue_last(plan, OP_SET_SIZE, RULE_RIGHT_HELD, (uint32_t)fd);
    step.op.value = size;
    return step;
}

struct change commit_fd_filestat_set_size(const struct decide_context *context, const struct handle_table *table,
                                          const struct request *request, struct plan plan,
                                          const struct op_result *answer)
{
    return decide_change(plan);
}

/* WASI's advice in Linux's numbers (POSIX_FADV_*), which count RANDOM before SEQUENTIAL. */
/*@ assigns \nothing;
*/
static uint32_t advice_bits(uint64_t advice)
{
    enum { WASI_SEQUENTIAL = 1, WASI_RANDOM = 2, ADVISE_RANDOM = 1, ADVISE_SEQUENTIAL = 2 };
    return advice == WASI_SEQUENTIAL ? ADVISE_SEQUENTIAL : advice == WASI_RANDOM ? ADVISE_RANDOM : (uint32_t)advice;
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_ADVISE_fd], R(FD_ADVISE)) &&
  @   request->slot[SLOT_FD_ADVISE_advice] <= 5 && request->slot[SLOT_FD_ADVISE_offset] <= INT64_MAX &&
  @   request->slot[SLOT_FD_ADVISE_len] <= INT64_MAX;
*/
struct step decide_fd_advise(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    enum { ADVICE_LAST = 5 /* NOREUSE */ };
    struct step step = simple_op(table, request, plan, R(FD_ADVISE), OP_ADVISE);
    if (step.verdict != VERDICT_ISSUE)
        return step;
    if (request->slot[SLOT_FD_ADVISE_advice] > ADVICE_LAST)
        return decide_refuse(RULE_BAD_VALUE);
    if (request->slot[SLOT_FD_ADVISE_offset] > INT64_MAX || request->slot[SLOT_FD_ADVISE_len] > INT64_MAX)
        return decide_refuse(RULE_OFFSET_RANGE);
    step.op.offset = request->slot[SLOT_FD_ADVISE_offset];
    step.op.value = request->slot[SLOT_FD_ADVISE_len];
    step.op.flags = advice_bits(request->slot[SLOT_FD_ADVISE_advice]);
    return step;
}

struct change commit_fd_advise(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> may(table, request->slot[SLOT_FD_ALLOCATE_fd], R(FD_ALLOCATE)) &&
  @   table->handle[request->slot[SLOT_FD_ALLOCATE_fd]].type == FILETYPE_REGULAR_FILE &&
  @   request->slot[SLOT_FD_ALLOCATE_offset] + request->slot[SLOT_FD_ALLOCATE_len] <= INT64_MAX;
*/
struct step decide_fd_allocate(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_ALLOCATE_fd];
    uint64_t offset = request->slot[SLOT_FD_ALLOCATE_offset];
    uint64_t length = request->slot[SLOT_FD_ALLOCATE_len];
    struct step step = simple_op(table, request, plan, R(FD_ALLOCATE), OP_ALLOCATE);
    if (step.verdict != VERDICT_ISSUE)
        return step;
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return decide_refuse(RULE_BAD_VALUE);
    if (offset > INT64_MAX || length > INT64_MAX - offset)
        return decide_refuse(RULE_OFFSET_RANGE);
    step.op.offset = offset;
    step.op.value = length;
    return step;
}

struct change commit_fd_allocate(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

/* What `to` was is closed by the op, and the backend puts the other in its place. A descriptor onto itself stays. */
/*@ ensures accepted: \result.verdict == VERDICT_REFUSE <==> !handle_live(table, request->slot[SLOT_FD_RENUMBER_fd]) ||
  @   !handle_live(table, request->slot[SLOT_FD_RENUMBER_to]);
*/
struct step decide_fd_renumber(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_RENUMBER_fd];
    uint64_t to = request->slot[SLOT_FD_RENUMBER_to];
    enum rule rule = decide_handle_rule(table, fd, 0);
    if (rule == RULE_NONE)
        rule = decide_handle_rule(table, to, 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (fd == to)
        return decide_go_commit(plan, 0);
    struct step step = decide_issue_last(plan, OP_MOVE, RULE_RIGHT_HELD, (uint32_t)to);
    step.op.handle2 = (uint32_t)fd;
    return step;
}

/* Whatever the system answered, what `to` was is gone. */
struct change commit_fd_renumber(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_RENUMBER_fd];
    uint64_t to = request->slot[SLOT_FD_RENUMBER_to];
    struct change change = decide_change(plan);
    if (fd != to && decide_handle_rule(table, to, 0) == RULE_NONE) {
        change.how = CHANGE_MOVED;
        change.handle = (uint32_t)fd;
        change.number = to;
    }
    return change;
}

/* Rights only shrink: what is not held cannot be asked for. */
/*@ ensures accepted: \result.verdict == VERDICT_COMMIT <==>
  @   may(table, request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fd], request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_base]) &&
  @   (table->handle[request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fd]].inheriting &
  @     request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_inheriting]) == request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_inheriting];
*/
struct step decide_fd_fdstat_set_rights(const struct decide_context *context, const struct handle_table *table,
                                        const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fd];
    uint64_t inheriting = request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_inheriting];
    enum rule rule = decide_handle_rule(table, fd, request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_base]);
    if (rule == RULE_NONE && (table->handle[fd].inheriting & inheriting) != inheriting)
        rule = RULE_RIGHT_MISSING;
    return rule == RULE_NONE ? decide_go_commit(plan, 0) : decide_refuse(rule);
}

struct change commit_fd_fdstat_set_rights(const struct decide_context *context, const struct handle_table *table,
                                          const struct request *request, struct plan plan,
                                          const struct op_result *answer)
{
    struct change change = decide_change(plan);
    change.how = CHANGE_RIGHTS;
    change.handle = (uint32_t)request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fd];
    change.number = request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_base];
    change.inheriting = request->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_inheriting];
    return change;
}
