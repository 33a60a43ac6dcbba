/* The hostcall latency guest: makes one hostcall again and again and writes to stderr how many nanoseconds the loop
 * took. usage: hostcalls WORK COUNT; the first granted directory is as works.h says. Freestanding, so that
 * nothing but the loop stands between two calls. Its native twin (native_calls.c) makes the bare system calls. */
#include "bench/works.h"

typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
IMPORT(args_sizes_get) u32 args_sizes_get(u32 *count, u32 *bytes);
IMPORT(args_get) u32 args_get(char **argv, char *bytes);
IMPORT(clock_time_get) u32 clock_time_get(u32 clock, u64 precision, u64 *time);
IMPORT(fd_datasync) u32 fd_datasync(u32 fd);
IMPORT(random_get) u32 random_get(void *bytes, u32 length);
IMPORT(fd_read) u32 fd_read(u32 fd, const void *iovs, u32 count, u32 *done);
IMPORT(fd_write) u32 fd_write(u32 fd, const void *iovs, u32 count, u32 *done);
IMPORT(fd_pread) u32 fd_pread(u32 fd, const void *iovs, u32 count, u64 offset, u32 *done);
IMPORT(fd_pwrite) u32 fd_pwrite(u32 fd, const void *iovs, u32 count, u64 offset, u32 *done);
IMPORT(fd_seek) u32 fd_seek(u32 fd, u64 offset, u32 whence, u64 *position);
IMPORT(fd_tell) u32 fd_tell(u32 fd, u64 *position);
IMPORT(fd_fdstat_get) u32 fd_fdstat_get(u32 fd, void *stat);
IMPORT(fd_filestat_get) u32 fd_filestat_get(u32 fd, void *stat);
IMPORT(fd_filestat_set_size) u32 fd_filestat_set_size(u32 fd, u64 size);
IMPORT(fd_filestat_set_times) u32 fd_filestat_set_times(u32 fd, u64 accessed, u64 modified, u32 flags);
IMPORT(fd_readdir) u32 fd_readdir(u32 fd, void *buffer, u32 room, u64 cookie, u32 *used);
IMPORT(fd_close) u32 fd_close(u32 fd);
IMPORT(path_filestat_get) u32 path_filestat_get(u32 fd, u32 flags, const char *path, u32 length, void *stat);
IMPORT(path_open)
u32 path_open(u32 fd, u32 dirflags, const char *path, u32 length, u32 oflags, u64 rights, u64 inheriting, u32 fdflags,
              u32 *opened);
IMPORT(path_unlink_file) u32 path_unlink_file(u32 fd, const char *path, u32 length);
IMPORT(path_create_directory) u32 path_create_directory(u32 fd, const char *path, u32 length);
IMPORT(path_remove_directory) u32 path_remove_directory(u32 fd, const char *path, u32 length);
IMPORT(path_symlink) u32 path_symlink(const char *old, u32 old_length, u32 fd, const char *path, u32 length);
IMPORT(path_rename) u32 path_rename(u32 fd, const char *old, u32 old_length, u32 to, const char *path, u32 length);
IMPORT(path_readlink) u32 path_readlink(u32 fd, const char *path, u32 length, void *buffer, u32 room, u32 *used);
IMPORT(poll_oneoff) u32 poll_oneoff(const void *in, void *out, u32 count, u32 *events);
IMPORT(proc_exit) void proc_exit(u32 code) __attribute__((noreturn));

enum {
    DIRECTORY = 3,
    MONOTONIC = 1,
    CREATE = 1,
    IS_DIRECTORY = 2,
    EXCLUSIVE = 4,
    /* datasync, read, seek, tell, write; filestat_get, filestat_set_size, filestat_set_times */
    RIGHTS_FILE = 1 << 0 | 1 << 1 | 1 << 2 | 1 << 5 | 1 << 6 | 1 << 21 | 1 << 22 | 1 << 23,
    RIGHTS_READ = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 21,
    RIGHTS_LIST = 1 << 14,
    ACCESSED = 1,
    MODIFIED = 4
};
#define NAME(name) name, sizeof(name) - 1

struct iovec {
    void *base;
    u32 length;
};
struct subscription {
    u64 userdata;
    u8 type;
    u32 fd __attribute__((aligned(8)));
    u64 unused[3];
};
_Static_assert(sizeof(struct subscription) == 48, "$subscription");

static char arguments[256];
static char *argv[8];
static u8 bytes[LARGE];
static u64 stat_buffer[8], events[4];
static u32 fd, many, done;
static u64 number;
static struct iovec one = { bytes, 1 }, piece = { bytes, PIECE }, large = { bytes, LARGE }, four[4];
static struct subscription asked = { .type = 1, .fd = 0 };

static u32 open_name(const char *name, u32 length, u32 oflags, u64 rights)
{
    u32 opened = ~0u;
    return path_open(DIRECTORY, 1, name, length, oflags, rights, 0, 0, &opened) ? ~0u : opened;
}

/* Goes back to the start of the file before it ends. */
static u32 again(u32 i, u32 pieces) { return i % pieces == 0 ? fd_seek(fd, 0, 0, &number) : 0; }

/* One call each; not 0 where it failed. */
#define CALL(name) static inline u32 call_##name(u32 i)
CALL(clock) { return (void)i, clock_time_get(MONOTONIC, 1, &number); }
CALL(datasync) { return (void)i, fd_datasync(fd); }
CALL(random) { return (void)i, random_get(bytes, 16); }
CALL(seek) { return fd_seek(fd, i & 4095, 0, &number); }
CALL(tell) { return (void)i, fd_tell(fd, &number); }
CALL(fdstat) { return (void)i, fd_fdstat_get(fd, stat_buffer); }
CALL(read) { return again(i, DATA_BYTES) | fd_read(fd, &one, 1, &done); }
CALL(read4k) { return again(i, DATA_BYTES / PIECE) | fd_read(fd, &piece, 1, &done); }
CALL(pread) { return fd_pread(fd, &one, 1, i & 4095, &done); }
CALL(pread4k) { return fd_pread(fd, &piece, 1, i & 4095, &done); }
CALL(pread64k) { return fd_pread(fd, &large, 1, i & 4095, &done); }
CALL(preadv) { return fd_pread(fd, four, 4, i & 4095, &done); }
CALL(write) { return (void)i, fd_write(1, &one, 1, &done); }
CALL(write4k) { return (void)i, fd_write(1, &piece, 1, &done); }
CALL(pwrite) { return fd_pwrite(fd, &one, 1, i & 4095, &done); }
CALL(pwrite4k) { return fd_pwrite(fd, &piece, 1, i & 4095, &done); }
CALL(pwrite64k) { return fd_pwrite(fd, &large, 1, i & 4095, &done); }
CALL(pwritev) { return fd_pwrite(fd, four, 4, i & 4095, &done); }
CALL(fstat) { return (void)i, fd_filestat_get(fd, stat_buffer); }
CALL(truncate) { return fd_filestat_set_size(fd, DATA_BYTES - (i & 1)); }
CALL(utimens) { return fd_filestat_set_times(fd, 1000000000ull + (i & 4095), 2000000000ull, ACCESSED | MODIFIED); }
CALL(stat) { return (void)i, path_filestat_get(DIRECTORY, 0, NAME(DATA), stat_buffer); }
CALL(statdeep) { return (void)i, path_filestat_get(DIRECTORY, 0, NAME(DEEP), stat_buffer); }
CALL(statabsent) { return (void)i, !path_filestat_get(DIRECTORY, 0, NAME(ABSENT), stat_buffer); }
CALL(open) { return (void)i, fd_close(open_name(NAME(DATA), 0, RIGHTS_READ)); }
CALL(create)
{
    (void)i;
    return fd_close(open_name(NAME(FRESH), CREATE | EXCLUSIVE, 1 << 6)) | path_unlink_file(DIRECTORY, NAME(FRESH));
}
CALL(mkdir)
{
    (void)i;
    return path_create_directory(DIRECTORY, NAME(FRESH)) | path_remove_directory(DIRECTORY, NAME(FRESH));
}
CALL(symlink)
{
    (void)i;
    return path_symlink(NAME(DATA), DIRECTORY, NAME(FRESH)) | path_unlink_file(DIRECTORY, NAME(FRESH));
}
CALL(rename)
{
    (void)i;
    return path_rename(DIRECTORY, NAME(LINK), DIRECTORY, NAME(OTHER)) |
           path_rename(DIRECTORY, NAME(OTHER), DIRECTORY, NAME(LINK));
}
CALL(readlink) { return (void)i, path_readlink(DIRECTORY, NAME(LINK), bytes, sizeof bytes, &done); }
CALL(readdir)
{
    (void)i;
    return fd_readdir(many, bytes, 2 * PIECE, 0, &done) | (done >= 2 * PIECE);
}
CALL(poll) { return (void)i, poll_oneoff(&asked, events, 1, &done) | (done != 1); }
CALL(empty)
{
    (void)i;
    __asm__ volatile("");
    return 0;
}

static int same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

#define LOOP(work, part)                                                                                               \
    static __attribute__((noinline)) u32 loop_##work(u32 count)                                                        \
    {                                                                                                                  \
        u32 failed = 0;                                                                                                \
        for (u32 i = 0; i < count; i++)                                                                                \
            failed |= call_##work(i);                                                                                  \
        return failed;                                                                                                 \
    }
WORKS(LOOP)
LOOP(empty, 1)

/* How long `count` calls take; where fewer are made, as if all had been. */
static u64 run(const char *work, u32 count)
{
    u64 before, after;
    u32 failed = 1, part = 1;
#define RUN(name, its_part)                                                                                            \
    if (same(work, #name)) {                                                                                           \
        part = its_part;                                                                                               \
        clock_time_get(MONOTONIC, 1, &before);                                                                         \
        failed = loop_##name(count / part) | (count < part);                                                           \
        clock_time_get(MONOTONIC, 1, &after);                                                                          \
    }
    WORKS(RUN)
    RUN(empty, 1)
    if (failed)
        proc_exit(4);
    return (after - before) * part;
}

static void print(u64 value)
{
    char text[24];
    u32 at = sizeof text;
    text[--at] = '\n';
    do
        text[--at] = (char)('0' + value % 10);
    while (value /= 10);
    struct iovec iov = { text + at, (u32)sizeof text - at };
    fd_write(2, &iov, 1, &done);
}

void _start(void);
void _start(void)
{
    u32 argc, length, count = 0;
    if (args_sizes_get(&argc, &length) || argc != 3 || length > sizeof arguments || args_get(argv, arguments))
        proc_exit(3);
    for (const char *digit = argv[2]; *digit; digit++)
        count = count * 10 + (u32)(*digit - '0');
    for (u32 i = 0; i < 4; i++)
        four[i] = (struct iovec) { bytes + i * 2 * PIECE, PIECE / 4 };
    fd = open_name(NAME(DATA), 0, RIGHTS_FILE); /* fails where nothing is granted: then only calls without files work */
    many = open_name(NAME(MANY), IS_DIRECTORY, RIGHTS_LIST);
    print(run(argv[1], count));
}
