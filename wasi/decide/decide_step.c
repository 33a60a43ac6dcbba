/* decide_step: the end of plans; each call to the function that decides it, expanded from its row. What is not offered is refused
 * here, and only here. */
#include "wasi/decide/decide_inner.h"

/* A request whose copying failed. */
/*@ requires \valid_read(request);
  @ assigns \nothing;
  @ ensures refusal: refuses(\result);
*/
static struct step refuse_fault(const struct request *request)
{
    if (!decide_is_built(request->call))
        return decide_refuse(RULE_NOT_BUILT);
    if (request->fault == FAULT_ALIGNMENT)
        return decide_refuse(RULE_MISALIGNED);
    if (request->fault == FAULT_TOO_MANY)
        return decide_refuse(RULE_TOO_MANY);
    if (request->fault == FAULT_PATH_LONG)
        return decide_refuse(RULE_PATH_LONG);
    return decide_refuse(RULE_MEMORY_BOUNDS);
}

/*@ requires \valid_read(plan) && step_part(context, table, request, *plan, answer) && plan->count < LIMIT_OPS;
  @ assigns \nothing;
  @ ensures DECIDE_SOUND(context, table, request, *plan, answer, \result);
*/
static struct step step_call(const struct decide_context *context, const struct handle_table *table,
                             const struct request *request, const struct plan *plan, const struct op_result *answer)
{
    switch ((enum operation)request->call) {
#define CALL_BUILT(name)  return decide_##name(context, table, request, *plan, answer);
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
    return decide_refuse(RULE_NOT_BUILT);
}

/* No function of a call says what is next: the plan has ended with its last op, the request was not copied whole, or the plan is
 * as long as any may be. */
/*@ requires \valid_read(request) && \valid_read(plan) && \valid_read(answer);
  @ requires plan->end == PLAN_ENDS_REFUSED ==> rule_refuses(plan->rule);
  @ requires plan->end != PLAN_GOES_ON || request->fault != FAULT_NONE || plan->count >= LIMIT_OPS;
  @ assigns \nothing;
  @ ensures commit: plan->end != PLAN_GOES_ON && plan->end != PLAN_ENDS_REFUSED ==>
  @   commits(\result, *plan, plan->end == PLAN_ENDS_WITH_ANSWER ? answer->value : plan->value);
  @ ensures refusal: plan->end == PLAN_ENDS_REFUSED || (plan->end == PLAN_GOES_ON && request->fault != FAULT_NONE) ==>
  @   refuses(\result);
  @ ensures long: plan->end == PLAN_GOES_ON && request->fault == FAULT_NONE ==> commits(\result, *plan, -(int64_t)WASI_IO);
*/
static struct step step_end(const struct request *request, const struct plan *plan, const struct op_result *answer)
{
    if (decide_step_is_end(plan))
        return decide_go_commit(*plan, decide_end_value(plan, answer));
    if (plan->end == PLAN_ENDS_REFUSED)
        return decide_refuse((enum rule)plan->rule);
    if (request->fault != FAULT_NONE)
        return refuse_fault(request);
    return decide_go_commit(*plan, -(int64_t)WASI_IO);
}

struct step decide_step(const struct decide_context *context, const struct handle_table *table,
                        const struct request *request, const struct plan *plan, const struct op_result *answer)
{
    if (decide_step_is_call(request, plan))
        return step_call(context, table, request, plan, answer);
    return step_end(request, plan, answer);
}
