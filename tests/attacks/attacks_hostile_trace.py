#!/usr/bin/env python3
"""Traces and modules made to harm whoever reads them: they cost a stated amount of memory and time, they are executed confined, and what
takes over the process that executes them can lie and nothing else."""
import os
import pathlib
import random
import resource
import shutil
import struct
import subprocess
import threading
import time

import kit
from kit import BUILD, COMPILER, GUESTS, SANITIZE, SLOW, SOURCE, WARRANT, Attack

RETURNS = '(module (memory (export "memory") 1) (func (export "_start")))'
LOOPS = '(module (memory (export "memory") 1) (func (export "_start") (loop (br 0))))'
STARTS = '(module (memory (export "memory") 1) (func $s (loop (br 0))) (start $s) (func (export "_start")))'
CALLS_FEW = '''(module (import "wasi_snapshot_preview1" "sched_yield" (func $y (result i32))) (memory (export "memory") 1)
  (func (export "_start") (drop (call $y)) (drop (call $y))))'''
CALLS = '''(module (import "wasi_snapshot_preview1" "sched_yield" (func $y (result i32))) (memory (export "memory") 1)
  (func (export "_start") (loop (drop (call $y)) (br 0))))'''
RECURSES = '(module (memory (export "memory") 1) (func $f (export "_start") (call $f) (call $f)))'
GROWS = '''(module (memory (export "memory") 1) (func (export "_start") (local $p i32)
  (drop (memory.grow (i32.const 65535)))
  (loop (i32.store (local.get $p) (i32.const 1)) (local.set $p (i32.add (local.get $p) (i32.const 4096))) (br 0))))'''
TABLES = '(module (memory (export "memory") 1) ' + "(table 9999999 funcref) " * 40 + '(func (export "_start") (loop (br 0))))'
PRINTS = '''(module
  (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $c (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $e (param i32)))
  (import "wasi_snapshot_preview1" "path_open" (func $o (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (memory (export "memory") 1) (data (i32.const 64) "out\\nerr\\n\\00\\1b[2Jfile")
  (func $put (param $fd i32) (param $at i32) (param $n i32)
    (i32.store (i32.const 0) (local.get $at)) (i32.store (i32.const 4) (local.get $n))
    (drop (call $w (local.get $fd) (i32.const 0) (i32.const 1) (i32.const 8))))
  (func (export "_start")
    (call $put (i32.const 1) (i32.const 64) (i32.const 4)) (call $put (i32.const 2) (i32.const 68) (i32.const 4))
    (call $put (i32.const 1) (i32.const 72) (i32.const 5)) (drop (call $c (i32.const 1)))
    (call $put (i32.const 1) (i32.const 64) (i32.const 4))
    (drop (call $o (i32.const 3) (i32.const 0) (i32.const 77) (i32.const 4) (i32.const 1) (i64.const 64) (i64.const 64) (i32.const 0) (i32.const 16)))
    (call $put (i32.load (i32.const 16)) (i32.const 64) (i32.const 4))
    (call $e (i32.const 7))))'''

REPLAYER = ["replay/libwr_replay.a", "tracer/libwr_trace.a", "wasi/libwr_wasi_start.a", "wasi/libwr_wasi.a", "runtime/libwr_runtime.a",
            "wasi/confine/libwr_confine.a", "tracer/libwr_trace_write.a", "wasi/policy/libwr_policy.a", "wasi/decide/libwr_decide.a",
            "wasi/abi/libwr_abi.a", "runtime/base/libwr_base.a"]


class HostileTrace(Attack):
    def test_rings(self):
        """Whatever lies where a killed recording leaves its ring: it adds events that can be checked, or nothing, and harms nobody."""
        whole = self.recorded(CALLS_FEW).read_bytes()
        cut = whole[:kit.chunks(whole)[-2]["at"]]  # without its events and its end
        ring = self.folder / "run.wtrace.ring"
        def seen(status, *words):
            self.trace.write_bytes(cut)
            done = self.warrant(*words, self.trace, status=None)
            self.assertIn(done.returncode, status, done.stderr)
            self.assertEqual(self.trace.read_bytes(), cut)
            return done
        data, run_id = 1 << 23, whole[32:48]
        chance = random.Random(3)
        def header(head, version=1, run=run_id):
            return (b"\x89WRRING\n" + struct.pack("<II", version, data) + run + bytes(32) + struct.pack("<Q", head)).ljust(65536, b"\0")
        for head in 0, 8, 4096, data, data + 8, (1 << 64) - 8, 12345:
            for body in bytes(data), chance.randbytes(data), struct.pack("<HBBI", 1, 5, 0, 0) * (data // 8):
                ring.write_bytes(header(head) + body)
                for words in ["check"], ["check", "--no-replay", "--json"], ["show"]:
                    seen((0, 1, 3), *words)
        for content in b"", b"x", header(8), header(8, version=2) + bytes(data), header(8, run=bytes(16)) + bytes(data):
            ring.write_bytes(content)
            self.assertIn("without an END", seen((3,), "show").stderr)
        ring.unlink()
        os.mkfifo(ring)
        seen((3,), "show")
        ring.unlink()
        ring.symlink_to(self.folder / "elsewhere")
        seen((3,), "check")

    def recorded(self, text=RETURNS, *words, status=0):
        self.warrant("record", "-q", "--witness", "off", "-o", self.trace, self.wat(text), *words, status=status)
        return self.trace

    def forged(self, *words, of=RETURNS):
        """A trace of a harmless guest, with something else in it."""
        forged = self.folder / "forged.wtrace"
        source = self.folder / "honest.wtrace"
        if not source.exists():
            self.warrant("record", "-q", "--witness", "off", "-o", source, self.wat(of))
        subprocess.run([self.native("forge_trace.c"), source, forged, *map(str, words)], check=True)
        return forged

    def measured(self, *words, command=WARRANT):
        """(exit status, MiB of the largest process, seconds, all that was printed)."""
        began = time.monotonic()
        with open(self.folder / "printed", "w+b") as printed:
            child = subprocess.Popen([command, *map(str, words)], stdout=printed, stderr=printed, stdin=subprocess.DEVNULL, cwd=self.folder)
            _, status, usage = os.wait4(child.pid, 0)
            child.returncode = os.waitstatus_to_exitcode(status)
            printed.seek(0)
            text = printed.read().decode(errors="surrogateescape")
        self.assertGreaterEqual(child.returncode, 0, f"{words}: {text}")
        return child.returncode, usage.ru_maxrss / 1024, time.monotonic() - began, text

    # ---- time ----

    def test_more_instructions_than_the_trace_says(self):
        for text in LOOPS, STARTS, CALLS, RECURSES:
            trace = self.forged(f"module={self.wat(text)}")
            for command in "check", "replay":
                status, _, seconds, printed = self.measured(command, trace)
                self.assertEqual(status, 1, printed)
                self.assertLess(seconds, 20 * SLOW)
                self.assertIn("call" if text == CALLS else "goes on behind the instructions that the trace says", printed)

    def test_nothing_says_how_much(self):
        """No EXIT, or one that lies: the time limit ends it."""
        for words in (["noexit"], ["noevents"], ["instructions=1152921504606846976"]):
            trace = self.forged(f"module={self.wat(STARTS)}", *words)
            for command in "check", "replay":
                status, _, seconds, printed = self.measured(command, "--timeout", "1s", trace)
                if words == ["noexit"] or words == ["noevents"]:
                    self.assertIn(status, (0, 1, 3), printed)  # nothing is left to be met: the replay need not begin
                if words[0].startswith("instructions"):
                    self.assertEqual(status, 1 if command == "check" else 3, printed)
                    self.assertIn("--timeout gives it more", printed)
                self.assertLess(seconds, 20 * SLOW)

    def test_time_limit_within_a_call_that_is_awaited(self):
        """The guest is to call once more, and computes for ever instead; the trace says 2^60 instructions."""
        late = CALLS.replace("(loop", "(drop (call $y)) (loop")
        self.warrant("record", "-q", "--witness", "off", "--timeout", "200ms", "-o", self.folder / "honest.wtrace", self.wat(late), status=None)
        trace = self.forged(f"module={self.wat(LOOPS)}", "noexit", of=late)
        status, _, seconds, printed = self.measured("check", "--timeout", "1s", trace)
        self.assertEqual(status, 1, printed)
        self.assertIn("replay.failed", printed)
        self.assertLess(seconds, 20 * SLOW)

    def test_time_where_nobody_says(self):
        """Ten times the recording's and half a minute; not an hour, whatever EXIT says."""
        if SANITIZE:
            self.skipTest("a sanitizer's build would compute for the same half minute")
        trace = self.forged(f"module={self.wat(LOOPS)}", "instructions=1152921504606846976")
        status, _, seconds, printed = self.measured("replay", trace)
        self.assertEqual(status, 3, printed)
        self.assertIn("--timeout gives it more", printed)
        self.assertLess(seconds, 30 + 30 * SLOW)

    # ---- memory ----

    def test_small_files_take_little(self):
        module = self.forged("zeros=512")
        self.assertLess(module.stat().st_size, 1 << 20)
        for words in (["show", "-n", 0], ["show"], ["check", "--no-replay"]):
            status, mib, _, printed = self.measured(*words, module)
            self.assertIn(status, (0, 1), printed)
            self.small(mib)
        data = self.forged("data=64", "ops=8")
        self.assertLess(data.stat().st_size, 1 << 20)
        for words in (["show"], ["show", "--full", "--json"], ["check"], ["replay"]):
            status, mib, _, printed = self.measured(*words, data)
            self.assertIn(status, (0, 1, 3), printed)
            self.small(mib)
        description = self.forged("blank=64")
        for command in "show", "check", "replay":
            status, mib, _, printed = self.measured(command, description)
            self.assertEqual(status, 3, printed)
            self.assertIn("description", printed)
            self.small(mib)

    def small(self, mib):
        if not SANITIZE:
            self.assertLess(mib, 150)

    def test_calls_without_end_are_read_one_by_one(self):
        trace = self.forged("calls=1000000")
        self.assertLess(trace.stat().st_size, 1 << 20)
        status, mib, _, printed = self.measured("check", "--db", self.folder / "audit.db", trace)
        self.assertEqual(status, 1, printed)
        self.small(mib)

    def test_memory_is_a_budget(self):
        for text in GROWS, TABLES:
            trace = self.forged(f"module={self.wat(text)}", "instructions=4000000000")
            for command in "check", "replay":
                status, mib, _, printed = self.measured(command, "--memory", "200MiB", "--timeout", "4s" if SANITIZE else "20s", trace)
                self.assertIn(status, (1, 3), printed)
                if not SANITIZE:
                    self.assertLess(mib, 300)
                    self.assertIn("not enough memory", printed)
                    self.assertIn("--memory", printed)
        module = self.forged("zeros=512")
        status, mib, _, printed = self.measured("check", "--memory", "200MiB", module)
        self.assertEqual(status, 1, printed)
        if not SANITIZE:
            self.assertIn("not enough memory", printed)
            self.assertLess(mib, 300)

    def test_large_data_is_read_twice_and_right(self):
        """More data in one call than a reader keeps: the replay gets every byte in its place."""
        size = 40_000_000
        noise = os.urandom(1 << 16)
        (self.data / "noise").write_bytes((noise * (size // len(noise) + 1))[:size - 5] + b"tail!")
        rights = 1 << 1 | 1 << 2 | 1 << 21
        self.record("poke", "path_open", 3, 1, "@noise", 0, rights, rights, 0, "out",
                    "--", "fd_pread", 4, f"iov:new:{size}", 0, "out", "--", "fd_pread", 4, "iov:new:300000", 17, "out")
        done = self.warrant("replay", "--json", self.trace)
        self.assertIn('"verdict":"identical"', done.stdout)
        status, report = self.verdict()
        self.assertEqual((status, report["failing"]), (0, 0), report)

    def test_not_enough_memory_is_no_damage(self):
        """A machine that is short of memory says so, of the check and not of the trace."""
        if SANITIZE:
            self.skipTest("a sanitizer's shadow memory does not fit any limit")
        self.recorded()
        for limit in 30, 60, 1000:
            status, _, _, printed = self.measured("-c", f"ulimit -v {limit * 1024}; {WARRANT} check --db {self.folder}/audit.db {self.trace}",
                                                  command="sh")
            self.assertNotIn("damaged", printed)
            self.assertIn(status, (1, 3, 127), printed)

    # ---- files that are none ----

    def test_fifos_and_devices(self):
        self.recorded()
        fifo = self.folder / "fifo"
        os.mkfifo(fifo)
        beside = self.folder / "beside.wtrace"
        shutil.copy(self.trace, beside)
        os.mkfifo(beside.with_suffix(".wwit"))
        for name in fifo, "/dev/zero", "/dev/full", "/dev/tty", self.folder:
            for words in (["check", name], ["show", name], ["replay", name], ["check", "--witness", name, self.trace],
                          ["check", "--policy", name, self.trace], ["replay", "--module", name, self.trace], ["policy", "lint", name],
                          ["run", "--policy", name, self.wat(RETURNS)], ["run", name], ["record", "-o", self.folder / "new.wtrace", name],
                          ["query", name, "hostcalls"], ["check", "--db", name, self.trace]):
                status, mib, seconds, printed = self.measured(*words)
                self.assertIn(status, (3, 125), f"{words}: {printed}")
                self.assertLess(seconds, 12 * SLOW + 3, words)
                self.small(mib)
        os.mkfifo(self.folder / "run.wtrace.ring")
        status, _, _, printed = self.measured("recover", self.trace)
        self.assertEqual(status, 3, printed)
        self.assertTrue((self.folder / "run.wtrace.ring").exists())
        status, _, _, printed = self.measured("check", beside)
        self.assertIn(status, (1, 3), printed)  # a witness file that cannot be read is no clean run

    def test_a_file_that_changes_while_it_is_read(self):
        (self.data / "noise").write_bytes(os.urandom(8_000_000))
        rights = 1 << 1 | 1 << 2 | 1 << 21
        words = ["path_open", 3, 1, "@noise", 0, rights, rights, 0, "out"]
        for i in range(20):
            words += ["--", "fd_pread", 4, "iov:new:400000", i * 400000, "out"]
        self.record("poke", *words, options=["--witness", "off"])
        whole = self.trace.read_bytes()
        going = True

        def shake():
            while going:
                for size in len(whole) // 2, len(whole), 100, len(whole):
                    with open(self.trace, "r+b") as f:
                        f.truncate(size)
                        f.write(whole if size == len(whole) else b"")
                    time.sleep(0.01)

        thread = threading.Thread(target=shake)
        thread.start()
        try:
            for _ in range(10):
                for command in "check", "replay", "show":
                    status, _, _, printed = self.measured(command, self.trace)
                    self.assertIn(status, (0, 1, 3), printed)
        finally:
            going = False
            thread.join()

    # ---- who owns the replay's process ----

    def owned(self, way):
        """An installation whose warrant-replayer does `way` where it should replay."""
        text = (kit.HERE / "evil/replayer.c").read_text()
        folder = self.made("replayer", text + way)
        parts = folder / "libexec/warrant"
        if not parts.exists():
            parts.mkdir(parents=True)
            shutil.copy(BUILD / "warrant", folder)
            source = folder / "evil.c"
            source.write_text(f"#define DO {way}\n{text}")
            flags = [f"-fsanitize={SANITIZE}"] if SANITIZE else []
            subprocess.run([COMPILER, "-D_GNU_SOURCE", f"-I{SOURCE}", "-O1", "-std=c17", "-w", *flags, SOURCE / "cli/replayer_main.c", source,
                            "-Wl,--start-group", *[BUILD / name for name in REPLAYER], "-Wl,--end-group", "-lzstd", "-lsodium", "-lxxhash",
                            "-lm", "-o", parts / "warrant-replayer"], check=True)
        return folder / "warrant"

    def test_it_reaches_nothing(self):
        self.recorded()
        for way in "OPEN", "SOCKET", "FORK", "READ_INPUT", "EXECUTABLE":
            with self.subTest(way=way):
                if SANITIZE and way != "SOCKET":
                    self.skipTest("a sanitizer's own calls are allowed")
                status, _, _, printed = self.measured("check", self.trace, command=self.owned(way))
                self.assertEqual(status, 1, printed)
                self.assertIn("treat the module as hostile", printed)
                self.assertNotIn("nothing stopped it", printed)

    def test_its_word_is_looked_at(self):
        self.recorded()
        for way, says in (("NONSENSE", "answered nonsense"), ("HALF", "without an answer"),
                          ("IDENTICAL", "changed while it was checked"), ("SHOUT", "???")):
            for words in (["check", self.trace], ["check", "--json", self.trace]):
                status, _, _, printed = self.measured(*words, command=self.owned(way))
                self.assertEqual(status, 1, f"{way}: {printed}")
                self.assertIn(says, printed, way)
                self.assertNotIn("\033", printed)
        for way in "FLOOD", "HANG":
            status, _, seconds, printed = self.measured("check", "--timeout", "1s", self.trace, command=self.owned(way))
            self.assertEqual(status, 1, f"{way}: {printed}")
            self.assertIn("--timeout gives it more", printed)
            self.assertLess(seconds, 15 * SLOW)

    def test_how_it_runs(self):
        """The process, seen from outside while it computes."""
        trace = self.forged(f"module={self.wat(LOOPS)}", "instructions=1152921504606846976")
        parent = subprocess.Popen([WARRANT, "replay", "--timeout", f"{int(8 * SLOW)}s", trace], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        try:
            child = None
            deadline = time.monotonic() + 5 * SLOW
            while time.monotonic() < deadline:
                children = pathlib.Path(f"/proc/{parent.pid}/task/{parent.pid}/children").read_text().split()
                if children and "Seccomp:\t2" in pathlib.Path(f"/proc/{children[0]}/status").read_text():
                    child = children[0]
                    break
                time.sleep(0.02)
            self.assertIsNotNone(child, "no confined process was seen")
            status = dict(line.split(":\t", 1) for line in pathlib.Path(f"/proc/{child}/status").read_text().splitlines() if ":\t" in line)
            self.assertEqual(status["NoNewPrivs"], "1")
            for name in "CapEff", "CapPrm", "CapInh", "CapAmb":
                self.assertEqual(int(status[name], 16), 0, name)
            self.assertEqual(status["Threads"], "1")
            if os.geteuid() == 0:
                held = {int(n): os.readlink(f"/proc/{child}/fd/{n}") for n in os.listdir(f"/proc/{child}/fd")}
                self.assertEqual(set(held), {0, 1, 2, 4, 5}, held)
                self.assertEqual({held[0], held[1], held[2]}, {"/dev/null"})
                self.assertEqual(held[5], str(trace))
            symbols = subprocess.run(["nm", WARRANT], capture_output=True, text=True, check=True).stdout
            self.assertNotIn("rt_module_load", symbols)
            self.assertNotIn("rt_instance_create", symbols)
        finally:
            parent.kill()
            parent.wait()

    # ---- what was printed ----

    def test_output(self):
        """`replay --output` gives what the guest wrote, to the byte, and its status; not what follows a close."""
        self.attack(self.wat(PRINTS), options=["-q", "--witness", "off"], status=7)
        self.assertEqual((self.data / "file").read_bytes(), b"out\n")  # in the place of the stream that was closed
        done = subprocess.run([WARRANT, "replay", "--output", self.trace], capture_output=True)
        self.assertEqual((done.returncode, done.stdout, done.stderr), (7, b"out\n\0\x1b[2J", b"err\n"))
        trace = self.forged(f"module={self.wat(PRINTS.replace('i32.const 7', 'i32.const 8'))}", of=PRINTS.replace('i32.const 7', 'i32.const 0'))
        done = subprocess.run([WARRANT, "replay", "--output", trace], capture_output=True)
        self.assertEqual(done.returncode, 125)
        self.assertIn(b"diverged", done.stderr)
        done = subprocess.run([WARRANT, "replay", "--output", "--json", trace], capture_output=True)
        self.assertEqual(done.returncode, 2)


resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
kit.main()
