#!/usr/bin/env python3
"""Runs docs/examples/embed and compares its output; then follows its README: installs the engine, compiles with the command that
stands there (with every warning on), and compares again. What is installed is looked at too: the headers stand alone."""
import argparse
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

WARNINGS = ["-Wall", "-Wextra", "-pedantic", "-Werror"]


def run(*words, cwd=None):
    done = subprocess.run([str(word) for word in words], cwd=cwd, capture_output=True, text=True, timeout=300)
    if done.returncode != 0:
        sys.exit(f"{' '.join(map(str, words))}: status {done.returncode}\n{done.stdout}\n{done.stderr}")
    return done.stdout


def compare(what, found, expected):
    if found != expected:
        sys.exit(f"{what} prints\n{found}\ninstead of\n{expected}")
    print(f"{what}: as expected")


def command(readme, prefix, *words):
    """The README's indented command that begins with these words, its PREFIX put in."""
    found = re.findall(rf"^    ({re.escape(' '.join(words))} .*)$", readme, re.M)
    if len(found) != 1:
        sys.exit(f"README.md: {len(found)} commands begin with \"{' '.join(words)}\", not one")
    return found[0].replace("PREFIX", str(prefix)).split()


def main():
    parser = argparse.ArgumentParser()
    for option in "source", "build", "cmake", "compiler":
        parser.add_argument(f"--{option}", required=True, type=pathlib.Path)
    parser.add_argument("flags", nargs="*", help="what linking with this build needs beyond the README's command")
    options = parser.parse_args()
    example = options.source / "docs/examples"
    expected = (example / "embed.expected").read_text()
    readme = (example / "README.md").read_text()
    built = options.build / "docs/examples"
    compare("embed, as CMake builds it", run(built / "embed", built / "plugin.wasm"), expected)
    with tempfile.TemporaryDirectory(prefix="warrant-example-") as folder:
        folder = pathlib.Path(folder)
        prefix = folder / "installed"
        install = command(readme, prefix, "cmake", "--install")
        run(options.cmake, "--install", options.build, *install[3:])
        files = {str(path.relative_to(prefix)) for path in prefix.rglob("*") if path.is_file()}
        wanted = {"include/warrant/runtime/rt.h", "lib/libwr_runtime.a", "lib/libwr_base.a"}
        wanted |= {f"include/warrant/runtime/base/{name}.h" for name in ("error", "limits", "status")}
        files = {re.sub(r"^lib(64)?(/[^/]+-linux-gnu)?/", "lib/", name) for name in files}
        if files != wanted:
            sys.exit(f"installed: {sorted(files)}\ninstead of {sorted(wanted)}")
        library = next(prefix.rglob("libwr_runtime.a")).parent
        for name in "embed.c", "plugin.wat":
            shutil.copy(example / name, folder)
        run(*command(readme, prefix, "wat2wasm"), cwd=folder)
        words = [str(library) if word == f"{prefix}/lib" else word for word in command(readme, prefix, "cc")]
        run(options.compiler, *WARNINGS, *words[1:], *options.flags, cwd=folder)
        compare("embed, as README.md builds it", run("./embed", "plugin.wasm", cwd=folder), expected)
        for header in sorted(name for name in wanted if name.endswith(".h")):
            include = header.removeprefix("include/warrant/")
            (folder / "alone.c").write_text(f'#include "{include}"\nint main(void) {{ return 0; }}\n')
            run(options.compiler, "-std=c17", *WARNINGS, "-I", prefix / "include/warrant", "-fsyntax-only", "alone.c", cwd=folder)
        print("each header stands alone")


main()
