/* Carries every hostcall along the one way: request, begin, { decide, op, act }, commit, end.
 *
 * Invariants: a guest byte is read once (decide_request); no op is performed that the decision core did not issue for
 * this call and that its row does not list; what a backend answers is believed only within what the op allows; results
 * are written in commit.c alone, after the last op; whoever ends the guest has said why in `failure`. Left out on
 * purpose: decisions (wasi/decide), system calls (wasi/act), files called traces (behind the observer).
 * ARCHITECTURE.md, first picture. */
#include "wasi/wasi_inner.h"

#include "runtime/base/platform.h"

#define COLD __attribute__((cold, noinline))

enum { COUNT_MAX = INT32_MAX }; /* what one read or write moves at most, on every system */

/* The trap behind a status that ends the guest. */
static COLD enum rt_trap_kind host_failed(struct wasi *wasi, enum status status)
{
    (void)error_set(&wasi->failure, status, "%s: %s", abi_operations[wasi->request.call].name, status_text(status));
    return status == STATUS_STOPPED    ? RT_TRAP_HOST_STOPPED
           : status == STATUS_DIVERGED ? RT_TRAP_HOST_DIVERGED
                                       : RT_TRAP_HOST_FAILED;
}

static COLD enum status plan_failed(struct wasi *wasi, const struct op *op, const char *what)
{
    return error_set(&wasi->failure, STATUS_INTERNAL, "%s: op %s %s", abi_operations[wasi->request.call].name,
                     op->kind < OP_COUNT ? abi_ops[op->kind].text : "?", what);
}

/* The bytes of the op's vector, or 0 where it is none of the request's. */
static uint64_t vector_bytes(const struct op *op, const struct request *request)
{
    uint64_t total = 0;
    if ((uint64_t)op->mem.offset + op->mem.length > request->iov_count)
        return 0;
    for (uint32_t i = 0; i < op->mem.length; i++)
        total += request->iov[op->mem.offset + i].length;
    return total;
}

/* Subscriptions that are no clocks. */
static uint64_t descriptors_asked(const struct request *request)
{
    uint64_t count = 0;
    for (uint32_t i = 0; i < request->subscription_count; i++)
        count += request->subscription[i].type != EVENTTYPE_CLOCK;
    return count;
}

/* Whether a backend's answer to `op` is one that a system could give. */
static bool answer_possible(const struct op *op, const struct request *request, int64_t value)
{
    if (value <= 0)
        return value > -WASI_ERRNO_COUNT;
    switch ((enum op_answer)abi_ops[op->kind].answer) {
    case OP_ANSWER_ZERO:
        return false;
    case OP_ANSWER_UP_TO_VECTOR:
        return value <= COUNT_MAX && (uint64_t)value <= vector_bytes(op, request);
    case OP_ANSWER_UP_TO_REGION:
        return value <= op->mem.length;
    case OP_ANSWER_UP_TO_STAGING:
        return value <= LIMIT_STAGING;
    case OP_ANSWER_SUBSCRIPTIONS:
        return (uint64_t)value == descriptors_asked(request);
    case OP_ANSWER_U32:
        return value <= UINT32_MAX;
    case OP_ANSWER_NAMED:
        return value <= (int64_t)(LIMIT_ADDRESSES * sizeof(struct net_address)) &&
               value % (int64_t)sizeof(struct net_address) == 0;
    case OP_ANSWER_ANY:
        return true;
    }
    return false;
}

static void refuse(const struct step *step, struct outcome *outcome)
{
    *outcome = (struct outcome) { .wasi_errno = step->wasi_errno,
                                  .rule = step->rule,
                                  .trap = step->traps ? RT_TRAP_HOST_POINTER : RT_TRAP_NONE };
}

/* Performs the call's plan. *ret is COMMIT, or REFUSE, and then the outcome is told. What the proof of the core rests
 * on: between its steps and the commit nothing writes the context, the table, the request or the plan, and each step is
 * given the answer to the op that the step before it issued. */
static enum status perform_plan(struct wasi *wasi, const struct operation_row *row, const struct backend_space *space,
                                struct plan *plan, enum verdict *ret)
{
    struct call_ops *ops = &wasi->ops;
    struct request *request = &wasi->request;
    const struct op_result *answer = &ops->result[0]; /* not read before the first op */
    for (;;) {
        const struct step step = decide_step(&wasi->context, &wasi->table, request, plan, answer);
        *ret = step.verdict;
        if (step.verdict == VERDICT_REFUSE) {
            refuse(&step, &wasi->outcome);
            return STATUS_OK;
        }
        *plan = step.plan;
        if (step.verdict == VERDICT_COMMIT)
            return STATUS_OK;
        const struct op *op = &step.op; /* apart from `ops`: copied when its stores have settled */
        if (!LIKELY(ops->count < row->max_ops && ops->count < LIMIT_OPS))
            return plan_failed(wasi, op, "is one more than the plan may have");
        if (!LIKELY(op->kind < OP_COUNT && (row->ops >> op->kind & 1)))
            return plan_failed(wasi, op, "is none that this call may issue");
        struct op_result *result = &ops->result[ops->count];
        enum status status;
        if (wasi->observer.op) {
            status = wasi->observer.op(wasi->observer.self, request, op, space, &wasi->failure);
            if (!LIKELY(status == STATUS_OK))
                return status;
        }
        status = wasi->backend.act(wasi->backend.self, op, request, space, result, &wasi->failure);
        if (!LIKELY(status == STATUS_OK))
            return status;
        if (!LIKELY(answer_possible(op, request, result->value)))
            return plan_failed(wasi, op, "was answered with what no system answers");
        ops->op[ops->count] = *op;
        ops->count++;
        answer = result;
    }
}

enum rt_trap_kind wasi_dispatch(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    const struct wasi_link *link = env;
    struct wasi *wasi = link->wasi;
    struct outcome *outcome = &wasi->outcome;
    if (!LIKELY(!wasi->memory_find))
        memory = wasi->memory_find(instance, wasi->memory);
    const struct backend_space space = { memory.base, memory.size, wasi->staging };
    struct plan plan = decide_plan_start();
    enum verdict verdict;
    enum status status = STATUS_OK;

    wasi->call_count++;
    wasi->context.memory = memory.size;
    wasi->ops.count = 0;
    decide_request(link->lowered, link->import, slots, &wasi->context, memory.base, &wasi->request);
    if (wasi->observer.begin)
        status = wasi->observer.begin(wasi->observer.self, &wasi->request, &wasi->failure);
    if (LIKELY(status == STATUS_OK))
        status = perform_plan(wasi, link->row, &space, &plan, &verdict);
    if (!LIKELY(status == STATUS_OK))
        return host_failed(wasi, status);

    struct commit commit = { wasi, link, &plan, memory.base, memory.size, 0 };
    if (LIKELY(verdict == VERDICT_COMMIT)) {
        const struct op_result *answer = &wasi->ops.result[wasi->ops.count > 0 ? wasi->ops.count - 1 : 0];
        decide_commit(&wasi->context, &wasi->table, &wasi->request, &plan, answer, outcome);
        outcome->trap = RT_TRAP_NONE;
        if (LIKELY(outcome->wasi_errno == WASI_SUCCESS))
            status = commit_results(&commit);
    }
    if (!LIKELY(outcome->wasi_errno != WASI_NOTCAPABLE) && wasi->violation_traps && outcome->trap == RT_TRAP_NONE)
        outcome->trap = RT_TRAP_HOST_POLICY;
    if (LIKELY(status == STATUS_OK) && wasi->observer.end)
        status = wasi->observer.end(wasi->observer.self, &wasi->request, &wasi->ops, outcome, &space, commit.digest,
                                    &wasi->failure);
    if (!LIKELY(status == STATUS_OK))
        return host_failed(wasi, status);
    if (link->row->returns)
        slots[0] = outcome->wasi_errno;
    return (enum rt_trap_kind)outcome->trap;
}
