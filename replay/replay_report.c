/* The report in words. */
#include "replay/replay.h"

#include <inttypes.h>
#include <string.h>

static void divergence_print(const struct replay_divergence *d, struct buffer *out)
{
    buffer_printf(out, "diverged at event %" PRIu64, d->event);
    if (d->chunk)
        buffer_printf(out, " (chunk %" PRIu64 ")", d->chunk);
    buffer_printf(out, ", hostcall %" PRIu64 " %s, in function %u", d->call, d->hostcall, d->function);
    if (d->function_name[0])
        buffer_printf(out, " <%s>", d->function_name);
    buffer_printf(out, " at offset 0x%x\n  %s\n    expected ", d->offset, d->what);
    text_guard(out, d->expected, strlen(d->expected));
    buffer_string(out, "\n    found    ");
    text_guard(out, d->found, strlen(d->found));
    buffer_u8(out, '\n');
}

void replay_report_print(const struct replay_report *report, struct buffer *out)
{
    switch (report->verdict) {
    case REPLAY_IDENTICAL:
        buffer_printf(out, "identical: %" PRIu64 " hostcalls, %" PRIu64 " instructions, the same end\n", report->calls,
                      report->instructions);
        break;
    case REPLAY_PREFIX:
        buffer_printf(out, "identical as far as the trace goes: %" PRIu64 " hostcalls, up to event %" PRIu64 "; ",
                      report->calls, report->last_event);
        text_guard(out, report->stop_text, strlen(report->stop_text));
        buffer_u8(out, '\n');
        if (report->inside_call)
            buffer_printf(out, "  the last hostcall was in flight: its result is not known\n");
        break;
    case REPLAY_UNTIL:
        buffer_printf(out, "identical up to event %" PRIu64 ": %" PRIu64 " hostcalls, %" PRIu64 " instructions\n",
                      report->last_event, report->calls, report->instructions);
        break;
    case REPLAY_DIVERGED:
        divergence_print(&report->divergence, out);
        break;
    }
    if (report->states)
        buffer_printf(out, "  %" PRIu64 " recorded states are the same\n", report->states);
    if (report->has_digest)
        buffer_printf(out, "  state %016" PRIx64 " after %" PRIu64 " instructions\n", report->digest,
                      report->instructions);
    if (report->weaker[0])
        buffer_printf(out, "  executed without %s, which this kernel does not have\n", report->weaker);
    if (report->other_module)
        buffer_printf(out, "  executed: another module than the recorded one\n");
}
