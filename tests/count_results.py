#!/usr/bin/env python3
"""Judges what CTest did: what did not run is not green.

Prints `NAME passed failed skipped` for each preset; on stderr, one line for whatever was skipped or failed, with its reason. A test counts as
failed where it failed, where CTest could not run it (no executable, a fixture that failed, disabled), where it was skipped and its output has
no reason, and where tests/must-run says that a machine such as this one runs it. A case that was skipped inside a program that passed
counts as skipped, by its name. One more failure is counted where CTest ran another number of tests than it lists.

A reason is a line of the output: `skipped: CASE: REASON`, or `skipped: REASON` of a program that skipped all (exit status 77). A case that
cmocka calls skipped needs a line with its name.

usage: count_results.py NAME RESULTS.xml LISTED BUILD MUST-RUN
       RESULTS.xml: of `ctest --output-junit`, with its output whole; LISTED: how many tests `ctest -N` lists; BUILD: the folder of the build,
       whose command's doctor says what this machine has, and whose settings say which tests it has
"""
import fnmatch
import json
import pathlib
import re
import subprocess
import sys
from xml.etree import ElementTree

REASON = re.compile(r"^skipped: (?:([\w.]+(?: \(.*?\))?): )?(\S.*)$", re.M)
CMOCKA = re.compile(r"^\[  SKIPPED \] (\w+)\s*$", re.M)


class Test:
    def __init__(self, case):
        self.name = case.get("name")
        self.output = "".join(part.text or "" for part in case.iter("system-out"))
        self.reasons = {name or "": reason for name, reason in REASON.findall(self.output)}
        status, skip = case.get("status"), case.find("skipped")
        if status == "run":
            self.result = "passed"
        elif status == "notrun" and skip is not None and skip.get("message", "").startswith("SKIP_R"):
            self.result = "skipped"
        else:
            self.result, self.why = "failed", {"fail": "failed"}.get(status) or "did not run: " + (
                skip.get("message") if skip is not None else status)
        silent = [name for name in CMOCKA.findall(self.output) if name not in self.reasons]
        if self.result != "failed" and silent:
            self.result, self.why = "failed", f"skips {', '.join(silent)} without a reason"
        if self.result == "skipped" and not self.reasons:
            self.result, self.why = "failed", "was skipped without a reason"


def must_run(path):
    """The rules of tests/must-run: (condition, pattern of names, patterns of cases that may be skipped[, of reasons to skip all of it])."""
    for line in pathlib.Path(path).read_text(encoding="utf-8").splitlines():
        words = line.split("#")[0].split()
        if words:
            condition, pattern, *rest = words
            if rest and (rest[0] not in ("except", "unless") or len(rest) == 1):
                raise ValueError(f"{path}: {line.strip()}")
            yield (condition, pattern, [], rest[1:]) if rest[:1] == ["unless"] else (condition, pattern, rest[1:])


def holds(conditions, doctor):
    return all(one == "always" or (doctor.get(one.lstrip("!")) in (True, "on")) != one.startswith("!") for one in conditions.split(","))


def held(tests, rules, doctor):
    """What must have run here and did not: one line each. A reason that this machine's doctor contradicts is none."""
    for test in tests:
        for case, reason in test.reasons.items():
            words = reason.split()
            if test.result != "failed" and words[0] == "no" and len(words) > 1 and holds(words[1].rstrip(":,"), doctor):
                yield test.name, f"{case or 'all of it'} was skipped ({reason}), and doctor says that there is {words[1]}"
    for condition, pattern, may, *absent in rules:
        if not holds(condition, doctor):
            continue
        matching = [test for test in tests if fnmatch.fnmatchcase(test.name, pattern)]
        if not matching:
            yield pattern, f"must run ({condition}), and no such test ran"
        for test in matching:
            excused = [reason for reason in test.reasons.values() if any(fnmatch.fnmatchcase(reason, one) for one in (absent or [[]])[0])
                       or (absent and doctor.get("sanitizer") and reason.startswith("a sanitizer"))]
            if test.result == "skipped" and len(excused) < len(test.reasons):
                yield test.name, f"must run ({condition}), and was skipped"
            elif test.result == "passed":
                skipped = [name for name, reason in test.reasons.items() if not any(fnmatch.fnmatchcase(name, case) for case in may)
                           and not (doctor.get("sanitizer") and reason.startswith("a sanitizer"))]
                if skipped:
                    yield test.name, f"must run whole ({condition}), and {', '.join(skipped)} was skipped"


def judge(name, tests, listed, rules, doctor, out):
    """(passed, failed, skipped); names on `out` what is not passed."""
    failed = [(test.name, test.why) for test in tests if test.result == "failed"]
    failed += held(tests, rules, doctor)
    if len(tests) != listed:
        failed.append(("ctest", f"lists {listed} tests and has the results of {len(tests)}"))
    if not tests:
        failed.append(("ctest", "ran nothing"))
    skipped = [(test.name + (f", {case}" if case else ""), reason) for test in tests if test.result != "failed"
               for case, reason in test.reasons.items()]
    for what, why in skipped:
        print(f"skipped: {what} ({name}): {why}", file=out)
    for what, why in failed:
        print(f"FAILED: {what} ({name}): {why}", file=out)
    wrong = {what for what, _ in failed}
    return sum(test.result == "passed" and test.name not in wrong for test in tests), len(failed), len(skipped)


def main():
    name, results, listed, build, rules = sys.argv[1:]
    tests = [Test(case) for case in ElementTree.parse(results).getroot().iter("testcase")]
    doctor = json.loads(subprocess.run([f"{build}/warrant", "doctor", "--json"], capture_output=True, check=True).stdout)
    doctor["system"] = "WARRANT_SYSTEM_TESTS:BOOL=ON\n" in pathlib.Path(build, "CMakeCache.txt").read_text(encoding="utf-8")
    print(name, *judge(name, tests, int(listed), list(must_run(rules)), doctor, sys.stderr))


if __name__ == "__main__":
    main()
