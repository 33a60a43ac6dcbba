#!/usr/bin/env python3
"""Holds wasi/abi/syscalls.def against the kernel's headers: every number of asm/unistd_64.h has its row under its name, and the
arm64 column is asm-generic/unistd.h's. Rows that the installed headers do not know must be newer than those headers.

Usage: check_syscalls.py SYSCALLS.DEF COMPILER"""
import re
import subprocess
import sys

NEWER_BUT_LOWER = {335, 336}  # uretprobe, uprobe: Linux 6.11 and 6.18 took free numbers of x86-64
ARM64_WANTS = ("RENAMEAT", "NEW_STAT", "SET_GET_RLIMIT", "TIME32_SYSCALLS", "SYS_CLONE3", "MEMFD_SECRET")


def header_numbers(compiler, text):
    """name -> number of every __NR_ macro that `text` defines."""
    out = subprocess.run([compiler, "-E", "-dM", "-x", "c", "-"], input=text, capture_output=True, text=True, check=True).stdout
    values = dict(re.findall(r"^#define (__NR\w*) (\S+)$", out, re.M))
    found = {}
    for name, value in values.items():
        while value in values:
            value = values[value]
        if name.startswith("__NR_") and value.isdigit() and name not in ("__NR_syscalls", "__NR_arch_specific_syscall"):
            found[name[5:]] = int(value)
    return found


def check(rows, column, header, label):
    faults = []
    for name, number in sorted(header.items(), key=lambda item: item[1]):
        if name not in rows:
            faults.append(f"{label}: {name} ({number}) has no row")
        elif rows[name][column] != number:
            faults.append(f"{label}: {name} is {number}, its row says {rows[name][column]}")
    last = max(header.values())
    for name, numbers in rows.items():
        number = numbers[column]
        if number >= 0 and name not in header and number <= last and number not in NEWER_BUT_LOWER:
            faults.append(f"{label}: {name} ({number}) is not in the header")
    return faults


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        found = re.findall(r"^SYSCALL\((\w+), (-?\d+), (-?\d+),", file.read(), re.M)
    rows = {name: (int(x86), int(arm)) for name, x86, arm in found}
    faults = [] if len(rows) == len(found) else ["a name has two rows"]
    x86 = header_numbers(sys.argv[2], "#define __x86_64__ 1\n#undef __ILP32__\n#include <asm/unistd_64.h>\n")
    wants = "".join(f"#define __ARCH_WANT_{want}\n" for want in ARM64_WANTS)
    arm = header_numbers(sys.argv[2], wants + "#include <asm-generic/unistd.h>\n")
    faults += check(rows, 0, x86, "x86-64") + check(rows, 1, arm, "arm64")
    for fault in faults:
        print(fault)
    print(f"{len(x86)} numbers of x86-64, {len(arm)} of arm64, {len(rows)} rows, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
