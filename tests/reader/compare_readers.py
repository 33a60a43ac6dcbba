#!/usr/bin/python3
"""Holds the two readers against each other: the same events from every golden trace and from one that is recorded now.

Usage: compare_readers.py TRACE_DUMP GOLDEN_FOLDER"""
import glob
import json
import os
import subprocess
import sys
import tempfile

import read_trace


def second(path):
    """The events as the C reader can know them, and whether the trace is whole."""
    events = []
    with open(path, "rb") as file:
        data = file.read()
    try:
        read_trace.read_trace(data, events.append)
        whole = True
    except read_trace.Stop:
        whole = False
    kept = []
    for event in events:
        if event["type"] == "data":
            continue  # C joins them into their call
        if event["type"] != "begin":
            del event["chunk"]  # C says where a call began
        if event["type"] == "exit":
            del event["event"], event["ticks"]
        kept.append(event)
    return kept, whole


def first(dump, path):
    lines = subprocess.run([dump, path], check=True, stdout=subprocess.PIPE).stdout.splitlines()
    events = [json.loads(line) for line in lines]
    return events[:-1], "whole" in events[-1]


def compare(dump, path):
    mine, my_whole = second(path)
    theirs, their_whole = first(dump, path)
    for number, (a, b) in enumerate(zip(mine, theirs)):
        if a != b:
            sys.exit(f"{path}: item {number} differs\n document: {a}\n C reader: {b}")
    if len(mine) != len(theirs) or my_whole != their_whole:
        sys.exit(f"{path}: {len(mine)} items, whole {my_whole}; the C reader: {len(theirs)}, whole {their_whole}")
    return len(mine)


def main():
    dump, golden = sys.argv[1:3]
    paths = sorted(glob.glob(os.path.join(golden, "*.wtrace")))
    if len(paths) < 10:
        sys.exit("no golden traces")
    with tempfile.TemporaryDirectory() as folder:
        recorded = os.path.join(folder, "recorded.wtrace")
        subprocess.run([dump, "--record", recorded, "1000"], check=True)
        items = compare(dump, recorded)
        if items < 2000:
            sys.exit(f"only {items} items in a recorded trace")
        for path in paths:
            items += compare(dump, path)
    print(f"{len(paths) + 1} traces, {items} items, no difference")


if __name__ == "__main__":
    main()
