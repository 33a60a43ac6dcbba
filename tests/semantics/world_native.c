/* The world of a script by Linux's own calls, in a root of its own. Needs the right to chroot: root's, or that of a
 * user namespace. */
#include "world.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static int outside = -1; /* the root that we were started with */
static int above = -1;   /* the folder that holds the scripts' folders */

static struct answer of(int64_t result)
{
    if (result >= 0)
        return (struct answer) { NULL, result };
    const char *name = strerrorname_np(errno);
    return (struct answer) { name ? name : "E?", 0 };
}

int world_open_all(const char *folder)
{
    umask(0);
    outside = open("/", O_PATH | O_CLOEXEC);
    above = open(folder, O_PATH | O_CLOEXEC);
    if (outside < 0 || above < 0) {
        perror(folder);
        return 0;
    }
    if (fchdir(outside) == 0 && chroot(".") == 0)
        return 1;
    if (unshare(CLONE_NEWUSER) == 0 && fchdir(outside) == 0 && chroot(".") == 0)
        return 1;
    fputs("a script's own root needs the right to chroot: root's, or a user namespace's\n", stderr);
    return 0;
}

struct answer world_enter(const char *name)
{
    if (fchdir(outside) < 0 || chroot(".") < 0 || fchdir(above) < 0 || chdir(name) < 0)
        return of(-1);
    return of(chroot("."));
}

struct answer world_open(const char *path, unsigned flags)
{
    int how = O_CLOEXEC;
    how |= flags & WORLD_WRITE ? flags & WORLD_READ ? O_RDWR : O_WRONLY : O_RDONLY;
    how |= (flags & WORLD_APPEND ? O_APPEND : 0) | (flags & WORLD_CREATE ? O_CREAT : 0);
    how |= (flags & WORLD_DIRECTORY ? O_DIRECTORY : 0) | (flags & WORLD_EXCLUSIVE ? O_EXCL : 0);
    how |= (flags & WORLD_NO_FOLLOW ? O_NOFOLLOW : 0) | (flags & WORLD_TRUNCATE ? O_TRUNC : 0);
    return of(open(path, how, 0666));
}

struct answer world_close(int64_t file) { return of(close((int)file)); }

struct answer world_read(int64_t file, void *bytes, size_t size) { return of(read((int)file, bytes, size)); }

struct answer world_pread(int64_t file, void *bytes, size_t size, int64_t offset)
{
    return of(pread((int)file, bytes, size, offset));
}

struct answer world_write(int64_t file, const void *bytes, size_t size) { return of(write((int)file, bytes, size)); }

struct answer world_pwrite(int64_t file, const void *bytes, size_t size, int64_t offset)
{
    return of(pwrite((int)file, bytes, size, offset));
}

struct answer world_seek(int64_t file, int64_t offset, int whence) { return of(lseek((int)file, offset, whence)); }

struct answer world_chdir(const char *path) { return of(chdir(path)); }

struct answer world_link(const char *path, const char *to) { return of(link(path, to)); }

struct answer world_mkdir(const char *path) { return of(mkdir(path, 0777)); }

struct answer world_readlink(const char *path, char *bytes, size_t size) { return of(readlink(path, bytes, size)); }

struct answer world_rename(const char *path, const char *to) { return of(rename(path, to)); }

struct answer world_rmdir(const char *path) { return of(rmdir(path)); }

static struct answer facts_of(int result, const struct stat *st, struct world_facts *ret_facts)
{
    if (result == 0) {
        char kind = S_ISREG(st->st_mode) ? 'f' : S_ISDIR(st->st_mode) ? 'd' : S_ISLNK(st->st_mode) ? 'l' : '?';
        *ret_facts = (struct world_facts) { kind, st->st_nlink, (uint64_t)st->st_size, st->st_ino };
    }
    return of(result);
}

struct answer world_stat(const char *path, int follow, struct world_facts *ret_facts)
{
    struct stat st = { 0 };
    int result = follow ? stat(path, &st) : lstat(path, &st);
    return facts_of(result, &st, ret_facts);
}

struct answer world_facts_of(int64_t file, struct world_facts *ret_facts)
{
    struct stat st = { 0 };
    int result = fstat((int)file, &st);
    return facts_of(result, &st, ret_facts);
}

struct answer world_symlink(const char *target, const char *path) { return of(symlink(target, path)); }

struct answer world_truncate(const char *path, int64_t size) { return of(truncate(path, size)); }

struct answer world_unlink(const char *path) { return of(unlink(path)); }

struct answer world_list_open(const char *path, struct world_directory **ret_directory)
{
    DIR *directory = opendir(path);
    *ret_directory = (struct world_directory *)directory;
    return of(directory ? 0 : -1);
}

struct answer world_list_next(struct world_directory *directory, char *ret_name, size_t size)
{
    if (!directory) {
        errno = EBADF;
        return of(-1);
    }
    errno = 0;
    const struct dirent *entry = readdir((DIR *)directory);
    if (!entry)
        return of(errno ? -1 : 0);
    snprintf(ret_name, size, "%s", entry->d_name);
    return of(1);
}

struct answer world_list_rewind(struct world_directory *directory)
{
    if (!directory) {
        errno = EBADF;
        return of(-1);
    }
    rewinddir((DIR *)directory);
    return of(0);
}

struct answer world_list_close(struct world_directory *directory)
{
    if (!directory) {
        errno = EBADF;
        return of(-1);
    }
    return of(closedir((DIR *)directory));
}
