#!/usr/bin/env python3
"""Descriptors are placed without loss: whatever a launcher inherits, each of its processes has what it needs, and nothing else."""
import json
import os
import pathlib
import resource
import subprocess
import time

import kit
from kit import Attack, SLOW, WARRANT

# What stands behind each preopen: its name, inode, and whether a file can be created there.
LOOK = """
#include <stdio.h>
#include <wasi/api.h>
int main() {
    for (int fd = 3;; fd++) {
        __wasi_prestat_t p; __wasi_filestat_t st; __wasi_fd_t file; char name[256] = "";
        if (__wasi_fd_prestat_get(fd, &p)) return 0;
        __wasi_fd_prestat_dir_name(fd, (uint8_t *)name, p.u.dir.pr_name_len);
        __wasi_fd_filestat_get(fd, &st);
        int created = !__wasi_path_open(fd, 0, "made", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE, 0, 0, &file);
        printf("%s %llu %d\\n", name, st.ino, created);
    }
}
"""
WAIT = """(module (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start")
    (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 2000000000))
    (drop (call $poll (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 200)))))
"""
# Opens descriptors of its first argument up to number argv[2] and becomes the rest of its arguments.
INHERIT = """
import os, sys
most = int(sys.argv[2])
while True:
    fd = os.open(sys.argv[1], os.O_RDONLY)
    if fd >= most:
        os.close(fd)
        break
    os.set_inheritable(fd, True)
os.execv(sys.argv[3], sys.argv[3:])
"""


class Descriptors(Attack):
    def setUp(self):
        super().setUp()
        os.environ["XDG_STATE_HOME"] = str(self.folder / "state")
        self.secret = self.folder / "secret"
        self.secret.mkdir()

    def inheriting(self, count):
        return ["python3", "-c", INHERIT, self.secret, str(count)]

    def test_grants_are_what_the_policy_says(self):
        """Around every number that a child's descriptors are placed at, and many more than most limits."""
        most = resource.getrlimit(resource.RLIMIT_NOFILE)[1]
        folders = ["ro", "w1", "w2", "w3", "w4"]
        for folder in folders:
            (self.folder / folder).mkdir()
        words = [word for f in folders for word in ("--dir", f"{self.folder / f}::/{f}{':ro' if f == 'ro' else ''}")]
        for count in (0, 3, 4, 9, 10, 11, 14, 20, 63, 255, 507, 508, 509, 510, 511, 512, 513, 5000):
            if count + 100 > most:
                continue
            with self.subTest(count=count):
                if count:
                    resource.prlimit(os.getpid(), resource.RLIMIT_NOFILE, (min(most, 8192), most))
                done = self.warrant("record", "-q", "-o", self.trace, *words, self.guest(LOOK), prefix=self.inheriting(count))
                expected = [f"/{f} {(self.folder / f).stat().st_ino} {int(f != 'ro')}" for f in folders]
                self.assertEqual(done.stdout.splitlines(), expected)
                self.assertFalse((self.folder / "ro/made").exists())
                for folder in folders[1:]:
                    (self.folder / folder / "made").unlink()
                if count in (3, 510, 5000):
                    self.clean()

    def test_no_process_keeps_what_it_does_not_need(self):
        """The launcher inherits directories; none of its children has one, and recorder and witness hold what their work needs."""
        process = subprocess.Popen([*map(str, self.inheriting(40)), WARRANT, "record", "-q", "-o", self.trace, self.wat(WAIT)],
                                   cwd=self.folder, stdin=subprocess.DEVNULL)
        self.addCleanup(process.kill)
        found = {}
        for _ in range(int(200 * SLOW)):
            found = self.children(process.pid)
            if "warrant-guest" in found and "warrant-recorde" in found and self.trace.exists():
                break
            time.sleep(0.01)
        time.sleep(0.2)
        held = {name: self.descriptors(pid) for name, pid in found.items()}
        self.assertEqual(process.wait(timeout=60 * SLOW), 0)
        self.assertIn("warrant-recorde", held)
        if kit.witness_works():
            self.assertIn("warrant-witness", held)
        for name, files in held.items():
            with self.subTest(process=name):
                self.assertFalse([f for f in files.values() if str(self.secret) in f], files)
        recorder = held["warrant-recorde"]
        self.assertEqual((recorder[0], recorder[1]), ("/dev/null", "/dev/null"))
        self.assertLessEqual(set(recorder), set(range(10)), recorder)
        guest = held["warrant-guest"]
        self.assertFalse([f for fd, f in guest.items() if "run.wtrace" in f or "run.wwit" in f], guest)

    def children(self, pid):
        found = {}
        for entry in pathlib.Path("/proc").iterdir():
            try:
                text = (entry / "stat").read_text() if entry.name.isdigit() else ""
                if text and int(text[text.rindex(")") + 2:].split()[1]) == pid:
                    found[(entry / "comm").read_text().strip()] = int(entry.name)
            except OSError:
                continue
        return found

    def descriptors(self, pid):
        files = {}
        for entry in os.listdir(f"/proc/{pid}/fd"):
            try:
                files[int(entry)] = os.readlink(f"/proc/{pid}/fd/{entry}")
            except OSError:
                continue
        return files

    def test_closed_streams(self):
        """Every set of closed streams: /dev/null for the guest, and no file of ours under their numbers."""
        module = self.guest('#include <stdio.h>\n#include <unistd.h>\n'
                            'int main() { char b[4]; FILE *f = fopen("/data/out", "w");\n'
                            '  fprintf(f, "%zd %zd %zd", read(0, b, 4), write(1, "one", 3), write(2, "two", 3)); return 0; }')
        for closed in range(1, 8):
            with self.subTest(closed=closed):
                script = 'exec "$@" ' + " ".join(f"{fd}{'<' if fd == 0 else '>'}&-" for fd in range(3) if closed >> fd & 1)
                done = subprocess.run(["sh", "-c", script, "sh", WARRANT, "record", "-q", "-o", self.trace, "--dir", f"{self.data}::/data", module],
                                      stdin=subprocess.DEVNULL, capture_output=True, timeout=60 * SLOW)
                self.assertEqual(done.returncode, 0, done)
                self.assertEqual((self.data / "out").read_text(), "0 3 3")
                self.assertEqual(done.stdout, b"" if closed & 2 else b"one")
                self.clean()
                database = self.folder / "audit.db"
                done = subprocess.run(["sh", "-c", script, "sh", WARRANT, "check", "--db", database, self.trace], stdin=subprocess.DEVNULL,
                                      capture_output=True, timeout=60 * SLOW)
                self.assertEqual(done.returncode, 0, done)
                rows = self.warrant("query", "--json", database, "SELECT count(*) AS n FROM runs").stdout
                self.assertEqual(json.loads(rows)[0]["n"], 1)
                database.unlink()


kit.main()
