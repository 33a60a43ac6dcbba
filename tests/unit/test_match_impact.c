/* A small table of system calls for the matcher's tests: x86-64 numbers. */
#include <string.h>
#include "checker/impact.h"

static const struct {
    const char *name;
    int64_t number;
    bool setup, run;
} calls[] = {
    { "read", 0, true, false },
    { "write", 1, false, false },
    { "close", 3, true, false },
    { "fstat", 5, true, false },
    { "ppoll", 271, false, false },
    { "rt_sigreturn", 15, false, true },
    { "lseek", 8, false, false },
    { "mmap", 9, true, true },
    { "munmap", 11, true, true },
    { "mremap", 25, true, true },
    { "sched_yield", 24, false, false },
    { "execve", 59, false, false },
    { "dup2", 33, false, false },
    { "fcntl", 72, true, false },
    { "fsync", 74, false, false },
    { "fdatasync", 75, false, false },
    { "ftruncate", 77, false, false },
    { "futex", 202, true, true },
    { "getdents64", 217, false, false },
    { "restart_syscall", 219, false, false },
    { "clock_gettime", 228, true, false },
    { "clock_getres", 229, false, false },
    { "clock_nanosleep", 230, false, false },
    { "exit_group", 231, true, true },
    { "openat", 257, true, false },
    { "mkdirat", 258, false, false },
    { "newfstatat", 262, true, false },
    { "unlinkat", 263, false, false },
    { "symlinkat", 266, false, false },
    { "readlinkat", 267, false, false },
    { "utimensat", 280, false, false },
    { "pread64", 17, false, false },
    { "pwrite64", 18, false, false },
    { "preadv", 295, false, false },
    { "pwritev", 296, false, false },
    { "seccomp", 317, true, false },
    { "getrandom", 318, true, false },
    { "pwritev2", 328, false, false },
    { "openat2", 437, false, false },
    { "ppoll", 271, false, false },
    { "fstatfs", 138, false, false },
};

int64_t impact_number(enum syscall_machine machine, const char *name)
{
    (void)machine;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (strcmp(calls[i].name, name) == 0)
            return calls[i].number;
    return -1;
}

const char *impact_name(enum syscall_machine machine, int64_t number)
{
    (void)machine;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i].number == number)
            return calls[i].name;
    return NULL;
}

bool impact_allows(enum syscall_machine machine, int64_t number, enum impact_phase phase)
{
    (void)machine;
    for (size_t i = 0; i < sizeof calls / sizeof calls[0]; i++)
        if (calls[i].number == number)
            return phase <= IMPACT_GUEST_SETUP ? calls[i].setup || (phase == IMPACT_GUEST_LAUNCH && number == 33)
                                               : phase == IMPACT_GUEST_RUN && calls[i].run;
    return false;
}

bool impact_operands_fit(enum syscall_machine machine, int64_t number, const uint64_t arg[6], uint32_t pid)
{
    (void)machine;
    (void)pid;
    return number != 9 || !(arg[2] & 4);
}
