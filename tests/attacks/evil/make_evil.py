"""What an engine's conqueror can do: an installation whose warrant-guest is the project's own, with the same setup and the same confinement,
and an attacker's code behind it.

A hook is a piece of C that stands inside cli/guest_main.c and defines

    static struct guest *evil_guest;
    static void evil_start(struct guest *g, struct wasi_backend *b)                 confined, before the module is loaded
    static void evil_end(struct guest *g, enum status s, struct wasi_ending *e)     the guest has ended, nothing is reported yet
    static void evil_last(struct guest *g)                                          the report is written

Where cli/guest_main.c moves, ANCHORS move with it: each must be found exactly once, so that no attack is left out in silence.

usage: make_evil.py HOOK.c OUTDIR      with WARRANT_SOURCE, WARRANT_BUILD, and for other builds than release's WARRANT_CC, WARRANT_SANITIZE
"""
import os
import pathlib
import shutil
import subprocess
import sys

# text of cli/guest_main.c: what stands there instead; HOOK is the attacker's code
ANCHORS = {
    "static enum status adopt(":
        "static void report(struct guest *guest, enum status status, const struct wasi_ending *ending, const struct error *error);\n"
        "HOOK\nstatic enum status adopt(",
    "struct wasi_backend backend = act_live_backend(guest->live);":
        "evil_guest = guest; struct wasi_backend backend = act_live_backend(guest->live); evil_start(guest, &backend);",
    "    if (guest.page)\n        report(&guest, s, &ending, &error);":
        "    evil_end(&guest, s, &ending);\n    if (guest.page)\n        report(&guest, s, &ending, &error);\n    evil_last(&guest);",
    '#include "wasi/start.h"':
        '#include "wasi/start.h"\n#include "wasi/act/act_live.h"\n#include <sys/syscall.h>\n#include <fcntl.h>\n#include <errno.h>\n'
        "#include <stdio.h>",
}
# In the order of the arrows (cli/CMakeLists.txt: warrant-guest), last to first.
LIBRARIES = ["wasi/libwr_wasi_start.a", "wasi/libwr_wasi.a", "wasi/act/libwr_act.a", "runtime/libwr_runtime.a",
             "wasi/confine/libwr_confine.a", "tracer/libwr_trace_write.a", "wasi/policy/libwr_policy.a", "wasi/decide/libwr_decide.a",
             "-lm", "wasi/abi/libwr_abi.a", "runtime/base/libwr_base.a"]


def evil_source(hook, source):
    text = (source / "cli/guest_main.c").read_text()
    for anchor, instead in ANCHORS.items():
        if text.count(anchor) != 1:
            raise RuntimeError(f"cli/guest_main.c has {text.count(anchor)} times, not once: {anchor}")
        text = text.replace(anchor, instead.replace("HOOK", hook))
    return text


def make(hook, folder, source, build, compiler="clang-19", sanitize=""):
    """Builds the installation with the hook's text in `folder`; returns its warrant."""
    parts = folder / "libexec/warrant"
    parts.mkdir(parents=True, exist_ok=True)
    shutil.copy(build / "warrant", folder)
    for part in (build / "libexec/warrant").iterdir():
        shutil.copy(part, parts)
    main = folder / "evil_main.c"
    main.write_text(evil_source(hook, source))
    libraries = [name if name.startswith("-") else build / name for name in LIBRARIES]
    flags = [f"-fsanitize={sanitize}", "-fno-sanitize-recover=all"] if sanitize else []
    subprocess.run([compiler, "-D_GNU_SOURCE", f"-I{source}", "-O1", "-g", "-fPIE", "-std=c17", "-fno-strict-aliasing", "-ffp-contract=off",
                    "-w", *flags, "-pie", "-o", parts / "warrant-guest", main, source / "cli/guest_states.c", *libraries], check=True)
    return folder / "warrant"


if __name__ == "__main__":
    here = pathlib.Path(os.environ.get("WARRANT_SOURCE", pathlib.Path(__file__).resolve().parents[3]))
    make(pathlib.Path(sys.argv[1]).read_text(), pathlib.Path(sys.argv[2]), here,
         pathlib.Path(os.environ.get("WARRANT_BUILD", here / "build/release")), os.environ.get("WARRANT_CC", "clang-19"),
         os.environ.get("WARRANT_SANITIZE", ""))
