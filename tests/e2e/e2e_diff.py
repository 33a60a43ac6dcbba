"""`warrant diff`: two runs that do the same are the same, whenever and where they ran; two that do not part where they do."""
import json
import signal
import subprocess
import time

import warrant_case
from warrant_case import Case


class Diff(Case):
    def run_of(self, name, guest, *words, options=(), status=0):
        self.trace = self.folder / f"{name}.wtrace"
        self.record(guest, *words, options=options, status=status)
        return self.trace

    def diff(self, a, b, status=1):
        text = self.warrant("diff", a, b, status=status).stdout
        found = json.loads(self.warrant("diff", "--json", a, b, status=status).stdout)
        self.assertEqual(found["same"], status == 0)
        self.assertEqual("hostcalls are the same" in text, True, text)
        return found, text

    def test_what_happens_anyway_is_no_difference(self):
        """Clocks, random bytes, inodes and times differ; a file that was made anew is the same file to the guest."""
        words = ["random_get", "out", 8, "--", "clock_time_get", 0, 1, "out", "--", "path_filestat_get", 3, 0, "@f", "out", "--", "fd_readdir", 3, "out", 200, 0, "out"]
        for name in "ab":
            (self.data / "f").unlink(missing_ok=True)
            (self.data / f"pad{name}").write_text("")  # so that the inode is another
            (self.data / "f").write_text("same")
            (self.data / f"pad{name}").unlink()
            self.run_of(name, "steps", 2)
        self.diff(self.folder / "a.wtrace", self.folder / "b.wtrace", status=0)
        for name in "cd":
            self.run_of(name, "poke", *words)
        found, _ = self.diff(self.folder / "c.wtrace", self.folder / "d.wtrace")
        self.assertIn(found["part"], ("WRITTEN", "ARGUMENTS"), found)  # poke prints the numbers, which may be longer
        self.assertIn("fd_write(1<stdout>", found["a"]["call"])

    def test_where_two_part(self):
        read = ["path_open", 3, 1, "@f", 0, 6, 0, 0, "out", "--", "fd_read", 4, "iov:new:8", "out"]
        (self.data / "f").write_text("12345678")
        a = self.run_of("a", "poke", *read)
        (self.data / "f").write_text("12345679")
        other_data, text = self.diff(a, self.run_of("b", "poke", *read))
        self.assertEqual((other_data["part"], other_data["inputs"]["arguments"], other_data["files"]), ("READ", "same", []))
        self.assertIn('"12345678"', other_data["a"]["call"])
        self.assertIn('"12345679"', other_data["b"]["call"])
        self.assertIn("fd_write(1<stdout>", text.split("other data enters the guest")[1].splitlines()[1])
        (self.data / "f").write_text("123")
        shorter, _ = self.diff(a, self.run_of("c", "poke", *read))
        self.assertEqual((shorter["part"], shorter["files"][0]["name"], shorter["files"][0]["a"]["bytes_read"], shorter["files"][0]["b"]["bytes_read"]),
                         ("RESULTS", "/data/f", 8, 3))
        (self.data / "f").unlink()
        missing, _ = self.diff(a, self.run_of("d", "poke", *read))
        self.assertEqual(missing["part"], "ERROR")
        self.assertEqual([row["call"] for row in missing["calls"]], ["fd_read", "path_open"])
        named, _ = self.diff(a, self.run_of("e", "poke", "path_open", 3, 1, "@g", 0, 6, 0, 0, "out", "--", "fd_read", 4, "iov:new:8", "out"))
        self.assertEqual(named["inputs"]["arguments"], "differ")

    def test_names_in_folders(self):
        """What a plan does in a directory that it opened for itself is counted under the guest's name, and that opening is none of the guest's."""
        words = ["path_create_directory", 3, "@sub/new", "--", "path_open", 3, 1, "@sub/f", 9, 64, 0, 0, "out", "--", "path_rename", 3, "@sub/f", 3, "@sub/g"]
        (self.data / "sub").mkdir()
        a = self.run_of("a", "poke", *words)
        (self.data / "sub" / "g").rename(self.data / "sub" / "f")  # and the directory is there
        found, _ = self.diff(a, self.run_of("b", "poke", *words))
        self.assertEqual([(row["name"], row["a"]["opens"], row["a"]["changes"], row["b"]["changes"]) for row in found["files"] if row["name"] != "stdout"], [("/data/sub/new", 0, 1, 0)])
        (self.data / "sub" / "g").unlink()
        (self.data / "sub").rename(self.data / "away")
        found, _ = self.diff(a, self.run_of("c", "poke", *words))
        self.assertEqual([(row["name"], row["a"]["opens"], row["a"]["changes"], row["b"]["opens"], row["b"]["changes"]) for row in found["files"] if row["name"] != "stdout"],
                         [("/data/sub/f", 1, 3, 0, 0), ("/data/sub/g", 0, 1, 0, 0), ("/data/sub/new", 0, 1, 0, 0)])

    def test_the_call_before_has_the_names_of_then(self):
        """One run is stopped before the call behind a close: the close's line still has the name of what it closed."""
        words = ["path_open", 3, 1, "@f", 0, 2, 0, 0, "out", "--", "fd_close", 4]
        (self.data / "f").write_text("same")
        policy = self.folder / "policy.yaml"
        policy.write_text(f"version: 1\nfiles: [{{ host: {self.data}, guest: /data, access: write }}]\nlimits: {{ calls: 6 }}\n")
        a, b = self.run_of("a", "poke", *words), self.folder / "b.wtrace"
        self.warrant("record", "-o", b, "-p", policy, warrant_case.GUESTS / "poke.wasm", *words, status=126)
        found, text = self.diff(a, b)
        self.assertEqual((found["part"], found["same_hostcalls"], found["b"]["call"], found["inputs"]["policy"]), ("ENDS", 6, None, "differ"))
        self.assertIn("fd_close(4</data/f>) = 0", found["before"])
        self.assertIn(found["before"], text)

    def test_ends_alone(self):
        """Two guests that make no call, and end by another hand, or by another trap: each said in both forms."""
        def stopped(name, *options, status):
            self.trace = self.folder / f"{name}.wtrace"
            self.warrant("record", "-q", "-o", self.trace, "--witness", "off", *options, warrant_case.GUESTS / "spin.wasm", status=status)
            return self.trace
        wall, fuel = stopped("a", "--timeout", "200ms", status=126), stopped("b", "--fuel", "1000", status=126)
        found, text = self.diff(wall, fuel)
        self.assertEqual((found["part"], found["same_hostcalls"], found["b"]["trap"]), (None, 0, "FUEL_EXHAUSTED"))
        self.assertIn("the guest's process ended: the wall-clock limit", found["a"]["end"])
        self.assertIn(found["a"]["end"], text)
        self.diff(wall, wall, status=0)
        killed = self.folder / "d.wtrace"
        recording = subprocess.Popen([warrant_case.WARRANT, "record", "-q", "-o", killed, "--witness", "off", warrant_case.GUESTS / "spin.wasm"])
        while not killed.exists() or killed.stat().st_size == 0:
            time.sleep(0.01)
        recording.send_signal(signal.SIGTERM)
        recording.wait()
        found, _ = self.diff(wall, killed)
        self.assertEqual((found["part"], found["same_hostcalls"]), (None, 0))
        self.assertIn("a signal to the launcher", found["b"]["end"])

    def test_counts_ends_and_damage(self):
        a, b = self.run_of("a", "steps", 2), self.run_of("b", "steps", 4)
        found, _ = self.diff(a, b)
        self.assertEqual((found["part"], found["b"]["hostcalls"] - found["a"]["hostcalls"]), ("CALL", 12))
        self.assertEqual({row["call"]: row["b"]["count"] - row["a"]["count"] for row in found["calls"]},
                         {"clock_time_get": 2, "fd_write": 2, "fd_filestat_get": 2, "fd_seek": 4, "fd_read": 2})
        self.assertEqual(found["a"]["event"], found["b"]["event"])
        self.assertEqual(self.diff(a, a, status=0)[0]["a"]["hostcalls"], found["a"]["hostcalls"])
        cut = self.folder / "cut.wtrace"
        cut.write_bytes(a.read_bytes()[:-80])
        self.assertIn("cut.wtrace", self.warrant("diff", a, cut, status=3).stderr)
        self.assertIn("two traces are wanted", self.warrant("diff", a, status=2).stderr)


warrant_case.main()
