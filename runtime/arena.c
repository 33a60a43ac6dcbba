/* A bump allocator. Large requests get a chunk of their own, which goes behind the current one so that its rest stays
 * in use. */
#include "runtime/arena.h"

#include <stdalign.h>
#include <stdint.h>
#include <stdlib.h>

enum { ARENA_CHUNK = 32 << 10 };

struct arena_chunk {
    struct arena_chunk *next;
    size_t used, size;
    alignas(max_align_t) uint8_t bytes[];
};

static struct arena_chunk *chunk_create(struct arena *arena, size_t size)
{
    if (arena->most && size > arena->most - arena->bytes)
        arena->full = true;
    if (arena->full || size > SIZE_MAX - sizeof(struct arena_chunk))
        return NULL;
    struct arena_chunk *chunk = calloc(1, sizeof *chunk + size);
    if (!chunk)
        return NULL;
    chunk->size = size;
    arena->bytes += size;
    return chunk;
}

void *arena_alloc(struct arena *arena, size_t count, size_t size)
{
    size_t bytes;
    if (__builtin_mul_overflow(count, size, &bytes) || bytes > SIZE_MAX / 2)
        return NULL;
    bytes = (bytes + alignof(max_align_t) - 1) / alignof(max_align_t) * alignof(max_align_t);
    struct arena_chunk *top = arena->chunks;
    if (!top || top->size - top->used < bytes) {
        struct arena_chunk *chunk = chunk_create(arena, bytes > ARENA_CHUNK / 4 ? bytes : ARENA_CHUNK);
        if (!chunk)
            return NULL;
        if (top && chunk->size == bytes) {
            chunk->next = top->next;
            top->next = chunk;
        } else {
            chunk->next = top;
            arena->chunks = chunk;
        }
        top = chunk;
    }
    void *p = top->bytes + top->used;
    top->used += bytes;
    return p;
}

void arena_done(struct arena *arena)
{
    while (arena->chunks) {
        struct arena_chunk *next = arena->chunks->next;
        free(arena->chunks);
        arena->chunks = next;
    }
}
