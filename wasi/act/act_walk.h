/* A path resolved component by component, by three calls that every system has. Private to wasi/act and its tests. */
#ifndef WARRANT_ACT_WALK_H
#define WARRANT_ACT_WALK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* What a system has for it: each call as in the manual pages, -1 and errno on failure. */
struct walk_system {
    int (*open)(int directory, const char *name, int flags, mode_t mode); /* with O_NOFOLLOW among the flags */
    long (*read_link)(int directory, const char *name, char *to, size_t size);
    int (*close)(int fd);
    int directory;    /* flags for a directory on the way: names only, O_DIRECTORY, O_NOFOLLOW, O_CLOEXEC */
    int is_directory; /* O_DIRECTORY */
};

struct walk_path {
    const char *text; /* relative, NUL-terminated */
    int flags;        /* for what it names; O_NOFOLLOW and O_CLOEXEC among them */
    mode_t mode;
    uint32_t links;  /* that are followed at most; at most LIMIT_WALK_LINKS */
    bool follows;    /* a link that it names is followed */
    bool creates;    /* O_CREAT is among the flags */
    bool names_only; /* with these flags the system opens a link itself where it is given one (O_PATH) */
};

/* The descriptor of what the path names beneath `base` (borrowed), or -errno. *ret_calls: system calls that were made;
 * 0 where the path was refused before the first. */
int act_walk(const struct walk_system *system, int base, const struct walk_path *path, uint32_t *ret_calls);

#endif
