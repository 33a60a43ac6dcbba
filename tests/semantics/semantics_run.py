#!/usr/bin/env python3
"""File semantics: scripts in SibylFS's form, each step natively and through a guest (live, recorded, replayed, by both walkers).

Every answer is the native one, or belongs to a class of docs/file-semantics.md; how many belong to each is held against that table.
The scripts are those of the suite (the public repository sibylfs/fs_test_suite, checked out anywhere; never part of this tree), else 300 of
our own.

usage: semantics_run.py [--suite FOLDER | --own] [--sample N] [--list] [--no-check] [--write] [--peer COMMAND]
  --suite FOLDER   the suite's folder, or the variable SIBYLFS; without both, our own scripts
  --own            our own scripts, whatever SIBYLFS says
  --sample N       every so many, so that about N remain; the counts are then not compared
  --list           print each deviation with its class
  --write          write the counts into the document, to be reviewed, where it has others
  --peer COMMAND   another runtime's deviations, by kind: 'wasmtime run --dir {folder}::/ {guest}'
  --no-check       do not check the recordings as well (matching with the kernel's record where there is a witness)
The variables WARRANT (the command) and PLAYERS (a folder with `play` and `play.wasm`) say what to test.
exit status 77: skipped, with the reason
"""
import argparse
import collections
import json
import os
import pathlib
import subprocess
import sys
import time

import classes
import scripts
from own_scripts import own_scripts
from runs import BATCH, Failed, Peer, Player

SOURCE = pathlib.Path(os.environ.get("WARRANT_SOURCE", pathlib.Path(__file__).resolve().parents[2]))
WARRANT = pathlib.Path(os.environ.get("WARRANT", SOURCE / "build/release/warrant")).resolve()
PLAYERS = pathlib.Path(os.environ.get("PLAYERS", WARRANT.parent / "tests/semantics")).resolve()
DOCUMENT = SOURCE / "docs/file-semantics.md"
ADVICE = """Get it beside this tree, and name its folder with --suite or SIBYLFS:
  git clone https://github.com/sibylfs/fs_test_suite"""


def skip(reason):
    print(f"skipped: semantics: {reason}")
    sys.exit(77)


def suite_scripts(folder):
    top = pathlib.Path(folder)
    top = top / "test-suite" if (top / "test-suite").is_dir() else top
    found = sorted(top.rglob("*.trace"))
    if not found:
        sys.exit(f"{folder} has no scripts of the suite (*.trace).\n{ADVICE}")
    return [(str(path.relative_to(top)), path.read_text(encoding="latin-1")) for path in found]


def check(trace):
    done = subprocess.run([WARRANT, "check", "--json", trace], capture_output=True, text=True)
    report = json.loads(done.stdout or "{}")
    if done.returncode or report["findings"]:
        raise Failed(f"warrant check ended with {done.returncode}: {done.stderr}{json.dumps(report.get('findings'))[:2000]}")


def parse_all(texts):
    """The scripts to play; how many of the others there are, by reason."""
    played, skipped = [], collections.Counter()
    for name, text in texts:
        try:
            script = scripts.parse(name, text)
        except scripts.Unknown as error:
            raise Failed(f"{name} is not understood: {error}") from error
        if script.skipped:
            skipped[scripts.SKIPPED[script.skipped]] += 1
        else:
            played.append(script)
    return played, skipped


def compare_counts(rows, counts, which):
    wrong = [f"{row.name}: {counts[row.name]} here, {row.counts[which]} in docs/file-semantics.md"
             for row in rows if counts[row.name] != row.counts[which]]
    if wrong:
        raise Failed("other counts than the document has:\n  " + "\n  ".join(wrong))


def show_peer(deviations, steps):
    """A line for each kind of deviation, with one of them."""
    kinds = collections.defaultdict(list)
    for deviation in deviations:
        native, guest = ("a value" if answer.startswith("=") else answer for answer in (deviation.native, deviation.guest))
        kinds[deviation.step.name, native, guest].append(deviation)
    print(f"{len(deviations)} of {steps} answers are not the native ones")
    for (name, native, guest), found in sorted(kinds.items(), key=lambda kind: -len(kind[1])):
        print(f"  {len(found):6} {name}: natively {native}, there {guest}: {found[0].script.name}, step {found[0].at + 1}: {found[0].step.text}")


def run(options):
    which = "suite" if options.suite else "own"
    texts = suite_scripts(options.suite) if options.suite else own_scripts()
    if options.sample and options.sample < len(texts):
        texts = texts[::max(1, len(texts) // options.sample)]
    played, skipped = parse_all(texts)
    rows = classes.read_rows(DOCUMENT)
    if options.peer:
        player = Peer(options.peer.split(), PLAYERS / "play", PLAYERS / "play.wasm")
    else:
        doctor = json.loads(subprocess.run([WARRANT, "doctor", "--json"], capture_output=True, check=True).stdout)
        if len(doctor["walkers"]) == 1:
            print(f"skipped: walkers: this machine has {doctor['walkers'][0]} alone")
        player = Player(WARRANT, PLAYERS / "play", PLAYERS / "play.wasm", doctor["walkers"], None if options.no_check else check)
    deviations, begun = [], time.monotonic()
    try:
        for at in range(0, len(played), BATCH):
            deviations += player.compare(played[at:at + BATCH])
            if len(played) > BATCH:
                print(f"{min(at + BATCH, len(played))} scripts, {time.monotonic() - begun:.0f} s", flush=True)
    finally:
        player.done()
    if options.peer:
        show_peer(deviations, sum(len(script.steps) for script in played))
        return
    counts, homeless = classes.sort(rows, deviations)
    steps = sum(len(script.steps) for script in played)
    left_out = sum(len(script.left_out) for script in played)
    print(f"{len(texts)} scripts; skipped: " + (", ".join(f"{count} {reason}" for reason, count in sorted(skipped.items())) or "none"))
    print(f"{len(played)} played, {steps} steps ({left_out} more left out: upon the executor's own streams), by each walker, live, recorded and "
          f"replayed: {steps - len(deviations)} answers are the native ones, {len(deviations)} belong to classes or to none")
    for row in rows:
        if counts[row.name]:
            print(f"  {counts[row.name]:6} {row.name}")
    if options.list:
        for deviation in deviations:
            print(f"{next((row.name for row in rows if row.fits(deviation)), 'NONE')}: {deviation}")
    if homeless:
        raise Failed(f"{len(homeless)} answers belong to no class:\n  " + "\n  ".join(map(str, homeless[:40])))
    if options.write and not options.sample:
        classes.write_counts(DOCUMENT, counts, which)
    elif not options.sample:
        compare_counts(rows, counts, which)


def main():
    parser = argparse.ArgumentParser(description="File semantics held against the native answers.")
    parser.add_argument("--suite", default=os.environ.get("SIBYLFS"))
    parser.add_argument("--own", action="store_true")
    parser.add_argument("--suite-or-skip", action="store_true", help=argparse.SUPPRESS)  # as a test: own scripts are another one's
    parser.add_argument("--sample", type=int)
    parser.add_argument("--list", action="store_true")
    parser.add_argument("--no-check", action="store_true")
    parser.add_argument("--write", action="store_true")
    parser.add_argument("--peer")
    options = parser.parse_args()
    if options.own:
        options.suite = None
    elif options.suite_or_skip and not options.suite:
        skip("no suite is named: SIBYLFS says where sibylfs/fs_test_suite lies")
    for name in "play", "play.wasm":
        if not (PLAYERS / name).exists():
            skip(f"there is no {PLAYERS / name}")
    able = subprocess.run([PLAYERS / "play", "/"], stdin=subprocess.DEVNULL, capture_output=True, text=True)
    if able.returncode == 77:
        skip(able.stderr.strip())
    if not options.suite and not options.own:
        print(f"The SibylFS suite is not named, so these are our own scripts. {ADVICE}")
    try:
        run(options)
    except Failed as failure:
        print(f"FAILED: {failure}")
        sys.exit(1)


main()
