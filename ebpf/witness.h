/* The witness: what the kernel saw of a run's processes. A separate privileged process loads the probe and writes a
 * .wwit file (tracer/witness_file.h). Links libbpf. Each witness loads programs and maps of its own, so that recordings
 * at the same time do not disturb each other. Not safe for two threads on one witness. */
#ifndef WARRANT_WITNESS_H
#define WARRANT_WITNESS_H

#include "runtime/base/base.h"
#include "tracer/witness_file.h"

/* Is a witness possible on this machine and for this user? OK, or DENIED/UNSUPPORTED with the reason in words. */
MUST_USE enum status witness_probe_machine(struct error *error);

struct witness; /* the collector (privileged process) */
enum { WITNESS_RING_BYTES = 1 << 25, WITNESS_RING_MIN = 1 << 12, WITNESS_RING_MAX = 1 << 30 };
/* Loads and attaches the probe. Returns owned. The same failures as witness_probe_machine. */
MUST_USE enum status witness_open(struct witness **ret, struct error *error);
/* The same with a kernel ring of `ring_bytes`, a power of two from RING_MIN to RING_MAX: what is not collected in time
 * is lost, and counted. INVALID: another size. */
MUST_USE enum status witness_open_sized(struct witness **ret, uint32_t ring_bytes, struct error *error);
/* Watches the process `pid` (all its threads, and children) from now on. A thread that is inside a call at that moment
 * shows the end of it: EXIT_ONLY with WITNESS_FLAG_FIRST. NOT_FOUND: no such process. UNSUPPORTED: it has several
 * threads and the kernel is older than 6.9. */
MUST_USE enum status witness_watch(struct witness *witness, uint32_t pid, enum witness_role role, struct error *error);
/* Collects into the container `file` (borrows) until stop_fd (borrows; a pipe or socket) is at end of file, then drains
 * until every watched thread has ended or nothing comes any more. Adds the DESCRIPTION chunk first, the END chunk last;
 * info->lost is set. What comes through stop_fd is a u32 and so many bytes, the facts of the run, for the DESCRIPTION,
 * which waits for them. key: borrows; signs the file (tracer/signature.h), NULL: it is not signed. NO_SPACE, IO: the
 * file keeps its valid prefix. */
MUST_USE enum status witness_collect(struct witness *witness, struct trace_file *file, int stop_fd,
                                     struct witness_info *info, const struct trace_key *key, struct error *error);
void witness_close(struct witness *witness);

/* ---- for whom (witness_caller.c): a witness that was installed with file capabilities or setuid gives nobody more
 * ---- */

/* Whether this process has privileges that its caller does not have. */
bool witness_is_raised(void);
/* Whether the process `pid` may be watched for who is at the other end of `control_fd`, a pair of sockets that he made:
 * he is this process's parent and user, `pid` is a child of his, of this user in all its identities, and he could trace
 * it. Asked before the watch begins and, because a process may change meanwhile, again behind it. DENIED: with the
 * reason. */
MUST_USE enum status witness_caller_check(int control_fd, uint32_t pid, struct error *error);
/* Whether `file_fd` may be written for him: a regular file of this user, in no file system of the kernel's own. */
MUST_USE enum status witness_caller_file(int file_fd, struct error *error);
/* Once the probe is loaded: gives up all that a raised process has beyond its user, except what reading the probe's
 * maps takes. */
MUST_USE enum status witness_caller_settle(struct error *error);

#endif
