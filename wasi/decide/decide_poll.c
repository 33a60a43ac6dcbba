/* poll_oneoff: sleeping, thin.
 *
 * Clock subscriptions sleep until the earliest; relative times are as given, absolute ones are made relative by
 * asking their clock first; all sums saturate. A subscription to a regular file is ready at once, any other
 * descriptor answers NOTSUP in its event. An event that is there at once (an error is one) means no sleep. Source:
 * witx, poll_oneoff. */
#include "wasi/decide/decide_inner.h"

#define TIME_MAX UINT64_MAX

/* The errno of a subscription that cannot be waited for; SUCCESS for clocks, and for descriptors that are ready. */
/*@ requires \valid_read(table) && \valid_read(subscription);
  @ assigns \nothing;
  @ ensures error: 0 <= \result < WASI_ERRNO_COUNT;
  @ ensures known: subscription->type == EVENTTYPE_CLOCK && \result == WASI_SUCCESS ==> subscription->clock_or_fd <= CLOCKID_MONOTONIC;
*/
static enum wasi_errno subscription_errno(const struct handle_table *table, const struct subscription *subscription)
{
    if (subscription->type == EVENTTYPE_CLOCK) {
        if (subscription->clock_or_fd > CLOCKID_THREAD_CPUTIME || subscription->flags > SUBCLOCK_ABSTIME)
            return WASI_INVAL;
        return subscription->clock_or_fd > CLOCKID_MONOTONIC ? WASI_NOTSUP : WASI_SUCCESS;
    }
    if (subscription->type > EVENTTYPE_FD_WRITE)
        return WASI_INVAL;
    uint64_t right = subscription->type == EVENTTYPE_FD_READ ? R(FD_READ) : R(FD_WRITE);
    enum rule rule = decide_handle_rule(table, subscription->clock_or_fd, R(POLL_FD_READWRITE) | right);
    if (rule != RULE_NONE)
        return decide_rule_errno(rule);
    return table->handle[subscription->clock_or_fd].type == FILETYPE_REGULAR_FILE ? WASI_SUCCESS : WASI_NOTSUP;
}

/* Whether the subscription is a clock that can be waited for. */
/*@ requires \valid_read(table) && \valid_read(subscription);
  @ assigns \nothing;
*/
static bool is_timer(const struct handle_table *table, const struct subscription *subscription)
{
    return subscription->type == EVENTTYPE_CLOCK && subscription_errno(table, subscription) == WASI_SUCCESS;
}

/* The time that this plan read from `clock`, 0 if it did not. */
/*@ requires \valid_read(ops);
  @ assigns \nothing;
*/
static uint64_t plan_time(const struct call_ops *ops, uint64_t clock)
{
    /*@ loop invariant 0 <= i <= LIMIT_OPS;
      @ loop assigns i;
      @ loop variant LIMIT_OPS - i;
    */
    for (uint32_t i = 0; i < ops->count && i < LIMIT_OPS; i++)
        if (ops->op[i].kind == OP_CLOCK_TIME && ops->op[i].value == clock && ops->result[i].value >= 0)
            return (uint64_t)ops->result[i].value;
    return 0;
}

/*@ requires \valid_read(ops);
  @ assigns \nothing;
*/
static bool plan_asked(const struct call_ops *ops, uint64_t clock)
{
    /*@ loop invariant 0 <= i <= LIMIT_OPS;
      @ loop assigns i;
      @ loop variant LIMIT_OPS - i;
    */
    for (uint32_t i = 0; i < ops->count && i < LIMIT_OPS; i++)
        if (ops->op[i].kind == OP_CLOCK_TIME && ops->op[i].value == clock)
            return true;
    return false;
}

/* Nanoseconds that a timer still has. */
/*@ requires \valid_read(subscription) && \valid_read(ops);
  @ assigns \nothing;
*/
static uint64_t timer_left(const struct subscription *subscription, const struct call_ops *ops)
{
    if (subscription->flags == 0)
        return subscription->timeout;
    uint64_t now = plan_time(ops, subscription->clock_or_fd);
    return subscription->timeout > now ? subscription->timeout - now : 0;
}

/* Nanoseconds until the first event: 0 where one is there at once. */
/*@ requires \valid_read(table) && \valid_read(request) && \valid_read(ops);
  @ assigns \nothing;
*/
static uint64_t poll_left(const struct handle_table *table, const struct request *request, const struct call_ops *ops)
{
    uint64_t least = TIME_MAX;
    /*@ loop invariant 0 <= i <= LIMIT_SUBSCRIPTIONS;
      @ loop assigns i, least;
      @ loop variant LIMIT_SUBSCRIPTIONS - i;
    */
    for (uint32_t i = 0; i < request->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++) {
        uint64_t left = 0;
        if (is_timer(table, &request->subscription[i]))
            left = timer_left(&request->subscription[i], ops);
        if (left < least)
            least = left;
    }
    return least;
}

/* Whether an absolute timer on `clock` needs its time, and the plan has not asked for it yet. */
/*@ requires \valid_read(table) && \valid_read(request) && \valid_read(ops);
  @ assigns \nothing;
*/
static bool needs_time(const struct handle_table *table, const struct request *request, const struct call_ops *ops,
                       uint32_t clock)
{
    if (plan_asked(ops, clock))
        return false;
    /*@ loop invariant 0 <= i <= LIMIT_SUBSCRIPTIONS;
      @ loop assigns i;
      @ loop variant LIMIT_SUBSCRIPTIONS - i;
    */
    for (uint32_t i = 0; i < request->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++)
        if (is_timer(table, &request->subscription[i]) && request->subscription[i].clock_or_fd == clock &&
            request->subscription[i].flags == SUBCLOCK_ABSTIME)
            return true;
    return false;
}

/* Whether all subscriptions are timers, so that there is something to wait for. */
/*@ requires \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
*/
static bool all_timers(const struct handle_table *table, const struct request *request)
{
    /*@ loop invariant 0 <= i <= LIMIT_SUBSCRIPTIONS;
      @ loop assigns i;
      @ loop variant LIMIT_SUBSCRIPTIONS - i;
    */
    for (uint32_t i = 0; i < request->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++)
        if (!is_timer(table, &request->subscription[i]))
            return false;
    return true;
}

/*@ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_CLOCK_TIME && \result.op.handle == HANDLE_NONE &&
  @   \result.op.mem.length == 0;
*/
static struct step poll_clock(uint32_t clock)
{
    struct step step = decide_issue(OP_CLOCK_TIME, RULE_CLOCK_GRANTED, HANDLE_NONE);
    step.op.value = clock;
    return step;
}

struct step decide_poll_oneoff(const struct handle_table *table, const struct request *request,
                               const struct call_ops *ops)
{
    if (ops->count == 0 && request->slot[SLOT_POLL_COUNT] == 0)
        return decide_refuse(RULE_BAD_VALUE);
    if (ops->count >= 3 ||
        (ops->count > 0 && (ops->op[ops->count - 1].kind != OP_CLOCK_TIME || ops->result[ops->count - 1].value < 0)))
        return decide_go_commit();
    if (!all_timers(table, request))
        return decide_go_commit();
    if (needs_time(table, request, ops, CLOCKID_REALTIME))
        return poll_clock(CLOCKID_REALTIME);
    if (needs_time(table, request, ops, CLOCKID_MONOTONIC))
        return poll_clock(CLOCKID_MONOTONIC);
    uint64_t left = poll_left(table, request, ops);
    if (left == 0)
        return decide_go_commit();
    struct step step = decide_issue(OP_SLEEP, RULE_CLOCK_GRANTED, HANDLE_NONE);
    step.op.value = CLOCKID_MONOTONIC;
    step.op.offset = left <= INT64_MAX ? left : INT64_MAX;
    return step;
}

bool decide_poll_event(const struct handle_table *table, const struct request *request, const struct call_ops *ops,
                       uint32_t index, uint16_t *ret_errno)
{
    if (index >= request->subscription_count || index >= LIMIT_SUBSCRIPTIONS)
        return false;
    const struct subscription *subscription = &request->subscription[index];
    *ret_errno = (uint16_t)subscription_errno(table, subscription);
    if (!is_timer(table, subscription))
        return true;
    if (subscription->flags != 0 && !plan_asked(ops, subscription->clock_or_fd))
        return false;
    return timer_left(subscription, ops) <= poll_left(table, request, ops);
}
