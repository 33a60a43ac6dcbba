/* Files of ours are made, not found: exclusively, for their owner alone, in a folder that was opened once. What stands
 * there already is replaced where the user named it and it is theirs, and never written into. */
#ifndef WARRANT_CLI_FILE_MAKE_H
#define WARRANT_CLI_FILE_MAKE_H

#include <sys/stat.h>
#include <sys/types.h>
#include "runtime/base/base.h"

enum { FILE_NAME_BYTES = 256 };

struct file_made {
    int folder;                      /* borrowed; -1: nothing is made */
    char name[FILE_NAME_BYTES];      /* in the folder */
    char temporary[FILE_NAME_BYTES]; /* what it is called until it is kept; empty: `name` */
    bool placed;                     /* has its name, and `temporary`, if there is one, what it replaced */
    dev_t dev;
    ino_t ino;
};
#define FILE_MADE_NONE { .folder = -1 }

/* Whether `name` in `folder` may be replaced: nothing is there (*ret_exists false), or a regular file of this user with
 * one name (root may replace another user's). `shown` is for messages. DENIED: anything else. */
MUST_USE enum status file_replaceable(int folder, const char *name, const char *shown, bool *ret_exists,
                                      struct error *error);
/* Makes an empty file, 0600, open for reading and writing, that was not there. replace: where something replaceable has
 * the name, the file is made beside it and takes its name when it is kept. DENIED: the name is taken. NO_SPACE, IO. */
MUST_USE enum status file_make(int folder, const char *name, const char *shown, bool replace, struct file_made *ret,
                               int *ret_fd, struct error *error);
/* The same, always beside the name, whatever has it. */
MUST_USE enum status file_make_temporary(int folder, const char *name, const char *shown, struct file_made *ret,
                                         int *ret_fd, struct error *error);
/* Gives it its name. What had the name goes under the temporary one, so that file_drop can put it back. */
MUST_USE enum status file_place(struct file_made *made, const char *shown, struct error *error);
/* Of what was placed: it stays, and what it replaced goes. What is kept is not dropped any more. */
void file_keep(struct file_made *made);
/* Removes it, if it is still what was made and was not kept; what it replaced has its name again. false: what was made
 * is still there. */
bool file_drop(struct file_made *made);
/* Removes `name`, if it is still the file with this identity. false: it is, and cannot be removed. */
bool file_remove(int folder, const char *name, dev_t dev, ino_t ino);

/* Splits the path of a file that is to be made: its folder's path and its name. INVALID: it names no file. LIMIT: too
 * long. */
MUST_USE enum status file_path_split(const char *path, char *ret_folder, size_t size, char ret_name[FILE_NAME_BYTES],
                                     struct error *error);
/* Opens a file that is there to write into it: a regular one of this user with one name, no link. Else DENIED;
 * NOT_FOUND. */
MUST_USE enum status file_open_own(int folder, const char *name, const char *shown, int *ret_fd, struct error *error);
/* Locks the whole file (flock). Whoever only looks whether it is locked has it for an instant; that is waited for.
 * false: another one has it, or as flock(2) failed. */
MUST_USE bool file_lock(int fd);

#endif
