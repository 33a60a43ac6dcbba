#!/usr/bin/env python3
"""State digests: recorded, met by the replay, and the place where a state differs though no hostcall does. Growths that the system
refuses: recorded, and refused again by a replay that could grant them."""
import json
import unittest

import warrant_case
from warrant_case import GUESTS, SLOW, WITNESS, Case


def leb(value):
    """A 32-bit constant as the module's text became it."""
    out = b""
    while True:
        byte, value = value & 0x7f, value >> 7
        if value == 0 and not byte & 0x40:
            return out + bytes([byte])
        out += bytes([byte | 0x80])


class States(Case):
    def states(self):
        return [item for item in self.show() if "state" in item]

    def replay(self, *options, status=0):
        return json.loads(self.warrant("replay", "--json", *options, self.trace, status=status).stdout)

    def changed(self, mark):
        """A copy of the module in which a mark's lowest bit is another."""
        module = (GUESTS / "states.wasm").read_bytes()
        self.assertEqual(module.count(leb(mark)), 1)
        path = self.folder / "changed.wasm"
        path.write_bytes(module.replace(leb(mark), leb(mark ^ 1)))
        return path

    def test_recorded_and_met(self):
        self.record("states", status=5, options=[*WITNESS, "--digest-every", 3])
        states = self.states()
        self.assertEqual([state["at_end"] for state in states], [False, False, False, True])
        self.assertEqual(len({state["state"] for state in states}), 4)
        report = self.replay("--digest")
        self.assertEqual((report["verdict"], report["states"], report["digest"]), ("identical", 4, states[-1]["state"]))
        self.check()
        # At each state, and just before it, the replay is in that state; between two it is in neither.
        for state in states[:-1]:
            self.assertEqual(self.replay("--until", state["event"])["digest"], state["state"])
            before = self.replay("--until", state["event"] - 1)
            self.assertEqual((before["digest"], before["instructions"]), (state["state"], state["instructions"]))
            later = self.replay("--until", state["event"] + 3)
            self.assertNotEqual(later["digest"], state["state"])
            self.assertEqual(later["verdict"], "until")

    def test_the_same_on_every_run(self):
        seen = []
        for _ in range(2):
            self.record("states", status=5, options=[*WITNESS, "--digest-every", 1])
            seen.append([state["state"] for state in self.states()])
        self.assertEqual(len(seen[0]), 12)
        self.assertEqual(seen[0], seen[1])

    def test_a_state_that_differs_is_named(self):
        self.record("states", status=5, options=[*WITNESS, "--digest-every", 3])
        first = self.states()[0]
        for mark in (0x1234567, 0x2345678):
            report = self.replay("--module", self.changed(mark), status=1)
            divergence = report["divergence"]
            self.assertEqual((divergence["event"], divergence["hostcall"], divergence["call"]), (first["event"], "sched_yield", 2))
            self.assertIn("state", divergence["what"])
            self.assertIn(first["state"], divergence["expected"])
            self.assertNotIn(first["state"], divergence["found"])
        # Without recorded states nothing is to be seen of it.
        self.record("states", status=5, options=[*WITNESS])
        self.assertEqual(self.replay("--module", self.changed(0x1234567))["verdict"], "identical")

    def test_at_the_end_of_a_trap(self):
        self.record("deep", status=134, options=[*WITNESS, "--digest-every", 100])
        self.assertEqual([state["at_end"] for state in self.states()], [True])
        self.assertEqual((self.replay()["verdict"], self.replay()["states"]), ("identical", 1))

    def test_usage(self):
        for wrong in ("0", "x", "-1", "3x"):
            self.warrant("record", "--digest-every", wrong, GUESTS / "states.wasm", status=2)


@unittest.skipIf(SLOW > 1, "a sanitizer needs the address space that is limited here")
class Growths(Case):
    def limited(self, *words, status):
        """Runs the command where little memory can be had."""
        prefix = ["prlimit", f"--data={64 << 20}"]
        return self.warrant(*words, status=status, prefix=prefix)

    def test_refused_again(self):
        self.limited("record", *WITNESS, "--digest-every", 1, "-o", self.trace, GUESTS / "refuse.wasm", status=3 + 10 + 4)
        growths = [(item["growth"], item["index"], item["amount"], item["number"]) for item in self.show() if "growth" in item]
        # Number 1 was granted (three pages); 30000 pages are not allowed and no growth at all.
        self.assertEqual(growths, [("memory", 0, 10000, 0), ("memory", 0, 10000, 2), ("table", 0, 8000000, 3), ("memory", 0, 10000, 4)])
        report = json.loads(self.warrant("replay", "--json", "--digest", self.trace).stdout)
        self.assertEqual((report["verdict"], report["states"]), ("identical", 4))
        at_growth = json.loads(self.warrant("replay", "--json", "--until", 5, self.trace).stdout)
        self.assertEqual((at_growth["verdict"], at_growth["hostcalls"]), ("until", 1))

    def test_granted_then_refused_is_no_divergence(self):
        done = self.warrant("record", "-q", *WITNESS, "-o", self.trace, GUESTS / "refuse.wasm", status=None)
        self.assertEqual(done.returncode, 1) # the code that the guest gives, 10006, fits no status
        self.assertEqual(self.show()[-1]["code"], 1 + 10000 + 3 + 2)
        self.assertEqual([item for item in self.show() if "growth" in item], [])
        done = self.limited("replay", self.trace, status=3)
        self.assertIn("refuses a memory.grow of memory 0 by 10000 pages", done.stderr)


warrant_case.main()
