#!/usr/bin/env python3
"""Each limit of a call and each budget of a run at its bound: as much as it says passes, one more is refused as docs/policy.md says, recorded, and
replayed alike."""
import kit
from kit import Attack

HEAD = """
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wasi/api.h>
static uint8_t bytes[70000];
int main(int argc, char **argv)
{
    long n = argc > 1 ? atol(argv[1]) : 0;
    __wasi_size_t done = 0;
    int e = 0;
    (void)e; (void)done; (void)bytes; (void)n;
"""
TAIL = """
    return e;
}
"""
INVAL, LOOP = 28, 32
OPEN = "__wasi_fd_t fd; if (__wasi_path_open(3, 0, \"file\", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK, 0, 0, &fd)) return 99;"


class Budgets(Attack):
    def policy(self, limits):
        path = self.folder / "policy.yaml"
        path.write_text(f"version: 1\nlimits: {{ {limits} }}\n")
        return path

    def ends(self, limits, body, *args, status, says=""):
        """The same by `run` and by `record`, whose trace checks: the replay too is stopped there, or told that."""
        guest, options = self.guest(HEAD + body + TAIL), ["--dir", f"{self.data}::/data", "--policy", self.policy(limits)]
        self.emptied()
        done = self.warrant("run", "-q", *options, guest, *args, status=status)
        self.assertIn(says, done.stderr)
        self.emptied()
        self.warrant("record", "-q", "-o", self.trace, *options, guest, *args, status=status)
        report = self.clean()
        self.assertEqual(report["replay"]["identical"], True, report["replay"])
        if status == 126:
            self.assertTrue(report["cause"].startswith("a budget of the policy"), report["cause"])
        self.trace.unlink()

    def emptied(self):
        for left in self.data.iterdir():
            left.rmdir() if left.is_dir() and not left.is_symlink() else left.unlink()

    def test_transfer(self):
        """Bytes of one call: a vector's regions together, and a buffer."""
        vector = OPEN + "const __wasi_ciovec_t v[2] = { { bytes, n - 7 }, { bytes, 7 } }; e = __wasi_%s;"
        for call in ("fd_write(fd, v, 2, &done)", "fd_pwrite(fd, v, 2, 5, &done)",
                     "fd_read(fd, (const __wasi_iovec_t *)v, 2, &done)", "fd_pread(fd, (const __wasi_iovec_t *)v, 2, 0, &done)"):
            self.ends("transfer: 1000", vector % call, 1000, status=0)
            self.ends("transfer: 1000", vector % call, 1001, status=INVAL)
        for call in ("random_get(bytes, n)", "fd_readdir(3, bytes, n, 0, &done)"):
            self.ends("transfer: 1000", f"e = __wasi_{call};", 1000, status=0)
            self.ends("transfer: 1000", f"e = __wasi_{call};", 1001, status=INVAL)

    def test_what_leaves_the_memory_still_traps(self):
        self.ends("transfer: 1000", OPEN + "const __wasi_ciovec_t v[1] = { { bytes, 0xf0000000 } }; e = __wasi_fd_write(fd, v, 1, &done);", status=134)
        self.ends("transfer: 1000", "e = __wasi_random_get(bytes, 0xf0000000);", status=134)

    def test_a_region_of_no_bytes_may_lie_anywhere(self):
        """Also of a run that is recorded, and of each call that takes a vector (found by fuzz_hostcalls)."""
        vector = OPEN + """for (int empty = 0; empty < 3 && !e; empty++) {
            __wasi_ciovec_t v[3] = { { bytes, 3 }, { bytes + 3, 3 }, { bytes + 6, 3 } };
            v[empty] = (__wasi_ciovec_t){ (uint8_t *)0xffffffff, 0 };
            e = __wasi_%s;
            if (!e && done != 6 && n) e = 77;
        }"""
        for call, whole in (("fd_write(fd, v, 3, &done)", 1), ("fd_pwrite(fd, v, 3, 0, &done)", 1), ("fd_write(1, v, 3, &done)", 1),
                            ("fd_read(fd, (const __wasi_iovec_t *)v, 3, &done)", 0), ("fd_pread(fd, (const __wasi_iovec_t *)v, 3, 0, &done)", 0)):
            self.ends("transfer: 1000", vector % call, whole, status=0)

    def test_elements(self):
        vector = OPEN + "__wasi_ciovec_t v[20]; for (int i = 0; i < 20; i++) v[i] = (__wasi_ciovec_t){ bytes, 1 }; e = __wasi_fd_write(fd, v, n, &done);"
        poll = """static __wasi_subscription_t s[20]; static __wasi_event_t out[20];
            for (int i = 0; i < 20; i++) s[i].u.u.clock.id = __WASI_CLOCKID_MONOTONIC;
            e = __wasi_poll_oneoff(s, out, n, &done);"""
        for body in vector, poll:
            self.ends("elements: 10", body, 10, status=0)
            self.ends("elements: 10", body, 11, status=INVAL)

    def test_links(self):
        for count, status in ((3, 0), (4, LOOP)):
            folder = self.folder / f"links{count}"
            folder.mkdir()
            (folder / "l0").write_text("")
            for i in range(count):
                (folder / f"l{i + 1}").symlink_to(f"l{i}")
            body = f'__wasi_filestat_t st; e = __wasi_path_filestat_get(3, 1, "l{count}", &st);'
            options = ["--dir", folder, "--policy", self.policy("links: 3"), self.guest(HEAD + body + TAIL)]
            self.warrant("run", "-q", *options, status=status)
            self.warrant("record", "-q", "-o", self.trace, *options, status=status)
            self.clean()
            self.trace.unlink()
            self.warrant("run", "-q", *options[:2], options[-1])  # forty without the policy
            done = self.warrant("run", "--walker", "openat2", *options, status=125)
            self.assertIn("limits.links is 3", done.stderr)
        none = ["--dir", self.folder / "links3", "--policy", self.policy("links: 0")]
        self.warrant("run", "-q", *none, self.guest(HEAD + '__wasi_filestat_t st; e = __wasi_path_filestat_get(3, 1, "l0", &st);' + TAIL))
        self.warrant("run", "-q", *none, self.guest(HEAD + '__wasi_filestat_t st; e = __wasi_path_filestat_get(3, 1, "l1", &st);' + TAIL), status=LOOP)

    def test_calls(self):
        body = "for (long i = 0; i < n; i++) __wasi_sched_yield(); __wasi_proc_exit(7);"
        most = next(i for i in range(1, 40) if self.warrant("run", "-q", "--policy", self.policy(f"calls: {i}"), self.guest(HEAD + body + TAIL), 0,
                                                           status=None).returncode == 7)  # what the start needs, and proc_exit
        self.ends(f"calls: {most + 20}", body, 20, status=7)
        self.ends(f"calls: {most + 20}", body, 21, status=126, says="limits.calls")
        self.ends("calls: 0", body, 0, status=126, says="limits.calls")

    def test_entries(self):
        made = {"a file": '__wasi_fd_t fd; char name[20]; sprintf(name, "f%ld", i); e = __wasi_path_open(3, 0, name, __WASI_OFLAGS_CREAT, '
                          '__WASI_RIGHTS_FD_WRITE, 0, 0, &fd);',
                "a directory": 'char name[20]; sprintf(name, "d%ld", i); e = __wasi_path_create_directory(3, name);',
                "a link": 'char name[20]; sprintf(name, "l%ld", i); e = __wasi_path_symlink("f", 3, name);'}
        for what, body in made.items():
            with self.subTest(what):
                loop = "for (long i = 0; i < n && !e; i++) {" + body + "}"
                self.ends("entries: 5", loop, 5, status=0)
                self.ends("entries: 5", loop, 6, status=126, says="limits.entries")
                self.assertEqual(len(list(self.data.iterdir())), 5)
        self.ends("entries: 0", OPEN.replace("__WASI_OFLAGS_CREAT", "0").replace("return 99", "return 44"), status=44)

    def test_wait(self):
        body = """__wasi_subscription_t s = { .u = { .tag = __WASI_EVENTTYPE_CLOCK } }; __wasi_event_t out;
            s.u.u.clock.id = __WASI_CLOCKID_MONOTONIC; s.u.u.clock.timeout = n * 1000000;
            e = __wasi_poll_oneoff(&s, &out, 1, &done);"""
        self.ends("wait: 30ms", body, 30, status=0)
        self.ends("wait: 30ms", body, 31, status=126, says="limits.wait")
        endless = """__wasi_subscription_t s = { .u = { .tag = __WASI_EVENTTYPE_FD_READ } }; __wasi_event_t out;
            e = __wasi_poll_oneoff(&s, &out, 1, &done);"""
        done = self.warrant("run", "-q", "--policy", self.policy("wait: 1h"), self.guest(HEAD + endless + TAIL), status=126)
        self.assertIn("limits.wait", done.stderr)

    def test_two_at_once(self):
        """A budget of one kind takes nothing from another."""
        body = 'for (long i = 0; i < n && !e; i++) { char name[20]; sprintf(name, "d%ld", i); e = __wasi_path_create_directory(3, name); } write(1, bytes, 100);'
        self.ends("entries: 3, output: 100", body, 3, status=0)
        self.ends("entries: 3, output: 99", body, 3, status=126, says="limits.output")


kit.main()
