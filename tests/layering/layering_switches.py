#!/usr/bin/env python3
"""No switch over a table's enum hides behind a `default` or an integer: the compiler (-Wswitch-enum) says where a new row is missing.

A switch is one over a table's enum where one of its cases is named after a table. It must have no `default`, and what it switches over
must be cast to an enum, or be declared as one in the same file.

Usage: layering_switches.py ROOT"""
import os
import re
import sys

FOLDERS = "runtime", "wasi", "tracer", "replay", "ebpf", "checker", "cli"

# Prefixes of the names that tables and their columns make.
TABLES = re.compile(r"(INSN|\w+_INSN|P|OP|OPERATION|OPERAND|RULE|ARG|WASI_ENDED|TRACE_END|TRACE_CAUSE|SYSCALL|CHECK_FINDING|CHECK_CLASS|JUDGE|KIND|CONFINE|RT_TRAP)_[A-Z]")
SWITCH = re.compile(r"^( *)switch \((.*)\) \{")
CASE = re.compile(r"^ *case (\w+):")


def sources(root):
    for folder in FOLDERS:
        for path, _, names in os.walk(os.path.join(root, folder)):
            yield from (os.path.join(path, name) for name in sorted(names) if name.endswith((".c", ".h")))


def faults(text):
    """Yields (line, what) of each switch that hides a row."""
    lines = text.splitlines()
    for number, line in enumerate(lines):
        found = SWITCH.match(line)
        if not found:
            continue
        indent, expression = found.groups()
        end = next(i for i in range(number + 1, len(lines)) if lines[i] == indent + "}")
        body = lines[number + 1 : end]
        own = [l for l in body if l.startswith((indent + "case ", indent + "default:"))]
        if not any(TABLES.match(m.group(1)) for m in map(CASE.match, own) if m):
            continue
        if any(l.startswith(indent + "default:") for l in own):
            yield number + 1, f"switch ({expression}) has a default"
        name = re.fullmatch(r"(?:\w+(?:->|\.))*(\w+)", expression)
        if not expression.startswith("(enum ") and not (name and re.search(rf"\benum \w+ \*?{name.group(1)}\b", text)):
            yield number + 1, f"switch ({expression}) is not over an enum"


def main():
    root, count = sys.argv[1], 0
    for path in sources(root):
        with open(path, encoding="utf-8") as file:
            for line, what in faults(file.read()):
                print(f"{os.path.relpath(path, root)}:{line}: {what}")
                count += 1
    print(f"switches: {count} faults")
    return 1 if count else 0


sys.exit(main())
