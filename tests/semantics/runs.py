"""Scripts played natively and by a guest, and their answers compared.

A batch of scripts is one run of the executor, each script in a folder of its own: natively; and for each walker live, recorded, and
replayed. Live, recorded and replayed answers are equal, or the run fails. Of what differs from the native answer a *deviation* is made.

Where a guest was refused what succeeded natively, the two trees are no longer alike, and later steps would differ for that reason alone.
So the batch is played natively again without the refused steps, until nothing new differs: each deviation has its own cause.
"""
import os
import pathlib
import shutil
import subprocess
import tempfile

BATCH = 1000
PASSES = 1000
ROOM = 2 << 30  # bytes


class Failed(Exception):
    """What makes a run worthless: it did not end well, or live, recorded and replayed answers are not the same."""


class Deviation:
    """answers: what the guest was answered by the script's steps."""

    def __init__(self, script, at, native, answers):
        self.script, self.at, self.native, self.guest, self.answers = script, at, native, answers[at], answers
        self.step = script.steps[at]

    def __str__(self):
        return f"{self.script.name}, step {self.at + 1}: {self.step.text}: natively {self.native}, here {self.guest}"


class Player:
    def __init__(self, warrant, native, guest, walkers, check=None):
        self.warrant, self.native, self.guest, self.walkers, self.check = warrant, native, guest, walkers, check
        # In memory it is ten times as fast as on a disk; a recording stops where little is left. Else where TMPDIR says.
        fits = os.access("/dev/shm", os.W_OK) and shutil.disk_usage("/dev/shm").free >= ROOM
        self.folder = pathlib.Path(tempfile.mkdtemp(prefix="semantics-", dir="/dev/shm" if fits else None))
        self.runs = 0

    def done(self):
        shutil.rmtree(self.folder, ignore_errors=True)

    def tree(self, count):
        """An empty folder for each script."""
        self.runs += 1
        top = self.folder / str(self.runs)
        top.mkdir()
        for at in range(count):
            os.mkdir(f"{top}/{at}")
        return top

    def run(self, command, scripts, input, environment=None):
        """The answers that a run of the executor printed, a list for each script."""
        done = subprocess.run([str(word) for word in command], input=input, capture_output=True, env=environment)
        if done.returncode:
            raise Failed(f"{' '.join(map(str, command))} ended with {done.returncode}: {done.stderr.decode(errors='replace')[-2000:]}")
        found = []
        for line in done.stdout.decode().splitlines():
            if line.startswith("script "):
                found.append([])
            else:
                found[-1].append(line)
        if [len(answers) for answers in found] != [len(script.steps) for script in scripts]:
            raise Failed(f"{' '.join(map(str, command))}: a step has no answer")
        return found

    def compiled(self, scripts, left_out):
        lines = []
        for at, script in enumerate(scripts):
            lines.append(f"script {at}")
            lines += ["leave" if step in left_out[at] else script.steps[step].compiled() for step in range(len(script.steps))]
        return ("\n".join(lines) + "\n").encode()

    def natively(self, scripts, left_out):
        top = self.tree(len(scripts))
        # A sanitizer would look for leaks in /proc, which a root of one's own has not.
        environment = dict(os.environ, ASAN_OPTIONS="detect_leaks=0")
        found = self.run([self.native, top], scripts, self.compiled(scripts, left_out), environment)
        shutil.rmtree(top)
        return found

    def by_guest(self, scripts):
        """What the guest was answered: by each walker, live, recorded, replayed; all the same."""
        input = self.compiled(scripts, [()] * len(scripts))
        answers = None
        for walker in self.walkers:
            trace = self.folder / "run.wtrace"
            for words in ["run"], ["record", "-q", "-o", trace]:
                top = self.tree(len(scripts))
                found = self.run([self.warrant, *words, "--walker", walker, "--dir", f"{top}::/", self.guest], scripts, input)
                answers = self.same(scripts, answers, found, f"{words[0]} --walker {walker}")
                shutil.rmtree(top)
            found = self.run([self.warrant, "replay", "--output", trace], scripts, b"")
            self.same(scripts, answers, found, f"replay, recorded with --walker {walker}")
            if self.check:
                self.check(trace)
            trace.unlink()
        return answers

    def same(self, scripts, known, found, what):
        for script, one, other in zip(scripts, known or found, found):
            for at, (a, b) in enumerate(zip(one, other)):
                if a != b:
                    raise Failed(f"{script.name}, step {at + 1}: {script.steps[at].text}: {a}, and by {what} {b}")
        return found

    def compare(self, scripts):
        """The deviations of a batch, in the order of its steps."""
        guest = self.by_guest(scripts)
        native = self.natively(scripts, [()] * len(scripts))
        left_out = [set() for _ in scripts]
        found, pending = {}, list(range(len(scripts)))
        for _ in range(PASSES):
            again = []
            for at in pending:
                for step, (a, b) in enumerate(zip(native[at], guest[at])):
                    if a == b or step in left_out[at] or (at, step) in found:
                        continue
                    found[at, step] = Deviation(scripts[at], step, a, guest[at])
                    if a.startswith("=") and not b.startswith("="):
                        left_out[at].add(step)
                        again.append(at)
                        break
            if not again:
                return [found[key] for key in sorted(found)]
            answers = self.natively([scripts[at] for at in again], [left_out[at] for at in again])
            for at, answer in zip(again, answers):
                native[at] = answer
            pending = again
        raise Failed(f"{scripts[pending[0]].name}: {PASSES} steps were refused")


class Peer(Player):
    """Another runtime in the place of the command: live, by one walker. command: words, with {folder} and {guest} in them."""

    def __init__(self, command, native, guest):
        super().__init__(None, native, guest, [])
        self.command = command

    def by_guest(self, scripts):
        top = self.tree(len(scripts))
        words = [word.format(folder=top, guest=self.guest) for word in self.command]
        answers = self.run(words, scripts, self.compiled(scripts, [()] * len(scripts)))
        shutil.rmtree(top)
        return answers
