/* A policy that its guest could write acquits it; a database that the guests it speaks of could write is worth nothing,
 * and its journal would be theirs to plant: SQLite plays back whatever lies beside the file under that name.
 *
 * What a guest may write is what the trace's description says, if it was recorded on this machine and the directory is
 * still the same one.
 *
 * Leaves out: guests of traces that are not checked together with it. */
#include "cli/check_place.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/utsname.h>
#include <unistd.h>

#include "cli/file_make.h"
#include "cli/path_walk.h"
#include "cli/places.h"
#include "runtime/base/os.h"
#include "tracer/trace.h"
#include "wasi/policy/policy.h"

struct search {
    const struct places *writes;
    int found;
};

static enum status search_step(void *self, int folder, const char *name, bool link, struct error *error)
{
    struct search *search = self;
    (void)name;
    (void)link;
    return search->found >= 0 ? STATUS_OK : places_find(search->writes, folder, &search->found, error);
}

/* The directories of write grants that are still what they were. Returns how many; the caller closes them. */
static size_t grants_open(const struct run_spec *spec, int *fds)
{
    size_t count = 0;
    for (uint32_t i = 0; i < spec->policy.file_count && 3 + i < spec->initial_count; i++) {
        const struct run_initial *initial = &spec->initial[3 + i];
        struct stat st;
        if (!spec->policy.files[i].writes || !initial->path || !initial->path[0])
            continue;
        int fd = os_open_name(AT_FDCWD, initial->path, O_DIRECTORY);
        if (fd < 0)
            continue;
        if (fstat(fd, &st) == 0 && (uint64_t)st.st_dev == initial->dev && st.st_ino == initial->ino)
            fds[count++] = fd;
        else
            close(fd);
    }
    return count;
}

/* Is `path`, a folder or a file in one, where a guest could write? What does not exist is nowhere. */
static enum status search_on(struct search *search, const char *path, struct error *error)
{
    struct error failure = ERROR_INIT;
    struct stat st;
    int fd;
    enum status s = path_walk(path, search_step, search, &fd, &failure);
    if (s == STATUS_NOT_FOUND)
        return STATUS_OK;
    if (s != STATUS_OK)
        return error_copy(error, s, &failure);
    if (search->found < 0 && fstat(fd, &st) == 0 && S_ISDIR(st.st_mode))
        s = places_find(search->writes, fd, &search->found, error);
    close(fd);
    return s;
}

static enum status place_of(const char *path, const char *folder, const struct run_spec *spec, bool *ret_inside,
                            struct error *error)
{
    int *fds = calloc(spec->policy.file_count + (size_t)1, sizeof *fds);
    struct places *writes = NULL;
    if (!fds)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    size_t count = grants_open(spec, fds);
    enum status s = places_create(fds, count, &writes, error);
    struct search search = { writes, -1 };
    if (s == STATUS_OK)
        s = search_on(&search, folder, error);
    if (s == STATUS_OK)
        s = search_on(&search, path, error);
    for (size_t i = 0; i < count; i++)
        close(fds[i]);
    free(fds);
    places_free(writes);
    *ret_inside = search.found >= 0;
    return s;
}

static enum status trace_place(const char *what, const char *path, const char *folder, const char *trace,
                               struct error *error)
{
    struct trace_reader *reader;
    struct run_spec spec;
    struct utsname machine;
    size_t size;
    bool inside = false;
    if (trace_reader_open(trace, &reader, NULL) != STATUS_OK)
        return STATUS_OK;
    const void *bytes = trace_reader_description(reader, &size);
    enum status s = STATUS_OK;
    if (run_spec_decode(bytes, size, &spec, NULL) == STATUS_OK) {
        if (uname(&machine) == 0 && spec.facts.host && !strcmp(spec.facts.host, machine.nodename))
            s = place_of(path, folder, &spec, &inside, error);
        run_spec_done(&spec);
    }
    trace_reader_close(reader);
    if (s == STATUS_OK && inside)
        s = error_set(
            error, STATUS_DENIED,
            "%s %s would lie in a directory which the guest of %s may write: it could change what is said of it; "
            "name one outside",
            what, path, trace);
    return s;
}

enum status check_place(const char *what, const char *path, char *const *traces, int count, struct error *error)
{
    char folder[4096], name[FILE_NAME_BYTES];
    enum status s = file_path_split(path, folder, sizeof folder, name, error);
    for (int i = 0; s == STATUS_OK && i < count; i++)
        s = trace_place(what, path, folder, traces[i], error);
    return s;
}
