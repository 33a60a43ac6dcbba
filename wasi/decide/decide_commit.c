/* decide_commit: what the ops did to the handle table, and the numbers that the guest is told.
 *
 * At most one handle changes. An opened handle's rights are the parent's inheriting rights, masked by what was
 * asked for and by what makes sense for the object; so rights only shrink on the way down. Results of the system
 * are checked before they are added to anything: in a replay they come from a file. Structures and events are the
 * dispatcher's (decide.h). */
#include "wasi/decide/decide_inner.h"

uint32_t decide_main_op(const struct call_ops *ops)
{
    uint32_t count = ops->count <= LIMIT_OPS ? ops->count : LIMIT_OPS;
    if (count == 2 && ops->op[0].kind == OP_APPEND)
        return 0;
    if (count > 1 && ops->op[count - 1].rule == RULE_PLAN_CLEANUP)
        return count - 2;
    return count > 0 ? count - 1 : ops->count;
}

/* What the call's main op brought: its value, 0 without one. */
/*@ requires \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
*/
static int64_t main_value(const struct call_ops *ops)
{
    uint32_t index = decide_main_op(ops);
    return index < LIMIT_OPS && index < ops->count ? ops->result[index].value : 0;
}

/*@ requires \valid(outcome) && value < 0;
  @ assigns outcome->wasi_errno;
*/
static void set_error(struct outcome *outcome, int64_t value)
{
    outcome->wasi_errno = value > -(int64_t)WASI_ERRNO_COUNT ? (uint16_t)-value : (uint16_t)WASI_IO;
}

/*@ requires \valid(outcome);
  @ assigns outcome->value[0], outcome->value_count;
*/
static void set_value(struct outcome *outcome, uint64_t value)
{
    outcome->value[0] = value;
    outcome->value_count = 1;
}

/* fd_read and fd_write of `moved` bytes. */
/*@ requires \valid(handle) && \valid_read(ops) && \separated(handle, ops) && ops->count <= LIMIT_OPS;
  @ requires moved <= INT64_MAX;
  @ assigns handle->position;
*/
static void commit_moved(struct handle *handle, const struct call_ops *ops, uint64_t moved)
{
    if (handle->type != FILETYPE_REGULAR_FILE || ops->count == 0)
        return;
    if (ops->op[0].kind == OP_APPEND) {
        if (ops->count == 2 && ops->result[1].value >= 0)
            handle->position = ops->result[1].stat.size;
    } else if (handle->position <= INT64_MAX - moved) {
        handle->position += moved;
    }
}

/*@ requires \valid(handle) && \valid_read(request) && \valid_read(ops) && \valid(outcome) && ops->count <= LIMIT_OPS;
  @ requires \separated(handle, request, ops, outcome);
  @ assigns handle->position, outcome->wasi_errno, outcome->value[0], outcome->value_count;
*/
static void commit_seek(struct handle *handle, const struct request *request, const struct call_ops *ops,
                        struct outcome *outcome)
{
    uint64_t whence = request->slot[SLOT_FD_SEEK_whence];
    uint64_t base = whence == WHENCE_CUR ? handle->position : 0;
    if (whence == WHENCE_END && ops->count > 0)
        base = ops->result[0].stat.size;
    uint64_t target = decide_seek_target(base, request->slot[SLOT_FD_SEEK_offset]);
    if (target > INT64_MAX) {
        outcome->wasi_errno = WASI_INVAL;
        return;
    }
    handle->position = target;
    set_value(outcome, target);
}

/* Where the kernel stands behind entries that were read, only the dispatcher knows, if all of them fit. A plan that ended
 * before the buffer was full and the directory at its end is an error: an answer that is short means the end. */
/*@ requires \valid(handle) && \valid_read(request) && \valid_read(ops) && \valid(outcome) && ops->count <= LIMIT_OPS;
  @ requires \separated(handle, request, ops, outcome);
  @ assigns handle->position, outcome->wasi_errno, outcome->rule, outcome->value[0], outcome->value_count;
*/
static void commit_readdir(struct handle *handle, const struct request *request, const struct call_ops *ops,
                           struct outcome *outcome)
{
    uint32_t first = ops->count > 0 && ops->op[0].kind == OP_SEEK_DIR ? 1 : 0;
    uint64_t filled = decide_filled(ops, first, OP_READ_DIR);
    if (ops->count > 0)
        handle->position = ops->count > first && ops->result[first].value > 0 ? HANDLE_POSITION_UNKNOWN
                                                                              : request->slot[SLOT_FD_READDIR_cookie];
    set_value(outcome, 0);
    if (ops->count > first && filled < (uint32_t)request->slot[SLOT_FD_READDIR_buf_len]) {
        outcome->wasi_errno = WASI_OVERFLOW;
        outcome->rule = RULE_DIRECTORY_LONG;
    }
}

/*@ requires \valid(handle);
  @ assigns *handle;
  @ ensures free: handle->live == 0 && handle->rights == 0 && handle->inheriting == 0 && handle->preopen == 0;
*/
static void free_handle(struct handle *handle)
{
    handle->rights = 0;
    handle->inheriting = 0;
    handle->position = 0;
    handle->dev = 0;
    handle->ino = 0;
    handle->name_length = 0;
    handle->fdflags = 0;
    handle->type = FILETYPE_UNKNOWN;
    handle->live = false;
    handle->preopen = false;
    handle->doubtful = false;
}

/* The new handle of path_open, from its parent and what STAT said. */
/*@ requires \valid(handle) && \valid_read(parent) && \valid_read(request) && \valid_read(stat);
  @ requires \separated(handle, parent) && \separated(handle, request) && \separated(handle, stat);
  @ assigns *handle;
  @ ensures attenuated: attenuated(handle->rights, parent->inheriting, request->slot[SLOT_PATH_OPEN_fs_rights_base]);
  @ ensures inheriting: handed_on(handle->inheriting, parent->inheriting, request->slot[SLOT_PATH_OPEN_fs_rights_inheriting]);
  @ ensures live: handle->live != 0 && handle->dev == stat->dev && handle->doubtful == parent->doubtful;
*/
static void fill_handle(struct handle *handle, const struct handle *parent, const struct request *request,
                        const struct filestat *stat)
{
    bool directory = stat->filetype == FILETYPE_DIRECTORY;
    uint64_t inheriting = parent->inheriting;
    uint64_t wanted = request->slot[SLOT_PATH_OPEN_fs_rights_base];
    handle->rights = directory ? inheriting & wanted & RIGHTS_FOR_DIRECTORY : inheriting & wanted & RIGHTS_FOR_FILE;
    handle->inheriting = directory ? inheriting & request->slot[SLOT_PATH_OPEN_fs_rights_inheriting] : 0;
    handle->position = 0;
    handle->dev = stat->dev;
    handle->ino = stat->ino;
    handle->name_length = 0;
    handle->fdflags = (uint16_t)request->slot[SLOT_PATH_OPEN_fdflags];
    handle->type = (uint8_t)stat->filetype;
    handle->preopen = false;
    handle->doubtful = parent->doubtful;
    handle->live = true;
}

/* Where the STAT of what path_open opened stands: the last op, or the last but one where its file system was asked for. */
/*@ requires \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures stat: \result == 0 || (\result < ops->count && ops->op[\result].kind == OP_STAT &&
  @   (\result == ops->count - 1 || (\result == ops->count - 2 && ops->op[ops->count - 1].kind == OP_FILE_SYSTEM)));
*/
static uint32_t open_stat(const struct call_ops *ops)
{
    if (ops->count < 2)
        return 0;
    if (ops->op[ops->count - 1].kind == OP_STAT)
        return ops->count - 1;
    if (ops->op[ops->count - 1].kind == OP_FILE_SYSTEM && ops->op[ops->count - 2].kind == OP_STAT)
        return ops->count - 2;
    return 0;
}

/* Whether the file system of what was opened was asked for, and holds data. */
/*@ requires \valid_read(ops) && 0 < stat < ops->count <= LIMIT_OPS;
  @ requires stat == ops->count - 1 || ops->op[ops->count - 1].kind == OP_FILE_SYSTEM;
  @ assigns \nothing;
  @ ensures data: \result != 0 ==> asked_for_data(ops, slot);
*/
static bool open_asked(const struct call_ops *ops, uint32_t stat, uint32_t slot)
{
    return stat != ops->count - 1 && ops->op[ops->count - 1].handle == slot &&
           decide_holds_data(ops->result[ops->count - 1].value);
}

/* Whether what was opened lies where its directory does, or its file system was asked for and holds data. */
/*@ requires \valid_read(ops) && 0 < stat < ops->count <= LIMIT_OPS;
  @ requires stat == ops->count - 1 || ops->op[ops->count - 1].kind == OP_FILE_SYSTEM;
  @ assigns \nothing;
  @ ensures data: \result != 0 ==> ops->result[stat].stat.dev == dev || asked_for_data(ops, slot);
*/
static bool open_known(const struct call_ops *ops, uint32_t stat, uint32_t slot, uint64_t dev)
{
    return ops->result[stat].stat.dev == dev || open_asked(ops, stat, slot);
}

/* Whether the plan closed what it had opened, because its file system holds no data. */
/*@ requires \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
*/
static bool open_holds_none(const struct call_ops *ops)
{
    return ops->count >= 2 && ops->op[ops->count - 1].kind == OP_CLOSE &&
           ops->op[ops->count - 2].kind == OP_FILE_SYSTEM && !decide_holds_data(ops->result[ops->count - 2].value);
}

/* path_open, whose last op but the closing one went well. */
/*@ requires request->call == OPERATION_PATH_OPEN;
  @ requires \valid(table) && \valid_read(request) && \valid_read(ops) && \valid(outcome) && ops->count <= LIMIT_OPS;
  @ requires \separated(table, request, ops, outcome);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], outcome->wasi_errno, outcome->rule, outcome->value[0], outcome->value_count;
  @ ensures COMMIT_SOUND(table, request, ops);
*/
static void commit_open(struct handle_table *table, const struct request *request, const struct call_ops *ops,
                        struct outcome *outcome)
{
    uint64_t fd = request->slot[SLOT_PATH_OPEN_fd];
    uint32_t stat = open_stat(ops);
    outcome->wasi_errno = WASI_IO;
    if (stat == 0 && open_holds_none(ops)) {
        outcome->wasi_errno = WASI_NOTCAPABLE;
        outcome->rule = RULE_NO_DATA;
        return;
    }
    if (stat == 0 || ops->op[stat - 1].kind != OP_OPEN || decide_handle_rule(table, fd, R(PATH_OPEN)) != RULE_NONE)
        return;
    uint32_t slot = ops->op[stat - 1].handle2;
    if (slot >= table->limit || slot >= LIMIT_HANDLES || table->handle[slot].live)
        return;
    if (!open_known(ops, stat, slot, table->handle[fd].dev))
        return;
    fill_handle(&table->handle[slot], &table->handle[fd], request, &ops->result[stat].stat);
    outcome->wasi_errno = WASI_SUCCESS;
    set_value(outcome, slot);
}

/* Calls that answer with facts about the run or with what the op brought. */
/*@ requires \valid_read(context) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ requires \valid(outcome) && \separated(outcome, context) && \separated(outcome, request) && \separated(outcome, ops);
  @ assigns outcome->wasi_errno, outcome->value_count, outcome->value[0 .. 1];
*/
static void commit_plain(const struct decide_context *context, const struct request *request,
                         const struct call_ops *ops, uint64_t value, struct outcome *outcome)
{
    bool args = request->call == OPERATION_ARGS_SIZES_GET;
    switch (request->call) {
    case OPERATION_ARGS_SIZES_GET:
    case OPERATION_ENVIRON_SIZES_GET:
        outcome->value[0] = args ? context->arg_count : context->env_count;
        outcome->value[1] = args ? context->arg_bytes : context->env_bytes;
        outcome->value_count = 2;
        break;
    case OPERATION_CLOCK_RES_GET:
    case OPERATION_CLOCK_TIME_GET:
    case OPERATION_FD_PREAD:
    case OPERATION_FD_PWRITE:
    case OPERATION_PATH_READLINK:
        set_value(outcome, value);
        break;
    case OPERATION_RANDOM_GET:
        if (value !=
                decide_buffer(request, SLOT_RANDOM_GET_buf).length && /* else one op filled it, or none was needed */
            decide_filled(ops, 0, OP_RANDOM) != decide_buffer(request, SLOT_RANDOM_GET_buf).length)
            outcome->wasi_errno = WASI_IO;
        break;
    default:
        break;
    }
}

/* Calls that change or read their descriptor's row, once it is known to be open. */
/*@ requires \valid(handle) && \valid_read(request) && \valid_read(ops) && \valid(outcome) && ops->count <= LIMIT_OPS;
  @ requires \separated(handle, request, ops, outcome);
  @ requires value <= INT64_MAX;
  @ assigns handle->position, handle->fdflags, outcome->wasi_errno, outcome->rule, outcome->value_count, outcome->value[0 .. 1];
*/
static void commit_handle(struct handle *handle, const struct request *request, const struct call_ops *ops,
                          uint64_t value, struct outcome *outcome)
{
    switch (request->call) {
    case OPERATION_FD_READ:
    case OPERATION_FD_WRITE:
        commit_moved(handle, ops, value);
        set_value(outcome, value);
        break;
    case OPERATION_FD_SEEK:
        commit_seek(handle, request, ops, outcome);
        break;
    case OPERATION_FD_TELL:
        set_value(outcome, handle->position);
        break;
    case OPERATION_FD_READDIR:
        commit_readdir(handle, request, ops, outcome);
        break;
    case OPERATION_FD_FDSTAT_SET_FLAGS:
        handle->fdflags = (uint16_t)request->slot[SLOT_FD_FDSTAT_SET_FLAGS_flags];
        break;
    default:
        break;
    }
}

/* Starts from: success, no values. */
/*@ requires \valid(outcome);
  @ assigns *outcome;
*/
static void outcome_init(struct outcome *outcome)
{
    outcome->wasi_errno = WASI_SUCCESS;
    outcome->rule = RULE_NONE;
    outcome->trap = 0;
    outcome->value_count = 0;
    outcome->value[0] = 0;
    outcome->value[1] = 0;
}

/*@ predicate handles_kept{L1,L2}(struct handle_table *t) = \forall integer h; 0 <= h < HANDLES_TOTAL ==>
  @   \at(t->handle[h].rights, L1) == \at(t->handle[h].rights, L2) &&
  @   \at(t->handle[h].inheriting, L1) == \at(t->handle[h].inheriting, L2) &&
  @   \at(t->handle[h].live, L1) == \at(t->handle[h].live, L2);
  @ predicate commit_part(struct handle_table *t, struct request *q, struct call_ops *o, struct outcome *out) =
  @   \valid(t) && \valid_read(q) && \valid_read(o) && \valid(out) && \separated(t, q, o, out) && o->count <= LIMIT_OPS;
*/

/* fd_close: whatever the system answered, the host descriptor is gone. */
/*@ requires request->call == OPERATION_FD_CLOSE;
  @ requires commit_part(table, request, ops, outcome);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], outcome->wasi_errno;
  @ ensures COMMIT_SOUND(table, request, ops);
*/
static void commit_close(struct handle_table *table, const struct request *request, const struct call_ops *ops,
                         int64_t value, struct outcome *outcome)
{
    uint64_t fd = request->slot[SLOT_FD_CLOSE_fd];
    if (ops->count > 0 && decide_handle_rule(table, fd, 0) == RULE_NONE)
        free_handle(&table->handle[fd]);
    if (value < 0)
        set_error(outcome, value);
}

/* A system call failed. Where a directory's kernel position may have moved all the same, it is unknown now. */
/*@ requires \valid(table) && \valid_read(request) && \valid(outcome) && \separated(table, request, outcome) && value < 0;
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], outcome->wasi_errno;
  @ ensures kept: handles_kept{Pre,Post}(table);
*/
static void commit_failed(struct handle_table *table, const struct request *request, int64_t value,
                          struct outcome *outcome)
{
    uint64_t fd = request->slot[SLOT_FD_READDIR_fd];
    if (request->call == OPERATION_FD_READDIR && decide_handle_rule(table, fd, 0) == RULE_NONE)
        table->handle[fd].position = HANDLE_POSITION_UNKNOWN;
    set_error(outcome, value);
}

/* The calls whose descriptor's row holds their answer or changes. */
/*@ requires commit_part(table, request, ops, outcome) && value <= INT64_MAX;
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], outcome->wasi_errno, outcome->rule, outcome->value_count, outcome->value[0 .. 1];
  @ ensures kept: handles_kept{Pre,Post}(table);
*/
static void commit_named(struct handle_table *table, const struct request *request, const struct call_ops *ops,
                         uint64_t value, struct outcome *outcome)
{
    uint64_t fd = request->slot[SLOT_FIRST];
    if (decide_handle_rule(table, fd, 0) == RULE_NONE)
        commit_handle(&table->handle[fd], request, ops, value, outcome);
}

/*@ assigns \nothing;
*/
static bool is_named(uint32_t call)
{
    return call == OPERATION_FD_READ || call == OPERATION_FD_WRITE || call == OPERATION_FD_SEEK ||
           call == OPERATION_FD_TELL || call == OPERATION_FD_READDIR || call == OPERATION_FD_FDSTAT_SET_FLAGS;
}

/* Any call but fd_close and path_open: no descriptor comes or goes. */
/*@ requires request->call != OPERATION_FD_CLOSE && request->call != OPERATION_PATH_OPEN;
  @ requires commit_part(table, request, ops, outcome) && value <= INT64_MAX;
  @ requires \valid_read(context) && \separated(context, table, outcome);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], outcome->wasi_errno, outcome->rule, outcome->value_count, outcome->value[0 .. 1];
  @ ensures COMMIT_SOUND(table, request, ops);
*/
static void commit_other(const struct decide_context *context, struct handle_table *table,
                         const struct request *request, const struct call_ops *ops, int64_t value,
                         struct outcome *outcome)
{
    if (value < 0)
        commit_failed(table, request, value, outcome);
    else if (request->call == OPERATION_POLL_ONEOFF)
        set_value(outcome, 0); /* the dispatcher counts the events */
    else if (is_named(request->call))
        commit_named(table, request, ops, (uint64_t)value, outcome);
    else
        commit_plain(context, request, ops, (uint64_t)value, outcome);
}

/* The three kinds of calls, each from an outcome of its own. */
/*@ requires request->call == OPERATION_FD_CLOSE;
  @ requires commit_part(table, request, ops, outcome);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], *outcome;
  @ ensures COMMIT_SOUND(table, request, ops);
*/
static void finish_close(struct handle_table *table, const struct request *request, const struct call_ops *ops,
                         int64_t value, struct outcome *outcome)
{
    outcome_init(outcome);
    commit_close(table, request, ops, value, outcome);
}

/*@ requires request->call == OPERATION_PATH_OPEN;
  @ requires commit_part(table, request, ops, outcome);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], *outcome;
  @ ensures COMMIT_SOUND(table, request, ops);
*/
static void finish_open(struct handle_table *table, const struct request *request, const struct call_ops *ops,
                        int64_t value, struct outcome *outcome)
{
    outcome_init(outcome);
    /*@ assert whole: \forall integer h; 0 <= h < HANDLES_TOTAL ==>
      @   table->handle[h].rights == \at(table->handle[h].rights, Pre) && table->handle[h].dev == \at(table->handle[h].dev, Pre) &&
      @   table->handle[h].live == \at(table->handle[h].live, Pre) &&
      @   table->handle[h].inheriting == \at(table->handle[h].inheriting, Pre);
    */
    if (value < 0)
        set_error(outcome, value);
    else
        commit_open(table, request, ops, outcome);
}

/*@ requires request->call != OPERATION_FD_CLOSE && request->call != OPERATION_PATH_OPEN;
  @ requires commit_part(table, request, ops, outcome);
  @ requires \valid_read(context) && \separated(context, table, outcome);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], *outcome;
  @ ensures COMMIT_SOUND(table, request, ops);
*/
static void finish_other(const struct decide_context *context, struct handle_table *table,
                         const struct request *request, const struct call_ops *ops, int64_t value,
                         struct outcome *outcome)
{
    outcome_init(outcome);
    /*@ assert whole: \forall integer h; 0 <= h < HANDLES_TOTAL ==>
      @   table->handle[h].rights == \at(table->handle[h].rights, Pre) && table->handle[h].dev == \at(table->handle[h].dev, Pre) &&
      @   table->handle[h].live == \at(table->handle[h].live, Pre);
    */
    commit_other(context, table, request, ops, value, outcome);
}

void decide_commit(const struct decide_context *context, struct handle_table *table, const struct request *request,
                   const struct call_ops *ops, struct outcome *outcome)
{
    int64_t value = main_value(ops);
    if (request->call == OPERATION_FD_CLOSE)
        finish_close(table, request, ops, value, outcome);
    else if (request->call == OPERATION_PATH_OPEN)
        finish_open(table, request, ops, value, outcome);
    else
        finish_other(context, table, request, ops, value, outcome);
}
