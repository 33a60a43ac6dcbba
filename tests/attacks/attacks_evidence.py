#!/usr/bin/env python3
"""Nothing that the guest's process says decides what happens to evidence, and nothing that it does behind the recorder's end is excused."""
import os
import pathlib
import shutil
import signal
import subprocess
import time
import unittest

import kit
from kit import Attack, needs_root, needs_witness, row

HOOK = """
#include <signal.h>
#include "tracer/ring.h"
static struct guest *evil_guest;
static void evil_start(struct guest *g, struct wasi_backend *b) { %s }
static void evil_end(struct guest *g, enum status s, struct wasi_ending *e) { struct launch_report *r = &g->page->report; %s }
static void evil_last(struct guest *g) { %s }
"""
CLAIM = "r->status = %s; r->exit_code = %d; __atomic_store_n(&r->magic, (uint32_t)LAUNCH_MAGIC, __ATOMIC_RELEASE);"
VICTIM = """
#include <unistd.h>
int main() { unlink("/data/precious"); return 0; }
"""
# Random bytes land verbatim in the trace.
FILLER = """
#include <wasi/api.h>
static uint8_t bytes[65536];
int main() { for (int i = 0; i < %d; i++) if (__wasi_random_get(bytes, sizeof bytes)) break; return 0; }
"""


def hook(start="", end="", last=""):
    return HOOK % (start, end, last)


class Evidence(Attack):
    def setUp(self):
        super().setUp()
        (self.data / "precious").touch()

    def says(self, end="", last=""):
        """Records a guest that deletes a file, in a process that then says what it likes. The trace must have it."""
        done = self.attack(self.guest(VICTIM), command=self.evil(hook(end=end, last=last)), options=["--witness", "off"])
        self.assertFalse((self.data / "precious").exists())
        self.assertTrue(any(item.get("call") == "path_unlink_file" for item in self.show()), self.show())
        self.assertNotEqual(done.returncode, 0, done.stderr)
        self.assertFalse(os.path.exists(f"{self.trace}.ring"))
        return done

    def test_it_could_not_start(self):
        self.assertEqual(self.says(end=CLAIM % ("STATUS_MALFORMED", 0) + "_exit(125);").returncode, 125)

    def test_no_report_at_all(self):
        self.assertIn("no report", self.says(end="_exit(0);").stderr)

    def test_not_found_and_status_0(self):
        self.assertEqual(self.says(end=CLAIM % ("STATUS_NOT_FOUND", 0) + "_exit(0);").returncode, 125)

    def test_success_reported_and_another_status(self):
        self.assertIn("reported", self.says(end=CLAIM % ("STATUS_OK", 0) + "_exit(9);").stderr)

    def test_success_reported_and_killed(self):
        """The second line's kill behind the report is the end."""
        done = self.says(last="syscall(SYS_execve, 0, 0, 0);")
        self.assertEqual(done.returncode, 128 + signal.SIGSYS)
        self.assertIn("SIGSYS" if "SIGSYS" in done.stderr else "second line", done.stderr)
        status, report = self.verdict("--no-replay")
        self.assertTrue(report["cause"].endswith(f"killed by signal {signal.SIGSYS.value}"), report["cause"])

    def test_run_says_it_too(self):
        done = self.warrant("run", "--dir", f"{self.data}::/data", self.guest(VICTIM),
                            command=self.evil(hook(last="syscall(SYS_execve, 0, 0, 0);")), status=128 + signal.SIGSYS)
        self.assertIn("second line", done.stderr)


# The EXIT event of a guest that trapped, made another one.
LIE = """
static enum status evil_exit(struct trace_writer *writer, const struct trace_exit *exit)
{
    struct trace_exit lie = *exit;
    %s
    return trace_writer_exit(writer, &lie);
}
#define trace_writer_exit evil_exit
"""
TRAPS = """
static __attribute__((noinline)) int inner(int n) { if (!n) __builtin_trap(); return n; }
int main(int argc, char **argv) { return inner(argc - 1) + 1; }
"""


class Stack(Attack):
    """The stack of a trap is the suspect's word: the replay finds another one, and no tool believes its numbers."""

    def told(self, lie, end=""):
        hook_text = hook(end=end) + LIE % lie
        return self.attack(self.guest(TRAPS), command=self.evil(hook_text), options=["--witness", "off"], status=134)

    def found(self, lie):
        self.told(lie)
        found = [f["evidence"] for f in self.caught("replay.divergence")["findings"] if f["rule"] == "replay.divergence"]
        self.warrant("show", self.trace)
        return found[0]

    def test_innocent(self):
        self.told("")
        self.assertEqual(self.verdict()[1]["replay"]["identical"], True)

    def test_another_frame(self):
        self.assertIn("a stack of ", self.found("lie.stack.place[1].function += 1;"))

    def test_another_place_in_a_frame(self):
        self.assertIn("a stack of ", self.found("lie.stack.place[1].offset += 1;"))

    def test_fewer_frames(self):
        self.assertIn("a stack of 1 frames", self.found("lie.stack.depth = 1;"))

    def test_none_at_all(self):
        self.assertIn("a stack of 0 frames", self.found("lie.stack.depth = 0;"))

    def test_more_than_there_can_be(self):
        self.assertIn("a stack of 4294967295 frames", self.found("lie.stack.depth = UINT32_MAX;"))

    def test_a_report_of_more_than_there_can_be(self):
        """The launcher prints what the guest's process says of itself, within bounds."""
        done = self.told("", end="memset(&e->stack, 0xff, sizeof e->stack);")
        self.assertIn("    #4294967294 0xffffffff in function 4294967295\n", done.stderr)
        self.assertEqual(done.stderr.count("in function 4294967295"), 96)


class NamesOwner(Attack):
    """A module that takes over the process which reads its names and debug information decides what is printed as such, and nothing else."""
    LIBRARIES = ["tracer/libwr_trace.a", "tracer/libwr_trace_write.a", "wasi/confine/libwr_confine.a", "wasi/policy/libwr_policy.a", "wasi/abi/libwr_abi.a",
                 "runtime/base/libwr_base.a"]

    def owned(self, way):
        source = kit.text_of("names_owner.c")
        folder = self.made("names-owner", source + way)
        parts = folder / "libexec/warrant"
        if not parts.exists():
            shutil.copytree(kit.BUILD / "libexec/warrant", parts)
            shutil.copy(kit.BUILD / "warrant", folder)
            evil = folder / "evil.c"
            evil.write_text(f"#define DO {way}\n{source}")
            flags = [f"-fsanitize={kit.SANITIZE}"] if kit.SANITIZE else []
            subprocess.run([kit.COMPILER, "-D_GNU_SOURCE", f"-I{kit.SOURCE}", "-O1", "-std=c17", "-w", *flags, kit.SOURCE / "cli/symbols_main.c",
                            kit.SOURCE / "cli/symbols_module.c", evil, "-Wl,--start-group", *[kit.BUILD / name for name in self.LIBRARIES], "-Wl,--end-group",
                            "-lzstd", "-lsodium", "-lxxhash", "-o", parts / "warrant-symbols"], check=True)
        return folder / "warrant"

    def test_what_it_can_do(self):
        module = self.guest(TRAPS)
        plain = self.warrant("run", module, status=134).stderr.splitlines()
        for way in "OPEN", "DIES", "SHOUT", "FLOOD", "HALF":
            with self.subTest(way=way):
                if kit.SANITIZE and way == "OPEN":
                    self.skipTest("a sanitizer's own calls are allowed")
                done = self.warrant("run", module, status=134, command=self.owned(way))
                lines = done.stderr.splitlines()
                self.assertEqual(lines[0], plain[0])
                frames = [line for line in lines if line.startswith("    #")]
                self.assertEqual(len(frames), len([line for line in plain if line.startswith("    #")]))
                self.assertNotIn("\x1b", done.stderr)
                self.assertLess(max(map(len, lines)), 4 * 1200)
                if way in ("OPEN", "DIES", "HALF"):
                    self.assertIn(" in inner (function ", frames[0])
                    self.assertIn("(no source lines: ", lines[-1])


@needs_witness
@needs_root
class BeyondTheEnd(Attack):
    def setUp(self):
        super().setUp()
        (self.data / "precious").touch()

    def none_unseen(self):
        """The file is there still, or the check names its deletion."""
        if (self.data / "precious").exists():
            return
        status, report = self.verdict("--no-replay")
        self.assertEqual(status, 1, report)
        self.assertTrue(any(f["syscall"] == "unlinkat" and f["severity"] != "notice" for f in report["findings"]), report["findings"])

    def small(self, size):
        """A small file system for the trace."""
        small = self.folder / "small"
        small.mkdir()
        subprocess.run(["mount", "-t", "tmpfs", "-o", f"size={size}", "none", small], check=True)
        self.addCleanup(subprocess.run, ["umount", "-l", small], check=True)
        self.trace = small / "run.wtrace"

    UNLINK = 'syscall(SYS_unlinkat, GUEST_FD_GRANTS, "precious", 0);'

    def test_no_space(self):
        self.small("14m")
        evil = self.evil(hook(end=f"if (trace_ring_header(g->ring)->state & TRACE_RING_STOP) {{ {self.UNLINK} }}"))
        done = self.attack(self.guest(FILLER % 400), command=evil, options=["--witness", "on"])
        self.assertEqual(done.returncode, 125, done.stderr)
        self.assertTrue((self.data / "precious").exists()) # the guest was dead before it could know
        self.none_unseen()

    def test_nothing_is_missing_where_space_ran_out(self):
        """All that the guest was let do is in the trace: an honest guest is not accused."""
        self.small("14m")
        done = self.attack(self.guest(FILLER % 400), options=["--witness", "on"])
        self.assertEqual(done.returncode, 125, done.stderr)
        self.assertIn("no room", done.stderr)
        status, report = self.verdict("--no-replay")
        self.assertEqual((status, report["ended"], report["cause"].split(",")[0]), (0, "no space", "the recorder stopped"), report)

    def test_recorder_killed(self):
        """A guest that waits for the recorder's death to act unseen."""
        evil = self.evil(hook(start=f"while (!(trace_ring_header(g->ring)->state & TRACE_RING_DIED)) {{ }} {self.UNLINK}"))
        launcher = subprocess.Popen([evil, "record", "--witness", "on", "-o", self.trace, "--dir", f"{self.data}::/data",
                                     self.guest(VICTIM)], stderr=subprocess.PIPE, text=True)
        recorder = self.child(launcher.pid, "warrant-recorder")
        time.sleep(0.5)
        os.kill(recorder, signal.SIGKILL)
        _, said = launcher.communicate(timeout=60)
        self.assertEqual(launcher.returncode, 125, said)
        self.none_unseen()

    def child(self, parent, name):
        """The child of a process that executes `name`."""
        for _ in range(500):
            for stat in pathlib.Path("/proc").glob("[0-9]*/stat"):
                try:
                    command, rest = stat.read_text().rsplit(")", 1)
                except OSError:
                    continue
                if command.split("(", 1)[1] == name[:15] and int(rest.split()[1]) == parent:
                    return int(stat.parent.name)
            time.sleep(0.01)
        self.fail(f"there is no {name}")
        return None


class AnEndTooLarge(Attack):
    @row("FD-14")
    def test_256_is_no_success(self):
        for code in 256, 65536, 0x7fffff00:
            module = self.wat(f'(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32))) (memory (export "memory") 1)'
                              f' (func (export "_start") (call $exit (i32.const {code}))))')
            done = self.warrant("run", module, status=1)
            self.assertIn(str(code), done.stderr)


kit.main()
