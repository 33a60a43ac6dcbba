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

/* Which row a number is of, and one more; 0: of none. Numbers that a machine does not have lie behind the last. */
enum { NUMBER_ROOM = 1024 };
#define SYSCALL_AT(number, name) [(number) < 0 ? NUMBER_ROOM + SYSCALL_ROW_##name : (number)] = SYSCALL_ROW_##name + 1,
static const uint16_t row_of[SYSCALL_MACHINE_COUNT][NUMBER_ROOM + SYSCALL_COUNT] = {
#define SYSCALL(name, x86_64, arm64, impact, effect, check, stop, behind, roles, bypass) SYSCALL_AT(x86_64, name)
    [SYSCALL_MACHINE_X86_64] = {
#include "wasi/abi/syscalls.def"
    },
#undef SYSCALL
#define SYSCALL(name, x86_64, arm64, impact, effect, check, stop, behind, roles, bypass) SYSCALL_AT(arm64, name)
    [SYSCALL_MACHINE_ARM64] = {
#include "wasi/abi/syscalls.def"
    },
#undef SYSCALL
};

int64_t syscall_row_number(const struct syscall_row *row, enum syscall_machine machine)
{
    switch (machine) {
#define NUMBER(id, column, name)                                                                                       \
    case SYSCALL_MACHINE_##id:                                                                                         \
        return row->column;
        SYSCALL_MACHINE_LIST(NUMBER)
#undef NUMBER
    case SYSCALL_MACHINE_COUNT:
        break;
    }
    return -1;
}

const struct syscall_row *syscall_find_number(enum syscall_machine machine, int64_t number)
{
    if (number < 0 || (unsigned)machine >= SYSCALL_MACHINE_COUNT)
        return NULL;
    if (machine == SYSCALL_MACHINE_X86_64 && number & SYSCALL_X32_BIT)
        return &syscall_row_x32;
    uint16_t row = number < NUMBER_ROOM ? row_of[machine][number] : 0;
    return row ? &abi_syscalls[row - 1] : NULL;
}

static const char *const machine_names[] = {
#define NAME(id, column, name) name,
    SYSCALL_MACHINE_LIST(NAME)
#undef NAME
};

enum syscall_machine syscall_machine_find(const char *name)
{
    unsigned machine = 0;
    while (machine < SYSCALL_MACHINE_COUNT && (!name || strcmp(machine_names[machine], name) != 0))
        machine++;
    return (enum syscall_machine)machine;
}

const char *syscall_machine_name(enum syscall_machine machine)
{
    return (unsigned)machine < SYSCALL_MACHINE_COUNT ? machine_names[machine] : "?";
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
