/* The system calls of Linux as data: what each can do, who in the runtime may issue it, what stops everyone else. The
 * fourth table; its legend is in syscalls.def. */
#ifndef WARRANT_SYSCALLS_H
#define WARRANT_SYSCALLS_H

#include <stddef.h>
#include <stdint.h>
#include "runtime/base/platform.h"

/* id, text for people */
#define SYSCALL_IMPACT_LIST(X)                                                                                         \
    X(NONE, "changes nothing, tells nothing of value")                                                                 \
    X(OBSERVE, "tells something of files, the machine or a process")                                                   \
    X(WAIT, "waits, or wakes a waiter")                                                                                \
    X(READ_FILE, "reads what a file, directory or stream holds, or opens it")                                          \
    X(WRITE_FILE, "changes what a file or stream holds")                                                               \
    X(NAMESPACE, "makes, removes or renames files")                                                                    \
    X(ATTRIBUTE, "changes a file's owner, rights, times or attributes")                                                \
    X(DESCRIPTOR, "changes which objects the process holds, or steers one")                                            \
    X(MEMORY, "changes the process's address space")                                                                   \
    X(CODE, "brings another program into the process")                                                                 \
    X(PROCESS, "makes, ends or steers processes, threads or signals")                                                  \
    X(NETWORK, "talks to other processes or machines")                                                                 \
    X(PRIVILEGE, "changes what a process may do or see")                                                               \
    X(KERNEL, "changes the machine or reaches into the kernel")                                                        \
    X(BYPASS, "made to reach what another way was checked for")

/* id, text for people. What the operands must be; the numbers are Linux's own. */
#define SYSCALL_CHECK_LIST(X)                                                                                          \
    X(ANY, "any operands")                                                                                             \
    X(NO_EXEC, "without PROT_EXEC")                                                                                    \
    X(MAP, "private and anonymous, without PROT_EXEC and MAP_FIXED")                                                   \
    X(MOVE, "wherever the kernel likes (MREMAP_MAYMOVE at most)")                                                      \
    X(ADVISE, "MADV_DONTNEED, _FREE, _HUGEPAGE, _NOHUGEPAGE or _DONTDUMP")                                             \
    X(STATUS_FLAGS, "F_GETFD, F_GETFL or F_SETFL")                                                                     \
    X(WRITE_FLAGS, "RWF_DSYNC, _SYNC or _APPEND at most")                                                              \
    X(STAT_AT, "not relative to the working directory, and not following a last link")                                 \
    X(DIR_FD, "not relative to the working directory")                                                                 \
    X(COMPONENT, "not relative to the working directory, not following a link, closed at exec; 0666 at most")          \
    X(DIR_FD_SECOND, "not relative to the working directory (second operand)")                                         \
    X(DIR_FDS, "neither name relative to the working directory, and no flags")                                         \
    X(LENGTHEN, "without a mode: it makes room, and takes or moves nothing")                                           \
    X(SOCKET, "TCP or UDP over IPv4 or IPv6, closed at exec")                                                          \
    X(SEND, "MSG_NOSIGNAL, and nothing else")                                                                          \
    X(RECEIVE, "MSG_PEEK or _WAITALL at most")                                                                         \
    X(ACCEPT, "closed at exec")                                                                                        \
    X(SET_OPTION, "the options of wasi/abi/net_options.def that may be set")                                           \
    X(GET_OPTION, "the options of wasi/abi/net_options.def")                                                           \
    X(ABORT_SELF, "SIGABRT to the process itself")                                                                     \
    X(FUTEX, "plain waiting and waking")

#define SYSCALL_STOP_LIST(X) X(KILL) X(EPERM) X(ENOSYS) X(UNSEEN)

/* id, text for people, behind that of the stop */
#define SYSCALL_BEHIND_LIST(X)                                                                                         \
    X(NOTHING, "")                                                                                                     \
    X(LANDLOCK, "; behind it stands Landlock")                                                                         \
    X(CAPABILITY, "; behind it that no capability is left")                                                            \
    X(DUMPABLE, "; behind it that the process is not dumpable")                                                        \
    X(LIMIT, "; behind it a resource limit")

#define SYSCALL_ROLE_LIST(X)                                                                                           \
    X(OP)                                                                                                              \
    X(SETUP) X(RUN) X(RECORDER) X(LAUNCHER) X(WITNESS) X(SANITIZER) X(REPLAY) X(BENEATH) X(WALK) X(NETWORK) X(SOCKETS)

#define SYSCALL_IMPACT_ENUM(id, text) SYSCALL_##id,
enum syscall_impact { SYSCALL_IMPACT_LIST(SYSCALL_IMPACT_ENUM) SYSCALL_IMPACT_COUNT };
#undef SYSCALL_IMPACT_ENUM
#define SYSCALL_CHECK_ENUM(id, text) SYSCALL_CHECK_##id,
enum syscall_check { SYSCALL_CHECK_LIST(SYSCALL_CHECK_ENUM) SYSCALL_CHECK_COUNT };
#undef SYSCALL_CHECK_ENUM
#define SYSCALL_STOP_ENUM(id) SYSCALL_STOP_##id,
enum syscall_stop { SYSCALL_STOP_LIST(SYSCALL_STOP_ENUM) SYSCALL_STOP_COUNT };
#undef SYSCALL_STOP_ENUM
#define SYSCALL_BEHIND_ENUM(id, text) SYSCALL_BEHIND_##id,
enum syscall_behind { SYSCALL_BEHIND_LIST(SYSCALL_BEHIND_ENUM) SYSCALL_BEHIND_COUNT };
#undef SYSCALL_BEHIND_ENUM
#define SYSCALL_ROLE_ENUM(id) SYSCALL_ROLE_##id,
enum syscall_role { SYSCALL_ROLE_LIST(SYSCALL_ROLE_ENUM) SYSCALL_ROLE_COUNT };
#undef SYSCALL_ROLE_ENUM
#define SYSCALL_BY(id) (1U << SYSCALL_ROLE_##id)
/* What the confined guest's process may issue, whichever way it resolves paths. */
#define SYSCALL_BY_GUEST                                                                                               \
    (SYSCALL_BY(OP) | SYSCALL_BY(RUN) | SYSCALL_BY(BENEATH) | SYSCALL_BY(WALK) | SYSCALL_BY(NETWORK) |                 \
     SYSCALL_BY(SOCKETS))

/* The machines whose numbers the table has, as uname names them. A reader of another machine's trace asks by the
 * machine of the trace; who issues or filters calls, by SYSCALL_MACHINE_HERE. */
#define SYSCALL_MACHINE_LIST(X)                X(X86_64, x86_64, "x86_64") X(ARM64, arm64, "aarch64")
#define SYSCALL_MACHINE_ENUM(id, column, name) SYSCALL_MACHINE_##id,
enum syscall_machine { SYSCALL_MACHINE_LIST(SYSCALL_MACHINE_ENUM) SYSCALL_MACHINE_COUNT };
#undef SYSCALL_MACHINE_ENUM
#define SYSCALL_MACHINE_HERE (PLATFORM_X86_64 ? SYSCALL_MACHINE_X86_64 : SYSCALL_MACHINE_ARM64)

#define SYSCALL(name, x86_64, arm64, impact, effect, check, stop, behind, roles, bypass) SYSCALL_ROW_##name,
enum syscall_index {
#include "wasi/abi/syscalls.def"
    SYSCALL_COUNT
};
#undef SYSCALL

struct syscall_row {
    const char *name;
    int16_t x86_64, arm64;               /* numbers; -1: that architecture does not have it */
    uint8_t impact, check, stop, behind; /* enums above */
    uint16_t roles;                      /* SYSCALL_BY() bits */
    char effect[6];                      /* memory, file system, network, processes, kernel; NUL-terminated */
    const char *bypass;                  /* "" where it cannot */
};

/* In order of the x86-64 numbers. */
extern const struct syscall_row abi_syscalls[SYSCALL_COUNT];

/* Entries that carry no number of this table, whatever their number says: the 32-bit entry (int 0x80, sysenter; the
 * kernel's TS_COMPAT) and the x32 form (bit 30). The same number means another call there, so a filter or a reader that
 * looks at numbers alone is deceived. Nobody in the runtime uses either; seccomp kills both. */
extern const struct syscall_row syscall_row_compat, syscall_row_x32;
#define SYSCALL_X32_BIT INT64_C(0x40000000)

/* The row of a call by its name; NULL: there is none. Static storage, as for all below. */
const struct syscall_row *syscall_find_name(const char *name);
/* By its number on that machine; on x86-64, the x32 row where the bit is set; NULL: the table has no such number, or
 * not the machine. */
const struct syscall_row *syscall_find_number(enum syscall_machine machine, int64_t number);
/* Its number on that machine, -1 where it has none. */
int64_t syscall_row_number(const struct syscall_row *row, enum syscall_machine machine);
/* The machine that uname calls so; SYSCALL_MACHINE_COUNT, for which all of the above have no answer: none of them, or
 * NULL. */
enum syscall_machine syscall_machine_find(const char *name);
const char *syscall_machine_name(enum syscall_machine machine); /* "aarch64"; "?" beyond the list */

const char *syscall_impact_name(enum syscall_impact impact); /* "READ_FILE" */
const char *syscall_impact_text(enum syscall_impact impact);
const char *syscall_check_text(enum syscall_check check);
/* "seccomp kills the process; behind it stands Landlock" */
const char *syscall_stopped_by(const struct syscall_row *row);
const char *syscall_role_name(enum syscall_role role); /* "OP" */

#endif
