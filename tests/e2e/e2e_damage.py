#!/usr/bin/env python3
"""Damaged traces: every defect is reported with the number of its chunk."""
import json
import struct

import warrant_case
from warrant_case import SLOW, WITNESS, Case, chunks

STEP = 10 if SLOW == 1 else 70


class Damage(Case):
    def setUp(self):
        super().setUp()
        self.record("steps", "3", options=[*WITNESS, "--no-module"])
        self.whole = self.trace.read_bytes()
        self.broken = self.folder / "broken.wtrace"

    def stops(self, content):
        """The words with which `show` names the defect (status 3)."""
        self.broken.write_bytes(content)
        return self.warrant("show", "--json", self.broken, status=3).stderr

    def chunks(self):
        return [(chunk["at"], chunk["size"]) for chunk in chunks(self.whole)]

    def chunk_of(self, offset, extents):
        for number, (start, size) in enumerate(extents):
            if start <= offset < start + size:
                return number
        return None

    def test_flipped_bytes(self):
        extents = self.chunks()
        for offset in range(0, len(self.whole), STEP):
            with self.subTest(offset=offset):
                broken = bytearray(self.whole)
                broken[offset] ^= 0x20
                text = self.stops(bytes(broken))
                number = self.chunk_of(offset, extents)
                if number is not None:
                    self.assertIn(f"chunk {number}", text)

    def test_removed_swapped_cut(self):
        extents = self.chunks()
        self.assertGreaterEqual(len(extents), 3)
        head = self.whole[: extents[0][0]]
        parts = [self.whole[start : start + size] for start, size in extents]
        for gone in range(len(parts) - 1):
            text = self.stops(head + b"".join(parts[:gone] + parts[gone + 1 :]))
            self.assertIn(f"chunk {gone}", text)
        for at in range(len(parts) - 1):
            swapped = parts[:]
            swapped[at], swapped[at + 1] = swapped[at + 1], swapped[at]
            self.assertIn(f"chunk {at}", self.stops(head + b"".join(swapped)))
        for cut in range(extents[0][0], len(self.whole), STEP):
            with self.subTest(cut=cut):
                number = self.chunk_of(cut, extents)
                self.assertIn(f"chunk {number}", self.stops(self.whole[:cut]))

    def test_a_range_is_a_piece_of_the_whole(self):
        """`show --range` begins at the call that has the event, in whole and in damaged traces."""
        items = self.show()
        starts = [item["event"] for item in items if "event" in item]
        self.assertGreater(len(starts), 3)
        for first in range(starts[-1] + 1):
            last = first + 2
            begin = max(start for start in starts if start <= first)
            expected = [item for item in items if begin <= item.get("event", -1) <= last]
            done = self.warrant("show", "--json", "--full", "--range", f"{first}..{last}", self.trace)
            found = [json.loads(line) for line in done.stdout.splitlines()]
            self.assertEqual([item for item in found if "event" in item], expected, f"{first}..{last}")
        done = self.warrant("show", "--json", "--range", f"{starts[-1] + 100}..", self.trace)
        self.assertEqual(done.stdout, "")
        broken = bytearray(self.whole)
        at, size = self.chunks()[-2]  # the last chunk of events
        broken[at + size - 1] ^= 1
        self.broken.write_bytes(broken)
        done = self.warrant("show", "--json", "--range", f"{starts[-1]}..", self.broken, status=3)
        self.assertEqual(done.stdout, "")
        self.assertIn("damaged", done.stderr)
        for wrong in "7", "9..7", "x..", "..9z", "1...2":
            self.warrant("show", "--range", wrong, self.trace, status=2)

    def test_later_version(self):
        major = self.whole.index(struct.pack("<H", 1), 4)
        later = bytearray(self.whole)
        later[major] = 2
        self.assertRegex(self.stops(bytes(later)), "version|checksum")


warrant_case.main()
