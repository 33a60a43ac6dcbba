/* The native twin of guests/hostcalls.c: the bare system calls, in the same loops. The clock is read through the vDSO,
 * as any native program does. usage: native_calls WORK COUNT FOLDER; prints nanoseconds to stderr, for COUNT calls. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>
#include "bench/works.h"

/* What the calls work on. */
static int folder, fd, many;
static char bytes[LARGE];
static struct iovec four[4];

static long open_name(const char *name, unsigned long long flags)
{
    struct open_how how = { .flags = flags | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    if (flags & O_CREAT)
        how.mode = 0666;
    return syscall(SYS_openat2, folder, name, &how, sizeof how);
}

/* Goes back to the start of the file before it ends. */
static long again(unsigned long i, unsigned long pieces) { return i % pieces == 0 ? lseek(fd, 0, SEEK_SET) : 0; }

/* One call each; negative where it failed. */
static inline long call_clock(unsigned long i)
{
    struct timespec time;
    (void)i;
    return clock_gettime(CLOCK_MONOTONIC, &time);
}

static inline long call_datasync(unsigned long i)
{
    (void)i;
    return fdatasync(fd);
}

static inline long call_random(unsigned long i)
{
    (void)i;
    return getrandom(bytes, 16, 0);
}

static inline long call_seek(unsigned long i) { return lseek(fd, (off_t)(i & 4095), SEEK_SET); }

static inline long call_tell(unsigned long i)
{
    (void)i;
    return lseek(fd, 0, SEEK_CUR);
}

static inline long call_fdstat(unsigned long i)
{
    (void)i;
    return fcntl(fd, F_GETFL);
}

static inline long call_read(unsigned long i) { return again(i, DATA_BYTES) < 0 ? -1 : read(fd, bytes, 1); }
static inline long call_read4k(unsigned long i)
{
    return again(i, DATA_BYTES / PIECE) < 0 ? -1 : read(fd, bytes, PIECE);
}
static inline long call_pread(unsigned long i) { return pread(fd, bytes, 1, (off_t)(i & 4095)); }
static inline long call_pread4k(unsigned long i) { return pread(fd, bytes, PIECE, (off_t)(i & 4095)); }
static inline long call_pread64k(unsigned long i) { return pread(fd, bytes, LARGE, (off_t)(i & 4095)); }
static inline long call_preadv(unsigned long i) { return preadv(fd, four, 4, (off_t)(i & 4095)); }

static inline long call_write(unsigned long i)
{
    (void)i;
    return write(1, bytes, 1);
}

static inline long call_write4k(unsigned long i)
{
    (void)i;
    return write(1, bytes, PIECE);
}

static inline long call_pwrite(unsigned long i) { return pwrite(fd, bytes, 1, (off_t)(i & 4095)); }
static inline long call_pwrite4k(unsigned long i) { return pwrite(fd, bytes, PIECE, (off_t)(i & 4095)); }
static inline long call_pwrite64k(unsigned long i) { return pwrite(fd, bytes, LARGE, (off_t)(i & 4095)); }
static inline long call_pwritev(unsigned long i) { return pwritev(fd, four, 4, (off_t)(i & 4095)); }

static inline long call_fstat(unsigned long i)
{
    struct stat st;
    (void)i;
    return syscall(SYS_fstat, fd, &st); /* glibc's fstat makes newfstatat, which takes longer */
}

static inline long call_truncate(unsigned long i) { return ftruncate(fd, DATA_BYTES - (off_t)(i & 1)); }

static inline long call_utimens(unsigned long i)
{
    const struct timespec times[2] = { { 1, (long)(i & 4095) }, { 2, 0 } };
    return futimens(fd, times);
}

static inline long call_stat(unsigned long i)
{
    struct stat st;
    (void)i;
    return fstatat(folder, DATA, &st, AT_SYMLINK_NOFOLLOW);
}

static inline long call_statdeep(unsigned long i)
{
    struct stat st;
    (void)i;
    return fstatat(folder, DEEP, &st, AT_SYMLINK_NOFOLLOW);
}

static inline long call_statabsent(unsigned long i)
{
    struct stat st;
    (void)i;
    return fstatat(folder, ABSENT, &st, AT_SYMLINK_NOFOLLOW) < 0 ? 0 : -1;
}

static inline long call_open(unsigned long i)
{
    (void)i;
    return close((int)open_name(DATA, O_RDONLY));
}

static inline long call_create(unsigned long i)
{
    (void)i;
    return close((int)open_name(FRESH, O_WRONLY | O_CREAT | O_EXCL)) | unlinkat(folder, FRESH, 0);
}

static inline long call_mkdir(unsigned long i)
{
    (void)i;
    return mkdirat(folder, FRESH, 0777) | unlinkat(folder, FRESH, AT_REMOVEDIR);
}

static inline long call_symlink(unsigned long i)
{
    (void)i;
    return symlinkat(DATA, folder, FRESH) | unlinkat(folder, FRESH, 0);
}

static inline long call_rename(unsigned long i)
{
    (void)i;
    return renameat(folder, LINK, folder, OTHER) | renameat(folder, OTHER, folder, LINK);
}

static inline long call_readlink(unsigned long i)
{
    (void)i;
    return readlinkat(folder, LINK, bytes, sizeof bytes);
}

static inline long call_readdir(unsigned long i)
{
    long got, total = lseek(many, 0, SEEK_SET);
    (void)i;
    while ((got = syscall(SYS_getdents64, many, bytes, (size_t)PIECE)) > 0)
        total += got;
    return got < 0 ? got : total;
}

static inline long call_poll(unsigned long i)
{
    const struct timespec never = { 0, 0 };
    struct pollfd asked = { 0, POLLIN, 0 };
    (void)i;
    return ppoll(&asked, 1, &never, NULL) == 1 ? 0 : -1;
}

static inline long call_empty(unsigned long i)
{
    (void)i;
    __asm__ volatile("");
    return 0;
}

#define LOOP(work, part)                                                                                               \
    static long loop_##work(unsigned long count)                                                                       \
    {                                                                                                                  \
        long failed = 0;                                                                                               \
        for (unsigned long i = 0; i < count; i++)                                                                      \
            failed |= call_##work(i) < 0;                                                                              \
        return failed;                                                                                                 \
    }
WORKS(LOOP)
LOOP(empty, 1)
#undef LOOP

static const struct {
    const char *name;
    long (*loop)(unsigned long count);
    unsigned long part;
} works[] = {
#define ROW(work, part) { #work, loop_##work, part },
    WORKS(ROW) { "empty", loop_empty, 1 },
#undef ROW
};

static long long now(void)
{
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec * 1000000000LL + time.tv_nsec;
}

int main(int argc, char **argv)
{
    if (argc != 4)
        return 2;
    folder = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    fd = (int)open_name(DATA, O_RDWR);
    many = (int)open_name(MANY, O_RDONLY | O_DIRECTORY);
    for (int i = 0; i < 4; i++)
        four[i] = (struct iovec) { bytes + (size_t)i * 2 * PIECE, PIECE / 4 };
    if (fd < 0 || many < 0)
        return 2;
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        if (strcmp(works[i].name, argv[1]) != 0)
            continue;
        unsigned long count = strtoul(argv[2], NULL, 10) / works[i].part;
        long long before = now();
        long failed = works[i].loop(count);
        long long after = now();
        if (failed || count == 0)
            return 4;
        fprintf(stderr, "%lld\n", (after - before) * (long long)works[i].part);
        return 0;
    }
    return 3;
}
