#!/usr/bin/env python3
"""Go's own tests of its library, built with its port to WASI and run by `go test -exec`: they pass, but for what FAIL names.

What they are granted is the world that they expect: / with an empty /tmp for writing, Go's own tree, /etc and /dev for reading, of the
devices null and zero. Each test program is run; with --record it is recorded, checked and replayed as well.

usage: go_run.py [--quick] [--record] [--go GO] [PACKAGE...]; exit status 77: skipped, with the reason
--quick leaves out what takes minutes.
The variable WARRANT (the command) says what to test.
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
SOURCE = pathlib.Path(os.environ.get("WARRANT_SOURCE", HERE.parents[1]))
WARRANT = pathlib.Path(os.environ.get("WARRANT", SOURCE / "build/release/warrant")).resolve()
PACKAGES = ["os", "io/fs", "path/filepath", "syscall", "time", "os/exec"]
FOLDER = SOURCE / "build/guests"

# Tests that may fail, by package: name and why.
FAIL = {"os": {"TestOpenError": "in some versions (Go 1.22) it opens Go's own tree for writing, which is granted for reading"}}


SLOW = {"time": ["TestResetResult", "TestStopResult", "TestTimerGC"]}


def skip(reason):
    print(f"skipped: go: {reason}")
    sys.exit(77)


def find_go():
    FOLDER.mkdir(parents=True, exist_ok=True)
    done = subprocess.run([SOURCE / "tests/guests/find-go", FOLDER], capture_output=True, text=True)
    if done.returncode:
        skip("no Go with a port to WASI: " + " ".join(done.stderr.split("\n")[-3:]).strip())
    return done.stdout.strip()


def test(go, package, record, left_out):
    """Runs a package's tests. Returns how many passed and were skipped, and the failed ones with their output."""
    root = subprocess.run([go, "env", "GOROOT"], capture_output=True, text=True, check=True).stdout.strip()
    with tempfile.TemporaryDirectory(prefix="go-", ignore_cleanup_errors=True) as folder:
        environment = dict(os.environ, GOOS="wasip1", GOARCH="wasm", GOTOOLCHAIN="local", GOFLAGS="-buildvcs=false", WARRANT=str(WARRANT),
                           GO_EXEC_ROOT=root, GO_EXEC_FOLDER=folder, GO_EXEC_RECORD="1" if record else "")
        command = [go, "test", "-json", "-short", "-count=1", "-exec", HERE / "go-exec", package]
        command += ["-skip", f"^({'|'.join(left_out)})$"] if left_out else []
        done = subprocess.run(command, capture_output=True, text=True, cwd=f"{root}/src", env=environment)
    results, output = collections.Counter(), collections.defaultdict(list)
    failed, whole = {}, None
    for line in done.stdout.splitlines():
        event = json.loads(line) if line.startswith("{") else {}
        name, action = event.get("Test"), event.get("Action")
        if action == "output":
            output[name and name.split("/")[0]].append(event["Output"])
        elif action in ("pass", "fail", "skip") and name is None:
            whole = action
        elif action in ("pass", "fail", "skip") and "/" not in name:
            results[action] += 1
            if action == "fail":
                failed[name] = "".join(output[name])
    if whole is None or not results["pass"] or whole == "fail" and not failed:  # one of which nothing ran has passed nothing
        failed["the package"] = "".join(output[None])[-3000:] + done.stderr[-3000:]
    return results, failed


def main():
    parser = argparse.ArgumentParser(description="Go's own tests.")
    parser.add_argument("--quick", action="store_true")
    parser.add_argument("--record", action="store_true")
    parser.add_argument("--go")
    parser.add_argument("packages", nargs="*", default=PACKAGES)
    options = parser.parse_args()
    go = options.go or find_go()
    print(subprocess.run([go, "version"], capture_output=True, text=True, check=True).stdout.strip())
    wrong = 0
    for package in options.packages:
        left_out = SLOW.get(package, []) if options.quick else []
        results, failed = test(go, package, options.record, left_out)
        print(f"{package}: {results['pass']} passed, {results['fail']} failed, {results['skip']} skipped by themselves" +
              (f"; left out, as slow: {', '.join(left_out)}" if left_out else ""), flush=True)
        known = FAIL.get(package, {})
        for name in sorted(failed):
            print(f"  {name} failed" + (f", as is known: {known[name]}" if name in known else f":\n{failed[name]}"))
            wrong += name not in known
    print(f"{wrong} tests failed that should not" if wrong else "all that should pass passed")
    sys.exit(1 if wrong else 0)


main()
