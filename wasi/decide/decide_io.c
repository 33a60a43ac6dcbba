/* fd_read, fd_write, fd_pread, fd_pwrite.
 *
 * A regular file is read and written at the position that the handle keeps, so that seeking costs no system
 * call; everything else (pipes, terminals, devices given as stdio) as the stream that it is. A transfer of 0 bytes
 * commits without an op. An op on a file carries the vector's one region itself, or, of several, says that it is all of
 * them. All elements of a vector are checked before the op; more than INT32_MAX bytes in one call
 * are refused, not shortened. Source: witx, fd_*; Linux IOV_MAX and MAX_RW_COUNT. */
#include "wasi/decide/decide_alone.h"

uint64_t decide_vector_length(const struct request *request, uint64_t memory)
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

struct step decide_vector_refuse(uint64_t total)
{
    return decide_refuse(total == VECTOR_OUTSIDE ? RULE_MEMORY_BOUNDS : RULE_TOO_MANY);
}

/*@ requires 0 <= kind < OP_COUNT && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.plan == plan_next(plan, kind, PLAN_ENDS_WITH_ANSWER);
  @ ensures fields: op_moves_bytes(\result.op, kind, fd, 0, count, offset);
*/
static struct step vector_issue(struct plan plan, enum op_kind kind, uint32_t fd, uint32_t count, uint64_t offset)
{
    struct step step = decide_issue_last(plan, kind, RULE_RIGHT_HELD, fd);
    step.op.mem.length = count;
    step.op.offset = offset;
    return step;
}

/* The same on a file: `one` with the region itself where there is no other, `several` with all of them. */
/*@ requires \valid_read(request) && 0 <= one < OP_COUNT && 0 <= several < OP_COUNT && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.op.handle == fd && \result.op.offset == offset;
  @ ensures one: request->iov_count == 1 ==>
  @   op_moves_bytes(\result.op, one, fd, request->iov[0].offset, request->iov[0].length, offset) &&
  @   \result.plan == plan_next(plan, one, PLAN_ENDS_WITH_ANSWER);
  @ ensures several: request->iov_count != 1 ==> \result.op.kind == several && \result.op.mem.offset == 0 &&
  @   \result.op.mem.length == request->iov_count && \result.plan == plan_next(plan, several, PLAN_ENDS_WITH_ANSWER);
*/
static struct step file_issue(struct plan plan, const struct request *request, enum op_kind one, enum op_kind several,
                              uint32_t fd, uint64_t offset)
{
    if (request->iov_count != 1)
        return vector_issue(plan, several, fd, request->iov_count, offset);
    struct step step = decide_issue_last(plan, one, RULE_RIGHT_HELD, fd);
    step.op.mem.offset = request->iov[0].offset;
    step.op.mem.length = request->iov[0].length;
    step.op.offset = offset;
    return step;
}

/* A descriptor that may not be read or written: of a directory, which never may, that is the reason. */
/*@ requires \valid_read(table) && rule_refuses(rule);
  @ assigns \nothing;
  @ ensures refusal: refuses(\result);
*/
static struct step stream_refuse(const struct handle_table *table, uint64_t fd, enum rule rule)
{
    bool directory = rule == RULE_RIGHT_MISSING && fd < LIMIT_HANDLES && table->handle[fd].type == FILETYPE_DIRECTORY;
    return decide_refuse(directory ? RULE_IS_DIRECTORY : rule);
}

/* Where a regular file stands behind `moved` bytes at its position. */
/*@ requires \valid_read(table) && handle_live(table, fd);
  @ assigns \nothing;
  @ ensures start: \result.how == CHANGE_NOTHING || (\result.how == CHANGE_POSITION && \result.handle == fd);
*/
static struct change moved(const struct handle_table *table, struct plan plan, uint64_t fd)
{
    struct change change = decide_change_value(plan);
    const struct handle *handle = &table->handle[fd];
    if (plan.value > 0 && handle->type == FILETYPE_REGULAR_FILE &&
        handle->position <= INT64_MAX - (uint64_t)plan.value) {
        change.how = CHANGE_POSITION;
        change.handle = (uint32_t)fd;
        change.number = handle->position + (uint64_t)plan.value;
    }
    return change;
}

struct step decide_fd_read(const struct decide_context *context, const struct handle_table *table,
                           const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_READ_fd];
    enum rule rule = decide_handle_rule(table, fd, R(FD_READ));
    if (rule != RULE_NONE)
        return stream_refuse(table, fd, rule);
    if (table->handle[fd].type == FILETYPE_DIRECTORY)
        return decide_refuse(RULE_IS_DIRECTORY);
    uint64_t total = decide_vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return decide_vector_refuse(total);
    if (total == 0)
        return decide_go_commit(plan, 0);
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return table->handle[fd].net_state != NET_STATE_NONE
                   ? decide_socket_read(context, table, request, plan, fd)
                   : vector_issue(plan, OP_READ, (uint32_t)fd, request->iov_count, 0);
    if (table->handle[fd].position > INT64_MAX - total)
        return decide_refuse(RULE_OFFSET_RANGE);
    return file_issue(plan, request, OP_PREAD, OP_PREADV, (uint32_t)fd, table->handle[fd].position);
}

struct change commit_fd_read(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    return moved(table, plan, request->slot[SLOT_FD_READ_fd]);
}

/* An append: behind it the position is asked for. */
/*@ requires plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.plan == plan_next(plan, OP_APPEND, PLAN_GOES_ON);
  @ ensures fields: \result.op.kind == OP_APPEND && \result.op.handle == fd && \result.op.mem.offset == 0 &&
  @   \result.op.mem.length == count;
*/
static struct step append_issue(struct plan plan, uint32_t fd, uint32_t count)
{
    struct step step = decide_issue(plan, OP_APPEND, RULE_RIGHT_HELD, fd);
    step.op.mem.length = count;
    return step;
}

/* Behind an append that succeeded: where the file's end, and so the position, is now. */
/*@ requires \valid_read(answer) && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures stat: \result.verdict == VERDICT_ISSUE ==> plain_op(\result.op, OP_STAT, (uint32_t)fd) && 0 <= answer->value &&
  @   \result.plan == {plan_next(plan, OP_STAT, PLAN_ENDS_WITH_VALUE) \with .value = answer->value};
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || commits(\result, plan, answer->value);
*/
static struct step append_next(struct plan plan, uint64_t fd, const struct op_result *answer)
{
    if (answer->value < 0)
        return decide_go_commit(plan, answer->value);
    struct step step = decide_issue(plan, OP_STAT, RULE_RIGHT_HELD, (uint32_t)fd);
    step.plan.end = PLAN_ENDS_WITH_VALUE;
    step.plan.value = answer->value;
    return step;
}

struct step decide_fd_write(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_WRITE_fd];
    if (plan.count > 0)
        return append_next(plan, fd, answer);
    enum rule rule = decide_handle_rule(table, fd, R(FD_WRITE));
    if (rule != RULE_NONE)
        return stream_refuse(table, fd, rule);
    if (table->handle[fd].type == FILETYPE_DIRECTORY)
        return decide_refuse(RULE_IS_DIRECTORY);
    uint64_t total = decide_vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return decide_vector_refuse(total);
    if (total == 0)
        return decide_go_commit(plan, 0);
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return table->handle[fd].net_state != NET_STATE_NONE
                   ? decide_socket_write(context, table, request, plan, fd)
                   : vector_issue(plan, OP_WRITE, (uint32_t)fd, request->iov_count, 0);
    if (table->handle[fd].fdflags & FDFLAG_APPEND)
        return append_issue(plan, (uint32_t)fd, request->iov_count);
    if (table->handle[fd].position > INT64_MAX - total)
        return decide_refuse(RULE_OFFSET_RANGE);
    return file_issue(plan, request, OP_PWRITE, OP_PWRITEV, (uint32_t)fd, table->handle[fd].position);
}

struct change commit_fd_write(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, struct plan plan, const struct op_result *answer)
{
    if (plan.kind != OP_STAT)
        return moved(table, plan, request->slot[SLOT_FD_WRITE_fd]);
    struct change change = decide_change_value(plan);
    if (answer->value >= 0) {
        change.how = CHANGE_POSITION;
        change.handle = (uint32_t)request->slot[SLOT_FD_WRITE_fd];
        change.number = answer->stat.size;
    }
    return change;
}

/* fd_pread and fd_pwrite, which differ in the ops and the right. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request);
  @ requires 0 <= one < OP_COUNT && 0 <= several < OP_COUNT && context->memory <= 0x100000000 && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==>
  @   \result.op.handle == request->slot[SLOT_FD_PREAD_fd] && may(table, request->slot[SLOT_FD_PREAD_fd], right | R(FD_SEEK)) &&
  @   vector_in_memory(request, context->memory);
  @ ensures one: \result.verdict == VERDICT_ISSUE && request->iov_count == 1 ==>
  @   op_moves_bytes(\result.op, one, request->slot[SLOT_FD_PREAD_fd], request->iov[0].offset, request->iov[0].length,
  @     request->slot[SLOT_FD_PREAD_offset]) && \result.plan == plan_next(plan, one, PLAN_ENDS_WITH_ANSWER);
  @ ensures several: \result.verdict == VERDICT_ISSUE && request->iov_count != 1 ==> \result.op.kind == several &&
  @   \result.op.mem.offset == 0 && \result.op.mem.length == request->iov_count &&
  @   \result.plan == plan_next(plan, several, PLAN_ENDS_WITH_ANSWER);
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==>
  @   may(table, request->slot[SLOT_FD_PREAD_fd], right | R(FD_SEEK)) &&
  @   table->handle[request->slot[SLOT_FD_PREAD_fd]].type == FILETYPE_REGULAR_FILE && vector_movable(request, context->memory) &&
  @   request->slot[SLOT_FD_PREAD_offset] + vector_sum(request, request->iov_count) <= INT64_MAX;
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || refuses(\result) ||
  @   (commits(\result, plan, 0) && may(table, request->slot[SLOT_FD_PREAD_fd], right | R(FD_SEEK)));
*/
static struct step positioned(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, struct plan plan, enum op_kind one, enum op_kind several,
                              uint64_t right)
{
    uint64_t fd = request->slot[SLOT_FD_PREAD_fd];
    uint64_t offset = request->slot[SLOT_FD_PREAD_offset];
    enum rule rule = decide_handle_rule(table, fd, right | R(FD_SEEK));
    if (rule != RULE_NONE)
        return stream_refuse(table, fd, rule);
    if (table->handle[fd].type == FILETYPE_DIRECTORY)
        return decide_refuse(RULE_IS_DIRECTORY);
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return decide_refuse(RULE_NOT_SEEKABLE);
    uint64_t total = decide_vector_length(request, context->memory);
    if (total > VECTOR_MAX)
        return decide_vector_refuse(total);
    if (offset > INT64_MAX - total)
        return decide_refuse(RULE_OFFSET_RANGE);
    if (total == 0)
        return decide_go_commit(plan, 0);
    return file_issue(plan, request, one, several, (uint32_t)fd, offset);
}

struct step decide_fd_pread(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, struct plan plan, const struct op_result *answer)
{
    return positioned(context, table, request, plan, OP_PREAD, OP_PREADV, R(FD_READ));
}

struct change commit_fd_pread(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change_value(plan);
}

struct step decide_fd_pwrite(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    return positioned(context, table, request, plan, OP_PWRITE, OP_PWRITEV, R(FD_WRITE));
}

struct change commit_fd_pwrite(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change_value(plan);
}
