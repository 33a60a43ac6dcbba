/* Calls on one descriptor that move no bulk data: close, sync, flags, sizes, status.
 *
 * What the handle table knows is not asked of the kernel. The flags of anything but a regular file are not changed,
 * NONBLOCK neither: stdio is shared with the process that started us, and a promise that the next read breaks is
 * none. Source: witx, fd_*. */
#include "wasi/decide/decide_inner.h"

/* One op on the descriptor, then commit. */
/*@ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && 0 <= kind < OP_COUNT;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> ops->count == 0 && may(table, request->slot[SLOT_FIRST], rights);
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> plain_op(\result.op, kind, request->slot[SLOT_FIRST]);
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT ||
  @   (refuses(\result) && ops->count == 0);
*/
static struct step simple_op(const struct handle_table *table, const struct request *request,
                             const struct call_ops *ops, uint64_t rights, enum op_kind kind)
{
    uint64_t fd = request->slot[SLOT_FIRST];
    if (ops->count > 0)
        return decide_go_commit();
    enum rule rule = decide_handle_rule(table, fd, rights);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    return decide_issue(kind, RULE_RIGHT_HELD, (uint32_t)fd);
}

struct step decide_fd_close(const struct handle_table *table, const struct request *request, const struct call_ops *ops)
{
    return simple_op(table, request, ops, 0, OP_CLOSE);
}

struct step decide_fd_sync(const struct handle_table *table, const struct request *request, const struct call_ops *ops)
{
    return simple_op(table, request, ops, R(FD_SYNC), OP_SYNC);
}

struct step decide_fd_datasync(const struct handle_table *table, const struct request *request,
                               const struct call_ops *ops)
{
    return simple_op(table, request, ops, R(FD_DATASYNC), OP_DATASYNC);
}

struct step decide_fd_filestat_get(const struct handle_table *table, const struct request *request,
                                   const struct call_ops *ops)
{
    return simple_op(table, request, ops, R(FD_FILESTAT_GET), OP_STAT);
}

struct step decide_fd_fdstat_get(const struct handle_table *table, const struct request *request)
{
    enum rule rule = decide_handle_rule(table, request->slot[SLOT_FD_FDSTAT_GET_fd], 0);
    return rule == RULE_NONE ? decide_go_commit() : decide_refuse(rule);
}

struct step decide_fd_prestat_get(const struct handle_table *table, const struct request *request)
{
    uint64_t fd = request->slot[SLOT_FD_PRESTAT_GET_fd];
    enum rule rule = decide_handle_rule(table, fd, 0);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    return table->handle[fd].preopen ? decide_go_commit() : decide_refuse(RULE_NOT_PREOPEN);
}

struct step decide_fd_prestat_dir_name(const struct decide_context *context, const struct handle_table *table,
                                       const struct request *request)
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
    return decide_go_commit();
}

struct step decide_fd_fdstat_set_flags(const struct handle_table *table, const struct request *request,
                                       const struct call_ops *ops)
{
    const uint32_t all = FDFLAG_APPEND | FDFLAG_DSYNC | FDFLAG_NONBLOCK | FDFLAG_RSYNC | FDFLAG_SYNC;
    uint64_t fd = request->slot[SLOT_FD_FDSTAT_SET_FLAGS_fd];
    uint64_t flags = request->slot[SLOT_FD_FDSTAT_SET_FLAGS_flags];
    if (ops->count > 0)
        return decide_go_commit();
    enum rule rule = decide_handle_rule(table, fd, R(FD_FDSTAT_SET_FLAGS));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (flags > all)
        return decide_refuse(RULE_BAD_VALUE);
    uint32_t changed = (uint32_t)flags ^ table->handle[fd].fdflags;
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return changed == 0 ? decide_go_commit() : decide_refuse(RULE_NOT_SUPPORTED);
    if ((changed & ~(uint32_t)(FDFLAG_APPEND | FDFLAG_NONBLOCK)) != 0)
        return decide_refuse(RULE_NOT_SUPPORTED);
    struct step step = decide_issue(OP_SET_FLAGS, RULE_RIGHT_HELD, (uint32_t)fd);
    step.op.value = flags;
    return step;
}

struct step decide_fd_filestat_set_size(const struct handle_table *table, const struct request *request,
                                        const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_FD_FILESTAT_SET_SIZE_fd];
    uint64_t size = request->slot[SLOT_FD_FILESTAT_SET_SIZE_size];
    if (ops->count > 0)
        return decide_go_commit();
    enum rule rule = decide_handle_rule(table, fd, R(FD_FILESTAT_SET_SIZE));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (table->handle[fd].type == FILETYPE_DIRECTORY)
        return decide_refuse(RULE_IS_DIRECTORY);
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return decide_refuse(RULE_BAD_VALUE);
    if (size > INT64_MAX)
        return decide_refuse(RULE_OFFSET_RANGE);
    struct step step = decide_issue(OP_SET_SIZE, RULE_RIGHT_HELD, (uint32_t)fd);
    step.op.value = size;
    return step;
}
