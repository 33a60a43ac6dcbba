#!/usr/bin/env python3
"""What programs of today's toolchains need of descriptors, as Linux and witx have it: appending, preopens that move and close, files beyond 4 GiB,
directories of 100,000 names that change while they are read, waiting for descriptors and clocks. Each list of calls is made live, recorded and
replayed, with one answer."""
import os
import pathlib
import shutil
import signal
import struct
import subprocess
import tempfile
import threading
import time

import kit
import rows
from rows import ALL, CREAT, DIRECTORY, READ, Rows, row
from subscriptions import LAST, REALTIME, clock, descriptor, events, poll

GIB = 1 << 30
FAR = (1 << 32) + 5
APPEND = 1
OF_FOLDERS = ALL & ~(1 << 6 | 1 << 8)
GRANT, BENEATH = 0x0fbffe19, 0x0fffffff  # what a directory that is granted for writing may, and passes on
# Lists /data through a buffer of argv[1] bytes; every argv[2] calls it makes a name and removes the one before. Prints each name.
LISTER = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>
static char written[1 << 16];
int main(int argc, char **argv)
{
    size_t room = atoi(argv[1]), every = atoi(argv[2]);
    uint8_t *at = malloc(room);
    uint64_t cookie = 0;
    __wasi_size_t used;
    char name[32];
    setvbuf(stdout, written, _IOFBF, sizeof written);
    for (unsigned calls = 0;; calls++) {
        if (every && calls % every == 0) {
            int fd;
            snprintf(name, sizeof name, "mine%06u", calls);
            if (__wasi_path_open(3, 0, name, __WASI_OFLAGS_CREAT, 0, 0, 0, &fd) || __wasi_fd_close(fd)) return 2;
            snprintf(name, sizeof name, "mine%06u", calls - (unsigned)every);
            if (calls && __wasi_path_unlink_file(3, name)) return 3;
        }
        if (__wasi_fd_readdir(3, at, room, cookie, &used)) return 4;
        size_t k = 0;
        for (; k + 24 <= used;) {
            __wasi_dirent_t d;
            memcpy(&d, at + k, 24);
            if (k + 24 + d.d_namlen > used) break;
            printf("%.*s\n", (int)d.d_namlen, (char *)at + k + 24);
            cookie = d.d_next;
            k += 24 + d.d_namlen;
        }
        if (used < room) return 0;
        if (!k) return 5;
    }
}
"""


def opened(name, variable="f", fd=3, oflags=0, fdflags=0, rights=ALL):
    return f"path_open {fd} 0 @{name} {oflags} {rights} {ALL} {fdflags} ={variable}"


def size(answer):
    return answer.number(size=8, at=32)


class FileCalls(Rows):
    def grants_of(self, folder):
        return ["--dir", f"{folder}::/data", "--dir", f"{self.readable}::/ro:ro"]

    def three(self, *lines, left_open=0, differs=(), **more):
        """The answers of the calls recorded, which are those of a run that is not, on a tree of the same content, and of the replay. What is shown by
        the calls in `differs` (numbers of files, times) is another in each tree."""
        twin = self.folder / "twin"
        subprocess.run(["rm", "-rf", twin], check=True)
        subprocess.run(["cp", "-a", "--sparse=always", self.data, twin], check=True)
        recorded = self.calls(*lines, left_open=left_open, **more)
        live = self.warrant("run", "-q", *self.grants_of(twin), self.script, input=("\n".join(lines) + "\n").encode()).stdout.splitlines()
        replayed = self.warrant("replay", "--output", self.trace).stdout.splitlines()[1:]  # behind the line of rows.py
        self.assertEqual([len(live), len(replayed)], [len(lines)] * 2)
        for line, ours, lived, again in zip(lines, recorded, live, replayed):
            self.assertEqual((rows.Answer(line, again).counts, rows.Answer(line, again).shown), (ours.counts, ours.shown), line)
            lived = rows.Answer(line, lived)
            self.assertEqual(lived.counts, ours.counts, line)
            if line.split()[0] not in ("path_filestat_get", "fd_filestat_get", "fd_readdir", *differs):
                self.assertEqual(lived.shown, ours.shown, line)
        self.assertEqual(self.content(twin), self.content(self.data))
        return recorded

    @staticmethod
    def content(folder):
        """Names, types, sizes, and the bytes of what is small."""
        return {str(path.relative_to(folder)): (path.lstat().st_mode, path.lstat().st_size if path.is_file() else 0,
                                                path.read_bytes() if path.is_file() and path.lstat().st_size < 1 << 20 else None)
                for path in folder.rglob("*")}

    def succeed(self, answers, but=()):
        self.assertEqual({answer.call: answer.errno for index, answer in enumerate(answers) if answer.errno != "SUCCESS" and index not in but}, {})

    # ---- O_APPEND ----

    @row("FD-10")
    def test_appending(self):
        """Each write goes to the end that the file has then, and the position is behind it; as natively, so does one at a position."""
        lines = [opened("file", fdflags=APPEND), "fd_tell $f out:8", "fd_write $f iov:@a:1 out:4", "fd_tell $f out:8", "fd_seek $f 2 0 out:8", "fd_read $f iov:new:2 out:4",
                 "fd_write $f iov:@b:1,@c:1 out:4", "fd_tell $f out:8", "fd_pwrite $f iov:@P:1 0 out:4", "fd_tell $f out:8", "fd_filestat_set_size $f 3",
                 "fd_write $f iov:@d:1 out:4", "fd_tell $f out:8", "fd_fdstat_get $f out:24"]
        answers = self.three(*lines, left_open=1)
        self.succeed(answers)
        native = self.folder / "native"
        native.write_text("inside\n")
        fd = os.open(native, os.O_RDWR | os.O_APPEND)
        self.addCleanup(os.close, fd)

        def tell():
            return os.lseek(fd, 0, os.SEEK_CUR)

        said = [tell()]
        os.write(fd, b"a")
        said.append(tell())
        os.lseek(fd, 2, os.SEEK_SET)
        read = os.read(fd, 2)
        os.writev(fd, [b"b", b"c"])
        said.append(tell())
        os.pwrite(fd, b"P", 0)
        said.append(tell())
        os.ftruncate(fd, 3)
        os.write(fd, b"d")
        said.append(tell())
        self.assertEqual([answers[index].number(size=8) for index in (1, 3, 7, 9, 12)], said)
        self.assertEqual(answers[5].shown[0], read)
        self.assertEqual(answers[13].number(size=2, at=2), APPEND)
        self.assertEqual((self.data / "file").read_bytes(), native.read_bytes())

    @row("FD-06", "FD-10")
    def test_appending_by_two(self):
        """Two descriptors that append lose nothing of each other's; one that begins to, goes on at the end; one that ends, where it stands."""
        lines = [opened("file", "f", fdflags=APPEND), opened("file", "g", fdflags=APPEND), opened("file", "h"), opened("file", "i", 3)]
        for number in range(4):
            lines += [f"fd_write $f iov:@f{number}:2 out:4", f"fd_write $g iov:@g{number}:2 out:4"]
        lines += ["fd_pwrite $h iov:@..:2 30 out:4", "fd_write $f iov:@F:1 out:4", "fd_tell $f out:8", "fd_tell $g out:8",
                  "fd_seek $h 0 0 out:8", "fd_fdstat_set_flags $h 1", "fd_fdstat_get $h out:24", "fd_fdstat_get $i out:24", "fd_write $h iov:@H:1 out:4", "fd_tell $h out:8",
                  "fd_seek $h 1 0 out:8", "fd_fdstat_set_flags $h 0", "fd_write $h iov:@N:1 out:4", "fd_tell $h out:8", "fd_fdstat_set_flags $f 0", "fd_seek $f 0 0 out:8",
                  "fd_write $f iov:@I:1 out:4"]
        answers = self.three(*lines, left_open=4)
        self.succeed(answers)
        told = {answer.call: answer for answer in answers}
        self.assertEqual([answers[index].number(size=8) for index in (14, 15)], [33, 23])
        self.assertEqual([told[f"fd_fdstat_get ${name} out:24"].number(size=2, at=2) for name in "hi"], [APPEND, 0])
        self.assertEqual([answer.number(size=8) for answer in answers if answer.call == "fd_tell $h out:8"], [34, 2])
        self.assertEqual((self.data / "file").read_bytes(), b"INside\nf0g0f1g1f2g2f3g3" + b"\0" * 7 + b"..FH")

    # ---- preopens ----

    @row("FD-01", "FD-02")
    def test_preopens_move_and_close(self):
        """A grant's name, rights and directory go where it is renumbered to; over another one, that is gone; closed, nothing of it is left."""
        name, ro = "fd_prestat_dir_name {} buf:5", "fd_prestat_dir_name {} buf:3"
        lines = [name.format(3), ro.format(4), "fd_renumber 3 9", "fd_renumber 3 4", "fd_renumber 4 4", "fd_renumber 4 3", name.format(4), name.format(3),
                 f"path_open 4 0 @new {CREAT} {READ} 0 0 =f", "path_unlink_file 4 @new", "fd_close $f", "fd_close 4", "fd_close 4", "fd_prestat_get 4 out:8",
                 "path_filestat_get 4 0 @file out:64", opened("deep", "d", 4)]
        answers = self.three(*lines, left_open=-2)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS"] * 2 + ["BADF"] + ["SUCCESS"] * 2 + ["BADF", "SUCCESS", "BADF"] + ["SUCCESS"] * 4 + ["BADF"] * 4)
        self.assertEqual(answers[6].shown[0], b"/data")

    @row("FD-01", "FD-04")
    def test_preopens_over_descriptors(self):
        """Over what is open by itself, and back; the directory keeps its rights, what is opened by it has no more, and a stream's number is one like others."""
        lines = [opened("file"), opened("deep", "d", rights=OF_FOLDERS), f"fd_fdstat_set_rights 3 {GRANT - (1 << 26)} {BENEATH}", "fd_fdstat_get 3 out:24", "fd_renumber 3 $f",
                 "fd_fdstat_get $f out:24", "fd_prestat_dir_name $f buf:5", "fd_prestat_get 3 out:8", f"path_open $f 0 @file 0 {READ} 0 0 =g",
                 "fd_fdstat_get $g out:24", "fd_renumber $f 2", "fd_write 2 iov:@x:1 out:4", "path_filestat_get 2 0 @file out:64", "fd_prestat_dir_name 2 buf:5",
                 "fd_renumber 2 $d", "fd_prestat_dir_name $d buf:5", "fd_close $d", "fd_prestat_get $d out:8", "path_unlink_file $d @file", "fd_close $g"]
        answers = self.three(*lines, left_open=-2)
        errnos = [answer.errno for answer in answers]
        self.assertEqual((errnos[:3], errnos[3:7], errnos[7:8], errnos[8:11]), (["SUCCESS"] * 3, ["SUCCESS"] * 4, ["BADF"], ["SUCCESS"] * 3))
        self.assertIn(errnos[11], ("NOTCAPABLE", "ISDIR", "BADF"))
        self.assertEqual(errnos[12:], ["SUCCESS"] * 5 + ["BADF"] * 2 + ["SUCCESS"])
        self.assertEqual(answers[3].shown, answers[5].shown)
        self.assertEqual({answers[index].shown[0] for index in (6, 13, 15)}, {b"/data"})
        self.assertTrue((self.data / "file").exists())

    # ---- beyond 4 GiB ----

    @row("FD-09", "FD-12")
    def test_beyond_four_gib(self):
        """Nothing is cut to 32 bits: positions, sizes, offsets, and what ends there."""
        lines = [opened("big", oflags=CREAT), f"fd_filestat_set_size $f {5 * GIB}", "fd_filestat_get $f out:64", f"fd_seek $f {FAR} 0 out:8",
                 "fd_write $f iov:@far:3 out:4", "fd_tell $f out:8", "fd_seek $f -3 1 out:8", "fd_read $f iov:new:5 out:4", f"fd_pread $f iov:new:3 {FAR} out:4", "fd_pread $f iov:new:3 5 out:4",
                 f"fd_pwrite $f iov:@over:4 {(1 << 32) - 2} out:4", f"fd_pread $f iov:new:2,new:2 {(1 << 32) - 2} out:4", f"fd_pwrite $f iov:@end:3 {3 << 32} out:4",
                 "path_filestat_get 3 0 @big out:64", "fd_seek $f -3 2 out:8", "fd_read $f iov:new:8 out:4", f"fd_allocate $f {(3 << 32) + 8192} 4096", "fd_filestat_get $f out:64",
                 f"fd_advise $f {1 << 32} {1 << 33} 1", f"fd_filestat_set_size $f {FAR + 3}", "fd_filestat_get $f out:64", "fd_seek $f 0 2 out:8",
                 f"fd_pread $f iov:new:9 {FAR} out:4", f"fd_pread $f iov:new:4 {3 << 32} out:4", opened("big", "g", fdflags=APPEND), "fd_write $g iov:@more:4 out:4", "fd_tell $g out:8",
                 f"fd_pread $f iov:new:9 {FAR} out:4", "fd_filestat_set_size $f 6", f"fd_seek $f {1 << 40} 1 out:8", "fd_read $f iov:new:4 out:4", "fd_filestat_get $f out:64"]
        answers = self.three(*lines, left_open=2)
        self.succeed(answers)
        self.assertEqual([size(answers[index]) for index in (2, 13, 17, 20, 31)], [5 * GIB, (3 << 32) + 3, (3 << 32) + 12288, FAR + 3, 6])
        self.assertEqual([answers[index].number(size=8) for index in (3, 5, 6, 14, 21, 26)], [FAR, FAR + 3, FAR, 3 << 32, FAR + 3, FAR + 7])
        self.assertEqual(answers[7].shown[0], b"far\0\0")
        self.assertEqual((answers[8].shown[0], answers[9].shown[0]), (b"far", b"\0\0\0"))
        self.assertEqual(answers[11].shown[:2], [b"ov", b"er"])
        self.assertEqual((answers[15].shown[0][:3], answers[15].number(1)), (b"end", 3))
        self.assertEqual((answers[22].shown[0][:3], answers[22].number(1), answers[23].number(1)), (b"far", 3, 0))
        self.assertEqual((answers[27].shown[0][:7], answers[27].number(1)), (b"farmore", 7))
        self.assertEqual((answers[29].number(size=8), answers[30].number(1)), (FAR + 3 + (1 << 40), 0))

    # ---- 100,000 names ----

    @row("FD-08", "RES-09")
    def test_a_hundred_thousand_names_that_change(self):
        """Through buffers of 4 KiB and of little more than a name, while guest and host make and remove others: what stays is seen once each."""
        stays = {f"stays-{number:06}" for number in range(100000 if not (kit.WALKER or kit.SANITIZE) else 5000)}
        if tuple(map(int, os.uname().release.split(".")[:2])) >= (6, 6) and os.access("/dev/shm", os.W_OK):
            # In memory it takes a tenth of the time; before Linux 6.6 a position in a directory of tmpfs was the number of names before it.
            self.data = pathlib.Path(tempfile.mkdtemp(prefix="warrant-", dir="/dev/shm"))
            self.addCleanup(shutil.rmtree, self.data, ignore_errors=True)
        for name in stays:
            os.close(os.open(self.data / name, os.O_CREAT | os.O_WRONLY))
        lister = self.guest(LISTER)
        for room, every in (4096, 40), (300 if kit.SANITIZE else 512, 700):
            for command in ("run", "record") if room == 4096 else ("record",):
                stop = threading.Event()
                other = threading.Thread(target=self.churn, args=(stop,))
                other.start()
                try:
                    words = [command, "-q", *(["-o", self.trace] if command == "record" else []), "--dir", f"{self.data}::/data"]
                    said = self.warrant(*words, lister, room, every).stdout.splitlines()
                finally:
                    stop.set()
                    other.join()
                seen = [name for name in said if name.startswith("stays-")]
                self.assertEqual((len(seen), set(seen)), (len(stays), stays), (room, command))
                self.assertEqual([said.count(name) for name in (".", "..")], [1, 1])
                self.assertLessEqual({name[:5] for name in said}, {".", "..", "stays", "mine0", "host0", "file", "deep"})
                for name in list(self.data.glob("mine*")) + list(self.data.glob("host*")):
                    name.unlink()
            self.assertEqual(self.warrant("replay", "--output", self.trace).stdout.splitlines(), said)

    def churn(self, stop):
        number = 0
        while not stop.is_set():
            (self.data / f"host{number:06}").touch()
            if number:
                (self.data / f"host{number - 1:06}").unlink()
            number += 1
            time.sleep(0.001)

    # ---- waiting ----

    @row("POLL-04", "POLL-05", "POLL-06")
    def test_descriptors_and_clocks_together(self):
        """Whatever is ready is told, in the order asked for, at once; a clock that has not passed is not; what cannot be waited for does not hide what can."""
        hour = 3600 * 10 ** 9
        f, d = 5, 6
        lines = [opened("file"), opened("deep", "d", rights=OF_FOLDERS), "fd_seek $f 2 0 out:8",
                 poll(descriptor(7, f), clock(8, hour)), poll(clock(8, hour), descriptor(7, f), descriptor(9, f, 2)), poll(descriptor(1, 99), descriptor(2, f), clock(3, hour)),
                 poll(clock(1, hour), descriptor(2, 99, 2), clock(3, hour, 77)), poll(descriptor(1, d), descriptor(2, f), clock(3, hour)),
                 poll(*[descriptor(number, f) for number in range(3)], clock(3, LAST), clock(4, 0, REALTIME)), poll(clock(2, 5, REALTIME, flags=1), clock(3, hour))]
        silent = [poll(descriptor(1, 0), clock(2, 1), clock(3, hour)), poll(descriptor(1, 0), clock(2, 2000000), clock(3, 1000000)),
                  poll(descriptor(1, 1, 2), descriptor(2, 0), clock(3, hour)), poll(descriptor(1, 0), clock(2, 5, REALTIME, flags=1), clock(3, hour))]
        began = time.monotonic()
        waited = self.calls(*silent)
        answers = self.three(*lines, left_open=2)
        self.assertLess(time.monotonic() - began, 60 * kit.SLOW)
        self.succeed(answers + waited)
        read, write, passed = (lambda user, errno="SUCCESS", kind=kind: (user, errno, kind) for kind in (1, 2, 0))
        self.assertEqual([events(answer) for answer in waited], [[passed(2)], [passed(3)], [write(1)], [passed(2)]])
        told = [events(answer) for answer in answers[3:]]
        self.assertEqual(told[:4], [[read(7)], [read(7), write(9)], [read(1, "BADF"), read(2)], [write(2, "BADF"), passed(3, "INVAL")]])
        self.assertEqual(told[4][-1], read(2))
        self.assertEqual([event for event in told[5] if event[2] == 1], [read(0), read(1), read(2)])
        self.assertEqual(told[6], [passed(2)])

    @row("POLL-05")
    def test_what_becomes_ready_ends_the_wait(self):
        """A writer of the standard input, long before the clock; and at its end, which is told as a hangup."""
        text = poll(descriptor(1, 0), clock(2, 600 * 10 ** 9))
        for command in ["run"], ["record", "-o", self.trace]:
            with self.started(*command, "-q", self.script, ends=0) as guest:
                guest.stdin.write(f"sched_yield\n{text}\n".encode())
                guest.stdin.flush()
                self.assertEqual(guest.stdout.readline(), b"0\n")
                time.sleep(0.3)
                began = time.monotonic()
                guest.stdin.write(b"sched_yield\n")
                guest.stdin.flush()
                answer = rows.Answer(text, guest.stdout.readline().decode())
                self.assertLess(time.monotonic() - began, 20 * kit.SLOW)
                self.assertEqual(events(answer), [(1, "SUCCESS", 1)])
                self.assertEqual(guest.stdout.readline(), b"0\n")
                guest.stdin.write(f"{text}\n".encode())
                guest.stdin.flush()
                time.sleep(0.3)
                guest.stdin.close()
                answer = rows.Answer(text, guest.stdout.readline().decode())
                self.assertEqual(events(answer), [(1, "SUCCESS", 1)])
                self.assertEqual(struct.unpack_from("<QH", answer.shown[0], 16), (0, 1))

    @row("POLL-05")
    def test_a_wait_is_ended(self):
        """For a descriptor that says nothing and a clock that is far: by --timeout, by ^C of the terminal's job, and by `limits.wait`."""
        text = poll(descriptor(1, 0), clock(2, 3600 * 10 ** 9), clock(3, LAST, REALTIME))
        began = time.monotonic()
        self.calls(text, ends=126, options=["--timeout", "300ms"])
        policy = self.folder / "policy.yaml"
        policy.write_text("version: 1\nlimits: { wait: 50ms }\n")
        self.calls(poll(descriptor(1, 0), clock(2, 50 * 10 ** 6)), options=["--policy", policy])
        self.calls(poll(descriptor(1, 0), clock(2, 50 * 10 ** 6 + 1)), ends=126, options=["--policy", policy])
        self.calls(poll(descriptor(1, 0)), ends=126, options=["--policy", policy])
        self.assertLess(time.monotonic() - began, 30 * kit.SLOW)
        with self.started("record", "-q", "-o", self.folder / "int.wtrace", self.script, ends=128 + signal.SIGINT, process_group=0, stderr=subprocess.DEVNULL) as guest:
            guest.stdin.write(f"sched_yield\n{text}\n".encode())
            guest.stdin.flush()
            self.assertEqual(guest.stdout.readline(), b"0\n")
            time.sleep(0.2)
            began = time.monotonic()
            os.killpg(guest.pid, signal.SIGINT)
            guest.wait(60 * kit.SLOW)
            self.assertLess(time.monotonic() - began, 10 * kit.SLOW)
        self.assertTrue(self.clean(self.folder / "int.wtrace")["cause"].startswith("a signal to the launcher (2)"))

    # ---- rights ----

    @row("FD-04", "FD-05")
    def test_rights_go_with_a_descriptor_and_only_shrink(self):
        """What was given up stays so under another number, of what is opened by it, in both halves, and for the name that the file gets elsewhere."""
        less = GRANT & ~(1 << 26 | 1 << 16 | 1 << 12)  # nothing is unlinked here, renamed from here, linked to here
        files = BENEATH & ~(1 << 6 | 1 << 22)
        lines = [opened("file"), opened("file", "s"), f"fd_fdstat_set_rights $f {READ} 0", "fd_renumber $f $s", "fd_fdstat_get $s out:24", "fd_write $s iov:@x:1 out:4",
                 f"fd_fdstat_set_rights $s {ALL} 0", f"fd_fdstat_set_rights $s {READ} 1", f"fd_fdstat_set_rights 3 {less} {files}", f"fd_fdstat_set_rights 3 {GRANT} {files}",
                 f"fd_fdstat_set_rights 3 {less} {BENEATH}", f"path_open 3 0 @deep {DIRECTORY} {OF_FOLDERS} {ALL} 0 =d", "fd_fdstat_get $d out:24",
                 f"path_open $d 0 @. {DIRECTORY} {OF_FOLDERS} {ALL} 0 =e", "fd_fdstat_get $e out:24", f"path_open 3 0 @file 0 {READ | 1 << 6} {ALL} 0 =g", "fd_write $g iov:@x:1 out:4",
                 "path_unlink_file 3 @file", "path_rename 3 @file 4 @file", "path_link 4 0 @file 3 @new", "fd_fdstat_set_rights 3 0 0", "path_filestat_get 3 0 @file out:64",
                 f"path_open 3 0 @file 0 {READ} 0 0 =h", "fd_readdir 3 buf:64 0 out:4", "fd_fdstat_set_rights 3 1 0"]
        answers = self.three(*lines, left_open=4)
        no = "NOTCAPABLE"
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS"] * 5 + [no] * 3 + ["SUCCESS"] + [no] * 2 + ["SUCCESS"] * 5 + [no] * 4 + ["SUCCESS"] + [no] * 4)
        self.assertEqual([answers[4].number(size=8, at=at) for at in (8, 16)], [READ, 0])
        for index in (12, 14):
            for at in (8, 16):
                self.assertEqual(answers[index].number(size=8, at=at) & ~files, 0)
        self.assertEqual((self.data / "file").read_text(), "inside\n")


rows.main()
