/* `warrant policy lint`: reads a policy, or the options that a run would be given, and prints what it grants. What a
 * start would refuse is refused here with the same words. */
#include "cli/commands.h"

#include <string.h>

#include "cli/policy_words.h"
#include "cli/run_options.h"

enum { LINT_JSON = RUN_OPTION_COUNT, LINT_UNSEEN };
static const struct option_row rows[] = {
    RUN_OPTION_ROWS,
    { 0, "json", NULL, "print a JSON object" },
    { 0, "unseen", NULL, "read the policy alone: do not look at what it names on this machine" },
};

/* What a start does before anything of the run is made, or can be seen by others. */
static enum status look(struct run_arguments *arguments, struct error *error)
{
    const struct launch_options options = { .spec = &arguments->spec,
                                            .policy_paths = arguments->policies,
                                            .policy_count = arguments->policy_count };
    struct launch_files files;
    launch_files_init(&files);
    enum status s = launch_grants_open(&arguments->spec, &files, error);
    if (s == STATUS_OK)
        s = launch_guard(&options, &files, error);
    launch_files_close(&files);
    return s;
}

static int lint(const struct command *command, struct run_arguments *arguments, bool json, bool unseen)
{
    struct error error = ERROR_INIT;
    const struct policy *policy = &arguments->spec.policy;
    if (!unseen && look(arguments, &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    if (json) {
        struct buffer out = BUFFER_INIT;
        policy_words_json(policy, !unseen, &out);
        print_text(stdout, &out);
        buffer_done(&out);
    } else {
        policy_words_print(policy);
    }
    return EXIT_OK;
}

static int lint_parse(const struct command *command, int argc, char **argv, struct run_arguments *arguments)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct error error = ERROR_INIT;
    bool json = false, unseen = false;
    const char *value;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        enum status s = STATUS_OK;
        if (option == LINT_JSON)
            json = true;
        else if (option == LINT_UNSEEN)
            unseen = true;
        else
            s = run_option_apply(arguments, option, value, &error);
        if (s != STATUS_OK)
            return s == STATUS_INVALID && option != RUN_POLICY ? command_refused(command, &error)
                                                               : command_failed(command, EXIT_FILE, &error);
    }
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    int operands = state.argc - state.index;
    if (operands < 1 || operands > 2 || strcmp(argv[state.index], "lint") != 0)
        return command_usage(command, "`lint` is wanted, and at most one policy behind it");
    if (operands == 2 && run_option_apply(arguments, RUN_POLICY, argv[state.index + 1], &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    return lint(command, arguments, json, unseen);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct run_arguments arguments;
    run_arguments_init(&arguments);
    int status = lint_parse(command, argc, argv, &arguments);
    run_arguments_done(&arguments);
    return status;
}

const struct command command_policy = {
    .name = "policy",
    .arguments = "lint [FILE]",
    .summary = "Print what a policy file, and the options of `run`, grant; or why no run could start with them.",
    .text = "Looks at the directories and devices that are named, as a start would, and at nothing else: no address is "
            "bound, and no name is asked for. --unseen leaves that out.\nExit status: 0 the policy is sound, 2 usage, "
            "3 it is not; the message has the file's name and line.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
