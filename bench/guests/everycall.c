/* Makes each hostcall that is built, again and again: what `bench/instructions --every` counts. usage: everycall CALL
 * COUNT, with the first granted directory holding a file "data" of 8 KiB and a link "link", for writing. Calls that
 * undo each other go in pairs. CALL may be "hot": each of the commonest, once, then sched_yield, then each of them
 * COUNT times, of which the bench counts those behind the sched_yield. Freestanding. */
typedef unsigned char u8;
typedef unsigned short u16;
typedef unsigned int u32;
typedef unsigned long long u64;

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
IMPORT(args_get) u32 args_get(char **argv, char *bytes);
IMPORT(args_sizes_get) u32 args_sizes_get(u32 *count, u32 *bytes);
IMPORT(environ_get) u32 environ_get(char **environ, char *bytes);
IMPORT(environ_sizes_get) u32 environ_sizes_get(u32 *count, u32 *bytes);
IMPORT(clock_res_get) u32 clock_res_get(u32 clock, u64 *resolution);
IMPORT(clock_time_get) u32 clock_time_get(u32 clock, u64 precision, u64 *time);
IMPORT(fd_advise) u32 fd_advise(u32 fd, u64 offset, u64 length, u32 advice);
IMPORT(fd_allocate) u32 fd_allocate(u32 fd, u64 offset, u64 length);
IMPORT(fd_close) u32 fd_close(u32 fd);
IMPORT(fd_datasync) u32 fd_datasync(u32 fd);
IMPORT(fd_fdstat_get) u32 fd_fdstat_get(u32 fd, void *stat);
IMPORT(fd_fdstat_set_flags) u32 fd_fdstat_set_flags(u32 fd, u32 flags);
IMPORT(fd_fdstat_set_rights) u32 fd_fdstat_set_rights(u32 fd, u64 rights, u64 inheriting);
IMPORT(fd_filestat_get) u32 fd_filestat_get(u32 fd, void *stat);
IMPORT(fd_filestat_set_size) u32 fd_filestat_set_size(u32 fd, u64 size);
IMPORT(fd_filestat_set_times) u32 fd_filestat_set_times(u32 fd, u64 atim, u64 mtim, u32 fst);
IMPORT(fd_pread) u32 fd_pread(u32 fd, const void *iovs, u32 count, u64 offset, u32 *done);
IMPORT(fd_prestat_get) u32 fd_prestat_get(u32 fd, void *prestat);
IMPORT(fd_prestat_dir_name) u32 fd_prestat_dir_name(u32 fd, char *path, u32 length);
IMPORT(fd_pwrite) u32 fd_pwrite(u32 fd, const void *iovs, u32 count, u64 offset, u32 *done);
IMPORT(fd_read) u32 fd_read(u32 fd, const void *iovs, u32 count, u32 *done);
IMPORT(fd_readdir) u32 fd_readdir(u32 fd, void *buffer, u32 length, u64 cookie, u32 *used);
IMPORT(fd_renumber) u32 fd_renumber(u32 fd, u32 to);
IMPORT(fd_seek) u32 fd_seek(u32 fd, u64 offset, u32 whence, u64 *position);
IMPORT(fd_sync) u32 fd_sync(u32 fd);
IMPORT(fd_tell) u32 fd_tell(u32 fd, u64 *position);
IMPORT(fd_write) u32 fd_write(u32 fd, const void *iovs, u32 count, u32 *done);
IMPORT(path_create_directory) u32 path_create_directory(u32 fd, const char *path, u32 length);
IMPORT(path_filestat_get) u32 path_filestat_get(u32 fd, u32 flags, const char *path, u32 length, void *stat);
IMPORT(path_filestat_set_times)
u32 path_filestat_set_times(u32 fd, u32 flags, const char *path, u32 length, u64 atim, u64 mtim, u32 fst);
IMPORT(path_open)
u32 path_open(u32 fd, u32 dirflags, const char *path, u32 length, u32 oflags, u64 rights, u64 inheriting, u32 fdflags,
              u32 *opened);
IMPORT(path_readlink) u32 path_readlink(u32 fd, const char *path, u32 length, char *buffer, u32 size, u32 *used);
IMPORT(path_remove_directory) u32 path_remove_directory(u32 fd, const char *path, u32 length);
IMPORT(path_link)
u32 path_link(u32 fd, u32 flags, const char *path, u32 length, u32 new_fd, const char *new_path, u32 new_length);
IMPORT(path_rename)
u32 path_rename(u32 fd, const char *path, u32 length, u32 new_fd, const char *new_path, u32 new_length);
IMPORT(path_symlink) u32 path_symlink(const char *target, u32 target_length, u32 fd, const char *path, u32 length);
IMPORT(path_unlink_file) u32 path_unlink_file(u32 fd, const char *path, u32 length);
IMPORT(poll_oneoff) u32 poll_oneoff(const void *in, void *out, u32 count, u32 *events);
IMPORT(proc_exit) void proc_exit(u32 code) __attribute__((noreturn));
IMPORT(random_get) u32 random_get(void *buffer, u32 length);
IMPORT(sched_yield) u32 sched_yield(void);

enum {
    DIRECTORY = 3,
    MONOTONIC = 1,
    RIGHTS = 0x1ff | 1 << 21 | 1 << 22 | 1 << 23 /* reading, writing, and what fd_ calls ask for */
};

static struct {
    void *base;
    u32 length;
} iov;
static struct {
    u64 userdata;
    u8 tag, pad[7];
    u32 clock, pad2;
    u64 timeout, precision;
    u16 flags, pad3[3];
} subscription = { .clock = MONOTONIC };
static char text[512], *list[16];
static u8 byte = 'x', large[4096];
static u64 wide[8];
static u32 narrow, other, data;

static u32 open_data(u32 *fd) { return path_open(DIRECTORY, 1, "data", 4, 0, RIGHTS, 0, 0, fd); }

#define CALL(name, expression)                                                                                         \
    static u32 call_##name(u32 i)                                                                                      \
    {                                                                                                                  \
        (void)i;                                                                                                       \
        return expression;                                                                                             \
    }
#define CALLS(X)                                                                                                       \
    X(args_get, args_get(list, text))                                                                                  \
    X(args_sizes_get, args_sizes_get(&narrow, &other))                                                                 \
    X(environ_get, environ_get(list, text))                                                                            \
    X(environ_sizes_get, environ_sizes_get(&narrow, &other))                                                           \
    X(clock_res_get, clock_res_get(MONOTONIC, wide))                                                                   \
    X(clock_time_get, clock_time_get(MONOTONIC, 1, wide))                                                              \
    X(fd_advise, fd_advise(data, 0, 4096, 2))                                                                          \
    X(fd_allocate, fd_allocate(data, 0, 4096))                                                                         \
    X(fd_datasync, fd_datasync(data))                                                                                  \
    X(fd_fdstat_get, fd_fdstat_get(data, wide))                                                                        \
    X(fd_fdstat_set_flags, fd_fdstat_set_flags(data, i & 1))                                                           \
    X(fd_fdstat_set_rights, fd_fdstat_set_rights(data, RIGHTS, 0))                                                     \
    X(fd_filestat_get, fd_filestat_get(data, wide))                                                                    \
    X(fd_filestat_set_size, fd_filestat_set_size(data, 8192 + (i & 1)))                                                \
    X(fd_filestat_set_times, fd_filestat_set_times(data, 1000000000, 2000000000, 5))                                   \
    X(fd_pread, fd_pread(data, &iov, 1, i & 4095, &narrow))                                                            \
    X(fd_prestat_get, fd_prestat_get(DIRECTORY, wide))                                                                 \
    X(fd_prestat_dir_name, fd_prestat_dir_name(DIRECTORY, text, 5))                                                    \
    X(fd_pwrite, fd_pwrite(data, &iov, 1, i & 4095, &narrow))                                                          \
    X(fd_read, fd_read(data, &iov, 1, &narrow))                                                                        \
    X(fd_readdir, fd_readdir(DIRECTORY, large, sizeof large, 0, &narrow))                                              \
    X(fd_renumber_close, open_data(&narrow) | open_data(&other) | fd_renumber(narrow, other) | fd_close(other))        \
    X(fd_seek, fd_seek(data, i & 4095, 0, wide))                                                                       \
    X(fd_sync, fd_sync(data))                                                                                          \
    X(fd_tell, fd_tell(data, wide))                                                                                    \
    X(fd_write, fd_write(data, &iov, 1, &narrow))                                                                      \
    X(fd_write_stream, fd_write(1, &iov, 1, &narrow))                                                                  \
    X(path_create_remove, path_create_directory(DIRECTORY, "made", 4) | path_remove_directory(DIRECTORY, "made", 4))   \
    X(path_filestat_get, path_filestat_get(DIRECTORY, 1, "data", 4, wide))                                             \
    X(path_filestat_set_times, path_filestat_set_times(DIRECTORY, 1, "data", 4, 1000000000, 2000000000, 5))            \
    X(path_open_close, open_data(&narrow) | fd_close(narrow))                                                          \
    X(path_readlink, path_readlink(DIRECTORY, "link", 4, text, sizeof text, &narrow))                                  \
    X(path_link_unlink,                                                                                                \
      path_link(DIRECTORY, 0, "data", 4, DIRECTORY, "other", 5) | path_unlink_file(DIRECTORY, "other", 5))             \
    X(path_rename_twice, path_rename(DIRECTORY, "link", 4, DIRECTORY, "moved", 5) |                                    \
                             path_rename(DIRECTORY, "moved", 5, DIRECTORY, "link", 4))                                 \
    X(path_symlink_unlink, path_symlink("data", 4, DIRECTORY, "other", 5) | path_unlink_file(DIRECTORY, "other", 5))   \
    X(poll_oneoff, poll_oneoff(&subscription, large, 1, &narrow))                                                      \
    X(random_get, random_get(text, 16))                                                                                \
    X(sched_yield, sched_yield())
CALLS(CALL)

static const struct {
    const char *name;
    u32 (*make)(u32 i);
} calls[] = {
#define ROW(name, expression) { #name, call_##name },
    CALLS(ROW)
};

/* What a program does most, one behind the other. */
static u32 make_hot(u32 i)
{
    u32 fd;
    return call_args_sizes_get(i) | call_clock_time_get(i) | call_fd_fdstat_get(i) | call_fd_filestat_get(i) |
           call_fd_pread(i) | call_fd_prestat_get(i) | call_fd_pwrite(i) | call_fd_read(i) | call_fd_seek(i) |
           call_fd_tell(i) | call_fd_write_stream(i) | open_data(&fd) | fd_close(fd);
}

static int same(const char *a, const char *b)
{
    while (*a && *a == *b)
        a++, b++;
    return *a == *b;
}

void _start(void);
void _start(void)
{
    static char bytes[256], *argv[8];
    u32 argc, size, count = 0;
    iov.base = &byte;
    iov.length = 1;
    if (args_sizes_get(&argc, &size) || argc != 3 || size > sizeof bytes || args_get(argv, bytes))
        proc_exit(3);
    for (const char *digit = argv[2]; *digit; digit++)
        count = count * 10 + (u32)(*digit - '0');
    if (open_data(&data))
        proc_exit(2);
    if (same(argv[1], "hot")) {
        u32 failed = make_hot(0) | sched_yield();
        for (u32 i = 0; i < count; i++)
            failed |= make_hot(i);
        if (failed)
            proc_exit(4);
        return;
    }
    for (u32 c = 0; c < sizeof calls / sizeof *calls; c++)
        if (same(argv[1], calls[c].name)) {
            u32 failed = 0;
            for (u32 i = 0; i < count; i++)
                failed |= calls[c].make(i);
            if (failed)
                proc_exit(4);
            return;
        }
    proc_exit(5);
}
