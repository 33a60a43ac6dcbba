/* What the ring asks of Linux: the robust list, by which the kernel itself tells the guest that the
 * recorder died, however it died. One entry at most: a thread is the recorder of one ring.
 *
 * Leaves out: priority inheritance. Reference: futex(2), get_robust_list(2). */
#include "tracer/ring.h"

#include <errno.h>
#include <linux/futex.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

void ring_populate(void *from, size_t size)
{
    enum { POPULATE_WRITE = 23 }; /* MADV_POPULATE_WRITE, Linux 5.14 */
    (void)madvise(from, size, POPULATE_WRITE);
}

struct ring_owner {
    struct robust_list_head head;
    struct robust_list entry;
    struct robust_list_head *before; /* libc's, put back in the end */
    struct trace_ring_header *header;
};

enum status ring_owner_attach(struct trace_ring_header *header, struct ring_owner **ret, struct error *error)
{
    struct ring_owner *owner = calloc(1, sizeof *owner);
    if (!owner)
        return error_set(error, STATUS_NO_MEMORY, "out of memory for the recorder");
    size_t length = 0;
    owner->header = header;
    if (syscall(SYS_get_robust_list, 0, &owner->before, &length) < 0)
        owner->before = NULL;
    owner->entry.next = &owner->head.list;
    owner->head.list.next = &owner->entry;
    owner->head.futex_offset = (long)((intptr_t)&header->state - (intptr_t)&owner->entry);
    uint32_t seen = atomic_load_explicit(&header->state, memory_order_relaxed);
    uint32_t self = (uint32_t)syscall(SYS_gettid) & FUTEX_TID_MASK;
    /* Relaxed: nothing is handed over by this word; the guest starts later, by other means. */
    while (!atomic_compare_exchange_weak_explicit(&header->state, &seen, (seen & TRACE_RING_STOP) | self,
                                                  memory_order_relaxed, memory_order_relaxed)) {
    }
    if (syscall(SYS_set_robust_list, &owner->head, sizeof owner->head) < 0) {
        int number = errno;
        free(owner);
        return error_set_errno(error, STATUS_IO, number, "cannot tie the ring to the recorder's life");
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
    syscall(SYS_set_robust_list, owner->before ? owner->before : &owner->head, sizeof owner->head);
    if (owner->before)
        free(owner); /* else the kernel still looks at it */
}
