#!/usr/bin/env python3
"""Audit databases that somebody else has made, changed, locked or left half written; and answers that are longer than memory."""
import json
import os
import pathlib
import resource
import shutil
import signal
import sqlite3
import subprocess
import time

import kit
from kit import WARRANT, Attack

NOTHING = '(module (memory (export "memory") 1) (func (export "_start")))'
CLOCKS = """
(module (import "wasi_snapshot_preview1" "clock_time_get" (func $c (param i32 i64 i32) (result i32)))
  (memory (export "memory") 1)
  (func (export "_start") (local $i i32)
    (loop $l (drop (call $c (i32.const 1) (i64.const 1) (i32.const 0)))
      (br_if $l (i32.lt_u (local.tee $i (i32.add (local.get $i) (i32.const 1))) (i32.const 800000))))))
"""
ENDLESS = "WITH RECURSIVE c(x) AS (SELECT 1 UNION ALL SELECT x + 1 FROM c) SELECT x, hex(x) AS h FROM c"


class Database(Attack):
    def setUp(self):
        super().setUp()
        self.db = self.folder / "audit.db"
        self.attack(self.wat(NOTHING), options=["--witness", "off"], status=0)

    def record_large(self):
        large = self.folder / "large.wtrace"
        self.warrant("record", "-q", "--witness", "off", "-o", large, self.wat(CLOCKS))
        return large

    def change(self, *statements, db=None):
        with sqlite3.connect(db or self.db, isolation_level=None) as connection:
            for statement in statements:
                connection.execute(statement)
        connection.close()

    def refused(self, *words, **more):
        """Status 3 with one line that says why; the file is as it was."""
        done = self.warrant(*words, status=3, limit=20, **more)
        self.assertEqual(len(done.stderr.splitlines()), 1, done.stderr)
        return done.stderr

    # ---- a schema that is not ours ----

    def test_changed_schema(self):
        for change in (["CREATE TRIGGER t AFTER INSERT ON finding BEGIN DELETE FROM finding; UPDATE runs SET verdict = 'clean'; END"],
                       ["DROP VIEW findings", "CREATE VIEW findings AS SELECT 1 AS run, 'notice' AS severity, 'x' AS rule, NULL AS call, NULL AS hostcall"],
                       ["CREATE TABLE more(a, b AS (hex(a)))"],
                       ["PRAGMA writable_schema = ON", "UPDATE sqlite_schema SET sql = replace(sql, 'verdict TEXT', 'verdict TEXT DEFAULT ''clean''')"]):
            with self.subTest(change=change):
                self.db.unlink(missing_ok=True)
                self.warrant("check", "--db", self.db, self.trace)
                self.change(*change)
                before = self.db.read_bytes()
                self.assertIn("changed", self.refused("check", "--db", self.db, self.trace))
                self.assertIn("changed", self.refused("query", self.db, "findings"))
                self.assertIn("changed", self.refused("db", "delete", self.db, "1"))
                self.assertIn("changed", self.refused("db", "merge", self.folder / "new.db", self.db))
                self.assertFalse((self.folder / "new.db").exists())
                self.assertEqual(self.db.read_bytes(), before)

    def test_names_of_somebody_else(self):
        """What a finding means is ours to say, whatever the file says."""
        self.warrant("check", "--db", self.db, self.trace)
        self.change("UPDATE finding_name SET fails = 0, severity = 'notice', text = 'all is well'")
        self.warrant("check", "--db", self.db, self.trace)
        done = self.warrant("query", "--json", self.db, "SELECT count(*) AS n FROM finding_name WHERE text = 'all is well' OR severity <> 'notice'")
        self.assertGreater(json.loads(done.stdout)[0]["n"], 5)
        done = self.warrant("query", "--json", self.db, "SELECT count(*) AS n FROM finding_name WHERE text = 'all is well'")
        self.assertEqual(json.loads(done.stdout), [{"n": 0}])

    def test_other_programs_databases(self):
        self.change("CREATE TABLE cookies(a)")
        self.assertIn("not an audit database", self.refused("check", "--db", self.db, self.trace))
        self.db.write_bytes(b"this is no database\n" * 500)
        self.assertIn("not a database", self.refused("check", "--db", self.db, self.trace))
        self.assertIn("not a database", self.refused("query", self.db, "runs"))

    # ---- files that are no files ----

    def test_pipes_and_devices(self):
        pipe = self.folder / "pipe"
        os.mkfifo(pipe)
        for path in pipe, "/dev/zero", "/dev/null", self.folder:
            self.assertIn("regular file", self.refused("check", "--db", path, self.trace))
            self.assertIn("regular file", self.refused("query", path, "runs"))
            self.assertIn("regular file", self.refused("db", "delete", path, "1"))
            self.assertIn("regular file", self.refused("db", "merge", self.db, path))
        self.warrant("check", "--db", self.db, self.trace)
        for suffix in "-journal", "-wal", "-shm":
            beside = self.folder / f"audit.db{suffix}"
            os.mkfifo(beside)
            self.assertIn("regular file", self.refused("query", self.db, "runs"))
            self.assertIn("regular file", self.refused("check", "--db", self.db, self.trace))
            beside.unlink()

    def test_planted_names(self):
        """A link where the database is to be made does not lead the check elsewhere."""
        victim = self.folder / "victim"
        victim.touch()
        self.db.symlink_to(victim)
        self.assertIn("symbolic link", self.refused("check", "--db", self.db, self.trace))
        self.db.unlink()
        os.link(victim, self.db)
        self.assertIn("hard link", self.refused("check", "--db", self.db, self.trace))
        self.assertEqual(victim.stat().st_size, 0)
        self.db.unlink()
        self.db.symlink_to(self.folder / "missing")
        self.refused("check", "--db", self.db, self.trace)
        self.assertFalse((self.folder / "missing").exists())

    def test_names_that_are_no_commands(self):
        self.warrant("check", "--db", "file:x?mode=memory", self.trace)
        self.assertTrue((self.folder / "file:x?mode=memory").exists())
        self.assertEqual((self.folder / "file:x?mode=memory").stat().st_mode & 0o777, 0o600)

    # ---- what a query may do ----

    def test_only_reads(self):
        self.warrant("check", "--db", self.db, self.trace)
        before = self.db.read_bytes()
        for sql in ("DELETE FROM runs", "ATTACH 'x.db' AS x", "VACUUM INTO 'x.db'", "PRAGMA journal_mode = WAL", "SELECT * FROM pragma_table_info('runs')",
                    "SELECT load_extension('x')", "CREATE TEMP TABLE t(a)", "SELECT 1; SELECT 2"):
            done = self.warrant("query", self.db, sql, status=2)
            self.assertEqual(done.stdout, "", sql)
        self.assertEqual(self.db.read_bytes(), before)
        self.assertFalse((self.folder / "x.db").exists())

    def test_answers_without_end(self):
        """The first rows come at once, memory does not grow, and a reader that goes away ends it."""
        self.warrant("check", "--db", self.db, self.trace)
        for form in [], ["--json"]:
            process = subprocess.Popen([WARRANT, "query", *form, self.db, ENDLESS], stdout=subprocess.PIPE)
            first = process.stdout.readline()
            self.assertTrue(first)
            for _ in range(20000):
                process.stdout.readline()
            status = pathlib.Path(f"/proc/{process.pid}/status").read_text()
            peak = int(status[status.index("VmHWM:"):].split()[1])
            process.stdout.close()
            self.assertEqual(process.wait(20), -signal.SIGPIPE)
            if not kit.SANITIZE:
                self.assertLess(peak, 64 << 10)
        process = subprocess.Popen([WARRANT, "query", self.db, f"SELECT count(*) FROM ({ENDLESS})"], stdout=subprocess.PIPE)
        time.sleep(0.5)
        process.send_signal(signal.SIGINT)
        self.assertEqual(process.wait(20), -signal.SIGINT)

    def test_no_room_for_the_answer(self):
        self.warrant("check", "--db", self.db, self.trace)
        with open("/dev/full", "w") as full:
            done = subprocess.run([WARRANT, "query", self.db, "runs"], stdout=full, stderr=subprocess.PIPE)
        self.assertEqual(done.returncode, 3)
        self.assertIn(b"cannot write the answer", done.stderr)

    # ---- at the same time ----

    def test_busy(self):
        """While one check writes, a query reads and a second check waits; nothing is called no database."""
        large = self.record_large()
        self.warrant("check", "--db", self.db, self.trace)
        writer = subprocess.Popen([WARRANT, "check", "--no-replay", "--db", self.db, large], stdout=subprocess.DEVNULL)
        while not (self.folder / "audit.db-wal").exists() and writer.poll() is None:
            time.sleep(0.01)
        asked = 0
        while writer.poll() is None:
            runs = json.loads(self.warrant("query", "--json", self.db, "SELECT count(*) AS n, sum(hostcalls) AS calls FROM runs").stdout)
            self.assertIn(runs, ([{"n": 1, "calls": 0}], [{"n": 2, "calls": 800000}]))
            asked += 1
            if asked == 2:
                self.warrant("check", "--db", self.db, self.trace)
        self.assertEqual(writer.returncode, 0)
        self.assertGreater(asked, 1)
        # The one file is whole, also where readers were there to the end; the next check takes the others away.
        alone = self.folder / "alone.db"
        shutil.copy(self.db, alone)
        for db in self.db, alone:
            runs = json.loads(self.warrant("query", "--json", db, "SELECT count(*) AS n FROM runs").stdout)
            self.assertEqual(runs, [{"n": 2}])
        self.warrant("check", "--db", self.db, self.trace)
        self.assertEqual(sorted(p.name for p in self.folder.glob("audit.db*")), ["audit.db"])

    def test_long_replay_holds_up_nobody(self):
        spin = self.wat('(module (memory (export "memory") 1) (func (export "_start") (loop $l (br $l))))')
        long = self.folder / "long.wtrace"
        self.warrant("record", "-q", "--witness", "off", "--fuel", 2000000000, "-o", long, spin, status=126)
        self.warrant("check", "--db", self.db, self.trace)
        slow = subprocess.Popen([WARRANT, "check", "--db", self.db, long], stdout=subprocess.DEVNULL)
        time.sleep(0.3)
        self.warrant("check", "--no-replay", "--db", self.db, self.trace)
        self.assertIsNone(slow.poll(), "the second check waited for the first one's replay")
        self.assertEqual(slow.wait(), 0)

    def test_locked_by_somebody_else(self):
        self.warrant("check", "--db", self.db, self.trace)
        connection = sqlite3.connect(self.db, isolation_level=None)
        connection.execute("BEGIN EXCLUSIVE")
        process = subprocess.Popen([WARRANT, "check", "--db", self.db, self.trace], stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)
        time.sleep(1.5)
        self.assertIsNone(process.poll())
        connection.execute("COMMIT")
        connection.close()
        errors = process.communicate(timeout=30)[1].decode()
        self.assertEqual(process.returncode, 0)
        self.assertIn("waiting", errors)
        self.assertNotIn("not a database", errors)

    def test_writer_killed(self):
        """A check that is killed leaves what was there before, and the next one goes on."""
        large = self.record_large()
        self.warrant("check", "--db", self.db, self.trace)
        writer = subprocess.Popen([WARRANT, "check", "--no-replay", "--db", self.db, large], stdout=subprocess.DEVNULL)
        while not (self.folder / "audit.db-wal").exists() and writer.poll() is None:
            time.sleep(0.01)
        time.sleep(0.3)
        writer.kill()
        writer.wait()
        count = "SELECT count(*) AS n FROM runs"
        self.assertEqual(json.loads(self.warrant("query", "--json", self.db, count).stdout), [{"n": 1}])
        self.warrant("check", "--no-replay", "--db", self.db, large)
        self.assertEqual(json.loads(self.warrant("query", "--json", self.db, count).stdout), [{"n": 2}])

    # ---- taking runs in and away ----

    def rows(self, db):
        """All rows that a check writes, and how many pages a look at the whole file finds wrong."""
        with sqlite3.connect(db) as connection:
            self.assertEqual(connection.execute("PRAGMA integrity_check").fetchall(), [("ok",)])
            found = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in ("runs", "label", "hostcall", "op", "syscall", "file", "finding")}
        connection.close()
        return found

    def without_room(self, size, *words):
        """The command where no file may be larger than `size` bytes."""
        def limit():
            resource.setrlimit(resource.RLIMIT_FSIZE, (size, size))
        done = subprocess.run([WARRANT, "db", *words], capture_output=True, preexec_fn=limit, timeout=60 * kit.SLOW)
        self.assertEqual((done.returncode, done.stdout), (3, b""), done.stderr)

    def killed(self, size, *words):
        """The command, killed when its log beside the database has `size` bytes, if it still runs then."""
        log = self.folder / "audit.db-wal"
        with subprocess.Popen([WARRANT, "db", *words], stdout=subprocess.DEVNULL) as process:
            while process.poll() is None and not (log.exists() and log.stat().st_size >= size):
                time.sleep(0.001)
            process.kill()

    def test_changes_cut_short(self):
        """Nothing of a change stands where the disk is full, and all or nothing of it where the process is killed while it writes."""
        many, other = self.folder / "many.wtrace", self.folder / "other.db"
        self.warrant("record", "-q", "--witness", "off", "-o", many, self.wat(CLOCKS.replace("800000", "30000")))
        self.warrant("check", "--no-replay", "--db", other, many)
        self.warrant("check", "--no-replay", "--db", self.db, self.trace)
        before = self.rows(self.db)
        self.assertGreater(other.stat().st_size, 2 << 20)
        self.without_room(1 << 20, "merge", self.db, other)
        self.assertEqual(self.rows(self.db), before)
        alone = self.folder / "alone.db"
        shutil.copy(self.db, alone)
        self.warrant("db", "merge", alone, other)
        whole = self.rows(alone)
        self.assertEqual((len(whole["runs"]), len(whole["hostcall"])), (2, 30000))
        for size in 1, 500000, 1 << 20:
            self.killed(size, "merge", self.db, other)
            self.assertIn(self.rows(self.db), (before, whole))
        self.warrant("db", "merge", self.db, other)
        self.assertEqual(self.rows(self.db), whole)
        self.without_room(1 << 20, "delete", self.db, "2")
        self.without_room(1 << 20, "prune", self.db, "--keep", "0")
        self.assertEqual(self.rows(self.db), whole)
        for size in 1, 500000, 1 << 20:
            self.killed(size, "delete", self.db, "2")
            self.assertIn(self.rows(self.db), (before, whole))
        self.warrant("db", "delete", self.db, "2", status=None)
        self.assertEqual(self.rows(self.db), before)

    def test_merging_what_no_check_writes(self):
        """The rows of the other database are somebody's word: one that is of another run, of another type or without a meaning ends the merge."""
        base, other = self.folder / "base.db", self.folder / "other.db"
        self.warrant("record", "-q", "--witness", "off", "--label", "a=b", "--dir", f"{self.data}::/data", "-o", self.folder / "poke.wtrace",
                     kit.GUESTS / "poke.wasm", "path_open", 3, 1, "@f", 0, 6, 0, 0, "out")
        self.warrant("check", "--no-replay", "--db", self.db, self.trace)
        self.warrant("check", "--no-replay", "--db", base, self.folder / "poke.wtrace")
        before = self.rows(self.db)
        for change in ("UPDATE op SET hostcall = 7", "UPDATE op SET hostcall = 'x'", "UPDATE op SET hostcall = hostcall + (1 << 40)", "UPDATE file SET hostcall = -1",
                       "UPDATE hostcall SET errno = 'NOENT'", "UPDATE hostcall SET call = 1.5", "UPDATE hostcall SET verdict = 999", "UPDATE hostcall SET verdict = NULL",
                       "UPDATE finding SET kind = 999", "UPDATE finding SET kind = -1", "UPDATE op SET path = x'00'", "UPDATE runs SET verdict = x'1b5b324a'",
                       "UPDATE runs SET run_id = 'x' || run_id", "UPDATE runs SET run_id = 'G' || substr(run_id, 2)", "UPDATE runs SET run_id = substr(run_id, 1, 31) || char(0)",
                       "UPDATE runs SET id = 1 << 23", "UPDATE runs SET id = 0", "UPDATE runs SET id = -1", "UPDATE runs SET id = 9223372036854775807",
                       "UPDATE label SET value = x'ff00'", "INSERT INTO finding(run, kind) VALUES(1, 'x')"):
            shutil.copy(base, other)
            self.change(change, db=other)
            with self.subTest(change=change):
                self.assertIn("no check", self.refused("db", "merge", self.db, other))
                self.assertEqual(self.rows(self.db), before)
        # Text that is text is taken, and comes out in printable form.
        shutil.copy(base, other)
        self.change("UPDATE op SET path = char(27) || ']0;x' || char(7)", "UPDATE runs SET module = char(27) || 'x', host = 'a' || char(10) || 'b'", db=other)
        said = self.warrant("db", "merge", self.db, other).stdout
        self.assertTrue(said.replace("\n", "").isprintable(), said)
        self.assertEqual(len(said.splitlines()), 2)
        row = json.loads(self.warrant("query", "--json", self.db, "SELECT module, host FROM runs WHERE id = 2").stdout)
        self.assertEqual(row, [{"module": "\\x1bx", "host": "a\\nb"}])

    def test_numbers_out_of_range(self):
        """A run whose number no check gives has no ids, and deleting it must not reach the rows of another one."""
        self.warrant("check", "--no-replay", "--db", self.db, self.trace)
        changed = self.folder / "changed.db"
        for number in -1, 0, 1 << 23, 1 << 24, (1 << 63) - 1:
            shutil.copy(self.db, changed)
            self.change(f"INSERT INTO runs(id, run_id, started_ns) VALUES({number}, 'abcdef01', 1)", db=changed)
            before = self.rows(changed)
            self.assertIn("no check", self.refused("db", "delete", changed, "abcdef01"))
            self.assertIn("no check", self.refused("db", "prune", changed, "--keep", "0"))
            self.assertEqual(self.rows(changed), before)


kit.main()
