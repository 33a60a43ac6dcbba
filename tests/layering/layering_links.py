"""Fails where a document names what is not there: a link that leads nowhere, a heading that its page does not have, a file, a test or a
command of ./dev that the tree does not have; or where a page gives two records (docs/decisions.md) one number. Usage: layering_links.py SOURCE_ROOT"""
import fnmatch
import os
import re
import sys

import layers

LINK = re.compile(r"(?<!!)\[[^\]]*\]\(([^)\s]+)\)")
QUOTED = re.compile(r"`([^`\n]+)`")
DEV = re.compile(r"\./dev ([a-z][a-z-]*)")
ENDINGS = (".c", ".h", ".def", ".py", ".sh", ".cmake", ".md", ".tsv", ".patch")
TEST = re.compile(r"(test|check|layering|e2e|attacks)_[a-z0-9_]+")
RECORD = re.compile(r"^\*\*(\d+)\. ", re.M)
PLACEHOLDER = re.compile(r"[A-Z]{3,}|[<>$\[\]{}]")  # FOLDER/NAME.wasm, decide_<name>
ANY_NAME = re.compile(r"\w?(\.\w+)+")               # .def, x.bpf.c: an ending, or a name for any


def headings(text):
    """The anchors of a page, as its readers make them from headings."""
    for line in re.findall(r"^#+ (.*)$", text, re.M):
        yield re.sub(r"[^\w\- ]", "", line.lower()).replace(" ", "-")


def link_fault(root, page, target, texts):
    if re.match(r"[a-z]+:", target):
        return None
    path, _, anchor = target.partition("#")
    to = os.path.normpath(os.path.join(os.path.dirname(page), path)) if path else page
    if not os.path.exists(os.path.join(root, to)):
        return f"{page}: the link {target} leads nowhere"
    if anchor and anchor not in headings(texts.get(to, "")):
        return f"{page}: {to} has no heading #{anchor}"
    return None


def missing(word, tree, folders, names):
    """Whether `word` looks like a file, a folder or a test of the tree, and is none."""
    word = word.rstrip("/.,:;")
    if not word or PLACEHOLDER.search(word) or ANY_NAME.fullmatch(word):
        return False
    if "/" in word:
        if word.split("/")[0] not in folders:
            return False
        there = tree | folders | {os.path.splitext(path)[0] for path in tree}  # a program is named as its source is
    elif word.endswith(ENDINGS):
        there = names
    elif TEST.fullmatch(word):
        there = {os.path.splitext(name)[0] for name in names}
    else:
        return False
    return not (word in there or any(fnmatch.fnmatch(path, word) for path in there))


def main(root):
    tree = set(layers.source_files(root, ""))
    folders = {os.path.dirname(path) for path in tree}
    for folder in sorted(folders):
        while folder := os.path.dirname(folder):
            folders.add(folder)
    folders.discard("")
    names = {os.path.basename(path) for path in tree}
    commands = {"help"} | set(re.findall(r"^  ([a-z][a-z-]*) ", open(os.path.join(root, "dev"), encoding="utf-8").read(), re.M))
    texts = {path: open(os.path.join(root, path), encoding="utf-8").read() for path in sorted(tree) if path.endswith(".md")}
    failures, checked = [], 0
    for page, text in texts.items():
        for target in LINK.findall(text):
            checked += 1
            failures += filter(None, [link_fault(root, page, target, texts)])
        for word in (word for quoted in QUOTED.findall(text) for word in quoted.split()):
            checked += 1
            if missing(word, tree, folders, names):
                failures.append(f"{page}: `{word}` is not in the tree")
        records = RECORD.findall(text)
        checked += len(records)
        failures += [f"{page}: there are two records {number}" for number in sorted({n for n in records if records.count(n) > 1})]
        for command in DEV.findall(text):
            checked += 1
            if command not in commands:
                failures.append(f"{page}: ./dev has no command {command}")
    layers.finish("links", checked, failures)


main(sys.argv[1])
