#!/usr/bin/env python3
"""What a module may import: wasi_unstable with its own layouts, one name with two types, a type that nobody has; and that trace,
database, check and replay know by which import a call came."""
import json
import os
import struct
import subprocess
import unittest

import warrant_case
from warrant_case import WITNESS, Case

PREVIEW1, UNSTABLE = "wasi_snapshot_preview1", "wasi_unstable"
# What differs, by the witx texts: whence, and the offsets in $filestat and $subscription. GUARD: the first byte behind a $filestat.
LAYOUT = {
    PREVIEW1: {"SET": 0, "CUR": 1, "END": 2, "LINKS": "i64.load (i32.const 152)", "SIZE": 160, "MTIM": 176, "GUARD": 192,
               "SUBSCRIPTION": 48, "CLOCK": 16, "IDENTIFIER": ""},
    UNSTABLE: {"CUR": 0, "END": 1, "SET": 2, "LINKS": "i64.load32_u (i32.const 148)", "SIZE": 152, "MTIM": 168, "GUARD": 184,
               "SUBSCRIPTION": 56, "CLOCK": 24, "IDENTIFIER": "(i64.store (i32.const 1040) (i64.const -1))"},
}
# Opens /data/f (descriptor at 40) and writes the results, eight u64 at 512, to its output. A filestat comes to 128.
GUEST = """(module
  (import "@MODULE@" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "@MODULE@" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (import "@MODULE@" "proc_exit" (func $exit (param i32)))
  (import "@MODULE@" "@NAME@" (func $call (param @TYPE@) (result i32)))
  (memory (export "memory") 1)
  (data (i32.const 0) "\\00\\02\\00\\00\\40\\00\\00\\00f")
  (func $must (param i32) (if (local.get 0) (then (call $exit (local.get 0)))))
  (func $put (param i32 i64) (i64.store (i32.add (i32.const 512) (i32.shl (local.get 0) (i32.const 3))) (local.get 1)))
  (func $fd (result i32) (i32.load (i32.const 40)))
  @HELPER@
  (func (export "_start")
    (call $must (call $open (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 0) (i64.const 0x3fffffff) (i64.const 0)
                            (i32.const 0) (i32.const 40)))
    @BODY@
    (call $must (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 44)))
    (call $exit (i32.const 0))))"""
STAT = """(call $put (i32.const 0) (@LINKS@)) (call $put (i32.const 1) (i64.load (i32.const @SIZE@)))
    (call $put (i32.const 2) (i64.load8_u (i32.const 144))) (call $put (i32.const 3) (i64.load (i32.const 136)))
    (call $put (i32.const 4) (i64.load (i32.const @MTIM@))) (call $put (i32.const 5) (i64.load (i32.const @GUARD@)))"""
GUARD = "(i64.store (i32.const @GUARD@) (i64.const 0x1122334455667788))"
SUBSCRIBE = """(func $subscribe (param $at i32) (param $user i64) (param $type i32)
    (i64.store (local.get $at) (local.get $user)) (i32.store8 offset=8 (local.get $at) (local.get $type)))"""
GUESTS = {
    "fd_seek": ("i32 i64 i32 i32", "", """(call $must (call $call (call $fd) (i64.const -3) (i32.const @END@) (i32.const 512)))
    (call $must (call $call (call $fd) (i64.const 5) (i32.const @SET@) (i32.const 520)))
    (call $must (call $call (call $fd) (i64.const 2) (i32.const @CUR@) (i32.const 528)))
    (call $put (i32.const 3) (i64.extend_i32_u (call $call (call $fd) (i64.const 0) (i32.const 3) (i32.const 528))))
    (call $put (i32.const 4) (i64.extend_i32_u (call $call (call $fd) (i64.const 0) (i32.const 258) (i32.const 528))))"""),
    "fd_filestat_get": ("i32 i32", "", f"{GUARD} (call $must (call $call (call $fd) (i32.const 128))) {STAT}"),
    "path_filestat_get": ("i32 i32 i32 i32 i32", "",
                          f"{GUARD} (call $must (call $call (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 1) (i32.const 128))) {STAT}"),
    # A clock alone; then the output, which is ready, and a clock that is not; events come to 256.
    "poll_oneoff": ("i32 i32 i32 i32", SUBSCRIBE, """(call $subscribe (i32.const 1024) (i64.const 7) (i32.const 0)) @IDENTIFIER@
    (i32.store (i32.const @A_ID@) (i32.const 1)) (i64.store (i32.const @A_TIMEOUT@) (i64.const 1000000))
    (call $must (call $call (i32.const 1024) (i32.const 256) (i32.const 1) (i32.const 48)))
    (call $put (i32.const 0) (i64.load32_u (i32.const 48))) (call $put (i32.const 1) (i64.load (i32.const 256)))
    (call $put (i32.const 2) (i64.load8_u (i32.const 266))) (call $put (i32.const 6) (i64.load16_u (i32.const 264)))
    (call $subscribe (i32.const 1024) (i64.const 9) (i32.const 2)) (i32.store (i32.const 1040) (i32.const 1))
    (call $subscribe (i32.const @B@) (i64.const 8) (i32.const 0))
    (i32.store (i32.const @B_ID@) (i32.const 1)) (i64.store (i32.const @B_TIMEOUT@) (i64.const 60000000000))
    (call $must (call $call (i32.const 1024) (i32.const 256) (i32.const 2) (i32.const 48)))
    (call $put (i32.const 3) (i64.load32_u (i32.const 48))) (call $put (i32.const 4) (i64.load (i32.const 256)))
    (call $put (i32.const 5) (i64.load8_u (i32.const 266)))"""),
}
SOCKETS = """(module
  (import "wasi_snapshot_preview1" "sock_open" (func $wamr (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_open" (func $wasmedge (param i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sock_set_recv_timeout" (func $timeout (param i32 i64) (result i32)))
  (import "wasi_snapshot_preview1" "sock_close" (func $close (param i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (if (i32.ne (call $wamr (i32.const 77) (i32.const 1) (i32.const 1) (i32.const 16)) (i32.const 76)) (then (call $exit (i32.const 1))))
    (if (i32.ne (call $wasmedge (i32.const 1) (i32.const 2) (i32.const 16)) (i32.const 76)) (then (call $exit (i32.const 2))))
    (if (i32.ne (call $timeout (i32.const 3) (i64.const 0x500000001)) (i32.const 8)) (then (call $exit (i32.const 3))))
    (if (i32.ne (call $close (i32.const 99)) (i32.const 8)) (then (call $exit (i32.const 4))))
    (call $exit (i32.const 0))))"""


class Imports(Case):
    def build(self, name, text):
        (self.folder / f"{name}.wat").write_text(text)
        subprocess.run(["wat2wasm", self.folder / f"{name}.wat", "-o", self.folder / f"{name}.wasm"], check=True)
        return self.folder / f"{name}.wasm"

    def guest(self, module, name):
        """The guest that calls `name`, with the layouts of `module`."""
        layout = LAYOUT[module]
        first, second = 1024, 1024 + layout["SUBSCRIPTION"]
        types, helper, body = GUESTS[name]
        words = {"HELPER": helper, "BODY": body, "MODULE": module, "NAME": name, "TYPE": types, **layout, "B": second,
                 "A_ID": first + layout["CLOCK"], "A_TIMEOUT": first + layout["CLOCK"] + 8, "B_ID": second + layout["CLOCK"],
                 "B_TIMEOUT": second + layout["CLOCK"] + 8}
        text = GUEST
        for word in words:
            text = text.replace(f"@{word}@", str(words[word]))
        return self.build(f"{module}_{name}", text)

    def recorded(self, module):
        """Records it; what it wrote to its output."""
        done = subprocess.run([warrant_case.WARRANT, "record", "-o", self.trace, "--dir", f"{self.data}::/data", *WITNESS, module],
                              capture_output=True, cwd=self.folder, timeout=60 * warrant_case.SLOW)
        self.assertEqual(done.returncode, 0, done.stderr)
        return struct.unpack("<8Q", done.stdout)

    def rows(self, sql):
        database = self.folder / "audit.db"
        self.warrant("check", "--db", database, self.trace)
        return json.loads(self.warrant("query", "--json", database, sql).stdout)

    def setUp(self):
        super().setUp()
        (self.data / "f").write_bytes(b"x" * 20)
        os.link(self.data / "f", self.data / "g")

    def test_wasi_unstable(self):
        """Each function that differs: the same outcome by both modules, which the trace tells apart."""
        for name in GUESTS:
            with self.subTest(name):
                seen = {module: self.recorded(self.guest(module, name)) for module in (PREVIEW1, UNSTABLE)}
                self.assertEqual(seen[UNSTABLE], seen[PREVIEW1])
                if name == "fd_seek":
                    self.assertEqual(seen[UNSTABLE][:5], (17, 5, 7, 28, 28))
                elif name == "poll_oneoff":
                    self.assertEqual(seen[UNSTABLE][:7], (1, 7, 0, 1, 9, 2, 0))
                else:
                    stat = (self.data / "f").stat()
                    self.assertEqual(seen[UNSTABLE][:6], (2, 20, 4, stat.st_ino, stat.st_mtime_ns, 0x1122334455667788))
                # the trace is now that of wasi_unstable
                calls = [item for item in self.show() if "call" in item]
                self.assertEqual({call["module"] for call in calls}, {UNSTABLE})
                self.assertIn(name, [call["import"] for call in calls])
                shown = self.warrant("show", self.trace).stdout
                self.assertIn(f"{UNSTABLE}.{name}(", shown)
                if name == "fd_seek":
                    self.assertIn("-3, END", shown)
                self.assertEqual(self.check(status=None)["findings"], [])
                self.assertEqual(json.loads(self.warrant("replay", "--json", self.trace).stdout)["verdict"], "identical")
                found = self.rows("SELECT DISTINCT module, import, call FROM hostcalls ORDER BY call")
                self.assertIn({"module": UNSTABLE, "import": name, "call": name}, found)
                self.assertEqual({row["module"] for row in found}, {UNSTABLE})

    def test_preview1_is_not_named(self):
        self.recorded(self.guest(PREVIEW1, "fd_seek"))
        self.assertNotIn(f"{PREVIEW1}.", self.warrant("show", self.trace).stdout)

    def test_one_name_of_two_types(self):
        module = self.build("sockets", SOCKETS)
        self.warrant("record", "-o", self.trace, *WITNESS, module)
        calls = [item for item in self.show() if "call" in item]
        self.assertEqual([(call["import"], call["call"], call["errno"]) for call in calls[:4]],
                         [("sock_open", "sock_open", "NOTCAPABLE"), ("sock_open", "sock_open", "NOTCAPABLE"),
                          ("sock_set_recv_timeout", "sock_set_option", "BADF"), ("sock_close", "fd_close", "BADF")])
        self.assertEqual(calls[0]["args"], {"pool": 77, "family": 6, "type": 0, "opened": 16})
        self.assertEqual(calls[1]["args"], {"pool": 0, "family": 4, "type": 0, "opened": 16})
        self.assertEqual((calls[2]["args"]["fd"], calls[2]["args"]["value"]), (3, 0x500000001))
        self.assertIn("sock_close as fd_close(99)", self.warrant("show", self.trace).stdout)
        numbers = self.rows("SELECT import FROM hostcall ORDER BY id")
        self.assertEqual(len({row["import"] for row in numbers[:2]}), 2)
        self.assertEqual(json.loads(self.warrant("replay", "--json", self.trace).stdout)["verdict"], "identical")

    def test_a_type_that_nobody_has(self):
        module = self.build("wrong", f'(module (import "{PREVIEW1}" "sock_open" (func (param i64) (result i32)))'
                            ' (memory (export "memory") 1) (func (export "_start")))')
        self.assertIn('import "wasi_snapshot_preview1" "sock_open": incompatible import type: the module wants (i64) -> (i32), '
                      "the host has (i32 i32 i32 i32) -> (i32) or (i32 i32 i32) -> (i32)",
                      self.warrant("run", module, status=125).stderr)
        module = self.build("unknown", f'(module (import "{UNSTABLE}" "sock_accept" (func (param i32 i32 i32) (result i32)))'
                            ' (memory (export "memory") 1) (func (export "_start")))')
        self.assertIn('import "wasi_unstable" "sock_accept": unknown import', self.warrant("run", module, status=125).stderr)


if __name__ == "__main__":
    warrant_case.main()
