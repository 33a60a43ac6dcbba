#!/usr/bin/env python3
"""Rows PATH-*: every call that takes a path, with every path that leads out, is no plain name or ends in what it should not. Each row runs
with both walkers; behind each the trees outside are compared (rows.py)."""
import os
import socket
import subprocess
import sys
import time

import rows
from rows import ALL, CREAT, DIRECTORY, EXCL, READ, TABLE, TRUNC, WRITE, Rows, row

# Swaps two names for ever.
SWAP = """
import ctypes, sys
libc = ctypes.CDLL(None)
one, other = (word.encode() for word in sys.argv[1:])
print("begins", flush=True)
while True:
    libc.renameat2(-100, one, -100, other, 2)
"""
# Moves a directory away and back for ever.
MOVE = """
import os, sys
print("begins", flush=True)
while True:
    os.rename(sys.argv[1], sys.argv[2])
    os.rename(sys.argv[2], sys.argv[1])
"""
# Where an op's answer is not the path's own: names that end in dots or slashes are refused before anything is looked up.
OF_THE_END = {"EXIST", "PERM", "INVAL", "ISDIR", "NOTDIR", "NOENT", "BUSY", "NOTEMPTY"}


def everywhere(path, fd=3, follow=(1, 0)):
    """The path in each place of each call that takes one."""
    for flags in follow:
        yield f"path_open {fd} {flags} @{path} 0 {READ} 0 0 =f"
        yield f"path_open {fd} {flags} @{path} {CREAT} {WRITE} 0 0 =f"
        yield f"path_open {fd} {flags} @{path} {TRUNC} {WRITE} 0 0 =f"
        yield f"path_open {fd} {flags} @{path} {DIRECTORY} {READ} 0 0 =f"
        yield f"path_filestat_get {fd} {flags} @{path} out:64"
        yield f"path_filestat_set_times {fd} {flags} @{path} 1 1 5"
        yield f"path_link {fd} {flags} @{path} 3 @made"
    yield f"path_create_directory {fd} @{path}"
    yield f"path_remove_directory {fd} @{path}"
    yield f"path_unlink_file {fd} @{path}"
    yield f"path_readlink {fd} @{path} buf:64 out:4"
    yield f"path_symlink @x {fd} @{path}"
    yield f"path_link 3 0 @file {fd} @{path}"
    yield f"path_rename {fd} @{path} 3 @made"
    yield f"path_rename 3 @file {fd} @{path}"


class Paths(Rows):
    def prepare(self):
        self.link("rel", "../outside/secret")
        self.link("abs", self.outside / "secret")
        self.link("dir", "../outside")
        self.link("up", "..")

    def link(self, name, target):
        (self.data / name).symlink_to(target)

    def where_nobody_renames(self, line):
        """What a call with very many `..` is told: while somebody on the machine renames without end, openat2 gives up on it."""
        for _ in range(50):
            told = self.errnos(line)[0]
            if told != "AGAIN":
                break
            time.sleep(0.2)
        return told

    def refused(self, paths, allowed, ends=frozenset(), follow=(1, 0), **more):
        """Each call with each path is refused, as one of `allowed`; calls that look at the end first may say one of `ends` too."""
        lines = [line for path in paths for line in everywhere(path, follow=follow)]
        before = rows.tree(self.data)
        for answer in self.calls(*lines, **more):
            name = answer.call.split()[0]
            if not TABLE.built(name):
                self.assertEqual(answer.errno, "NOSYS", answer)
            elif name in ("path_open", "path_filestat_get", "path_filestat_set_times"):
                self.one_of(answer, *allowed)
            else:
                self.one_of(answer, *allowed, *ends)
        self.assertEqual(self.of_names(rows.tree(self.data)), self.of_names(before))

    @staticmethod
    def of_names(seen):
        """Without the times: looking at a link may date it, and a name that could not be made may date its folder."""
        return {path: (what[0], what[3], what[7], what[8]) for path, what in seen.items()}

    @row("PATH-01", "WALRUS-458")
    def test_dot_dot(self):
        self.refused(["..", "../x", "../outside/secret", "deep/../../x", "deep/../..", "./..", "..//outside", "deep/../../outside/secret"],
                     {"NOTCAPABLE"}, OF_THE_END)
        self.assertEqual(self.errnos("path_filestat_get 3 0 @deep/.. out:64", "path_filestat_get 3 0 @deep/../file out:64",
                                     f"path_open 3 0 @deep/../deep/.. {DIRECTORY} {READ} 0 0 =f", "fd_close $f"), ["SUCCESS"] * 4)

    @row("PATH-02")
    def test_absolute(self):
        self.refused(["/", "/etc/passwd", "//x", "/data/file", str(self.outside / "secret")], {"NOTCAPABLE"})

    @row("PATH-03", "WAVE-01")
    def test_nul(self):
        """With and without what the text before it would name: a parent, a link out, a file."""
        self.refused(["file%00", "..%00x", "rel%00x", "abs%00x", "%00", "dir/secret%00", "fi%00le", "dir%00/secret"], {"ILSEQ"})

    @row("PATH-04")
    def test_lengths_and_bytes(self):
        self.refused([""], {"NOENT"})
        self.refused(["n" * 256, "n" * 4096, "n/" * 2048, "n" * 65536], {"NAMETOOLONG", "NOENT"})
        longest, bytes_of_any_kind = "n" * 255, "%ff%c0%af%e2%82"
        for name in (longest, bytes_of_any_kind):
            self.assertEqual(self.errnos(f"path_open 3 0 @{name} {CREAT | EXCL} {WRITE} 0 0 =f", "fd_close $f", f"path_unlink_file 3 @{name}"),
                             ["SUCCESS"] * 3)
        # An over-long slash and over-long dots are bytes of a name, and lead nowhere.
        for name in ("%c0%ae%c0%ae/secret", "..%c0%af", "%c0%ae%c0%ae"):
            self.assertEqual(self.errnos(f"path_filestat_get 3 1 @{name} out:64"), ["NOENT"])

    @row("PATH-05", "GHSA-vqjp-4c8c-hfgg", "CVE-2026-39822")
    def test_slashes_behind_links(self):
        """The advisories' own layout: a link whose text ends in a slash, to a link that leads out; and chains of two."""
        self.link("evil", self.outside)
        self.link("slash", "evil/")
        self.link("slashes", "slash//")
        self.link("relative", "dir/")
        (self.data / "a").mkdir()
        self.link("a/evil", "../../outside")
        self.link("a/link1", "evil/")
        self.refused([name + end for name in ("dir", "evil", "slash", "slashes", "relative", "a/link1", "rel", "abs")
                      for end in ("/", "//", "/.", "/..", "/secret", "/./secret", "/deep/../secret")],
                     {"NOTCAPABLE", "NOTDIR", "NOENT", "LOOP", "ISDIR"}, OF_THE_END)
        answers = self.calls(f"path_open 3 1 @file/ 0 {READ} 0 0 =f", f"path_open 3 1 @file// 0 {READ} 0 0 =f", "path_unlink_file 3 @file/",
                             "path_filestat_get 3 1 @file/ out:64", f"path_open 3 0 @file/ {CREAT} {WRITE} 0 0 =f", "path_readlink 3 @dir/ buf:9 out:4")
        for answer in answers:
            self.one_of(answer, "NOTDIR", "NOENT", "ISDIR", "INVAL")

    @row("PATH-05", "GHSA-vqjp-4c8c-hfgg")
    def test_links_with_slashes_that_stay_inside(self):
        self.link("inner", "deep/")
        self.assertEqual(self.errnos(f"path_open 3 1 @inner/ {DIRECTORY} {READ} 0 0 =f", "fd_close $f",
                                     f"path_open 3 1 @inner/new {CREAT} {WRITE} 0 0 =f", "fd_close $f"), ["SUCCESS"] * 4)
        self.assertTrue((self.data / "deep/new").exists())

    @row("PATH-06")
    def test_links_of_the_host(self):
        targets = [self.outside / "secret", "../..", "/proc/self/fd/3", "/proc/self/root", "/proc/self/mem", "/proc/self/exe", "/dev/fd/0", "/dev/mem",
                   "/dev/tty", "../outside/deep", "deep/../../outside"]
        for number, target in enumerate(targets):
            self.link(f"l{number}", target)
        lines = [line for number in range(len(targets)) for line in
                 (f"path_open 3 1 @l{number} 0 {READ} 0 0 =f", f"path_open 3 1 @l{number} {TRUNC} {WRITE} 0 0 =f", f"path_filestat_get 3 1 @l{number} out:64",
                  f"path_filestat_set_times 3 1 @l{number} 1 1 5", f"path_open 3 0 @l{number}/x {CREAT} {WRITE} 0 0 =f",
                  f"path_filestat_get 3 0 @l{number}/x out:64", f"path_create_directory 3 @l{number}/x", f"path_unlink_file 3 @l{number}/x",
                  f"path_remove_directory 3 @l{number}/x", f"path_symlink @x 3 @l{number}/x", f"path_readlink 3 @l{number}/x buf:64 out:4")]
        for answer in self.calls(*lines):
            self.one_of(answer, "NOTCAPABLE", "LOOP", "NOTDIR")

    @row("PATH-07", "RES-09")
    def test_loops_and_chains(self):
        self.link("loop", "loop")
        self.link("ping", "pong")
        self.link("pong", "ping")
        for number in range(42):
            self.link(f"hop{number}", f"hop{number + 1}" if number < 41 else "file")
        # Each names the one before it twice: 2^30 links where depth alone is counted.
        (self.data / "twice0").mkdir()
        for number in range(1, 31):
            self.link(f"twice{number}", f"twice{number - 1}/../twice{number - 1}")
        self.assertEqual(self.errnos(*[f"path_open 3 1 @{name} 0 {READ} 0 0 =f" for name in ("loop", "ping", "hop0", "hop1")],
                                     f"path_open 3 1 @hop2 0 {READ} 0 0 =f", "fd_close $f"), ["LOOP"] * 4 + ["SUCCESS"] * 2)
        self.assertEqual(self.where_nobody_renames(f"path_open 3 1 @twice30 0 {READ} 0 0 =f"), "LOOP")
        self.assertEqual(self.where_nobody_renames(f"path_filestat_get 3 0 @{'deep/../' * 500}file out:64"), "SUCCESS")

    @row("PATH-08", "CVE-2024-38358")
    def test_creating_through_links(self):
        self.link("out", "../outside/made")
        self.link("in", "deep/made")
        answers = self.calls(f"path_open 3 1 @out {CREAT} {WRITE} 0 0 =f", f"path_open 3 0 @out {CREAT} {WRITE} 0 0 =f",
                             f"path_open 3 1 @out {CREAT | TRUNC} {WRITE} 0 0 =f", f"path_open 3 1 @in {CREAT | EXCL} {WRITE} 0 0 =f",
                             f"path_open 3 0 @in {CREAT} {WRITE} 0 0 =f", f"path_open 3 1 @rel {CREAT} {WRITE} 0 0 =f")
        self.assertEqual([answer.errno for answer in answers], ["NOTCAPABLE", "LOOP", "NOTCAPABLE", "EXIST", "LOOP", "NOTCAPABLE"])
        self.assertFalse((self.outside / "made").exists() or (self.data / "deep/made").exists())
        self.assertEqual(self.errnos(f"path_open 3 1 @in {CREAT} {WRITE} 0 0 =f", "fd_close $f"), ["SUCCESS"] * 2)
        self.assertTrue((self.data / "deep/made").exists())

    @row("PATH-09", "WAZERO-2321", "UVWASI-272", "CVE-2024-38358")
    def test_targets_of_links(self):
        """An absolute target is refused; a relative one is kept as it is, and never followed out."""
        lines = [f"path_symlink @{target} 3 @new" for target in ("/etc/passwd", "/", self.outside, "", "a%00b", "t" * 4096)]
        answers = self.errnos(*lines)
        self.assertEqual(answers[:5], ["NOTCAPABLE", "NOTCAPABLE", "NOTCAPABLE", "NOENT", "ILSEQ"])
        self.assertIn(answers[5], ("NAMETOOLONG",))
        self.assertFalse(os.path.lexists(self.data / "new"))
        answers = self.calls("path_symlink @../outside/secret 3 @new", "path_readlink 3 @new buf:64 out:4", f"path_open 3 1 @new 0 {READ} 0 0 =f",
                             f"path_open 3 1 @new {CREAT} {WRITE} 0 0 =f", "path_filestat_get 3 1 @new out:64", "path_symlink @x 3 @dir/new",
                             "path_symlink @../../outside 3 @deep/out", f"path_open 3 1 @deep/out/secret 0 {READ} 0 0 =f", "path_unlink_file 3 @deep/out/secret")
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS", "SUCCESS", "NOTCAPABLE", "NOTCAPABLE", "NOTCAPABLE", "NOTCAPABLE", "SUCCESS",
                                                                "NOTCAPABLE", "NOTCAPABLE"])
        self.assertEqual(answers[1].shown[0][:answers[1].number(1)], b"../outside/secret")

    @row("PATH-11")
    def test_special_files(self):
        """Nothing waits for a writer, and nothing that is no file or directory is opened."""
        os.mkfifo(self.data / "fifo")
        with socket.socket(socket.AF_UNIX) as listener:
            here = os.getcwd()
            os.chdir(self.data)
            listener.bind("socket")
            os.chdir(here)
            names = ["fifo", "socket"]
            if os.getuid() == 0:
                os.mknod(self.data / "null", 0o20666, os.makedev(1, 3))
                names.append("null")
            lines = [f"path_open 3 0 @{name} {oflags} {rights} 0 {fdflags} =f" for name in names for oflags in (0, CREAT, TRUNC) for fdflags in (0, 4)
                     for rights in (READ, WRITE)]
            for answer in self.calls(*lines):
                self.one_of(answer, "NOTSUP", "NXIO", "NOTCAPABLE")
            for answer in self.calls(*[f"path_open 3 0 @{name} {DIRECTORY} {READ} 0 0 =f" for name in names]):
                self.one_of(answer, "NOTDIR")

    @row("PATH-14", "GHSA-4ch3-9j33-3pmj")
    def test_links_across_grants(self):
        """A file that may be read only gets no name where it may be written, by any pair of directories, nor does a directory get a second one."""
        answers = self.calls("path_link 4 0 @file 3 @alias", "path_link 4 1 @file 3 @alias", f"path_open 4 0 @deep {DIRECTORY} {ALL} {ALL} 0 =d",
                             "path_link $d 0 @file 3 @alias", "path_link 3 0 @file 4 @alias", "path_link 3 0 @deep 3 @alias", "path_link 3 0 @rel 4 @alias",
                             "path_rename 4 @file 3 @alias", "path_rename $d @file 3 @alias", "path_rename 3 @file 4 @alias", "path_rename 4 @file 4 @alias",
                             f"path_open 3 0 @alias 0 {WRITE} 0 0 =f", left_open=1)
        for answer in answers:
            if not answer.call.startswith("path_open"):
                self.one_of(answer, "NOSYS" if not TABLE.built(answer.call.split()[0]) else "NOTCAPABLE", "PERM", "XDEV", "ACCES")
        self.assertEqual((answers[2].errno, answers[-1].errno), ("SUCCESS", "NOENT"))

    @row("PATH-14")
    def test_links_that_are_followed(self):
        answers = self.calls("path_link 3 1 @rel 3 @alias", "path_link 3 1 @abs 3 @alias", "path_link 3 1 @dir/secret 3 @alias")
        for answer in answers:
            self.one_of(answer, *(["NOTCAPABLE", "INVAL", "NOTSUP"] if TABLE.built("path_link") else ["NOSYS"]))

    @row("PATH-15")
    def test_renames(self):
        (self.data / "full").mkdir()
        (self.data / "full/file").touch()
        wanted = {"path_rename 3 @deep 3 @full": ["NOTEMPTY", "EXIST"], "path_rename 3 @deep 3 @deep/in": ["INVAL"],
                  "path_rename 3 @file/ 3 @x": ["NOTDIR"], "path_rename 3 @file 3 @x/": ["NOTDIR", "NOENT"], "path_rename 3 @. 3 @x": ["INVAL", "BUSY"],
                  "path_rename 3 @deep/.. 3 @x": ["INVAL", "BUSY", "NOTCAPABLE"], "path_rename 3 @.. 3 @x": ["INVAL", "BUSY", "NOTCAPABLE"],
                  "path_rename 3 @file 3 @.": ["INVAL", "BUSY", "EXIST", "ISDIR"], "path_rename 3 @file 3 @..": ["INVAL", "BUSY", "NOTCAPABLE", "EXIST", "ISDIR"],
                  "path_rename 3 @file 3 @deep": ["ISDIR"], "path_rename 3 @deep 3 @file": ["NOTDIR"], "path_rename 3 @file 4 @x": ["NOTCAPABLE", "PERM"],
                  "path_rename 4 @file 3 @x": ["NOTCAPABLE", "PERM"], "path_rename 3 @dir/secret 3 @x": ["NOTCAPABLE"]}
        before = rows.tree(self.data)
        for answer, errnos in zip(self.calls(*wanted), wanted.values()):
            self.one_of(answer, *(errnos if TABLE.built("path_rename") else ["NOSYS"]))
        self.assertEqual(self.of_names(rows.tree(self.data)), self.of_names(before))

    @row("PATH-16")
    def test_times(self):
        last = 2 ** 64 - 1
        answers = self.calls("path_filestat_set_times 3 1 @rel 1 1 5", "path_filestat_set_times 3 1 @dir/secret 1 1 5",
                             "path_filestat_set_times 3 0 @file 1 1 3", "path_filestat_set_times 3 0 @file 1 1 12", "path_filestat_set_times 3 0 @file 1 1 16",
                             f"path_filestat_set_times 3 0 @file {last} {last} 5", "path_filestat_get 3 0 @file out:64",
                             "path_filestat_set_times 3 0 @file 1999999999 999999999 5", "path_filestat_get 3 0 @file out:64")
        self.assertEqual([answer.errno for answer in answers[:5]], ["NOTCAPABLE", "NOTCAPABLE", "INVAL", "INVAL", "INVAL"])
        self.one_of(answers[5], "SUCCESS", "INVAL", "OVERFLOW")
        self.assertEqual((answers[6].errno, answers[8].errno), ("SUCCESS", "SUCCESS"))
        self.assertEqual((answers[8].number(size=8, at=40), answers[8].number(size=8, at=48)), (1999999999, 999999999))

    @row("PATH-17", "GHSA-2r75-cxrj-cmph", "WASMEDGE-5340")
    def test_a_grant_for_reading(self):
        """From the grant itself, and from a directory that was opened below it with all rights asked for."""
        opened = f"path_open 4 0 @deep {DIRECTORY} {ALL} {ALL} 0 =d"
        lines = [line for fd in ("4", "$d") for line in
                 [f"path_open {fd} 0 @{name} {oflags} {rights} {rights} {fdflags} =f" for name in ("file", "new") for oflags, rights, fdflags in
                  ((TRUNC, READ, 0), (TRUNC, WRITE, 0), (TRUNC, READ, 4), (CREAT, READ, 0), (CREAT | TRUNC, WRITE, 0), (CREAT | EXCL, ALL, 1),
                   (0, 1 << 6, 0))] +
                 [f"path_create_directory {fd} @new", f"path_remove_directory {fd} @deep", f"path_unlink_file {fd} @file", f"path_symlink @file {fd} @new",
                  f"path_filestat_set_times {fd} 0 @file 1 1 5", f"path_link {fd} 0 @file {fd} @new", f"path_rename {fd} @file {fd} @new"]]
        for answer in self.calls(opened, *lines, left_open=1)[1:]:
            call = answer.call.split()
            if call[:4] == ["path_open", call[1], "0", "@new"] and call[4] == "0":
                self.one_of(answer, "NOENT", "NOTCAPABLE")
            else:
                self.one_of(answer, "NOTCAPABLE" if TABLE.built(call[0]) else "NOSYS")
        # What could be opened for reading changes nothing either, whatever was asked for: rights that nobody gave are left out.
        answers = self.calls(f"path_open 4 0 @file 0 {ALL} {ALL} 0 =f", "fd_write $f iov:@x:1 out:4", "fd_pwrite $f iov:@x:1 0 out:4", "fd_allocate $f 0 9",
                             "fd_filestat_set_size $f 0", "fd_filestat_set_times $f 1 1 5", f"path_open 4 0 @deep {DIRECTORY} {ALL} {ALL} 0 =d",
                             f"path_open $d 0 @file 0 {ALL} {ALL} 0 =g", "fd_write $g iov:@x:1 out:4", "path_unlink_file $d @file", left_open=3)
        for answer in answers:
            self.one_of(answer, "SUCCESS" if answer.call.startswith("path_open") else "NOTCAPABLE")

    @row("PATH-18")
    def test_no_truncation_before_the_checks(self):
        lines = [f"path_open 3 0 @file {DIRECTORY | TRUNC} {WRITE} 0 0 =f", f"path_open 3 0 @file {CREAT | EXCL | TRUNC} {WRITE} 0 0 =f",
                 f"path_open 3 0 @file/ {TRUNC} {WRITE} 0 0 =f", f"path_open 3 0 @file 16 {WRITE} 0 0 =f", f"path_open 3 0 @file {TRUNC} {WRITE} 0 32 =f"]
        for answer in self.calls(*lines):
            self.one_of(answer, "NOTDIR", "EXIST", "INVAL", "ISDIR")
        self.assertEqual((self.data / "file").read_text(), "inside\n")

    @row("PATH-19")
    def test_what_is_no_directory(self):
        """A file, standard input, what was closed, and numbers whose index would wrap."""
        opened = [f"path_open 3 0 @file 0 {READ} 0 0 =f", f"path_open 3 0 @file 0 {READ} 0 0 =g", "fd_close $g"]
        lines = [line for fd in ("$f", "0", "$g", "-1", "0x80000000", "0x7fffffff", "4096", "0xfffffffc") for line in everywhere("file", fd, (0,))]
        answers = self.calls(*opened, *lines, left_open=1)[3:]
        for answer in answers:
            self.one_of(answer, *(["NOTDIR", "BADF", "NOTCAPABLE"] if TABLE.built(answer.call.split()[0]) else ["NOSYS"]))

    @row("PATH-21")
    def test_a_directory_that_may_be_searched_alone(self):
        (self.data / "search").mkdir()
        (self.data / "search/file").write_text("found\n")
        (self.data / "search").chmod(0o311)
        answers = self.calls(f"path_open 3 0 @search/file 0 {READ} 0 0 =f", "fd_close $f", f"path_open 3 0 @search {DIRECTORY} {READ | 1 << 14} 0 0 =d",
                             f"path_open 3 0 @search/../search/file 0 {READ} 0 0 =f", "fd_close $f")
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS", "SUCCESS", "ACCES", "SUCCESS", "SUCCESS"])

    @row("PATH-13", "UVWASI-README")
    def test_names_that_are_swapped(self):
        """Somebody swaps a file and a link to what lies outside, as fast as he can, while each call names it."""
        (self.data / "swap").write_text("inside\n")
        (self.data / "other").symlink_to("../outside/secret")
        self.beside(SWAP, self.data / "swap", self.data / "other", lines=["*5000 path_filestat_get 3 1 @swap out:64", *[f"*400 {line}" for line in (
            f"path_open 3 1 @swap {TRUNC} {WRITE} 0 0 out:4", f"path_open 3 0 @swap {CREAT} {WRITE} 0 0 out:4", "path_filestat_set_times 3 1 @swap 1 1 5",
            "path_filestat_set_times 3 0 @swap 1 1 5", "path_filestat_get 3 1 @swap out:64", "path_readlink 3 @swap buf:64 out:4", "path_link 3 1 @swap 3 @made",
            "path_create_directory 3 @swap/x", "path_unlink_file 3 @swap/x")]])

    def beside(self, program, *words, lines):
        """The answers to calls that are made while the program runs. The first has to have met it at work: where the machine gave it no time, again."""
        for _ in range(10):
            other = subprocess.Popen([sys.executable, "-c", program, *words], stdout=subprocess.PIPE)
            try:
                other.stdout.readline()
                answers = self.calls(*lines, left_open=None)
            finally:
                other.kill()
                other.communicate()
            if not os.path.lexists(words[0]):  # it was stopped on its way
                os.rename(words[1], words[0])
            if len(answers[0].counts) > 1:
                return answers
        self.fail(f"nothing was seen to change: {answers[0]}")

    @row("PATH-12", "UVWASI-README")
    def test_directories_that_are_moved(self):
        """Somebody moves a directory out of the grant and back while paths lead through it: `..` behind it is never the place that it was moved to."""
        away = self.folder / "away"
        away.mkdir()
        (away / "secret").write_text("secret\n")
        (self.data / "deep/in/more").mkdir(parents=True)
        answers = self.beside(MOVE, self.data / "deep/in", away / "in", lines=[
            "*5000 path_filestat_get 3 1 @deep/in/more/.. out:64", "*1000 path_filestat_get 3 1 @deep/in/../secret out:64",
            f"*1000 path_open 3 1 @deep/in/more/../../secret 0 {READ} 0 0 out:4", f"*500 path_open 3 1 @deep/in/../made {CREAT | EXCL} {WRITE} 0 0 out:4",
            "*1000 path_unlink_file 3 @deep/in/../secret", "*1000 path_create_directory 3 @deep/in/../folder"])
        for answer in answers[1:3] + answers[4:5]:
            self.assertNotIn("SUCCESS", answer.counts, answer)
        self.assertLessEqual(set(os.listdir(away)), {"secret", "in"})
        self.assertEqual((away / "secret").read_text(), "secret\n")

    @row("PATH-22")
    def test_modes(self):
        before = os.umask(0o027)
        self.addCleanup(os.umask, before)
        self.assertEqual(self.errnos(f"path_open 3 0 @new {CREAT} {ALL} 0 0 =f", "fd_close $f", "path_create_directory 3 @folder"), ["SUCCESS"] * 3)
        self.assertEqual(oct((self.data / "new").stat().st_mode & 0o7777), "0o640")
        self.assertEqual(oct((self.data / "folder").stat().st_mode & 0o7777), "0o750")
        (self.data / "folder").chmod(0o2777)
        self.assertEqual(self.errnos(f"path_open 3 0 @folder/new {CREAT} {ALL} 0 0 =f", "fd_close $f"), ["SUCCESS"] * 2)
        self.assertEqual((self.data / "folder/new").stat().st_mode & 0o7000, 0)

    @row("PATH-23")
    def test_a_hard_link_of_the_host(self):
        """By design: a name inside of the grant is inside, whatever other names its file has."""
        shared = self.folder / "shared"
        shared.write_text("shared\n")
        os.link(shared, self.data / "alias")
        self.assertEqual(self.errnos(f"path_open 3 0 @alias 0 {WRITE} 0 0 =f", "fd_write $f iov:@S:1 out:4", "fd_close $f"), ["SUCCESS"] * 3)
        self.assertEqual(shared.read_text(), "Shared\n")


rows.main()
