"""What the tests of the attack matrix share (matrix.tsv): a guest that makes any hostcall with any argument (script/), two grants and what lies
outside of them. What holds behind every test is in tests/e2e/watched.py; and the guest's process has as many descriptors as at its start and
what the script left open, which /proc says where the witness does not.

    from rows import Rows, row

    class Paths(Rows):
        @row("PATH-01")
        def test_dot_dot(self):
            answers = self.calls("path_open 3 1 @.. 0 2 0 0 =f", left_open=0)
            self.assertEqual(answers[0].errno, NOTCAPABLE)

Descriptor 3 is /data, which may be written, 4 is /ro, which may be read (its tree may not change either).
"""
import os
import pathlib
import subprocess
import sys
import time

import kit
from kit import SLOW, SOURCE, WARRANT, Attack, row, witness_works  # noqa: F401

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parent / "script"))
import script  # noqa: E402
from watched import Watch, tree  # noqa: E402

TABLE = script.Table(SOURCE)
ERRNOS = """SUCCESS 2BIG ACCES ADDRINUSE ADDRNOTAVAIL AFNOSUPPORT AGAIN ALREADY BADF BADMSG BUSY CANCELED CHILD CONNABORTED CONNREFUSED CONNRESET
    DEADLK DESTADDRREQ DOM DQUOT EXIST FAULT FBIG HOSTUNREACH IDRM ILSEQ INPROGRESS INTR INVAL IO ISCONN ISDIR LOOP MFILE MLINK MSGSIZE MULTIHOP
    NAMETOOLONG NETDOWN NETRESET NETUNREACH NFILE NOBUFS NODEV NOENT NOEXEC NOLCK NOLINK NOMEM NOMSG NOPROTOOPT NOSPC NOSYS NOTCONN NOTDIR NOTEMPTY
    NOTRECOVERABLE NOTSOCK NOTSUP NOTTY NXIO OVERFLOW OWNERDEAD PERM PIPE PROTO PROTONOSUPPORT PROTOTYPE RANGE ROFS SPIPE SRCH STALE TIMEDOUT TXTBSY
    XDEV NOTCAPABLE""".split()
READ, WRITE, ALL = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 21, 1 << 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 21, (1 << 30) - 1
CREAT, DIRECTORY, EXCL, TRUNC = 1, 2, 4, 8


class Answer:
    """A line of the guest: `counts` of errnos, `errno` (the one name, where all were alike), `shown` (bytes)."""

    def __init__(self, call, text):
        words = text.split()
        self.call, self.touched = call, "TOUCHED" in text
        self.counts = {}
        for item in words[0].split(","):
            number, _, count = item.partition("*")
            self.counts[ERRNOS[int(number)]] = int(count or 1)
        self.errno = next(iter(self.counts)) if len(self.counts) == 1 else None
        self.shown = [b"" if word == "-" else bytes.fromhex(word.removeprefix("TOUCHED")) for word in words[1:]]

    def number(self, index=0, size=4, at=0):
        return int.from_bytes(self.shown[index][at:at + size], "little")

    def __repr__(self):
        return f"{self.call} = {self.counts}"


class Rows(Attack):
    def setUp(self):
        super().setUp()
        self.readable = self.folder / "ro"
        for folder in (self.outside, self.readable):
            (folder / "deep").mkdir(parents=True)
            (folder / "file").write_text("content\n")
            (folder / "deep/file").write_text("deeper\n")
        (self.outside / "secret").write_text("secret\n")
        (self.data / "file").write_text("inside\n")
        (self.data / "deep").mkdir()
        self.grants = ["--dir", f"{self.data}::/data", "--dir", f"{self.readable}::/ro:ro"]
        self.prepare()

    def prepare(self):
        """More of the trees, of a class."""

    def kept(self):
        """What no guest may change."""
        return tree(self.outside, self.readable)

    @property
    def script(self):
        return self.guest(TABLE.source())

    def guest_process(self, launcher):
        """The process of the guest, as a folder of /proc; None where it cannot be found."""
        waiting = [launcher]
        while waiting:
            pid = waiting.pop()
            try:
                name = pathlib.Path(f"/proc/{pid}/comm").read_text().strip()
                waiting += pathlib.Path(f"/proc/{pid}/task/{pid}/children").read_text().split()
            except OSError:
                continue
            if name.startswith("warrant-guest"):
                return pathlib.Path(f"/proc/{pid}")
        return None

    @staticmethod
    def descriptors(process):
        try:
            return len(os.listdir(process / "fd")) if process else None
        except OSError:
            return None

    def calls(self, *lines, left_open=0, ends=0, grants=None, options=()):
        """Has the guest make the calls, recorded, and demands what the top of this file says. `ends`: the exit status; where it is not 0
        the last line did not answer. Returns the answers."""
        self.watch = self.watch or Watch(self, WARRANT, witness_works())
        self.witness.unlink(missing_ok=True)
        self.trace.unlink(missing_ok=True)
        words, _ = self.watched(["record", "-q", "-o", self.trace, *(self.grants if grants is None else grants), *options, self.script])
        run = subprocess.Popen([WARRANT, *map(str, words)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE, cwd=self.folder)
        answers, counted = [], []
        try:
            for text in ("sched_yield", *lines):
                run.stdin.write(text.encode() + b"\n")
                run.stdin.flush()
                said = run.stdout.readline().decode()
                if not said:
                    break
                answers.append(Answer(text, said))
                if len(answers) in (1, 1 + len(lines)):
                    counted.append(self.descriptors(self.guest_process(run.pid)))
            rest, said = run.communicate(timeout=60 * SLOW)
        finally:
            if run.poll() is None:
                run.kill()
                run.wait()
        self.assertEqual(run.returncode, ends, said.decode())
        self.assertEqual(rest, b"")
        self.assertEqual(len(answers), 1 + len(lines) - (ends != 0), said.decode())
        self.assertFalse([answer for answer in answers if answer.touched])
        if os.geteuid() == 0 and ends == 0:  # others may not look into a process that is not dumpable
            self.assertNotIn(None, counted, "the guest's process was not found")
        if ends == 0 and left_open is not None and None not in counted:
            self.assertEqual(counted[-1] - counted[0], left_open, "descriptors of the guest's process")
        self.assertTrue(self.watch.ended(self.trace, run.returncode)["replay"]["identical"])
        return answers[1:]

    def errnos(self, *lines, **more):
        return [answer.errno for answer in self.calls(*lines, **more)]

    def trapped(self, *lines, **more):
        """The last of the calls ends the guest with a trap, and nothing was done."""
        return self.calls(*lines, ends=134, **more)

    def one_of(self, answer, *errnos):
        self.assertIn(answer.errno, errnos, answer)


main = kit.main
