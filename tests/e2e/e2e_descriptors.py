#!/usr/bin/env python3
"""Calls that advise of, lengthen, date, move or cut a descriptor: what the guest is told, what is left on the disk, and that witness and
replay agree. Each guest exits with the errno of its first call that did not answer as it must, plus 100 times which that was."""
import subprocess

import warrant_case
from warrant_case import WITNESS, Case

GUEST = """(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_advise" (func $advise (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_allocate" (func $allocate (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_filestat_set_times" (func $set_times (param i32 i64 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_renumber" (func $renumber (param i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_fdstat_set_rights" (func $set_rights (param i32 i64 i64) (result i32)))
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_prestat_dir_name" (func $dir_name (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\40\\00\\00\\00\\05\\00\\00\\00fghello")
  (data (i32.const 64) "HELLO")
  (global $step (mut i32) (i32.const 0))
  (func $expect (param $got i32) (param $want i32)
    (global.set $step (i32.add (global.get $step) (i32.const 1)))
    (if (i32.ne (local.get $got) (local.get $want))
      (then (call $exit (i32.add (i32.mul (global.get $step) (i32.const 100)) (i32.rem_u (local.get $got) (i32.const 100)))))))
  (func $open_file (param $name i32) (param $rights i64) (result i32)
    (call $expect (call $open (i32.const 3) (i32.const 0) (local.get $name) (i32.const 1) (i32.const 0) (local.get $rights) (i64.const 0)
                              (i32.const 0) (i32.const 40)) (i32.const 0))
    (i32.load (i32.const 40)))
  (func (export "_start") (local $f i32) (local $g i32)
    @BODY@
    (call $exit (i32.const 0))))"""
OPEN_BOTH = """(local.set $f (call $open_file (i32.const 8) (i64.const 0x3fffffff)))
    (local.set $g (call $open_file (i32.const 9) (i64.const 0x3fffffff)))"""
# The open files are 4 (f) and 5 (g); the granted directory is 3.
BODIES = {
    "advise": """(local.set $f (call $open_file (i32.const 8) (i64.const 0x3fffffff)))
    (call $expect (call $advise (local.get $f) (i64.const 0) (i64.const 5) (i32.const 1)) (i32.const 0))
    (call $expect (call $advise (local.get $f) (i64.const 0) (i64.const 0) (i32.const 5)) (i32.const 0))
    (call $expect (call $advise (local.get $f) (i64.const 0) (i64.const 5) (i32.const 6)) (i32.const 28))
    (call $expect (call $advise (local.get $f) (i64.const -1) (i64.const 5) (i32.const 0)) (i32.const 28))
    (call $expect (call $advise (i32.const 9) (i64.const 0) (i64.const 5) (i32.const 0)) (i32.const 8))
    (call $expect (call $advise (i32.const 3) (i64.const 0) (i64.const 5) (i32.const 0)) (i32.const 76))""",
    "allocate": """(local.set $f (call $open_file (i32.const 8) (i64.const 0x3fffffff)))
    (call $expect (call $allocate (local.get $f) (i64.const 4096) (i64.const 4096)) (i32.const 0))
    (call $expect (call $allocate (local.get $f) (i64.const 0) (i64.const 0)) (i32.const 28))
    (call $expect (call $allocate (local.get $f) (i64.const 0x7fffffffffffffff) (i64.const 1)) (i32.const 28))
    (call $expect (call $allocate (i32.const 3) (i64.const 0) (i64.const 1)) (i32.const 76))""",
    "set_times": """(local.set $f (call $open_file (i32.const 8) (i64.const 0x3fffffff)))
    (call $expect (call $set_times (local.get $f) (i64.const 1000000001) (i64.const 2000000002) (i32.const 5)) (i32.const 0))
    (call $expect (call $set_times (local.get $f) (i64.const 1) (i64.const 2) (i32.const 3)) (i32.const 28))
    (call $expect (call $set_times (local.get $f) (i64.const 1) (i64.const 2) (i32.const 16)) (i32.const 28))
    (call $expect (call $set_times (i32.const 9) (i64.const 1) (i64.const 2) (i32.const 1)) (i32.const 8))""",
    # Behind it, descriptor 4 is g, 5 is free; a descriptor onto itself stays; a granted directory keeps its name where it goes.
    "renumber": OPEN_BOTH + """
    (call $expect (call $renumber (local.get $g) (local.get $f)) (i32.const 0))
    (call $expect (call $write (local.get $f) (i32.const 0) (i32.const 1) (i32.const 48)) (i32.const 0))
    (call $expect (call $write (local.get $g) (i32.const 0) (i32.const 1) (i32.const 48)) (i32.const 8))
    (call $expect (call $renumber (local.get $f) (local.get $f)) (i32.const 0))
    (call $expect (call $renumber (local.get $f) (i32.const 9)) (i32.const 8))
    (call $expect (call $renumber (i32.const 9) (local.get $f)) (i32.const 8))
    (call $expect (call $renumber (i32.const 3) (local.get $f)) (i32.const 0))
    (call $expect (call $dir_name (local.get $f) (i32.const 100) (i32.const 5)) (i32.const 0))
    (call $expect (i32.load (i32.const 100)) (i32.const 0x7461642f))
    (call $expect (call $dir_name (i32.const 3) (i32.const 100) (i32.const 5)) (i32.const 8))
    (call $expect (call $open (local.get $f) (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 0) (i64.const 2) (i64.const 0)
                              (i32.const 0) (i32.const 40)) (i32.const 0))
    (call $expect (i32.load (i32.const 40)) (i32.const 3))
    (call $expect (call $close (i32.const 3)) (i32.const 0))""",
    "set_rights": """(local.set $f (call $open_file (i32.const 8) (i64.const 0x3fffffff)))
    (call $expect (call $set_rights (local.get $f) (i64.const 2) (i64.const 0)) (i32.const 0))
    (call $expect (call $write (local.get $f) (i32.const 0) (i32.const 1) (i32.const 48)) (i32.const 76))
    (call $expect (call $read (local.get $f) (i32.const 0) (i32.const 1) (i32.const 48)) (i32.const 0))
    (call $expect (call $set_rights (local.get $f) (i64.const 0x42) (i64.const 0)) (i32.const 76))
    (call $expect (call $set_rights (i32.const 9) (i64.const 0) (i64.const 0)) (i32.const 8))
    (call $expect (call $set_rights (i32.const 3) (i64.const 0x2000) (i64.const 2)) (i32.const 0))
    (call $expect (call $open (i32.const 3) (i32.const 0) (i32.const 9) (i32.const 1) (i32.const 0) (i64.const 0x42) (i64.const 0)
                              (i32.const 0) (i32.const 40)) (i32.const 0))
    (call $expect (call $write (i32.load (i32.const 40)) (i32.const 0) (i32.const 1) (i32.const 48)) (i32.const 76))
    (call $expect (call $read (i32.load (i32.const 40)) (i32.const 0) (i32.const 1) (i32.const 48)) (i32.const 0))""",
}


class Descriptors(Case):
    def recorded(self, name):
        """Runs the guest of that name, recorded; holds its trace against the witness and the replay."""
        (self.data / "f").write_bytes(b"from f")
        (self.data / "g").write_bytes(b"from g")
        text, module = self.folder / f"{name}.wat", self.folder / f"{name}.wasm"
        text.write_text(GUEST.replace("@BODY@", BODIES[name]))
        subprocess.run(["wat2wasm", text, "-o", module], check=True)
        self.warrant("record", "-q", *WITNESS, "--dir", f"{self.data}::/data", "-o", self.trace, module)
        self.assertEqual(self.check()["findings"], [])

    def test_advice_changes_nothing(self):
        self.recorded("advise")
        self.assertEqual((self.data / "f").read_bytes(), b"from f")

    def test_allocated_room_lengthens_the_file(self):
        self.recorded("allocate")
        self.assertEqual((self.data / "f").stat().st_size, 8192)

    def test_times_are_set_to_the_nanosecond(self):
        self.recorded("set_times")
        found = (self.data / "f").stat()
        self.assertEqual((found.st_atime_ns, found.st_mtime_ns), (1000000001, 2000000002))

    def test_what_moved_is_what_it_was(self):
        self.recorded("renumber")
        self.assertEqual((self.data / "f").read_bytes(), b"from f")
        self.assertEqual((self.data / "g").read_bytes(), b"HELLOg")

    def test_rights_only_shrink(self):
        self.recorded("set_rights")
        self.assertEqual((self.data / "g").read_bytes(), b"from g")


if __name__ == "__main__":
    warrant_case.main()
