"""Scripts in the form of SibylFS's suite: parsed, and compiled to what play.c plays.

A script is a text whose first statement is `@type script`; a line is a comment (#), empty, or a step: a name and its operands. An operand is a
string in OCaml's notation, a path without quotes, a number (0o octal), permissions <rw-r--r-->, flags [O_CREAT;O_RDWR], (FD 3) or (DH 1).
Permissions are parsed and not used: a guest cannot set any.
"""
import re

# What WASI has no call for; a script with one of them is skipped as a whole, for the first reason that it gives.
USERS = ("Pid", "add_user_to_group")
MODES = ("chmod", "chown", "umask")
SKIPPED = {"users": "needs other users or processes", "modes": "sets modes or owners"}

FLAGS = {"O_RDONLY": 2, "O_WRONLY": 1, "O_RDWR": 3, "O_EXEC": 2, "O_SEARCH": 2, "O_APPEND": 4, "O_CREAT": 8, "O_DIRECTORY": 16,
         "O_EXCL": 32, "O_NOFOLLOW": 64, "O_TRUNC": 128, "O_CLOEXEC": 0}
WHENCE = {"SEEK_SET": 0, "SEEK_CUR": 1, "SEEK_END": 2, "SEEK_DATA": 3, "SEEK_HOLE": 4}

# Of each step, its operands: p a path, b bytes, n a number, f flags, h a descriptor or a handle, m permissions that may be missing.
FORMS = {"mkdir": "pm", "symlink": "pp", "close": "h", "open": "pfm", "write": "hbn", "link": "pp", "open_close": "pfm", "dump": "p",
         "read": "hn", "rename": "pp", "stat": "p", "lstat": "p", "readdir": "h", "truncate": "pn", "rmdir": "p", "chdir": "p", "unlink": "p",
         "opendir": "p", "closedir": "h", "lseek": "hnw", "pread": "hnn", "readlink": "p", "pwrite": "hbnn", "rewinddir": "h"}

TOKEN = re.compile(r"""\s*(?: "(?P<string>(?:\\.|[^"\\])*)" | \[(?P<flags>[^\]]*)\] | \((?:FD|DH)\s+(?P<handle>\d+)\) |
                           <(?P<mode>[-rwxsStT]{9})> | (?P<word>[^\s"\[(<]\S*) )""", re.VERBOSE | re.DOTALL)
ESCAPE = re.compile(rb"\\(?:x([0-9A-Fa-f]{2})|([0-9]{3})|(.))", re.DOTALL)
PLAIN = {b"n": b"\n", b"t": b"\t", b"r": b"\r", b"b": b"\b"}


class Unknown(Exception):
    """A script that is not in this form."""


class Step:
    """name, its operands by their letters, and the text as it stands in the script."""

    def __init__(self, name, operands, text):
        self.name, self.operands, self.text = name, operands, text

    @property
    def paths(self):
        return [value for letter, value in self.operands if letter == "p"]

    def compiled(self):
        name, words = self.name, []
        for letter, value in self.operands:
            if letter in "pb":
                words.append("x" + value.hex())
            elif letter != "m":
                words.append(str(value))
        if name in ("stat", "lstat"):
            name, words = "stat", [*words, "1" if name == "stat" else "0"]
        return " ".join([name, *words])


class Script:
    def __init__(self, name, steps, left_out, skipped):
        self.name, self.steps, self.left_out, self.skipped = name, steps, left_out, skipped


def unquoted(text):
    def character(found):
        digits, decimal, other = found.groups()
        return bytes([int(digits, 16)]) if digits else bytes([int(decimal)]) if decimal else PLAIN.get(other, other)
    return ESCAPE.sub(character, text.encode("latin-1"))


def tokens(text):
    at, found = 0, []
    text = text.rstrip()
    while at < len(text):
        token = TOKEN.match(text, at)
        if not token:
            raise Unknown(text)
        found.append((token.lastgroup, token.group(token.lastgroup)))
        at = token.end()
    return found


def number(word):
    return int(word, 8) if word.startswith("0o") else int(word)


def operand(letter, kind, value):
    if letter in "pb" and kind in ("string", "word"):
        content = unquoted(value) if kind == "string" else value.encode("latin-1")
        if letter == "p" and b"\0" in content:
            raise Unknown("a path with a NUL")
        return content
    if letter == "f" and kind == "flags":
        flags = [flag.strip() for flag in value.split(";") if flag.strip()]
        access = {FLAGS[flag] for flag in flags if FLAGS[flag] & 3} or {2}
        if len(access) > 1:
            raise Unknown("more than one access mode")
        return access.pop() | sum(FLAGS[flag] for flag in set(flags) if not FLAGS[flag] & 3)
    if letter == "h" and kind == "handle" or letter in "nm" and kind == "word":
        return number(value)
    if letter == "w" and kind == "word":
        return WHENCE[value] if value in WHENCE else number(value)
    if letter == "m" and kind == "mode":
        return value
    raise Unknown(value)


def parsed(text):
    kind, name = tokens(text)[0]
    name = name.removesuffix("!")  # play.c's reads and writes are of a few bytes of a file: done as a whole, or refused
    rest = tokens(text)[1:]
    form = FORMS.get(name)
    if kind != "word" or form is None:
        raise Unknown(text)
    if name == "dump" and not rest:
        rest = [("word", "/")]
    if form.endswith("m") and len(rest) == len(form) - 1:
        form = form[:-1]
    if len(rest) != len(form):
        raise Unknown(text)
    try:
        step = Step(name, [(letter, operand(letter, *token)) for letter, token in zip(form, rest)], text)
    except (KeyError, ValueError) as error:
        raise Unknown(f"{text}: {error}") from error
    if name in ("write", "pwrite"):
        content, count = step.operands[1][1], step.operands[2][1]
        step.operands[2] = ("n", min(count, len(content)))
    return step


def parse(name, text):
    """A script of this name. Steps upon the executor's own streams (FD 0 to 2) are left out, and listed."""
    lines = [line.strip() for line in text.splitlines()]
    lines = [line for line in lines if line and not line.startswith("#")]
    if not lines or lines[0] != "@type script":
        raise Unknown("it does not begin with @type script")
    names = {line.split()[0] for line in lines[1:]}
    for reason, calls in ("users", USERS), ("modes", MODES):
        if names & set(calls):
            return Script(name, [], [], reason)
    steps = [parsed(line) for line in lines[1:]]
    own = [step for step in steps if step.operands[0][0] == "h" and step.operands[0][1] < 3 and step.name.rstrip("!") in
           ("close", "read", "write", "pread", "pwrite", "lseek")]
    return Script(name, [step for step in steps if step not in own], own, None)
