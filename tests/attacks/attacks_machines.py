#!/usr/bin/env python3
"""A trace is judged by the machine that it was recorded on, not by the one that reads it: a pair of trace and witness file that was written
anew with arm64's numbers and flag bits gets the verdicts of the pair that it was made from; a pair of a machine without a table is refused."""
import platform
import sys
import unittest

import kit
from kit import COMPILER, SOURCE, Attack, needs_witness

sys.path.insert(0, str(SOURCE / "tests/unit"))
from check_syscalls import ARM64_WANTS, header_numbers  # noqa: E402

GUEST = """
#include <dirent.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>
int main() {
    char bytes[64];
    struct stat st;
    struct timespec times[2] = { { 1, 2 }, { 3, 4 } }, moment = { 0, 1000000 };
    mkdir("/data/folder", 0700);
    int fd = open("/data/folder/file", O_CREAT | O_RDWR | O_TRUNC, 0600);
    for (int i = 0; i < 20; i++) pwrite(fd, "hello", 5, i * 5);
    pread(fd, bytes, sizeof bytes, 3);
    ftruncate(fd, 50);
    fsync(fd);
    fdatasync(fd);
    fstat(fd, &st);
    close(fd);
    fd = open("/data/folder/file", O_WRONLY | O_APPEND);
    write(fd, "more", 4);
    close(fd);
    symlink("file", "/data/folder/link");
    readlink("/data/folder/link", bytes, sizeof bytes);
    stat("/data/folder/link", &st);
    lstat("/data/folder/link", &st);
    open("/data/folder/link", O_RDONLY | O_NOFOLLOW);
    open("/data/absent", O_RDONLY);
    open("/data/../../etc/passwd", O_RDONLY);
    utimensat(AT_FDCWD, "/data/folder/file", times, 0);
    DIR *dir = opendir("/data/folder");
    while (readdir(dir)) {}
    closedir(dir);
    unlink("/data/folder/link");
    rmdir("/data/folder");
    getentropy(bytes, 16);
    sched_yield();
    nanosleep(&moment, 0);
    puts("done");
    return 0;
}
"""
# arm64 has only the newer form of these, and no arch_prctl.
NEWER = {"open": "openat", "access": "faccessat", "dup2": "dup3", "pipe": "pipe2", "readlink": "readlinkat", "stat": "newfstatat",
         "lstat": "newfstatat", "poll": "ppoll", "unlink": "unlinkat", "mkdir": "mkdirat", "fork": "clone", "vfork": "clone",
         "epoll_wait": "epoll_pwait", "getdents": "getdents64", "chmod": "fchmodat"}


@needs_witness
@unittest.skipUnless(platform.machine() == "x86_64", "the pair that is written anew is one of x86-64")
class Machines(Attack):
    def setUp(self):
        super().setUp()
        done = self.attack(self.guest(GUEST), options=["--witness", "on"], status=0)
        self.assertEqual(done.stdout, "done\n")

    def forged(self, architecture, spoil="none", which=0, numbers_of=None):
        """The pair as another machine's; the trace's path."""
        here = header_numbers(COMPILER, "#define __x86_64__ 1\n#undef __ILP32__\n#include <asm/unistd_64.h>\n")
        there = here
        if (numbers_of or architecture) == "aarch64":
            wants = "".join(f"#define __ARCH_WANT_{want}\n" for want in ARM64_WANTS)
            there = header_numbers(COMPILER, wants + "#include <asm-generic/unistd.h>\n")
        numbers = {n: there.get(name, there.get(NEWER.get(name))) for name, n in here.items()}
        listing = self.folder / "numbers"
        listing.write_text("".join(f"{old} {new}\n" for old, new in numbers.items() if new is not None))
        path = self.folder / f"{architecture}-{spoil}{which}-{numbers_of}.wtrace"
        self.warrant(self.trace, self.witness, path, path.with_suffix(".wwit"), architecture, listing, spoil, which,
                     command=self.native("forge_machine.c"))
        return path

    def judged(self, trace):
        status, report = self.verdict(trace=trace)
        return {"status": status, "findings": [(f["rule"], f.get("hostcall"), f.get("syscall"), f["evidence"]) for f in report["findings"]],
                **{key: report[key] for key in ("verdicts", "verdict", "witnessed", "syscalls", "lost", "hostcalls", "failing")}}

    def test_innocent(self):
        here = self.judged(self.trace)
        self.assertEqual((here["status"], here["verdict"], here["findings"]), (0, "clean", []))
        self.assertGreater(here["verdicts"]["match"], 40)
        self.assertEqual(self.judged(self.forged("x86_64")), here)
        self.assertEqual(self.judged(self.forged("aarch64")), here)

    def test_guilty(self):
        for spoil, which, rule in ("number", 7, "witness.unwitnessed"), ("flags", 2, "witness.mismatch"):
            with self.subTest(spoil=spoil):
                here, there = (self.judged(self.forged(machine, spoil, which)) for machine in ("x86_64", "aarch64"))
                self.assertEqual(here["status"], 1, here)
                self.assertIn(rule, [finding[0] for finding in here["findings"]])
                plain = [(rule, call, name) for rule, call, name, _ in here["findings"]]  # the evidence shows the flags' numbers
                self.assertEqual([(rule, call, name) for rule, call, name, _ in there["findings"]], plain)
                self.assertEqual({**there, "findings": 0}, {**here, "findings": 0})

    def test_numbers_of_another_machine(self):
        """arm64's records under x86-64's name are not excused: the name decides."""
        judged = self.judged(self.forged("x86_64", numbers_of="aarch64"))
        self.assertEqual((judged["status"], judged["witnessed"]), (1, True))
        self.assertLess(judged["verdicts"]["match"], 10)

    def test_header_of_another_machine(self):
        """The witness file says of itself where it was written: it does not go with a trace that says otherwise."""
        arm, pair = self.forged("aarch64"), self.forged("x86_64")
        pair.with_suffix(".wwit").write_bytes(arm.with_suffix(".wwit").read_bytes())
        judged = self.judged(pair)
        self.assertEqual(([finding[0] for finding in judged["findings"]], judged["witnessed"]), (["witness.foreign"], False))
        self.assertIn("header", judged["findings"][0][3])

    def test_large_header(self):
        labels = [word for i in range(64) for word in ("--label", f"key{i}=" + "x" * 10000)]
        self.attack(self.guest(GUEST), options=["--witness", "on", *labels], status=0)
        self.clean()

    def test_unknown_machine(self):
        done = self.warrant("check", self.forged("riscv64"), status=3)
        self.assertIn("riscv64", done.stderr)
        self.assertEqual(done.stdout, "")

    def test_both_in_one_database(self):
        db = self.folder / "audit.db"
        query = ("SELECT name, impact, class, count(*) AS n FROM syscalls WHERE run = {} AND process = 'guest' AND hostcall IS NOT NULL"
                 " GROUP BY name, impact, class ORDER BY name")
        answers = []
        for trace in self.trace, self.forged("aarch64"):
            db.unlink(missing_ok=True)
            self.warrant("check", "--db", db, trace, status=0)
            answers.append(self.warrant("query", "--json", db, query.format(1)).stdout)
            machine = self.warrant("query", "--json", db, "SELECT architecture FROM runs").stdout
            self.assertIn("aarch64" if trace != self.trace else "x86_64", machine)
        self.assertIn("openat2", answers[0])
        self.assertEqual(answers[0], answers[1])


kit.main()
