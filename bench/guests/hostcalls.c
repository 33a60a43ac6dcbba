/* The hostcall latency guest: makes one hostcall again and again and writes to stderr how many nanoseconds the loop
 * took. usage: hostcalls WORK COUNT, with the first granted directory holding a file "data". Freestanding, so that
 * nothing but the loop stands between two calls. Its native twin (native_calls.c) makes the bare system calls. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
IMPORT(args_sizes_get) u32 args_sizes_get(u32 *count, u32 *bytes);
IMPORT(args_get) u32 args_get(char **argv, char *bytes);
IMPORT(clock_time_get) u32 clock_time_get(u32 clock, u64 precision, u64 *time);
IMPORT(fd_write) u32 fd_write(u32 fd, const void *iovs, u32 count, u32 *done);
IMPORT(fd_pread) u32 fd_pread(u32 fd, const void *iovs, u32 count, u64 offset, u32 *done);
IMPORT(fd_seek) u32 fd_seek(u32 fd, u64 offset, u32 whence, u64 *position);
IMPORT(fd_filestat_get) u32 fd_filestat_get(u32 fd, void *stat);
IMPORT(path_filestat_get) u32 path_filestat_get(u32 fd, u32 flags, const char *path, u32 length, void *stat);
IMPORT(path_open)
u32 path_open(u32 fd, u32 dirflags, const char *path, u32 length, u32 oflags, u64 rights, u64 inheriting, u32 fdflags,
              u32 *opened);
IMPORT(fd_close) u32 fd_close(u32 fd);
IMPORT(proc_exit) void proc_exit(u32 code) __attribute__((noreturn));

enum {
    DIRECTORY = 3,
    MONOTONIC = 1,
    RIGHTS_FILE = 1 << 1 | 1 << 2 | 1 << 5 | 1 << 21 /* read, seek, tell, filestat_get */
};

struct iovec {
    void *base;
    u32 length;
};

static char arguments[256];
static char *argv[8];
static u8 byte = 'x';
static u64 stat_buffer[8];
static const char data_name[] = "data";

static u32 open_data(void)
{
    u32 fd = 0;
    if (path_open(DIRECTORY, 1, data_name, 4, 0, RIGHTS_FILE, 0, 0, &fd))
        proc_exit(2);
    return fd;
}

static u32 loop_empty(u32 count)
{
    u32 failed = 0;
    for (u32 i = 0; i < count; i++)
        __asm__ volatile("" : "+r"(failed));
    return failed;
}

static u32 loop_write(u32 count)
{
    struct iovec iov = { &byte, 1 };
    u32 done, failed = 0;
    for (u32 i = 0; i < count; i++)
        failed |= fd_write(1, &iov, 1, &done);
    return failed;
}

static u32 loop_pread(u32 count)
{
    struct iovec iov = { &byte, 1 };
    u32 done, failed = 0, fd = open_data();
    for (u32 i = 0; i < count; i++)
        failed |= fd_pread(fd, &iov, 1, i & 4095, &done);
    return failed;
}

static u32 loop_clock(u32 count)
{
    u64 time;
    u32 failed = 0;
    for (u32 i = 0; i < count; i++)
        failed |= clock_time_get(MONOTONIC, 1, &time);
    return failed;
}

static u32 loop_fstat(u32 count)
{
    u32 failed = 0, fd = open_data();
    for (u32 i = 0; i < count; i++)
        failed |= fd_filestat_get(fd, stat_buffer);
    return failed;
}

static u32 loop_stat(u32 count)
{
    u32 failed = 0;
    for (u32 i = 0; i < count; i++)
        failed |= path_filestat_get(DIRECTORY, 1, data_name, 4, stat_buffer);
    return failed;
}

static u32 loop_open(u32 count)
{
    u32 failed = 0;
    for (u32 i = 0; i < count; i++)
        failed |= fd_close(open_data());
    return failed;
}

static u32 loop_seek(u32 count)
{
    u64 position;
    u32 failed = 0, fd = open_data();
    for (u32 i = 0; i < count; i++)
        failed |= fd_seek(fd, i & 4095, 0, &position);
    return failed;
}

static int same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

static u32 run(const char *work, u32 count)
{
    if (same(work, "write"))
        return loop_write(count);
    if (same(work, "pread"))
        return loop_pread(count);
    if (same(work, "clock"))
        return loop_clock(count);
    if (same(work, "fstat"))
        return loop_fstat(count);
    if (same(work, "stat"))
        return loop_stat(count);
    if (same(work, "open"))
        return loop_open(count);
    if (same(work, "seek"))
        return loop_seek(count);
    return same(work, "empty") ? loop_empty(count) : 1;
}

static void print(u64 number)
{
    char text[24];
    u32 at = sizeof text, done;
    text[--at] = '\n';
    do
        text[--at] = (char)('0' + number % 10);
    while (number /= 10);
    struct iovec iov = { text + at, (u32)sizeof text - at };
    fd_write(2, &iov, 1, &done);
}

void _start(void);
void _start(void)
{
    u32 argc, bytes, count = 0;
    u64 before, after;
    if (args_sizes_get(&argc, &bytes) || argc != 3 || bytes > sizeof arguments || args_get(argv, arguments))
        proc_exit(3);
    for (const char *digit = argv[2]; *digit; digit++)
        count = count * 10 + (u32)(*digit - '0');
    clock_time_get(MONOTONIC, 1, &before);
    u32 failed = run(argv[1], count);
    clock_time_get(MONOTONIC, 1, &after);
    if (failed)
        proc_exit(4);
    print(after - before);
}
