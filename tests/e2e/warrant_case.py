"""What the end-to-end tests share: the command as a user types it, guests, a folder for each test, the rule for what did not run.

The environment says what to test: WARRANT (the command), GUESTS (a folder of built guests), WARRANT_SLOW (a factor for the time limits of
slow builds), WARRANT_SOURCE (the source tree), WARRANT_WALKER (how runs and recordings resolve paths; tests about paths run once with each).

A test runs with the witness wherever `warrant doctor` says that there is one. What a machine lacks skips a test with a reason: each such
test is a line `skipped: NAME: REASON` of the output, which `./dev test` counts and names; a program that skipped all that it has ends with 77.
"""
import contextlib
import functools
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

import watched

SOURCE = pathlib.Path(os.environ.get("WARRANT_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
WARRANT = pathlib.Path(os.environ.get("WARRANT", SOURCE / "build/release/warrant")).resolve()
GUESTS = pathlib.Path(os.environ.get("GUESTS", WARRANT.parent / "guests")).resolve()
SLOW = float(os.environ.get("WARRANT_SLOW", "1"))
WALKER = os.environ.get("WARRANT_WALKER")


@functools.cache
def doctor():
    """What this machine offers, as the command says it. A doctor that fails is an error, never a reason to skip."""
    return json.loads(subprocess.run([WARRANT, "doctor", "--json"], capture_output=True, check=True).stdout)


def witness_works():
    return doctor()["witness"]


WITNESS = ["--witness", "on" if witness_works() else "off"]  # what a test records with that does not say


def needs_witness(test):
    return unittest.skipUnless(witness_works(), f"no witness here: {doctor().get('witness_reason')}")(test)


def needs_root(test):
    return unittest.skipUnless(os.getuid() == 0, "needs root")(test)


def row(*ids):
    """Says which rows of tests/attacks/matrix.tsv a test is about (tests/layering/layering_rows.py reads it), and holds it to what must be behind each
    of them (watched.py)."""
    def mark(test):
        @functools.wraps(test)
        def held(self):
            self.watch = watched.Watch(self, WARRANT, witness_works())
            test(self)
            self.watch.end()
        held.rows = ids
        return held
    return mark


def chunks(content):
    """The chunks of a trace: docs/trace-format.md, a file header of 64 bytes, then chunk headers of 96, each with its stored body."""
    found, at = [], 64
    while at < len(content):
        kind, number, first, stream, count, raw, stored = struct.unpack_from("<4xIQQQIII", content, at)
        found.append({"at": at, "size": 96 + stored, "kind": kind, "stream": stream, "raw": raw})
        at += 96 + stored
    return found


class Case(unittest.TestCase):
    """A test with a folder of its own, in which `data` is the directory that guests are granted as /data, and `outside` one that they are not."""

    watch = None  # of a test that names a row

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="warrant-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data, self.outside = self.folder / "data", self.folder / "outside"
        self.data.mkdir()
        self.trace = self.folder / "run.wtrace"
        self.witness = self.folder / "run.wwit"

    def warrant(self, *words, status=0, input=None, cwd=None, command=WARRANT, limit=120, prefix=()):
        """Runs the command and demands its exit status (None: any). Returns the finished process, output as text."""
        words, trace = self.watched(words)
        done = subprocess.run([*prefix, command, *map(str, words)], capture_output=True, input=input, cwd=cwd or self.folder,
                              timeout=limit * SLOW)
        done.stdout = done.stdout.decode(errors="replace")
        done.stderr = done.stderr.decode(errors="replace")
        if status is not None:
            self.assertEqual(done.returncode, status, f"warrant {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")
        if trace:
            self.watch.ended(trace, done.returncode)
        return done

    def kept(self):
        """What no guest may change."""
        return watched.tree(self.outside)

    def watched(self, words):
        """(words, None), or what starts the same guest under the watch of a test that names a row, and its trace (for self.watch.ended). With the
        walker that the program is run for, where the words name none."""
        if WALKER and words[0] in ("run", "record") and "--walker" not in words:
            words = [words[0], "--walker", WALKER, *words[1:]]
        return self.watch.words(words) if self.watch else (words, None)

    @contextlib.contextmanager
    def started(self, *words, ends=None, **more):
        """The command while it runs, its streams held by us; at the end its status is `ends`, where that is said. more: of Popen."""
        words, trace = self.watched(words)
        with subprocess.Popen([WARRANT, *map(str, words)], **{"stdin": subprocess.PIPE, "stdout": subprocess.PIPE, "cwd": self.folder, **more}) as run:
            try:
                yield run
                if run.stdin and not run.stdin.closed:
                    run.stdin.close()
                run.wait(timeout=60 * SLOW)
            finally:
                if run.poll() is None:
                    run.kill()
        if ends is not None:
            self.assertEqual(run.returncode, ends)
        if trace:
            self.watch.ended(trace, run.returncode)

    def record(self, guest, *words, status=0, options=(), **more):
        """Records GUESTS/guest.wasm with the data directory granted for writing; with the witness, where there is one."""
        if "--witness" not in options:
            options = [*options, *WITNESS]
        return self.warrant("record", "-o", self.trace, "--dir", f"{self.data}::/data", *options, GUESTS / f"{guest}.wasm", *words,
                            status=status, **more)

    def check(self, *options, status=0, trace=None):
        """Checks the trace and returns the report."""
        done = self.warrant("check", "--json", *options, trace or self.trace, status=status)
        return json.loads(done.stdout)

    def parse(self, text):
        """A report; {} where the command had none to give."""
        return json.loads(text) if text.strip() else {}

    def show(self, trace=None, status=0):
        """The trace's items, one object each."""
        done = self.warrant("show", "--json", "--full", trace or self.trace, status=status)
        return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    program = unittest.main(module="__main__", argv=[sys.argv[0], "-v", *sys.argv[1:]], exit=False)
    sys.exit(status_of(program.result))


def status_of(result):
    """0 where something ran and nothing failed, 77 where all was skipped, else 1; names what was skipped."""
    for test, reason in result.skipped:
        print(f"skipped: {test.id().removeprefix('__main__.')}: {reason}", flush=True)
    if not result.wasSuccessful():
        return 1
    if result.testsRun == 0 and not result.skipped:
        print("no test ran", flush=True)
        return 1
    whole = {test.id() for test, _ in result.skipped if not isinstance(test, unittest.case._SubTest)}
    return 77 if len(whole) >= result.testsRun else 0
