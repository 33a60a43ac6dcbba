#!/usr/bin/env python3
"""Rows SOCK-*: no socket is made, reached or waited at without a rule, by none of the functions that the two extensions and Preview 1 have."""
import socket
import threading

import rows
from rows import READ, TABLE, Rows, row, witness_works

NETWORK = {"socket", "connect", "bind", "listen", "accept", "accept4", "sendto", "sendmsg", "recvfrom", "recvmsg", "socketpair", "shutdown", "setsockopt", "getsockopt"}
REFUSED = {"NOSYS", "NOTCAPABLE", "ACCES", "BADF", "INVAL", "NOTSUP", "AFNOSUPPORT", "NOTSOCK", "PROTONOSUPPORT", "FAULT"}


class Refused(Rows):
    def seen(self):
        """The system calls of the guest's process that are about sockets, as the kernel saw them."""
        if not witness_works():
            return set()
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

    @row("SOCK-01", "SOCK-02", "SOCK-03", "SOCK-04", "SOCK-05", "SOCK-06", "SOCK-07", "SOCK-08", "SOCK-09", "SOCK-10", "SOCK-11", "WAVE-02", "WAVE-03", "WAVE-04",
         "WASMTIME-13677", "WASMTIME-13596")
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
            words = {"FD": str(number), "IOVEC_ARRAY": "iov:new:8", "CIOVEC_ARRAY": "iov:@x:1", "STRING": "@name", "NAME": "@name", "NAME_WAMR": "&name%00"}
            yield " ".join([name, *[words.get(kind, TABLE.any_word(kind, number)) for kind, _ in made.fields]])


rows.main()
