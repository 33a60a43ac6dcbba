/* SPDX-License-Identifier: GPL-2.0-or-later */
/* Where x86-64 keeps a system call's number and operands, and how its 32-bit entry is told (int 0x80, sysenter). */
#ifndef WARRANT_PROBE_X86_64_H
#define WARRANT_PROBE_X86_64_H

struct thread_info {
    unsigned int status;
} __attribute__((preserve_access_index));

struct pt_regs {
    unsigned long bp, bx, r10, r9, r8, cx, dx, si, di, orig_ax;
} __attribute__((preserve_access_index));

struct task_struct___arch {
    struct thread_info thread_info;
} __attribute__((preserve_access_index));

enum { ARCH_TS_COMPAT = 2 };

static __always_inline int arch_is_compat(const void *task)
{
    return (((const struct task_struct___arch *)task)->thread_info.status & ARCH_TS_COMPAT) != 0;
}

static __always_inline __s32 arch_number(const struct pt_regs *regs) { return (__s32)regs->orig_ax; }

static __always_inline void arch_operands(const struct pt_regs *regs, int compat, __u64 *arg)
{
    if (compat) {
        arg[0] = (__u32)regs->bx;
        arg[1] = (__u32)regs->cx;
        arg[2] = (__u32)regs->dx;
        arg[3] = (__u32)regs->si;
        arg[4] = (__u32)regs->di;
        arg[5] = (__u32)regs->bp;
        return;
    }
    arg[0] = regs->di;
    arg[1] = regs->si;
    arg[2] = regs->dx;
    arg[3] = regs->r10;
    arg[4] = regs->r8;
    arg[5] = regs->r9;
}

#endif
