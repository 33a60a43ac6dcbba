/* The ring's file and its mapping. The file is allocated in full before it is mapped, so that no store into it can fail
 * for want of space; both copies of the data map the same file bytes.
 *
 * Leaves out: several producers (one guest thread writes). docs/trace-format.md, Ring. */
#include "tracer/ring.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <time.h>
#include <unistd.h>

#include "runtime/base/os.h"

static_assert((TRACE_RING_BYTES & (TRACE_RING_BYTES - 1)) == 0, "positions are taken modulo the size");
static_assert(TRACE_RING_BYTES % TRACE_RING_HEADER == 0, "mapped page by page");
static_assert(TRACE_RING_BYTES > 4 * (TRACE_EVENT_BYTES_MAX + TRACE_WRITER_RESERVE), "the largest event fits");
static_assert(sizeof(struct trace_ring) <= TRACE_RING_HEADER, "it lies in front of the header");
enum { RING_FILE_BYTES = TRACE_RING_HEADER + TRACE_RING_BYTES, ZEROS_BYTES = 1 << 20 };

/* Writes zeros over all of it, in pieces that the page cache can hold in large pages: the guest's first store into each
 * page of an allocated, unwritten file would otherwise cost it microseconds. Returns an errno. */
static int write_zeros(int fd)
{
    uint8_t *zeros = calloc(1, ZEROS_BYTES);
    int number = zeros ? 0 : ENOMEM;
    for (size_t done = 0; number == 0 && done < RING_FILE_BYTES;) {
        size_t left = RING_FILE_BYTES - done;
        ssize_t n = pwrite(fd, zeros, left < ZEROS_BYTES ? left : ZEROS_BYTES, (off_t)done);
        if (n > 0)
            done += (size_t)n;
        else if (n == 0 || errno != EINTR)
            number = n == 0 ? EIO : errno;
    }
    free(zeros);
    return number;
}

enum status trace_ring_create(int fd, const uint8_t *run_id, struct error *error)
{
    int number = os_file_allocate(fd, RING_FILE_BYTES) ? write_zeros(fd) : errno;
    if (number == ENOSPC || number == EFBIG || number == EDQUOT) {
        return error_set_errno(error, STATUS_NO_SPACE, number,
                               "no room for the recorder's ring (%d MiB); free some space or record elsewhere",
                               RING_FILE_BYTES >> 20);
    }
    if (number != 0)
        return error_set_errno(error, STATUS_IO, number, "cannot allocate the recorder's ring");
    struct trace_ring_header header;
    memset(&header, 0, sizeof header);
    memcpy(header.magic, TRACE_RING_MAGIC, sizeof header.magic);
    header.version = TRACE_RING_VERSION;
    header.data_bytes = TRACE_RING_BYTES;
    memcpy(header.run_id, run_id, TRACE_RUN_ID);
    header.start_ns = elapsed_now_ns();
    header.start_ticks = platform_ticks();
    if (pwrite(fd, &header, sizeof header, 0) != (ssize_t)sizeof header)
        return error_set_errno(error, STATUS_IO, errno, "cannot write the recorder's ring");
    return STATUS_OK;
}

enum status trace_ring_started(int fd, uint64_t *ret_ns, struct error *error)
{
    struct trace_ring_header header;
    if (pread(fd, &header, sizeof header, 0) != (ssize_t)sizeof header)
        return error_set_errno(error, STATUS_IO, errno, "cannot read the recorder's ring");
    /* The smallest of some readings: between the two of one, another process may run. */
    uint64_t offset = 0, least = UINT64_MAX;
    for (int i = 0; i < 8; i++) {
        struct timespec real;
        uint64_t before = elapsed_now_ns();
        clock_gettime(CLOCK_REALTIME, &real);
        uint64_t took = elapsed_now_ns() - before;
        if (took < least) {
            least = took;
            offset = (uint64_t)real.tv_sec * 1000000000u + (uint64_t)real.tv_nsec - before - took / 2;
        }
    }
    *ret_ns = header.start_ns + offset;
    return STATUS_OK;
}

static bool map_parts(uint8_t *base, int fd)
{
    const int both = PROT_READ | PROT_WRITE;
    uint8_t *header = base + TRACE_RING_HEADER, *data = header + TRACE_RING_HEADER;
    return mprotect(base, TRACE_RING_HEADER, both) == 0 &&
           mmap(header, RING_FILE_BYTES, both, MAP_SHARED | MAP_FIXED, fd, 0) == header &&
           mmap(data + TRACE_RING_BYTES, TRACE_RING_BYTES, both, MAP_SHARED | MAP_FIXED, fd, TRACE_RING_HEADER) ==
               data + TRACE_RING_BYTES;
}

enum status trace_ring_map(int fd, struct trace_ring **ret, struct error *error)
{
    struct stat st;
    if (fstat(fd, &st) < 0)
        return error_set_errno(error, STATUS_IO, errno, "cannot look at the recorder's ring");
    if (!S_ISREG(st.st_mode) || st.st_size != RING_FILE_BYTES)
        return error_set(error, STATUS_MALFORMED, "not a recorder's ring: it has another size");
    uint8_t *base = mmap(NULL, TRACE_RING_SPAN, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (base == MAP_FAILED)
        return error_set_errno(error, STATUS_NO_MEMORY, errno, "cannot map the recorder's ring");
    if (!map_parts(base, fd)) {
        int number = errno;
        munmap(base, TRACE_RING_SPAN);
        return error_set_errno(error, STATUS_NO_MEMORY, number, "cannot map the recorder's ring");
    }
    const struct trace_ring_header *header = trace_ring_header(base);
    if (memcmp(header->magic, TRACE_RING_MAGIC, sizeof header->magic) != 0 || header->version != TRACE_RING_VERSION ||
        header->data_bytes != TRACE_RING_BYTES) {
        munmap(base, TRACE_RING_SPAN);
        return error_set(error, STATUS_MALFORMED, "not a recorder's ring: wrong magic, version or size");
    }
    struct trace_ring *ring = (struct trace_ring *)base;
    ring->base = base;
    *ret = ring;
    return STATUS_OK;
}

void trace_ring_unmap(struct trace_ring *ring)
{
    if (ring)
        munmap(ring->base, TRACE_RING_SPAN);
}

void trace_ring_stop(struct trace_ring *ring)
{
    struct trace_ring_header *header = trace_ring_header(ring);
    /* Sequentially consistent, against the guest, which stores soft and then loads state: either it sees the order, or
     * its soft is overwritten here. */
    atomic_fetch_or_explicit(&header->state, TRACE_RING_STOP, memory_order_seq_cst);
    atomic_store_explicit(&header->soft, 0, memory_order_seq_cst);
    os_wake(&header->waiting);
}
