/* Which directories a guest may write into, as the kernel knows them: by identity, whatever path leads there. */
#ifndef WARRANT_CLI_PLACES_H
#define WARRANT_CLI_PLACES_H

#include <stdbool.h>
#include "runtime/base/base.h"

struct places; /* a set of directories with all that lies below them */
/* fds: borrowed for the call; open directories. Mounts below them, and their other mounts, are of the set. Returns
 * owned. */
MUST_USE enum status places_create(const int *fds, size_t count, struct places **ret, struct error *error);
void places_free(struct places *places); /* NULL is fine */
/* Which of the directories the directory `folder` (borrowed; O_PATH is enough) is, or lies in: *ret is its index, or
 * -1. IO: it cannot be told. */
MUST_USE enum status places_find(const struct places *places, int folder, int *ret, struct error *error);
/* Whether a file of this device, which has more than one name, could have one in the set. */
bool places_device(const struct places *places, uint64_t device);

#endif
