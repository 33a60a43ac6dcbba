#!/usr/bin/env python3
"""The CPU kernels of bench/ compute what their table says, natively and as guests: arithmetic, memory, calls and SIMD of real code."""
import os
import pathlib
import subprocess

import warrant_case
from warrant_case import SLOW, SOURCE, WARRANT, Case

FOLDER = pathlib.Path(os.environ.get("WARRANT_BUILD", WARRANT.parent)) / "bench" / "kernels"


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


warrant_case.main()
