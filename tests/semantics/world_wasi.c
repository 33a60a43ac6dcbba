/* The world of a script by WASI's calls, made without what a libc adds to them.
 *
 * WASI has no working directory, and no path that begins at a root. Both are the executor's, as they are wasi-libc's:
 * slashes in front are dropped, and other paths get the text of the working directory in front of them. */
#include "world.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <wasi/api.h>

#define GRANT      3
#define LIST_BYTES 32768

static const char *const errors[] = {
    NULL,           "E2BIG",           "EACCES",       "EADDRINUSE",   "EADDRNOTAVAIL",
    "EAFNOSUPPORT", "EAGAIN",          "EALREADY",     "EBADF",        "EBADMSG",
    "EBUSY",        "ECANCELED",       "ECHILD",       "ECONNABORTED", "ECONNREFUSED",
    "ECONNRESET",   "EDEADLK",         "EDESTADDRREQ", "EDOM",         "EDQUOT",
    "EEXIST",       "EFAULT",          "EFBIG",        "EHOSTUNREACH", "EIDRM",
    "EILSEQ",       "EINPROGRESS",     "EINTR",        "EINVAL",       "EIO",
    "EISCONN",      "EISDIR",          "ELOOP",        "EMFILE",       "EMLINK",
    "EMSGSIZE",     "EMULTIHOP",       "ENAMETOOLONG", "ENETDOWN",     "ENETRESET",
    "ENETUNREACH",  "ENFILE",          "ENOBUFS",      "ENODEV",       "ENOENT",
    "ENOEXEC",      "ENOLCK",          "ENOLINK",      "ENOMEM",       "ENOMSG",
    "ENOPROTOOPT",  "ENOSPC",          "ENOSYS",       "ENOTCONN",     "ENOTDIR",
    "ENOTEMPTY",    "ENOTRECOVERABLE", "ENOTSOCK",     "ENOTSUP",      "ENOTTY",
    "ENXIO",        "EOVERFLOW",       "EOWNERDEAD",   "EPERM",        "EPIPE",
    "EPROTO",       "EPROTONOSUPPORT", "EPROTOTYPE",   "ERANGE",       "EROFS",
    "ESPIPE",       "ESRCH",           "ESTALE",       "ETIMEDOUT",    "ETXTBSY",
    "EXDEV",        "ENOTCAPABLE",
};

struct world_directory {
    __wasi_fd_t file;
    __wasi_dircookie_t cookie;
    size_t at, filled;
    uint8_t bytes[LIST_BYTES];
};

static __wasi_fd_t root = (__wasi_fd_t)-1;
static __wasi_rights_t rights, inheriting; /* those of the grant's descendants */
static char current[8192];                 /* the working directory: nothing, or a path with a slash at its end */

static struct answer of(__wasi_errno_t error, int64_t value)
{
    if (error >= sizeof errors / sizeof *errors)
        return (struct answer) { "E?", 0 };
    return (struct answer) { errors[error], error ? 0 : value };
}

/* The path from the script's root. */
static const char *from_root(const char *path, char *bytes, size_t size)
{
    if (*path == '/') {
        path += strspn(path, "/");
        return *path ? path : ".";
    }
    if (!*path || !*current)
        return path;
    snprintf(bytes, size, "%s%s", current, path);
    return bytes;
}

#define FROM_ROOT(path) from_root(path, (char[8192]) { 0 }, 8192)

int world_open_all(const char *folder)
{
    (void)folder; /* it is the grant */
    __wasi_fdstat_t stat;
    if (__wasi_fd_fdstat_get(GRANT, &stat)) {
        fputs("a folder must be granted\n", stderr);
        return 0;
    }
    rights = stat.fs_rights_inheriting;
    inheriting = stat.fs_rights_inheriting;
    return 1;
}

struct answer world_enter(const char *name)
{
    if (root != (__wasi_fd_t)-1 && __wasi_fd_close(root))
        abort();
    root = (__wasi_fd_t)-1;
    *current = 0;
    return of(__wasi_path_open(GRANT, 0, name, __WASI_OFLAGS_DIRECTORY,
                               rights & ~(__WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE), inheriting, 0, &root),
              0);
}

static struct answer open_with(const char *path, uint16_t oflags, __wasi_rights_t left_out, unsigned flags)
{
    __wasi_fd_t file;
    __wasi_fdflags_t manner = flags & WORLD_APPEND ? __WASI_FDFLAGS_APPEND : 0;
    __wasi_errno_t error = __wasi_path_open(root, flags & WORLD_NO_FOLLOW ? 0 : __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW,
                                            FROM_ROOT(path), oflags, rights & ~left_out, inheriting, manner, &file);
    return of(error, error ? 0 : (int64_t)file);
}

struct answer world_open(const char *path, unsigned flags)
{
    __wasi_rights_t left_out = 0;
    if (!(flags & WORLD_READ))
        left_out |= __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR;
    if (!(flags & WORLD_WRITE))
        left_out |= __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE | __WASI_RIGHTS_FD_FILESTAT_SET_SIZE;
    uint16_t oflags =
        (flags & WORLD_CREATE ? __WASI_OFLAGS_CREAT : 0) | (flags & WORLD_DIRECTORY ? __WASI_OFLAGS_DIRECTORY : 0) |
        (flags & WORLD_EXCLUSIVE ? __WASI_OFLAGS_EXCL : 0) | (flags & WORLD_TRUNCATE ? __WASI_OFLAGS_TRUNC : 0);
    return open_with(path, oflags, left_out, flags);
}

struct answer world_close(int64_t file) { return of(__wasi_fd_close((__wasi_fd_t)file), 0); }

struct answer world_read(int64_t file, void *bytes, size_t size)
{
    __wasi_size_t done = 0;
    __wasi_iovec_t part = { bytes, size };
    return of(__wasi_fd_read((__wasi_fd_t)file, &part, 1, &done), done);
}

struct answer world_pread(int64_t file, void *bytes, size_t size, int64_t offset)
{
    __wasi_size_t done = 0;
    __wasi_iovec_t part = { bytes, size };
    return of(__wasi_fd_pread((__wasi_fd_t)file, &part, 1, (__wasi_filesize_t)offset, &done), done);
}

struct answer world_write(int64_t file, const void *bytes, size_t size)
{
    __wasi_size_t done = 0;
    __wasi_ciovec_t part = { bytes, size };
    return of(__wasi_fd_write((__wasi_fd_t)file, &part, 1, &done), done);
}

struct answer world_pwrite(int64_t file, const void *bytes, size_t size, int64_t offset)
{
    __wasi_size_t done = 0;
    __wasi_ciovec_t part = { bytes, size };
    return of(__wasi_fd_pwrite((__wasi_fd_t)file, &part, 1, (__wasi_filesize_t)offset, &done), done);
}

struct answer world_seek(int64_t file, int64_t offset, int whence)
{
    __wasi_filesize_t now = 0;
    return of(__wasi_fd_seek((__wasi_fd_t)file, offset, (__wasi_whence_t)whence, &now), (int64_t)now);
}

struct answer world_chdir(const char *path)
{
    struct world_facts facts;
    char text[sizeof current];
    struct answer answer = world_stat(path, 1, &facts);
    if (answer.error)
        return answer;
    if (facts.kind != 'd')
        return of(__WASI_ERRNO_NOTDIR, 0);
    const char *whole = FROM_ROOT(path);
    snprintf(text, sizeof text, "%s/", whole);
    strcpy(current, text);
    return of(0, 0);
}

struct answer world_link(const char *path, const char *to)
{
    return of(__wasi_path_link(root, 0, FROM_ROOT(path), root, FROM_ROOT(to)), 0);
}

struct answer world_mkdir(const char *path) { return of(__wasi_path_create_directory(root, FROM_ROOT(path)), 0); }

struct answer world_readlink(const char *path, char *bytes, size_t size)
{
    __wasi_size_t used = 0;
    return of(__wasi_path_readlink(root, FROM_ROOT(path), (uint8_t *)bytes, size, &used), used);
}

struct answer world_rename(const char *path, const char *to)
{
    return of(__wasi_path_rename(root, FROM_ROOT(path), root, FROM_ROOT(to)), 0);
}

struct answer world_rmdir(const char *path) { return of(__wasi_path_remove_directory(root, FROM_ROOT(path)), 0); }

static struct answer facts_of(__wasi_errno_t error, const __wasi_filestat_t *stat, struct world_facts *ret_facts)
{
    if (!error) {
        char kind = stat->filetype == __WASI_FILETYPE_REGULAR_FILE    ? 'f'
                    : stat->filetype == __WASI_FILETYPE_DIRECTORY     ? 'd'
                    : stat->filetype == __WASI_FILETYPE_SYMBOLIC_LINK ? 'l'
                                                                      : '?';
        *ret_facts = (struct world_facts) { kind, stat->nlink, stat->size, stat->ino };
    }
    return of(error, 0);
}

struct answer world_stat(const char *path, int follow, struct world_facts *ret_facts)
{
    __wasi_filestat_t stat = { 0 };
    __wasi_errno_t error =
        __wasi_path_filestat_get(root, follow ? __WASI_LOOKUPFLAGS_SYMLINK_FOLLOW : 0, FROM_ROOT(path), &stat);
    return facts_of(error, &stat, ret_facts);
}

struct answer world_facts_of(int64_t file, struct world_facts *ret_facts)
{
    __wasi_filestat_t stat = { 0 };
    return facts_of(__wasi_fd_filestat_get((__wasi_fd_t)file, &stat), &stat, ret_facts);
}

struct answer world_symlink(const char *target, const char *path)
{
    return of(__wasi_path_symlink(target, root, FROM_ROOT(path)), 0);
}

/* WASI truncates what is open, so this is open, set, close. */
struct answer world_truncate(const char *path, int64_t size)
{
    struct answer file = open_with(path, 0, __WASI_RIGHTS_FD_READ | __WASI_RIGHTS_FD_READDIR, 0);
    if (file.error)
        return file;
    struct answer answer = of(__wasi_fd_filestat_set_size((__wasi_fd_t)file.value, (__wasi_filesize_t)size), 0);
    return __wasi_fd_close((__wasi_fd_t)file.value) ? of(__WASI_ERRNO_IO, 0) : answer;
}

struct answer world_unlink(const char *path) { return of(__wasi_path_unlink_file(root, FROM_ROOT(path)), 0); }

struct answer world_list_open(const char *path, struct world_directory **ret_directory)
{
    struct answer file =
        open_with(path, __WASI_OFLAGS_DIRECTORY, __WASI_RIGHTS_FD_WRITE | __WASI_RIGHTS_FD_ALLOCATE, 0);
    *ret_directory = NULL;
    if (file.error)
        return file;
    struct world_directory *directory = calloc(1, sizeof *directory);
    if (!directory)
        abort();
    directory->file = (__wasi_fd_t)file.value;
    *ret_directory = directory;
    return of(0, 0);
}

struct answer world_list_next(struct world_directory *directory, char *ret_name, size_t size)
{
    if (!directory)
        return of(__WASI_ERRNO_BADF, 0);
    for (int again = 0; again < 2; again++) {
        __wasi_dirent_t entry;
        if (directory->filled - directory->at >= sizeof entry) {
            memcpy(&entry, directory->bytes + directory->at, sizeof entry);
            if (directory->filled - directory->at - sizeof entry >= entry.d_namlen) {
                snprintf(ret_name, size, "%.*s", (int)entry.d_namlen,
                         (char *)directory->bytes + directory->at + sizeof entry);
                directory->at += sizeof entry + entry.d_namlen;
                directory->cookie = entry.d_next;
                return of(0, 1);
            }
        }
        __wasi_size_t filled = 0;
        __wasi_errno_t error =
            __wasi_fd_readdir(directory->file, directory->bytes, LIST_BYTES, directory->cookie, &filled);
        directory->at = 0;
        directory->filled = error ? 0 : filled;
        if (error)
            return of(error, 0);
    }
    return of(0, 0);
}

struct answer world_list_rewind(struct world_directory *directory)
{
    if (!directory)
        return of(__WASI_ERRNO_BADF, 0);
    directory->cookie = 0;
    directory->at = directory->filled = 0;
    return of(0, 0);
}

struct answer world_list_close(struct world_directory *directory)
{
    if (!directory)
        return of(__WASI_ERRNO_BADF, 0);
    __wasi_errno_t error = __wasi_fd_close(directory->file);
    free(directory);
    return of(error, 0);
}
