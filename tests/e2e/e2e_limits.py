#!/usr/bin/env python3
"""Limits stop any guest, are recorded, and where they are exact they replay to the instruction."""
import json
import re
import time

import warrant_case
from warrant_case import GUESTS, SLOW, SOURCE, WITNESS, Case, row


class Limits(Case):
    @row("RES-03")
    def test_timeout(self):
        started = time.monotonic()
        done = self.warrant("run", "--timeout", "200ms", GUESTS / "spin.wasm", status=126)
        self.assertLess(time.monotonic() - started, 2 * SLOW)
        self.assertIn("interrupted", done.stderr)

    def test_fuel_replays_exactly(self):
        done = self.warrant("record", *WITNESS, "--fuel", "1000000", "-o", self.trace, GUESTS / "spin.wasm", status=126)
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

    @row("RES-01")
    def test_memory(self):
        policy = self.folder / "policy.yaml"
        policy.write_text("version: 1\nlimits: { memory: 1MiB }\n")
        self.warrant("run", "--policy", policy, GUESTS / "grow.wasm", status=16)

    # tests/guests/limits.wat: 1 imported and 3 own functions, 5 locals at most, 2 tables, 30 elements at most, 10 calls deep.
    SHAPE = {"functions": (4, "4 functions exceed the limit of 3 (functions)"),
             "locals": (5, "5 locals of function 2, parameters included, exceed the limit of 4 (locals)"),
             "tables": (2, "2 tables exceed the limit of 1 (tables)"),
             "table_elements": (30, "a table's 30 elements exceed the limit of 29 (table_elements)")}

    def limited(self, **limits):
        policy = self.folder / "policy.yaml"
        policy.write_text("version: 1\nlimits: { " + ", ".join(f"{key}: {value}" for key, value in limits.items()) + " }\n")
        return policy

    @row("RES-02")
    def test_limits_of_a_module(self):
        size = (GUESTS / "limits.wasm").stat().st_size
        shape = {**self.SHAPE, "module": (size, f"has more than {size - 1} bytes, the limit of a module")}
        for key, (value, text) in shape.items():
            self.warrant("run", "--policy", self.limited(**{key: value}), GUESTS / "limits.wasm")
            refused = self.limited(**{key: value - 1})
            for command in ["run"], ["record", *WITNESS, "-o", self.trace]:
                done = self.warrant(*command, "--policy", refused, GUESTS / "limits.wasm", status=125)
                self.assertIn(text, done.stderr.splitlines()[0])

    def test_lowered_call_depth_replays(self):
        command = ["record", *WITNESS, "-o", self.trace, "--policy"]
        self.warrant(*command, self.limited(call_depth=10), GUESTS / "limits.wasm")
        done = self.warrant(*command, self.limited(call_depth=9), GUESTS / "limits.wasm", status=134)
        self.assertIn("call stack exhausted", done.stderr)
        report = json.loads(self.warrant("replay", "--json", self.trace).stdout)
        self.assertEqual(report["verdict"], "identical")
        self.assertEqual(report["instructions"], report["recorded_instructions"])

    def test_replay_keeps_the_limits_of_the_run(self):
        """The run's limits are in its trace: another module that exceeds them is not executed in its place, the same one is."""
        size = (GUESTS / "spin.wasm").stat().st_size
        policy = self.limited(functions=1, tables=0, locals=0, table_elements=0, module=size, fuel=1000)
        self.warrant("record", *WITNESS, "-o", self.trace, "--policy", policy, GUESTS / "spin.wasm", status=126)
        self.assertEqual(json.loads(self.warrant("replay", "--json", self.trace).stdout)["verdict"], "identical")
        done = self.warrant("replay", "--module", GUESTS / "limits.wasm", self.trace, status=3)
        self.assertIn(f"exceed the limit of {size} (module)", done.stderr)

    def test_documented_limits(self):
        """docs/policy.md names each limit with its range: both ends are taken, and what is beyond is refused with its line."""
        page = (SOURCE / "docs/policy.md").read_text()
        rows = re.findall(r"^\| `(\w+)` \|[^|]*\| (\S+) \| (\S+) \|", page, re.M)
        self.assertEqual(len(rows), 19)
        for key, least, most in rows:
            for end in least, most:
                if end != "none":
                    self.warrant("policy", "lint", self.limited(**{key: end}))
        for key, least, most in rows:
            if most != "none":
                beyond = re.sub(r"^\d+", lambda digits: str(int(digits[0]) + 1), most)
                done = self.warrant("policy", "lint", self.limited(**{key: beyond}), status=3)
                self.assertIn(f"policy.yaml:2: {key}: '{beyond}' is more than the greatest possible value, {most}", done.stderr)

    @row("RES-04")
    def test_descriptors(self):
        policy = self.folder / "policy.yaml"
        policy.write_text(f"version: 1\nfiles:\n  - host: {self.data}\n    guest: /data\n    access: read\nlimits: {{ descriptors: 6 }}\n")
        (self.data / "file").write_text("x")
        opening = ["path_open", 3, 1, "@file", 0, 2, 2, 0, "out"]
        done = self.warrant("run", "--policy", policy, GUESTS / "poke.wasm", *opening, "--", *opening, "--", *opening, "--", "fd_close", 4,
                            "--", *opening)
        self.assertEqual(done.stdout.splitlines(), ["path_open = 0 4", "path_open = 0 5", "path_open = 33", "fd_close = 0", "path_open = 0 4"])

    @row("CVE-2023-51661")
    def test_no_flag_no_files(self):
        done = self.warrant("run", GUESTS / "poke.wasm", "path_open", 3, 1, "@file", 0, 2, 2, 0, "out")
        self.assertEqual(done.stdout, "path_open = 8\n")


warrant_case.main()
