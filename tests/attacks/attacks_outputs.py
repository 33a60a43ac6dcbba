#!/usr/bin/env python3
"""Outputs are made, not found, and where no guest of the run can write: names that are taken, planted or the input's own."""
import os
import shutil
import stat
import subprocess

import kit
from kit import Attack, WARRANT

# Removes `precious` and lays files of its own where a recording's would be made by default.
SWAPPER = """
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
static void put(const char *name) {
    unlink(name);
    int fd = open(name, O_CREAT | O_EXCL | O_WRONLY, 0666);
    if (fd >= 0) write(fd, "of the guest's own", 18);
}
int main(int argc, char **argv) {
    unlink("precious");
    for (int i = 1; i < argc; i++) put(argv[i]);
    return 0;
}
"""
HELLO = """
#include <stdio.h>
int main() { puts("hello"); return 0; }
"""


class Outputs(Attack):
    def setUp(self):
        super().setUp()
        self.state = self.folder / "state"
        os.environ["XDG_STATE_HOME"] = str(self.state)
        self.module = self.data / "plugin.wasm"
        self.module.write_bytes(self.guest(SWAPPER).read_bytes())
        self.hello = self.guest(HELLO)
        self.victim = self.folder / "victim"
        self.victim.write_text("precious")

    def unharmed(self):
        self.assertEqual(self.victim.read_text(), "precious")

    def refused(self, *words, says, cwd=None, status=125):
        done = self.warrant("record", *words, status=status, cwd=cwd)
        self.assertIn(says, done.stderr)
        self.assertEqual(done.stdout, "")
        return done

    # ---- where the guest can write ----

    def test_default_leaves_the_grant(self):
        """`record --dir . plugin.wasm`: the guest replaces what would be its evidence, and replaces nothing."""
        (self.data / "precious").touch()
        done = self.warrant("record", "-q", "--dir", ".", "plugin.wasm", "plugin.wtrace", "plugin.wwit", "plugin.wtrace.ring", cwd=self.data)
        trace = self.state / "warrant/plugin.wtrace"
        self.assertIn(str(trace), done.stderr)
        self.assertFalse((self.data / "precious").exists())
        self.assertEqual((self.data / "plugin.wtrace").read_text(), "of the guest's own")
        self.assertEqual(stat.S_IMODE(trace.stat().st_mode), 0o600)
        self.assertEqual(stat.S_IMODE(trace.parent.stat().st_mode), 0o700)
        self.assertFalse(trace.with_name("plugin.wtrace.ring").exists())
        self.clean(trace=trace)
        self.assertIn("precious", self.warrant("show", trace).stdout)

    def test_later_run_keeps_the_earlier_one(self):
        for name in ("plugin", "plugin.1", "plugin.2"):
            self.warrant("record", "-q", "--dir", ".", "plugin.wasm", cwd=self.data)
            self.assertTrue((self.state / f"warrant/{name}.wtrace").exists(), name)
        self.assertEqual(len({p.read_bytes() for p in (self.state / "warrant").glob("*.wtrace")}), 3)

    def test_state_folder_that_is_granted_too(self):
        self.refused("--dir", ".", self.module, says="state folder", cwd=self.folder)
        os.environ["XDG_STATE_HOME"] = "no absolute path"
        home, os.environ["HOME"] = os.environ.get("HOME", "/"), str(self.data / "home")
        self.addCleanup(os.environ.__setitem__, "HOME", home)
        self.refused("--dir", ".", self.module, says="state folder", cwd=self.data)
        for value, says in (("relative", "$HOME is not absolute"), ("", "$HOME is empty")):
            os.environ["HOME"] = value
            self.refused("--dir", ".", self.module, says=says, cwd=self.data)
            self.assertFalse((self.data / "relative").exists())
        del os.environ["HOME"], os.environ["XDG_STATE_HOME"]
        self.refused("--dir", ".", self.module, says="no $XDG_STATE_HOME, no $HOME", cwd=self.data)

    def test_state_folder_of_others(self):
        (self.state / "warrant").mkdir(parents=True)
        (self.state / "warrant").chmod(0o777)
        self.refused("--dir", ".", self.module, says="written by others", cwd=self.data)

    def test_named_in_a_grant(self):
        """The trace is made elsewhere; the guest that lies in wait under its name gets a copy laid over that, when it is gone."""
        grant = ["--dir", self.data]
        named = self.data / "run.wtrace"
        done = self.warrant("record", "-q", "-o", named, *grant, self.module, named, self.data / "run.wwit")
        made = self.state / "warrant/run.wtrace"
        self.assertIn(str(made), done.stderr)
        self.assertEqual(named.read_bytes(), made.read_bytes())
        self.clean(trace=made)
        self.clean(trace=named)
        # What is there a guest may have made: it is not what the user asked to overwrite.
        before = named.read_bytes()
        self.refused("-o", named, *grant, self.module, says="there already")
        self.assertEqual(named.read_bytes(), before)

    def test_named_in_a_grant_where_the_copy_fails(self):
        """A directory under the output's name cannot be replaced; that is no success."""
        module = self.guest('#include <sys/stat.h>\nint main(int c, char **v) { return mkdir(v[1], 0777); }')
        done = self.warrant("record", "-q", "-o", self.data / "run.wtrace", "--dir", self.data, module, self.data / "run.wtrace", status=125)
        self.assertIn(str(self.state / "warrant/run.wtrace"), done.stderr)
        self.clean(trace=self.state / "warrant/run.wtrace")

    def test_way_through_a_link_in_a_grant(self):
        (self.folder / "outside").mkdir()
        (self.data / "out").symlink_to(self.folder / "outside")
        self.refused("-o", self.data / "out/run.wtrace", "--dir", self.data, self.module, says="symbolic link")
        self.assertEqual(list((self.folder / "outside").iterdir()), [])

    # ---- what is there already ----

    def test_planted_links(self):
        """As a repository that was checked out may hold them. By default the names get a number; a named output is refused."""
        folder = self.folder / "repository"
        for planted in ("plugin.wtrace", "plugin.wwit", "plugin.wtrace.ring"):
            folder.mkdir()
            module = folder / "plugin.wasm"
            module.write_bytes(self.hello.read_bytes())
            (folder / planted).symlink_to("../victim")
            with self.subTest(planted=planted):
                done = self.warrant("record", "-q", "plugin.wasm", cwd=folder)
                self.assertIn("plugin.1.wtrace", done.stderr)
                self.unharmed()
                self.clean(trace=folder / "plugin.1.wtrace")
                before = sorted(os.listdir(folder))
                self.refused("-q", "-o", "plugin.wtrace", "plugin.wasm", says=planted, cwd=folder)
                self.unharmed()
                self.assertEqual(sorted(os.listdir(folder)), before)
            subprocess.run(["rm", "-r", folder], check=True)

    def test_other_things_under_the_name(self):
        for name, make in (("fifo", os.mkfifo), ("directory", os.mkdir), ("hard link", lambda p: os.link(self.victim, p)),
                           ("dangling link", lambda p: os.symlink("nowhere", p))):
            for planted in ("run.wtrace", "run.wwit"):
                with self.subTest(name=name, planted=planted):
                    make(self.folder / planted)
                    before = sorted(os.listdir(self.folder))
                    self.refused("-o", self.trace, self.hello, says=planted)
                    self.assertEqual(sorted(os.listdir(self.folder)), before)
                    self.unharmed()
                    subprocess.run(["rm", "-r", self.folder / planted], check=True)

    def test_overwritten_where_asked(self):
        """A second name for an open file, or a reader that holds it, keeps the old content: a new file takes the name."""
        self.warrant("record", "-q", "-o", self.trace, self.hello)
        with open(self.trace, "rb") as reader:
            old = self.trace.read_bytes()
            self.warrant("record", "-q", "-o", self.trace, self.hello)
            self.assertEqual(reader.read(), old)
        self.assertNotEqual(self.trace.read_bytes(), old)
        self.clean()
        self.warrant("record", "-q", "--witness", "off", "-o", self.trace, self.hello)
        self.assertFalse(self.witness.exists(), "the witness file of a run that is overwritten lies beside another's trace")

    def test_output_is_never_the_input(self):
        module = self.folder / "app.wtrace"
        module.write_bytes(self.hello.read_bytes())
        policy = self.folder / "policy.yaml"
        policy.write_text("version: 1\n")
        self.refused("-o", module, module, says="the module itself")
        self.refused("-o", policy, "--policy", policy, self.hello, says="the policy itself")
        self.assertEqual(module.read_bytes(), self.hello.read_bytes())
        self.assertEqual(policy.read_text(), "version: 1\n")

    def test_start_that_fails_changes_nothing(self):
        self.warrant("record", "-q", "-o", self.trace, self.hello)
        before = {p.name: p.read_bytes() for p in self.folder.iterdir() if p.is_file()}
        for words in (["--dir", "absent"], ["--policy", "absent.yaml"]):
            self.warrant("record", "-o", self.trace, *words, self.hello, status=125)
        # No room for the ring: files may have 64 KiB.
        done = self.warrant("record", "-o", self.trace, self.hello, status=125, prefix=["prlimit", "--fsize=65536"])
        self.assertIn("run.wtrace.ring", done.stderr)
        self.assertEqual({p.name: p.read_bytes() for p in self.folder.iterdir() if p.is_file()}, before)

    def immutable(self, *paths, flag="i"):
        for path in paths:
            if subprocess.run(["chattr", f"+{flag}", path], capture_output=True).returncode:
                self.skipTest("chattr is not to be had here")
            self.addCleanup(subprocess.run, ["chattr", f"-{flag}", path], check=True)

    @kit.needs_root
    def test_pair_of_which_one_cannot_be_replaced(self):
        """Where one file of the pair stays what it is, both do: a trace without its witness says less than it did."""
        if not shutil.which("chattr"):
            self.skipTest("no chattr")
        watched = ["on"] if kit.witness_works() else []
        for fixed in ("wwit", "wtrace"):
            for witness in [*watched, "off"]:
                with self.subTest(fixed=fixed, witness=witness):
                    trace = self.folder / f"{fixed}-{witness}/x.wtrace"
                    trace.parent.mkdir()
                    self.warrant("record", "-q", "-o", trace, self.hello)
                    (trace.with_suffix(".wwit")).touch()
                    before = {p.name: p.read_bytes() for p in trace.parent.iterdir()}
                    self.immutable(trace.with_suffix(f".{fixed}"))
                    self.refused("--witness", witness, "-o", trace, self.hello, says=f"x.{fixed}")
                    self.assertEqual({p.name: p.read_bytes() for p in trace.parent.iterdir()}, before)

    @kit.needs_root
    def test_folder_where_nothing_can_be_removed(self):
        """What is left of ours is said, in one line for each file; the recording is whole."""
        if not shutil.which("chattr"):
            self.skipTest("no chattr")
        folder = self.folder / "grows"
        folder.mkdir()
        self.immutable(folder, flag="a")
        done = self.warrant("record", "-q", "--witness", "off", "-o", folder / "x.wtrace", self.hello)
        self.assertEqual(done.stdout, "hello\n")
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 1, lines)
        self.assertIn("x.wtrace.ring is left and cannot be removed", lines[0])
        self.clean(trace=folder / "x.wtrace")
        self.assertIn("x.wtrace.ring", self.warrant("recover", folder / "x.wtrace", status=3).stderr)
        done = self.refused("--witness", "off", "--dir", "absent", "-o", folder / "y.wtrace", self.hello, says="absent")
        self.assertEqual(sorted(os.listdir(folder)), ["x.wtrace", "x.wtrace.ring"])

    @kit.needs_root
    def test_witness_file_alone_that_cannot_be_replaced(self):
        if not shutil.which("chattr"):
            self.skipTest("no chattr")
        if not kit.witness_works():
            self.skipTest("no witness")
        self.witness.write_text("another's")
        self.immutable(self.witness)
        self.refused("--witness", "on", "-o", self.trace, self.hello, says="run.wwit")
        self.assertFalse(self.trace.exists())
        self.assertEqual(self.witness.read_text(), "another's")

    @kit.needs_root
    def test_files_of_others(self):
        """In a folder that everybody may write. Who is not root does not take another's file; root gets one of its own."""
        shared = self.folder / "shared"
        shared.mkdir()
        self.folder.chmod(0o755)
        shared.chmod(0o777)
        (shared / "theirs.wtrace").touch()
        nobody = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups"]
        module = shared / "hello.wasm"
        module.write_bytes(self.hello.read_bytes())
        shutil.copy(WARRANT, self.folder / "warrant")
        shutil.copytree(WARRANT.parent / "libexec", self.folder / "libexec")
        self.warrant("run", "-q", module, prefix=nobody, command=self.folder / "warrant")
        done = self.warrant("record", "-o", shared / "theirs.wtrace", module, status=125, prefix=nobody, command=self.folder / "warrant")
        self.assertIn("belongs to another user", done.stderr)
        self.assertEqual((shared / "theirs.wtrace").stat().st_size, 0)
        os.chown(shared / "theirs.wtrace", 65534, 65534)
        self.warrant("record", "-q", "-o", shared / "theirs.wtrace", module)
        made = (shared / "theirs.wtrace").stat()
        self.assertEqual((made.st_uid, stat.S_IMODE(made.st_mode)), (os.getuid(), 0o600))


kit.main()
