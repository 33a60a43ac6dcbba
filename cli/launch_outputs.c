/* What a recording leaves: trace, witness file, and while it runs the ring. Made in a folder that is opened once and
 * that no guest of the run can write; nothing that was there is touched before the guest starts.
 *
 * The ring is made first and exclusively, so that its name is the lock on all three, and it is locked for as long as
 * launcher or recorder live: that is how `warrant recover` knows. Where the guest could write to the place of an
 * output, it is made in the user's state folder; of one that was named a copy follows (launch_copy.c). docs/policy.md.
 */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <unistd.h>

enum { NUMBERS_MAX = 100000 };

struct names {
    char trace[FILE_NAME_BYTES], ring[FILE_NAME_BYTES], witness[FILE_NAME_BYTES];
};

struct making {
    const struct launch_options *options;
    struct launch_files *files;
    char folder[3 * 1024]; /* its path, for messages */
    char name[FILE_NAME_BYTES];
    struct names names;
    bool numbered, moved; /* a number where the name is taken; to the state folder */
};

/* "%s" of a name in the folder. */
static const char *shown(const struct making *making, const char *name, char ret[4096])
{
    bool here = !strcmp(making->folder, ".") && !strchr(making->options->trace_path, '/');
    const char *slash = making->folder[strlen(making->folder) - 1] == '/' ? "" : "/";
    snprintf(ret, 4096, "%s%s%s", here ? "" : making->folder, here ? "" : slash, name);
    return ret;
}

/* FILE.wtrace has its witness in FILE.wwit; any other name gets .wwit behind it. number: 0 is none. */
static enum status names_fill(struct making *making, unsigned number, struct error *error)
{
    const char *name = making->name;
    size_t length = strlen(name), suffix = strlen(".wtrace");
    bool usual = length > suffix && !strcmp(name + length - suffix, ".wtrace");
    struct names *names = &making->names;
    char stem[FILE_NAME_BYTES + 16], wanted[3][FILE_NAME_BYTES + 32];
    snprintf(stem, sizeof stem, "%.*s", (int)(usual ? length - suffix : length), name);
    if (number)
        snprintf(stem + strlen(stem), sizeof stem - strlen(stem), ".%u", number);
    snprintf(wanted[0], sizeof wanted[0], "%s%s", stem, usual ? ".wtrace" : "");
    snprintf(wanted[1], sizeof wanted[1], "%s.ring", wanted[0]);
    snprintf(wanted[2], sizeof wanted[2], "%s.wwit", stem);
    char *const fields[] = { names->trace, names->ring, names->witness };
    for (int i = 0; i < 3; i++) {
        if (strlen(wanted[i]) >= FILE_NAME_BYTES)
            return error_set(error, STATUS_LIMIT, "the trace's name %s is too long; name another output with -o", name);
        memcpy(fields[i], wanted[i], strlen(wanted[i]) + 1);
    }
    return STATUS_OK;
}

static bool is_there(int folder, const char *name)
{
    struct stat st;
    return fstatat(folder, name, &st, AT_SYMLINK_NOFOLLOW) == 0 || errno != ENOENT;
}

/* ---- where ---- */

/* DENIED: it is not this user's alone. */
static enum status folder_own(int fd, const char *path, struct error *error)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot look at %s", path);
    if (st.st_uid != geteuid() || (st.st_mode & (S_IWGRP | S_IWOTH)))
        return error_set(error, STATUS_DENIED,
                         "the folder %s, where the trace would go, may be written by others; name an output with -o",
                         path);
    return STATUS_OK;
}

/* Makes the folders of `path` that are missing, for this user alone. What fails shows when it is opened. */
static void folders_make(const char *path)
{
    char part[4096];
    snprintf(part, sizeof part, "%s", path);
    for (char *slash = strchr(part + 1, '/'); slash; slash = strchr(slash + 1, '/')) {
        *slash = '\0';
        mkdir(part, 0700);
        *slash = '/';
    }
    mkdir(part, 0700);
}

/* Why neither variable gives a folder. */
static const char *state_missing(const char *state, const char *home)
{
    if ((state && state[0] == '/') || (home && home[0] == '/'))
        return "its path is too long";
    if (home && *home)
        return "$HOME is not absolute";
    if (state && *state)
        return home ? "$XDG_STATE_HOME is not absolute, $HOME is empty" : "$XDG_STATE_HOME is not absolute, no $HOME";
    return home ? "no $XDG_STATE_HOME, $HOME is empty" : "no $XDG_STATE_HOME, no $HOME";
}

/* The user's state folder: $XDG_STATE_HOME/warrant, else ~/.local/state/warrant. */
static enum status state_open(struct making *making, const char *grant, struct error *error)
{
    const char *state = getenv("XDG_STATE_HOME"), *home = getenv("HOME");
    int fd = -1, found = -1, length = -1;
    if (state && state[0] == '/')
        length = snprintf(making->folder, sizeof making->folder, "%s/warrant", state);
    else if (home && home[0] == '/')
        length = snprintf(making->folder, sizeof making->folder, "%s/.local/state/warrant", home);
    if (length < 0 || length >= (int)sizeof making->folder)
        return error_set(error, STATUS_DENIED,
                         "the trace would lie in %s, which the guest may write, and there is no state folder to put it "
                         "into (%s): name an output outside of it with -o",
                         grant, state_missing(state, home));
    folders_make(making->folder);
    enum status s = launch_folder_open(making->files, making->folder, &fd, &found, error);
    if (s != STATUS_OK) {
        error_prefix(error, "the trace would lie in %s, which the guest may write, and cannot go to the state folder",
                     grant);
        return s;
    }
    making->files->folder = fd;
    if (found >= 0)
        return error_set(error, STATUS_DENIED,
                         "the guest may write both here and in the state folder %s, so that there is no place for its "
                         "trace; name an output outside of what is granted with -o, or grant read-only (:ro)",
                         making->folder);
    return folder_own(fd, making->folder, error);
}

/* The user named a place where the guest can write. What is there a guest may have made; if nothing is, a copy goes
 * there when the guest is gone. */
static enum status copy_prepare(struct making *making, int folder, const char *grant, struct error *error)
{
    struct launch_files *files = making->files;
    char text[4096];
    enum status s = names_fill(making, 0, error);
    if (s != STATUS_OK)
        return s;
    const char *const names[] = { making->names.trace, making->names.witness };
    for (int i = 0; i < 2; i++) {
        if (is_there(folder, names[i]))
            return error_set(
                error, STATUS_DENIED,
                "%s is there already, in the directory %s, which the guest may write: a guest may have made it; "
                "name an output outside, or grant the directory read-only (:ro)",
                shown(making, names[i], text), grant);
        snprintf(files->copy_names[i], sizeof files->copy_names[i], "%s", names[i]);
        shown(making, names[i], files->copy_paths[i]);
    }
    return STATUS_OK;
}

static enum status folder_choose(struct making *making, struct error *error)
{
    const char *path = making->options->trace_path;
    int fd, found;
    enum status s = file_path_split(path, making->folder, sizeof making->folder, making->name, error);
    if (s == STATUS_OK)
        s = launch_folder_open(making->files, making->folder, &fd, &found, error);
    if (s != STATUS_OK)
        return s;
    if (found < 0) {
        making->files->folder = fd;
        making->numbered = making->options->trace_default;
        return STATUS_OK;
    }
    const struct run_spec *spec = making->options->spec;
    const char *grant = spec->policy.files[making->files->write_grants[found]].host;
    if (making->options->trace_default)
        close(fd);
    else
        s = copy_prepare(making, making->files->copy_folder = fd, grant, error);
    making->numbered = making->moved = true;
    return s == STATUS_OK ? state_open(making, grant, error) : s;
}

/* ---- making ---- */

/* An output is never the input. */
static enum status not_an_input(const struct making *making, const char *name, struct error *error)
{
    struct stat st, other;
    char text[4096];
    if (fstatat(making->files->folder, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
        return STATUS_OK;
    if (stat(making->options->spec->module_path, &other) == 0 && st.st_dev == other.st_dev && st.st_ino == other.st_ino)
        return error_set(error, STATUS_DENIED, "%s is the module itself; name another output",
                         shown(making, name, text));
    for (size_t i = 0; i < making->options->policy_count; i++)
        if (stat(making->options->policy_paths[i], &other) == 0 && st.st_dev == other.st_dev &&
            st.st_ino == other.st_ino)
            return error_set(error, STATUS_DENIED, "%s is the policy itself; name another output",
                             shown(making, name, text));
    return STATUS_OK;
}

static enum status ring_taken(const struct making *making, struct error *error)
{
    char ring[4096], trace[4096];
    int fd = openat(making->files->folder, making->names.ring, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
    bool living = fd >= 0 && flock(fd, LOCK_EX | LOCK_NB) < 0 && errno == EWOULDBLOCK;
    if (fd >= 0)
        close(fd);
    shown(making, making->names.ring, ring);
    shown(making, making->names.trace, trace);
    if (living)
        return error_set(error, STATUS_DENIED, "%s is being recorded by another warrant; name another output", trace);
    return error_set(
        error, STATUS_DENIED,
        "%s is there: a recording was killed. `warrant recover %s` saves what it holds; or remove it, or name "
        "another output",
        ring, trace);
}

static enum status ring_make(struct making *making, bool *ret_taken, struct error *error)
{
    struct launch_files *files = making->files;
    struct error own = ERROR_INIT;
    *ret_taken = is_there(files->folder, making->names.ring);
    enum status s =
        *ret_taken ? STATUS_DENIED
                   : file_make(files->folder, making->names.ring, shown(making, making->names.ring, files->ring_path),
                               false, &files->ring_made, &files->ring, &own);
    *ret_taken = s == STATUS_DENIED;
    if (s == STATUS_OK && !file_lock(files->ring))
        errno = 0; /* a file system that has no locks: recover does not take it for dead then either */
    if (s != STATUS_OK && s != STATUS_DENIED)
        return error_copy(error, s, &own);
    return s;
}

static enum status pair_make(struct making *making, bool replace, struct error *error)
{
    struct launch_files *files = making->files;
    const struct names *names = &making->names;
    enum status s = not_an_input(making, names->trace, error);
    if (s == STATUS_OK)
        s = not_an_input(making, names->witness, error);
    if (s == STATUS_OK)
        s = file_make(files->folder, names->trace, shown(making, names->trace, files->trace_path), replace,
                      &files->trace_made, &files->trace, error);
    if (s != STATUS_OK)
        return s;
    shown(making, names->witness, files->witness_path);
    if (making->options->spec->facts.witness_asked != WITNESS_MODE_OFF)
        return file_make(files->folder, names->witness, files->witness_path, replace, &files->witness_made,
                         &files->witness, error);
    bool exists;
    return file_replaceable(files->folder, names->witness, files->witness_path, &exists, error);
}

static void unmake(const struct launch_options *options, struct launch_files *files)
{
    int *const fds[] = { &files->trace, &files->ring, &files->witness };
    launch_outputs_drop(options, files);
    for (size_t i = 0; i < sizeof fds / sizeof *fds; i++) {
        if (*fds[i] >= 0)
            close(*fds[i]);
        *fds[i] = -1;
    }
}

static enum status make_named(struct making *making, struct error *error)
{
    bool taken;
    enum status s = names_fill(making, 0, error);
    if (s == STATUS_OK)
        s = not_an_input(making, making->names.trace, error);
    if (s != STATUS_OK)
        return s;
    s = ring_make(making, &taken, error);
    if (taken)
        return ring_taken(making, error);
    return s == STATUS_OK ? pair_make(making, true, error) : s;
}

/* The first number whose three names are all free. */
static enum status make_numbered(struct making *making, unsigned *ret_number, struct error *error)
{
    int folder = making->files->folder;
    for (unsigned number = 0; number < NUMBERS_MAX; number++) {
        struct error own = ERROR_INIT;
        bool taken;
        enum status s = names_fill(making, number, error);
        if (s != STATUS_OK)
            return s;
        if (is_there(folder, making->names.trace) || is_there(folder, making->names.witness))
            continue;
        s = ring_make(making, &taken, error);
        if (taken)
            continue;
        if (s == STATUS_OK)
            s = pair_make(making, false, &own);
        *ret_number = number;
        if (s != STATUS_DENIED)
            return s == STATUS_OK || own.status == STATUS_OK ? s : error_copy(error, s, &own);
        unmake(making->options, making->files); /* somebody was faster */
    }
    return error_set(error, STATUS_LIMIT, "%s and %d numbers of it are taken; name an output with -o",
                     making->options->trace_path, NUMBERS_MAX);
}

enum status launch_outputs_make(const struct launch_options *options, struct launch_files *files, struct error *error)
{
    struct making making = { .options = options, .files = files };
    unsigned number = 0;
    enum status s = folder_choose(&making, error);
    if (s == STATUS_OK)
        s = making.numbered ? make_numbered(&making, &number, error) : make_named(&making, error);
    if (s == STATUS_OK) {
        s = trace_ring_create(files->ring, options->spec->run_id, error);
        if (s == STATUS_OK) /* so that ticks and the description speak of the same moment */
            s = trace_ring_started(files->ring, &options->spec->started_ns, error);
        if (s != STATUS_OK)
            error_prefix(error, "%s", files->ring_path);
    }
    if (s != STATUS_OK) {
        unmake(options, files);
        return s;
    }
    if (options->moved && files->copy_folder >= 0)
        options->moved(
            options->moved_self, files->trace_path,
            "the guest may write where it was named to lie, and gets no more than a copy there when it has ended");
    else if (options->moved && (making.moved || number))
        options->moved(options->moved_self, files->trace_path,
                       making.moved ? "the guest may write where it would lie otherwise"
                                    : "the name without a number is taken");
    return STATUS_OK;
}
