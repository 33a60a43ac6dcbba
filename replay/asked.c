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

enum { AHEAD = 256, TOLD = 256, TOLD_SAME = 16 };

bool asked_parted(const struct session *session) { return session->asked && session->report->asked.parted; }

/* ---- what is told ---- */

struct replay_step asked_step(const struct session *session, const struct request *request)
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

void asked_tell(struct session *session, const struct request *request, struct replay_step *step)
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

enum status asked_world(struct session *session, const struct request *request, const struct op *op, const char *why)
{
    struct replay_step step = asked_step(session, request);
    step.kind = REPLAY_STEP_WORLD;
    if (op) {
        step.now = true;
        step.rule_now = op->rule;
    }
    snprintf(step.why, sizeof step.why, "%s", why);
    asked_tell(session, request, &step);
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

enum status asked_next(struct session *session, struct error *error)
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

void asked_forget(struct asked *asked, const struct trace_call *call)
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

enum status asked_look_ahead(struct session *session, const struct request *request, struct error *error)
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
        asked_forget(asked, session->call);
        session->report->asked.skipped++;
        status = asked_next(session, error);
    }
    /* What was skipped may have closed what the call names. */
    asked->matched = status == STATUS_OK && found && session->item == SESSION_CALL &&
                     asked_same_request(asked, request, &session->call->request);
    return status;
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
