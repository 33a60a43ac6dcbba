"""What the tables say a guest can call, and the guest that calls it as its standard input says (script.c).

    table = script.Table(SOURCE)
    table.operations["path_open"].built         # whether it is offered
    table.source()                              # C of a guest that imports all of imports.def
"""
import functools
import pathlib
import re

HERE = pathlib.Path(__file__).resolve().parent


def macro_rows(text, pattern):
    """(macro's name, its arguments as text) of each row at the start of a line."""
    text = re.sub(r"/\*.*?\*/", "", text, flags=re.S)
    for start in re.finditer(rf"^({pattern})\(", text, re.M):
        at, depth = start.end(), 1
        while depth:
            depth += {"(": 1, ")": -1}.get(text[at], 0)
            at += 1
        yield start.group(1), text[start.end():at - 1]


class Row:
    """An operation or an import: its fields as (type, name), the core parameters that they become, and the rights that it asks for."""

    def __init__(self, head, body, core):
        self.head = head
        self.fields = re.findall(r"F\((\w+),\s*(\w+)\)", body)
        self.core = "".join(core[kind] for kind, _ in self.fields)
        self.rights = re.findall(r"\bR\((\w+)\)", body)


class Table:
    def __init__(self, source):
        abi = pathlib.Path(source) / "wasi/abi"
        types = [body for _, body in macro_rows((abi / "argtypes.def").read_text(), "ARG_TYPE")]
        core = {body.split(",")[0]: re.search(r',\s*"([iI]+)"\s*,', body).group(1) for body in types}
        self.core, self.scalars = core, {body.split(",")[0] for body in types if body.split(",")[-2].strip() == "SCALAR"}
        self.right = {body.split(",")[0].strip(): bit for bit, (_, body) in enumerate(macro_rows((abi / "rights.def").read_text(), "RIGHT"))}
        self.operations, self.imports = {}, {}
        for macro, body in macro_rows((abi / "operations.def").read_text(), r"OPERATION\w*"):
            head = [word.strip() for word in body.split(",")[:3]]
            row = Row(head, body, core)
            row.name, row.built, row.extension = head[1], head[2] == "BUILT", macro == "OPERATION_EXTENSION"
            self.operations[row.name] = row
            if row.extension:
                continue
            self.imports[row.name] = ("wasi_snapshot_preview1", row.name, row)
            if macro == "OPERATION":
                self.imports[f"unstable.{row.name}"] = ("wasi_unstable", row.name, row)
        for _, body in macro_rows((abi / "imports.def").read_text(), "IMPORT"):
            head = [word.strip().strip('"') for word in body.split(",")[:4]]
            if "##" in head[0]:
                continue
            name = f"unstable.{head[2]}" if head[1] == "wasi_unstable" else head[0]
            self.imports[name] = (head[1], head[2], Row(head, body, core))

    def any_word(self, kind, number):
        """An argument of a type: a number where it is one, else room for 128 bytes."""
        if kind in self.scalars and kind != "POINTER":
            return str(number)
        return "buf:128" if len(self.core[kind]) == 2 else "out:128"

    def built(self, name):
        return self.operations[name].built

    @functools.cache
    def source(self):
        """The guest's C: its imports, one function that makes each call, and script.c."""
        text = ["#include <stdbool.h>", "#include <stdint.h>", "#include <stdio.h>", "#include <stdlib.h>", "#include <string.h>",
                "typedef uint32_t u;", "typedef uint64_t U;"]
        rows = []
        for index, (name, (module, call, row)) in enumerate(self.imports.items()):
            types = ", ".join("u" if kind == "i" else "U" for kind in row.core) or "void"
            words = ", ".join(f"({'u' if kind == 'i' else 'U'})a[{i}]" for i, kind in enumerate(row.core))
            ends = call == "proc_exit"
            text.append(f'__attribute__((import_module("{module}"), import_name("{call}"))) {"void" if ends else "u"} import_{index}({types});')
            text.append(f"static u call_{index}(const U *a) {{ {'' if ends else 'return '}import_{index}({words}); {'return 0; ' if ends else ''}}}")
            rows.append(f'{{ "{name}", "{row.core}", call_{index} }},')
        text.append("static const struct hostcall { const char *name, *core; u (*call)(const U *); } hostcalls[] = {")
        return "\n".join([*text, *rows, "};", (HERE / "script.c").read_text()])
