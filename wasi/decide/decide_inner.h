/* Shared by the files of the decision core: slots of the calls, verdicts, the checks that many calls make. Not for
 * others. */
#ifndef WARRANT_DECIDE_INNER_H
#define WARRANT_DECIDE_INNER_H

#include "wasi/decide/decide_calls.h"

/* What a commit does to the handle table: to one handle at most. */
enum change_how {
    CHANGE_NOTHING,
    CHANGE_POSITION, /* of `handle`, to `number` */
    CHANGE_FLAGS,    /* of `handle`, to `number` */
    CHANGE_RIGHTS,   /* of `handle`: no more than `number`, and inherited than `inheriting` */
    CHANGE_MOVED,    /* what `handle` was, the descriptor `number` is, which was open too; `handle` is free */
    CHANGE_CLOSED,   /* `handle` is free */
    CHANGE_OPENED,   /* `handle` is what the plan opened, beneath the guest's descriptor */
    CHANGE_STATE,    /* `handle`, a socket, stands where `number` says */
    CHANGE_SOCKET    /* `handle` is a socket of these kinds, which may `number`, and hands on the same */
};
struct change {
    struct outcome outcome; /* what the guest is told */
    uint32_t how;           /* enum change_how */
    uint32_t handle;
    uint64_t number, inheriting;
    uint16_t fdflags;
    uint8_t type, net_family, net_state;
};

/*@ predicate refuses(struct step s) = s.verdict == VERDICT_REFUSE && rule_refuses(s.rule) && s.rule != RULE_NONE && s.wasi_errno != WASI_SUCCESS;
  @ predicate commits(struct step s, struct plan p, integer value) = s.verdict == VERDICT_COMMIT &&
  @   s.plan == {p \with .value = (int64_t)value};
  @ predicate plain_op(struct op op, integer kind, integer handle) =
  @   op.kind == kind && op.handle == handle && op.handle2 == HANDLE_NONE && op.flags == 0 && op.offset == 0 && op.value == 0 &&
  @   op.mem.offset == 0 && op.mem.length == 0 && op_pathless(op);
  @ // The plan that goes with an op of `kind`, behind the plan p.
  @ logic integer changed_by(integer changed, integer kind) = op_changes(kind) != 0 ? PLAN_CHANGED_SOMETHING : changed;
  @ logic struct plan plan_next(struct plan p, integer kind, integer end) =
  @   {{{{p \with .count = (uint16_t)(p.count + 1)} \with .kind = (uint16_t)kind} \with .end = (uint8_t)end} \with
  @     .changed = (uint8_t)changed_by(p.changed, kind)};
*/

/* Whether an op of this kind changes the guest's world by being done at all (ops.def). */
/*@ requires 0 <= kind < OP_COUNT;
  @ assigns \nothing;
  @ ensures exact: \result != 0 <==> op_changes(kind) != 0;
*/
static inline bool decide_op_changes(enum op_kind kind)
{
    switch (kind) {
#define OP(id, text, syscall, calls, operands, object, right, table, effect, changes, ...)                             \
    case OP_##id:                                                                                                      \
        return OP_CHANGES_##changes == OP_CHANGES_STATE || OP_CHANGES_##changes == OP_CHANGES_WORLD;
#include "wasi/abi/ops.def"
#undef OP
    case OP_COUNT:
        break;
    }
    return true;
}

/* The errno of a refusal for this reason. */
/*@ requires rule_refuses(rule);
  @ assigns \nothing;
  @ ensures error: WASI_SUCCESS < \result < WASI_ERRNO_COUNT;
*/
enum wasi_errno decide_rule_errno(enum rule rule);
/* A refusal for this reason; the errno and whether it traps follow from the rule. */
/*@ requires rule_refuses(rule);
  @ assigns \nothing;
  @ ensures refusal: refuses(\result) && \result.rule == rule;
*/
struct step decide_refuse(enum rule rule);
/* A refusal that tells the guest another errno than the rule's own. */
/*@ requires rule_refuses(rule);
  @ requires WASI_SUCCESS < wasi_errno < WASI_ERRNO_COUNT;
  @ assigns \nothing;
  @ ensures refusal: refuses(\result) && \result.rule == rule;
*/
struct step decide_refuse_as(enum rule rule, enum wasi_errno wasi_errno);

/* Nothing is left to be done; the call brought `value`. */
/*@ assigns \nothing;
  @ ensures commit: commits(\result, plan, value);
*/
static inline struct step decide_go_commit(struct plan plan, int64_t value)
{
    struct step step;
    step.verdict = VERDICT_COMMIT;
    step.plan = plan;
    step.plan.value = value;
    return step;
}

/* Starts an op: every field has its neutral value, the caller sets what this kind uses. */
/*@ requires 0 <= kind < OP_COUNT && 0 <= rule < RULE_COUNT && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && plain_op(\result.op, kind, handle) && \result.op.rule == rule;
  @ ensures plan: \result.plan == plan_next(plan, kind, PLAN_GOES_ON);
*/
static inline struct step decide_issue(struct plan plan, enum op_kind kind, enum rule rule, uint32_t handle)
{
    struct op op = { .kind = (uint16_t)kind, .rule = (uint16_t)rule, .handle = handle, .handle2 = HANDLE_NONE };
    struct step step;
    step.verdict = VERDICT_ISSUE;
    step.op = op;
    step.plan = plan;
    step.plan.count = (uint16_t)(plan.count + 1);
    step.plan.kind = (uint16_t)kind;
    step.plan.end = PLAN_GOES_ON;
    if (decide_op_changes(kind))
        step.plan.changed = PLAN_CHANGED_SOMETHING;
    return step;
}

/* The same, where what the op brings is what the call brought. */
/*@ requires 0 <= kind < OP_COUNT && 0 <= rule < RULE_COUNT && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && plain_op(\result.op, kind, handle) && \result.op.rule == rule;
  @ ensures plan: \result.plan == plan_next(plan, kind, PLAN_ENDS_WITH_ANSWER);
*/
static inline struct step decide_issue_last(struct plan plan, enum op_kind kind, enum rule rule, uint32_t handle)
{
    struct step step = decide_issue(plan, kind, rule, handle);
    step.plan.end = PLAN_ENDS_WITH_ANSWER;
    return step;
}

/* Closes what the plan opened; the call brought `value`. */
/*@ requires plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && plain_op(\result.op, OP_CLOSE, plan.slot);
  @ ensures plan: \result.plan == {plan_next(plan, OP_CLOSE, PLAN_ENDS_WITH_VALUE) \with .value = value};
*/
static inline struct step decide_close(struct plan plan, int64_t value)
{
    struct step step = decide_issue(plan, OP_CLOSE, RULE_PLAN_CLEANUP, plan.slot);
    step.plan.end = PLAN_ENDS_WITH_VALUE;
    step.plan.value = value;
    return step;
}

/* Closes what the plan opened; then the call is refused, or where something may have changed fails all the same. */
/*@ requires plan.count <= LIMIT_OPS && rule_refuses(rule);
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && plain_op(\result.op, OP_CLOSE, plan.slot) && \result.plan.value < 0;
  @ ensures plan: \result.plan == {{plan_next(plan, OP_CLOSE, plan.changed == PLAN_CHANGED_NOTHING ? PLAN_ENDS_REFUSED :
  @   PLAN_ENDS_WITH_VALUE) \with .rule = (uint16_t)rule} \with .value = \result.plan.value};
*/
static inline struct step decide_close_refuse(struct plan plan, enum rule rule)
{
    struct step step = decide_close(plan, -(int64_t)decide_rule_errno(rule));
    step.plan.rule = (uint16_t)rule;
    if (plan.changed == PLAN_CHANGED_NOTHING)
        step.plan.end = PLAN_ENDS_REFUSED;
    return step;
}

/* Starts a commit: what the plan brought, or the errno that it ended with; the table stays as it is. */
/*@ assigns \nothing;
  @ ensures start: \result.how == CHANGE_NOTHING && (plan.value >= 0 <==> \result.outcome.wasi_errno == WASI_SUCCESS);
*/
static inline struct change decide_change(struct plan plan)
{
    struct change change = { { 0, plan.rule, 0, 0, { 0, 0 } }, CHANGE_NOTHING, HANDLE_NONE, 0, 0, 0, 0, 0, 0 };
    change.outcome.wasi_errno = decide_value_errno(plan.value);
    return change;
}

/* The same for a call that answers with one number, which is what its plan brought. */
/*@ assigns \nothing;
  @ ensures start: \result.how == CHANGE_NOTHING && (plan.value >= 0 <==> \result.outcome.wasi_errno == WASI_SUCCESS);
*/
static inline struct change decide_change_value(struct plan plan)
{
    struct change change = decide_change(plan);
    change.outcome.value[0] = plan.value > 0 ? (uint64_t)plan.value : 0;
    change.outcome.value_count = plan.value >= 0;
    return change;
}

/* How the text of a path is cut at its last component. All within the request's bytes. */
struct path_split {
    struct region parent; /* length 0: the last component stands alone */
    struct region last;   /* without slash, not empty */
    bool trailing;        /* slashes stood behind it */
    bool dots;            /* it is "." or ".." */
};

/*@ // A cut: the last component within the path, the parent a clean path where there is one.
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

/* Whether string `index` is a path that may be handed on: relative, not empty, without NUL, within LIMIT_PATH. */
/*@ requires \valid_read(request) && index < REQUEST_STRINGS;
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> string_clean(request, index);
  @ ensures rule: \result == RULE_NONE || rule_refuses(\result);
*/
enum rule decide_path_rule(const struct request *request, uint32_t index);
/* Cuts a path for which decide_path_rule said RULE_NONE. */
/*@ requires \valid_read(request) && index < REQUEST_STRINGS && string_clean(request, index);
  @ assigns \nothing;
  @ ensures clean: split_clean(request, \result);
  @ ensures within: request->string[index].offset <= \result.last.offset &&
  @   \result.last.offset + \result.last.length <= request->string[index].offset + request->string[index].length;
*/
struct path_split decide_path_split(const struct request *request, uint32_t index);

/* The checks of a call on a path: its directory, then the text. */
/*@ requires \valid_read(table);
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> may(table, fd, rights) && table->handle[fd].type == FILETYPE_DIRECTORY;
  @ ensures rule: \result == RULE_NONE || rule_refuses(\result);
*/
enum rule decide_directory_rule(const struct handle_table *table, uint64_t fd, uint64_t rights);
/*@ requires \valid_read(table) && \valid_read(request) && index < REQUEST_STRINGS;
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> may(table, fd, rights) && table->handle[fd].type == FILETYPE_DIRECTORY &&
  @   string_clean(request, index);
  @ ensures rule: \result == RULE_NONE || rule_refuses(\result);
*/
enum rule decide_name_rule(const struct handle_table *table, const struct request *request, uint64_t fd,
                           uint64_t rights, uint32_t index);
/*@ predicate step_part(struct decide_context *c, struct handle_table *t, struct request *q, struct plan p, struct op_result *a) =
  @   \valid_read(c) && \valid_read(t) && \valid_read(q) && \valid_read(a) && c->memory <= 0x100000000 && p.count <= LIMIT_OPS &&
  @   plan_ok(c, t, q, p) && p.end == PLAN_GOES_ON && q->fault == FAULT_NONE;
  @ predicate name_kind(integer kind) = 0 <= kind < OP_COUNT && kind != OP_OPEN && kind != OP_CLOSE && kind != OP_FILE_SYSTEM;
  @ predicate scratch_opened(struct step s, struct plan p, integer fd, struct region path, struct region name) =
  @   s.verdict == VERDICT_ISSUE && s.op.kind == OP_OPEN && s.op.handle == fd && s.op.handle2 == HANDLE_SCRATCH &&
  @   open_names_only(s.op.flags) && s.op.path == path && s.op.mem.length == 0 &&
  @   s.plan == {{plan_next(p, OP_OPEN, PLAN_GOES_ON) \with .slot = (uint32_t)HANDLE_SCRATCH} \with .name = name};
  @ predicate scratch_acts(struct step s, struct plan p, integer kind) =
  @   s.verdict == VERDICT_ISSUE && s.op.kind == kind && s.op.handle == HANDLE_SCRATCH && s.op.path == p.name &&
  @   s.plan == plan_next(p, kind, PLAN_GOES_ON);
*/

/* The first op of a plan that does `kind` to the last component: on the handle, or the opening of its parent into the scratch
 * slot. What the op needs beside the path the caller sets, where it is one of that kind. */
/*@ requires name_kind(kind) && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures name: split.parent.length == 0 ==> \result.verdict == VERDICT_ISSUE && \result.op.kind == kind &&
  @   \result.op.handle == fd && \result.op.path == split.last && \result.op.mem.length == 0 &&
  @   \result.plan == plan_next(plan, kind, PLAN_ENDS_WITH_ANSWER);
  @ ensures parent: split.parent.length > 0 ==> scratch_opened(\result, plan, fd, split.parent, split.last);
*/
struct step decide_name_first(struct plan plan, uint32_t fd, struct path_split split, enum op_kind kind);
/* The first op of a plan that opens all of `path` into the scratch slot, to name it. */
/*@ requires open_names_only(flags) && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures open: \result.plan.name.length == 0 && scratch_opened(\result, plan, fd, path, \result.plan.name);
*/
struct step decide_whole_first(struct plan plan, uint32_t fd, struct region path, uint32_t flags);
/* What is done to what the scratch slot holds, or to the name in it that the plan keeps. */
/*@ requires name_kind(kind) && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures act: scratch_acts(\result, plan, kind) && \result.op.mem.length == 0;
*/
struct step decide_scratch_act(struct plan plan, enum op_kind kind);
/* The step behind each op of such a plan: what the slot's file system is, where that is in doubt; `act`, which
 * decide_scratch_act began; the close. fd: the guest's descriptor. */
/*@ requires step_part(context, table, request, plan, answer) && plan.count > 0;
  @ requires call_handle(request->call) >= 0 && fd == base_handle(request) && request->call != OPERATION_PATH_OPEN;
  @ requires call_issues(request->call, OP_CLOSE) && call_issues(request->call, OP_FILE_SYSTEM);
  @ requires name_kind(act.op.kind) && call_issues(request->call, act.op.kind) && scratch_acts(act, plan, act.op.kind);
  @ requires plan.slot == HANDLE_SCRATCH ==> sound_memory(context, request, act.op) && sound_paths(request, act.op);
  @ requires call_most(request->call) > 1 && !op_without_handle(act.op.kind) && !call_names(request->call);
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, plan, answer, \result);
*/
struct step decide_scratch_next(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, const struct op_result *answer,
                                uint64_t fd, struct step act);

/* A socket that the guest was given, or opened, and that holds the rights. */
/*@ requires \valid_read(table);
  @ assigns \nothing;
  @ ensures exact: \result == RULE_NONE <==> may(table, fd, rights) && net_is_socket(table, fd);
  @ ensures rule: \result == RULE_NONE || rule_refuses(\result);
*/
enum rule decide_socket_rule(const struct handle_table *table, uint64_t fd, uint64_t rights);

/*@ // Bytes of the first n elements of the vector.
  @ logic integer vector_sum(struct request *q, integer n) = n <= 0 ? 0 : vector_sum(q, n - 1) + q->iov[n - 1].length;
  @ predicate vector_movable(struct request *q, integer memory) =
  @   vector_in_memory(q, memory) && 0 < vector_sum(q, q->iov_count) <= INT32_MAX;
*/

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
uint64_t decide_vector_length(const struct request *request, uint64_t memory);
/* A refusal for what decide_vector_length said. */
/*@ assigns \nothing;
  @ ensures refusal: refuses(\result);
*/
struct step decide_vector_refuse(uint64_t total);

/* fd_read and fd_write of a socket that the guest was given as one. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && context->memory <= 0x100000000 && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_RECEIVE && \result.op.handle == fd &&
  @   \result.op.mem.offset == 0 && \result.op.mem.length == request->iov_count && vector_in_memory(request, context->memory) &&
  @   may(table, fd, R(FD_READ)) && net_is_socket(table, fd) && table->handle[fd].net_state == NET_STATE_CONNECTED &&
  @   net_protocol_of(table, fd) == NET_TCP &&
  @   \result.plan == plan_next(plan, OP_RECEIVE, PLAN_ENDS_WITH_ANSWER);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || refuses(\result) || (commits(\result, plan, 0) && may(table, fd, R(FD_READ)));
*/
struct step decide_socket_read(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, uint64_t fd);
/* fd_read and fd_write of a socket that the guest was given as one. */
/*@ requires \valid_read(context) && \valid_read(table) && \valid_read(request) && context->memory <= 0x100000000 && plan.count == 0;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_SEND && \result.op.handle == fd &&
  @   \result.op.mem.offset == 0 && \result.op.mem.length == request->iov_count && vector_in_memory(request, context->memory) &&
  @   may(table, fd, R(FD_WRITE)) && net_is_socket(table, fd) && table->handle[fd].net_state == NET_STATE_CONNECTED &&
  @   \result.plan == plan_next(plan, OP_SEND, PLAN_ENDS_WITH_ANSWER);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || refuses(\result) || (commits(\result, plan, 0) && may(table, fd, R(FD_WRITE)));
*/
struct step decide_socket_write(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, uint64_t fd);

/*@ predicate commit_part(struct decide_context *c, struct handle_table *t, struct request *q, struct plan p, struct op_result *a) =
  @   \valid_read(c) && \valid_read(t) && \valid_read(q) && \valid_read(a) && plan_done(c, t, q, p, a);
  @ predicate change_ok(struct handle_table *t, struct request *q, struct plan p, struct op_result *a, struct change ch) =
  @   (ch.how == CHANGE_NOTHING) ||
  @   (ch.how == CHANGE_POSITION && handle_live(t, ch.handle)) ||
  @   (ch.how == CHANGE_FLAGS && handle_live(t, ch.handle)) ||
  @   (ch.how == CHANGE_STATE && handle_live(t, ch.handle)) ||
  @   (ch.how == CHANGE_SOCKET && opens_socket(q) && handle_free(t, ch.handle) && (q->call == OPERATION_SOCK_OPEN ?
  @     ch.number == NET_RIGHTS : ch.number == t->handle[q->slot[SLOT_SOCK_ACCEPT_fd]].inheriting)) ||
  @   (ch.how == CHANGE_RIGHTS && q->call == OPERATION_FD_FDSTAT_SET_RIGHTS && handle_live(t, ch.handle) &&
  @     ch.handle == q->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fd] && ch.number == q->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_base] &&
  @     ch.inheriting == q->slot[SLOT_FD_FDSTAT_SET_RIGHTS_fs_rights_inheriting]) ||
  @   (ch.how == CHANGE_MOVED && q->call == OPERATION_FD_RENUMBER && handle_live(t, ch.handle) && handle_live(t, ch.number) &&
  @     ch.handle == q->slot[SLOT_FD_RENUMBER_fd] && ch.number == q->slot[SLOT_FD_RENUMBER_to] && ch.handle != ch.number) ||
  @   (ch.how == CHANGE_CLOSED && q->call == OPERATION_FD_CLOSE && ch.handle == q->slot[SLOT_FD_CLOSE_fd] && handle_live(t, ch.handle)) ||
  @   (ch.how == CHANGE_OPENED && q->call == OPERATION_PATH_OPEN && handle_free(t, ch.handle) && handle_live(t, q->slot[SLOT_PATH_OPEN_fd]) &&
  @     (p.dev == t->handle[q->slot[SLOT_PATH_OPEN_fd]].dev || asked_for_data(p, a, ch.handle)));
*/

/* Beside each decide_NAME (decide_calls.h), in the same file, the function that says what its call's commit does. It is given a
 * plan that ended. The contract is the same for all (generated, tests/proof/tables.py): change_ok; what is proved of one call
 * alone stands where it is defined. */
#define CALL_BUILT(name)                                                                                               \
    struct change commit_##name(const struct decide_context *context, const struct handle_table *table,                \
                                const struct request *request, struct plan plan, const struct op_result *answer);
#define CALL_ABSENT(name)
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) CALL_##state(name)
#include "wasi/abi/operations.def"
#undef OPERATION
#undef CALL_BUILT
#undef CALL_ABSENT

#endif
