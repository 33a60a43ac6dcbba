"""The arrows of the house (ARCHITECTURE.md) as data, and what the tests beside it share."""
import os
import subprocess
import sys

# Folder -> the headers that other folders may include. "*": all of them.
PUBLIC = {
    "runtime/base": ["*"],
    "wasi/abi": ["*"],
    "wasi/policy": ["policy.h", "run_facts.h"],
    "wasi/decide": ["decide.h", "decide_calls.h", "decide_scalar.h", "decide_contracts.h"],
    "runtime": ["rt.h"],
    "runtime/verify": ["verify.h", "verify_abi.h"],
    "runtime/jit": ["jit.h"],
    "wasi": ["wasi.h", "backend.h", "observer.h", "start.h", "run_budget.h", "again.h"],
    "wasi/act": ["act_resolver.h"],
    "wasi/confine": ["confine.h"],
    "tracer": ["trace.h", "end_reasons.def", "end_causes.def", "witness_file.h", "signature.h"],
    "replay": ["replay.h", "profile.h", "coverage.h", "tell.h"],
    "ebpf": ["witness.h"],
    "checker/judge": ["judge.h"],
    "checker": ["checker.h", "crash.h", "diff.h", "fleet.h", "show.h", "show_filter.h", "show_summary.h"],
    "cli": [],
}

# Folder -> what it may include of others: folders, or single headers. Its own headers always.
SEAM = ["wasi/backend.h", "wasi/observer.h"]
ARROWS = {
    "runtime/base": [],
    "wasi/abi": ["runtime/base"],
    "wasi/policy": ["wasi/abi/net.h", "runtime/base"],
    "wasi/decide": ["wasi/abi", "wasi/policy", "runtime/base"],
    "runtime": ["runtime/base"],
    "runtime/verify": ["runtime", "runtime/base"],
    "runtime/jit": ["runtime", "runtime/verify", "runtime/base"],
    "wasi": ["runtime", "wasi/abi", "wasi/policy", "wasi/decide", "runtime/base"],
    "wasi/act": ["wasi/backend.h", "wasi/abi", "runtime/base"],
    "wasi/confine": ["wasi/abi", "wasi/policy", "runtime/base"],
    "tracer": ["wasi/abi", "runtime/base"] + SEAM,
    # wasi.h, start.h and the policy: a replay builds the guest's world from the trace's description.
    "replay": ["tracer/trace.h", "runtime", "wasi", "wasi/abi", "wasi/policy", "runtime/base"],
    "ebpf": ["tracer/trace.h", "tracer/witness_file.h", "tracer/signature.h", "wasi/abi", "runtime/base"],
    "checker/judge": ["wasi/abi", "wasi/policy", "runtime/base"],
    # The policy: a trace's description holds it, and it is handed on to the judge.
    # rt.h: the names of traps, see DATA_ONLY.
    "checker": ["checker/judge", "tracer", "replay", "wasi/abi", "wasi/policy", "runtime/base", "runtime/rt.h"],
    "cli": ["*"], "tests": ["*"], "fuzz": ["*"], "bench": ["*"],
}

# Folder -> folders whose headers it includes for what they list alone: it may call nothing there.
DATA_ONLY = {"checker": ["runtime"]}

# Folder -> a folder whose inner headers are its own, too.
PART_OF = {"runtime/jit": "runtime", "runtime/verify": "runtime"}

# Header of a foreign library -> the folders that may include it.
FOREIGN = {
    "zstd.h": ["tracer"], "sodium.h": ["tracer", "checker", "cli"], "xxhash.h": ["tracer", "wasi"],
    "sqlite3.h": ["checker"], "cyaml/cyaml.h": ["wasi/policy"], "bpf/": ["ebpf"], "elfutils/": ["cli"], "dwarf.h": ["cli"], "linux/bpf.h": ["ebpf"], "llvm-c/": ["runtime/jit"], "Zydis/": ["runtime/verify"],
}

# Tests that look inside a folder on purpose (prefixes of their paths), and programs of other folders by the same right.
WHITE_BOX = (
    "tests/unit/act_world", "tests/unit/test_act_", "tests/unit/test_confine_",
    "tests/unit/test_match", "tests/unit/test_checker_", "tests/unit/test_decide_request", "tests/unit/test_wasi_rows", "fuzz/fuzz_trace", "fuzz/fuzz_engine",
    "fuzz/fuzz_database", "fuzz/fuzz_launch", "fuzz/make_seeds", "fuzz/call_record", "fuzz/hostcall_",
    "tests/oracle/", "tests/unit/test_rt_stack", "bench/load_cost",
    "tests/attacks/evil/forge_calls", "tests/attacks/evil/forge_trace", "tests/attacks/evil/replayer", "tests/attacks/evil/names_owner",
)

# Source roots; anything else at the top is not compiled into the product.
ROOTS = ["runtime", "wasi", "tracer", "replay", "ebpf", "checker", "cli", "tests", "fuzz", "bench"]


def symbols(library):
    """(stem of the object file, global symbol, whether it is wanted and not defined there) of a static library."""
    text = subprocess.run(["nm", "-A", "-g", "-P", library], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        place, _, rest = line.partition(": ")
        fields = rest.split()
        if len(fields) >= 2:
            yield place[place.rfind("[") + 1:].rstrip("]").split(".")[0], fields[0].split("@")[0], fields[1] in "Uw"


def folder_of(path, folders):
    """The longest listed folder that `path` lies in, or None."""
    best = None
    for folder in folders:
        if path.startswith(folder + "/") and (best is None or len(folder) > len(best)):
            best = folder
    return best


def source_files(root, endings, tops=None):
    """Relative paths of the tree's own files, build folders and data left out."""
    skipped = {".git", "build", "demo-out", "__pycache__", "node_modules", ".cache"}
    for top in tops or sorted(os.listdir(root)):
        if top in skipped:
            continue
        if os.path.isfile(os.path.join(root, top)):
            if top.endswith(endings):
                yield top
            continue
        for here, names, files in os.walk(os.path.join(root, top)):
            names[:] = sorted(n for n in names if n not in skipped)
            for name in sorted(files):
                if name.endswith(endings):
                    yield os.path.relpath(os.path.join(here, name), root)


def finish(what, checked, failures):
    """Prints the failures and ends the program."""
    for failure in sorted(set(failures)):
        print(failure)
    print(f"{what}: {checked} checked, {len(set(failures))} failures")
    sys.exit(1 if failures else 0)
