"""Fails where the attack matrix and the tests differ: a row of tests/attacks/matrix.tsv that no test names, a test that names no row, a mark that stands
above no test, a row that does not apply without a reason, or one that does not and is named all the same; where a test of a row starts the command
beside what is held of every one of them (tests/e2e/watched.py). And where a promise of docs/threat-model.md names
no test, or one that is not there. Usage: layering_rows.py SOURCE_ROOT"""
import ast
import os
import re
import sys

import layers

ROW = re.compile(r"(?:MEM|PATH|FD|POLL|CLK|RND|ARG|SOCK|RES|LEAK)-\d\d|CVE-\d{4}-\d+|GHSA(?:-\w{4}){3}|(?:WASMTIME|WAZERO|WASMEDGE|WALRUS|UVWASI|NODE|WAMR|WAVE)-\w+")
C_TEST = re.compile(r"/\*((?:(?!\*/).)*)\*/\s*static void (\w+)\(void \*\*\w+\)", re.S)


def rows_of(path, failures):
    """{id: whether it applies}."""
    found = {}
    for number, line in enumerate(open(path, encoding="utf-8"), 1):
        if line.startswith("#") or not line.strip():
            continue
        words = line.rstrip("\n").split("\t")
        if len(words) != 4 or not all(words) or words[1] not in ("yes", "no") or not ROW.fullmatch(words[0]):
            failures.append(f"matrix.tsv:{number}: not an id, yes or no, and two texts")
        elif words[0] in found:
            failures.append(f"matrix.tsv:{number}: {words[0]} stands twice")
        else:
            found[words[0]] = words[1] == "yes"
    return found


def names_in(node):
    return {getattr(inner, "id", getattr(inner, "attr", None)) for inner in ast.walk(node)}


def unwatched(module, test):
    """The test, or what of its file it goes through, that names the command and does not put it under the watch."""
    functions = [node for node in ast.walk(module) if isinstance(node, ast.FunctionDef)]
    waiting, seen = [test], []
    while waiting:
        node = waiting.pop()
        seen.append(node)
        names = names_in(node)
        if "WARRANT" in names and (node is test or "watched" not in names):
            yield node.name
        waiting += [other for other in functions if other.name in names and other not in seen and other not in waiting]


def marks_of_python(path, text, failures):
    module = ast.parse(text)
    origins = {node.module for node in ast.walk(module) if isinstance(node, ast.ImportFrom) for name in node.names if name.name == "row"}
    if origins - {"kit", "rows", "warrant_case"}:
        failures.append(f"{path}: takes `row` from {', '.join(origins)}, which does not hold a test to what tests/e2e/watched.py demands")
    for scope in ast.walk(module):
        for node in getattr(scope, "body", []) if isinstance(scope, (ast.ClassDef, ast.Module)) else []:
            for mark in getattr(node, "decorator_list", []):
                if not (isinstance(mark, ast.Call) and getattr(mark.func, "id", getattr(mark.func, "attr", "")) == "row"):
                    continue
                if not (isinstance(scope, ast.ClassDef) and node.name.startswith("test_")):
                    failures.append(f"{path}:{node.lineno}: {node.name} is no test, and names rows")
                for name in unwatched(module, node):
                    failures.append(f"{path}:{node.lineno}: {node.name} names rows, and {name} starts the command by itself: self.warrant and self.started are watched")
                for word in mark.args:
                    yield word.value


def marks_of_c(path, text, failures):
    for comment, function in C_TEST.findall(text):
        words = ROW.findall(comment)
        if words and len(re.findall(rf"\b{function}\b", text)) < 2:
            failures.append(f"{path}: {function} names rows, and nothing runs it")
        if words and path.startswith("tests/attacks/") and not re.search(rf"\b(WORLD|LIVE)_TEST\({function}\)", text):
            failures.append(f"{path}: {function} names rows, and runs without what holds behind each of them (descriptors, the file outside)")
        yield from words


def marks_of(root, tree, failures):
    """Where each row is named."""
    found = {}
    for path in tree:
        if not path.startswith("tests/") or path.startswith("tests/layering/") or not path.endswith((".py", ".c", ".cmake", ".sh")):
            continue
        text = open(os.path.join(root, path), encoding="utf-8").read()
        if path.endswith(".c"):
            words = list(marks_of_c(path, text, failures))
        else:
            words = [word for line in re.findall(r"^# Rows: (.*)\.$", text, re.M) for word in line.split(", ")]
            if path.endswith(".py"):
                words += marks_of_python(path, text, failures)
        for word in words:
            found.setdefault(word, []).append(path)
    return found


def promises(text):
    """(number of the line, what it says) of each promise between `<!-- promises -->` and `<!-- end -->`: a row of a table, an item of a list, a paragraph."""
    lines = text.split("\n")
    inside, block, start = False, [], 0
    for number, line in enumerate([*lines, ""], 1):
        table = line.startswith("|")
        if block and (not line.strip() or table or line.startswith(("- ", "#", "<!--")) or re.match(r"\d+\. ", line)):
            yield start, " ".join(block)
            block = []
        if line.startswith("<!--"):
            inside = line.strip() == "<!-- promises -->" or (inside and line.strip() != "<!-- end -->")
        elif inside and table:
            rule, head = set(line) <= set("| -"), set(lines[number]) <= set("| -") and lines[number].startswith("|")
            if not rule and not head:
                yield number, line
        elif inside and line.strip() and not line.startswith("#"):
            start = number if not block else start
            block.append(line)


def main(root):
    failures = []
    tree = sorted(layers.source_files(root, ""))
    rows = rows_of(os.path.join(root, "tests/attacks/matrix.tsv"), failures)
    marks = marks_of(root, tree, failures)
    for name in sorted(set(rows) | set(marks)):
        if name not in rows:
            failures.append(f"{', '.join(marks[name])}: {name} is no row of matrix.tsv")
        elif rows[name] and name not in marks:
            failures.append(f"matrix.tsv: no test names {name}")
        elif not rows[name] and name in marks:
            failures.append(f"matrix.tsv: {name} does not apply, and is named by {', '.join(marks[name])}")
    programs = {os.path.splitext(os.path.basename(path))[0]: path for path in tree if path.startswith("tests/")}
    kept = 0
    for number, text in promises(open(os.path.join(root, "docs/threat-model.md"), encoding="utf-8").read()):
        named = 0
        for word in re.findall(r"`([^`]+)`", text):
            program, _, case = word.partition(":")
            if ROW.fullmatch(word) and word in rows:
                named += 1
                if not rows[word]:
                    failures.append(f"threat-model.md:{number}: {word} does not apply")
            elif re.fullmatch(r"(test|check|layering|e2e|attacks|fuzz|macos)_\w+", program):
                named += 1
                if program not in programs or (case and case not in open(os.path.join(root, programs[program]), encoding="utf-8").read()):
                    failures.append(f"threat-model.md:{number}: there is no test {word}")
        kept += 1
        if not named:
            failures.append(f"threat-model.md:{number}: a promise that names no test: {text[:60]}...")
    if kept < 50:
        failures.append("threat-model.md: its promises are not marked")
    layers.finish("rows", len(rows) + kept, failures)


main(sys.argv[1])
