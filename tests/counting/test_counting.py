#!/usr/bin/env python3
"""What did not run is red: each way in which a test can look green without having run is told by tests/count_results.py.
usage: test_counting.py"""
import contextlib
import io
import json
import pathlib
import sys
import unittest
from xml.etree import ElementTree

sys.path[:0] = [str(pathlib.Path(__file__).resolve().parents[1]), str(pathlib.Path(__file__).resolve().parents[1] / "e2e")]
import count_results
import warrant_case

ROOT = pathlib.Path(__file__).resolve().parents[2]
WITNESS = {"witness": True, "Landlock": "on"}
RULES = [("always", "a", []), ("witness", "live*", ["test_compat"])]


def result(name, status="run", output="", skip=None):
    case = ElementTree.Element("testcase", name=name, status=status)
    if skip is not None:
        ElementTree.SubElement(case, "skipped", message=skip)
    ElementTree.SubElement(case, "system-out").text = output
    return count_results.Test(case)


class Counting(unittest.TestCase):
    def judged(self, *tests, listed=None, doctor=WITNESS, rules=()):
        self.said = io.StringIO()
        return count_results.judge("p", list(tests), len(tests) if listed is None else listed, list(rules), doctor, self.said)

    def test_passed(self):
        self.assertEqual(self.judged(result("a"), result("live_b"), rules=RULES), (2, 0, 0))

    def test_failed(self):
        self.assertEqual(self.judged(result("a", "fail"), result("b")), (1, 1, 0))

    def test_skipped_with_a_reason(self):
        self.assertEqual(self.judged(result("b", "notrun", "skipped: no such thing\n", "SKIP_RETURN_CODE=77")), (0, 0, 1))
        self.assertIn("skipped: b (p): no such thing", self.said.getvalue())

    def test_skipped_in_silence(self):
        self.assertEqual(self.judged(result("b", "notrun", "ok\n", "SKIP_RETURN_CODE=77")), (0, 1, 0))

    def test_could_not_run(self):
        for status, skip in (("notrun", "Unable to find executable"), ("notrun", "Fixture dependency failed"), ("disabled", None)):
            with self.subTest(status=status, skip=skip):
                self.assertEqual(self.judged(result("b", status, "", skip)), (0, 1, 0))

    def test_case_in_a_passed_program(self):
        python = result("b", output="test_x ... skipped 'no disk'\nskipped: Disk.test_x: no disk\nskipped: Disk.test_y (n=1): none\n")
        cmocka = result("c", output="skipped: test_z: no kernel: old\n[  SKIPPED ] test_z\n[  PASSED  ] 3 test(s).\n")
        self.assertEqual(self.judged(python, cmocka), (2, 0, 3))
        self.assertIn("skipped: c, test_z (p): no kernel: old", self.said.getvalue())

    def test_cmocka_in_silence(self):
        self.assertEqual(self.judged(result("c", output="[  SKIPPED ] test_z\n")), (0, 1, 0))

    def test_another_number(self):
        self.assertEqual(self.judged(result("a"), listed=2)[1], 1)
        self.assertEqual(self.judged(listed=0)[1], 1)

    def test_must_run(self):
        whole = result("live_a", "notrun", "skipped: no BPF\n", "SKIP_RETURN_CODE=77")
        self.assertEqual(self.judged(result("a"), whole, rules=RULES)[1], 1)
        self.assertEqual(self.judged(result("a"), whole, rules=RULES, doctor={"witness": False})[1], 0)
        self.assertEqual(self.judged(result("a"), rules=RULES)[1], 1)  # live* is not there
        self.assertEqual(self.judged(result("live_a"), rules=RULES)[1], 1)  # a is not there
        for case, wrong in (("test_compat", 0), ("test_files", 1)):
            with self.subTest(case=case):
                self.assertEqual(self.judged(result("a"), result("live_a", output=f"skipped: {case}: so\n"), rules=RULES)[1], wrong)

    def test_what_may_be_absent(self):
        rules = [("witness", "suite", [], ["no suite*"])]
        for said, doctor, wrong in (("no suite is named", WITNESS, 0), ("there is no player", WITNESS, 1), ("a sanitizer makes it minutes", WITNESS, 1),
                                    ("a sanitizer makes it minutes", {**WITNESS, "sanitizer": True}, 0), ("there is no player", {"witness": False}, 0)):
            with self.subTest(said=said, doctor=doctor):
                skipped = result("suite", "notrun", f"skipped: {said}\n", "SKIP_RETURN_CODE=77")
                self.assertEqual(self.judged(skipped, rules=rules, doctor=doctor)[1], wrong)
        two = result("suite", "notrun", "skipped: A: no suite\nskipped: B: no player\n", "SKIP_RETURN_CODE=77")
        self.assertEqual(self.judged(two, rules=rules)[1], 1)
        self.assertEqual(self.judged(result("suite", output="skipped: A: no suite\n"), rules=rules)[1], 1)  # it is there, and a case did not run

    def test_reason_that_is_not_so(self):
        for reason, wrong in (("no witness here: not root", 1), ("no Landlock here", 1), ("no mounts here", 0), ("nothing here", 0)):
            with self.subTest(reason=reason):
                self.assertEqual(self.judged(result("x", output=f"skipped: X.test_y: {reason}\n"))[1], wrong)
        whole = result("x", "notrun", "skipped: no witness here\n", "SKIP_RETURN_CODE=77")
        self.assertEqual(self.judged(whole)[1], 1)
        self.assertEqual(self.judged(whole, doctor={"witness": False})[1], 0)

    def test_sanitizer(self):
        case = result("live_a", output="skipped: X.test_room: a sanitizer needs the room\n")
        self.assertEqual(self.judged(result("a"), case, rules=RULES, doctor={**WITNESS, "sanitizer": True})[1], 0)
        self.assertEqual(self.judged(result("a"), case, rules=RULES, doctor={**WITNESS, "sanitizer": False})[1], 1)

    def test_conditions_that_must_all_hold(self):
        rules = [("witness,system", "attacks_*", [])]
        for doctor, wrong in (({**WITNESS, "system": True}, 1), ({**WITNESS, "system": False}, 0), ({"witness": False, "system": True}, 0)):
            self.assertEqual(self.judged(result("e2e_x"), rules=rules, doctor=doctor)[1], wrong, doctor)

    def test_condition_that_must_not_hold(self):
        rules = [("witness,!sanitizer", "attacks_*", [])]
        for doctor, wrong in ((WITNESS, 1), ({**WITNESS, "sanitizer": True}, 0), ({**WITNESS, "sanitizer": False}, 1)):
            self.assertEqual(self.judged(result("e2e_x"), rules=rules, doctor=doctor)[1], wrong, doctor)

    def test_one_preset_leaves_the_system_tests_to_the_others(self):
        presets = json.loads((ROOT / "CMakePresets.json").read_text(encoding="utf-8"))["configurePresets"]
        self.assertEqual([preset["name"] for preset in presets if "WARRANT_SYSTEM_TESTS" in preset.get("cacheVariables", {})], ["gcc"])

    def test_list_is_readable(self):
        rules = list(count_results.must_run(pathlib.Path(count_results.__file__).parent / "must-run"))
        self.assertGreater(len(rules), 10)
        self.assertIn(("always", "test_counting", []), rules)


class Programs(unittest.TestCase):
    """The status of a program of tests, as warrant_case.main gives it."""

    def status(self, *cases):
        suite = unittest.TestSuite(map(unittest.defaultTestLoader.loadTestsFromTestCase, cases))
        with contextlib.redirect_stdout(io.StringIO()):
            return warrant_case.status_of(unittest.TextTestRunner(stream=io.StringIO()).run(suite))

    def test_statuses(self):
        class Passes(unittest.TestCase):
            def test(self):
                pass

        class Fails(unittest.TestCase):
            def test(self):
                self.fail()

        @unittest.skip("why")
        class Skipped(unittest.TestCase):
            def test(self):
                pass

        class SetUp(unittest.TestCase):
            @classmethod
            def setUpClass(cls):
                raise unittest.SkipTest("why")

            def test(self):
                pass

        class Expected(unittest.TestCase):
            @unittest.expectedFailure
            def test(self):
                pass

        class Empty(unittest.TestCase):
            pass

        for cases, status in (((Passes,), 0), ((Fails,), 1), ((Skipped,), 77), ((SetUp,), 77), ((Passes, Skipped), 0),
                              ((Skipped, SetUp), 77), ((Fails, Skipped), 1), ((Empty,), 1), ((Expected,), 1)):
            with self.subTest(cases=[case.__name__ for case in cases]):
                self.assertEqual(self.status(*cases), status)


warrant_case.main()
