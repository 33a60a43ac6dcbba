/* The sub-commands, one file each. */
#ifndef WARRANT_CLI_COMMANDS_H
#define WARRANT_CLI_COMMANDS_H

#include "cli/options.h"

extern const struct command command_run, command_record, command_replay, command_check, command_show, command_query,
    command_policy, command_syscalls, command_doctor, command_recover, command_completion, command_man_page;

#endif
