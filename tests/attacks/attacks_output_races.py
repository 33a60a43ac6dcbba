#!/usr/bin/env python3
"""Outputs while the world around them changes: two recordings, a folder that is renamed, mounts, and `recover` at the wrong time."""
import os
import shutil
import signal
import subprocess
import time

import kit
from kit import Attack, SLOW, WARRANT

TICKS = """(module (import "wasi_snapshot_preview1" "poll_oneoff" (func $poll (param i32 i32 i32 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $i i32)
    (loop $again
      (i32.store (i32.const 16) (i32.const 1)) (i64.store (i32.const 24) (i64.const 20000000))
      (drop (call $poll (i32.const 0) (i32.const 104) (i32.const 1) (i32.const 200)))
      (local.set $i (i32.add (local.get $i) (i32.const 1)))
      (br_if $again (i32.lt_u (local.get $i) (i32.const %d))))))
"""
HELLO = '#include <stdio.h>\nint main() { puts("hello"); return 0; }\n'


def mounts_work():
    return shutil.which("unshare") and subprocess.run(["unshare", "-m", "mount", "-t", "tmpfs", "none", "/tmp"], capture_output=True).returncode == 0


class Races(Attack):
    def setUp(self):
        super().setUp()
        os.environ["XDG_STATE_HOME"] = str(self.folder / "state")

    def start(self, *words, ticks=100, cwd=None):
        """A recording that runs: its ring is there and its trace has its name."""
        module = self.wat(TICKS % ticks)
        process = subprocess.Popen([WARRANT, "record", "-q", "--witness", "off", *map(str, words), module], cwd=cwd or self.folder,
                                   stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
        self.addCleanup(process.kill)
        return process

    def wait_for(self, path):
        for _ in range(int(400 * SLOW)):
            if path.exists() and path.stat().st_size > 64:
                return
            time.sleep(0.02)
        self.fail(f"{path} did not appear")

    def finish(self, process):
        _, errors = process.communicate(timeout=120 * SLOW)
        self.assertEqual(process.returncode, 0, errors)

    def kill_all(self, process):
        os.killpg(process.pid, signal.SIGKILL)
        process.communicate()
        time.sleep(0.5)  # the recorder is on its way out

    def test_two_recordings_of_one_name(self):
        first = self.start("-o", self.trace)
        self.wait_for(self.trace)
        done = self.warrant("record", "-o", self.trace, self.guest(HELLO), status=125)
        self.assertIn("is being recorded", done.stderr)
        self.assertEqual(done.stdout, "")
        self.finish(first)
        self.assertEqual(self.clean()["hostcalls"], 100)

    def test_two_recordings_without_a_name(self):
        both = [self.start(cwd=self.data), self.start(cwd=self.data)]
        for process in both:
            self.finish(process)
        traces = sorted(self.data.glob("*.wtrace"))
        self.assertEqual(len(traces), 2)
        for trace in traces:
            self.assertEqual(self.clean(trace=trace)["hostcalls"], 100)
        self.assertEqual(list(self.data.glob("*.ring")), [])

    def test_folder_is_renamed_during_the_run(self):
        """What is renamed, made and removed lies in the folder that was opened, whatever has its name by then."""
        out, moved, victim = self.folder / "out", self.folder / "moved", self.folder / "elsewhere"
        out.mkdir()
        victim.mkdir()
        (victim / "x.wtrace").write_text("precious")
        (victim / "x.wtrace.ring").write_text("precious")
        process = self.start("-o", out / "x.wtrace")
        self.wait_for(out / "x.wtrace")
        out.rename(moved)
        out.symlink_to(victim)
        self.finish(process)
        self.assertEqual(sorted(os.listdir(moved)), ["x.wtrace"])
        self.assertEqual({p.name: p.read_text() for p in victim.iterdir()}, {"x.wtrace": "precious", "x.wtrace.ring": "precious"})
        self.assertEqual(self.clean(trace=moved / "x.wtrace")["hostcalls"], 100)

    def test_recover_of_a_living_recording(self):
        process = self.start("-o", self.trace)
        self.wait_for(self.trace)
        ring = self.trace.with_name("run.wtrace.ring")
        done = self.warrant("recover", self.trace, status=3)
        self.assertIn("being recorded right now", done.stderr)
        self.assertTrue(ring.exists())
        self.finish(process)
        self.assertEqual(self.clean()["hostcalls"], 100)
        self.assertFalse(ring.exists())

    def test_recover_after_all_died(self):
        process = self.start("-o", self.trace, ticks=100000)
        self.wait_for(self.trace)
        time.sleep(1)
        self.kill_all(process)
        # A new recording does not take the ring of the dead one away.
        done = self.warrant("record", "-o", self.trace, self.guest(HELLO), status=125)
        self.assertIn("warrant recover", done.stderr)
        self.warrant("recover", self.trace)
        self.assertGreater(self.verdict()[1]["hostcalls"], 5)

    def test_recover_of_a_killed_start(self):
        """Launcher and all killed before a recorder wrote: nothing can be saved, and the name is free again."""
        ring = self.trace.with_name("run.wtrace.ring")
        self.trace.touch()
        ring.write_bytes(bytes(8454144))
        (self.folder / "run.wwit").touch()
        self.warrant("record", "-o", self.trace, self.guest(HELLO), status=125)
        self.assertIn("nothing to save", self.warrant("recover", self.trace).stdout)
        self.assertFalse(ring.exists() or self.trace.exists())
        self.warrant("record", "-q", "-o", self.trace, self.guest(HELLO))
        self.assertFalse(ring.exists())
        self.clean()

    def test_recover_follows_no_links(self):
        victim = self.folder / "victim"
        victim.write_text("precious")
        process = self.start("-o", self.trace, ticks=100000)
        self.wait_for(self.trace)
        self.kill_all(process)
        ring = self.trace.with_name("run.wtrace.ring")
        for name in (self.trace, ring):
            kept = name.with_name("kept")
            name.rename(kept)
            name.symlink_to(victim)
            self.assertIn("symbolic link", self.warrant("recover", self.trace, status=3).stderr)
            name.unlink()
            os.link(kept, name)  # a second name
            self.assertIn("names", self.warrant("recover", self.trace, status=3).stderr)
            kept.unlink()
        self.assertEqual(victim.read_text(), "precious")
        self.warrant("recover", self.trace)

    def mounted(self, mounts, *words, status=0):
        script = " && ".join(f"mount --bind '{a}' '{b}'" for a, b in mounts) + ' && exec "$@"'
        return self.warrant("record", "-q", *words, status=status, prefix=["unshare", "-m", "sh", "-c", script, "sh"])

    @kit.needs_root
    def test_bind_mounts(self):
        """Another path to what the guest may write: a part of its grant mounted elsewhere, and a folder of ours mounted into it."""
        if not mounts_work():
            self.skipTest("mounts are not allowed here")
        out = self.folder / "out"
        out.mkdir()
        (self.data / "sub").mkdir()
        for number, (source, target) in enumerate(((self.data / "sub", out), (out, self.data / "sub"))):
            with self.subTest(source=source, target=target):
                done = self.mounted([(source, target)], "-o", out / f"x{number}.wtrace", "--dir", self.data, self.guest(HELLO))
                self.assertIn(str(self.folder / "state/warrant"), done.stderr)
                refused = self.mounted([(source, target)], "--dir", self.data, "--policy", self.policy(out / "p.yaml", source), self.guest(HELLO),
                                       status=125)
                self.assertIn("the policy", refused.stderr)
        # Mounts that lead nowhere near change nothing.
        other = self.folder / "other"
        other.mkdir()
        self.mounted([(other, self.data / "sub")], "-o", out / "y.wtrace", "--dir", self.data, self.guest(HELLO))
        self.assertTrue((out / "y.wtrace").exists())

    def policy(self, path, source):
        """Where the file is seen as `path` once `source` is mounted."""
        (source / "p.yaml").write_text("version: 1\n")
        return path


kit.main()
