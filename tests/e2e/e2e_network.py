#!/usr/bin/env python3
"""The network as a user grants it: what listens, what the guest is told of it, what is refused at start."""
import json
import os
import pathlib
import re
import signal
import socket
import subprocess
import time
import urllib.request

import warrant_case
from warrant_case import GUESTS, Case, needs_root


def no_ipv6():
    """Why this machine cannot talk to itself over IPv6; None: it can."""
    try:
        with socket.socket(socket.AF_INET6) as probe:
            probe.bind(("::1", 0))
    except OSError as error:
        return f"no ::1 here: {error}"
    return None


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

    def test_it_is_waited_for(self):
        """Libraries ask whether any socket can be written; this one cannot, and has nobody to send to."""
        done = self.record("net", "wait", 4, options=["--listen", "tcp:127.0.0.1:0"])
        self.assertEqual(done.stdout, "event 3 error 0\nsend 53\n")
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

    def test_lint_beside_a_server(self):
        """It only looks: what somebody listens at is no fault of the policy's, and a start says it."""
        with socket.create_server(("127.0.0.1", 0)) as server:
            words = ["--listen", f"tcp:127.0.0.1:{server.getsockname()[1]}"]
            self.assertIn(f"a socket that listens at {words[1]}", self.warrant("policy", "lint", *words).stdout.splitlines())
            self.assertIn("cannot listen at", self.warrant("run", *words, GUESTS / "poke.wasm", status=125).stderr)

    def test_policy_and_options_add_up(self):
        policy = self.folder / "p.yaml"
        policy.write_text("version: 1\nlisten: [\"tcp:127.0.0.1:0\"]\nnames: [Example.org]\nnetwork:\n  - { protocol: tcp, connect: [\"10.0.0.0/8:80\"] }\n")
        words = ["--connect", "udp:[2001:db8::]/32:53", "--policy", policy, "--listen", "tcp:[::1]:0", "--resolve", "localhost."]
        told = json.loads(self.warrant("policy", "lint", "--json", *words).stdout)
        self.assertEqual((told["listen"], told["names"]), (["tcp:127.0.0.1:0", "tcp:[::1]:0"], ["example.org", "localhost"]))
        self.assertEqual([(rule["protocol"], rule["address"]) for rule in told["network"]], [("tcp", "10.0.0.0/8"), ("udp", "[2001:db8::]/32")])
        lines = self.warrant("policy", "lint", *words).stdout.splitlines()
        for line in ("a socket that listens at tcp:127.0.0.1:0 (a free port)", "resolves example.org"):
            self.assertIn(line, lines)
        self.assertNotIn("no network", lines)


class Talking(Case):
    """Guests that talk to each other and to programs of this machine; each recording is witnessed, judged, and replayed without a network."""

    CONNECTIONS = int(os.environ.get("WARRANT_CONNECTIONS", "200"))

    def start(self, name, *words):
        """Records net.wasm in the background, as NAME.wtrace, which nobody's folder holds yet."""
        trace = self.folder / f"{name}.wtrace"
        command = [warrant_case.WARRANT, "record", "-q", "-o", trace, *warrant_case.WITNESS, *words]
        child = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(child.kill)
        return child, trace

    def finish(self, child, status=0):
        out, err = child.communicate(timeout=600 * warrant_case.SLOW)
        self.assertEqual(child.returncode, status, out + err)
        return out

    def wait(self, port, address="127.0.0.1"):
        """Until something listens; the launcher's own socket takes the connection that asks, so servers are given one more."""
        for _ in range(400):
            try:
                return socket.create_connection((address, port), 5).close()
            except ConnectionRefusedError:
                time.sleep(0.05)
        return self.fail("nothing listens")

    def sound(self, trace):
        """No findings, and the same again where there is no network at all."""
        report = self.check(trace=trace)
        self.assertEqual(report["findings"], [])
        alone = ["unshare", "-n"] if os.getuid() == 0 and subprocess.run(["unshare", "-n", "true"], capture_output=True).returncode == 0 else []
        self.assertIn("identical", self.warrant("replay", trace, prefix=alone).stdout)
        return report

    def test_server_and_client(self):
        port = free_port()
        server, served = self.start("server", "--listen", f"tcp:127.0.0.1:{port}", GUESTS / "net.wasm", "serve", 3, 3)
        self.wait(port)
        with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=30) as answer:  # a client that we did not write
            self.assertEqual(answer.read(), b"hello\n")
        client, asked = self.start("client", "--connect", f"tcp:127.0.0.0/8:{port}", GUESTS / "net.wasm", "get", port)
        self.assertTrue(self.finish(client).endswith("\n\nhello\n"))  # as text: \r\n is \n here
        self.assertEqual(self.finish(server), "served 3\n")
        self.sound(served)
        self.sound(asked)

    def test_datagrams_and_more(self):
        """UDP, options, names of sockets: by WAMR's calls, to itself."""
        port = free_port()
        for mode, options in (("tcp", ["--connect", f"tcp:127.0.0.0/8:{port}", "--bind", f"tcp:127.0.0.1/32:{port}"]),
                              ("udp", ["--connect", f"udp:127.0.0.0/8:{port}-{port + 1}", "--bind", f"udp:127.0.0.1/32:{port}-{port + 1}"]),
                              ("refused", ["--connect", "tcp:127.0.0.0/8:80", "--connect", "udp:127.0.0.0/8:53"])):
            child, trace = self.start(mode, *options, GUESTS / "sockets.wasm", mode, port)
            told = self.finish(child)
            self.assertNotIn("no rule 0", told)
            self.sound(trace)

    def to_itself(self, guest, protocol, family, *words):
        """What a guest says that talks to itself at the loopback address, of a sound recording."""
        port = free_port(socket.AF_INET6 if family == 6 else socket.AF_INET)
        rule = f"{protocol}:{'[::1]/128' if family == 6 else '127.0.0.1/32'}:{port}-{port + 1}"
        child, trace = self.start(f"{guest}-{protocol}{family}", "--connect", rule, "--bind", rule, GUESTS / f"{guest}.wasm", *words, port)
        said = self.finish(child).splitlines()
        self.sound(trace)
        return said, port, trace

    def test_ipv6_by_wamrs_imports(self):
        if no_ipv6():
            self.skipTest(no_ipv6())
        said, port, _ = self.to_itself("sockets", "tcp", 6, "tcp6")
        for line in (f"at itself: 1, port {port}", "timeout 1500000", "got 5 hello", "got 0"):
            self.assertIn(line, said)
        self.assertEqual([line for line in said if line.split()[-1] == "76"], [])
        said, port, _ = self.to_itself("sockets", "udp", 6, "udp6")
        self.assertEqual([line for line in said if line.startswith("got")], [f"got 4 mess from {port}", "got 4 told 1"])

    def test_wasmedges_imports(self):
        """Both families, as its crate has them. What is accepted blocks, whatever its listener does: the crate sets what it wants itself."""
        for family, address, counted in ((4, "7f000001", 1), (6, f"{1:032x}", 2)):
            with self.subTest(family=family):
                if family == 6 and no_ipv6():
                    self.skipTest(no_ipv6())
                said, port, _ = self.to_itself("edge", "tcp", family, "tcp", family)
                self.assertEqual([line for line in said if line.startswith(("accept", "type", "nothing"))],
                                 ["accept 6", "accept 0", "type 6 flags 0", "type 2", "accept 0", "type 6 flags 4", "nothing 6"])
                self.assertEqual([line for line in said if line.startswith(("family", "at", "got"))],
                                 [f"family {family}", f"at {address} port {port}", f"family {counted}", f"at {address} port {port}",
                                  "got 5 hello told 0", "got 0"])
                said, port, trace = self.to_itself("edge", "udp", family, "udp", family)
                self.assertEqual([line for line in said if line.startswith(("got", "from", "no rule"))],
                                 [f"got 4 mess told 1 family {counted}", f"from {address} port {port}", "got 4 told 1", "no rule 76"])
                self.assertEqual([item["ops"] for item in self.show(trace) if item.get("call") == "sock_send_to"][-1:], [[]])

    def test_ipv6_with_others(self):
        """A server at an IPv6 address of the launcher's, asked by a program that we did not write; a client whose rule has IPv4 alone."""
        if no_ipv6():
            self.skipTest(no_ipv6())
        port = free_port(socket.AF_INET6)
        server, served = self.start("server", "--listen", f"tcp:[::1]:{port}", GUESTS / "net.wasm", "serve", 3, 2)
        self.wait(port, "::1")
        with urllib.request.urlopen(f"http://[::1]:{port}/", timeout=30) as answer:
            self.assertEqual(answer.read(), b"hello\n")
        self.assertEqual(self.finish(server), "served 2\n")
        self.sound(served)
        done = self.warrant("run", "-q", "--connect", f"tcp:0.0.0.0/0:{port}", GUESTS / "edge.wasm", "tcp", 6, port)
        self.assertEqual(done.stdout.splitlines()[:2], ["open 76", "open 76"])

    @warrant_case.needs_witness
    def test_what_the_kernel_saw(self):
        """The database has whom the guest talked to, as the kernel held it; a policy that does not grant it makes each use a finding."""
        port = free_port()
        server, served = self.start("server", "--listen", f"tcp:127.0.0.1:{port}", GUESTS / "net.wasm", "echo", 3, 3)
        self.wait(port)
        client, called = self.start("client", "--connect", f"tcp:127.0.0.1/32:{port}", GUESTS / "net.wasm", "call", port, 2)
        self.finish(client), self.finish(server)
        base = self.folder / "runs.db"
        self.warrant("check", "--db", base, called)
        self.assertEqual(json.loads(self.warrant("query", "--json", base, "connections").stdout),
                         [{"run": 1, "protocol": "tcp", "direction": "out", "peer": "127.0.0.1", "peer_port": port, "local_port": None, "count": 2, "errors": 0}])
        other = self.folder / "other.yaml"
        other.write_text(f"version: 1\nnetwork:\n  - {{ protocol: tcp, connect: [\"127.0.0.1/32:{port + 1}\"] }}\n")
        found = self.check("--policy", other, trace=called, status=1)["findings"]
        self.assertEqual({(finding["rule"], finding["evidence"].split(": ")[1].split("; ")[0]) for finding in found},
                         {("judge.escape", f"{how} 127.0.0.1, port {port}") for how in ("connected to", "the kernel joined it to")})
        found = self.check("--policy", other, trace=served, status=1)["findings"]
        self.assertEqual({finding["rule"] for finding in found}, {"policy.ungranted", "judge.escape"})

    def test_names(self):
        """A name that the policy lists is resolved outside of the sandbox, whatever its case; the guest's process has no files to do it with."""
        child, trace = self.start("names", "--resolve", "localhost", GUESTS / "net.wasm", "resolve", "LocalHost.")
        self.assertIn("127.0.0.1\n", self.finish(child))
        self.sound(trace)
        done = self.warrant("run", "-q", "--resolve", "localhost", GUESTS / "net.wasm", "resolve", "localhost")
        self.assertEqual(done.stderr, "")
        done = self.warrant("run", "-q", "--resolve", "localhost", GUESTS / "net.wasm", "resolve", "localhost.localdomain", status=1)
        self.assertEqual(done.stdout, "resolve: errno 76\n")
        done = self.warrant("run", "-q", GUESTS / "net.wasm", "resolve", "localhost", status=1)
        self.assertEqual(done.stdout, "resolve: errno 76\n")

    @needs_root
    def test_a_name_that_nobody_answers_for(self):
        """The system's resolver would wait longer than the five seconds that an answer may take."""
        (self.folder / "resolv.conf").write_text("nameserver 127.9.9.9\noptions timeout:30 attempts:1\n")
        (self.folder / "nsswitch.conf").write_text("hosts: files dns\n")
        mounts = " && ".join(f"mount --bind {self.folder}/{name} /etc/{name}" for name in ("resolv.conf", "nsswitch.conf"))
        place = ["unshare", "-m", "sh", "-c", f"{mounts} && exec \"$@\"", "sh"]
        if subprocess.run([*place, "true"], capture_output=True).returncode:
            self.skipTest("no mounts of one's own here")
        with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as silent:
            silent.bind(("127.9.9.9", 53))
            started = time.monotonic()
            done = self.warrant("run", "-q", "--resolve", "slow.test", GUESTS / "net.wasm", "resolve", "slow.test", prefix=place)
            taken = time.monotonic() - started
            silent.settimeout(1)
            self.assertIn(b"slow", silent.recv(512))
        self.assertEqual((done.stdout, done.stderr), ("addresses 0\n", ""))
        self.assertGreater(taken, 4.5)
        self.assertLess(taken, 15 * warrant_case.SLOW)

    def test_a_resolver_that_ends_is_said(self):
        port = free_port()
        server, _ = self.start("server", "--resolve", "localhost", "--listen", f"tcp:127.0.0.1:{port}", GUESTS / "net.wasm", "echo", 3, 3)
        started = time.monotonic()
        resolvers = []
        while not resolvers and time.monotonic() < started + 20 * warrant_case.SLOW:
            children = pathlib.Path(f"/proc/{server.pid}/task/{server.pid}/children").read_text().split()
            resolvers = [int(pid) for pid in children if pathlib.Path(f"/proc/{pid}/comm").read_text().startswith("warrant-resolve")]
        self.wait(port)
        with socket.create_connection(("127.0.0.1", port), 5) as connection:
            connection.sendall(b"x")
            self.assertEqual(connection.recv(1), b"x")  # the guest runs, so the resolver is confined
        status = pathlib.Path(f"/proc/{resolvers[0]}/status").read_text()
        self.assertIn("Seccomp:\t2\n", status)
        self.assertIn("CapPrm:\t0000000000000000\n", status)
        os.kill(resolvers[0], signal.SIGKILL)
        while time.monotonic() < started + 40 * warrant_case.SLOW and ") Z " not in pathlib.Path(f"/proc/{resolvers[0]}/stat").read_text():
            time.sleep(0.01)
        self.wait(port)
        out, err = server.communicate(timeout=60 * warrant_case.SLOW)
        self.assertEqual((server.returncode, out), (0, "served 3\n"), err)
        self.assertIn("the resolver ended before the guest", err)

    def test_echo(self):
        port = free_port()
        server, served = self.start("server", "--listen", f"tcp:127.0.0.1:{port}", GUESTS / "net.wasm", "echo", 3, self.CONNECTIONS + 1)
        self.wait(port)
        client, called = self.start("client", "--connect", f"tcp:127.0.0.1/32:{port}", GUESTS / "net.wasm", "call", port, self.CONNECTIONS)
        self.assertEqual(self.finish(client), f"called {self.CONNECTIONS}\n")
        self.assertEqual(self.finish(server), f"served {self.CONNECTIONS + 1}\n")
        self.sound(served)
        self.sound(called)


warrant_case.main()
