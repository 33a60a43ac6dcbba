#!/usr/bin/env python3
"""300 scripts of our own, in the form of SibylFS's suite, for where that is not: always the same ones.

usage: own_scripts.py FOLDER (writes them there, to be read)
"""
import pathlib
import sys

# One of everything that a path can name, of kinds that differ in what they answer.
TREE = """
mkdir "d" 0o777
mkdir "full" 0o777
mkdir "full/sub" 0o777
mkdir "full/sub/deep" 0o777
open "f" [O_CREAT;O_WRONLY] 0o666
write! (FD 3) "the content of f" 16
close (FD 3)
open_close "full/g" [O_CREAT;O_WRONLY] 0o666
open "full/sub/h" [O_CREAT;O_RDWR] 0o666
write! (FD 3) "h" 1
close (FD 3)
link "f" "full/f_again"
symlink "f" "to_f"
symlink "full" "to_full"
symlink "../f" "full/up_to_f"
symlink "nothing" "to_nothing"
symlink "loop_b" "loop_a"
symlink "loop_a" "loop_b"
symlink "full/sub/" "to_sub_slash"
"""
PATHS = ["d", "d/", "full", "full/", "full/sub", "full/sub/deep", "f", "f/", "full/g", "full/sub/h", "full/f_again", "to_f", "to_f/", "to_full",
         "to_full/", "to_full/g", "full/up_to_f", "to_nothing", "to_nothing/", "loop_a", "to_sub_slash", "to_sub_slash/h", "none", "none/",
         "none/none", "d/none", "d/none/", "f/none", "full/sub/../g", "./f", "full//g", ".", "", "d/.", "full/..", "/f", "/full/sub/"]
FLAGS = ["O_CREAT", "O_EXCL", "O_TRUNC", "O_APPEND", "O_DIRECTORY", "O_NOFOLLOW"]
SEED = 20151004


class Choices:
    """The same choices in every version of Python."""

    def __init__(self, seed):
        self.state = seed

    def below(self, limit):
        self.state = (self.state * 6364136223846793005 + 1442695040888963407) % 2 ** 64
        return (self.state >> 33) % limit

    def one(self, things):
        return things[self.below(len(things))]


def pairs(choose, call, count):
    seen = set()
    while len(seen) < count:
        pair = choose.one(PATHS), choose.one(PATHS)
        if pair not in seen:
            seen.add(pair)
            yield f'{call} "{pair[0]}" "{pair[1]}"\nlstat "{pair[0]}"\nlstat "{pair[1]}"'


def sampled(choose, call, count):
    left = list(PATHS)
    for _ in range(count):
        path = left.pop(choose.below(len(left)))
        yield call.format(path=path) + f'\nlstat "{path}"'


def opened(choose, count):
    for _ in range(count):
        flags = [flag for flag in FLAGS if choose.below(3) == 0] + [choose.one(["O_RDONLY", "O_WRONLY", "O_RDWR"])]
        size = choose.below(24)
        yield "\n".join([
            f'open "{choose.one(PATHS)}" [{";".join(flags)}] 0o666', 'write! (FD 3) "written" 7', "lseek (FD 3) 0 SEEK_CUR",
            f'pwrite (FD 3) "at" 2 {size}', f"pread (FD 3) 30 {choose.below(20)}", f"lseek (FD 3) {choose.below(9) - 4} SEEK_END",
            f"read (FD 3) {choose.below(12)}", f"lseek (FD 3) {-choose.below(30)} SEEK_CUR", 'write! (FD 3) "again" 5', "close (FD 3)",
            "close (FD 3)"])


def listed(choose, count):
    """A directory that changes while it is read; what was there from the first to the last is met once."""
    for at in range(count):
        lines = [f'open_close "d/entry{number:03}" [O_CREAT;O_WRONLY] 0o666' for number in range(choose.below(60))]
        lines += [f'opendir "{choose.one(["d", "d/", "full", "to_full", ".", "f", "none", "to_f"])}"']
        for _ in range(choose.below(80)):
            lines.append("readdir (DH 1)")
            if at % 3 == 1 and choose.below(20) == 0:
                lines.append("rewinddir (DH 1)")
        lines += ["closedir (DH 1)", "readdir (DH 1)"]
        yield "\n".join(lines)


def mixed(choose, count):
    """Anything after anything, on few names, with descriptors that outlive their names."""
    names = ["a", "b", "c", "d", "d/a", "d/b", "full/sub", "f"]
    files = range(3, 7)
    for _ in range(count):
        lines = []
        for _ in range(40):
            one, other, file = choose.one(names), choose.one(names), choose.one(files)
            text = "0123456789abcdef"[:1 + choose.below(16)]
            lines.append(choose.one([
                f'open "{one}" [O_CREAT;O_RDWR] 0o666', f'open "{one}" [O_RDONLY]', f'open "{one}" [O_CREAT;O_RDWR;O_APPEND] 0o666',
                f'open "{one}" [O_WRONLY;O_TRUNC]', f"close (FD {file})", f'write! (FD {file}) "{text}" {len(text)}', f"read (FD {file}) 10",
                f'pwrite (FD {file}) "{text}" {len(text)} {choose.below(40)}', f"pread (FD {file}) 20 {choose.below(30)}",
                f"lseek (FD {file}) {choose.below(30)} SEEK_SET", f"lseek (FD {file}) 0 SEEK_END", f'rename "{one}" "{other}"',
                f'link "{one}" "{other}"', f'symlink "{one}" "{other}"', f'unlink "{one}"', f'rmdir "{one}"', f'mkdir "{one}" 0o777',
                f'truncate "{one}" {choose.below(50)}', f'stat "{one}"', f'lstat "{one}"', f'readlink "{one}"']))
        yield "\n".join(lines)


def own_scripts():
    """Pairs of a name and a text."""
    choose = Choices(SEED)
    kinds = [("rename", pairs(choose, "rename", 70)), ("link", pairs(choose, "link", 35)), ("open", opened(choose, 60)),
             ("readdir", listed(choose, 14)), ("mixed", mixed(choose, 40)), ("unlink", sampled(choose, 'unlink "{path}"', 16)),
             ("rmdir", sampled(choose, 'rmdir "{path}"', 16)), ("mkdir", sampled(choose, 'mkdir "{path}" 0o777', 16)),
             ("symlink", sampled(choose, 'symlink "f" "{path}"', 15)), ("truncate", sampled(choose, 'truncate "{path}" 5', 16)),
             ("looks", ("\n".join(f'{call} "{path}"' for path in PATHS) for call in ("stat", "readlink")))]
    return [(f"{kind}_{at:03}", f'@type script\n{TREE}\n{text}\ndump "/"\n') for kind, texts in kinds for at, text in enumerate(texts)]


if __name__ == "__main__":
    folder = pathlib.Path(sys.argv[1])
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in own_scripts():
        (folder / f"{name}.script").write_text(text)
