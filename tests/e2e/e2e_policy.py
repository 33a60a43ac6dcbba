#!/usr/bin/env python3
"""What a policy cannot mean is refused at start, with file, line and reason; `policy lint` says what one grants, and refuses what a start would."""
import json
import os

import warrant_case
from warrant_case import GUESTS, Case, row


class Policy(Case):
    def setUp(self):
        super().setUp()
        (self.data / "in/deep").mkdir(parents=True)
        (self.folder / "other").mkdir()

    def policy(self, *grants, rest=""):
        """Grants as (host, guest, access), one a line from line 3 on."""
        path = self.folder / "p.yaml"
        lines = [f"  - {{ host: \"{host}\", guest: {guest}, access: {access} }}\n" for host, guest, access in grants]
        path.write_text("version: 1\n" + "files:\n" * bool(lines) + "".join(lines) + rest)
        return path

    def refused(self, policy, *says):
        """By a run, a recording and a lint, with one line that has all of it; nothing was made."""
        before = sorted(os.listdir(self.folder))
        for words, status in ((["run", "--policy", policy, GUESTS / "steps.wasm"], 125), (["policy", "lint", policy], 3),
                              (["record", "-o", self.trace, "--policy", policy, GUESTS / "steps.wasm"], 125)):
            done = self.warrant(*words, status=status)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            for word in says:
                self.assertIn(word, done.stderr)
            self.assertEqual(done.stdout, "")
        self.assertEqual(sorted(os.listdir(self.folder)), before)

    def allowed(self, policy):
        self.warrant("policy", "lint", policy)
        self.warrant("run", "-q", "--policy", policy, GUESTS / "poke.wasm", "fd_close", 99)

    def test_read_in_write(self):
        """What is granted for reading cannot be written under another name: the same directory, beneath, by a link."""
        for host in (self.data, self.data / "in", self.data / "in/deep", "data/in/../in"):
            for order in (1, -1):
                grants = [(self.data, "/w", "write"), (host, "/r", "read")][::order]
                line = 4 if order == 1 else 3
                self.refused(self.policy(*grants), f"p.yaml:{line}: {host} is granted for reading", f"p.yaml:{7 - line})")
        (self.folder / "link").symlink_to("data/in")
        self.refused(self.policy((self.data, "/w", "write"), ("link", "/r", "read")), "p.yaml:4: link is granted for reading")

    def test_options_overlap_too(self):
        for words in (["--dir", "data", "--dir", "data/in::/r:ro"], ["--dir", "data/in::/r:ro", "--dir", "data"]):
            for command, status in ((["run", *words, GUESTS / "steps.wasm"], 125), (["policy", "lint", *words], 3)):
                done = self.warrant(*command, status=status)
                self.assertIn("--dir data/in::/r:ro: data/in is granted for reading, and is or lies in data, which is granted for writing (--dir data)", done.stderr)
        policy = self.policy((self.data, "/w", "write"))
        done = self.warrant("run", "--policy", policy, "--dir", "data/in::/r:ro", GUESTS / "steps.wasm", status=125)
        self.assertIn("(" + str(policy) + ":3)", done.stderr)

    def test_what_may_overlap(self):
        self.allowed(self.policy((self.data, "/r", "read"), (self.data / "in", "/w", "write")))  # both hold what they say
        self.allowed(self.policy((self.data, "/w", "write"), (self.data / "in", "/v", "write")))
        self.allowed(self.policy((self.data, "/r", "read"), (self.data, "/q", "read")))
        self.allowed(self.policy((self.data, "/r", "read"), (self.folder / "other", "/w", "write")))
        (self.folder / "data2").mkdir()  # a name that begins alike is no part
        self.allowed(self.policy((self.data, "/w", "write"), (self.folder / "data2", "/r", "read")))

    def test_one_guest_path(self):
        for one, other in (("/d", "/d"), ("/d", "/d/"), ("/d/e", "//d/./e/."), ("d", "./d"), ("/", "//."), (".", "./")):
            self.refused(self.policy((self.data, one, "read"), (self.folder / "other", f"\"{other}\"", "read")), "p.yaml:4: the guest path", "twice", "p.yaml:3")
        self.allowed(self.policy((self.data, "/d", "read"), (self.folder / "other", "/d/e", "read")))

    def test_what_cannot_be_read(self):
        self.refused(self.policy((self.data, "/d", "read"), ("gone", "/g", "read")), "p.yaml:4: ", "gone: No such file")
        (self.folder / "file").write_text("")
        self.refused(self.policy((self.folder / "file", "/d", "read")), "p.yaml:3: ", "file: Not a directory")
        self.refused(self.policy(("/proc/self", "/d", "read")), "p.yaml:3: ", "holds no data")
        self.refused(self.policy((self.data, "/d", "read"), rest="devices:\n  - \"null\"\n  - /dev/none-of-this\n"), "p.yaml:6: ", "/dev/none-of-this")
        self.refused(self.policy(rest=f"devices: [\"{self.data}\"]\n"), "p.yaml:2: ", "no character device")
        self.refused(self.folder / "gone.yaml", "gone.yaml", "No such file")
        if os.getuid() != 0:
            closed = self.folder / "closed"
            closed.mkdir(mode=0)
            self.addCleanup(closed.chmod, 0o700)
            self.refused(self.policy((closed, "/d", "read")), "p.yaml:3: ", "Permission denied")

    @row("SOCK-12", "CVE-2025-54126")
    def test_masks_and_keys(self):
        for address, why in (("10.0.0.0:80", "no prefix length"), ("10.0.0.0/:80", "not a number"), ("10.0.0.0/33:80", "from 0 to 32"),
                             ("10.0.0.0/8x:80", "not a number"), ("[fe80::]/129:1", "from 0 to 128"), ("10.0.0.1/8:80", "bits behind")):
            self.refused(self.policy(rest=f"network:\n  - protocol: tcp\n    connect:\n      - \"{address}\"\n"), "p.yaml:5: ", why)
        for text, line in (("hosts: []\n", 2), ("limits:\n  memory: 1MiB\n  memmory: 1MiB\n", 4), ("files:\n  - { host: data, mode: read }\n", 3)):
            self.refused(self.policy(rest=text), f"p.yaml:{line}: ")

    def test_lint_says_what_is_granted(self):
        policy = self.policy((self.data, "/d", "write"), ("other", "/o", "read"), rest=(
            "devices: [\"null\"]\nnetwork:\n  - { protocol: udp, bind: [\"127.0.0.0/8:53\"], connect: [\"[2001:db8::]/32:1-9\"] }\n"
            "limits: { memory: 1MiB, wall: 2s, output: 3KiB }\non_violation: trap\n"))
        lines = self.warrant("policy", "lint", policy, "--fuel", "1e6", "--dir", "data/in::/e").stdout.splitlines()
        for line in (f"reads and writes {self.data} as /d ({policy}:3)", f"reads other as /o ({policy}:4)", "reads and writes data/in as /e (--dir data/in::/e)",
                     f"the device /dev/null, where a granted directory holds it ({policy}:5)", "by udp binds to 127.0.0.0/8, port 53",
                     "by udp connects to [2001:db8::]/32, ports 1-9", "a call beyond the grants stops the guest (trap)"):
            self.assertIn(line, lines)
        told = json.loads(self.warrant("policy", "lint", "--json", policy, "--fuel", "1e6").stdout)
        self.assertEqual(told["files"][1], {"host": "other", "guest": "/o", "access": "read", "said": f"{policy}:4"})
        self.assertEqual({(rule["verb"], rule["address"], rule["ports"]) for rule in told["network"]},
                         {("bind", "127.0.0.0/8", "53"), ("connect", "[2001:db8::]/32", "1-9")})
        self.assertEqual((told["limits"]["memory"], told["limits"]["output"], told["limits"]["fuel"], told["on_violation"], told["looked"]),
                         (1 << 20, 3072, 1000000, "trap", True))

    def test_lint_of_nothing_and_elsewhere(self):
        self.assertEqual(self.warrant("policy", "lint").stdout.splitlines()[:2], ["no files", "no network"])
        elsewhere = self.policy(("/nowhere/at/all", "/d", "read"))
        self.refused(elsewhere, "p.yaml:3: ")
        told = json.loads(self.warrant("policy", "lint", "--unseen", "--json", elsewhere).stdout)
        self.assertEqual((told["files"][0]["host"], told["looked"]), ("/nowhere/at/all", False))
        for words in (["policy"], ["policy", "lint", "a", "b"], ["policy", "print", elsewhere], ["policy", "lint", "--nonesuch"],
                      ["policy", "lint", "--fuel", "many"]):
            self.assertEqual(len(self.warrant(*words, status=2).stderr.splitlines()), 1)
        self.assertIn("--unseen", self.warrant("completion", "bash").stdout)
        self.assertIn("unseen", self.warrant("man-page").stdout)


warrant_case.main()
