/* What the checker asks of the table of system calls (wasi/abi/syscalls.def): numbers of the machine that was recorded,
 * names, who may issue a call and when, and what it could do. */
#ifndef WARRANT_CHECKER_IMPACT_H
#define WARRANT_CHECKER_IMPACT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include "wasi/abi/syscalls.h"

/* When and by whom a system call is issued outside the plan of a hostcall. */
/* LAUNCH: the guest's process before it executes its own program, still the launcher's child. */
enum impact_phase { IMPACT_GUEST_LAUNCH, IMPACT_GUEST_SETUP, IMPACT_GUEST_RUN, IMPACT_RECORDER };

int64_t impact_number(enum syscall_machine machine, const char *name); /* -1: the table has no such call */
const char *impact_name(enum syscall_machine machine, int64_t number); /* NULL: the table has no such number */
const char *impact_text(enum syscall_machine machine,
                        int64_t number); /* what it could do; NULL: not in the table. Static storage. */
const char *impact_stopped_by(enum syscall_machine machine,
                              int64_t number); /* what stops everyone else; NULL: not in the table. Static storage. */
/* Roles (SYSCALL_BY bits) that the guest's process has beside its own in this build: those of a sanitizer where this
 * build carries one, whose runs a run of the same build may be. */
extern const uint16_t impact_extra_roles;
bool impact_allows(enum syscall_machine machine, int64_t number, enum impact_phase phase);
/* True where the operands are what the table demands of a call that the runtime issues for itself once the guest runs.
 */
bool impact_operands_fit(enum syscall_machine machine, int64_t number, const uint64_t arg[6], uint32_t pid);

#endif
