#!/usr/bin/env python3
"""kill -9 at 20 moments: the trace stays a valid prefix, replays to its end, and nothing is found but the stop."""
import json
import os
import random
import signal
import subprocess
import time

import warrant_case
from warrant_case import GUESTS, SLOW, WARRANT, Case, witness_works

ROUNDS = 6000 if SLOW == 1 else 1500
MOMENTS = 20 if SLOW == 1 else 4


def children(pid):
    """{name: pid} of the launcher's children."""
    found = {}
    for entry in os.listdir("/proc"):
        if not entry.isdigit():
            continue
        try:
            stat = open(f"/proc/{entry}/stat").read()
        except OSError:
            continue
        name, rest = stat[stat.index("(") + 1 : stat.rindex(")")], stat[stat.rindex(")") + 2 :].split()
        if int(rest[1]) == pid:
            found[name] = int(entry)
    return found


class Kill(Case):
    def command(self):
        witness = "on" if witness_works() else "off"
        return [WARRANT, "record", "-q", "--witness", witness, "-o", self.trace, "--dir", f"{self.data}::/data",
                GUESTS / "steps.wasm", str(ROUNDS)]

    def span(self):
        """Seconds from the start of the guest's process to its 1,000th and to its last hostcall, in an unkilled run."""
        started = time.monotonic()
        subprocess.run(self.command(), check=True, capture_output=True, timeout=600)
        took = time.monotonic() - started
        calls = [item for item in self.show() if "call" in item]
        self.assertGreater(len(calls), 2000)
        ticks = [item["ticks"] for item in calls]
        return took, ticks[1000] / ticks[-1], len(calls)

    def killed(self, victim, delay):
        """Starts a recording, waits until the guest has begun, kills after `delay` seconds. Returns the exit status."""
        process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        guest = None
        while guest is None and process.poll() is None:
            guest = children(process.pid).get("warrant-guest")
        time.sleep(delay)
        pid = children(process.pid).get(victim[:15])
        if pid is not None:
            os.kill(pid, signal.SIGKILL)
        process.communicate(timeout=120 * SLOW)
        return pid is not None, process.returncode

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
        took, first, calls = self.span()
        chance = random.Random(20261123)
        early = 0
        for moment in range(MOMENTS):
            delay = took * 0.9 * (first + chance.random() * (1 - first))
            with self.subTest(victim=victim, moment=moment, delay=round(delay, 4)):
                hit, status = self.killed(victim, delay)
                report = self.prefix_holds()
                if report["hostcalls"] < calls:
                    early += 1
                    self.assertNotEqual(status, 0)
        # The moments are meant to hit runs that are under way.
        self.assertGreaterEqual(early, MOMENTS // 2)

    def test_guest(self):
        self.sweep("warrant-guest")

    def test_recorder(self):
        self.sweep("warrant-recorder")

    def test_all_at_once(self):
        """Launcher, recorder and guest killed together: the ring beside the trace is what is left, and it is enough."""
        took, first, calls = self.span()
        process = subprocess.Popen(self.command(), stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(took * (first + 0.4 * (1 - first)))
        pids = [pid for name, pid in children(process.pid).items() if name != "warrant-witness"]
        for pid in [process.pid, *pids]:
            os.kill(pid, signal.SIGKILL)
        process.wait()
        ring = self.trace.with_name("run.wtrace.ring")
        self.assertTrue(ring.exists())
        self.warrant("recover", self.trace)
        self.assertFalse(ring.exists())
        self.assertLess(self.prefix_holds()["hostcalls"], calls)
        self.warrant("recover", self.trace, status=3)


warrant_case.main()
