/* The native twin of guests/hostcalls.c: the bare system calls, in the same loops. The clock is read through the vDSO,
 * as any native program does. usage: native_calls WORK COUNT FOLDER; prints nanoseconds to stderr. */
#include <fcntl.h>
#include <linux/openat2.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

static long open_data(int folder)
{
    struct open_how how = { .flags = O_RDONLY | O_CLOEXEC, .resolve = RESOLVE_BENEATH | RESOLVE_NO_MAGICLINKS };
    return syscall(SYS_openat2, folder, "data", &how, sizeof how);
}

/* One call of `work`; negative where it failed. */
static inline long call_write(int folder, long fd, unsigned long i)
{
    (void)folder, (void)fd, (void)i;
    return write(1, "x", 1);
}

static inline long call_pread(int folder, long fd, unsigned long i)
{
    char byte;
    (void)folder;
    return pread((int)fd, &byte, 1, (off_t)(i & 4095));
}

static inline long call_clock(int folder, long fd, unsigned long i)
{
    struct timespec time;
    (void)folder, (void)fd, (void)i;
    return clock_gettime(CLOCK_MONOTONIC, &time);
}

static inline long call_fstat(int folder, long fd, unsigned long i)
{
    struct stat st;
    (void)folder, (void)i;
    return fstat((int)fd, &st);
}

static inline long call_stat(int folder, long fd, unsigned long i)
{
    struct stat st;
    (void)fd, (void)i;
    return fstatat(folder, "data", &st, AT_SYMLINK_NOFOLLOW);
}

static inline long call_open(int folder, long fd, unsigned long i)
{
    (void)fd, (void)i;
    return close((int)open_data(folder));
}

static inline long call_seek(int folder, long fd, unsigned long i)
{
    (void)folder;
    return lseek((int)fd, (off_t)(i & 4095), SEEK_SET);
}

static inline long call_empty(int folder, long fd, unsigned long i)
{
    (void)folder, (void)fd, (void)i;
    __asm__ volatile("");
    return 0;
}

#define WORKS(X) X(write) X(pread) X(clock) X(fstat) X(stat) X(open) X(seek) X(empty)

#define LOOP(work)                                                                                                     \
    static long loop_##work(int folder, long fd, unsigned long count)                                                  \
    {                                                                                                                  \
        long failed = 0;                                                                                               \
        for (unsigned long i = 0; i < count; i++)                                                                      \
            failed |= call_##work(folder, fd, i) < 0;                                                                  \
        return failed;                                                                                                 \
    }
WORKS(LOOP)
#undef LOOP

static const struct {
    const char *name;
    long (*loop)(int folder, long fd, unsigned long count);
} works[] = {
#define ROW(work) { #work, loop_##work },
    WORKS(ROW)
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
    int folder = open(argv[3], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    long fd = open_data(folder);
    if (fd < 0)
        return 2;
    for (size_t i = 0; i < sizeof works / sizeof *works; i++) {
        if (strcmp(works[i].name, argv[1]) != 0)
            continue;
        long long before = now();
        long failed = works[i].loop(folder, fd, strtoul(argv[2], NULL, 10));
        long long after = now();
        if (failed)
            return 4;
        fprintf(stderr, "%lld\n", after - before);
        return 0;
    }
    return 3;
}
