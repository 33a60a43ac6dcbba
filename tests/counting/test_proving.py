#!/usr/bin/env python3
"""What was not proved is red: tests/proof/prove.sh with a prover that fails in each way, and what it keeps.
usage: test_proving.py"""
import os
import pathlib
import re
import stat
import subprocess
import sys

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import warrant_case

PROVE = pathlib.Path(__file__).resolve().parents[1] / "proof/prove.sh"
PROVED = "echo '[wp] [Valid] Goal typed_a_ensures'; echo '[wp] Proved goals:    3 / 3'"
UNPROVED = "echo '[wp] [Timeout] Goal typed_a_ensures'; echo '[wp] Proved goals:    2 / 3'"


class Proving(warrant_case.Case):
    def tool(self, name, body):
        path = self.folder / "tools" / name
        path.parent.mkdir(exist_ok=True)
        path.write_text(f"#!/usr/bin/env bash\n{body}\n")
        path.chmod(path.stat().st_mode | stat.S_IXUSR)

    def setUp(self):
        super().setUp()
        for name in "cvc4", "z3":
            self.tool(name, "echo 1")
        self.tool("why3", "echo Z3")
        self.prover(PROVED)

    def prover(self, body, version="1"):
        """Says what a prover of `version` would; $file is the file that it is given."""
        self.tool("frama-c", f"[ $1 != -version ] || {{ echo {version}; exit; }}\nfile=${{@: -1}}\n{body}")

    def prove(self, *options, status):
        environment = dict(os.environ, PATH=f"{self.folder / 'tools'}:{os.environ['PATH']}", PROVE_KEPT=str(self.folder / "kept"), PROVE_JOBS="2")
        done = subprocess.run([PROVE, *options], capture_output=True, text=True, env=environment)
        self.assertEqual(done.returncode, status, done.stdout + done.stderr)
        return done.stdout

    def test_kept(self):
        said = self.prove(status=0)
        self.assertNotIn("proved before\n", said)
        self.prover(UNPROVED)
        self.assertEqual(self.prove(status=0).count(", proved before"), said.count(" smoke tests, "))

    def test_not_believed_afresh_nor_of_another_prover(self):
        self.prove("--file", "decide_misc.c", status=0)
        self.prover(UNPROVED)
        self.prove("--file", "decide_misc.c", "--fresh", status=1)
        self.prover(UNPROVED, version="2")
        self.prove("--file", "decide_misc.c", status=1)

    def test_unproved_is_never_kept(self):
        self.prover(UNPROVED)
        for _ in range(2):
            self.assertIn("not proved: typed_a_ensures", self.prove("--file", "decide_misc.c", status=1))

    def test_no_result(self):
        self.prover("exit 1")
        self.assertIn("gave no result", self.prove("--file", "decide_misc.c", status=1))

    def test_a_contradiction(self):
        self.prover(f"echo '[wp] [Failed] Smoke-test typed_a_requires'; {PROVED}")
        self.assertIn("contradicts itself", self.prove("--file", "decide_misc.c", status=1))

    def test_one_that_is_killed(self):
        """As where memory is short: the shells of that file with it."""
        self.prover("pid=$PPID; while [[ $(ps -o args= -p $pid) = *'prove_file decide_misc.c' ]]; do\n"
                    f"  up=$(ps -o ppid= -p $pid); kill -9 $pid; pid=$up; done\n{PROVED}")
        self.assertIn("ended early", self.prove(status=1))

    def test_what_cannot_be_read_has_no_key(self):
        """Without its text, each file would be what any other was."""
        self.tool("gcc", "exit 1")
        self.assertIn("ended early", self.prove(status=1))

    def test_faults_name_what_is_there(self):
        """A function or goal that has another name now would be found behind the whole proof only."""
        source = PROVE.parents[2]
        texts = {path.name: path.read_text() for path in [*(source / "wasi/decide").glob("*.[ch]"), PROVE.parent / "tables.py"]}
        for patch in sorted((PROVE.parent / "mutants").glob("*.patch")):
            with self.subTest(patch.name):
                word, file, function, goal = patch.read_text().splitlines()[0].split()
                self.assertEqual(word, "breaks:")
                where = [file, *(name for name in texts if name.endswith(".h"))]  # inline ones are proved with one of the files
                self.assertTrue(any(re.search(rf"^[a-z].*\b{function}\([^;]*$", texts[name], re.M) for name in where), function)
                self.assertTrue(any(re.search(rf"(ensures|invariant|assert) {goal}:", text) for text in texts.values()), goal)
                subprocess.run(["patch", "--dry-run", "-s", "-f", "-p1", "-d", source, "-i", patch], check=True)


warrant_case.main()
