/* memory.fill, memory.copy and memory.init (4.4.7): bounds first, then pieces of 64 KiB, so that a stop from outside is
 * heard and fuel is spent in proportion to the work; and the pieces themselves, which table.c has, too. */
#include "runtime/instance.h"

#include <string.h>

enum { PIECE = 65536 };

static bool inside(uint64_t at, uint64_t count, uint64_t size) { return at <= size && count <= size - at; }

static enum rt_trap_kind poll(struct rt_instance *instance)
{
    if (--instance->vm.fuel < 0)
        return RT_TRAP_FUEL_EXHAUSTED;
    return interrupted(&instance->vm) ? RT_TRAP_INTERRUPTED : RT_TRAP_NONE;
}

bool bulk_next(struct rt_instance *instance, struct bulk_pieces *b)
{
    bool first = b->size == 0;
    b->done += b->size;
    uint64_t left = b->count - b->done;
    if (left == 0 || (!first && (b->stop = poll(instance)) != RT_TRAP_NONE))
        return false;
    b->size = left < b->piece ? (uint32_t)left : b->piece;
    b->at = b->backwards ? left - b->size : b->done;
    return true;
}

enum rt_trap_kind bulk_fill(struct rt_instance *instance, uint32_t memory, uint64_t to, uint8_t value, uint64_t count)
{
    const struct memory *m = instance->vm.memories[memory];
    struct bulk_pieces b = { .count = count, .piece = PIECE };
    if (!inside(to, count, memory_bytes(m)))
        return RT_TRAP_MEMORY_BOUNDS;
    while (bulk_next(instance, &b))
        memset(m->base + to + b.at, value, b.size);
    return b.stop;
}

enum rt_trap_kind bulk_copy(struct rt_instance *instance, uint32_t to_memory, uint32_t from_memory, uint64_t to,
                            uint64_t from, uint64_t count)
{
    const struct memory *target = instance->vm.memories[to_memory], *source = instance->vm.memories[from_memory];
    struct bulk_pieces b = { .count = count, .piece = PIECE, .backwards = to > from };
    if (!inside(to, count, memory_bytes(target)) || !inside(from, count, memory_bytes(source)))
        return RT_TRAP_MEMORY_BOUNDS;
    while (bulk_next(instance, &b))
        memmove(target->base + to + b.at, source->base + from + b.at, b.size);
    return b.stop;
}

enum rt_trap_kind bulk_init(struct rt_instance *instance, uint32_t memory, uint32_t segment, uint64_t to, uint64_t from,
                            uint64_t count)
{
    const struct memory *m = instance->vm.memories[memory];
    const struct data_segment *s = &instance->module->datas[segment];
    struct bulk_pieces b = { .count = count, .piece = PIECE };
    uint64_t size = instance->vm.data_dropped[segment] ? 0 : s->size;
    if (!inside(to, count, memory_bytes(m)) || !inside(from, count, size))
        return RT_TRAP_MEMORY_BOUNDS;
    while (bulk_next(instance, &b))
        memcpy(m->base + to + b.at, s->bytes + from + b.at, b.size);
    return b.stop;
}
