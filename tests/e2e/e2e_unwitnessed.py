#!/usr/bin/env python3
"""Without root or BPF: recorded all the same, and said plainly."""
import os
import shutil
import subprocess

import warrant_case
from warrant_case import GUESTS, Case

NOBODY = 65534


class Unwitnessed(Case):
    def test_turned_off(self):
        done = self.record("steps", "3", options=["--witness", "off"])
        self.assertIn("the witness is off: it was turned off", done.stderr)
        self.assertFalse(self.witness.exists())
        self.assertIn("unwitnessed", self.warrant("check", self.trace).stdout)
        report = self.check()
        self.assertFalse(report["witnessed"])

    def test_without_privilege(self):
        if os.getuid() == 0:
            os.chmod(self.folder, 0o777)
            os.chmod(self.data, 0o777)
            prefix = ["setpriv", f"--reuid={NOBODY}", f"--regid={NOBODY}", "--clear-groups", "--inh-caps=-all", "--bounding-set=-all"]
            reachable = subprocess.run([*prefix, "test", "-x", warrant_case.WARRANT]).returncode == 0
            if not reachable:
                copy = self.folder / "bin"
                shutil.copytree(warrant_case.WARRANT.parent / "libexec", copy / "libexec")
                shutil.copy(warrant_case.WARRANT, copy)
                os.chmod(copy, 0o755)
                command = copy / "warrant"
            else:
                command = warrant_case.WARRANT
            guest = self.folder / "steps.wasm"
            shutil.copy(GUESTS / "steps.wasm", guest)
        else:
            prefix, command, guest = [], warrant_case.WARRANT, GUESTS / "steps.wasm"
        words = ["-o", self.trace, "--dir", f"{self.data}::/data", guest, "3"]
        done = self.warrant("record", *words, prefix=prefix, command=command)
        self.assertRegex(done.stderr, "the witness is off: .+")
        self.assertNotIn("turned off", done.stderr)
        self.assertIn("unwitnessed", self.warrant("check", self.trace).stdout)
        # A witness that was demanded and cannot be had stops the run before it starts.
        self.trace.unlink()
        refused = self.warrant("record", "--witness", "on", *words, prefix=prefix, command=command, status=125)
        self.assertIn("no witness:", refused.stderr)
        self.assertEqual(refused.stdout, "")
        self.assertFalse(self.trace.exists())


warrant_case.main()
