#!/usr/bin/env python3
"""It starts where people start it, or one message names the limit and what to do."""
import os
import shutil
import subprocess

import kit
from kit import Attack, SLOW, WARRANT

HELLO = '#include <stdio.h>\nint main() { puts("hello"); return 0; }\n'
WRITES = """
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>
int main() {
    static char block[65536];
    int fd = open("/data/big", O_CREAT | O_WRONLY, 0666), failed = 0;
    for (int i = 0; i < 400 && !failed; i++) failed = write(fd, block, sizeof block) < 0 ? errno : 0;
    printf("%s\\n", failed == EFBIG ? "EFBIG" : strerror(failed));
    return 0;
}
"""


def namespaces_work():
    return os.getuid() == 0 and shutil.which("unshare") and \
        subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/tmp"], capture_output=True).returncode == 0


class Start(Attack):
    def setUp(self):
        super().setUp()
        os.environ["XDG_STATE_HOME"] = str(self.folder / "state")
        self.hello = self.guest(HELLO)

    def shell(self, script, *words, status=0, cwd=None):
        """The command, started by a shell that first does what `script` says."""
        done = subprocess.run(["bash", "-c", script + '; exec "$@"', "bash", WARRANT, *map(str, words)], capture_output=True, text=True,
                              timeout=120 * SLOW, cwd=cwd or self.folder)
        self.assertEqual(done.returncode, status, done)
        return done

    def both(self, script, **more):
        self.assertEqual(self.shell(script, "run", "-q", "--dir", f"{self.data}::/d", self.hello, **more).stdout, "hello\n")
        self.assertEqual(self.shell(script, "record", "-q", "-o", self.trace, "--dir", f"{self.data}::/d", self.hello, **more).stdout, "hello\n")
        self.clean()

    def told(self, script, *says, status=125):
        """One message, and it says these things."""
        before = sorted(os.listdir(self.folder))
        for mode in (["run"], ["record", "-o", self.trace]):
            done = self.shell(script, *mode, "--dir", f"{self.data}::/d", self.hello, status=status)
            lines = [line for line in done.stderr.splitlines() if line.startswith("warrant")]
            self.assertEqual(len(lines), 1, done.stderr)
            for text in says:
                self.assertIn(text, lines[0])
            self.assertEqual(sorted(os.listdir(self.folder)), before)

    def test_soft_limit_of_open_files(self):
        for limit in (20, 64, 256):
            with self.subTest(limit=limit):
                self.both(f"ulimit -Sn {limit}")

    def test_hard_limit_of_open_files(self):
        self.both("ulimit -n 256")
        self.told("ulimit -n 24", "ulimit -n", "24")

    def test_limit_on_file_size(self):
        """SIGXFSZ kills nobody: a run that keeps under the limit is whole, the guest's write says EFBIG, a ring without room is named."""
        done = self.shell("ulimit -f 16384", "record", "-q", "-o", self.trace, "--dir", f"{self.data}::/data", self.guest(WRITES))
        self.assertEqual(done.stdout, "EFBIG\n")
        self.clean()
        self.trace.unlink()
        self.witness.unlink(missing_ok=True)
        (self.data / "big").unlink()
        done = self.shell("ulimit -f 4", "record", "-o", self.trace, self.hello, status=125)
        self.assertIn("ulimit -f", done.stderr)
        self.assertEqual(done.stderr.count("\n"), 1)
        self.assertEqual(sorted(os.listdir(self.folder)), ["data"])
        self.assertIn("ulimit -f", self.shell("ulimit -f 4", "run", self.hello, status=125).stderr)

    def test_limit_on_the_stack(self):
        """One message and no SIGSEGV; a soft limit is raised where the hard one allows."""
        if kit.SANITIZE:
            self.skipTest("a sanitizer needs a larger stack than the limit")
        for limit in (80, 100, 200):
            with self.subTest(limit=limit):
                self.told(f"ulimit -s {limit}", "ulimit -s", f"{limit} KiB")
                self.assertIn("ulimit -s", self.shell(f"ulimit -s {limit}", "validate", self.hello, status=3).stderr)
                self.both(f"ulimit -Ss {limit}")
        self.both("ulimit -s 256")

    def test_limit_on_address_space(self):
        if kit.SANITIZE:
            self.skipTest("a sanitizer's shadow memory does not fit any limit")
        for mode in (["run"], ["record", "-o", self.trace]):
            for limit in (60000, 200000):
                with self.subTest(mode=mode[0], limit=limit):
                    done = self.shell(f"ulimit -v {limit}", *mode, "--dir", f"{self.data}::/d", self.hello, status=125)
                    self.assertIn("ulimit -v", done.stderr)

    def test_start_that_a_limit_refused_is_no_lie(self):
        """What the recording machine lacked says nothing of the module: not acquitted, and not accused."""
        if kit.SANITIZE:
            self.skipTest("a sanitizer's shadow memory does not fit any limit")
        self.shell("ulimit -v 500000", "record", "--witness", "off", "-o", self.trace, self.hello, status=125)
        status, report = self.verdict()
        self.assertEqual((status, report["failing"]), (0, 0), report)
        self.assertIn("replayed in part", report["verdict"])
        self.assertIn("can here", self.warrant("replay", self.trace).stdout)
        self.assertIn("can here", self.warrant("check", self.trace, status=None).stdout)

    def test_working_directory(self):
        gone = self.folder / "gone"
        gone.mkdir()
        self.both(f"cd {gone}; rmdir {gone}")
        gone.mkdir()
        done = self.shell(f"cd {gone}; rmdir {gone}", "record", self.hello, status=125)
        self.assertEqual(done.stderr.count("\n"), 1, done.stderr)
        self.both("cd /")

    def test_without_proc_and_dev(self):
        if kit.SANITIZE:
            self.skipTest("a sanitizer itself needs /proc")
        if not namespaces_work():
            self.skipTest("mounts are not allowed here")
        hide = {"proc": "mount -t tmpfs none /proc", "dev": "mount -t tmpfs none /dev", "both": "mount -t tmpfs none /proc; mount -t tmpfs none /dev"}
        for name, script in hide.items():
            for streams in ("", " <&- >&-"):
                with self.subTest(hidden=name, streams=streams):
                    command = f'{script}; exec "$@"{streams}'
                    done = subprocess.run(["unshare", "-m", "sh", "-c", command, "sh", WARRANT, "record", "-q", "--witness", "off", "-o", self.trace,
                                           "--dir", self.data, self.hello], capture_output=True, text=True, timeout=60 * SLOW)
                    self.assertEqual(done.returncode, 0, done.stderr)
                    self.assertEqual(done.stdout, "" if streams else "hello\n")
                    self.clean()
                    checked = subprocess.run(["unshare", "-m", "sh", "-c", f'{script}; exec "$@"', "sh", WARRANT, "check", self.trace],
                                             capture_output=True, text=True, timeout=60 * SLOW)
                    self.assertEqual(checked.returncode, 0, checked)
                    self.assertIn("identical", checked.stdout)


kit.main()
