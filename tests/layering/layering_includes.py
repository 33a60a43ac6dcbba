"""Fails on an #include that follows no arrow. Usage: layering_includes.py SOURCE_ROOT"""
import os
import re
import sys

import layers

INCLUDE = re.compile(r'^\s*#\s*include\s*([<"])([^>"]+)[>"]', re.M)


def allowed(source, target, white):
    """Whether a file in folder `source` may include the header `target`. white: it is a white-box test."""
    folder = layers.folder_of(target, layers.ARROWS)
    if white or folder in (source, layers.PART_OF.get(source)):
        return True
    shared = layers.PUBLIC.get(folder, [])
    if "*" not in shared and os.path.basename(target) not in shared:
        return False
    arrows = layers.ARROWS.get(source, [])
    return "*" in arrows or folder in arrows or target in arrows


def main(root):
    failures, checked = [], 0
    folders = list(layers.ARROWS)
    for path in layers.source_files(root, (".c", ".h", ".def"), layers.ROOTS):
        source = layers.folder_of(path, folders)
        if source is None:
            failures.append(f"{path}: lies in no folder of the house")
            continue
        text = open(os.path.join(root, path), encoding="utf-8").read()
        for quote, target in INCLUDE.findall(text):
            checked += 1
            if quote == "<":
                for header, users in layers.FOREIGN.items():
                    if target.startswith(header) and source not in users + ["tests", "fuzz", "bench"]:
                        failures.append(f"{path}: <{target}> is for {', '.join(users)} alone")
                continue
            if target.endswith(".skel.h") and source == "ebpf":
                continue  # generated from the probe
            if source == "tests" and os.path.exists(os.path.join(root, os.path.dirname(path), target)):
                continue  # tests may share helpers beside them
            if not os.path.exists(os.path.join(root, target)):
                failures.append(f'{path}: "{target}" is not named from the root of the tree')
                continue
            white = path.startswith(layers.WHITE_BOX) or (source == "tests" and "white" in os.path.basename(path))
            if not allowed(source, target, white):
                failures.append(f'{path}: {source} may not include "{target}"')
    layers.finish("includes", checked, failures)


main(sys.argv[1])
