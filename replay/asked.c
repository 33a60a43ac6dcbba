/* Replays a guest under another policy than its own: up to the first call that is decided otherwise as any replay, and
 * from there on for as long as each answer is known.
 *
 * Invariants: the decision core decides, under the other policy; an answer is the trace's for the same call on the same
 * object, or what the core says without the world, or there is none and the replay ends there. Once a call that changed
 * files is not made any more, no file answers as then. Left out on purpose: guessing; the one assumption, that a
 * standard stream takes what is written, is the caller's to make (assume_output) and is told. */
#include "replay/asked.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "wasi/abi/op_sets.h"
#include "wasi/start.h"

#define MISSED "what was written then, and is not now, may be missed here"

enum { AHEAD = 256, TOLD = 256, TOLD_SAME = 16, STREAMS = 3 };

bool asked_parted(const struct session *session) { return session->asked && session->report->asked.parted; }

/* ---- what is told ---- */

static struct replay_step step_of(const struct session *session, const struct request *request)
{
    const struct trace_call *call = session->call;
    struct replay_step step = { .call = request->call };
    if (session->asked->matched) {
        step.event = call->begin_event;
        step.then = call->complete;
        step.errno_then = call->complete ? call->outcome.wasi_errno : 0;
        step.rule_then = call->complete ? call->outcome.rule : 0;
    }
    return step;
}

static void tell(struct session *session, const struct request *request, struct replay_step *step)
{
    struct asked *asked = session->asked;
    struct replay_asked *report = &session->report->asked;
    const bool same = step->kind == REPLAY_STEP_SAME, last = step->kind == REPLAY_STEP_WORLD;
    report->parted = true;
    if ((last || step->kind == REPLAY_STEP_OTHER) && !report->differs) {
        report->differs = true;
        report->first_event = step->event;
    }
    asked->row = same ? asked->row + 1 : 0;
    if (!session->options->told || (asked->told >= TOLD && !last) || asked->row > TOLD_SAME) {
        asked->left_out++;
        return;
    }
    step->before = asked->left_out;
    asked->left_out = 0;
    asked->told++;
    asked_words(request, step->text, sizeof step->text);
    session->options->told(session->options->told_self, step);
}

/* Only the world knows what comes now. op: NULL where there is none. */
static enum status world(struct session *session, const struct request *request, const struct op *op, const char *why)
{
    struct replay_step step = step_of(session, request);
    step.kind = REPLAY_STEP_WORLD;
    if (op) {
        step.now = true;
        step.rule_now = op->rule;
    }
    snprintf(step.why, sizeof step.why, "%s", why);
    tell(session, request, &step);
    snprintf(session->report->asked.stop, sizeof session->report->asked.stop, "%s", why);
    return session_stop(session, REPLAY_PREFIX, STATUS_STOPPED, why);
}

/* Between its calls, or at one that is not begun. */
static void part_here(struct session *session)
{
    struct replay_asked *report = &session->report->asked;
    if (!report->differs)
        report->first_event = session->item == SESSION_CALL ? session->call->begin_event : session->report->last_event;
    report->parted = report->differs = true;
}

enum status asked_limit(struct session *session, const char *why)
{
    part_here(session);
    snprintf(session->report->asked.stop, sizeof session->report->asked.stop, "%s", why);
    return session_stop(session, REPLAY_PREFIX, STATUS_STOPPED, why);
}

static void recorded_end(struct session *session)
{
    if (!trace_reader_exit_ahead(session->reader, &session->report->recorded))
        session->report->recorded = (struct trace_exit) { .outcome = WASI_ENDED_NOT_STARTED };
}

void asked_ended(struct session *session, const struct trace_exit *exit)
{
    struct replay_report *report = session->report;
    report->verdict = REPLAY_PREFIX;
    report->ended = true;
    recorded_end(session);
    const struct trace_exit *then = &report->recorded;
    report->asked.differs |=
        exit->outcome != then->outcome || exit->exit_code != then->exit_code || exit->trap != then->trap;
    if (session->fuel_recorded && exit->outcome == WASI_ENDED_TRAP && exit->trap == RT_TRAP_FUEL_EXHAUSTED) {
        report->ended = false;
        snprintf(report->asked.stop, sizeof report->asked.stop, "it runs on for longer than it is followed");
    }
}

bool asked_ended_early(struct session *session, const struct trace_exit *exit)
{
    const bool fuel = exit->outcome == WASI_ENDED_TRAP && exit->trap == RT_TRAP_FUEL_EXHAUSTED;
    if (!session->asked || !(session->asked->others || (fuel && !session->fuel_recorded)))
        return false;
    part_here(session);
    session->report->verdict = REPLAY_PREFIX;
    recorded_end(session);
    return true;
}

/* ---- where the trace stands ---- */

/* The next call; states and growths mean nothing to a guest that has gone another way. */
static enum status next_call(struct session *session, struct error *error)
{
    enum trace_item_kind kind = TRACE_ITEM_STATE;
    enum status status = STATUS_OK;
    session->op = 0;
    while (status == STATUS_OK && kind != TRACE_ITEM_CALL && kind != TRACE_ITEM_EXIT)
        status = trace_reader_next(session->reader, &kind, session->call, &session->recorded, error);
    if (status == STATUS_NOT_FOUND) {
        session->item = SESSION_END;
        return STATUS_OK;
    }
    if (status != STATUS_OK)
        return status;
    session->item = kind == TRACE_ITEM_CALL ? SESSION_CALL : SESSION_EXIT;
    if (kind == TRACE_ITEM_CALL &&
        (session->call->request.call >= OPERATION_COUNT || session->call->ops.count > LIMIT_OPS))
        return error_set(error, STATUS_MALFORMED, "the trace has an event that is no hostcall");
    return STATUS_OK;
}

/* A recorded call is not made, or refused. What its descriptors became then, ours are not. */
static void forget(struct asked *asked, const struct trace_call *call)
{
    asked->changed |= asked_changes(asked, call);
    for (uint32_t i = 0; i < call->ops.count && i < LIMIT_OPS; i++) {
        const struct op *op = &call->ops.op[i];
        const enum op_table table = op->kind < OP_COUNT ? (enum op_table)abi_ops[op->kind].table : OP_TABLE_KEEPS;
        if (table == OP_TABLE_KEEPS)
            continue;
        asked->moved |= table == OP_TABLE_MOVES;
        for (uint32_t h = 0; h < HANDLES_TOTAL; h++)
            if (asked->handle[h].was == op->handle2 || (table != OP_TABLE_OPENS && asked->handle[h].was == op->handle))
                asked->handle[h].was = HANDLE_NONE;
    }
}

/* Whether the request is about something that the guest holds: others (clocks, random bytes) are told apart by nothing.
 */
static bool is_told_apart(const struct request *request)
{
    const struct operation_row *row = &abi_operations[request->call];
    return request->fault == FAULT_NONE && request->call != OPERATION_PROC_EXIT &&
           (row->handle_slot != SLOT_NONE || row->ops == 0);
}

/* Looks for the call among those that follow, and goes there. */
static enum status look_ahead(struct session *session, const struct request *request, struct error *error)
{
    struct asked *asked = session->asked;
    struct trace_reader *reader = NULL;
    struct trace_exit exit_item;
    enum trace_item_kind kind;
    uint64_t found = 0;
    if (session->item != SESSION_CALL || !is_told_apart(request))
        return STATUS_OK;
    enum status status = trace_reader_clone(session->reader, &reader, error);
    for (uint32_t i = 0; status == STATUS_OK && i < AHEAD && !found; i++) {
        status = trace_reader_next(reader, &kind, asked->ahead, &exit_item, error);
        if (status == STATUS_OK && kind == TRACE_ITEM_CALL && asked->ahead->complete &&
            asked_same_request(asked, request, &asked->ahead->request))
            found = asked->ahead->begin_event;
    }
    trace_reader_close(reader);
    status = status == STATUS_NOT_FOUND ? STATUS_OK : status;
    while (status == STATUS_OK && found && session->item == SESSION_CALL && session->call->begin_event != found) {
        forget(asked, session->call);
        session->report->asked.skipped++;
        status = next_call(session, error);
    }
    /* What was skipped may have closed what the call names. */
    asked->matched = status == STATUS_OK && found && session->item == SESSION_CALL &&
                     asked_same_request(asked, request, &session->call->request);
    return status;
}

/* ---- one call ---- */

static enum status asked_begin(void *self, const struct request *request, struct error *error)
{
    struct session *session = self;
    struct asked *asked = session->asked;
    if (session->stopped)
        return STATUS_STOPPED;
    asked->less = asked->assumed = asked->part = false;
    asked->matched = false;
    if (!asked_parted(session)) {
        enum status status = asked->usual.begin(session, request, error);
        asked->matched = status == STATUS_OK;
        if (status != STATUS_DIVERGED || !asked->others)
            return status;
        session->report->verdict = REPLAY_PREFIX;
        return world(session, request, NULL,
                     "it goes another way between its calls: the limits of memory, tables or calls differ");
    }
    asked->part = asked_names_part(asked, request);
    if (session->item == SESSION_CALL && asked_same_request(asked, request, &session->call->request)) {
        asked->matched = true;
        return STATUS_OK;
    }
    return look_ahead(session, request, error);
}

static bool is_stream(const struct asked *asked, const struct op *op)
{
    return op->handle < STREAMS && asked->handle[op->handle].was == op->handle && !asked->moved;
}

/* Whether what the op brings rests on what files are. */
static bool rests_on_files(const struct asked *asked, const struct op *op)
{
    const enum op_object object = (enum op_object)abi_ops[op->kind].object;
    return object != OP_OBJECT_NONE && abi_ops[op->kind].table != OP_TABLE_CLOSES && !is_stream(asked, op);
}

static enum status fresh_op(struct session *session, const struct request *request, const struct op *op)
{
    struct asked *asked = session->asked;
    const bool writes = (abi_op_bit(op->kind) & ops_out) != 0;
    asked->assumed = session->options->assume_output && writes && is_stream(asked, op);
    if (asked->assumed || op->kind == OP_CLOSE)
        return STATUS_OK;
    return world(session, request, op, "it was not made then: its answer is the world's");
}

static enum status asked_op(void *self, const struct request *request, const struct op *op,
                            const struct backend_space *space, struct error *error)
{
    struct session *session = self;
    struct asked *asked = session->asked;
    const struct trace_call *call = session->call;
    struct trace_op_data now = { 0 };
    bool less = false;
    if (session->stopped)
        return STATUS_STOPPED;
    if (!asked->matched)
        return fresh_op(session, request, op);
    if (!call->complete)
        return asked_parted(session) ? world(session, request, op, "the trace ends inside this call")
                                     : session_in_flight(session, error);
    const uint32_t index = asked->part ? asked_part_op(asked, request, op, call) : session->op;
    if (asked->part && call->ops.count > 0 && index != ASKED_UNKNOWN)
        return asked->changed && rests_on_files(asked, op) ? world(session, request, op, MISSED) : STATUS_OK;
    if (index >= call->ops.count && abi_rules[call->outcome.rule < RULE_COUNT ? call->outcome.rule : 0].refuses)
        return world(session, request, op, "it was refused then, and is allowed: what it brings is the world's");
    if (index >= call->ops.count || !asked_same_op(asked, request, op, &call->request, &call->ops.op[index], &less))
        return world(session, request, op, "it acts on something else than then, or otherwise");
    asked->less |= less;
    if (asked->changed && rests_on_files(asked, op))
        return world(session, request, op, MISSED);
    if (trace_op_out(request, op, space, &now) != STATUS_OK)
        return error_set(error, STATUS_INTERNAL, "an op would read outside the guest's memory");
    if (now.out_length == call->data[index].out_length && now.out_digest == call->data[index].out_digest)
        return STATUS_OK;
    if (!asked_parted(session))
        return asked->usual.op(session, request, op, space, error);
    asked->matched = false;
    return fresh_op(session, request, op);
}

/* How many bytes of the op a stream takes. */
static int64_t taken(const struct request *request, const struct op *op)
{
    uint64_t total = 0;
    if (abi_ops[op->kind].out == OP_BYTES_REGION)
        return op->mem.length;
    for (uint64_t i = op->mem.offset; i < op->mem.offset + (uint64_t)op->mem.length && i < request->iov_count; i++)
        total += request->iov[i].length;
    return (int64_t)(total < LIMIT_STAGING ? total : LIMIT_STAGING);
}

#define NOTHING (struct asked_handle) { HANDLE_NONE, "" }

/* Descriptors that the op opened, moved or closed. was: the recorded op, NULL where there is none. */
static void follow(struct asked *asked, const struct op *op, const struct op *was, int64_t value)
{
    switch ((enum op_table)abi_ops[op->kind].table) {
    case OP_TABLE_KEEPS:
        return;
    case OP_TABLE_OPENS:
        if (op->handle2 < HANDLES_TOTAL && value >= 0)
            asked->handle[op->handle2] = (struct asked_handle) { was ? was->handle2 : HANDLE_NONE, "" };
        return;
    case OP_TABLE_CLOSES:
        if (op->handle < HANDLES_TOTAL)
            asked->handle[op->handle] = NOTHING;
        return;
    case OP_TABLE_MOVES:
        asked->moved = true;
        if (op->handle < HANDLES_TOTAL && op->handle2 < HANDLES_TOTAL) {
            asked->handle[op->handle] =
                (struct asked_handle) { was ? was->handle : HANDLE_NONE, asked->handle[op->handle2].below };
            asked->handle[op->handle2] = NOTHING;
        }
        return;
    }
}

static enum status asked_act(void *self, const struct op *op, const struct request *request,
                             const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct session *session = self;
    struct asked *asked = session->asked;
    if (session->stopped)
        return STATUS_STOPPED;
    if (!asked->matched) {
        *result = (struct op_result) { .value = asked->assumed ? taken(request, op) : 0 };
        follow(asked, op, NULL, result->value);
        return STATUS_OK;
    }
    if (asked->part) {
        const uint32_t index = asked_part_op(asked, request, op, session->call);
        if (index >= LIMIT_OPS) {
            *result = (struct op_result) { .value = 0, .calls = 1 };
            return STATUS_OK;
        }
        session->op = index;
    }
    const struct op *was = &session->call->ops.op[session->op];
    enum status status = answer_act(session, op, request, space, result, error);
    if (status == STATUS_OK)
        follow(asked, op, was, result->value);
    return status;
}

/* What becomes of a call that was made then too. */
static enum replay_step_kind compare(const struct session *session, const struct request *request,
                                     const struct outcome *outcome, uint64_t committed, const char **ret_why)
{
    const struct trace_call *call = session->call;
    const bool same = call->outcome.wasi_errno == outcome->wasi_errno && call->outcome.rule == outcome->rule &&
                      call->outcome.trap == outcome->trap && (session->asked->part || session->op == call->ops.count);
    const bool asks = request->call == OPERATION_FD_PRESTAT_GET || request->call == OPERATION_FD_PRESTAT_DIR_NAME;
    *ret_why = session->asked->less ? "opened for less than then" : "told of other grants or rights than then";
    if (!same)
        return asks && outcome->trap == 0 ? REPLAY_STEP_TOLD : REPLAY_STEP_OTHER;
    if (session->asked->less || (!asked_parted(session) && call->committed != committed))
        return REPLAY_STEP_TOLD;
    return REPLAY_STEP_SAME;
}

static enum status asked_end(void *self, const struct request *request, const struct call_ops *ops,
                             const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                             struct error *error)
{
    struct session *session = self;
    struct asked *asked = session->asked;
    struct replay_asked *report = &session->report->asked;
    (void)ops, (void)space;
    if (session->stopped)
        return STATUS_STOPPED;
    if (asked->matched && !session->call->complete)
        return asked_parted(session) ? STATUS_OK : session_in_flight(session, error);
    struct replay_step step = step_of(session, request);
    step.now = true;
    step.errno_now = outcome->wasi_errno;
    step.rule_now = outcome->rule;
    step.traps = outcome->trap != 0;
    if (!asked->matched) {
        step.kind = asked->assumed ? REPLAY_STEP_ASSUMED : REPLAY_STEP_NEW;
        report->assumed += asked->assumed;
        report->fresh += !asked->assumed;
        tell(session, request, &step);
        return STATUS_OK;
    }
    const char *why;
    step.kind = compare(session, request, outcome, committed, &why);
    session->report->calls++;
    session->report->last_event = session->call->end_event;
    if (step.kind == REPLAY_STEP_TOLD)
        snprintf(step.why, sizeof step.why, "%s", why);
    if (step.kind == REPLAY_STEP_OTHER && (asked->part || session->op < session->call->ops.count))
        forget(asked, session->call);
    report->told += step.kind == REPLAY_STEP_TOLD;
    report->refused += step.kind == REPLAY_STEP_OTHER && session->call->outcome.wasi_errno == WASI_SUCCESS &&
                       outcome->wasi_errno != WASI_SUCCESS;
    if (step.kind != REPLAY_STEP_SAME || asked_parted(session)) {
        report->followed += step.kind == REPLAY_STEP_SAME;
        tell(session, request, &step);
    }
    return asked_parted(session) ? next_call(session, error) : session_next(session, error);
}

/* ---- beginning ---- */

/* Which part of the run's directory lies there; NULL: none. That it is what it was then, its path alone says. */
static const char *part_of(const struct run_initial *now, const struct run_initial *was)
{
    if (!now->path || !was->path || was->path[0] != '/')
        return NULL;
    size_t length = strlen(was->path);
    while (length > 0 && was->path[length - 1] == '/')
        length--;
    if (strncmp(now->path, was->path, length) != 0 || (now->path[length] != '/' && now->path[length] != 0))
        return NULL;
    const char *below = now->path + length + strspn(now->path + length, "/");
    return below[0] || (now->dev == was->dev && now->ino == was->ino) ? below : NULL;
}

/* Which of the run's descriptors each of those is that the guest would begin with. */
static void handles_init(struct asked *asked)
{
    const struct run_spec *now = asked->now, *was = asked->was;
    const uint32_t files = now->policy.file_count, sockets = now->policy.listen_count;
    for (uint32_t h = 0; h < HANDLES_TOTAL; h++)
        asked->handle[h] = (struct asked_handle) { h < STREAMS || h >= LIMIT_HANDLES ? h : HANDLE_NONE, "" };
    for (uint32_t i = 0; i < files; i++)
        for (uint32_t k = 0; k < was->policy.file_count; k++) {
            const char *below = part_of(&now->initial[STREAMS + i], &was->initial[STREAMS + k]);
            struct asked_handle *handle = &asked->handle[STREAMS + i];
            if (below && (handle->was == HANDLE_NONE || strlen(below) < strlen(handle->below)))
                *handle = (struct asked_handle) { STREAMS + k, below };
        }
    for (uint32_t i = 0; i < sockets; i++)
        for (uint32_t k = 0; k < was->policy.listen_count; k++)
            if (memcmp(&now->policy.listens[i], &was->policy.listens[k], sizeof *now->policy.listens) == 0)
                asked->handle[STREAMS + files + i].was = STREAMS + was->policy.file_count + k;
}

enum status asked_create(struct session *session, const struct run_spec *was, const struct run_spec *now,
                         const struct wasi_observer *usual, struct error *error)
{
    const struct policy_limits *a = &was->policy.limits, *b = &now->policy.limits;
    struct asked *asked = calloc(1, sizeof *asked);
    if (asked)
        asked->ahead = malloc(sizeof *asked->ahead);
    if (!asked || !asked->ahead) {
        asked_free(asked);
        return error_set(error, STATUS_NO_MEMORY, "no memory for another policy");
    }
    asked->was = was;
    asked->now = now;
    asked->usual = *usual;
    asked->others = a->memory != b->memory || a->call_depth != b->call_depth || a->table_elements != b->table_elements;
    handles_init(asked);
    session->asked = asked;
    return STATUS_OK;
}

void asked_free(struct asked *asked)
{
    if (!asked)
        return;
    free(asked->ahead);
    free(asked);
}

struct wasi_backend asked_backend(struct session *session) { return (struct wasi_backend) { session, asked_act }; }

struct wasi_observer asked_observer(struct session *session)
{
    const struct wasi_observer inner = { session, asked_begin, asked_op, asked_end, NULL };
    return wasi_budget_observer(&session->asked->budget, &session->asked->now->policy.limits, &inner);
}
