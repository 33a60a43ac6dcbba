#!/usr/bin/env python3
"""A trace while it is being recorded: few events reach the file while their guest waits, `show --follow` prints them as they come and ends with the
recording, and nobody calls a recording that runs stopped. Nothing here is timed: what does not come ends in a watchdog."""
import contextlib
import fcntl
import json
import os
import signal
import subprocess
import threading
import time

import warrant_case
from warrant_case import GUESTS, SLOW, WARRANT, WITNESS, Case

PATIENCE = 120 * SLOW
# Says hello, and then waits for input twice.
WORDS = ["fd_write", "1", "iov:@hello:5", "--", "fd_read", "0", "iov:new:8", "--", "fd_read", "0", "iov:new:8"]


def children(pid):
    return [int(word) for word in subprocess.run(["pgrep", "-P", str(pid)], capture_output=True, text=True, check=False).stdout.split()]


class Live(Case):
    @contextlib.contextmanager
    def process(self, *words):
        """The command, which a watchdog ends."""
        with subprocess.Popen([WARRANT, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder) as run:
            watchdog = threading.Timer(PATIENCE, run.kill)
            watchdog.start()
            try:
                yield run
            finally:
                watchdog.cancel()
                run.kill()

    @contextlib.contextmanager
    def recording(self, *options):
        """A recording whose guest has said hello and waits for input."""
        with self.process("record", "-q", *WITNESS, "-o", self.trace, *options, GUESTS / "poke.wasm", *WORDS) as run:
            self.assertEqual(run.stdout.read(5), b"hello")
            yield run

    def end(self, run, status):
        run.stdin.close()
        self.assertEqual(run.wait(), status, run.stderr.read())

    def until(self, run, wanted):
        """Reads objects up to the first that is wanted; returns all."""
        items = []
        for line in run.stdout:
            items.append(json.loads(line))
            if wanted(items[-1]):
                return items
        self.fail(f"it ended before: {items} {run.stderr.read()}")

    def test_before_its_beginning(self):
        """Trace and ring are made before anything stands in them: the ring's lock tells a recording that begins from what it left."""
        self.trace.touch()
        with open(f"{self.trace}.ring", "w") as ring:
            fcntl.flock(ring, fcntl.LOCK_EX)
            self.assertIn("is still being recorded", self.warrant("check", self.trace, status=4).stderr)
            with self.process("show", "--follow", self.trace) as follow:
                time.sleep(0.2)
                self.assertIsNone(follow.poll())
                fcntl.flock(ring, fcntl.LOCK_UN)
                self.assertEqual(follow.wait(), 3)
            self.warrant("check", self.trace, status=3)

    def test_follow(self):
        """What the guest did is printed while it waits for what comes next; what is printed in all is what `show` prints afterwards."""
        with self.process("record", "-q", *WITNESS, "-o", self.trace, GUESTS / "poke.wasm", *WORDS) as run:
            while not self.trace.exists():
                self.assertIsNone(run.poll())
                time.sleep(0.001)
            with self.process("show", "--follow", "--json", self.trace) as follow:  # its beginning may not be there yet
                items = self.until(follow, lambda item: item.get("call") == "fd_write" and "hello" in item["args"]["iovs"])
                run.stdin.write(b"abc")
                run.stdin.flush()
                items += self.until(follow, lambda item: item.get("call") == "fd_read")
                self.assertEqual((items[-1]["complete"], items[-1]["results"]), (True, [3]))
                self.end(run, 0)
                items += [json.loads(line) for line in follow.stdout]
                self.assertEqual(follow.wait(), 0)
        done = self.warrant("show", "--json", self.trace)
        self.assertEqual(items, [json.loads(line) for line in done.stdout.splitlines()])
        self.assertEqual(self.check()["failing"], 0)

    def test_choices(self):
        """Filters, counts and ranges choose of what comes, and end the following when nothing more can be wanted."""
        with self.recording() as run:
            with self.process("show", "--follow", "--json", "-e", "fd_read", "-n", "1", self.trace) as follow, \
                    self.process("show", "-f", "--json", "--range", "1..3", self.trace) as ranged:
                self.assertEqual([json.loads(line)["call"] for line in ranged.stdout][:1], ["args_sizes_get"])
                self.assertEqual(ranged.wait(), 0)
                run.stdin.write(b"abc")
                run.stdin.flush()
                self.assertEqual([json.loads(line)["results"] for line in follow.stdout], [[3]])
                self.assertEqual(follow.wait(), 0)
                self.assertIsNone(run.poll())
            self.end(run, 0)
        self.warrant("show", "--follow", "--grants", self.trace, status=2)

    def test_a_signal_ends_it(self):
        with self.recording() as run, self.process("show", "--follow", "--json", self.trace) as follow, \
                self.process("show", "--follow", "-c", self.trace) as summary:
            self.until(follow, lambda item: item.get("call") == "fd_write")
            follow.send_signal(signal.SIGINT)
            self.assertEqual(follow.wait(), 128 + signal.SIGINT)
            while not children(run.pid) or not self.caught(summary.pid, signal.SIGTERM):
                self.assertIsNone(summary.poll())
                time.sleep(0.01)
            summary.send_signal(signal.SIGTERM)
            text = summary.stdout.read().decode()
            self.assertEqual(summary.wait(), 128 + signal.SIGTERM)
            self.assertIn(" total", text)
            self.end(run, 0)

    def caught(self, pid, number):
        """Whether the process has a handler for the signal."""
        with open(f"/proc/{pid}/status", encoding="ascii") as status:
            mask = next(int(line.split()[1], 16) for line in status if line.startswith("SigCgt"))
        return bool(mask >> (number - 1) & 1)

    def test_a_recording_that_runs_is_not_accused(self):
        with self.recording() as run:
            self.warrant("show", "--follow", "-n", "3", self.trace)  # there is something to look at
            for words in (["check", self.trace], ["check", "--json", self.trace], ["report", "-o", self.folder / "page.html", self.trace]):
                done = self.warrant(*words, status=4)
                self.assertEqual(done.stdout, "")
                self.assertIn("still being recorded", done.stderr)
            done = self.warrant("show", self.trace, status=4)
            self.assertIn("fd_write", done.stdout)
            self.assertIn("still being recorded", done.stderr)
            self.assertNotIn("stopped", done.stdout + done.stderr)
            self.assertFalse((self.folder / "page.html").exists())
            self.end(run, 0)
        self.assertEqual(self.check()["failing"], 0)
        self.warrant("show", self.trace)
        self.warrant("show", "--follow", self.trace)  # of what is over it shows all

    def test_sync(self):
        """What is brought to the device is said by the trace, and changes nothing else of it."""
        calls = set()
        for sync in "none", "chunk", "call":
            self.record("poke", "fd_write", "1", "iov:@hello:5", "--", "clock_time_get", 0, 1, "out", options=["--sync", sync])
            said = self.warrant("show", self.trace).stdout
            self.assertEqual(f"# sync {sync}\n" in said, sync != "none", said)
            report = self.check()
            self.assertEqual(report["failing"], 0)
            calls.add(report["hostcalls"])
        self.assertEqual(len(calls), 1)
        self.warrant("record", "--sync", "always", "-o", self.trace, GUESTS / "poke.wasm", status=2)

    def test_a_killed_recording_is_not_waited_for(self):
        with self.recording() as run, self.process("show", "--follow", "--json", self.trace) as follow:
            self.until(follow, lambda item: item.get("call") == "fd_write")
            pids = [run.pid, *children(run.pid)]
            for number in signal.SIGSTOP, signal.SIGKILL:
                for pid in pids:
                    with contextlib.suppress(ProcessLookupError):
                        os.kill(pid, number)
            rest, said = follow.communicate()
            self.assertEqual(follow.returncode, 3)
            self.assertIn("stopped", said.decode())
            self.assertFalse(json.loads(rest.splitlines()[-1])["complete"])


warrant_case.main()
