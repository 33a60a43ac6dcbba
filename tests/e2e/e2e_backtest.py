#!/usr/bin/env python3
"""`policy backtest`: the first call that another policy decides otherwise, and how the guest goes on; held against what the guest does when it is
recorded under that policy."""
import json
import socket
import threading

import warrant_case
from warrant_case import GUESTS, SOURCE, Case

STEPS, POKE, SQLITE, NET = (GUESTS / f"{name}.wasm" for name in ("steps", "poke", "sqlite", "net"))
ALL = 0x1FFFFFFF
READ = 1 << 1


def opens(path, oflags=0, rights=READ):
    return ["path_open", 3, 0, f"@{path}", oflags, rights, 0, 0, "out"]


class Backtest(Case):
    def setUp(self):
        super().setUp()
        self.outside.mkdir()
        (self.data / "f").write_text("x")

    def policy(self, *grants, rest=""):
        """Grants as (host, guest, access)."""
        path = self.folder / "asked.yaml"
        lines = [f"  - {{ host: \"{host}\", guest: {guest}, access: {access} }}\n" for host, guest, access in grants]
        path.write_text("version: 1\n" + "files:\n" * bool(lines) + "".join(lines) + rest)
        return path

    def recorded(self, *words, options=(), status=0, name="run"):
        trace = self.folder / f"{name}.wtrace"
        self.warrant("record", "-q", "-o", trace, "--witness", "off", *options, *words, status=status)
        return trace

    def backtest(self, policy, trace, *options, status=1):
        return json.loads(self.warrant("policy", "backtest", "--json", *options, policy, trace, status=status).stdout)

    def decided(self, told):
        """The steps from the first on that is decided otherwise, the others being what the guest is told of its grants."""
        return told["steps"][next(i for i, step in enumerate(told["steps"]) if step["kind"] in ("other", "unknown")):]

    def held(self, policy, told, *words, status=0):
        """What was told of the guest is what it does under the policy: its calls from the first that differs on, with their answers, and its end."""
        trace = self.recorded(*words, options=["--policy", policy], status=status, name="held")
        calls = [item for item in self.show(trace) if "call" in item]
        first = next(i for i, item in enumerate(calls) if item["event"] == told["steps"][0]["event"])
        steps = [step for step in told["steps"] if step["kind"] != "unknown"]
        self.assertFalse(any(step["left_out_before"] for step in told["steps"]))
        self.assertEqual([(step["hostcall"], step["now"]["errno"]) for step in steps],
                         [(item["call"], item["errno"]) for item in calls[first:first + len(steps)]])
        return calls[first + len(steps):]

    def test_the_same_policy(self):
        trace = self.recorded(STEPS, "5", options=["--dir", f"{self.data}::/data"])
        policy = self.policy((self.data, "/data", "write"))
        told = self.backtest(policy, trace, status=0)
        self.assertEqual((told["differs"], told["first_event"], told["steps"]), (False, None, []))
        done = self.warrant("policy", "backtest", policy, trace, trace)
        self.assertEqual(len(done.stdout.splitlines()), 2)
        self.assertIn("nothing is decided otherwise", done.stdout)

    def test_reading_instead_of_writing(self):
        """The guest cannot make its file, and exits with 1: so it is told, and so it is."""
        trace = self.recorded(STEPS, "5", options=["--dir", f"{self.data}::/data"])
        policy = self.policy((self.data, "/data", "read"))
        told = self.backtest(policy, trace)
        opened = next(item for item in self.show(trace) if item.get("call") == "path_open")
        self.assertEqual(told["first_event"], opened["event"])
        first = self.decided(told)[0]
        self.assertEqual((first["event"], first["then"]["errno"], first["now"]["errno"], first["now"]["rule"]),
                         (opened["event"], "SUCCESS", "NOTCAPABLE", "RIGHT_MISSING"))
        self.assertEqual((told["end"]["text"], told["recorded_end"]["text"]), ("exit with code 1", "returned from _start"))
        self.assertEqual(self.held(policy, told, STEPS, "5", status=1), [])

    def test_a_directory_less(self):
        """One that nobody used: the guest is told that it has one less, and that is all."""
        options = ["--dir", f"{self.data}::/data", "--dir", f"{self.outside}::/outside"]
        trace = self.recorded(STEPS, "1", options=options)
        policy = self.policy((self.data, "/data", "write"))
        told = self.backtest(policy, trace, status=0)
        self.assertEqual((told["steps"][0]["hostcall"], told["steps"][0]["kind"], told["steps"][0]["now"]["errno"]), ("fd_prestat_get", "told", "BADF"))
        self.assertEqual((told["end"], told["stop"], told["refused"]), (told["recorded_end"], None, 0))
        self.assertEqual(self.held(policy, told, STEPS, "1"), [])
        # The other way round its directory has another number, and the trace's answers are found for it all the same.
        trace = self.recorded(STEPS, "1", options=[*options[2:], *options[:2]], name="turned")
        told = self.backtest(policy, trace, status=0)
        self.assertEqual((told["end"], told["stop"]), (told["recorded_end"], None))
        self.assertEqual([step["kind"] for step in told["steps"] if step["hostcall"] == "fd_write"], ["same", "same"])

    def test_what_is_printed(self):
        """Another output than then is known only if it is assumed to be taken."""
        words = [POKE, *opens("made", 1, ALL)]
        trace = self.recorded(*words, options=["--dir", f"{self.data}::/data"])
        (self.data / "made").unlink()
        policy = self.policy((self.data, "/data", "read"))
        told = self.backtest(policy, trace)
        self.assertEqual(self.decided(told)[0]["now"]["rule"], "RIGHT_MISSING")
        self.assertEqual((told["steps"][-1]["kind"], told["steps"][-1]["hostcall"], told["end"]), ("unknown", "fd_write", None))
        told = self.backtest(policy, trace, "--assume-output")
        self.assertEqual((told["steps"][-1]["kind"], told["end"]["text"], told["stop"]), ("assumed", told["recorded_end"]["text"], None))
        self.assertEqual(self.held(policy, told, *words), [])

    def test_files_that_were_not_made(self):
        """Behind a directory that is not made any more nobody knows what files are, though the trace has an answer."""
        trace = self.recorded(POKE, "path_create_directory", 3, "@d", "--", "path_filestat_get", 3, 0, "@f", "out", options=["--dir", f"{self.data}::/data"])
        told = self.backtest(self.policy((self.data, "/data", "read")), trace, "--assume-output")
        self.assertEqual((self.decided(told)[0]["hostcall"], self.decided(told)[0]["now"]["errno"]), ("path_create_directory", "NOTCAPABLE"))
        self.assertEqual((told["steps"][-1]["hostcall"], told["steps"][-1]["kind"]), ("path_filestat_get", "unknown"))
        self.assertIn("may be missed", told["stop"])
        # The other way round it is known: the file was looked at before.
        trace = self.recorded(POKE, "path_filestat_get", 3, 0, "@f", "out", "--", "path_create_directory", 3, "@e", options=["--dir", f"{self.data}::/data"], name="b")
        told = self.backtest(self.policy((self.data, "/data", "read")), trace, "--assume-output")
        self.assertEqual((self.decided(told)[0]["hostcall"], told["stop"]), ("path_create_directory", None))

    def test_opened_for_less(self):
        """A language that asks for all rights gets those to read: the call differs, and succeeds as then."""
        trace = self.recorded(POKE, *opens("f", 0, ALL), options=["--dir", f"{self.data}::/data"])
        policy = self.policy((self.data, "/data", "read"))
        told = self.backtest(policy, trace, status=0)
        self.assertIn(("path_open", "told", "opened for less than then"), [(step["hostcall"], step["kind"], step["why"]) for step in told["steps"]])
        self.assertEqual((told["refused"], told["stop"]), (0, None))
        self.assertEqual(self.held(policy, told, POKE, *opens("f", 0, ALL)), [])

    def test_more_than_it_had(self):
        """What was refused, and would be allowed: what it brings only the world knows."""
        trace = self.recorded(STEPS, "1", options=["--dir", f"{self.data}::/data:ro"], status=1)
        told = self.backtest(self.policy((self.data, "/data", "write")), trace)
        self.assertEqual([(step["kind"], step["hostcall"], step["then"]["rule"], step["now"]) for step in self.decided(told)],
                         [("unknown", "path_open", "RIGHT_MISSING", None)])
        self.assertIn("refused then, and is allowed", told["stop"])

    def test_another_directory(self):
        """Under the guest's name lies another directory: nobody knows what is in it."""
        trace = self.recorded(POKE, *opens("f"), options=["--dir", f"{self.data}::/data"])
        told = self.backtest(self.policy((self.outside, "/data", "write")), trace)
        self.assertEqual((self.decided(told)[0]["hostcall"], self.decided(told)[0]["kind"]), ("path_open", "unknown"))

    def test_a_part_of_a_directory(self):
        """Under what was learnt, whose directories are parts of those that the run had, the guest does all as then; without the part it writes, or
        with it for reading, not."""
        for name in ("in", "db"):
            (self.data / name).mkdir()
        (self.data / "in/q.sql").write_text("create table t(x); insert into t values(1),(2); select sum(x) from t;\n")
        trace = self.recorded(SQLITE, "/data/db/x.db", ".read /data/in/q.sql", options=["--dir", f"{self.data}::/data"])
        policy = self.folder / "learnt.yaml"
        self.warrant("policy", "learn", trace, "-o", policy)
        self.assertIn(f'"{self.data}/db"', policy.read_text())
        told = self.backtest(policy, trace, status=0)
        self.assertEqual((told["differs"], told["end"], told["stop"], told["refused"]), (False, told["recorded_end"], None, 0))
        self.assertGreater(told["as_then"], 100)
        for grants in ([(self.data, "/data", "read")], [(self.data, "/data", "read"), (f"{self.data}/db", "/data/db", "read")]):
            told = self.backtest(self.policy(*grants), trace)
            self.assertEqual((self.decided(told)[0]["hostcall"], self.decided(told)[0]["now"]["rule"]), ("path_open", "RIGHT_MISSING"))

    def test_a_part_by_number(self):
        """A guest that counts its descriptors asks the part for what it asked the whole for: another file, another directory."""
        (self.data / "in").mkdir()
        policy = self.policy((self.data / "in", "/data", "read"))
        for words in (opens("f"), ["fd_readdir", 3, "out", 200, 0, "out"], ["path_filestat_get", 3, 0, "@.", "out"]):
            trace = self.recorded(POKE, *words, options=["--dir", f"{self.data}::/data:ro"])
            told = self.backtest(policy, trace)
            self.assertEqual([(step["hostcall"], step["kind"]) for step in self.decided(told)], [(words[0], "unknown")])

    def test_on_violation(self):
        trace = self.recorded(STEPS, "1", options=["--dir", f"{self.data}::/data"])
        policy = self.policy((self.data, "/data", "read"), rest="on_violation: trap\n")
        told = self.backtest(policy, trace)
        self.assertEqual([step["stops"] for step in self.decided(told)], [True])
        self.assertIn("trap", told["end"]["text"])
        self.assertEqual(self.held(policy, told, STEPS, "1", status=126), [])

    def test_limits(self):
        trace = self.recorded(STEPS, "5", options=["--dir", f"{self.data}::/data"])
        told = self.backtest(self.policy((self.data, "/data", "write"), rest="limits: { output: 200 }\n"), trace)
        self.assertIn("limits.output", told["stop"])
        writes = [item for item in self.show(trace) if item.get("call") == "fd_write"]
        self.assertEqual(told["first_event"], writes[3]["event"])  # 64 bytes each
        told = self.backtest(self.policy((self.data, "/data", "write"), rest="limits: { fuel: 1000 }\n"), trace)
        self.assertEqual((told["differs"], told["end"]["text"]), (True, "trap: all fuel consumed"))

    def test_network(self):
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            port = server.getsockname()[1]

            def serve():
                try:
                    peer, _ = server.accept()
                except OSError:
                    return
                with peer:
                    while said := peer.recv(4096):
                        peer.sendall(said)
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            trace = self.recorded(NET, "call", port, 1, options=["--connect", f"tcp:127.0.0.1/32:{port}"])
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)
        rule = "network:\n  - {{ protocol: tcp, connect: [\"127.0.0.1/32:{}\"] }}\n"
        told = self.backtest(self.policy(rest=rule.format(port)), trace, status=0)
        told = self.backtest(self.policy(rest=rule.format(port + 1 if port < 65535 else 1)), trace)
        self.assertEqual((told["steps"][0]["hostcall"], told["steps"][0]["now"]["rule"]), ("sock_connect", "ADDRESS_REFUSED"))
        told = self.backtest(self.policy(), trace)
        self.assertEqual((told["steps"][0]["hostcall"], told["steps"][0]["now"]["rule"]), ("sock_open", "SOCKET_REFUSED"))

    def test_a_cut_trace(self):
        trace = self.recorded(STEPS, "20", options=["--dir", f"{self.data}::/data"])
        chunks = warrant_case.chunks(trace.read_bytes())
        cut = self.folder / "cut.wtrace"
        cut.write_bytes(trace.read_bytes()[:chunks[-2]["at"]])
        told = self.backtest(self.policy((self.data, "/data", "write")), cut, status=0)
        self.assertIsNone(told["end"])
        self.assertTrue(told["stop"])

    def test_strange_traces(self):
        policy = self.policy((self.data, "/data", "read"), rest="limits: { calls: 3 }\n")
        for trace in sorted((SOURCE / "tests/golden").glob("*.wtrace")):
            with self.subTest(trace=trace.name):
                done = self.warrant("policy", "backtest", "--assume-output", policy, trace, status=None)
                self.assertIn(done.returncode, (0, 1, 3), done.stderr)
                self.assertNotIn("signal", done.stderr)

    def test_usage(self):
        trace = self.recorded(POKE, "fd_close", 99)
        policy = self.policy()
        for words in ([], [policy], [policy, trace, "--depth", "1"], [policy, trace, "--dir", "x"]):
            self.warrant("policy", "backtest", *words, status=2)
        policy.write_text("version: 2\n")
        self.warrant("policy", "backtest", policy, trace, status=3)
        self.warrant("policy", "backtest", self.folder / "none.yaml", trace, status=3)
        self.warrant("policy", "backtest", self.policy(), self.folder / "none.wtrace", status=3)


warrant_case.main()
