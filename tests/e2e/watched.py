"""What holds behind every test that names a row of tests/attacks/matrix.tsv. `@row` (warrant_case.py) sees to it, so that no such test can leave it out:

- every `run` and `record` of the test is a recording, with the witness where there is one; `check` has nothing to say of it, and the witness saw
  nothing that no hostcall declared, nothing else than was declared, and nothing less;
- descriptors are counted on the kernel's record: each hostcall leaves as many more, or fewer, open in the guest's process as the guest was told;
- what no guest may change (Case.kept) is behind the test what it was before, byte for byte.

A test that starts no guest, and has no module or policy refused, is no test of a row. tests/layering/layering_rows.py holds that none starts the command by itself."""
import contextlib
import hashlib
import json
import os
import pathlib
import shutil
import sqlite3
import subprocess
import tempfile

OPENING = ("open", "openat", "openat2", "creat", "socket", "socketpair", "accept", "accept4", "dup", "pipe2", "memfd_create", "eventfd2", "epoll_create1")
OPENED = {"path_open": 1, "sock_open": 1, "sock_accept": 1, "fd_close": -1}  # what the guest has more behind a success
NOT_STARTED = 125, 2
FINE = "match", "silent", "in-flight"  # verdicts; any other is more than was declared, less, or not known


def identity(path):
    """Of a file as it is now; None where there is none."""
    with contextlib.suppress(FileNotFoundError):
        at = os.stat(path)
        return at.st_dev, at.st_ino, at.st_mtime_ns, at.st_ctime_ns


def content(path):
    """A file's bytes as a digest, without touching its time of access where we may do so."""
    try:
        fd = os.open(path, os.O_RDONLY | os.O_NOATIME | os.O_NONBLOCK)
    except PermissionError:
        fd = os.open(path, os.O_RDONLY | os.O_NONBLOCK)
    with os.fdopen(fd, "rb") as file:
        return hashlib.sha256(file.read()).hexdigest()


def tree(*folders):
    """Every name below the folders, themselves included: mode, owner, links, size, times and content."""
    seen = {}
    for folder in folders:
        names = [folder] + [os.path.join(base, name) for base, inner, files in os.walk(folder) for name in inner + files]
        for path in map(os.fspath, names):
            at = os.lstat(path)
            regular = (at.st_mode & 0o170000) == 0o100000
            what = content(path) if regular else os.readlink(path) if os.path.islink(path) else None
            seen[path] = (oct(at.st_mode), at.st_uid, at.st_gid, at.st_nlink, at.st_mtime_ns, at.st_ctime_ns, at.st_atime_ns if regular else 0,
                          at.st_size if regular else 0, what)
    return seen


def left_behind(database):
    """The hostcalls behind which the guest's process has another number of descriptors than the guest was told: (call, errno, counted, told)."""
    names = ", ".join(f"'{name}'" for name in OPENING)
    with contextlib.closing(sqlite3.connect(database)) as db:
        counted = db.execute(f"""SELECT h.id, h.call, h.errno, h.trap, coalesce(sum(s.name IN ({names}) AND coalesce(s.result, 0) >= 0) -
                                 sum(s.name = 'close' AND coalesce(s.result, 0) = 0), 0)
                                 FROM hostcalls h LEFT JOIN syscalls s ON s.hostcall = h.id WHERE h.verdict <> 'in-flight' GROUP BY h.id""").fetchall()
        numbers = {}
        for call, _, value in db.execute("""SELECT a.hostcall, a.slot, a.value FROM arguments a JOIN hostcalls h ON a.hostcall = h.id
                                            WHERE h.call = 'fd_renumber' ORDER BY a.hostcall, a.slot"""):
            numbers.setdefault(call, []).append(value)
    for identifier, call, errno, trap, count in counted:
        told = OPENED.get(call, -1 if call == "fd_renumber" and len(set(numbers[identifier])) > 1 else 0) if errno == "SUCCESS" and trap is None else 0
        if count != told:
            yield call, errno, count, told


class Watch:
    def __init__(self, case, command, witnessed):
        self.case, self.command, self.witnessed, self.runs = case, command, witnessed, 0
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="warrant-watched-"))
        case.addCleanup(shutil.rmtree, self.folder, ignore_errors=True)
        self.earlier = {}  # what stood at a recording's path before it
        self.database = self.folder / "audit.db"  # of the last recording, with its report
        self.report = {}
        case.outside.mkdir(exist_ok=True)
        if not os.listdir(case.outside):
            (case.outside / "bystander").write_text("nobody's\n")
        self.before = case.kept()

    def words(self, words):
        """(the words of a recording that does the same, its trace); of what starts no guest, (the words, None)"""
        words = list(words)
        self.runs += words[0] in ("run", "record", "validate", "policy")
        if words[0] not in ("run", "record"):
            return words, None
        if words[0] == "run":
            words[0:1] = ["record", "-q"]
        if "--witness" in words:
            del words[words.index("--witness"):words.index("--witness") + 2]
        if "-o" in words:
            trace = self.case.folder / os.fsdecode(words[words.index("-o") + 1])
        else:
            trace = self.folder / f"{self.runs}.wtrace"
            words[1:1] = ["-o", trace]
        self.earlier[trace] = identity(trace)
        words[1:1] = ["--witness", "on" if self.witnessed else "off"]
        return words, trace

    def ended(self, trace, status):
        """Demands what the top of this file says of one recording. Returns the report."""
        case, self.report = self.case, {}
        case.assertEqual(case.kept(), self.before, "the tree outside")
        if identity(trace) in (None, self.earlier[trace]):
            case.assertIn(status, NOT_STARTED, "there is no trace of a guest that was started")
            return {}
        self.database.unlink(missing_ok=True)
        done = subprocess.run([self.command, "check", "--json", "--db", self.database, trace], capture_output=True)
        self.report = report = json.loads(done.stdout) if done.stdout else {}
        case.assertEqual((done.returncode, report.get("failing")), (0, 0), f"{report.get('findings')} {done.stderr.decode(errors='replace')}")
        if self.witnessed:
            case.assertTrue(report["witnessed"])
            case.assertEqual({kind: count for kind, count in report["verdicts"].items() if count and kind not in FINE}, {})
            case.assertEqual(list(left_behind(self.database)), [], "descriptors of the guest's process")
        return report

    def end(self):
        self.case.assertGreater(self.runs, 0, "a test of a row that starts no guest")
        self.case.assertEqual(self.case.kept(), self.before, "the tree outside")
