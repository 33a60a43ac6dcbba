/* How the command makes its files. O_EXCL and O_NOFOLLOW see to it that a name that somebody planted is no way to a
 * file elsewhere; a temporary and a rename see to it that an old file stays whole until the new one is, and that nobody
 * who holds it open or has another name for it sees the new content.
 *
 * Leaves out: syncing to the device. Reference: open(2), rename(2). */
#include "cli/file_make.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/file.h>
#include <sys/random.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/os.h"

static enum status not_ours(const struct stat *st, const char *shown, struct error *error)
{
    if (S_ISLNK(st->st_mode))
        return error_set(error, STATUS_DENIED, "%s is a symbolic link, which is not followed; name another output",
                         shown);
    if (S_ISDIR(st->st_mode))
        return error_set(error, STATUS_DENIED, "%s is a directory; name a file", shown);
    if (!S_ISREG(st->st_mode))
        return error_set(error, STATUS_DENIED, "%s is not a regular file; name another output", shown);
    if (st->st_nlink > 1)
        return error_set(error, STATUS_DENIED, "%s has %llu names (hard links); remove it, or name another output",
                         shown, (unsigned long long)st->st_nlink);
    return STATUS_OK;
}

enum status file_replaceable(int folder, const char *name, const char *shown, bool *ret_exists, struct error *error)
{
    struct stat st;
    *ret_exists = false;
    if (fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0) {
        if (errno == ENOENT)
            return STATUS_OK;
        return error_set_errno(error, STATUS_IO, errno, "cannot look at %s", shown);
    }
    enum status s = not_ours(&st, shown, error);
    if (s != STATUS_OK)
        return s;
    /* Replaced is not reused: root gets a file of its own under that name. */
    if (st.st_uid != geteuid() && geteuid() != 0)
        return error_set(error, STATUS_DENIED, "%s belongs to another user; name another output", shown);
    *ret_exists = true;
    return STATUS_OK;
}

static enum status made_failed(int number, const char *shown, struct error *error)
{
    if (number == EEXIST)
        return error_set(error, STATUS_DENIED, "%s is there already; name another output", shown);
    return error_set_errno(error, number == ENOSPC || number == EDQUOT ? STATUS_NO_SPACE : STATUS_IO, number,
                           "cannot create %s", shown);
}

static enum status make(int folder, const char *name, const char *shown, bool beside, struct file_made *ret,
                        int *ret_fd, struct error *error)
{
    struct file_made made = { .folder = folder };
    snprintf(made.name, sizeof made.name, "%s", name);
    if (beside) {
        uint64_t random;
        if (getentropy(&random, sizeof random) < 0)
            return error_set_errno(error, STATUS_IO, errno, "cannot get random bytes");
        snprintf(made.temporary, sizeof made.temporary, ".warrant-%016llx.tmp", (unsigned long long)random);
    }
    int fd =
        openat(folder, beside ? made.temporary : made.name, O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
    if (fd < 0)
        return made_failed(errno, shown, error);
    struct stat st;
    if (fstat(fd, &st) < 0) {
        int number = errno;
        close(fd);
        return error_set_errno(error, STATUS_IO, number, "cannot look at %s", shown);
    }
    made.dev = st.st_dev;
    made.ino = st.st_ino;
    *ret = made;
    *ret_fd = fd;
    return STATUS_OK;
}

enum status file_make(int folder, const char *name, const char *shown, bool replace, struct file_made *ret, int *ret_fd,
                      struct error *error)
{
    bool exists = false;
    enum status s = replace ? file_replaceable(folder, name, shown, &exists, error) : STATUS_OK;
    return s == STATUS_OK ? make(folder, name, shown, exists, ret, ret_fd, error) : s;
}

enum status file_make_temporary(int folder, const char *name, const char *shown, struct file_made *ret, int *ret_fd,
                                struct error *error)
{
    return make(folder, name, shown, true, ret, ret_fd, error);
}

enum status file_place(struct file_made *made, const char *shown, struct error *error)
{
    if (made->folder < 0 || !made->temporary[0])
        return STATUS_OK;
    bool exists;
    enum status s = file_replaceable(made->folder, made->name, shown, &exists, error);
    if (s != STATUS_OK)
        return s;
    made->placed = exists ? os_rename_exchange(made->folder, made->temporary, made->name)
                          : renameat(made->folder, made->temporary, made->folder, made->name) == 0;
    if (!made->placed && exists && (errno == EINVAL || errno == ENOSYS)) {
        /* a file system that cannot exchange: what is replaced is gone at once */
        made->placed = renameat(made->folder, made->temporary, made->folder, made->name) == 0;
        exists = false;
    }
    if (!made->placed)
        return error_set_errno(error, STATUS_IO, errno, "cannot replace %s", shown);
    if (!exists)
        made->temporary[0] = '\0';
    return STATUS_OK;
}

void file_keep(struct file_made *made)
{
    if (made->folder >= 0 && made->placed && made->temporary[0])
        unlinkat(made->folder, made->temporary, 0);
    made->folder = -1;
}

static bool is_it(int folder, const char *name, dev_t dev, ino_t ino)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 && st.st_dev == dev && st.st_ino == ino;
}

bool file_remove(int folder, const char *name, dev_t dev, ino_t ino)
{
    return !is_it(folder, name, dev, ino) || unlinkat(folder, name, 0) == 0 || errno == ENOENT;
}

bool file_drop(struct file_made *made)
{
    bool gone = true;
    if (made->folder >= 0 && made->placed && made->temporary[0] &&
        is_it(made->folder, made->name, made->dev, made->ino))
        made->placed = !os_rename_exchange(made->folder, made->temporary, made->name);
    if (made->folder >= 0)
        gone = file_remove(made->folder, made->temporary[0] ? made->temporary : made->name, made->dev, made->ino);
    made->folder = -1;
    return gone;
}

enum status file_path_split(const char *path, char *ret_folder, size_t size, char ret_name[FILE_NAME_BYTES],
                            struct error *error)
{
    const char *slash = strrchr(path, '/'), *name = slash ? slash + 1 : path;
    size_t length = slash ? (size_t)(slash - path) : 0;
    if (!*name || !strcmp(name, ".") || !strcmp(name, ".."))
        return error_set(error, STATUS_INVALID, "\"%s\" names a directory; name a file", path);
    if (strlen(name) >= FILE_NAME_BYTES || length + 2 > size)
        return error_set(error, STATUS_LIMIT, "the name %s is too long; name another file", path);
    snprintf(ret_name, FILE_NAME_BYTES, "%s", name);
    if (!slash)
        snprintf(ret_folder, size, ".");
    else if (length == 0)
        snprintf(ret_folder, size, "/");
    else
        snprintf(ret_folder, size, "%.*s", (int)length, path);
    return STATUS_OK;
}

enum status file_open_own(int folder, const char *name, const char *shown, int *ret_fd, struct error *error)
{
    struct stat st;
    int fd = openat(folder, name, O_RDWR | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    if (fd < 0 && errno == ENOENT)
        return error_set_errno(error, STATUS_NOT_FOUND, errno, "cannot open %s", shown);
    if (fd < 0 && errno == ELOOP)
        return error_set(error, STATUS_DENIED, "%s is a symbolic link, which is not followed", shown);
    if (fd < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot open %s", shown);
    enum status s = STATUS_OK;
    if (fstat(fd, &st) < 0)
        s = error_set_errno(error, STATUS_IO, errno, "cannot look at %s", shown);
    else
        s = not_ours(&st, shown, error);
    if (s == STATUS_OK && st.st_uid != geteuid())
        s = error_set(error, STATUS_DENIED, "%s belongs to another user; do this as that user", shown);
    if (s != STATUS_OK) {
        close(fd);
        return s;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

bool file_lock(int fd)
{
    enum { TRIES = 50 };
    const struct timespec pause = { 0, 2000000 };
    for (unsigned i = 0; i < TRIES; i++) {
        if (flock(fd, LOCK_EX | LOCK_NB) == 0)
            return true;
        if (errno != EWOULDBLOCK)
            return false;
        nanosleep(&pause, NULL);
    }
    errno = EWOULDBLOCK;
    return false;
}
