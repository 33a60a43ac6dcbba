/* Reads on in the trace: the next item that the guest has to meet, with the states behind the last one compared.
 *
 * Invariant: the trace is read one item ahead, so that the guest is stopped at the end of the last call that the trace
 * has and does not run on into what nobody recorded. */
#include "replay/session.h"

#include <inttypes.h>

#include "wasi/start.h"

static enum status session_end_of_trace(struct session *session)
{
    struct trace_end end = { 0 };
    struct error text = ERROR_INIT;
    enum status why = trace_reader_stop(session->reader, &end, &session->report->inside_call, &text);
    session->item = SESSION_END;
    if (why != STATUS_OK)
        return session_stop(session, REPLAY_PREFIX, why, text.status == STATUS_OK ? status_text(why) : text.text);
    return session_stop(session, REPLAY_PREFIX, STATUS_STOPPED,
                        end.reason == TRACE_END_CLEAN ? "the trace ends before the guest's exit"
                                                      : trace_end_text(&end));
}

enum status session_until(struct session *session)
{
    return session_stop(session, REPLAY_UNTIL, STATUS_STOPPED, "the event that was asked for");
}

/* The next item behind the states that the guest is in now, which are compared. */
static enum status session_item(struct session *session, enum trace_item_kind *ret, struct error *error)
{
    const uint64_t until = session->options->until_event;
    for (;;) {
        enum status status = trace_reader_next(session->reader, ret, session->call, &session->recorded, error);
        if (status != STATUS_OK)
            return status == STATUS_NOT_FOUND ? session_end_of_trace(session) : status;
        session->item_event = trace_reader_event(session->reader);
        /* A call is stopped at by its first event, below. Behind a growth the guest is on its way, and it is stopped
         * where it calls next. */
        if (until && *ret != TRACE_ITEM_CALL && session->item_event > until && session->item != SESSION_GROWTH)
            return session_until(session);
        if (*ret != TRACE_ITEM_STATE || trace_reader_state(session->reader)->at_end)
            return STATUS_OK;
        status = compare_state(session, trace_reader_state(session->reader), session->item_event, error);
        if (status != STATUS_OK)
            return status;
    }
}

enum status session_next(struct session *session, struct error *error)
{
    const struct replay_options *options = session->options;
    enum trace_item_kind kind;
    session->op = 0;
    enum status status = session_item(session, &kind, error);
    if (status != STATUS_OK)
        return status;
    bool moving = session->item == SESSION_GROWTH;
    if (kind == TRACE_ITEM_STATE) {
        session->item = SESSION_STATE;
        session->state = *trace_reader_state(session->reader);
        return STATUS_OK;
    }
    if (kind == TRACE_ITEM_GROWTH) {
        session->item = SESSION_GROWTH;
        session->growth = *trace_reader_growth(session->reader);
        return STATUS_OK;
    }
    if (kind == TRACE_ITEM_EXIT) {
        session->item = SESSION_EXIT;
        if (session->recorded.outcome == WASI_ENDED_TRAP &&
            (session->recorded.trap == RT_TRAP_INTERRUPTED || session->recorded.trap == RT_TRAP_HOST_STOPPED))
            return session_stop(session, REPLAY_PREFIX, STATUS_STOPPED, "the guest was stopped from outside");
        return STATUS_OK;
    }
    session->item = SESSION_CALL;
    if (session->call->request.call >= OPERATION_COUNT || session->call->ops.count > LIMIT_OPS)
        return error_set(error, STATUS_MALFORMED, "event %" PRIu64 " is no hostcall", session->call->begin_event);
    if (options->until_event && session->call->begin_event > options->until_event && !moving)
        return session_until(session);
    return STATUS_OK;
}

/* The trace ends inside the current call: what it kept of the call was equal, its results nobody knows. */
enum status session_in_flight(struct session *session, struct error *error)
{
    enum trace_item_kind kind;
    enum status status = trace_reader_next(session->reader, &kind, session->call, &session->recorded, error);
    if (status != STATUS_OK && status != STATUS_NOT_FOUND)
        return status;
    if (status == STATUS_OK && kind == TRACE_ITEM_CALL)
        return error_set(error, STATUS_MALFORMED, "a call follows one that has not ended");
    status = status == STATUS_OK
                 ? session_stop(session, REPLAY_PREFIX, STATUS_STOPPED, "the guest was stopped inside a call")
                 : session_end_of_trace(session);
    session->report->inside_call = true;
    return status;
}
