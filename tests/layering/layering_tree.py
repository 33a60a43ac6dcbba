"""House rules that a glance at the text can check: unique names, short files, no #ifdef features, no TODO.
Usage: layering_tree.py SOURCE_ROOT"""
import collections
import os
import re
import sys

import layers

LINES_MAX = 800
CODE = (".c", ".h", ".def", ".py", ".sh", ".cmake", ".wat", "CMakeLists.txt")
CONDITIONAL = re.compile(r"^\s*#\s*(if|ifdef|ifndef|elif)\b(.*)", re.M)
# What prints past cli/print.c: only that file calls these, and nothing outside of cli/ prints at all (base/text_format.c formats).
PRINTS = re.compile(r"\b(v?[fd]?printf|puts|putchar|putc|fputs|fputc|putwchar|fwrite|perror|psignal|herror|warnx?|errx?|write_unlocked|fputs_unlocked)\s*\(")
NO_CODE = re.compile(r'/\*.*?\*/|"(?:\\.|[^"\\\n])*"', re.S)
PRINTERS = {"cli/print.c"}
# JSON by hand: a first or a further key inside of a C string. runtime/base/json_writer.c writes it.
HAND_JSON = re.compile(r'\{\\"|,\\"\w+\\":')
PRODUCT = ("runtime/", "wasi/", "tracer/", "replay/", "ebpf/", "checker/", "cli/")
# Data and lists that many folders have; kernel headers that may stand twice.
SHARED_NAMES = {"CMakeLists.txt", "README.md", "__init__.py"}


def conditionals(path, text):
    """Conditionals beyond the one include guard."""
    found = CONDITIONAL.findall(text)
    if path.endswith(".h") and found and found[0][0] == "ifndef" and found[0][1].strip().startswith("WARRANT_"):
        found = found[1:]
    return found


def main(root):
    failures, checked = [], 0
    places = collections.defaultdict(list)
    for path in layers.source_files(root, CODE):
        checked += 1
        name = os.path.basename(path)
        places[name].append(path)
        text = open(os.path.join(root, path), encoding="utf-8", errors="replace").read()
        lines = text.count("\n")
        if lines > LINES_MAX and not path.endswith(".def"):
            failures.append(f"{path}: {lines} lines, {LINES_MAX} is the stop")
        if path.endswith((".c", ".h")) and path != "runtime/base/platform.h":
            for directive, condition in conditionals(path, text):
                failures.append(f"{path}: #{directive}{condition.rstrip()}: a feature is a file, not a conditional")
        if path.startswith(PRODUCT) and path.endswith((".c", ".h", ".def")) and path not in PRINTERS:
            for call in PRINTS.findall(NO_CODE.sub("", text)):
                failures.append(f"{path}: {call}() prints past cli/print.c")
        if path.startswith(PRODUCT) and path.endswith((".c", ".h")) and HAND_JSON.search(text):
            failures.append(f"{path}: writes JSON by hand; runtime/base/json_writer.h does it")
        if not path.startswith("tests/layering/") and re.search(r"\b(TODO|FIXME|XXX)\b", text):
            failures.append(f"{path}: holds unfinished work")
        if path.endswith(("CMakeLists.txt", ".cmake")) and re.search(r"if\s*\(.*\bEXISTS\b", text):
            failures.append(f"{path}: if(EXISTS): what is listed and gone must stop the build")
        if path.startswith("tests/") and re.search(r"\bunittest\.main\(", text) and not path.endswith(("warrant_case.py", "layering_tree.py")):
            failures.append(f"{path}: unittest.main() says 0 where all was skipped; tests/e2e/warrant_case.py has main()")
        if path.startswith("tests/") and path.endswith((".c", ".h")) and re.search(r"(?<![_\w])skip\s*\(\s*\)", text) and not path.endswith("skip_case.h"):
            failures.append(f"{path}: skip() gives no reason; tests/unit/skip_case.h has SKIP_CASE")
    for name, paths in places.items():
        if len(paths) > 1 and name not in SHARED_NAMES:
            failures.append(f"{name}: the name is not unique: {', '.join(paths)}")
    layers.finish("tree", checked, failures)


main(sys.argv[1])
