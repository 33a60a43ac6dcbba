/* Resolves what a policy names: links followed, relative to the working directory, as a recording does it. What does
 * not exist here (a trace is checked anywhere) keeps its name behind the part that does. */
#include "cli/policy_places.h"

#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

/* The longest part of `path` that exists, resolved, and the rest behind it. Returns owned, NULL where memory or names
 * run out. */
static char *resolve(const char *path)
{
    char head[PATH_MAX], folder[PATH_MAX];
    if (path[0] != '/' && !getcwd(folder, sizeof folder))
        return NULL;
    int length =
        path[0] == '/' ? snprintf(head, sizeof head, "%s", path) : snprintf(head, sizeof head, "%s/%s", folder, path);
    if (length >= (int)sizeof head)
        return NULL;
    char *whole = realpath(head, NULL);
    for (size_t end = (size_t)length; !whole && end > 0;) {
        while (end > 0 && head[end - 1] != '/')
            end--;
        while (end > 1 && head[end - 1] == '/')
            end--;
        char kept = head[end], *before;
        head[end] = 0;
        before = realpath(head, NULL);
        head[end] = kept;
        if (!before && (errno == ENOENT || errno == ENOTDIR || errno == EACCES) && end > 1)
            continue;
        const char *rest = head + end + strspn(head + end, "/");
        size_t size = before ? strlen(before) + strlen(rest) + 2 : 0;
        whole = before ? malloc(size) : NULL;
        if (whole)
            snprintf(whole, size, "%s/%s", strcmp(before, "/") == 0 ? "" : before, rest);
        free(before);
        return whole;
    }
    return whole;
}

enum status policy_places_find(const struct policy *policy, struct check_place **ret, struct error *error)
{
    struct check_place *places = calloc(policy->file_count + (size_t)1, sizeof *places);
    if (!places)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < policy->file_count; i++) {
        struct stat st;
        places[i].path = resolve(policy->files[i].host);
        if (!places[i].path) {
            policy_places_free(places, i);
            return error_set(error, STATUS_IO, "cannot tell where %s lies", policy->files[i].host);
        }
        places[i].here = stat(places[i].path, &st) == 0;
        if (places[i].here) {
            places[i].dev = (uint64_t)st.st_dev;
            places[i].ino = st.st_ino;
        }
    }
    *ret = places;
    return STATUS_OK;
}

void policy_places_free(struct check_place *places, uint32_t count)
{
    for (uint32_t i = 0; places && i < count; i++)
        free(places[i].path);
    free(places);
}
