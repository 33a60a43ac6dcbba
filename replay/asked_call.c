/* One call of a replay under another policy: begun, decided by the core under that policy, answered, ended.
 *
 * Invariant: an answer is the trace's for the same call on the same object, or an assumption that the caller asked for,
 * or there is none and the replay ends there. */
#include "replay/asked.h"

#include <stdio.h>

#include "wasi/abi/op_sets.h"

#define MISSED "what was written then, and is not now, may be missed here"

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
        return asked_world(session, request, NULL,
                           "it goes another way between its calls: the limits of memory, tables or calls differ");
    }
    asked->part = asked_names_part(asked, request);
    if (session->item == SESSION_CALL && asked_same_request(asked, request, &session->call->request)) {
        asked->matched = true;
        return STATUS_OK;
    }
    return asked_look_ahead(session, request, error);
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
    return asked_world(session, request, op, "it was not made then: its answer is the world's");
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
        return asked_parted(session) ? asked_world(session, request, op, "the trace ends inside this call")
                                     : session_in_flight(session, error);
    const uint32_t index = asked->part ? asked_part_op(asked, request, op, call) : session->op;
    if (asked->part && call->ops.count > 0 && index != ASKED_UNKNOWN)
        return asked->changed && rests_on_files(asked, op) ? asked_world(session, request, op, MISSED) : STATUS_OK;
    if (index >= call->ops.count && abi_rules[call->outcome.rule < RULE_COUNT ? call->outcome.rule : 0].refuses)
        return asked_world(session, request, op, "it was refused then, and is allowed: what it brings is the world's");
    if (index >= call->ops.count || !asked_same_op(asked, request, op, &call->request, &call->ops.op[index], &less))
        return asked_world(session, request, op, "it acts on something else than then, or otherwise");
    asked->less |= less;
    if (asked->changed && rests_on_files(asked, op))
        return asked_world(session, request, op, MISSED);
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
    struct replay_step step = asked_step(session, request);
    step.now = true;
    step.errno_now = outcome->wasi_errno;
    step.rule_now = outcome->rule;
    step.traps = outcome->trap != 0;
    if (!asked->matched) {
        step.kind = asked->assumed ? REPLAY_STEP_ASSUMED : REPLAY_STEP_NEW;
        report->assumed += asked->assumed;
        report->fresh += !asked->assumed;
        asked_tell(session, request, &step);
        return STATUS_OK;
    }
    const char *why;
    step.kind = compare(session, request, outcome, committed, &why);
    session->report->calls++;
    session->report->last_event = session->call->end_event;
    if (step.kind == REPLAY_STEP_TOLD)
        snprintf(step.why, sizeof step.why, "%s", why);
    if (step.kind == REPLAY_STEP_OTHER && (asked->part || session->op < session->call->ops.count))
        asked_forget(asked, session->call);
    report->told += step.kind == REPLAY_STEP_TOLD;
    report->refused += step.kind == REPLAY_STEP_OTHER && session->call->outcome.wasi_errno == WASI_SUCCESS &&
                       outcome->wasi_errno != WASI_SUCCESS;
    if (step.kind != REPLAY_STEP_SAME || asked_parted(session)) {
        report->followed += step.kind == REPLAY_STEP_SAME;
        asked_tell(session, request, &step);
    }
    return asked_parted(session) ? asked_next(session, error) : session_next(session, error);
}

struct wasi_backend asked_backend(struct session *session) { return (struct wasi_backend) { session, asked_act }; }

struct wasi_observer asked_observer(struct session *session)
{
    const struct wasi_observer inner = { session, asked_begin, asked_op, asked_end, NULL };
    return wasi_budget_observer(&session->asked->budget, &session->asked->now->policy.limits, &inner);
}
