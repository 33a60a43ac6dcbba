/* What the live backends of all systems share. Private to wasi/act. */
#ifndef WARRANT_ACT_LIVE_H
#define WARRANT_ACT_LIVE_H

#include <errno.h>
#include <poll.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <time.h>
#include "wasi/backend.h"

struct act_live {
    int host_fd[HANDLES_TOTAL]; /* -1: none. Known to nobody else. */
    uint32_t questions;         /* to the resolver so far; `question` is the last */
    uint32_t question;
    bool walks;     /* paths are resolved component by component */
    uint32_t links; /* that are followed in one, then */
    struct iovec iov[LIMIT_IOVECS];
    struct pollfd poll[LIMIT_SUBSCRIPTIONS];
    _Alignas(8) uint8_t kernel[LIMIT_READDIR];
};

/* A path as system calls take it. */
struct act_path {
    char text[LIMIT_PATH + 1];
};

/* The host's errno as -(enum wasi_errno); total: what the guest's table lacks is IO. */
int64_t act_errno_result(int host_errno);

/* The result of the system call that was just made and returned -1 and set errno, or a count. errno is read here,
 * behind the call: as an argument beside it, it may be read before. */
static inline int64_t act_result(long returned)
{
    return __builtin_expect(returned < 0, 0) ? act_errno_result(errno) : (int64_t)returned;
}

/* The host descriptor of a table handle; -1 where there is none (a fault of the runtime: INTERNAL). */
static inline int act_descriptor(const struct act_live *live, uint32_t handle)
{
    return __builtin_expect(handle < HANDLES_TOTAL, 1) ? live->host_fd[handle] : -1;
}

/* The only way from a region to an address. NULL where it leaves the memory: the core has proved that it does not, so
 * this is the belt. A region of no bytes has the memory's base. */
static inline uint8_t *act_address(const struct backend_space *space, struct region region)
{
    if (__builtin_expect((uint64_t)region.offset + region.length > space->memory_size, 0))
        return region.length == 0 ? space->memory : NULL;
    return space->memory + region.offset;
}

/* Each returns false where the op does not fit the request: a fault of the runtime. */
bool act_vector(struct act_live *live, const struct op *op, const struct request *request,
                const struct backend_space *space);
bool act_path(const struct request *request, struct region region, struct act_path *ret);
/* How much of the regions of an op that brings bytes passes through the staging buffer: all, at most LIMIT_STAGING.
 * UINT32_MAX: they leave the memory. */
uint32_t act_staged_length(const struct op *op, const struct request *request, const struct backend_space *space);
/* Copies the first `length` bytes of the staging buffer to the op's regions. */
void act_scatter(const struct op *op, const struct request *request, const struct backend_space *space,
                 uint32_t length);

/* Fills live->poll with the request's subscriptions that are no clocks, and returns their number; false: one names no
 * host descriptor. What the system answered about `count` of them goes to the staging buffer (POLLED_*). */
bool act_polls(struct act_live *live, const struct request *request, uint32_t *ret_count);
void act_polled(const struct act_live *live, uint32_t count, uint8_t *staging);

uint8_t act_filetype(mode_t mode); /* enum wasi_filetype */
/* Makes a character device that is no terminal UNKNOWN: guests take the other for one (wasi-libc's isatty). */
void act_host_terminal(int fd, struct filestat *stat);
uint64_t act_ns(struct timespec time); /* clamped to 0 .. UINT64_MAX */
struct timespec act_timespec(uint64_t ns);
/* utimensat's pair out of a SET_TIMES op. */
void act_times(const struct op *op, struct timespec ret[2]);

/* The labels of the ops on sockets, which act_net performs on every system: `case ACT_NET_OPS:`. */
/* clang-format off */
#define ACT_NET_OPS \
    OP_SOCKET: \
    case OP_ONLY_V6: \
    case OP_BIND: \
    case OP_CONNECT: \
    case OP_LISTEN: \
    case OP_ACCEPT: \
    case OP_SEND: \
    case OP_SEND_TO: \
    case OP_RECEIVE: \
    case OP_RECEIVE_FROM: \
    case OP_SHUT_DOWN: \
    case OP_LOCAL_NAME: \
    case OP_PEER_NAME: \
    case OP_GET_OPTION: \
    case OP_SET_OPTION: \
    case OP_ASK_NAME: \
    case OP_TAKE_NAMES
/* clang-format on */

/* Ops on sockets (act_net.c); fd is that of the op's handle, where it has one. */
enum status act_net(struct act_live *live, int fd, const struct op *op, const struct request *request,
                    const struct backend_space *space, struct op_result *result, struct error *error);

/* The system's own part: the backend's act (backend.h). */
enum status act_live_act(void *self, const struct op *op, const struct request *request,
                         const struct backend_space *space, struct op_result *result, struct error *error);
/* For what the core must never ask: says so. */
enum status act_internal(const struct op *op, struct error *error);

#endif
