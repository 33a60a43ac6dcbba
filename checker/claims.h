/* The policy judged on what a trace says of itself, where no witness was there to say it. Private to checker/. */
#ifndef WARRANT_CHECKER_CLAIMS_H
#define WARRANT_CHECKER_CLAIMS_H

#include "checker/judge/judge.h"
#include "tracer/trace.h"

struct claims;
/* grants: what the policy gives for each of the spec's files; both borrowed for the call. policy: the one that is
 * asked, borrowed until freed. Returns owned. */
MUST_USE enum status claims_create(const struct run_spec *spec, const enum judge_grant *grants,
                                   const struct policy *policy, struct claims **ret, struct error *error);
void claims_free(struct claims *claims); /* NULL is fine */
/* Follows the call's descriptors and judges its ops. True: within the policy; else the ruling on its first op that is
 * not, and which. */
MUST_USE bool claims_call(struct claims *claims, const struct trace_call *call, struct judge_ruling *ret,
                          uint32_t *ret_op);

#endif
