#!/usr/bin/env python3
"""Guests that try to get out: refused, with no system call but the confined openat2, and nothing outside changes."""
import hashlib
import json
import os
import pathlib

import warrant_case
from warrant_case import GUESTS, SLOW, Case, needs_witness, row

ILSEQ, ISDIR, LOOP, NOTCAPABLE = 25, 31, 32, 76
RIGHTS_READ, RIGHTS_WRITE = 1 << 1 | 1 << 2 | 1 << 21, 1 << 1 | 1 << 2 | 1 << 6 | 1 << 21
CREAT, TRUNC = 1, 8


def tree(folder):
    """Every name under `folder` with its kind, content and times: two trees are equal byte for byte or differ."""
    seen = {}
    for base, folders, files in os.walk(folder):
        for name in folders + files:
            path = os.path.join(base, name)
            st = os.lstat(path)
            content = os.readlink(path) if os.path.islink(path) else None
            if os.path.isfile(path) and not os.path.islink(path):
                content = hashlib.sha256(pathlib.Path(path).read_bytes()).hexdigest()
            seen[os.path.relpath(path, folder)] = (st.st_mode, st.st_size, st.st_mtime_ns, st.st_nlink, content)
    return seen


@needs_witness
class Escapes(Case):
    def setUp(self):
        super().setUp()
        self.outside.mkdir()
        (self.outside / "secret").write_text("secret\n")
        (self.data / "inside").write_text("inside\n")
        (self.data / "deep").mkdir()
        (self.data / "rel").symlink_to("../outside/secret")
        (self.data / "abs").symlink_to(self.outside / "secret")
        (self.data / "dir").symlink_to("../outside")
        (self.data / "evil").symlink_to("../outside")
        (self.data / "slash").symlink_to("evil/")
        (self.data / "magic").symlink_to("/proc/self/root")
        self.before = tree(self.outside)

    def poke(self, *words, status=0):
        """Runs poke recorded and witnessed; returns (its lines, the trace's calls, the report). The outside must be untouched and the
        check clean: a refusal is no finding."""
        done = self.record("poke", *words, status=status, options=["--witness", "on"])
        self.assertEqual(tree(self.outside), self.before)
        self.database = self.watch.database if self.watch else self.folder / "audit.db"
        if self.watch:  # which has checked it
            return done.stdout.splitlines(), [item for item in self.show() if "call" in item], self.watch.report
        self.database.unlink(missing_ok=True)
        report = self.check("--db", self.database)
        self.assertEqual(report["failing"], 0, report["findings"])
        return done.stdout.splitlines(), [item for item in self.show() if "call" in item], report

    def one(self, calls, name):
        found = [item for item in calls if item["call"] == name]
        self.assertEqual(len(found), 1, name)
        return found[0]

    def open_words(self, path, oflags=0, rights=RIGHTS_READ):
        return ["path_open", 3, 1, f"@{path}", oflags, rights, rights, 0, "out"]

    @row("PATH-03")
    def test_nul(self):
        for path in "inside%00", "..%00x", "rel%00x", "%00":
            lines, calls, report = self.poke(*self.open_words(path))
            self.assertEqual(lines, [f"path_open = {ILSEQ}"])
            self.assertEqual(self.one(calls, "path_open")["ops"], [])
            self.assertEqual(self.kernel_saw("path_open"), 0)

    def kernel_saw(self, call):
        """How many system calls the kernel saw inside the guest's hostcalls of that name."""
        done = self.warrant("query", "--json", self.database,
                            f"SELECT count(*) AS n FROM syscalls s JOIN hostcalls h ON s.hostcall = h.id WHERE h.call = '{call}'")
        return json.loads(done.stdout)[0]["n"]

    @row("MEM-01", "MEM-08")
    def test_bad_pointers(self):
        for words in (["fd_pread", 4, "iov:16:8,end-4:8", 0, "out"], ["fd_pread", 4, "iov:0xfffffff8:16", 0, "out"],
                      ["fd_pread", 4, "iov:16:0xffffffff", 0, "out"], ["fd_pread", 4, "iov:16:8", 0, "end-2"],
                      ["fd_pread", 4, "iov:16:4,end-1:2", 0, "out"], ["fd_pwrite", 4, "iov:16:4,end-1:2", 0, "out"],
                      ["fd_pwrite", 4, "iov:0xfffffff0:0x20", 0, "out"], ["random_get", "end-4", 8],
                      ["path_create_directory", 3, "end-3", 8],
                      ["path_readlink", 3, "@rel", "end-8", 64, "out"], ["path_filestat_get", 3, 1, "@inside", "end-56"]):
            with self.subTest(words=words):
                before = tree(self.data)
                rights = RIGHTS_WRITE
                lines, calls, report = self.poke(*self.open_words("inside", 0, rights), "--", *words, status=134)
                self.assertEqual(lines, ["path_open = 0 4"])
                self.assertEqual(self.one(calls, words[0])["ops"], [])
                self.assertEqual(self.kernel_saw(words[0]), 0)
                self.assertEqual(tree(self.data), before)
        # A result's pointer is checked before the file that would be made for it.
        self.poke("path_open", 3, 1, "@new", CREAT, RIGHTS_WRITE, RIGHTS_WRITE, 0, "end-2", status=134)
        self.assertFalse((self.data / "new").exists())

    @row("PATH-01", "PATH-02", "WALRUS-458")
    def test_dot_dot_and_absolute(self):
        for path in "..", "../outside/secret", "deep/../../outside/secret", "deep/../..", ".//..":
            lines, calls, report = self.poke(*self.open_words(path))
            self.assertEqual(lines, [f"path_open = {NOTCAPABLE}"], path)
            ops = [op["op"] for op in self.one(calls, "path_open")["ops"]]
            self.assertIn(ops, ([], ["open"]), path)
        for path in "/", "/etc/passwd", "//data/inside", str(self.outside / "secret"):
            lines, calls, report = self.poke(*self.open_words(path))
            self.assertEqual(lines, [f"path_open = {NOTCAPABLE}"], path)
            self.assertEqual(self.kernel_saw("path_open"), 0)
        lines, calls, report = self.poke(*self.open_words("deep/../inside"))
        self.assertEqual(lines, ["path_open = 0 4"])

    @row("PATH-05", "PATH-06")
    def test_symlinks(self):
        for path, errnos in (("rel", [NOTCAPABLE]), ("abs", [NOTCAPABLE]), ("dir/secret", [NOTCAPABLE]), ("slash/secret", [NOTCAPABLE]),
                             ("slash/", [NOTCAPABLE, ISDIR]), ("magic/etc/passwd", [NOTCAPABLE, LOOP])):
            for oflags, rights in ((0, RIGHTS_READ), (CREAT, RIGHTS_WRITE), (TRUNC, RIGHTS_WRITE)):
                with self.subTest(path=path, oflags=oflags):
                    lines, calls, report = self.poke(*self.open_words(path, oflags, rights))
                    self.assertIn(lines, [[f"path_open = {errno}"] for errno in errnos])
                    self.assertEqual([op["op"] for op in self.one(calls, "path_open")["ops"]], ["open"])

    def test_other_path_calls(self):
        for words in (["path_create_directory", 3, "@dir/new"], ["path_remove_directory", 3, "@dir/x"],
                      ["path_unlink_file", 3, "@dir/secret"], ["path_unlink_file", 3, "@../outside/secret"],
                      ["path_symlink", "@x", 3, "@dir/link"], ["path_readlink", 3, "@dir/secret", "out", 64, "out"],
                      ["path_filestat_get", 3, 1, "@rel", "out"], ["path_filestat_get", 3, 0, "@dir/secret", "out"],
                      ["path_filestat_set_times", 3, 1, "@rel", 1, 1, 5], ["path_symlink", f"@{self.outside}", 3, "@new"]):
            with self.subTest(words=words):
                lines, calls, report = self.poke(*words)
                self.assertEqual(lines, [f"{words[0]} = {NOTCAPABLE}"])
                for op in self.one(calls, words[0])["ops"]:
                    self.assertIn(op["op"], ("open", "close", "stat_at", "stat"))

    @row("PATH-17")
    def test_read_only_grant(self):
        before = tree(self.data)
        write = ["--dir", f"{self.data}::/data:ro"]
        for words in (self.open_words("inside", TRUNC, RIGHTS_READ), self.open_words("new", CREAT, RIGHTS_READ), ["path_create_directory", 3, "@new"],
                      ["path_unlink_file", 3, "@inside"], ["path_symlink", "@inside", 3, "@new"],
                      ["path_filestat_set_times", 3, 0, "@inside", 1, 1, 5]):
            with self.subTest(words=words):
                done = self.warrant("record", "-o", self.trace, *write, GUESTS / "poke.wasm", *words)
                self.assertEqual(done.stdout.splitlines(), [f"{words[0]} = {NOTCAPABLE}"])
                self.assertEqual(tree(self.data), before)
        # Rights that the grant has not are left out of the descriptor; what then needs them is refused.
        for rights in RIGHTS_READ, RIGHTS_WRITE:
            lines = self.warrant("run", *write, GUESTS / "poke.wasm", *self.open_words("inside", 0, rights), "--", "fd_pwrite", 4,
                                 "iov:@changed:7", 0, "out").stdout.splitlines()
            self.assertEqual(lines, ["path_open = 0 4", f"fd_pwrite = {NOTCAPABLE}"])
        self.assertEqual(tree(self.data), before)


warrant_case.main()
