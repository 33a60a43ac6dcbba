"""A build without the witness, the second line and policy files does the main job, and says at every turn what it lacks."""
import warrant_case
from warrant_case import GUESTS, Case, doctor

NO_LINE = "absent: no line held"


class Bare(Case):
    def bare(self, guest, *words, **more):
        return self.record(guest, *words, options=["--witness", "auto"], **more)

    def test_doctor_names_what_is_absent(self):
        said = doctor()
        self.assertFalse(said["witness"])
        self.assertIn("built without a witness", said["witness_reason"])
        self.assertIn("built without it", said["confinement_reason"])
        for line in ("no_new_privs", "not dumpable", "resource limits", "no capabilities", "Landlock", "seccomp"):
            self.assertEqual(said[line], "absent")
        self.assertIn("built without policy files", said["policy_files_reason"])
        text = self.warrant("doctor").stdout
        self.assertRegex(text, r"(?m)^policy files +no: ")
        self.assertRegex(text, r"(?m)^witness +no: .*built without a witness")
        self.assertRegex(text, r"(?m)^second line +no: ")

    def test_run_says_that_nothing_confines_the_guest(self):
        done = self.warrant("run", "--dir", f"{self.data}::/data", GUESTS / "steps.wasm", "3")
        self.assertIn("without a second line of defence", done.stderr)
        quiet = self.warrant("run", "--no-confine", "--dir", f"{self.data}::/data", GUESTS / "steps.wasm", "3")
        self.assertNotIn("second line", quiet.stderr)
        self.assertEqual(quiet.stdout, done.stdout)

    def test_grants_hold(self):
        """The decision core is all that stands here, and it stands."""
        self.warrant("run", "--no-confine", GUESTS / "steps.wasm", "3", status=1)
        self.warrant("run", "--no-confine", "--dir", f"{self.data}::/data:ro", GUESTS / "steps.wasm", "3", status=1)
        self.assertEqual(list(self.data.iterdir()), [])

    def test_record_show_replay_check(self):
        done = self.bare("sqlite", ":memory:", "SELECT 6 * 7;")
        self.assertEqual(done.stdout, "42\n")
        self.assertIn("the witness is off: this warrant was built without a witness", done.stderr)
        self.assertFalse(self.witness.exists())
        shown = self.warrant("show", self.trace).stdout
        self.assertIn(f"# confinement {NO_LINE}", shown)
        self.assertRegex(shown, r"(?m)^# witness .*built without a witness")
        self.assertIn("identical", self.warrant("replay", self.trace).stdout)
        report = self.check()
        self.assertEqual(report["confined"], NO_LINE)
        self.assertFalse(report["witnessed"])
        self.assertIn("confine.off", [finding["rule"] for finding in report["findings"]])
        self.assertTrue(report["replay"]["identical"])

    def test_a_demanded_witness_stops_the_start(self):
        done = self.record("steps", "3", options=["--witness", "on"], status=125)
        self.assertIn("built without a witness", done.stderr)
        self.assertFalse(self.trace.exists())

    def test_a_policy_file_is_refused_and_not_left_out(self):
        policy = self.folder / "policy.yaml"
        policy.write_text("version: 1\n")
        for words in (["run", "--policy", policy, GUESTS / "steps.wasm", "3"], ["policy", "lint", policy]):
            self.assertIn("built without policy files", self.warrant(*words, status=None).stderr)
            self.assertNotEqual(self.warrant(*words, status=None).returncode, 0)

    def test_the_traps_and_limits_of_a_guest(self):
        self.assertIn("fuel", self.warrant("run", "--fuel", "1000", GUESTS / "spin.wasm", status=126).stderr)
        self.assertIn("wall-clock", self.warrant("run", "--timeout", "200ms", GUESTS / "spin.wasm", status=126).stderr)

    def test_validate(self):
        self.warrant("validate", GUESTS / "sqlite.wasm")
        broken = self.folder / "broken.wasm"
        broken.write_bytes((GUESTS / "steps.wasm").read_bytes()[:-20])
        self.warrant("validate", broken, status=3)


if __name__ == "__main__":
    warrant_case.main()
