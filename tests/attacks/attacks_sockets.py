#!/usr/bin/env python3
"""Rows SOCK-*: no socket is made, reached or waited at without a rule, by none of the functions that the two extensions and Preview 1 have."""
import os
import socket
import struct
import threading

import kit
import rows
from rows import READ, TABLE, Rows, row, witness_works

NETWORK = {"socket", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "recvfrom", "recvmsg", "socketpair", "shutdown", "setsockopt", "getsockopt"}
REFUSED = {"NOSYS", "NOTCAPABLE", "ACCES", "BADF", "INVAL", "NOTSUP", "AFNOSUPPORT", "NOTSOCK", "PROTONOSUPPORT", "FAULT"}


def wamr(address, port, kind=None):
    """An address as WAMR's guests lay it out: the halves of each pair of an IPv6 address have changed places."""
    packed = socket.inet_pton(socket.AF_INET6 if ":" in address else socket.AF_INET, address)
    if ":" in address:
        return "mem:" + struct.pack("<I16sH2x", 1 if kind is None else kind, b"".join(packed[at:at + 2][::-1] for at in range(0, 16, 2)), port).hex()
    return "mem:" + struct.pack("<I4sH14x", 0 if kind is None else kind, packed, port).hex()


UDP, TCP = 0, 1


def opens(protocol, family=4, variable="s"):
    return f"WAMR_SOCK_OPEN -1 {0 if family == 4 else 1} {protocol} ={variable}"


def connect(address, port, variable="s", **more):
    return f"WAMR_SOCK_CONNECT ${variable} {wamr(address, port, **more)}"


def bind(address, port, variable="s", **more):
    return f"WAMR_SOCK_BIND ${variable} {wamr(address, port, **more)}"


def send_to(address, port, text="x", variable="s", **more):
    return f"WAMR_SOCK_SEND_TO ${variable} iov:@{text}:{len(text)} 0 {wamr(address, port, **more)} out:4"


EVERYWHERE = ["tcp:0.0.0.0/0:1-65535", "tcp:[::]/0:1-65535", "udp:0.0.0.0/0:1-65535", "udp:[::]/0:1-65535"]


class Refused(Rows):
    def seen(self):
        """The system calls of the guest's process that are about sockets, as the kernel saw them."""
        if not witness_works():
            return set()
        (self.folder / "audit.db").unlink(missing_ok=True)
        self.warrant("check", "--db", self.folder / "audit.db", self.trace, status=None)
        done = self.warrant("query", "--json", self.folder / "audit.db", "SELECT DISTINCT name FROM syscalls")
        return {line["name"] for line in self.parse(done.stdout)} & NETWORK

    @row("SOCK-01")
    def test_what_is_no_socket(self):
        """A file, a directory, standard input, and what is not open."""
        opening = f"path_open 3 0 @file 0 {READ} 0 0 =f"
        lines = [line for fd in ("$f", "3", "0", "99", "-1") for line in
                 (f"sock_accept {fd} 0 out:4", f"sock_recv {fd} iov:new:8 0 out:4 out:2", f"sock_send {fd} iov:@x:1 0 out:4", f"sock_shutdown {fd} 3",
                  f"sock_recv {fd} iov:new:8 255 out:4 out:2", f"sock_send {fd} iov:@x:1 255 out:4", f"sock_shutdown {fd} 0", f"sock_shutdown {fd} 4")]
        for answer in self.calls(opening, *lines, left_open=1)[1:]:
            self.assertIn(answer.errno, REFUSED, answer)
        self.assertEqual(self.seen(), set())

    @row("SOCK-01", "SOCK-05")
    def test_no_rule_no_socket(self):
        """Every function of every extension, with arguments that mean something to none or to one of them: nobody hears of it."""
        with socket.create_server(("127.0.0.1", 0)) as listener:
            heard = []
            listener.settimeout(0.2)

            def listen():
                try:
                    heard.append(listener.accept())
                except OSError:
                    pass
            thread = threading.Thread(target=listen)
            thread.start()
            lines = [line for name, (_, _, made) in TABLE.imports.items() if "SOCK" in name and "CLOSE" not in name
                     for line in self.lines(name, made)]
            answers = self.calls(*lines)
            thread.join()
        self.assertEqual(heard, [])
        for answer in answers:
            self.assertIn(answer.errno, REFUSED, answer)
        self.assertGreater(len(answers), 300)
        self.assertLessEqual(self.seen(), {"socket", "setsockopt"})  # one that reaches nobody

    @row("SOCK-12", "CVE-2025-54126")
    def test_rules_that_say_too_little(self):
        """No mask is not all addresses, and what is half understood is refused, before the guest starts."""
        policy = self.folder / "policy.yaml"
        for verb in ("connect", "bind"):
            for address in ("1.2.3.4:80", "1.2.3.4/:80", "1.2.3.4/33:80", "1.2.3.4/-1:80", "1.2.3.4/8x:80", "1.2.3.4/32", "1.2.3.4/32:", "1.2.3.4/32:80x", "1.2.3/24:80",
                            "1.2.3.4/8:80", "01.2.3.4/32:80", "example.org:80", "example.org/32:80", "", "/0:80", "[::1]:80", "[::1]/129:80", "::1/128:80", "[::1%lo]/128:80",
                            "[::ffff:1.2.3.4]/128:80", "1.2.3.4/32:80-79", "1.2.3.4/32:65536", "1.2.3.4/32:0-99999"):
                policy.write_text(f"version: 1\nnetwork:\n  - protocol: tcp\n    {verb}: [\"{address}\"]\n")
                done = self.warrant("policy", "lint", policy, status=3)
                self.assertRegex(done.stderr, r"policy\.yaml:[34]: .", address)
        self.assertRegex(self.warrant("run", "--policy", policy, self.script, status=125).stderr, r"policy\.yaml:[34]: .")

    @staticmethod
    def lines(name, made):
        """The call of an import, with each kind of descriptor or family that it may name, and room wherever it wants a pointer."""
        for number in (0, 1, 2, 3, 99):
            empty, four = f"mem:{bytes(64).hex()}", "mem:04000000"
            words = {"FD": str(number), "IOVEC_ARRAY": "iov:new:8", "CIOVEC_ARRAY": "iov:@x:1", "STRING": "@name", "NAME": "@name", "NAME_WAMR": "&name%00", "ADDRESS_EDGE": empty, "PLACE_EDGE": empty,
                     "CAPACITY_EDGE": four}
            yield " ".join([name, *[words.get(kind, TABLE.any_word(kind, number)) for kind, _ in made.fields]])


class Sockets(Rows):
    def net(self, *lines, connects=(), binds=(), listens=(), **more):
        words = [word for option, values in (("--connect", connects), ("--bind", binds), ("--listen", listens)) for value in values for word in (option, value)]
        return self.calls(*lines, grants=words, **more)

    def refused(self, *lines, errno="NOTCAPABLE", **more):
        """All that comes behind opening a socket is refused, and the system is asked for none of it."""
        answers = self.net(*lines, left_open=None, **more)
        for answer in answers:
            if "SOCK_OPEN" in answer.call:
                self.assertEqual(answer.errno, "SUCCESS", answer)
            else:
                self.one_of(answer, *([errno] if isinstance(errno, str) else errno))
        self.assertLessEqual(self.seen(), {"socket", "setsockopt"})
        return answers

    seen = Refused.seen

    def server(self, kind=socket.SOCK_STREAM, host="127.0.0.1"):
        made = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET, kind)
        made.bind((host, 0))
        made.settimeout(5 * kit.SLOW)
        if kind == socket.SOCK_STREAM:
            made.listen(64)
        self.addCleanup(made.close)
        return made, made.getsockname()[1]

    @row("SOCK-02")
    def test_families_and_types(self):
        lines = [f"WAMR_SOCK_OPEN -1 {family} {kind} out:4" for family in (*range(0, 12), 16, 17, 40, 2 ** 31, 2 ** 32 - 1) for kind in (*range(0, 8), 255, 2 ** 32 - 1)]
        lines += [f"{name} {family} {kind} out:4" for name in ("WASMEDGE_SOCK_OPEN", "WASMEDGE2_SOCK_OPEN_V2") for family in (0, 1, 2, 3, 16, 17, 255) for kind in (0, 1, 2, 3, 5, 255)]
        answers = self.net(*lines, connects=EVERYWHERE, left_open=None)
        made = [answer.call.split()[:4] for answer in answers if answer.errno == "SUCCESS"]
        self.assertEqual(len(made), 4 + 2 * 4, made)
        for answer in answers:
            self.one_of(answer, "SUCCESS", "AFNOSUPPORT", "INVAL", "NOTCAPABLE", "NOTSUP", "PROTONOSUPPORT")
        self.assertLessEqual(self.seen(), {"socket", "setsockopt"})

    @row("SOCK-01", "SOCK-11", "WAVE-04")
    def test_a_rule_is_for_its_protocol(self):
        """TCP where the rule says UDP, connecting where it says binding, IPv6 where it says IPv4; and no socket at all of what no rule has."""
        listener, port = self.server()
        rule = [f"127.0.0.1/32:{port}"]
        answers = self.net(opens(UDP), opens(TCP, 6), opens(TCP), bind("127.0.0.1", port), "SOCKET_SOCK_LISTEN $s 1",
                           connects=["tcp:" + rule[0]], left_open=None)
        self.assertEqual([answer.errno for answer in answers], ["NOTCAPABLE", "NOTCAPABLE", "SUCCESS", "NOTCAPABLE", "NOTCAPABLE"])
        answers = self.net(opens(TCP), connect("127.0.0.1", port), connects=["udp:" + rule[0]], binds=["tcp:127.0.0.1/32:0"], left_open=None)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS", "NOTCAPABLE"])
        listener.setblocking(False)
        with self.assertRaises(BlockingIOError):
            listener.accept()

    @row("SOCK-03", "WASMTIME-13596")
    def test_addresses_in_disguise(self):
        """Whatever the rules say of IPv6, what stands for an IPv4 address is refused, or needs a rule for that too."""
        listener, port = self.server()
        six = [f"tcp:[::]/0:{port}", "udp:[::]/0:1-65535"]
        disguised = ["::ffff:127.0.0.1", "::127.0.0.1", "64:ff9b::7f00:1", "64:ff9b:1::7f00:1", "2002:7f00:1::", "2001:0:7f00:1::1", "::ffff:0:127.0.0.1"]
        self.refused(opens(TCP, 6), *[connect(address, port) for address in disguised], opens(UDP, 6), *[send_to(address, port) for address in disguised], connects=six)
        self.refused(opens(TCP, 6), *[connect(address, port) for address in disguised], connects=[*six, "tcp:10.0.0.0/8:1-65535"])
        # A socket of IPv6 says so before the guest has it.
        self.net(opens(TCP, 6), opens(UDP, 6), connects=six, left_open=2)
        if witness_works():
            self.seen()
            told = self.parse(self.warrant("query", "--json", self.folder / "audit.db", "SELECT name FROM syscalls WHERE name IN ('socket', 'setsockopt') ORDER BY id").stdout)
            self.assertEqual([line["name"] for line in told], ["socket", "setsockopt"] * 2)

    @row("SOCK-04")
    def test_addresses_that_mean_something_else(self):
        """With rules for everything: unspecified, multicast, reserved and broadcast addresses and port 0 are refused all the same."""
        four = ["0.0.0.0", "0.1.2.3", "224.0.0.1", "239.255.255.255", "240.0.0.1", "255.255.255.255"]
        six = ["::", "ff02::1", "ff0e::1"]
        self.refused(opens(TCP), *[connect(address, 80) for address in four], connect("127.0.0.1", 0), opens(UDP), *[send_to(address, 80) for address in four],
                     send_to("127.0.0.1", 0), opens(TCP, 6), *[connect(address, 80) for address in six], connect("::1", 0), connects=EVERYWHERE)
        # What no rule lists: this machine, its link, the cloud's own.
        self.refused(opens(TCP), *[connect(address, 80) for address in ("127.0.0.1", "169.254.169.254", "10.0.0.1", "192.168.1.1")], connects=["tcp:192.0.2.0/24:80"])
        # And a family that is none, or another than the socket's.
        self.refused(opens(TCP), connect("127.0.0.1", 80, kind=7), connect("::1", 80), connects=EVERYWHERE, errno=("NOTCAPABLE", "AFNOSUPPORT", "INVAL"))

    @row("SOCK-05", "WASMTIME-13677")
    def test_what_would_be_bound_by_the_way(self):
        server, port = self.server(socket.SOCK_DGRAM)
        rules = [f"udp:127.0.0.1/32:{port}", "tcp:127.0.0.1/32:1-65535"]
        self.refused(opens(TCP), "SOCKET_SOCK_LISTEN $s 5", opens(UDP), send_to("127.0.0.1", port), connect("127.0.0.1", port), connects=rules)
        server.setblocking(False)
        with self.assertRaises(BlockingIOError):
            server.recvfrom(16)
        server.settimeout(5 * kit.SLOW)
        # Where a rule lets the system choose, it does.
        answers = self.net(opens(UDP), send_to("127.0.0.1", port, "hello"), connects=rules, binds=["udp:0.0.0.0/0:0"], left_open=1)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS", "SUCCESS"])
        self.assertEqual(server.recvfrom(16)[0], b"hello")

    @row("SOCK-06")
    def test_each_datagram(self):
        """A socket that is connected to an allowed peer sends to no other; none is heard but those that a rule has; nobody disconnects."""
        server, port = self.server(socket.SOCK_DGRAM)
        other, wrong = self.server(socket.SOCK_DGRAM)
        rules = {"connects": [f"udp:127.0.0.1/32:{port}"], "binds": ["udp:127.0.0.1/32:0"]}
        answers = self.net(opens(UDP), bind("127.0.0.1", 0), connect("127.0.0.1", port), send_to("127.0.0.1", wrong), connect("127.0.0.1", wrong), connect("127.0.0.1", port, kind=9),
                           send_to("127.0.0.1", port, "one"), "sock_send $s iov:@two:3 0 out:4", left_open=1, **rules)
        self.assertEqual([answer.errno for answer in answers[:5]], ["SUCCESS", "SUCCESS", "SUCCESS", "NOTCAPABLE", "NOTCAPABLE"])
        self.one_of(answers[5], "NOTCAPABLE", "AFNOSUPPORT", "INVAL")
        self.assertEqual([answer.errno for answer in answers[6:]], ["SUCCESS", "SUCCESS"])
        self.assertEqual([server.recvfrom(16)[0] for _ in range(2)], [b"one", b"two"])
        other.setblocking(False)
        with self.assertRaises(BlockingIOError):
            other.recvfrom(16)

    @row("SOCK-06")
    def test_messages_of_strangers(self):
        server, port = self.server(socket.SOCK_DGRAM)
        other, _ = self.server(socket.SOCK_DGRAM)
        mine = self.free_port()
        with self.started("record", "-q", "-o", self.trace, "--connect", f"udp:127.0.0.1/32:{port}", "--bind", f"udp:127.0.0.1/32:{mine}", self.script, ends=0) as run:
            def says(line):
                run.stdin.write(line.encode() + b"\n")
                run.stdin.flush()
                return rows.Answer(line, run.stdout.readline().decode())
            self.assertEqual([says(opens(UDP)).errno, says(bind("127.0.0.1", mine)).errno], ["SUCCESS"] * 2)
            for times in (5000, 1, 100):
                other.sendto(b"evil" * times, ("127.0.0.1", mine))
            server.sendto(b"good", ("127.0.0.1", mine))
            answer = says("WAMR_SOCK_RECV_FROM $s iov:new:16 0 out:24 out:4")
            self.assertEqual((answer.errno, answer.shown[0][:4]), ("SUCCESS", b"good"), answer)
        self.assertTrue(self.clean()["replay"]["identical"])

    @staticmethod
    def free_port(kind=socket.SOCK_DGRAM):
        with socket.socket(socket.AF_INET, kind) as probe:
            probe.bind(("127.0.0.1", 0))
            return probe.getsockname()[1]

    @row("SOCK-07")
    def test_names(self):
        """Only what the policy lists is asked for; and an address that a name stands for is no grant."""
        def resolve(name):
            return f"WAMR_SOCK_ADDR_RESOLVE &{name}%00 &80%00 mem:{bytes(12).hex()} out:280 10 out:4"
        answers = self.calls(*[resolve(name) for name in ("example.org", "localhost.evil", "LOCALHOST", "localhost.", "", "local%00host", "127.0.0.1", "x" * 300, "fe80::1%25lo")],
                             opens(TCP), connect("127.0.0.1", 80), grants=["--resolve", "localhost", "--connect", "tcp:192.0.2.1/32:80"], left_open=1)
        self.assertEqual(answers[0].errno, "NOTCAPABLE")
        self.assertEqual(answers[1].errno, "NOTCAPABLE")
        for answer in answers[2:4]:
            self.assertNotEqual(answer.errno, "NOTCAPABLE", answer)
        for answer in answers[4:9]:
            self.one_of(answer, "NOTCAPABLE", "INVAL", "NOENT", "ILSEQ", "NAMETOOLONG")
        self.assertEqual((answers[9].errno, answers[10].errno), ("SUCCESS", "NOTCAPABLE"))
        answers = self.calls(f"WASMEDGE_SOCK_GETADDRINFO @localhost @80 mem:{bytes(28).hex()} mem:{bytes(4).hex()} 1 out:4", grants=["--resolve", "localhost"])
        self.assertEqual(answers[0].errno, "NOTSUP")  # docs/limits.md

    @row("SOCK-08")
    def test_accepting(self):
        """What comes has no more than its listener hands on; a flood ends at the limit of descriptors, and goes on behind it."""
        port = self.free_port(socket.SOCK_STREAM)
        policy = self.folder / "policy.yaml"
        policy.write_text("version: 1\nlimits: { descriptors: 8 }\n")
        with self.started("run", "-q", "--policy", policy, "--listen", f"tcp:127.0.0.1:{port}", self.script, ends=0) as run:
            def says(line):
                run.stdin.write(line.encode() + b"\n")
                run.stdin.flush()
                return rows.Answer(line, run.stdout.readline().decode())
            self.assertEqual(says("fd_fdstat_get 3 out:24").errno, "SUCCESS")
            handed = self.kept_over_exec(self.guest_process(run.pid))
            peers = [socket.create_connection(("127.0.0.1", port), 5) for _ in range(6)]
            answers = [says("sock_accept 3 4 =c") for _ in range(6)]
            self.assertEqual([answer.errno for answer in answers], ["SUCCESS"] * 4 + ["MFILE"] * 2)
            stat = says("fd_fdstat_get $c out:24")
            self.assertEqual(stat.number(size=8, at=8) & ~(1 << 1 | 1 << 3 | 1 << 6 | 1 << 21 | 1 << 27 | 1 << 28), 0)
            self.assertEqual([says("sock_accept $c 0 out:4").errno in ("NOTCAPABLE", "INVAL", "NOTSUP"), says("fd_close $c").errno, says("sock_accept 3 4 =c").errno],
                             [True, "SUCCESS", "SUCCESS"])
            for bit in range(16):
                if 1 << bit != 4:
                    self.assertIn(says(f"sock_accept 3 {1 << bit} out:4").errno, ("INVAL", "NOTSUP"))
            peers[0].sendall(b"x")
            self.assertEqual(self.kept_over_exec(self.guest_process(run.pid)), handed)
        for peer in peers:
            peer.close()

    @row("SOCK-08", "RES-04")
    def test_a_budget_of_sockets(self):
        """Each that is opened and each connection that is accepted counts, also where it was closed since; the guest ends before one more."""
        policy = self.folder / "policy.yaml"

        def within(most, *lines, **more):
            policy.write_text(f"version: 1\nlimits: {{ connections: {most} }}\n")
            port = self.free_port(socket.SOCK_STREAM)
            return self.net(opens(TCP), connect("127.0.0.1", port), "sock_accept 3 4 =c", *lines, listens=[f"tcp:127.0.0.1:{port}"],
                            connects=[f"tcp:127.0.0.1/32:{port}", "udp:192.0.2.1/32:1"], options=["--policy", policy], **more)
        answers = within(2, "sock_send $c iov:@x:1 0 out:4", "sock_recv $s iov:new:8 0 out:4 out:2", left_open=2)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS"] * 5)
        within(1, ends=126)
        within(2, opens(UDP), ends=126)
        within(2, "fd_close $s", "fd_close $c", opens(TCP), ends=126)
        within(3, "fd_close $s", "fd_close $c", opens(TCP), left_open=1)

    @staticmethod
    def kept_over_exec(process):
        """Sockets that another program would get."""
        found = []
        for entry in (process / "fd").iterdir() if process and os.getuid() == 0 else []:
            if os.readlink(entry).startswith("socket:"):
                flags = (process / "fdinfo" / entry.name).read_text().split("flags:")[1].split()[0]
                found += [entry.name] if not int(flags, 8) & os.O_CLOEXEC else []
        return found

    @row("SOCK-09")
    def test_flags_and_ancillary_data(self):
        listener, port = self.server()
        answers = self.net(opens(TCP), connect("127.0.0.1", port), *[f"sock_recv $s iov:new:8 {1 << bit} out:4 out:2" for bit in range(2, 32)],
                           *[f"sock_send $s iov:@x:1 {1 << bit} out:4" for bit in range(32)], *[f"sock_shutdown $s {how}" for how in (0, 4, 8, 255)],
                           "sock_send $s iov:@x:1 0 out:4", "sock_shutdown $s 3", connects=[f"tcp:127.0.0.1/32:{port}"], left_open=1)
        self.assertEqual([answer.errno for answer in answers[:2] + answers[-2:]], ["SUCCESS"] * 4)
        self.assertEqual({answer.errno for answer in answers[2:-2]}, {"INVAL"})
        self.assertFalse(self.seen() & {"sendmsg", "recvmsg"})

    @row("SOCK-10", "SOCK-11")
    def test_options(self):
        """What shares a port, binds to a device, broadcasts or joins a group is refused; sizes are cut."""
        lines = [opens(TCP), opens(UDP, variable="u"), "WAMR_SOCK_SET_RECV_BUF_SIZE $s 0x7fffffff", "WAMR_SOCK_GET_RECV_BUF_SIZE $s out:8", "WAMR_SOCK_SET_REUSE_PORT $s 1",
                 "WAMR_SOCK_SET_BROADCAST $u 1", "WAMR_SOCK_SET_IP_TTL $s 0", "WAMR_SOCK_SET_IP_MULTICAST_TTL $u 255", "WAMR_SOCK_SET_TCP_FASTOPEN_CONNECT $s 1",
                 f"WAMR_SOCK_SET_RECV_TIMEOUT $s {2 ** 64 - 1}", f"WAMR_SOCK_SET_SEND_TIMEOUT $s {2 ** 63}", "WAMR_SOCK_SET_LINGER $s 1 -1",
                 *[f"WASMEDGE_SOCK_SETSOCKOPT $s {level} {option} mem:{bytes(16).hex()} 4" for level in (0, 1, 6, 41, 255) for option in (*range(0, 60), 2 ** 31)]]
        answers = self.net(*lines, connects=EVERYWHERE, left_open=2)
        self.assertEqual([answer.errno for answer in answers[:4]], ["SUCCESS"] * 4)
        self.assertLessEqual(answers[3].number(), 8 << 20)
        for answer in answers[4:9]:
            self.one_of(answer, "NOPROTOOPT", "NOTSUP", "INVAL", "NOTCAPABLE")
        for answer in answers[9:12]:
            self.one_of(answer, "SUCCESS", "INVAL")
        taken = [answer.call.split()[2:4] for answer in answers[12:] if answer.errno == "SUCCESS"]
        self.assertLessEqual({tuple(words) for words in taken}, {("0", "0"), ("0", "5"), ("0", "6"), ("0", "7")})

    @row("SOCK-11")
    def test_ports_that_no_rule_names(self):
        rules = {"binds": ["tcp:127.0.0.1/32:8000-8999", "udp:127.0.0.1/32:8000-8999"], "connects": EVERYWHERE}
        self.refused(opens(TCP), bind("127.0.0.1", 80), bind("127.0.0.1", 0), bind("127.0.0.1", 9000), bind("127.0.0.1", 65535), bind("0.0.0.0", 8000), bind("127.0.0.2", 8000),
                     bind("10.0.0.1", 8000), opens(UDP), bind("127.0.0.1", 53), bind("0.0.0.0", 8000), bind("224.0.0.1", 8000), bind("255.255.255.255", 8000), **rules)

    @row("WAVE-02")
    def test_the_order_of_bytes(self):
        """The address that the rule says, at the port that it says, and not what they are when they are read backwards."""
        listener, port = self.server()
        while port % 256 == port // 256:
            listener, port = self.server()
        swapped = port % 256 * 256 + port // 256
        self.refused(opens(TCP), connect("1.0.0.127", port), connect("127.0.0.1", swapped), connect("1.0.0.127", swapped), connects=[f"tcp:127.0.0.1/32:{port}"])
        answers = self.net(opens(TCP), connect("127.0.0.1", port), connects=[f"tcp:127.0.0.1/32:{port}"], left_open=1)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS"] * 2)
        self.assertTrue(listener.accept())

    @row("WAVE-03")
    def test_high_descriptors(self):
        """A socket whose number is beyond a few, here and in the host, is judged as itself."""
        listener, port = self.server()
        rules = {"connects": [f"tcp:127.0.0.1/32:{port}", "udp:192.0.2.1/32:1"], "binds": ["udp:0.0.0.0/0:0"]}
        lines = [opens(UDP, variable="u")] * 30 + [opens(TCP), connect("127.0.0.1", port, "u"), send_to("127.0.0.1", port, variable="u"), connect("127.0.0.1", port)]
        answers = self.net(*lines, left_open=31, **rules)
        self.assertEqual([answer.errno for answer in answers], ["SUCCESS"] * 31 + ["NOTCAPABLE", "NOTCAPABLE", "SUCCESS"])

    @row("WAMR-4611")
    def test_pointers_of_addresses(self):
        """Bad ones end the guest, and no socket is made or reached for them."""
        for line in ("WAMR_SOCK_OPEN -1 0 1 end-2", "WAMR_SOCK_OPEN -1 0 1 end-0"):
            self.net(line, connects=EVERYWHERE, ends=134)
            self.assertEqual(self.seen(), set())
        for line in ("WAMR_SOCK_CONNECT $s end-20", "WAMR_SOCK_BIND $s 0xfffffff0", "WAMR_SOCK_SEND_TO $s iov:@x:1 0 end-8 out:4", "WAMR_SOCK_ADDR_LOCAL $s end-4",
                     "WAMR_SOCK_CONNECT $s 1025", "WASMEDGE_SOCK_CONNECT $s end-4 80"):
            self.net(opens(TCP), line, connects=EVERYWHERE, ends=134)
            self.assertLessEqual(self.seen(), {"socket", "setsockopt"})


rows.main()
