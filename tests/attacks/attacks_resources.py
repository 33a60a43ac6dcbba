#!/usr/bin/env python3
"""Rows RES-*: what a guest can use up. A limit of ours answers before one of the machine's, and all goes on behind it."""
import subprocess
import sys
import time

import kit
import rows
from rows import CREAT, DIRECTORY, READ, WRITE, Rows, row

GROWER = """(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $i i32)
    (loop $grow (br_if $grow (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0))))
    (loop $again
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (if (i32.ge_s (memory.grow (i32.const 1)) (i32.const 0)) (then (call $exit (i32.const 9))))
      (if (i32.ge_s (memory.grow (i32.const 65536)) (i32.const 0)) (then (call $exit (i32.const 9))))
      (br_if $again (i32.lt_u (local.get $i) (i32.const 100000))))
    (call $exit (memory.size))))"""
LOOP = """(module (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  (memory (export "memory") 1) (table 1 funcref) (elem (i32.const 0) $round) (type $t (func))
  (func $round (call_indirect (type $t) (i32.const 0)))
  (func $a (call $b)) (func $b (call $a))
  (func (export "_start") BODY))"""


class Resources(Rows):
    def policy(self, limits, grant=True):
        path = self.folder / "policy.yaml"
        files = f"files:\n  - {{ host: {self.data}, guest: /data, access: write }}\n" if grant else ""
        path.write_text(f"version: 1\n{files}limits: {{ {limits} }}\n")
        return path

    @row("RES-01", "WAVE-11")
    def test_memory(self):
        """Growing ends at the limit, is refused 200,000 times behind it, and costs what is used: 4 GiB that nobody touches are free."""
        self.warrant("run", "-q", "--policy", self.policy("memory: 2MiB"), self.wat(GROWER), status=32)
        whole = self.wat('(module (memory (export "memory") 65536) (func (export "_start") (i32.store (i32.const 0xfffffffc) (i32.const 1))))')
        if not kit.SANITIZE:
            self.warrant("run", "-q", whole)
            code = "import resource,subprocess,sys;subprocess.run(sys.argv[1:],check=True);print(resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss)"
            run = self.warrant("run", "-q", whole, prefix=[sys.executable, "-c", code])
            self.assertLess(int(run.stdout), 200 * 1024)
        refused = self.warrant("run", "--policy", self.policy("memory: 1MiB"), whole, status=125)
        self.assertIn("memory", refused.stderr)

    @row("RES-03")
    def test_what_never_ends(self):
        """Loops, hostcalls in loops, and the start function have the limit of time; recursion of each kind ends with the stack."""
        for body in ("(loop $l (br $l))", "(loop $l (drop (call $yield)) (br $l))"):
            started = time.monotonic()
            self.warrant("run", "-q", "--timeout", "100ms", self.wat(LOOP.replace("BODY", body)), status=126)
            self.assertLess(time.monotonic() - started, 5 * kit.SLOW)
        start = LOOP.replace('(func (export "_start") BODY)', '(func $s (loop $l (br $l))) (start $s) (func (export "_start"))')
        self.warrant("run", "-q", "--timeout", "100ms", self.wat(start), status=126)
        for body in ("(call $a)", "(call $round)"):
            self.assertIn("call stack exhausted", self.warrant("run", self.wat(LOOP.replace("BODY", body)), status=134).stderr)

    @row("RES-04", "WAMR-3437")
    def test_descriptors_run_out(self):
        """MFILE at our limit, and everything works behind it; nothing is made for what could not be opened, and the number comes back."""
        opening = f"path_open 3 0 @deep {DIRECTORY} {READ} 0 0 =d"
        answers = self.calls(*[opening] * 20, f"path_open 3 0 @unborn {CREAT} {WRITE} 0 0 =f", "path_filestat_get 3 0 @file out:64", "fd_renumber 15 14", "fd_close 14",
                             opening, "fd_close 14", f"path_open 3 0 @file 0 {READ} 0 0 =f", "fd_read $f iov:new:8 out:4", left_open=11,
                             grants=["--policy", self.policy("descriptors: 16")])
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS"] * 12 + ["MFILE"] * 9 + ["SUCCESS"] * 7)
        self.assertFalse((self.data / "unborn").exists())

    @row("RES-04")
    def test_opening_and_closing(self):
        """Far more often than the machine has descriptors: the number that comes is always the same."""
        self.assertEqual(self.errnos(f"path_open 3 0 @file 0 {READ} 0 0 =f", "fd_close $f", f"*20000 path_open 3 0 @none 0 {READ} 0 0 =f",
                                     "*20000 path_open 3 0 @file/x 1 66 0 0 =f", f"*5000 path_filestat_get 3 1 @deep/../file out:64",
                                     "*5000 path_create_directory 3 @deep/../deep"), ["SUCCESS", "SUCCESS", "NOENT", "NOTDIR", "SUCCESS", "EXIST"])
        answers = self.calls(*[f"path_open 3 0 @file 0 {READ} 0 0 out:4", "fd_close 5"] * 500)
        self.assertEqual({answer.number() for answer in answers[::2]}, {5})

    @row("RES-05")
    def test_many_names(self):
        """Files and nested directories without end take what the disk has, no memory of ours; output has a limit."""
        lines = [f"path_create_directory 3 @{'d/' * depth}d" for depth in range(60)]
        self.assertEqual(set(self.errnos(*lines)), {"SUCCESS"})
        self.assertEqual(self.errnos(f"path_open 3 0 @{'d/' * 60}file {CREAT} {WRITE} 0 0 =f", "fd_write $f iov:@x:1 out:4", "fd_close $f"), ["SUCCESS"] * 3)
        self.calls(f"path_open 3 0 @big {CREAT} {WRITE} 0 0 =f", "*1000000 fd_write $f iov:0:60000 out:4", ends=126, grants=["--policy", self.policy("output: 1MiB")])
        self.assertLessEqual((self.data / "big").stat().st_size, 1 << 20)

    @row("RES-06", "GHSA-gqmc-89g8-p25r")
    def test_output_that_nobody_takes(self):
        """A reader that does not read holds the guest up, and takes no memory; a stream that was closed takes nothing at all."""
        with self.started("run", "-q", "--timeout", "1s", self.script, ends=126) as run:
            run.stdin.write(b"*1000000 fd_write 1 iov:0:65536 out:4\n")
            run.stdin.flush()
            time.sleep(0.3)
            process = self.guest_process(run.pid)
            used = self.memory_of(process) if process else 0
            run.wait(timeout=60 * kit.SLOW)
            self.assertLess(used, (64 if not kit.SANITIZE else 1024) * 1024)
        answers = self.calls("fd_close 2", "*1000 fd_write 2 iov:0:65536 out:4", "*1000 fd_write 99 iov:0:65536 out:4", left_open=-1)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS", "BADF", "BADF"])

    @staticmethod
    def memory_of(process):
        """Resident KiB."""
        status = (process / "status").read_text()
        return int(status.split("VmRSS:")[1].split()[0])

    @row("RES-09", "FD-08")
    def test_a_large_directory(self):
        """10,000 names through a buffer of 4 KiB, and again through one byte more than an entry; the host's memory stays what it was."""
        for number in range(10000):
            (self.data / f"deep/{number:06}").touch()
        answers = self.calls(f"path_open 3 0 @deep {DIRECTORY} {READ | 1 << 14} 0 0 =d", "*200 fd_readdir $d buf:4096 0 out:4", "*20 fd_readdir $d big:262144 0 out:4",
                             "fd_readdir $d big:262145 0 out:4", left_open=1)
        self.assertEqual([answer.errno for answer in answers[:3]], ["SUCCESS"] * 3)
        self.one_of(answers[3], "SUCCESS", "OVERFLOW")

    @row("RES-10", "GHSA-5m8g-xhq4-4h93", "GHSA-x84v-gj2h-g759")
    def test_nothing_a_hundred_thousand_times(self):
        """Calls that move no byte, and large ones over and over, take no memory of the host."""
        lines = ["*100000 fd_write 2 0 0 out:4", "*20000 fd_read 0 0 0 out:4", "*20000 fd_write 2 iov:0:0 out:4", "*2000 fd_pwrite $f iov:0:65536 0 out:4"]
        with self.started("run", "-q", *self.grants, self.script, ends=0) as run:
            used = []
            for line in (f"path_open 3 0 @file 0 {WRITE} 0 0 =f", *lines, *lines):
                run.stdin.write(line.encode() + b"\n")
                run.stdin.flush()
                self.assertIn(b"0", run.stdout.readline())
                process = self.guest_process(run.pid)
                used.append(self.memory_of(process) if process else 0)
        self.assertLess(used[-1] - used[len(lines)], 4096 * kit.SLOW)

    @row("GHSA-852m-cvvp-9p4w")
    def test_large_arguments_of_every_kind(self):
        """What is beyond a limit is refused before anything of that size is taken from the host."""
        huge = "0x7fff0000"
        with self.started("run", "-q", *self.grants, self.script, ends=0) as run:
            answers = []
            for line in ("random_get big:100000000", "path_open 3 1 0 1048576 0 2 0 0 =f", f"fd_write 2 0 {huge} out:4", "fd_read 0 0 10000 out:4", "poll_oneoff 0 0 10000 out:4",
                         "path_symlink 0 1048576 3 @x", "path_readlink 3 0 4096 big:1048576 out:4"):
                run.stdin.write(line.encode() + b"\n")
                run.stdin.flush()
                answers.append(rows.Answer(line, run.stdout.readline().decode()).errno)
            process = self.guest_process(run.pid)
            used = self.memory_of(process) if process else 0
        self.assertEqual(answers, ["INVAL", "NAMETOOLONG", "INVAL", "INVAL", "INVAL", "NAMETOOLONG", "NAMETOOLONG"])
        self.assertLess(used, (64 if not kit.SANITIZE else 1024) * 1024)

    @row("RES-02")
    def test_modules_that_declare_much(self):
        """Counts are held against the bytes that are there before anything is taken: each of these modules is a few bytes."""
        header = b"\0asm\1\0\0\0"
        large = b"\xff\xff\xff\xff\x0f"
        for section in range(1, 13):
            for body in (large, large + b"\0" * 8):
                path = self.folder / "large.wasm"
                path.write_bytes(header + bytes([section, len(body)]) + body)
                done = self.warrant("validate", path, status=3, limit=10)
                self.assertNotIn("memory", done.stderr.lower().replace(str(path), "") if section not in (5, 12) else "")
        one = header + b"\1\4\1\x60\0\0" + b"\3\2\1\0"
        body = b"\1" + large + b"\x7f\x0b"  # 2^32 - 1 locals in one function
        path.write_bytes(one + b"\x0a" + bytes([len(body) + 2]) + b"\1" + bytes([len(body)]) + body)
        self.assertIn("locals", self.warrant("validate", path, status=3, limit=10).stderr)


rows.main()
