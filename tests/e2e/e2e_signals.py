#!/usr/bin/env python3
"""proc_raise: a signal ends the guest that raises it with 128 and its number, live, in the trace and in the replay; and is sent to nobody."""
import warrant_case
from warrant_case import GUESTS, WITNESS, Case

NOTHING_HAPPENS = (0, 16, 17, 22, 27)  # none, CHLD, CONT, URG, WINCH


class Signals(Case):
    def raise_it(self, number):
        return self.warrant("record", "-q", *WITNESS, "-o", self.trace, GUESTS / "poke.wasm", "proc_raise", number, "--", "random_get", 0, 0,
                            status=None)

    def test_a_signal_ends_the_guest(self):
        for number in (1, 6, 9, 11, 15, 19, 30):
            done = self.raise_it(number)
            self.assertEqual((done.returncode, done.stdout), (128 + number, ""))
            report = self.check()
            self.assertEqual((report["findings"], report["exit"]["code"], report["replay"]["identical"]), ([], 128 + number, True))
            self.assertEqual([item["exit"] for item in self.show() if "exit" in item], ["raised"])
            self.assertEqual(self.warrant("replay", "--output", self.trace, status=None).returncode, 128 + number)
            self.trace.unlink()
            self.witness.unlink(missing_ok=True)

    def test_what_is_ignored_or_no_signal_ends_nobody(self):
        for number in (*NOTHING_HAPPENS, 31, 255):
            done = self.raise_it(number)
            self.assertEqual(done.stdout, f"proc_raise = {28 if number > 30 else 0}\nrandom_get = 0\n")
            self.assertEqual((done.returncode, self.check()["findings"]), (0, []))
            self.trace.unlink()
            self.witness.unlink(missing_ok=True)


if __name__ == "__main__":
    warrant_case.main()
