/* Two looks, either of which is enough to say yes. Walking up: the directory and each of its parents, by device and
 * inode. And by the mounts: where in its file system each directory lies, so that a bind mount, below a grant or of a
 * part of one, is found as well.
 *
 * Leaves out: layered file systems. What is mounted as the upper layer of an overlay is another file system than the
 * overlay (docs/policy.md says so). Where the mounts cannot be listed (Linux without
 * /proc), bind mounts are not seen. */
#include "cli/places.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "runtime/base/mounts.h"
#include "runtime/base/os.h"

enum { DEPTH_MAX = 4096 };

struct mount {
    uint64_t id, dev;
    char *root, *point; /* within its file system; where it is seen. Owned */
};
/* A directory as its file system has it. */
struct subtree {
    uint64_t dev;
    char *path; /* owned */
    int index;  /* of the directory that holds it */
};

struct places {
    size_t count, mount_count, subtree_count, subtree_room;
    struct mount_identity *roots;
    struct mount *mounts;
    struct subtree *subtrees;
    bool mounts_known;
};

/* ---- mounts ---- */

static enum status mount_add(void *self, const struct mount_entry *entry, struct error *error)
{
    struct places *places = self;
    struct mount *grown = realloc(places->mounts, (places->mount_count + 1) * sizeof *grown);
    if (!grown)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    places->mounts = grown;
    struct mount *mount = &grown[places->mount_count++];
    *mount = (struct mount) { entry->id, entry->dev, strdup(entry->root), strdup(entry->point) };
    return mount->root && mount->point ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
}

/* Whether `path` is `folder` or lies in it; *ret_rest is what follows, "" or "/...". */
static bool lies_in(const char *path, const char *folder, const char **ret_rest)
{
    size_t length = strlen(folder);
    if (length == 1 && folder[0] == '/')
        length = 0;
    if (strncmp(path, folder, length) != 0 || (path[length] && path[length] != '/'))
        return false;
    *ret_rest = path + length;
    return true;
}

enum { WHOLE_BYTES = 2 * PATH_MAX }; /* a mount's root and what is beneath its point */

/* The path by which the kernel reaches the directory, and where in which file system that is. false: not known. */
static bool locate(const struct places *places, int fd, char seen[PATH_MAX], uint64_t *ret_dev, char ret[WHOLE_BYTES])
{
    struct mount_identity self;
    if (!places->mounts_known || !mounts_identify(fd, &self) || !self.mount)
        return false;
    if (!os_descriptor_path(fd, seen, PATH_MAX))
        return false;
    for (size_t i = 0; i < places->mount_count; i++) {
        const struct mount *mount = &places->mounts[i];
        const char *rest;
        if (mount->id != self.mount || !lies_in(seen, mount->point, &rest))
            continue;
        snprintf(ret, WHOLE_BYTES, "%s%s", strcmp(mount->root, "/") ? mount->root : "", *rest ? rest : "");
        if (!*ret)
            snprintf(ret, WHOLE_BYTES, "/");
        *ret_dev = mount->dev;
        return true;
    }
    return false;
}

static enum status subtree_add(struct places *places, uint64_t dev, const char *path, int index, struct error *error)
{
    struct subtree *grown = realloc(places->subtrees, (places->subtree_count + 1) * sizeof *grown);
    if (grown)
        places->subtrees = grown;
    char *copy = strdup(path);
    if (!grown || !copy) {
        free(copy);
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    grown[places->subtree_count++] = (struct subtree) { dev, copy, index };
    return STATUS_OK;
}

/* The directory itself, and every mount that is seen below it. */
static enum status subtrees_of(struct places *places, int fd, int index, struct error *error)
{
    char seen[PATH_MAX], path[WHOLE_BYTES];
    uint64_t dev;
    const char *rest;
    if (!locate(places, fd, seen, &dev, path))
        return STATUS_OK;
    enum status s = subtree_add(places, dev, path, index, error);
    for (size_t i = 0; s == STATUS_OK && i < places->mount_count; i++)
        if (lies_in(places->mounts[i].point, seen, &rest))
            s = subtree_add(places, places->mounts[i].dev, places->mounts[i].root, index, error);
    return s;
}

/* ---- the set ---- */

enum status places_create(const int *fds, size_t count, struct places **ret, struct error *error)
{
    struct places *places = calloc(1, sizeof *places);
    if (!places)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    places->roots = calloc(count + 1, sizeof *places->roots);
    places->count = count;
    enum status s = places->roots ? STATUS_OK : error_set(error, STATUS_NO_MEMORY, "out of memory");
    if (s == STATUS_OK && count > 0)
        s = mounts_visit(mount_add, places, &places->mounts_known, error);
    for (size_t i = 0; s == STATUS_OK && i < count; i++) {
        if (!mounts_identify(fds[i], &places->roots[i]))
            s = error_set_errno(error, STATUS_IO, errno, "cannot look at a granted directory");
        else
            s = subtrees_of(places, fds[i], (int)i, error);
    }
    if (s != STATUS_OK) {
        places_free(places);
        return s;
    }
    *ret = places;
    return STATUS_OK;
}

void places_free(struct places *places)
{
    if (!places)
        return;
    for (size_t i = 0; i < places->mount_count; i++) {
        free(places->mounts[i].root);
        free(places->mounts[i].point);
    }
    for (size_t i = 0; i < places->subtree_count; i++)
        free(places->subtrees[i].path);
    free(places->mounts);
    free(places->subtrees);
    free(places->roots);
    free(places);
}

static int root_find(const struct places *places, const struct mount_identity *identity)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->roots[i].dev == identity->dev && places->roots[i].ino == identity->ino)
            return (int)i;
    return -1;
}

/* Walks up from `folder`. -1: reached the top without meeting one; -2: could not go on. */
static int walk_up(const struct places *places, int folder)
{
    struct mount_identity below = { 0 }, here;
    int at = folder, found = -2;
    for (int depth = 0; depth < DEPTH_MAX; depth++) {
        if (!mounts_identify(at, &here))
            break;
        found = root_find(places, &here);
        if (found >= 0 || (depth > 0 && here.dev == below.dev && here.ino == below.ino && here.mount == below.mount))
            break;
        found = -2;
        below = here;
        int up = os_open_name(at, "..", O_DIRECTORY);
        if (at != folder)
            close(at);
        at = up;
        if (up < 0)
            break;
    }
    if (at >= 0 && at != folder)
        close(at);
    return found;
}

enum status places_find(const struct places *places, int folder, int *ret, struct error *error)
{
    char seen[PATH_MAX], path[WHOLE_BYTES];
    uint64_t dev;
    const char *rest;
    *ret = -1;
    if (places->count == 0)
        return STATUS_OK;
    int found = walk_up(places, folder);
    bool located = locate(places, folder, seen, &dev, path);
    for (size_t i = 0; found < 0 && located && i < places->subtree_count; i++)
        if (places->subtrees[i].dev == dev && lies_in(path, places->subtrees[i].path, &rest))
            found = places->subtrees[i].index;
    if (found == -2 && !located)
        return error_set(error, STATUS_IO,
                         "cannot tell whether it lies in a directory that the guest may write: a folder above it "
                         "cannot be entered");
    *ret = found < 0 ? -1 : found;
    return STATUS_OK;
}

bool places_device(const struct places *places, uint64_t device)
{
    for (size_t i = 0; i < places->count; i++)
        if (places->roots[i].dev == device)
            return true;
    for (size_t i = 0; i < places->subtree_count; i++)
        if (places->subtrees[i].dev == device)
            return true;
    return false;
}
