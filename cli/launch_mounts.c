/* What is mounted where: a grant must hold data, and may hold file systems that are doors into the kernel (proc,
 * sysfs).
 *
 * Invariant: what cannot be told is doubtful. Then the decision core asks for the file system of each directory before
 * it uses a name in it; what is opened, it always asks about where the device changes, also for mounts that came later.
 * Left out on purpose: asking file systems that answer over a network, which may be away; they hold data. Source:
 * proc(5) on mountinfo. */
#include "cli/launch.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

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

/* Undoes mountinfo's escapes (\040 and its like) in place. */
static void unescape(char *text)
{
    char *to = text;
    for (const char *at = text; *at;) {
        if (at[0] == '\\' && at[1] >= '0' && at[1] <= '3' && at[2] >= '0' && at[2] <= '7' && at[3] >= '0' &&
            at[3] <= '7') {
            *to++ = (char)((at[1] - '0') << 6 | (at[2] - '0') << 3 | (at[3] - '0'));
            at += 4;
        } else {
            *to++ = *at++;
        }
    }
    *to = 0;
}

static bool lies_beneath(const char *path, const char *folder)
{
    size_t length = strlen(folder);
    while (length > 0 && folder[length - 1] == '/')
        length--;
    return !strncmp(path, folder, length) && path[length] == '/';
}

/* Whether a line of mountinfo names a mount beneath `folder` that holds no data, or is not understood. */
static bool line_doubtful(char *line, const char *folder)
{
    char *fields[5], *rest = NULL, *type = strstr(line, " - ");
    if (!type)
        return true;
    *type = 0;
    type = strtok_r(type + 3, " \n", &rest);
    fields[0] = strtok_r(line, " ", &rest);
    for (size_t i = 1; i < 5; i++)
        fields[i] = fields[i - 1] ? strtok_r(NULL, " ", &rest) : NULL;
    if (!type || !fields[4])
        return true;
    unescape(fields[4]);
    if (!lies_beneath(fields[4], folder) || is_network_type(type))
        return false;
    bool data = false;
    int fd = open(fields[4], O_PATH | O_CLOEXEC | O_NOFOLLOW);
    if (fd < 0)
        return true;
    enum status s = act_host_holds_data(fd, &data, NULL);
    close(fd);
    return s != STATUS_OK || !data;
}

static bool mounts_doubtful(const char *folder)
{
    bool doubtful = false;
    char *line = NULL;
    size_t room = 0;
    FILE *in = fopen("/proc/self/mountinfo", "re");
    if (!in)
        return true;
    while (!doubtful && getline(&line, &room, in) > 0)
        doubtful = line_doubtful(line, folder);
    doubtful |= ferror(in) != 0;
    free(line);
    fclose(in);
    return doubtful;
}

enum status launch_grant_check(const char *name, int fd, bool *ret_doubtful, struct error *error)
{
    char link[64], path[LIMIT_PATH + 1];
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
    snprintf(link, sizeof link, "/proc/self/fd/%d", fd);
    ssize_t n = readlink(link, path, sizeof path);
    bool known = n > 0 && n < (ssize_t)sizeof path && path[0] == '/';
    if (known)
        path[n] = 0;
    *ret_doubtful = !known || mounts_doubtful(path);
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
        const char *path = spec->policy.devices[i];
        if (stat(path, &st) < 0)
            return error_set_errno(error, STATUS_NOT_FOUND, errno, "cannot look at the device %s of the policy", path);
        if (!S_ISCHR(st.st_mode))
            return error_set(error, STATUS_DENIED, "%s of the policy's devices is no character device", path);
        spec->nodes[i] = (struct run_node) { st.st_dev, st.st_ino };
    }
    spec->node_count = count;
    return STATUS_OK;
}
