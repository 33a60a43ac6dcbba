/* The world of a WASI command, as small as the kernels of bench/ need it. */
#include "tier_guest.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include "runtime/base/file_read.h"

enum { ERRNO_BADF = 8, ERRNO_FAULT = 21, ERRNO_NOSYS = 52, IMPORTS_MAX = 64 };

struct call {
    struct tier_guest *guest;
    uint32_t (*function)(struct tier_guest *g, struct rt_memory memory, const uint64_t *slots);
};

static uint64_t mix(uint64_t h, uint64_t v)
{
    h = (h ^ v) * 0x9e3779b97f4a7c15u;
    return h ^ h >> 29;
}

static uint32_t put(struct rt_memory memory, uint64_t at, const void *bytes, size_t size)
{
    uint8_t *to = rt_memory_range(memory, at, size);
    if (!to)
        return ERRNO_FAULT;
    memcpy(to, bytes, size);
    return 0;
}
static uint32_t put_u32(struct rt_memory memory, uint64_t at, uint32_t v) { return put(memory, at, &v, sizeof v); }
static uint32_t get_u32(struct rt_memory memory, uint64_t at)
{
    uint32_t v = 0;
    const uint8_t *from = rt_memory_range(memory, at, sizeof v);
    if (from)
        memcpy(&v, from, sizeof v);
    return v;
}

static uint32_t args_sizes_get(struct tier_guest *g, struct rt_memory memory, const uint64_t *slots)
{
    uint32_t bytes = 0;
    for (uint32_t i = 0; i < g->word_count; i++)
        bytes += (uint32_t)strlen(g->words[i]) + 1;
    return put_u32(memory, slots[0], g->word_count) | put_u32(memory, slots[1], bytes);
}

static uint32_t args_get(struct tier_guest *g, struct rt_memory memory, const uint64_t *slots)
{
    uint64_t at = slots[1];
    uint32_t failed = 0;
    for (uint32_t i = 0; i < g->word_count; i++) {
        failed |= put_u32(memory, slots[0] + 4ull * i, (uint32_t)at);
        failed |= put(memory, at, g->words[i], strlen(g->words[i]) + 1);
        at += strlen(g->words[i]) + 1;
    }
    return failed ? ERRNO_FAULT : 0;
}

static uint32_t clock_time_get(struct tier_guest *g, struct rt_memory memory, const uint64_t *slots)
{
    uint64_t now = ++g->looks * 1000000000u;
    struct timespec time;
    if (g->real_clock && clock_gettime(CLOCK_MONOTONIC, &time) == 0)
        now = (uint64_t)time.tv_sec * 1000000000u + (uint64_t)time.tv_nsec;
    return put(memory, slots[2], &now, sizeof now);
}

static uint32_t fd_write(struct tier_guest *g, struct rt_memory memory, const uint64_t *slots)
{
    uint32_t total = 0;
    if (slots[0] != 1 && slots[0] != 2)
        return ERRNO_BADF;
    for (uint64_t i = 0; i < slots[2]; i++) {
        uint32_t size = get_u32(memory, slots[1] + 8 * i + 4);
        const uint8_t *from = rt_memory_range(memory, get_u32(memory, slots[1] + 8 * i), size);
        if (!from)
            return ERRNO_FAULT;
        buffer_bytes(&g->output[slots[0] - 1], from, size);
        total += size;
    }
    return put_u32(memory, slots[3], total);
}

static const struct {
    const char *name;
    uint32_t (*function)(struct tier_guest *g, struct rt_memory memory, const uint64_t *slots);
} calls[] = {
    { "args_sizes_get", args_sizes_get },
    { "args_get", args_get },
    { "clock_time_get", clock_time_get },
    { "fd_write", fd_write },
};

static enum rt_trap_kind host(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    const struct call *call = env;
    struct tier_guest *g = call->guest;
    struct rt_trap where = rt_instance_where(instance);
    g->seen = mix(mix(mix(g->seen, where.function), where.offset), rt_instance_instructions(instance));
    slots[0] = call->function ? call->function(g, memory, slots) : ERRNO_NOSYS;
    return RT_TRAP_NONE;
}

static enum rt_trap_kind leave(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    struct tier_guest *g = ((const struct call *)env)->guest;
    (void)instance, (void)memory;
    g->status = (uint32_t)slots[0];
    g->seen = mix(g->seen, slots[0]);
    return RT_TRAP_EXIT;
}

static bool link_guest(struct tier_guest *g, uint64_t fuel, struct error *error)
{
    struct rt_import imports[IMPORTS_MAX];
    uint32_t count = rt_module_import_count(g->module);
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    struct call *rows = calloc(IMPORTS_MAX, sizeof *rows);
    limits.fuel = fuel;
    g->rows = rows;
    if (!rows || count > IMPORTS_MAX)
        return error_set(error, STATUS_LIMIT, "too many imports"), false;
    for (uint32_t i = 0; i < count; i++) {
        struct rt_import_info info = rt_module_import(g->module, i);
        rows[i] = (struct call) { .guest = g };
        for (size_t c = 0; c < sizeof calls / sizeof *calls; c++)
            if (strcmp(calls[c].name, info.name) == 0)
                rows[i].function = calls[c].function;
        imports[i] = (struct rt_import) { .module = info.module,
                                          .name = info.name,
                                          .type = info.type,
                                          .function = strcmp(info.name, "proc_exit") == 0 ? leave : host,
                                          .env = &rows[i] };
    }
    return rt_instance_create(g->module, imports, count, &limits, &g->instance, error) == STATUS_OK;
}

struct rt_module *tier_guest_load(const char *path)
{
    struct buffer bytes = BUFFER_INIT;
    struct error error = ERROR_INIT;
    struct rt_module *module = NULL;
    if (file_read_all(path, LIMIT_MODULE_BYTES, &bytes, &error) != STATUS_OK ||
        rt_module_load(bytes.data, bytes.size, NULL, &module, &error) != STATUS_OK)
        fprintf(stderr, "%s: %s\n", path, error.text);
    buffer_done(&bytes);
    return module;
}

bool tier_guest_open(struct tier_guest *g, const struct rt_module *module, struct tiers *tiers, uint64_t fuel)
{
    struct error error = ERROR_INIT;
    g->module = module;
    bool opened = link_guest(g, fuel, &error);
    if (opened)
        tiers_give(tiers, g->module, g->instance);
    else
        fprintf(stderr, "%s\n", error.text);
    return opened;
}

const struct rt_trap *tier_guest_run(struct tier_guest *g)
{
    uint32_t start;
    if (!rt_module_export(g->module, "_start", &start)) {
        fprintf(stderr, "no _start\n");
        abort();
    }
    enum status status = rt_call(g->instance, start, NULL, 0, NULL, 0, NULL);
    (void)status; /* the trap says it */
    return rt_instance_trap(g->instance);
}

bool tier_guest_succeeded(const struct tier_guest *g)
{
    enum rt_trap_kind kind = rt_instance_trap(g->instance)->kind;
    return (kind == RT_TRAP_NONE || kind == RT_TRAP_EXIT) && g->status == 0;
}

static void visit(void *env, const void *bytes, size_t size)
{
    uint64_t *digest = env, word;
    const uint8_t *at = bytes;
    for (; size >= sizeof word; size -= sizeof word, at += sizeof word) {
        memcpy(&word, at, sizeof word);
        *digest = mix(*digest, word);
    }
    for (; size > 0; size--)
        *digest = mix(*digest, *at++);
}

uint64_t tier_guest_state(const struct tier_guest *g)
{
    uint64_t digest = 0;
    return rt_instance_state(g->instance, visit, &digest) == STATUS_OK ? digest : 0;
}

void tier_guest_close(struct tier_guest *g)
{
    rt_instance_free(g->instance);
    free(g->rows);
    buffer_done(&g->output[0]);
    buffer_done(&g->output[1]);
}
