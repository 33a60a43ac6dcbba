#!/usr/bin/env python3
"""What a replay counts of a guest that was recorded without any of it: profiles whose numbers are exact."""
import json
import os
import unittest

import json_shape
import warrant_case
from warrant_case import GUESTS, Case

TRAPPED = 134


class Profile(Case):
    def setUp(self):
        super().setUp()
        self.profile = self.folder / "profile.json"

    def recorded(self, *words, guest=GUESTS / "trapping.wasm", status=0):
        self.trace.unlink(missing_ok=True)
        self.warrant("record", "-o", self.trace, "--witness", "off", guest, *words, status=status)
        return self.trace

    def steps(self):
        self.warrant("record", "-o", self.trace, "--witness", "off", "--dir", f"{self.data}::/data", GUESTS / "steps.wasm", "20")

    def replayed(self, *options, status=0):
        return self.parse(self.warrant("replay", "--json", *options, self.trace, status=status).stdout)

    def scope(self):
        """The speedscope file, held to its form: every event at its time, every frame closed by its own event. Gives {stack: instructions}."""
        made = json.loads(self.profile.read_text())
        self.assertEqual(json_shape.faults(made, json_shape.SPEEDSCOPE), [])
        frames, (profile,) = [frame["name"] for frame in made["shared"]["frames"]], made["profiles"]
        stack, at, found = [], 0, {}
        for event in profile["events"]:
            self.assertGreaterEqual(event["at"], at)
            found[tuple(stack)] = found.get(tuple(stack), 0) + event["at"] - at
            at = event["at"]
            if event["type"] == "O":
                stack.append(frames[event["frame"]])
            else:
                self.assertEqual(stack.pop(), frames[event["frame"]])
        self.assertEqual((stack, at, profile["startValue"]), ([], profile["endValue"], 0))
        return found

    def test_exact(self):
        """All instructions of the recorded run, in the stacks that executed them; recursion as deep as it was."""
        self.recorded("recurse", "50", status=TRAPPED)
        told = self.replayed("--profile", self.profile)
        self.assertEqual(told["verdict"], "identical")
        stacks = self.scope()
        self.assertEqual(sum(stacks.values()), told["recorded_instructions"])
        self.assertEqual(max(stack.count("down") for stack in stacks), 50)
        each = [count for stack, count in stacks.items() if stack and stack[-1] == "down"]
        self.assertEqual(len(each), 50)
        self.assertEqual(len(set(each)), 2, each)  # the last one traps, the others do the same
        self.assertEqual(oct(self.profile.stat().st_mode & 0o777), "0o600")

    def test_chrome_trace_says_the_same(self):
        self.recorded("nested", status=TRAPPED)
        told = self.replayed("--profile", self.profile, "--chrome-trace", self.folder / "trace.json")
        made = json.loads((self.folder / "trace.json").read_text())
        slices = [event for event in made["traceEvents"] if event["ph"] == "X"]
        self.assertEqual(sum(event["args"]["self"] for event in slices), told["instructions"])
        own = {}
        for stack, count in self.scope().items():
            own[stack[-1] if stack else None] = own.get(stack[-1] if stack else None, 0) + count
        for name in "inner", "middle", "outer":
            found = [event for event in slices if event["name"] == name]
            self.assertEqual([event["args"]["calls"] for event in found], [1])
            self.assertEqual(found[0]["args"]["self"], own[name])

    def test_a_database(self):
        """A large guest, its file system calls and thousands of stacks."""
        self.warrant("record", "-o", self.trace, "--witness", "off", "--dir", f"{self.data}::/data", GUESTS / "sqlite.wasm", "/data/a.db",
                     "create table t(x); insert into t values(1),(2); select sum(x) from t;")
        told = self.replayed("--profile", self.profile)
        self.assertEqual(told["verdict"], "identical")
        stacks = self.scope()
        self.assertEqual(sum(stacks.values()), told["instructions"])
        self.assertGreater(len(stacks), 500)

    def test_up_to_an_event(self):
        self.steps()
        whole = self.replayed("--profile", self.profile)["instructions"]
        self.assertEqual(sum(self.scope().values()), whole)
        part = self.replayed("--until", "60", "--profile", self.profile)
        self.assertEqual(part["verdict"], "until")
        self.assertEqual(sum(self.scope().values()), part["instructions"])
        self.assertLess(part["instructions"], whole)

    def test_the_replay_is_the_same(self):
        """Counting changes nothing: digest, states and verdict."""
        self.steps()
        self.assertEqual(self.replayed("--digest", "--profile", self.profile), self.replayed("--digest"))

    def test_where_it_is_not_written(self):
        self.steps()
        aim = self.folder / "aim"
        aim.write_text("kept")
        self.profile.symlink_to(aim)
        self.assertIn("symbolic link", self.warrant("replay", "--profile", self.profile, self.trace, status=3).stderr)
        self.profile.unlink()
        os.link(aim, self.profile)
        self.assertIn("hard links", self.warrant("replay", "--profile", self.profile, self.trace, status=3).stderr)
        self.assertEqual(aim.read_text(), "kept")
        missing = self.folder / "none" / "p.json"
        self.assertIn("cannot open", self.warrant("replay", "--profile", missing, self.trace, status=3).stderr)
        self.profile.unlink()
        self.profile.write_text("old")
        damaged = self.folder / "cut.wtrace"
        damaged.write_bytes(self.trace.read_bytes()[:80])
        self.warrant("replay", "--profile", self.profile, damaged, status=3)
        self.assertEqual(self.profile.read_text(), "old")
        self.warrant("replay", "--profile", self.profile, self.trace)
        self.scope()

    def test_not_in_a_directory_of_the_guest(self):
        self.steps()
        done = self.warrant("replay", "--profile", self.data / "p.json", self.trace, status=3)
        self.assertIn("may write", done.stderr)
        self.assertFalse((self.data / "p.json").exists())

    def test_nothing_was_executed(self):
        self.warrant("record", "-o", self.trace, "--witness", "off", GUESTS / "limits.wasm", status=None)
        done = self.warrant("replay", "--profile", self.profile, self.trace, status=None)
        self.assertEqual(self.profile.exists(), done.returncode == 0, done.stderr)


if __name__ == "__main__":
    warrant_case.main()
