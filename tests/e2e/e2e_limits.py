#!/usr/bin/env python3
"""Limits stop any guest, are recorded, and where they are exact they replay to the instruction."""
import json
import time

import warrant_case
from warrant_case import GUESTS, SLOW, Case


class Limits(Case):
    def test_timeout(self):
        started = time.monotonic()
        done = self.warrant("run", "--timeout", "200ms", GUESTS / "spin.wasm", status=126)
        self.assertLess(time.monotonic() - started, 2 * SLOW)
        self.assertIn("interrupted", done.stderr)

    def test_fuel_replays_exactly(self):
        done = self.warrant("record", "--witness", "off", "--fuel", "1000000", "-o", self.trace, GUESTS / "spin.wasm", status=126)
        self.assertIn("all fuel consumed", done.stderr)
        report = json.loads(self.warrant("replay", "--json", self.trace).stdout)
        self.assertEqual(report["verdict"], "identical")
        self.assertEqual(report["instructions"], report["recorded_instructions"])
        # Fuel is charged per straight-line segment; this one has two instructions.
        self.assertIn(report["instructions"], range(1000000, 1000003))

    def test_call_depth(self):
        done = self.warrant("run", GUESTS / "deep.wasm", status=134)
        self.assertIn("call stack exhausted", done.stderr)
        self.assertRegex(done.stderr, r"in function 0.* at byte 0x[0-9a-f]+")

    def test_memory(self):
        policy = self.folder / "policy.yaml"
        policy.write_text("version: 1\nlimits: { memory: 1MiB }\n")
        self.warrant("run", "--policy", policy, GUESTS / "grow.wasm", status=16)

    def test_descriptors(self):
        policy = self.folder / "policy.yaml"
        policy.write_text(f"version: 1\nfiles:\n  - host: {self.data}\n    guest: /data\n    access: read\nlimits: {{ descriptors: 6 }}\n")
        (self.data / "file").write_text("x")
        opening = ["path_open", 3, 1, "@file", 0, 2, 2, 0, "out"]
        done = self.warrant("run", "--policy", policy, GUESTS / "poke.wasm", *opening, "--", *opening, "--", *opening, "--", "fd_close", 4,
                            "--", *opening)
        self.assertEqual(done.stdout.splitlines(), ["path_open = 0 4", "path_open = 0 5", "path_open = 33", "fd_close = 0", "path_open = 0 4"])

    def test_no_flag_no_files(self):
        done = self.warrant("run", GUESTS / "poke.wasm", "path_open", 3, 1, "@file", 0, 2, 2, 0, "out")
        self.assertEqual(done.stdout, "path_open = 8\n")


warrant_case.main()
