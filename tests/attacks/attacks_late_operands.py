#!/usr/bin/env python3
"""An operand whose page is not resident at the entry is read at the exit, behind what the kernel wrote over it, and one that cannot be read is not
there: neither is ever a match, and the judge takes neither for harmless. A late operand that nothing can have changed is compared as it is."""
import kit
from kit import Attack, needs_witness

# Each mode lays its operand into the mapped module, whose pages it gives back, so that the probe finds none at the entry.
HOOK = r"""
static struct guest *evil_guest;
static struct wasi_backend real;
static const char *mode;
static char *late(const char *mark, size_t before)
{
    char *m = (char *)evil_guest->module_bytes, *p = memmem(m, evil_guest->module_size, mark, strlen(mark));
    size_t length = (evil_guest->module_size + 4095) & ~4095ul;
    if (!p || (size_t)(p - m) < before) _exit(99);
    syscall(SYS_mprotect, m, length, 3);
    syscall(SYS_madvise, m, length, MADV_DONTNEED);
    return p + strlen(mark);
}
static enum status evil_act(void *self, const struct op *op, const struct request *q, const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct act_live *live = self;
    struct stat st;
    struct timespec t[2];
    long r, fd = act_descriptor(live, op->handle);
    if (!strcmp(mode, "stat") && op->kind == OP_STAT_AT) { /* the answer covers the name with the one that was said */
        char *p = late("OUTSIDE:", 64), *s = p - 57; /* the block size, 4096, has the byte 0x10 where the name is */
        r = syscall(SYS_newfstatat, fd, p, s, AT_SYMLINK_NOFOLLOW);
        memcpy(&st, s, sizeof st);
        result->stat = (struct filestat){ .dev = st.st_dev, .ino = st.st_ino, .filetype = 4, .nlink = st.st_nlink, .size = st.st_size };
    } else if (!strcmp(mode, "readlink") && op->kind == OP_READ_LINK) { /* the link's content covers the name */
        char *p = late("LINK:", 0);
        r = syscall(SYS_readlinkat, fd, p, p, 4ul);
        memcpy(act_address(space, op->mem), p, 4);
    } else if (!strcmp(mode, "vector") && op->kind == OP_PREADV) { /* the vector is covered by what it reads */
        struct iovec *v = (struct iovec *)(((uintptr_t)late("VECTOR:", 0) + 15) & ~15ul);
        r = syscall(SYS_preadv, fd, v, (unsigned long)op->mem.length, (long)op->offset, 0L);
    } else if (!strcmp(mode, "how") && op->kind == OP_OPEN) { /* not what was said, and read at the exit: it is compared */
        uint64_t *how = (uint64_t *)(((uintptr_t)late("HOW:", 0) + 15) & ~15ul);
        memcpy(path_of_op, q->bytes + op->path.offset, op->path.length);
        path_of_op[op->path.length] = 0;
        r = syscall(437, fd, path_of_op, how, 24ul);
    } else if (!strcmp(mode, "unread") && op->kind == OP_SET_TIMES_AT) { /* no name can be read at such an address */
        act_times(op, t);
        r = syscall(SYS_utimensat, fd, (char *)8, t, AT_SYMLINK_NOFOLLOW);
        result->value = -WASI_FAULT;
        return STATUS_OK;
    } else if (!strcmp(mode, "harmless") && op->kind == OP_MAKE_DIR) { /* late, and just what was said */
        r = syscall(SYS_mkdirat, fd, late("MADE:", 0), 0777);
    } else if (!strcmp(mode, "shared") && op->kind == OP_MAKE_DIR) { /* where the recorder may write, too */
        char *p = (char *)trace_ring_header(evil_guest->ring) + 4096;
        strcpy(p, "made");
        r = syscall(SYS_mkdirat, fd, p, 0777);
    } else {
        return real.act(self, op, q, space, result, error);
    }
    result->value = r < 0 ? act_errno_result(errno) : op->kind == OP_OPEN ? 0 : r;
    return STATUS_OK;
}
static void evil_start(struct guest *g, struct wasi_backend *b) { mode = g->spec.args[1]; real = *b; b->act = evil_act; }
static void evil_end(struct guest *g, enum status s, struct wasi_ending *e) {}
static void evil_last(struct guest *g) {}
""".replace("static const char *mode;", "#include <sys/mman.h>\n#include \"tracer/ring.h\"\nstatic const char *mode;\nstatic char path_of_op[4096];", 1)

GUEST = r"""
#include <wasi/api.h>
#include <string.h>
/* What the attacker's operands are, found again in the mapped module. */
const char names[] = "................................................................OUTSIDE:../outside\0"
                     "LINK:link\0MADE:made\0";
const char how[] = "HOW:\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const char vector[] = "VECTOR:\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0";
const char *volatile keep[] = { names, how, vector };
int main(int argc, char **argv)
{
    __wasi_filestat_t st;
    __wasi_size_t n;
    __wasi_fd_t f;
    char bytes[64];
    __wasi_iovec_t v[2] = { { (uint8_t *)bytes, 8 }, { (uint8_t *)bytes + 8, 8 } };
    if (!strcmp(argv[1], "stat")) __wasi_path_filestat_get(3, 0, "\x10", &st);
    if (!strcmp(argv[1], "readlink")) __wasi_path_readlink(3, "name", (uint8_t *)bytes, 4, &n);
    if (!strcmp(argv[1], "unread")) __wasi_path_filestat_set_times(3, 0, "public", 1000, 1000, __WASI_FSTFLAGS_ATIM);
    if (!strcmp(argv[1], "harmless") || !strcmp(argv[1], "shared")) __wasi_path_create_directory(3, "made");
    if (!strcmp(argv[1], "how")) __wasi_path_open(3, 0, "public", 0, __WASI_RIGHTS_FD_READ, 0, 0, &f);
    if (!strcmp(argv[1], "vector") && !__wasi_path_open(3, 0, "public", 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_SEEK, 0, 0, &f))
        __wasi_fd_pread(f, v, 2, 0, &n);
    return keep[0] == 0;
}
"""


@needs_witness
class LateOperands(Attack):
    def setUp(self):
        super().setUp()
        (self.data / "public").write_text("PUBLIC\n" * 8)
        (self.folder / "outside").write_text("outside of the grant")
        (self.data / "link").symlink_to("name")

    def made_by(self, mode):
        self.attack(self.guest(GUEST), mode, command=self.evil(HOOK), options=["--witness", "on"])

    def test_stat_over_its_name(self):
        self.made_by("stat")
        report = self.caught("witness.unknown", "judge.unknown")
        self.assertEqual([f["call"] for f in report["findings"] if f["rule"] == "witness.unknown"], ["path_filestat_get"])

    def test_link_over_its_name(self):
        self.made_by("readlink")
        self.caught("witness.mismatch", "judge.unknown")

    def test_read_over_its_vector(self):
        self.made_by("vector")
        status, report = self.verdict()
        self.assertEqual(status, 1, report)
        self.assertNotIn("match", [f["rule"] for f in report["findings"]])

    def test_other_how(self):
        self.made_by("how")
        self.caught("witness.mismatch", "judge.escape")

    def test_unreadable_name(self):
        self.made_by("unread")
        self.caught("judge.unknown")

    def test_shared_memory(self):
        self.made_by("shared")
        self.assertTrue((self.data / "made").is_dir(), "the attack was not made")
        self.caught("witness.unknown")

    def test_harmless(self):
        self.made_by("harmless")
        self.assertTrue((self.data / "made").is_dir())
        self.clean()


kit.main()
