#!/usr/bin/env python3
"""Nothing is accused that did nothing wrong, as far as matching goes: limits that fire inside blocking calls, processes that are stopped and go on,
exactly counted losses, file systems whose numbers in stat are others than the kernel's own."""
import os
import re
import signal
import subprocess
import time

import kit
from kit import Attack, needs_root, needs_witness

BLOCKS = r"""
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <time.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    struct timespec t = { 2, 0 };
    struct pollfd p = { 0, POLLIN };
    char byte;
    if (!strcmp(argv[1], "sleep")) nanosleep(&t, NULL);
    if (!strcmp(argv[1], "read")) read(0, &byte, 1);
    if (!strcmp(argv[1], "poll")) poll(&p, 1, 2000);
    for (;;) if (argc < 3) continue; else break;
    puts("end");
    return 0;
}
"""

WRITES = """
(module (import "wasi_snapshot_preview1" "fd_write" (func $w (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "sched_yield" (func $y (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $i i32)
    (loop $l
      (i32.store (i32.const 0) (i32.const 1024)) (i32.store (i32.const 4) SIZE)
      (drop (call $w (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 16)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const COUNT))))))
"""

FILES = r"""
#include <dirent.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>
#include <unistd.h>
int main(void)
{
    static const char *const names[] = { "/data/lower", "/data/upper", "/data/both", "/data/both/l", "/data/both/u", "/data/made", NULL };
    struct stat st;
    for (int i = 0; names[i]; i++) {
        int f = open(names[i], i < 5 ? O_RDONLY : O_RDWR | O_CREAT, 0666);
        fstat(f, &st), stat(names[i], &st);
    }
    int f = open("/data/lower", O_RDWR);
    fstat(f, &st), write(f, "xx", 2), fstat(f, &st), close(f);
    f = open("/data/lower", O_RDONLY), fstat(f, &st);
    DIR *d = opendir("/data/both");
    while (readdir(d)) ;
    return 0;
}
"""


@needs_witness
class Accused(Attack):
    def blocked(self, *words, options=(), during=None, status=None):
        """Records the guest with a standard input that says nothing; `during` gets its process's number while it blocks."""
        recording = subprocess.Popen([kit.WARRANT, "record", "-q", "--witness", "on", "-o", self.trace, *options, self.guest(BLOCKS), *words],
                                     stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            if during:
                during(self.guest_of(recording))
            recording.wait(60 * kit.SLOW)
        finally:
            recording.kill()
            output = recording.communicate()[0]
        if status is not None:
            self.assertEqual(recording.returncode, status)
        return output

    def guest_of(self, recording):
        for _ in range(400):
            for pid in open(f"/proc/{recording.pid}/task/{recording.pid}/children").read().split():
                if open(f"/proc/{pid}/comm").read().startswith("warrant-guest") and open(f"/proc/{pid}/stat").read().rsplit(")")[1][1] == "S":
                    time.sleep(0.2)
                    return int(pid)
            time.sleep(0.02)
        self.fail("no guest blocks")

    def test_limit_in_blocking_calls(self):
        for what in ("sleep", "read", "poll"):
            with self.subTest(what=what):
                self.trace.unlink(missing_ok=True), self.witness.unlink(missing_ok=True)
                self.blocked(what, options=["--timeout", "400ms"], status=126)
                status, report = self.verdict()
                self.assertEqual((status, report["failing"]), (0, 0), report)

    def test_stopped_and_continued(self):
        def stop(pid):
            for _ in range(3):
                os.kill(pid, signal.SIGSTOP), time.sleep(0.05)
                os.kill(pid, signal.SIGCONT), time.sleep(0.05)

        for what in ("sleep", "poll"):
            with self.subTest(what=what):
                self.trace.unlink(missing_ok=True), self.witness.unlink(missing_ok=True)
                self.assertEqual(self.blocked(what, "end", during=stop, status=0), b"end\n")
                self.clean()

    def test_killed_in_blocking_calls(self):
        for what in ("sleep", "read", "poll"):
            with self.subTest(what=what):
                self.trace.unlink(missing_ok=True), self.witness.unlink(missing_ok=True)
                self.blocked(what, during=lambda pid: os.kill(pid, signal.SIGKILL))
                status, report = self.verdict()
                self.assertEqual([f for f in report["findings"] if f["rule"].startswith(("witness.", "judge."))], [], report)

    def gap(self, size):
        """Records a guest whose witness is held up until its ring overflows. Returns (stretches of lost hostcalls, gaps in the witness's file): a busy
        machine makes more than one of either."""
        module = self.wat(WRITES.replace("SIZE", size).replace("COUNT", "1500000"))
        recording = subprocess.Popen([kit.WARRANT, "record", "-q", "--witness", "on", "-o", self.trace, module], stdout=subprocess.DEVNULL)
        time.sleep(0.4)
        for pid in open(f"/proc/{recording.pid}/task/{recording.pid}/children").read().split():
            if open(f"/proc/{pid}/comm").read().startswith("warrant-witnes"):
                os.kill(int(pid), signal.SIGSTOP)
                time.sleep(1.2 * kit.SLOW)
                os.kill(int(pid), signal.SIGCONT)
        self.assertEqual(recording.wait(120 * kit.SLOW), 0)
        done = self.warrant("check", "--no-replay", "--db", self.folder / "a.db", self.trace, status=None)
        lost = int(re.search(r"(\d+) lost\n", done.stdout).group(1))
        if lost == 0:
            self.skipTest("the ring did not overflow")
        self.assertEqual(done.returncode, 1, done.stdout)
        self.assertEqual(set(re.findall(r"^(?:critical|error|warning) ([a-z.]+):", done.stdout, re.M)), {"witness.lost"}, done.stdout)
        rows = self.parse(self.warrant("query", "--json", self.folder / "a.db",
                                       "SELECT count(*) AS n, sum(step IS NULL OR step > 1) AS stretches, (SELECT count(*) FROM syscalls WHERE kind = 'lost') AS gaps"
                                       " FROM (SELECT number - lag(number) OVER (ORDER BY number) AS step FROM hostcalls WHERE verdict = 'lost')").stdout)
        row = rows[0] if isinstance(rows, list) else rows
        self.assertLessEqual(row["n"], lost)
        self.assertGreater(row["n"], 0)
        return row["stretches"], row["gaps"]

    def test_gap_with_a_place(self):
        """Lengths that come again after 997 calls: the gap's place is known, and nothing before it or behind it is lost."""
        stretches, gaps = self.gap("(i32.add (i32.const 1) (i32.rem_u (local.get $i) (i32.const 997)))")
        self.assertLessEqual(stretches, gaps)

    def test_gap_of_look_alikes(self):
        self.gap("(i32.const 8)")

    def test_gap_of_pairs(self):
        self.gap("(i32.add (i32.const 1) (i32.and (local.get $i) (i32.const 1)))")

    @needs_root
    def test_overlay(self):
        """An overlay over two file systems shows made-up devices in stat."""
        lower, upper, work, merged = (self.folder / name for name in ("lower", "upper", "work", "merged"))
        for folder in (lower, upper, work, merged):
            folder.mkdir()
        if subprocess.run(["mount", "-t", "tmpfs", "none", lower]).returncode != 0:
            self.skipTest("no file system can be mounted here")
        self.addCleanup(subprocess.run, ["umount", lower])
        (lower / "both").mkdir(), (upper / "both").mkdir()
        (lower / "lower").write_text("l"), (upper / "upper").write_text("u"), (lower / "both/l").write_text("l"), (upper / "both/u").write_text("u")
        options = f"lowerdir={lower},upperdir={upper},workdir={work}"
        if subprocess.run(["mount", "-t", "overlay", "overlay", "-o", options, merged]).returncode != 0:
            self.skipTest("this kernel has no overlays")
        self.addCleanup(subprocess.run, ["umount", merged])
        with open(merged / "out", "w") as out:
            subprocess.run([kit.WARRANT, "record", "-q", "--witness", "on", "-o", self.trace, "--dir", f"{merged}::/data", self.guest(FILES)],
                           stdout=out, check=True)
        self.clean()


kit.main()
