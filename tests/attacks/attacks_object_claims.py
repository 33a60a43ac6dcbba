#!/usr/bin/env python3
"""Every operand and object that the witness has is held against what the runtime claims: the path of an operation on a descriptor itself, the
type and the identity of what was opened, the mode of what is made, the object behind a descriptor."""
import os
import subprocess

import kit
from kit import Attack, needs_root, needs_witness

HOOK = r"""
static struct guest *evil_guest;
static struct wasi_backend real;
static const char *mode;
static enum status evil_act(void *self, const struct op *op, const struct request *q, const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct act_live *live = self;
    struct timespec t[2];
    long r, fd = act_descriptor(live, op->handle);
    if (!strcmp(mode, "times") && op->kind == OP_SET_TIMES) { /* of another file than the descriptor's */
        act_times(op, t);
        r = syscall(SYS_utimensat, fd, "inside", t, 0x1000);
    } else if (!strcmp(mode, "now") && op->kind == OP_SET_TIMES) { /* no times: now */
        r = syscall(SYS_utimensat, fd, "", NULL, 0x1000);
    } else if (!strcmp(mode, "mode") && op->kind == OP_OPEN && op->flags & OPEN_CREATE) {
        uint64_t how[3] = { O_CREAT | O_WRONLY | O_CLOEXEC | O_NOCTTY, 06777, 0x0a };
        static char name[4096];
        memcpy(name, q->bytes + op->path.offset, op->path.length);
        r = syscall(437, fd, name, how, sizeof how);
        if (r >= 0) act_live_adopt(live, op->handle2, (int)r), r = 0;
    } else {
        enum status s = real.act(self, op, q, space, result, error);
        if (!strcmp(mode, "type") && op->kind == OP_STAT && result->stat.filetype == FILETYPE_REGULAR_FILE) result->stat.filetype = FILETYPE_CHARACTER_DEVICE;
        if (!strcmp(mode, "inode") && op->kind == OP_STAT) result->stat.ino++;
        if (!strcmp(mode, "device") && op->kind == OP_STAT) result->stat.dev++;
        if (!strcmp(mode, "node") && op->kind == OP_STAT && result->stat.filetype == FILETYPE_CHARACTER_DEVICE) /* the one that the policy lists */
            result->stat.dev = evil_guest->spec.nodes[0].dev, result->stat.ino = evil_guest->spec.nodes[0].ino;
        return s;
    }
    result->value = r < 0 ? act_errno_result(errno) : r;
    return STATUS_OK;
}
static void evil_start(struct guest *g, struct wasi_backend *b) { evil_guest = g; mode = g->spec.args[1]; real = *b; b->act = evil_act; }
static void evil_end(struct guest *g, enum status s, struct wasi_ending *e) {}
static void evil_last(struct guest *g) {}
"""

GUEST = r"""
#include <wasi/api.h>
int main(int argc, char **argv)
{
    __wasi_filestat_t st;
    __wasi_fd_t f;
    __wasi_rights_t all = __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_FILESTAT_GET | __WASI_RIGHTS_FD_FILESTAT_SET_TIMES;
    __wasi_path_filestat_set_times(3, __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW, "sub", 1000000000000ull, 2000000000000ull, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM);
    if (!__wasi_path_open(3, 0, "inside", 0, all, 0, 0, &f)) __wasi_fd_filestat_get(f, &st);
    __wasi_path_open(3, 0, "made", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE, 0, 0, &f);
    return 0;
}
"""


@needs_witness
class ObjectClaims(Attack):
    def setUp(self):
        super().setUp()
        (self.data / "inside").write_text("inside")
        (self.data / "sub").mkdir()
        (self.data / "sub/inside").touch()
        os.utime(self.data / "sub/inside", (1, 1))

    def made_by(self, mode):
        self.attack(self.guest(GUEST), mode, command=self.evil(HOOK), options=["--witness", "on"])

    def mismatch(self, mode, evidence):
        self.made_by(mode)
        report = self.caught("witness.mismatch")
        found = [f["evidence"] for f in report["findings"] if f["rule"] == "witness.mismatch"]
        self.assertTrue(any(evidence in one for one in found), found)

    def test_innocent(self):
        self.made_by("nothing")
        self.clean()

    def test_times_of_another(self):
        self.mismatch("times", 'path: expected "", found "inside"')
        self.assertGreater((self.data / "sub/inside").stat().st_mtime, 1, "the attack was not made")

    def test_times_that_are_none(self):
        """A null pointer is no struct of zeros."""
        self.made_by("now")
        self.caught("witness.unknown")

    def test_mode(self):
        self.mismatch("mode", "mode: expected 0x1b6, found 0xdff")

    def test_type(self):
        self.mismatch("type", "type of the object: expected 2, found 4")

    def test_inode(self):
        self.mismatch("inode", "object: expected inode")

    def test_device(self):
        self.mismatch("device", "object: expected inode")


# MODE, then names of devices on descriptor 3: reads four bytes of each, and asks what it is. Prints the errno of each opening.
DEVICES = r"""
#include <stdio.h>
#include <wasi/api.h>
int main(int argc, char **argv)
{
    for (int i = 2; i < argc; i++) {
        __wasi_fd_t f;
        char b[4];
        __wasi_size_t n;
        __wasi_filestat_t st;
        __wasi_iovec_t v = { (uint8_t *)b, sizeof b };
        int e = __wasi_path_open(3, 0, argv[i], 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_FILESTAT_GET, 0, 0, &f);
        if (!e) __wasi_fd_read(f, &v, 1, &n);
        if (!e) __wasi_fd_filestat_get(f, &st);
        printf("%d\n", e);
    }
}
"""


@needs_root
@needs_witness
class DeviceClaims(Attack):
    """Where stat(2) shows other numbers than the kernel's objects have, a device is held against the one that the policy lists by what it is."""
    SUCCESS, NOTSUP = "0", "58"
    LAYERS = ('mkdir -p "$0" && mount -t tmpfs layers "$0" && cd "$0" && mkdir lower upper work merged && mknod lower/null c 1 3 && '
              'mknod lower/zero c 1 5 && mount -t overlay merged -o lowerdir=lower,upperdir=upper,workdir=work merged && cd / || exit 77; exec "$@"')

    def recorded(self, mode, *names):
        """Records in a mount namespace of its own, with an overlay that holds two devices, of which the policy lists one."""
        layers = self.folder / "layers"
        overlay = ["unshare", "-m", "sh", "-c", self.LAYERS, layers]
        if subprocess.run([*overlay, "true"], capture_output=True).returncode:
            self.skipTest("no overlay file system can be mounted here")
        policy = self.folder / "policy.yaml"
        policy.write_text(f"version: 1\nfiles:\n  - host: {layers}/merged\n    guest: /\n    access: read\ndevices: [{layers}/merged/null]\n")
        done = self.attack(self.guest(DEVICES), mode, *names, command=self.evil(HOOK), grants=["--policy", policy],
                           options=["--witness", "on"], prefix=overlay)
        return done.stdout.split()

    def test_innocent(self):
        self.assertEqual(self.recorded("nothing", "null", "zero"), [self.SUCCESS, self.NOTSUP])
        self.clean()

    def test_another_device_is_opened(self):
        self.assertEqual(self.recorded("node", "zero"), [self.SUCCESS], "the attack was not made")
        report = self.caught("witness.mismatch")
        found = [f["evidence"] for f in report["findings"] if f["rule"] == "witness.mismatch"]
        self.assertEqual(found, ["device: expected 1:3, found 1:5"] * 2, "when it was opened, and when it was asked about")


kit.main()
