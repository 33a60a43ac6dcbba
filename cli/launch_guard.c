/* What no guest may reach through its grants: the policy that it runs under, and the program that enforces it. Also how
 * a folder of ours is opened so that this can be said of it.
 *
 * Judged by identity, of every directory in which a name is looked up on the way: who may write into one of them may
 * put another file at the end. A file with more than one name could have one of them inside a grant; where that cannot
 * be ruled out it is refused.
 *
 * The next start of the program counts too: the folders and files where the dynamic loader would look then.
 *
 * Leaves out: the module, which was copied; the C library's own files beyond the libraries that are loaded; what
 * another environment would have the loader read. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/launch_loader.h"
#include "cli/path_walk.h"

struct look {
    const struct places *writes;
    int found; /* the write grant that decides what the path means, or holds it; -1: none so far */
    bool link; /* through a symbolic link in one */
};

static enum status look_step(void *self, int folder, const char *name, bool link, struct error *error)
{
    struct look *look = self;
    int found;
    (void)name;
    if (look->found >= 0 && (!link || look->link))
        return STATUS_OK;
    enum status s = places_find(look->writes, folder, &found, error);
    if (s != STATUS_OK || found < 0)
        return s;
    look->found = look->found < 0 ? found : look->found;
    look->link |= link;
    return STATUS_OK;
}

/* *ret_fd: of os_open_name. */
static enum status look_at(const struct launch_files *files, const char *path, int *ret_fd, struct look *ret,
                           struct error *error)
{
    *ret = (struct look) { files->writes, -1, false };
    return path_walk(path, look_step, ret, ret_fd, error);
}

enum status launch_folder_open(const struct launch_files *files, const char *path, int *ret_fd, int *ret_grant,
                               struct error *error)
{
    struct stat st;
    struct look look;
    int fd;
    enum status s = look_at(files, path, &fd, &look, error);
    if (s != STATUS_OK)
        return s;
    if (fstat(fd, &st) < 0 || !S_ISDIR(st.st_mode))
        s = error_set(error, STATUS_NOT_FOUND, "not a directory");
    if (s == STATUS_OK && look.link)
        s = error_set(
            error, STATUS_DENIED,
            "the way to it leads through a symbolic link in a directory that the guest may write, where a guest "
            "may have made it; name an output elsewhere");
    if (s == STATUS_OK && look.found < 0)
        s = places_find(files->writes, fd, &look.found, error);
    *ret_grant = look.found;
    if (s != STATUS_OK) {
        error_prefix(error, "%s", path);
        close(fd);
        return s;
    }
    *ret_fd = fd;
    return STATUS_OK;
}

static const char *grant_name(const struct run_spec *spec, const struct launch_files *files, int found)
{
    return spec->policy.files[files->write_grants[found]].host;
}

/* Whether this user may write into the file as its mode bits say. The guest's process has no capability that overrides
 * them. */
static bool writable(const struct stat *st)
{
    return (st->st_uid == geteuid() && (st->st_mode & S_IWUSR)) || (st->st_mode & (S_IWGRP | S_IWOTH)) != 0;
}

/* What more than one name of a file says. */
enum names { NAMES_ANY, NAMES_IF_WRITABLE, NAMES_ONE };

static enum status reachable(const struct run_spec *spec, const struct launch_files *files, const char *what,
                             const char *path, int found, struct error *error)
{
    return error_set(error, STATUS_DENIED,
                     "%s %s lies in the directory %s, which the guest may write: it could change it; keep it outside, "
                     "or grant the directory read-only (:ro)",
                     what, path, grant_name(spec, files, found));
}

static enum status guard(const struct run_spec *spec, const struct launch_files *files, const char *what,
                         const char *path, enum names names, struct error *error)
{
    struct stat st;
    struct look look;
    int fd;
    enum status s = look_at(files, path, &fd, &look, error);
    if (s != STATUS_OK)
        return s;
    bool known = fstat(fd, &st) == 0;
    close(fd);
    if (look.found >= 0)
        return reachable(spec, files, what, path, look.found, error);
    if (known && S_ISREG(st.st_mode) && st.st_nlink > 1 && names != NAMES_ANY &&
        (names == NAMES_ONE || writable(&st)) && places_device(files->writes, (uint64_t)st.st_dev))
        return error_set(error, STATUS_DENIED,
                         "%s %s has %llu names (hard links), and one of them may lie in a directory that the guest may "
                         "write; use a copy of it",
                         what, path, (unsigned long long)st.st_nlink);
    return STATUS_OK;
}

struct libraries {
    const struct run_spec *spec;
    const struct launch_files *files;
    struct error *error;
    enum status status;
};

/* What the loader would read: a folder with all that it holds, or a file. It need not be there: then it is the guest
 * who must not be able to make it. */
static enum status loader_guard(const struct libraries *libraries, const char *what, const char *path)
{
    struct error own = ERROR_INIT;
    struct stat st;
    struct look look;
    int fd;
    enum status s = look_at(libraries->files, path, &fd, &look, &own);
    if (s == STATUS_OK) {
        if (look.found < 0 && (fstat(fd, &st) < 0 || S_ISDIR(st.st_mode)))
            s = places_find(libraries->files->writes, fd, &look.found, &own);
        close(fd);
    }
    if (look.found >= 0)
        return reachable(libraries->spec, libraries->files, what, path, look.found, libraries->error);
    return s == STATUS_OK || s == STATUS_NOT_FOUND ? STATUS_OK : error_copy(libraries->error, s, &own);
}

/* A folder of libraries, and those in it that the loader prefers on some processors. */
static enum status loader_folder_guard(const struct libraries *libraries, const char *what, const char *folder)
{
    enum status s = STATUS_OK;
    for (const char *const *under = loader_folders_under; s == STATUS_OK && *under; under++) {
        char path[4200];
        if (snprintf(path, sizeof path, "%s%s", folder, *under) >= (int)sizeof path)
            return error_set(libraries->error, STATUS_LIMIT, "%s is too long: %s", what, folder);
        s = loader_guard(libraries, what, path);
    }
    return s;
}

/* path: has a slash. */
static bool library_look(void *self, const char *path)
{
    struct libraries *libraries = self;
    const char *slash = strrchr(path, '/');
    char folder[4096];
    libraries->status = guard(libraries->spec, libraries->files, "the library", path, NAMES_ANY, libraries->error);
    if (libraries->status != STATUS_OK)
        return false;
    snprintf(folder, sizeof folder, "%.*s", slash == path ? 1 : (int)(slash - path), path);
    libraries->status = loader_folder_guard(libraries, "the libraries' folder", folder);
    return libraries->status == STATUS_OK;
}

static enum status loader_variable_guard(const struct libraries *libraries, const struct loader_variable *variable)
{
    const char *at = getenv(variable->name);
    if (!at || !*at)
        return STATUS_OK;
    for (bool more = true; more;) {
        size_t length = strcspn(at, variable->separators);
        char path[4096];
        if (length >= sizeof path)
            return error_set(libraries->error, STATUS_LIMIT, "a name in %s is too long", variable->name);
        snprintf(path, sizeof path, "%.*s", (int)length, at);
        more = at[length] != '\0';
        at += length + more;
        enum status s = STATUS_OK;
        if (strchr(path, '$'))
            s = error_set(libraries->error, STATUS_DENIED,
                          "%s has \"%s\", and what the loader makes of its $ is not known here: unset it, or grant no "
                          "directory for writing",
                          variable->name, path);
        else if (variable->folders)
            s = loader_folder_guard(libraries, variable->what, *path ? path : "."); /* as the loader takes it */
        else if (strchr(path, '/'))
            s = loader_guard(libraries, variable->what, path);
        if (s != STATUS_OK)
            return s;
    }
    return STATUS_OK;
}

/* What the next start would load. */
static enum status loader_all_guard(const struct libraries *libraries)
{
    enum status s = STATUS_OK;
    for (const struct loader_variable *variable = loader_variables; s == STATUS_OK && variable->name; variable++)
        s = loader_variable_guard(libraries, variable);
    for (const char *const *file = loader_files; s == STATUS_OK && *file; file++)
        s = loader_guard(libraries, "the dynamic loader's file", *file);
    return s;
}

static enum status installation_guard(const struct run_spec *spec, const struct launch_files *files,
                                      struct error *error)
{
    static const char *const parts[] = { "warrant-guest",    "warrant-recorder", "warrant-witness",
                                         "warrant-replayer", "warrant-symbols",  "warrant-resolver" };
    char path[4200];
    enum status s = launch_self_path(path, sizeof path, error);
    if (s == STATUS_OK)
        s = guard(spec, files, "the program", path, NAMES_IF_WRITABLE, error);
    for (size_t i = 0; s == STATUS_OK && i < sizeof parts / sizeof *parts; i++) {
        s = launch_part_path(parts[i], path, sizeof path, error);
        if (s == STATUS_OK)
            s = guard(spec, files, "the program's part", path, NAMES_IF_WRITABLE, error);
    }
    if (s != STATUS_OK)
        return s;
    struct libraries libraries = { .spec = spec, .files = files, .error = error };
    loader_libraries(library_look, &libraries);
    return libraries.status == STATUS_OK ? loader_all_guard(&libraries) : libraries.status;
}

enum status launch_guard(const struct launch_options *options, const struct launch_files *files, struct error *error)
{
    if (files->write_count == 0)
        return STATUS_OK;
    for (size_t i = 0; i < options->policy_count; i++) {
        enum status s = guard(options->spec, files, "the policy", options->policy_paths[i], NAMES_ONE, error);
        if (s != STATUS_OK)
            return s;
    }
    return installation_guard(options->spec, files, error);
}
