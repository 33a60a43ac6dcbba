#!/usr/bin/env python3
"""Rows POLL-*, CLK-*, RND-* and ARG-*: what is waited for, clocks, random bytes, and what a guest is told of who started it."""
import os
import signal
import struct
import subprocess
import time

import kit
import rows
from kit import GUESTS
from rows import ALL, DIRECTORY, READ, WRITE, Rows, row, witness_works
from subscriptions import EVENT, LAST, MONOTONIC, REALTIME, clock, descriptor, events, poll


class Waits(Rows):
    @row("POLL-01")
    def test_nothing(self):
        self.assertEqual(self.errnos(poll(count=0), "poll_oneoff 0 0 0 out:4", "unstable.poll_oneoff 0 0 0 out:4"), ["INVAL"] * 3)

    @row("POLL-02", "WAMR-1F98FB01D", "GHSA-852m-cvvp-9p4w")
    def test_too_many(self):
        """Beyond the limit INVAL; an array of which one element has room and the others not ends the guest."""
        self.assertEqual(set(self.errnos(*[f"{module}poll_oneoff 0 0 {count} out:4" for module in ("", "unstable.")
                                           for count in (1025, 10000, 2 ** 26, 2 ** 27, 2 ** 32 - 1, 89478486)])), {"INVAL"})
        for pointers in ("end-48 1024 2", f"1024 end-{EVENT} 2"):  # others: attacks_memory
            self.trapped(f"poll_oneoff {pointers} out:4")
        self.trapped("unstable.poll_oneoff end-56 1024 2 out:4")

    @row("POLL-03")
    def test_arrays_that_overlap(self):
        """The subscriptions were copied before the first event is written."""
        three = b"".join(clock(number, 1000) for number in (1, 2, 3))
        opening = f"path_open 3 0 @file 8 {WRITE} 0 0 =f"
        for shift in (0, 8, 16, 24):
            with self.subTest(shift=shift):
                self.assertEqual(self.errnos(opening, f"poll_oneoff mem=p:{three.hex()} $p+{shift} 3 out:4", f"fd_write $f iov:$p+{shift}:{3 * EVENT} out:4", left_open=1),
                                 ["SUCCESS"] * 3)
                told = (self.data / "file").read_bytes()
                self.assertEqual([struct.unpack_from("<QHB", told, at) for at in range(0, 3 * EVENT, EVENT)], [(1, 0, 0), (2, 0, 0), (3, 0, 0)])

    @row("POLL-04", "POLL-06", "WAVE-06")
    def test_times_and_descriptors(self):
        now = time.monotonic()
        answers = self.calls(
            poll(clock(1, 0)), poll(clock(1, 1)), poll(clock(1, 0, flags=1)), poll(clock(1, 0, REALTIME, flags=1)), poll(clock(1, 5, REALTIME, precision=LAST)),
            poll(clock(1, LAST), clock(2, 1)), poll(clock(1, 2 ** 63), clock(2, 1)), poll(clock(1, LAST, flags=1), clock(2, 1, flags=1)),
            poll(clock(1, 1, 2)), poll(clock(1, 1, 3)), poll(clock(1, 1, 99)), poll(clock(1, 1, flags=2)), poll(struct.pack("<QB39x", 1, 3)), poll(struct.pack("<QB39x", 1, 255)),
            poll(descriptor(1, 99), clock(2, LAST)), poll(descriptor(1, 2 ** 32 - 1)), poll(descriptor(1, 3)), poll(*[descriptor(number, 1, 2) for number in range(1000)]),
            poll(descriptor(1, 0), clock(2, 1)), poll(descriptor(1, 0), descriptor(2, 0), clock(3, 1000000)),
            f"path_open 3 0 @file 0 {ALL} 0 0 =f", "fd_close $f")
        self.assertEqual({answer.errno for answer in answers}, {"SUCCESS"})
        told = [events(answer) for answer in answers[:-2]]
        for one in told[:5]:
            self.assertEqual(one, [(1, "SUCCESS", 0)])
        for one in told[5:8]:
            self.assertEqual(one, [(2, "SUCCESS", 0)])
        for one in told[8:14]:
            self.assertEqual(len(one), 1)
            self.assertIn(one[0][1], ("INVAL", "NOTSUP"))
        self.assertEqual((told[14], told[15]), ([(1, "BADF", 1)], [(1, "BADF", 1)]))
        self.assertEqual(len(told[16]), 1)
        self.assertIn(told[16][0][1], ("SUCCESS", "NOTCAPABLE", "INVAL", "BADF", "NOTSUP", "ISDIR"))
        self.assertEqual({one[1:] for one in told[17]}, {("SUCCESS", 2)})
        # Standard input is silent: the clock ends the wait, of two descriptors as of one, and nobody spins.
        self.assertEqual((told[18], told[19]), ([(2, "SUCCESS", 0)], [(3, "SUCCESS", 0)]))
        self.assertLess(time.monotonic() - now, 30 * kit.SLOW)

    @row("WAVE-07")
    def test_how_much_there_is_to_read(self):
        """Nobody asks the system by ioctl, which would write where the guest's process did not say."""
        (self.data / "file").write_bytes(b"x" * 100)
        answers = self.calls(f"path_open 3 0 @file 0 {ALL} 0 0 =f", f"poll_oneoff mem:{descriptor(1, 4).hex()} out:32 1 out:4", poll(descriptor(1, 5)), poll(descriptor(1, 1, 2)),
                             left_open=1)
        self.assertEqual({answer.errno for answer in answers}, {"SUCCESS"})
        if witness_works():
            self.warrant("check", "--db", self.folder / "audit.db", self.trace)
            told = self.parse(self.warrant("query", "--json", self.folder / "audit.db", "SELECT DISTINCT name FROM syscalls").stdout)
            self.assertNotIn("ioctl", {line["name"] for line in told})
            self.assertTrue(told)

    @row("POLL-05", "RES-03")
    def test_waiting_for_ever(self):
        """A limit of time and a signal both end it."""
        started = time.monotonic()
        self.calls(poll(clock(1, LAST)), ends=126, options=["--timeout", "300ms"])
        self.assertLess(time.monotonic() - started, 5 * kit.SLOW)
        with self.started("run", "-q", self.script, ends=128 + signal.SIGTERM) as run:
            run.stdin.write(b"sched_yield\n" + poll(clock(1, LAST)).encode() + b"\n")
            run.stdin.flush()
            self.assertEqual(run.stdout.readline(), b"0\n")
            started = time.monotonic()
            run.send_signal(signal.SIGTERM)
            run.wait(timeout=20 * kit.SLOW)
            self.assertLess(time.monotonic() - started, 3 * kit.SLOW)

    @row("POLL-07", "GHSA-j366-h8gg-77pm")
    def test_sleeping_for_no_time(self):
        """As often as it likes, but no longer than its time: through both modules' functions."""
        for unstable in (False, True):
            subscription = clock(1, 0) if not unstable else struct.pack("<QB7xQI4xQQH6x", 1, 0, 0, MONOTONIC, 0, 0, 0)
            text = poll(subscription, unstable=unstable)
            self.assertEqual(self.errnos(f"*1000 {text}"), ["SUCCESS"])
            started = time.monotonic()
            self.calls(f"*1000000000 {text}", ends=126, options=["--timeout", "300ms"])
            self.assertLess(time.monotonic() - started, 10 * kit.SLOW)

    @row("GHSA-j366-h8gg-77pm")
    def test_both_modules_have_the_same_gates(self):
        """What is refused of wasi_snapshot_preview1 is refused of wasi_unstable, with the same answer."""
        lines = [f"path_open 3 1 @../outside/secret 0 {READ} 0 0 =f", "path_unlink_file 3 @../outside/secret", "path_filestat_get 3 0 @%00 out:64",
                 "fd_read 0 1024 1025 out:4", "path_create_directory 4 @new", f"path_open 4 0 @file 8 {READ} 0 0 =f", "fd_readdir 99 buf:24 0 out:4",
                 "fd_prestat_dir_name 3 buf:1", "poll_oneoff 0 0 1025 out:4"]
        answers = self.errnos(*lines, *["unstable." + line for line in lines])
        self.assertEqual(answers[:len(lines)], answers[len(lines):])
        self.assertNotIn("SUCCESS", answers)

    @row("CLK-01")
    def test_clocks(self):
        answers = self.calls(*[f"{call} {number} {more}out:8" for call, more in (("clock_time_get", "0 "), ("clock_res_get", "")) for number in (2, 3, 4, 255, 2 ** 32 - 1)])
        self.assertEqual({answer.errno for answer in answers}, {"INVAL"})
        self.assertEqual({answer.shown[0] for answer in answers}, {b"\xa5" * 8})

    @row("CLK-02")
    def test_time_goes_forward(self):
        """The resolution is the system's own; docs/threat-model.md leaves the channel open and says so."""
        answers = self.calls("clock_res_get 1 out:8", "clock_res_get 0 out:8", *["clock_time_get 1 0 out:8"] * 500, f"clock_time_get 1 {LAST} out:8", "clock_time_get 0 0 out:8")
        self.assertEqual({answer.errno for answer in answers}, {"SUCCESS"})
        times = [answer.number(size=8) for answer in answers[2:-1]]
        self.assertEqual(times, sorted(times))
        self.assertGreater(answers[0].number(size=8), 0)
        self.assertLess(abs(answers[-1].number(size=8) / 1e9 - time.time()), 60 * kit.SLOW)

    @row("RND-01")
    def test_random(self):
        answers = self.calls("random_get buf:0", "random_get buf:1", "random_get buf:256", "random_get buf:256", "random_get big:1048576", "random_get big:67108865",
                             "random_get end-0 0")
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS"] * 5 + ["INVAL", "SUCCESS"])
        self.assertNotEqual(answers[2].shown, answers[3].shown)
        self.assertGreater(len(set(answers[2].shown[0])), 100)
        for words in ("0 0xffffffff", "end-8 9", "0xffffffff 1"):
            self.trapped(f"random_get {words}")

    @row("ARG-01")
    def test_the_environment_is_nobodys(self):
        os.environ["WARRANT_SECRET"] = "secret"
        self.addCleanup(os.environ.pop, "WARRANT_SECRET")
        answers = self.calls("environ_sizes_get out:4 out:4", "environ_get 1024 1024", "args_sizes_get out:4 out:4")
        self.assertEqual([answer.number(index) for answer, index in ((answers[0], 0), (answers[0], 1), (answers[2], 0))], [0, 0, 1])
        answers = self.calls("environ_sizes_get out:4 out:4", "environ_get out:8 out:8", options=["--env", "A=1", "--env", "B="])
        self.assertEqual((answers[0].number(0), answers[0].number(1)), (2, 7))
        self.assertEqual(answers[1].shown[1], b"A=1\0B=\0\xa5")

    @row("ARG-01")
    def test_too_many_arguments(self):
        many = ["x"] * 70000
        self.assertIn("more than 65536 arguments are given", self.warrant("run", self.script, *many, status=125).stderr)
        self.assertIn("at most 1048576 can be given", self.warrant("run", self.script, *["y" * 100000] * 11, status=125).stderr)
        self.warrant("run", "-q", self.script, *["x"] * 60000)

    @row("PATH-19", "POLL-04", "CVE-2023-51661")
    def test_without_any_grant(self):
        """Nothing is granted by itself: no directory, no environment, no current folder."""
        answers = self.calls("fd_prestat_get 3 out:8", f"path_open 3 0 @. {DIRECTORY} {READ} 0 0 =d", "path_filestat_get 3 0 @. out:64", "path_open 4 0 @x 1 66 0 0 =f",
                             "path_readlink 3 @x buf:9 out:4", grants=[])
        self.assertEqual({answer.errno for answer in answers}, {"BADF"})
        self.assertTrue(GUESTS)


rows.main()
