/* path_rename and path_link: two names, each in a directory of its own.
 *
 * For each path of several components its parent is OPENed (names only, beneath the descriptor that the guest gave), the first
 * into HANDLE_SCRATCH, the second into HANDLE_SCRATCH2; then the op is done on both last components, and what was opened is
 * CLOSEd, the second first. Where a slash stands behind a name, or links are to be followed, the object is looked at before: the
 * whole first path is OPENed into HANDLE_SCRATCH2, which must be a directory for the first, and for a link is STATed; then
 * CLOSEd. The plan's `name` is empty until then, and the first path's last component from then on.
 *
 * Rights follow the object (decide.h): a link leads nowhere where more may be done with the file, a rename not where less may be
 * done either. A rename of "." and ".." is INVAL, as POSIX says; a directory cannot be linked (PERM), nor can what a symbolic link
 * leads to (INVAL): no system call does that beneath a handle without privilege. Everything else (ISDIR, NOTDIR, NOTEMPTY, EXIST,
 * INVAL of a directory into itself, XDEV between file systems) the system says. Source: witx; POSIX rename, linkat. */
#include "wasi/decide/decide_inner.h"

/*@ // What the plan keeps over an op of this kind.
  @ predicate carries(struct plan n, struct plan p, integer kind) = n.count == p.count + 1 && n.kind == kind && n.sure == p.sure &&
  @   n.name == p.name;
  @ // A close of what the plan opened last, and what it leaves to be done.
  @ predicate closes(struct step s, struct plan p, integer rule, integer value) = s.verdict == VERDICT_ISSUE &&
  @   (p.second != 0 ==> plain_op(s.op, OP_CLOSE, HANDLE_SCRATCH2)) && (p.second == 0 ==> plain_op(s.op, OP_CLOSE, HANDLE_SCRATCH)) &&
  @   carries(s.plan, p, OP_CLOSE) && s.plan.slot == p.slot && s.plan.second == 0 && s.plan.rule == rule && s.plan.value == value &&
  @   s.plan.changed == p.changed && (p.second != 0 && p.slot == HANDLE_SCRATCH ==> s.plan.end == PLAN_GOES_ON) &&
  @   (p.second == 0 || p.slot != HANDLE_SCRATCH ==>
  @     (rule != RULE_NONE && p.changed == PLAN_CHANGED_NOTHING ==> s.plan.end == PLAN_ENDS_REFUSED) &&
  @     (rule == RULE_NONE || p.changed != PLAN_CHANGED_NOTHING ==> s.plan.end == PLAN_ENDS_WITH_VALUE));
  @ predicate opens(struct step s, struct plan p, integer fd, integer slot, struct region path) = s.verdict == VERDICT_ISSUE &&
  @   s.op.kind == OP_OPEN && s.op.handle == fd && s.op.handle2 == slot && open_names_only(s.op.flags) && s.op.path == path &&
  @   s.op.mem.length == 0 && carries(s.plan, p, OP_OPEN) && s.plan.rule == p.rule && s.plan.changed == p.changed &&
  @   s.plan.end == PLAN_GOES_ON && (slot == HANDLE_SCRATCH ==> s.plan.slot == HANDLE_SCRATCH && s.plan.second == p.second) &&
  @   (slot == HANDLE_SCRATCH2 ==> s.plan.slot == p.slot && s.plan.second == 1);
  @ // The op itself; the second name is a component of the second path.
  @ predicate acts(struct step s, struct request *q, struct plan p, integer fd, integer fd2, integer kind) =
  @   s.verdict == VERDICT_ISSUE && s.op.kind == kind && s.op.mem.length == 0 && s.op.path == p.name &&
  @   component_clean(q, s.op.path2) && (p.slot == HANDLE_SCRATCH ==> s.op.handle == HANDLE_SCRATCH) &&
  @   (p.slot != HANDLE_SCRATCH ==> s.op.handle == fd) && (p.second != 0 ==> s.op.handle2 == HANDLE_SCRATCH2) &&
  @   (p.second == 0 ==> s.op.handle2 == fd2) && carries(s.plan, p, kind) && s.plan.rule == p.rule &&
  @   s.plan.changed == PLAN_CHANGED_SOMETHING && s.plan.slot == p.slot && s.plan.second == p.second &&
  @   (p.slot == HANDLE_NONE && p.second == 0 ==> s.plan.end == PLAN_ENDS_WITH_ANSWER) &&
  @   (p.slot != HANDLE_NONE || p.second != 0 ==> s.plan.end == PLAN_GOES_ON);
  @ predicate looks_no_more(struct plan n, struct plan p) = carries(n, p, OP_CLOSE) && n.second == 0 && n.slot == p.slot &&
  @   n.rule == p.rule && n.changed == p.changed && n.end == PLAN_GOES_ON;
  @ predicate goes_second(struct step s, struct request *q, struct plan p, integer fd, integer fd2, integer kind) =
  @   acts(s, q, p, fd, fd2, kind) || (opens(s, p, fd2, HANDLE_SCRATCH2, s.op.path) && path_clean(q, s.op.path));
  @ predicate walks(struct step s, struct request *q, struct plan p, integer fd, integer fd2, integer kind) =
  @   component_clean(q, s.plan.name) &&
  @   (goes_second(s, q, {p \with .name = s.plan.name}, fd, fd2, kind) ||
  @     (opens(s, {p \with .name = s.plan.name}, fd, HANDLE_SCRATCH, s.op.path) && path_clean(q, s.op.path)));
  @ // What the rows of both calls say, and the plan of such a call between two steps.
  @ predicate pair_call(struct request *q, integer kind) =
  @   call_names(q->call) && call_handle(q->call) >= 0 && call_handle2(q->call) >= 0 && call_most(q->call) > 1 &&
  @   call_strings(q->call) == 2 && !call_waits(q->call) && q->call != OPERATION_PATH_OPEN && q->call != OPERATION_FD_CLOSE &&
  @   (kind == OP_RENAME || kind == OP_LINK) && op_takes_names(kind) && call_issues(q->call, kind) &&
  @   call_issues(q->call, OP_OPEN) && call_issues(q->call, OP_CLOSE) && call_issues(q->call, OP_FILE_SYSTEM) &&
  @   (kind == OP_LINK ==> call_issues(q->call, OP_STAT));
  @ predicate pair_part(struct decide_context *c, struct handle_table *t, struct request *q, struct plan p, struct op_result *a,
  @     integer fd, integer fd2, integer kind) =
  @   step_part(c, t, q, p, a) && p.count > 0 && pair_call(q, kind) && fd == base_handle(q) && fd2 == second_handle(q);
*/

/* What may be done with what lies beneath a directory: by its own rights, and where it opens by those that it hands on. */
/*@ requires \valid_read(table) && handle_live(table, fd);
  @ assigns \nothing;
  @ ensures exact: \result == reach(table, fd);
*/
static uint64_t pair_reach(const struct handle_table *table, uint64_t fd)
{
    uint64_t rights = table->handle[fd].rights;
    return (rights & R(PATH_OPEN)) != 0 ? rights | table->handle[fd].inheriting : rights;
}

/* Whether all of `less` is in `more`. */
/*@ assigns \nothing;
  @ ensures exact: \result != 0 <==> rights_in(less, more);
*/
static bool pair_in(uint64_t less, uint64_t more) { return (less & ~more) == 0; }

/* Whether the object keeps its rights: `same` of a rename, no more of a link. */
/*@ requires \valid_read(table) && handle_live(table, from) && handle_live(table, to);
  @ assigns \nothing;
  @ ensures same: \result == RULE_NONE && same != 0 ==> rights_same(table, from, to);
  @ ensures within: \result == RULE_NONE && same == 0 ==> rights_within(table, from, to);
  @ ensures rule: \result == RULE_NONE || \result == RULE_RIGHTS_DIFFER;
  @ ensures accepted: rights_same(table, from, to) && same != 0 ==> \result == RULE_NONE;
*/
static enum rule pair_rights_rule(const struct handle_table *table, uint64_t from, uint64_t to, bool same)
{
    uint64_t had = pair_reach(table, from), gets = pair_reach(table, to);
    uint64_t handed = table->handle[from].inheriting, hands = table->handle[to].inheriting;
    if (same)
        return gets == had && hands == handed ? RULE_NONE : RULE_RIGHTS_DIFFER;
    return pair_in(gets, had) && pair_in(hands, handed) ? RULE_NONE : RULE_RIGHTS_DIFFER;
}

/* Names what lies beneath `fd` at `path`, in a scratch slot. */
/*@ requires open_names_only(flags) && plan.count <= LIMIT_OPS && (slot == HANDLE_SCRATCH || slot == HANDLE_SCRATCH2);
  @ assigns \nothing;
  @ ensures open: opens(\result, plan, fd, slot, path);
*/
static struct step pair_open(struct plan plan, uint32_t fd, uint32_t slot, struct region path, uint32_t flags)
{
    struct step step = decide_issue(plan, OP_OPEN, RULE_GRANTED_TREE, fd);
    step.op.handle2 = slot;
    step.op.flags = flags;
    step.op.path.offset = path.offset;
    step.op.path.length = path.length;
    if (slot == HANDLE_SCRATCH)
        step.plan.slot = HANDLE_SCRATCH;
    else
        step.plan.second = 1;
    return step;
}

/* Closes what the plan opened last; the call brought `value`, or is refused for the plan's rule. */
/*@ requires plan.second != 0 || plan.slot == HANDLE_SCRATCH;
  @ requires plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures close: closes(\result, plan, plan.rule, value);
*/
static struct step pair_close(struct plan plan, int64_t value)
{
    struct step step =
        decide_issue(plan, OP_CLOSE, RULE_PLAN_CLEANUP, plan.second != 0 ? HANDLE_SCRATCH2 : HANDLE_SCRATCH);
    step.plan.value = value;
    step.plan.second = 0;
    if (plan.second == 0 || plan.slot != HANDLE_SCRATCH)
        step.plan.end =
            plan.rule != RULE_NONE && plan.changed == PLAN_CHANGED_NOTHING ? PLAN_ENDS_REFUSED : PLAN_ENDS_WITH_VALUE;
    return step;
}

/* Closes what was opened, if anything was; then the call is refused. Nothing was changed before. */
/*@ requires rule_refuses(rule) && plan.count <= LIMIT_OPS && (plan.slot == HANDLE_NONE || plan.slot == HANDLE_SCRATCH);
  @ assigns \nothing;
  @ ensures refusal: plan.second == 0 && plan.slot == HANDLE_NONE ==> refuses(\result);
  @ ensures close: plan.second != 0 || plan.slot == HANDLE_SCRATCH ==> closes(\result, plan, rule, \result.plan.value);
*/
static struct step pair_refuse(struct plan plan, enum rule rule)
{
    if (plan.second == 0 && plan.slot == HANDLE_NONE)
        return decide_refuse(rule);
    plan.rule = (uint16_t)rule;
    return pair_close(plan, -(int64_t)decide_rule_errno(rule));
}

/* The op on both names. */
/*@ requires \valid_read(request) && string_clean(request, 1) && plan.count <= LIMIT_OPS;
  @ requires plan.slot == HANDLE_NONE || plan.slot == HANDLE_SCRATCH;
  @ requires kind == OP_RENAME || kind == OP_LINK;
  @ requires split_clean(request, to) && to.dots == 0;
  @ assigns \nothing;
  @ ensures act: acts(\result, request, plan, fd, fd2, kind);
*/
static struct step pair_act(const struct request *request, struct plan plan, uint32_t fd, uint32_t fd2,
                            enum op_kind kind, struct path_split to)
{
    struct step step = decide_issue(plan, kind, RULE_GRANTED_TREE, plan.slot == HANDLE_SCRATCH ? HANDLE_SCRATCH : fd);
    step.op.path.offset = plan.name.offset;
    step.op.path.length = plan.name.length;
    step.op.handle2 = plan.second != 0 ? HANDLE_SCRATCH2 : fd2;
    step.op.path2.offset = to.last.offset;
    step.op.path2.length = to.last.length;
    if (plan.slot == HANDLE_NONE && plan.second == 0)
        step.plan.end = PLAN_ENDS_WITH_ANSWER;
    return step;
}

/* Behind the first path: the parent of the second where it has one that is not open yet, else the op. A second path that ends in
 * dots was refused by the first step, and is again. */
/*@ requires \valid_read(request) && string_clean(request, 1) && plan.count <= LIMIT_OPS;
  @ requires plan.slot == HANDLE_NONE || plan.slot == HANDLE_SCRATCH;
  @ requires kind == OP_RENAME || kind == OP_LINK;
  @ assigns \nothing;
  @ ensures on: \result.verdict == VERDICT_ISSUE && \result.op.kind != OP_CLOSE ==>
  @   (plan.second == 0 && goes_second(\result, request, plan, fd, fd2, kind)) || acts(\result, request, plan, fd, fd2, kind);
  @ ensures close: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_CLOSE ==>
  @   (plan.second != 0 || plan.slot == HANDLE_SCRATCH) && closes(\result, plan, RULE_PATH_LAST, \result.plan.value);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || refuses(\result);
*/
static struct step pair_second(const struct request *request, struct plan plan, uint32_t fd, uint32_t fd2,
                               enum op_kind kind)
{
    struct path_split to = decide_path_split(request, 1);
    if (to.dots)
        return pair_refuse(plan, RULE_PATH_LAST);
    if (to.parent.length > 0 && plan.second == 0)
        return pair_open(plan, fd2, HANDLE_SCRATCH2, to.parent, OPEN_PATH_ONLY | OPEN_DIRECTORY);
    return pair_act(request, plan, fd, fd2, kind, to);
}

/* From the names on: the parent of the first path, where it has one. */
/*@ requires \valid_read(request) && string_clean(request, 0) && string_clean(request, 1) && plan.count <= LIMIT_OPS;
  @ requires plan.slot == HANDLE_NONE && plan.second == 0 && (kind == OP_RENAME || kind == OP_LINK);
  @ assigns \nothing;
  @ ensures walk: \result.verdict == VERDICT_ISSUE ==> walks(\result, request, plan, fd, fd2, kind);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || refuses(\result);
*/
static struct step pair_walk(const struct request *request, struct plan plan, uint32_t fd, uint32_t fd2,
                             enum op_kind kind)
{
    struct path_split from = decide_path_split(request, 0);
    if (from.dots)
        return decide_refuse(RULE_PATH_LAST);
    plan.name.offset = from.last.offset;
    plan.name.length = from.last.length;
    if (from.parent.length > 0)
        return pair_open(plan, fd, HANDLE_SCRATCH, from.parent, OPEN_PATH_ONLY | OPEN_DIRECTORY);
    return pair_second(request, plan, fd, fd2, kind);
}

/* Names the object itself, without slashes behind it, so that it can be looked at. */
/*@ requires \valid_read(request) && plan.count <= LIMIT_OPS && string_clean(request, 0);
  @ requires request->string[0].offset <= from.last.offset && 1 <= from.last.length &&
  @   from.last.offset + from.last.length <= request->string[0].offset + request->string[0].length;
  @ assigns \nothing;
  @ ensures look: opens(\result, plan, fd, HANDLE_SCRATCH2, \result.op.path) && path_clean(request, \result.op.path);
*/
static struct step pair_look(const struct request *request, struct plan plan, uint32_t fd, struct path_split from,
                             bool directory)
{
    struct region whole;
    whole.offset = request->string[0].offset;
    whole.length = from.last.offset + from.last.length - whole.offset;
    return pair_open(plan, fd, HANDLE_SCRATCH2, whole,
                     directory ? OPEN_PATH_ONLY | OPEN_NOFOLLOW | OPEN_DIRECTORY : OPEN_PATH_ONLY | OPEN_NOFOLLOW);
}

/* The object was looked at: what was opened for that is closed, and the plan comes to the names. */
/*@ requires plan.count <= LIMIT_OPS && plan.second != 0;
  @ assigns \nothing;
  @ ensures looked: \result.verdict == VERDICT_ISSUE && plain_op(\result.op, OP_CLOSE, HANDLE_SCRATCH2) &&
  @   looks_no_more(\result.plan, plan);
*/
static struct step pair_looked(struct plan plan)
{
    struct step step = decide_issue(plan, OP_CLOSE, RULE_PLAN_CLEANUP, HANDLE_SCRATCH2);
    step.plan.second = 0;
    return step;
}

/* The last opening failed: what was opened before is closed. */
/*@ requires plan.count <= LIMIT_OPS && (plan.slot == HANDLE_NONE || plan.slot == HANDLE_SCRATCH);
  @ requires plan.rule == RULE_NONE || rule_refuses(plan.rule);
  @ assigns \nothing;
  @ ensures commit: \result.verdict == VERDICT_COMMIT ==> \result.plan.rule == plan.rule && \result.plan.kind == plan.kind;
  @ ensures close: \result.verdict == VERDICT_ISSUE ==> plan.second != 0 && plan.slot == HANDLE_SCRATCH &&
  @   (closes(\result, {plan \with .second = (uint8_t)0}, plan.rule, value) ||
  @     closes(\result, {plan \with .second = (uint8_t)0}, RULE_PATH_ESCAPES, \result.plan.value));
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT || refuses(\result);
*/
static struct step pair_unopened(struct plan plan, int64_t value)
{
    if (plan.second == 0)
        plan.slot = HANDLE_NONE;
    plan.second = 0;
    if (value == -(int64_t)WASI_XDEV)
        return pair_refuse(plan, RULE_PATH_ESCAPES);
    return plan.slot == HANDLE_SCRATCH ? pair_close(plan, value) : decide_go_commit(plan, value);
}

/* Behind the STAT of what is to be linked. */
/*@ requires \valid_read(answer) && plan.count <= LIMIT_OPS && plan.second != 0 && plan.slot == HANDLE_NONE;
  @ assigns \nothing;
  @ ensures close: \result.verdict == VERDICT_ISSUE && plain_op(\result.op, OP_CLOSE, HANDLE_SCRATCH2);
  @ ensures plan: closes(\result, plan, plan.rule, answer->value) || closes(\result, plan, RULE_LINK_DIRECTORY, \result.plan.value) ||
  @   closes(\result, plan, RULE_LINK_FOLLOWED, \result.plan.value) ||
  @   looks_no_more(\result.plan, plan);
*/
static struct step pair_statted(struct plan plan, const struct op_result *answer)
{
    if (answer->value < 0)
        return pair_close(plan, answer->value);
    if (answer->stat.filetype == FILETYPE_DIRECTORY)
        return pair_refuse(plan, RULE_LINK_DIRECTORY);
    if (answer->stat.filetype == FILETYPE_SYMBOLIC_LINK)
        return pair_refuse(plan, RULE_LINK_FOLLOWED);
    return pair_looked(plan);
}

/* Behind a close: of what was looked at, the names; of the second directory, the close of the first. */
/*@ requires pair_part(context, table, request, plan, answer, fd, fd2, kind) && plan.kind == OP_CLOSE;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, plan, answer, \result);
*/
static struct step pair_closed(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer,
                               uint32_t fd, uint32_t fd2, enum op_kind kind)
{
    /*@ assert live: handle_live(table, fd) && handle_live(table, fd2); */
    /*@ assert slot: plan.slot == HANDLE_NONE || plan.slot == HANDLE_SCRATCH; */
    /*@ assert closed: plan.second == 0 && plan.end == PLAN_GOES_ON; */
    /*@ assert rule: plan.rule < RULE_COUNT && (plan.rule == RULE_NONE || rule_refuses(plan.rule)); */
    /*@ assert changed: plan.changed == PLAN_CHANGED_NOTHING || plan.changed == PLAN_CHANGED_SOMETHING; */
    /*@ assert changes: op_changes(kind) == 1 && op_changes(OP_CLOSE) == 0 && op_changes(OP_OPEN) == 0; */
    /*@ assert name: plan.slot == HANDLE_SCRATCH ==> component_clean(request, plan.name); */
    /*@ assert call: call_checked(context, table, request); */
    return plan.slot == HANDLE_SCRATCH ? pair_close(plan, plan.value) : pair_walk(request, plan, fd, fd2, kind);
}

/* Behind what fails or is done: what is open is closed. */
/*@ requires pair_part(context, table, request, plan, answer, fd, fd2, kind);
  @ requires plan.kind == OP_STAT || plan.kind == kind || (plan.kind == OP_OPEN && answer->value < 0) ||
  @   (plan.kind == OP_FILE_SYSTEM && !holds_data(answer->value));
  @ requires plan.kind == OP_STAT ==> plan.second != 0 && plan.slot == HANDLE_NONE;
  @ requires plan.kind == kind ==> plan.second != 0 || plan.slot == HANDLE_SCRATCH;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, plan, answer, \result);
*/
static struct step pair_ends(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer,
                             uint32_t fd, uint32_t fd2, enum op_kind kind)
{
    /*@ assert call: call_checked(context, table, request); */
    /*@ assert rule: plan.rule < RULE_COUNT; */
    /*@ assert network: request->call != OPERATION_SOCK_OPEN && request->call != OPERATION_SOCK_ACCEPT; */
    if (plan.kind == OP_STAT)
        return pair_statted(plan, answer);
    if (plan.kind == OP_OPEN)
        return pair_unopened(plan, answer->value);
    if (plan.kind == OP_FILE_SYSTEM && answer->value >= 0)
        return pair_refuse(plan, RULE_NO_DATA);
    return pair_close(plan, answer->value);
}

/* What was opened last is there, and its file system in no doubt. */
/*@ requires pair_part(context, table, request, plan, answer, fd, fd2, kind);
  @ requires (plan.kind == OP_OPEN && answer->value >= 0 &&
  @     table->handle[plan.second != 0 && plan.name.length > 0 ? fd2 : fd].doubtful == 0) ||
  @   (plan.kind == OP_FILE_SYSTEM && holds_data(answer->value));
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, plan, answer, \result);
*/
static struct step pair_opened(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer,
                               uint32_t fd, uint32_t fd2, enum op_kind kind)
{
    if (plan.kind == OP_FILE_SYSTEM && plan.second == 0)
        plan.sure = 1;
    if (plan.name.length > 0)
        return pair_second(request, plan, fd, fd2, kind);
    return kind == OP_LINK ? decide_issue(plan, OP_STAT, RULE_OBJECT_CHECK, HANDLE_SCRATCH2) : pair_looked(plan);
}

/* The step behind each op. fd, fd2: the guest's descriptors; kind: the op on both names. */
/*@ requires pair_part(context, table, request, plan, answer, fd, fd2, kind);
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, plan, answer, \result);
*/
static struct step pair_next(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer,
                             uint32_t fd, uint32_t fd2, enum op_kind kind)
{
    if (plan.kind == OP_CLOSE)
        return pair_closed(context, table, request, plan, answer, fd, fd2, kind);
    if (plan.kind == OP_OPEN && answer->value >= 0) {
        bool names = plan.second != 0 && plan.name.length > 0;
        if (!table->handle[names ? fd2 : fd].doubtful)
            return pair_opened(context, table, request, plan, answer, fd, fd2, kind);
        return decide_issue(plan, OP_FILE_SYSTEM, RULE_OBJECT_CHECK,
                            plan.second != 0 ? HANDLE_SCRATCH2 : HANDLE_SCRATCH);
    }
    if (plan.kind == OP_FILE_SYSTEM && decide_holds_data(answer->value))
        return pair_opened(context, table, request, plan, answer, fd, fd2, kind);
    return pair_ends(context, table, request, plan, answer, fd, fd2, kind);
}

struct step decide_path_rename(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_PATH_RENAME_fd], fd2 = request->slot[SLOT_PATH_RENAME_new_fd];
    if (plan.count > 0)
        return pair_next(context, table, request, plan, answer, (uint32_t)fd, (uint32_t)fd2, OP_RENAME);
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_RENAME_SOURCE), 0);
    if (rule == RULE_NONE)
        rule = decide_name_rule(table, request, fd2, R(PATH_RENAME_TARGET), 1);
    if (rule == RULE_NONE)
        rule = pair_rights_rule(table, fd, fd2, true);
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    /*@ assert strings: strings_checked(request); */
    /*@ assert names: names_checked(table, request); */
    struct path_split from = decide_path_split(request, 0), to = decide_path_split(request, 1);
    if (from.dots || to.dots)
        return decide_refuse(RULE_PATH_LAST);
    if (from.trailing || to.trailing)
        return pair_look(request, plan, (uint32_t)fd, from, true);
    return pair_walk(request, plan, (uint32_t)fd, (uint32_t)fd2, OP_RENAME);
}

struct change commit_path_rename(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

struct step decide_path_link(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    uint64_t fd = request->slot[SLOT_PATH_LINK_old_fd], fd2 = request->slot[SLOT_PATH_LINK_new_fd];
    if (plan.count > 0)
        return pair_next(context, table, request, plan, answer, (uint32_t)fd, (uint32_t)fd2, OP_LINK);
    enum rule rule = decide_name_rule(table, request, fd, R(PATH_LINK_SOURCE), 0);
    if (rule == RULE_NONE)
        rule = decide_name_rule(table, request, fd2, R(PATH_LINK_TARGET), 1);
    if (rule == RULE_NONE)
        rule = pair_rights_rule(table, fd, fd2, false);
    if (rule == RULE_NONE && request->slot[SLOT_PATH_LINK_old_flags] > LOOKUP_SYMLINK_FOLLOW)
        rule = RULE_BAD_VALUE;
    if (rule != RULE_NONE)
        return decide_refuse(rule);
    /*@ assert strings: strings_checked(request); */
    /*@ assert names: names_checked(table, request); */
    struct path_split from = decide_path_split(request, 0), to = decide_path_split(request, 1);
    if (to.dots || to.trailing)
        return decide_refuse_as(RULE_PATH_LAST, to.dots ? WASI_EXIST : WASI_NOENT);
    if (from.dots)
        return decide_refuse(RULE_LINK_DIRECTORY);
    if (from.trailing || request->slot[SLOT_PATH_LINK_old_flags] == LOOKUP_SYMLINK_FOLLOW)
        return pair_look(request, plan, (uint32_t)fd, from, from.trailing);
    return pair_walk(request, plan, (uint32_t)fd, (uint32_t)fd2, OP_LINK);
}

struct change commit_path_link(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}
