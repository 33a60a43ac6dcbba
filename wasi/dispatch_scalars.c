/* The entries of the commonest calls: what comes to one op on one region, or to none, is decided from scalars
 * (wasi/decide/decide_scalar.h) and goes straight on; whatever is not of that form goes the way of its row, with the
 * request that was copied, so that no byte of the guest's is read a second time.
 *
 * Invariants: as dispatch.c, which is the reference: test_wasi_rows drives both with the same calls. The op that is
 * issued is the one that the call's own function issues: proved, call by call (decide_scalar.c). */
#include "wasi/decide/decide_scalar.h"
#include "wasi/dispatch_calls.h"

enum {
#define OPERATION(id, name, ...) OPERATION_OF_##name = OPERATION_##id,
#include "wasi/abi/operations.def"
#undef OPERATION
};

/* Tells the observer of the call's only op, in full. */
static ALWAYS_INLINE enum status tell_one(struct wasi *wasi, const struct op *op, const struct backend_space *space)
{
    enum status status = STATUS_OK;
    if (wasi->observer.begin)
        status = wasi->observer.begin(wasi->observer.self, &wasi->request, &wasi->failure);
    if (LIKELY(status == STATUS_OK) && wasi->observer.op)
        status = wasi->observer.op(wasi->observer.self, &wasi->request, op, space, &wasi->failure);
    return status;
}

/* The end of a call that was committed, in full. */
__attribute__((noinline)) static enum rt_trap_kind end_in_full(const struct dispatch_way *way,
                                                               const struct wasi_link *link,
                                                               const struct backend_space *space,
                                                               const struct plan *plan, uint64_t *slots)
{
    return dispatch_end(way, link, space, plan, VERDICT_COMMIT, slots);
}

/* Whether the end of a call with its one op, which was told briefly, can be told so too (observer.h). */
static ALWAYS_INLINE bool op_ends_briefly(const struct wasi *wasi, const struct dispatch_way *way)
{
    const struct outcome *outcome = &wasi->outcome;
    const uint64_t value = (uint64_t)wasi->ops.result[0].value;
    return way->follows && value <= (way->ops & ops_in ? OBSERVER_BRIEF_MAX : INT64_MAX) && way->values <= 1 &&
           outcome->value_count == way->values && (way->values == 0 || outcome->value[0] == value);
}

/* As dispatch_finish, for a call whose observer is told of it in few words. one: it has an op. bytes: where those lie
 * that it brought. */
static ALWAYS_INLINE enum rt_trap_kind finish_briefly(const struct dispatch_way *way, const struct wasi_link *link,
                                                      const struct wasi_observer_brief *brief,
                                                      const struct backend_space *space, const struct plan *plan,
                                                      bool one, const uint8_t *bytes, uint64_t *slots)
{
    struct wasi *wasi = link->wasi;
    struct commit commit = { wasi, link, plan, space->memory, space->memory_size, 0 };
    dispatch_commit(way, wasi, plan);
    if (!LIKELY(wasi->outcome.wasi_errno == WASI_SUCCESS) || (one && !LIKELY(op_ends_briefly(wasi, way))))
        return end_in_full(way, link, space, plan, slots);
    if (way->follows) {
        if (!LIKELY(way->place(wasi, (struct rt_memory) { space->memory, space->memory_size })))
            return end_in_full(way, link, space, plan, slots);
    } else {
        enum status status = way->results(&commit);
        if (!LIKELY(status == STATUS_OK))
            return dispatch_failed(wasi, status);
    }
    if (one) {
        enum status status = brief->end(wasi->observer.self, &wasi->request, &wasi->ops, bytes, &wasi->failure);
        if (!LIKELY(status == STATUS_OK))
            return dispatch_failed(wasi, status);
    } else if (!LIKELY(brief->silent(wasi->observer.self, &wasi->request, &wasi->outcome,
                                     way->follows ? 0 : commit.digest))) {
        return end_in_full(way, link, space, plan, slots); /* the results once more, and their digest */
    }
    slots[0] = WASI_SUCCESS;
    return RT_TRAP_NONE;
}

/* Performs the call's op, of which the answer is at most `most`. */
static ALWAYS_INLINE enum status act_one(struct wasi *wasi, const struct op *op, const struct backend_space *space,
                                         uint64_t most)
{
    struct op_result *result = &wasi->ops.result[0];
    enum status status = wasi->backend.act(wasi->backend.self, op, &wasi->request, space, result, &wasi->failure);
    if (LIKELY(status == STATUS_OK) && !LIKELY((uint64_t)result->value <= most) &&
        !dispatch_answer_possible(op, &wasi->request, result->value))
        status = dispatch_plan_failed(wasi, op, "was answered with what no system answers");
    if (LIKELY(status == STATUS_OK))
        wasi->ops.count = 1;
    return status;
}

/* The plan whose only op was performed. */
static ALWAYS_INLINE struct plan one_performed(const struct wasi *wasi)
{
    struct plan plan = decide_plan_start();
    plan.count = 1;
    plan.kind = wasi->ops.op[0].kind;
    plan.end = PLAN_ENDS_WITH_ANSWER;
    plan.value = wasi->ops.result[0].value;
    return plan;
}

/* dispatch_join of the only region. */
static ALWAYS_INLINE bool join_one(const struct wasi *wasi, const struct backend_space *space)
{
    const struct region region = wasi->request.iov[0];
    if (!LIKELY((uint64_t)region.offset + region.length <= space->memory_size))
        return false;
    memcpy(space->staging, space->memory + region.offset,
           region.length < LIMIT_STAGING ? region.length : LIMIT_STAGING);
    return true;
}

/* Performs `issued` and ends the call with what it brings. */
static ALWAYS_INLINE enum rt_trap_kind perform_one(const struct dispatch_way *way, enum operation operation,
                                                   const struct wasi_link *link, struct rt_memory memory,
                                                   uint64_t *slots, const struct op *issued, uint64_t most)
{
    struct wasi *wasi = link->wasi;
    const struct backend_space space = { memory.base, memory.size, wasi->staging };
    const struct wasi_observer_brief *all = wasi->observer.brief;
    struct op *op = &wasi->ops.op[0];
    const uint8_t *bytes = way->ops & (ops_vector | ops_region) ? memory.base + wasi->request.iov[0].offset : NULL;
    const uint8_t *leave = bytes;
    enum status status;
    *op = *issued;
    if (way->ops & ops_joined && abi_op_bit(issued->kind) & ops_joined) {
        if (!LIKELY(join_one(wasi, &space)))
            return dispatch_failed(wasi, dispatch_join(wasi, way, op, &space)); /* which says so */
        leave = wasi->staging;
    }
    if (all) {
        const struct wasi_observer_brief *brief = &all[operation];
        if (LIKELY(brief->op(wasi->observer.self, &wasi->request, op, leave))) {
            status = act_one(wasi, op, &space, most);
            if (!LIKELY(status == STATUS_OK))
                return dispatch_failed(wasi, status);
            const struct plan plan = one_performed(wasi);
            return finish_briefly(way, link, brief, &space, &plan, true, bytes, slots);
        }
    }
    status = tell_one(wasi, op, &space);
    if (LIKELY(status == STATUS_OK))
        status = act_one(wasi, op, &space, most);
    if (!LIKELY(status == STATUS_OK))
        return dispatch_failed(wasi, status);
    const struct plan plan = one_performed(wasi);
    return dispatch_finish(way, link, &space, &plan, VERDICT_COMMIT, slots);
}

/* Ends a call that needs no op, with `value`. */
static ALWAYS_INLINE enum rt_trap_kind commit_value(const struct dispatch_way *way, enum operation operation,
                                                    const struct wasi_link *link, struct rt_memory memory,
                                                    uint64_t *slots, uint64_t value)
{
    struct wasi *wasi = link->wasi;
    const struct backend_space space = { memory.base, memory.size, wasi->staging };
    const struct wasi_observer_brief *all = wasi->observer.brief;
    struct plan plan = decide_plan_start();
    plan.value = (int64_t)value;
    if (all)
        return finish_briefly(way, link, &all[operation], &space, &plan, false, NULL, slots);
    if (wasi->observer.begin) {
        enum status status = wasi->observer.begin(wasi->observer.self, &wasi->request, &wasi->failure);
        if (!LIKELY(status == STATUS_OK))
            return dispatch_failed(wasi, status);
    }
    return dispatch_finish(way, link, &space, &plan, VERDICT_COMMIT, slots);
}

/* SCALARS(name, decided, end): where the request was copied whole and `decided` holds, the call ends by `end`. They see
 * its wasi, the request's slots, the memory's size, the op that is to be performed, and the only region. */
#define SLOT(name)    (request->slot[SLOT_##name])
#define ONE_REGION    (request->iov_count == 1)
#define REGION        (request->iov[0])
#define TABLE         (&wasi->table)
#define PERFORM(most) perform_one(way, operation, link, memory, slots, &scalar.op, most)
#define COMMIT(value) commit_value(way, operation, link, memory, slots, value)
#define SCALARS(name, decided, end)                                                                                    \
    static enum rt_trap_kind scalars_##name(void *env, struct rt_instance *instance, struct rt_memory memory,          \
                                            uint64_t *slots)                                                           \
    {                                                                                                                  \
        const struct dispatch_way *const way = &way_##name;                                                            \
        const enum operation operation = (enum operation)OPERATION_OF_##name;                                          \
        const struct wasi_link *const link = env;                                                                      \
        struct wasi *const wasi = link->wasi;                                                                          \
        struct request *const request = &wasi->request;                                                                \
        struct scalar_op scalar = decide_scalar_none();                                                                \
        uint64_t target = 0;                                                                                           \
        (void)scalar;                                                                                                  \
        (void)target;                                                                                                  \
        dispatch_enter(wasi, instance, &memory);                                                                       \
        decide_request_##name(link->import, slots, &wasi->context, memory.base, request);                              \
        if (LIKELY(request->fault == FAULT_NONE && (decided)))                                                         \
            return end;                                                                                                \
        return dispatch_carry_##name(link, memory, slots);                                                             \
    }
SCALARS(clock_time_get, (scalar = decide_scalar_clock(SLOT(CLOCK_TIME_GET_id), OP_CLOCK_TIME)).issues,
        PERFORM(INT64_MAX))
SCALARS(fd_pread,
        ONE_REGION && (scalar = decide_scalar_at(TABLE, memory.size, SLOT(FD_PREAD_fd), R(FD_READ), OP_PREAD, REGION,
                                                 SLOT(FD_PREAD_offset)))
                          .issues,
        PERFORM(REGION.length))
SCALARS(fd_pwrite,
        ONE_REGION && (scalar = decide_scalar_at(TABLE, memory.size, SLOT(FD_PWRITE_fd), R(FD_WRITE), OP_PWRITE, REGION,
                                                 SLOT(FD_PWRITE_offset)))
                          .issues,
        PERFORM(REGION.length))
SCALARS(fd_read,
        ONE_REGION &&
            (scalar = decide_scalar_along(TABLE, memory.size, SLOT(FD_READ_fd), R(FD_READ), OP_PREAD, OP_READ, REGION))
                .issues,
        PERFORM(REGION.length))
SCALARS(fd_write,
        ONE_REGION && (scalar = decide_scalar_along(TABLE, memory.size, SLOT(FD_WRITE_fd), R(FD_WRITE), OP_PWRITE,
                                                    OP_WRITE, REGION))
                          .issues,
        PERFORM(REGION.length))
SCALARS(fd_filestat_get,
        (scalar = decide_scalar_on_handle(TABLE, SLOT(FD_FILESTAT_GET_fd), R(FD_FILESTAT_GET), OP_STAT)).issues,
        PERFORM(0))
SCALARS(fd_close, (scalar = decide_scalar_on_handle(TABLE, SLOT(FD_CLOSE_fd), 0, OP_CLOSE)).issues, PERFORM(0))
SCALARS(fd_seek,
        (target = decide_scalar_seek(TABLE, SLOT(FD_SEEK_fd), SLOT(FD_SEEK_offset), SLOT(FD_SEEK_whence))) <= INT64_MAX,
        COMMIT(target))
SCALARS(fd_tell, decide_scalar_tell(TABLE, SLOT(FD_TELL_fd)), COMMIT(0))
SCALARS(fd_fdstat_get, decide_scalar_open(TABLE, SLOT(FD_FDSTAT_GET_fd)), COMMIT(0))
SCALARS(fd_prestat_get, decide_scalar_preopen(TABLE, SLOT(FD_PRESTAT_GET_fd)), COMMIT(0))
SCALARS(args_sizes_get, true, COMMIT(0))

rt_host_fn *wasi_entry_of_scalars(uint32_t operation)
{
    /* Those that are proved, and no others. */
    static rt_host_fn *const entries[OPERATION_COUNT] = {
#define X(name) [OPERATION_OF_##name] = scalars_##name,
        SCALAR_CALLS(X)
#undef X
    };
    return operation < OPERATION_COUNT ? entries[operation] : NULL;
}
