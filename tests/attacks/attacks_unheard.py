#!/usr/bin/env python3
"""Nobody is acquitted unheard: short memory, a trace that stops, a process that the kernel saw killed."""
import json
import subprocess
import unittest

import kit
from kit import SLOW, WARRANT, Attack, chunks, needs_witness

# Reads 256 MiB of a sparse file at once: the trace is small, its reading is not.
SPARSE = """
(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 4200)
  (data (i32.const 64) "sparse")
  (func (export "_start")
    (if (call $open (i32.const 3) (i32.const 0) (i32.const 64) (i32.const 6) (i32.const 0) (i64.const 2) (i64.const 2) (i32.const 0) (i32.const 0))
      (then unreachable))
    (i32.store (i32.const 16) (i32.const 65536)) (i32.store (i32.const 20) (i32.const 0x10000000))
    (if (call $read (i32.load (i32.const 0)) (i32.const 16) (i32.const 1) (i32.const 8)) (then unreachable))))
"""
# Enough calls for several chunks: random bytes do not shrink.
MANY = """
#include <fcntl.h>
#include <stdlib.h>
#include <unistd.h>
int main() {
  static char block[65536];
  int fd = open("/data/f", O_CREAT | O_RDWR, 0600);
  for (int i = 0; i < 300; i++) { getentropy(block, 256); pwrite(fd, block, 512, i * 512); getentropy(block, 256); lseek(fd, 0, SEEK_SET); read(fd, block, sizeof block); }
  return 0;
}
"""


class Unheard(Attack):
    def limited(self, kilobytes, *words):
        """The command with an address space of so many KiB."""
        return subprocess.run(["sh", "-c", f'ulimit -v {kilobytes}; exec "$@"', "sh", WARRANT, *map(str, words)], capture_output=True,
                              cwd=self.folder, timeout=120 * SLOW)

    @unittest.skipIf(kit.SANITIZE, "a sanitizer's shadow needs more than the limit")
    def test_short_of_memory(self):
        """A check without the memory that a good trace needs says so, and calls neither the trace damaged nor the run clean."""
        with open(self.data / "sparse", "wb") as sparse:
            sparse.truncate(1 << 28)
        self.attack(self.wat(SPARSE), options=["--witness", "off"], status=0)
        self.assertEqual(self.verdict()[0], 0)
        db = self.folder / "audit.db"
        heard = 0
        for kilobytes in (20000, 60000, 120000, 200000, 280000, 340000, 500000):
            with self.subTest(kilobytes=kilobytes):
                db.unlink(missing_ok=True)
                done = self.limited(kilobytes, "check", "--db", db, self.trace)
                said = (done.stdout + done.stderr).decode()
                self.assertNotIn("damaged", said)
                if done.returncode == 0:
                    self.assertIn("replay      identical", said)
                    continue
                heard += 1
                self.assertIn("memory", said)
                self.assertIn(done.returncode, (1, 3, 127), said)
                if done.returncode == 1:
                    row = json.loads(self.warrant("query", "--json", db, "SELECT whole, verdict, replayed FROM runs").stdout)[0]
                    self.assertEqual((row["whole"], row["verdict"], row["replayed"]), (1, "findings", 0))
                elif done.returncode == 3 and db.exists() and db.stat().st_size:
                    runs = json.loads(self.warrant("query", "--json", db, "SELECT count(*) AS n FROM runs").stdout)
                    self.assertEqual(runs, [{"n": 0}])
        self.assertGreater(heard, 1)

    @needs_witness
    def test_behind_the_end(self):
        """Where a trace stops, what the kernel saw goes on: one call may have been in flight, and everything else is undeclared."""
        self.attack(self.guest(MANY), options=["--witness", "on"], status=0)
        self.clean()
        content = self.trace.read_bytes()
        # Chunks of many calls: on a slow machine there are some of few, since none waits for long to become full.
        events = [part for part in chunks(content) if part["kind"] == 3 and part["raw"] > 4096]
        self.assertGreater(len(events), 1)
        for part in events[:3]:
            with self.subTest(at=part["at"]):
                self.trace.write_bytes(content[:part["at"]])
                status, report = self.verdict()
                self.assertEqual(status, 3)
                beyond = [f for f in report["findings"] if f["rule"] == "witness.beyond"]
                undeclared = [f for f in report["findings"] if f["rule"] == "witness.undeclared"]
                self.assertLessEqual(len(beyond), 1)
                self.assertTrue(undeclared)
                self.assertTrue(all("behind the place where the trace stops" in f["evidence"] for f in undeclared))
                self.assertGreater(report["failing"], 0)

    def test_killed_is_said(self):
        """How the guest's process ended is the kernel's word, in text, JSON and database."""
        spin = self.wat('(module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))')
        self.attack(spin, options=["--witness", "off", "--timeout", "200ms"], status=126)
        db = self.folder / "audit.db"
        status, report = self.verdict("--no-replay", "--db", db)
        self.assertIn("wall-clock limit", report["cause"])
        self.assertIn("wall-clock limit", self.warrant("check", "--no-replay", self.trace, status=None).stdout)
        row = json.loads(self.warrant("query", "--json", db, "SELECT cause, verdict FROM runs").stdout)[0]
        self.assertIn("wall-clock limit", row["cause"])
        self.assertEqual(row["verdict"], "incomplete: unwitnessed, not replayed")


kit.main()
