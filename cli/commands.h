/* The sub-commands, one file each. */
#ifndef WARRANT_CLI_COMMANDS_H
#define WARRANT_CLI_COMMANDS_H

#include "cli/options.h"

/* By its name; NULL: there is none, and what is near is said. */
const struct command *command_find(const char *name);
void command_overview(FILE *out); /* all commands */

extern const struct command command_run, command_record, command_replay, command_check, command_show, command_query,
    command_policy, command_syscalls, command_doctor, command_recover, command_keygen, command_attest,
    command_completion, command_man_page, command_help_page, command_validate, command_diff, command_report, command_db;

#endif
