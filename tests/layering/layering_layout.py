"""runtime/layout.h lists every field that the interpreter's handlers touch, all of the context, and nothing twice; and the public header
shows none of it: no struct of the list, no inline function.
Usage: layering_layout.py SOURCE_ROOT"""
import glob
import os
import re
import sys

import layers

HANDLERS = ["runtime/handlers_*.h", "runtime/interp.h", "runtime/interp_functions.c", "runtime/interp_labels.c"]
# What handlers name, and the struct that it points to; and where a field leads on.
VARIABLES = {"vm": "vmctx", "instance": "rt_instance", "frame": "frame", "table": "table", "callee": "function_object", "enter_": "function_object",
             "self": "function_object", "type": "type_def", "selected": "memory"}
LEADS_TO = {("vmctx", "tables"): "table", ("vmctx", "memories"): "memory", ("vmctx", "functions"): "function_object",
            ("function_object", "function"): "function", ("function_object", "owner"): "rt_instance", ("frame", "function"): "function_object",
            ("rt_instance", "frame"): "frame", ("rt_instance", "vm"): "vmctx"}
# Small helpers of instance.h that handlers inline, with what they look at.
HELPERS = {"slots_fit": [("vmctx", "stack_end")], "frame_fits": [("vmctx", "stack_end")], "interrupted": [("vmctx", "interrupt")]}


def before(text, end):
    """The variable or (struct, field) that stands before position `end`, and where it begins; an index and brackets are skipped."""
    at = end
    while at > 0 and text[at - 1] in ")]":
        depth = 0
        while at > 0:
            at -= 1
            depth += (text[at] in ")]") - (text[at] in "([")
            if depth == 0:
                break
        if text[end - 1] == ")":
            inner = re.findall(r"\w+", text[at:end])
            return inner[-1], at
    begin = at
    while begin > 0 and (text[begin - 1].isalnum() or text[begin - 1] == "_"):
        begin -= 1
    return text[begin:at], begin


def struct_of(text, end, failures, path):
    name, begin = before(text, end)
    if text[max(0, begin - 2):begin] in ("->",):
        outer = struct_of(text, begin - 2, failures, path)
        found = LEADS_TO.get((outer, name))
    else:
        found = VARIABLES.get(name)
    if not found:
        line = text.count("\n", 0, end) + 1
        failures.append(f"{path}:{line}: what does {name} point to? tests/layering/layering_layout.py does not know")
    return found


def touched(root, failures):
    found = {}
    for path in sorted(path for pattern in HANDLERS for path in glob.glob(os.path.join(root, pattern))):
        text = re.sub(r"/\*.*?\*/", lambda m: re.sub(r"[^\n]", " ", m.group()), open(path, encoding="utf-8").read(), flags=re.S)
        short = os.path.relpath(path, root)
        for access in re.finditer(r"->(\w+)", text):
            struct = struct_of(text, access.start(), failures, short)
            if struct:
                found.setdefault((struct, access.group(1)), short)
        for helper, fields in HELPERS.items():
            if re.search(rf"\b{helper}\(", text):
                for field in fields:
                    found.setdefault(field, short)
        if "(struct frame)" in text:
            for field in "pc", "fp", "function":
                found.setdefault(("frame", field), short)
    return found


def main(root):
    failures = []
    layout = open(os.path.join(root, "runtime/layout.h"), encoding="utf-8").read()
    rows = re.findall(r"^\s*FIELD\((\w+), (\w+), \d+\)", layout, re.M)
    used = touched(root, failures)
    for row in {row for row in rows if rows.count(row) > 1}:
        failures.append(f"runtime/layout.h: {row[0]}.{row[1]} stands twice")
    for (struct, field), path in sorted(used.items()):
        if (struct, field) not in rows:
            failures.append(f"runtime/layout.h: {struct}.{field} is missing, which {path} touches")
    context = re.search(r"^struct vmctx \{(.*?)^\};", open(os.path.join(root, "runtime/instance.h"), encoding="utf-8").read(), re.M | re.S).group(1)
    for field in re.findall(r"(\w+)(?=[,;])", re.sub(r"/\*.*?\*/", "", context, flags=re.S)):
        if ("vmctx", field) not in rows:
            failures.append(f"runtime/layout.h: vmctx.{field} is missing")
    public = re.sub(r"/\*.*?\*/", "", open(os.path.join(root, "runtime/rt.h"), encoding="utf-8").read(), flags=re.S)
    if re.search(r"\binline\b", public):
        failures.append("runtime/rt.h: an inline function; it would be compiled into whoever includes it")
    for struct in sorted({struct for struct, _ in rows}):
        if re.search(rf"\bstruct {struct}\s*\{{", public):
            failures.append(f"runtime/rt.h: shows struct {struct}")
    layers.finish("layout", len(used) + len(rows), failures)


main(sys.argv[1])
