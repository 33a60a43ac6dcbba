/* What one replay on its way notes of itself: the first mismatch, and that the guest only has to be stopped.
 *
 * Invariant: the report is written here and nowhere read; nothing here goes on with the trace. */
#include "replay/session.h"

#include <inttypes.h>
#include <stdio.h>

__attribute__((format(printf, 3, 0))) static void text_set(char *text, size_t size, const char *format, va_list args)
{
    if (vsnprintf(text, size, format, args) < 0)
        text[0] = 0;
}

void session_expected(struct session *session, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_set(session->report->divergence.expected, sizeof session->report->divergence.expected, format, args);
    va_end(args);
}

void session_found(struct session *session, const char *format, ...)
{
    va_list args;
    va_start(args, format);
    text_set(session->report->divergence.found, sizeof session->report->divergence.found, format, args);
    va_end(args);
}

void session_place(struct session *session, uint32_t function, uint32_t offset, const char *name)
{
    struct replay_divergence *d = &session->report->divergence;
    d->function = function;
    d->offset = offset;
    snprintf(d->function_name, sizeof d->function_name, "%s", name ? name : "");
}

enum status session_diverge(struct session *session, uint64_t event, const char *what, struct error *error)
{
    struct replay_divergence *d = &session->report->divergence;
    session->report->verdict = REPLAY_DIVERGED;
    d->event = event;
    const char *hostcall = "exit";
    d->call = session->report->calls;
    if (session->item == SESSION_CALL) {
        d->chunk = session->call->chunk;
        uint32_t call = session->call->request.call;
        hostcall = call < OPERATION_COUNT ? abi_operations[call].name : "?";
    }
    snprintf(d->what, sizeof d->what, "%s", what);
    snprintf(d->hostcall, sizeof d->hostcall, "%s", hostcall);
    if (session->instance) {
        struct rt_trap where = rt_instance_where(session->instance);
        session_place(session, where.function, where.offset, where.function_name);
    }
    return error_set(error, STATUS_DIVERGED, "event %" PRIu64 ": %s: expected %s, found %s", event, what, d->expected,
                     d->found);
}

/* Ends the replay on purpose: the guest goes no further. */
enum status session_stop(struct session *session, enum replay_verdict verdict, enum status why, const char *text)
{
    session->stopped = true;
    session->report->verdict = verdict;
    session->report->stop = why;
    snprintf(session->report->stop_text, sizeof session->report->stop_text, "%s", text);
    return STATUS_STOPPED;
}

bool session_over(const struct session *session)
{
    return session->stopped || session->report->verdict == REPLAY_DIVERGED || session->failure.status != STATUS_OK;
}
