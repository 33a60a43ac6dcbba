/* What a run may use up in all: counted between the dispatcher and whoever else is told. (wr_wasi_start) */
#ifndef WARRANT_WASI_RUN_BUDGET_H
#define WARRANT_WASI_RUN_BUDGET_H

#include "wasi/observer.h"
#include "wasi/policy/policy.h"

struct wasi_budget {
    struct wasi_observer inner;
    uint64_t calls, output, entries, connections; /* what is left of each; UINT64_MAX: as much as the guest likes */
    uint64_t wait_ns;                             /* of each wait */
};

/* An observer that stops the guest before the call, or the op, that would use up more than is left, and else asks
 * `inner` (copied; may have no functions). `budget` (borrows for the life of the wasi) is filled. */
struct wasi_observer wasi_budget_observer(struct wasi_budget *budget, const struct policy_limits *limits,
                                          const struct wasi_observer *inner);

#endif
