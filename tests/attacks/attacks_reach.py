#!/usr/bin/env python3
"""What decides over a run lies where its guest cannot write: the policy, and the program with its parts. The module may lie anywhere."""
import os
import pathlib
import shutil

import kit
from kit import Attack, WARRANT

HELLO = '#include <stdio.h>\nint main() { puts("hello"); return 0; }\n'
# Writes over the module that it runs from, while it runs.
SELF = """
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv) {
    int fd = open(argv[1], O_WRONLY | O_TRUNC);
    printf("%d\\n", fd >= 0 && write(fd, "another", 7) == 7);
    return 0;
}
"""


class Reach(Attack):
    def setUp(self):
        super().setUp()
        os.environ["XDG_STATE_HOME"] = str(self.folder / "state")
        self.hello = self.guest(HELLO)

    def refused(self, *words, says, command=WARRANT, cwd=None):
        for mode in ("run", "record"):
            done = self.warrant(mode, *words, self.hello, status=125, command=command, cwd=cwd)
            for text in says:
                self.assertIn(text, done.stderr)
            self.assertEqual(done.stdout, "")

    def policy(self, path, access="write"):
        path.write_text(f"version: 1\nfiles:\n  - {{ host: {self.data}, guest: /data, access: {access} }}\n")
        return path

    def test_policy_in_the_grant(self):
        inside = self.policy(self.data / "policy.yaml")
        self.refused("--policy", inside, says=["the policy", str(self.data), ":ro"])
        # By another grant than its own, by another path, and through a link that a guest may have laid.
        (self.data / "p.yaml").write_text("version: 1\n")
        self.refused("--policy", self.data / "p.yaml", "--dir", f"{self.data}::/w", says=["the policy"])
        (self.folder / "by-link").symlink_to(self.data)
        self.refused("--policy", self.folder / "by-link/policy.yaml", says=["the policy"])
        (self.data / "deep").mkdir()
        outside = self.policy(self.folder / "policy.yaml")
        (self.data / "deep/link.yaml").symlink_to("../../policy.yaml")
        self.refused("--policy", self.data / "deep/link.yaml", says=["the policy"])
        self.assertEqual(self.warrant("run", "-q", "--policy", outside, self.hello).stdout, "hello\n")

    def test_policy_with_a_second_name(self):
        outside = self.policy(self.folder / "policy.yaml")
        os.link(outside, self.data / "other-name")
        self.refused("--policy", outside, says=["hard links"])
        (self.data / "other-name").unlink()
        self.assertEqual(self.warrant("run", "-q", "--policy", outside, self.hello).stdout, "hello\n")

    def test_policy_that_only_reads(self):
        inside = self.policy(self.data / "policy.yaml", "read")
        self.assertEqual(self.warrant("run", "-q", "--policy", inside, self.hello).stdout, "hello\n")

    def test_installation_in_the_grant(self):
        place = self.data / "usr"
        (place / "bin").mkdir(parents=True)
        shutil.copy(WARRANT, place / "bin/warrant")
        shutil.copytree(WARRANT.parent / "libexec", place / "libexec")
        self.refused("--dir", self.data, says=["the program", ":ro"], command=place / "bin/warrant")
        self.refused("--dir", place / "libexec/warrant", says=["the program's part"], command=place / "bin/warrant")
        # From elsewhere through a link; and with the parts linked into the grant.
        (self.folder / "warrant").symlink_to(place / "bin/warrant")
        self.refused("--dir", place / "bin", says=["the program"], command=self.folder / "warrant")
        outer = self.folder / "outer"
        outer.mkdir()
        shutil.copy(WARRANT, outer / "warrant")
        (outer / "libexec").symlink_to(place / "libexec")
        self.refused("--dir", self.data, says=["the program's part"], command=outer / "warrant")
        self.assertEqual(self.warrant("run", "-q", "--dir", f"{self.data}::/d:ro", self.hello, command=place / "bin/warrant").stdout, "hello\n")

    def test_library_in_the_grant(self):
        maps = pathlib.Path("/proc/self/maps").read_text().splitlines()
        folder = os.path.dirname(os.path.realpath(next(line.split()[-1] for line in maps if "/libc" in line)))
        self.refused("--dir", folder, says=["the library"])

    def environment(self, name, value):
        before = os.environ.get(name)
        os.environ[name] = str(value)
        self.addCleanup(lambda: os.environ.pop(name) if before is None else os.environ.__setitem__(name, before))

    def test_libraries_of_a_later_run(self):
        """What the guest writes is not what the next `warrant` loads: there, missing, the current folder, by another name."""
        library = self.data / "lib"
        library.mkdir()
        (self.folder / "link").symlink_to(library)
        grant = ["--dir", f"{library}::/g"]
        for value in (library, f"/nowhere:{library}", f"{self.folder}/none;{library}/", self.folder / "link", library / "deep/er"):
            with self.subTest(value=value):
                self.environment("LD_LIBRARY_PATH", value)
                self.refused(*grant, says=["LD_LIBRARY_PATH", str(library), ":ro"])
        self.environment("LD_LIBRARY_PATH", self.data / "made-later")
        self.refused("--dir", self.data, says=["LD_LIBRARY_PATH"])
        for value in (":/nowhere", "/nowhere:", "/nowhere::/elsewhere", "."):
            with self.subTest(value=value):
                self.environment("LD_LIBRARY_PATH", value)
                self.refused(*grant, says=["LD_LIBRARY_PATH"], cwd=library)
        (library / "glibc-hwcaps/x86-64-v3").mkdir(parents=True)
        self.environment("LD_LIBRARY_PATH", library)
        self.refused("--dir", library / "glibc-hwcaps", says=["LD_LIBRARY_PATH"])
        self.environment("LD_LIBRARY_PATH", f"{self.folder}/$LIB")
        self.refused(*grant, says=["LD_LIBRARY_PATH", "$"])
        # Nothing is refused that the guest cannot write.
        for value, words in ((library, ["--dir", f"{library}::/g:ro"]), (self.folder / "none", grant), ("", grant)):
            self.environment("LD_LIBRARY_PATH", value)
            self.assertEqual(self.warrant("run", "-q", *words, self.hello).stdout, "hello\n")

    def test_preloaded_by_a_later_run(self):
        for name in ("LD_PRELOAD", "LD_AUDIT"):
            with self.subTest(name=name):
                self.environment(name, self.data / "absent.so")
                self.refused("--dir", self.data, says=[name, str(self.data)])
                os.environ.pop(name)
                os.environ[name] = ""

    def test_files_of_the_loader(self):
        for grant in ("/etc", "/etc/../etc/."):
            self.refused("--dir", f"{grant}::/g", says=["the dynamic loader's file", "/etc"])

    def test_everything_granted(self):
        self.refused("--dir", "/::/", says=["which the guest may write"])
        self.refused("--dir", ".", says=["which the guest may write"], cwd="/")

    def test_module_in_the_grant(self):
        """It was copied and hashed before: what is recorded and replayed is what ran."""
        module = self.data / "self.wasm"
        module.write_bytes(self.guest(SELF).read_bytes())
        done = self.warrant("record", "-q", "-o", self.trace, "--dir", ".", "self.wasm", "self.wasm", cwd=self.data)
        self.assertEqual(done.stdout, "1\n")
        self.assertEqual(module.read_bytes(), b"another")
        self.assertTrue(self.clean()["replay"]["identical"])

    def test_database_in_the_grant(self):
        """`check` does not keep its findings where the guest that they are about could write."""
        self.warrant("record", "-q", "-o", self.trace, "--dir", self.data, self.hello)
        for database in (self.data / "audit.db", self.data / "deep/audit.db"):
            database.parent.mkdir(exist_ok=True)
            done = self.warrant("check", "--db", database, self.trace, status=3)
            self.assertIn("which the guest of", done.stderr)
            self.assertFalse(database.exists())
        self.warrant("check", "--db", self.folder / "audit.db", self.trace)

    def test_judging_policy_in_the_grant(self):
        self.warrant("record", "-q", "-o", self.trace, "--dir", self.data, self.hello)
        inside = self.policy(self.data / "policy.yaml")
        (self.folder / "link.yaml").symlink_to(inside)
        for policy in (inside, self.folder / "link.yaml"):
            self.assertIn("which the guest of", self.warrant("check", "--policy", policy, self.trace, status=3).stderr)
        self.warrant("check", "--policy", self.policy(self.folder / "policy.yaml"), self.trace)


kit.main()
