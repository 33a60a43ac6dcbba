#!/usr/bin/env python3
"""Names, links' targets and vectors are compared whole: an owned process says one thing in the trace and asks the kernel for another, where only
what lies behind the first bytes or elements differs. Its innocent twins, with the same lengths, are clean."""
import os

import kit
from kit import Attack, needs_witness

HOOK = r"""
static struct guest *evil_guest;
static struct wasi_backend real;
static const char *mode;
static char path[8192];
static long said(const struct act_live *live, const struct op *op, const struct request *q, const char *behind)
{
    memcpy(path, q->bytes + op->path.offset, op->path.length);
    strcpy(path + op->path.length, behind);
    return act_descriptor(live, op->handle);
}
static enum status evil_act(void *self, const struct op *op, const struct request *q, const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct act_live *live = self;
    struct timespec t[2];
    struct stat st;
    char *name = (char *)q->bytes + op->path.offset, *target = (char *)q->bytes + op->path2.offset;
    long r;
    if (!strcmp(mode, "stat") && op->kind == OP_STAT_AT) {
        long fd = said(live, op, q, "/../../outside");
        r = syscall(SYS_newfstatat, fd, path, &st, AT_SYMLINK_NOFOLLOW);
        result->stat = (struct filestat){ .dev = st.st_dev, .ino = st.st_ino, .filetype = 4, .nlink = st.st_nlink, .size = st.st_size };
    } else if (!strcmp(mode, "times") && op->kind == OP_SET_TIMES_AT) {
        long fd = said(live, op, q, "/../../outside");
        act_times(op, t);
        r = syscall(SYS_utimensat, fd, path, t, AT_SYMLINK_NOFOLLOW);
    } else if (!strcmp(mode, "readlink") && op->kind == OP_READ_LINK) {
        long fd = said(live, op, q, "/../../link");
        r = syscall(SYS_readlinkat, fd, path, act_address(space, op->mem), (size_t)op->mem.length);
    } else if (!strcmp(mode, "mkdir") && op->kind == OP_MAKE_DIR) {
        long fd = said(live, op, q, "/../made");
        r = syscall(SYS_mkdirat, fd, path, 0777);
    } else if (!strcmp(mode, "open") && op->kind == OP_OPEN && op->path.length > 255) {
        memcpy(name + op->path.length - 6, "secret", 6);
        enum status s = real.act(self, op, q, space, result, error);
        memcpy(name + op->path.length - 6, "public", 6);
        return s;
    } else if (!strcmp(mode, "target") && op->kind == OP_MAKE_LINK) {
        memcpy(target + op->path2.length - 6, "secret", 6);
        enum status s = real.act(self, op, q, space, result, error);
        memcpy(target + op->path2.length - 6, "public", 6);
        return s;
    } else if (!strcmp(mode, "vector") && op->kind == OP_PWRITEV && op->mem.length > 8) {
        struct region *last = (struct region *)&q->iov[op->mem.offset + op->mem.length - 1];
        last->offset += 64;
        enum status s = real.act(self, op, q, space, result, error);
        last->offset -= 64;
        return s;
    } else if (!strcmp(mode, "lengths") && op->kind == OP_PWRITEV && op->mem.length > 8) {
        struct region *last = (struct region *)&q->iov[op->mem.offset + op->mem.length - 1];
        last[-1].length--, last->length++;
        enum status s = real.act(self, op, q, space, result, error);
        last[-1].length++, last->length--;
        return s;
    } else {
        return real.act(self, op, q, space, result, error);
    }
    result->value = r < 0 ? act_errno_result(errno) : r;
    return STATUS_OK;
}
static void evil_start(struct guest *g, struct wasi_backend *b) { mode = g->spec.arg_count > 1 ? g->spec.args[1] : ""; real = *b; b->act = evil_act; }
static void evil_end(struct guest *g, enum status s, struct wasi_ending *e) {}
static void evil_last(struct guest *g) {}
"""

GUEST = r"""
#include <wasi/api.h>
#include <stdio.h>
#include <string.h>
static char component[256], longest[1024], target[1024], bytes[4096];
int main(int argc, char **argv)
{
    __wasi_filestat_t st;
    __wasi_ciovec_t v[40];
    __wasi_fd_t f;
    __wasi_size_t n;
    memset(component, 'a', 255);
    for (int i = 0; i < 127; i++) strcat(longest, "./");
    strcpy(target, longest);
    strcat(longest, "./public"), strcat(target, "./public");
    if (!strcmp(argv[1], "mkdir")) { component[254] = 'b'; }
    int r = __wasi_path_create_directory(3, component);
    r |= __wasi_path_filestat_set_times(3, 0, component, 1000000000000ull, 2000000000000ull, __WASI_FSTFLAGS_ATIM | __WASI_FSTFLAGS_MTIM);
    r |= __wasi_path_filestat_get(3, 0, component, &st);
    char link[64];
    __wasi_path_readlink(3, component, (uint8_t *)link, sizeof link, &n);
    r |= __wasi_path_symlink(target, 3, "made-link");
    if (!__wasi_path_open(3, 0, longest, 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK, 0, 0, &f)) {
        char text[16] = { 0 };
        __wasi_iovec_t in = { (uint8_t *)text, 15 };
        __wasi_fd_read(f, &in, 1, &n);
        printf("%s", text);
    }
    for (int i = 0; i < 40; i++) v[i] = (__wasi_ciovec_t){ (uint8_t *)bytes + 64 * i, 8 };
    r |= __wasi_path_open(3, 0, "out", __WASI_OFLAGS_CREAT, __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_SEEK, 0, 0, &f);
    r |= __wasi_fd_pwrite(f, v, 40, 0, &n);
    return 0;
}
"""


@needs_witness
class WholeNames(Attack):
    def setUp(self):
        super().setUp()
        (self.data / "public").write_text("PUBLIC\n")
        (self.data / "secret").write_text("SECRET\n")
        (self.folder / "outside").write_text("outside of the grant")
        os.utime(self.folder / "outside", (1, 1))
        (self.folder / "link").symlink_to("/the/target/outside")

    def made_by(self, mode):
        return self.attack(self.guest(GUEST), mode, command=self.evil(HOOK), options=["--witness", "on"])

    def test_innocent(self):
        done = self.made_by("nothing")
        self.assertEqual(done.stdout, "PUBLIC\n")
        self.clean()

    def test_stat_outside(self):
        self.made_by("stat")
        self.caught("witness.mismatch", "judge.escape")

    def test_times_outside(self):
        self.made_by("times")
        self.assertGreater((self.folder / "outside").stat().st_mtime, 1, "the attack was not made")
        self.caught("witness.mismatch", "judge.escape")

    def test_link_outside(self):
        self.made_by("readlink")
        self.caught("witness.mismatch", "judge.escape")

    def test_directory_elsewhere(self):
        self.made_by("mkdir")
        self.caught("witness.mismatch", "judge.escape")

    def test_other_file(self):
        done = self.made_by("open")
        self.assertIn("SECRET", done.stdout, "the attack was not made")
        self.caught("witness.mismatch")

    def test_other_target(self):
        self.made_by("target")
        self.assertTrue(os.readlink(self.data / "made-link").endswith("secret"), "the attack was not made")
        self.caught("witness.mismatch")

    def test_vector_elsewhere(self):
        self.made_by("vector")
        self.caught("witness.mismatch")

    def test_vector_lengths(self):
        self.made_by("lengths")
        self.caught("witness.mismatch")


kit.main()
