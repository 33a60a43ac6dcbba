/* Makes raw hostcalls as its arguments say, so that tests can pass what no libc would.
 *
 * usage: poke CALL ARGUMENT... [-- CALL ARGUMENT...]...
 * ARGUMENT: a number (0x too) · @text: two parameters, pointer and length, %XX is a byte (@%00) · out: a pointer to 256
 * zero bytes · end+N, end-N: a pointer relative to the end of memory · iov:PTR:LEN[,PTR:LEN]: two parameters, an array
 * and its count; PTR may be a number, end+N, @text or `new` (a buffer of LEN bytes). Prints `CALL = errno` per call,
 * with the first result as a number. */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define IMPORT(name) __attribute__((import_module("wasi_snapshot_preview1"), import_name(#name)))
typedef uint32_t u;
typedef uint64_t U;
IMPORT(path_open) u raw_path_open(u, u, u, u, u, U, U, u, u);
IMPORT(path_create_directory) u raw_path_create_directory(u, u, u);
IMPORT(path_remove_directory) u raw_path_remove_directory(u, u, u);
IMPORT(path_unlink_file) u raw_path_unlink_file(u, u, u);
IMPORT(path_filestat_get) u raw_path_filestat_get(u, u, u, u, u);
IMPORT(path_filestat_set_times) u raw_path_filestat_set_times(u, u, u, u, U, U, u);
IMPORT(path_readlink) u raw_path_readlink(u, u, u, u, u, u);
IMPORT(path_symlink) u raw_path_symlink(u, u, u, u, u);
IMPORT(path_rename) u raw_path_rename(u, u, u, u, u, u);
IMPORT(path_link) u raw_path_link(u, u, u, u, u, u, u);
IMPORT(fd_fdstat_set_rights) u raw_fd_fdstat_set_rights(u, U, U);
IMPORT(proc_raise) u raw_proc_raise(u);
IMPORT(fd_write) u raw_fd_write(u, u, u, u);
IMPORT(fd_read) u raw_fd_read(u, u, u, u);
IMPORT(fd_pread) u raw_fd_pread(u, u, u, U, u);
IMPORT(fd_pwrite) u raw_fd_pwrite(u, u, u, U, u);
IMPORT(fd_seek) u raw_fd_seek(u, U, u, u);
IMPORT(fd_close) u raw_fd_close(u);
IMPORT(fd_sync) u raw_fd_sync(u);
IMPORT(fd_fdstat_get) u raw_fd_fdstat_get(u, u);
IMPORT(fd_filestat_set_size) u raw_fd_filestat_set_size(u, U);
IMPORT(fd_readdir) u raw_fd_readdir(u, u, u, U, u);
IMPORT(random_get) u raw_random_get(u, u);
IMPORT(clock_time_get) u raw_clock_time_get(u, U, u);

static U arg[16];
static unsigned count;
static uint8_t *first_out;

static u text(const char *from, u *length)
{
    char *copy = malloc(strlen(from) + 1), *to = copy;
    for (; *from; from++) {
        if (*from == '%' && from[1] && from[2]) {
            char hex[3] = { from[1], from[2], 0 };
            *to++ = (char)strtoul(hex, NULL, 16);
            from += 2;
        } else {
            *to++ = *from;
        }
    }
    *length = (u)(to - copy);
    return (u)(uintptr_t)copy;
}

static U number(const char *from)
{
    if (!strncmp(from, "end", 3))
        return (u)(__builtin_wasm_memory_size(0) * 65536 + (u)strtol(from + 3, NULL, 0));
    return strtoull(from, NULL, 0);
}

static void iovecs(char *list)
{
    u *array = malloc(64 * 8), n = 0, ignored;
    for (char *item = strtok(list, ","); item; item = strtok(NULL, ",")) {
        char *colon = strrchr(item, ':');
        *colon = 0;
        u length = (u)number(colon + 1);
        array[n * 2] = item[0] == '@'         ? text(item + 1, &ignored)
                       : !strcmp(item, "new") ? (u)(uintptr_t)malloc(length)
                                              : (u)number(item);
        array[n++ * 2 + 1] = length;
    }
    arg[count++] = (u)(uintptr_t)array;
    arg[count++] = n;
}

static void argument(char *from)
{
    u length;
    if (from[0] == '@') {
        arg[count++] = text(from + 1, &length);
        arg[count++] = length;
    } else if (!strcmp(from, "out")) {
        uint8_t *out = calloc(1, 256);
        first_out = first_out ? first_out : out;
        arg[count++] = (u)(uintptr_t)out;
    } else if (!strncmp(from, "iov:", 4)) {
        iovecs(from + 4);
    } else {
        arg[count++] = number(from);
    }
}

#define a(i) ((u)arg[i])
static u call(const char *name)
{
    if (!strcmp(name, "path_open"))
        return raw_path_open(a(0), a(1), a(2), a(3), a(4), arg[5], arg[6], a(7), a(8));
    if (!strcmp(name, "path_create_directory"))
        return raw_path_create_directory(a(0), a(1), a(2));
    if (!strcmp(name, "path_remove_directory"))
        return raw_path_remove_directory(a(0), a(1), a(2));
    if (!strcmp(name, "path_unlink_file"))
        return raw_path_unlink_file(a(0), a(1), a(2));
    if (!strcmp(name, "path_filestat_get"))
        return raw_path_filestat_get(a(0), a(1), a(2), a(3), a(4));
    if (!strcmp(name, "path_filestat_set_times"))
        return raw_path_filestat_set_times(a(0), a(1), a(2), a(3), arg[4], arg[5], a(6));
    if (!strcmp(name, "path_readlink"))
        return raw_path_readlink(a(0), a(1), a(2), a(3), a(4), a(5));
    if (!strcmp(name, "path_symlink"))
        return raw_path_symlink(a(0), a(1), a(2), a(3), a(4));
    if (!strcmp(name, "path_rename"))
        return raw_path_rename(a(0), a(1), a(2), a(3), a(4), a(5));
    if (!strcmp(name, "path_link"))
        return raw_path_link(a(0), a(1), a(2), a(3), a(4), a(5), a(6));
    if (!strcmp(name, "fd_fdstat_set_rights"))
        return raw_fd_fdstat_set_rights(a(0), arg[1], arg[2]);
    if (!strcmp(name, "proc_raise"))
        return raw_proc_raise(a(0));
    if (!strcmp(name, "fd_write"))
        return raw_fd_write(a(0), a(1), a(2), a(3));
    if (!strcmp(name, "fd_read"))
        return raw_fd_read(a(0), a(1), a(2), a(3));
    if (!strcmp(name, "fd_pread"))
        return raw_fd_pread(a(0), a(1), a(2), arg[3], a(4));
    if (!strcmp(name, "fd_pwrite"))
        return raw_fd_pwrite(a(0), a(1), a(2), arg[3], a(4));
    if (!strcmp(name, "fd_seek"))
        return raw_fd_seek(a(0), arg[1], a(2), a(3));
    if (!strcmp(name, "fd_close"))
        return raw_fd_close(a(0));
    if (!strcmp(name, "fd_sync"))
        return raw_fd_sync(a(0));
    if (!strcmp(name, "fd_fdstat_get"))
        return raw_fd_fdstat_get(a(0), a(1));
    if (!strcmp(name, "fd_filestat_set_size"))
        return raw_fd_filestat_set_size(a(0), arg[1]);
    if (!strcmp(name, "fd_readdir"))
        return raw_fd_readdir(a(0), a(1), a(2), arg[3], a(4));
    if (!strcmp(name, "random_get"))
        return raw_random_get(a(0), a(1));
    if (!strcmp(name, "clock_time_get"))
        return raw_clock_time_get(a(0), arg[1], a(2));
    fprintf(stderr, "poke: unknown call %s\n", name);
    exit(99);
}

int main(int argc, char **argv)
{
    for (int i = 1; i < argc; i++) {
        const char *name = argv[i];
        count = 0;
        first_out = NULL;
        for (i++; i < argc && strcmp(argv[i], "--") != 0; i++)
            argument(argv[i]);
        u error = call(name);
        printf("%s = %u", name, error);
        if (first_out && !error)
            printf(" %u", *(u *)(void *)first_out);
        printf("\n");
        fflush(stdout);
    }
    return 0;
}
