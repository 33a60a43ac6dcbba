/* See hostcall_world.h. */
#include "hostcall_world.h"
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

static enum status event(struct hostcall_world *world, char kind, struct error *error)
{
    size_t used = strlen(world->events);
    if (used + 1 < HW_EVENTS)
        world->events[used] = kind;
    if (world->failing_event == kind)
        return error_set(error, world->failing_status, "as told");
    return STATUS_OK;
}

static enum status on_begin(void *self, const struct request *request, struct error *error)
{
    (void)request;
    return event(self, 'b', error);
}

static enum status on_op(void *self, const struct request *request, const struct op *op,
                         const struct backend_space *space, struct error *error)
{
    struct hostcall_world *world = self;
    (void)request;
    (void)op;
    memcpy(world->shown, space->staging, sizeof world->shown);
    if (world->overwrites)
        memset(world->memory, HW_FILL, HW_MEMORY);
    return event(self, 'o', error);
}

static enum status on_end(void *self, const struct request *request, const struct call_ops *ops,
                          const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                          struct error *error)
{
    struct hostcall_world *world = self;
    (void)request;
    (void)ops;
    (void)space;
    world->last_outcome = *outcome;
    world->committed = committed;
    return event(world, 'e', error);
}

static enum status act(void *self, const struct op *op, const struct request *request,
                       const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct hostcall_world *world = self;
    uint32_t i = world->acts < world->answer_count ? world->acts : world->answer_count - 1;
    (void)request;
    world->acts++;
    world->last_op = *op;
    memcpy(world->performed, space->staging, sizeof world->performed);
    result->value = world->answer[i].value;
    result->stat = world->answer[i].stat;
    if (op->kind == OP_READ_DIR && world->staged) {
        result->value = op->offset == 0 ? world->staged_size : 0; /* then the directory ends */
        if (result->value > 0)
            memcpy(space->staging, world->staged, world->staged_size);
    }
    if (world->answer[i].status != STATUS_OK)
        return error_set(error, world->answer[i].status, "as told");
    return event(world, 'a', error);
}

void hostcall_world_init(struct hostcall_world *world, bool violation_traps)
{
    static const char *const args[] = { "prog", "x y" }, *const env[] = { "A=1" };
    static const struct wasi_preopen preopens[] = {
        { "/data", true, false, { .dev = 1, .ino = 77, .filetype = FILETYPE_DIRECTORY } },
        { "/ro", false, false, { .dev = 1, .ino = 78, .filetype = FILETYPE_DIRECTORY } },
    };
    const struct filestat tty = { .filetype = FILETYPE_CHARACTER_DEVICE }, file = { .filetype = FILETYPE_REGULAR_FILE };
    struct wasi_config config = { .arg_count = 2,
                                  .env_count = 1,
                                  .preopen_count = 2,
                                  .args = args,
                                  .env = env,
                                  .preopens = preopens,
                                  .stdio = { tty, tty, file },
                                  .descriptor_limit = 16,
                                  .violation_traps = violation_traps };
    struct wasi_backend backend = { world, act };
    struct wasi_observer observer = { world, on_begin, on_op, on_end, NULL };
    memset(world, 0, sizeof *world);
    world->memory = malloc(HW_MEMORY);
    if (!world->memory || wasi_create(&config, &backend, &observer, &world->wasi, NULL) != STATUS_OK)
        exit(2);
    memset(world->memory, HW_FILL, HW_MEMORY);
    world->answer_count = 1;
}

void hostcall_world_done(struct hostcall_world *world)
{
    wasi_free(world->wasi);
    free(world->memory);
}

void hostcall_world_expect(struct hostcall_world *world, int64_t value)
{
    memset(world->answer, 0, sizeof world->answer);
    world->answer[0].value = value;
    world->answer_count = 1;
    world->failing_event = 0;
    memset(world->events, 0, sizeof world->events);
}

enum rt_trap_kind hostcall_world_call(struct hostcall_world *world, uint32_t index, const uint64_t *slots, size_t count,
                                      uint32_t *ret_errno)
{
    uint64_t passed[OPERATION_SLOTS_MAX] = { 0 };
    size_t imports;
    const struct rt_import *import = &wasi_imports(world->wasi, &imports)[index];
    memcpy(passed, slots, count * sizeof *slots);
    world->acts = 0;
    enum rt_trap_kind trap =
        import->function(import->env, NULL, (struct rt_memory) { world->memory, HW_MEMORY }, passed);
    if (ret_errno)
        *ret_errno = (uint32_t)passed[0];
    return trap;
}

void hostcall_world_u32(struct hostcall_world *world, uint32_t at, uint32_t value)
{
    memcpy(world->memory + at, &value, sizeof value);
}

uint32_t hostcall_world_get_u32(const struct hostcall_world *world, uint32_t at)
{
    uint32_t value;
    memcpy(&value, world->memory + at, sizeof value);
    return value;
}

uint64_t hostcall_world_get_u64(const struct hostcall_world *world, uint32_t at)
{
    uint64_t value;
    memcpy(&value, world->memory + at, sizeof value);
    return value;
}

bool hostcall_world_filled(const struct hostcall_world *world, uint32_t at, uint32_t length)
{
    for (uint32_t i = 0; i < length; i++)
        if (world->memory[at + i] != HW_FILL)
            return false;
    return true;
}
