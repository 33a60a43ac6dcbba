/* What the table demands of the operands of a system call that the runtime issues for itself, held against what the
 * kernel executed.
 *
 * The second line refuses anything else before it is executed; this is the same demand asked of the record, for runs
 * without that line and for a line that failed. Stated apart from wasi/confine on purpose. Demands on the operands of
 * plans are left out: the matcher compares those with the plan. Source: mmap(2), mremap(2), madvise(2), futex(2); the
 * legend of syscalls.h. */
#include "checker/impact.h"

#include "wasi/abi/syscalls.h"

enum {
    EXECUTE = 4,
    MAP_OWN = 0x02,
    MAP_NAMELESS = 0x20,
    MAP_UNRESERVED = 0x4000,
    MAP_PREFAULT = 0x8000,
    MAP_FOR_STACK = 0x20000,
    MOVE_ANYWHERE = 1,
    ADVISE_DONTNEED = 4,
    ADVISE_FREE = 8,
    ADVISE_HUGE = 14,
    ADVISE_NOT_HUGE = 15,
    ADVISE_NO_DUMP = 16,
    FUTEX_COMMAND = 0x7f,
    FUTEX_WAIT_ = 0,
    FUTEX_WAKE_ = 1,
    FUTEX_WAIT_BITS = 9,
    FUTEX_WAKE_BITS = 10,
    SIGNAL_ABORT = 6
};

static bool map_fits(uint64_t protection, uint64_t flags)
{
    return !(protection & EXECUTE) &&
           (flags & ~(uint64_t)(MAP_UNRESERVED | MAP_PREFAULT | MAP_FOR_STACK)) == (MAP_OWN | MAP_NAMELESS);
}

static bool advice_fits(uint64_t advice)
{
    return advice == ADVISE_DONTNEED || advice == ADVISE_FREE || advice == ADVISE_HUGE || advice == ADVISE_NOT_HUGE ||
           advice == ADVISE_NO_DUMP;
}

static bool futex_fits(uint64_t operation)
{
    uint64_t command = operation & FUTEX_COMMAND;
    return command == FUTEX_WAIT_ || command == FUTEX_WAKE_ || command == FUTEX_WAIT_BITS || command == FUTEX_WAKE_BITS;
}

bool impact_operands_fit(enum syscall_machine machine, int64_t number, const uint64_t arg[6], uint32_t pid)
{
    const struct syscall_row *row = syscall_find_number(machine, number);
    if (!row || impact_extra_roles != 0) /* a sanitizer maps as it likes */
        return row != NULL;
    switch ((enum syscall_check)row->check) {
    case SYSCALL_CHECK_NO_EXEC:
        return !(arg[2] & EXECUTE);
    case SYSCALL_CHECK_MAP:
        return map_fits(arg[2], arg[3] & UINT32_MAX);
    case SYSCALL_CHECK_MOVE:
        return (arg[3] & ~(uint64_t)MOVE_ANYWHERE) == 0;
    case SYSCALL_CHECK_ADVISE:
        return advice_fits(arg[2] & UINT32_MAX);
    case SYSCALL_CHECK_FUTEX:
        return futex_fits(arg[1]);
    case SYSCALL_CHECK_ABORT_SELF:
        return (arg[0] & UINT32_MAX) == pid && (arg[2] & UINT32_MAX) == SIGNAL_ABORT;
    case SYSCALL_CHECK_ANY:
    case SYSCALL_CHECK_STATUS_FLAGS:
    case SYSCALL_CHECK_WRITE_FLAGS:
    case SYSCALL_CHECK_STAT_AT:
    case SYSCALL_CHECK_DIR_FD:
    case SYSCALL_CHECK_COMPONENT:
    case SYSCALL_CHECK_DIR_FD_SECOND:
    case SYSCALL_CHECK_DIR_FDS:
    case SYSCALL_CHECK_LENGTHEN:
    case SYSCALL_CHECK_SOCKET:
    case SYSCALL_CHECK_SEND:
    case SYSCALL_CHECK_RECEIVE:
    case SYSCALL_CHECK_ACCEPT:
    case SYSCALL_CHECK_SET_OPTION:
    case SYSCALL_CHECK_GET_OPTION:
    case SYSCALL_CHECK_COUNT:
        return true;
    }
    return true;
}
