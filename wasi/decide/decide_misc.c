/* Calls without a descriptor: clocks, random bytes, yield, arguments.
 *
 * The CPU-time clocks are not offered (they tell the guest about the host's load); the witx text has INVAL for those.
 * One random_get brings at most LIMIT_RANDOM bytes, so that it takes a bounded time; more is refused. The kernel may be
 * interrupted and give less than it was asked for: then it is asked again. Source: witx. */
#include "wasi/decide/decide_alone.h"

/*@ requires \valid_read(request) && 0 <= kind < OP_COUNT && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==> request->slot[SLOT_CLOCK_TIME_GET_id] <= CLOCKID_MONOTONIC;
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == kind && \result.op.handle == HANDLE_NONE &&
  @   \result.op.mem.length == 0 && op_asks_clock(\result.op, kind, request->slot[SLOT_CLOCK_TIME_GET_id]) &&
  @   \result.plan == plan_next(plan, kind, PLAN_ENDS_WITH_ANSWER);
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || refuses(\result);
*/
static struct step clock_op(const struct request *request, struct plan plan, enum op_kind kind)
{
    uint64_t id = request->slot[SLOT_CLOCK_TIME_GET_id];
    if (id > CLOCKID_THREAD_CPUTIME)
        return decide_refuse(RULE_BAD_VALUE);
    if (id > CLOCKID_MONOTONIC)
        return decide_refuse_as(RULE_NOT_SUPPORTED, WASI_INVAL);
    struct step step = decide_issue_last(plan, kind, RULE_CLOCK_GRANTED, HANDLE_NONE);
    step.op.value = id;
    return step;
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE <==> request->slot[SLOT_CLOCK_RES_GET_id] <= CLOCKID_MONOTONIC;
*/
struct step decide_clock_res_get(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    return clock_op(request, plan, OP_CLOCK_RES);
}

struct change commit_clock_res_get(const struct decide_context *context, const struct handle_table *table,
                                   const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change_value(plan);
}

struct step decide_clock_time_get(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer)
{
    return clock_op(request, plan, OP_CLOCK_TIME);
}

struct change commit_clock_time_get(const struct decide_context *context, const struct handle_table *table,
                                    const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change_value(plan);
}

/* Asks for what the buffer still lacks behind `filled` bytes. */
/*@ requires 0 <= filled < buffer.length && buffer.offset + buffer.length <= 0x100000000 && plan.count <= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures op: \result.verdict == VERDICT_ISSUE && \result.op.kind == OP_RANDOM && \result.op.handle == HANDLE_NONE &&
  @   1 <= \result.op.mem.length <= LIMIT_RANDOM_OP && \result.op.mem.offset == buffer.offset + filled &&
  @   \result.op.mem.length <= buffer.length - filled &&
  @   \result.plan == {plan_next(plan, OP_RANDOM, PLAN_GOES_ON) \with .value = filled};
*/
static struct step random_issue(struct plan plan, struct region buffer, int64_t filled)
{
    struct step step = decide_issue(plan, OP_RANDOM, RULE_RANDOM_GRANTED, HANDLE_NONE);
    uint32_t left = buffer.length - (uint32_t)filled;
    step.op.mem.offset = buffer.offset + (uint32_t)filled;
    step.op.mem.length = left < LIMIT_RANDOM_OP ? left : LIMIT_RANDOM_OP;
    step.plan.value = filled;
    return step;
}

/*@ ensures accepted: plan.count == 0 ==> (\result.verdict == VERDICT_ISSUE <==>
  @   1 <= (uint32_t)request->slot[SLOT_RANDOM_GET_buf_len] <= LIMIT_RANDOM &&
  @   (uint32_t)request->slot[SLOT_RANDOM_GET_buf] + (uint32_t)request->slot[SLOT_RANDOM_GET_buf_len] <= context->memory);
  @ ensures op: \result.verdict == VERDICT_ISSUE ==>
  @   \result.op.kind == OP_RANDOM && 1 <= \result.op.mem.length <= LIMIT_RANDOM_OP &&
  @   (uint32_t)request->slot[SLOT_RANDOM_GET_buf] <= \result.op.mem.offset && \result.op.mem.offset + \result.op.mem.length <=
  @     (uint32_t)request->slot[SLOT_RANDOM_GET_buf] + (uint32_t)request->slot[SLOT_RANDOM_GET_buf_len] <= context->memory;
*/
struct step decide_random_get(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, struct plan plan, const struct op_result *answer)
{
    struct region buffer = decide_buffer(request, SLOT_RANDOM_GET_buf);
    if (plan.count > 0) {
        if (answer->value <= 0 || answer->value > LIMIT_RANDOM_OP || plan.value < 0 || plan.value > LIMIT_RANDOM)
            return decide_go_commit(plan, answer->value < 0 ? answer->value : -(int64_t)WASI_IO);
        int64_t filled = plan.value + answer->value;
        if (filled < buffer.length && plan.count < LIMIT_OPS - 1)
            return random_issue(plan, buffer, filled);
        return decide_go_commit(plan, filled == buffer.length ? 0 : -(int64_t)WASI_IO);
    }
    if (buffer.length == 0)
        return decide_go_commit(plan, 0);
    if (!decide_region_ok(buffer, context->memory))
        return decide_refuse(RULE_MEMORY_BOUNDS);
    if (buffer.length > LIMIT_RANDOM)
        return decide_refuse(RULE_TOO_MANY);
    return random_issue(plan, buffer, 0);
}

struct change commit_random_get(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

/*@ ensures accepted: \result.verdict == VERDICT_ISSUE;
*/
struct step decide_sched_yield(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_issue_last(plan, OP_YIELD, RULE_YIELD_GRANTED, HANDLE_NONE);
}

struct change commit_sched_yield(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

/* Whether `count` pointers and `bytes` bytes of strings have room where the guest wants them. */
/*@ requires \valid_read(context) && \valid_read(request) && context->memory <= 0x100000000;
  @ assigns \nothing;
  @ ensures verdict: commits(\result, plan, 0) || refuses(\result);
*/
static struct step strings_step(const struct decide_context *context, const struct request *request, struct plan plan,
                                uint32_t count, uint32_t bytes)
{
    struct region pointers = { (uint32_t)request->slot[SLOT_ARGS_GET_argv], 0 };
    struct region strings = { (uint32_t)request->slot[SLOT_ARGS_GET_argv_buf], bytes };
    if (count > LIMIT_ARGS)
        return decide_refuse(RULE_TOO_MANY);
    pointers.length = count * 4;
    if (!decide_region_ok(pointers, context->memory) || !decide_region_ok(strings, context->memory))
        return decide_refuse(RULE_MEMORY_BOUNDS);
    return decide_go_commit(plan, 0);
}

/*@ assigns \nothing;
  @ ensures start: \result.how == CHANGE_NOTHING;
*/
static struct change sizes_change(struct plan plan, uint32_t count, uint32_t bytes)
{
    struct change change = decide_change(plan);
    change.outcome.value[0] = count;
    change.outcome.value[1] = bytes;
    change.outcome.value_count = 2;
    return change;
}

struct step decide_args_get(const struct decide_context *context, const struct handle_table *table,
                            const struct request *request, struct plan plan, const struct op_result *answer)
{
    return strings_step(context, request, plan, context->arg_count, context->arg_bytes);
}

struct change commit_args_get(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

struct step decide_args_sizes_get(const struct decide_context *context, const struct handle_table *table,
                                  const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_go_commit(plan, 0);
}

struct change commit_args_sizes_get(const struct decide_context *context, const struct handle_table *table,
                                    const struct request *request, struct plan plan, const struct op_result *answer)
{
    return sizes_change(plan, context->arg_count, context->arg_bytes);
}

struct step decide_environ_get(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    return strings_step(context, request, plan, context->env_count, context->env_bytes);
}

struct change commit_environ_get(const struct decide_context *context, const struct handle_table *table,
                                 const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

struct step decide_environ_sizes_get(const struct decide_context *context, const struct handle_table *table,
                                     const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_go_commit(plan, 0);
}

struct change commit_environ_sizes_get(const struct decide_context *context, const struct handle_table *table,
                                       const struct request *request, struct plan plan, const struct op_result *answer)
{
    return sizes_change(plan, context->env_count, context->env_bytes);
}

struct step decide_proc_exit(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_go_commit(plan, 0);
}

struct change commit_proc_exit(const struct decide_context *context, const struct handle_table *table,
                               const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

/*@ ensures accepted: \result.verdict == VERDICT_COMMIT <==> request->slot[SLOT_PROC_RAISE_sig] <= SIGNAL_SYS;
*/
struct step decide_proc_raise(const struct decide_context *context, const struct handle_table *table,
                              const struct request *request, struct plan plan, const struct op_result *answer)
{
    if (request->slot[SLOT_PROC_RAISE_sig] > SIGNAL_SYS)
        return decide_refuse(RULE_BAD_VALUE);
    return decide_go_commit(plan, 0);
}

struct change commit_proc_raise(const struct decide_context *context, const struct handle_table *table,
                                const struct request *request, struct plan plan, const struct op_result *answer)
{
    return decide_change(plan);
}

/* A guest has no handlers, so what the default action is. Who would be stopped is ended: there is nobody to let it go on. */
bool decide_signal_ends(uint64_t signal)
{
    return signal != SIGNAL_NONE && signal != SIGNAL_CHLD && signal != SIGNAL_CONT && signal != SIGNAL_URG &&
           signal != SIGNAL_WINCH;
}
