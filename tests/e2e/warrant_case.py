"""What the end-to-end tests share: the command as a user types it, guests, a folder for each test.

The environment says what to test: WARRANT (the command), GUESTS (a folder of built guests), WARRANT_SLOW (a factor for the time limits of
slow builds), WARRANT_SOURCE (the source tree).
"""
import json
import os
import pathlib
import shutil
import struct
import subprocess
import sys
import tempfile
import unittest

SOURCE = pathlib.Path(os.environ.get("WARRANT_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
WARRANT = pathlib.Path(os.environ.get("WARRANT", SOURCE / "build/release/warrant")).resolve()
GUESTS = pathlib.Path(os.environ.get("GUESTS", WARRANT.parent / "guests")).resolve()
SLOW = float(os.environ.get("WARRANT_SLOW", "1"))


def witness_works():
    doctor = json.loads(subprocess.run([WARRANT, "doctor", "--json"], capture_output=True, check=True).stdout)
    return doctor["witness"]


def chunks(content):
    """The chunks of a trace: docs/trace-format.md, a file header of 64 bytes, then chunk headers of 96, each with its stored body."""
    found, at = [], 64
    while at < len(content):
        kind, number, first, stream, count, raw, stored = struct.unpack_from("<4xIQQQIII", content, at)
        found.append({"at": at, "size": 96 + stored, "kind": kind, "stream": stream, "raw": raw})
        at += 96 + stored
    return found


class Case(unittest.TestCase):
    """A test with a folder of its own, in which `data` is the directory that guests are granted as /data."""

    def setUp(self):
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="warrant-"))
        self.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.data = self.folder / "data"
        self.data.mkdir()
        self.trace = self.folder / "run.wtrace"
        self.witness = self.folder / "run.wwit"

    def warrant(self, *words, status=0, input=None, cwd=None, command=WARRANT, limit=120, prefix=()):
        """Runs the command and demands its exit status (None: any). Returns the finished process, output as text."""
        done = subprocess.run([*prefix, command, *map(str, words)], capture_output=True, input=input, cwd=cwd or self.folder,
                              timeout=limit * SLOW)
        done.stdout = done.stdout.decode(errors="replace")
        done.stderr = done.stderr.decode(errors="replace")
        if status is not None:
            self.assertEqual(done.returncode, status, f"warrant {' '.join(map(str, words))}\n{done.stdout}\n{done.stderr}")
        return done

    def record(self, guest, *words, status=0, options=(), **more):
        """Records GUESTS/guest.wasm with the data directory granted for writing."""
        return self.warrant("record", "-o", self.trace, "--dir", f"{self.data}::/data", *options, GUESTS / f"{guest}.wasm", *words,
                            status=status, **more)

    def check(self, *options, status=0, trace=None):
        """Checks the trace and returns the report."""
        done = self.warrant("check", "--json", *options, trace or self.trace, status=status)
        return json.loads(done.stdout)

    def show(self, trace=None, status=0):
        """The trace's items, one object each."""
        done = self.warrant("show", "--json", "--full", trace or self.trace, status=status)
        return [json.loads(line) for line in done.stdout.splitlines()]


def main():
    unittest.main(module="__main__", argv=[sys.argv[0], "-v"])
