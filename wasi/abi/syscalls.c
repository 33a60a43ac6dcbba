/* The table of syscalls.h, expanded from syscalls.def, and the ways to find a row.
 *
 * Left out on purpose: the numbers of other architectures' 32-bit tables. An entry through them is one row of its own.
 */
#include "wasi/abi/syscalls.h"

#include <string.h>
#include "runtime/base/platform.h"

#define BY(role)     | ROLE_BIT_##role
#define ROLE_BIT(id) ROLE_BIT_##id = SYSCALL_BY(id),
enum { ROLE_BIT_NOBODY, SYSCALL_ROLE_LIST(ROLE_BIT) };

#define SYSCALL(name, x86_64, arm64, impact, effect, check, stop, behind, roles, bypass)                               \
    [SYSCALL_ROW_##name] = {                                                                                           \
        #name,   x86_64, arm64, SYSCALL_##impact, SYSCALL_CHECK_##check, SYSCALL_STOP_##stop, SYSCALL_BEHIND_##behind, \
        0 roles, effect, bypass                                                                                        \
    },
const struct syscall_row abi_syscalls[SYSCALL_COUNT] = {
#include "wasi/abi/syscalls.def"
};
#undef SYSCALL

#define ENTRY(variable, text, why)                                                                                     \
    const struct syscall_row variable = {                                                                              \
        text, -1, -1, SYSCALL_BYPASS, SYSCALL_CHECK_ANY, SYSCALL_STOP_KILL, SYSCALL_BEHIND_NOTHING, 0, "xxxxx", why    \
    }
ENTRY(syscall_row_compat, "32-bit entry",
      "any call under a number of another table, which a filter on numbers misreads");
ENTRY(syscall_row_x32, "x32 entry", "any call under a number with bit 30 set, which a filter on numbers misses");

const struct syscall_row *syscall_find_name(const char *name)
{
    for (size_t i = 0; i < SYSCALL_COUNT; i++)
        if (!strcmp(abi_syscalls[i].name, name))
            return &abi_syscalls[i];
    return NULL;
}

int64_t syscall_row_number(const struct syscall_row *row) { return PLATFORM_X86_64 ? row->x86_64 : row->arm64; }

/* The table is in order on x86-64; arm64's order is another one, and its 300 rows are walked. */
static const struct syscall_row *number_search(int64_t number)
{
    size_t first = 0, last = SYSCALL_COUNT;
    while (first < last) {
        size_t middle = first + (last - first) / 2;
        if (abi_syscalls[middle].x86_64 < number)
            first = middle + 1;
        else
            last = middle;
    }
    return first < SYSCALL_COUNT && abi_syscalls[first].x86_64 == number ? &abi_syscalls[first] : NULL;
}

const struct syscall_row *syscall_find_number(int64_t number)
{
    if (number < 0)
        return NULL;
    if (PLATFORM_X86_64)
        return number & SYSCALL_X32_BIT ? &syscall_row_x32 : number_search(number);
    for (size_t i = 0; i < SYSCALL_COUNT; i++)
        if (abi_syscalls[i].arm64 == number)
            return &abi_syscalls[i];
    return NULL;
}

const char *syscall_impact_name(enum syscall_impact impact)
{
#define NAME(id, text) #id,
    static const char *const names[] = { SYSCALL_IMPACT_LIST(NAME) };
#undef NAME
    return impact < SYSCALL_IMPACT_COUNT ? names[impact] : "?";
}

const char *syscall_impact_text(enum syscall_impact impact)
{
#define TEXT(id, text) text,
    static const char *const texts[] = { SYSCALL_IMPACT_LIST(TEXT) };
    return impact < SYSCALL_IMPACT_COUNT ? texts[impact] : "?";
}

const char *syscall_check_text(enum syscall_check check)
{
    static const char *const texts[] = { SYSCALL_CHECK_LIST(TEXT) };
    return check < SYSCALL_CHECK_COUNT ? texts[check] : "?";
}

const char *syscall_stopped_by(const struct syscall_row *row)
{
    /* One text for each pair of stop and behind, so that nothing has to be formatted. */
#define KILL_PAIR(id, text)   "seccomp kills the process" text,
#define EPERM_PAIR(id, text)  "seccomp answers EPERM" text,
#define ENOSYS_PAIR(id, text) "seccomp answers ENOSYS" text,
#define UNSEEN_PAIR(id, text) "the kernel refuses it outside its own trampoline, without asking seccomp" text,
    static const char *const texts[SYSCALL_STOP_COUNT][SYSCALL_BEHIND_COUNT] = {
        [SYSCALL_STOP_KILL] = { SYSCALL_BEHIND_LIST(KILL_PAIR) },
        [SYSCALL_STOP_EPERM] = { SYSCALL_BEHIND_LIST(EPERM_PAIR) },
        [SYSCALL_STOP_ENOSYS] = { SYSCALL_BEHIND_LIST(ENOSYS_PAIR) },
        [SYSCALL_STOP_UNSEEN] = { SYSCALL_BEHIND_LIST(UNSEEN_PAIR) },
    };
    return texts[row->stop][row->behind];
}

const char *syscall_role_name(enum syscall_role role)
{
#define ROLE(id) #id,
    static const char *const names[] = { SYSCALL_ROLE_LIST(ROLE) };
    return role < SYSCALL_ROLE_COUNT ? names[role] : "?";
}
