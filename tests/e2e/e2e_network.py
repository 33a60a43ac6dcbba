#!/usr/bin/env python3
"""The network as a user grants it: what listens, what the guest is told of it, what is refused at start."""
import json
import re
import socket
import subprocess
import time

import warrant_case
from warrant_case import GUESTS, Case


def free_port(family=socket.AF_INET):
    with socket.socket(family) as probe:
        probe.bind(("127.0.0.1" if family == socket.AF_INET else "::1", 0))
        return probe.getsockname()[1]


class Listening(Case):
    def test_a_free_port_is_said(self):
        for address in ("127.0.0.1", "[::1]"):
            done = self.record("poke", "fd_fdstat_get", 4, options=["--listen", f"tcp:{address}:0"])
            self.assertIn("fd_fdstat_get = 0", done.stdout)  # behind the directory: 3 is /data
            port = re.search(rf"the guest listens at tcp:{re.escape(address)}:(\d+)\n", done.stderr)
            self.assertTrue(port and int(port[1]) > 0, done.stderr)
            self.assertEqual(self.check()["findings"], [])
            self.warrant("replay", self.trace)

    def test_behind_the_last_there_is_none(self):
        done = self.warrant("run", "-q", "--listen", f"tcp:127.0.0.1:{free_port()}", GUESTS / "poke.wasm", "fd_fdstat_get", 3, "--", "fd_fdstat_get", 4)
        self.assertEqual((done.stdout.split("\n")[:2], done.stderr), (["fd_fdstat_get = 0", "fd_fdstat_get = 8"], ""))

    def test_connections_wait_for_the_guest(self):
        """The socket listens before the guest runs and as long as it does."""
        port = free_port()
        guest = subprocess.Popen([warrant_case.WARRANT, "run", "-q", "--timeout", "20s", "--listen", f"tcp:127.0.0.1:{port}", GUESTS / "spin.wasm"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for _ in range(200):
                try:
                    socket.create_connection(("127.0.0.1", port), 5).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            else:
                self.fail("nothing listens")
        finally:
            guest.kill()
            guest.communicate()

    def test_only_one_family(self):
        """What listens at [::] takes no IPv4 connection: the policy says nothing of those."""
        port = free_port(socket.AF_INET6)
        guest = subprocess.Popen([warrant_case.WARRANT, "run", "-q", "--timeout", "20s", "--listen", f"tcp:[::]:{port}", GUESTS / "spin.wasm"],
                                 stdout=subprocess.PIPE, stderr=subprocess.PIPE)
        try:
            for _ in range(200):
                try:
                    socket.create_connection(("::1", port), 5).close()
                    break
                except ConnectionRefusedError:
                    time.sleep(0.05)
            else:
                self.fail("nothing listens")
            with self.assertRaises(ConnectionRefusedError):
                socket.create_connection(("127.0.0.1", port), 5)
        finally:
            guest.kill()
            guest.communicate()

    def test_refused_at_start(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            done = self.warrant("run", "--listen", f"tcp:127.0.0.1:{taken.getsockname()[1]}", GUESTS / "poke.wasm", status=125)
            self.assertIn("cannot listen at tcp:127.0.0.1:", done.stderr)
        for words, why in ((["--listen", "127.0.0.1:80"], "neither tcp: nor udp:"), (["--listen", "udp:127.0.0.1:80"], "only TCP"),
                           (["--connect", "tcp:10.0.0.1:80"], "no prefix length"), (["--bind", "tcp:[::ffff:1.2.3.4]/128:1"], "disguise"),
                           (["--resolve", "127.0.0.1"], "no host name"), (["--connect", "tcp:10.0.0.0/8:0"], "port 0")):
            done = self.warrant("run", *words, GUESTS / "poke.wasm", status=2)
            self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
            self.assertIn(why, done.stderr)
            self.assertIn(words[0], done.stderr)

    def test_policy_and_options_add_up(self):
        policy = self.folder / "p.yaml"
        policy.write_text("version: 1\nlisten: [\"tcp:127.0.0.1:0\"]\nnames: [Example.org]\nnetwork:\n  - { protocol: tcp, connect: [\"10.0.0.0/8:80\"] }\n")
        words = ["--connect", "udp:[2001:db8::]/32:53", "--policy", policy, "--listen", "tcp:[::1]:0", "--resolve", "localhost."]
        told = json.loads(self.warrant("policy", "lint", "--json", *words).stdout)
        self.assertEqual((told["listen"], told["names"]), (["tcp:127.0.0.1:0", "tcp:[::1]:0"], ["example.org", "localhost"]))
        self.assertEqual([(rule["protocol"], rule["address"]) for rule in told["network"]], [("tcp", "10.0.0.0/8"), ("udp", "2001:db8::/32")])
        lines = self.warrant("policy", "lint", *words).stdout.splitlines()
        for line in ("a socket that listens at tcp:127.0.0.1:0 (a free port)", "resolves example.org"):
            self.assertIn(line, lines)
        self.assertNotIn("no network", lines)


warrant_case.main()
