/* The checker's view of the table of system calls.
 *
 * What the table demands of operands: impact_demand.c. */
#include "checker/impact.h"

#include "wasi/abi/syscalls.h"

int64_t impact_number(enum syscall_machine machine, const char *name)
{
    const struct syscall_row *row = syscall_find_name(name);
    return row ? syscall_row_number(row, machine) : -1;
}

const char *impact_name(enum syscall_machine machine, int64_t number)
{
    const struct syscall_row *row = syscall_find_number(machine, number);
    return row ? row->name : NULL;
}

const char *impact_text(enum syscall_machine machine, int64_t number)
{
    const struct syscall_row *row = syscall_find_number(machine, number);
    return row ? syscall_impact_text((enum syscall_impact)row->impact) : NULL;
}

const char *impact_stopped_by(enum syscall_machine machine, int64_t number)
{
    const struct syscall_row *row = syscall_find_number(machine, number);
    return row ? syscall_stopped_by(row) : NULL;
}

bool impact_allows(enum syscall_machine machine, int64_t number, enum impact_phase phase)
{
    static const uint16_t roles[] = { [IMPACT_GUEST_LAUNCH] = SYSCALL_BY(LAUNCHER) | SYSCALL_BY(SETUP),
                                      [IMPACT_GUEST_SETUP] = SYSCALL_BY(SETUP),
                                      [IMPACT_GUEST_RUN] = SYSCALL_BY(RUN),
                                      [IMPACT_RECORDER] = SYSCALL_BY(RECORDER) };
    const struct syscall_row *row = syscall_find_number(machine, number);
    if (!row || row->roles & roles[phase])
        return row != NULL;
    /* What plans issue too is a plan's once the guest runs, else a missing call would be taken for another's. */
    bool planned = phase == IMPACT_GUEST_RUN && row->roles & (SYSCALL_BY_GUEST & ~SYSCALL_BY(RUN));
    return phase != IMPACT_RECORDER && !planned && row->roles & impact_extra_roles;
}
