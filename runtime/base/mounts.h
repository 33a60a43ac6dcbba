/* What is mounted where, as this process sees it. One file per system (mounts_linux.c, mounts_darwin.c). */
#ifndef WARRANT_BASE_MOUNTS_H
#define WARRANT_BASE_MOUNTS_H

#include <stdbool.h>
#include <stdint.h>
#include "runtime/base/error.h"
#include "runtime/base/status.h"

struct mount_entry {
    uint64_t id, dev;
    const char *root, *point; /* the path within its file system, and where that is seen */
    const char *type;         /* "ext4" */
};
/* Anything but OK ends the list. The texts are borrowed for the call. */
typedef enum status mounts_visitor(void *self, const struct mount_entry *entry, struct error *error);
/* *ret_whole: every entry was shown. false where the list cannot be read or an entry is not understood. */
MUST_USE enum status mounts_visit(mounts_visitor *visitor, void *self, bool *ret_whole, struct error *error);

/* What an open descriptor stands for. mount: the `id` of its mount, 0 where the system does not tell. */
struct mount_identity {
    uint64_t dev, ino, mount;
};
MUST_USE bool mounts_identify(int fd, struct mount_identity *ret); /* false: errno */

#endif
