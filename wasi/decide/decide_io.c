/* fd_read, fd_write, fd_pread, fd_pwrite.
 *
 * A regular file is read and written at the position that the handle keeps, so that seeking costs no system call; everything
 * else (pipes, terminals, devices given as stdio) as the stream that it is. A transfer of 0 bytes commits without an op.
 * All elements of a vector are checked before the op; more than INT32_MAX bytes in one call are refused, not shortened.
 * Source: witx, fd_*; Linux IOV_MAX and MAX_RW_COUNT. */
#include "wasi/decide/decide_inner.h"

#define VECTOR_MAX INT32_MAX
#define VECTOR_LONG (UINT64_MAX - 1)
#define VECTOR_OUTSIDE UINT64_MAX

/* The bytes of the request's vector, at most VECTOR_MAX; or VECTOR_OUTSIDE, VECTOR_LONG. */
static uint64_t vector_length(const struct request *request, uint64_t memory)
{
    uint64_t total = 0;
    if (request->iov_count > LIMIT_IOVECS)
        return VECTOR_LONG;
    for (uint32_t i = 0; i < request->iov_count; i++) {
        if (!decide_region_ok(request->iov[i], memory))
            return VECTOR_OUTSIDE;
        total += request->iov[i].length;
    }
    return total <= VECTOR_MAX ? total : VECTOR_LONG;
}

static struct decision vector_refuse(uint64_t total)
{
    return decide_refuse(total == VECTOR_OUTSIDE ? RULE_MEMORY_BOUNDS : RULE_TOO_MANY);
}

static struct decision vector_issue(struct op *op, enum op_kind kind, uint32_t fd, uint32_t count, uint64_t offset)
{
    struct decision decision = decide_issue(op, kind, RULE_RIGHT_HELD, fd);
    op->mem.length = count;
    op->offset = offset;
    return decision;
}

struct decision decide_fd_read(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, const struct call_ops *ops, struct op *op)
{
    uint64_t fd = request->slot[SLOT_FD];
    if (ops->count > 0)
        return decide_go_commit();
    enum rule rule = decide_handle_rule(table, fd, R(FD_READ));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (table->handle[fd].type == FILETYPE_DIRECTORY)
        return decide_refuse(RULE_IS_DIRECTORY);
    uint64_t total = vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return vector_refuse(total);
    if (total == 0)
        return decide_go_commit();
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return vector_issue(op, OP_READ, (uint32_t)fd, request->iov_count, 0);
    if (table->handle[fd].position > INT64_MAX - total)
        return decide_refuse(RULE_OFFSET_RANGE);
    return vector_issue(op, OP_PREAD, (uint32_t)fd, request->iov_count, table->handle[fd].position);
}

/* Behind the first op of fd_write: an append that succeeded asks where the file's end, and so the position, is now. */
static struct decision write_next(const struct handle_table *table, uint64_t fd, const struct call_ops *ops, struct op *op)
{
    if (ops->count != 1 || ops->op[0].kind != OP_APPEND || ops->result[0].value < 0)
        return decide_go_commit();
    if (decide_handle_rule(table, fd, R(FD_WRITE)) != RULE_NONE)
        return decide_go_commit();
    return decide_issue(op, OP_STAT, RULE_RIGHT_HELD, (uint32_t)fd);
}

struct decision decide_fd_write(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, const struct call_ops *ops, struct op *op)
{
    uint64_t fd = request->slot[SLOT_FD];
    if (ops->count > 0)
        return write_next(table, fd, ops, op);
    enum rule rule = decide_handle_rule(table, fd, R(FD_WRITE));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (table->handle[fd].type == FILETYPE_DIRECTORY)
        return decide_refuse(RULE_IS_DIRECTORY);
    uint64_t total = vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return vector_refuse(total);
    if (total == 0)
        return decide_go_commit();
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return vector_issue(op, OP_WRITE, (uint32_t)fd, request->iov_count, 0);
    if (table->handle[fd].fdflags & FDFLAG_APPEND)
        return vector_issue(op, OP_APPEND, (uint32_t)fd, request->iov_count, 0);
    if (table->handle[fd].position > INT64_MAX - total)
        return decide_refuse(RULE_OFFSET_RANGE);
    return vector_issue(op, OP_PWRITE, (uint32_t)fd, request->iov_count, table->handle[fd].position);
}

/* fd_pread and fd_pwrite, which differ in the op and the right. */
static struct decision positioned(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, enum op_kind kind, uint64_t rights, struct op *op)
{
    uint64_t fd = request->slot[SLOT_FD];
    uint64_t offset = request->slot[SLOT_IO_OFFSET];
    enum rule rule = decide_handle_rule(table, fd, rights);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (table->handle[fd].type == FILETYPE_DIRECTORY)
        return decide_refuse(RULE_IS_DIRECTORY);
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return decide_refuse(RULE_NOT_SEEKABLE);
    uint64_t total = vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return vector_refuse(total);
    if (offset > INT64_MAX - total)
        return decide_refuse(RULE_OFFSET_RANGE);
    if (total == 0)
        return decide_go_commit();
    return vector_issue(op, kind, (uint32_t)fd, request->iov_count, offset);
}

struct decision decide_fd_pread(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, const struct call_ops *ops, struct op *op)
{
    if (ops->count > 0)
        return decide_go_commit();
    return positioned(context, table, request, OP_PREAD, R(FD_READ) | R(FD_SEEK), op);
}

struct decision decide_fd_pwrite(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, const struct call_ops *ops, struct op *op)
{
    if (ops->count > 0)
        return decide_go_commit();
    return positioned(context, table, request, OP_PWRITE, R(FD_WRITE) | R(FD_SEEK), op);
}
