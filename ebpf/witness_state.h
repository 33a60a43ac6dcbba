/* What the loader and the collector share; not for other folders. */
#ifndef WARRANT_WITNESS_STATE_H
#define WARRANT_WITNESS_STATE_H

#include "ebpf/probe.h"
#include "ebpf/witness.h"

struct probe; /* the generated skeleton */

enum { WITNESS_PROGRAMS = 5 };

struct witness {
    struct probe *probe;                /* owned */
    struct probe_counters *counters;    /* mapped from the kernel; both sides count atomically */
    int ring_fd, threads_fd, losses_fd; /* borrowed from probe */
    int program_fd[WITNESS_PROGRAMS];   /* borrowed from probe */
    uint8_t operand_count[PROBE_SYSCALLS];
};

/* Events from the ring. MALFORMED: not as the probe writes them. */
MUST_USE enum status witness_event_head(const void *bytes, size_t size, struct probe_head *ret);
/* One event as a record, which borrows from `bytes`; number and chunk are 0. */
MUST_USE enum status witness_event_decode(const struct witness *witness, const void *bytes, size_t size,
                                          struct witness_record *ret);
/* Adds a part that went ahead of the record's event; the record then borrows from it too. */
MUST_USE enum status witness_event_join(const void *bytes, size_t size, struct witness_record *record);

#endif
