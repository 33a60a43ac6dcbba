#!/usr/bin/env python3
"""The main job on the SQLite shell: record, check, replay without the world."""
import re
import shutil
import subprocess

import warrant_case
from warrant_case import SLOW, SOURCE, WITNESS, Case, needs_witness

ROWS = 100000 if SLOW == 1 else 4000


class MainJob(Case):
    def setUp(self):
        super().setUp()
        demo = SOURCE / "tests/demo"
        with open(self.data / "readings.csv", "wb") as rows:
            subprocess.run(["awk", "-v", f"rows={ROWS}", "-f", demo / "readings.awk"], stdout=rows, check=True)
        shutil.copy(demo / "load.sql", self.data)

    def sqlite(self, **more):
        return self.record("sqlite", "/data/demo.db", ".read /data/load.sql", **more)

    @needs_witness
    def test_record_and_check(self):
        done = self.sqlite(options=["--witness", "on"])
        self.assertIn(f"{ROWS}|0|364", done.stdout)
        self.assertIn("\nok\n", done.stdout)
        self.assertTrue((self.data / "report.txt").read_text().startswith("station-"))

        report = self.check("--db", self.folder / "audit.db")
        self.assertEqual(report["findings"], [])
        self.assertEqual(report["lost"], 0)
        verdicts = {name: count for name, count in report["verdicts"].items() if count}
        self.assertEqual(set(verdicts), {"match", "silent"})
        self.assertEqual(sum(verdicts.values()), report["hostcalls"])
        self.assertGreater(verdicts["match"], 1000 if SLOW == 1 else 100)
        replay = report["replay"]
        self.assertTrue(replay["identical"])
        self.assertEqual(replay["calls"], report["hostcalls"])
        self.assertEqual(replay["instructions"], replay["recorded_instructions"])
        self.assertGreater(replay["instructions"], 1000000)

        shutil.rmtree(self.data)
        again = self.check()
        for volatile in "elapsed_ns", "replay_ns", "imported", "replay":
            report.pop(volatile, None), again.pop(volatile, None)
        self.assertEqual(again, report)

    def test_replay_opens_nothing(self):
        self.sqlite(options=[*WITNESS])
        shutil.rmtree(self.data)
        log = self.folder / "strace"
        done = self.warrant("replay", self.trace, prefix=["env", "ASAN_OPTIONS=detect_leaks=0", "strace", "-f", "-o", log, "-e", "trace=%file,socket,connect"], limit=400)
        self.assertIn("identical", done.stdout)
        opened = re.findall(r'(?:open|openat|openat2|creat)\([^"]*"([^"]*)"', log.read_text())
        others = [name for name in opened if not name.endswith((".so", ".wtrace")) and ".so." not in name
                  and not name.startswith(("/etc/ld.so", "/proc/self/", "/sys/", "/dev/"))]
        self.assertEqual(others, [])
        self.assertNotIn("/data", log.read_text().replace(str(self.folder), ""))
        self.assertNotRegex(log.read_text(), r"socket\(|connect\(|unlink|mkdir|rename")


warrant_case.main()
