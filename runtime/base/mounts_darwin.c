/* mounts.h on macOS: getfsstat(2). A file system is mounted once there, whole: its root is "/". Compiled, never run. */
#include "runtime/base/mounts.h"

#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/param.h>
#include <sys/stat.h>

static uint64_t mount_id(const struct statfs *fs)
{
    return (uint64_t)(uint32_t)fs->f_fsid.val[0] << 32 | (uint32_t)fs->f_fsid.val[1];
}

enum status mounts_visit(mounts_visitor *visitor, void *self, bool *ret_whole, struct error *error)
{
    enum { MORE = 16 }; /* mounted between the two calls */
    int count = getfsstat(NULL, 0, MNT_NOWAIT);
    *ret_whole = false;
    if (count < 0)
        return STATUS_OK;
    int most = count + MORE;
    struct statfs *list = calloc((size_t)most, sizeof *list);
    if (!list)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    count = getfsstat(list, (int)sizeof *list * most, MNT_NOWAIT);
    *ret_whole = count >= 0 && count < most;
    enum status s = STATUS_OK;
    for (int i = 0; s == STATUS_OK && i < count; i++) {
        const struct mount_entry entry = { mount_id(&list[i]), (uint64_t)list[i].f_fsid.val[0], "/",
                                           list[i].f_mntonname, list[i].f_fstypename };
        s = visitor(self, &entry, error);
    }
    free(list);
    return s;
}

bool mounts_identify(int fd, struct mount_identity *ret)
{
    struct stat st;
    struct statfs fs;
    if (fstat(fd, &st) < 0 || fstatfs(fd, &fs) < 0)
        return false;
    *ret = (struct mount_identity) { (uint64_t)st.st_dev, st.st_ino, mount_id(&fs) };
    return true;
}
