/* A guest without an engine on the live backend: a temporary directory, granted as descriptor 3, and again for reading
 * as 4. (There is no instance, only a memory.) */
#ifndef WARRANT_LIVE_WORLD_H
#define WARRANT_LIVE_WORLD_H

#include "wasi/wasi.h"

enum { LW_MEMORY = 131072, LW_WRITES = 3, LW_READS = 4, LW_FIRST = 5, LW_LIMIT = 12 };
/* Where the helpers keep things in guest memory. */
enum { LW_PATH = 0, LW_PATH_TOO = 8192, LW_RESULT = 16384, LW_IOVS = 16448, LW_DATA = 20480 };

struct live_world {
    char path[64]; /* the directory that holds `granted/` and `outside` ("secret") */
    struct wasi *wasi;
    struct act_live *live;
    uint8_t *memory;
    enum rt_trap_kind trap; /* of the last call */
};

void live_world_init(struct live_world *world); /* ends the test program where it cannot */
void live_world_done(struct live_world *world); /* removes the directory */
/* Each call returns the guest's errno, UINT32_MAX after a trap. */
uint32_t live_world_call(struct live_world *world, uint32_t call, size_t count, const uint64_t *slots);
#define LW_CALL(world, call, ...)                                                                                      \
    live_world_call(world, call, sizeof((uint64_t[]) { __VA_ARGS__ }) / 8, (uint64_t[]) { __VA_ARGS__ })
/* path_open with all rights that the directory passes on, links followed. */
uint32_t live_world_open(struct live_world *world, uint32_t dir, const char *path, uint32_t oflags, uint32_t fdflags,
                         uint32_t *ret_fd);
/* fd_write of text, fd_read of up to `room` bytes to LW_DATA. */
uint32_t live_world_write(struct live_world *world, uint32_t fd, const char *text);
uint32_t live_world_read(struct live_world *world, uint32_t fd, uint32_t room, uint32_t *ret_count);
/* Puts a path into guest memory; returns its length. */
uint32_t live_world_path(struct live_world *world, uint32_t at, const char *path);
uint32_t live_world_u32(const struct live_world *world, uint32_t at);
uint64_t live_world_u64(const struct live_world *world, uint32_t at);
/* On the host: the content of `name` under world->path, as a string of at most 255 bytes in static storage; "" if there
 * is none. */
const char *live_world_host(const struct live_world *world, const char *name);

#endif
