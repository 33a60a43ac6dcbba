"""Objects of file systems that hold no data (proc, sysfs, cgroup, ...) and device nodes are no files: a grant that holds them gives
no power over the runtime or the machine, by whatever way the guest reaches them (issue class: a grant of `/`)."""
import subprocess

import kit
from kit import WARRANT, Attack, needs_root, needs_witness, row

NOTCAPABLE, NOTSUP, SUCCESS = 76, 58, 0

# OP:PATH... on descriptor 3; prints the errno of each. `line` waits for a line of the standard input.
GUEST = r"""
#include <stdio.h>
#include <string.h>
#include <wasi/api.h>
static int opened(const char *path, int oflags, __wasi_rights_t rights, int more)
{
    int fd;
    int e = __wasi_path_open(3, 1, path, oflags, rights, 0, 0, &fd);
    char b[4096];
    __wasi_size_t n = 0;
    __wasi_iovec_t v = { (uint8_t *)b, sizeof b };
    if (!e && more == 'r') e = __wasi_fd_read(fd, &v, 1, &n);
    if (!e && more == 'w') { __wasi_ciovec_t c = { (const uint8_t *)"x", 1 }; e = __wasi_fd_write(fd, &c, 1, &n); }
    return e;
}
int main(int argc, char **argv)
{
    setvbuf(stdout, 0, _IONBF, 0);
    for (int i = 1; i < argc; i++) {
        char *p = strchr(argv[i], ':'), b[256];
        __wasi_filestat_t st;
        __wasi_size_t n;
        int e = -1;
        if (!p) { getchar(); continue; }
        *p++ = 0;
        if (!strcmp(argv[i], "read")) e = opened(p, 0, __WASI_RIGHTS_FD_READ, 'r');
        if (!strcmp(argv[i], "write")) e = opened(p, 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_WRITE, 'w');
        if (!strcmp(argv[i], "truncate")) e = opened(p, __WASI_OFLAGS_TRUNC, __WASI_RIGHTS_FD_WRITE, 0);
        if (!strcmp(argv[i], "list")) e = opened(p, __WASI_OFLAGS_DIRECTORY, __WASI_RIGHTS_FD_READDIR, 0);
        if (!strcmp(argv[i], "stat")) e = __wasi_path_filestat_get(3, 1, p, &st);
        if (!strcmp(argv[i], "link")) e = __wasi_path_readlink(3, p, (uint8_t *)b, sizeof b, &n);
        if (!strcmp(argv[i], "mkdir")) e = __wasi_path_create_directory(3, p);
        if (!strcmp(argv[i], "rmdir")) e = __wasi_path_remove_directory(3, p);
        if (!strcmp(argv[i], "unlink")) e = __wasi_path_unlink_file(3, p);
        if (!strcmp(argv[i], "symlink")) e = __wasi_path_symlink("x", 3, p);
        if (!strcmp(argv[i], "times")) e = __wasi_path_filestat_set_times(3, 1, p, 0, 0, 2);
        printf("%d\n", e);
    }
}
"""


# A runtime that lies about what it asks: the file system (fs), or the device, so that it need not ask (dev).
HOOK = r"""
static struct guest *evil_guest;
static struct wasi_backend real;
static const char *mode;
static enum status evil_act(void *self, const struct op *op, const struct request *q, const struct backend_space *space, struct op_result *result, struct error *error)
{
    enum status s = real.act(self, op, q, space, result, error);
    if (op->kind == OP_FILE_SYSTEM) result->value = 0xef53;
    if (!strcmp(mode, "dev") && op->kind == OP_STAT) result->stat.dev = evil_guest->spec.initial[3].dev;
    return s;
}
static void evil_start(struct guest *g, struct wasi_backend *b) { evil_guest = g; mode = g->spec.args[1]; real = *b; b->act = evil_act; }
static void evil_end(struct guest *g, enum status s, struct wasi_ending *e) {}
static void evil_last(struct guest *g) {}
"""


class Pseudo(Attack):
    def setUp(self):
        super().setUp()
        self.module = self.guest(GUEST)

    def everything(self):
        """A prefix to the command: /proc, /sys and /dev bound below the granted directory, in a mount namespace of its own."""
        script = 'for i in proc sys dev; do mkdir -p "$0/$i" && mount --rbind "/$i" "$0/$i" || exit 99; done; exec "$@"'
        return ["unshare", "-m", "sh", "-c", script, self.data]

    def answers(self, grant, *acts, prefix=(), policy=None):
        granted = ["--policy", policy] if policy else ["--dir", f"{grant}::/" + (":ro" if grant == "/" else "")]
        done = self.warrant("run", "-q", *granted, self.module, *acts, prefix=prefix)
        return [int(word) for word in done.stdout.split()]

    def refused(self, grant, *acts, prefix=()):
        got = dict(zip(acts, self.answers(grant, *acts, prefix=prefix)))
        self.assertEqual(got, {act: NOTCAPABLE for act in acts})

    @row("PATH-10")
    def test_root_holds_no_runtime(self):
        """A grant of `/`: neither the guest's own memory nor another process nor the kernel is a file."""
        got = self.answers("/", "read:proc/self/maps", "list:proc", "list:proc/self/fd", "list:sys/kernel",
                           "read:sys/kernel/uevent_seqnum", "stat:proc/self/status", "link:proc/self")
        self.assertEqual(got, [NOTCAPABLE] * 7)
        self.assertNotIn(SUCCESS, self.answers("/", "list:proc/1/root", "read:proc/1/environ", "read:proc/self/exe", "read:proc/self/root/etc/passwd",
                                               "read:dev/mem", "read:dev/kmsg", "read:dev/tty", "read:dev/ptmx"))
        self.assertEqual(self.answers("/", "read:dev/null", "read:dev/zero", "read:dev/urandom", "read:dev/full"), [NOTSUP] * 4)

    @needs_root
    def test_no_write_grant_reaches_the_runtime(self):
        self.refused(self.data, "read:proc/self/maps", "write:proc/self/mem", "truncate:proc/self/coredump_filter", "list:proc",
                     "write:proc/sys/kernel/core_pattern", "read:sys/kernel/uevent_seqnum", prefix=self.everything())
        self.assertEqual(self.answers(self.data, "write:dev/null", "read:dev/zero", prefix=self.everything()), [NOTSUP] * 2)

    @needs_root
    def test_names_there_are_none(self):
        self.refused(self.data, "stat:proc/self/status", "link:proc/self", "mkdir:sys/kernel/x", "rmdir:sys/kernel/x",
                     "unlink:proc/self/comm", "symlink:proc/x", "times:proc/self/comm", "stat:proc/", prefix=self.everything())

    @needs_root
    @row("PATH-10")
    def test_links_lead_there_no_better(self):
        (self.data / "sub").mkdir()
        (self.data / "sub/in").symlink_to("../proc/self")
        (self.data / "file").symlink_to("proc/self/mem")
        (self.data / "out").symlink_to("/proc/self/mem")
        self.refused(self.data, "write:sub/in/mem", "read:sub/in/maps", "list:sub/in", "stat:sub/in/comm", "times:file", "write:file",
                     prefix=self.everything())
        self.assertNotIn(SUCCESS, self.answers(self.data, "write:out", "read:out"))

    def test_a_grant_that_is_one_is_refused(self):
        (self.data / "link").symlink_to("/proc")
        for grant in "/proc", "/proc/self", "/sys/kernel", self.data / "link":
            done = self.warrant("run", "--dir", f"{grant}::/", self.module, status=125)
            self.assertIn(f"the granted directory {grant} is part of a file system that holds no data", done.stderr)

    @row("PATH-10")
    def test_listed_devices_may_be_opened_and_no_others(self):
        policy = self.folder / "policy.yaml"
        policy.write_text("version: 1\nfiles:\n  - host: /dev\n    guest: /\n    access: write\ndevices: [null, /dev/zero]\n")
        got = self.answers(None, "write:null", "read:zero", "read:urandom", "write:full", policy=policy)
        self.assertEqual(got, [SUCCESS, SUCCESS, NOTSUP, NOTSUP])
        policy.write_text("version: 1\nfiles:\n  - host: /dev\n    guest: /\n    access: read\ndevices: [null]\n")
        got = self.answers(None, "read:null", "write:null", policy=policy)
        self.assertEqual(got[0], SUCCESS)
        self.assertNotEqual(got[1], SUCCESS)
        for bad, why in ("tty0", "is no device"), (str(self.data), "is no character device"), ("/dev/no-such", "cannot look at the device"):
            policy.write_text(f"version: 1\ndevices: [{bad}]\n")
            self.assertIn(why, self.warrant("run", "--policy", policy, self.module, status=125 if bad[0] == "/" else None).stderr)

    def test_what_was_refused_checks_clean(self):
        options = ["--witness", "on" if kit.witness_works() else "off"]
        self.warrant("record", "-q", "-o", self.trace, "--dir", "/::/:ro", *options, self.module, "read:proc/self/maps", "stat:proc/self/status",
                     "read:dev/null", "read:etc/passwd")
        report = self.check()
        self.assertEqual(report["findings"], [])
        self.assertIn("the object's file system holds no data", self.warrant("show", self.trace).stdout)

    def lie(self, mode, act):
        """What a runtime that lies so is found out for."""
        for left in self.trace, self.trace.with_suffix(".wwit"):
            left.unlink(missing_ok=True)
        done = self.attack(self.module, mode + ":", act, command=self.evil(HOOK.replace("mode = g->spec.args[1]", f'mode = "{mode}"')),
                           options=["--witness", "on"], prefix=self.everything())
        self.assertEqual(done.stdout.split()[-1:], [f"{SUCCESS}"], (done.stdout, done.stderr))
        return self.caught()["findings"]

    @needs_root
    @needs_witness
    def test_a_lie_about_the_file_system(self):
        for mode in "fs", "dev":
            for act in "read:proc/sys/kernel/ostype", "stat:proc/uptime", "link:proc/self", "read:sys/kernel/uevent_seqnum":
                found = self.lie(mode, act)
                self.assertIn("witness.mismatch", {f["rule"] for f in found}, (mode, act))
                if not act.startswith("stat"): # by a descriptor: asking is what the runtime may do
                    self.assertTrue(any("(no-data)" in f["evidence"] for f in found), (mode, act, found))

    @needs_root
    def test_mounts_under_other_names(self):
        """proc and sysfs mounted inside a granted directory, under names that tell nothing."""
        for kind in "proc", "sysfs", "cgroup2":
            (self.data / "a b").mkdir(exist_ok=True)
            mounted = ["unshare", "-m", "sh", "-c", f'mount -t {kind} x "$0" || exit 77; exec "$@"', self.data / "a b"]
            probe = subprocess.run([*mounted, "true"], capture_output=True)
            if probe.returncode:
                continue
            name = {"proc": "self/mem", "sysfs": "kernel/uevent_seqnum", "cgroup2": "cgroup.procs"}[kind]
            self.refused(self.data, f"read:a b/{name}", "list:a b", f"stat:a b/{name}", "mkdir:a b/x", prefix=mounted)
        bound = ["unshare", "-m", "sh", "-c", 'mount --bind /proc/$$ "$0" || exit 77; exec "$@"', self.data / "a b"]
        self.refused(self.data, "read:a b/status", "list:a b/task", "stat:a b/status", prefix=bound)
        (self.data / "single").touch()
        single = ["unshare", "-m", "sh", "-c", 'mount --bind /proc/uptime "$0" || exit 77; exec "$@"', self.data / "single"]
        self.refused(self.data, "read:single", prefix=single)

    @needs_root
    def test_a_mount_that_comes_later(self):
        (self.data / "late").mkdir()
        run = subprocess.Popen(["unshare", "-m", WARRANT, "run", "-q", "--dir", f"{self.data}::/", self.module, "list:late", "line", "list:late",
                                "write:late/self/mem"], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
        self.addCleanup(run.kill)
        self.assertEqual(run.stdout.readline(), f"{SUCCESS}\n")
        subprocess.run(["nsenter", "-t", str(run.pid), "-m", "mount", "-t", "proc", "x", self.data / "late"], check=True)
        out, _ = run.communicate("\n", timeout=60)
        self.assertEqual([int(word) for word in out.split()], [NOTCAPABLE, NOTCAPABLE])


kit.main()
