#!/usr/bin/env python3
"""Limits mean it: bytes of output and of trace are counted, the guest is stopped, and the trace that is left checks."""
import kit
from kit import Attack, row

WRITER = """
#include <wasi/api.h>
#include <unistd.h>
static char bytes[1000];
int main(int argc, char **argv)
{
    for (int i = 0; i < 100; i++) {
        const __wasi_ciovec_t parts[2] = { { (const uint8_t *)bytes, 600 }, { (const uint8_t *)bytes, 400 } };
        __wasi_size_t written;
        if (__wasi_fd_write(1, parts, 2, &written)) return 1;
    }
    return 0;
}
"""
RANDOM = """
#include <wasi/api.h>
static uint8_t bytes[65536];
int main() { for (;;) if (__wasi_random_get(bytes, sizeof bytes)) return 1; }
"""
MIB = 1 << 20


class Limits(Attack):
    def policy(self, limits):
        path = self.folder / "policy.yaml"
        path.write_text(f"version: 1\nlimits: {{ {limits} }}\n")
        return path

    @row("RES-06")
    def test_output(self):
        for limit, status, count in ((100000, 0, 100000), (99999, 126, 99000), (2500, 126, 2000), (0, 126, 0)):
            done = self.warrant("run", "--policy", self.policy(f"output: {limit}"), self.guest(WRITER), status=status)
            self.assertEqual(len(done.stdout), count)
            if status:
                self.assertIn("limits.output", done.stderr)

    def test_output_recorded(self):
        for more in [], ["--digest-every", 3]:
            done = self.warrant("record", "-o", self.trace, *more, "--policy", self.policy("output: 2500"), self.guest(WRITER), status=126)
            self.assertEqual(len(done.stdout), 2000)
            report = self.clean()
            self.assertTrue(report["cause"].startswith("a budget of the policy"), report["cause"])
            self.assertEqual(report["replay"]["identical"], True, report["replay"])
            self.trace.unlink()

    def test_output_reaches_files(self):
        """Every descriptor counts, whatever it is."""
        guest = self.guest(WRITER.replace("fd_write(1", "fd_write(fd").replace("for (int", """
    __wasi_fd_t fd; __wasi_path_open(3, 0, "file", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE, 0, 0, &fd);
    for (int"""))
        self.warrant("run", "--dir", f"{self.data}::/data", "--policy", self.policy("output: 2500"), guest, status=126)
        self.assertEqual((self.data / "file").stat().st_size, 2000)

    @row("FD-11", "RES-05")
    def test_room_that_is_taken(self):
        """fd_allocate takes the disk without writing a byte: it counts as if it had written all of it."""
        for mib, status in (1, 0), (100, 126):
            guest = self.guest(WRITER.replace("for (int", f"""
    __wasi_fd_t fd; __wasi_path_open(3, 0, "room{mib}", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE, 0, 0, &fd);
    if (__wasi_fd_allocate(fd, 0, {mib} << 20)) return 1;
    if (!__wasi_fd_allocate(fd, 0, 0)) return 2; /* refused, and costs nothing */
    for (int"""))
            self.warrant("run", "--dir", f"{self.data}::/data", "--policy", self.policy("output: 2MiB"), guest, status=status)
        self.assertEqual((self.data / "room1").stat().st_size, 1 << 20)
        self.assertEqual((self.data / "room100").stat().st_size, 0)
        self.warrant("run", "--dir", f"{self.data}::/data", "--policy", self.policy("output: 1100000"),
                     self.guest(WRITER.replace("for (int", """
    __wasi_fd_t fd; __wasi_path_open(3, 0, "twice", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_ALLOCATE, 0, 0, &fd);
    if (__wasi_fd_allocate(fd, 0, 1 << 20)) return 1;
    for (int""")), status=126)

    @row("RES-06")
    def test_trace(self):
        """A guest without grants fills no disk."""
        for how in ["--policy", self.policy("trace: 12MiB")], ["--trace-limit", "12MiB"]:
            done = self.warrant("record", "-o", self.trace, *how, self.guest(RANDOM), status=126)
            self.assertIn("trace bytes", done.stderr)
            size = self.trace.stat().st_size
            self.assertTrue(12 * MIB <= size <= 23 * MIB, size)
            status, report = self.verdict()
            self.assertEqual(status, 0, report)
            self.assertEqual(report["cause"], "the limit of trace bytes, killed by signal 9")
            self.trace.unlink()

    def test_default(self):
        self.assertIn("trace: at most 16GiB of the trace file", self.warrant("policy", "lint", self.policy("memory: 1MiB")).stdout)


kit.main()
