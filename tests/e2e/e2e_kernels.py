#!/usr/bin/env python3
"""The CPU kernels of bench/ compute what their table says, natively and as guests: arithmetic, memory, calls and SIMD of real code."""
import json
import os
import pathlib
import subprocess
import sys

import warrant_case
from warrant_case import SLOW, SOURCE, WARRANT, Case

FOLDER = pathlib.Path(os.environ.get("WARRANT_BUILD", WARRANT.parent)) / "bench" / "kernels"


PEER = """#!/bin/sh
echo {output}
echo 1000000000000 >&2
"""


def kernels():
    """(group, name, small size, checksum) of every kernel."""
    for line in (SOURCE / "bench/kernels/kernels.tsv").read_text().splitlines():
        if not line.startswith("#"):
            group, name, _, _, _, size, checksum = line.split("\t")
            yield group, name, size, checksum


class Kernels(Case):
    def test_table(self):
        groups = [group for group, _, _, _ in kernels()]
        self.assertEqual([groups.count("scalar"), groups.count("simd"), len(groups)], [16, 3, 19])

    def test_native(self):
        for _, name, size, checksum in kernels():
            with self.subTest(name):
                done = subprocess.run([FOLDER / name, size], capture_output=True, text=True, timeout=60 * SLOW)
                self.assertEqual((done.returncode, done.stdout), (0, checksum + "\n"), done.stderr)

    def test_guest(self):
        for _, name, size, checksum in kernels():
            with self.subTest(name):
                done = self.warrant("run", FOLDER / f"{name}.wasm", size)
                self.assertEqual(done.stdout, checksum + "\n")
                self.assertRegex(done.stderr, r"^\d+\n$")

    def test_bad_size(self):
        for word in ("", "0", "x", "3x"):
            self.assertIn("usage:", self.warrant("run", FOLDER / "fft.wasm", word, status=2).stderr)

    def bench(self, *words, status=0):
        """Runs bench/cpu on one kernel at its small size; returns (printed, figures)."""
        figures = self.folder / "cpu.json"
        done = subprocess.run([sys.executable, SOURCE / "bench/cpu", "--warrant", WARRANT, "--peers", self.folder, "--small", "--repeats", "2",
                               "--json", figures, *map(str, words)], capture_output=True, text=True, timeout=120 * SLOW)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout, json.loads(figures.read_text()) if figures.exists() else None

    def test_compiled(self):
        if not (FOLDER.parents[1] / "tests/tiers/tier_run").exists():
            self.skipTest("this build has no compiler: llvm-19-dev is not there")
        printed, figures = self.bench("--kernels", "sort,vm", "--runtimes", "warrant", "--tier", "compiled", "--level", "quick")
        self.assertEqual(figures["failures"], {}, printed)
        self.assertEqual(sorted(figures["groups"]["scalar"]["ratios"]["compiled"]), ["sort", "vm"])

    def peer(self, name, output):
        """A peer that is slow beyond any budget and prints `output`."""
        (self.folder / name).write_text(PEER.format(output=output))
        (self.folder / name).chmod(0o755)

    def test_runner(self):
        checksum = next(checksum for _, name, _, checksum in kernels() if name == "json")
        self.peer("wasm3", checksum)
        self.peer("iwasm", "ffffffffffffffff")
        printed, figures = self.bench("--kernels", "json", "--runtimes", "warrant,wasm3,iwasm", "--check")
        self.assertEqual([len(figures["seconds"]["json"][name]) for name in ("native", "warrant", "wasm3")], [2, 2, 2])
        self.assertEqual([(row["what"], row["within"]) for row in figures["budgets"]], [("warrant/wasm3", True)])
        self.assertIn("iwasm does not run json: wrong output", printed)
        self.assertIn("not checked, for nothing was measured: ahead of iwasm", printed)
        self.assertEqual(list(figures["groups"]["scalar"]["geometric_mean"]), ["warrant", "wasm3"])

    def test_runner_budget(self):
        slow = self.folder / "slow"
        slow.write_text(PEER.format(output=next(checksum for _, name, _, checksum in kernels() if name == "json")))
        slow.chmod(0o755)
        words = ["--kernels", "json", "--runtimes", "warrant", "--second-warrant", slow]
        self.assertIn("OVER", self.bench(*words)[0])
        self.bench(*words, "--check", status=1)

    def test_runner_own_programs(self):
        own = self.folder / "own"
        own.mkdir()
        for name in ("json", "json.wasm"):
            (own / name).symlink_to(FOLDER / name)
        (own / "json.args").write_text("'1'\n")
        printed, figures = self.bench("--programs", own, "--runtimes", "warrant")
        self.assertEqual(list(figures["groups"]["programs"]["ratios"]["warrant"]), ["json"])
        (own / "json").unlink()
        self.bench("--programs", own, status=1)


warrant_case.main()
