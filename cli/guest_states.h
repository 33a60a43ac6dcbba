/* Between dispatcher and ring: records what stands between calls, and keeps the budgets. Of the guest's process. */
#ifndef WARRANT_CLI_GUEST_STATES_H
#define WARRANT_CLI_GUEST_STATES_H

#include "runtime/rt.h"
#include "tracer/trace.h"
#include "wasi/run_budget.h"
#include "wasi/start.h"

struct guest_states {
    struct trace_writer *writer;        /* borrowed; NULL: nothing is recorded */
    struct wasi_observer inner;         /* the writer's */
    struct rt_instance *const *running; /* borrowed; set before the guest's first instruction */
    struct trace_digest *digest;        /* owned; NULL: no states are asked for */
    uint64_t every, left;               /* calls from one state to the next */
    const struct policy_limits *limits; /* borrowed */
    struct wasi_budget budget;
};

/* spec: the run's; its digest_every and its budgets count; borrowed, as running is. running: borrows for the life of
 * the process. */
MUST_USE enum status guest_states_init(struct guest_states *states, struct trace_writer *writer,
                                       const struct run_spec *spec, struct rt_instance *const *running,
                                       struct error *error);
bool guest_states_observes(const struct guest_states *states); /* whether an observer is needed */
/* The observer to use: the writer's own where neither states nor a budget are asked for. */
struct wasi_observer guest_states_observer(struct guest_states *states);
/* Who writes refused growths into the trace. */
struct rt_growth_watch guest_states_growths(struct guest_states *states);
/* The state behind the guest's last instruction, where it ended in a way that replays. */
MUST_USE enum status guest_states_end(struct guest_states *states, const struct wasi_ending *ending,
                                      struct error *error);

#endif
