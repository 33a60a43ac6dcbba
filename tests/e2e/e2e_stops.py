#!/usr/bin/env python3
"""`--timeout` and `--fuel` end any guest, whatever it is at, and what was recorded until then replays.

The claim is 100 ms from the time that was given to the guest's end; the bound here is for machines that do other things as well. The
figures are printed. With an argument, `e2e_stops.py RUNS`, every guest is timed so often and medians are printed."""
import json
import os
import subprocess
import statistics
import sys
import time

import warrant_case
from warrant_case import GUESTS, SLOW, WARRANT, WITNESS, Case

WORK = {"l": "an empty loop", "f": "memory.fill of 4 GiB", "c": "memory.copy of 2 GiB", "t": "table.fill and table.copy of 10 M", "r": "recursion",
        "b": "a br_table loop", "j": "tail calls", "y": "hostcalls", "s": "a sleep", "i": "a read of an empty pipe"}
TIMEOUT = 0.4
BOUND = 2.0


def timed(letter):
    """Seconds beyond the timeout that a guest's command took, its start and end included."""
    reading, writing = os.pipe()
    started = time.monotonic()
    done = subprocess.run([WARRANT, "run", "--timeout", f"{int(TIMEOUT * 1000)}ms", GUESTS / "stops.wasm", letter], stdin=reading,
                          capture_output=True, timeout=120 * SLOW)
    late = time.monotonic() - started - TIMEOUT
    os.close(reading)
    os.close(writing)
    return late, done


class Stops(Case):
    def test_timeout_ends_anything(self):
        for letter, what in WORK.items():
            late, done = timed(letter)
            print(f"{what}: {late * 1000:.0f} ms behind the timeout")
            self.assertEqual(done.returncode, 126, done.stderr)
            self.assertIn(b"interrupted", done.stderr)  # the guest ended itself; the launcher did not have to kill it
            self.assertLess(late, BOUND * SLOW, what)

    def stopped(self, letter, *options):
        return self.warrant("record", *WITNESS, "-o", self.trace, *options, GUESTS / "stops.wasm", letter, status=126)

    def replay(self, *options):
        return json.loads(self.warrant("replay", "--json", "--memory", "8GiB", *options, self.trace).stdout)  # the guest has 4

    def test_a_timeout_is_recorded_and_replays_to_its_last_event(self):
        for letter in "fys":
            for options in ([], ["--digest-every", 1]):
                self.stopped(letter, "--timeout", "100ms", *options)
                items = self.show()
                self.assertEqual((items[-1]["exit"], items[-1]["trap"]), ("trapped", "INTERRUPTED"))
                report = self.replay()
                calls = sum("call" in item for item in items)
                self.assertEqual((report["verdict"], report["hostcalls"], report["stop"]), ("prefix", calls, "the guest was stopped from outside"))
                # Where the time was over inside the last call, no state is taken any more.
                self.assertIn(report["states"], (calls - 1, calls) if options else (0,))
                self.assertFalse(any(item.get("at_end") for item in items))

    def test_a_timeout_ends_the_taking_of_a_state(self):
        """Hashing a memory of 4 GiB takes longer than the time that is left."""
        started = time.monotonic()
        done = self.warrant("record", *WITNESS, "-o", self.trace, "--timeout", "400ms", "--digest-every", 1, GUESTS / "stops.wasm", "w",
                            status=126)
        self.assertIn("interrupted", done.stderr)
        self.assertLess(time.monotonic() - started - 0.4, BOUND * SLOW)
        self.assertEqual(self.replay()["verdict"], "prefix")

    def test_fuel_ends_at_one_instruction(self):
        """In the middle of bulk instructions, too: the state that is left is the same again."""
        for letter in "ftcrbj":
            # Recursion and loops spend it instruction by instruction, bulk instructions piece by piece.
            fuel = 3000 if letter in "ftc" else 1000000
            digests = letter != "c"  # those of a memory of 4 GiB take their time
            self.stopped(letter, "--fuel", fuel, *(["--digest-every", 100] if digests else []))
            report = self.replay(*(["--digest"] if digests else []))
            self.assertEqual((report["verdict"], report["states"]), ("identical", int(digests)))
            self.assertEqual(report["instructions"], report["recorded_instructions"])
            self.assertIn(report["instructions"], range(fuel, fuel + 30))
            if digests:
                self.assertEqual(report["digest"], self.show()[-2]["state"])


def measure(runs):
    """Interleaved, so that what else the machine does meets all of them."""
    late = {letter: [] for letter in WORK}
    for _ in range(runs):
        for letter in WORK:
            seconds, done = timed(letter)
            if done.returncode != 126:
                sys.exit(f"{WORK[letter]} was not stopped: exit status {done.returncode}\n{done.stderr.decode()}")
            late[letter].append(seconds * 1000)
    for letter, what in WORK.items():
        print(f"{what:36} median {statistics.median(late[letter]):6.1f} ms, most {max(late[letter]):6.1f} ms")


if len(sys.argv) > 1:
    measure(int(sys.argv[1]))
else:
    warrant_case.main()
