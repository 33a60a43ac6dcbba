#!/usr/bin/env python3
"""Rows LEAK-*: no byte of the host's memory and no name of the host reaches a guest."""
import os
import struct

import kit
import rows
from rows import DIRECTORY, READ, TABLE, Rows, row

FRESH = """(module
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1 300)
  (table $t 1 1000 funcref)
  (func $any (param $from i32) (param $to i32) (result i32) (local $any i64) (local $never i64)
    (loop $next
      (local.set $any (i64.or (local.get $any) (i64.load (local.get $from))))
      (local.set $from (i32.add (local.get $from) (i32.const 8)))
      (br_if $next (i32.lt_u (local.get $from) (local.get $to))))
    (i64.ne (i64.or (local.get $any) (local.get $never)) (i64.const 0)))
  (func $dirty (param $depth i32) (result i64) (local $a i64) (local $b i64) (local $c i64)
    (local.set $a (i64.const -1)) (local.set $b (i64.const -1)) (local.set $c (i64.const -1))
    (if (i32.eqz (local.get $depth)) (then (return (i64.const -1))))
    (i64.and (local.get $a) (call $dirty (i32.sub (local.get $depth) (i32.const 1)))))
  (func $clean (param $depth i32) (result i64) (local $a i64) (local $b i64) (local $c i64)
    (if (i32.eqz (local.get $depth)) (then (return (i64.const 0))))
    (i64.or (i64.or (local.get $a) (i64.or (local.get $b) (local.get $c))) (call $clean (i32.sub (local.get $depth) (i32.const 1)))))
  (func (export "_start")
    (if (call $any (i32.const 0) (i32.const 65536)) (then (call $exit (i32.const 1))))
    (i32.store (i32.const 65528) (i32.const -1))
    (if (i32.lt_s (memory.grow (i32.const 256)) (i32.const 0)) (then (call $exit (i32.const 2))))
    (if (call $any (i32.const 65536) (i32.const 16842752)) (then (call $exit (i32.const 3))))
    (if (i32.lt_s (table.grow $t (ref.null func) (i32.const 900)) (i32.const 0)) (then (call $exit (i32.const 4))))
    (if (i32.eqz (ref.is_null (table.get $t (i32.const 900)))) (then (call $exit (i32.const 5))))
    (drop (call $dirty (i32.const 500)))
    (if (i64.ne (call $clean (i32.const 500)) (i64.const 0)) (then (call $exit (i32.const 6))))))
"""


class Leaks(Rows):
    @row("LEAK-01", "GHSA-96f6-r43r-8c24")
    def test_every_byte_of_every_answer(self):
        """Buffers hold 0xA5 before: what is padding in a structure is 0 behind the call, and what lies behind a result is as it was."""
        answers = self.calls("fd_fdstat_get 3 out:24", "fd_fdstat_get 0 out:24", "fd_filestat_get 3 out:64", "fd_filestat_get 0 out:64", "path_filestat_get 3 0 @file out:64",
                             "fd_prestat_get 3 out:8", "unstable.fd_filestat_get 3 out:56", "unstable.path_filestat_get 3 0 @file out:56", "fd_readdir 3 buf:4096 0 out:4",
                             "args_sizes_get out:4 out:4", "clock_time_get 1 0 out:8", "path_readlink 3 @link buf:64 out:4")
        self.assertEqual({answer.errno for answer in answers}, {"SUCCESS"})
        for answer in answers[:2]:
            self.assertEqual((answer.shown[0][1], answer.shown[0][4:8]), (0, bytes(4)))
        for answer in answers[2:5]:
            self.assertEqual(answer.shown[0][17:24], bytes(7))
        self.assertEqual(answers[5].shown[0][1:4], bytes(3))
        for answer in answers[6:8]:
            self.assertEqual(answer.shown[0][17:20], bytes(3))
        used = answers[8].number(1)
        at = 0
        while at < used:
            self.assertEqual(answers[8].shown[0][at + 21:at + 24], bytes(3))
            at += 24 + answers[8].number(0, 4, at + 16)
        self.assertEqual(set(answers[8].shown[0][used:]), {0xA5})
        self.assertEqual(answers[11].shown[0], b"file" + b"\xa5" * 60)

    def prepare(self):
        (self.data / "link").symlink_to("file")
        (self.data / "old").touch()
        os.utime(self.data / "old", ns=(-10 ** 18, -10 ** 18))

    @row("LEAK-01")
    def test_what_failed_writes_nothing(self):
        lines = ["fd_fdstat_get 99 out:24", "fd_filestat_get 99 out:64", "path_filestat_get 3 0 @none out:64", "fd_prestat_get 99 out:8", "fd_readdir 99 buf:64 0 out:4",
                 f"path_open 3 0 @none 0 {READ} 0 0 out:4", "path_readlink 3 @file buf:64 out:4", "fd_read 99 iov:new:8 out:4", "fd_seek 99 0 0 out:8", "fd_tell 99 out:8",
                 "clock_time_get 9 0 out:8", "poll_oneoff 1024 out:32 0 out:4", "fd_prestat_dir_name 3 buf:1", "random_get buf:1"]
        for answer in self.calls(*lines)[:-1]:
            self.assertNotEqual(answer.errno, "SUCCESS")
            for shown in answer.shown:
                self.assertEqual(set(shown), {0xA5}, answer)

    @row("LEAK-02")
    def test_numbers_of_files(self):
        """One device for a directory, a number for each file, the same from every call; and `..` of what was granted is itself."""
        answers = self.calls("fd_filestat_get 3 out:64", "path_filestat_get 3 0 @file out:64", "path_filestat_get 3 0 @deep out:64", "fd_readdir 3 buf:4096 0 out:4",
                             f"path_open 3 0 @file 0 {READ} 0 0 =f", "fd_filestat_get $f out:64", left_open=1)
        stats = [struct.unpack_from("<QQB7xQQ", answers[index].shown[0]) for index in (0, 1, 2, 5)]
        self.assertEqual(len({stat[0] for stat in stats}), 1)
        self.assertEqual((len({stat[1] for stat in stats}), stats[1]), (3, stats[3]))
        listed, at = {}, 0
        while at < answers[3].number(1):
            length = answers[3].number(0, 4, at + 16)
            listed[answers[3].shown[0][at + 24:at + 24 + length]] = answers[3].number(0, 8, at + 8)
            at += 24 + length
        self.assertEqual((listed[b"file"], listed[b"deep"], listed[b"."], listed[b".."]), (stats[1][1], stats[2][1], stats[0][1], stats[0][1]))
        self.assertNotIn(self.folder.stat().st_ino, listed.values())

    @row("GHSA-mr2v-56j5-cmfc")
    def test_a_file_from_before_1970(self):
        answers = self.calls("path_filestat_get 3 0 @old out:64", "unstable.path_filestat_get 3 0 @old out:56", f"path_open 3 0 @old 0 {READ} 0 0 =f", "fd_filestat_get $f out:64",
                             left_open=1)
        self.assertEqual({answer.errno for answer in answers}, {"SUCCESS"})
        self.assertEqual([answers[index].number(size=8, at=at) for index, at in ((0, 40), (0, 48), (1, 32), (1, 40), (3, 48))], [0] * 5)

    @row("LEAK-03")
    def test_what_a_guest_reads_names_no_host(self):
        """Neither its own directory, nor the launcher's, nor a process, nor a user is in anything that a call brings."""
        lines = ["args_get out:64 out:256", "environ_get out:64 out:256", "fd_prestat_dir_name 3 buf:256", "fd_prestat_dir_name 4 buf:256", "fd_readdir 3 buf:4096 0 out:4",
                 "fd_filestat_get 0 out:64", "fd_fdstat_get 0 out:24"]
        lines[2:4] = ["fd_prestat_dir_name 3 buf:5", "fd_prestat_dir_name 4 buf:3"]
        for answer in self.calls(*lines):
            for shown in answer.shown:
                self.assertNotIn(os.fsencode(self.folder), shown)
                self.assertNotIn(os.fsencode(kit.SOURCE), shown)

    @row("LEAK-04")
    def test_what_is_new_is_zero(self):
        self.warrant("run", "-q", self.wat(FRESH))

    @row("LEAK-05")
    def test_numbers_of_descriptors(self):
        """The lowest that is free, whatever the host's are."""
        opening = [f"path_open 3 0 @deep {DIRECTORY} {READ} 0 0 out:4"]
        first = [answer.number() for answer in self.calls(*opening * 3, "fd_close 6", *opening * 2, left_open=4) if answer.shown]
        self.assertEqual(first, [5, 6, 7, 6, 8])
        again = [answer.number() for answer in self.calls(*opening * 3, "fd_close 6", *opening * 2, left_open=4) if answer.shown]
        self.assertEqual(first, again)

    @row("MEM-14")
    def test_modules_without_a_memory(self):
        """Refused or answered, never a fault of ours: no memory at all, and one that nobody exported."""
        for memory in ("", "(memory 1)"):
            module = self.wat(f"""(module
  (import "wasi_snapshot_preview1" "clock_time_get" (func $time (param i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $yield (result i32)))
  {memory}
  (func (export "_start") (drop (call $yield)) (drop (call $time (i32.const 1) (i64.const 0) (i32.const 64)))))""")
            done = self.warrant("run", module, status=None)
            self.assertIn(done.returncode, (0, 125, 134), done.stderr)
            self.assertNotIn("the runtime failed", done.stderr)
        module = self.wat('(module (memory i64 1) (func (export "_start")))', "--enable-memory64")
        self.assertIn("memory64", self.warrant("run", module, status=125).stderr)
        self.assertTrue(TABLE)


rows.main()
