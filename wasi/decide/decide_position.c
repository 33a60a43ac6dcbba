/* fd_seek, fd_tell, fd_readdir: where a descriptor stands.
 *
 * The position of a regular file is the table's, so only the file's end has to be asked of the kernel. A
 * directory's kernel position is moved only when the guest asks for another cookie than the one that was read last;
 * a cookie is an opaque number that the kernel checks, never a pointer. Source: witx, fd_seek, fd_tell, fd_readdir. */
#include "wasi/decide/decide_alone.h"

/* Commits with the new position, or refuses it. */
/*@ assigns \nothing;
  @ ensures to: seek_target(base, delta) <= INT64_MAX ==> commits(\result, plan, seek_target(base, delta));
  @ ensures outside: seek_target(base, delta) > INT64_MAX ==> refuses(\result);
*/
static struct step seek_to(struct plan plan, uint64_t base, uint64_t delta)
{
    uint64_t target = decide_seek_target(base, delta);
    return target <= INT64_MAX ? decide_go_commit(plan, (int64_t)target) : decide_refuse(RULE_OFFSET_RANGE);
}

struct step decide_fd_seek(const struct decide_context *context, const struct handle_table *table,
                           const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_SEEK_fd];
    uint64_t delta = request->slot[SLOT_FD_SEEK_offset];
    uint64_t whence = request->slot[SLOT_FD_SEEK_whence];
    if (plan.count > 0)
        return answer->value < 0 ? decide_go_commit(plan, answer->value) : seek_to(plan, answer->stat.size, delta);
    enum rule rule = decide_handle_rule(table, fd, R(FD_SEEK));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (whence > WHENCE_END)
        return decide_refuse(RULE_BAD_VALUE);
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return decide_refuse(RULE_NOT_SEEKABLE);
    if (whence == WHENCE_SET)
        return seek_to(plan, 0, delta);
    if (whence == WHENCE_CUR)
        return seek_to(plan, table->handle[fd].position, delta);
    return decide_issue(plan, OP_STAT, RULE_RIGHT_HELD, (uint32_t)fd);
}

struct change commit_fd_seek(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = decide_change_value(plan);
    if (plan.value >= 0) {
        change.how = CHANGE_POSITION;
        change.handle = (uint32_t)request->slot[SLOT_FD_SEEK_fd];
        change.number = (uint64_t)plan.value;
    }
    return change;
}

struct step decide_fd_tell(const struct decide_context *context, const struct handle_table *table,
                           const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_TELL_fd];
    enum rule rule = decide_handle_rule(table, fd, R(FD_TELL));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    return table->handle[fd].type == FILETYPE_REGULAR_FILE ? decide_go_commit(plan, 0)
                                                           : decide_refuse(RULE_NOT_SEEKABLE);
}

struct change commit_fd_tell(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = decide_change_value(plan);
    change.outcome.value[0] = table->handle[request->slot[SLOT_FD_TELL_fd]].position;
    return change;
}

/* Asks for the entries that the guest's buffer still has room for. An entry of the kernel's is at most a ninth longer than
 * the guest's and 280 bytes long, so that one op fills the buffer, unless the file system gives less than it is asked for. */
/*@ requires 0 <= filled < room && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_READ_DIR && \result.op.handle == (uint32_t)fd &&
  @   \result.op.mem.length == 0 && \result.plan == {plan_next(plan, OP_READ_DIR, PLAN_GOES_ON) \with .value = filled};
*/
static struct step read_entries(struct plan plan, uint64_t fd, int64_t filled, uint32_t room)
{
    struct step step = decide_issue(plan, OP_READ_DIR, RULE_RIGHT_HELD, (uint32_t)fd);
    uint64_t left = room - (uint64_t)filled;
    uint64_t ask = left + left / 8 + 512;
    step.op.offset = (uint64_t)filled;
    step.op.value = ask < LIMIT_READDIR ? ask : LIMIT_READDIR;
    step.plan.value = filled;
    return step;
}

/* Behind entries that were read: again until the buffer is full or the directory ends, which only an op that brings nothing
 * tells. A plan that ends before that fails: an answer that is short means the end. */
/*@ requires \valid_read(answer) && plan.count <= LIMIT_OPS && plan.rule < RULE_COUNT;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_READ_DIR && \result.op.handle == (uint32_t)fd &&
  @   \result.op.mem.length == 0 &&
  @   \result.plan == {plan_next(plan, OP_READ_DIR, PLAN_GOES_ON) \with .value = \result.plan.value};
  @ ensures verdict: \result.verdict == VERDICT_ISSUE ||
  @   (\result.verdict == VERDICT_COMMIT && \result.plan.rule < RULE_COUNT && \result.plan.kind == plan.kind);
*/
static struct step next_entries(struct plan plan, uint64_t fd, uint32_t length, const struct op_result *answer)
{
    uint32_t most = length < LIMIT_READDIR_BUFFER ? length : LIMIT_READDIR_BUFFER;
    if (answer->value <= 0 || answer->value > INT32_MAX || plan.value < 0 || plan.value > LIMIT_READDIR_BUFFER)
        return decide_go_commit(plan, answer->value < 0 ? answer->value : plan.value);
    int64_t filled = plan.value + answer->value;
    if (filled >= length)
        return decide_go_commit(plan, filled);
    if (filled < most && plan.count < LIMIT_OPS - 1)
        return read_entries(plan, fd, filled, most);
    plan.rule = RULE_DIRECTORY_LONG;
    return decide_go_commit(plan, -(int64_t)WASI_OVERFLOW);
}

struct step decide_fd_readdir(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_FD_READDIR_fd];
    uint64_t cookie = request->slot[SLOT_FD_READDIR_cookie];
    struct region buffer = decide_buffer(request, SLOT_FD_READDIR_buf);
    uint32_t most = buffer.length < LIMIT_READDIR_BUFFER ? buffer.length : LIMIT_READDIR_BUFFER;
    if (plan.kind == OP_READ_DIR)
        return next_entries(plan, fd, buffer.length, answer);
    if (plan.count > 0 && plan.kind != OP_SEEK_DIR) /* no such plan */
        return decide_go_commit(plan, -(int64_t)WASI_IO);
    if (plan.count > 0)
        return answer->value < 0 || buffer.length == 0 ? decide_go_commit(plan, answer->value)
                                                       : read_entries(plan, fd, 0, most);
    enum rule rule = decide_handle_rule(table, fd, R(FD_READDIR));
    if (rule == RULE_NONE && table->handle[fd].type != FILETYPE_DIRECTORY)
        rule = RULE_NOT_DIRECTORY;
    if (rule == RULE_NONE && !decide_region_ok(buffer, context->memory))
        rule = RULE_MEMORY_BOUNDS;
    if (rule == RULE_NONE && cookie > INT64_MAX)
        rule = RULE_OFFSET_RANGE;
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (buffer.length == 0)
        return decide_go_commit(plan, 0);
    if (cookie == table->handle[fd].position)
        return read_entries(plan, fd, 0, most);
    struct step step = decide_issue(plan, OP_SEEK_DIR, RULE_RIGHT_HELD, (uint32_t)fd);
    step.op.offset = cookie;
    return step;
}

/* Where the kernel stands behind entries that were read, only the dispatcher knows, if all of them fit; behind a failure,
 * nobody. */
struct change commit_fd_readdir(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = decide_change(plan);
    if (plan.count > 0) {
        change.how = CHANGE_POSITION;
        change.handle = (uint32_t)request->slot[SLOT_FD_READDIR_fd];
        change.number = plan.value != 0 ? HANDLE_POSITION_UNKNOWN : request->slot[SLOT_FD_READDIR_cookie];
    }
    change.outcome.value_count = 1;
    return change;
}
