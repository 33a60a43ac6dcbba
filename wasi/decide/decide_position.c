/* fd_seek, fd_tell, fd_readdir: where a descriptor stands.
 *
 * The position of a regular file is the table's, so only the file's end has to be asked of the kernel. A
 * directory's kernel position is moved only when the guest asks for another cookie than the one that was read last;
 * a cookie is an opaque number that the kernel checks, never a pointer. Source: witx, fd_seek, fd_tell, fd_readdir. */
#include "wasi/decide/decide_inner.h"

uint64_t decide_seek_target(uint64_t base, uint64_t delta)
{
    if (base > INT64_MAX)
        return UINT64_MAX;
    if (delta <= INT64_MAX)
        return base <= INT64_MAX - delta ? base + delta : UINT64_MAX;
    uint64_t back = UINT64_MAX - delta + 1;
    return back <= base ? base - back : UINT64_MAX;
}

/*@ assigns \nothing;
  @ ensures verdict: \result.verdict == VERDICT_COMMIT || refuses(\result);
*/
static struct step seek_to(uint64_t base, uint64_t delta)
{
    return decide_seek_target(base, delta) <= INT64_MAX ? decide_go_commit() : decide_refuse(RULE_OFFSET_RANGE);
}

struct step decide_fd_seek(const struct handle_table *table, const struct request *request, const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_FD_SEEK_fd];
    uint64_t delta = request->slot[SLOT_FD_SEEK_offset];
    uint64_t whence = request->slot[SLOT_FD_SEEK_whence];
    if (ops->count > 1 || (ops->count == 1 && (ops->op[0].kind != OP_STAT || ops->result[0].value < 0)))
        return decide_go_commit();
    enum rule rule = decide_handle_rule(table, fd, R(FD_SEEK));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    if (whence > WHENCE_END)
        return decide_refuse(RULE_BAD_VALUE);
    if (table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return decide_refuse(RULE_NOT_SEEKABLE);
    if (whence == WHENCE_SET)
        return seek_to(0, delta);
    if (whence == WHENCE_CUR)
        return seek_to(table->handle[fd].position, delta);
    if (ops->count == 0)
        return decide_issue(OP_STAT, RULE_RIGHT_HELD, (uint32_t)fd);
    return seek_to(ops->result[0].stat.size, delta);
}

struct step decide_fd_tell(const struct handle_table *table, const struct request *request)
{
    uint64_t fd = request->slot[SLOT_FD_TELL_fd];
    enum rule rule = decide_handle_rule(table, fd, R(FD_TELL));
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    return table->handle[fd].type == FILETYPE_REGULAR_FILE ? decide_go_commit() : decide_refuse(RULE_NOT_SEEKABLE);
}

/* Asks for the entries that the guest's buffer still has room for. An entry of the kernel's is at most a ninth longer than
 * the guest's and 280 bytes long, so that one op fills the buffer, unless the file system gives less than it is asked for. */
/*@ requires room <= LIMIT_READDIR_BUFFER;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_READ_DIR && \result.op.handle == (uint32_t)fd &&
  @   \result.op.mem.length == 0;
*/
static struct step read_entries(uint64_t fd, uint64_t filled, uint64_t room)
{
    struct step step = decide_issue(OP_READ_DIR, RULE_RIGHT_HELD, (uint32_t)fd);
    uint64_t ask = room + room / 8 + 512;
    step.op.offset = filled;
    step.op.value = ask < LIMIT_READDIR ? ask : LIMIT_READDIR;
    return step;
}

/* The entries behind what was read: again until the buffer is full or the directory ends, which only an op that brings nothing
 * tells. The commit says so where the plan ends before that. */
/*@ requires \valid_read(ops) && ops->count <= LIMIT_OPS && first <= 1;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_READ_DIR && \result.op.handle == (uint32_t)fd &&
  @   \result.op.mem.length == 0 && ops->count < LIMIT_OPS;
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT;
*/
static struct step next_entries(uint64_t fd, uint32_t length, const struct call_ops *ops, uint32_t first)
{
    uint64_t filled = decide_filled(ops, first, OP_READ_DIR);
    uint64_t most = length < LIMIT_READDIR_BUFFER ? length : LIMIT_READDIR_BUFFER;
    if (ops->count >= LIMIT_OPS || filled >= most)
        return decide_go_commit();
    return read_entries(fd, filled, most - filled);
}

struct step decide_fd_readdir(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, const struct call_ops *ops)
{
    uint64_t fd = request->slot[SLOT_FD_READDIR_fd];
    uint64_t cookie = request->slot[SLOT_FD_READDIR_cookie];
    struct region buffer = decide_buffer(request, SLOT_FD_READDIR_buf);
    bool sought = ops->count > 0 && ops->op[0].kind == OP_SEEK_DIR;
    if (sought && ops->result[0].value < 0)
        return decide_go_commit();
    enum rule rule = decide_handle_rule(table, fd, R(FD_READDIR));
    if (rule == RULE_NONE && table->handle[fd].type != FILETYPE_DIRECTORY)
        rule = RULE_NOT_DIRECTORY;
    if (rule == RULE_NONE && !decide_region_ok(buffer, context->memory))
        rule = RULE_MEMORY_BOUNDS;
    if (rule == RULE_NONE && cookie > INT64_MAX)
        rule = RULE_OFFSET_RANGE;
    if (rule != RULE_NONE)
        return ops->count == 0 ? decide_refuse(rule) : decide_go_commit();
    if (buffer.length == 0)
        return decide_go_commit();
    if (ops->count > 0 || cookie == table->handle[fd].position)
        return next_entries(fd, buffer.length, ops, sought);
    struct step step = decide_issue(OP_SEEK_DIR, RULE_RIGHT_HELD, (uint32_t)fd);
    step.op.offset = cookie;
    return step;
}
