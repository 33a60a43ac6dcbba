#!/usr/bin/env python3
"""A line that is supported but cannot be drawn stops the run; one that the kernel does not have is said, and stands in the trace; a run
without the second line can be told from one with it."""
import subprocess

import kit
from kit import COMPILER, WARRANT, Attack

# A supervisor's filter: execs its arguments with system call NUMBER answered by ERRNO.
DENY = """
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    unsigned number = (unsigned)atoi(argv[1]), answer = (unsigned)atoi(argv[2]);
    struct sock_filter code[] = { { BPF_LD | BPF_W | BPF_ABS, 0, 0, offsetof(struct seccomp_data, nr) },
                                  { BPF_JMP | BPF_JEQ | BPF_K, 0, 1, number },
                                  { BPF_RET, 0, 0, SECCOMP_RET_ERRNO | answer },
                                  { BPF_RET, 0, 0, SECCOMP_RET_ALLOW } };
    struct sock_fprog program = { 4, code };
    if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) || prctl(PR_SET_SECCOMP, 2, &program))
        return perror("seccomp"), 99;
    execv(argv[3], argv + 3);
    return 99;
}
"""
HELLO = """
#include <stdio.h>
int main() { puts("hello"); return 0; }
"""
EPERM, ENOSYS = 1, 38


def number(call):
    """Of a system call on this machine."""
    found = subprocess.run([COMPILER, "-x", "c", "-E", "-P", "-"], input=f"#include <sys/syscall.h>\nSYS_{call}\n", capture_output=True,
                           text=True, check=True)
    return int(found.stdout.split()[-1])


class Lines(Attack):
    def denied(self, call, answer, command, status, *options):
        deny = self.native(DENY)
        words = ["record", "--witness", "off", "-o", self.trace] if command == "record" else ["run"]
        return self.warrant(*words, *options, self.guest(HELLO), prefix=[deny, str(number(call)), str(answer)], status=status)

    def refused(self, call, name):
        for command in "run", "record":
            done = self.denied(call, EPERM, command, 125)
            self.assertEqual(done.stdout, "")
            self.assertIn(name, done.stderr)
            self.assertIn("--no-confine", done.stderr)
            self.assertFalse(self.trace.exists())

    def test_landlock(self):
        self.refused("landlock_create_ruleset", "Landlock")

    def test_landlock_at_its_last_step(self):
        self.refused("landlock_restrict_self", "Landlock")

    def test_capabilities(self):
        self.refused("capset", "capabilities")

    def test_seccomp(self):
        self.refused("seccomp", "seccomp")

    def test_absent(self):
        """What a kernel without Landlock answers: the run goes on, says so, and the trace says so."""
        done = self.denied("landlock_create_ruleset", ENOSYS, "run", 0)
        self.assertEqual(done.stdout, "hello\n")
        self.assertIn("without Landlock", done.stderr)
        self.denied("landlock_create_ruleset", ENOSYS, "record", 0, "-q")
        self.assertIn("# confinement Landlock absent", self.warrant("show", self.trace).stdout)
        self.assertIn("Landlock absent", self.warrant("check", self.trace).stdout)

    def test_turned_off(self):
        self.denied("landlock_create_ruleset", EPERM, "record", 0, "--no-confine")
        self.assertIn("# confinement off (--no-confine)", self.warrant("show", self.trace).stdout)
        self.assertIn("--no-confine", self.warrant("check", self.trace).stdout)

    def test_whole(self):
        done = self.warrant("record", "--witness", "off", "-o", self.trace, self.guest(HELLO), status=0)
        self.assertNotIn("confine", done.stderr)
        held = self.warrant("show", self.trace).stdout
        self.assertTrue("# confinement whole" in held or "Landlock in part" in held, held)

    def test_labels(self):
        self.warrant("record", "-q", "--witness", "off", "--label", "job=7", "--label", "who=me", "-o", self.trace, self.guest(HELLO))
        self.assertIn("# label job=7\n# label who=me\n", self.warrant("show", self.trace).stdout)
        self.assertIn("KEY=VALUE", self.warrant("record", "--label", "job", self.guest(HELLO), status=2).stderr)


class Description(Attack):
    """The recorder takes the description from the launcher, not from what the guest's process can write."""

    def test_the_page_is_no_description(self):
        evil = self.evil("""
static struct guest *evil_guest;
static void evil_start(struct guest *g, struct wasi_backend *b)
{
    memset(g->page->line_held, CONFINE_ON, sizeof g->page->line_held);
    g->page->spec[40] ^= 0xff;
}
static void evil_end(struct guest *g, enum status s, struct wasi_ending *e) {}
static void evil_last(struct guest *g) {}
""")
        self.attack(self.guest(HELLO), command=evil, options=["--witness", "off", "--no-confine"], status=0)
        self.assertIn("# confinement off", self.warrant("show", self.trace).stdout)


kit.main()
