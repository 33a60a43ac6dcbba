/* How a guest's process ended, in numbers and words. */
#include "tracer/trace.h"

#include <sys/wait.h>

void trace_fate_wait(struct trace_fate *fate, int wait_status)
{
    fate->exit_code = fate->signal = 0;
    if (WIFEXITED(wait_status)) {
        fate->waited = TRACE_WAITED_EXITED;
        fate->exit_code = (uint32_t)WEXITSTATUS(wait_status);
    } else if (WIFSIGNALED(wait_status)) {
        fate->waited = WCOREDUMP(wait_status) ? TRACE_WAITED_CORE : TRACE_WAITED_KILLED;
        fate->signal = (uint32_t)WTERMSIG(wait_status);
    } else {
        fate->waited = TRACE_WAITED_UNKNOWN;
    }
}

const char *trace_end_name(uint32_t reason)
{
#define END_REASON(id, name, text) name,
    static const char *const names[TRACE_END_COUNT] = {
        NULL,
#include "tracer/end_reasons.def"
    };
#undef END_REASON
    return reason < TRACE_END_COUNT ? names[reason] : "unknown";
}

const char *trace_end_text(const struct trace_end *end)
{
#define END_REASON(id, name, text) text,
    static const char *const texts[TRACE_END_COUNT] = {
        "the trace has no end",
#include "tracer/end_reasons.def"
    };
#undef END_REASON
    if (end->cause == TRACE_CAUSE_TRACE_LIMIT)
        return "the trace has as many bytes as it may; the guest was stopped";
    return end->reason < TRACE_END_COUNT ? texts[end->reason] : "the trace ends for a reason that is not known";
}

const char *trace_cause_text(uint32_t cause)
{
#define END_CAUSE(id, text) text,
    static const char *const texts[TRACE_CAUSE_COUNT] = {
#include "tracer/end_causes.def"
    };
#undef END_CAUSE
    return cause < TRACE_CAUSE_COUNT ? texts[cause] : "?";
}
