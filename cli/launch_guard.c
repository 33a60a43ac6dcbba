/* What no guest may reach through its grants: the policy that it runs under, and the program that enforces it. Also how
 * a folder of ours is opened so that this can be said of it.
 *
 * Judged by identity, of every directory in which a name is looked up on the way: who may write into one of them may
 * put another file at the end. A file with more than one name could have one of them inside a grant; where that cannot
 * be ruled out it is refused.
 *
 * Leaves out: the module, which was copied; the C library's own files beyond the libraries that are loaded. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <link.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* *ret_fd: with O_PATH. */
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
        return error_set(
            error, STATUS_DENIED,
            "%s %s lies in the directory %s, which the guest may write: it could change it; keep it outside, or "
            "grant the directory read-only (:ro)",
            what, path, grant_name(spec, files, look.found));
    if (known && S_ISREG(st.st_mode) && st.st_nlink > 1 && names != NAMES_ANY &&
        (names == NAMES_ONE || writable(&st)) && places_device(files->writes, st.st_dev))
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
    char folder[4096]; /* that was looked at last: most lie in the same */
};

static int library_look(struct dl_phdr_info *info, size_t size, void *self)
{
    struct libraries *libraries = self;
    const char *path = info->dlpi_name, *slash = path ? strrchr(path, '/') : NULL;
    (void)size;
    if (!slash) /* the program itself, and what the kernel maps */
        return 0;
    size_t length = (size_t)(slash - path);
    if (strlen(libraries->folder) == length && !strncmp(libraries->folder, path, length))
        return 0;
    libraries->status = guard(libraries->spec, libraries->files, "the library", path, NAMES_ANY, libraries->error);
    if (length < sizeof libraries->folder)
        snprintf(libraries->folder, sizeof libraries->folder, "%.*s", (int)length, path);
    return libraries->status != STATUS_OK;
}

static enum status installation_guard(const struct run_spec *spec, const struct launch_files *files,
                                      struct error *error)
{
    static const char *const parts[] = { "warrant-guest", "warrant-recorder", "warrant-witness",
                                         "warrant-replayer" };
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
    dl_iterate_phdr(library_look, &libraries);
    return libraries.status;
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
