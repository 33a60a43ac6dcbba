/* Memory that lives exactly as long as its module: allocated piece by piece, freed at once. Internal to runtime/. */
#ifndef WARRANT_RUNTIME_ARENA_H
#define WARRANT_RUNTIME_ARENA_H

#include <stdbool.h>
#include <stddef.h>

struct arena_chunk;
struct arena {
    struct arena_chunk *chunks; /* owned; the newest first */
    size_t bytes;               /* of all chunks */
    size_t most;                /* that they may have; 0: no limit */
    bool full;                  /* a request was refused for `most` */
};

/* Returns `count` zeroed elements of `size` bytes, aligned for anything, or NULL: no memory, or `full`. A count of 0
 * gives a valid address.
 */
void *arena_alloc(struct arena *arena, size_t count, size_t size);
void arena_done(struct arena *arena);

#endif
