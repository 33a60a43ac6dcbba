#!/usr/bin/env python3
"""A trap is told with its stack: by run, record, show, check and replay, with the names of a hostile module."""
import random
import re
import subprocess
import unittest

import warrant_case
from warrant_case import GUESTS, SOURCE, Case, doctor

TRAPPED = 134
FRAME = re.compile(r"^ +#(\d+) +0x([0-9a-f]{8}) in (?:(.*) \(function (\d+)\)|function (\d+))(?: at (.*?)(?::(\d+))?)?$")


def leb(number):
    out = bytearray()
    while number >= 0x80:
        out.append(number & 0x7f | 0x80)
        number >>= 7
    out.append(number)
    return bytes(out)


def read_leb(data, at):
    value = shift = 0
    while True:
        byte = data[at]
        value |= (byte & 0x7f) << shift
        at, shift = at + 1, shift + 7
        if byte < 0x80:
            return value, at


def sections(module):
    """[(id, name of a custom section or None, content without it)]"""
    at, found = 8, []
    while at < len(module):
        kind, (size, at) = module[at], read_leb(module, at + 1)
        content, at = module[at:at + size], at + size
        name = None
        if kind == 0:
            length, start = read_leb(content, 0)
            name, content = content[start:start + length].decode(), content[start + length:]
        found.append((kind, name, content))
    return found


def module_of(parts):
    out = b"\0asm\1\0\0\0"
    for kind, name, content in parts:
        if name is not None:
            content = leb(len(name)) + name.encode() + content
        out += bytes([kind]) + leb(len(content)) + content
    return out


def names_of(names):
    """The content of a name section with these (index, bytes)."""
    functions = leb(len(names)) + b"".join(leb(index) + leb(len(name)) + name for index, name in names)
    return b"\1" + leb(len(functions)) + functions


def needs_lines(test):
    return unittest.skipUnless(doctor()["source_lines"], f"no source_lines here: {doctor().get('source_lines_reason')}")(test)


class Crash(Case):
    def setUp(self):
        super().setUp()
        self.module = GUESTS / "trapping.wasm"
        source = (SOURCE / "tests/guests/trapping.c").read_text().splitlines()
        self.lines = {match[1]: number for number, line in enumerate(source, 1) if (match := re.search(r"the (?:last )?line of (\w+)", line))}

    def made(self, change):
        """The guest with its custom sections passed through `change`: (name, content) to a content, or None to leave it out."""
        parts = []
        for kind, name, content in sections(self.module.read_bytes()):
            content = change(name, content) if kind == 0 else content
            if content is not None:
                parts.append((kind, name, content))
        path = self.folder / "changed.wasm"
        path.write_bytes(module_of(parts))
        return path

    def frames(self, text):
        """The frames in a text as (number, name or None, line or None), in order."""
        found = [FRAME.match(line) for line in text.splitlines()]
        return [(int(f[1]), f[3], f[7] and int(f[7])) for f in found if f]

    def everywhere(self, *words, module=None):
        """What run, record, show, check and replay say of the stack: all the same. Returns that."""
        module = module or self.module
        self.trace.unlink(missing_ok=True)
        ran = self.frames(self.warrant("run", module, *words, status=TRAPPED).stderr)
        recorded = self.warrant("record", "-o", self.trace, "--witness", "off", module, *words, status=TRAPPED)
        self.assertEqual(self.frames(recorded.stderr), ran)
        self.assertEqual(self.frames(self.warrant("show", self.trace).stdout), ran)
        self.assertEqual(self.frames(self.warrant("check", self.trace).stdout), ran)
        self.assertEqual(self.frames(self.warrant("replay", self.trace).stdout), ran)
        self.assertEqual(self.frames(self.warrant("replay", "--output", self.trace, status=TRAPPED).stderr), ran)
        return ran

    def test_nested(self):
        found = self.everywhere("nested")
        self.assertEqual([frame[1] for frame in found[:4]], ["inner", "middle", "outer", "main"])
        self.assertEqual([frame[0] for frame in found], list(range(len(found))))
        self.assertIn("_start", [frame[1] for frame in found[-2:]][0])

    @needs_lines
    def test_source_lines(self):
        found = self.everywhere("nested")
        self.assertEqual([frame[2] for frame in found[:3]], [self.lines[name] for name in ("inner", "middle", "outer")])
        shown = self.show()[-1]["stack"]
        for frame in shown[:3]:
            self.assertTrue(frame["file"].endswith("tests/guests/trapping.c"), frame)
            self.assertEqual(frame["line"], self.lines[frame["name"]])

    @needs_lines
    def test_source_lines_of_other_builds(self):
        """DWARF 4 and 5, optimized."""
        for flags in ("-gdwarf-4", "-O0"), ("-gdwarf-5", "-O0"), ("-gdwarf-5", "-O1"):
            module = self.folder / "built.wasm"
            subprocess.run(["clang", "--target=wasm32-wasi", *flags, SOURCE / "tests/guests/trapping.c", "-o", module], check=True)
            found = self.frames(self.warrant("run", module, "nested", status=TRAPPED).stderr)
            self.assertEqual(found[0][1:], ("inner", self.lines["inner"]), flags)

    def test_json_says_the_same(self):
        self.warrant("record", "-o", self.trace, "--witness", "off", self.module, "nested", status=TRAPPED)
        shown = self.show()[-1]
        self.assertEqual([frame["name"] for frame in shown["stack"][:3]], ["inner", "middle", "outer"])
        self.assertEqual(shown["frames"], len(shown["stack"]))
        self.assertEqual(shown["stack"][0]["offset"], shown["offset"])
        self.assertEqual(self.check()["exit"]["stack"], shown["stack"])
        replayed = self.parse(self.warrant("replay", "--json", self.trace).stdout)
        self.assertEqual(replayed["stack"], shown["stack"])

    def test_recursion_of_50_frames(self):
        found = self.everywhere("recurse", "50")
        self.assertEqual([frame[1] for frame in found[:51]], ["down"] * 50 + ["main"])
        self.assertEqual([frame[0] for frame in found], list(range(len(found))))
        if doctor()["source_lines"]:
            self.assertEqual({frame[2] for frame in found[1:50]}, {self.lines["down"]})
            self.assertNotIn(found[0][2], (None, self.lines["down"]))

    def test_a_deep_stack_is_cut_in_the_middle(self):
        found = self.everywhere("for-ever")
        self.assertEqual(len(found), 96)
        self.assertEqual([frame[0] for frame in found[:64]], list(range(64)))
        depth = found[-1][0] + 1
        self.assertEqual([frame[0] for frame in found[64:]], list(range(depth - 32, depth)))
        self.assertIn(f"    ... {depth - 96} frames are left out\n", self.warrant("show", self.trace).stdout)
        self.assertEqual(self.show()[-1]["frames"], depth)
        self.assertEqual({frame[1] for frame in found[:64]}, {"down"})
        self.assertTrue(found[-1][1].startswith("_start"), found[-1])

    def test_a_stripped_module(self):
        found = self.everywhere("nested", module=self.made(lambda name, content: None))
        self.assertGreater(len(found), 4)
        self.assertEqual({frame[1:] for frame in found}, {(None, None)})

    def test_names_without_lines(self):
        """What is left of a module without debug information, or whose debug information is nothing: the names."""
        for change in (lambda name, content: content if name == "name" else None,
                       lambda name, content: content if name == "name" else b"\xff" * len(content),
                       lambda name, content: content if name == "name" else b""):
            found = self.frames(self.warrant("run", self.made(change), "nested", status=TRAPPED).stderr)
            self.assertEqual([frame[1:] for frame in found[:3]], [("inner", None), ("middle", None), ("outer", None)])

    @needs_lines
    def test_hostile_debug_information(self):
        """Whatever it is changed to, frames and names stay, nothing raw is printed, and it ends."""
        clean = [frame[:2] for frame in self.frames(self.warrant("run", self.module, "nested", status=TRAPPED).stderr)]

        def broken(seed):
            chance = random.Random(seed)

            def change(name, content):
                if not name.startswith(".debug") or not content:
                    return content
                content = bytearray(content)
                for _ in range(chance.choice((1, 2, 8))):
                    content[chance.randrange(min(len(content), chance.choice((64, 1 << 20))))] = chance.choice((0, 0x1b, 0x7f, 0x80, 0xff))
                return bytes(content[:chance.randrange(len(content))] if chance.random() < 0.2 else content)
            return change

        def printing(name, content):  # the source's name begins with a control sequence
            return content.replace(b"trapping.c", b"\x1b[2J\x9b31mc") if name.startswith(".debug") else content

        for change in [printing, *map(broken, range(40))]:
            done = self.warrant("run", self.made(change), "nested", status=TRAPPED)
            self.assertEqual([(int(f[1]), f[3]) for f in map(FRAME.match, done.stderr.splitlines()) if f], clean, done.stderr)
            for raw in "\x1b", "\x9b", "\ufffd":
                self.assertNotIn(raw, done.stderr)

    def test_no_trap_no_stack(self):
        done = self.warrant("record", "-o", self.trace, "--witness", "off", self.module, status=3)
        self.assertEqual(self.frames(done.stderr + self.warrant("show", self.trace).stdout), [])

    def test_hostile_names(self):
        """What a name section says reaches no terminal raw, ends no line and changes no status."""
        kept = self.everywhere("nested")
        plain = self.parse(self.warrant("show", "--json", self.trace).stdout.splitlines()[-1])
        indices = [frame["function"] for frame in plain["stack"][:3]]
        for bad in (b"\x1b[31mred\x07", b"two\nlines", b"\xff\xfe", "\u202egnp.exe".encode(), b"\x9b2J", b"x" * 70000, b"in main (function 1) at /etc/passwd:1"):
            names = names_of([(index, bad) for index in indices])
            module = self.made(lambda name, content: names if name == "name" else None)
            done = self.warrant("run", module, "nested", status=TRAPPED)
            for raw in "\x1b", "\x07", "\u202e", "\x9b", "\ufffd":
                self.assertNotIn(raw, done.stderr)
            lines = [line for line in done.stderr.splitlines() if line.startswith("    #")]
            self.assertEqual(len(lines), len(kept), done.stderr)
            self.assertLess(max(map(len, lines)), 1200)
            self.assertEqual(lines[0].count(f"(function {indices[0]})"), 1)

    def test_broken_name_sections(self):
        """A section that is cut, counts wrongly or names what is not there costs at most its names."""
        content = next(content for kind, name, content in sections(self.module.read_bytes()) if name == "name")
        broken = [b"", b"\1", b"\1\xff\xff\xff\xff\x0f", content[:20], content[:len(content) // 2], b"\1\5\xff\xff\xff\xff\x0f",
                  names_of([(0xffffffff, b"far"), (1, b"one")]), names_of([(1, b"a")] * 5000), b"\0\0" * 1000 + content]
        for number, section in enumerate(broken):
            with self.subTest(number):
                module = self.made(lambda name, content: section if name == "name" else None)
                found = self.frames(self.warrant("run", module, "nested", status=TRAPPED).stderr)
                self.assertGreater(len(found), 4)


warrant_case.main()
