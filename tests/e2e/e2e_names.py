#!/usr/bin/env python3
"""Renames and hard links, over and across grants: what is left on the disk, the errno of each, that no name leads to where a file has other
rights, and that witness, judge and replay agree."""
import os

import warrant_case
from warrant_case import GUESTS, WITNESS, Case

INVAL, ISDIR, NOENT, NOTDIR, NOTEMPTY, EXIST, PERM, NOTCAPABLE = 28, 31, 44, 54, 55, 20, 63, 76
ALL, READ_ONLY_FILES = (1 << 28) - 1, 1 << 1 | 1 << 2 | 1 << 13 | 1 << 21
DIRECTORY = ALL & ~(1 << 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 7 | 1 << 8 | 1 << 22)


class Names(Case):
    def setUp(self):
        super().setUp()
        self.other, self.readable = self.folder / "other", self.folder / "readable"
        for folder in (self.other, self.readable, self.data / "s", self.data / "t", self.data / "s/e"):
            folder.mkdir()
        (self.data / "a").write_text("a\n")
        (self.data / "s/f").write_text("f\n")
        (self.readable / "x").write_text("x\n")
        (self.data / "link").symlink_to("a")
        (self.data / "away").symlink_to("../other")

    def names(self, *calls):
        """Makes the calls in one recorded guest (descriptors: 3 data, 4 other, 5 readable); returns their errnos. The check is clean."""
        words = []
        for call in calls:
            words += ["--", *map(str, call)] if words else [*map(str, call)]
        done = self.warrant("record", "-q", *WITNESS, "-o", self.trace, "--dir", f"{self.data}::/data", "--dir", f"{self.other}::/other",
                            "--dir", f"{self.readable}::/readable:ro", GUESTS / "poke.wasm", *words)
        report = self.check()
        self.assertEqual(report["findings"], [])
        return [int(line.split(" = ")[1].split()[0]) for line in done.stdout.splitlines()]

    def test_a_name_moves_over_and_across_grants(self):
        self.assertEqual(self.names(("path_rename", 3, "@a", 3, "@s/b"), ("path_rename", 3, "@s/b", 4, "@c"), ("path_rename", 3, "@s", 4, "@s"),
                                    ("path_rename", 4, "@c", 4, "@s/f")), [0, 0, 0, 0])
        self.assertEqual((self.other / "s/f").read_text(), "a\n")
        self.assertEqual(sorted(os.listdir(self.data)), ["away", "link", "t"])

    def test_a_file_gets_a_second_name_across_grants(self):
        self.assertEqual(self.names(("path_link", 3, 0, "@a", 3, "@s/b"), ("path_link", 3, 0, "@s/f", 4, "@f"), ("path_link", 3, 0, "@link", 3, "@second"),
                                    ("path_link", 3, 1, "@a", 3, "@third")), [0, 0, 0, 0])
        self.assertEqual((self.data / "a").stat().st_nlink, 3)
        self.assertTrue((self.other / "f").samefile(self.data / "s/f"))
        self.assertEqual(os.readlink(self.data / "second"), "a")

    def test_each_reason_has_its_errno(self):
        calls = {("path_rename", 3, "@a", 3, "@s"): ISDIR, ("path_rename", 3, "@s", 3, "@a"): NOTDIR, ("path_rename", 3, "@t", 3, "@s"): NOTEMPTY,
                 ("path_rename", 3, "@s", 3, "@s/e/x"): INVAL, ("path_rename", 3, "@none", 3, "@x"): NOENT, ("path_rename", 3, "@a/", 3, "@x"): NOTDIR,
                 ("path_rename", 3, "@a", 3, "@x/"): NOTDIR, ("path_rename", 3, "@none/", 3, "@x"): NOENT, ("path_rename", 3, "@link/", 3, "@x"): NOTDIR,
                 ("path_rename", 3, "@s/.", 3, "@x"): INVAL, ("path_rename", 3, "@a", 3, "@s/.."): INVAL,
                 ("path_link", 3, 0, "@a", 3, "@s"): EXIST, ("path_link", 3, 0, "@s", 3, "@x"): PERM, ("path_link", 3, 0, "@s/", 3, "@x"): PERM,
                 ("path_link", 3, 0, "@a", 3, "@x/"): NOENT, ("path_link", 3, 0, "@a/", 3, "@x"): NOTDIR, ("path_link", 3, 1, "@link", 3, "@x"): INVAL,
                 ("path_link", 3, 2, "@a", 3, "@x"): INVAL, ("path_link", 3, 0, "@.", 3, "@x"): PERM, ("path_link", 3, 0, "@a", 3, "@.."): EXIST}
        before = sorted(os.walk(self.data))
        self.assertEqual(self.names(*calls), list(calls.values()))
        self.assertEqual(sorted(os.walk(self.data)), before)

    def test_a_slash_behind_a_directory_is_none(self):
        self.assertEqual(self.names(("path_rename", 3, "@t/", 3, "@u"), ("path_rename", 3, "@u", 3, "@s/v//"), ("path_rename", 3, "@s/v/", 4, "@t/")),
                         [0, 0, 0])
        self.assertEqual(os.listdir(self.other), ["t"])

    def test_no_name_leads_out(self):
        """PATH-01, PATH-05, PATH-06: either path, plain and by a link."""
        for call in ("path_rename", 3), ("path_link", 3, 0):
            self.assertEqual(self.names((*call, "@../other/x", 3, "@x"), (*call, "@a", 3, "@../other/x"), (*call, "@a", 3, "@away/x"),
                                        (*call, "@away/x", 3, "@x"), (*call, "@/a", 3, "@x"), (*call, "@a", 3, "@/x")), [NOTCAPABLE] * 6)
            self.assertEqual(os.listdir(self.other), [])

    def test_no_file_gets_to_where_it_has_more_rights(self):
        """GHSA-4ch3-9j33-3pmj: between a grant that reads and one that writes, in both directions; and between what the guest cut itself."""
        for call in ("path_rename",), ("path_link",):
            flags = () if call[0] == "path_rename" else (0,)
            self.assertEqual(self.names((*call, 5, *flags, "@x", 3, "@x"), (*call, 3, *flags, "@a", 5, "@a")), [NOTCAPABLE] * 2)
        self.assertEqual((os.listdir(self.readable), (self.readable / "x").stat().st_nlink), (["x"], 1))
        # Handed on by `other` from here on: to read. A link may lose rights, a rename not even that.
        cut = ("fd_fdstat_set_rights", 4, DIRECTORY, READ_ONLY_FILES | 1 << 13)
        (self.other / "y").write_text("y\n")
        self.assertEqual(self.names(cut, ("path_link", 4, 0, "@y", 3, "@y"), ("path_rename", 4, "@y", 3, "@y"), ("path_rename", 3, "@a", 4, "@a"),
                                    ("path_link", 3, 0, "@a", 4, "@a")), [0, NOTCAPABLE, NOTCAPABLE, NOTCAPABLE, 0])
        self.assertFalse((self.data / "y").exists())


if __name__ == "__main__":
    warrant_case.main()
