/* The live backend on macOS: the only system calls that are made for a guest.
 *
 * There is no call that resolves a whole path beneath a directory on every supported release: act_walk.c does it,
 * component by component. A directory is read by readdir(3) (act_directory.c). There is no O_PATH; what only names an
 * object is opened for reading, without blocking. The rows of ops.def name Linux calls; here an op is one call of the
 * same meaning. Source: the manual pages of section 2. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <unistd.h>
#include "wasi/act/act_directory.h"
#include "wasi/act/act_live.h"
#include "wasi/act/act_walk.h"
#include "wasi/abi/op_sets.h"

enum { CREATED_FILE = 0666, CREATED_DIRECTORY = 0777 };

static int open_flags(uint32_t flags)
{
    int host = O_CLOEXEC | O_NOCTTY | O_NOFOLLOW;
    host |= !(flags & OPEN_WRITE) ? O_RDONLY : flags & OPEN_READ ? O_RDWR : O_WRONLY;
    host |= flags & OPEN_CREATE ? O_CREAT : 0;
    host |= flags & OPEN_EXCLUSIVE ? O_EXCL : 0;
    host |= flags & OPEN_TRUNCATE ? O_TRUNC : 0;
    host |= flags & OPEN_DIRECTORY ? O_DIRECTORY : 0;
    host |= flags & OPEN_APPEND ? O_APPEND : 0;
    host |= flags & OPEN_DSYNC ? O_DSYNC : 0;
    host |= flags & OPEN_SYNC ? O_SYNC : 0;
    host |= flags & (OPEN_NONBLOCK | OPEN_PATH_ONLY) ? O_NONBLOCK : 0;
    return host;
}

static void filestat_from(const struct stat *from, struct filestat *ret)
{
    ret->dev = (uint64_t)from->st_dev;
    ret->ino = from->st_ino;
    ret->filetype = act_filetype(from->st_mode);
    ret->nlink = from->st_nlink;
    ret->size = (uint64_t)from->st_size;
    ret->atim = act_ns(from->st_atimespec);
    ret->mtim = act_ns(from->st_mtimespec);
    ret->ctim = act_ns(from->st_ctimespec);
}

static enum status act_stream(int fd, const struct op *op, const struct request *request,
                              const struct backend_space *space, struct op_result *result, struct error *error)
{
    if (op->kind == OP_WRITE) {
        result->value = act_result(write(fd, space->staging, backend_joined(op, request)));
        return STATUS_OK;
    }
    uint32_t length = act_staged_length(op, request, space);
    if (length == UINT32_MAX)
        return act_internal(op, error);
    result->value = act_result(read(fd, space->staging, length));
    if (result->value > 0)
        act_scatter(op, request, space, (uint32_t)result->value);
    return STATUS_OK;
}

static enum status act_at(int fd, const struct op *op, const struct backend_space *space, struct op_result *result,
                          struct error *error)
{
    uint8_t *bytes = act_address(space, op->mem);
    if (!bytes)
        return act_internal(op, error);
    result->value = act_result(op->kind == OP_PREAD ? pread(fd, bytes, op->mem.length, (off_t)op->offset)
                                                    : pwrite(fd, bytes, op->mem.length, (off_t)op->offset));
    return STATUS_OK;
}

/* An APPEND's descriptor was opened with O_APPEND, or had it set. */
static enum status act_vectored(struct act_live *live, int fd, const struct op *op, const struct request *request,
                                const struct backend_space *space, struct op_result *result, struct error *error)
{
    if (!act_vector(live, op, request, space))
        return act_internal(op, error);
    int count = (int)op->mem.length;
    ssize_t moved = op->kind == OP_PREADV    ? preadv(fd, live->iov, count, (off_t)op->offset)
                    : op->kind == OP_PWRITEV ? pwritev(fd, live->iov, count, (off_t)op->offset)
                                             : writev(fd, live->iov, count);
    result->value = act_result(moved);
    return STATUS_OK;
}

static int walk_open(int directory, const char *name, int flags, mode_t mode)
{
    return openat(directory, name, flags, mode);
}

static long walk_read_link(int directory, const char *name, char *to, size_t size)
{
    return readlinkat(directory, name, to, size);
}

static const struct walk_system walk_system = { walk_open, walk_read_link, close,
                                                O_RDONLY | O_NONBLOCK | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC,
                                                O_DIRECTORY };

bool act_host_has_openat2(void) { return false; }

static enum status act_open(struct act_live *live, int fd, const struct op *op, const struct act_path *path,
                            struct op_result *result, struct error *error)
{
    if (op->handle2 >= HANDLES_TOTAL || live->host_fd[op->handle2] >= 0)
        return act_internal(op, error);
    struct walk_path walk = { .text = path->text,
                              .flags = open_flags(op->flags),
                              .links = live->links,
                              .follows = !(op->flags & OPEN_NOFOLLOW),
                              .creates = op->flags & OPEN_CREATE };
    walk.mode = walk.creates ? CREATED_FILE : 0;
    int opened = act_walk(&walk_system, fd, &walk, &result->calls);
    result->value = opened < 0 ? act_errno_result(-opened) : 0;
    if (opened >= 0)
        live->host_fd[op->handle2] = opened;
    return STATUS_OK;
}

/* The number that filesystems.def has for what holds data here: anything but the devices' own. */
static long file_system_number(const struct statfs *file_system)
{
    enum { APFS = 0x4253584e };
    return strcmp(file_system->f_fstypename, "devfs") == 0 ? 0 : APFS;
}

static enum status act_on_descriptor(struct act_live *live, int fd, const struct op *op, struct op_result *result)
{
    long returned;
    struct stat stat;
    struct statfs file_system;
    struct timespec times[2];
    if (op->kind == OP_FILE_SYSTEM) {
        returned = fstatfs(fd, &file_system);
        if (returned == 0)
            returned = file_system_number(&file_system);
    } else if (op->kind == OP_STAT) {
        returned = fstat(fd, &stat);
        if (returned == 0)
            filestat_from(&stat, &result->stat);
    } else if (op->kind == OP_CLOSE) {
        returned = close(fd);
        live->host_fd[op->handle] = -1;
    } else if (op->kind == OP_MOVE) {
        returned = close(fd);
        live->host_fd[op->handle] = live->host_fd[op->handle2];
        live->host_fd[op->handle2] = -1;
    } else if (op->kind == OP_SET_FLAGS) {
        int flags = (op->value & FDFLAG_APPEND ? O_APPEND : 0) | (op->value & FDFLAG_NONBLOCK ? O_NONBLOCK : 0);
        returned = fcntl(fd, F_SETFL, flags);
    } else if (op->kind == OP_SET_SIZE) {
        returned = ftruncate(fd, (off_t)op->value);
    } else if (op->kind == OP_SYNC || op->kind == OP_DATASYNC) {
        returned = fsync(fd);
    } else if (op->kind == OP_SEEK_DIR) {
        errno = EINVAL;
        returned = op->offset > INT64_MAX ? -1 : (long)lseek(fd, (off_t)op->offset, SEEK_SET);
        returned = returned < 0 ? returned : 0;
    } else if (op->kind == OP_ADVISE) { /* to read ahead is the one advice that is taken here */
        enum { WILL_NEED = 3 };
        struct radvisory ahead = { (off_t)op->offset, op->value < INT_MAX ? (int)op->value : INT_MAX };
        returned = op->flags == WILL_NEED ? fcntl(fd, F_RDADVISE, &ahead) : 0;
        returned = returned < 0 ? returned : 0;
    } else if (op->kind == OP_ALLOCATE) { /* blocks are taken behind the end alone, and the size follows by hand */
        off_t end = (off_t)(op->offset + op->value);
        returned = op->value == 0 ? (errno = EINVAL, -1) : fstat(fd, &stat);
        fstore_t more = { F_ALLOCATEALL, F_PEOFPOSMODE, 0, returned == 0 ? end - stat.st_size : 0, 0 };
        if (returned == 0 && more.fst_length > 0)
            returned = fcntl(fd, F_PREALLOCATE, &more) < 0 ? -1 : ftruncate(fd, end);
    } else { /* SET_TIMES */
        act_times(op, times);
        returned = futimens(fd, times);
    }
    result->value = act_result(returned);
    return STATUS_OK;
}

/* The descriptor's own offset keeps the cookie; nothing else reads by it. */
static enum status act_read_dir(int fd, const struct op *op, const struct backend_space *space,
                                struct op_result *result, struct error *error)
{
    size_t length = op->value > 0 && op->value < LIMIT_READDIR ? (size_t)op->value : LIMIT_READDIR;
    uint64_t next;
    if (op->offset > LIMIT_READDIR_BUFFER)
        return act_internal(op, error);
    off_t from = lseek(fd, 0, SEEK_CUR);
    int own = from < 0 ? -1 : openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long got = own < 0 ? -1 : act_directory_read(own, (uint64_t)from, space->staging + op->offset, length, &next);
    if (got > 0 && lseek(fd, (off_t)next, SEEK_SET) < 0)
        got = -1;
    result->value = act_result(got);
    return STATUS_OK;
}

/* Ops on one name in a directory; the core passes one component. */
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
        returned = fstatat(fd, path.text, &stat, AT_SYMLINK_NOFOLLOW);
        if (returned == 0)
            filestat_from(&stat, &result->stat);
    } else if (op->kind == OP_MAKE_DIR) {
        returned = mkdirat(fd, path.text, CREATED_DIRECTORY);
    } else if (op->kind == OP_REMOVE_DIR) {
        returned = unlinkat(fd, path.text, AT_REMOVEDIR);
    } else if (op->kind == OP_UNLINK) {
        returned = unlinkat(fd, path.text, 0);
    } else if (op->kind == OP_MAKE_LINK) {
        if (!act_path(request, op->path2, &target))
            return act_internal(op, error);
        returned = symlinkat(target.text, fd, path.text);
    } else if (op->kind == OP_READ_LINK) {
        uint8_t *to = act_address(space, op->mem);
        if (!to && op->mem.length > 0)
            return act_internal(op, error);
        returned = readlinkat(fd, path.text, (char *)to, op->mem.length);
    } else { /* SET_TIMES_AT */
        act_times(op, times);
        returned = utimensat(fd, path.text, times, AT_SYMLINK_NOFOLLOW);
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
        result->value = act_result(renameat(fd, path.text, fd2, path2.text));
    else
        result->value = act_result(linkat(fd, path.text, fd2, path2.text, 0));
    return STATUS_OK;
}

/* In ms, rounded up: there is no call with a finer time. */
static enum status act_poll(struct act_live *live, const struct op *op, const struct request *request,
                            const struct backend_space *space, struct op_result *result, struct error *error)
{
    enum { NS_PER_MS = 1000000 };
    uint32_t count;
    uint64_t ms = op->offset / NS_PER_MS + (op->offset % NS_PER_MS != 0);
    if (!act_polls(live, request, &count))
        return act_internal(op, error);
    result->value = act_result(poll(live->poll, count, ms < INT_MAX ? (int)ms : INT_MAX));
    if (result->value > 0) {
        act_polled(live, count, space->staging);
        result->value = count;
    }
    return STATUS_OK;
}

static enum status act_clock(const struct op *op, struct op_result *result)
{
    static const clockid_t clocks[] = { [CLOCKID_REALTIME] = CLOCK_REALTIME,
                                        [CLOCKID_MONOTONIC] = CLOCK_MONOTONIC,
                                        [CLOCKID_PROCESS_CPUTIME] = CLOCK_PROCESS_CPUTIME_ID,
                                        [CLOCKID_THREAD_CPUTIME] = CLOCK_THREAD_CPUTIME_ID };
    struct timespec time = { 0, 0 };
    if (op->value >= sizeof clocks / sizeof *clocks) {
        result->value = -WASI_INVAL;
        return STATUS_OK;
    }
    if (op->kind == OP_SLEEP) { /* the core sleeps for relative times alone */
        time = act_timespec(op->offset);
        result->value = act_result(nanosleep(&time, NULL));
        return STATUS_OK;
    }
    int failed =
        op->kind == OP_CLOCK_TIME ? clock_gettime(clocks[op->value], &time) : clock_getres(clocks[op->value], &time);
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
    arc4random_buf(to, op->mem.length);
    result->value = op->mem.length;
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
        return act_read_dir(fd, op, space, result, error);
    case OP_SEEK_DIR:
    case OP_STAT:
    case OP_CLOSE:
    case OP_SET_FLAGS:
    case OP_SET_SIZE:
    case OP_SYNC:
    case OP_DATASYNC:
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
        result->value = act_result(sched_yield());
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
    if (fstat(fd, &stat) < 0)
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
    *ret = abi_file_system_holds_data((uint64_t)file_system_number(&file_system));
    return STATUS_OK;
}
