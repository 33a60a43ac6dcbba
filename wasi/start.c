/* Starts a guest and tells how it ended. Leaves out: what it is given (start_config.c); opening anything: the launcher
 * has done that, and the live backend adopts the descriptors. */
#include "wasi/start.h"

#include <stdlib.h>

/* Fills *ret from how `status` ended what was started in `instance`. */
static void stack_fill(const struct rt_instance *instance, struct call_stack *ret)
{
    struct rt_trap frame[CALL_STACK_KEPT];
    ret->depth = rt_instance_stack(instance, frame);
    for (uint32_t i = 0; i < call_stack_kept(ret->depth); i++)
        ret->place[i] = (struct call_place) { frame[i].function, frame[i].offset };
}

static enum status ending_fill(const struct rt_instance *instance, const struct wasi *wasi, enum status status,
                               struct wasi_ending *ret, struct error *error)
{
    ret->instructions = rt_instance_instructions(instance);
    if (status == STATUS_OK) {
        ret->ended = WASI_ENDED_RETURNED;
    } else if (status == STATUS_EXITED) {
        ret->ended = wasi_raised(wasi) ? WASI_ENDED_RAISED : WASI_ENDED_EXIT;
        ret->exit_code = wasi_exit_code(wasi);
    } else if (status == STATUS_TRAPPED) {
        const struct rt_trap *trap = rt_instance_trap(instance);
        ret->ended = WASI_ENDED_TRAP;
        ret->trap = (uint32_t)trap->kind;
        ret->function = trap->function;
        ret->offset = trap->offset;
        stack_fill(instance, &ret->stack);
    } else {
        return error_set(error, status, "the guest could not be started");
    }
    return STATUS_OK;
}

/* What a module asks for and nobody has. */
static enum status start_failed(enum status status, const struct error *why, struct error *error)
{
    error_copy(error, status, why);
    if (status == STATUS_UNLINKABLE)
        error_append(
            error,
            "; a run has the functions of wasi_snapshot_preview1 and wasi_unstable: link the rest into the module");
    return status;
}

enum status wasi_start_run(const struct rt_module *module, struct wasi *wasi, const struct rt_limits *limits,
                           const struct rt_growth_watch *growths, const struct rt_code_watch *code,
                           struct rt_instance **ret_instance, struct wasi_ending *ret, struct error *error)
{
    struct error trap_text = ERROR_INIT; /* a trap's text is no failure of ours */
    *ret = (struct wasi_ending) { .ended = WASI_ENDED_NOT_STARTED };
    *ret_instance = NULL;
    uint32_t entry;
    if (!rt_module_export(module, "_start", &entry))
        return error_set(error, STATUS_NOT_FOUND,
                         "it exports no function `_start`: it is a library or a reactor; link it as a command");
    struct rt_functype type = rt_module_function_type(module, entry);
    if (type.param_count || type.result_count)
        return error_set(error, STATUS_NOT_FOUND,
                         "the module's `_start` takes %u parameters and has %u results, not none", type.param_count,
                         type.result_count);
    struct rt_export_info memory;
    if (rt_module_export_find(module, "memory", &memory) && memory.kind == RT_MEMORY && memory.index > 0)
        wasi_use_memory(wasi, rt_instance_memory_at, memory.index);
    size_t import_count;
    const struct rt_import *imports = wasi_imports(wasi, &import_count);
    enum status status = rt_instance_create(module, imports, import_count, limits, ret_instance, &trap_text);
    if (status == STATUS_TRAPPED && *ret_instance)
        return ending_fill(*ret_instance, wasi, status, ret, error);
    if (status != STATUS_OK)
        return start_failed(status, &trap_text, error);
    if (growths)
        rt_instance_watch_growth(*ret_instance, growths);
    if (code)
        status = rt_instance_watch_code(*ret_instance, code, error);
    if (status != STATUS_OK)
        return status;
    status = rt_instance_start(*ret_instance, &trap_text);
    if (status == STATUS_OK)
        status = rt_call(*ret_instance, entry, NULL, 0, NULL, 0, &trap_text);
    return ending_fill(*ret_instance, wasi, status, ret, error);
}
