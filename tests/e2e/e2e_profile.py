#!/usr/bin/env python3
"""What a replay counts of a guest that was recorded without any of it: profiles and coverage, whose numbers are exact, and
its memory at any hostcall."""
import json
import os
import random
import re
import unittest

import json_shape
import warrant_case
from warrant_case import GUESTS, SOURCE, Case, doctor

TRAPPED = 134


def needs_lines(test):
    return unittest.skipUnless(doctor()["source_lines"], f"no source_lines here: {doctor().get('source_lines_reason')}")(test)


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

    def coverage(self, *options, status=0):
        """lcov's file as {source: ({function: calls}, {line: count})}, its sums held to what they sum."""
        path, found, functions, lines = self.folder / "run.info", {}, {}, {}
        self.said = self.warrant("replay", "--coverage", path, *options, self.trace, status=status).stderr
        for line in path.read_text().splitlines():
            word, _, rest = line.partition(":")
            if word == "SF":
                source = rest
            elif word == "FNDA":
                count, name = rest.split(",", 1)
                functions[name] = int(count)
            elif word == "DA":
                number, count = map(int, rest.split(","))
                self.assertNotIn(number, lines)
                lines[number] = count
            elif word == "end_of_record":
                self.assertNotIn(source, found)
                found[source], functions, lines = (functions, lines), {}, {}
            elif word in ("LF", "LH"):
                self.assertEqual(int(rest), len(lines) if word == "LF" else sum(count > 0 for count in lines.values()))
            else:
                self.assertIn(word, ("TN", "FN", "FNF", "FNH"))
        return found

    @needs_lines
    def test_lines(self):
        source = SOURCE / "tests/guests/trapping.c"
        numbers = {match[1]: number for number, line in enumerate(source.read_text().splitlines(), 1)
                   if (match := re.search(r"the ((?:last )?line of \w+)", line))}
        self.recorded("recurse", "50", status=TRAPPED)
        functions, lines = next(found for name, found in self.coverage().items() if name.endswith("tests/guests/trapping.c"))
        self.assertEqual(functions, {"inner": 0, "middle": 0, "outer": 0, "down": 50, "main": 1})
        self.assertEqual([lines[numbers[name]] for name in ("last line of down", "line of down", "line of inner")], [1, 49, 0])
        self.recorded("nested", status=TRAPPED)
        functions, lines = next(found for name, found in self.coverage().items() if name.endswith("tests/guests/trapping.c"))
        self.assertEqual(functions, {"inner": 1, "middle": 1, "outer": 1, "down": 0, "main": 1})
        self.assertEqual([lines[numbers[name]] for name in ("line of middle", "line of outer", "line of inner")], [1, 1, 1])
        self.assertIn("functions without source lines", self.said)

    def test_functions_of_a_module_without_lines(self):
        self.warrant("record", "-o", self.trace, "--witness", "off", GUESTS / "deep.wasm", status=None)
        found = self.coverage()
        self.assertEqual(list(found), ["functions"])
        functions, lines = found["functions"]
        self.assertEqual(sorted(functions.values()), sorted(lines.values()))
        self.assertGreater(max(functions.values()), 0)
        self.assertIn("no source lines", self.said)

    @needs_lines
    def test_hostile_debug_information(self):
        """Whatever it is changed to, there is a file with functions or lines, without a raw byte of it, or a refusal."""
        content = (GUESTS / "trapping.wasm").read_bytes()
        begin = content.index(b".debug_info")
        for seed in range(25):
            chance, changed = random.Random(seed), bytearray(content)
            for _ in range(chance.choice((1, 4, 16))):
                changed[chance.randrange(begin + 12, len(content) - 400)] = chance.choice((0, 0x0a, 0x1b, 0x7f, 0x80, 0xff))
            module = self.folder / "changed.wasm"
            module.write_bytes(changed)
            self.trace.unlink(missing_ok=True)
            if self.warrant("record", "-o", self.trace, "--witness", "off", module, "nested", status=None).returncode != TRAPPED:
                continue  # a section's size was hit
            done = self.warrant("replay", "--coverage", self.folder / "run.info", self.trace, status=None)
            self.assertIn(done.returncode, (0, 3), done.stderr)
            if done.returncode == 0:
                text = (self.folder / "run.info").read_bytes()
                self.assertTrue(text.endswith(b"end_of_record\n"))
                self.assertEqual(set(text) & (set(range(32)) - {10}), set())

    def test_memory_is_told(self):
        """What the guest wrote to a file lies in its memory at each of the calls, also what the trace has only a digest of."""
        self.steps()
        writes = [item for item in self.show() if item.get("call") == "fd_write" and item["paths"].get("fd") == "/data/steps.bin"]
        self.assertGreater(len(writes), 10)
        places = [re.match(r"\[\{(0x[0-9a-f]+), (\d+)\}\]", item["args"]["iovs"]).groups() for item in writes]
        self.assertEqual(len(set(places)), 1)
        at = [word for item in writes for word in ("--at", str(item["event"]))]
        told = self.replayed("--tell", f"mem[{places[0][0]}..+{places[0][1]}]", *at)
        self.assertEqual([(item["event"], item["hostcall"]) for item in told["told"]], [(item["event"], "fd_write") for item in writes])
        begun = [re.search(r'"(.*)"\.\.\.$', item["args"]["iovs"])[1].encode().decode("unicode_escape").encode("latin1") for item in writes]
        data = [bytes.fromhex(item["bytes"]) for item in told["told"]]
        self.assertEqual([some[:32] for some in data], begun)
        self.assertEqual((len(set(data)), {len(some) for some in data}), (len(writes), {64}))
        every = self.replayed("--tell", "global[0]", "--tell", "mem[global[0]..+4]", "--at", "all")["told"]
        self.assertEqual(len(every), 2 * told["hostcalls"])
        for value, memory in zip(every[::2], every[1::2]):
            self.assertEqual(value["value"], f"i32 {memory['address']} ({memory['address']:#x})")
        # Behind an event that is inside of a call comes the next call; behind the last one nothing.
        inside = self.replayed("--tell", "global[0]", "--at", str(writes[0]["event"] + 1), "--at", "1000000")["told"]
        self.assertEqual(len(inside), 1)
        self.assertGreater(inside[0]["event"], writes[0]["event"] + 1)
        self.assertEqual(self.replayed("--tell", "global[0]", "--until", "20")["told"][0]["event"], 0)

    def test_what_cannot_be_told(self):
        self.steps()
        said = self.warrant("replay", "--tell", "mem[0xfffffffe..+4]", "--tell", "mem1[0]", "--tell", "global[4000000000]",
                            "--tell", "mem[global[77]..+4]", self.trace).stdout.splitlines()
        self.assertEqual(said[:4], ["the end: mem[0xfffffffe..+4] = outside of the memory", "the end: mem1[0] = there is no such memory",
                                    "the end: global[4000000000] = there is no such global", "the end: mem[global[77]..+4] = there is no such global"])
        for bad in ("", "mem", "mem[", "mem[]", "mem[1..+0]", "mem[1..+4097]", "mem[1..+4]x", "mem[4294967296]", "mem[-1]", "mem[0x]", "global[]",
                    "global[4294967296]", "mem100[0]", "mem[99999999999999999999999]", "memx[1]", "\x1b[2J"):
            done = self.warrant("replay", "--tell", bad, self.trace, status=2)
            self.assertIn("nothing that can be told", done.stderr)
            self.assertNotIn("\x1b", done.stderr)
        self.warrant("replay", "--at", "3", self.trace, status=2)
        self.warrant("replay", "--tell", "global[0]", "--at", "x", self.trace, status=2)
        self.warrant("replay", *["--tell", "global[0]"] * 17, self.trace, status=2)

    def test_nothing_was_executed(self):
        self.warrant("record", "-o", self.trace, "--witness", "off", GUESTS / "limits.wasm", status=None)
        done = self.warrant("replay", "--profile", self.profile, self.trace, status=None)
        self.assertEqual(self.profile.exists(), done.returncode == 0, done.stderr)


if __name__ == "__main__":
    warrant_case.main()
