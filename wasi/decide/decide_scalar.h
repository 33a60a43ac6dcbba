/* The commonest calls decided from scalars: whether the first step of the call issues an op, or commits, and which; where not, the
 * call's own function says why. No request and no step in memory, so that it costs what the checks cost.
 *
 * decide_scalar.c has, for each call, both ways side by side; that they come to the same is proved there, for every request. */
#ifndef WARRANT_DECIDE_SCALAR_H
#define WARRANT_DECIDE_SCALAR_H

#include "wasi/decide/decide_calls.h"

/* Whether the call issues an op, and which: by value, so that nothing here writes memory. */
struct scalar_op {
    bool issues;
    struct op op; /* not set where it does not */
};

/*@ assigns \nothing;
  @ ensures none: \result.issues == 0;
*/
static inline struct scalar_op decide_scalar_none(void)
{
    struct scalar_op none;
    none.issues = false;
    return none;
}

/* An op with every field neutral. */
/*@ requires 0 <= kind < OP_COUNT && 0 <= rule < RULE_COUNT;
  @ assigns \nothing;
  @ ensures op: \result.issues != 0 && \result.op.kind == kind && \result.op.rule == rule && \result.op.handle == handle &&
  @   \result.op.handle2 == HANDLE_NONE && \result.op.flags == 0 && \result.op.offset == 0 && \result.op.value == 0 &&
  @   \result.op.mem.offset == 0 && \result.op.mem.length == 0 && op_pathless(\result.op);
*/
static inline struct scalar_op decide_scalar_op(enum op_kind kind, enum rule rule, uint32_t handle)
{
    struct op op = { .kind = (uint16_t)kind, .rule = (uint16_t)rule, .handle = handle, .handle2 = HANDLE_NONE };
    struct scalar_op scalar;
    scalar.issues = true;
    scalar.op = op;
    return scalar;
}

/*@ // What one region must be to be moved.
  @ predicate region_movable(struct region r, integer memory) = 0 < r.length <= INT32_MAX && region_in_memory(r, memory);
*/
/*@ assigns \nothing;
  @ ensures exact: \result != 0 <==> region_movable(region, memory);
*/
static inline bool decide_scalar_movable(struct region region, uint64_t memory)
{
    return region.length > 0 && region.length <= INT32_MAX && decide_region_ok(region, memory);
}

/* fd_pread, fd_pwrite, of one region. */
/*@ requires \valid_read(table) && 0 <= kind < OP_COUNT;
  @ assigns \nothing;
  @ ensures exact: \result.issues != 0 <==> may(table, fd, right | R(FD_SEEK)) && table->handle[fd].type == FILETYPE_REGULAR_FILE &&
  @   region_movable(region, memory) && offset + region.length <= INT64_MAX;
  @ ensures op: \result.issues != 0 ==> op_moves_bytes(\result.op, kind, fd, region.offset, region.length, offset);
*/
static inline struct scalar_op decide_scalar_at(const struct handle_table *table, uint64_t memory, uint64_t fd,
                                                uint64_t right, enum op_kind kind, struct region region,
                                                uint64_t offset)
{
    if (decide_handle_rule(table, fd, right | R(FD_SEEK)) != RULE_NONE ||
        table->handle[fd].type != FILETYPE_REGULAR_FILE || !decide_scalar_movable(region, memory) ||
        offset > (uint64_t)INT64_MAX - region.length)
        return decide_scalar_none();
    struct scalar_op scalar = decide_scalar_op(kind, RULE_RIGHT_HELD, (uint32_t)fd);
    scalar.op.offset = offset;
    scalar.op.mem.offset = region.offset;
    scalar.op.mem.length = region.length;
    return scalar;
}

/* fd_read, fd_write, of one region: of a regular file at its position, `file`; of a terminal or what is like one, `stream`. */
/*@ requires \valid_read(table) && 0 <= file < OP_COUNT && 0 <= stream < OP_COUNT;
  @ assigns \nothing;
  @ ensures exact: \result.issues != 0 <==> may(table, fd, right) && region_movable(region, memory) &&
  @   table->handle[fd].net_state == NET_STATE_NONE &&
  @   (table->handle[fd].type == FILETYPE_UNKNOWN || table->handle[fd].type == FILETYPE_CHARACTER_DEVICE ||
  @     (table->handle[fd].type == FILETYPE_REGULAR_FILE && (table->handle[fd].fdflags & FDFLAG_APPEND) == 0 &&
  @       table->handle[fd].position + region.length <= INT64_MAX));
  @ ensures file: \result.issues != 0 && table->handle[fd].type == FILETYPE_REGULAR_FILE ==>
  @   op_moves_bytes(\result.op, file, fd, region.offset, region.length, table->handle[fd].position);
  @ ensures stream: \result.issues != 0 && table->handle[fd].type != FILETYPE_REGULAR_FILE ==>
  @   op_moves_bytes(\result.op, stream, fd, 0, 1, 0);
*/
static inline struct scalar_op decide_scalar_along(const struct handle_table *table, uint64_t memory, uint64_t fd,
                                                   uint64_t right, enum op_kind file, enum op_kind stream,
                                                   struct region region)
{
    if (decide_handle_rule(table, fd, right) != RULE_NONE || !decide_scalar_movable(region, memory))
        return decide_scalar_none();
    const struct handle *handle = &table->handle[fd];
    if (handle->net_state != NET_STATE_NONE)
        return decide_scalar_none();
    if (handle->type == FILETYPE_UNKNOWN || handle->type == FILETYPE_CHARACTER_DEVICE) {
        struct scalar_op scalar = decide_scalar_op(stream, RULE_RIGHT_HELD, (uint32_t)fd);
        scalar.op.mem.length = 1;
        return scalar;
    }
    if (handle->type != FILETYPE_REGULAR_FILE || (handle->fdflags & FDFLAG_APPEND) != 0 ||
        handle->position > (uint64_t)INT64_MAX - region.length)
        return decide_scalar_none();
    struct scalar_op scalar = decide_scalar_op(file, RULE_RIGHT_HELD, (uint32_t)fd);
    scalar.op.offset = handle->position;
    scalar.op.mem.offset = region.offset;
    scalar.op.mem.length = region.length;
    return scalar;
}

/* fd_close, fd_filestat_get. */
/*@ requires \valid_read(table) && 0 <= kind < OP_COUNT;
  @ assigns \nothing;
  @ ensures exact: \result.issues != 0 <==> may(table, fd, rights);
  @ ensures op: \result.issues != 0 ==> op_on_handle(\result.op, kind, fd);
*/
static inline struct scalar_op decide_scalar_on_handle(const struct handle_table *table, uint64_t fd, uint64_t rights,
                                                       enum op_kind kind)
{
    if (decide_handle_rule(table, fd, rights) != RULE_NONE)
        return decide_scalar_none();
    struct scalar_op scalar = decide_scalar_op(kind, RULE_RIGHT_HELD, (uint32_t)fd);
    return scalar;
}

/* clock_time_get. */
/*@ requires 0 <= kind < OP_COUNT;
  @ assigns \nothing;
  @ ensures exact: \result.issues != 0 <==> id <= CLOCKID_MONOTONIC;
  @ ensures op: \result.issues != 0 ==> op_asks_clock(\result.op, kind, id);
*/
static inline struct scalar_op decide_scalar_clock(uint64_t id, enum op_kind kind)
{
    if (id > CLOCKID_MONOTONIC)
        return decide_scalar_none();
    struct scalar_op scalar = decide_scalar_op(kind, RULE_CLOCK_GRANTED, HANDLE_NONE);
    scalar.op.value = id;
    return scalar;
}

/* fd_seek, from the start or from where the descriptor stands: the value that the call commits with; more than INT64_MAX where it
 * does not. */
/*@ requires \valid_read(table);
  @ assigns \nothing;
  @ ensures exact: \result <= INT64_MAX <==> may(table, fd, R(FD_SEEK)) && whence <= WHENCE_CUR &&
  @   table->handle[fd].type == FILETYPE_REGULAR_FILE &&
  @   seek_target(whence == WHENCE_SET ? 0 : table->handle[fd].position, delta) <= INT64_MAX;
  @ ensures value: \result <= INT64_MAX ==>
  @   \result == seek_target(whence == WHENCE_SET ? 0 : table->handle[fd].position, delta);
*/
static inline uint64_t decide_scalar_seek(const struct handle_table *table, uint64_t fd, uint64_t delta,
                                          uint64_t whence)
{
    if (decide_handle_rule(table, fd, R(FD_SEEK)) != RULE_NONE || whence > WHENCE_CUR ||
        table->handle[fd].type != FILETYPE_REGULAR_FILE)
        return UINT64_MAX;
    return decide_seek_target(whence == WHENCE_SET ? 0 : table->handle[fd].position, delta);
}

/* fd_tell. */
/*@ requires \valid_read(table);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> may(table, fd, R(FD_TELL)) && table->handle[fd].type == FILETYPE_REGULAR_FILE;
*/
static inline bool decide_scalar_tell(const struct handle_table *table, uint64_t fd)
{
    return decide_handle_rule(table, fd, R(FD_TELL)) == RULE_NONE && table->handle[fd].type == FILETYPE_REGULAR_FILE;
}

/* fd_fdstat_get; fd_prestat_get. */
/*@ requires \valid_read(table);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> may(table, fd, 0);
*/
static inline bool decide_scalar_open(const struct handle_table *table, uint64_t fd)
{
    return decide_handle_rule(table, fd, 0) == RULE_NONE;
}

/*@ requires \valid_read(table);
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> may(table, fd, 0) && table->handle[fd].preopen != 0;
*/
static inline bool decide_scalar_preopen(const struct handle_table *table, uint64_t fd)
{
    return decide_handle_rule(table, fd, 0) == RULE_NONE && table->handle[fd].preopen;
}

/* Each of these is proved to be true, whatever the request, of one region where it has any, and the table: the scalars of the
 * request come to the op, or to the commit, that the call's own function comes to. A test asks them too. */
#define SCALAR_CALLS(X)                                                                                                \
    X(fd_pread)                                                                                                        \
    X(fd_pwrite)                                                                                                       \
    X(fd_read)                                                                                                         \
    X(fd_write)                                                                                                        \
    X(fd_close)                                                                                                        \
    X(fd_filestat_get) X(clock_time_get) X(fd_seek) X(fd_tell) X(fd_fdstat_get) X(fd_prestat_get) X(args_sizes_get)
#define X(name)                                                                                                        \
    bool decide_scalar_agrees_##name(const struct decide_context *context, const struct handle_table *table,           \
                                     const struct request *request, const struct op_result *answer);
SCALAR_CALLS(X)
#undef X

#endif
