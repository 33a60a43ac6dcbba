/* The part of the live backend that no system differs in: handles, regions, paths, vectors, times.
 *
 * Invariants: a host descriptor leaves this folder in no form; an address is made from a region in one function
 * (act_address); the request's bytes are read, the guest's memory never twice. Left out on purpose: decisions
 * (wasi/decide) and repetition: an interrupted call is a result like any other. ARCHITECTURE.md. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>
#include "wasi/act/act_live.h"

enum { NS_PER_SECOND = 1000000000 };

enum status act_live_create(struct act_live **ret, struct error *error)
{
    struct act_live *live = malloc(sizeof *live);
    if (!live)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the table of host descriptors");
    for (size_t i = 0; i < HANDLES_TOTAL; i++)
        live->host_fd[i] = -1;
    live->questions = live->question = 0;
    live->walks = false;
    live->links = LIMIT_WALK_LINKS;
    *ret = live;
    return STATUS_OK;
}

void act_live_free(struct act_live *live) { free(live); }

void act_live_adopt(struct act_live *live, uint32_t handle, int fd)
{
    if (handle < HANDLES_TOTAL)
        live->host_fd[handle] = fd;
}

void act_live_walk(struct act_live *live, bool walks) { live->walks = walks; }

void act_live_links(struct act_live *live, uint32_t most) { live->links = most; }

struct wasi_backend act_live_backend(struct act_live *live) { return (struct wasi_backend) { live, act_live_act }; }

enum status act_internal(const struct op *op, struct error *error)
{
    return error_set(error, STATUS_INTERNAL, "op %s names a descriptor, region or path that does not exist",
                     op->kind < OP_COUNT ? abi_ops[op->kind].text : "?");
}

static bool iovs_in_request(const struct op *op, const struct request *request)
{
    return (uint64_t)op->mem.offset + op->mem.length <= request->iov_count && request->iov_count <= LIMIT_IOVECS;
}

bool act_vector(struct act_live *live, const struct op *op, const struct request *request,
                const struct backend_space *space)
{
    if (!iovs_in_request(op, request))
        return false;
    const struct region *from = request->iov + op->mem.offset;
    for (uint32_t i = 0; i < op->mem.length; i++) {
        uint8_t *base = act_address(space, from[i]);
        if (!base && from[i].length > 0)
            return false;
        live->iov[i] = (struct iovec) { base, from[i].length };
    }
    return true;
}

uint32_t act_staged_length(const struct op *op, const struct request *request, const struct backend_space *space)
{
    if (!iovs_in_request(op, request))
        return UINT32_MAX;
    const struct region *from = request->iov + op->mem.offset;
    uint64_t total = 0;
    for (uint32_t i = 0; i < op->mem.length; i++) {
        if (!act_address(space, from[i]) && from[i].length > 0)
            return UINT32_MAX;
        total += from[i].length;
    }
    return total < LIMIT_STAGING ? (uint32_t)total : LIMIT_STAGING;
}

void act_scatter(const struct op *op, const struct request *request, const struct backend_space *space, uint32_t length)
{
    const struct region *to = request->iov + op->mem.offset;
    for (uint32_t done = 0; done < length; to++) {
        uint32_t piece = to->length < length - done ? to->length : length - done;
        memcpy(space->memory + to->offset, space->staging + done, piece);
        done += piece;
    }
}

bool act_path(const struct request *request, struct region region, struct act_path *ret)
{
    if (region.length > LIMIT_PATH || (uint64_t)region.offset + region.length > REQUEST_BYTES)
        return false;
    memcpy(ret->text, request->bytes + region.offset, region.length);
    ret->text[region.length] = 0;
    return true;
}

uint8_t act_filetype(mode_t mode)
{
    switch (mode & S_IFMT) {
    case S_IFREG:
        return FILETYPE_REGULAR_FILE;
    case S_IFDIR:
        return FILETYPE_DIRECTORY;
    case S_IFLNK:
        return FILETYPE_SYMBOLIC_LINK;
    case S_IFCHR:
        return FILETYPE_CHARACTER_DEVICE;
    case S_IFBLK:
        return FILETYPE_BLOCK_DEVICE;
    case S_IFSOCK: /* which kind of socket would cost a second system call */
        return FILETYPE_SOCKET_STREAM;
    default:
        return FILETYPE_UNKNOWN;
    }
}

bool act_polls(struct act_live *live, const struct request *request, uint32_t *ret_count)
{
    uint32_t count = 0;
    if (request->subscription_count > LIMIT_SUBSCRIPTIONS)
        return false;
    for (uint32_t i = 0; i < request->subscription_count; i++) {
        const struct subscription *subscription = &request->subscription[i];
        if (subscription->type == EVENTTYPE_CLOCK)
            continue;
        int fd = act_descriptor(live, subscription->clock_or_fd);
        if (fd < 0)
            return false;
        live->poll[count++] = (struct pollfd) { fd, subscription->type == EVENTTYPE_FD_READ ? POLLIN : POLLOUT, 0 };
    }
    *ret_count = count;
    return true;
}

void act_polled(const struct act_live *live, uint32_t count, uint8_t *staging)
{
    for (uint32_t i = 0; i < count; i++) {
        int bits = live->poll[i].revents;
        staging[i] = (uint8_t)((bits & (POLLIN | POLLOUT) ? POLLED_READY : 0) | (bits & POLLHUP ? POLLED_HANGUP : 0) |
                               (bits & POLLERR ? POLLED_ERROR : 0) | (bits & POLLNVAL ? POLLED_INVALID : 0));
    }
}

void act_host_terminal(int fd, struct filestat *stat)
{
    if (stat->filetype == FILETYPE_CHARACTER_DEVICE && !isatty(fd))
        stat->filetype = FILETYPE_UNKNOWN;
}

uint64_t act_ns(struct timespec time)
{
    if (time.tv_sec < 0)
        return 0;
    uint64_t ns;
    if (__builtin_mul_overflow((uint64_t)time.tv_sec, NS_PER_SECOND, &ns) ||
        __builtin_add_overflow(ns, (uint64_t)time.tv_nsec, &ns))
        return UINT64_MAX;
    return ns;
}

struct timespec act_timespec(uint64_t ns)
{
    return (struct timespec) { (time_t)(ns / NS_PER_SECOND), (long)(ns % NS_PER_SECOND) };
}

void act_times(const struct op *op, struct timespec ret[2])
{
    ret[0] = op->flags & FST_ATIM ? act_timespec(op->offset) : (struct timespec) { 0, UTIME_OMIT };
    ret[1] = op->flags & FST_MTIM ? act_timespec(op->value) : (struct timespec) { 0, UTIME_OMIT };
    if (op->flags & FST_ATIM_NOW)
        ret[0].tv_nsec = UTIME_NOW;
    if (op->flags & FST_MTIM_NOW)
        ret[1].tv_nsec = UTIME_NOW;
}
