#!/usr/bin/env python3
"""`policy learn`: what succeeded succeeds under what was learnt, with the same results; taking any grant away stops it; each grant says which calls
need it; a trace that cannot be believed teaches nothing."""
import json
import re
import shutil
import socket
import subprocess
import threading

import warrant_case
from warrant_case import GUESTS, SOURCE, WITNESS, Case, needs_witness

SELECT = "create table t(x); insert into t values(1),(2); select sum(x) from t;\n"
SQLITE = [GUESTS / "sqlite.wasm", "/data/db/x.db", ".read /data/in/q.sql"]
# Finds its directories by number: reads a byte of `f` beneath descriptor 4, and exits with it.
NUMBERED = """(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_read" (func $read (param i32 i32 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1) (data (i32.const 0) "f") (data (i32.const 8) "\\20\\00\\00\\00\\01\\00\\00\\00")
  (func (export "_start")
    (if (call $open (i32.const 4) (i32.const 0) (i32.const 0) (i32.const 1) (i32.const 0) (i64.const 2) (i64.const 0) (i32.const 0) (i32.const 16))
      (then (call $exit (i32.const 99))))
    (if (call $read (i32.load (i32.const 16)) (i32.const 8) (i32.const 1) (i32.const 20)) (then (call $exit (i32.const 98))))
    (call $exit (i32.load8_u (i32.const 32)))))"""


def blocks(policy):
    """The file as its head, its lists' items (each with the comments above it), and the rest: ([lines], [[lines]], [lines])."""
    head, items, rest, key = [], [], [], None
    comments = []
    for line in policy.splitlines():
        top = re.match(r"(\w+):", line)
        if top:
            key = top[1]
        if key in ("files", "network", "names", "devices", "listen") and not top:
            if line.startswith("  #"):
                comments.append(line)
            elif line.startswith("  - "):
                items.append((key, [*comments, line]))
                comments = []
            else:
                items[-1][1].append(line)
        elif key in (None, "version"):
            head.append(line)
        elif key in ("limits", "on_violation"):
            rest.append(line)
    return head, items, rest


def without(policy, index):
    """The policy file without its item `index`."""
    head, items, rest = blocks(policy)
    lines, last = list(head), None
    for i, (key, item) in enumerate(items):
        if i == index:
            continue
        if key != last:
            lines.append(f"{key}:")
        last = key
        lines += item
    return "\n".join([*lines, *rest]) + "\n"


class Learn(Case):
    def setUp(self):
        super().setUp()
        for name in ("in", "db", "other"):
            (self.data / name).mkdir()
        (self.data / "in/q.sql").write_text(SELECT)
        self.outside.mkdir()
        self.policy = self.folder / "p.yaml"

    def recorded(self, *words, options=(), status=0, name="run", witness=WITNESS):
        """The trace, and what the guest printed."""
        trace = self.folder / f"{name}.wtrace"
        trace.unlink(missing_ok=True)
        done = self.warrant("record", "-q", "-o", trace, *witness, *options, *words, status=status)
        return trace, done.stdout

    def learn(self, *traces, options=(), status=0):
        done = self.warrant("policy", "learn", *traces, "-o", self.policy, *options, status=status)
        return self.policy.read_text() if status == 0 else done.stderr

    def fresh(self):
        for entry in (self.data / "db").iterdir():
            entry.unlink() if entry.is_file() else shutil.rmtree(entry)

    def again(self, text, *words):
        """(status, what it printed) under a policy."""
        path = self.folder / "again.yaml"
        path.write_text(text)
        done = self.warrant("record", "-q", "-o", self.folder / "again.wtrace", "--witness", "off", "--policy", path, *words, status=None)
        return done.returncode, done.stdout

    def test_sqlite(self):
        """A directory read and one in it written: neither more nor less is granted, and what nobody used is not."""
        trace, said = self.recorded(*SQLITE, options=["--dir", f"{self.data}::/data", "--dir", f"{self.outside}::/outside"])
        self.assertEqual(said, "3\n")
        text = self.learn(trace)
        _, items, _ = blocks(text)
        granted = [(re.search(r'host: "(.*)"', "\n".join(item))[1], re.search(r"access: (\w+)", "\n".join(item))[1]) for _, item in items]
        self.assertEqual(granted, [(str(self.data), "read"), (f"{self.data}/db", "write")])
        for key, item in items:
            self.assertRegex("\n".join(item), r"# needed by run 1: \d+ calls?, events? \d+")
        self.fresh()
        self.assertEqual(self.again(text, *SQLITE), (0, "3\n"))
        for index in range(len(items)):
            self.fresh()
            self.assertNotEqual(self.again(without(text, index), *SQLITE), (0, "3\n"), items[index])
        self.fresh()
        self.assertNotEqual(self.again(text.replace("access: write", "access: read"), *SQLITE), (0, "3\n"))

    def test_what_is_learnt_again_is_the_same(self):
        trace, _ = self.recorded(*SQLITE, options=["--dir", f"{self.data}::/data"])
        first = json.loads(self.warrant("policy", "learn", "--json", trace).stdout)
        self.learn(trace)
        self.fresh()
        second, _ = self.recorded(*SQLITE, options=["--policy", self.policy], name="second")
        again = json.loads(self.warrant("policy", "learn", "--json", second).stdout)
        self.assertEqual(*[[(file["host"], file["guest"], file["access"]) for file in learnt["policy"]["files"]] for learnt in (first, again)])

    def test_events_are_those_that_are_refused(self):
        """The first event that a grant names is refused where the grant is for reading alone, and none before it."""
        trace, _ = self.recorded(GUESTS / "steps.wasm", "3", options=["--dir", f"{self.data}::/data"])
        learnt = json.loads(self.warrant("policy", "learn", "--json", trace).stdout)
        access = [reason for reason in learnt["reasons"] if reason["of"] == "access"]
        first = access[0]["refused_without"][0]["events"][0]
        opened = [item for item in self.show(trace) if item.get("call") == "path_open"]
        self.assertEqual(first, opened[0]["event"])
        refused, _ = self.recorded(GUESTS / "steps.wasm", "3", options=["--dir", f"{self.data}::/data:ro"], status=1, name="refused")
        self.assertEqual([item["event"] for item in self.show(refused) if item.get("call") == "path_open"], [first])

    def test_several_runs(self):
        """One policy for all of them; each grant says which run needs it."""
        one, said = self.recorded(*SQLITE, options=["--dir", f"{self.data}::/data"], name="one")
        two, _ = self.recorded(GUESTS / "steps.wasm", "4", options=["--dir", f"{self.outside}::/data"], name="two", witness=["--witness", "off"])
        done = self.learn(one, two, status=1)
        self.assertIn("different directories as /data", done)
        three, sum_ = self.recorded(GUESTS / "steps.wasm", "4", options=["--dir", f"{self.data}::/data"], name="three")
        text = self.learn(one, three)
        self.assertIn("needed by run 2", text)
        self.fresh()
        self.assertEqual(self.again(text, *SQLITE), (0, said))
        self.assertEqual(self.again(text, GUESTS / "steps.wasm", "4"), (0, sum_))

    def test_depth(self):
        trace, _ = self.recorded(*SQLITE, options=["--dir", f"{self.data}::/data"])
        text = self.learn(trace, options=["--depth", "0"])
        self.assertEqual(len(blocks(text)[1]), 1)
        self.assertIn(f'host: "{self.data}"\n', text)
        self.assertIn("access: write", text)

    def test_links_are_not_left_behind(self):
        """A file that was reached through a link in the directory: the grant has to hold both."""
        (self.data / "real").mkdir()
        (self.data / "real/q.sql").write_text(SELECT)
        (self.data / "way").mkdir()
        (self.data / "way/q.sql").symlink_to("../real/q.sql")
        words = [GUESTS / "sqlite.wasm", ":memory:", ".read /data/way/q.sql"]
        trace, said = self.recorded(*words, options=["--dir", f"{self.data}::/data"])
        text = self.learn(trace)
        self.assertIn(f'host: "{self.data}"\n', text)
        self.assertIn("access: read\n", text)
        self.assertEqual(self.again(text, *words), (0, said))
        (self.data / "way/q.sql").unlink()
        (self.data / "way/q.sql").write_text(SELECT)
        trace, said = self.recorded(*words, options=["--dir", f"{self.data}::/data"])
        self.assertIn(f'host: "{self.data}/way"\n', self.learn(trace))
        self.assertEqual(self.again(self.policy.read_text(), *words), (0, said))

    def test_by_number(self):
        """A guest that never asks for names: the directory before its own stays, for the number."""
        (self.outside / "f").write_bytes(b"\x2a")
        module = self.folder / "numbered.wasm"
        module.with_suffix(".wat").write_text(NUMBERED)
        subprocess.run(["wat2wasm", module.with_suffix(".wat"), "-o", module], check=True)
        dirs = ["--dir", f"{self.data}::/data", "--dir", f"{self.outside}::/outside", "--dir", f"{self.folder}/data/in::/third"]
        trace, _ = self.recorded(module, options=dirs, status=42)
        text = self.learn(trace)
        items = blocks(text)[1]
        self.assertEqual(len(items), 2)
        self.assertIn("keeps the numbers", "\n".join(items[0][1]))
        self.assertNotIn("write", "".join(line for _, item in items for line in item if "access" in line))
        self.assertEqual(self.again(text, module)[0], 42)
        for index in range(2):
            self.assertNotEqual(self.again(without(text, index), module)[0], 42)

    def test_names_and_numbers(self):
        """A guest that asks for names and uses numbers: found out by executing it under what was learnt."""
        (self.data / "in/f").write_text("x")
        words = [GUESTS / "poke.wasm", "path_open", 4, 0, "@in/f", 0, 2, 0, 0, "out"]
        trace, said = self.recorded(*words, options=["--dir", f"{self.outside}::/outside", "--dir", f"{self.data}::/data"])
        text = self.learn(trace)
        self.assertIn("path_open = 0", said)
        self.assertEqual(self.again(text, *words), (0, said))
        self.assertEqual([re.search(r'host: "(.*)"', "\n".join(item))[1] for _, item in blocks(text)[1]], [str(self.outside), str(self.data)])
        self.assertNotIn("access: write", text)

    def test_network(self):
        """Of a wide rule the address that was used; without it the connection is refused."""
        with socket.socket() as server:
            server.bind(("127.0.0.1", 0))
            server.listen()
            port = server.getsockname()[1]

            def serve():
                while True:
                    try:
                        peer, _ = server.accept()
                    except OSError:
                        return
                    with peer:
                        while said := peer.recv(4096):
                            peer.sendall(said)
            thread = threading.Thread(target=serve, daemon=True)
            thread.start()
            words = [GUESTS / "net.wasm", "call", port, 2]
            trace, said = self.recorded(*words, options=["--connect", "tcp:127.0.0.0/8:1-65535", "--connect", "udp:10.0.0.0/8:1-65535",
                                                         "--resolve", "example.org", "--dir", f"{self.data}::/data"])
            text = self.learn(trace)
            items = blocks(text)[1]
            self.assertEqual([key for key, _ in items], ["network"])
            self.assertIn(f'connect: ["127.0.0.1/32:{port}"]', text)
            self.assertEqual(self.again(text, *words), (0, said))
            self.assertNotEqual(self.again(without(text, 0), *words)[0], 0)
            server.shutdown(socket.SHUT_RDWR)
            thread.join(10)

    def test_nothing_used(self):
        trace, said = self.recorded(GUESTS / "poke.wasm", "fd_close", 99, options=["--dir", f"{self.data}::/data"])
        text = self.learn(trace)
        self.assertEqual(blocks(text)[1], [])
        self.assertEqual(self.again(text, GUESTS / "poke.wasm", "fd_close", 99), (0, said))

    def test_limits(self):
        """Each is wide enough for the run, and says what was seen; none is wider than the run's."""
        trace, _ = self.recorded(*SQLITE, options=["--dir", f"{self.data}::/data", "--fuel", "900000"])
        text = self.learn(trace)
        self.assertRegex(text, r"calls: 500 # \d+ seen")
        self.assertRegex(text, r"fuel: 900000 # \d+ seen")
        self.warrant("policy", "lint", self.policy)

    def test_a_cut_trace(self):
        trace, _ = self.recorded(*SQLITE, options=["--dir", f"{self.data}::/data"], witness=["--witness", "off"])
        cut = self.folder / "cut.wtrace"
        chunks = warrant_case.chunks(trace.read_bytes())
        cut.write_bytes(trace.read_bytes()[:chunks[-1]["at"]])
        self.assertIn("not the whole run", self.learn(cut, status=1))
        self.assertFalse(self.policy.exists())
        text = self.learn(cut, options=["--partial"])
        self.assertIn("did not come to its own end", text)

    def test_a_killed_guest(self):
        trace, _ = self.recorded(GUESTS / "spin.wasm", options=["--fuel", "1000"], status=126)
        done = self.warrant("policy", "learn", trace)
        self.assertIn("would have needed later is not known", done.stdout)
        self.assertIn("would have needed later is not known", done.stderr)
        self.assertRegex(done.stdout, "fuel: 1000 # as the runs had it")

    def test_unwitnessed_is_said(self):
        trace, _ = self.recorded(GUESTS / "poke.wasm", "fd_close", 99, witness=["--witness", "off"])
        done = self.warrant("policy", "learn", trace)
        self.assertIn("unwitnessed", done.stdout)
        self.assertIn("unwitnessed", done.stderr)

    @needs_witness
    def test_findings_teach_nothing(self):
        """A trace whose witness's file is gone."""
        trace, _ = self.recorded(GUESTS / "steps.wasm", "3", options=["--dir", f"{self.data}::/data"], witness=["--witness", "on"])
        trace.with_suffix(".wwit").unlink()
        self.check(trace=trace, status=1)
        self.assertIn("with findings, the first is witness.missing", self.learn(trace, status=1))
        self.assertFalse(self.policy.exists())

    def test_strange_traces(self):
        """Whatever a file holds, it teaches or is refused, and nothing dies."""
        for trace in sorted((SOURCE / "tests/golden").glob("*.wtrace")):
            with self.subTest(trace=trace.name):
                done = self.warrant("policy", "learn", "--partial", "--no-replay", trace, status=None)
                self.assertIn(done.returncode, (0, 1, 3), done.stderr)

    def test_outputs(self):
        """Not where a guest of the traces could write; over no link."""
        trace, _ = self.recorded(GUESTS / "steps.wasm", "3", options=["--dir", f"{self.data}::/data"])
        done = self.warrant("policy", "learn", trace, "-o", self.data / "p.yaml", status=3)
        self.assertIn("p.yaml", done.stderr)
        self.assertEqual(list(self.data.glob("p.yaml")), [])
        self.policy.symlink_to(self.folder / "elsewhere")
        self.warrant("policy", "learn", trace, "-o", self.policy, status=3)
        self.assertFalse((self.folder / "elsewhere").exists())
        for words in (["learn"], ["learn", "--dir", "x", trace], ["lint", "--depth", "1"], ["teach"], ["learn", trace, "--depth", "x"]):
            self.warrant("policy", *words, status=2)


warrant_case.main()
