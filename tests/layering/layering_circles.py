"""Fails where files of one folder stand in a circle: they call each other, their headers include each other, or each includes the
other's header. Usage: layering_circles.py SOURCE_ROOT BUILD_ROOT

A header that other folders may include (layers.PUBLIC) says what the folder offers: its files may include it."""
import collections
import glob
import os
import re
import sys

import layers

# Folders that are held free of circles.
FOLDERS = ["checker", "checker/judge", "replay", "tracer", "ebpf", "wasi/abi", "wasi/policy", "wasi/decide", "wasi/confine"]
INCLUDE = re.compile(r'^\s*#\s*include\s*"([^"]+\.h)"', re.M)


def calls(build, folder):
    """(user, used) -> why, by the global symbols of the folder's libraries."""
    owner, wanted = {}, collections.defaultdict(set)
    for library in sorted(glob.glob(os.path.join(build, folder, "libwr_*.a"))):
        for member, symbol, is_wanted in layers.symbols(library):
            if is_wanted:
                wanted[member].add(symbol)
            else:
                owner[symbol] = member
    edges = {}
    for member, symbols in wanted.items():
        for symbol in sorted(symbols):
            if owner.get(symbol, member) != member:
                edges.setdefault((member, owner[symbol]), f"calls {symbol}")
    return edges, len(owner)


def includes(root, folder):
    """Two graphs: header to header, and file to file (x.c and x.h as one, where both are there)."""
    headers, pairs, files = {}, {}, 0
    here = set(os.listdir(os.path.join(root, folder)))
    for name in sorted(here):
        if not name.endswith((".c", ".h")):
            continue
        files += 1
        with open(os.path.join(root, folder, name), encoding="utf-8") as source:
            targets = [os.path.basename(t) for t in INCLUDE.findall(source.read()) if os.path.dirname(t) == folder]
        for target in targets:
            if name.endswith(".h"):
                headers[name, target] = f"includes {target}"
            user, used = os.path.splitext(name)[0], os.path.splitext(target)[0]
            both = {user + ".c", user + ".h", used + ".c", used + ".h"} <= here
            if user != used and both and target not in layers.PUBLIC.get(folder, []):
                pairs.setdefault((user, used), f"includes {target}")
    return headers, pairs, files


def circle(edges):
    """One circle as a list of nodes, the first again at the end; or None."""
    after, state, way = collections.defaultdict(list), {}, []
    for user, used in sorted(edges):
        after[user].append(used)

    def visit(at):
        state[at] = "open"
        way.append(at)
        for used in after[at]:
            if state.get(used) == "open":
                return way[way.index(used):] + [used]
            found = visit(used) if used not in state else None
            if found:
                return found
        way.pop()
        state[at] = "done"
        return None

    for at in sorted(after):
        found = visit(at) if at not in state else None
        if found:
            return found
    return None


def main():
    root, build = sys.argv[1], sys.argv[2]
    failures, checked = [], 0
    # The test's own eyes: what it must find, and what not.
    assert circle({("a", "b"): "", ("b", "c"): "", ("c", "b"): ""}) == ["b", "c", "b"]
    assert circle({("a", "b"): "", ("a", "c"): "", ("b", "c"): ""}) is None
    for folder in FOLDERS:
        called, symbols = calls(build, folder)
        headers, pairs, files = includes(root, folder)
        if symbols == 0 or files == 0:
            failures.append(f"{folder}: no library or no source was found")
        checked += symbols + files
        for edges in (called, headers, pairs):
            while found := circle(edges):  # each one is told: its last step is left out, then the next is looked for
                steps = [f"{a} {edges[a, b]} of {b}" if edges is called else f"{a} {edges[a, b]}" for a, b in zip(found, found[1:])]
                failures.append(f"{folder}: a circle: " + "; ".join(steps))
                del edges[found[-2], found[-1]]
    layers.finish("circles", checked, failures)


main()
