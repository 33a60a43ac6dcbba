/* The seccomp filter as a program, and a run of it in user space. Internal to wr_confine; white-box tests use it too.
 */
#ifndef WARRANT_CONFINE_FILTER_H
#define WARRANT_CONFINE_FILTER_H

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdbool.h>
#include "runtime/base/base.h"

enum { FILTER_INSTRUCTIONS_MAX = 2048 }; /* the kernel takes 4096 */

struct filter {
    struct sock_filter code[FILTER_INSTRUCTIONS_MAX];
    uint32_t size;  /* instructions */
    uint32_t calls; /* system calls that some operands get through */
};

/* Builds the program for this machine's architecture out of syscalls.def: rows of `roles` (SYSCALL_BY bits; the
 * guest's: OP, RUN, and BENEATH or WALK) under their checks, of the role SANITIZER too where `sanitizer`. pid: the
 * process, for checks on itself. INTERNAL: the tables outgrew the program. */
MUST_USE enum status filter_build(struct filter *filter, unsigned roles, bool sanitizer, uint32_t pid,
                                  struct error *error);

/* Likewise for a process beside the guest whose library makes the calls: rows of `impacts` (FILTER_IMPACT bits) with
 * any operands; every other call, of the table or not, answers ENOSYS. */
#define FILTER_IMPACT(id) (UINT32_C(1) << SYSCALL_##id)
MUST_USE enum status filter_build_impacts(struct filter *filter, uint32_t impacts, struct error *error);

/* What the program answers (SECCOMP_RET_*), by the kernel's rules; UINT32_MAX: the program is broken. *ret_steps may be
 * NULL. */
uint32_t filter_run(const struct filter *filter, const struct seccomp_data *data, uint32_t *ret_steps);

#endif
