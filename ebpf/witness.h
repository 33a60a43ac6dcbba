/* The witness: what the kernel saw of a run's processes. A separate privileged process loads the probe and writes a .wwit file
 * (tracer/witness_file.h). Links libbpf. */
#ifndef WARRANT_WITNESS_H
#define WARRANT_WITNESS_H

#include "runtime/base/base.h"
#include "tracer/witness_file.h"

/* Is a witness possible on this machine and for this user? OK, or DENIED/UNSUPPORTED with the reason in words. */
MUST_USE enum status witness_probe_machine(struct error *error);

struct witness; /* the collector (privileged process) */
MUST_USE enum status witness_open(struct witness **ret, struct error *error); /* loads and attaches the probe */
/* Watches the process `pid` (all its threads, and children) from now on. */
MUST_USE enum status witness_watch(struct witness *witness, uint32_t pid, enum witness_role role, struct error *error);
/* Collects into the container `file` (borrows) until stop_fd is at end of file, then drains. Adds an END chunk. info->lost is
 * set. */
MUST_USE enum status witness_collect(struct witness *witness, struct trace_file *file, int stop_fd, struct witness_info *info,
                                     struct error *error);
void witness_close(struct witness *witness);

#endif
