/* What the ring asks of macOS. No robust list: that the recorder died the launcher tells, who watches it and kills the
 * guest; and a guest's process dies with its launcher (os.h). The word in `state` keeps the recorder's process for
 * whoever looks at a ring. Compiled, never run. */
#include "tracer/ring.h"

#include <stdlib.h>
#include <unistd.h>

void ring_populate(void *from, size_t size)
{
    (void)from; /* page by page */
    (void)size;
}

struct ring_owner {
    struct trace_ring_header *header;
};

enum status ring_owner_attach(struct trace_ring_header *header, struct ring_owner **ret, struct error *error)
{
    const uint32_t flags = TRACE_RING_STOP | TRACE_RING_DIED;
    struct ring_owner *owner = calloc(1, sizeof *owner);
    if (!owner)
        return error_set(error, STATUS_NO_MEMORY, "out of memory for the recorder");
    owner->header = header;
    uint32_t seen = atomic_load_explicit(&header->state, memory_order_relaxed);
    /* Relaxed: nothing is handed over by this word; the guest starts later, by other means. */
    while (!atomic_compare_exchange_weak_explicit(&header->state, &seen,
                                                  (seen & TRACE_RING_STOP) | ((uint32_t)getpid() & ~flags),
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    *ret = owner;
    return STATUS_OK;
}

void ring_owner_detach(struct ring_owner *owner)
{
    if (!owner)
        return;
    /* Relaxed: only the bits matter, and STOP must survive. */
    atomic_fetch_and_explicit(&owner->header->state, TRACE_RING_STOP, memory_order_relaxed);
    free(owner);
}
