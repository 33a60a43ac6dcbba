/* The live backend on Linux: the only system calls that are made for a guest. One op is one system call, the one that
 * its row in ops.def names, with the operands that its row lists; the exceptions are the clock reads, which the vDSO
 * answers.
 *
 * Raw syscall(2) is used where a libc wrapper would make another call than its name says (fstat, clock_nanosleep) or is
 * missing (openat2). Kernel structs and constants that old headers lack stand here. openat2 alone is asked again, where
 * it says that the tree changed while it looked (EAGAIN), and the result counts how often. Left out on purpose: other
 * repetition, and fallbacks. EINTR and short counts are results; the core decides what follows. Source: the manual
 * pages of section 2; openat2(2) for the confinement of paths. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>
#include "wasi/act/act_live.h"
#include "wasi/act/act_walk.h"
#include "wasi/abi/op_sets.h"

enum { NR_OPENAT2 = 437, BENEATH = 0x08, NO_MAGICLINKS = 0x02, APPEND_ONCE = 0x10, EMPTY_PATH = 0x1000 };
enum { CREATED_FILE = 0666, CREATED_DIRECTORY = 0777 };

struct kernel_open_how {
    uint64_t flags, mode, resolve;
};
_Static_assert(sizeof(struct kernel_open_how) == 24, "OPEN_HOW_SIZE_VER0");

/* struct linux_dirent64 without its name. */
struct kernel_dirent {
    uint64_t ino;
    int64_t off;
    uint16_t length;
    uint8_t type;
};
enum { KERNEL_DIRENT_NAME = 19 };
/* The shortest name is one byte with its NUL, in records of eight bytes: 24 become 25. The worst is four bytes: 24
 * become 28. */
_Static_assert(LIMIT_READDIR / 24 * 28 <= LIMIT_STAGING, "portable entries fit the staging buffer");
_Static_assert(sizeof(struct dirent_head) == 24, "a portable entry is as long as the guest's");

static uint64_t open_flags(uint32_t flags)
{
    if (flags & OPEN_PATH_ONLY)
        return O_PATH | O_CLOEXEC | (flags & OPEN_DIRECTORY ? O_DIRECTORY : 0u) |
               (flags & OPEN_NOFOLLOW ? O_NOFOLLOW : 0u);
    uint64_t host = O_CLOEXEC | O_NOCTTY;
    host |= !(flags & OPEN_WRITE) ? O_RDONLY : flags & OPEN_READ ? O_RDWR : O_WRONLY;
    host |= flags & OPEN_CREATE ? O_CREAT : 0u;
    host |= flags & OPEN_EXCLUSIVE ? O_EXCL : 0u;
    host |= flags & OPEN_TRUNCATE ? O_TRUNC : 0u;
    host |= flags & OPEN_DIRECTORY ? O_DIRECTORY : 0u;
    host |= flags & OPEN_NOFOLLOW ? O_NOFOLLOW : 0u;
    host |= flags & OPEN_APPEND ? O_APPEND : 0u;
    host |= flags & OPEN_DSYNC ? O_DSYNC : 0u;
    host |= flags & OPEN_SYNC ? O_SYNC : 0u;
    host |= flags & OPEN_NONBLOCK ? O_NONBLOCK : 0u;
    return host;
}

static void filestat_from(const struct stat *from, struct filestat *ret)
{
    ret->dev = from->st_dev;
    ret->ino = from->st_ino;
    ret->filetype = act_filetype(from->st_mode);
    ret->nlink = from->st_nlink;
    ret->size = (uint64_t)from->st_size;
    ret->atim = act_ns(from->st_atim);
    ret->mtim = act_ns(from->st_mtim);
    ret->ctim = act_ns(from->st_ctim);
}

/* Reads and writes of streams: through the staging buffer, because the kernel may touch more than the count it returns.
 * What is written lies there already. */
static enum status act_stream(int fd, const struct op *op, const struct request *request,
                              const struct backend_space *space, struct op_result *result, struct error *error)
{
    if (op->kind == OP_WRITE) {
        result->value = act_result(syscall(SYS_write, fd, space->staging, (size_t)backend_joined(op, request)));
        return STATUS_OK;
    }
    uint32_t length = act_staged_length(op, request, space);
    if (length == UINT32_MAX)
        return act_internal(op, error);
    result->value = act_result(syscall(SYS_read, fd, space->staging, (size_t)length));
    if (result->value > 0)
        act_scatter(op, request, space, (uint32_t)result->value);
    return STATUS_OK;
}

/* Regular files: between kernel and guest memory without a copy. The common case has one region, for which the kernel
 * takes no vector. */
static enum status act_at(int fd, const struct op *op, const struct backend_space *space, struct op_result *result,
                          struct error *error)
{
    uint8_t *bytes = act_address(space, op->mem);
    if (!bytes)
        return act_internal(op, error);
    result->value = act_result(syscall(op->kind == OP_PREAD ? SYS_pread64 : SYS_pwrite64, fd, bytes,
                                       (size_t)op->mem.length, (long)op->offset));
    return STATUS_OK;
}

/* The same for several. The sixth operand means something to pwritev2 alone; the high half of the offset is 0 on 64-bit
 * systems. */
static enum status act_vectored(struct act_live *live, int fd, const struct op *op, const struct request *request,
                                const struct backend_space *space, struct op_result *result, struct error *error)
{
    if (!act_vector(live, op, request, space))
        return act_internal(op, error);
    long number = op->kind == OP_PREADV ? SYS_preadv : op->kind == OP_PWRITEV ? SYS_pwritev : SYS_pwritev2;
    result->value = act_result(syscall(number, fd, live->iov, (unsigned long)op->mem.length, (long)op->offset, 0L,
                                       op->kind == OP_APPEND ? (long)APPEND_ONCE : 0L));
    return STATUS_OK;
}

static int walk_open(int directory, const char *name, int flags, mode_t mode)
{
    return (int)syscall(SYS_openat, directory, name, (long)flags, (long)mode);
}

static long walk_read_link(int directory, const char *name, char *to, size_t size)
{
    return syscall(SYS_readlinkat, directory, name, to, size);
}

static int walk_close(int fd) { return (int)syscall(SYS_close, fd); }

static const struct walk_system walk_system = { walk_open, walk_read_link, walk_close,
                                                O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC, O_DIRECTORY };

/* The descriptor, or -errno. */
static int open_by_walk(int fd, const struct op *op, const struct act_path *path, uint32_t links, uint32_t *ret_calls)
{
    struct walk_path walk = { .text = path->text,
                              .flags = (int)open_flags(op->flags) | O_NOFOLLOW,
                              .links = links,
                              .follows = !(op->flags & OPEN_NOFOLLOW),
                              .names_only = op->flags & OPEN_PATH_ONLY };
    walk.creates = walk.flags & O_CREAT;
    walk.mode = walk.creates ? CREATED_FILE : 0;
    return act_walk(&walk_system, fd, &walk, ret_calls);
}

/* The same. */
static int open_beneath(int fd, const struct op *op, const struct act_path *path, uint32_t *ret_calls)
{
    struct kernel_open_how how = { open_flags(op->flags), 0, BENEATH | NO_MAGICLINKS };
    if (how.flags & O_CREAT)
        how.mode = CREATED_FILE;
    long opened;
    *ret_calls = 0;
    do {
        opened = syscall(NR_OPENAT2, fd, path->text, &how, sizeof how);
        ++*ret_calls;
    } while (opened < 0 && errno == EAGAIN && *ret_calls < LIMIT_OPEN_TRIES);
    return opened < 0 ? -errno : (int)opened;
}

bool act_host_has_openat2(void)
{
    struct kernel_open_how how = { O_PATH | O_CLOEXEC, 0, BENEATH | NO_MAGICLINKS };
    int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
    long opened = root < 0 ? -1 : syscall(NR_OPENAT2, root, ".", &how, sizeof how);
    if (root >= 0)
        close(root);
    if (opened >= 0)
        close((int)opened);
    return opened >= 0;
}

static enum status act_open(struct act_live *live, int fd, const struct op *op, const struct act_path *path,
                            struct op_result *result, struct error *error)
{
    if (op->handle2 >= HANDLES_TOTAL || live->host_fd[op->handle2] >= 0)
        return act_internal(op, error);
    int opened = live->walks ? open_by_walk(fd, op, path, live->links, &result->calls)
                             : open_beneath(fd, op, path, &result->calls);
    result->value = opened < 0 ? act_errno_result(-opened) : 0;
    if (opened >= 0)
        live->host_fd[op->handle2] = opened;
    return STATUS_OK;
}

static uint8_t entry_type(uint8_t kernel_type)
{
    /* DT_* are the file type bits of st_mode, shifted. */
    return act_filetype((mode_t)kernel_type << 12);
}

/* Translates the kernel's entries to portable ones. Returns their bytes, or -1 where the kernel's do not add up. */
static int64_t entries_from(const uint8_t *kernel, size_t count, uint8_t *staging)
{
    int64_t filled = 0;
    for (size_t at = 0; at < count;) {
        struct kernel_dirent entry;
        if (count - at < KERNEL_DIRENT_NAME)
            return -1;
        memcpy(&entry, kernel + at, KERNEL_DIRENT_NAME);
        if (entry.length <= KERNEL_DIRENT_NAME || entry.length > count - at)
            return -1;
        size_t name =
            strnlen((const char *)kernel + at + KERNEL_DIRENT_NAME, (size_t)entry.length - KERNEL_DIRENT_NAME);
        struct dirent_head head = { (uint64_t)entry.off, entry.ino, (uint16_t)name, entry_type(entry.type), { 0 } };
        memcpy(staging + filled, &head, sizeof head);
        memcpy(staging + filled + sizeof head, kernel + at + KERNEL_DIRENT_NAME, name);
        filled += (int64_t)(sizeof head + name);
        at += entry.length;
    }
    return filled;
}

static enum status act_read_dir(struct act_live *live, int fd, const struct op *op, const struct backend_space *space,
                                struct op_result *result, struct error *error)
{
    size_t length = op->value > 0 && op->value < LIMIT_READDIR ? (size_t)op->value : LIMIT_READDIR;
    if (op->offset > LIMIT_READDIR_BUFFER)
        return act_internal(op, error);
    long got = syscall(SYS_getdents64, fd, live->kernel, length);
    if (got <= 0) {
        result->value = act_result(got);
        return STATUS_OK;
    }
    result->value = entries_from(live->kernel, (size_t)got, space->staging + op->offset);
    return result->value < 0 ? error_set(error, STATUS_INTERNAL, "the system's directory entries do not add up")
                             : STATUS_OK;
}

/* Ops on an open object, without a path. */
static enum status act_on_descriptor(struct act_live *live, int fd, const struct op *op, struct op_result *result)
{
    long returned;
    struct stat stat;
    struct statfs file_system;
    struct timespec times[2];
    if (op->kind == OP_FILE_SYSTEM) {
        returned = syscall(SYS_fstatfs, fd, &file_system);
        if (returned == 0)
            returned = (long)(uint32_t)file_system.f_type;
    } else if (op->kind == OP_STAT) {
        returned = syscall(SYS_fstat, fd, &stat);
        if (returned == 0)
            filestat_from(&stat, &result->stat);
    } else if (op->kind == OP_CLOSE) {
        returned = syscall(SYS_close, fd); /* the number is free again even after EINTR */
        live->host_fd[op->handle] = -1;
    } else if (op->kind == OP_MOVE) {
        returned = syscall(SYS_close, fd);
        live->host_fd[op->handle] = live->host_fd[op->handle2];
        live->host_fd[op->handle2] = -1;
    } else if (op->kind == OP_SET_FLAGS) {
        int flags = (op->value & FDFLAG_APPEND ? O_APPEND : 0) | (op->value & FDFLAG_NONBLOCK ? O_NONBLOCK : 0);
        returned = syscall(SYS_fcntl, fd, F_SETFL, flags);
    } else if (op->kind == OP_SET_SIZE) {
        returned = syscall(SYS_ftruncate, fd, (long)op->value);
    } else if (op->kind == OP_SYNC) {
        returned = syscall(SYS_fsync, fd);
    } else if (op->kind == OP_DATASYNC) {
        returned = syscall(SYS_fdatasync, fd);
    } else if (op->kind == OP_SEEK_DIR) {
        returned = syscall(SYS_lseek, fd, (long)op->offset, SEEK_SET);
        returned = returned < 0 ? returned : 0;
    } else if (op->kind == OP_ADVISE) {
        returned = syscall(SYS_fadvise64, fd, (long)op->offset, (long)op->value, (long)op->flags);
    } else if (op->kind == OP_ALLOCATE) {
        returned = syscall(SYS_fallocate, fd, 0L, (long)op->offset, (long)op->value);
    } else { /* SET_TIMES; with AT_EMPTY_PATH it takes descriptors that only name their object (Linux 5.8) */
        act_times(op, times);
        returned = syscall(SYS_utimensat, fd, "", times, EMPTY_PATH);
    }
    result->value = act_result(returned);
    return STATUS_OK;
}

/* Ops on one name in a directory. Never follows a link in the last component; the core passes one component. */
static enum status act_on_path(struct act_live *live, int fd, const struct op *op, const struct request *request,
                               const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct act_path path, target;
    struct timespec times[2];
    struct stat stat;
    long returned;
    if (!act_path(request, op->path, &path))
        return act_internal(op, error);
    if (op->kind == OP_OPEN)
        return act_open(live, fd, op, &path, result, error);
    if (op->kind == OP_STAT_AT) {
        returned = syscall(SYS_newfstatat, fd, path.text, &stat, AT_SYMLINK_NOFOLLOW);
        if (returned == 0)
            filestat_from(&stat, &result->stat);
    } else if (op->kind == OP_MAKE_DIR) {
        returned = syscall(SYS_mkdirat, fd, path.text, CREATED_DIRECTORY);
    } else if (op->kind == OP_REMOVE_DIR) {
        returned = syscall(SYS_unlinkat, fd, path.text, AT_REMOVEDIR);
    } else if (op->kind == OP_UNLINK) {
        returned = syscall(SYS_unlinkat, fd, path.text, 0);
    } else if (op->kind == OP_MAKE_LINK) {
        if (!act_path(request, op->path2, &target))
            return act_internal(op, error);
        returned = syscall(SYS_symlinkat, target.text, fd, path.text);
    } else if (op->kind == OP_READ_LINK) {
        uint8_t *to = act_address(space, op->mem);
        if (!to && op->mem.length > 0)
            return act_internal(op, error);
        returned = syscall(SYS_readlinkat, fd, path.text, to, (size_t)op->mem.length);
    } else { /* SET_TIMES_AT */
        act_times(op, times);
        returned = syscall(SYS_utimensat, fd, path.text, times, AT_SYMLINK_NOFOLLOW);
    }
    result->value = act_result(returned);
    return STATUS_OK;
}

/* Ops on two names, each in a directory of its own. Neither follows a link in the last component. */
static enum status act_on_paths(const struct act_live *live, int fd, const struct op *op, const struct request *request,
                                struct op_result *result, struct error *error)
{
    struct act_path path, path2;
    int fd2 = act_descriptor(live, op->handle2);
    if (fd2 < 0 || !act_path(request, op->path, &path) || !act_path(request, op->path2, &path2))
        return act_internal(op, error);
    if (op->kind == OP_RENAME)
        result->value = act_result(syscall(SYS_renameat2, fd, path.text, fd2, path2.text, 0));
    else
        result->value = act_result(syscall(SYS_linkat, fd, path.text, fd2, path2.text, 0));
    return STATUS_OK;
}

/* The system writes what is left of the time over it; who is waited for is told by the number of answers. */
static enum status act_poll(struct act_live *live, const struct op *op, const struct request *request,
                            const struct backend_space *space, struct op_result *result, struct error *error)
{
    uint32_t count;
    struct timespec time = act_timespec(op->offset);
    if (!act_polls(live, request, &count))
        return act_internal(op, error);
    result->value = act_result(syscall(SYS_ppoll, live->poll, (unsigned long)count, &time, NULL, 0L));
    if (result->value > 0) {
        act_polled(live, count, space->staging);
        result->value = count;
    }
    return STATUS_OK;
}

static enum status act_clock(const struct op *op, struct op_result *result)
{
    struct timespec time = { 0, 0 };
    int failed;
    if (op->kind == OP_SLEEP) {
        time = act_timespec(op->offset);
        result->value = act_result(syscall(SYS_clock_nanosleep, (long)op->value,
                                           op->flags & SUBCLOCK_ABSTIME ? TIMER_ABSTIME : 0, &time, NULL));
        return STATUS_OK;
    }
    /* The guest's clock numbers are Linux's. libc asks the vDSO. */
    failed = op->kind == OP_CLOCK_TIME ? clock_gettime((clockid_t)op->value, &time)
                                       : clock_getres((clockid_t)op->value, &time);
    uint64_t ns = act_ns(time);
    result->value = failed ? act_errno_result(errno) : ns < INT64_MAX ? (int64_t)ns : INT64_MAX;
    return STATUS_OK;
}

static enum status act_random(const struct op *op, const struct backend_space *space, struct op_result *result,
                              struct error *error)
{
    uint8_t *to = act_address(space, op->mem);
    if (!to && op->mem.length > 0)
        return act_internal(op, error);
    result->value = act_result(syscall(SYS_getrandom, to, (size_t)op->mem.length, 0));
    return STATUS_OK;
}

enum status act_live_act(void *self, const struct op *op, const struct request *request,
                         const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct act_live *live = self;
    int fd = act_descriptor(live, op->handle);
    if (op->kind >= OP_COUNT || (fd < 0 && (abi_op_bit(op->kind) & ops_on_handle)))
        return act_internal(op, error);
    switch ((enum op_kind)op->kind) {
    case OP_READ:
    case OP_WRITE:
        return act_stream(fd, op, request, space, result, error);
    case OP_PREAD:
    case OP_PWRITE:
        return act_at(fd, op, space, result, error);
    case OP_PREADV:
    case OP_PWRITEV:
    case OP_APPEND:
        return act_vectored(live, fd, op, request, space, result, error);
    case OP_READ_DIR:
        return act_read_dir(live, fd, op, space, result, error);
    case OP_STAT:
    case OP_CLOSE:
    case OP_SET_FLAGS:
    case OP_SET_SIZE:
    case OP_SYNC:
    case OP_DATASYNC:
    case OP_SEEK_DIR:
    case OP_SET_TIMES:
    case OP_FILE_SYSTEM:
    case OP_ADVISE:
    case OP_ALLOCATE:
        return act_on_descriptor(live, fd, op, result);
    case OP_MOVE:
        return act_descriptor(live, op->handle2) < 0 ? act_internal(op, error)
                                                     : act_on_descriptor(live, fd, op, result);
    case OP_OPEN:
    case OP_STAT_AT:
    case OP_MAKE_DIR:
    case OP_REMOVE_DIR:
    case OP_UNLINK:
    case OP_MAKE_LINK:
    case OP_READ_LINK:
    case OP_SET_TIMES_AT:
        return act_on_path(live, fd, op, request, space, result, error);
    case OP_RENAME:
    case OP_LINK:
        return act_on_paths(live, fd, op, request, result, error);
    case OP_CLOCK_TIME:
    case OP_CLOCK_RES:
    case OP_SLEEP:
        return act_clock(op, result);
    case OP_POLL:
        return act_poll(live, op, request, space, result, error);
    case OP_RANDOM:
        return act_random(op, space, result, error);
    case OP_YIELD:
        result->value = act_result(syscall(SYS_sched_yield));
        return STATUS_OK;
    case ACT_NET_OPS:
        return act_net(live, fd, op, request, space, result, error);
    case OP_COUNT:
        break;
    }
    return act_internal(op, error);
}

enum status act_host_stat(int fd, struct filestat *ret, struct error *error)
{
    struct stat stat;
    if (syscall(SYS_fstat, fd, &stat) < 0)
        return error_set_errno(error, STATUS_IO, errno, "asking for the type of descriptor %d", fd);
    filestat_from(&stat, ret);
    act_host_terminal(fd, ret);
    return STATUS_OK;
}

enum status act_host_holds_data(int fd, bool *ret, struct error *error)
{
    struct statfs file_system;
    if (fstatfs(fd, &file_system) < 0)
        return error_set_errno(error, STATUS_IO, errno, "asking for the file system of descriptor %d", fd);
    *ret = abi_file_system_holds_data((uint32_t)file_system.f_type);
    return STATUS_OK;
}
