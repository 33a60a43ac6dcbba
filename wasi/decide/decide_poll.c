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
    if (subscription->type == EVENTTYPE_FD_READ) {
        rule = decide_handle_rule(table, subscription->clock_or_fd, R(POLL_FD_READWRITE) | R(FD_READ));
        if (rule == RULE_RIGHT_MISSING) /* a connection to accept is what a socket that listens has to read */
            rule = decide_handle_rule(table, subscription->clock_or_fd, R(POLL_FD_READWRITE) | R(SOCK_ACCEPT));
    } else if (subscription->type == EVENTTYPE_FD_WRITE)
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

/* Whether the plan asked `clock` for its time. */
/*@ assigns \nothing;
*/
static bool plan_asked(struct plan plan, uint32_t clock)
{
    return clock == CLOCKID_REALTIME ? (plan.asked & 1) != 0 : (plan.asked & 2) != 0;
}

/* Nanoseconds that a timer still has. */
/*@ requires \valid_read(subscription);
  @ assigns \nothing;
*/
static uint64_t timer_left(const struct subscription *subscription, struct plan plan)
{
    if (subscription->flags == 0)
        return subscription->timeout;
    uint64_t now = plan.now[subscription->clock_or_fd == CLOCKID_REALTIME ? 0 : 1];
    return subscription->timeout > now ? subscription->timeout - now : 0;
}

/* Nanoseconds until the first event of a clock: 0 where an event is there at once. streams: descriptors are waited for, so
 * that they are none. */
/*@ requires \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
*/
static uint64_t poll_left(const struct handle_table *table, const struct request *request, struct plan plan,
                          bool streams)
{
    uint64_t least = TIME_MAX;
    /*@ loop invariant 0 <= i <= LIMIT_SUBSCRIPTIONS;
      @ loop assigns i, least;
      @ loop variant LIMIT_SUBSCRIPTIONS - i;
    */
    for (uint32_t i = 0; i < request->subscription_count && i < LIMIT_SUBSCRIPTIONS; i++) {
        uint64_t left = streams ? TIME_MAX : 0;
        if (is_timer(table, &request->subscription[i]))
            left = timer_left(&request->subscription[i], plan);
        if (left < least)
            least = left;
    }
    return least;
}

/* Whether an absolute timer on `clock` needs its time, and the plan has not asked for it yet. */
/*@ requires \valid_read(table) && \valid_read(request);
  @ assigns \nothing;
*/
static bool needs_time(const struct handle_table *table, const struct request *request, struct plan plan,
                       uint32_t clock)
{
    if (plan_asked(plan, clock))
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

/*@ requires plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_CLOCK_TIME && \result.op.handle == HANDLE_NONE &&
  @   \result.op.mem.length == 0 && \result.plan == {plan_next(plan, OP_CLOCK_TIME, PLAN_GOES_ON) \with .asked = \result.plan.asked};
*/
static struct step poll_clock(struct plan plan, uint32_t clock)
{
    struct step step = decide_issue(plan, OP_CLOCK_TIME, RULE_CLOCK_GRANTED, HANDLE_NONE);
    step.op.value = clock;
    step.plan.asked = clock == CLOCKID_REALTIME ? 1 : plan.asked | 2;
    return step;
}

/* The wait, once the plan knows the time of each clock that it must; or nothing where an event is there. */
/*@ requires \valid_read(table) && \valid_read(request) && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures issue: \result.verdict == VERDICT_ISSUE ==> (\result.op.kind == OP_POLL || \result.op.kind == OP_SLEEP) &&
  @   \result.op.handle == HANDLE_NONE && \result.op.mem.length == 0 &&
  @   \result.plan == plan_next(plan, \result.op.kind, PLAN_ENDS_WITH_ANSWER);
  @ ensures verdict: \result.verdict == VERDICT_ISSUE || commits(\result, plan, 0);
*/
static struct step poll_wait(const struct handle_table *table, const struct request *request, struct plan plan)
{
    bool streams = any_stream(table, request);
    uint64_t left = poll_left(table, request, plan, streams);
    if (left == 0 && !streams)
        return decide_go_commit(plan, 0);
    struct step step = streams ? decide_issue_last(plan, OP_POLL, RULE_WAIT_GRANTED, HANDLE_NONE)
                               : decide_issue_last(plan, OP_SLEEP, RULE_CLOCK_GRANTED, HANDLE_NONE);
    step.op.value = streams ? 0 : CLOCKID_MONOTONIC;
    step.op.offset = left <= INT64_MAX ? left : INT64_MAX;
    return step;
}

struct step decide_poll_oneoff(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    if (plan.count > 0 && answer->value < 0)
        return decide_go_commit(plan, answer->value);
    if (plan.count == 0) {
        if (request->slot[SLOT_POLL_ONEOFF_nsubscriptions] == 0)
            return decide_refuse(RULE_BAD_VALUE);
        if (request->subscription_count > LIMIT_SUBSCRIPTIONS || !all_wait(table, request))
            return decide_go_commit(plan, 0);
    } else if (plan.asked & 2) {
        plan.now[1] = (uint64_t)answer->value;
    } else {
        plan.now[0] = (uint64_t)answer->value;
    }
    if (needs_time(table, request, plan, CLOCKID_REALTIME))
        return poll_clock(plan, CLOCKID_REALTIME);
    if (needs_time(table, request, plan, CLOCKID_MONOTONIC))
        return poll_clock(plan, CLOCKID_MONOTONIC);
    return poll_wait(table, request, plan);
}

struct change commit_poll_oneoff(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct change change = decide_change(plan);
    change.outcome.value_count = plan.value >= 0; /* the dispatcher counts the events */
    return change;
}

bool decide_poll_event(const struct handle_table *table, const struct request *request, const struct plan *plan,
                       uint32_t index, uint16_t *ret_errno)
{
    if (index >= request->subscription_count || index >= LIMIT_SUBSCRIPTIONS)
        return false;
    const struct subscription *subscription = &request->subscription[index];
    bool polled = plan->kind == OP_POLL;
    *ret_errno = (uint16_t)subscription_errno(table, subscription);
    if (!is_timer(table, subscription))
        return !polled;
    if (subscription->flags != 0 && !plan_asked(*plan, subscription->clock_or_fd))
        return false;
    uint64_t left = timer_left(subscription, *plan);
    return polled && plan->value > 0 ? left == 0 : left <= poll_left(table, request, *plan, polled);
}
