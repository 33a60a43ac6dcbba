#!/usr/bin/env python3
"""kill -9 at 20 moments, and at any instant: the trace stays a valid prefix, replays to its end, and nothing is found but the stop.

WARRANT_KILLS: how many instants (1,000 were run for the claim in docs/threat-model.md); WARRANT_KILLS_SEED: other ones.
"""
import contextlib
import fcntl
import json
import mmap
import os
import pathlib
import random
import signal
import struct
import subprocess
import time

import warrant_case
from warrant_case import GUESTS, SLOW, WARRANT, WITNESS, Case, chunks, witness_works

ROUNDS = 20000 if SLOW == 1 else 3000
MOMENTS = 20 if SLOW == 1 else 4
EVENTS = 3
KILLS = int(os.environ.get("WARRANT_KILLS", "10" if SLOW == 1 else "5"))
SEED = int(os.environ.get("WARRANT_KILLS_SEED", "1"))
HEAD = 64  # docs/trace-format.md, Ring: bytes that the guest's process has written


def children(pid):
    """{name: pid} of a process's children."""
    found = {}
    for entry in pathlib.Path("/proc").iterdir():
        try:
            stat = (entry / "stat").read_text() if entry.name.isdigit() else ""
        except OSError:
            continue
        if stat:
            name, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
            if int(rest[1]) == pid:
                found[name] = int(entry.name)
    return found


class Kill(Case):
    def command(self, rounds=ROUNDS):
        return [WARRANT, "record", "-q", *WITNESS, "-o", self.trace, "--dir", f"{self.data}::/data",
                GUESTS / "steps.wasm", str(rounds)]

    def unkilled(self):
        """An unkilled run: how many hostcalls it makes, and how many bytes of events up to the 1,000th and in all."""
        subprocess.run(self.command(), check=True, capture_output=True, timeout=600)
        calls = self.check("--no-replay")["hostcalls"]
        self.assertGreater(calls, 2000)
        end = max(chunk["stream"] + chunk["raw"] for chunk in chunks(self.trace.read_bytes()) if chunk["kind"] == EVENTS)
        return calls, end * 1000 // calls, end

    def killed(self, victims, position):
        """Starts a recording and kills when the guest has written `position` bytes of events. Returns the exit status."""
        ring = self.trace.with_name("run.wtrace.ring")
        ring.unlink(missing_ok=True)
        process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        names = {victim[:15] for victim in victims if victim != "warrant"}
        while process.poll() is None and not (ring.exists() and ring.stat().st_size > HEAD):
            pass
        with open(ring, "rb") as file, mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ) as header:
            found = {}
            while process.poll() is None and struct.unpack_from("<Q", header, HEAD)[0] < position:
                if not names <= found.keys():
                    found = children(process.pid)
            pids = [process.pid if victim == "warrant" else found.get(victim[:15]) for victim in victims]
            # Stopped before they are killed: none of them sees the others' end and acts on it.
            for number in [signal.SIGSTOP, signal.SIGKILL] if len(pids) > 1 else [signal.SIGKILL]:
                for pid in pids:
                    with contextlib.suppress(ProcessLookupError):  # it may have ended just now
                        if pid is not None:
                            os.kill(pid, number)
        process.wait(timeout=120 * SLOW)
        return process.returncode

    def prefix_holds(self):
        report = self.check()
        self.assertEqual(report["failing"], 0, json.dumps(report["findings"][:3]))
        self.assertEqual([f for f in report["findings"] if f["severity"] != "notice"], [])
        replay = report["replay"]
        self.assertTrue(replay["identical"], replay)
        complete = report["hostcalls"] - (1 if report["ends_inside_call"] else 0)
        self.assertEqual(replay["calls"], complete)
        return report

    def sweep(self, victim):
        calls, first, last = self.unkilled()
        chance = random.Random(20261123)
        early = 0
        for moment in range(MOMENTS):
            position = chance.randrange(first, last)
            with self.subTest(victim=victim, moment=moment, position=position):
                status = self.killed([victim], position)
                report = self.prefix_holds()
                self.assertGreater(report["hostcalls"], 500)
                if report["hostcalls"] < calls:
                    early += 1
                    self.assertNotEqual(status, 0)
        # The moments are meant to hit runs that are under way; the last few may come too late.
        self.assertGreaterEqual(early, MOMENTS * 3 // 4)

    def test_guest(self):
        self.sweep("warrant-guest")

    def test_recorder(self):
        self.sweep("warrant-recorder")

    def test_all_at_once(self):
        """Launcher, recorder and guest killed together: the ring beside the trace is what is left, and it is enough."""
        calls, first, last = self.unkilled()
        self.killed(["warrant", "warrant-recorder", "warrant-guest"], (first + last) // 2)
        ring = self.trace.with_name("run.wtrace.ring")
        self.assertTrue(ring.exists())
        time.sleep(0.2)  # the processes are on their way out
        self.warrant("recover", self.trace)
        self.assertFalse(ring.exists())
        report = self.prefix_holds()
        self.assertIn(report["hostcalls"], range(500, calls))
        self.warrant("recover", self.trace, status=3)

    # ---- any instant ----

    def settled(self, ring):
        """Waits until nobody writes any more: the ring is gone, or nobody has its lock. Returns whether it was left."""
        for _ in range(int(6000 * SLOW)):
            try:
                with open(ring, "rb") as file:
                    fcntl.flock(file, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    return ring.exists()
            except FileNotFoundError:
                return False
            except BlockingIOError:
                time.sleep(0.01)
        self.fail("the recording does not end")

    def strike(self, victims, position, pause):
        """Starts a recording, waits until its guest has written `position` bytes and for a while, and kills. Returns the ring's head at the end,
        None where there was no ring yet, and which processes were there."""
        ring = self.trace.with_name("run.wtrace.ring")
        for path in self.trace, self.witness, ring:
            path.unlink(missing_ok=True)
        with subprocess.Popen(self.command(1000), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) as process:
            header = None
            while process.poll() is None and position and not header:
                with contextlib.suppress(OSError, ValueError):
                    with open(ring, "rb") as file:
                        header = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)
            while process.poll() is None and header and struct.unpack_from("<Q", header, HEAD)[0] < position:
                pass
            time.sleep(pause)
            if not header:
                with contextlib.suppress(OSError, ValueError):
                    with open(ring, "rb") as file:
                        header = mmap.mmap(file.fileno(), 4096, prot=mmap.PROT_READ)
            found = {**children(process.pid), "warrant": process.pid}
            pids = [found[victim[:15]] for victim in victims if victim[:15] in found]
            for number in [signal.SIGSTOP, signal.SIGKILL] if len(pids) > 1 else [signal.SIGKILL]:
                for pid in pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, number)
            process.wait(timeout=120 * SLOW)
        left = self.settled(ring)
        return struct.unpack_from("<Q", header, HEAD)[0] if header else None, left

    def nothing_is_lost(self, head, left):
        """The trace, with what a ring still holds, has all that was in the ring at the end; recovering it changes nothing of what is said."""
        if not self.trace.exists() or self.trace.stat().st_size == 0:
            self.assertIn(head, (0, None))  # no guest had begun
            return "nothing"
        before = None
        if left:
            before = self.looked_at()
            if before is None:
                self.assertEqual(head, 0)
                return "nothing"
            self.warrant("recover", self.trace)
        after = self.looked_at()
        if after is None:
            self.assertIn(head, (0, None))
            return "nothing"
        if before:
            self.assertEqual({**before, "elapsed_ns": 0, "replay_ns": 0}, {**after, "elapsed_ns": 0, "replay_ns": 0})
        stream = sum(chunk["raw"] for chunk in chunks(self.trace.read_bytes()) if chunk["kind"] == EVENTS)
        if head is not None:
            self.assertEqual(stream, head)
        return "left" if left else "whole"

    def looked_at(self):
        """The check's report: without a finding but that the witness was killed. None: the trace has no beginning yet."""
        done = self.warrant("check", "--json", self.trace, status=None)
        if not done.stdout:
            self.assertEqual(done.returncode, 3, done.stderr)
            return None
        report = json.loads(done.stdout)
        self.assertEqual({f["rule"] for f in report["findings"] if f["severity"] != "notice"} - {"witness.stop"}, set(), report["findings"])
        replay = report["replay"]
        self.assertTrue(replay["identical"], replay)
        self.assertEqual(replay["calls"], report["hostcalls"] - (1 if report["ends_inside_call"] else 0))
        return report

    def test_any_instant(self):
        """Each process alone, and all at once, at random instants from the start to the end."""
        if warrant_case.WALKER:
            self.skipTest("no walker has a part in it")
        parts = ["warrant", "warrant-recorder", "warrant-guest", "warrant-witness"]
        victims = [[part] for part in parts if part != "warrant-witness" or witness_works()] + [parts]
        chance = random.Random(SEED)
        subprocess.run(self.command(1000), check=True, capture_output=True, timeout=600)
        end = sum(chunk["raw"] for chunk in chunks(self.trace.read_bytes()) if chunk["kind"] == EVENTS)
        came = {}
        for number in range(KILLS):
            who = victims[number % len(victims)]
            # A third of them while the processes start, and some behind the end.
            position, pause = (0, chance.uniform(0, 0.1)) if chance.random() < 0.33 else (chance.randrange(1, end * 11 // 10), chance.uniform(0, 0.001))
            with self.subTest(victims=who, number=number, position=position, pause=pause):
                head, left = self.strike(who, position, pause)
                how = self.nothing_is_lost(head, left)
                came[how] = came.get(how, 0) + 1
        print(f"{KILLS} instants, seed {SEED}: {came}")
        self.assertGreater(came.get("left", 0) + came.get("whole", 0), KILLS // 3)


warrant_case.main()
