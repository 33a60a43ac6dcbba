/* The table of operands.def as data, for this architecture. */
#ifndef WARRANT_OPERANDS_H
#define WARRANT_OPERANDS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "ebpf/probe.h"

struct operands_row {
    const char *operands; /* letters, see operands.def */
    uint32_t number;      /* of this architecture */
    bool returns_fd;
};

/* Fills specs[PROBE_SYSCALLS] for the probe, and counts[PROBE_SYSCALLS]: operands of each call, 6 where it has no row.
 */
void operands_specs(struct probe_spec *specs, uint8_t *counts);

#endif
