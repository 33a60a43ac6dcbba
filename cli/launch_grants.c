/* The granted directories, and with launch_listen.c the sockets: opened here and nowhere else; the guest's process gets
 * descriptors. And what follows from the directories: which places the guest may write.
 *
 * Invariant: what is opened for a guest, no guest could have planted. Every name on the way to a grant that is looked
 * up where a write grant of the same policy reaches is a directory there, never a link. And what is granted for reading
 * cannot be written by another of the grants' names. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "cli/path_walk.h"
#include "wasi/backend.h"

static enum status initial_stat(struct run_spec *spec, uint32_t handle, int fd, int host_fd, struct error *error)
{
    struct filestat stat;
    enum status s = act_host_stat(fd, &stat, error);
    if (s == STATUS_OK)
        spec->initial[handle] = (struct run_initial) {
            .dev = stat.dev, .ino = stat.ino, .filetype = (uint32_t)stat.filetype, .host_fd = (uint32_t)host_fd
        };
    return s;
}

/* Puts where the grant was given before what went wrong with it: `policy.yaml:4: ...`. */
static enum status grant_failed(const struct policy_file *file, enum status status, struct error *error)
{
    if (file->said)
        error_prefix(error, "%s", file->said);
    return status;
}

static enum status grants_open(struct run_spec *spec, struct launch_files *files, struct error *error)
{
    for (uint32_t i = 0; i < spec->policy.file_count; i++) {
        const struct policy_file *file = &spec->policy.files[i];
        int fd = open(file->host, O_RDONLY | O_DIRECTORY | O_CLOEXEC | O_NONBLOCK);
        if (fd < 0)
            return grant_failed(file,
                                error_set_errno(error, errno == EMFILE ? STATUS_LIMIT : STATUS_NOT_FOUND, errno,
                                                "cannot open the granted directory %s", file->host),
                                error);
        files->grants[i] = fd;
        enum status s = initial_stat(spec, 3 + i, fd, GUEST_FD_GRANTS + (int)i, error);
        if (s == STATUS_OK)
            s = launch_grant_check(file->host, fd, &spec->initial[3 + i].doubtful, error);
        if (s != STATUS_OK)
            return grant_failed(file, s, error);
    }
    return STATUS_OK;
}

static enum status listens_open(struct run_spec *spec, struct launch_files *files, struct error *error)
{
    for (uint32_t i = 0; i < spec->policy.listen_count; i++) {
        uint32_t place = spec->policy.file_count + i;
        struct net_address address = spec->policy.listens[i];
        enum status s = launch_listen_open(&address, &files->grants[place], error);
        if (s == STATUS_OK)
            s = initial_stat(spec, 3 + place, files->grants[place], GUEST_FD_GRANTS + (int)place, error);
        if (s != STATUS_OK)
            return s;
        spec->initial[3 + place].address = address;
    }
    return STATUS_OK;
}

/* Where the guest's process asks for names: behind all that the guest itself has. */
static enum status resolver_open(struct run_spec *spec, struct launch_files *files, struct error *error)
{
    if (!spec->policy.name_count)
        return STATUS_OK;
    enum status s = launch_resolver_pair(files, error);
    return s == STATUS_OK ? initial_stat(spec, spec->initial_count - 1, files->asking, GUEST_FD_RESOLVER, error) : s;
}

static enum status writes_find(const struct policy *policy, struct launch_files *files, struct error *error)
{
    int *fds = calloc(policy->file_count + (size_t)1, sizeof *fds);
    files->write_grants = calloc(policy->file_count + (size_t)1, sizeof *files->write_grants);
    if (!fds || !files->write_grants) {
        free(fds);
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    size_t count = 0;
    for (uint32_t i = 0; i < policy->file_count; i++) {
        if (!policy->files[i].writes)
            continue;
        files->write_grants[count] = i;
        fds[count++] = files->grants[i];
    }
    files->write_count = (uint32_t)count;
    enum status s = places_create(fds, count, &files->writes, error);
    free(fds);
    return s;
}

struct way {
    const struct launch_files *files;
    const struct policy *policy;
    const char *path;
};

static enum status way_step(void *self, int folder, const char *name, bool link, struct error *error)
{
    const struct way *way = self;
    int found;
    if (!link)
        return STATUS_OK;
    enum status s = places_find(way->files->writes, folder, &found, error);
    if (s != STATUS_OK || found < 0)
        return s;
    return error_set(
        error, STATUS_DENIED,
        "the way to the granted directory %s leads through the symbolic link \"%s\" in %s, which a guest may "
        "write and so may have made; grant the directory by its own path",
        way->path, name, way->policy->files[way->files->write_grants[found]].host);
}

/* Goes the way to each grant once more, now that it is known what a guest may have planted on it. */
static enum status ways_check(const struct run_spec *spec, const struct launch_files *files, struct error *error)
{
    for (uint32_t i = 0; i < spec->policy.file_count; i++) {
        struct way way = { files, &spec->policy, spec->policy.files[i].host };
        struct stat walked, opened;
        int fd;
        enum status s = path_walk(way.path, way_step, &way, &fd, error);
        if (s != STATUS_OK)
            return grant_failed(&spec->policy.files[i], s, error);
        bool same = fstat(fd, &walked) == 0 && fstat(files->grants[i], &opened) == 0 &&
                    walked.st_dev == opened.st_dev && walked.st_ino == opened.st_ino;
        close(fd);
        if (!same)
            return error_set(error, STATUS_DENIED, "the granted directory %s changed while it was opened", way.path);
    }
    return STATUS_OK;
}

/* A grant for reading that lies in one for writing, or is the same directory, promises what does not hold. The other
 * way round, a part that may be written of what may be read, both hold. */
static enum status overlaps_check(const struct policy *policy, const struct launch_files *files, struct error *error)
{
    for (uint32_t i = 0; i < policy->file_count; i++) {
        const struct policy_file *file = &policy->files[i];
        int found;
        if (file->writes)
            continue;
        enum status s = places_find(files->writes, files->grants[i], &found, error);
        if (s == STATUS_OK && found >= 0) {
            const struct policy_file *over = &policy->files[files->write_grants[found]];
            s = error_set(
                error, STATUS_DENIED,
                "%s is granted for reading, and is or lies in %s, which is granted for writing (%s): what is in it "
                "could be changed all the same; give both the same access",
                file->host, over->host, over->said ? over->said : over->guest);
        }
        if (s != STATUS_OK)
            return grant_failed(file, s, error);
    }
    return STATUS_OK;
}

enum status launch_grants_open(struct run_spec *spec, struct launch_files *files, struct error *error)
{
    uint32_t count = spec->policy.file_count + spec->policy.listen_count;
    enum status s = STATUS_OK;
    files->grants = calloc(count + (size_t)1, sizeof *files->grants);
    spec->initial_count = run_spec_initials(&spec->policy);
    spec->initial = calloc(spec->initial_count, sizeof *spec->initial);
    if (!files->grants || !spec->initial)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < count; i++)
        files->grants[i] = -1;
    files->grant_count = count;
    for (int fd = 0; fd < 3 && s == STATUS_OK; fd++)
        s = initial_stat(spec, (uint32_t)fd, fd, fd, error);
    if (s == STATUS_OK)
        s = grants_open(spec, files, error);
    if (s == STATUS_OK)
        s = writes_find(&spec->policy, files, error);
    if (s == STATUS_OK)
        s = ways_check(spec, files, error);
    if (s == STATUS_OK)
        s = overlaps_check(&spec->policy, files, error);
    return s == STATUS_OK ? launch_devices_find(spec, error) : s;
}

enum status launch_sockets_open(struct run_spec *spec, struct launch_files *files, struct error *error)
{
    enum status s = listens_open(spec, files, error);
    return s == STATUS_OK ? resolver_open(spec, files, error) : s;
}
