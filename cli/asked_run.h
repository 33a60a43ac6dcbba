/* A recorded run executed again under a policy that it did not have: the description is put together here, the replayer
 * does the rest (replay/replay.h). */
#ifndef WARRANT_CLI_ASKED_RUN_H
#define WARRANT_CLI_ASKED_RUN_H

#include "cli/replay_process.h"

struct asked_policy {
    const char *text; /* borrowed; YAML */
    size_t size;
    const char *name; /* borrowed; for messages */
};
/* more: assume_output, told and told_self count. *ret as replay_run fills it. Failures: of the trace, the policy, or
 * the replay's process. */
MUST_USE enum status asked_run(const char *trace, const struct asked_policy *policy,
                               const struct replay_process *process, const struct replay_options *more,
                               struct replay_report *ret, struct error *error);

#endif
