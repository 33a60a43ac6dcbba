"""What programs expect of WASI and of a grant, as their users meet it: a read-only grant can be read by whoever asks for all rights,
poll waits, directories are whole, a terminal is a terminal and nothing else is."""
import os
import pathlib
import pty
import subprocess
import tempfile

from warrant_case import WARRANT, Case, main, row

CLANG = os.environ.get("WARRANT_GUEST_CLANG", "clang")
NOTCAPABLE, ISDIR, INVAL, NOTSUP, OVERFLOW = 76, 31, 28, 58, 61

GUEST = r"""
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include <wasi/api.h>
#define ALL (~0ull >> 35)
static int fd;
static int opens(const char *path, int oflags, unsigned long long base) { return __wasi_path_open(3, 1, path, oflags, base, ALL, 0, &fd); }
static unsigned long long rights(void) { __wasi_fdstat_t s; return __wasi_fd_fdstat_get(fd, &s) ? 0 : s.fs_rights_base | s.fs_rights_inheriting; }
static void grant(void)
{
    printf("read %d", opens("file", 0, ALL));
    printf(" writes %d", (rights() & __WASI_RIGHTS_FD_WRITE) != 0);
    __wasi_size_t n;
    __wasi_ciovec_t c = { (const uint8_t *)"x", 1 };
    printf(" write %d size %d", __wasi_fd_write(fd, &c, 1, &n), __wasi_fd_filestat_set_size(fd, 0));
    printf(" alone %d", opens("file", 0, __WASI_RIGHTS_FD_WRITE));
    printf(" create %d", opens("new", __WASI_OFLAGS_CREAT, ALL));
    printf(" truncate %d", opens("file", __WASI_OFLAGS_TRUNC, ALL));
    printf(" list %d", opens("sub", __WASI_OFLAGS_DIRECTORY, ALL & ~(__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE)));
    printf(" mkdir %d\n", __wasi_path_create_directory(fd, "x"));
}
static void directories(void)
{
    printf("write %d", opens("sub", 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE));
    printf(" and %d", opens("sub", __WASI_OFLAGS_DIRECTORY, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE));
    opens("sub", 0, __WASI_RIGHTS_FD_READ);
    char b[8];
    printf(" read %d", read(fd, b, 8) < 0 ? 0 : -1);
    printf(" unlink %d %d %d", __wasi_path_unlink_file(3, "sub"), __wasi_path_unlink_file(3, "sub/"), __wasi_path_unlink_file(3, "."));
    printf(" rmdir %d\n", __wasi_path_remove_directory(3, "sub/."));
}
static void list(size_t n)
{
    uint8_t *b = malloc(n);
    uint64_t cookie = 0;
    __wasi_size_t used;
    int count = 0, e;
    do {
        if ((e = __wasi_fd_readdir(3, b, n, cookie, &used))) break;
        for (size_t at = 0; at + 24 <= used;) {
            __wasi_dirent_t d;
            memcpy(&d, b + at, 24);
            if (at + 24 + d.d_namlen > used) break;
            cookie = d.d_next, count++, at += 24 + d.d_namlen;
        }
    } while (used == n);
    printf("%d %d\n", count, e);
}
static void clocks(void)
{
    __wasi_timestamp_t t;
    __wasi_size_t n;
    uint8_t *big = malloc(40 << 20);
    memset(big, 0, 40 << 20);
    printf("clocks %d %d %d %d", __wasi_clock_time_get(2, 0, &t), __wasi_clock_res_get(3, &t), __wasi_clock_time_get(9, 0, &t), __wasi_clock_res_get(1, &t));
    printf(" random %d", __wasi_random_get(big, 40 << 20));
    int zeros = 0;
    for (size_t i = 0; i < 40 << 20; i += 1 << 16) { int any = 0; for (int k = 0; k < 64; k++) any |= big[i + k]; zeros += !any; }
    printf(" zeros %d", zeros);
    printf(" nonblock %d\n", __wasi_fd_fdstat_set_flags(0, 4));
}
static void ready(int in, int ms)
{
    __wasi_subscription_t s[3] = { { .userdata = 1, .u = { 1, .u = { .fd_read = { in } } } }, { .userdata = 2, .u = { 2, .u = { .fd_write = { 2 } } } },
                                   { .userdata = 3, .u = { 0, .u = { .clock = { 1, ms * 1000000ull, 0, 0 } } } } };
    __wasi_event_t ev[3];
    __wasi_size_t n = 0;
    s[1] = s[2];
    int e = __wasi_poll_oneoff(s, ev, 2, &n);
    printf("%d:", e);
    for (int i = 0; i < (int)n; i++) printf(" %d/%d/%d/%d", (int)ev[i].userdata, ev[i].error, (int)ev[i].fd_readwrite.nbytes, ev[i].fd_readwrite.flags);
    printf("\n");
}
int main(int argc, char **argv)
{
    setvbuf(stdout, 0, _IONBF, 0);
    if (!strcmp(argv[1], "grant")) grant();
    if (!strcmp(argv[1], "directories")) directories();
    if (!strcmp(argv[1], "list")) list(atoi(argv[2]));
    if (!strcmp(argv[1], "clocks")) clocks();
    if (!strcmp(argv[1], "tty")) printf("%d %d %d\n", isatty(0), isatty(1), isatty(2));
    if (!strcmp(argv[1], "poll")) { char b[8]; ready(0, 5000); while (read(0, b, 8) > 0) { } ready(0, 5000); }
    if (!strcmp(argv[1], "idle")) ready(0, 200);
}
"""

MEMORIES = """(module
  (import "wasi_snapshot_preview1" "fd_write" (func $write (param i32 i32 i32 i32) (result i32)))
  (memory $other 1) (memory $told (export "memory") 1)
  (data (memory $other) (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00") (data (memory $other) (i32.const 16) "wrong\\n")
  (data (memory $told) (i32.const 0) "\\10\\00\\00\\00\\06\\00\\00\\00") (data (memory $told) (i32.const 16) "right\\n")
  (func (export "_start") (drop (call $write (i32.const 1) (i32.const 0) (i32.const 1) (i32.const 64)))))
"""


class Usable(Case):
    @classmethod
    def setUpClass(cls):
        cls.built = tempfile.TemporaryDirectory(prefix="warrant-usable-")
        cls.addClassCleanup(cls.built.cleanup)
        source = pathlib.Path(cls.built.name) / "usable.c"
        cls.module = source.with_suffix(".wasm")
        source.write_text(GUEST)
        subprocess.run([CLANG, "--target=wasm32-wasi", "-O1", "-w", source, "-o", cls.module], check=True)

    def said(self, *words, access="", **more):
        return self.warrant("run", "-q", "--dir", f"{self.data}::/{access}", self.module, *words, **more).stdout.strip()

    def checked(self, *words, access=""):
        """The same, recorded: nothing that a program may expect is a finding."""
        self.warrant("record", "-q", "-o", self.trace, "--dir", f"{self.data}::/{access}", self.module, *words)
        self.assertEqual(self.check()["findings"], [])

    def test_a_read_only_grant_is_read_by_who_asks_for_all(self):
        (self.data / "file").write_text("content")
        (self.data / "sub").mkdir()
        self.assertEqual(self.said("grant", access=":ro"), f"read 0 writes 0 write {NOTCAPABLE} size {NOTCAPABLE} alone {NOTCAPABLE} create "
                         f"{NOTCAPABLE} truncate {NOTCAPABLE} list 0 mkdir {NOTCAPABLE}")
        self.assertEqual((self.data / "file").read_text(), "content")
        self.assertEqual(self.said("grant"), "read 0 writes 1 write 0 size 0 alone 0 create 0 truncate 0 list 0 mkdir 0")
        self.checked("grant", access=":ro")

    def test_directories_are_no_files(self):
        (self.data / "sub").mkdir()
        self.assertEqual(self.said("directories"), f"write {ISDIR} and {ISDIR} read 0 unlink {ISDIR} {ISDIR} {ISDIR} rmdir {INVAL}")
        self.checked("directories")

    @row("FD-08", "NODE-47193")
    def test_every_buffer_sees_the_whole_directory(self):
        for i in range(3000):
            (self.data / f"file-{i}").touch()
        for size in 64, 4096, 45000, 49152, 65536, 200000, 1 << 20:
            self.assertEqual(self.said("list", size), "3002 0", size)
        self.checked("list", 65536)
        for i in range(3000, 12000):
            (self.data / f"file-{i}").touch()
        self.assertEqual(self.said("list", 1 << 18), "12002 0")
        self.assertEqual(self.said("list", 1 << 20), f"0 {OVERFLOW}")  # never an end that is none

    def test_clocks_random_flags(self):
        self.assertEqual(self.said("clocks"), f"clocks {INVAL} {INVAL} {INVAL} 0 random 0 zeros 0 nonblock {NOTSUP}")

    def test_poll_waits_for_streams(self):
        self.assertEqual(self.said("poll", input=b"data"), "0: 1/0/1/0\n0: 1/0/0/1")
        with subprocess.Popen([WARRANT, "run", "-q", self.module, "idle"], stdin=subprocess.PIPE, stdout=subprocess.PIPE) as run:
            self.assertEqual(run.stdout.read(), b"0: 3/0/0/0\n")
        self.checked("idle")

    def test_a_terminal_is_one_and_nothing_else_is(self):
        null = subprocess.run([WARRANT, "run", "-q", self.module, "tty"], stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL)
        self.assertEqual(null.stdout, b"0 0 0\n")
        leader, follower = pty.openpty()
        run = subprocess.run([WARRANT, "run", "-q", self.module, "tty"], stdin=follower, stdout=subprocess.PIPE, stderr=follower)
        self.assertEqual(run.stdout, b"1 0 1\n")
        os.close(leader)
        os.close(follower)

    @row("MEM-14")
    def test_hostcalls_mean_the_memory_that_is_exported(self):
        text = self.folder / "memories.wat"
        text.write_text(MEMORIES)
        made = subprocess.run(["wat2wasm", "--enable-multi-memory", text, "-o", text.with_suffix(".wasm")], capture_output=True)
        if made.returncode:
            self.skipTest("wat2wasm knows no multiple memories")
        self.assertEqual(self.warrant("run", text.with_suffix(".wasm")).stdout, "right\n")
        self.warrant("record", "-q", "-o", self.trace, text.with_suffix(".wasm"))
        self.assertEqual(self.check()["findings"], [])


if __name__ == "__main__":
    main()
