#!/usr/bin/env python3
"""Who owns the guest's process goes for the network: what no rule grants is held by seccomp or Landlock, and what they cannot see (addresses behind a
port that is granted, datagrams) is found by the check, as the kernel had it."""
import contextlib
import socket
import unittest

import kit
from kit import Attack, needs_witness

import warrant_case

HOOK = """
#include <arpa/inet.h>
#include <netinet/tcp.h>
#include <sys/socket.h>
static struct guest *evil_guest;
static long to(const char *address, int port, int type, int call)
{
    struct sockaddr_in a = { .sin_family = AF_INET, .sin_port = htons(port) };
    inet_pton(AF_INET, address, &a.sin_addr);
    int fd = syscall(SYS_socket, AF_INET, type | SOCK_CLOEXEC, 0);
    return call == SYS_sendto ? syscall(call, fd, "stolen", 6, MSG_NOSIGNAL, &a, sizeof a) : syscall(call, fd, &a, sizeof a);
}
/* The guest's first argument says what to do; the next ones where. */
static void evil_start(struct guest *g, struct wasi_backend *b)
{
    char **arg = g->spec.args, a[999];
    uint32_t n[2] = { 7, 7 };
    int port = g->spec.arg_count > 3 ? atoi(arg[3]) : 0, type = !strcmp(arg[1], "sendto") ? SOCK_DGRAM : SOCK_STREAM;
    if (!strcmp(arg[1], "connect") || !strcmp(arg[1], "sendto"))
        to(arg[2], port, type, type == SOCK_DGRAM ? SYS_sendto : SYS_connect);
    else if (!strcmp(arg[1], "held")) {
        if (to(arg[2], port, type, SYS_connect) != -1 || errno != EACCES || to(arg[2], 0, type, SYS_bind) != -1 || errno != EACCES)
            _exit(99);
    } else if (!strcmp(arg[1], "both"))
        to(arg[2], port, type, SYS_connect), to(arg[2], 0, type, SYS_bind);
    else if (!strcmp(arg[1], "families"))
        syscall(SYS_listen, syscall(SYS_socket, AF_INET6, SOCK_STREAM | SOCK_CLOEXEC, 0), 1);
    else if (!strcmp(arg[1], "dissolved")) {
        struct sockaddr_in in = { .sin_family = AF_INET, .sin_port = htons(port) };
        long fd = syscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);
        inet_pton(AF_INET, arg[2], &in.sin_addr);
        syscall(SYS_connect, fd, &in, sizeof in);
        in.sin_family = AF_UNSPEC;
        syscall(SYS_connect, fd, &in, sizeof in);
    } else if (!strcmp(arg[1], "shared")) {
        n[0] = 1;
        syscall(SYS_setsockopt, syscall(SYS_socket, AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0), SOL_SOCKET, SO_REUSEADDR, n, 4);
    } else if (!strcmp(arg[1], "ask")) {
        syscall(SYS_sendto, GUEST_FD_RESOLVER, n, 4, MSG_NOSIGNAL, 0, 0);
        if (syscall(SYS_recvfrom, GUEST_FD_RESOLVER, a, sizeof a, 0, 0, 0) != 24) _exit(99);
        syscall(SYS_sendto, GUEST_FD_RESOLVER, n, 8, MSG_NOSIGNAL, 0, 0);
        if (syscall(SYS_recvfrom, GUEST_FD_RESOLVER, a, sizeof a, 0, 0, 0) != 24) _exit(98);
        n[0] = 0, syscall(SYS_sendto, GUEST_FD_RESOLVER, n, 4, MSG_NOSIGNAL, 0, 0);
        if (syscall(SYS_recvfrom, GUEST_FD_RESOLVER, a, sizeof a, 0, 0, 0) < 48) _exit(97);
    } else switch (atoi(arg[2])) {
        case 0: syscall(SYS_socket, AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0); break;
        case 1: syscall(SYS_socket, 16, SOCK_DGRAM | SOCK_CLOEXEC, 0); break;
        case 2: syscall(SYS_socket, AF_INET, SOCK_RAW | SOCK_CLOEXEC, 1); break;
        case 3: syscall(SYS_socket, AF_INET, SOCK_STREAM, 0); break;
        case 4: syscall(SYS_socketpair, AF_UNIX, SOCK_STREAM, 0, n); break;
        case 5: syscall(SYS_setsockopt, 3, SOL_SOCKET, SO_REUSEPORT, n, 4); break;
        case 6: syscall(SYS_sendmsg, 3, n, 0); break;
        case 7: syscall(SYS_recvmsg, 3, n, 0); break;
        case 8: syscall(SYS_sendto, 3, n, 1, MSG_OOB, 0, 0); break;
        case 9: syscall(SYS_sendto, 3, n, 1, MSG_FASTOPEN | MSG_NOSIGNAL, 0, 0); break;
        case 10: syscall(SYS_sendmmsg, 3, n, 0, 0); break;
        case 11: syscall(SYS_accept, 3, 0, 0); break;
    }
}
static void evil_end(struct guest *g, enum status s, struct wasi_ending *e) {}
static void evil_last(struct guest *g) {}
"""
HELLO = """
#include <stdio.h>
int main() { puts("hello"); return 0; }
"""
KILLED = 128 + 31  # SIGSYS


@contextlib.contextmanager
def listener(address="127.0.0.1", port=0, kind=socket.SOCK_STREAM):
    """Something of the host's that nobody granted; heard() says whether it was reached."""
    with socket.socket(socket.AF_INET, kind) as made:
        made.bind((address, port))
        if kind == socket.SOCK_STREAM:
            made.listen()
        made.settimeout(0.3)

        def heard():
            try:
                return bool(made.accept() if kind == socket.SOCK_STREAM else made.recvfrom(64))
            except TimeoutError:
                return False
        yield made.getsockname()[1], heard


class Owned(Attack):
    def owned(self, *words, options=(), status=None):
        return self.attack(self.guest(HELLO), *words, command=self.evil(HOOK), grants=[], status=status,
                           options=["--witness", "on" if kit.witness_works() else "off", *options])

    def found(self, *rules):
        """The evidence of what the check found."""
        return " ".join(finding["evidence"] for finding in self.caught(*rules)["findings"])


class Held(Owned):
    """What the second line holds."""

    def test_no_rule_no_socket(self):
        with listener() as (port, heard):
            self.owned("connect", "127.0.0.1", port, status=KILLED)
            self.assertFalse(heard())

    def test_only_given_sockets(self):
        """A socket that listens, or a name, gives none of one's own."""
        with listener() as (port, heard):
            for options in (["--listen", "tcp:127.0.0.1:0"], ["--resolve", "localhost"]):
                self.owned("connect", "127.0.0.1", port, options=options, status=KILLED)
            self.assertFalse(heard())

    def test_other_kinds(self):
        for kind in range(12):
            self.owned("kind", kind, options=["--connect", "tcp:127.0.0.1/32:80"], status=KILLED)
        self.owned("kind", 12, options=["--connect", "tcp:127.0.0.1/32:80"], status=0)

    @unittest.skipUnless(warrant_case.doctor()["landlock_tcp"], "this Landlock knows no TCP")
    def test_other_ports(self):
        """A rule for one port: Landlock holds the others."""
        with listener() as (port, heard):
            rule = f"tcp:127.0.0.0/8:{port + 1 if port < 65535 else port - 1}"
            self.owned("held", "127.0.0.1", port, options=["--connect", rule], status=0)
            self.assertFalse(heard())


@needs_witness
class Found(Owned):
    """What it cannot hold, and the kernel's own record shows."""

    def test_another_address_at_that_port(self):
        with listener("127.0.0.2") as (port, heard):
            self.owned("connect", "127.0.0.2", port, options=["--connect", f"tcp:127.0.0.1/32:{port}"], status=0)
            self.assertTrue(heard())
        self.assertIn(f"connected to 127.0.0.2, port {port}", self.found("witness.undeclared", "judge.escape"))

    def test_datagrams(self):
        with listener("127.0.0.2", kind=socket.SOCK_DGRAM) as (port, heard):
            self.owned("sendto", "127.0.0.2", port, options=["--connect", f"udp:127.0.0.1/32:{port}"], status=0)
            self.assertTrue(heard())
        self.assertIn(f"sent to 127.0.0.2, port {port}", self.found("witness.undeclared", "judge.escape"))

    def test_a_socket_of_both_families(self):
        """IPv6 is granted, and the system binds a socket that takes IPv4 as well."""
        self.owned("families", options=["--bind", "tcp:[::]/0:0"], status=0)
        self.assertIn("takes IPv4 too", self.found("witness.undeclared", "judge.escape"))

    def test_an_association_that_is_dissolved(self):
        with listener(kind=socket.SOCK_DGRAM) as (port, _):
            self.owned("dissolved", "127.0.0.1", port, options=["--connect", f"udp:127.0.0.1/32:{port}", "--bind", "udp:0.0.0.0/0:0"], status=0)
        self.assertIn("an address of family 0", self.found("witness.undeclared", "judge.escape"))

    def test_an_address_that_two_sockets_have(self):
        self.owned("shared", options=["--connect", "udp:127.0.0.1/32:53"], status=0)
        self.assertIn("setting of option 2, level 1", self.found("witness.undeclared", "judge.escape"))

    def test_what_is_granted_but_nobody_asked_for(self):
        """To a granted address, yet by no hostcall: no escape, and undeclared all the same."""
        with listener() as (port, heard):
            self.owned("connect", "127.0.0.1", port, options=["--connect", f"tcp:127.0.0.1/32:{port}"], status=0)
            self.assertTrue(heard())
        report = self.caught("witness.undeclared")
        self.assertEqual({finding["syscall"] for finding in report["findings"]}, {"socket", "connect"})
        self.assertNotIn("judge.escape", {finding["rule"] for finding in report["findings"]})

    def test_the_resolver_asked_unasked(self):
        """It answers by number, and what is no number of a name is answered with no address; each question is undeclared."""
        self.owned("ask", options=["--resolve", "localhost"], status=0)
        report = self.caught("witness.undeclared")
        self.assertEqual([finding["syscall"] for finding in report["findings"]], ["sendto", "recvfrom"] * 3)

    def test_without_the_lines(self):
        """The second line off: nothing is held, and everything is found."""
        with listener() as (port, heard):
            self.owned("both", "127.0.0.1", port, options=["--no-confine"], status=0)
            self.assertTrue(heard())
        evidence = self.found("witness.undeclared", "judge.escape", "confine.off")
        self.assertIn("(socket): family 2", evidence)
        self.assertIn("descriptor", evidence)


kit.main()
