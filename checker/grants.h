/* What a policy gives for each directory that a run was granted: matched by what they are, not by their place in a
 * list. Pure: who asks has resolved the policy's directories. Private to checker/. */
#ifndef WARRANT_CHECKER_GRANTS_H
#define WARRANT_CHECKER_GRANTS_H

#include "checker/checker.h"
#include "checker/judge/judge.h"

enum grants_answer {
    GRANTS_FULL,    /* the policy grants that directory, or one that it lies in */
    GRANTS_NONE,    /* it does not */
    GRANTS_UNKNOWN, /* in part, or it cannot be told */
};
struct grants_ruling {
    enum grants_answer answer;
    enum judge_grant grant;        /* what the judge is to hold the run against */
    char text[CHECK_EVIDENCE_MAX]; /* what and why, fit for printing; empty where it is granted */
};
/* Rules on the run's grant `index` (spec->policy.files[index]). options->policy NULL: the run's own policy is asked,
 * and gives everything. */
void grants_rule(const struct run_spec *spec, const struct check_options *options, uint32_t index,
                 struct grants_ruling *ret);
/* Whether the asked policy lists the run's device `index` (spec->policy.devices[index]), under the same path; else says
 * so in ret->text. */
bool grants_device(const struct run_spec *spec, const struct check_options *options, uint32_t index,
                   struct grants_ruling *ret);
/* The same of a name (spec->policy.names[index]). */
bool grants_name(const struct run_spec *spec, const struct check_options *options, uint32_t index,
                 struct grants_ruling *ret);
/* Whether the asked policy has the run's listening socket `index` (spec->policy.listens[index]); else says so. */
bool grants_listen(const struct run_spec *spec, const struct check_options *options, uint32_t index,
                   struct grants_ruling *ret);
/* Appends, in words, each limit that the run had wider than the asked policy has it, unless it is known to have kept
 * within; how many. exit: how the guest ended; NULL: not known. */
uint32_t grants_limits(const struct run_spec *spec, const struct check_options *options, const struct trace_exit *exit,
                       struct buffer *out);

#endif
