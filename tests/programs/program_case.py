"""What the tests with programs share that were not written for warrant: where they are, and how one is run."""
import collections
import json
import os
import pathlib
import sys
import unittest

sys.path.insert(0, str(pathlib.Path(__file__).resolve().parents[1] / "e2e"))
from warrant_case import SLOW, SOURCE, Case, status_of

PROGRAMS = pathlib.Path(os.environ.get("PROGRAMS", SOURCE / "build/guests")).resolve()
ROWS = 3000 if SLOW == 1 else 200


class Program(Case):
    name = None
    slow = False

    @classmethod
    def setUpClass(cls):
        if cls.slow and os.environ.get("WARRANT_SANITIZE"):
            raise unittest.SkipTest("a sanitizer makes it minutes")
        if not (PROGRAMS / f"{cls.name}.wasm").exists():
            log = PROGRAMS / f"{cls.name}.log"
            why = " ".join(log.read_text(errors="replace").split("\n")[-4:]).strip() if log.exists() else ""
            raise unittest.SkipTest(f"there is no {cls.name}.wasm; tests/guests/get-programs {PROGRAMS} makes it: {why}")

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


def main():
    names = [f"__main__.{name}" for name in sys.argv[1:]] or ["__main__"]
    result = unittest.TextTestRunner(verbosity=2, stream=sys.stdout).run(unittest.defaultTestLoader.loadTestsFromNames(names))
    sys.exit(status_of(result))

