#!/usr/bin/env python3
"""Calls of many ops, many system calls and many chunks: what a guest sees of a directory that is longer than one call reads, what a forger
says of an op's system calls and of a call's import, and what going to an event costs where no chunk begins with a call."""
import json
import subprocess
import time

import kit
from kit import SLOW, Attack, needs_witness

RETURNS = '(module (memory (export "memory") 1) (func (export "_start")))'
# Reads /data/many with a buffer of @SIZE@ bytes, and exits with 1 where the answer is short, which says that the directory ended.
READS = """(module
  (import "wasi_snapshot_preview1" "path_open" (func $open (param i32 i32 i32 i32 i32 i64 i64 i32 i32) (result i32)))
  (import "wasi_snapshot_preview1" "fd_readdir" (func $read (param i32 i32 i32 i64 i32) (result i32)))
  (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 16) (data (i32.const 8) "many")
  (func (export "_start") (local $errno i32)
    (if (call $open (i32.const 3) (i32.const 0) (i32.const 8) (i32.const 4) (i32.const 2) (i64.const 0x4000) (i64.const 0x4000)
                    (i32.const 0) (i32.const 40)) (then (call $exit (i32.const 2))))
    (local.set $errno (call $read (i32.load (i32.const 40)) (i32.const 1024) (i32.const @SIZE@) (i64.const 0) (i32.const 44)))
    (if (local.get $errno) (then (call $exit (local.get $errno))))
    (call $exit (i32.lt_u (i32.load (i32.const 44)) (i32.const @SIZE@)))))"""
OVERFLOW = 61
# An owned process says of an opening that it took several system calls, and makes others.
HOOK = r"""
static struct guest *evil_guest;
static struct wasi_backend real;
static const char *mode;
static long ask(struct act_live *live, const struct op *op, const char *name, uint64_t flags, uint64_t resolve)
{
    uint64_t how[3] = { flags, 0, resolve };
    return syscall(437, act_descriptor(live, op->handle), name, how, sizeof how);
}
static char name[256];
static enum status evil_act(void *self, const struct op *op, const struct request *q, const struct backend_space *space, struct op_result *result, struct error *error)
{
    enum { PLAIN = O_CLOEXEC | O_NOCTTY | O_DIRECTORY, BENEATH = 0x0a };
    struct act_live *live = self;
    bool open = op->kind == OP_OPEN;
    if (open && !strcmp(mode, "other"))
        ask(live, op, "secret", O_CLOEXEC | O_NOCTTY, BENEATH);
    if (open && !strcmp(mode, "twice"))
        ask(live, op, "many", PLAIN, BENEATH);
    if (open && !strcmp(mode, "absent"))
        ask(live, op, "absent", PLAIN, BENEATH);
    if (open && !strcmp(mode, "again")) /* what is not in the kernel's cache is EAGAIN */
        ask(live, op, "fresh/fresh", PLAIN, BENEATH | 0x20);
    enum status s = real.act(self, op, q, space, result, error);
    if (open && !strcmp(mode, "behind")) {
        ask(live, op, "secret", O_CLOEXEC | O_NOCTTY, BENEATH);
        result->calls++;
    }
    if (open && (!strcmp(mode, "other") || !strcmp(mode, "twice") || !strcmp(mode, "absent") || !strcmp(mode, "again") || !strcmp(mode, "more")))
        result->calls++;
    if (open && !strncmp(mode, "walk-", 5)) { /* beside what resolves the path */
        int in = act_descriptor(live, op->handle), flags = O_CLOEXEC | O_NOFOLLOW | O_NOCTTY;
        if (!strcmp(mode, "walk-open"))
            syscall(SYS_openat, in, "secret", flags, 0);
        if (!strcmp(mode, "walk-up"))
            syscall(SYS_openat, in, "../outside", flags, 0);
        if (!strcmp(mode, "walk-again"))
            syscall(SYS_close, syscall(SYS_openat, in, "many", O_PATH | O_DIRECTORY | flags, 0));
        if (!strcmp(mode, "walk-link"))
            syscall(SYS_readlinkat, in, "link", name, sizeof name);
        if (!strcmp(mode, "walk-swap") && live->host_fd[op->handle2] >= 0) {
            syscall(SYS_close, live->host_fd[op->handle2]);
            live->host_fd[op->handle2] = (int)syscall(SYS_openat, in, "fresh", O_DIRECTORY | flags, 0);
        }
        result->calls += strcmp(mode, "walk-again") && strcmp(mode, "walk-swap") ? 1 : 2;
    }
    if (open && !strcmp(mode, "refused")) { /* what was opened is denied */
        result->value = -WASI_NOTCAPABLE;
        result->calls = 0;
    }
    if (open && !strcmp(mode, "none"))
        result->calls = 0;
    if (open && !strcmp(mode, "huge"))
        result->calls = 0xffffffff;
    return s;
}
static void evil_start(struct guest *g, struct wasi_backend *b) { mode = g->spec.arg_count > 1 ? g->spec.args[1] : ""; real = *b; b->act = evil_act; }
static void evil_end(struct guest *g, enum status s, struct wasi_ending *e) {}
static void evil_last(struct guest *g) {}
"""


class LongCalls(Attack):
    def many(self, count=2000):
        (self.data / "many").mkdir()
        for i in range(count):
            (self.data / "many" / (f"{i:06}" + "n" * 150)).touch()

    def forged(self, *words):
        path = self.folder / "forged.wtrace"
        subprocess.run([self.native("forge_calls.c"), self.trace, path, *words], check=True)
        return path

    def test_directory_that_goes_on(self):
        """An answer that is short says that a directory ended: one that goes on fills the buffer, or is refused."""
        self.many()
        for size, expected in (4096, 0), (262144, 0), (262145, 0), (400000, OVERFLOW):
            with self.subTest(size=size):
                self.warrant("run", "--dir", f"{self.data}::/data", self.wat(READS.replace("@SIZE@", str(size))), status=expected)

    @needs_witness
    def test_more_system_calls_than_the_kernel_saw(self):
        """An op that says it took several covers none but those that were asked again."""
        (self.data / "many").mkdir()
        self.attack(self.wat(READS.replace("@SIZE@", "4096")), options=["--witness", "on"], status=1)
        self.clean()
        for calls in 0, 2, 5, 6, 65536:
            path = self.forged(f"calls={calls}")
            path.with_suffix(".wwit").write_bytes(self.witness.read_bytes())
            with self.subTest(calls=calls):
                status, report = self.verdict(trace=path)
                self.assertEqual(status, 1, report)
                self.assertTrue(report["findings"], report)
        for calls in 65537, 2**32 - 1:
            with self.subTest(calls=calls):
                self.assertIn("an impossible number of system calls", self.warrant("show", self.forged(f"calls={calls}"), status=3).stderr)

    @needs_witness
    def test_system_calls_that_hide_behind_a_count(self):
        """A count covers no call of another name, other flags, or another answer than EAGAIN; nor may it lack its calls."""
        (self.data / "many").mkdir()
        (self.data / "secret").write_text("secret")
        (self.data / "fresh").mkdir()
        (self.data / "link").symlink_to("many")
        self.claims("openat2", "other", "twice", "absent", "again", "behind", "more", "refused", "none", "huge")

    @needs_witness
    def test_system_calls_that_hide_behind_a_walk(self):
        (self.data / "many").mkdir()
        (self.data / "secret").write_text("secret")
        (self.data / "fresh").mkdir()
        (self.data / "link").symlink_to("many")
        self.claims("components", "walk-open", "walk-up", "walk-again", "walk-link", "walk-swap", "more", "refused", "none", "huge")

    def claims(self, walker, *modes):
        """Each is caught, and their innocent twin is clean."""
        module, evil = self.wat(READS.replace("@SIZE@", "4096")), self.evil(HOOK)
        for mode in "innocent", *modes:
            with self.subTest(walker=walker, mode=mode):
                self.trace.unlink(missing_ok=True)
                self.witness.unlink(missing_ok=True)
                self.attack(module, mode, command=evil, options=["--witness", "on", "--walker", walker], status=None)
                status, report = self.verdict()
                if mode == "innocent":
                    self.assertEqual((status, report.get("failing")), (0, 0), report)
                elif status == 1:
                    self.caught()
                else:
                    self.assertEqual((status, mode), (3, "huge"), report)

    def test_calls_that_nobody_makes(self):
        (self.data / "many").mkdir()
        self.attack(self.wat(READS.replace("@SIZE@", "4096")), options=["--witness", "off"], status=1)
        for words, why in ((["import=0"], "its import does not lower"), (["import=65535"], "its import does not lower"),
                           (["code=5"], "its import does not lower"), (["code=255"], "no such hostcall"),
                           (["ops=32", "count=32"], "more ops than a call may have"), (["count=33"], "another number of ops"),
                           (["kind=255"], "no such op"), (["handle2=99999"], "no handle has such a number")):
            for command in "show", "check", "replay":
                with self.subTest(words=words, command=command):
                    done = self.warrant(command, self.forged(*words), status=3)
                    self.assertIn(why, done.stdout + done.stderr)

    def test_another_import(self):
        """A call that another import would lower into as well: the replay knows which one the module has."""
        unstable_fd_readdir = 66
        (self.data / "many").mkdir()
        self.attack(self.wat(READS.replace("@SIZE@", "4096")), options=["--witness", "off"], status=1)
        report = self.caught("replay.divergence", trace=self.forged(f"other={unstable_fd_readdir}"))
        self.assertIn("wasi_unstable.fd_readdir", str(report["findings"]))

    def test_going_to_every_event(self):
        """However a forger cuts calls into chunks: what is shown from an event on is what is shown there of the whole."""
        self.many(300)
        self.attack(self.wat(READS.replace("@SIZE@", "65536")), options=["--witness", "off"], status=1)
        def shown(*words):
            lines = self.warrant("show", "--json", *words, path).stdout.splitlines()
            return [{**json.loads(line), "ticks": 0, "duration": 0} for line in lines]
        for events in 1, 2, 3, 5:
            path = self.forged(f"split={events}")
            whole = shown()
            begins = [item["event"] for item in whole if "event" in item]
            self.assertGreater(begins[-1], 8)
            for event in range(begins[-1] + 1):
                with self.subTest(split=events, event=event):
                    first = max(i for i, begin in enumerate(begins) if begin <= event)
                    self.assertEqual(shown("--range", f"{event}.."), whole[first:])

    def test_going_to_an_event_of_a_long_call(self):
        """However many chunks begin inside of a call, each is looked at once."""
        self.attack(self.wat(RETURNS), options=["--witness", "off"], grants=[], status=0)
        seconds = []
        for chunks in 5000, 80000:
            path = self.forged(f"parts={chunks}")
            began = time.monotonic()
            self.warrant("show", "--range", f"{chunks - 1}..{chunks}", path, status=3)
            seconds.append(time.monotonic() - began)
        self.assertLess(seconds[1], 2 * SLOW + 24 * seconds[0])


kit.main()
