"""Many runs in one database: each named query asked about some of them answers as a database of those alone would."""
import calendar
import json
import pathlib
import re
import shutil
import sqlite3
import tempfile
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


class FleetCase(Case):
    _made = None  # a folder with the traces, a database of each, and one of all; made once

    def setUp(self):
        super().setUp()
        if FleetCase._made is None:
            FleetCase._made = tempfile.TemporaryDirectory(prefix="warrant-fleet-")
            self.make(pathlib.Path(FleetCase._made.name))
        made = pathlib.Path(FleetCase._made.name)
        for db in made.glob("*.db"):
            shutil.copy(db, self.folder)
        self.db = self.folder / "fleet.db"
        self.traces = [made / f"{number}.wtrace" for number in (1, 2, 3)]

    def make(self, made):
        (self.data / "f").write_text("12345678")
        for number, (words, labels) in enumerate(zip(GUESTS, LABELS), 1):
            self.trace = made / f"{number}.wtrace"
            self.record("poke", *words, options=[word for label in labels for word in ("--label", label)])
            self.warrant("check", "--no-replay", "--db", made / f"{number}.db", self.trace)
        self.warrant("check", "--no-replay", "--db", made / "fleet.db", *(made / f"{number}.wtrace" for number in (1, 2, 3)))

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


class Questions(FleetCase):
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


class Change(FleetCase):
    """Runs are taken away and taken in whole: what stays is, row for row, what a check of those alone had written."""

    TABLES = ("runs", "label", "hostcall", "string", "op", "syscall", "socket", "file", "finding")

    def dump(self, db=None):
        """All rows of the tables that a check writes; of runs without where they were merged from, of findings without their numbers."""
        with sqlite3.connect(db or self.db) as connection:
            rows = {}
            for table in self.TABLES:
                cursor = connection.execute(f"SELECT * FROM {table}")
                names = [column[0] for column in cursor.description]
                left = {"merged_from"} | ({"id"} if table == "finding" else set())
                rows[table] = sorted(([value for name, value in zip(names, row) if name not in left] for row in cursor), key=repr)
        connection.close()
        return rows

    def db_command(self, *words, status=0):
        return json.loads(self.warrant("db", *words, "--json", status=status).stdout or "{}")

    def others(self):
        return [self.folder / f"{number}.db" for number in (1, 2, 3)]

    def test_merged_is_as_checked(self):
        all_db = self.folder / "all.db"
        told = self.db_command("merge", all_db, "--dry-run", *self.others())
        self.assertFalse(all_db.exists())
        done = self.db_command("merge", all_db, *self.others())
        self.assertEqual([row["done"] for row in done["runs"]], ["merged"] * 3)
        self.assertEqual((told["runs"], done["runs_left"], all_db.stat().st_mode & 0o777), (done["runs"], 3, 0o600))
        self.assertEqual(self.dump(all_db), self.dump())
        for query in QUERIES:
            self.assertEqual(self.ask(query, db=all_db), self.ask(query), query)
        self.assertEqual(self.ask("SELECT merged_from FROM runs", db=all_db), [{"merged_from": str(other)} for other in self.others()])
        self.assertEqual(self.ask("SELECT DISTINCT merged_from FROM runs"), [{"merged_from": None}])
        # Under other numbers than there: a database that has runs already.
        mixed = self.folder / "mixed.db"
        self.warrant("check", "--no-replay", "--db", mixed, self.traces[2], self.traces[0])
        self.warrant("db", "merge", mixed, self.db)
        other = self.folder / "other.db"
        self.warrant("check", "--no-replay", "--db", other, self.traces[2], self.traces[0], self.traces[1])
        self.assertEqual(self.dump(mixed), self.dump(other))

    def test_what_is_there_stays(self):
        self.change("UPDATE runs SET verdict = 'as the other says', failing = 7", db=self.folder / "2.db")
        before = self.dump()
        done = self.db_command("merge", self.db, self.folder / "2.db")
        self.assertEqual([(row["done"], row["verdict"]) for row in done["runs"]], [("kept", "as the other says")])
        self.assertEqual(done["runs"][0]["verdict_here"], self.ask("runs", "--run", 2)[0]["verdict"])
        self.assertEqual(self.dump(), before)
        self.assertIn("as the other says; here: ", self.warrant("db", "merge", self.db, self.folder / "2.db").stdout)
        done = self.db_command("merge", self.db, "--replace", self.folder / "2.db")
        self.assertEqual([row["done"] for row in done["runs"]], ["replaced"])
        row = self.ask("runs", "--run", 2)[0]
        self.assertEqual((row["verdict"], row["failing"], self.chosen()), ("as the other says", 7, [1, 2, 3]))
        self.warrant("check", "--no-replay", "--db", self.db, self.traces[1])  # its own check again
        self.assertEqual(self.dump(), before)
        self.assertEqual(self.ask("SELECT count(merged_from) AS n FROM runs"), [{"n": 0}])

    def test_deleted_is_gone(self):
        before = self.db.read_bytes()
        told = self.db_command("delete", self.db, "2", "-n")
        self.assertEqual((self.db.read_bytes(), told["dry_run"], told["runs_left"]), (before, True, 3))
        self.assertIn(b"team", before)
        done = self.db_command("delete", self.db, "2..3")
        self.assertEqual([(row["done"], row["run"], row["labels"]) for row in done["runs"]],
                         [("deleted", 2, "env=prod, team=b, c=d"), ("deleted", 3, "env=test, odd=x\\x1b\\\\")])
        self.assertEqual((self.dump(), done["runs_left"]), (self.dump(self.folder / "1.db"), 1))
        self.assertIn(b"b, c=d", before)
        self.assertNotIn(b"b, c=d", self.db.read_bytes())  # written over, and not only free
        size = self.db.stat().st_size
        done = self.db_command("delete", self.db, self.ask("runs")[0]["run_id"], "--shrink")
        self.assertEqual((done["runs_left"], done["free_bytes"], done["file_bytes"]), (0, 0, self.db.stat().st_size))
        self.assertLess(self.db.stat().st_size, size)
        self.warrant("check", "--no-replay", "--db", self.db, self.traces[0])
        self.assertEqual(self.dump(), self.dump(self.folder / "1.db"))

    def test_prune(self):
        now = time.time_ns()
        for run, age in ((1, 10 * 86400), (2, 3600), (3, 0)):
            self.change("UPDATE runs SET started_ns = ? WHERE id = ?", now - age * SECOND, run)
        self.change("UPDATE runs SET failing = 0, exit_status = 0")
        whole = self.db.read_bytes()
        for words, gone in ((["--before", "2d"], [1]), (["--before", "90m"], [1]), (["--before", "30m"], [1, 2]), (["--before", "4w"], []),
                            (["--before", time.strftime("%Y-%m-%d", time.gmtime(now / SECOND - 5 * 86400))], [1]),
                            (["--keep", "1"], [1, 2]), (["--keep", "2"], [1]), (["--keep", "0"], [1, 2, 3]), (["--keep", "3"], []),
                            (["--keep", "1", "--label", "env=prod"], [1]), (["--keep", "0", "--before", "30m"], [1, 2]), (["--keep", "2", "--before", "30m"], [1]),
                            (["--label", "env=prod"], [1, 2]), (["--label", "env=prod", "--before", "1d"], [1]), (["--label", "env=none"], [])):
            told = self.db_command("prune", "--dry-run", *words, self.db)
            self.assertEqual([row["run"] for row in told["runs"]], gone, words)
            self.assertEqual(self.db.read_bytes(), whole)
        # What a check found, and what is not known, is left.
        for sql, gone in (("failing = 1", [1]), ("exit_status = 3", [1]), ("failing = NULL", [1]), ("started_ns = NULL", [1]), ("started_ns = 0", [1])):
            self.change(f"UPDATE runs SET {sql} WHERE id = 2")
            told = self.db_command("prune", "--dry-run", "--keep", "1", "--keep-failing", self.db)
            self.assertEqual([row["run"] for row in told["runs"]], gone, sql)
            self.db.write_bytes(whole)
        said = self.warrant("db", "prune", self.db, "--before", "30m").stdout
        self.assertIn("2 runs deleted; 1 run in it", said)
        self.assertEqual(self.chosen(), [3])
        self.assertIn("nothing to do; 1 run in it", self.warrant("db", "prune", self.db, "--before", "30m").stdout)

    def test_usage(self):
        before = self.dump()
        for words, says in (([], "delete, prune or merge"), (["list", self.db], "delete, prune or merge"), (["delete"], "a database"), (["delete", self.db], "wants runs"),
                            (["prune", self.db], "--before, --keep or --label"), (["prune", self.db, "--keep-failing"], "--before, --keep or --label"),
                            (["prune", "--keep", "1", self.db, "2"], "one database"), (["prune", "--keep", "x", self.db], "keep"),
                            (["prune", "--before", "x", self.db], "--before wants a time"), (["delete", "--keep", "1", self.db, "2"], "--keep does not go with delete"),
                            (["merge", self.db], "wants other databases"), (["merge", "--shrink", self.db, "x"], "--shrink does not go with merge"),
                            (["merge", self.db, self.db], "the same database"), (["delete", self.db, "x"], "a run is a number")):
            self.refused("db", *words, status=2, says=says)
        for words, says in ((["delete", self.db, "1", "9"], "has no run 9"), (["delete", "none.db", "1"], "none.db"), (["prune", "none.db", "--keep", "1"], "none.db"),
                            (["merge", self.db, "none.db"], "none.db"), (["merge", "none.db", self.traces[0]], "not a database")):
            self.refused("db", *words, status=3, says=says)
        self.assertEqual(self.dump(), before)
        self.assertFalse((self.folder / "none.db").exists())
        # Of several others, those before the one that fails are in.
        done = self.warrant("db", "merge", "--json", "new.db", self.folder / "1.db", "none.db", self.folder / "2.db", status=3)
        self.assertEqual([row["done"] for row in json.loads(done.stdout)["runs"]], ["merged"])
        self.assertEqual(self.dump(self.folder / "new.db"), self.dump(self.folder / "1.db"))


warrant_case.main()
