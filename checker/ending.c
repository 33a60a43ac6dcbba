/* Says how a trace ends: what the recorder wrote last, who ended the guest's process, and what the kernel told of that.
 *
 * Invariant: the guest's own word of its end (the EXIT event) is never taken for the kernel's; both stand side by side.
 * docs/trace-format.md. */
#include "checker/ending.h"

#include <inttypes.h>
#include "runtime/base/text.h"

struct ending_row {
    const char *name, *text;
};
static const struct ending_row rows[] = {
    [0] = { NULL, "the trace has no end" },
    [TRACE_END_CLEAN] = { "clean", "" },
    [TRACE_END_GUEST_DIED] = { "guest died", "the guest's process was killed, or ended otherwise than it said" },
    [TRACE_END_NO_SPACE] = { "no space", "no space was left for the trace; the guest was stopped" },
    [TRACE_END_RECORDER_DIED] = { "recorder died", "the recorder died; the guest was stopped" },
    [TRACE_END_BAD_RING] = { "bad ring", "the guest's process wrote what is no event" },
};
static const struct ending_row unknown = { "unknown", "the trace ends for a reason that is not known" };

static const struct ending_row *find(uint32_t reason)
{
    return reason < sizeof rows / sizeof rows[0] ? &rows[reason] : &unknown;
}

const char *ending_reason(uint32_t reason) { return find(reason)->name; }

const char *ending_text(uint32_t reason) { return find(reason)->text; }

void ending_cause(const struct trace_end *end, struct buffer *out)
{
    buffer_string(out, trace_cause_text(end->cause));
    if (end->cause == TRACE_CAUSE_SIGNAL)
        buffer_printf(out, " (%" PRIu32 ")", end->cause_signal);
    if (end->waited == TRACE_WAITED_EXITED)
        buffer_printf(out, ", exited with status %" PRIu32, end->exit_code);
    else if (end->waited != TRACE_WAITED_UNKNOWN)
        buffer_printf(out, ", killed by signal %" PRIu32, end->signal);
}
