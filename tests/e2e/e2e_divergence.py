#!/usr/bin/env python3
"""Replay executes the guest: another guest diverges, at the first event that can tell."""
import json

import warrant_case
from warrant_case import GUESTS, WITNESS, Case

FACTOR = bytes([0x8F, 0xF9, 0x02])  # 48271 as LEB128
CHANGED = bytes([0x90, 0xF9, 0x02])


class Divergence(Case):
    def test_changed_constant(self):
        self.record("steps", "20", options=[*WITNESS])
        module = (GUESTS / "steps.wasm").read_bytes()
        self.assertGreaterEqual(module.count(FACTOR), 1)
        changed = self.folder / "changed.wasm"
        changed.write_bytes(module.replace(FACTOR, CHANGED))
        done = self.warrant("replay", "--json", "--module", changed, self.trace, status=1)
        divergence = json.loads(done.stdout)["divergence"]
        # The factor is first seen outside in the second word of the first block that is written to the file.
        writes = [item for item in self.show() if item.get("call") == "fd_write"]
        self.assertEqual(divergence["hostcall"], "fd_write")
        self.assertIn(divergence["event"], range(writes[0]["event"], writes[0]["event"] + 2))
        self.assertGreater(divergence["offset"], 0)
        self.assertNotEqual(divergence["expected"], divergence["found"])

    def test_same_module_is_identical(self):
        self.record("steps", "20", options=[*WITNESS])
        done = self.warrant("replay", "--json", "--module", GUESTS / "steps.wasm", self.trace)
        report = json.loads(done.stdout)
        self.assertEqual(report["verdict"], "identical")
        self.assertEqual(report["instructions"], report["recorded_instructions"])

    def test_trace_without_module(self):
        self.record("steps", "3", options=[*WITNESS, "--no-module"])
        done = self.warrant("replay", self.trace, status=3)
        self.assertIn("module", done.stderr)
        self.warrant("replay", "--module", GUESTS / "steps.wasm", self.trace)


warrant_case.main()
