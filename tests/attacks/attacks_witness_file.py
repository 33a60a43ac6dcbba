#!/usr/bin/env python3
"""A run that had a witness is not clean without the witness's file, and one that had none, or no second line, can be told from one that had."""
import json
import os
import shutil

import kit
from kit import Attack, chunks, needs_witness

WRITES = """
#include <fcntl.h>
#include <unistd.h>
int main() { for (int i = 0; i < 50; i++) { int fd = open("/data/f", O_CREAT | O_WRONLY, 0600); write(fd, "x", 1); close(fd); } return 0; }
"""


class WitnessFile(Attack):
    def run_once(self, *options, witness="on"):
        self.attack(self.guest(WRITES), options=["--witness", witness, *options], status=0)

    def rows(self, options=(), status=None):
        """The run's row in a database of its own."""
        db = self.folder / "audit.db"
        db.unlink(missing_ok=True)
        self.warrant("check", *options, "--db", db, self.trace, status=status)
        return json.loads(self.warrant("query", "--json", db, "SELECT * FROM runs").stdout)[0]

    def failing(self, *rules):
        """These rules fail the check, in text, JSON, exit status and database alike."""
        report = self.caught(*rules)
        self.assertNotEqual(report["verdict"], "clean")
        done = self.warrant("check", self.trace, status=1)
        for rule in rules:
            self.assertIn(rule, done.stdout)
        self.assertEqual(self.rows(status=1)["verdict"], "findings")
        return report

    @needs_witness
    def test_gone(self):
        self.run_once()
        self.assertEqual(self.clean()["verdict"], "clean")
        row = self.rows(status=0)
        self.assertEqual((row["verdict"], row["witnessed"], row["replayed"], row["judged"]), ("clean", 1, 1, "kernel"))
        self.witness.unlink()
        self.failing("witness.missing")
        self.assertEqual(self.rows(["--no-replay"])["witnessed"], 0)

    @needs_witness
    def test_gone_though_nobody_asked(self):
        """The witness came of itself (--witness auto): its file is missed all the same."""
        self.run_once(witness="auto")
        self.clean()
        self.witness.unlink()
        self.failing("witness.missing")

    @needs_witness
    def test_moved_without_it(self):
        self.run_once()
        elsewhere = self.folder / "elsewhere"
        elsewhere.mkdir()
        shutil.copy(self.trace, elsewhere / "run.wtrace")
        self.caught("witness.missing", trace=elsewhere / "run.wtrace")

    @needs_witness
    def test_empty(self):
        self.run_once()
        self.witness.write_bytes(b"")
        self.failing("witness.stop")
        self.witness.unlink()
        os.mkfifo(self.witness)
        status, report = self.verdict()
        self.assertNotEqual(status, 0)

    @needs_witness
    def test_shortened(self):
        self.run_once()
        content = self.witness.read_bytes()
        parts = chunks(content)
        for keep in [part["at"] for part in parts[1:]] + [len(content) - 1, len(content) // 2, 80]:
            self.witness.write_bytes(content[:keep])
            self.failing("witness.stop")
        middle = parts[1]
        self.witness.write_bytes(content[:middle["at"]] + content[middle["at"] + middle["size"]:])
        self.failing("witness.stop")

    @needs_witness
    def test_of_another_run(self):
        self.run_once()
        other = self.witness.read_bytes()
        self.trace.unlink()
        self.witness.unlink()
        self.run_once()
        self.witness.write_bytes(other)
        self.failing("witness.foreign")

    @needs_witness
    def test_beside_a_run_that_had_none(self):
        """A file that no witness of this run wrote lends it nothing."""
        self.run_once()
        other = self.witness.read_bytes()
        self.trace.unlink()
        self.witness.unlink()
        self.run_once(witness="off")
        self.witness.write_bytes(other)
        report = self.failing("witness.foreign")
        self.assertFalse(report["witnessed"])

    def test_unwitnessed_says_so(self):
        self.run_once(witness="off")
        report = self.clean()
        self.assertEqual((report["witnessed"], report["judged"], report["verdict"]), (False, "trace", "incomplete: unwitnessed"))
        self.assertIn("unwitnessed", self.warrant("check", self.trace).stdout)
        self.assertEqual(self.rows(status=0)["verdict"], "incomplete: unwitnessed")
        self.assertEqual(self.rows(["--no-replay"], status=0)["verdict"], "incomplete: unwitnessed, not replayed")

    @needs_witness
    def test_not_replayed_says_so(self):
        self.run_once()
        self.assertEqual(self.verdict("--no-replay")[1]["verdict"], "incomplete: not replayed")
        self.assertIn("not replayed", self.warrant("check", "--no-replay", self.trace).stdout)
        self.assertEqual(self.rows(["--no-replay"], status=0)["verdict"], "incomplete: not replayed")

    def test_no_second_line(self):
        """--no-confine can be told from a whole second line by whoever has the trace."""
        self.run_once("--no-confine", witness="off")
        status, report = self.verdict()
        self.assertEqual(status, 0)
        self.assertIn("confine.off", {f["rule"] for f in report["findings"]})
        self.assertIn("off", report["confined"])
        self.assertIn("--no-confine", self.warrant("check", self.trace).stdout)
        self.assertIn("off", self.rows(status=0)["confined"])
        self.trace.unlink()
        self.run_once(witness="off")
        status, report = self.verdict()
        self.assertNotIn("confine.off", {f["rule"] for f in report["findings"]})
        self.assertNotIn("off", report["confined"])


kit.main()
