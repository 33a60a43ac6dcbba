/* The one way of a hostcall as text that is expanded where it is included: once for any call (dispatch.c), once for
 * each operation with that one's functions as constants (dispatch_rows.c). Private to wasi/. */
#ifndef WARRANT_WASI_DISPATCH_WAY_H
#define WARRANT_WASI_DISPATCH_WAY_H

#include "runtime/base/platform.h"
#include "wasi/abi/op_sets.h"
#include "wasi/wasi_inner.h"

/* What differs between calls on the way. */
struct dispatch_way {
    struct step (*decide)(const struct decide_context *context, const struct handle_table *table,
                          const struct request *request, struct plan plan, const struct op_result *answer);
    void (*commit)(const struct decide_context *context, struct handle_table *table, const struct request *request,
                   const struct plan *plan, const struct op_result *answer, struct outcome *outcome);
    enum status (*results)(struct commit *commit);
    uint64_t ops; /* which its plan may issue, and how many */
    uint32_t max_ops;
    bool returns;
    /* What is committed follows: of the values, for all results are numbers of 4 or 8 bytes, or of the op's stat, which
     * is the only result, at the last slot. Then this writes them. False: it is not so, or one would leave the memory.
     */
    bool follows;
    bool (*place)(const struct wasi *wasi, struct rt_memory memory);
    uint32_t values; /* how many are numbers */
};

/* The trap behind a status that ends the guest. */
__attribute__((cold)) enum rt_trap_kind dispatch_failed(struct wasi *wasi, enum status status);
/* INTERNAL: what is wrong with `op`. */
__attribute__((cold)) enum status dispatch_plan_failed(struct wasi *wasi, const struct op *op, const char *what);
/* Whether a backend's answer to `op` is one that a system could give. */
bool dispatch_answer_possible(const struct op *op, const struct request *request, int64_t value);

/* A call begins. */
static ALWAYS_INLINE void dispatch_enter(struct wasi *wasi, struct rt_instance *instance, struct rt_memory *memory)
{
    if (!LIKELY(!wasi->memory_find))
        *memory = wasi->memory_find(instance, wasi->memory);
    wasi->call_count++;
    wasi->context.memory = memory->size;
    wasi->ops.count = 0;
}

static ALWAYS_INLINE void dispatch_refuse(const struct step *step, struct outcome *outcome)
{
    *outcome = (struct outcome) { .wasi_errno = step->wasi_errno,
                                  .rule = step->rule,
                                  .trap = step->traps ? RT_TRAP_HOST_POINTER : RT_TRAP_NONE };
}

/* Takes the bytes of an op that leave joined out of the guest's memory, so that what the observer is shown is what is
 * handed to the system: they are read once. */
static ALWAYS_INLINE enum status dispatch_join(struct wasi *wasi, const struct dispatch_way *way, const struct op *op,
                                               const struct backend_space *space)
{
    if (LIKELY((way->ops & ops_joined) == 0) || (abi_op_bit(op->kind) & ops_joined) == 0 ||
        LIKELY(backend_join(op, &wasi->request, space)))
        return STATUS_OK;
    return dispatch_plan_failed(wasi, op, "takes bytes from outside of the guest's memory");
}

/* Tells the observer of an op, performs it, and keeps it. */
static ALWAYS_INLINE enum status dispatch_op(struct wasi *wasi, const struct dispatch_way *way, const struct op *op,
                                             const struct backend_space *space)
{
    struct call_ops *ops = &wasi->ops;
    if (!LIKELY(ops->count < way->max_ops && ops->count < LIMIT_OPS))
        return dispatch_plan_failed(wasi, op, "is one more than the plan may have");
    if (!LIKELY(op->kind < OP_COUNT && (way->ops >> op->kind & 1)))
        return dispatch_plan_failed(wasi, op, "is none that this call may issue");
    struct op_result *result = &ops->result[ops->count];
    enum status status = dispatch_join(wasi, way, op, space);
    if (!LIKELY(status == STATUS_OK))
        return status;
    if (wasi->observer.op) {
        status = wasi->observer.op(wasi->observer.self, &wasi->request, op, space, &wasi->failure);
        if (!LIKELY(status == STATUS_OK))
            return status;
    }
    status = wasi->backend.act(wasi->backend.self, op, &wasi->request, space, result, &wasi->failure);
    if (!LIKELY(status == STATUS_OK))
        return status;
    if (!LIKELY(dispatch_answer_possible(op, &wasi->request, result->value)))
        return dispatch_plan_failed(wasi, op, "was answered with what no system answers");
    ops->op[ops->count] = *op;
    ops->count++;
    return STATUS_OK;
}

/* The answer to the last op; not read before the first. */
static ALWAYS_INLINE const struct op_result *dispatch_answer(const struct wasi *wasi, const struct dispatch_way *way)
{
    return &wasi->ops.result[way->max_ops > 1 && wasi->ops.count > 1 ? wasi->ops.count - 1 : 0];
}

/* Performs the call's plan. *ret is COMMIT, or REFUSE, and then the outcome is told. What the proof of the core rests
 * on: between its steps and the commit nothing writes the context, the table, the request or the plan, and each step is
 * given the answer to the op that the step before it issued. */
static ALWAYS_INLINE enum status dispatch_plan(struct wasi *wasi, const struct dispatch_way *way,
                                               const struct backend_space *space, struct plan *plan, enum verdict *ret)
{
    const struct request *request = &wasi->request;
    while (!LIKELY(decide_step_is_end(plan))) {
        const struct op_result *answer = dispatch_answer(wasi, way);
        const struct step step = LIKELY(decide_step_is_call(request, plan))
                                     ? way->decide(&wasi->context, &wasi->table, request, *plan, answer)
                                     : decide_step(&wasi->context, &wasi->table, request, plan, answer);
        *ret = step.verdict;
        if (step.verdict == VERDICT_REFUSE) {
            dispatch_refuse(&step, &wasi->outcome);
            return STATUS_OK;
        }
        *plan = step.plan;
        if (step.verdict == VERDICT_COMMIT)
            return STATUS_OK;
        enum status status = dispatch_op(wasi, way, &step.op, space);
        if (!LIKELY(status == STATUS_OK))
            return status;
    }
    plan->value = decide_end_value(plan, dispatch_answer(wasi, way));
    *ret = VERDICT_COMMIT;
    return STATUS_OK;
}

/* What follows the commit: results, the observer. verdict: as below. */
static ALWAYS_INLINE enum rt_trap_kind dispatch_end(const struct dispatch_way *way, const struct wasi_link *link,
                                                    const struct backend_space *space, const struct plan *plan,
                                                    enum verdict verdict, uint64_t *slots)
{
    struct wasi *wasi = link->wasi;
    struct outcome *outcome = &wasi->outcome;
    struct commit commit = { wasi, link, plan, space->memory, space->memory_size, 0 };
    enum status status = STATUS_OK;
    if (LIKELY(verdict == VERDICT_COMMIT && outcome->wasi_errno == WASI_SUCCESS))
        status = way->results(&commit);
    if (!LIKELY(outcome->wasi_errno != WASI_NOTCAPABLE) && wasi->violation_traps && outcome->trap == RT_TRAP_NONE)
        outcome->trap = RT_TRAP_HOST_POLICY;
    if (LIKELY(status == STATUS_OK) && wasi->observer.end)
        status = wasi->observer.end(wasi->observer.self, &wasi->request, &wasi->ops, outcome, space, commit.digest,
                                    &wasi->failure);
    if (!LIKELY(status == STATUS_OK))
        return dispatch_failed(wasi, status);
    if (way->returns)
        slots[0] = outcome->wasi_errno;
    return (enum rt_trap_kind)outcome->trap;
}

static ALWAYS_INLINE void dispatch_commit(const struct dispatch_way *way, struct wasi *wasi, const struct plan *plan)
{
    way->commit(&wasi->context, &wasi->table, &wasi->request, plan, dispatch_answer(wasi, way), &wasi->outcome);
    wasi->outcome.trap = RT_TRAP_NONE;
}

/* What follows the plan: commit, results, the observer. verdict: REFUSE, and then the outcome is told already. */
static ALWAYS_INLINE enum rt_trap_kind dispatch_finish(const struct dispatch_way *way, const struct wasi_link *link,
                                                       const struct backend_space *space, const struct plan *plan,
                                                       enum verdict verdict, uint64_t *slots)
{
    if (LIKELY(verdict == VERDICT_COMMIT))
        dispatch_commit(way, link->wasi, plan);
    return dispatch_end(way, link, space, plan, verdict, slots);
}

/* The way of a call whose request is copied. */
static ALWAYS_INLINE enum rt_trap_kind dispatch_carry(const struct dispatch_way *way, const struct wasi_link *link,
                                                      struct rt_memory memory, uint64_t *slots)
{
    struct wasi *wasi = link->wasi;
    const struct backend_space space = { memory.base, memory.size, wasi->staging };
    struct plan plan = decide_plan_start();
    enum verdict verdict = VERDICT_REFUSE;
    enum status status = STATUS_OK;

    if (wasi->observer.begin)
        status = wasi->observer.begin(wasi->observer.self, &wasi->request, &wasi->failure);
    if (LIKELY(status == STATUS_OK))
        status = dispatch_plan(wasi, way, &space, &plan, &verdict);
    if (!LIKELY(status == STATUS_OK))
        return dispatch_failed(wasi, status);
    return dispatch_finish(way, link, &space, &plan, verdict, slots);
}

#endif
