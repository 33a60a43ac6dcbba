/* An entry for each operation that is built: the same way, with its request, its decision, its commit and its results
 * as text that the compiler has expanded, instead of walks over the tables.
 *
 * Invariants: as dispatch.c, which is the reference: test_wasi_rows drives both with the same calls. All of it follows
 * from operations.def, so that a new row needs nothing here. Left out on purpose: imports that lower field by field,
 * and calls that are not offered; dispatch.c has those. */
#include "wasi/decide/decide_calls.h"
#include "wasi/dispatch_way.h"

enum {
#define ARG_TYPE(name, witx, core, size, align, class, form)                                                           \
    RESULT_OF_##name = ARG_CLASS_##class == ARG_CLASS_RESULT, RESULT_SIZE_##name = (size),
#include "wasi/abi/argtypes.def"
#undef ARG_TYPE
};

/* One result of the call, as commit_results has it. */
static ALWAYS_INLINE enum status write_result(struct commit *commit, uint8_t type, uint32_t size, uint32_t slot,
                                              uint32_t *scalars)
{
    uint64_t offset = commit->wasi->request.slot[slot];
    if (!commit_is_scalar(type))
        return commit_struct(commit, type, offset);
    return commit_write(commit, offset, &commit->wasi->outcome.value[(*scalars)++], size);
}

#define WRITE_RESULT(id, type, name)                                                                                   \
    if (RESULT_OF_##type && status == STATUS_OK)                                                                       \
        status = write_result(commit, ARG_##type, RESULT_SIZE_##type, SLOT_##id##_##name, &scalars);
#define CALL_BUILT(id, name, kind, max, may, ...)                                                                      \
    static ALWAYS_INLINE enum status results_##name(struct commit *commit)                                             \
    {                                                                                                                  \
        enum status status = OPERATION_KIND_##kind == OPERATION_KIND_IRREGULAR ? commit_irregular(commit) : STATUS_OK; \
        uint32_t scalars = 0;                                                                                          \
        EACH_FIELD(WRITE_RESULT, id __VA_ARGS__)                                                                       \
        (void)scalars;                                                                                                 \
        return status;                                                                                                 \
    }                                                                                                                  \
    static enum rt_trap_kind dispatch_##name(void *env, struct rt_instance *instance, struct rt_memory memory,         \
                                             uint64_t *slots)                                                          \
    {                                                                                                                  \
        static const struct dispatch_way way = {                                                                       \
            .decide = decide_##name,                                                                                   \
            .commit = decide_commit_##name,                                                                            \
            .results = results_##name,                                                                                 \
            .ops = (may),                                                                                              \
            .max_ops = (max),                                                                                          \
            .returns = (int)OPERATION_##id != (int)OPERATION_PROC_EXIT,                                                \
        };                                                                                                             \
        const struct wasi_link *link = env;                                                                            \
        dispatch_enter(link->wasi, instance, &memory);                                                                 \
        decide_request_##name(link->import, slots, &link->wasi->context, memory.base, &link->wasi->request);           \
        return dispatch_carry(&way, link, memory, slots);                                                              \
    }
#define CALL_ABSENT(id, name, kind, max, may, ...)
#define F(type, name) , (type, name)
#define OPERATION(id, name, state, kind, max_ops, rights, ops, fields)                                                 \
    CALL_##state(id, name, kind, max_ops, ops, fields)
#include "wasi/abi/operations.def"
#undef OPERATION
#undef F
#undef CALL_BUILT
#undef CALL_ABSENT

rt_host_fn *wasi_entry(uint32_t operation)
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
