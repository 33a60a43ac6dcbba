/* fd_read, fd_write, fd_pread, fd_pwrite.
 *
 * A regular file is read and written at the position that the handle keeps, so that seeking costs no system
 * call; everything else (pipes, terminals, devices given as stdio) as the stream that it is. A transfer of 0 bytes
 * commits without an op. All elements of a vector are checked before the op; more than INT32_MAX bytes in one call
 * are refused, not shortened. Source: witx, fd_*; Linux IOV_MAX and MAX_RW_COUNT. */
#include "wasi/decide/decide_inner.h"

#define VECTOR_MAX     INT32_MAX
#define VECTOR_LONG    (UINT64_MAX - 1)
#define VECTOR_OUTSIDE UINT64_MAX

/* The bytes of the request's vector, at most VECTOR_MAX; or VECTOR_OUTSIDE, VECTOR_LONG. */
/*@ requires \valid_read(request);
  @ requires memory <= 0x100000000;
  @ assigns \nothing;
  @ ensures inside: \result <= VECTOR_MAX ==> vector_in_memory(request, memory);
  @ ensures sum: \result <= VECTOR_MAX ==> \result == vector_sum(request, request->iov_count);
  @ ensures accepted: vector_in_memory(request, memory) && vector_sum(request, request->iov_count) <= VECTOR_MAX ==>
  @   \result <= VECTOR_MAX;
*/
static uint64_t vector_length(const struct request *request, uint64_t memory)
{
    uint64_t total = 0;
    if (request->iov_count > LIMIT_IOVECS)
        return VECTOR_LONG;
    /*@ loop invariant 0 <= i <= request->iov_count;
      @ loop invariant 0 <= total <= i * 0xffffffff && total == vector_sum(request, i);
      @ loop invariant \forall integer k; 0 <= k < i ==> region_in_memory(request->iov[k], memory);
      @ loop assigns i, total;
      @ loop variant request->iov_count - i;
    */
    for (uint32_t i = 0; i < request->iov_count; i++) {
        if (!decide_region_ok(request->iov[i], memory))
            return VECTOR_OUTSIDE;
        total += request->iov[i].length;
    }
    return total <= VECTOR_MAX ? total : VECTOR_LONG;
}

/*@ assigns \nothing;
  @ ensures refusal: refuses(\result);
*/
static struct step vector_refuse(uint64_t total)
{
    return decide_refuse(total == VECTOR_OUTSIDE ? RULE_MEMORY_BOUNDS : RULE_TOO_MANY);
}

/*@ requires 0 <= kind < OP_COUNT;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE;
  @ ensures fields: \result.op.kind == kind && \result.op.handle == fd && \result.op.offset == offset &&
  @   \result.op.mem.offset == 0 && \result.op.mem.length == count;
*/
static struct step vector_issue(enum op_kind kind, uint32_t fd, uint32_t count, uint64_t offset)
{
    struct step step = decide_issue(kind, RULE_RIGHT_HELD, fd);
    step.op.mem.length = count;
    step.op.offset = offset;
    return step;
}

/* A descriptor that may not be read or written: of a directory, which never may, that is the reason. */
/*@ requires \valid_read(table) && RULE_NONE < rule < RULE_COUNT;
  @ assigns \nothing;
  @ ensures refusal: refuses(\result);
*/
static struct step stream_refuse(const struct handle_table *table, uint64_t fd, enum rule rule)
{
    bool directory = rule == RULE_RIGHT_MISSING && fd < LIMIT_HANDLES && table->handle[fd].type == FILETYPE_DIRECTORY;
    return decide_refuse(directory ? RULE_IS_DIRECTORY : rule);
}

struct step decide_fd_read(const struct decide_context *context, const struct handle_table *table,
                           const struct request *request, const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_FD_READ_fd];
    if (ops->count > 0)
        return decide_go_commit();
    enum rule rule = decide_handle_rule(table, fd, R(FD_READ));
    if (rule != RULE_NONE)
        return stream_refuse(table, fd, rule);
    if (table->handle[fd].type == FILETYPE_DIRECTORY)
        return decide_refuse(RULE_IS_DIRECTORY);
    uint64_t total = vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return vector_refuse(total);
    if (total == 0)
        return decide_go_commit();
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return vector_issue(OP_READ, (uint32_t)fd, request->iov_count, 0);
    if (table->handle[fd].position > INT64_MAX - total)
        return decide_refuse(RULE_OFFSET_RANGE);
    return vector_issue(OP_PREAD, (uint32_t)fd, request->iov_count, table->handle[fd].position);
}

/* Behind the first op of fd_write: an append that succeeded asks where the file's end, and so the position, is now. */
/*@ requires \valid_read(table) && \valid_read(ops) && 1 <= ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures stat: \result.verdict == VERDICT_ISSUE ==>
  @   plain_op(\result.op, OP_STAT, fd) && may(table, fd, R(FD_WRITE)) && ops->count == 1;
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT;
*/
static struct step write_next(const struct handle_table *table, uint64_t fd, const struct call_ops *ops)
{
    if (ops->count != 1 || ops->op[0].kind != OP_APPEND || ops->result[0].value < 0)
        return decide_go_commit();
    if (decide_handle_rule(table, fd, R(FD_WRITE)) != RULE_NONE)
        return decide_go_commit();
    return decide_issue(OP_STAT, RULE_RIGHT_HELD, (uint32_t)fd);
}

struct step decide_fd_write(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_FD_WRITE_fd];
    if (ops->count > 0)
        return write_next(table, fd, ops);
    enum rule rule = decide_handle_rule(table, fd, R(FD_WRITE));
    if (rule != RULE_NONE)
        return stream_refuse(table, fd, rule);
    if (table->handle[fd].type == FILETYPE_DIRECTORY)
        return decide_refuse(RULE_IS_DIRECTORY);
    uint64_t total = vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return vector_refuse(total);
    if (total == 0)
        return decide_go_commit();
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return vector_issue(OP_WRITE, (uint32_t)fd, request->iov_count, 0);
    if (table->handle[fd].fdflags & FDFLAG_APPEND)
        return vector_issue(OP_APPEND, (uint32_t)fd, request->iov_count, 0);
    if (table->handle[fd].position > INT64_MAX - total)
        return decide_refuse(RULE_OFFSET_RANGE);
    return vector_issue(OP_PWRITE, (uint32_t)fd, request->iov_count, table->handle[fd].position);
}

_Static_assert((int)SLOT_FD_PREAD_fd == (int)SLOT_FD_PWRITE_fd &&
                   (int)SLOT_FD_PREAD_offset == (int)SLOT_FD_PWRITE_offset,
               "they have the same fields");
/* fd_pread and fd_pwrite, which differ in the op and the right. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request);
  @ requires 0 <= kind < OP_COUNT && context->memory <= 0x100000000;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == kind &&
  @   \result.op.handle == request->slot[SLOT_FD_PREAD_fd] && may(table, request->slot[SLOT_FD_PREAD_fd], right) &&
  @   may(table, request->slot[SLOT_FD_PREAD_fd], R(FD_SEEK)) &&
  @   \result.op.mem.offset == 0 && \result.op.mem.length == request->iov_count && vector_in_memory(request, context->memory);
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==>
  @   may(table, request->slot[SLOT_FD_PREAD_fd], right) && may(table, request->slot[SLOT_FD_PREAD_fd], R(FD_SEEK)) &&
  @   table->handle[request->slot[SLOT_FD_PREAD_fd]].type == FILETYPE_REGULAR_FILE && vector_movable(request, context->memory) &&
  @   request->slot[SLOT_FD_PREAD_offset] + vector_sum(request, request->iov_count) <= INT64_MAX;
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT || refuses(\result);
*/
static struct step positioned(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, enum op_kind kind, uint64_t right)
{
    uint64_t fd = request->slot[SLOT_FD_PREAD_fd];
    uint64_t offset = request->slot[SLOT_FD_PREAD_offset];
    enum rule rule = decide_handle_rule(table, fd, right);
    if (rule == RULE_NONE)
        rule = decide_handle_rule(table, fd, R(FD_SEEK));
    if (rule != RULE_NONE)
        return stream_refuse(table, fd, rule);
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
    return vector_issue(kind, (uint32_t)fd, request->iov_count, offset);
}

struct step decide_fd_pread(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, const struct call_ops *ops)
{
    if (ops->count > 0)
        return decide_go_commit();
    return positioned(context, table, request, OP_PREAD, R(FD_READ));
}

struct step decide_fd_pwrite(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, const struct call_ops *ops)
{
    if (ops->count > 0)
        return decide_go_commit();
    return positioned(context, table, request, OP_PWRITE, R(FD_WRITE));
}
