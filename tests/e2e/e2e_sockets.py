#!/usr/bin/env python3
"""Sockets as guests use them, by what WAMR's library imports: what a policy lets through is done, witnessed and replayed; what it does
not is refused before the system hears of it."""
import json
import socket

import warrant_case
from warrant_case import GUESTS, Case

POLICY = """version: 1
network:
  - protocol: tcp
    connect: ["127.0.0.1/32:{first}-{last}"]
    bind: ["127.0.0.1/32:{first}-{last}"]
  - protocol: udp
    connect: ["127.0.0.1/32:{first}-{last}"]
    bind: ["127.0.0.1/32:{first}-{last}"]
"""


def free_port(kind):
    with socket.socket(socket.AF_INET, kind) as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


class Sockets(Case):
    def said(self, mode, port):
        """What the guest says, of a recording that is then checked and replayed without the world."""
        policy = self.folder / "policy.yaml"
        policy.write_text(POLICY.format(first=port, last=port + 1))
        done = self.warrant("record", "-q", "-o", self.trace, "--policy", policy, GUESTS / "sockets.wasm", mode, port)
        self.assertEqual(self.check(status=None)["findings"], [])
        self.assertEqual(json.loads(self.warrant("replay", "--json", self.trace).stdout)["verdict"], "identical")
        return done.stdout.split("\n")[:-1]

    def test_a_stream_both_ways(self):
        said = self.said("tcp", free_port(socket.SOCK_STREAM))
        refused = [line for line in said if line.split()[0] not in ("got", "at", "timeout") and line.split()[-1] != "0"]
        self.assertEqual(refused, ["reuse_port 50"])
        self.assertEqual([line for line in said if line.startswith(("got", "timeout"))], ["timeout 1500000", "got 5 hello", "got 5 hello", "got 0"])

    def test_messages_are_whole_or_told_to_be_cut(self):
        port = free_port(socket.SOCK_DGRAM)
        said = self.said("udp", port)
        self.assertEqual([line for line in said if line.startswith("got")], [f"got 4 mess from {port}", "got 4 told 1"])

    def test_what_no_rule_has_is_refused(self):
        said = self.said("refused", 80)
        self.assertEqual(said[2:], ["unspecified 76", "port 0 76", "no rule 76", "multicast 76", "no kind 5", "implicit 76", "v6 76"])
        calls = [item for item in self.show() if item.get("call") in ("sock_connect", "sock_send_to")]
        self.assertEqual(len(calls), 6)
        self.assertTrue(all(not call.get("ops") for call in calls), calls)

    def test_without_a_rule_there_is_no_socket(self):
        done = self.warrant("run", "-q", GUESTS / "sockets.wasm", "refused")
        self.assertEqual(done.stdout.split("\n")[:2], ["open 76", "open 76"])


if __name__ == "__main__":
    warrant_case.main()
