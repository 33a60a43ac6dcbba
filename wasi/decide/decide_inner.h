/* Shared by the files of the decision core: slots of the calls, verdicts, the checks that many calls make. Not for
 * others. */
#ifndef WARRANT_DECIDE_INNER_H
#define WARRANT_DECIDE_INNER_H

#include "wasi/decide/decide.h"

/* EAGAIN of an OPEN (a rename raced with the walk) is tried again so often. */
enum { DECIDE_RETRIES = 4 };

/* What one step of a plan comes to: a decision, and the op where it is ISSUE. By value, so that the functions of
 * the core write no memory at all. */
struct step {
    enum verdict verdict;
    uint16_t rule;
    uint16_t wasi_errno;
    bool traps;
    struct op op;
};

/*@ predicate refuses(struct step s) = s.verdict == VERDICT_REFUSE && s.rule != RULE_NONE && s.wasi_errno != WASI_SUCCESS;
  @ predicate plain_op(struct op op, integer kind, integer handle) =
  @   op.kind == kind && op.handle == handle && op.handle2 == HANDLE_NONE && op.flags == 0 && op.offset == 0 && op.value == 0 &&
  @   op.mem.offset == 0 && op.mem.length == 0;
*/

/* The errno of a refusal for this reason. */
/*@ requires RULE_NONE < rule < RULE_COUNT;
  @ assigns \nothing;
  @ ensures error: WASI_SUCCESS < \result < WASI_ERRNO_COUNT;
*/
enum wasi_errno decide_rule_errno(enum rule rule);
/* A refusal for this reason; the errno and whether it traps follow from the rule. */
/*@ requires RULE_NONE < rule < RULE_COUNT;
  @ assigns \nothing;
  @ ensures refusal: refuses(\result) && \result.rule == rule;
*/
struct step decide_refuse(enum rule rule);
/* A refusal that tells the guest another errno than the rule's own. */
/*@ requires RULE_NONE < rule < RULE_COUNT;
  @ requires WASI_SUCCESS < wasi_errno < WASI_ERRNO_COUNT;
  @ assigns \nothing;
  @ ensures refusal: refuses(\result) && \result.rule == rule;
*/
struct step decide_refuse_as(enum rule rule, enum wasi_errno wasi_errno);

/*@ assigns \nothing;
  @ ensures commit: \result.verdict == VERDICT_COMMIT;
*/
static inline struct step decide_go_commit(void)
{
    struct step step = { VERDICT_COMMIT, RULE_NONE, WASI_SUCCESS, false, { 0 } };
    return step;
}

/* Starts an op: every field has its neutral value, the caller sets what this kind uses. */
/*@ requires 0 <= kind < OP_COUNT && 0 <= rule < RULE_COUNT;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && plain_op(\result.op, kind, handle);
*/
static inline struct step decide_issue(enum op_kind kind, enum rule rule, uint32_t handle)
{
    struct step step = { VERDICT_ISSUE, (uint16_t)rule, WASI_SUCCESS, false, { 0 } };
    step.op.kind = (uint16_t)kind;
    step.op.rule = (uint16_t)rule;
    step.op.handle = handle;
    step.op.handle2 = HANDLE_NONE;
    return step;
}

/* Whether `fd`, as the guest gave it, is an open descriptor that holds all of `rights`: RULE_NONE, or the rule it
 * breaks. */
/*@ requires \valid_read(table);
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> may(table, fd, rights);
  @ ensures broken: \result == RULE_NONE || \result == RULE_BAD_DESCRIPTOR || \result == RULE_RIGHT_MISSING;
*/
static inline enum rule decide_handle_rule(const struct handle_table *table, uint64_t fd, uint64_t rights)
{
    if (fd >= table->limit || fd >= LIMIT_HANDLES || !table->handle[fd].live)
        return RULE_BAD_DESCRIPTOR;
    if ((table->handle[fd].rights & rights) != rights)
        return RULE_RIGHT_MISSING;
    return RULE_NONE;
}

/* How the text of a path is cut at its last component. All within the request's bytes. */
struct path_split {
    struct region parent; /* length 0: the last component stands alone */
    struct region last;   /* without slash, not empty */
    bool trailing;        /* slashes stood behind it */
    bool dots;            /* it is "." or ".." */
};

/*@ predicate string_clean(struct request *q, integer i) = i < q->string_count && 1 <= q->string[i].length <= LIMIT_PATH &&
  @   path_clean(q, q->string[i]);
  @ // A cut: the last component within the path, the parent a clean path where there is one.
  @ predicate split_clean(struct request *q, struct path_split s) = path_clean(q, s.last) &&
  @   (\forall integer k; s.last.offset <= k < s.last.offset + s.last.length ==> q->bytes[k] != '/') &&
  @   (s.dots == 0 ==> !dots(q, s.last)) && (s.parent.length > 0 ==> path_clean(q, s.parent));
*/

/* A guest buffer that the arguments in slots `at` and `at + 1` name; an empty one may point anywhere. */
/*@ requires \valid_read(request);
  @ requires 0 <= at <= OPERATION_SLOTS_MAX - 2;
  @ assigns \nothing;
  @ ensures exact: \result.offset == (uint32_t)request->slot[at] && \result.length == (uint32_t)request->slot[at + 1];
*/
static inline struct region decide_buffer(const struct request *request, uint32_t at)
{
    struct region region;
    region.offset = (uint32_t)request->slot[at];
    region.length = (uint32_t)request->slot[at + 1];
    return region;
}

/* The position that `delta`, a two's complement number, leads to from `base`; UINT64_MAX where that is outside
 * 0..INT64_MAX. */
/*@ assigns \nothing;
  @ ensures forward: base <= INT64_MAX && delta <= INT64_MAX && base + delta <= INT64_MAX ==> \result == base + delta;
  @ ensures back: base <= INT64_MAX && delta > INT64_MAX && base + delta >= 0x10000000000000000 ==>
  @   \result == base + delta - 0x10000000000000000;
  @ ensures range: \result <= INT64_MAX || \result == UINT64_MAX;
*/
uint64_t decide_seek_target(uint64_t base, uint64_t delta);

/* The lowest free descriptor, or table->limit. */
/*@ requires \valid_read(table);
  @ assigns \nothing;
  @ ensures free: \result < table->limit && \result < LIMIT_HANDLES ==> handle_free(table, \result);
  @ ensures lowest: \forall integer k; 0 <= k < \result ==> table->handle[k].live != 0;
*/
uint32_t decide_free_slot(const struct handle_table *table);

/* Whether `call` is offered at all (operations.def). */
/*@ assigns \nothing;
*/
bool decide_is_built(uint32_t call);

/* Whether a file system with this number holds data (filesystems.def). */
/*@ assigns \nothing;
  @ ensures exact: \result != 0 <==> holds_data(type);
*/
bool decide_holds_data(int64_t type);

/* Bytes that the plan's ops of `kind` from op `first` on have brought; UINT64_MAX where one of the ops is of another kind or
 * brought nothing, so that there is nothing to go on with. */
/*@ requires \valid_read(ops) && ops->count <= LIMIT_OPS && first <= 1;
  @ assigns \nothing;
  @ ensures range: \result <= LIMIT_OPS * 0x80000000 || \result == UINT64_MAX;
  @ ensures none: ops->count <= first ==> \result == 0;
  @ ensures kinds: \result != UINT64_MAX ==> (\forall integer k; first <= k < ops->count ==> ops->op[k].kind == kind);
*/
uint64_t decide_filled(const struct call_ops *ops, uint32_t first, enum op_kind kind);

/* Whether string `index` is a path that may be handed on: relative, not empty, without NUL, within LIMIT_PATH. */
/*@ requires \valid_read(request) && index < REQUEST_STRINGS;
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> string_clean(request, index);
  @ ensures rule: 0 <= \result < RULE_COUNT;
*/
enum rule decide_path_rule(const struct request *request, uint32_t index);
/* Cuts a path for which decide_path_rule said RULE_NONE. */
/*@ requires \valid_read(request) && index < REQUEST_STRINGS && string_clean(request, index);
  @ assigns \nothing;
  @ ensures clean: split_clean(request, \result);
*/
struct path_split decide_path_split(const struct request *request, uint32_t index);

/* How far the opening part of a plan has come, from op `first` on. */
enum opening {
    OPENING_TRY,    /* issue OPEN (again) */
    OPENING_FAILED, /* the system's errno is the result */
    OPENING_ESCAPES,
    OPENING_DONE /* the op at `at` opened it */
};
struct opening_state {
    enum opening state;
    uint32_t at;
};
/*@ requires \valid_read(ops) && ops->count <= LIMIT_OPS && first <= 1 && first <= ops->count;
  @ assigns \nothing;
  @ ensures try: \result.state == OPENING_TRY ==> ops->count <= first + DECIDE_RETRIES && \result.at == ops->count;
  @ ensures done: \result.state == OPENING_DONE ==> \result.at < ops->count && \result.at <= first + DECIDE_RETRIES &&
  @   ops->op[\result.at].kind == OP_OPEN && ops->result[\result.at].value >= 0;
  @ ensures escapes: \result.state == OPENING_ESCAPES ==>
  @   (\forall integer k; first <= k < ops->count ==> ops->op[k].kind == OP_OPEN && ops->result[k].value < 0);
  @ ensures before: first <= \result.at <= ops->count &&
  @   (\forall integer k; first <= k < \result.at ==> ops->op[k].kind == OP_OPEN && ops->result[k].value < 0);
  @ ensures state: \result.state == OPENING_TRY || \result.state == OPENING_FAILED || \result.state == OPENING_ESCAPES ||
  @   \result.state == OPENING_DONE;
*/
struct opening_state decide_opening(const struct call_ops *ops, uint32_t first);

/* The checks of a call on a path: its directory, then the text. */
/*@ requires \valid_read(table);
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> may(table, fd, rights) && table->handle[fd].type == FILETYPE_DIRECTORY;
  @ ensures rule: 0 <= \result < RULE_COUNT;
*/
enum rule decide_directory_rule(const struct handle_table *table, uint64_t fd, uint64_t rights);
/*@ requires \valid_read(table) && \valid_read(request) && index < REQUEST_STRINGS;
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> may(table, fd, rights) && table->handle[fd].type == FILETYPE_DIRECTORY &&
  @   string_clean(request, index);
  @ ensures rule: 0 <= \result < RULE_COUNT;
*/
enum rule decide_name_rule(const struct handle_table *table, const struct request *request, uint64_t fd,
                           uint64_t rights, uint32_t index);
/* A check that fails before the first op refuses; behind it there is no such plan, and what was done is committed. */
/*@ requires \valid_read(ops) && RULE_NONE < rule < RULE_COUNT && WASI_SUCCESS < wasi_errno < WASI_ERRNO_COUNT;
  @ assigns \nothing;
  @ ensures refusal: ops->count == 0 ==> refuses(\result);
  @ ensures commit: ops->count > 0 ==> \result.verdict == VERDICT_COMMIT;
*/
struct step decide_refuse_first(const struct call_ops *ops, enum rule rule, enum wasi_errno wasi_errno);

/*@ predicate name_kind(integer kind) = 0 <= kind < OP_COUNT && kind != OP_OPEN && kind != OP_CLOSE && kind != OP_FILE_SYSTEM;
  @ predicate scratch_opened(struct op op, integer fd, struct region path) =
  @   op.kind == OP_OPEN && op.handle == fd && op.handle2 == HANDLE_SCRATCH && open_names_only(op.flags) && op.path == path &&
  @   op.mem.length == 0;
*/

/* The plan that does `kind` to the last component, on the handle or on its parent opened into the scratch slot and
 * closed again. doubtful: only where the parent's file system, asked for first, holds data. */
/*@ requires \valid_read(ops) && ops->count <= LIMIT_OPS && name_kind(kind);
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==>
  @   (\result.op.kind == kind && \result.op.path == split.last && \result.op.mem.length == 0 &&
  @     (\result.op.handle == fd || (\result.op.handle == HANDLE_SCRATCH && plan_opened(ops, HANDLE_SCRATCH)))) ||
  @   scratch_opened(\result.op, fd, split.parent) ||
  @   ((plain_op(\result.op, OP_CLOSE, HANDLE_SCRATCH) || plain_op(\result.op, OP_FILE_SYSTEM, HANDLE_SCRATCH)) &&
  @     plan_opened(ops, HANDLE_SCRATCH));
  @ ensures data: \result.verdict == VERDICT_ISSUE && doubtful != 0 && \result.op.kind == kind &&
  @   \result.op.handle == HANDLE_SCRATCH && fd != HANDLE_SCRATCH ==> asked_for_data(ops, HANDLE_SCRATCH);
  @ ensures parent: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_OPEN ==> split.parent.length > 0;
  @ ensures bounded: \result.verdict == VERDICT_ISSUE ==> ops->count < LIMIT_OPS;
  @ ensures refusal: \result.verdict == VERDICT_REFUSE ==> refusal_changes_nothing(ops) && refuses(\result);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT || \result.verdict == VERDICT_REFUSE;
*/
struct step decide_name_step(uint32_t fd, bool doubtful, struct path_split split, const struct call_ops *ops,
                             enum op_kind kind);
/* The plan, from op `first` on, that opens all of `path` into the scratch slot to name it, does `kind` to it and
 * closes it. doubtful: only where its file system, asked for first, holds data. */
/*@ requires \valid_read(ops) && ops->count <= LIMIT_OPS && name_kind(kind);
  @ requires first <= 1 && first <= ops->count && open_names_only(open_flags);
  @ requires first == 1 ==> !op_changes(ops, 0);
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==>
  @   (plain_op(\result.op, kind, HANDLE_SCRATCH) && plan_opened(ops, HANDLE_SCRATCH)) ||
  @   scratch_opened(\result.op, fd, path) ||
  @   ((plain_op(\result.op, OP_CLOSE, HANDLE_SCRATCH) || plain_op(\result.op, OP_FILE_SYSTEM, HANDLE_SCRATCH)) &&
  @     plan_opened(ops, HANDLE_SCRATCH));
  @ ensures data: \result.verdict == VERDICT_ISSUE && doubtful != 0 && \result.op.kind == kind ==>
  @   asked_for_data(ops, HANDLE_SCRATCH);
  @ ensures bounded: \result.verdict == VERDICT_ISSUE ==> ops->count < LIMIT_OPS;
  @ ensures refusal: \result.verdict == VERDICT_REFUSE ==> refusal_changes_nothing(ops) && refuses(\result);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT || \result.verdict == VERDICT_REFUSE;
*/
struct step decide_whole_step(uint32_t fd, bool doubtful, struct region path, uint32_t open_flags,
                              const struct call_ops *ops, uint32_t first, enum op_kind kind);

/*@ // Bytes of the first n elements of the vector.
  @ logic integer vector_sum(struct request *q, integer n) = n <= 0 ? 0 : vector_sum(q, n - 1) + q->iov[n - 1].length;
  @ predicate vector_movable(struct request *q, integer memory) =
  @   vector_in_memory(q, memory) && 0 < vector_sum(q, q->iov_count) <= INT32_MAX;
*/

/* One function per call, each a complete step for it, on a request that was copied without fault. Those that never
 * touch guest memory state so (no_memory) instead of being given the context. */
/*@ predicate no_memory(struct op op) = op.mem.length == 0 && !op_reads_vector(op) && !op_writes_vector(op) && !op_writes_region(op);
*/
/* clang-format off */
#define DECIDE_SOUND_TABLE(t, q, o, r, op)                                                                          \
    memory: r.verdict == VERDICT_ISSUE ==> no_memory(op);                                                           \
    ensures handles: r.verdict == VERDICT_ISSUE ==> no_handle(op) && handle_named_or_own(t, q, o, op);              \
    ensures rights: r.verdict == VERDICT_ISSUE ==> right_ok(t, q, o, op) && close_ok(t, q, o, op);                  \
    ensures paths: r.verdict == VERDICT_ISSUE ==> op_path_ok(q, op);                                                \
    ensures openings: r.verdict == VERDICT_ISSUE ==> op_open_ok(t, q, op);                                          \
    ensures waits: r.verdict == VERDICT_ISSUE ==> waits_ok(t, q, op) && data_ok(t, q, o, op);                       \
    ensures bounded: r.verdict == VERDICT_ISSUE ==> o->count < LIMIT_OPS;                                           \
    ensures refusal: r.verdict == VERDICT_REFUSE ==> refusal_changes_nothing(o) && refuses(r);                      \
    ensures verdict: r.verdict == VERDICT_ISSUE || r.verdict == VERDICT_COMMIT || r.verdict == VERDICT_REFUSE
/* clang-format on */

/*@ requires request->call == OPERATION_FD_READ;
  @ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops) &&
  @   context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==>
  @   ops->count == 0 && may(table, request->slot[SLOT_FD_READ_fd], R(FD_READ)) &&
  @   table->handle[request->slot[SLOT_FD_READ_fd]].type != FILETYPE_DIRECTORY && vector_movable(request, context->memory) &&
  @   (table->handle[request->slot[SLOT_FD_READ_fd]].type == FILETYPE_REGULAR_FILE ==>
  @     table->handle[request->slot[SLOT_FD_READ_fd]].position + vector_sum(request, request->iov_count) <= INT64_MAX);
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \result.op);
*/
struct step decide_fd_read(const struct decide_context *context, const struct handle_table *table,
                           const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_PREAD;
  @ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops) &&
  @   context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==>
  @   ops->count == 0 && may(table, request->slot[SLOT_FD_PREAD_fd], R(FD_READ)) && may(table, request->slot[SLOT_FD_PREAD_fd], R(FD_SEEK)) &&
  @   table->handle[request->slot[SLOT_FD_PREAD_fd]].type == FILETYPE_REGULAR_FILE && vector_movable(request, context->memory) &&
  @   request->slot[SLOT_FD_PREAD_offset] + vector_sum(request, request->iov_count) <= INT64_MAX;
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \result.op);
*/
struct step decide_fd_pread(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_WRITE;
  @ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops) &&
  @   context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE && \result.op.kind != OP_STAT <==>
  @   ops->count == 0 && may(table, request->slot[SLOT_FD_WRITE_fd], R(FD_WRITE)) &&
  @   table->handle[request->slot[SLOT_FD_WRITE_fd]].type != FILETYPE_DIRECTORY && vector_movable(request, context->memory) &&
  @   (table->handle[request->slot[SLOT_FD_WRITE_fd]].type == FILETYPE_REGULAR_FILE && (table->handle[request->slot[SLOT_FD_WRITE_fd]].fdflags & FDFLAG_APPEND) == 0 ==>
  @     table->handle[request->slot[SLOT_FD_WRITE_fd]].position + vector_sum(request, request->iov_count) <= INT64_MAX);
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \result.op);
*/
struct step decide_fd_write(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_PWRITE;
  @ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops) &&
  @   context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==>
  @   ops->count == 0 && may(table, request->slot[SLOT_FD_PWRITE_fd], R(FD_WRITE)) && may(table, request->slot[SLOT_FD_PWRITE_fd], R(FD_SEEK)) &&
  @   table->handle[request->slot[SLOT_FD_PWRITE_fd]].type == FILETYPE_REGULAR_FILE && vector_movable(request, context->memory) &&
  @   request->slot[SLOT_FD_PWRITE_offset] + vector_sum(request, request->iov_count) <= INT64_MAX;
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \result.op);
*/
struct step decide_fd_pwrite(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_CLOSE;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> ops->count == 0 && may(table, request->slot[SLOT_FD_CLOSE_fd], 0);
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_CLOSE;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_fd_close(const struct handle_table *table, const struct request *request,
                            const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_SYNC;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> ops->count == 0 && may(table, request->slot[SLOT_FD_SYNC_fd], R(FD_SYNC));
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_SYNC;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_fd_sync(const struct handle_table *table, const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_DATASYNC;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> ops->count == 0 && may(table, request->slot[SLOT_FD_DATASYNC_fd], R(FD_DATASYNC));
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_DATASYNC;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_fd_datasync(const struct handle_table *table, const struct request *request,
                               const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_FDSTAT_GET;
  @ requires \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_COMMIT <==> may(table, request->slot[SLOT_FD_FDSTAT_GET_fd], 0);
  @ ensures verdict: \result.verdict == VERDICT_COMMIT || refuses(\result);
*/
struct step decide_fd_fdstat_get(const struct handle_table *table, const struct request *request);
/*@ requires request->call == OPERATION_FD_FDSTAT_SET_FLAGS;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_fd_fdstat_set_flags(const struct handle_table *table, const struct request *request,
                                       const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_FILESTAT_GET;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> ops->count == 0 && may(table, request->slot[SLOT_FD_FILESTAT_GET_fd], R(FD_FILESTAT_GET));
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_STAT;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_fd_filestat_get(const struct handle_table *table, const struct request *request,
                                   const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_FILESTAT_SET_SIZE;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> ops->count == 0 &&
  @   may(table, request->slot[SLOT_FD_FILESTAT_SET_SIZE_fd], R(FD_FILESTAT_SET_SIZE)) &&
  @   table->handle[request->slot[SLOT_FD_FILESTAT_SET_SIZE_fd]].type == FILETYPE_REGULAR_FILE && request->slot[SLOT_FD_FILESTAT_SET_SIZE_size] <= INT64_MAX;
  @ ensures op: \result.verdict == VERDICT_ISSUE ==>
  @   \result.op.kind == OP_SET_SIZE && \result.op.value == request->slot[SLOT_FD_FILESTAT_SET_SIZE_size];
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_fd_filestat_set_size(const struct handle_table *table, const struct request *request,
                                        const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_PRESTAT_GET;
  @ requires \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_COMMIT <==>
  @   may(table, request->slot[SLOT_FD_PRESTAT_GET_fd], 0) && table->handle[request->slot[SLOT_FD_PRESTAT_GET_fd]].preopen;
  @ ensures verdict: \result.verdict == VERDICT_COMMIT || refuses(\result);
*/
struct step decide_fd_prestat_get(const struct handle_table *table, const struct request *request);
/*@ requires request->call == OPERATION_FD_PRESTAT_DIR_NAME;
  @ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && context->memory <= 0x100000000;
  @ assigns \nothing;
  @ ensures verdict: \result.verdict == VERDICT_COMMIT || refuses(\result);
*/
struct step decide_fd_prestat_dir_name(const struct decide_context *context, const struct handle_table *table,
                                       const struct request *request);
/*@ requires request->call == OPERATION_FD_READDIR;
  @ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops) &&
  @   context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \result.op);
*/
struct step decide_fd_readdir(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_SEEK;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_fd_seek(const struct handle_table *table, const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_FD_TELL;
  @ requires \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_COMMIT <==> may(table, request->slot[SLOT_FD_TELL_fd], R(FD_TELL)) &&
  @   table->handle[request->slot[SLOT_FD_TELL_fd]].type == FILETYPE_REGULAR_FILE;
  @ ensures verdict: \result.verdict == VERDICT_COMMIT || refuses(\result);
*/
struct step decide_fd_tell(const struct handle_table *table, const struct request *request);
/*@ requires request->call == OPERATION_PATH_CREATE_DIRECTORY;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_path_create_directory(const struct handle_table *table, const struct request *request,
                                         const struct call_ops *ops);
/*@ requires request->call == OPERATION_PATH_REMOVE_DIRECTORY;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_path_remove_directory(const struct handle_table *table, const struct request *request,
                                         const struct call_ops *ops);
/*@ requires request->call == OPERATION_PATH_UNLINK_FILE;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_path_unlink_file(const struct handle_table *table, const struct request *request,
                                    const struct call_ops *ops);
/*@ requires request->call == OPERATION_PATH_READLINK;
  @ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops) &&
  @   context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, ops, \result, \result.op);
*/
struct step decide_path_readlink(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_PATH_SYMLINK;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_path_symlink(const struct handle_table *table, const struct request *request,
                                const struct call_ops *ops);
/*@ requires request->call == OPERATION_PATH_FILESTAT_GET;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_path_filestat_get(const struct handle_table *table, const struct request *request,
                                     const struct call_ops *ops);
/*@ requires request->call == OPERATION_PATH_FILESTAT_SET_TIMES;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_path_filestat_set_times(const struct handle_table *table, const struct request *request,
                                           const struct call_ops *ops);
/*@ requires request->call == OPERATION_PATH_OPEN;
  @ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_path_open(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_CLOCK_RES_GET;
  @ requires \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> ops->count == 0 && request->slot[SLOT_CLOCK_RES_GET_id] <= CLOCKID_MONOTONIC;
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_CLOCK_RES && \result.op.handle == HANDLE_NONE &&
  @   \result.op.mem.length == 0 && \result.op.value == request->slot[SLOT_CLOCK_RES_GET_id];
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT || (refuses(\result) && ops->count == 0);
*/
struct step decide_clock_res_get(const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_CLOCK_TIME_GET;
  @ requires \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> ops->count == 0 && request->slot[SLOT_CLOCK_TIME_GET_id] <= CLOCKID_MONOTONIC;
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_CLOCK_TIME && \result.op.handle == HANDLE_NONE &&
  @   \result.op.mem.length == 0 && \result.op.value == request->slot[SLOT_CLOCK_TIME_GET_id];
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT || (refuses(\result) && ops->count == 0);
*/
struct step decide_clock_time_get(const struct request *request, const struct call_ops *ops);
/*@ requires request->call == OPERATION_RANDOM_GET;
  @ requires \valid_read(context) && \valid_read(request) && \valid_read(ops) &&
  @   context->memory <= 0x100000000 && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: ops->count == 0 ==> (\result.verdict == VERDICT_ISSUE <==>
  @   1 <= (uint32_t)request->slot[SLOT_RANDOM_GET_buf_len] <= LIMIT_RANDOM &&
  @   (uint32_t)request->slot[SLOT_RANDOM_GET_buf] + (uint32_t)request->slot[SLOT_RANDOM_GET_buf_len] <= context->memory);
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> ops->count < LIMIT_OPS &&
  @   \result.op.kind == OP_RANDOM && \result.op.handle == HANDLE_NONE && 1 <= \result.op.mem.length <= LIMIT_RANDOM_OP &&
  @   (uint32_t)request->slot[SLOT_RANDOM_GET_buf] <= \result.op.mem.offset && \result.op.mem.offset + \result.op.mem.length <=
  @     (uint32_t)request->slot[SLOT_RANDOM_GET_buf] + (uint32_t)request->slot[SLOT_RANDOM_GET_buf_len] <= context->memory;
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT || (refuses(\result) && ops->count == 0);
*/
struct step decide_random_get(const struct decide_context *context, const struct request *request,
                              const struct call_ops *ops);
/*@ requires \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> ops->count == 0;
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> plain_op(\result.op, OP_YIELD, HANDLE_NONE);
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT;
*/
struct step decide_sched_yield(const struct call_ops *ops);
/*@ requires request->call == OPERATION_POLL_ONEOFF;
  @ requires \valid_read(table) && \valid_read(request) && \valid_read(ops) && ops->count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND_TABLE(table, request, ops, \result, \result.op);
*/
struct step decide_poll_oneoff(const struct handle_table *table, const struct request *request,
                               const struct call_ops *ops);
/*@ requires request->call == OPERATION_ARGS_GET || request->call == OPERATION_ENVIRON_GET;
  @ requires \valid_read(context) && \valid_read(request) && context->memory <= 0x100000000;
  @ assigns \nothing;
  @ ensures verdict: \result.verdict == VERDICT_COMMIT || refuses(\result);
*/
struct step decide_args_get(const struct decide_context *context, const struct request *request);

#endif
