#!/usr/bin/env python3
"""A witness that was installed with file capabilities or setuid serves its own launcher only: a user without privileges gets the record of a
child of his, and of nothing else."""
import os
import shutil
import subprocess
import sys

import kit
from kit import Attack, needs_root, needs_witness

NOBODY = 65534
READY, DONE, FAILED = "1", "2", "3"
DUMP = r"""
#include <stdio.h>
#include "tracer/witness_file.h"
int main(int argc, char **argv)
{
    struct error error = ERROR_INIT;
    struct witness_reader *reader;
    struct witness_record record;
    uint64_t lost = 0;
    if (witness_reader_open(argv[1], &reader, &error) != STATUS_OK) return 1;
    while (witness_reader_next(reader, &record, &error) == STATUS_OK)
        if (record.path[0]) printf("%s\n", record.path[0]);
    enum status stop = witness_reader_stop(reader, &lost, &error);
    witness_reader_close(reader);
    if (stop != STATUS_OK) return fprintf(stderr, "%s\n", error.text), 1;
    printf("lost %llu\n", (unsigned long long)lost);
    return 0;
}
"""


def python_of_all():
    """A Python that every user may execute."""
    for python in (sys.executable, "/usr/bin/python3"):
        try:
            subprocess.run([python, "-c", ""], check=True, cwd="/", user=NOBODY, group=NOBODY, extra_groups=[])
            return python
        except (OSError, subprocess.CalledProcessError):
            pass
    return None


@needs_witness
@needs_root
class WitnessCaller(Attack):
    def setUp(self):
        super().setUp()
        os.chmod(self.folder, 0o755)
        self.witness = self.folder / "warrant-witness"
        shutil.copy(kit.WARRANT.parent / "libexec/warrant/warrant-witness", self.witness)
        self.records = self.folder / "user" / "r.wwit"
        self.records.parent.mkdir()
        os.chown(self.records.parent, NOBODY, NOBODY)

    def raise_by(self, how):
        if how == "setuid":
            os.chmod(self.witness, 0o4755)
            return
        setcap = shutil.which("setcap") or "/usr/sbin/setcap"
        if not os.path.exists(setcap):
            self.skipTest("this machine has no setcap")
        os.chmod(self.witness, 0o755)
        if subprocess.run([setcap, "cap_bpf,cap_perfmon,cap_sys_ptrace,cap_dac_override=ep", self.witness]).returncode != 0:
            self.skipTest("this file system keeps no capabilities")

    def as_user(self, what):
        python = python_of_all()
        if not python:
            self.skipTest("no Python that every user may execute")
        program = shutil.copy(kit.HERE / "evil/witness_user.py", self.folder)
        done = subprocess.run([python, program, what, self.witness, self.records], capture_output=True, text=True, timeout=60,
                              cwd=self.folder, user=NOBODY, group=NOBODY, extra_groups=[])
        self.assertEqual(done.returncode, 0, done.stderr)
        return done.stdout.splitlines()

    def seen(self):
        return self.records.read_bytes()

    def test_own_child(self):
        for how in ("capabilities", "setuid"):
            with self.subTest(how=how):
                self.raise_by(how)
                lines = self.as_user("own_child")
                self.assertEqual([lines[0].split()[0], lines[1]], [READY, DONE], lines)
                self.assertGreater(len(self.seen()), 200)

    def refused(self, what, reason):
        for how in ("capabilities", "setuid"):
            with self.subTest(how=how):
                self.raise_by(how)
                lines = self.as_user(what)
                self.assertEqual(lines[0].split()[0], FAILED, lines)
                self.assertIn(reason, lines[0])
                self.assertTrue(not self.records.exists() or len(self.seen()) == 0)

    def test_of_root(self):
        self.refused("roots", "not a child of the launcher")

    def test_not_a_child(self):
        self.refused("not_a_child", "not a child of the launcher")

    def test_child_with_more(self):
        self.refused("raised_child", "of another user")

    def test_untraceable_child(self):
        self.refused("untraceable_child", "could not trace")

    def test_another_speaks(self):
        self.refused("another_speaks", "did not start it")

    def test_kernels_file(self):
        self.refused("kernels_file", "regular file")

    def test_child_with_more_later(self):
        """What it does as somebody else is not recorded, and the run counts as one with a loss."""
        for how in ("capabilities", "setuid"):
            with self.subTest(how=how):
                self.raise_by(how)
                lines = self.as_user("raised_later")
                self.assertEqual([lines[0].split()[0], lines[1]], [READY, DONE], lines)
                dump = subprocess.run([self.native(DUMP), self.records], capture_output=True, text=True)
                self.assertEqual(dump.returncode, 0, dump.stderr)
                self.assertEqual(dump.stdout, "lost 1\n")  # no path of what it opened


kit.main()
