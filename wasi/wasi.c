/* Creates a guest's hostcalls: its world as granted (guest_world.c), its imports as imports.def lists them. Left out on
 * purpose: opening anything; the launcher has done it (start.h). */
#include "wasi/wasi.h"
#include <stdlib.h>
#include <string.h>
#include "wasi/wasi_inner.h"

/* Derives the import and the places of its results from its row. */
static void link_init(struct wasi *wasi, uint32_t import)
{
    static const uint32_t errno_type[1] = { RT_I32 };
    const struct import_row *row = &abi_imports[import];
    struct wasi_link *link = &wasi->link[import];
    uint32_t *param = wasi->param[import], params = 0;
    *link = (struct wasi_link) {
        .wasi = wasi, .row = &abi_operations[row->operation], .lowered = row, .call = row->operation, .import = import
    };
    for (uint32_t i = 0; i < row->field_count; i++) {
        const struct arg_type_row *type = &abi_arg_types[row->field[i].type];
        if (type->class == ARG_CLASS_RESULT && link->result_count < RESULTS_MAX) {
            link->result[link->result_count].slot = row->field[i].slot;
            link->result[link->result_count].type = row->field[i].type;
            link->result_count++;
        }
        for (const char *core = type->core; *core; core++)
            param[params++] = *core == 'I' ? RT_I64 : RT_I32;
    }
    wasi->import[import] = (struct rt_import) {
        .module = row->module,
        .name = row->name,
        .type = { .param_count = params, .result_count = link->row->returns, .params = param, .results = errno_type },
        .function = row->lowering == IMPORT_LOWERING_SAME ? wasi_entry(row->operation) : wasi_dispatch,
        .env = link,
    };
}

enum status wasi_create(const struct wasi_config *config, const struct wasi_backend *backend,
                        const struct wasi_observer *observer, struct wasi **ret, struct error *error)
{
    struct wasi *wasi = calloc(1, sizeof *wasi);
    if (!wasi)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the hostcalls' state");
    enum status status = wasi_world_init(config, &wasi->context, &wasi->table, error);
    if (status != STATUS_OK) {
        free(wasi);
        return status;
    }
    wasi->backend = *backend;
    if (observer)
        wasi->observer = *observer;
    wasi->args = config->args;
    wasi->env = config->env;
    wasi->preopens = config->preopens;
    wasi->preopen_count = config->preopen_count;
    wasi->violation_traps = config->violation_traps;
    for (uint32_t import = 0; import < IMPORT_COUNT; import++)
        link_init(wasi, import);
    *ret = wasi;
    return STATUS_OK;
}

void wasi_free(struct wasi *wasi) { free(wasi); }

const struct rt_import *wasi_imports(struct wasi *wasi, size_t *ret_count)
{
    *ret_count = IMPORT_COUNT;
    return wasi->import;
}

void wasi_use_memory(struct wasi *wasi, wasi_memory_fn *find, uint32_t index)
{
    wasi->memory_find = find;
    wasi->memory = index;
}

bool wasi_raised(const struct wasi *wasi) { return wasi->raised; }

uint32_t wasi_exit_code(const struct wasi *wasi) { return wasi->exit_code; }

uint64_t wasi_call_count(const struct wasi *wasi) { return wasi->call_count; }

const struct error *wasi_failure(const struct wasi *wasi) { return &wasi->failure; }
