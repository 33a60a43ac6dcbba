/* poll_oneoff: waiting for clocks and descriptors.
 *
 * Relative times are as given, absolute ones are made relative by asking their clock first; all sums saturate. An error
 * (and where no stream is asked about, a regular file, which is always ready) is an event that is there at once: then
 * nothing is waited for, and only such events are told. Else one POLL asks the system about all descriptors and waits
 * until the earliest clock, or one SLEEP does where there are clocks alone. Source: witx, poll_oneoff. */
#include "wasi/decide/decide_inner.h"

#define TIME_MAX UINT64_MAX

/* The errno of a subscription that cannot be waited for, else SUCCESS. */
/*@ requires \valid_read(table) && \valid_read(subscription);
  @ assigns \nothing;
  @ ensures error: 0 <= \result < WASI_ERRNO_COUNT;
  @ ensures able: \result == WASI_SUCCESS ==> may_wait(table, *subscription);
  @ ensures known: subscription->type == EVENTTYPE_CLOCK && \result == WASI_SUCCESS ==> subscription->clock_or_fd <= CLOCKID_MONOTONIC;
*/
static enum wasi_errno subscription_errno(const struct handle_table *table, const struct subscription *subscription)
{
    if (subscription->type == EVENTTYPE_CLOCK)
        return subscription->clock_or_fd > CLOCKID_MONOTONIC || subscription->flags > SUBCLOCK_ABSTIME ? WASI_INVAL
                                                                                                       : WASI_SUCCESS;
    enum rule rule = RULE_BAD_VALUE;
    if (subscription->type == EVENTTYPE_FD_READ)
        rule = decide_handle_rule(table, subscription->clock_or_fd, R(POLL_FD_READWRITE) | R(FD_READ));
    else if (subscription->type == EVENTTYPE_FD_WRITE)
        rule = decide_handle_rule(table, subscription->clock_or_fd, R(POLL_FD_READWRITE) | R(FD_WRITE));
    return rule == RULE_NONE ? WASI_SUCCESS : decide_rule_errno(rule);
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

/* Whether the plan's last op asked the system about descriptors; of a failed one nothing is told. */
/*@ requires \valid_read(ops);
  @ assigns \nothing;
  @ ensures some: \result != 0 ==> 1 <= ops->count <= LIMIT_OPS;
*/
static bool is_polled(const struct call_ops *ops)
{
    return ops->count > 0 && ops->count <= LIMIT_OPS && ops->op[ops->count - 1].kind == OP_POLL;
}

/* Nanoseconds until the first event of a clock: 0 where an event is there at once. streams: descriptors are waited for, so
 * that they are none. */
/*@ requires \valid_read(table) && \valid_read(request) && \valid_read(ops);
  @ assigns \nothing;
*/
static uint64_t poll_left(const struct handle_table *table, const struct request *request, const struct call_ops *ops,
                          bool streams)
{
    if (is_polled(ops) && ops->result[ops->count - 1].value > 0)
        return 0;
    uint64_t least = TIME_MAX;
    /*@ loop invariant 0 <= i <= LIMIT_SUBSCRIPTIONS;
      @ loop assigns i, least;
      @ loop variant LIMIT_SUBSCRIPTIONS - i;
    */
    for (uint32_t i = 0; i < request->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++) {
        uint64_t left = streams ? TIME_MAX : 0;
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

/* Whether every subscription can be waited for. */
/*@ requires \valid_read(table) && \valid_read(request) && request->subscription_count <= LIMIT_SUBSCRIPTIONS;
  @ assigns \nothing;
  @ ensures all: \result != 0 ==>
  @   (\forall integer k; 0 <= k < request->subscription_count ==> may_wait(table, request->subscription[k]));
*/
static bool all_wait(const struct handle_table *table, const struct request *request)
{
    /*@ loop invariant 0 <= i <= request->subscription_count;
      @ loop invariant \forall integer k; 0 <= k < i ==> may_wait(table, request->subscription[k]);
      @ loop assigns i;
      @ loop variant request->subscription_count - i;
    */
    for (uint32_t i = 0; i < request->subscription_count; i++)
        if (subscription_errno(table, &request->subscription[i]) != WASI_SUCCESS)
            return false;
    return true;
}

/* Whether a descriptor is asked about that is no regular file. */
/*@ requires \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
*/
static bool any_stream(const struct handle_table *table, const struct request *request)
{
    /*@ loop invariant 0 <= i <= LIMIT_SUBSCRIPTIONS;
      @ loop assigns i;
      @ loop variant LIMIT_SUBSCRIPTIONS - i;
    */
    for (uint32_t i = 0; i < request->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++) {
        const struct subscription *subscription = &request->subscription[i];
        if (subscription->type != EVENTTYPE_CLOCK && subscription->clock_or_fd < LIMIT_HANDLES &&
            table->handle[subscription->clock_or_fd].type != FILETYPE_REGULAR_FILE)
            return true;
    }
    return false;
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
    if (ops->count == 0 && request->slot[SLOT_POLL_ONEOFF_nsubscriptions] == 0)
        return decide_refuse(RULE_BAD_VALUE);
    if (ops->count >= 3 ||
        (ops->count > 0 && (ops->op[ops->count - 1].kind != OP_CLOCK_TIME || ops->result[ops->count - 1].value < 0)))
        return decide_go_commit();
    if (request->subscription_count > LIMIT_SUBSCRIPTIONS || !all_wait(table, request))
        return decide_go_commit();
    if (needs_time(table, request, ops, CLOCKID_REALTIME))
        return poll_clock(CLOCKID_REALTIME);
    if (needs_time(table, request, ops, CLOCKID_MONOTONIC))
        return poll_clock(CLOCKID_MONOTONIC);
    bool streams = any_stream(table, request);
    uint64_t left = poll_left(table, request, ops, streams);
    if (left == 0 && !streams)
        return decide_go_commit();
    struct step step = streams ? decide_issue(OP_POLL, RULE_WAIT_GRANTED, HANDLE_NONE)
                               : decide_issue(OP_SLEEP, RULE_CLOCK_GRANTED, HANDLE_NONE);
    step.op.value = streams ? 0 : CLOCKID_MONOTONIC;
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
        return !is_polled(ops);
    if (subscription->flags != 0 && !plan_asked(ops, subscription->clock_or_fd))
        return false;
    return timer_left(subscription, ops) <= poll_left(table, request, ops, is_polled(ops));
}
