/* Closes what the process inherited and does not need: a guest that escapes finds no open file of its parent's.
 *
 * Invariant: a kept descriptor is never closed, not even for a moment. Source: close_range(2). */
#include <dirent.h>
#include <errno.h>
#include <stdlib.h>
#include <unistd.h>
#include "runtime/base/os.h"
#include "wasi/confine/confine.h"

enum { FIRST = 3, KEEP_MAX = 4096 };

static int fd_compare(const void *left, const void *right)
{
    const int *l = left, *r = right;
    return (*l > *r) - (*l < *r);
}

static bool kept(const int *sorted, size_t count, int fd)
{
    return bsearch(&fd, sorted, count, sizeof fd, fd_compare) != NULL;
}

/* For Linux before 5.9. */
static enum status close_listed(const int *sorted, size_t count, struct error *error)
{
    DIR *folder = opendir("/proc/self/fd");
    if (!folder)
        return error_set_errno(error, STATUS_IO, errno, "inherited descriptors cannot be listed");
    for (struct dirent *entry; (entry = readdir(folder));) {
        char *end;
        long fd = strtol(entry->d_name, &end, 10);
        if (end != entry->d_name && !*end && fd >= FIRST && fd != dirfd(folder) && !kept(sorted, count, (int)fd))
            close((int)fd);
    }
    closedir(folder);
    return STATUS_OK;
}

static bool close_gap(unsigned first, unsigned last) { return first > last || os_close_range(first, last); }

enum status confine_close_inherited(const int *keep, size_t count, struct error *error)
{
    if (count > KEEP_MAX)
        return error_set(error, STATUS_LIMIT, "more than %d descriptors are to be kept", KEEP_MAX);
    int sorted[KEEP_MAX];
    size_t used = 0;
    for (size_t i = 0; i < count; i++)
        if (keep[i] >= FIRST)
            sorted[used++] = keep[i];
    qsort(sorted, used, sizeof *sorted, fd_compare);
    unsigned next = FIRST;
    bool done = true;
    for (size_t i = 0; i < used && done; i++) {
        done = close_gap(next, (unsigned)sorted[i] - 1);
        next = (unsigned)sorted[i] + 1;
    }
    done = done && close_gap(next, ~0U);
    return done ? STATUS_OK : close_listed(sorted, used, error);
}
