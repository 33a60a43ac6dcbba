/* `warrant run`: a guest, checked, without a trace. */
#include "cli/commands.h"
#include "cli/run_options.h"

static const struct option_row rows[] = { RUN_OPTION_ROWS };

/* Parses and runs; the error is printed by the caller. Returns -1 where launch_run did not come to an end. */
static int run_parsed(const struct command *command, struct run_arguments *arguments, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct error error = ERROR_INIT;
    const char *value;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        enum status s = run_option_apply(arguments, option, value, &error);
        if (s != STATUS_OK)
            return s == STATUS_INVALID && option != RUN_POLICY ? command_usage(command, "%s", error.text)
                                                               : command_failed(command, EXIT_WARRANT_FAILED, &error);
    }
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    if (run_operands(arguments, state.argc - state.index, argv + state.index, &error) != STATUS_OK)
        return command_usage(command, "%s", error.text);
    const struct launch_options launch = { .spec = &arguments->spec, .no_confine = arguments->no_confine };
    struct launch_result result;
    if (launch_run(&launch, &result, &error) != STATUS_OK)
        return command_failed(command, EXIT_WARRANT_FAILED, &error);
    return run_report(command->name, &result);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct run_arguments arguments;
    run_arguments_init(&arguments);
    int status = run_parsed(command, &arguments, argc, argv);
    run_arguments_done(&arguments);
    return status;
}

const struct command command_run = {
    .name = "run",
    .arguments = "MODULE [ARG...]",
    .summary = "Run a WebAssembly program, with every hostcall decided before it acts.",
    .text = "No option grants anything by itself: without --dir there are no files, and the environment is empty. "
            "The exit status is the guest's own; 125 warrant itself failed, 126 stopped by policy, 134 a trap.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
    .runs_program = true,
};
