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

const char *trace_cause_text(uint32_t cause)
{
    static const char *const texts[TRACE_CAUSE_COUNT] = {
        [TRACE_CAUSE_UNKNOWN] = "unknown",
        [TRACE_CAUSE_ITSELF] = "by itself",
        [TRACE_CAUSE_WALL] = "the wall-clock limit",
        [TRACE_CAUSE_SIGNAL] = "a signal to the launcher",
        [TRACE_CAUSE_RECORDER] = "the recorder stopped",
        [TRACE_CAUSE_WITNESS] = "the witness stopped",
        [TRACE_CAUSE_TRACE_LIMIT] = "the limit of trace bytes",
        [TRACE_CAUSE_OUTPUT_LIMIT] = "the limit of output bytes",
    };
    return cause < TRACE_CAUSE_COUNT ? texts[cause] : "?";
}
