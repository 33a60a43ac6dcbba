#!/usr/bin/env python3
"""Runs the official suite's Preview 1 programs (WebAssembly/wasi-testsuite): each with either walker, run and recorded; each recording is
checked against witness and policy, and replayed. No program is excepted.

usage: run_testsuite.py [--suite FOLDER] [NAME...]
  FOLDER  a checkout of the branch that has the programs built, prod/testsuite-base. Else WASI_TESTSUITE names it, else
          `wasi-testsuite` beside the source tree, or in its build folder. Where there is none, it says so and ends with 77.
  NAME    only programs whose name contains one of these
Source of the format: doc/specification.md there (the form without operations, which is all that Preview 1 uses)."""
import argparse
import collections
import concurrent.futures
import json
import os
import pathlib
import shutil
import subprocess
import sys
import tempfile

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from warrant_case import SLOW, SOURCE, WARRANT, WITNESS

WALKERS = ("openat2", "components")
WANTED = {"rust": 46, "c": 14, "assemblyscript": 12}
SECONDS = 30


def suite_find(named):
    """The folder of the suite, or None; says where it looked."""
    places = [named] if named else [os.environ["WASI_TESTSUITE"]] if os.environ.get("WASI_TESTSUITE") else \
        [SOURCE.parent / "wasi-testsuite", SOURCE / "build/wasi-testsuite"]
    for place in map(pathlib.Path, places):
        if list(place.glob("tests/*/testsuite/wasm32-wasip1/*.wasm")):
            return place.resolve()
    print(f"skipped: testsuite_wasi: no programs of WebAssembly/wasi-testsuite (branch prod/testsuite-base) in {', '.join(map(str, places))}")
    return None


def launch(command, words, module, spec, folder):
    """Runs or records the program in a copy of its tree; returns what it did other than its specification says, or None."""
    words = [WARRANT, command, *words]
    if spec.get("root"):
        tree = folder / "root"
        shutil.rmtree(tree, ignore_errors=True)
        shutil.copytree(module.parent / spec["root"], tree, symlinks=True)
        words += ["--dir", f"{tree}::/"]
    for key, value in spec.get("env", {}).items():
        words += ["--env", f"{key}={value}"]
    # An open pipe that says nothing, as the suite's own runner gives; what the program says is read meanwhile, so that no pipe is full.
    silent, held = os.pipe()
    try:
        done = subprocess.run([*words, module, *spec.get("args", [])], stdin=silent, capture_output=True, timeout=SECONDS * SLOW)
    except subprocess.TimeoutExpired:
        return f"{command}: it did not end"
    finally:
        os.close(silent)
        os.close(held)
    if done.returncode != spec.get("exit_code", 0):
        return f"{command}: status {done.returncode}: {done.stderr.decode(errors='replace').strip()}"
    for name, got in ("stdout", done.stdout), ("stderr", done.stderr):
        if name in spec and got.decode(errors="replace") != spec[name]:
            return f"{command}: {name} is {got!r}"
    return None


def check(trace, spec):
    """What is wrong with the recording, or None."""
    done = subprocess.run([WARRANT, "check", "--json", trace], capture_output=True, timeout=SECONDS * SLOW)
    report = json.loads(done.stdout) if done.stdout else {}
    if done.returncode != 0 or report["findings"]:
        return f"check: status {done.returncode}: {report.get('findings')} {done.stderr.decode(errors='replace')}"
    if not report["replay"]["identical"] or report["replay"]["calls"] != report["hostcalls"]:
        return f"replay: {report['replay']}"
    if report["exit"]["code"] != spec.get("exit_code", 0):
        return f"check: exit {report['exit']}"
    return None


def program(module):
    """What is wrong with one program, by walker and way."""
    specification = module.with_suffix(".json")
    spec = json.loads(specification.read_text()) if specification.exists() else {}
    if set(spec) - {"args", "root", "env", "exit_code", "stdout", "stderr"}:
        return [f"its specification has keys that this runner does not know: {sorted(spec)}"]
    wrong = []
    with tempfile.TemporaryDirectory(prefix="warrant-") as name:
        folder = pathlib.Path(name)
        for walker in WALKERS:
            trace = folder / f"{walker}.wtrace"
            ways = [launch("run", ["--walker", walker], module, spec, folder),
                    launch("record", ["-q", "--walker", walker, *WITNESS, "-o", trace], module, spec, folder)]
            if ways[1] is None:
                ways.append(check(trace, spec))
            wrong += [f"{walker}: {way}" for way in ways if way]
    return wrong


def main():
    parser = argparse.ArgumentParser()
    parser.add_argument("--suite")
    parser.add_argument("names", nargs="*")
    arguments = parser.parse_args()
    suite = suite_find(arguments.suite)
    if not suite:
        return 77
    modules = sorted(suite.glob("tests/*/testsuite/wasm32-wasip1/*.wasm"))
    counts = collections.Counter(module.parts[-4] for module in modules)
    lacking = {language: count for language, count in WANTED.items() if counts[language] < count}
    modules = [module for module in modules if not arguments.names or any(name in module.name for name in arguments.names)]
    with concurrent.futures.ThreadPoolExecutor(os.cpu_count()) as pool:
        results = list(pool.map(program, modules))
    passed = 0
    for module, wrong in zip(modules, results):
        passed += not wrong
        print(f"{'FAIL' if wrong else 'ok  '} {module.parts[-4]} {module.stem}")
        for line in wrong:
            print(f"     {line}")
    print(f"{passed} of {len(modules)} programs, each with {len(WALKERS)} walkers, run, recorded, checked and replayed")
    if lacking:
        print(f"the suite is not whole: it has {dict(counts)}, and should have {WANTED}")
    return 0 if passed == len(modules) > 0 and not lacking else 1


if __name__ == "__main__":
    sys.exit(main())
