/* From the description of a run to what its guest is given.
 *
 * Invariant: everything the guest can learn before its first op (arguments, environment, grants, kinds of descriptors)
 * comes from the description alone, so that a replay on another machine gives it the same. No engine is needed for it.
 */
#include "wasi/start.h"

#include <stdlib.h>

static struct filestat initial_stat(const struct run_initial *initial)
{
    return (struct filestat) { .dev = initial->dev, .ino = initial->ino, .filetype = initial->filetype };
}

/* The policy's limit on memory in the engine's terms. Who does not lower it has the address space of a whole linear
 * memory, and LIMIT_ENGINE_BYTES for the rest. */
static uint64_t engine_bytes(uint64_t memory)
{
    const uint64_t whole = LIMIT_MEMORY_PAGES * UINT64_C(65536);
    return memory >= whole ? whole + LIMIT_ENGINE_BYTES : memory > 0 ? memory : 1;
}

enum status wasi_start_init(const struct run_spec *spec, struct wasi_start *ret, struct error *error)
{
    const struct policy *policy = &spec->policy;
    if (policy->file_count > LIMIT_PREOPENS)
        return error_set(error, STATUS_LIMIT, "%u directories are granted, at most %d can be", policy->file_count,
                         LIMIT_PREOPENS);
    const uint32_t sockets = 3 + policy->file_count;
    if (policy->listen_count > LIMIT_LISTENERS || spec->initial_count != run_spec_initials(policy))
        return error_set(error, STATUS_MALFORMED,
                         "the run's description has %u first descriptors for %u directories and %u sockets",
                         spec->initial_count, policy->file_count, policy->listen_count);
    struct wasi_preopen *preopens = NULL;
    if (policy->file_count > 0) {
        preopens = calloc(policy->file_count, sizeof *preopens);
        if (!preopens)
            return error_set(error, STATUS_NO_MEMORY, "no memory for %u grants", policy->file_count);
    }
    for (uint32_t i = 0; i < policy->file_count; i++)
        preopens[i] = (struct wasi_preopen) { .guest_path = policy->files[i].guest,
                                              .writes = policy->files[i].writes,
                                              .doubtful = spec->initial[3 + i].doubtful,
                                              .stat = initial_stat(&spec->initial[3 + i]) };
    uint64_t pages = policy->limits.memory / 65536;
    uint64_t bytes = engine_bytes(policy->limits.memory);
    uint32_t descriptors = policy->limits.descriptors, depth = policy->limits.call_depth;
    *ret = (struct wasi_start) {
        .config = { .arg_count = spec->arg_count,
                    .env_count = spec->env_count,
                    .preopen_count = policy->file_count,
                    .args = (const char *const *)spec->args,
                    .env = (const char *const *)spec->env,
                    .preopens = preopens,
                    .stdio = { initial_stat(&spec->initial[0]), initial_stat(&spec->initial[1]),
                               initial_stat(&spec->initial[2]) },
                    .descriptor_limit = descriptors < LIMIT_HANDLES ? descriptors : LIMIT_HANDLES,
                    .element_limit = policy->limits.elements,
                    .transfer_limit = policy->limits.transfer,
                    .violation_traps = policy->on_violation != POLICY_VIOLATION_ERRNO },
        .limits = { .memory_pages = pages < LIMIT_MEMORY_PAGES ? (uint32_t)pages : LIMIT_MEMORY_PAGES,
                    .call_depth = depth < LIMIT_CALL_DEPTH ? depth : LIMIT_CALL_DEPTH,
                    .table_elements = policy->limits.table_elements,
                    .fuel = policy->limits.fuel,
                    .memory_bytes = bytes },
        .module_limits = { .bytes = policy->limits.module_bytes,
                           .functions = policy->limits.functions,
                           .locals = policy->limits.locals,
                           .tables = policy->limits.tables,
                           .memory = bytes },
        .preopens = preopens,
    };
    for (uint32_t i = 0; i < spec->node_count && i < LIMIT_DEVICES; i++)
        ret->devices[ret->config.device_count++] = (struct wasi_device) { spec->nodes[i].dev, spec->nodes[i].ino };
    ret->config.devices = ret->devices;
    for (uint32_t i = 0; i < policy->listen_count; i++)
        ret->listens[i] =
            (struct wasi_listen) { initial_stat(&spec->initial[sockets + i]), spec->initial[sockets + i].address };
    ret->config.listen_count = policy->listen_count;
    ret->config.listens = ret->listens;
    ret->config.network_count = policy->network_count;
    ret->config.networks = policy->networks;
    ret->config.name_count = policy->name_count;
    ret->config.names = (const char *const *)policy->names;
    return STATUS_OK;
}

void wasi_start_done(struct wasi_start *start)
{
    if (!start)
        return;
    free(start->preopens);
    start->preopens = NULL;
}
