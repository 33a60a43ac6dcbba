/* Carries every hostcall along the one way: request, begin, { decide, op, act }, commit, end. The way is in
 * dispatch_way.h; here stands what takes any call, and what the way asks seldom. dispatch_rows.c has an entry for each
 * operation.
 *
 * Invariants: a guest byte is read once (decide_request); no op is performed that the decision core did not issue for
 * this call and that its row does not list; what a backend answers is believed only within what the op allows; results
 * are written in commit.c alone, after the last op; whoever ends the guest has said why in `failure`. Left out on
 * purpose: decisions (wasi/decide), system calls (wasi/act), files called traces (behind the observer).
 * ARCHITECTURE.md, first picture. */
#include "wasi/dispatch_way.h"

enum { COUNT_MAX = INT32_MAX }; /* what one read or write moves at most, on every system */

/* The trap behind a status that ends the guest. */
enum rt_trap_kind dispatch_failed(struct wasi *wasi, enum status status)
{
    (void)error_set(&wasi->failure, status, "%s: %s", abi_operations[wasi->request.call].name, status_text(status));
    return status == STATUS_STOPPED    ? RT_TRAP_HOST_STOPPED
           : status == STATUS_DIVERGED ? RT_TRAP_HOST_DIVERGED
                                       : RT_TRAP_HOST_FAILED;
}

enum status dispatch_plan_failed(struct wasi *wasi, const struct op *op, const char *what)
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

bool dispatch_answer_possible(const struct op *op, const struct request *request, int64_t value)
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

static struct step any_step(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_step(context, table, request, &plan, answer);
}

enum rt_trap_kind wasi_dispatch(void *env, struct rt_instance *instance, struct rt_memory memory, uint64_t *slots)
{
    const struct wasi_link *link = env;
    struct wasi *wasi = link->wasi;
    const struct dispatch_way way = {
        .decide = any_step,
        .commit = decide_commit,
        .results = commit_results,
        .ops = link->row->ops,
        .max_ops = link->row->max_ops,
        .returns = link->row->returns,
    };
    dispatch_enter(wasi, instance, &memory);
    decide_request(link->lowered, link->import, slots, &wasi->context, memory.base, &wasi->request);
    return dispatch_carry(&way, link, memory, slots);
}
