/* memory.fill, memory.copy and memory.init (4.4.7): bounds first, then pieces of 64 KiB, so that a stop from outside is
 * heard and fuel is spent in proportion to the work. */
#include "runtime/instance.h"

#include <string.h>

enum { PIECE = 65536 };

static bool inside(uint64_t at, uint64_t count, uint64_t size) { return at <= size && count <= size - at; }

enum rt_trap_kind bulk_poll(struct rt_instance *instance)
{
    if (--instance->vm.fuel < 0)
        return RT_TRAP_FUEL_EXHAUSTED;
    return interrupted(&instance->vm) ? RT_TRAP_INTERRUPTED : RT_TRAP_NONE;
}

enum rt_trap_kind bulk_fill(struct rt_instance *instance, uint32_t memory, uint64_t to, uint8_t value, uint64_t count)
{
    const struct memory *m = instance->memories[memory];
    if (!inside(to, count, memory_bytes(m)))
        return RT_TRAP_MEMORY_BOUNDS;
    for (;;) {
        size_t piece = count < PIECE ? (size_t)count : PIECE;
        if (piece > 0)
            memset(m->base + to, value, piece);
        to += piece;
        count -= piece;
        if (count == 0)
            return RT_TRAP_NONE;
        enum rt_trap_kind kind = bulk_poll(instance);
        if (kind != RT_TRAP_NONE)
            return kind;
    }
}

enum rt_trap_kind bulk_copy(struct rt_instance *instance, uint32_t to_memory, uint32_t from_memory, uint64_t to,
                            uint64_t from, uint64_t count)
{
    const struct memory *target = instance->memories[to_memory], *source = instance->memories[from_memory];
    if (!inside(to, count, memory_bytes(target)) || !inside(from, count, memory_bytes(source)))
        return RT_TRAP_MEMORY_BOUNDS;
    bool backwards = to > from; /* overlapping pieces must be read before they are overwritten */
    uint64_t done = 0;
    for (;;) {
        size_t piece = count - done < PIECE ? (size_t)(count - done) : PIECE;
        uint64_t at = backwards ? count - done - piece : done;
        if (piece > 0)
            memmove(target->base + to + at, source->base + from + at, piece);
        done += piece;
        if (done == count)
            return RT_TRAP_NONE;
        enum rt_trap_kind kind = bulk_poll(instance);
        if (kind != RT_TRAP_NONE)
            return kind;
    }
}

enum rt_trap_kind bulk_init(struct rt_instance *instance, uint32_t memory, uint32_t segment, uint64_t to, uint64_t from,
                            uint64_t count)
{
    const struct memory *m = instance->memories[memory];
    const struct data_segment *s = &instance->module->datas[segment];
    uint64_t size = instance->data_dropped[segment] ? 0 : s->size;
    if (!inside(to, count, memory_bytes(m)) || !inside(from, count, size))
        return RT_TRAP_MEMORY_BOUNDS;
    for (;;) {
        size_t piece = count < PIECE ? (size_t)count : PIECE;
        if (piece > 0)
            memcpy(m->base + to, s->bytes + from, piece);
        to += piece;
        from += piece;
        count -= piece;
        if (count == 0)
            return RT_TRAP_NONE;
        enum rt_trap_kind kind = bulk_poll(instance);
        if (kind != RT_TRAP_NONE)
            return kind;
    }
}
