/* Memory that lives exactly as long as its module: allocated piece by piece, freed at once. Internal to runtime/. */
#ifndef WARRANT_RUNTIME_ARENA_H
#define WARRANT_RUNTIME_ARENA_H

#include <stddef.h>

struct arena_chunk;
struct arena {
    struct arena_chunk *chunks; /* owned; the newest first */
};

/* Returns `count` zeroed elements of `size` bytes, aligned for anything, or NULL. A count of 0 gives a valid address.
 */
void *arena_alloc(struct arena *arena, size_t count, size_t size);
void arena_done(struct arena *arena);

#endif
