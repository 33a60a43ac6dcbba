/* What a trace holds between calls: states are compared with the guest's own, refused growths refused again.
 *
 * Invariant: a growth is answered as recorded, whatever this machine could give; where this machine cannot give what
 * the recording one did, the replay fails and says so, since nothing that follows would mean anything.
 * docs/trace-format.md, STATE and GROWTH. */
#include "replay/session.h"

#include <inttypes.h>
#include <stdio.h>

enum status session_last_state(struct session *session, bool ended, struct error *error)
{
    struct replay_report *report = session->report;
    bool asked = session->options->digest || session->options->until_event;
    enum status status = STATUS_OK;
    if (ended && session->item == SESSION_STATE) {
        status = compare_state(session, &session->state, session->item_event, error);
        report->has_digest = asked && (status == STATUS_OK || status == STATUS_DIVERGED);
        if (status == STATUS_OK)
            status = session_next(session, error);
    } else if (asked) {
        status = session_digest(session, &report->digest, error);
        report->has_digest = status == STATUS_OK;
        if (status == STATUS_STOPPED)
            status = STATUS_OK; /* the trace ended at a growth, and the guest did before it heard of that */
    }
    return status;
}

/* Ends the guest at its next branch, call or piece: a growth cannot fail it. */
static void leave(struct session *session, enum status status, const struct error *why)
{
    if (status != STATUS_OK && status != STATUS_DIVERGED && status != STATUS_STOPPED)
        error_copy(&session->failure, status, why);
    rt_instance_interrupt(session->instance);
}

static void growth_show(const struct rt_growth *growth, char *text, size_t size)
{
    snprintf(text, size, "%s %" PRIu32 " by %" PRIu32 " %s",
             growth->table ? "table.grow of table" : "memory.grow of memory", growth->index, growth->amount,
             growth->table ? "elements" : "pages");
}

static bool growth_asked(void *env, const struct rt_growth *growth)
{
    struct session *session = env;
    const struct trace_growth *recorded = &session->growth;
    struct error error = ERROR_INIT;
    enum status status;
    if (session_over(session))
        return false;
    if (session->item != SESSION_GROWTH || recorded->number != growth->number)
        return true;
    if (recorded->table != growth->table || recorded->index != growth->index || recorded->amount != growth->amount) {
        char expected[64], found[64];
        const struct rt_growth wanted = { recorded->number, recorded->table, recorded->index, recorded->amount };
        growth_show(&wanted, expected, sizeof expected);
        growth_show(growth, found, sizeof found);
        session_expected(session, "%s", expected);
        session_found(session, "%s", found);
        status = session_diverge(session, session->item_event, "growth that was refused", &error);
    } else {
        session->report->last_event = session->item_event;
        status = session_next(session, &error);
    }
    if (status != STATUS_OK)
        leave(session, status, &error);
    return false;
}

static void growth_refused(void *env, const struct rt_growth *growth)
{
    struct session *session = env;
    struct error why = ERROR_INIT;
    char text[64];
    growth_show(growth, text, sizeof text);
    if (session_over(session))
        return;
    error_set(&why, STATUS_NO_MEMORY, "this machine refuses a %s, which was granted when the trace was recorded", text);
    leave(session, STATUS_NO_MEMORY, &why);
}

struct rt_growth_watch session_growths(struct session *session)
{
    return (struct rt_growth_watch) { session, growth_asked, growth_refused };
}
