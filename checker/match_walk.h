/* The walk of an op that resolves a path component by component: which system call comes next. Private to the matcher.
 *
 * It is simulated on the path of the op and on what the witness saw: results, and contents of links. */
#ifndef WARRANT_CHECKER_MATCH_WALK_H
#define WARRANT_CHECKER_MATCH_WALK_H

#include "runtime/base/limits.h"
#include "tracer/witness_file.h"

enum walk_next {
    WALK_ENTER,   /* openat of a directory on the way */
    WALK_ARRIVE,  /* openat of what the path names */
    WALK_TRY,     /* the same as a directory, where opening it would succeed on a link too */
    WALK_HERE,    /* the same of ".", where the path ends in dots */
    WALK_READ,    /* readlinkat of a component that may be a link */
    WALK_LEAVE,   /* close, for ".." */
    WALK_TIDY,    /* close, at the end */
    WALK_BLIND,   /* what a link holds is not known: any of these, beneath what was opened */
    WALK_FINISHED /* nothing */
};

struct walk_component {
    char name[LIMIT_COMPONENT + 2]; /* one byte more than any may have, NUL-terminated */
    uint32_t behind;                /* where the rest goes on behind it */
    bool last, slash;
};

struct match_walk {
    enum walk_next next;
    uint32_t depth, links, taken;
    int64_t failed;  /* READ: what stands where there is no link; 0: it is opened then */
    int64_t outcome; /* behind the last opening: the descriptor, or -errno */
    struct witness_object opened;
    struct walk_component component;
    const char *path; /* the op's; borrowed, without NUL */
    uint32_t path_length, open_flags, links_most;
    uint32_t from; /* where the rest begins in `rest`, or in the path while no link was met */
    bool spliced;
    uint32_t rest_length;
    struct {
        int64_t fd;
        struct witness_object object;
    } directory[LIMIT_WALK_DEPTH];
    char rest[2 * (LIMIT_PATH + 1)];
};

/* open_flags: the op's (OPEN_*). links: that are followed at most. */
void match_walk_begin(struct match_walk *walk, const char *path, uint32_t length, uint32_t open_flags, uint32_t links);
/* Moves behind a call that came next and fits. */
void match_walk_take(struct match_walk *walk, const struct witness_record *record);
/* Portable flags (OPEN_*), and the mode, that the next openat must have. */
uint32_t match_walk_flags(const struct match_walk *walk);
uint64_t match_walk_mode(const struct match_walk *walk);

#endif
