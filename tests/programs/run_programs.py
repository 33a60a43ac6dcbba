#!/usr/bin/env python3
"""Programs that were not written for warrant: an interpreter of JavaScript in C, a jq in Go and tests of Go's library, a grep in Rust.

Each is run and recorded with the same output, which is known from elsewhere; the recording is checked and replayed.
tests/guests/build-programs builds them in a folder that PROGRAMS names. One that could not be built is left out, and says so.
"""
import collections
import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
import warrant_case
from warrant_case import SLOW, SOURCE, Case

PROGRAMS = pathlib.Path(os.environ.get("PROGRAMS", SOURCE / "build/guests")).resolve()
ROWS = 3000 if SLOW == 1 else 200


class Program(Case):
    name = None

    @classmethod
    def setUpClass(cls):
        if not (PROGRAMS / f"{cls.name}.wasm").exists():
            raise unittest.SkipTest(f"there is no {cls.name}.wasm: tests/guests/build-programs says which tool is missing")

    def program(self, *words, says, status=0, input=None, options=()):
        """Runs and records the program, demands the same output of both, and a recording without findings. Returns the calls."""
        guest = PROGRAMS / f"{self.name}.wasm"
        granted = ["--dir", f"{self.data}::/data", *options]
        for command in ["run"], ["record", "-q", "-o", self.trace]:
            done = self.warrant(*command, *granted, guest, *words, status=status, input=input)
            self.assertEqual(done.stdout, says, f"{command[0]}: {done.stderr}")
        report = self.check()
        self.assertEqual(report["findings"], [])
        self.assertTrue(report["whole"])
        self.assertEqual(report["lost"], 0)
        self.assertEqual(report["exit"]["code"], status)
        if report["witnessed"]:
            found = {name for name, count in report["verdicts"].items() if count}
            self.assertEqual(found, {"match", "silent"})
        replay = report["replay"]
        self.assertTrue(replay["identical"])
        self.assertEqual(replay["calls"], report["hostcalls"])
        self.assertEqual(replay["instructions"], replay["recorded_instructions"])
        calls = [item for item in self.show() if "call" in item]
        self.assertEqual(len(calls), report["hostcalls"])
        self.assertEqual([item for item in calls if item.get("errno") == "NOSYS"], [])
        return collections.Counter(item["call"] for item in calls)

    def readings(self):
        """Readings of stations, written as JSON to the data directory."""
        rows = [{"station": f"s{i * 7919 % 23}", "value": i * 104729 % 1009, "tag": "x" * (i % 5)} for i in range(ROWS)]
        (self.data / "readings.json").write_text(json.dumps(rows))
        return rows


class QuickJs(Program):
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
        calls = self.program("--std", "/data/sum.mjs", says="readings.json,sum.mjs,sums.txt 0\nnull 0 0 0\nTypeError\n",
                             ) if not (self.data / "sums.txt").exists() else None
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


warrant_case.main()
