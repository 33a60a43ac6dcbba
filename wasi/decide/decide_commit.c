/* decide_commit: each call to the function that says what its commit does, expanded from its row; and what becomes of the handle
 * table.
 *
 * At most one handle changes, or one takes another's place. An opened handle's rights are the parent's inheriting rights, masked by what was
 * asked for and by what makes sense for the object; so rights only shrink on the way down. Structures and events are the
 * dispatcher's (decide.h). */
#include "wasi/decide/decide_inner.h"

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
    handle->name = 0;
    handle->fdflags = 0;
    handle->type = FILETYPE_UNKNOWN;
    handle->net_family = NET_NONE;
    handle->net_state = NET_STATE_NONE;
    handle->live = false;
    handle->preopen = false;
    handle->doubtful = false;
}

/* The new handle of path_open, from its parent and what the plan learned of it. */
/*@ requires \valid(handle) && \valid_read(parent) && \valid_read(request);
  @ requires \separated(handle, parent) && \separated(handle, request);
  @ assigns *handle;
  @ ensures attenuated: attenuated(handle->rights, parent->inheriting, request->slot[SLOT_PATH_OPEN_fs_rights_base]);
  @ ensures inheriting: handed_on(handle->inheriting, parent->inheriting, request->slot[SLOT_PATH_OPEN_fs_rights_inheriting]);
  @ ensures live: handle->live != 0 && handle->dev == plan.dev && handle->doubtful == parent->doubtful;
*/
static void fill_handle(struct handle *handle, const struct handle *parent, const struct request *request,
                        struct plan plan)
{
    bool directory = plan.filetype == FILETYPE_DIRECTORY;
    uint64_t inheriting = parent->inheriting;
    uint64_t wanted = request->slot[SLOT_PATH_OPEN_fs_rights_base];
    handle->rights = directory ? inheriting & wanted & RIGHTS_FOR_DIRECTORY : inheriting & wanted & RIGHTS_FOR_FILE;
    handle->inheriting = directory ? inheriting & request->slot[SLOT_PATH_OPEN_fs_rights_inheriting] : 0;
    handle->position = 0;
    handle->dev = plan.dev;
    handle->ino = plan.ino;
    handle->name_length = 0;
    handle->name = 0;
    handle->fdflags = (uint16_t)request->slot[SLOT_PATH_OPEN_fdflags];
    handle->type = plan.filetype;
    handle->net_family = NET_NONE;
    handle->net_state = NET_STATE_NONE;
    handle->preopen = false;
    handle->doubtful = parent->doubtful;
    handle->live = true;
}

/*@ requires commit_part(context, table, request, plan, answer);
  @ assigns \nothing;
  @ ensures change: change_ok(table, request, plan, answer, \result);
*/
static struct change commit_call(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = decide_change(plan);
    switch ((enum operation)request->call) {
#define CALL_BUILT(name) change = commit_##name(context, table, request, plan, answer);
#define CALL_ABSENT(name)
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    case OPERATION_##id:                                                                                               \
        CALL_##state(name) break;
#include "wasi/abi/operations.def"
#undef OPERATION
#undef CALL_BUILT
#undef CALL_ABSENT
    case OPERATION_COUNT:
        break;
    }
    return change;
}

/* `to` becomes what `from` was, and `from` is free. */
/*@ requires \valid(to) && \valid(from) && \separated(to, from);
  @ assigns *to, *from;
  @ ensures moved: to->rights == \old(from->rights) && to->inheriting == \old(from->inheriting) && to->live == \old(from->live) &&
  @   to->dev == \old(from->dev);
  @ ensures free: from->live == 0 && from->rights == 0;
*/
static void move_handle(struct handle *to, struct handle *from)
{
    *to = *from;
    free_handle(from);
}

/* Holds no more than these. */
/*@ requires \valid(handle);
  @ assigns handle->rights, handle->inheriting;
  @ ensures cut: handle->rights == (\old(handle->rights) & rights) && handle->inheriting == (\old(handle->inheriting) & inheriting);
*/
static void cut_handle(struct handle *handle, uint64_t rights, uint64_t inheriting)
{
    handle->rights &= rights;
    handle->inheriting &= inheriting;
}

/* A new socket, as the call's commit says. */
/*@ requires \valid(handle);
  @ assigns *handle;
  @ ensures rights: handle->rights == change.number && handle->live != 0;
*/
static void fill_socket(struct handle *handle, struct change change)
{
    handle->rights = change.number;
    handle->inheriting = change.inheriting;
    handle->position = 0;
    handle->dev = 0;
    handle->ino = 0;
    handle->name_length = 0;
    handle->name = 0;
    handle->fdflags = change.fdflags;
    handle->type = change.type;
    handle->net_family = change.net_family;
    handle->net_state = change.net_state;
    handle->preopen = false;
    handle->doubtful = false;
    handle->live = true;
}

/* Applies a change to the table. */
/*@ requires \valid(table) && \valid_read(request) && \valid_read(answer) && \separated(table, request, answer);
  @ requires change_ok(table, request, plan, answer, change);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1];
  @ ensures COMMIT_SOUND(table, request, plan, answer);
*/
static void apply(struct handle_table *table, const struct request *request, struct plan plan,
                  const struct op_result *answer, struct change change)
{
    switch ((enum change_how)change.how) {
    case CHANGE_NOTHING:
        break;
    case CHANGE_POSITION:
        table->handle[change.handle].position = change.number;
        break;
    case CHANGE_FLAGS:
        table->handle[change.handle].fdflags = (uint16_t)change.number;
        break;
    case CHANGE_RIGHTS:
        cut_handle(&table->handle[change.handle], change.number, change.inheriting);
        break;
    case CHANGE_MOVED:
        move_handle(&table->handle[change.number], &table->handle[change.handle]);
        break;
    case CHANGE_CLOSED:
        free_handle(&table->handle[change.handle]);
        break;
    case CHANGE_STATE:
        table->handle[change.handle].net_state = (uint8_t)change.number;
        break;
    case CHANGE_SOCKET:
        fill_socket(&table->handle[change.handle], change);
        break;
    case CHANGE_OPENED:
        fill_handle(&table->handle[change.handle], &table->handle[request->slot[SLOT_PATH_OPEN_fd]], request, plan);
        break;
    }
}

/*@ requires \valid(outcome);
  @ assigns *outcome;
*/
static void tell(struct outcome from, struct outcome *outcome) { *outcome = from; }

/* Tells the guest what `change` says, and changes the table. */
/*@ requires \valid(table) && \valid_read(request) && \valid_read(plan) && \valid_read(answer) && \valid(outcome);
  @ requires \separated(table, request, plan, answer, outcome);
  @ requires change_ok(table, request, *plan, answer, change);
  @ assigns table->handle[0 .. HANDLES_TOTAL - 1], *outcome;
  @ ensures COMMIT_SOUND(table, request, \old(*plan), answer);
*/
static void finish(struct handle_table *table, const struct request *request, const struct plan *plan,
                   const struct op_result *answer, struct change change, struct outcome *outcome)
{
    apply(table, request, *plan, answer, change);
    /*@ ghost applied: ; */
    tell(change.outcome, outcome);
    /*@ assert rights: \forall integer h; 0 <= h < HANDLES_TOTAL ==>
      @   table->handle[h].rights == \at(table->handle[h].rights, applied) &&
      @   table->handle[h].inheriting == \at(table->handle[h].inheriting, applied);
    */
    /*@ assert rest: \forall integer h; 0 <= h < HANDLES_TOTAL ==>
      @   table->handle[h].dev == \at(table->handle[h].dev, applied) &&
      @   table->handle[h].live == \at(table->handle[h].live, applied);
    */
    /*@ assert asked: \forall integer s; 0 <= s < OPERATION_SLOTS_MAX ==> request->slot[s] == \at(request->slot[s], applied);
    */
}

void decide_commit(const struct decide_context *context, struct handle_table *table, const struct request *request,
                   const struct plan *plan, const struct op_result *answer, struct outcome *outcome)
{
    struct change change = commit_call(context, table, request, *plan, answer);
    finish(table, request, plan, answer, change, outcome);
}

/* The same for each call. */
#define CALL_BUILT(name)                                                                                               \
    void decide_commit_##name(const struct decide_context *context, struct handle_table *table,                        \
                              const struct request *request, const struct plan *plan, const struct op_result *answer,  \
                              struct outcome *outcome)                                                                 \
    {                                                                                                                  \
        struct change change = commit_##name(context, table, request, *plan, answer);                                  \
        finish(table, request, plan, answer, change, outcome);                                                         \
    }
#define CALL_ABSENT(name)
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) CALL_##state(name)
#include "wasi/abi/operations.def"
#undef OPERATION
#undef CALL_BUILT
#undef CALL_ABSENT
