"""Fails where a library imports what its folder may not use: another folder's functions without an arrow, a libc function that
makes a system call, a heavy library in the guest's process. Usage: layering_symbols.py BUILD_ROOT [--sanitized]"""
import glob
import os
import subprocess
import sys

import layers

# libc functions whose work is a system call.
SYSTEM = set("""
    syscall open open64 openat openat64 openat2 creat creat64 fopen fopen64 fdopen freopen opendir fdopendir readdir readdir64
    scandir closedir nftw ftw mkstemp mkostemp mkdtemp tmpfile read __read_chk pread pread64 __pread64_chk readv preadv preadv64
    preadv2 write pwrite pwrite64 writev pwritev pwritev64 pwritev2 fread __fread_chk fgets __fgets_chk getline fgetc getc fwrite
    fputs fputc putc puts putchar printf __printf_chk fprintf __fprintf_chk vprintf __vprintf_chk vfprintf __vfprintf_chk dprintf
    perror close close_range fclose fflush fsync fdatasync sync ftruncate ftruncate64 truncate lseek lseek64 fseek ftell rewind
    stat stat64 fstat fstat64 lstat lstat64 fstatat fstatat64 statx statfs fstatfs access faccessat chmod fchmod fchmodat chown
    utimensat futimens utime utimes unlink unlinkat remove rename renameat renameat2 link linkat symlink symlinkat readlink
    readlinkat __readlink_chk __readlinkat_chk realpath __realpath_chk mkdir mkdirat rmdir chdir fchdir getcwd chroot mount
    dup dup2 dup3 pipe pipe2 fcntl fcntl64 ioctl flock lockf poll __poll_chk ppoll select pselect epoll_create1 epoll_ctl
    epoll_wait eventfd timerfd_create signalfd inotify_init1 memfd_create fallocate posix_fallocate posix_fallocate64
    copy_file_range sendfile splice socket socketpair bind listen accept accept4 connect send sendto sendmsg recv recvfrom
    recvmsg shutdown setsockopt getsockopt getaddrinfo mmap mmap64 munmap mremap mprotect madvise mlock mlockall msync
    fork vfork clone execve execv execvp execl execlp fexecve posix_spawn posix_spawnp system popen wait waitpid waitid
    kill tgkill raise sigaction signal sigprocmask pthread_sigmask sigaltstack setitimer timer_create alarm nanosleep
    clock_nanosleep usleep sleep clock_gettime clock_getres gettimeofday time getrandom getentropy sched_yield
    sched_setaffinity getpid getppid gettid getuid geteuid setuid setgid setgroups setrlimit setrlimit64 getrlimit prlimit
    prlimit64 prctl ptrace capset pthread_create pthread_kill personality unshare setns reboot uname sysconf gethostname
    exit _exit _Exit quick_exit
""".split())

# Folder -> object files that may call them ("*": all of the folder).
MAY_CALL = {
    "runtime/base": ["pages", "file_read", "elapsed", "streams", "os_linux", "mounts_linux"],
    "runtime/jit": ["jit_image"],
    "wasi/act": ["*"],
    "wasi/confine": ["*"],
    "tracer": ["ring_linux", "ring", "recorder", "salvage", "stream", "container_write", "container_open", "trace_live"],
    "ebpf": ["*"],
    "checker": ["database"],
    "cli": ["*"],
}

# Library -> prefixes of foreign functions that it must not import: what the guest's process is linked from stays light.
LIGHT = ["ZSTD_", "sodium_", "crypto_", "sqlite3_", "bpf_", "libbpf_", "cyaml_", "LLVM", "Zydis"]
GUEST_LIBRARIES = ["base", "abi", "policy", "decide", "runtime", "wasi", "wasi_start", "act", "confine", "trace_write"]
GUEST_DYNAMIC = ["linux-vdso.so", "linux-gate.so", "libc.so", "libm.so", "ld-linux"]
SANITIZER_DYNAMIC = ["libgcc_s.so", "libresolv.so", "libpthread.so", "librt.so", "libdl.so", "libasan.so", "libubsan.so",
                     "libtsan.so", "libstdc++.so"]


def nm(library):
    """(defined, undefined): sets of global symbols; undefined with the object file's stem."""
    defined, undefined = set(), set()
    for member, symbol, is_wanted in layers.symbols(library):
        if is_wanted:
            undefined.add((member, symbol))
        else:
            defined.add(symbol)
    return defined, undefined


def check_library(name, folder, symbols, owner, failures):
    checked = 0
    for member, symbol in sorted(symbols[1]):
        checked += 1
        where = f"{folder}/{member}.c"
        if symbol in owner:
            other = owner[symbol][1]
            arrows = layers.ARROWS.get(folder, [])
            reached = other in arrows or any(a.endswith(".h") and os.path.dirname(a) == other for a in arrows)
            reached = reached and other not in layers.DATA_ONLY.get(folder, [])
            if other != folder and "*" not in arrows and not reached:
                failures.append(f"{where}: calls {symbol} of {other}, to which no arrow leads")
        elif symbol in SYSTEM:
            may = MAY_CALL.get(folder, [])
            if "*" not in may and member not in may:
                failures.append(f"{where}: imports {symbol}, which makes a system call")
        if name in GUEST_LIBRARIES and any(symbol.startswith(p) for p in LIGHT):
            failures.append(f"{where}: imports {symbol}; the guest's process is not to link that library")
    return checked


def check_guest(build, sanitized, failures):
    """The guest's executable needs libc, and at most libm."""
    guest = os.path.join(build, "libexec", "warrant", "warrant-guest")
    if not os.path.exists(guest):
        failures.append(f"{guest}: is not built")
        return
    allowed = GUEST_DYNAMIC + (SANITIZER_DYNAMIC if sanitized else [])
    text = subprocess.run(["ldd", guest], capture_output=True, text=True, check=True).stdout
    for line in text.splitlines():
        name = os.path.basename(line.split()[0])
        if not name.startswith(tuple(allowed)):
            failures.append(f"warrant-guest: is linked with {name}; libc and libm are all it may need")


# What executes or parses a guest's module; who may hold it is confined before it looks at one.
ENGINE = {"interp_run", "rt_call", "rt_module_load", "wasi_dispatch"}
ENGINE_HOLDERS = {"warrant-guest", "warrant-replayer"}


# Makes machine code, whose verifier does not check all that it must yet: for test tools alone.
COMPILER = "jit_compile"


def check_engine(build, failures):
    """No executable but those two holds the engine; and they do, or this test would look for the wrong names."""
    programs = [os.path.join(build, "warrant")] + sorted(glob.glob(os.path.join(build, "libexec", "warrant", "*")))
    for program in programs:
        name = os.path.basename(program)
        text = subprocess.run(["nm", "-P", program], capture_output=True, text=True, check=True).stdout
        symbols = {line.split()[0] for line in text.splitlines() if line}
        held = ENGINE & symbols
        if any(symbol == COMPILER or symbol.startswith("LLVM") for symbol in symbols):
            failures.append(f"{name}: holds the compiler, which is for test tools alone")
        if name in ENGINE_HOLDERS and held != ENGINE:
            failures.append(f"{name}: does not hold {', '.join(sorted(ENGINE - held))}: this test looks for the wrong names")
        elif name not in ENGINE_HOLDERS and held:
            failures.append(f"{name}: holds the engine ({', '.join(sorted(held))})")
    return len(programs)


def main():
    build, sanitized = sys.argv[1], "--sanitized" in sys.argv
    libraries, owner, failures, checked = {}, {}, [], 0
    for path in sorted(glob.glob(os.path.join(build, "**", "libwr_*.a"), recursive=True)):
        name = os.path.basename(path)[len("libwr_"):-len(".a")]
        folder = os.path.relpath(os.path.dirname(path), build)
        libraries[name] = (folder, nm(path))
    for name, (folder, symbols) in libraries.items():
        for symbol in symbols[0]:
            owner.setdefault(symbol, (name, folder))
    for wanted in GUEST_LIBRARIES + ["trace", "replay", "judge", "checker"]:
        if wanted not in libraries:
            failures.append(f"libwr_{wanted}.a: is not built")
    for name, (folder, symbols) in libraries.items():
        checked += check_library(name, folder, symbols, owner, failures)
    for prefix in ("decide_", "wasi_"):  # the judge shares nothing with what it judges
        for member, symbol in libraries.get("judge", ("", (set(), set())))[1][1]:
            if symbol.startswith(prefix):
                failures.append(f"checker/judge/{member}.c: uses {symbol}")
    for member, symbol in libraries.get("trace_write", ("", (set(), set())))[1][1]:
        if owner.get(symbol, ("",))[0] == "trace":
            failures.append(f"tracer/{member}.c: the guest's side uses {symbol} of the recorder's side")
    if "jit" in libraries and COMPILER not in libraries["jit"][1][0]:
        failures.append(f"libwr_jit.a: has no {COMPILER}: this test looks for the wrong name")
    check_guest(build, sanitized, failures)
    checked += check_engine(build, failures)
    layers.finish("symbols", checked, failures)


main()
