/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where arm64 keeps a system call's number and operands, and how its 32-bit entry is told. */
#ifndef WARRANT_PROBE_ARM64_H
#define WARRANT_PROBE_ARM64_H

struct thread_info {
    unsigned long flags;
} __attribute__((preserve_access_index));

struct pt_regs {
    unsigned long long regs[31];
    unsigned long long orig_x0;
    int syscallno;
} __attribute__((preserve_access_index));

struct task_struct___arch {
    struct thread_info thread_info;
} __attribute__((preserve_access_index));

enum { ARCH_TIF_32BIT = 1 << 22 };

static __always_inline int arch_is_compat(const void *task)
{
    return (((const struct task_struct___arch *)task)->thread_info.flags & ARCH_TIF_32BIT) != 0;
}

static __always_inline __s32 arch_number(const struct pt_regs *regs) { return regs->syscallno; }

static __always_inline void arch_operands(const struct pt_regs *regs, int compat, __u64 *arg)
{
    __u64 mask = compat ? 0xffffffffull : ~0ull;
    arg[0] = regs->orig_x0 & mask; /* regs[0] holds the result once the call is done */
    arg[1] = regs->regs[1] & mask;
    arg[2] = regs->regs[2] & mask;
    arg[3] = regs->regs[3] & mask;
    arg[4] = regs->regs[4] & mask;
    arg[5] = regs->regs[5] & mask;
}

#endif
