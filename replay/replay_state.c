/* The guest's state as a digest, and held against a recorded one. docs/trace-format.md, STATE. */
#include "replay/session.h"

#include <inttypes.h>

enum status session_digest(struct session *session, uint64_t *ret, struct error *error)
{
    trace_digest_begin(session->digest);
    enum status status = rt_instance_state(session->instance, trace_digest_add, session->digest);
    if (status != STATUS_OK)
        return error_set(error, status, "the state's digest: %s", status_text(status));
    *ret = trace_digest_get(session->digest);
    return STATUS_OK;
}

enum status compare_state(struct session *session, const struct trace_state *recorded, uint64_t event,
                          struct error *error)
{
    uint64_t digest = 0;
    if (!session->instance)
        return error_set(error, STATUS_MALFORMED, "event %" PRIu64 ": a state before the guest began", event);
    enum status status = session_digest(session, &digest, error);
    if (status != STATUS_OK)
        return status;
    session->report->digest = digest;
    uint64_t instructions = rt_instance_instructions(session->instance);
    if (digest != recorded->digest || instructions != recorded->instructions) {
        session_expected(session, "%016" PRIx64 " after %" PRIu64 " instructions", recorded->digest,
                         recorded->instructions);
        session_found(session, "%016" PRIx64 " after %" PRIu64, digest, instructions);
        status = session_diverge(session, event, "state of globals, tables and memories", error);
        struct replay_divergence *d = &session->report->divergence;
        d->chunk = trace_reader_chunk(session->reader);
        d->call -= !recorded->at_end && d->call > 0; /* the call that it stands behind has been counted */
        return status;
    }
    session->report->states++;
    session->report->last_event = event;
    return STATUS_OK;
}
