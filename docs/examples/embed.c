/* A whole embedder of warrant's engine: loads a plugin, gives it one function, calls it, reads its memory, survives
 * its traps, and lets it run no longer than it may. README.md beside it says how to compile it; everything used here is
 * declared and explained in runtime/rt.h.
 *
 *     embed plugin.wasm */
#include "runtime/rt.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { TEXT_AT = 1024 }; /* where this host and its plugin have agreed to exchange text */

struct host {
    unsigned lines; /* logged so far */
};

/* log(at, size): prints text out of the guest's memory. The two numbers are the guest's, so nothing is believed:
 * rt_memory_range gives NULL for whatever is not all inside. */
static enum rt_trap_kind host_log(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    struct host *host = env;
    (void)instance;
    uint32_t at = (uint32_t)slots[0], size = (uint32_t)slots[1];
    const uint8_t *text = rt_memory_range(memory, at, size);
    if (!text)
        return RT_TRAP_HOST_POINTER; /* ends the call that led here */
    printf("  the plugin says: %.*s\n", (int)size, (const char *)text);
    host->lines++;
    return RT_TRAP_NONE;
}

/* The whole file, owned by the caller; NULL: it cannot be read. */
static uint8_t *file_read(const char *path, size_t *ret_size)
{
    FILE *file = fopen(path, "rb");
    uint8_t *bytes = NULL;
    long size = -1;
    if (file && fseek(file, 0, SEEK_END) == 0)
        size = ftell(file);
    if (size >= 0 && fseek(file, 0, SEEK_SET) == 0)
        bytes = malloc((size_t)size + 1);
    if (bytes && fread(bytes, 1, (size_t)size, file) != (size_t)size) {
        free(bytes);
        bytes = NULL;
    }
    if (file)
        fclose(file);
    *ret_size = (size_t)size;
    return bytes;
}

/* Calls an export by name, and says how that ended. Its result, where it has one, goes to *ret. */
static enum status call(struct rt_module *module, struct rt_instance *instance, const char *name, const uint64_t *args,
                        uint32_t arg_count, uint64_t *ret)
{
    struct error error = ERROR_INIT;
    uint32_t function;
    if (!rt_module_export(module, name, &function)) {
        printf("%s: the plugin has no such function\n", name);
        return STATUS_NOT_FOUND;
    }
    enum status status = rt_call(instance, function, args, arg_count, ret, ret ? 1 : 0, &error);
    if (status == STATUS_TRAPPED) {
        const struct rt_trap *trap = rt_instance_trap(instance);
        printf("%s trapped: %s, in %s\n", name, rt_trap_text(trap->kind),
               trap->function_name ? trap->function_name : "a function without a name");
    } else if (status != STATUS_OK) {
        printf("%s: %s\n", name, error.text);
    }
    return status;
}

/* What the plugin offers. */
static void exports_print(const struct rt_module *module)
{
    static const char *const kinds[] = { "function", "table", "memory", "global" };
    for (uint32_t i = 0; i < rt_module_export_count(module); i++) {
        struct rt_export_info e = rt_module_export_at(module, i);
        printf("exports %s %s\n", kinds[e.kind], e.name);
    }
}

static void plugin_use(struct rt_module *module, struct rt_instance *instance)
{
    static const char text[] = "hello, 2 worlds";
    uint64_t args[2] = { rt_slot_i32(TEXT_AT), rt_slot_i32(sizeof text - 1) }, changed = 0, calls = 0;

    /* Text in, a call, text out. After a call the memory is asked for again: it may have grown. */
    uint8_t *at = rt_memory_range(rt_instance_memory(instance), TEXT_AT, sizeof text - 1);
    if (!at)
        return;
    memcpy(at, text, sizeof text - 1);
    if (call(module, instance, "shout", args, 2, &changed) == STATUS_OK) {
        at = rt_memory_range(rt_instance_memory(instance), TEXT_AT, sizeof text - 1);
        printf("shout changed %u letters: %.*s\n", (unsigned)changed, (int)sizeof text - 1, (const char *)at);
    }

    /* A call that goes wrong ends the call and nothing else. */
    args[0] = rt_slot_i32(65530);
    args[1] = rt_slot_i32(100);
    (void)!call(module, instance, "shout", args, 2, &changed);

    /* An exported global. */
    struct rt_export_info global;
    if (rt_module_export_find(module, "calls", &global) && global.kind == RT_GLOBAL &&
        rt_instance_global_get(instance, global.index, &calls, 1, NULL) == STATUS_OK)
        printf("calls is %u\n", (unsigned)calls);

    /* A plugin that does not return runs out of fuel; with new fuel it can be called again. */
    (void)!call(module, instance, "spin", NULL, 0, NULL);
    if (rt_instance_refuel(instance, 100000, NULL) == STATUS_OK) {
        args[0] = rt_slot_i32(TEXT_AT);
        args[1] = rt_slot_i32(5);
        if (call(module, instance, "shout", args, 2, &changed) == STATUS_OK)
            printf("and shout works again\n");
    }
}

static int plugin_run(const uint8_t *bytes, size_t size)
{
    static const uint32_t two_i32[] = { RT_I32, RT_I32 };
    struct error error = ERROR_INIT;
    struct rt_module *module = NULL;
    struct rt_instance *instance = NULL;
    struct host host = { .lines = 0 };

    /* What the plugin may import; it does not get anything else. */
    const struct rt_import imports[] = {
        { .module = "host",
          .name = "log",
          .type = { .param_count = 2, .params = two_i32 },
          .function = host_log,
          .env = &host },
    };
    /* What it may use: 16 pages of 64 KiB, 100 calls deep, 100,000 instructions. */
    struct rt_limits limits = RT_LIMITS_DEFAULT;
    limits.memory_pages = 16;
    limits.call_depth = 100;
    limits.fuel = 100000;

    enum status status = rt_module_load(bytes, size, NULL, &module, &error);
    if (status == STATUS_OK) {
        exports_print(module);
        status = rt_instance_create(module, imports, 1, &limits, &instance, &error);
    }
    if (status == STATUS_OK)
        status = rt_instance_start(instance, &error);
    if (status == STATUS_OK)
        plugin_use(module, instance);
    else
        printf("the plugin cannot be used: %s\n", error.text);
    printf("%u lines were logged\n", host.lines);
    rt_instance_free(instance); /* before its module; NULL is fine */
    rt_module_free(module);
    return status == STATUS_OK ? 0 : 1;
}

int main(int argc, char **argv)
{
    size_t size;
    if (argc != 2) {
        fprintf(stderr, "usage: embed PLUGIN.wasm\n");
        return 2;
    }
    uint8_t *bytes = file_read(argv[1], &size);
    if (!bytes) {
        fprintf(stderr, "embed: %s cannot be read\n", argv[1]);
        return 2;
    }
    int result = plugin_run(bytes, size);
    free(bytes);
    return result;
}
