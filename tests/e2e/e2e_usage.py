"""What the command says of itself, and of what was mistyped: help, completion and the manual page are whole, numbers are read alike in
options and policies, a wrong word is answered with the right one. And `validate`: what it says, and that it runs nothing."""
import json
import re
import shutil
import subprocess

import warrant_case
from warrant_case import Case


class Help(Case):
    def commands(self):
        lines = self.warrant("help").stdout.split("commands:\n")[1].split("\n\n")[0].splitlines()
        return [line.split()[0] for line in lines]

    def options(self, command):
        return re.findall(r"^  (?:-., |    )--(\S+)", self.warrant(command, "--help").stdout, re.M)

    def test_every_command_helps(self):
        names = self.commands()
        self.assertGreater(len(names), 12)
        self.assertEqual(self.warrant("--help").stdout, self.warrant("help").stdout)
        for name in names:
            text = self.warrant("help", name).stdout
            self.assertTrue(text.startswith(f"usage: warrant {name}"), text)
            self.assertFalse([line for line in text.splitlines() if line != line.rstrip()], text)
            for form in ("--help", "-h"):
                self.assertEqual(self.warrant(name, form).stdout, text)
        self.assertIn("Exit status", self.warrant("help", "check").stdout)

    def test_tables_are_json_and_line_up(self):
        rows = json.loads(self.warrant("syscalls", "--json").stdout)
        self.assertEqual(len(rows), len(self.warrant("syscalls").stdout.splitlines()) - 1)
        self.assertEqual({row["impact"] for row in json.loads(self.warrant("syscalls", "--json", "--impact", "memory").stdout)}, {"MEMORY"})
        head, *lines = self.warrant("syscalls").stdout.splitlines()
        stops = head.index("what stops")
        self.assertEqual({line[stops - 1 : stops + 8].split(" ")[1] for line in lines}, {"seccomp", "the"})
        self.assertIsInstance(json.loads(self.warrant("doctor", "--json").stdout)["witness"], bool)
        lines = self.warrant("doctor").stdout.splitlines()
        self.assertEqual({line[15] for line in lines}, {" "})
        self.assertNotIn(" ", {line[16] for line in lines})

    def test_a_call_has_its_whole_story(self):
        rows = json.loads(self.warrant("syscalls", "--json").stdout)
        stories = {}
        for role in sorted({role for row in rows for role in row["roles"].split(",")} - {""}):
            row = next(row for row in rows if role in row["roles"].split(","))
            story = stories[role] = json.loads(self.warrant("syscalls", "--json", row["name"]).stdout)
            self.assertIn(role, [said["role"] for said in story["roles"]])
            self.assertTrue(all(said["who"] for said in story["roles"]), story)
            self.assertEqual((story["name"], story["bypass"] or "", story["stopped_by"]), (row["name"], row["bypass"], row["stopped_by"]))
        self.assertEqual(len(stories), 12)
        self.assertIn("path_open", json.loads(self.warrant("syscalls", "openat2", "--json").stdout)["ops"]["open"])
        text = self.warrant("syscalls", "process_vm_readv").stdout
        for piece in ("USENIX Security 2020: its attack vm_readv", "nobody", "what stops the rest\n  seccomp"):
            self.assertIn(piece, text)
        for words, said in ((("opneat2",), '"openat2" is near'), (("mmap", "--impact", "memory"), "a call's name, or --impact"), (("--db", "x"), "wants a call's name")):
            self.assertIn(said, self.warrant("syscalls", *words, status=2).stderr)

    def test_a_word_that_is_near(self):
        for words, near in ((("chekc",), "`warrant check`"), (("replya", "x"), "`warrant replay`"), (("help", "rec"), "`warrant record`"),
                            (("run", "--tmeout", "1s", "x"), "--timeout"), (("check", "--polcy", "x"), "--policy"),
                            (("show", "--ful", "x"), None), (("query", "--jsno", "x"), "--json"), (("zzz",), None), (("run", "--zzz"), None)):
            done = self.warrant(*words, status=None)
            self.assertEqual(done.returncode, 3 if words[1:2] == ("--ful",) else 2, words)
            self.assertEqual("is near" in done.stderr, near is not None, done.stderr)
            self.assertIn(near or "", done.stderr)

    def test_manual_page(self):
        page = self.warrant("man-page").stdout.replace("\\-", "-")
        for name in self.commands():
            self.assertIn(f".SS warrant {name}\n", page)
            for option in self.options(name):
                self.assertIn(f"--{option}", page)
        if shutil.which("groff"):
            done = subprocess.run(["groff", "-man", "-Tutf8", "-ww", "-z"], input=page.encode(), capture_output=True)
            self.assertEqual((done.returncode, done.stderr), (0, b""))

    def complete(self, words):
        script = self.warrant("completion", "bash").stdout
        line = f"{script}\nCOMP_WORDS=({words}); COMP_CWORD=$((${{#COMP_WORDS[@]}} - 1)); _warrant; printf '%s\\n' \"${{COMPREPLY[@]}}\""
        return set(subprocess.run(["bash", "-c", line], capture_output=True, text=True, check=True, cwd=self.folder).stdout.split())

    def test_bash(self):
        (self.folder / "some.wasm").write_bytes(b"")
        self.assertEqual(self.complete("warrant rec"), {"record", "recover"})
        self.assertEqual(self.complete("warrant help ''"), set(self.commands()))
        self.assertEqual(self.complete("warrant run --t"), {"--tier", "--timeout"})
        self.assertEqual(self.complete("warrant run so"), {"some.wasm"})

    def test_other_shells_read_their_scripts(self):
        for shell in ("zsh", "fish"):
            script = self.folder / shell
            script.write_text(self.warrant("completion", shell).stdout)
            for name in self.commands():
                self.assertIn(name, script.read_text())
            if shutil.which(shell):
                done = subprocess.run([shell, "-n", script], capture_output=True)
                self.assertEqual((done.returncode, done.stderr), (0, b""), shell)
        if shutil.which("fish"):
            line = f"source {self.folder}/fish; complete -C 'warrant run --fu'"
            done = subprocess.run(["fish", "--no-config", "-c", line], capture_output=True, text=True, cwd=self.folder,
                                  env={"HOME": str(self.folder), "PATH": "/usr/bin:/bin"})
            self.assertIn("--fuel", done.stdout)
        self.assertIn("zsh", self.warrant("completion", "tcsh", status=2).stderr)


class Tiers(Case):
    """Which ways of executing there are: doctor lists them, every command that executes takes those and no other, and the trace says which."""

    def test_what_there_is_is_taken_and_nothing_else(self):
        tiers = json.loads(self.warrant("doctor", "--json").stdout)["tiers"]
        self.assertIn("interpreter", tiers)
        self.assertIn("tiers           " + " ".join(tiers), self.warrant("doctor").stdout.splitlines())
        guest = warrant_case.GUESTS / "poke.wasm"
        for tier in tiers:
            self.record("poke", options=("--tier", tier))
            self.assertIn(f", tier {tier},", self.warrant("show", self.trace).stdout)
            self.warrant("run", "--tier", tier, guest)
            self.warrant("replay", "--tier", tier, self.trace)
            self.warrant("check", "--tier", tier, self.trace)
        for other in ("interp", "compiler", "", "interpreter2"):
            for words in (["run", "--tier", other, guest], ["record", "--tier", other, guest], ["replay", "--tier", other, self.trace],
                          ["check", "--tier", other, self.trace]):
                said = self.warrant(*words, status=2).stderr
                self.assertIn(f'there is no tier "{other}"; tiers of this version: {" ".join(tiers)}', said)
        for command in ("run", "record", "replay", "check"):
            self.assertIn("tiers of this version: " + " ".join(tiers), " ".join(self.warrant(command, "--help").stdout.split()))


class Numbers(Case):
    def test_alike_in_options_and_policies(self):
        spin = warrant_case.GUESTS / "spin.wasm"
        for text in ("1e5", "100000", "1.5e4"):
            policy = self.folder / "p.yaml"
            policy.write_text(f"version: 1\nlimits: {{ fuel: {text} }}\n")
            by_option = self.warrant("run", "--fuel", text, spin, status=126).stderr
            self.assertIn("fuel", by_option)
            self.assertEqual(self.warrant("run", "--policy", policy, spin, status=126).stderr, by_option)
        self.warrant("run", "--timeout", "0.2s", spin, status=126)
        for option, text in (("--fuel", "1.5"), ("--fuel", "1e20"), ("--fuel", "-1"), ("--timeout", "5"), ("--timeout", "1.5"),
                             ("--timeout", "0.1ns"), ("--timeout", "1e9999s")):
            done = self.warrant("run", option, text, spin, status=2)
            self.assertIn(f"{option}: '{text}'", done.stderr)


class Validate(Case):
    EMPTY = b"\0asm\1\0\0\0"

    def module(self, name, content):
        path = self.folder / name
        path.write_bytes(content)
        return path

    def test_verdicts(self):
        good = warrant_case.GUESTS / "steps.wasm"
        bad = self.module("bad.wasm", self.EMPTY + b"\1\4\1\x60\0\0" + b"\3\2\1\0" + b"\x0a\6\1\4\0\x1a\1\x0b")
        later = self.module("later.wasm", self.EMPTY + b"\5\3\1\4\1")
        text = self.module("text.wat", b"(module)")
        self.assertEqual(self.warrant("validate", good).stdout, f"{good}: valid\n")
        done = self.warrant("validate", bad, good, later, text, self.folder / "gone", status=3)
        self.assertEqual(done.stdout, f"{good}: valid\n")
        lines = done.stderr.splitlines()
        self.assertEqual(len(lines), 4)
        for line, words in zip(lines, ((f"{bad}: at offset 23: type mismatch", "in function 0"), (f"{later}: at offset 11", "memory64"),
                                       (str(text), "`wat2wasm`"), (f"{self.folder}/gone",))):
            for word in words:
                self.assertIn(word, line)
        done = self.warrant("validate", "--json", bad, good, later, "-", input=self.EMPTY, status=3)
        rows = [json.loads(line) for line in done.stdout.splitlines()]
        self.assertEqual([(row["valid"], row["offset"]) for row in rows], [(False, 23), (True, None), (False, 11), (True, None)])
        self.assertEqual(rows[1]["size"], good.stat().st_size)
        self.warrant("validate", status=2)

    def test_it_runs_nothing(self):
        """Neither a start function that never ends nor an import that nobody has is its matter."""
        (self.folder / "s.wat").write_text('(module (import "no" "body" (func $f)) (func $s (loop (call $f) (br 0))) (start $s))')
        subprocess.run(["wat2wasm", self.folder / "s.wat", "-o", self.folder / "s.wasm"], check=True)
        self.assertIn("valid", self.warrant("validate", "--timeout", "20s", self.folder / "s.wasm").stdout)

    def test_a_budget(self):
        types = b"\x60\0\0" * 300000
        body = b"\xe0\xa7\x12" + types  # 300000, which is within what a module may have, or a refusal that says so
        size = len(body)
        leb = bytes([size & 0x7F | 0x80, size >> 7 & 0x7F | 0x80, size >> 14 & 0x7F])
        many = self.module("many.wasm", self.EMPTY + b"\1" + leb + body)
        done = self.warrant("validate", "--memory", "16MiB", many, status=None)
        self.assertIn(done.returncode, (0, 3))
        self.assertNotIn("signal", done.stderr)


if __name__ == "__main__":
    warrant_case.main()
