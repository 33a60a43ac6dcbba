#!/usr/bin/env python3
"""Rows FD-*: descriptors and directories, with the numbers, cookies and rights that a guest should not have, and what it does in loops."""
import fcntl
import os
import struct
import subprocess

import kit
import rows
from rows import ALL, CREAT, DIRECTORY, READ, TABLE, TRUNC, WRITE, Rows, row

FDSTAT, FILESTAT = "out:24", "out:64"
LAST = 2 ** 64 - 1
OF_FOLDERS = ALL & ~(1 << 6 | 1 << 8)  # a directory that is opened for writing is none


def entries(shown):
    """(cookie, inode, type, name) of each whole entry."""
    at, found = 0, []
    while at + 24 <= len(shown):
        cookie, inode, length, kind = struct.unpack_from("<QQIB", shown, at)
        if at + 24 + length > len(shown):
            break
        found.append((cookie, inode, kind, shown[at + 24:at + 24 + length]))
        at += 24 + length
    return found


# A call of each operation that asks for a right, on a file ($f) or a directory ($d) that holds all others.
WITH_RIGHTS = {
    "fd_advise": "$f 0 1 0", "fd_allocate": "$f 0 9", "fd_datasync": "$f", "fd_fdstat_set_flags": "$f 1", "fd_filestat_get": "$f out:64",
    "fd_filestat_set_size": "$f 3", "fd_filestat_set_times": "$f 1 1 5", "fd_pread": "$f iov:new:4 0 out:4", "fd_pwrite": "$f iov:@x:1 0 out:4",
    "fd_read": "$f iov:new:4 out:4", "fd_readdir": "$d buf:64 0 out:4", "fd_seek": "$f 1 0 out:8", "fd_sync": "$f", "fd_tell": "$f out:8",
    "fd_write": "$f iov:@x:1 out:4", "path_create_directory": "$d @new", "path_filestat_get": "$d 0 @deep out:64", "path_filestat_set_times": "$d 0 @file 1 1 5",
    "path_link": "$d 0 @file 3 @new", "path_open": "$d 0 @file 0 2 0 0 out:4", "path_readlink": "$d @link buf:64 out:4", "path_remove_directory": "$d @empty",
    "path_rename": "$d @file 3 @new", "path_symlink": "@x $d @new", "path_unlink_file": "$d @file"}


class Descriptors(Rows):
    def opened(self, name, fd, oflags=0, rights=ALL, variable="f", fdflags=0):
        return f"path_open {fd} 0 @{name} {oflags} {rights} {ALL} {fdflags} ={variable}"

    @row("FD-01", "GHSA-fm79-3f68-h2fc")
    def test_renumber(self):
        answers = self.calls(self.opened("file", 3), self.opened("file", 3, variable="g"), "fd_renumber 99 $f", "fd_renumber $f 99", "fd_renumber 99 98",
                             "fd_renumber -1 -1", "fd_renumber $f -1", "fd_renumber $f 4096", "fd_renumber $f 0x80000000", "fd_renumber $f $f", "fd_tell $f out:8",
                             "fd_renumber $g $f", "fd_tell $g out:8", "fd_tell $f out:8", "fd_renumber 3 $f", "fd_prestat_get 3 out:8", "fd_prestat_get $f out:8",
                             "fd_renumber 2 2", "fd_renumber $f 3", f"path_open $f 0 @file 0 {READ} 0 0 =g", "fd_renumber $f $g", "fd_prestat_get 3 out:8", "fd_prestat_dir_name 3 buf:5")
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS", "SUCCESS"] + ["BADF"] * 7 + ["SUCCESS"] * 3 + ["BADF"] + ["SUCCESS"] * 2 +
                         ["BADF"] + ["SUCCESS"] * 2 + ["BADF"] + ["SUCCESS"] * 4)
        self.assertEqual(answers[-1].shown[0], b"/data")

    @row("FD-01", "GHSA-3p27-qvp9-27qf", "WAVE-10", "RES-04")
    def test_renumber_closes_what_it_replaces(self):
        """Ten times as often as there are descriptors; the host's are counted behind it."""
        policy = self.folder / "policy.yaml"
        policy.write_text(f"version: 1\nfiles:\n  - {{ host: {self.data}, guest: /data, access: write }}\nlimits: {{ descriptors: 16 }}\n")
        lines = [self.opened("file", 3), self.opened("file", 3, variable="g"), "fd_renumber $g $f"] + \
            [self.opened("file", 3, variable="g"), "fd_renumber $g $f"] * 160
        self.assertEqual(set(self.errnos(*lines, left_open=1, grants=["--policy", policy])), {"SUCCESS"})

    @row("FD-02", "WAVE-09")
    def test_close(self):
        """Of what was granted, too: then the number is a plain one, and nothing of the grant is left."""
        answers = self.calls("fd_close 3", "fd_close 3", "path_filestat_get 3 0 @file out:64", "fd_prestat_get 3 out:8", self.opened("deep", 4, DIRECTORY, OF_FOLDERS, "d"),
                             "fd_prestat_get $d out:8", "fd_prestat_dir_name $d buf:5", f"path_open $d 0 @new {CREAT} {WRITE} 0 0 =f", f"fd_fdstat_get $d {FDSTAT}",
                             "path_filestat_get $d 0 @file out:64", "fd_close 2", "fd_close 2", "fd_write 2 iov:@x:1 out:4", self.opened("file", 4), "fd_write 2 iov:@x:1 out:4",
                             left_open=0)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS", "BADF", "BADF", "BADF", "SUCCESS", "BADF", "BADF", "NOTCAPABLE", "SUCCESS", "SUCCESS", "SUCCESS",
                                                                "BADF", "BADF", "SUCCESS", "NOTCAPABLE"])
        self.assertEqual(answers[8].number(size=8, at=8) & (1 << 6 | 1 << 9 | 1 << 10), 0)

    @row("FD-04", "FD-05", "WASMEDGE-5340")
    def test_rights_only_shrink(self):
        """A child has no more than its directory passes on, nor has a child's child; and nothing gives a right back."""
        inherit = READ | 1 << 13 | 1 << 14 | 1 << 18
        answers = self.calls(f"path_open 3 0 @deep {DIRECTORY} {OF_FOLDERS} {inherit} 0 =d", f"path_open $d 0 @. {DIRECTORY} {OF_FOLDERS} {ALL} 0 =e", f"fd_fdstat_get $e {FDSTAT}",
                             f"path_open $e 0 @. {DIRECTORY} {OF_FOLDERS} {ALL} 0 =f", f"fd_fdstat_get $f {FDSTAT}", f"fd_fdstat_set_rights $f {ALL} {ALL}",
                             f"fd_fdstat_set_rights $f {inherit | 1 << 6} 0", f"fd_fdstat_get $f {FDSTAT}", "fd_fdstat_set_rights $f 0 0",
                             f"fd_fdstat_set_rights $f {1 << 13} 0", f"path_open $f 0 @. 0 {READ} 0 0 =g", left_open=3)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS"] * 5 + ["NOTCAPABLE"] * 2 + ["SUCCESS"] * 2 + ["NOTCAPABLE"] * 2)
        for index in (2, 4):
            for at in (8, 16):
                self.assertEqual(answers[index].number(size=8, at=at) & ~inherit, 0)
        self.assertEqual(answers[7].shown, answers[4].shown)

    @row("WAMR-4849", "FD-05")
    def test_each_right_is_looked_at(self):
        """Of every operation of the tables: without any one of the rights of its row, and with all others, it is refused and nothing changes."""
        (self.data / "link").symlink_to("file")
        (self.data / "empty").mkdir()
        asked = {name: row.rights for name, row in TABLE.operations.items() if row.built and row.rights and not name.startswith("sock_")}
        self.assertEqual(set(asked) - set(WITH_RIGHTS), set())
        lines = []
        for name, rights in asked.items():
            for right in rights:
                less = ALL & ~(1 << TABLE.right[right])
                lines += [f"path_open 3 0 @. {DIRECTORY} {less & OF_FOLDERS} {less} 0 =d", f"path_open 3 0 @file 0 {less} 0 0 =f", f"{name} {WITH_RIGHTS[name]}",
                          "fd_close $d", "fd_close $f"]
        before = {path: what[:4] + what[7:] for path, what in rows.tree(self.data).items()}
        answers = self.calls(*lines)
        self.assertEqual({answer.errno for index, answer in enumerate(answers) if index % 5 != 2}, {"SUCCESS"})
        self.assertEqual({answer.call: answer.errno for answer in answers[2::5] if answer.errno != "NOTCAPABLE"}, {})
        self.assertEqual({path: what[:4] + what[7:] for path, what in rows.tree(self.data).items()}, before)

    @row("MEM-12")
    def test_memory_that_grows(self):
        """What a call writes goes where the guest's memory is now, however often it grew."""
        answers = self.calls(self.opened("file", 3), *["fd_pread $f iov:new:6 0 out:4", "random_get big:4000000"] * 5, left_open=1)
        self.assertEqual({answer.errno for answer in answers}, {"SUCCESS"})
        self.assertEqual({answer.shown[0] for answer in answers[1::2]}, {b"inside"})

    @row("FD-06")
    def test_flags(self):
        """APPEND may be dropped, for no grant is for appending alone; what the system does not keep is not accepted; streams stay as they are."""
        answers = self.calls(self.opened("file", 3), "fd_fdstat_set_flags $f 1", "fd_write $f iov:@+:1 out:4", "fd_fdstat_set_flags $f 0", "fd_fdstat_set_flags $f 2",
                             "fd_fdstat_set_flags $f 8", "fd_fdstat_set_flags $f 16", "fd_fdstat_set_flags $f 32", "fd_fdstat_set_flags 0 4", "fd_fdstat_set_flags 1 4", left_open=1)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS"] * 4 + ["NOTSUP"] * 3 + ["INVAL"] + ["NOTSUP"] * 2)
        self.assertEqual((self.data / "file").read_text(), "inside\n+")

    @row("FD-06")
    def test_streams_of_who_started_us(self):
        """Whatever the guest asks, the launcher's own end still blocks."""
        ours, theirs = os.pipe()
        before = fcntl.fcntl(ours, fcntl.F_GETFL)
        os.write(theirs, b"fd_fdstat_set_flags 0 4\nfd_fdstat_set_flags 0 5\nfd_fdstat_set_flags 0 0\n")
        os.close(theirs)
        with self.started("run", "-q", self.script, ends=0, stdin=ours, stdout=subprocess.DEVNULL):
            pass
        self.assertEqual(fcntl.fcntl(ours, fcntl.F_GETFL), before)
        os.close(ours)

    @row("FD-07")
    def test_names_of_grants(self):
        answers = self.calls("fd_prestat_get 3 out:8", "fd_prestat_dir_name 3 buf:0", "fd_prestat_dir_name 3 buf:4", "fd_prestat_dir_name 3 buf:5", "fd_prestat_dir_name 3 buf:4096",
                             "fd_prestat_get 0 out:8", "fd_prestat_get 99 out:8", "fd_prestat_get -1 out:8", self.opened("deep", 3, DIRECTORY, OF_FOLDERS, "d"),
                             "fd_prestat_get $d out:8", "fd_prestat_dir_name $d buf:9", self.opened("file", 3), "fd_prestat_get $f out:8", left_open=2)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS", "NAMETOOLONG", "NAMETOOLONG", "SUCCESS", "SUCCESS", "BADF", "BADF", "BADF", "SUCCESS", "BADF", "BADF",
                                                                "SUCCESS", "BADF"])
        self.assertEqual(answers[0].shown[0], bytes([0, 0, 0, 0, 5, 0, 0, 0]))
        self.assertEqual(answers[3].shown[0], b"/data")
        self.assertEqual(answers[4].shown[0], b"/data" + b"\xa5" * 4091)
        for answer in answers[1:3] + answers[5:8]:
            self.assertEqual(set(answer.shown[0]) - {0xA5}, set())
            self.assertNotIn(os.fsencode(self.folder), answer.shown[0])

    @row("FD-08", "NODE-47193", "WAVE-08")
    def test_directories(self):
        for number in range(5):
            (self.data / f"deep/name{number}").touch()
        whole = self.calls("fd_readdir 3 buf:4096 0 out:4", self.opened("deep", 3, DIRECTORY, OF_FOLDERS, "d"), "fd_readdir $d buf:4096 0 out:4", self.opened("file", 3),
                           "fd_readdir $f buf:4096 0 out:4", "fd_readdir 0 buf:4096 0 out:4", "fd_readdir 3 0xfffffff0 0 0 out:4", left_open=2)
        self.assertEqual([answer.errno for answer in whole[:4]], ["SUCCESS"] * 4)
        for answer in whole[4:6]:
            self.one_of(answer, "NOTDIR", "BADF", "NOTCAPABLE")
        self.assertEqual((whole[6].errno, whole[6].number()), ("SUCCESS", 0))
        root = entries(whole[0].shown[0][:whole[0].number(1)])
        seen = entries(whole[2].shown[0][:whole[2].number(1)])
        self.assertEqual(sorted(entry[3] for entry in seen), sorted([b".", b"..", *(b"name%d" % number for number in range(5))]))
        # The granted directory's parent is itself; every inode is that of the file.
        self.assertEqual({entry[3]: entry[1] for entry in root}[b".."], {entry[3]: entry[1] for entry in root}[b"."])
        for entry in seen:
            if entry[3] not in (b".", b".."):
                self.assertEqual(entry[1], os.lstat(self.data / "deep" / entry[3].decode()).st_ino)
        # Every length of the buffer, from every cookie: what is behind it, cut where the buffer ends.
        lines = [self.opened("deep", 3, DIRECTORY, OF_FOLDERS, "d")]
        for after, entry in enumerate(seen):
            for size in (0, 1, 23, 24, 25, 4096):
                lines.append(f"fd_readdir $d buf:{size} {entry[0]} out:4")
        tail = whole[2].shown[0][:whole[2].number(1)]
        for index, answer in enumerate(self.calls(*lines, left_open=1)[1:]):
            after, size = index // 6, (0, 1, 23, 24, 25, 4096)[index % 6]
            behind = tail[sum(24 + len(entry[3]) for entry in seen[:after + 1]):]
            self.assertEqual(answer.errno, "SUCCESS", answer)
            self.assertEqual(answer.number(1), min(size, len(behind)))
            self.assertEqual(answer.shown[0][:answer.number(1)], behind[:size])
            self.assertEqual(set(answer.shown[0][answer.number(1):]) - {0xA5}, set())

    @row("FD-08", "WAVE-08")
    def test_cookies_that_nobody_gave(self):
        """An opaque number that the kernel looks at: an end, an error or some place in the same directory, never anything else."""
        cookies = [1, 2, 12345678, 2 ** 31, 2 ** 32, 2 ** 62, 2 ** 63 - 1, 2 ** 63, LAST - 1, LAST]
        for answer in self.calls(*[f"fd_readdir 3 buf:512 {cookie} out:4" for cookie in cookies]):
            self.one_of(answer, "SUCCESS", "INVAL", "NOENT", "OVERFLOW")
            if answer.errno == "SUCCESS":
                self.assertLessEqual({entry[3] for entry in entries(answer.shown[0][:answer.number(1)])}, {b".", b"..", b"file", b"deep"})

    @row("FD-08", "RES-09")
    def test_a_directory_that_changes_while_it_is_read(self):
        """Names that stay are seen once each, whatever is made and removed between two calls."""
        for number in range(300):
            (self.data / f"deep/stays{number:04}").touch()
        seen, cookie, step = [], 0, 0
        lines = [self.opened("deep", 3, DIRECTORY, OF_FOLDERS, "d")]
        # The cookies are only known behind each answer: a few runs, each starting where the last ended.
        while True:
            answer = self.calls(*lines, f"fd_readdir $d buf:2000 {cookie} out:4", left_open=1)[-1]
            used = answer.number(1)
            found = entries(answer.shown[0][:used])
            seen += [entry[3] for entry in found if entry[3].startswith(b"stays")]
            if used < 2000:
                break
            cookie = found[-1][0]
            (self.data / f"deep/comes{step:04}").touch()
            if step:
                (self.data / f"deep/comes{step - 1:04}").unlink()
            step += 1
        self.assertEqual(sorted(seen), [b"stays%04d" % number for number in range(300)])

    @row("MEM-13")
    def test_texts_of_links(self):
        """As much as there is room for, without a NUL, and not a byte beside (rows.py looks)."""
        (self.data / "link").symlink_to("0123456789")
        for answer, size in zip(self.calls(*[f"path_readlink 3 @link buf:{size} out:4" for size in (0, 1, 9, 10, 11, 4096)]), (0, 1, 9, 10, 11, 4096)):
            self.assertEqual((answer.errno, answer.number(1)), ("SUCCESS", min(size, 10)))
            self.assertEqual(answer.shown[0], (b"0123456789"[:size]).ljust(size, b"\xa5"))

    @row("FD-09")
    def test_seeking(self):
        lines = ["fd_seek 3 0 0 out:8", "fd_seek 0 0 1 out:8", self.opened("file", 3), "fd_seek $f 0 3 out:8", "fd_seek $f 0 255 out:8", "fd_seek $f 0 256 out:8",
                 "fd_seek $f -1 0 out:8", f"fd_seek $f {2 ** 63} 0 out:8", "fd_seek $f -99 2 out:8", f"fd_seek $f {2 ** 63 - 1} 0 out:8", "fd_seek $f 1 1 out:8",
                 "fd_seek $f 1 2 out:8", "fd_tell $f out:8"]
        answers = self.calls(*lines, left_open=1)
        self.one_of(answers[0], "NOTCAPABLE", "INVAL", "ISDIR")
        self.one_of(answers[1], "SPIPE", "NOTCAPABLE")
        self.assertEqual([answer.errno for answer in answers[2:]], ["SUCCESS"] + ["INVAL"] * 6 + ["SUCCESS", "INVAL", "SUCCESS", "SUCCESS"])
        self.assertEqual(answers[-1].number(size=8), 8)

    @row("FD-10")
    def test_positions(self):
        """A stream has none; and a write at a position goes there, also where the descriptor appends otherwise."""
        answers = self.calls("fd_pread 0 iov:new:4 0 out:4", "fd_pwrite 1 iov:@x:1 0 out:4", self.opened("file", 3, fdflags=1), "fd_pwrite $f iov:@I:1 0 out:4",
                             "fd_write $f iov:@+:1 out:4", left_open=1)
        for answer in answers[:2]:
            self.one_of(answer, "SPIPE", "NOTCAPABLE")
        self.assertEqual([answer.errno for answer in answers[2:]], ["SUCCESS"] * 3)
        self.assertIn((self.data / "file").read_text(), ("Inside\n+", "inside\nI+"))

    @row("FD-11", "FD-12", "RES-05")
    def test_room(self):
        answers = self.calls(self.opened("file", 3), f"fd_allocate $f {2 ** 63 - 1} 1", f"fd_allocate $f {LAST} 1", f"fd_allocate $f 0 {LAST}", "fd_allocate $f 0 0",
                             f"fd_filestat_set_size $f {2 ** 63}", f"fd_filestat_set_size $f {LAST}", f"fd_filestat_set_size $f {2 ** 63 - 1}", left_open=1)
        for answer in answers[1:7]:
            self.one_of(answer, "INVAL", "FBIG", "NOSPC", "NOTSUP", "OVERFLOW")
        self.one_of(answers[7], "FBIG", "INVAL", "SUCCESS")  # a sparse file takes no room
        self.assertLess(os.stat(self.data / "file").st_blocks * 512, 1 << 20)

    def limited(self, limits):
        path = self.folder / "policy.yaml"
        path.write_text(f"version: 1\nlimits: {{ {limits} }}\n")
        return path

    @row("FD-11", "RES-05")
    def test_room_that_is_never_given(self):
        """4 EiB: the system refuses it, or a limit on output ends the guest before anything is asked for."""
        for limits, ends in (("output: 1MiB", 126), ("memory: 1GiB", 0)):
            answers = self.calls(self.opened("file", 3), f"fd_allocate $f 0 {2 ** 62}", ends=ends, left_open=1, options=["--policy", self.limited(limits)])
            if not ends:
                self.one_of(answers[1], "FBIG", "NOSPC", "NOTSUP", "INVAL")
            self.assertLess(os.stat(self.data / "file").st_size, 1 << 20)

    @row("FD-13", "WAVE-05")
    def test_advice_and_sync(self):
        answers = self.calls(self.opened("file", 3), *[f"fd_advise $f {offset} {length} {advice}" for offset, length, advice in
                                                       ((LAST, 1, 0), (2 ** 63, 1, 0), (0, LAST, 0), (2 ** 63 - 1, 2 ** 63 - 1, 0), (0, 0, 6), (0, 0, 255))],
                             "*100 fd_sync $f", "*100 fd_datasync $f", "fd_sync 3", left_open=1)
        for answer in answers[1:5]:
            self.one_of(answer, "INVAL", "SUCCESS")
        self.assertEqual([answer.errno for answer in answers[5:9]], ["INVAL", "INVAL", "SUCCESS", "SUCCESS"])
        names = {op["syscall"] for item in self.show() if item.get("call") in ("fd_sync", "fd_datasync") for op in item.get("ops", []) if "syscall" in op}
        self.assertNotIn("sync", names)

    @row("FD-14")
    def test_ends(self):
        """Every code ends as the documents say, and a signal is never sent to anybody else."""
        for code, ends in ((0, 0), (1, 1), (125, 125), (126, 126), (134, 134), (255, 255), (256, None), (2 ** 32 - 1, None)):
            done = self.warrant("run", "-q", self.script, status=None, input=f"proc_exit {code}\n".encode())
            self.assertEqual(done.stdout, "")
            self.assertEqual(done.returncode, ends if ends is not None else done.returncode)
            if ends is None:
                self.assertNotEqual(done.returncode, 0)
        for signal in (*range(0, 32), 64, 255, 2 ** 32 - 1):
            done = self.warrant("run", "-q", self.script, status=None, input=f"proc_raise {signal}\nsched_yield\n".encode())
            if not TABLE.built("proc_raise"):
                self.assertEqual((done.returncode, done.stdout), (0, "52\n0\n"))
            elif done.returncode == 0:  # no such signal, or one that does nothing
                self.assertIn(done.stdout.split()[0], ("0", "28", "58"), signal)
            else:
                self.assertGreaterEqual(done.returncode, 128)

    @row("PATH-18")
    def test_truncation_needs_the_right(self):
        self.assertEqual(self.errnos(f"fd_fdstat_set_rights 3 {1 << 13} {WRITE}", f"path_open 3 0 @file {TRUNC} {WRITE} 0 0 =f", f"path_open 3 0 @new {CREAT} {WRITE} 0 0 =f"),
                         ["SUCCESS", "NOTCAPABLE", "NOTCAPABLE"])
        self.assertEqual((self.data / "file").read_text(), "inside\n")


rows.main()
