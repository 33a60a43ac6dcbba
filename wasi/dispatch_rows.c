/* An entry for each operation that is built: the same way, with its request, its decision, its commit and its results
 * as text that the compiler has expanded, instead of walks over the tables.
 *
 * Invariants: as dispatch.c, which is the reference: test_wasi_rows drives both with the same calls. All of it follows
 * from operations.def, so that a new row needs nothing here. Left out on purpose: imports that lower field by field,
 * and calls that are not offered; dispatch.c has those. */
#include "wasi/dispatch_calls.h"

#define CALL_BUILT(name)                                                                                               \
    enum rt_trap_kind dispatch_carry_##name(const struct wasi_link *link, struct rt_memory memory, uint64_t *slots)    \
    {                                                                                                                  \
        return dispatch_carry(&way_##name, link, memory, slots);                                                       \
    }                                                                                                                  \
    static enum rt_trap_kind dispatch_##name(void *env, struct rt_instance *instance, struct rt_memory memory,         \
                                             uint64_t *slots)                                                          \
    {                                                                                                                  \
        const struct wasi_link *link = env;                                                                            \
        dispatch_enter(link->wasi, instance, &memory);                                                                 \
        decide_request_##name(link->import, slots, &link->wasi->context, memory.base, &link->wasi->request);           \
        return dispatch_carry_##name(link, memory, slots);                                                             \
    }
#define CALL_ABSENT(name)
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields) CALL_##state(name)
#include "wasi/abi/operations.def"
#undef OPERATION
#undef CALL_BUILT
#undef CALL_ABSENT

rt_host_fn *wasi_entry_of_row(uint32_t operation)
{
    switch ((enum operation)operation) {
#define CALL_BUILT(name)  return dispatch_##name;
#define CALL_ABSENT(name) break;
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    case OPERATION_##id:                                                                                               \
        CALL_##state(name)
#include "wasi/abi/operations.def"
#undef OPERATION
#undef CALL_BUILT
#undef CALL_ABSENT
    case OPERATION_COUNT:
        break;
    }
    return wasi_dispatch;
}

rt_host_fn *wasi_entry(uint32_t operation)
{
    rt_host_fn *scalars = wasi_entry_of_scalars(operation);
    return scalars ? scalars : wasi_entry_of_row(operation);
}
