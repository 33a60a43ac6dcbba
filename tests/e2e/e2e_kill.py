#!/usr/bin/env python3
"""kill -9 at 20 moments: the trace stays a valid prefix, replays to its end, and nothing is found but the stop."""
import contextlib
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
from warrant_case import GUESTS, SLOW, WARRANT, WITNESS, Case, chunks

ROUNDS = 20000 if SLOW == 1 else 3000
MOMENTS = 20 if SLOW == 1 else 4
EVENTS = 3
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
    def command(self):
        return [WARRANT, "record", "-q", *WITNESS, "-o", self.trace, "--dir", f"{self.data}::/data",
                GUESTS / "steps.wasm", str(ROUNDS)]

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


warrant_case.main()
