/* The keys that recorder and witness sign with: opened here, held against what the guest is given, and read by nobody
 * but the process that signs.
 *
 * Invariants: a key lies in no directory that the guest may read or write, by any way to it or any other name of the
 * file; it is none of the streams that the guest inherits; no other user can read it. The descriptor goes to one
 * process, and is closed with the launcher's others. docs/threat-model.md, Keys. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/path_walk.h"

struct look {
    const struct places *grants;
    int found; /* the grant that the way to the key leads through; -1: none so far */
};

static enum status look_step(void *self, int folder, const char *name, bool link, struct error *error)
{
    struct look *look = self;
    (void)name;
    (void)link;
    return look->found >= 0 ? STATUS_OK : places_find(look->grants, folder, &look->found, error);
}

static bool same_file(const struct stat *a, const struct stat *b)
{
    return a->st_dev == b->st_dev && a->st_ino == b->st_ino;
}

/* What the file itself is. */
static enum status key_check(const char *path, const struct stat *st, struct error *error)
{
    struct stat stream;
    if (!S_ISREG(st->st_mode))
        return error_set(error, STATUS_DENIED, "the key %s is no regular file", path);
    if (st->st_nlink != 1)
        return error_set(error, STATUS_DENIED,
                         "the key %s has %llu names (hard links), and one of them may lie where a guest can read it; "
                         "use a copy of it",
                         path, (unsigned long long)st->st_nlink);
    if ((st->st_mode & (S_IRWXG | S_IRWXO)) != 0 || (st->st_uid != geteuid() && st->st_uid != 0))
        return error_set(error, STATUS_DENIED, "the key %s can be read by others, or is not this user's: chmod 600 it",
                         path);
    for (int fd = 0; fd < 3; fd++)
        if (fstat(fd, &stream) == 0 && same_file(&stream, st))
            return error_set(error, STATUS_DENIED, "the key %s is open as descriptor %d, which the guest inherits",
                             path, fd);
    return STATUS_OK;
}

static enum status key_open(const struct policy *policy, const struct places *grants, const char *path, int *ret_fd,
                            struct error *error)
{
    struct look look = { grants, -1 };
    struct stat walked, opened;
    int at;
    enum status s = path_walk(path, look_step, &look, &at, error);
    if (s != STATUS_OK)
        return s;
    bool known = fstat(at, &walked) == 0;
    close(at);
    if (look.found >= 0)
        return error_set(error, STATUS_DENIED,
                         "the key %s lies in the directory %s, which is granted to the guest: it could read the key; "
                         "keep it outside",
                         path, policy->files[look.found].host);
    *ret_fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
    if (*ret_fd < 0)
        return error_set_errno(error, STATUS_DENIED, errno, "cannot open the key %s", path);
    if (!known || fstat(*ret_fd, &opened) < 0 || !same_file(&walked, &opened))
        return error_set(error, STATUS_DENIED, "the key %s changed while it was opened", path);
    return key_check(path, &opened, error);
}

enum status launch_keys_open(const struct launch_options *options, struct launch_files *files, struct error *error)
{
    const struct policy *policy = &options->spec->policy;
    struct places *grants = NULL;
    struct stat keys[LAUNCH_KEYS] = { 0 };
    enum status s = STATUS_OK;
    for (unsigned i = 0; s == STATUS_OK && i < LAUNCH_KEYS; i++) {
        if (!options->key_paths[i])
            continue;
        if (!grants)
            s = places_create(files->grants, policy->file_count, &grants, error);
        if (s == STATUS_OK)
            s = key_open(policy, grants, options->key_paths[i], &files->keys[i], error);
        if (s == STATUS_OK && fstat(files->keys[i], &keys[i]) < 0)
            s = error_set_errno(error, STATUS_IO, errno, "cannot look at the key %s", options->key_paths[i]);
    }
    if (s == STATUS_OK && files->keys[0] >= 0 && files->keys[1] >= 0 && same_file(&keys[0], &keys[1]))
        s = error_set(error, STATUS_DENIED,
                      "recorder and witness sign with keys of their own, and %s was given to both",
                      options->key_paths[0]);
    places_free(grants);
    return s;
}
