"""Builds the command for arm64 macOS and inspects each file as a reader of Mach-O sees it: made for that machine and system, linked with
libSystem and nothing else, signed as its kernel demands, and importing only symbols of imported-symbols.txt. Nothing is run.
Usage: macos_build.py SOURCE_ROOT     exits 77 where the compiler is not to be had"""
# Rows: WAVE-12.
import pathlib
import re
import shutil
import subprocess
import sys

PARTS = ["warrant", "libexec/warrant/warrant-guest", "libexec/warrant/warrant-recorder", "libexec/warrant/warrant-witness",
         "libexec/warrant/warrant-replayer", "libexec/warrant/warrant-symbols", "libexec/warrant/warrant-resolver"]
LIBRARY = "/usr/lib/libSystem.B.dylib"
OLDEST = "14.4"
# What no build for macOS may lose, or hold: a part that was left out by accident still links.
HAS = {
    "warrant": ["launch_run", "checker_check", "os_process_watch", "policy_add_dir_option"],
    "libexec/warrant/warrant-guest": ["act_live_act", "rt_module_load", "os_die_with_parent_executed", "wasi_start_run"],
    "libexec/warrant/warrant-recorder": ["recorder_run", "ring_owner_attach"],
    "libexec/warrant/warrant-witness": ["witness_collect"],
    "libexec/warrant/warrant-replayer": ["replay_run", "confine_apply"],
    "libexec/warrant/warrant-symbols": ["symbols_names_find", "confine_apply"],
    "libexec/warrant/warrant-resolver": ["confine_apply"],
}


def tool(name, *words):
    found = shutil.which(f"{name}-19") or shutil.which(name)
    if not found:
        sys.exit(f"{name}-19 is not installed (./dev setup)")
    return subprocess.run([found, *map(str, words)], capture_output=True, text=True, check=True).stdout


def symbols_allowed(path):
    words = set()
    for line in path.read_text(encoding="utf-8").splitlines():
        words.update(line.split("#")[0].split())
    return words


def inspect(path, part, allowed, used):
    """What is wrong with the file, one line each."""
    if not path.is_file():
        return ["is not built"]
    found = []
    header = tool("llvm-readobj", "--file-headers", path)
    for wanted in ("Format: Mach-O arm64", "Arch: aarch64", "FileType: Executable", "MH_PIE", "MH_TWOLEVEL"):
        if wanted not in header:
            found.append(f"its header lacks {wanted}")
    commands = tool("llvm-objdump", "--macho", "--private-headers", path)
    libraries = re.findall(r"cmd LC_LOAD_(?:WEAK_)?DYLIB\n.*\n\s+name (\S+)", commands)
    if libraries != [LIBRARY]:
        found.append(f"is linked with {', '.join(libraries) or 'nothing'}, not with {LIBRARY} alone")
    system = re.search(r"cmd LC_BUILD_VERSION\n.*\n\s+platform (\S+)\n\s+sdk \S+\n\s+minos (\S+)", commands)
    if not system or system.groups() != ("macos", OLDEST):
        found.append(f"is for {' '.join(system.groups()) if system else 'no named system'}, not for macos {OLDEST}")
    if "LC_CODE_SIGNATURE" not in commands:
        found.append("has no signature, without which arm64 macOS starts no program")
    imported = set(tool("llvm-nm", "--undefined-only", "--just-symbol-name", path).split())
    used |= imported
    found += [f"imports {name}, which is not in tests/macos/imported-symbols.txt" for name in sorted(imported - allowed)]
    defined = set(tool("llvm-nm", "--defined-only", "--just-symbol-name", path).split())
    found += [f"lacks {name}" for name in HAS[part] if f"_{name}" not in defined]
    return found


def main(root):
    built = subprocess.run([root / "cmake/macos/build"], stdin=subprocess.DEVNULL)
    if built.returncode:
        sys.exit(built.returncode if built.returncode == 77 else "the build for macOS failed")
    allowed, used, failures = symbols_allowed(root / "tests/macos/imported-symbols.txt"), set(), 0
    for part in PARTS:
        for what in inspect(root / "build/macos/warrant" / part, part, allowed, used):
            print(f"{part}: {what}")
            failures += 1
    for name in sorted(allowed - used):
        print(f"note: nothing imports {name} any more")
    print(f"{len(PARTS)} files for arm64 macOS, {len(used)} imported symbols, {failures} faults")
    sys.exit(1 if failures else 0)


main(pathlib.Path(sys.argv[1]).resolve())
