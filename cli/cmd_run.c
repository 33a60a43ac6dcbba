/* `warrant run`: a guest, checked, without a trace. */
#include "cli/commands.h"
#include "cli/run_options.h"

static const struct option_row rows[] = { RUN_OPTION_ROWS };

static enum status apply(void *self, int option, const char *value, struct error *error)
{
    return run_option_apply(self, option, value, error);
}

static int run_launched(const struct command *command, struct run_arguments *arguments)
{
    const struct launch_options launch = { .spec = &arguments->spec,
                                           .policy_paths = arguments->policies,
                                           .policy_count = arguments->policy_count };
    struct error error = ERROR_INIT;
    struct launch_result result;
    if (launch_run(&launch, &result, &error) != STATUS_OK)
        return command_failed(command, run_not_started(&result), &error);
    return run_report(command->name, &result);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct run_arguments arguments;
    run_arguments_init(&arguments);
    int status = run_parse(command, argc, argv, &arguments, apply, &arguments);
    if (status < 0)
        status = run_launched(command, &arguments);
    run_arguments_done(&arguments);
    return status;
}

const struct command command_run = {
    .name = "run",
    .arguments = "MODULE [ARG...]",
    .summary = "Run a WebAssembly program, with every hostcall decided before it acts.",
    .text = "No option grants anything by itself: without --dir there are no files, and the environment is empty. "
            "The exit status is the guest's own; 125 warrant itself failed, 126 stopped by policy, 134 a trap, "
            "128+N the guest's process was killed by signal N.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
    .runs_program = true,
};
