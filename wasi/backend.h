/* The seam under the decision core: who performs an op. `live` issues the system call, `replay` answers from a trace,
 * `faults` (tests) answers as told. */
#ifndef WARRANT_WASI_BACKEND_H
#define WARRANT_WASI_BACKEND_H

#include <string.h>
#include "runtime/base/base.h"
#include "wasi/abi/call.h"

/* Where an op's regions lie while it is performed. memory: the guest's, `memory_size` bytes; staging: BACKEND_STAGING
 * bytes for STAGED data, and for what leaves JOINED, which lies there before anybody is told of the op: it is taken out
 * of the guest's memory once (backend_join). Both borrowed for the call. */
enum { BACKEND_STAGING = LIMIT_READDIR_BUFFER + LIMIT_STAGING };
struct backend_space {
    uint8_t *memory;
    uint64_t memory_size;
    uint8_t *staging;
};

/* How many bytes of `op`, whose data is JOINED, pass through the staging buffer. */
static inline uint32_t backend_joined(const struct op *op, const struct request *request)
{
    uint64_t total = 0, end = (uint64_t)op->mem.offset + op->mem.length;
    for (uint64_t i = op->mem.offset; i < end && i < request->iov_count && i < LIMIT_IOVECS; i++)
        total += request->iov[i].length;
    return total < LIMIT_STAGING ? (uint32_t)total : LIMIT_STAGING;
}

/* Copies them there out of the guest's memory, for an op that takes them: the only time that they are read, so that the
 * digest and the system call have the same bytes. False, and nothing was read: the op names no regions of the request,
 * or one outside of the memory. */
MUST_USE static inline bool backend_join(const struct op *op, const struct request *request,
                                         const struct backend_space *space)
{
    const struct region *piece = request->iov + op->mem.offset;
    if (__builtin_expect((uint64_t)op->mem.offset + op->mem.length > request->iov_count, 0))
        return false;
    for (uint32_t i = 0; i < op->mem.length; i++) /* of no bytes it may lie anywhere, as for the decision core */
        if (piece[i].length > 0 && (uint64_t)piece[i].offset + piece[i].length > space->memory_size)
            return false;
    const uint32_t length = backend_joined(op, request);
    for (uint32_t done = 0; done < length; piece++) {
        uint32_t part = piece->length < length - done ? piece->length : length - done;
        memcpy(space->staging + done, space->memory + piece->offset, part);
        done += part;
    }
    return true;
}

struct wasi_backend {
    void *self;
    /* Performs `op` of `request` and fills *result (value, and stat where the op's data is STAT). A failure of the
     * system is a result (-errno). Any other status ends the guest: DIVERGED (replay left the trace), STOPPED (trace
     * ends here), IO. */
    enum status (*act)(void *self, const struct op *op, const struct request *request,
                       const struct backend_space *space, struct op_result *result, struct error *error);
};

/* The live backend (wasi/act). `host_fd` of a handle is known to it alone. */
struct act_live;
/* Returns owned. */
MUST_USE enum status act_live_create(struct act_live **ret, struct error *error);
void act_live_free(struct act_live *live); /* closes nothing: the process ends with its descriptors */
/* Gives `handle` the host descriptor `fd` (takes); used for stdio and preopens before the guest starts. */
void act_live_adopt(struct act_live *live, uint32_t handle, int fd);
/* Has paths resolved component by component (true) or by openat2, where the system has that (false, as created). */
void act_live_walk(struct act_live *live, bool walks);
/* How many links are followed in one path that is resolved component by component: at most LIMIT_WALK_LINKS, as
 * created. */
void act_live_links(struct act_live *live, uint32_t most);
/* Whether openat2 is there and lets itself be called: asked of the system by a call. */
bool act_host_has_openat2(void);
struct wasi_backend act_live_backend(struct act_live *live);
/* The type, dev and inode of a host descriptor, as the guest would see them; for the initial table. A character device
 * that is no terminal is UNKNOWN. Before confinement: it asks the terminal's driver. */
MUST_USE enum status act_host_stat(int fd, struct filestat *ret, struct error *error);
/* Whether the file system behind a host descriptor holds data (filesystems.def). */
MUST_USE enum status act_host_holds_data(int fd, bool *ret, struct error *error);

#endif
