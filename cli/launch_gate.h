/* A gate between two processes: a word in shared memory, 0 while it is closed. Needs os_wait_on and os_wake alone,
 * which the guest's filter allows. */
#ifndef WARRANT_CLI_LAUNCH_GATE_H
#define WARRANT_CLI_LAUNCH_GATE_H

#include "runtime/base/os.h"

/* Acquire: what was written before the gate was opened is there. */
static inline bool gate_is_open(const uint32_t *gate) { return __atomic_load_n(gate, __ATOMIC_ACQUIRE) != 0; }

/* Sleeps until the gate is open, a signal came, or the time is over; timeout NULL: without end. */
static inline bool gate_wait(uint32_t *gate, const struct timespec *timeout)
{
    if (!gate_is_open(gate))
        os_wait_on(gate, 0, timeout);
    return gate_is_open(gate);
}

static inline void gate_open(uint32_t *gate)
{
    __atomic_store_n(gate, 1, __ATOMIC_RELEASE);
    os_wake(gate);
}

#endif
