/* See act_world.h. */
#include "act_world.h"
#include "wasi/abi/op_sets.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { UNTOUCHED = 0xA5 };

static void need(bool held, const char *what)
{
    if (held)
        return;
    perror(what);
    exit(2);
}

static void adopt(struct act_world *world, uint32_t handle, const char *name, int flags)
{
    char path[128];
    snprintf(path, sizeof path, name[0] == '/' ? "%.0s%s" : "%s/%s", world->path, name);
    int fd = open(path, flags | O_CLOEXEC);
    need(fd >= 0, path);
    act_live_adopt(world->live, handle, fd);
}

static void make_files(struct act_world *world)
{
    int dir = open(world->path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    need(dir >= 0, world->path);
    int file = openat(dir, "file", O_CREAT | O_RDWR | O_CLOEXEC, 0666);
    need(file >= 0 && write(file, "0123456789", 10) == 10, "file");
    close(file);
    need(mkdirat(dir, "sub", 0777) == 0, "sub");
    need(symlinkat("file", dir, "link") == 0, "link");
    need(symlinkat("../..", dir, "out") == 0, "out");
    close(dir);
}

void act_world_init(struct act_world *world)
{
    struct error error = ERROR_INIT;
    strcpy(world->path, "/tmp/warrant-act-XXXXXX");
    need(mkdtemp(world->path) != NULL, world->path);
    make_files(world);
    need(act_live_create(&world->live, &error) == STATUS_OK, error.text);
    adopt(world, H_DIR, ".", O_RDONLY | O_DIRECTORY);
    adopt(world, H_FILE, "file", O_RDWR);
    adopt(world, H_NAME, "file", O_PATH);
    adopt(world, H_APPEND, "file", O_WRONLY);
    adopt(world, H_NULL, "/dev/null", O_RDWR);
    adopt(world, H_ZERO, "/dev/zero", O_RDONLY);
    world->space = (struct backend_space) { malloc(WORLD_MEMORY), WORLD_MEMORY, malloc(BACKEND_STAGING) };
    world->request = calloc(1, sizeof *world->request);
    need(world->space.memory && world->space.staging && world->request, "memory");
    memset(world->space.memory, UNTOUCHED, WORLD_MEMORY);
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void)stat;
    (void)kind;
    (void)walk;
    return remove(path);
}

void act_world_done(struct act_world *world)
{
    for (uint32_t handle = 0; handle < HANDLES_TOTAL; handle++)
        if (world->live->host_fd[handle] >= 0)
            close(world->live->host_fd[handle]);
    nftw(world->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
    act_live_free(world->live);
    free(world->space.memory);
    free(world->space.staging);
    free(world->request);
}

struct op act_world_op(enum op_kind kind, uint32_t handle)
{
    return (struct op) { .kind = (uint16_t)kind, .handle = handle, .handle2 = HANDLE_NONE };
}

struct region act_world_path(struct act_world *world, const char *text, bool second)
{
    struct region region = { second ? LIMIT_PATH + 1 : 0, (uint32_t)strlen(text) };
    memcpy(world->request->bytes + region.offset, text, region.length);
    return region;
}

void act_world_vector(struct act_world *world, struct op *op, uint32_t count, const struct region *regions)
{
    memcpy(world->request->iov, regions, count * sizeof *regions);
    world->request->iov_count = count;
    op->mem = (struct region) { 0, count };
}

struct op_result act_world_act(struct act_world *world, const struct op *op)
{
    struct error error = ERROR_INIT;
    struct op_result result = { .value = INT64_MIN };
    struct wasi_backend backend = act_live_backend(world->live);
    if (abi_op_bit(op->kind) & ops_joined)
        need(backend_join(op, world->request, &world->space), "the regions lie outside of the memory");
    need(backend.act(backend.self, op, world->request, &world->space, &result, &error) == STATUS_OK, error.text);
    return result;
}

bool act_world_untouched(const struct act_world *world, struct region region)
{
    for (uint32_t i = 0; i < WORLD_MEMORY; i++)
        if ((i < region.offset || i - region.offset >= region.length) && world->space.memory[i] != UNTOUCHED)
            return false;
    return true;
}
