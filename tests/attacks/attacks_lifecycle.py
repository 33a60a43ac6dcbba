#!/usr/bin/env python3
"""Signals do what people expect: the guest ends, the trace is closed with that reason, no ring stays, the status is 128+N; a second ^C
kills; a stopped job goes on; a killed launcher leaves a trace that checks; a blocked guest is ended by the time limit."""
import os
import pathlib
import pty
import signal
import subprocess
import time

import kit
from kit import SLOW, WARRANT, Attack, needs_root, needs_witness, row

CALLS = """
(module (import "wasi_snapshot_preview1" "clock_time_get" (func $c (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (loop $l (drop (call $c (i32.const 1) (i64.const 1) (i32.const 0))) (br $l))))
"""
SPIN = '(module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))'
READ = """
(module (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 0) (i32.const 64)) (i32.store (i32.const 4) (i32.const 16))
    (drop (call $read (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 32))) (loop $l (br $l))))
"""
SLEEP = """
(module (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 3600000000000))
    (drop (call $poll (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 200))) (loop $l (br $l))))
"""
# Deaf to everything: its process has to be killed.
DEAF = """
#include <signal.h>
static struct guest *evil_guest;
static void evil_start(struct guest *g, struct wasi_backend *b) { for (;;) { } }
static void evil_end(struct guest *g, enum status s, struct wasi_ending *e) {}
static void evil_last(struct guest *g) {}
"""


class Lifecycle(Attack):
    def begin(self, module, *options, command=WARRANT, group=False):
        """A recording that runs; its input never comes."""
        process = subprocess.Popen([command, "record", "--witness", "off", *options, "-o", self.trace, module], stdin=subprocess.PIPE,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, process_group=0 if group else None)
        self.addCleanup(process.kill)
        self.addCleanup(process.stdin.close)
        for _ in range(1000):
            if self.trace.exists() and self.trace.stat().st_size > 0:
                break
            time.sleep(0.01)
        time.sleep(0.3)
        return process

    def ended(self, process, number):
        said = process.stderr.read()
        process.stdout.close()
        process.stderr.close()
        return self.ended_as(said, process.wait(60 * SLOW), number)

    def ended_as(self, said, status, number):
        self.assertEqual(status, 128 + number, said)
        self.assertIn(f"signal {number}", said)
        self.assertFalse(os.path.exists(f"{self.trace}.ring"))
        status, report = self.verdict("--no-replay")
        self.assertEqual(status, 0, report)
        self.assertTrue(report["cause"].startswith(f"a signal to the launcher ({number})"), report["cause"])
        return report

    def test_each_signal(self):
        for number in signal.SIGINT, signal.SIGTERM, signal.SIGHUP, signal.SIGQUIT:
            for guest in CALLS, SPIN, READ, SLEEP:
                process = self.begin(self.wat(guest))
                process.send_signal(number)
                self.ended(process, number)
                self.trace.unlink()

    def test_all_processes_at_once(self):
        """As systemd stops a service, and a terminal a job."""
        for number in signal.SIGTERM, signal.SIGINT:
            process = self.begin(self.wat(CALLS), group=True)
            os.killpg(process.pid, number)
            self.ended(process, number)
            self.trace.unlink()

    @needs_witness
    def test_killed_witness_accuses_nobody(self):
        """Its file has no end, and shows no line of defence: that is a finding, and no contradiction."""
        process = self.begin(self.wat(CALLS), "--witness", "on")
        with open(f"/proc/{process.pid}/task/{process.pid}/children") as children:
            pids = [int(pid) for pid in children.read().split()]
        witness = [pid for pid in pids if "witness" in pathlib.Path(f"/proc/{pid}/comm").read_text()]
        self.assertEqual(len(witness), 1, pids)
        os.kill(witness[0], signal.SIGKILL)
        process.wait(60 * SLOW)
        process.stdout.close()
        process.stderr.close()
        report = self.caught("witness.stop", options=["--no-replay"])
        self.assertNotIn("confine.contradicted", {f["rule"] for f in report["findings"]})

    def test_timeout_command(self):
        done = subprocess.run(["timeout", "-s", "TERM", "1", WARRANT, "record", "--witness", "off", "-o", self.trace, self.wat(CALLS)],
                              capture_output=True, text=True, timeout=60)
        self.assertEqual(done.returncode, 124)
        self.assertIn("signal 15", done.stderr)
        self.assertFalse(os.path.exists(f"{self.trace}.ring"))
        self.assertEqual(self.verdict("--no-replay")[0], 0)

    @needs_root
    def test_first_process_of_a_container(self):
        """`docker stop`: to process 1 of a namespace the system delivers only what it takes by itself."""
        namespace = subprocess.Popen(["unshare", "-p", "-f", "--kill-child", WARRANT, "record", "--witness", "off", "-o", self.trace,
                                      self.wat(CALLS)], stderr=subprocess.PIPE, text=True)
        self.addCleanup(namespace.kill)
        time.sleep(1)
        with open(f"/proc/{namespace.pid}/task/{namespace.pid}/children") as children:
            os.kill(int(children.read().split()[0]), signal.SIGTERM)
        self.ended_as(namespace.communicate(timeout=60)[1], namespace.returncode, signal.SIGTERM)

    def test_terminal(self):
        module = self.wat(SPIN)
        child, terminal = pty.fork()
        if child == 0:
            signal.signal(signal.SIGINT, signal.SIG_DFL)
            os.execv(WARRANT, [WARRANT, "run", module])
        time.sleep(0.6)
        os.write(terminal, b"\x03")
        _, status = os.waitpid(child, 0)
        os.close(terminal)
        self.assertEqual(os.waitstatus_to_exitcode(status), 128 + signal.SIGINT)

    def test_deaf_guest(self):
        process = self.begin(self.wat(SPIN), command=self.evil(DEAF))
        began = time.monotonic()
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 128 + signal.SIGTERM)
        self.assertLess(time.monotonic() - began, 5 * SLOW)
        _, report = self.verdict("--no-replay")
        self.assertEqual(report["cause"], "a signal to the launcher (15), killed by signal 9")
        process.stdout.close()
        process.stderr.close()

    def test_two_signals(self):
        process = self.begin(self.wat(SPIN), command=self.evil(DEAF))
        process.send_signal(signal.SIGINT)
        process.send_signal(signal.SIGTERM)
        self.assertEqual(process.wait(60), 128 + signal.SIGINT)
        process.stdout.close()
        process.stderr.close()

    def test_at_any_time(self):
        """Wherever a signal meets a start: 128+N, and a trace that checks or none at all, and never a ring."""
        module = self.wat(CALLS)
        for delay in range(0, 60, 4):
            process = subprocess.Popen([WARRANT, "record", "-o", self.trace, module], stderr=subprocess.PIPE, text=True, process_group=0)
            time.sleep(0.02 + delay / 1000)
            os.killpg(process.pid, signal.SIGTERM)
            _, said = process.communicate(timeout=60)
            # Before warrant has taken its signals over, the system's own way holds.
            self.assertIn(process.returncode, (128 + signal.SIGTERM, -signal.SIGTERM), said)
            self.assertEqual([name for name in os.listdir(self.folder) if name.endswith((".ring", ".tmp"))], [])
            if self.trace.exists():
                self.assertEqual(self.verdict("--no-replay")[0], 0)
                self.trace.unlink()

    def test_while_the_recorder_is_waited_for(self):
        """A signal that the launcher takes while it waits for a child ends the guest all the same: with a trace, or before there is one."""
        process = subprocess.Popen([WARRANT, "record", "--witness", "off", "-o", self.trace, self.wat(CALLS)], stderr=subprocess.PIPE, text=True)
        self.addCleanup(process.kill)
        recorder = None
        while recorder is None and process.poll() is None:
            held = pathlib.Path(f"/proc/{process.pid}/task/{process.pid}/children").read_text().split()
            recorder = int(held[1]) if len(held) > 1 else None
        os.kill(recorder, signal.SIGSTOP)
        time.sleep(0.5 * SLOW)
        process.send_signal(signal.SIGTERM)
        time.sleep(0.2)
        os.kill(recorder, signal.SIGCONT)
        _, said = process.communicate(timeout=30 * SLOW)
        self.assertEqual(process.returncode, 128 + signal.SIGTERM, said)
        if self.trace.exists():
            self.ended_as(said, process.returncode, signal.SIGTERM)

    def test_ignored_stays_ignored(self):
        """nohup: what was ignored at the start does not end the run."""
        process = subprocess.Popen([WARRANT, "run", "--timeout", "1500ms", self.wat(SPIN)], stderr=subprocess.PIPE, text=True,
                                   preexec_fn=lambda: signal.signal(signal.SIGHUP, signal.SIG_IGN))
        time.sleep(0.5)
        process.send_signal(signal.SIGHUP)
        _, said = process.communicate(timeout=60)
        self.assertEqual(process.returncode, 126, said)

    def test_stopped_and_continued(self):
        process = self.begin(self.wat(CALLS), group=True)
        os.killpg(process.pid, signal.SIGTSTP)
        _, status = os.waitpid(process.pid, os.WUNTRACED)
        self.assertTrue(os.WIFSTOPPED(status))
        time.sleep(0.2)
        size = self.trace.stat().st_size
        time.sleep(0.3)
        self.assertEqual(self.trace.stat().st_size, size)
        os.killpg(process.pid, signal.SIGCONT)
        time.sleep(0.5)
        self.assertGreater(self.trace.stat().st_size, size)
        process.send_signal(signal.SIGTERM)
        self.ended(process, signal.SIGTERM)

    def test_launcher_killed(self):
        """The recorder finishes alone: a trace that checks, and no ring."""
        process = self.begin(self.wat(CALLS))
        process.kill()
        process.wait()
        process.stdout.close()
        process.stderr.close()
        for _ in range(500):
            if not os.path.exists(f"{self.trace}.ring"):
                break
            time.sleep(0.01)
        self.assertFalse(os.path.exists(f"{self.trace}.ring"))
        status, report = self.verdict("--no-replay")
        self.assertEqual((status, report["cause"]), (0, "unknown"), report)

    @row("POLL-05", "RES-03")
    def test_time_limit_ends_what_blocks(self):
        for guest in READ, SLEEP:
            with self.started("record", "-q", "--timeout", "700ms", "-o", self.trace, self.wat(guest), ends=126) as process:
                process.wait(60 * SLOW)
            report = self.clean()
            self.assertTrue(report["cause"].startswith("the wall-clock limit"), report["cause"])
            self.trace.unlink()


kit.main()
