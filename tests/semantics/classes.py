"""The named classes of deviations: the table in docs/file-semantics.md, which is the authority, read and held against what is found.

A row is `| class | steps | natively | here | when | suite | own |`. A deviation belongs to the first row that its step, both answers and the
condition fit; `*` fits anything, `=` any success. The last two are how many the suite and our own scripts have.
"""
import collections
import re

HEAD = "| class | steps | natively | here | when | suite | own |"


def handle_of(deviation):
    """What the step's descriptor was opened as: a kind and the flags; None where it is not open."""
    open_now = {}
    for step, answer in list(zip(deviation.script.steps, deviation.answers))[:deviation.at]:
        if step.name == "open" and answer.startswith("="):
            slot, kind = answer[1:].split()[:2]
            open_now[int(slot)] = kind, step.operands[1][1]
        elif step.name == "close" and answer.startswith("="):
            del open_now[step.operands[0][1]]
    kind, value = deviation.step.operands[0]
    return open_now.get(value) if kind == "h" else None


def is_directory(deviation):
    handle = handle_of(deviation)
    return handle is not None and handle[0] == "d"


def lacks_right(deviation):
    """It was opened without what the step does."""
    handle = handle_of(deviation)
    return handle is not None and not handle[1] & (1 if "write" in deviation.step.name else 2)


def components(path):
    return [part for part in path.split(b"/") if part]


def climbs(deviation):
    """A `..` may lead above the folder: in the step's paths, in a link's target, or in the working directory's text."""
    before = deviation.script.steps[:deviation.at + 1]
    paths = deviation.step.paths[:]
    for step in before:
        if step.name in ("symlink", "chdir"):
            paths.append(step.paths[0])
    return any(b".." in components(path) for path in paths)


def is_root(deviation):
    """The folder itself is meant."""
    return any(path.strip(b"/") == b"" and path or set(components(path)) == {b"."} for path in deviation.step.paths)


def ends_in_dots(deviation):
    return any(components(path)[-1:] in ([b"."], [b".."]) for path in deviation.step.paths)


def ends_in_slash(deviation):
    return any(path.endswith(b"/") for path in deviation.step.paths)


def absolute_target(deviation):
    return deviation.step.name == "symlink" and deviation.step.paths[0].startswith(b"/")


def moved(deviation):
    """The working directory is not the one that the script began in."""
    return any(step.name == "chdir" for step in deviation.script.steps[:deviation.at])


def directory_truncated(deviation):
    return deviation.step.operands[1][1] & (16 | 128) == 16 | 128


def negative_size(deviation):
    return deviation.step.operands[1][1] < 0


CONDITIONS = {
    "always": lambda deviation: True,
    "the descriptor is a directory's": is_directory,
    "the descriptor was opened without it": lacks_right,
    "a `..` may lead out": climbs,
    "it is the folder itself": is_root,
    "a path ends in `.` or `..`": ends_in_dots,
    "a path ends in `/`": ends_in_slash,
    "the target begins with `/`": absolute_target,
    "`chdir` came before": moved,
    "the size is negative": negative_size,
    "`O_DIRECTORY` and `O_TRUNC`": directory_truncated,
}


class Row:
    def __init__(self, name, steps, native, guest, when, suite, own):
        self.name, self.steps = name, steps.split(", ")
        self.native, self.guest, self.fits_when = native.split(", "), guest.split(", "), CONDITIONS[when]
        self.counts = {"suite": int(suite.replace(",", "")), "own": int(own.replace(",", ""))}

    def fits(self, deviation):
        def fit(patterns, answer):
            return patterns == ["*"] or (answer if not answer.startswith("=") else "=") in patterns
        return ((self.steps == ["*"] or deviation.step.name in self.steps) and fit(self.native, deviation.native) and
                fit(self.guest, deviation.guest) and self.fits_when(deviation))


def read_rows(document):
    lines = document.read_text().splitlines()
    start = lines.index(HEAD) + 2
    rows = []
    for line in lines[start:]:
        if not line.startswith("|"):
            break
        rows.append(Row(*(cell.strip().replace("`=`", "=").replace("`*`", "*") for cell in re.split(r"(?<!\\)\|", line)[1:-1])))
    return rows


def write_counts(document, counts, which):
    """The document with other counts."""
    lines = document.read_text().splitlines()
    for at in range(lines.index(HEAD) + 2, len(lines)):
        if not lines[at].startswith("|"):
            break
        cells = lines[at].split(" | ")
        name = cells[0].removeprefix("| ")
        if which == "own":
            cells[-1] = f"{counts[name]} |"
        else:
            cells[-2] = str(counts[name])
        lines[at] = " | ".join(cells)
    document.write_text("\n".join(lines) + "\n")


def sort(rows, deviations):
    """How many belong to each row, and those that belong to none."""
    counts, homeless = collections.Counter(), []
    for deviation in deviations:
        row = next((row for row in rows if row.fits(deviation)), None)
        if row:
            counts[row.name] += 1
        else:
            homeless.append(deviation)
    return counts, homeless
