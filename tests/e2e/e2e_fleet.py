"""Many runs in one database: each named query asked about some of them answers as a database of those alone would."""
import calendar
import json
import re
import sqlite3
import time

import warrant_case
from warrant_case import Case

QUERIES = ("runs", "hostcalls", "verdicts", "syscalls", "files", "refusals", "impact", "connections", "findings")
LISTS = ("runs", "files", "refusals", "impact", "connections", "findings")  # single things: each row has its run
GUESTS = (["path_open", 3, 1, "@f", 0, 6, 0, 0, "out", "--", "fd_read", 4, "iov:new:8", "out"],
          ["path_open", 3, 1, "@../f", 0, 6, 0, 0, "out", "--", "path_filestat_get", 3, 0, "@f", "out"],
          ["fd_read", 77, "iov:new:8", "out", "--", "path_open", 3, 1, "@f", 0, 6, 0, 0, "out"])
LABELS = (["env=prod", "team=a"], ["env=prod", "team=b, c=d"], ["env=test", "odd=x\x1b\\"])
SECOND = 1000000000


class Fleet(Case):
    def setUp(self):
        super().setUp()
        (self.data / "f").write_text("12345678")
        self.db = self.folder / "fleet.db"
        self.traces = []
        for number, (words, labels) in enumerate(zip(GUESTS, LABELS), 1):
            self.trace = self.folder / f"{number}.wtrace"
            self.record("poke", *words, options=[word for label in labels for word in ("--label", label)])
            self.traces.append(self.trace)
            self.warrant("check", "--no-replay", "--db", self.folder / f"{number}.db", self.trace)
        self.warrant("check", "--no-replay", "--db", self.db, *self.traces)

    def ask(self, query, *options, db=None):
        return json.loads(self.warrant("query", "--json", *options, db or self.db, query).stdout)

    def change(self, sql, *values, db=None):
        with sqlite3.connect(db or self.db) as connection:
            connection.execute(sql, values)
        connection.close()

    def chosen(self, *options):
        return [row["run"] for row in self.ask("runs", *options)]

    def refused(self, *words, status, says):
        done = self.warrant(*words, status=status)
        self.assertEqual((done.stdout, len(done.stderr.splitlines())), ("", 1), done.stderr)
        self.assertIn(says, done.stderr)

    def test_as_a_database_of_its_own(self):
        listed = re.findall(r"^  (\S+) ", self.warrant("query", self.db).stdout, re.M)
        self.assertEqual(set(listed), set(QUERIES))
        for number, labels in enumerate(LABELS, 1):
            alone = {query: self.ask(query, db=self.folder / f"{number}.db") for query in QUERIES}
            ways = [("--run", number), ("--label", labels[-1]), ("--label", labels[-1].split("=")[0], "--label", labels[-1], "--since", "1d")]
            for way in ways if number != 1 else ways[:1]:  # every run has the label that tells the first one apart
                for query in QUERIES:
                    rows = self.ask(query, *way)
                    if query in LISTS:
                        self.assertTrue(all(row.pop("run") == number for row in rows), (query, rows))
                        self.assertEqual([row.pop("run") for row in self.ask(query, db=self.folder / f"{number}.db")], [1] * len(rows))
                    self.assertEqual(rows, [{k: v for k, v in row.items() if k != "run" or query not in LISTS} for row in alone[query]], (query, way))
            self.assertTrue(alone["hostcalls"] and alone["files"] and (number == 1 or alone["refusals"]))
        for query in LISTS:
            everything = self.ask(query)
            some = [row for row in everything if row["run"] != 2]
            if query != "impact":  # which compares those that are chosen
                self.assertEqual(self.ask(query, "--run", "3,1"), some)
        self.assertIn("path_open", [row["call"] for row in self.ask("hostcalls", "--run", 2)])

    def test_runs_says_what_is_known(self):
        rows = self.ask("runs")
        host = json.loads(self.warrant("show", "--grants", "--json", self.traces[0]).stdout)
        for row, labels in zip(rows, LABELS):
            self.assertEqual((row["host"], row["module"]), (self.ask("SELECT host FROM runs")[0]["host"], str(warrant_case.GUESTS / "poke.wasm")))
            self.assertIn(row["host"], json.dumps(host))
            self.assertTrue(row["host"])
            self.assertLess(abs(time.time() - calendar.timegm(time.strptime(row["started"], "%Y-%m-%dT%H:%M:%SZ"))), 3600)
        self.assertEqual([row["labels"] for row in rows], ["env=prod, team=a", "env=prod, team=b, c=d", "env=test, odd=x\\x1b\\\\"])
        self.assertEqual(self.ask("SELECT name, value FROM labels WHERE run = 2"), [{"name": "env", "value": "prod"}, {"name": "team", "value": "b, c=d"}])
        self.warrant("check", "--no-replay", "--db", self.db, self.traces[1])  # again: its labels are there once
        self.assertEqual(self.ask("SELECT count(*) AS n FROM labels"), [{"n": 6}])

    def test_by_number_and_id(self):
        ids = [row["run_id"] for row in self.ask("runs")]
        for words, runs in ((["2"], [2]), (["3,1"], [1, 3]), (["2..3"], [2, 3]), (["1", "1..2"], [1, 2]), (["3..9"], [3]),
                            ([ids[1]], [2]), ([ids[2][:8].upper()], [3]), ([f"1,{ids[1][:20]}"], [1, 2])):
            self.assertEqual(self.chosen(*[word for run in words for word in ("--run", run)]), runs, words)
        for word in ("9", "0", "5..4", "1,9", "0" * 32, "9999999"):
            self.refused("query", "--run", word, self.db, "runs", status=3, says="has no run")
        for word in ("", "x", "1,", "-1", "1...2", "1..", "abcdefg", "0" * 33, "1;2", "99999999x"):
            self.refused("query", f"--run={word}", self.db, "runs", status=2, says="a run is a number")
        self.change("UPDATE runs SET run_id = ? WHERE id = 2", ids[0][:8] + "0" * 24)
        self.refused("query", "--run", ids[0][:8], self.db, "runs", status=2, says="more than one")

    def test_by_time(self):
        now = time.time_ns()
        for run, age in ((1, 10 * 86400), (2, 3600), (3, 0)):
            self.change("UPDATE runs SET started_ns = ? WHERE id = ?", now - age * SECOND, run)
        for word, runs in (("2d", [2, 3]), ("2w", [1, 2, 3]), ("30m", [3]), ("90m", [2, 3]), ("400w", [1, 2, 3]), ("3000w", [1, 2, 3]), ("1970-01-01", [1, 2, 3])):
            self.assertEqual(self.chosen("--since", word), runs, word)
        day = time.strftime("%Y-%m-%d", time.gmtime(now / SECOND - 5 * 86400))
        for word in (day, f"{day}T23:59", f"{day} 00:00", f"{day}T10:20:30Z"):
            self.assertEqual(self.chosen("--since", word), [2, 3], word)
        self.change("UPDATE runs SET started_ns = 1767225600000000000 WHERE id = 1")  # 2026-01-01
        self.change("UPDATE runs SET started_ns = 1767225599999999999 WHERE id = 2")
        self.change("UPDATE runs SET started_ns = NULL WHERE id = 3")  # not known: shown
        self.assertEqual(self.chosen("--since", "2026-01-01"), [1, 3])
        self.assertEqual(self.chosen("--since", "2026-01-01T00:00:01"), [3])
        for word in ("", "yesterday", "5", "-1d", "d", "2026-02-30", "2026-13-01", "2026-01-01T24:00", "2026-01-01T10", "2026-01-01x", "2026-1-1", "1e30d", "90000w"):
            self.refused("query", f"--since={word}", self.db, "runs", status=2, says="--since wants a time")

    def test_by_label(self):
        for words, runs in ((["env"], [1, 2, 3]), (["env=prod"], [1, 2]), (["team"], [1, 2]), (["env=prod", "team=a"], [1]), (["team=a", "team=b, c=d"], []),
                            (["odd=x\x1b\\"], [3]), (["env="], []), (["en"], []), (["env=prod' OR 1"], [])):
            self.assertEqual(self.chosen(*[word for label in words for word in ("--label", label)]), runs, words)
        self.refused("query", "--label", "=x", self.db, "runs", status=2, says="KEY or KEY=VALUE")
        self.refused("query", "--label", "env", self.db, "SELECT 1 AS a", status=2, says="SQL says WHERE itself")
        self.refused("query", self.db, "SELECT * FROM chosen", status=2, says="no such table")


warrant_case.main()
