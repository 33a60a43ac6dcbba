"""Nobody's name writes on the terminal of whoever reads it: every place where a foreign name is printed is fed with names that hold controls
(C0, C1), direction marks, separators and broken UTF-8, and every command's output must hold none of them. Names that differ print
differently, and JSON gives the bytes back."""
import json
import os
import pty
import re
import sqlite3
import subprocess

import kit
from kit import SOURCE, WARRANT, Attack, row

RANGES = [(int(a, 16), int(b, 16)) for a, b in
          re.findall(r"^RANGE\((\w+), (\w+)", (SOURCE / "runtime/base/unprintable.def").read_text(), re.M)]
HOSTILE = [b"\x1b[2J\x1b[31m", "\u009b31m".encode(), b"\x9b31m", "\u202egpj.exe".encode(), "\u2066x\u2069".encode(), "a\u2028b\u2029".encode(),
           "\u200f\u061c".encode(), b"\x07\x08\x7f", b"\rgone", b"one\ntwo", b"\xff\xc3\x28\xe2\x80", "a\u0301\u200b\ufeff".encode(),
           b"\xed\xb2\x9b", b"back\\slash\\x1b"]
TONES = re.compile(rb"\x1b\[(?:0|1|2|31|32|33|36)m")
LONG = b"".join(HOSTILE)

OPENS = r"""
#include <fcntl.h>
#include <stdio.h>
#include <unistd.h>
int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        char path[512];
        snprintf(path, sizeof path, "/data/%s", argv[i]);
        int fd = open(path, O_CREAT | O_RDWR, 0600);
        if (fd >= 0) { write(fd, argv[i], 1); close(fd); }
    }
    return 0;
}
"""


def leb(n):
    out = b""
    while n > 0x7F:
        out += bytes([n & 0x7F | 0x80])
        n >>= 7
    return out + bytes([n])


def vec(content):
    return leb(len(content)) + content


def section(number, content):
    return bytes([number]) + vec(content)


HEAD = b"\0asm\1\0\0\0" + section(1, b"\1\x60\0\0")
CODE = section(10, b"\1\3\0\0\x0b")  # `unreachable`


def importing(module, name):
    return HEAD + section(2, b"\1" + vec(module) + vec(name) + b"\0\0") + section(3, b"\1\0") + section(7, b"\1\6_start\0\1") + CODE


def trapping(name):
    return HEAD + section(3, b"\1\0") + section(7, b"\1\6_start\0\0") + CODE + section(0, b"\4name\1" + vec(b"\1\0" + vec(name)))


def twice_exported(name):
    export = vec(name) + b"\0\0"
    return HEAD + section(3, b"\1\0") + section(7, b"\2" + export + export) + CODE


def unprintable(text):
    return [f"U+{ord(c):04X}" for c in text if c != "\n" and any(a <= ord(c) <= b for a, b in RANGES)]


class Terminal(Attack):
    def said(self, *words, status=None, **more):
        """Runs the command and demands that all it says is inert. Returns (stdout, stderr)."""
        words, trace = self.watched(words)
        done = subprocess.run([WARRANT, *words], capture_output=True, cwd=self.folder, timeout=120 * kit.SLOW, **more)
        if status is not None:
            self.assertEqual(done.returncode, status, done)
        for stream in (done.stdout, done.stderr):
            self.assertEqual(unprintable(stream.decode("utf-8", "strict")), [], stream)
        if trace:
            self.watch.ended(trace, done.returncode)
        return done.stdout.decode(), done.stderr.decode()

    def write(self, name, content):
        path = os.path.join(os.fsencode(self.folder), name)
        with open(path, "wb") as file:
            file.write(content)
        return path

    @row("RES-06")
    def test_names_in_modules(self):
        for text in HOSTILE:
            try:
                text.decode()
            except UnicodeDecodeError:
                continue  # no name in a module
            for module in (importing(text, b"f"), importing(b"wasi_snapshot_preview1", text), trapping(text), twice_exported(text)):
                path = self.write(b"m.wasm", module)
                _, err = self.said("run", path)
                self.assertIn("warrant", err)

    def test_names_in_traces(self):
        """A name of a function goes from the trace through replay, check and the database."""
        self.said("record", "--witness", "off", "-o", "t.wtrace", self.write(b"m.wasm", trapping("\u009b31mEVIL\x1b[2J".encode())), status=134)
        other = self.write(b"n.wasm", trapping("other\x1b[2J".encode()).replace(b"\0\0\x0b", b"\0\1\x0b").replace(CODE, section(10, b"\1\4\0\1\0\x0b")))
        self.said("replay", "t.wtrace", status=0)
        self.said("replay", "--module", other, "t.wtrace")
        self.said("replay", "--json", "t.wtrace", status=0)
        self.said("check", "--db", "a.db", "t.wtrace")
        self.said("query", "a.db", "SELECT * FROM runs")

    def test_arguments(self):
        for text in HOSTILE:
            for words in ([text], [text, "--help"], ["help", text], ["run", b"--" + text], ["run", b"-" + text], ["run", b"--tier", text, "x"],
                          ["run", "--fuel", text, "x"], ["run", "--timeout", text, "x"], ["run", "--dir", b"/gone/" + text, "x"],
                          ["run", "--dir", b"/::" + text, "--dir", b"/::" + text, "x"], ["run", "--env", text, "x"],
                          ["run", "--policy", b"gone" + text, "x"], ["record", "--witness", text, "x"], ["record", "-o", b"/gone/" + text, "x"],
                          ["run", b"gone" + text], ["show", b"gone" + text], ["check", b"gone" + text], ["replay", b"gone" + text],
                          ["recover", b"gone" + text], ["query", b"gone" + text, "files"], ["query", "x.db", text], ["policy", text, "x"],
                          ["policy", "lint", b"gone" + text], ["syscalls", "--impact", text], ["check", "--format", text, "x"],
                          ["completion", text], ["show", "--count", text, "x"], ["replay", "--until", text, "x"], ["validate", b"gone" + text]):
                _, err = self.said(*words)
                self.assertTrue(err, words)

    def test_names_of_files(self):
        good = self.wat('(module (memory (export "memory") 1) (func (export "_start")))').read_bytes()
        for n, text in enumerate(HOSTILE):
            name = text.replace(b"/", b"_")
            path = self.write(name, good)
            self.said("record", "--witness", "off", "-o", name + b".wtrace", path, status=0)
            for words in (["show"], ["show", "--json"], ["replay"], ["check", "--db", f"{n}.db"], ["check", "--json"]):
                self.said(*words, name + b".wtrace", status=0)
            out, _ = self.said("check", "--json", name + b".wtrace", status=0)
            self.assertEqual(json.loads(out)["trace"].encode("utf-8", "surrogateescape"), name + b".wtrace")
            self.said("query", f"{n}.db", "runs")
            self.said("query", f"{n}.db", "SELECT * FROM runs", status=0)
            self.write(name + b".wtrace", b"no trace")
            for command in ("show", "check", "replay", "recover"):
                self.said(command, name + b".wtrace")
            self.write(name, b"no module")
            self.said("run", path, status=125)

    def test_policies(self):
        def lint(text, status):
            return self.said("policy", "lint", self.write(b"p.yaml", text), status=status)

        for text in HOSTILE:
            try:
                quoted = json.dumps(text.decode())
            except UnicodeDecodeError:
                continue
            out, _ = lint(f"version: 1\nfiles:\n  - host: {self.data}\n    guest: {quoted}\n    access: write\n".encode(), 0)
            granted = [line for line in out.splitlines() if " as " in line]
            self.assertEqual(len(granted), 1, out)  # a name makes no lines of its own
            self.assertIn(str(self.data), granted[0])
            for wrong in (f"version: 1\n{quoted}: 1\n", f"version: {quoted}\n", f"version: 1\nlimits: {{ fuel: {quoted} }}\n",
                          f"version: 1\nlimits: {{ {quoted}: 1 }}\n", f"version: 1\nfiles:\n  - host: /etc\n    access: {quoted}\n",
                          f"version: 1\nnetwork:\n  - protocol: tcp\n    connect: [{quoted}]\n", f"version: 1\non_violation: {quoted}\n",
                          f"version: 1\nfiles:\n  - host: /a\n    guest: {quoted}\n  - host: /b\n    guest: {quoted}\n"):
                _, err = lint(wrong.encode(), 3)
                self.assertIn("p.yaml:", err)
            lint(b"version: 1\nfiles:\n  - host: " + text + b"\n", None)  # as it stands in the file

    def record_names(self, names):
        self.attack(self.guest(OPENS), *[os.fsdecode(n) for n in names], options=["--witness", "on"] if kit.witness_works() else [])
        return self.trace

    def test_names_that_a_guest_uses(self):
        names = [n.replace(b"/", b"_") for n in HOSTILE] + [b"a\x1bb", b"a\\x1bb", b"a\\\x1bb", b"\xc2\x9b", b"\x9b"]
        trace = self.record_names(names)
        out, _ = self.said("show", "--json", "--full", trace, status=0)
        paths = {a.encode("utf-8", "surrogateescape") for line in out.splitlines()
                 for a in json.loads(line).get("args", {}).values() if isinstance(a, str)}
        for name in names:
            self.assertIn(name, paths)  # byte for byte
        out, _ = self.said("show", "--full", trace, status=0)
        lines = {re.search(r'path_open\(.*?("(?:[^"\\]|\\.)*")', line).group(1) for line in out.splitlines() if "path_open(" in line}
        self.assertEqual(len(lines), len(set(names)))  # no two of them print alike
        self.said("check", "--db", "a.db", trace, status=0)
        self.said("check", "--json", trace, status=0)
        for query in ("files", "findings", "SELECT * FROM ops", "SELECT * FROM runs"):
            text, _ = self.said("query", "a.db", query, status=0)
            rows, _ = self.said("query", "--json", "a.db", query, status=0)
            json.loads(rows)
        rows, _ = self.said("query", "--json", "a.db", "SELECT DISTINCT path FROM ops WHERE op = 'open'")
        self.assertEqual(len({self.unplain(row["path"]) for row in json.loads(rows) if row["path"]} & set(names)), len(set(names)), rows)

    def unplain(self, text):
        """docs/output.md, the other way round."""
        short = {"n": b"\n", "t": b"\t", "r": b"\r", "\\": b"\\"}
        return b"".join(bytes.fromhex(p[2:]) if p[:2] == "\\x" else short[p[1]] if p[0] == "\\" else p.encode()
                        for p in re.findall(r"\\x..|\\.|[^\\]", text))

    def test_a_database_of_another_hand(self):
        self.record_names([b"x"])
        self.said("check", "--db", "a.db", self.trace, status=0)
        with sqlite3.connect(self.folder / "a.db") as db:
            for text in HOSTILE:
                db.execute("INSERT INTO file(run,name,opens,creates,reads,bytes_read,writes,bytes_written,looks,changes,removes,failures,hostcall)"
                           " VALUES(1,CAST(? AS TEXT),1,1,1,1,1,1,1,1,1,1,1)", (text,))
            db.execute("UPDATE runs SET trace = CAST(? AS TEXT)", (LONG,))
        for query in ("files", "SELECT name AS \"\x1b[2J\u009b\" FROM file", "SELECT trace FROM runs", "SELECT x'1b5b324a9b' AS b",
                      "SELECT char(27, 0x9b, 0x202e, 10) AS c"):
            self.said("query", "a.db", query, status=0)
            rows, _ = self.said("query", "--json", "a.db", query, status=0)
            json.loads(rows)
        rows, _ = self.said("query", "--json", "a.db", "SELECT name FROM file")
        self.assertLessEqual(set(HOSTILE), {row["name"].encode("utf-8", "surrogateescape") for row in json.loads(rows)})

    def test_on_a_terminal(self):
        """The same where the output is a terminal, which has progress lines of its own."""
        trace = self.record_names([LONG[:100].replace(b"/", b"_")])
        module = self.write(b"m.wasm", importing("\u009b31m\x1b[2J".encode(), b"f"))
        for words in (["check", trace], ["show", trace], ["replay", trace], ["run", module], ["run", b"--" + LONG]):
            seen, coloured = (self.on_pty(words, {"LC_ALL": "C.UTF-8", **more}).replace(b"\r\n", b"\n").replace(b"\r\x1b[K", b"")
                              for more in ({"NO_COLOR": "1"}, {"NO_COLOR": ""}))  # taken out: progress takes its line back
            self.assertTrue(seen)
            self.assertEqual(unprintable(seen.decode("utf-8", "strict")), [], seen)
            # Our own colours (cli/print.c) and nothing else: without them it is what was said without colours.
            self.assertEqual(unprintable(TONES.sub(b"", coloured).decode("utf-8", "strict")), [], coloured)
            self.assertEqual(TONES.sub(b"", coloured), seen)

    def on_pty(self, words, env):
        master, slave = pty.openpty()
        child = subprocess.Popen([WARRANT, *words], stdin=slave, stdout=slave, stderr=slave, cwd=self.folder, env={**os.environ, "LANG": "", **env})
        os.close(slave)
        seen = b""
        while True:
            try:
                seen += os.read(master, 65536)
            except OSError:
                break
        child.wait(60)
        os.close(master)
        return seen

    def test_a_terminal_without_utf8(self):
        """Two bytes of UTF-8 are a letter and a control there: U+00DB ends in 0x9B, which is CSI."""
        words = ["run", "gone\u00db31m"]
        self.assertIn("gone\u00db31m".encode(), self.on_pty(words, {"LC_ALL": "C.UTF-8"}))
        for env in ({"LC_ALL": "C"}, {"LC_ALL": "", "LC_CTYPE": "en_US.ISO-8859-1"}, {"LC_ALL": "", "LC_CTYPE": "", "LANG": ""}):
            seen = self.on_pty(words, env)
            self.assertIn(b"gone\\xc3\\x9b31m", seen)
            self.assertTrue(seen.isascii(), seen)

    @row("FD-15")
    def test_a_guests_own_output_is_its_own(self):
        guest = self.guest('#include <unistd.h>\nint main(void) { return write(1, "\\x1b[31m\\x9b", 6) != 6 || write(2, "\\x1b[0m", 4) != 4; }\n')
        with self.started("run", guest, ends=0, stderr=subprocess.PIPE) as run:
            self.assertEqual(run.communicate(timeout=60 * kit.SLOW), (b"\x1b[31m\x9b", b"\x1b[0m"))


if __name__ == "__main__":
    kit.main()
