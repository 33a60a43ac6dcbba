#!/usr/bin/env python3
"""Holds the line counts of docs/trusted.md against the tree, so that they do not rot.

Each group there has a line `<!-- files: GLOB... -->` and a table of its files with their line counts. A group may be off by a
fifth of its lines (and 40 lines); beyond that, or where a listed file is gone, or a row stands outside of every group, the page is stale.

Usage: check_trusted.py ROOT [--write]"""
import glob
import os
import re
import sys

GROUP = re.compile(r"(<!-- files: ([^>]*?) -->\n\n)(?:\|.*\n)*\n?", re.M)


def count(root, path):
    with open(os.path.join(root, path), encoding="utf-8") as file:
        return sum(1 for _ in file)


def files_of(root, patterns):
    """Repository paths that the patterns name; `!PATTERN` takes out."""
    found = set()
    for pattern in patterns.split():
        names = {os.path.relpath(p, root) for p in glob.glob(os.path.join(root, pattern.lstrip("!")))}
        found = found - names if pattern.startswith("!") else found | names
    return sorted(found)


def table(root, patterns):
    rows = [(path, count(root, path)) for path in files_of(root, patterns)]
    text = "| file | lines |\n| --- | --- |\n" + "".join(f"| `{path}` | {lines} |\n" for path, lines in rows)
    return text + f"| **all {len(rows)}** | **{sum(lines for _, lines in rows)}** |\n\n"


def main():
    root = sys.argv[1]
    page = os.path.join(root, "docs", "trusted.md")
    with open(page, encoding="utf-8") as file:
        text = file.read()
    if "--write" in sys.argv:
        text = GROUP.sub(lambda m: m[1] + table(root, m[2]), text)
        total = sum(count(root, path) for m in GROUP.finditer(text) for path in files_of(root, m[2]))
        text = re.sub(r"\*\*\d+ lines\*\* in all", f"**{total} lines** in all", text)
        with open(page, "w", encoding="utf-8") as file:
            file.write(text)
        return 0
    faults, listed, now = [], 0, 0
    for m in GROUP.finditer(text):
        rows = re.findall(r"^\| `([^`]+)` \| (\d+) \|$", m[0], re.M)
        faults += [f"{path} is listed and gone" for path, _ in rows if not os.path.exists(os.path.join(root, path))]
        said = sum(int(lines) for _, lines in rows)
        there = sum(count(root, path) for path in files_of(root, m[2]))
        listed, now = listed + said, now + there
        if not rows or abs(said - there) > there // 5 + 40:
            faults.append(f"group `{m[2]}`: {said} lines listed, {there} in the tree")
    faults += [f"{path} is listed outside of every group" for path in re.findall(r"^\| `([^`]+)` \| \d+ \|$", GROUP.sub("", text), re.M)]
    for fault in faults:
        print(fault)
    if faults:
        print(f"write the counts anew: {sys.argv[0]} {root} --write")
    print(f"{listed} lines listed as trusted, {now} in the tree, {len(faults)} faults")
    return 1 if faults else 0


if __name__ == "__main__":
    sys.exit(main())
