/* What is mounted where: a grant must hold data, and may hold file systems that are doors into the kernel (proc,
 * sysfs).
 *
 * Invariant: what cannot be told is doubtful. Then the decision core asks for the file system of each directory before
 * it uses a name in it; what is opened, it always asks about where the device changes, also for mounts that came later.
 * Left out on purpose: asking file systems that answer over a network, which may be away; they hold data. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "runtime/base/mounts.h"
#include "runtime/base/os.h"
#include "wasi/backend.h"

/* The types, or how they begin, that are not asked. */
static bool is_network_type(const char *type)
{
    static const char *const types[] = { "nfs", "cifs", "smb3", "ceph", "9p", "afs", "fuse", "lustre", "gpfs" };
    for (size_t i = 0; i < sizeof types / sizeof *types; i++)
        if (!strncmp(type, types[i], strlen(types[i])) && strcmp(type, "fusectl") != 0)
            return true;
    return false;
}

static bool lies_beneath(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    while (length > 0 && folder[length - 1] == '/')
        length--;
    return !strncmp(path, folder, length) && path[length] == '/';
}

struct look {
    const char *folder;
    bool doubtful;
};

/* Whether something is mounted beneath the folder that holds no data, or does not say. */
static enum status mount_look(void *self, const struct mount_entry *entry, struct error *error)
{
    struct look *look = self;
    bool data = false;
    (void)error;
    if (look->doubtful || !lies_beneath(entry->point, look->folder) || is_network_type(entry->type))
        return STATUS_OK;
    int fd = os_open_name(AT_FDCWD, entry->point, O_NOFOLLOW);
    look->doubtful = fd < 0 || act_host_holds_data(fd, &data, NULL) != STATUS_OK || !data;
    if (fd >= 0)
        close(fd);
    return STATUS_OK;
}

static bool mounts_doubtful(const char *folder)
{
    struct look look = { folder, false };
    bool whole;
    return mounts_visit(mount_look, &look, &whole, NULL) != STATUS_OK || !whole || look.doubtful;
}

enum status launch_grant_check(const char *name, int fd, bool *ret_doubtful, struct error *error)
{
    char path[LIMIT_PATH + 1];
    bool data;
    enum status s = act_host_holds_data(fd, &data, error);
    if (s != STATUS_OK)
        return s;
    if (!data)
        return error_set(
            error, STATUS_DENIED,
            "the granted directory %s is part of a file system that holds no data (as /proc and /sys), or of "
            "one that this version does not know; grant a directory of files",
            name);
    *ret_doubtful = !os_descriptor_path(fd, path, sizeof path) || mounts_doubtful(path);
    return STATUS_OK;
}

enum status launch_devices_find(struct run_spec *spec, struct error *error)
{
    uint32_t count = spec->policy.device_count;
    spec->nodes = calloc(count + (size_t)1, sizeof *spec->nodes);
    if (!spec->nodes)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < count; i++) {
        struct stat st;
        const char *path = spec->policy.devices[i], *said = spec->policy.device_said[i];
        enum status s = STATUS_OK;
        if (stat(path, &st) < 0)
            s = error_set_errno(error, STATUS_NOT_FOUND, errno, "cannot look at the device %s of the policy", path);
        else if (!S_ISCHR(st.st_mode))
            s = error_set(error, STATUS_DENIED, "%s of the policy's devices is no character device", path);
        if (s != STATUS_OK && said)
            error_prefix(error, "%s", said);
        if (s != STATUS_OK)
            return s;
        spec->nodes[i] = (struct run_node) { (uint64_t)st.st_dev, st.st_ino, (uint64_t)st.st_rdev };
    }
    spec->node_count = count;
    return STATUS_OK;
}
