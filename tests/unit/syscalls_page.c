/* Writes docs/syscall-impact.md out of the table, so that page and table cannot come apart. */
#include "tests/unit/syscalls_page.h"

#include <stdbool.h>
#include <string.h>
#include "wasi/abi/syscalls.h"

static const char head[] =
    "# System calls and what they can do\n\n"
    "Written from `wasi/abi/syscalls.def` by `test_syscalls_page --write`; a test compares the two. %d system "
    "calls.\n\n"
    "The seccomp filter, the witness's matching and the `syscall_impact` table of the checker come from the same "
    "rows.\n\n"
    "**Entries beside the table.** The 32-bit entry (`int 0x80`, `sysenter`) carries numbers of another table, and the "
    "x32 form sets\n"
    "bit 30: a filter or a reader that looks at numbers alone takes them for other calls. The filter compares the "
    "architecture first and\n"
    "kills both; the witness reads the kernel's own flag (`TS_COMPAT`) and reports such an entry as a call of its own "
    "kind. Calls\n"
    "that the vDSO answers never reach the kernel, so that nobody sees them.\n\n"
    "## Impact classes\n\n| class | what such a call does | calls | guest may issue |\n| --- | --- | --- | --- |\n";

static void roles_write(struct buffer *out, unsigned roles)
{
    const char *before = "";
    for (unsigned i = 0; i < SYSCALL_ROLE_COUNT; i++)
        if (roles & 1U << i) {
            buffer_printf(out, "%s%s", before, syscall_role_name((enum syscall_role)i));
            before = " ";
        }
    if (!*before)
        buffer_string(out, "nobody");
}

static void classes_write(struct buffer *out)
{
    for (unsigned class = 0; class < SYSCALL_IMPACT_COUNT; class ++) {
        unsigned count = 0, guest = 0;
        for (size_t i = 0; i < SYSCALL_COUNT; i++)
            if (abi_syscalls[i].impact == class) {
                count++;
                guest += (abi_syscalls[i].roles & SYSCALL_BY_GUEST) != 0;
            }
        buffer_printf(out, "| %s | %s | %u | %u |\n", syscall_impact_name((enum syscall_impact) class),
                      syscall_impact_text((enum syscall_impact) class), count, guest);
    }
}

static void row_write(struct buffer *out, const struct syscall_row *row)
{
    buffer_printf(out, "| `%s` | ", row->name);
    buffer_printf(out, row->x86_64 < 0 ? "- | " : "%d | ", row->x86_64);
    buffer_printf(out, row->arm64 < 0 ? "- | " : "%d | ", row->arm64);
    buffer_printf(out, "%s | `%s` | ", syscall_impact_name((enum syscall_impact)row->impact), row->effect);
    roles_write(out, row->roles);
    bool guest = row->roles & SYSCALL_BY_GUEST;
    buffer_printf(out, " | %s | %s | %s |\n", guest ? syscall_check_text((enum syscall_check)row->check) : "",
                  syscall_stopped_by(row), row->bypass);
}

void syscalls_page_write(struct buffer *out)
{
    buffer_printf(out, head, (int)SYSCALL_COUNT);
    classes_write(out);
    buffer_string(
        out,
        "\n## Roles\n\n"
        "OP: the live backend, for a hostcall's plan. SETUP: the guest's process before it is confined. RUN: the same\n"
        "process afterwards, outside plans. RECORDER, LAUNCHER, WITNESS: those processes. SANITIZER: the confined "
        "guest in\n"
        "a build that carries a sanitizer, and no other. REPLAY: the process that executes a trace's guest again; it "
        "has "
        "RUN's\nbesides, and none of OP's. BENEATH, WALK: the live backend, to resolve a path by `openat2` or "
        "component by "
        "component; a\nrun has one of the two. NETWORK: the live backend, in a run that may make sockets. "
        "SOCKETS:\nlikewise, in one that has any, made or given.\n\n"
        "## The table\n\n"
        "Effect: five letters for memory, file system, network, processes, kernel: `-` none, `r` tells something of "
        "it, `w`\n"
        "changes it, `x` crosses its isolation. Operands: what the guest's filter demands where the guest may issue "
        "the call.\n\n"
        "| call | x86-64 | arm64 | impact | effect | who may | operands | what stops everyone else | how it can go "
        "around "
        "isolation |\n| --- | --- | --- | --- | --- | --- | --- | --- | --- |\n");
    for (size_t i = 0; i < SYSCALL_COUNT; i++)
        row_write(out, &abi_syscalls[i]);
    row_write(out, &syscall_row_compat);
    row_write(out, &syscall_row_x32);
}
