/* Says how a trace ends: what the recorder wrote last, who ended the guest's process, and what the kernel told of that.
 *
 * Invariant: the guest's own word of its end (the EXIT event) is never taken for the kernel's; both stand side by side.
 * docs/trace-format.md. */
#include "checker/ending.h"

#include <inttypes.h>
#include "runtime/base/text.h"

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
