#!/usr/bin/env python3
"""Programs of the network in Rust, on the crates that WasmEdge's guests use: clients of HTTPS and HTTP, a server of HTTP.

Beside them are programs of this machine. As in run_programs.py, recordings are checked and replayed; what cannot be had is skipped.

usage: run_network.py [CLASS...]; exit status 77 where all that was asked for was skipped
"""
import http.client
import http.server
import socket
import socketserver
import ssl
import struct
import subprocess
import threading
import time

from program_case import PROGRAMS, Program, main
import warrant_case  # which program_case finds


class Answer(http.server.BaseHTTPRequestHandler):
    """Says a request's path or body again, 3000 times."""

    def answer(self, body):
        self.send_response(200)
        self.end_headers()
        self.wfile.write(body * 3000)

    def do_GET(self):
        self.answer(self.path.encode())

    def do_POST(self):
        self.answer(self.rfile.read(int(self.headers["Content-Length"])))

    def log_message(self, *words):
        pass


def serve(case, server):
    threading.Thread(target=server.serve_forever, daemon=True).start()
    case.addCleanup(server.server_close)
    case.addCleanup(server.shutdown)
    return server.server_address[1]


class Https(Program):
    """rustls over the sockets of WasmEdge's crate, with a server of this machine that has a certificate of its own authority."""
    name = "https"

    def certificates(self):
        def openssl(*words):
            subprocess.run(["openssl", *words], cwd=self.data, check=True, capture_output=True)
        key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        openssl("req", "-x509", *key, "-keyout", "ca.key", "-out", "ca.pem", "-days", "2", "-subj", "/CN=authority")
        openssl("req", *key, "-keyout", "key.pem", "-out", "request", "-subj", "/CN=server.test")
        (self.data / "extensions").write_text("subjectAltName=DNS:server.test\n")
        openssl("x509", "-req", "-in", "request", "-CA", "ca.pem", "-CAkey", "ca.key", "-CAcreateserial", "-days", "2", "-extfile", "extensions", "-out", "cert.pem")

    def serve(self):
        server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(self.data / "cert.pem", self.data / "key.pem")
        server.socket = context.wrap_socket(server.socket, server_side=True)
        return serve(self, server)

    def test_get(self):
        self.certificates()
        port = self.serve()
        calls = self.program("server.test", f"127.0.0.1:{port}", "/hello", "/data/ca.pem", says="/hello" * 3000,
                             options=["--connect", f"tcp:127.0.0.1/32:{port}"])
        self.assertGreater(calls["sock_recv"], 1)
        self.assertEqual(calls["sock_connect"], 1)

    def test_another_name(self):
        """TLS is the guest's own: a certificate for another name is refused by it."""
        self.certificates()
        port = self.serve()
        done = self.warrant("run", "-q", "--dir", f"{self.data}::/data", "--connect", f"tcp:127.0.0.1/32:{port}", PROGRAMS / "https.wasm",
                            "other.test", f"127.0.0.1:{port}", "/hello", "/data/ca.pem", status=1)
        self.assertIn("NotValidForName", done.stderr)


class Names(socketserver.BaseRequestHandler):
    """A name server over TCP that has 127.0.0.1 for every name."""

    def handle(self):
        asked = self.request.recv(struct.unpack(">H", self.request.recv(2, socket.MSG_WAITALL))[0], socket.MSG_WAITALL)
        question = asked[12 : asked.index(b"\0", 12) + 5]
        answer = asked[:2] + struct.pack(">5H", 0x8180, 1, 1, 0, 0) + question + struct.pack(">3HIH4B", 0xc00c, 1, 1, 60, 4, 127, 0, 0, 1)
        self.request.sendall(struct.pack(">H", len(answer)) + answer)


class Reqwest(Program):
    """reqwest over hyper and tokio, each as it is for WasmEdge."""
    name = "reqwest"

    def setUp(self):
        super().setUp()
        self.port = serve(self, http.server.ThreadingHTTPServer(("127.0.0.1", 0), Answer))
        self.options = ["--connect", f"tcp:127.0.0.1/32:{self.port}"]

    def test_get(self):
        calls = self.program(f"http://127.0.0.1:{self.port}/hello", says="200 OK\n" + "/hello" * 3000, options=self.options)
        self.assertGreater(calls["poll_oneoff"], 0)

    def test_post(self):
        self.program(f"http://127.0.0.1:{self.port}/", "a body", says="200 OK\n" + "a body" * 3000, options=self.options)

    def test_no_rule(self):
        self.warrant("record", "-q", "-o", self.trace, "--connect", f"tcp:127.0.0.1/32:{self.port + 1}", PROGRAMS / "reqwest.wasm",
                     f"http://127.0.0.1:{self.port}/", status=1)
        calls = [item for item in self.show() if item.get("call") == "sock_connect"]
        self.assertEqual([(call["errno"], call["ops"]) for call in calls], [("NOTCAPABLE", [])])

    def test_a_name_by_a_server_of_names(self):
        """The crate asks one itself, over TCP, where the environment names it: connections as any other."""
        class Server(socketserver.ThreadingTCPServer):
            allow_reuse_address = True
        names = serve(self, Server(("127.0.0.1", 0), Names))
        options = [*self.options, "--env", f"DNS_SERVER=127.0.0.1:{names}", "--connect", f"tcp:127.0.0.1/32:{names}"]
        calls = self.program(f"http://server.test:{self.port}/hello", says="200 OK\n" + "/hello" * 3000, options=options)
        self.assertEqual(calls["sock_connect"], 2)


class Hyper(Program):
    """hyper over tokio, each as it is for WasmEdge: requests at the same time, from a client of this machine."""
    name = "hyper"

    def asked(self, place, address, options):
        """Records the server, asks it over four connections at once, and checks and replays the recording."""
        command = [warrant_case.WARRANT, "record", "-q", "-o", self.trace, *warrant_case.WITNESS, *options, PROGRAMS / "hyper.wasm", place, "5"]
        server = subprocess.Popen(list(map(str, command)), stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
        self.addCleanup(server.kill)
        for _ in range(400):
            try:
                socket.create_connection(address, 5).close()  # the first of the five
                break
            except ConnectionRefusedError:
                time.sleep(0.05)
        found, order = {}, []

        def ask(method, path, body, twice):
            client = http.client.HTTPConnection(*address, timeout=60 * warrant_case.SLOW)
            for _ in range(1 + twice):  # of one connection
                client.request(method, path, body)
                answer = client.getresponse()
                found[path] = answer.status, answer.read()
                order.append(path)
            client.close()
        asks = [threading.Thread(target=ask, args=words) for words in (
            ("GET", "/slow", None, False), ("GET", "/hello", None, True), ("POST", "/reverse", b"abc" * 20000, False), ("PUT", "/", b"", False))]
        for one in asks:
            one.start()
            time.sleep(0.02)
        for one in asks:
            one.join()
        out, err = server.communicate(timeout=60 * warrant_case.SLOW)
        self.assertEqual((server.returncode, out), (0, "served 5\n"), err)
        self.assertEqual(found, {"/slow": (200, b"slow\n"), "/hello": (200, b"you asked for /hello\n"), "/reverse": (200, b"cba" * 20000),
                                 "/": (404, b"")})
        self.assertEqual(order[-1], "/slow")  # the others were served while it slept
        report = self.check()
        self.assertEqual(report["findings"], [])
        self.assertTrue(report["replay"]["identical"])

    def free_port(self, family, address):
        with socket.socket(family) as probe:
            probe.bind((address, 0))
            return probe.getsockname()[1]

    def test_its_own_socket(self):
        port = self.free_port(socket.AF_INET, "127.0.0.1")
        self.asked(f"127.0.0.1:{port}", ("127.0.0.1", port), ["--bind", f"tcp:127.0.0.1/32:{port}"])

    def test_the_launchers_socket(self):
        port = self.free_port(socket.AF_INET, "127.0.0.1")
        self.asked("3", ("127.0.0.1", port), ["--listen", f"tcp:127.0.0.1:{port}"])

    def test_ipv6(self):
        try:
            port = self.free_port(socket.AF_INET6, "::1")
        except OSError as error:
            self.skipTest(f"no ::1 here: {error}")
        self.asked(f"[::1]:{port}", ("::1", port), ["--bind", f"tcp:[::1]/128:{port}"])


main()
