"""`warrant show` as users of strace expect it: words for numbers, names behind descriptors, times, filters, a summary."""
import hashlib
import json
import os

import warrant_case
from warrant_case import Case


class Show(Case):
    def lines(self, *words):
        return [line for line in self.warrant("show", *words, self.trace).stdout.splitlines() if not line.startswith(("#", "+++"))]

    def items(self, *words):
        return [json.loads(line) for line in self.warrant("show", "--json", *words, self.trace).stdout.splitlines()]

    def poke(self):
        """Opens, moves, closes; a refusal, a failure, a directory."""
        (self.data / "a.txt").write_text("hello")
        self.record("poke", "path_open", 3, 1, "@a.txt", 0, 2, 0, 0, "out", "--", "fd_read", 4, "iov:new:3", "out", "--", "fd_seek", 4, -1, 2,
                    "out", "--", "fd_readdir", 3, "out", 200, 0, "out", "--", "path_open", 3, 0, "@../x", 1, 2, 0, 0, "out", "--", "path_unlink_file", 3, "@none",
                    "--", "fd_close", 4, "--", "fd_read", 4, "iov:new:3", "out", "--", "clock_time_get", 0, 1, "out")

    def test_words_and_names(self):
        self.poke()
        text = "\n".join(self.lines())
        for piece in ('path_open(3</data>, SYMLINK_FOLLOW, "a.txt", 0, FD_READ, 0, 0) = 0 (opened_fd 4</data/a.txt>)', "fd_read(4</data/a.txt>, [{",
                      "fd_seek(4</data/a.txt>, -1, END) = 76 NOTCAPABLE", '"a.txt"], 0) = 0 (bufused', '"../x", CREAT, FD_READ, 0, 0) = 76 NOTCAPABLE',
                      "fd_close(4</data/a.txt>) = 0", "fd_read(4, ", "clock_time_get(REALTIME, 1) = 0"):
            self.assertIn(piece, text)
        first = next(item for item in self.items() if item["call"] == "path_open")
        self.assertEqual((first["args"]["fd"], first["paths"], first["symbolic"]["fs_rights_base"]), (3, {"fd": "/data", "opened_fd": "/data/a.txt"}, "FD_READ"))

    def test_filters(self):
        self.poke()
        def calls(*words):
            found = [item["call"] for item in self.items(*words) if "call" in item]
            self.assertEqual(len(self.lines(*words)), len(found))
            return found
        every = calls()
        self.assertEqual(calls("-e", "fd_read,fd_close"), ["fd_read", "fd_close", "fd_read"])
        self.assertEqual(sorted(calls("-e", "!%file") + calls("-e", "%file")), sorted(every))
        self.assertEqual(calls("-e", "%refused"), ["fd_seek", "path_open", "fd_read"])
        self.assertEqual(calls("-e", "%failed", "-e", "!%refused"), ["path_unlink_file"])
        self.assertEqual(calls("-e", "%network"), [])
        self.assertEqual(calls("--fd", 4), ["path_open", "fd_read", "fd_seek", "fd_close", "fd_read"])
        self.assertEqual(calls("--path", "/data/a.txt"), ["path_open", "fd_read", "fd_seek", "fd_close"])
        self.assertEqual(calls("--path", "/data/a.txt", "-n", 2), ["path_open", "fd_read"])
        closed = next(item["event"] for item in self.items() if item.get("call") == "fd_close")
        self.assertEqual(calls("--path", "/data/a.txt", "--range", f"{closed}.."), ["fd_close"])
        for wrong, near in (("fd_raed", '"fd_read" is near'), ("%fail", '"%failed" is near'), ("%x", "the classes are %file"), ("", "--calls wants"),
                            ("fd_read,", "--calls wants"), ("fd_read,!fd_write", "before the whole list")):
            self.assertIn(near, self.warrant("show", "-e", wrong, self.trace, status=2).stderr)

    def test_times(self):
        """The trace's clock is the guest's: what the guest was told lies between the times around it."""
        self.poke()
        items = [item for item in self.items("-t", "-r", "-T") if "call" in item]
        at = next(i for i, item in enumerate(items) if item["call"] == "clock_time_get")
        told = items[at]["results"][0]
        before, behind = items[at - 1], items[at + 1]
        self.assertLessEqual(before["wall_ns"] + (before["duration_ns"] or 0), told + 1000)
        timed = next(item for item in items[at + 1:] if item["duration_ns"] is not None)
        self.assertGreaterEqual(timed["wall_ns"] + 1000, told)
        self.assertGreaterEqual(behind["since_start_ns"], before["since_start_ns"])
        line = self.lines("-t", "-r", "-T")[-1]
        self.assertRegex(line, r"^ +\d+ \d\d:\d\d:\d\d\.\d{6}[ ~] +\d+\.\d{6}[ ~] fd_write\(.* <\d+\.\d{6}>$")

    def test_grants(self):
        """Every fact that an auditor asks first, of a run that was granted of each kind something."""
        policy, other = self.folder / "p.yaml", self.folder / "other"
        other.mkdir()
        policy.write_text(f"version: 1\nfiles:\n  - host: {other}\n    guest: /d\n    access: read\nlimits: {{ descriptors: 9 }}\n")
        self.record("poke", "clock_time_get", 0, 1, "out, \"x", options=["--policy", policy, "--env", "K=V w", "--label", "job=7"])
        text = self.warrant("show", "--grants", self.trace).stdout
        report = json.loads(self.warrant("show", "--grants", "--json", self.trace).stdout)
        for piece in (f"reads {other} as /d", f"reads and writes {self.data} as /data", "# label job=7", 'environment "K=V w"\n', '"out, \\"x"', "no network",
                      f", opened at {self.data}\n", "descriptors: at most 9 open", f"inode {other.stat().st_ino}"):
            self.assertIn(piece, text)
        self.assertEqual([(file["guest"], file["access"]) for file in report["policy"]["files"]], [("/d", "read"), ("/data", "write")])
        self.assertEqual((report["environment"], report["labels"], report["policy"]["limits"]["descriptors"]), (["K=V w"], ["job=7"], 9))
        self.assertEqual([(at["fd"], at["name"]) for at in report["descriptors"]][2:], [(2, "stderr"), (3, "/d"), (4, "/data")])
        self.assertEqual((report["descriptors"][3]["ino"], report["facts"]["host"]), (other.stat().st_ino, os.uname().nodename))
        self.assertEqual(report["module_blake2b"], hashlib.blake2b((warrant_case.GUESTS / "poke.wasm").read_bytes(), digest_size=32).hexdigest())

    @warrant_case.needs_witness
    def test_impact_of_runs(self):
        """A call that one of three runs issues stands out, and its story names the run and the hostcall."""
        for i, words in enumerate((["steps", 3], ["steps", 5], ["poke", "path_symlink", "@a", 3, "@b"])):
            self.record(*words)
            self.check("--db", self.folder / "a.db")
            self.trace.unlink(), self.witness.unlink()
        rows = json.loads(self.warrant("query", "--json", self.folder / "a.db", "impact").stdout)
        found = {(row["syscall"], row["run"]): row for row in rows}
        link, write = found["symlinkat", 3], found["pwrite64", 1]
        self.assertEqual((link["count"], link["planned"], link["runs"], link["of_runs"], link["most"]), (1, 1, 1, 3, 1))
        self.assertEqual((write["count"], write["runs"], write["least"], write["mean"], write["most"]), (3, 2, 3, 4, 5))
        story = json.loads(self.warrant("syscalls", "symlinkat", "--json", "--db", self.folder / "a.db").stdout)
        self.assertEqual(story["seen"], [{"run": 3, "process": "guest", "class": "plan", "hostcall": "path_symlink", "count": 1, "errors": 0}])
        self.assertIn("path_symlink", self.warrant("syscalls", "symlinkat", "--db", self.folder / "a.db").stdout.split("what runs did with it")[1])
        self.warrant("syscalls", "symlinkat", "--db", self.folder / "none.db", status=3)

    def test_summary(self):
        self.record("steps", 5)
        report = json.loads(self.warrant("show", "-c", "--json", self.trace).stdout)
        counts = {row["call"]: row for row in report["calls"]}
        self.assertEqual((counts["fd_filestat_get"]["count"], counts["fd_read"]["bytes_in"]), (5, 20))
        self.assertEqual(report["total"]["count"], sum(row["count"] for row in report["calls"]))
        self.assertAlmostEqual(report["total"]["total_ns"], sum(row["total_ns"] for row in report["calls"]), delta=100)  # each is cut to a nanosecond
        times = [row["total_ns"] for row in report["calls"]]
        self.assertEqual(times, sorted(times, reverse=True))
        head, ruler, *rows = self.warrant("show", "-c", self.trace).stdout.splitlines()
        self.assertEqual([row.split()[-1] for row in rows[: len(counts)]], [row["call"] for row in report["calls"]])
        self.assertEqual(self.warrant("show", "-c", "-e", "fd_read", self.trace).stdout.splitlines()[2].split()[3], "5")


warrant_case.main()
