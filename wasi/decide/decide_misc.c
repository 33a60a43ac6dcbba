/* Calls without a descriptor: clocks, random bytes, yield, arguments.
 *
 * The CPU-time clocks are not offered (they tell the guest about the host's load); the witx text has INVAL for those.
 * One random_get brings at most LIMIT_RANDOM bytes, so that it takes a bounded time; more is refused. The kernel may be
 * interrupted and give less than it was asked for: then it is asked again. Source: witx. */
#include "wasi/decide/decide_inner.h"

/*@ requires \valid_read(request) && \valid_read(ops) && 0 <= kind < OP_COUNT;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==>
  @   ops->count == 0 && request->slot[SLOT_CLOCK_TIME_GET_id] <= CLOCKID_MONOTONIC;
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == kind && \result.op.handle == HANDLE_NONE &&
  @   \result.op.mem.length == 0 && \result.op.value == request->slot[SLOT_CLOCK_TIME_GET_id];
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || \result.verdict == VERDICT_COMMIT ||
  @   (refuses(\result) && ops->count == 0);
*/
static struct step clock_op(const struct request *request, const struct call_ops *ops, enum op_kind kind)
{
    uint64_t id = request->slot[SLOT_CLOCK_TIME_GET_id];
    if (ops->count > 0)
        return decide_go_commit();
    if (id > CLOCKID_THREAD_CPUTIME)
        return decide_refuse(RULE_BAD_VALUE);
    if (id > CLOCKID_MONOTONIC)
        return decide_refuse_as(RULE_NOT_SUPPORTED, WASI_INVAL);
    struct step step = decide_issue(kind, RULE_CLOCK_GRANTED, HANDLE_NONE);
    step.op.value = id;
    return step;
}

struct step decide_clock_res_get(const struct request *request, const struct call_ops *ops)
{
    return clock_op(request, ops, OP_CLOCK_RES);
}

struct step decide_clock_time_get(const struct request *request, const struct call_ops *ops)
{
    return clock_op(request, ops, OP_CLOCK_TIME);
}

/* The first op, or the refusal. */
/*@ requires \valid_read(context) && context->memory <= 0x100000000 && 1 <= buffer.length;
  @ assigns \nothing;
  @ ensures accepted: \result.verdict == VERDICT_ISSUE <==>
  @   buffer.length <= LIMIT_RANDOM && buffer.offset + buffer.length <= context->memory;
  @ ensures op: \result.verdict == VERDICT_ISSUE ==> \result.op.kind == OP_RANDOM && \result.op.handle == HANDLE_NONE &&
  @   1 <= \result.op.mem.length <= LIMIT_RANDOM_OP && \result.op.mem.length <= buffer.length &&
  @   \result.op.mem.offset == buffer.offset;
  @ ensures otherwise: \result.verdict == VERDICT_ISSUE || refuses(\result);
*/
static struct step random_first(const struct decide_context *context, struct region buffer)
{
    if (!decide_region_ok(buffer, context->memory))
        return decide_refuse(RULE_MEMORY_BOUNDS);
    if (buffer.length > LIMIT_RANDOM)
        return decide_refuse(RULE_TOO_MANY);
    struct step step = decide_issue(OP_RANDOM, RULE_RANDOM_GRANTED, HANDLE_NONE);
    step.op.mem.offset = buffer.offset;
    step.op.mem.length = buffer.length < LIMIT_RANDOM_OP ? buffer.length : LIMIT_RANDOM_OP;
    return step;
}

struct step decide_random_get(const struct decide_context *context, const struct request *request,
                              const struct call_ops *ops)
{
    struct region buffer = decide_buffer(request, SLOT_RANDOM_GET_buf);
    if (buffer.length == 0)
        return decide_go_commit();
    if (ops->count == 0)
        return random_first(context, buffer);
    if ((ops->count == 1 && ops->result[0].value == buffer.length) || ops->count >= LIMIT_OPS ||
        buffer.length > LIMIT_RANDOM || !decide_region_ok(buffer, context->memory))
        return decide_go_commit();
    uint64_t filled = decide_filled(ops, 0, OP_RANDOM);
    if (filled >= buffer.length)
        return decide_go_commit();
    uint32_t left = buffer.length - (uint32_t)filled;
    struct step step = decide_issue(OP_RANDOM, RULE_RANDOM_GRANTED, HANDLE_NONE);
    step.op.mem.offset = buffer.offset + (uint32_t)filled;
    step.op.mem.length = left < LIMIT_RANDOM_OP ? left : LIMIT_RANDOM_OP;
    return step;
}

struct step decide_sched_yield(const struct call_ops *ops)
{
    if (ops->count > 0)
        return decide_go_commit();
    return decide_issue(OP_YIELD, RULE_YIELD_GRANTED, HANDLE_NONE);
}

struct step decide_args_get(const struct decide_context *context, const struct request *request)
{
    bool args = request->call == OPERATION_ARGS_GET;
    uint32_t count = args ? context->arg_count : context->env_count;
    uint32_t bytes = args ? context->arg_bytes : context->env_bytes;
    struct region pointers = { (uint32_t)request->slot[SLOT_ARGS_GET_argv], 0 };
    struct region strings = { (uint32_t)request->slot[SLOT_ARGS_GET_argv_buf], bytes };
    if (count > LIMIT_ARGS)
        return decide_refuse(RULE_TOO_MANY);
    pointers.length = count * 4;
    if (!decide_region_ok(pointers, context->memory))
        return decide_refuse(RULE_MEMORY_BOUNDS);
    if (!decide_region_ok(strings, context->memory))
        return decide_refuse(RULE_MEMORY_BOUNDS);
    return decide_go_commit();
}
