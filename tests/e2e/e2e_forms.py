"""What other programs read: findings as SARIF, calls as Chrome's trace events, each held against its schema."""
import json
import shutil

import json_shape
import warrant_case
from warrant_case import Case


class Forms(Case):
    def sarif(self, trace, status):
        report = json.loads(self.warrant("check", "--format", "sarif", trace, status=status).stdout)
        self.assertEqual(json_shape.faults(report, json_shape.SARIF), [])
        return report["runs"][0]

    def test_findings_as_sarif(self):
        """The rule of a finding, its level, and the file that shows it, also where that file's name needs escapes."""
        self.record("steps", 2, options=["--witness", "off", "--no-confine"])
        found = json.loads(self.warrant("check", "--json", self.trace).stdout)["findings"]
        run = self.sarif(self.trace, 0)
        rules = run["tool"]["driver"]["rules"]
        self.assertEqual([(rules[result["ruleIndex"]]["id"], result["properties"]["severity"]) for result in run["results"]], [(one["rule"], one["severity"]) for one in found])
        self.assertEqual({result["ruleId"]: result["level"] for result in run["results"]}, {"witness.absent": "note", "confine.off": "warning"})
        self.assertEqual(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"], f"file://{self.trace}")
        self.assertEqual([note["message"]["text"] for note in run["invocations"][0]["toolExecutionNotifications"]], [run["properties"]["verdict"]])
        odd = self.folder / "a b:é%.wtrace"
        odd.write_bytes(self.trace.read_bytes()[:-80])
        run = self.sarif(odd, 3)
        self.assertTrue(run["results"][0]["locations"][0]["physicalLocation"]["artifactLocation"]["uri"].endswith("/a%20b%3A%C3%A9%25.wtrace"))
        self.assertEqual((run["invocations"][0]["exitCode"], run["properties"]["verdict"]), (3, "damaged"))
        note = run["invocations"][0]["toolExecutionNotifications"][0]
        self.assertEqual((note["level"], "chunk" in note["message"]["text"]), ("error", True), note)
        self.warrant("check", "--format", "sarif", self.trace, odd, status=2)

    def test_a_forged_trace_as_sarif(self):
        self.record("steps", 2)
        other = self.folder / "other.wtrace"
        shutil.move(self.trace, other)
        if self.witness.exists():
            shutil.move(self.witness, self.folder / "other.wwit")
        self.record("steps", 3)
        if not self.witness.exists():
            self.skipTest("no witness here: two files of one run are wanted")
        shutil.move(self.witness, self.folder / "other.wwit")  # of another run
        run = self.sarif(other, 1)
        self.assertIn(("witness.foreign", "error", True), [(result["ruleId"], result["level"], result["properties"]["fails"]) for result in run["results"]])

    def test_calls_as_chrome_trace(self):
        self.record("steps", 3)
        trace = json.loads(self.warrant("show", "--chrome-trace", self.trace).stdout)
        self.assertEqual(json_shape.faults(trace, json_shape.CHROME_TRACE), [])
        for event in trace["traceEvents"]:
            self.assertEqual(json_shape.faults(event, json_shape.CHROME_EVENTS[event["ph"]]), [])
        head, *calls, last = trace["traceEvents"]
        items = [item for item in (json.loads(line) for line in self.warrant("show", "--json", "-r", "-T", self.trace).stdout.splitlines()) if "call" in item]
        self.assertEqual([call["name"] for call in calls], [item["call"] for item in items])
        self.assertEqual([(round(call["ts"] * 1000), round(call["dur"] * 1000) if "dur" in call else None) for call in calls], [(item["since_start_ns"], item["duration_ns"]) for item in items])
        self.assertEqual((head["args"]["name"], last["name"], last["ts"] >= calls[-1]["ts"]), (str(warrant_case.GUESTS / "steps.wasm"), "returned", True))
        self.assertEqual({call["cat"] for call in calls}, {"file", "other"})
        slices = [call for call in calls if call["ph"] == "X"]
        self.assertTrue(all(a["ts"] + a["dur"] <= b["ts"] + 0.001 for a, b in zip(slices, slices[1:])))
        self.assertEqual(len(json.loads(self.warrant("show", "--chrome-trace", "-e", "fd_read", self.trace).stdout)["traceEvents"]), 1 + 3 + 1)
        cut = self.folder / "cut.wtrace"
        cut.write_bytes(self.trace.read_bytes()[:-80])
        self.assertIn("no end that relates", self.warrant("show", "--chrome-trace", cut, status=3).stderr)
        self.warrant("show", "--chrome-trace", "-c", self.trace, status=2)


warrant_case.main()
