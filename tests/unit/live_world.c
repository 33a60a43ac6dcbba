/* See live_world.h. */
#include "live_world.h"
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

static void need(bool held, const char *what)
{
    if (held)
        return;
    perror(what);
    exit(2);
}

static void host_file(const struct live_world *world, const char *name, const char *text)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", world->path, name);
    FILE *file = fopen(path, "w");
    need(file && fputs(text, file) >= 0 && fclose(file) == 0, path);
}

static void host_link(const struct live_world *world, const char *name, const char *target)
{
    char path[128];
    snprintf(path, sizeof path, "%s/%s", world->path, name);
    need(symlink(target, path) == 0, path);
}

static void make_tree(struct live_world *world)
{
    char path[128];
    strcpy(world->path, "/tmp/warrant-live-XXXXXX");
    need(mkdtemp(world->path) != NULL, world->path);
    snprintf(path, sizeof path, "%s/granted", world->path);
    need(mkdir(path, 0777) == 0, path);
    strcat(path, "/sub");
    need(mkdir(path, 0777) == 0, path);
    host_file(world, "outside", "secret");
    host_file(world, "granted/file", "content");
    host_link(world, "granted/link", "file");
    host_link(world, "granted/up", "..");
    host_link(world, "granted/escape", "../outside");
    host_link(world, "granted/slashed", "up/");
    host_link(world, "granted/absolute", "/etc/passwd");
    host_link(world, "granted/magic", "/proc/self/root");
    host_link(world, "granted/loop", "loop");
}

void live_world_init(struct live_world *world)
{
    struct error error = ERROR_INIT;
    struct wasi_preopen *preopens = calloc(2, sizeof *preopens);
    struct wasi_config config = { .preopen_count = 2, .preopens = preopens, .descriptor_limit = LW_LIMIT };
    char path[128];
    memset(world, 0, sizeof *world);
    make_tree(world);
    snprintf(path, sizeof path, "%s/granted", world->path);
    world->memory = calloc(1, LW_MEMORY);
    need(preopens && world->memory && act_live_create(&world->live, &error) == STATUS_OK, "memory");
    for (int i = 0; i < 3; i++) {
        int null = open("/dev/null", O_RDWR | O_CLOEXEC);
        act_live_adopt(world->live, (uint32_t)i, null);
        need(act_host_stat(null, &config.stdio[i], &error) == STATUS_OK, error.text);
    }
    for (uint32_t i = 0; i < 2; i++) {
        int dir = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        preopens[i].guest_path = i == 0 ? "/w" : "/r";
        preopens[i].writes = i == 0;
        act_live_adopt(world->live, LW_WRITES + i, dir);
        need(act_host_stat(dir, &preopens[i].stat, &error) == STATUS_OK, error.text);
    }
    struct wasi_backend backend = act_live_backend(world->live);
    need(wasi_create(&config, &backend, NULL, &world->wasi, &error) == STATUS_OK, error.text);
    free(preopens); /* no test asks for a granted directory's name */
}

static int remove_entry(const char *path, const struct stat *stat, int kind, struct FTW *walk)
{
    (void)stat;
    (void)kind;
    (void)walk;
    return remove(path);
}

void live_world_done(struct live_world *world)
{
    for (uint32_t fd = 0; fd < LW_LIMIT; fd++)
        (void)LW_CALL(world, OPERATION_FD_CLOSE, fd);
    wasi_free(world->wasi);
    act_live_free(world->live);
    free(world->memory);
    nftw(world->path, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
}

uint32_t live_world_call(struct live_world *world, uint32_t call, size_t count, const uint64_t *slots)
{
    uint64_t passed[OPERATION_SLOTS_MAX] = { 0 };
    size_t imports;
    const struct rt_import *import = &wasi_imports(world->wasi, &imports)[call];
    memcpy(passed, slots, count * sizeof *slots);
    world->trap = import->function(import->env, NULL, (struct rt_memory) { world->memory, LW_MEMORY }, passed);
    return world->trap == RT_TRAP_NONE ? (uint32_t)passed[0] : UINT32_MAX;
}

uint32_t live_world_path(struct live_world *world, uint32_t at, const char *path)
{
    size_t length = strlen(path);
    memcpy(world->memory + at, path, length);
    return (uint32_t)length;
}

uint32_t live_world_open(struct live_world *world, uint32_t dir, const char *path, uint32_t oflags, uint32_t fdflags,
                         uint32_t *ret_fd)
{
    uint32_t length = live_world_path(world, LW_PATH, path);
    uint64_t rights = 0;
    if (LW_CALL(world, OPERATION_FD_FDSTAT_GET, dir, LW_RESULT) == WASI_SUCCESS)
        rights = live_world_u64(world, LW_RESULT + 16);
    uint32_t wasi_errno = LW_CALL(world, OPERATION_PATH_OPEN, dir, LOOKUP_SYMLINK_FOLLOW, LW_PATH, length, oflags,
                                  rights, rights, fdflags, LW_RESULT);
    if (ret_fd)
        *ret_fd = live_world_u32(world, LW_RESULT);
    return wasi_errno;
}

static void vector(struct live_world *world, uint32_t length)
{
    memcpy(world->memory + LW_IOVS, (uint32_t[]) { LW_DATA, length }, 8);
}

uint32_t live_world_write(struct live_world *world, uint32_t fd, const char *text)
{
    vector(world, live_world_path(world, LW_DATA, text));
    return LW_CALL(world, OPERATION_FD_WRITE, fd, LW_IOVS, 1, LW_RESULT);
}

uint32_t live_world_read(struct live_world *world, uint32_t fd, uint32_t room, uint32_t *ret_count)
{
    vector(world, room);
    uint32_t wasi_errno = LW_CALL(world, OPERATION_FD_READ, fd, LW_IOVS, 1, LW_RESULT);
    *ret_count = live_world_u32(world, LW_RESULT);
    return wasi_errno;
}

uint32_t live_world_u32(const struct live_world *world, uint32_t at)
{
    uint32_t value;
    memcpy(&value, world->memory + at, sizeof value);
    return value;
}

uint64_t live_world_u64(const struct live_world *world, uint32_t at)
{
    uint64_t value;
    memcpy(&value, world->memory + at, sizeof value);
    return value;
}

const char *live_world_host(const struct live_world *world, const char *name)
{
    static char text[256];
    char path[128];
    snprintf(path, sizeof path, "%s/%s", world->path, name);
    text[0] = 0;
    FILE *file = fopen(path, "r");
    if (!file)
        return text;
    text[fread(text, 1, sizeof text - 1, file)] = 0;
    fclose(file);
    return text;
}
