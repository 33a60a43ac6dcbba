/* A gate between two processes: a word in shared memory, 0 while it is closed. Needs futex(2) alone, which the guest's
 * filter allows. */
#ifndef WARRANT_CLI_LAUNCH_GATE_H
#define WARRANT_CLI_LAUNCH_GATE_H

#include <linux/futex.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>
#include <time.h>
#include <unistd.h>

/* Acquire: what was written before the gate was opened is there. */
static inline bool gate_is_open(const uint32_t *gate) { return __atomic_load_n(gate, __ATOMIC_ACQUIRE) != 0; }

/* Sleeps until the gate is open, a signal came, or the time is over; timeout NULL: without end. */
static inline bool gate_wait(uint32_t *gate, const struct timespec *timeout)
{
    if (!gate_is_open(gate))
        syscall(SYS_futex, gate, FUTEX_WAIT, 0, timeout, NULL, 0);
    return gate_is_open(gate);
}

static inline void gate_open(uint32_t *gate)
{
    __atomic_store_n(gate, 1, __ATOMIC_RELEASE);
    syscall(SYS_futex, gate, FUTEX_WAKE, INT32_MAX, NULL, NULL, 0);
}

#endif
