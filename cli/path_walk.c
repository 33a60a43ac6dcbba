/* The walk of path_walk.h. Links are read and put before what is left of the path, so that each of their names is a
 * step of its own; those of /proc that lead to an open file, and have no path behind them, the kernel follows.
 * Reference: path_resolution(7). */
#include "cli/path_walk.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/os.h"

enum { LINKS_MAX = 40, REST_BYTES = 2 * PATH_MAX };

struct walk {
    const char *path; /* for messages */
    path_step *step;
    void *self;
    int at; /* the directory that was reached; in the end whatever it is */
    unsigned links;
    char rest[REST_BYTES];
};

static enum status failed(const struct walk *walk, int number, struct error *error)
{
    return error_set_errno(error, number == ENOENT || number == ENOTDIR ? STATUS_NOT_FOUND : STATUS_IO, number,
                           "cannot open %s", walk->path);
}

static enum status go(struct walk *walk, int folder, const char *name, int flags, struct error *error)
{
    int fd = os_open_name(folder, name, flags);
    if (fd < 0)
        return failed(walk, errno, error);
    if (walk->at >= 0)
        close(walk->at);
    walk->at = fd;
    return STATUS_OK;
}

/* Puts the link's target before the rest. */
static enum status unfold(struct walk *walk, int link, struct error *error)
{
    char target[REST_BYTES];
    ssize_t n = os_link_target(link, target, sizeof target - 1);
    if (n <= 0)
        return failed(walk, n < 0 ? errno : ENOENT, error);
    target[n] = '\0';
    size_t length = (size_t)n, left = strlen(walk->rest);
    if (++walk->links > LINKS_MAX)
        return failed(walk, ELOOP, error);
    if (length + 1 + left >= sizeof walk->rest)
        return failed(walk, ENAMETOOLONG, error);
    memmove(walk->rest + length + 1, walk->rest, left + 1);
    memcpy(walk->rest, target, length);
    walk->rest[length] = '/';
    return target[0] == '/' ? go(walk, AT_FDCWD, "/", O_DIRECTORY, error) : STATUS_OK;
}

static enum status one_name(struct walk *walk, const char *name, struct error *error)
{
    struct stat st;
    if (!strcmp(name, "..") || !strcmp(name, "."))
        return go(walk, walk->at, name, O_DIRECTORY, error);
    int fd = os_open_name(walk->at, name, O_NOFOLLOW);
    if (fd < 0) {
        int number = errno;
        enum status s =
            walk->step && number == ENOENT ? walk->step(walk->self, walk->at, name, false, error) : STATUS_OK;
        return s == STATUS_OK ? failed(walk, number, error) : s;
    }
    if (fstat(fd, &st) < 0) {
        int number = errno;
        close(fd);
        return failed(walk, number, error);
    }
    enum status s = walk->step ? walk->step(walk->self, walk->at, name, S_ISLNK(st.st_mode), error) : STATUS_OK;
    if (s == STATUS_OK && S_ISLNK(st.st_mode))
        s = os_links_are_magic(walk->at) ? go(walk, walk->at, name, 0, error) : unfold(walk, fd, error);
    else if (s == STATUS_OK) {
        close(walk->at);
        walk->at = fd;
        return STATUS_OK;
    }
    close(fd);
    return s;
}

enum status path_walk(const char *path, path_step *step, void *self, int *ret_fd, struct error *error)
{
    struct walk walk = { .path = path, .step = step, .self = self, .at = -1 };
    if (!*path || snprintf(walk.rest, sizeof walk.rest, "%s", path) >= PATH_MAX)
        return failed(&walk, *path ? ENAMETOOLONG : ENOENT, error);
    enum status s = go(&walk, AT_FDCWD, *path == '/' ? "/" : ".", O_DIRECTORY, error);
    while (s == STATUS_OK) {
        char name[NAME_MAX + 1];
        size_t skip = strspn(walk.rest, "/"), length = strcspn(walk.rest + skip, "/");
        if (length == 0)
            break;
        if (length > NAME_MAX) {
            s = failed(&walk, ENAMETOOLONG, error);
            break;
        }
        memcpy(name, walk.rest + skip, length);
        name[length] = '\0';
        memmove(walk.rest, walk.rest + skip + length, strlen(walk.rest + skip + length) + 1);
        s = one_name(&walk, name, error);
    }
    if (s != STATUS_OK) {
        if (walk.at >= 0)
            close(walk.at);
        return s;
    }
    *ret_fd = walk.at;
    return STATUS_OK;
}
