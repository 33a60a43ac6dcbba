#!/usr/bin/env python3
"""Holds runtime/base/unprintable.def against Unicode as Python knows it: every control, format character, separator, surrogate,
private use and noncharacter is listed, and no letter, number, punctuation or symbol is, but the few that are blank.

Usage: check_unprintable.py UNPRINTABLE.DEF"""
import re
import sys
import unicodedata

HIDDEN = {"Cc", "Cf", "Zl", "Zp", "Zs", "Cs", "Co"}
BLANK = {0x115F, 0x1160, 0x2800, 0x3164, 0xFFA0}  # fillers: letters and a symbol that show nothing


def main():
    with open(sys.argv[1], encoding="utf-8") as file:
        rows = re.findall(r"^RANGE\((0x[0-9a-f]+), (0x[0-9a-f]+), \"", file.read(), re.M)
    listed = {point for first, last in rows for point in range(int(first, 16), int(last, 16) + 1)}
    faults = []
    for point in range(0x110000):
        kind = unicodedata.category(chr(point))
        hidden = kind in HIDDEN and point != 0x20 or point & 0xFFFE == 0xFFFE or 0xFDD0 <= point <= 0xFDEF
        if hidden and point not in listed:
            faults.append(f"U+{point:04X} ({kind}) is not listed")
        if point in listed and kind[0] in "LNPS" and point not in BLANK and not 0x13430 <= point < 0x13460:
            faults.append(f"U+{point:04X} ({kind}) is listed")
    print("\n".join(faults[:20]))
    print(f"{len(rows)} rows, {len(listed)} code points, Unicode {unicodedata.unidata_version}: {len(faults)} faults")
    return 1 if faults or len(rows) < 30 else 0


if __name__ == "__main__":
    sys.exit(main())
