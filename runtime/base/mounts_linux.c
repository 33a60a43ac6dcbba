/* mounts.h on Linux: /proc/self/mountinfo, and statx(2). Reference: proc_pid_mountinfo(5). */
#include "runtime/base/mounts.h"

#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { MOUNT_ID = 0x1000 /* STATX_MNT_ID, Linux 5.8 */ };

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
    *to = '\0';
}

/* "36 35 98:0 /mnt1 /mnt2 rw,noatime master:1 - ext3 /dev/root rw": id, parent, device, root, mount point; the type. */
static bool line_parse(char *line, struct mount_entry *ret)
{
    unsigned long long id, parent;
    unsigned dev_major, dev_minor;
    int used = 0;
    char *save = NULL, *type = strstr(line, " - ");
    if (!type || sscanf(line, "%llu %llu %u:%u %n", &id, &parent, &dev_major, &dev_minor, &used) < 4 || used == 0)
        return false;
    *type = '\0';
    type = strtok_r(type + 3, " \n", &save);
    char *root = strtok_r(line + used, " ", &save), *point = strtok_r(NULL, " ", &save);
    if (!type || !root || !point)
        return false;
    unescape(root);
    unescape(point);
    *ret = (struct mount_entry) { id, makedev(dev_major, dev_minor), root, point, type };
    return true;
}

enum status mounts_visit(mounts_visitor *visitor, void *self, bool *ret_whole, struct error *error)
{
    FILE *file = fopen("/proc/self/mountinfo", "re");
    *ret_whole = file != NULL;
    if (!file)
        return STATUS_OK;
    char *line = NULL;
    size_t room = 0;
    enum status s = STATUS_OK;
    while (s == STATUS_OK && getline(&line, &room, file) > 0) {
        struct mount_entry entry;
        if (line_parse(line, &entry))
            s = visitor(self, &entry, error);
        else
            *ret_whole = false;
    }
    *ret_whole &= !ferror(file);
    free(line);
    fclose(file);
    return s;
}

bool mounts_identify(int fd, struct mount_identity *ret)
{
    struct statx st;
    if (statx(fd, "", AT_EMPTY_PATH | AT_NO_AUTOMOUNT, STATX_TYPE | STATX_INO | MOUNT_ID, &st) < 0) {
        struct stat old;
        if (fstat(fd, &old) < 0)
            return false;
        *ret = (struct mount_identity) { old.st_dev, old.st_ino, 0 };
        return true;
    }
    *ret = (struct mount_identity) { makedev(st.stx_dev_major, st.stx_dev_minor), st.stx_ino,
                                     st.stx_mask & MOUNT_ID ? st.stx_mnt_id : 0 };
    return true;
}
