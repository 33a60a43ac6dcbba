#!/usr/bin/env python3
"""Bad input: one clear message on stderr, the documented status, nothing half-written that looks whole."""
import os
import subprocess

import warrant_case
from warrant_case import GUESTS, WARRANT, WITNESS, Case


class BadInput(Case):
    def refused(self, *words, status, says):
        """One line on stderr that contains all of `says`; nothing on stdout."""
        done = self.warrant(*words, status=status)
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, done.stderr)
        self.assertTrue(lines[0].startswith(f"warrant {words[0]}: "), done.stderr)
        for word in says:
            self.assertIn(word, lines[0])
        self.assertEqual(done.stdout, "")

    def test_no_such_file(self):
        for command, status in (("run", 125), ("record", 125), ("replay", 3), ("check", 3), ("show", 3)):
            self.refused(command, "absent.x", status=status, says=["absent.x"])
        self.refused("query", "absent.db", "hostcalls", status=3, says=["absent.db"])
        self.refused("policy", "lint", "absent.yaml", status=3, says=["absent.yaml"])
        self.refused("run", "--policy", "absent.yaml", GUESTS / "steps.wasm", status=125, says=["absent.yaml"])
        self.refused("run", "--dir", "absent.d", GUESTS / "steps.wasm", status=125, says=["absent.d"])
        self.refused("replay", "--module", "absent.wasm", self.small_trace(), status=3, says=["absent.wasm"])
        self.assertEqual(sorted(os.listdir(self.folder)), ["data", "small.wtrace"] + (["small.wwit"] if "on" in WITNESS else []))

    def small_trace(self):
        trace = self.folder / "small.wtrace"
        self.warrant("record", "-q", *WITNESS, "-o", trace, "--dir", f"{self.data}::/data", GUESTS / "steps.wasm", "2")
        return trace

    def test_not_a_module(self):
        bad = self.folder / "bad.wasm"
        for content, says in ((b"", "bad.wasm"), (b"#!/bin/sh\necho\n", "bad.wasm"), (b"\0asm\2\0\0\0", "version")):
            bad.write_bytes(content)
            self.refused("run", bad, status=125, says=[says])
            if not content.startswith(b"\0asm"):
                self.refused("record", "-o", self.trace, *WITNESS, bad, status=125, says=[says])
                self.assertFalse(self.trace.exists())
        self.could_not_start(self.warrant("record", "-o", self.trace, *WITNESS, bad, status=125), says)
        for command in "replay", "check", "show":
            self.refused(command, bad, status=3, says=["bad.wasm"])
        self.refused("query", bad, "hostcalls", status=3, says=["bad.wasm"])

    def could_not_start(self, done, says=""):
        """The module was looked at behind the confinement, so the trace stays, and says what became of the start."""
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 2, done.stderr)
        self.assertIn(says, lines[0])
        self.assertIn("keeps the record of this start", lines[1])
        self.assertEqual([(item["exit"]) for item in self.show()], ["not started"])
        self.trace.unlink()

    def test_truncated_module(self):
        bad = self.folder / "bad.wasm"
        whole = (GUESTS / "steps.wasm").read_bytes()
        for size in 9, 40, len(whole) // 2, len(whole) - 1:
            bad.write_bytes(whole[:size])
            done = self.warrant("record", "-o", self.trace, *WITNESS, bad, "1", status=None)
            if done.returncode == 0:
                continue  # cut inside a custom section's end: what is left can be a whole module
            self.assertEqual(done.returncode, 125)
            self.could_not_start(done)

    def test_broken_policy(self):
        policy = self.folder / "policy.yaml"
        for text, line, word in (("version: 2\n", 1, "version"), ("version: 1\nfiles:\n  - host: /x\n    guest: /y\n    access: all\n", 5, "access"),
                                 ("version: 1\nfilez: []\n", 2, "filez"), ("version: 1\nlimits: { memory: lots }\n", 2, "memory"),
                                 ("version: 1\nfiles: [\n", 3, "YAML")):
            policy.write_text(text)
            self.refused("policy", "lint", policy, status=3, says=[f"policy.yaml:{line}", word])
            self.refused("run", "--policy", policy, GUESTS / "steps.wasm", status=125, says=[f"policy.yaml:{line}", word])

    def test_usage(self):
        trace = self.small_trace()
        for words in ([trace, "--db", "late.db"], ["--db", "early.db", trace], ["--db=equal.db", "--", trace]):
            self.warrant("check", *words)  # options may stand behind operands
        for name in "late.db", "early.db", "equal.db":
            self.assertTrue((self.folder / name).exists())
        for words in (["run"], ["run", "--frobnicate", "x"], ["run", "--fuel", "many", "x"], ["check"], ["show"], ["query"],
                      ["record", "--witness", "maybe", "x"], ["syscalls", "--impact", "nonesuch"]):
            done = self.warrant(*words, status=2)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        self.warrant("nonesuch", status=2)
        self.warrant(status=2)

    def test_later_trace(self):
        trace = self.small_trace()
        content = bytearray(trace.read_bytes())
        major = content.index(b"\1\0", 4)
        content[major] = 9
        trace.write_bytes(content)
        for command in "replay", "check", "show":
            done = self.warrant(command, trace, status=3)
            self.assertIn("small.wtrace", done.stderr)

    def test_query(self):
        trace, db = self.small_trace(), self.folder / "audit.db"
        self.warrant("check", "--db", db, trace)
        self.refused("query", db, "nonesuch", status=3, says=["nonesuch"])
        self.refused("query", db, "SELECT nonesuch FROM runs", status=2, says=["nonesuch"])
        before = db.read_bytes()
        self.refused("query", db, "DELETE FROM runs", status=2, says=[])
        self.assertEqual(db.read_bytes(), before)

    def test_full_disk(self):
        disk = self.folder / "disk"
        disk.mkdir()
        mounted = subprocess.run(["mount", "-t", "tmpfs", "-o", "size=10m", "none", disk], capture_output=True)
        if mounted.returncode != 0:
            self.skipTest("cannot mount a small file system: " + mounted.stderr.decode().strip())
        self.addCleanup(subprocess.run, ["umount", "-l", disk], capture_output=True)
        (self.data / "noise").write_bytes(os.urandom(1 << 20))
        trace = disk / "run.wtrace"
        # Random bytes do not compress: a few reads of the file fill the disk.
        done = self.warrant("record", *WITNESS, "-o", trace, "--dir", f"{self.data}::/data", GUESTS / "poke.wasm",
                            *self.noise_words(), status=125)
        self.assertIn("valid prefix", done.stderr)
        self.assertIn("run.wtrace", done.stderr)
        shown = self.warrant("show", "--json", trace, status=None)
        self.assertIn(shown.returncode, (0, 3))
        self.assertGreater(len(shown.stdout.splitlines()), 3)
        checked = self.warrant("check", trace, status=None)
        self.assertIn(checked.returncode, (0, 3), checked.stdout + checked.stderr)
        self.assertIn("no space", (checked.stdout + checked.stderr).lower())

    def noise_words(self):
        rights = 1 << 1 | 1 << 2 | 1 << 21
        words = ["path_open", 3, 1, "@noise", 0, rights, rights, 0, "out"]
        for _ in range(400):
            words += ["--", "fd_pread", 4, "iov:new:60000", 17, "out"]
        return words

    def test_disk_full_from_the_start(self):
        disk = self.folder / "disk"
        disk.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "-o", "size=1m", "none", disk], capture_output=True).returncode != 0:
            self.skipTest("cannot mount a small file system")
        self.addCleanup(subprocess.run, ["umount", "-l", disk], capture_output=True)
        self.refused("record", "-q", *WITNESS, "-o", disk / "run.wtrace", GUESTS / "poke.wasm", status=125, says=["run.wtrace"])
        self.assertEqual(os.listdir(disk), [])


warrant_case.main()
