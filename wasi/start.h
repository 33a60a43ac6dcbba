/* From the description of a run to a started guest: the one way that the guest's process and the replay share, so that
 * both give the guest the same world. (wr_wasi_start) */
#ifndef WARRANT_WASI_START_H
#define WARRANT_WASI_START_H

#include "runtime/base/call_stack.h"
#include "runtime/rt.h"
#include "wasi/policy/policy.h"
#include "wasi/wasi.h"

struct wasi_start {
    struct wasi_config config; /* borrows from the run_spec, from the arrays below */
    struct rt_limits limits;
    struct rt_module_limits module_limits; /* to load the module with */
    struct wasi_preopen *preopens;         /* owned */
    struct wasi_device devices[LIMIT_DEVICES];
    struct wasi_listen listens[LIMIT_LISTENERS];
};

/* Builds configuration and limits from `spec` (borrows for the life of *ret and of the wasi created with it). Touches
 * nothing of the host: descriptors are what spec->initial says. MALFORMED: initial_count is not
 * run_spec_initials. LIMIT.
 * NO_MEMORY. */
MUST_USE enum status wasi_start_init(const struct run_spec *spec, struct wasi_start *ret, struct error *error);
void wasi_start_done(struct wasi_start *start);

/* How a guest ended. */
struct wasi_ending {
    uint32_t ended;            /* enum wasi_ended */
    uint32_t exit_code;        /* EXIT: what proc_exit was given; RAISED: 128 and the signal; else 0 */
    uint32_t trap;             /* TRAP: enum rt_trap_kind; else 0 */
    uint32_t function, offset; /* TRAP: where; else 0 */
    uint64_t instructions;
    struct call_stack stack; /* TRAP: its first frame is where; else of no depth */
};

/* Links, runs the start function, calls `_start`. growths, code: NULL, or who watches them (copied; its env is borrowed
 * for the life of the instance). *ret_instance is owned by the caller and set before the first guest instruction, so
 * that observers may ask rt_instance_where; NULL where linking failed. Returns OK where the guest ran, however it
 * ended: *ret tells. Else (NOT_STARTED): UNLINKABLE, LIMIT, NO_MEMORY, or NOT_FOUND (no `_start` without parameters and
 * results), with the reason in `error`. */
MUST_USE enum status wasi_start_run(const struct rt_module *module, struct wasi *wasi, const struct rt_limits *limits,
                                    const struct rt_growth_watch *growths, const struct rt_code_watch *code,
                                    struct rt_instance **ret_instance, struct wasi_ending *ret, struct error *error);

#endif
