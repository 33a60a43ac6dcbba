#!/usr/bin/env python3
"""Runs held against a policy that is not theirs: grants are matched by what they are, and nobody is acquitted unheard."""
import json
import os

import kit
from kit import Attack, needs_witness

# Removes /data/precious and makes /data/new.
CHANGES = """
#include <fcntl.h>
#include <unistd.h>
int main() { unlink("/data/precious"); int fd = open("/data/new", O_CREAT | O_WRONLY, 0600); write(fd, "x", 1); close(fd); return 0; }
"""
LOOKS = """
#include <fcntl.h>
#include <unistd.h>
int main() { char b[8]; int fd = open("/data/precious", O_RDONLY); read(fd, b, 8); close(fd); return 0; }
"""


class Policies(Attack):
    def setUp(self):
        super().setUp()
        self.other = self.folder / "other"
        self.other.mkdir()
        for folder in self.data, self.other:
            (folder / "precious").write_text("1\n")

    def policy(self, *files, more=""):
        """A policy file: (host, access) each."""
        path = self.folder / "policy.yaml"
        lines = [f"  - {{host: {host}, guest: /g{i}, access: {access}}}\n" for i, (host, access) in enumerate(files)]
        path.write_text("version: 1\n" + ("files:\n" + "".join(lines) if lines else "") + more)
        return path

    def run_on(self, folder, source, access="", witness="off"):
        self.attack(self.guest(source), grants=["--dir", f"{folder}::/data{access}"], options=["--witness", witness], status=0)

    def asked(self, policy, *rules):
        """Checks under the policy; the failing rules must be these, each at least once. None: clean."""
        status, report = self.verdict("--policy", policy)
        self.assertEqual(status, 1 if rules else 0, report)
        self.assertEqual({f["rule"] for f in report["findings"] if f["fails"]}, set(rules), report["findings"])
        self.assertEqual(report["policy"], "given")
        return report

    def evidence(self, report, rule):
        return " ".join(f["evidence"] for f in report["findings"] if f["rule"] == rule)

    def either(self, witness):
        # Nothing of it is granted by a policy for another directory at the same place of the list.
        self.run_on(self.other, CHANGES, witness=witness)
        report = self.asked(self.policy(("./data", "write")), "policy.ungranted", "judge.escape")
        self.assertIn(str(self.other), self.evidence(report, "policy.ungranted"))
        # In whatever order the policy names them, each is what it is.
        self.asked(self.policy(("data", "read"), ("other", "write")))
        self.asked(self.policy(("data", "write"), ("other", "read")), "judge.escape")
        # A directory above holds it; of one below only a part is granted.
        self.asked(self.policy((self.folder, "write")))
        self.asked(self.policy((self.folder, "read")), "judge.escape")
        (self.other / "inner").mkdir()
        report = self.asked(self.policy(("other/inner", "write")), "policy.unjudged")
        self.assertIn("inner", self.evidence(report, "policy.unjudged"))
        # The same directory under another name, and a link to it, are the same directory.
        (self.folder / "link").symlink_to("other")
        self.asked(self.policy(("link", "write")))
        # A name that begins alike is another directory; a policy that grants nothing grants nothing.
        (self.folder / "other2").mkdir()
        self.asked(self.policy(("other2", "write")), "policy.ungranted", "judge.escape")
        self.asked(self.policy(), "policy.ungranted", "judge.escape")

    def test_trace_alone(self):
        self.either("off")

    @needs_witness
    def test_witnessed(self):
        self.either("on")

    def test_unwitnessed_is_judged(self):
        """The trace itself says that the guest wrote where the policy allows reading: nobody needs a kernel's record to see that."""
        self.run_on(self.data, CHANGES)
        report = self.asked(self.policy(("data", "read")), "judge.escape")
        self.assertEqual(report["judged"], "trace")
        self.assertIn("read-only", self.evidence(report, "judge.escape"))
        self.assertIn("unlink", self.evidence(report, "judge.escape"))
        self.run_on(self.data, LOOKS)
        report = self.asked(self.policy(("data", "read")))
        self.assertEqual(report["verdict"], "incomplete: unwitnessed")
        self.assertIn("trace's own word", self.warrant("check", "--policy", self.policy(("data", "read")), self.trace).stdout)

    def test_swapped_directories(self):
        """Another directory in the place of the one that was granted is not what the policy means, or cannot be told from it."""
        self.run_on(self.data, LOOKS)
        self.data.rename(self.folder / "before")
        self.other.rename(self.data)
        report = self.asked(self.policy(("data", "read")), "policy.unjudged")
        self.assertIn("another directory", self.evidence(report, "policy.unjudged"))
        self.asked(self.policy(("before", "read"), ("data", "read"))) # the object, wherever it is now

    def test_directory_that_is_gone(self):
        self.run_on(self.data, LOOKS)
        for name in list(self.data.iterdir()):
            name.unlink()
        self.data.rmdir()
        self.asked(self.policy((self.data, "read")))
        self.asked(self.policy((self.folder / "elsewhere", "read")), "policy.ungranted", "judge.escape")

    def test_devices(self):
        """What a policy says of device nodes is asked too."""
        run = self.folder / "run.yaml"
        run.write_text("version: 1\nfiles:\n  - {host: /dev, guest: /data, access: write}\ndevices: [zero, \"null\"]\n")
        self.attack(self.guest(LOOKS.replace("precious", "zero")), grants=["--policy", run], options=["--witness", "off"], status=0)
        report = self.asked(self.policy(("/dev", "write")), "policy.ungranted")
        self.assertIn("/dev/zero", self.evidence(report, "policy.ungranted"))
        self.assertIn("/dev/null", self.evidence(report, "policy.ungranted"))
        self.asked(self.policy(("/dev", "write"), more="devices: [\"null\"]\n"), "policy.ungranted")
        self.asked(self.policy(("/dev", "write"), more="devices: [/dev/null, zero, full]\n"))

    def test_limits(self):
        self.run_on(self.data, LOOKS)
        grant = ("data", "read")
        self.asked(self.policy(grant, more="limits: { fuel: 9e18 }\n"))
        report = self.asked(self.policy(grant, more="limits: { fuel: 3 }\n"), "policy.limits")
        self.assertIn("fuel", self.evidence(report, "policy.limits"))
        report = self.asked(self.policy(grant, more="limits: { memory: 64KiB }\n"), "policy.limits")
        self.assertIn("not known", self.evidence(report, "policy.limits"))

    def test_database_says_what_was_judged(self):
        self.run_on(self.data, LOOKS)
        db = self.folder / "audit.db"
        for options, verdict in (([], "incomplete: unwitnessed"), (["--no-replay"], "incomplete: unwitnessed, not replayed")):
            self.warrant("check", *options, "--db", db, self.trace)
            row = json.loads(self.warrant("query", "--json", db, "runs").stdout)[0]
            self.assertEqual((row["verdict"], row["witnessed"], row["replayed"], row["judged"]), (verdict, 0, int(not options), "trace"))
            self.assertIn(verdict, self.warrant("check", *options, self.trace).stdout)
        self.warrant("check", "--policy", self.policy(), "--db", db, self.trace, status=1)
        row = json.loads(self.warrant("query", "--json", db, "SELECT verdict, policy FROM runs").stdout)[0]
        self.assertEqual(row, {"verdict": "findings", "policy": "given"})


kit.main()
