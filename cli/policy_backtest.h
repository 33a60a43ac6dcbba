/* `warrant policy backtest`: recorded runs under a policy that they did not have. */
#ifndef WARRANT_CLI_POLICY_BACKTEST_H
#define WARRANT_CLI_POLICY_BACKTEST_H

#include "cli/options.h"
#include "cli/replay_process.h"

struct policy_backtest {
    bool json, assume_output;
    struct replay_process process;
};
/* operands: the policy, then the traces. Returns the exit status. */
int policy_backtest(const struct command *command, const struct policy_backtest *options, char **operands, int count);

#endif
