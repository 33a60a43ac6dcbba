#!/usr/bin/env python3
"""Programs that were not written for warrant: interpreters of JavaScript and Python, a jq in Go and tests of Go's library, two programs
for SVG and a grep in Rust. Those of the network: run_network.py.

Each is run and recorded with the same output, which is known from elsewhere; the recording is checked and replayed.
tests/guests/get-programs puts them in a folder that PROGRAMS names. The tests of one that is not to be had are skipped, and say why.

usage: run_programs.py [CLASS...]; exit status 77 where all that was asked for was skipped
"""
import collections
import json
import os
import struct
import subprocess
import sys
import textwrap
import zlib
from xml.etree import ElementTree

from program_case import PROGRAMS, Program, main


class QuickJs(Program):
    slow = True
    name = "qjs"

    def test_its_own_tests(self):
        script, module = ("--std", 'std.loadScript("{}")'), ("-m", 'import "{}"')
        for test, (mode, load) in ("language", script), ("closure", script), ("loop", script), ("bigint", module):
            with self.subTest(test):
                script = f'{load.format(f"/tests/test_{test}.js")}; print("passed")'
                self.program(mode, "-e", script, says="passed\n", options=["--dir", f"{PROGRAMS / 'qjs-tests'}::/tests:ro"])

    def test_files(self):
        rows = self.readings()
        (self.data / "sum.mjs").write_text("""
            import * as std from "qjs:std";
            import * as os from "qjs:os";
            const sums = new Map();
            for (const { station, value } of JSON.parse(std.loadFile("/data/readings.json")))
                sums.set(station, (sums.get(station) ?? 0) + value);
            const out = std.open("/data/sums.txt", "w");
            for (const [station, sum] of [...sums].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)))
                out.puts(`${station.padEnd(4)}${sum}\\n`);
            out.close();
            const [names, failed] = os.readdir("/data");
            print(names.filter(name => /^[^.]/.test(name)).sort().join(), failed);
            print(std.open("/data/absent", "r"), os.mkdir("/data/made"), os.stat("/data/made")[1], os.remove("/data/made"));
            try { null.x } catch (error) { print(error.name) }
        """)
        calls = self.program("--std", "/data/sum.mjs", says="readings.json,sum.mjs,sums.txt 0\nnull 0 0 0\nTypeError\n")
        sums = collections.Counter()
        for row in rows:
            sums[row["station"]] += row["value"]
        ordered = sorted(sums.items(), key=lambda entry: (-entry[1], entry[0]))
        self.assertEqual((self.data / "sums.txt").read_text(), "".join(f"{name:4}{total}\n" for name, total in ordered))
        self.assertGreater(calls["fd_readdir"], 0)

    def test_computes(self):
        """The first digits of pi by Machin's formula, in big integers; and the exit status of an error that nobody catches."""
        script = """
            const one = 10n ** 120n;
            function arctan(x) {
                let term = one / x, sum = term;
                for (let n = 3n; term; n += 2n) { term = -term / (x * x); sum += term / n }
                return sum;
            }
            print(String(4n * (4n * arctan(5n) - arctan(239n))).slice(0, 101));
            print(Math.sin(1), Math.exp(1), Math.cbrt(7), 0.1 + 0.2, (1e21).toString(), (255.5).toString(16));
            throw new Error("at the end");
        """
        self.program("-e", script, status=1, says=(
            "31415926535897932384626433832795028841971693993751058209749445923078164062862089986280348253421170679\n"
            "0.8414709848078965 2.718281828459045 1.9129311827723892 0.30000000000000004 1e+21 ff.8\n"))


class Gojq(Program):
    slow = True
    name = "gojq"
    query = "group_by(.station) | map({key: .[0].station, value: (map(.value) | add)}) | from_entries"

    def known(self, rows):
        sums = collections.Counter()
        for row in rows:
            sums[row["station"]] += row["value"]
        return json.dumps(dict(sorted(sums.items())), separators=(",", ":")) + "\n"

    def test_file(self):
        calls = self.program("-c", self.query, "/data/readings.json", says=self.known(self.readings()))
        self.assertGreater(calls["fd_read"], 0)

    def test_standard_input(self):
        says = self.known(self.readings())
        self.program("-c", self.query, says=says, input=(self.data / "readings.json").read_bytes())

    def test_error(self):
        self.program(".", "/data/absent.json", says="", status=5)
        self.program('"a" | ltrimstr("b") | error', says="", status=5, input=b"null")


class GoMath(Program):
    """More than a hundred tests and examples of floating point, written for Go's library."""
    name = "gomath"

    def test_its_own_tests(self):
        calls = self.program("-test.short", says="PASS\n", options=["--env", "TMPDIR=/data"])
        self.assertGreater(calls["path_unlink_file"], 0)


class Python(Program):
    """CPython and its library; what this test's own Python prints is the known answer."""
    slow = True
    name = "python"
    library = """
        import bisect, collections, csv, dataclasses, decimal, difflib, fractions, functools, hashlib, heapq, io, itertools, json, math
        import random, re, statistics, string, struct, textwrap, unicodedata, zlib
        print(math.factorial(60), pow(3, 10 ** 40, 10 ** 30), math.comb(300, 150))
        print(*(f"{f(x):.12g}" for f in (math.sin, math.exp, math.log1p, math.gamma, math.erf) for x in (0.1, 1.5, 2.75)))
        print(float.hex(math.fsum(1 / n ** 2 for n in range(1, 5000))), 0.1 + 0.2, 1e308 * 10, -0.0)
        decimal.getcontext().prec = 60
        print(decimal.Decimal(2).sqrt(), fractions.Fraction(355, 113) ** 5, round(statistics.stdev([2, 4, 4, 5, 7, 9]), 12))
        text = "".join(random.Random(7).choices(string.ascii_lowercase + " ", k=4000))
        for name in "md5", "sha256", "sha3_256", "blake2b":
            print(name, hashlib.new(name, text.encode()).hexdigest())
        print(zlib.crc32(text.encode()), zlib.decompress(zlib.compress(text.encode(), 9)) == text.encode())
        print(collections.Counter(text).most_common(3), re.findall(r"\\b(\\w)\\w*?(\\w)\\b", text)[:8])
        print(textwrap.fill(text[:200], 40), unicodedata.normalize("NFD", "\\u00e5").encode(), "\\u00df".upper())
        print(struct.pack("<hIdf", -2, 7, math.pi, 0.1).hex(), json.dumps({"a": [1, None, "\\u20ac"]}, sort_keys=True))
        print("\\n".join(difflib.unified_diff("a b c d".split(), "a c d e".split(), lineterm="")))
        print(heapq.nsmallest(4, (n * 7919 % 1009 for n in range(1, 500))), bisect.bisect([1, 3, 5], 4))
        @functools.cache
        def ways(n): return 1 if n < 2 else ways(n - 1) + ways(n - 2)
        print([ways(n) for n in range(181)][-1], list(itertools.islice(itertools.permutations("abcd", 3), 5)))
        @dataclasses.dataclass(order=True)
        class Point:
            x: int
            y: float = 0.5
        print(sorted([Point(2), Point(1, 3.5)]), list(csv.reader(io.StringIO('a,"b,c"\\n1,2\\n'))))
        def depth(n): return 1 + depth(n - 1) if n else 0
        print(depth(400))
        try: (lambda f: f(f))(lambda f: f(f))
        except RecursionError as error: print(type(error).__name__)
    """

    def test_library(self):
        script = textwrap.dedent(self.library)
        known = subprocess.run([sys.executable, "-I", "-c", script], capture_output=True, text=True, check=True).stdout
        self.assertGreater(len(known.splitlines()), 20)
        self.program("-c", script, says=known)

    def test_files(self):
        rows = self.readings()
        (self.data / "sum.py").write_text(textwrap.dedent("""
            import collections, json, os, pathlib, sys
            sums = collections.Counter()
            for row in json.load(open("/data/readings.json")):
                sums[row["station"]] += row["value"]
            with open("/data/sums.txt", "w") as out:
                out.writelines(f"{name:4}{total}\\n" for name, total in sorted(sums.items(), key=lambda entry: (-entry[1], entry[0])))
            os.mkdir("/data/made")
            pathlib.Path("/data/made/a").write_bytes(bytes(range(256)) * 40)
            with open("/data/made/a", "r+b") as file:
                file.seek(-6, os.SEEK_END)
                print(file.read(), file.truncate(1000), os.fstat(file.fileno()).st_size)
            os.remove("/data/made/a")
            print(sorted(os.listdir("/data")), os.listdir("/data/made"), os.path.isdir("/data/made"))
            os.rmdir("/data/made")
            for path in "/etc/passwd", "/data/absent", "/data/../etc/passwd":
                try: open(path)
                except OSError as error: print(type(error).__name__)
            print(sys.stdin.read().upper(), end="", flush=True)
            {}["nobody catches this"]
        """))
        calls = self.program("/data/sum.py", status=1, input=b"from outside\n", says=(
            "b'\\xfa\\xfb\\xfc\\xfd\\xfe\\xff' 1000 1000\n['made', 'readings.json', 'sum.py', 'sums.txt'] [] True\n"
            "FileNotFoundError\nFileNotFoundError\nPermissionError\nFROM OUTSIDE\n"))
        sums = collections.Counter()
        for row in rows:
            sums[row["station"]] += row["value"]
        ordered = sorted(sums.items(), key=lambda entry: (-entry[1], entry[0]))
        self.assertEqual((self.data / "sums.txt").read_text(), "".join(f"{name:4}{total}\n" for name, total in ordered))
        self.assertGreater(calls["fd_seek"], 0)


PICTURE = """<svg xmlns="http://www.w3.org/2000/svg" width="8" height="4">
    <style>.a { fill: #ff8000 }</style>
    <rect width="8" height="4" fill="#102030"/>
    <rect class="a" x="2" y="1" width="3" height="2"/>
    <g transform="translate(1 1)" fill="lime"><path d="M5 0h2v1h-2z"/></g>
</svg>"""


class Resvg(Program):
    """Draws SVG."""
    name = "resvg"

    def pixels(self, path):
        """The pixels of a PNG file with 8 bits of red, green, blue and alpha each, row by row."""
        content, at, packed = path.read_bytes(), 8, b""
        while at < len(content):
            size, kind = struct.unpack_from(">I4s", content, at)
            body = content[at + 8 : at + 8 + size]
            if kind == b"IHDR":
                width, height, *form = struct.unpack(">IIBBBBB", body)
                self.assertEqual(form, [8, 6, 0, 0, 0])
            packed += body if kind == b"IDAT" else b""
            at += 12 + size
        packed, rows, above = zlib.decompress(packed), [], bytes(4 * width)
        for start in range(0, len(packed), 1 + 4 * width):
            row = bytearray(packed[start + 1 : start + 1 + 4 * width])
            for i in range(len(row)):
                left, up, corner = (row[i - 4], above[i], above[i - 4]) if i >= 4 else (0, above[i], 0)
                nearest = min(left, up, corner, key=lambda value: abs(left + up - corner - value))
                row[i] = row[i] + (0, left, up, (left + up) // 2, nearest)[packed[start]] & 255
            rows.append([row[i : i + 4].hex() for i in range(0, len(row), 4)])
            above = row
        self.assertEqual(len(rows), height)
        return rows

    def test_draws(self):
        (self.data / "a.svg").write_text(PICTURE)
        ground, orange, lime = "102030ff", "ff8000ff", "00ff00ff"
        calls = self.program("-z", "3", "/data/a.svg", "/data/a.png", says="")
        self.assertGreater(calls["fd_write"], 0)

        def colour(x, y):
            return orange if 2 <= x < 5 and 1 <= y < 3 else lime if 6 <= x < 8 and y == 1 else ground

        self.assertEqual(self.pixels(self.data / "a.png"), [[colour(x // 3, y // 3) for x in range(24)] for y in range(12)])

    def test_error(self):
        self.program("/data/absent.svg", "/data/a.png", says="", status=1)
        (self.data / "a.svg").write_text("<svg")
        self.program("/data/a.svg", "/data/a.png", says="", status=1)


class Usvg(Program):
    """Writes SVG again in a smaller language."""
    name = "usvg"

    def test_simplifies(self):
        (self.data / "a.svg").write_text(PICTURE)
        self.program("/data/a.svg", "/data/b.svg", says="")
        paths = ElementTree.parse(self.data / "b.svg").iter("{http://www.w3.org/2000/svg}path")
        shapes = [(path.get("fill"), path.get("d")) for path in paths]
        self.assertEqual(shapes, [("#102030", "M 0 0 L 8 0 L 8 4 L 0 4 Z"), ("#ff8000", "M 2 1 L 5 1 L 5 3 L 2 3 Z"),
                                  ("#00ff00", "M 5 0 L 7 0 L 7 1 L 5 1 Z")])


class Ripgrep(Program):
    name = "rg"

    def test_tree(self):
        known = []
        for folder in "a", "a/b", "c":
            (self.data / folder).mkdir()
            for number in range(6):
                lines = [f"{folder} line {line} needle{line * number % 7}" for line in range(40)]
                (self.data / folder / f"f{number}.txt").write_text("\n".join(lines) + "\n")
                known += [f"/data/{folder}/f{number}.txt:{at}:{line}\n" for at, line in enumerate(lines, 1) if line.endswith("needle3")]
        (self.data / ".ignore").write_text("ignored\n")
        (self.data / "ignored").mkdir()
        (self.data / "ignored/f.txt").write_text("needle3\n")
        (self.data / "c/binary").write_bytes(b"\0\0needle\n")
        os.symlink("../a", self.data / "c/link")
        calls = self.program("-n", "--sort", "path", r"\bneedle[3]$", "/data", says="".join(sorted(known, key=self.order)))
        self.assertGreater(calls["fd_readdir"], 0)

    @staticmethod
    def order(line):
        name, at, _ = line.split(":", 2)
        return name.split("/"), int(at)

    def test_nothing_found(self):
        (self.data / "f.txt").write_text("hay\n")
        self.program("needle", "/data", says="", status=1)

    def test_standard_input(self):
        self.program("-o", "-r", "$2 $1", r"(\w+)=(\w+)", "-", says="b a\nd c\n", input=b"a=b\n;\nc=d\n")


main()
