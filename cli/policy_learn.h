/* The sub-commands of `warrant policy` that have a file of their own. */
#ifndef WARRANT_CLI_POLICY_LEARN_H
#define WARRANT_CLI_POLICY_LEARN_H

#include "cli/options.h"
#include "cli/replay_process.h"

struct policy_learn {
    const char *output; /* NULL: the standard output */
    uint32_t depth;
    bool json, no_replay, partial, unseen;
    struct replay_process process;
};
/* Learns from the traces and prints or writes the policy. Returns the exit status. */
int policy_learn(const struct command *command, const struct policy_learn *options, char **traces, int count);

#endif
