"""What is printed to a terminal: coloured, and as wide as it is; a pipe gets the same words as ever."""
import fcntl
import os
import pty
import re
import struct
import subprocess
import termios

import warrant_case
from warrant_case import Case

COLOR = re.compile(r"\x1b\[(?:0|1|2|31|32|33|36)m")


class Terminal(Case):
    def at(self, width, *words, status=0, **environment):
        """What a terminal of this width is given, newlines as the program wrote them."""
        master, slave = pty.openpty()
        fcntl.ioctl(slave, termios.TIOCSWINSZ, struct.pack("HHHH", 50, width, 0, 0))
        variables = {name: value for name, value in os.environ.items() if name != "NO_COLOR"} | {"TERM": "xterm", "LC_ALL": "C.UTF-8"} | environment
        with subprocess.Popen([warrant_case.WARRANT, *map(str, words)], stdout=slave, cwd=self.folder, env=variables) as run:
            os.close(slave)
            output = b""
            try:
                while piece := os.read(master, 65536):
                    output += piece
            except OSError:  # the other side is closed
                pass
            os.close(master)
        self.assertEqual(run.returncode, status)
        return output.decode().replace("\r\n", "\n")

    def held(self, width, *words, status=0):
        """Holds a command's output on a terminal against that to a pipe: the same words, in lines that fit, and nothing but colours besides."""
        colored = self.at(width, *words, status=status)
        piped = self.warrant(*words, status=status).stdout
        plain = COLOR.sub("", colored)
        self.assertNotIn("\x1b", piped)
        self.assertNotIn("\x1b", plain)
        self.assertEqual(plain.split(), piped.split())
        self.assertEqual([line for line in plain.splitlines() if len(line) > width and len(line.split()) > 2], [])
        self.assertEqual(self.at(width, *words, "--no-color", status=status), plain)
        self.assertEqual(self.at(width, *words, status=status, NO_COLOR="1"), plain)
        self.assertEqual(self.at(width, *words, status=status, TERM="dumb"), plain)
        return colored

    def setUp(self):
        super().setUp()
        self.record("poke", "path_create_directory", 3, "@%1B[31mred a b c d e f", "--", "path_open", 3, 0, "@../out", 0, 0, 0, 0, 0, "out", "--", "path_create_directory", 3, "@a/b")

    def test_show(self):
        text = self.held(60, "show", self.trace)
        self.assertIn("\x1b[36mpath_create_directory\x1b[0m(", text)
        self.assertRegex(text, r"\x1b\[31m\s+= \d+ NOTCAPABLE\x1b\[0m")  # a rule refused it
        self.assertRegex(text, r"\x1b\[33m\s+= \d+ NOENT\x1b\[0m")
        self.assertRegex(text, r"\x1b\[1m\+\+\+ returned")
        self.assertIn("\\x1b[31mred", text)
        self.held(200, "show", "-c", self.trace)
        self.data.joinpath("steps.bin").mkdir()
        self.record("steps", 1, status=1)  # which asks to exit: no failure
        self.assertIn("\x1b[36mproc_exit\x1b[0m(1) = trap: the guest exited\n", self.held(200, "show", self.trace))
        self.assertEqual(self.at(60, "show", "--json", self.trace), self.warrant("show", "--json", self.trace).stdout)

    def test_check(self):
        text = self.held(50, "check", "--no-replay", self.trace)
        self.assertRegex(text, r"\x1b\[33mresult +0\s+findings\s+\(incomplete:")
        self.assertIn("\x1b[2mpolicy\x1b[0m      the run's own:", text)
        self.assertIn("\n            ", COLOR.sub("", text))  # what is folded stands beneath what it belongs to
        policy = self.folder / "policy.yaml"
        policy.write_text(f"version: 1\nfiles:\n  - host: {self.data}\n    guest: /data\n    access: read\n")
        text = self.held(50, "check", "--policy", policy, self.trace, status=1)
        self.assertIn("\x1b[31mcritical\x1b[0m judge.escape:", text)

    def test_query(self):
        """A table where it fits; else each row is a list, which loses nothing."""
        db = self.folder / "audit.db"
        self.warrant("check", "--db", db, self.trace, status=None)
        self.assertRegex(self.held(200, "query", db, "hostcalls"), r"^\x1b\[1mcall +count .*\x1b\[0m\n")
        narrow = COLOR.sub("", self.at(60, "query", db, "hostcalls"))
        rows = [dict(line.split(None, 1) if " " in line.rstrip() else (line.rstrip(), "") for line in row.splitlines()) for row in narrow.strip().split("\n\n")]
        piped = self.warrant("query", db, "hostcalls").stdout.splitlines()
        self.assertEqual(sorted((row["call"], row["count"]) for row in rows), sorted(tuple(line.split()[:2]) for line in piped[1:]))


warrant_case.main()
