/* Resolves a path as the kernel does, one name after the other, and shows every directory in which a name was looked
 * up: who may write into one of them decides what the path means. */
#ifndef WARRANT_CLI_PATH_WALK_H
#define WARRANT_CLI_PATH_WALK_H

#include <stdbool.h>
#include "runtime/base/base.h"

/* Before `name` is looked up in `folder` (borrowed for the call; link: it is a symbolic link there, and would be
 * followed; also where there is none, so that who could make it shows). Anything but OK ends the walk. */
typedef enum status path_step(void *self, int folder, const char *name, bool link, struct error *error);

/* *ret_fd: what the path names, opened by os_open_name. NOT_FOUND, IO, LIMIT, or what step returned; the
 * text names `path`. */
MUST_USE enum status path_walk(const char *path, path_step *step, void *self, int *ret_fd, struct error *error);

#endif
