#!/usr/bin/env python3
"""Turns CTest's output into `NAME passed failed skipped`, and names what was skipped on stderr.

usage: count_results.py NAME LOG
"""
import re
import sys

name, log = sys.argv[1:3]
counts = {"Passed": 0, "Failed": 0, "Skipped": 0}
for line in open(log, errors="replace"):
    found = re.match(r"\s*\d+/\d+ Test\s+#\d+: (\S+) \.*\s*(\*\*\*)?(\S+)", line)
    if not found:
        continue
    result = found.group(3)
    kind = "Passed" if result == "Passed" else "Skipped" if result.startswith(("Skipped", "Not")) else "Failed"
    counts[kind] += 1
    if kind == "Skipped":
        print(f"skipped: {found.group(1)} ({name})", file=sys.stderr)
if not any(counts.values()):
    counts["Failed"] = 1
print(name, counts["Passed"], counts["Failed"], counts["Skipped"])
