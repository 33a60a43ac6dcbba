"""What the attack tests share: everything of the end-to-end tests (tests/e2e/warrant_case.py: a folder for each test, the command, the skip
rule), guests from C or text, and installations whose guest process an attacker owns (tests/attacks/evil).

    import kit
    from kit import Attack, needs_witness

    @needs_witness
    class CutPath(Attack):
        def test_stat_outside(self):
            evil = self.evil(HOOK)                      # C text, or the name of a file in tests/attacks/evil
            guest = self.guest(GUEST)                   # C text to WebAssembly; self.wat(TEXT) for the text format
            self.attack(guest, command=evil, options=["--witness", "on"], status=None)
            self.caught("witness.undeclared")

    kit.main()

A test that needs what a machine lacks is skipped with a reason; the witness is never skipped where `warrant doctor` says that it is there.
"""
import hashlib
import os
import pathlib
import subprocess
import sys
import tempfile

HERE = pathlib.Path(__file__).resolve().parent
sys.path.insert(0, str(HERE.parent / "e2e"))
sys.path.insert(0, str(HERE / "evil"))

import make_evil  # noqa: E402
from warrant_case import (GUESTS, SLOW, SOURCE, WALKER, WARRANT, Case, chunks, main, needs_root, needs_witness, row, witness_works)  # noqa: E402,F401

BUILD = pathlib.Path(os.environ.get("WARRANT_BUILD", WARRANT.parent)).resolve()
COMPILER = os.environ.get("WARRANT_CC", "clang-19")
SANITIZE = os.environ.get("WARRANT_SANITIZE", "")
GUEST_CLANG = os.environ.get("WARRANT_GUEST_CLANG", "clang")
LIBRARIES = ["tracer/libwr_trace.a", "tracer/libwr_trace_write.a", "wasi/policy/libwr_policy.a", "wasi/abi/libwr_abi.a",
             "runtime/base/libwr_base.a"]


def text_of(source):
    """C given as text, or as the name of a file in evil/."""
    return source if "\n" in source else (HERE / "evil" / source).read_text()


class Attack(Case):
    """A test with a folder, `data` granted as /data, and the attacker's tools."""

    _made = None  # a folder for what is built; one for the program

    @classmethod
    def made(cls, kind, source):
        """A path for what is built from `source`: the same for the same text."""
        if Attack._made is None:
            Attack._made = tempfile.TemporaryDirectory(prefix="warrant-attacks-")
        return pathlib.Path(Attack._made.name) / f"{kind}-{hashlib.sha256(source.encode()).hexdigest()[:16]}"

    def evil(self, hook):
        """The `warrant` of an installation whose guest process runs the hook."""
        hook = text_of(hook)
        folder = self.made("evil", hook)
        if not (folder / "libexec/warrant/warrant-guest").exists() or not (folder / "whole").exists():
            make_evil.make(hook, folder, SOURCE, BUILD, COMPILER, SANITIZE)
            (folder / "whole").touch()
        return folder / "warrant"

    def guest(self, source, *flags):
        """C for wasm32-wasi to a module's path."""
        source = text_of(source)
        module = self.made("guest", source + " ".join(flags)).with_suffix(".wasm")
        if not module.exists():
            module.with_suffix(".c").write_text(source)
            subprocess.run([GUEST_CLANG, "--target=wasm32-wasi", "-O1", "-w", *flags, module.with_suffix(".c"), "-o", module], check=True)
        return module

    def wat(self, source, *flags):
        """The text format to a module's path."""
        module = self.made("wat", source + " ".join(flags)).with_suffix(".wasm")
        if not module.exists():
            module.with_suffix(".wat").write_text(source)
            subprocess.run(["wat2wasm", *flags, module.with_suffix(".wat"), "-o", module], check=True)
        return module

    def native(self, source, *more):
        """C of ours, linked with the trace's libraries (for forgers of traces): a program's path."""
        source = text_of(source)
        program = self.made("native", source + " ".join(map(str, more)))
        if not program.exists():
            program.with_suffix(".c").write_text(source)
            flags = [f"-fsanitize={SANITIZE}"] if SANITIZE else []
            subprocess.run([COMPILER, "-D_GNU_SOURCE", f"-I{SOURCE}", "-O1", "-std=c17", "-w", "-fno-strict-aliasing", *flags,
                            program.with_suffix(".c"), "-o", program, *[BUILD / name for name in LIBRARIES], *more,
                            "-lzstd", "-lsodium", "-lxxhash", "-lm"], check=True)
        return program

    def attack(self, module, *words, command=WARRANT, options=(), grants=None, status=None, **more):
        """Records a module, by default with the data directory granted for writing. Returns the finished process."""
        grants = ["--dir", f"{self.data}::/data"] if grants is None else grants
        return self.warrant("record", "-o", self.trace, *grants, *options, module, *words, command=command, status=status, **more)

    def verdict(self, *options, trace=None):
        """(status, report) of `check`: 0 clean, 1 findings, 3 the file is at fault; the report is {} where there is none."""
        done = self.warrant("check", "--json", *options, trace or self.trace, status=None)
        self.assertIn(done.returncode, (0, 1, 3), f"check ended with {done.returncode}\n{done.stdout}\n{done.stderr}")
        return done.returncode, self.parse(done.stdout)

    def caught(self, *rules, trace=None, options=()):
        """Demands that `check` fails, with a failing finding of each of these rules. Returns the report."""
        status, report = self.verdict(*options, trace=trace)
        self.assertEqual(status, 1, report)
        found = {f["rule"] for f in report["findings"] if f["severity"] != "notice"}
        self.assertTrue(found, report)
        for rule in rules:
            self.assertIn(rule, found, report["findings"])
        return report

    def clean(self, trace=None, options=()):
        """Demands that `check` has nothing to say: for the innocent twin of an attack."""
        status, report = self.verdict(*options, trace=trace)
        self.assertEqual((status, report.get("failing")), (0, 0), report)
        return report
