#!/usr/bin/env python3
"""Faults in the backend, each a patch applied to a copy of the source, built and run: the checker gives each the right verdict, with the
system call and its impact. The unpatched build has no finding."""
import os
import pathlib
import shutil
import subprocess
import tempfile

import warrant_case
from warrant_case import GUESTS, SOURCE, Case, needs_witness

RIGHTS = 1 << 1 | 1 << 2 | 1 << 4 | 1 << 6 | 1 << 21
BUILD = pathlib.Path(os.environ.get("WARRANT_BUILD", SOURCE / "build/release"))
# What the guest does in every run: opens two files, writes, synchronises, reads back.
WORDS = ["path_open", 3, 1, "@first", 1, RIGHTS, RIGHTS, 0, "out", "--", "path_open", 3, 1, "@second", 1, RIGHTS, RIGHTS, 0, "out",
         "--", "fd_pwrite", 4, "iov:@0123456789abcdef:16", 32, "out", "--", "fd_sync", 4, "--", "fd_pread", 4, "iov:new:16", 32, "out"]
# fault: (verdict, hostcall, system call)
FAULTS = {
    "another_descriptor": ("mismatch", "fd_pwrite", "pwrite64"),
    "offset_plus_one": ("mismatch", "fd_pwrite", "pwrite64"),
    "length_plus_one": ("mismatch", "fd_pwrite", "pwrite64"),
    "another_path": ("mismatch", "path_open", "openat2"),
    "extra_open": ("denied", "fd_pwrite", "openat2"),  # by the second line; without it see below
    "call_left_out": ("unwitnessed", "fd_sync", "fsync"),
    "false_count": ("mismatch", "fd_pread", "pread64"),
}


@needs_witness
class Faults(Case):
    @classmethod
    def setUpClass(cls):
        """A copy of the source beside a build folder of its own, with the settings of the build under test."""
        cls.copy = pathlib.Path(tempfile.mkdtemp(prefix="warrant-faults-"))
        source = cls.copy / "source"
        shutil.copytree(SOURCE, source, ignore=shutil.ignore_patterns("build", ".git", "demo-out", "tests", "fuzz", "bench", "*.wtrace"))
        for folder in "tests", "fuzz", "bench": # not built here, but named by the build
            (source / folder).mkdir()
            (source / folder / "CMakeLists.txt").touch()
        settings = dict(line.split(":", 1) for line in (BUILD / "CMakeCache.txt").read_text().splitlines() if ":" in line and line[0] not in "#/")
        wanted = [f"-D{name}:{settings[name]}" for name in ("CMAKE_BUILD_TYPE", "CMAKE_C_COMPILER", "WARRANT_SANITIZE") if name in settings]
        subprocess.run(["cmake", "-G", "Ninja", "-S", source, "-B", cls.copy / "build", *wanted], check=True, capture_output=True)
        cls.make()

    @classmethod
    def tearDownClass(cls):
        shutil.rmtree(cls.copy, ignore_errors=True)

    @classmethod
    def make(cls):
        done = subprocess.run(["cmake", "--build", cls.copy / "build", "--target", "warrant"], capture_output=True, text=True)
        if done.returncode != 0:
            raise RuntimeError(done.stdout[-3000:])

    def run_patched(self, *options, status=None):
        for name in "first", "second", "other":
            (self.data / name).write_bytes(b"." * 64)
        return self.warrant("record", "-q", "--witness", "on", "-o", self.trace, "--dir", f"{self.data}::/data", *options,
                            GUESTS / "poke.wasm", *WORDS, command=self.copy / "build/warrant", status=status)

    def test_unpatched(self):
        done = self.run_patched(status=0)
        self.assertEqual(done.stdout.count(" = 0"), 5)
        self.assertEqual(self.check()["findings"], [])

    def with_fault(self, name):
        patch = SOURCE / "tests/faults" / f"{name}.patch"
        subprocess.run(["patch", "-p1", "-s", "-i", patch], cwd=self.copy / "source", check=True)
        try:
            self.make()
        finally:
            self.addCleanup(self.make)
            subprocess.run(["patch", "-p1", "-s", "-R", "-i", patch], cwd=self.copy / "source", check=True)

    def test_each_fault(self):
        self.assertEqual({path.stem for path in (SOURCE / "tests/faults").glob("*.patch")}, set(FAULTS))
        for name, (verdict, hostcall, syscall) in FAULTS.items():
            with self.subTest(fault=name):
                self.with_fault(name)
                self.run_patched()
                report = self.check(status=1)
                found = [f for f in report["findings"] if f["rule"] == f"witness.{verdict}" and f["call"] == hostcall]
                self.assertGreaterEqual(len(found), 1, report["findings"])
                self.assertEqual(found[0]["syscall"], syscall)
                self.assertTrue(found[0]["impact"])
                self.assertGreaterEqual(report["verdicts"][verdict], 1)
                others = {f["rule"] for f in report["findings"] if f["severity"] != "notice"} - {f"witness.{verdict}", "judge.escape"}
                self.assertLessEqual(others, {"replay.divergence"} if name == "another_path" else set(), report["findings"])

    def test_extra_open_without_the_second_line(self):
        self.with_fault("extra_open")
        self.run_patched("--no-confine")
        report = self.check(status=1)
        for rule in "witness.undeclared", "judge.escape":
            found = [f for f in report["findings"] if f["rule"] == rule]
            self.assertEqual([(f["call"], f["syscall"]) for f in found], [("fd_pwrite", "openat2")], report["findings"])
            self.assertIn("/etc/passwd", found[0]["evidence"])


warrant_case.main()
