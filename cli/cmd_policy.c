/* `warrant policy`: its sub-commands share one table of options, of which each takes its own.
 *
 * lint reads a policy, or the options that a run would be given, and prints what it grants; what a start would refuse
 * is refused here with the same words. learn: policy_learn.c. */
#include "cli/commands.h"

#include <string.h>

#include "cli/policy_backtest.h"
#include "cli/policy_learn.h"
#include "cli/policy_words.h"
#include "cli/run_options.h"

enum {
    POLICY_JSON = RUN_OPTION_COUNT,
    POLICY_UNSEEN,
    POLICY_OUTPUT,
    POLICY_DEPTH,
    POLICY_PARTIAL,
    POLICY_NO_REPLAY,
    POLICY_ASSUME_OUTPUT,
    POLICY_OPTION_COUNT
};
static const struct option_row rows[] = {
    RUN_OPTION_ROWS,
    { 0, "json", NULL, "print a JSON object" },
    { 0, "unseen", NULL,
      "do not look at what is named on this machine; learn then grants directories as the runs had them" },
    { 'o', "output", "FILE", "learn: write the policy there, and not to the standard output" },
    { 0, "depth", "N",
      "learn: a grant lies at most so many directories below what a run was granted; as deep as it can otherwise" },
    { 0, "partial", NULL, "learn: also from a trace that is not the whole run" },
    { 0, "no-replay", NULL, "learn: do not execute the guests again while the traces are checked" },
    { 0, "assume-output", NULL,
      "backtest: go on as if standard streams took whatever is written to them, where that is something else than "
      "then" },
};

/* Options that a sub-command takes, as bits. */
#define BIT(option) (UINT64_C(1) << (option))
#define RUN_BITS    (BIT(RUN_OPTION_COUNT) - 1)

struct policy_words {
    struct run_arguments run;
    struct policy_learn learn;
    struct policy_backtest backtest;
    bool json, unseen;
    uint64_t given; /* the options, as bits */
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

/* Takes one option; -1, or the exit status. */
static int option_take(const struct command *command, struct policy_words *words, int option, const char *value)
{
    struct error error = ERROR_INIT;
    uint64_t number = 0;
    words->given |= BIT(option);
    switch (option) {
    case POLICY_JSON:
        words->json = words->learn.json = words->backtest.json = true;
        return -1;
    case POLICY_UNSEEN:
        words->unseen = words->learn.unseen = true;
        return -1;
    case POLICY_OUTPUT:
        words->learn.output = value;
        return -1;
    case POLICY_DEPTH:
        if (command_number(command, "--depth", policy_parse_count, value, 0, &number) >= 0)
            return EXIT_USAGE;
        words->learn.depth = number < UINT32_MAX ? (uint32_t)number : UINT32_MAX;
        return -1;
    case POLICY_PARTIAL:
        words->learn.partial = true;
        return -1;
    case POLICY_ASSUME_OUTPUT:
        words->backtest.assume_output = true;
        return -1;
    case POLICY_NO_REPLAY:
        words->learn.no_replay = true;
        return -1;
    default:
        break;
    }
    enum status s = run_option_apply(&words->run, option, value, &error);
    if (s == STATUS_OK)
        return -1;
    return s == STATUS_INVALID && option != RUN_POLICY ? command_refused(command, &error)
                                                       : command_failed(command, EXIT_FILE, &error);
}

/* -1, or the exit status where an option was given that the sub-command does not take. */
static int options_fit(const struct command *command, const struct policy_words *words, const char *name,
                       uint64_t takes)
{
    for (int i = 0; i < POLICY_OPTION_COUNT; i++)
        if (words->given & ~takes & BIT(i))
            return command_usage(command, "`%s` takes no --%s", name, rows[i].name);
    return -1;
}

static int lint_run(const struct command *command, struct policy_words *words, char **operands, int count)
{
    struct error error = ERROR_INIT;
    int status = options_fit(command, words, "lint", RUN_BITS | BIT(POLICY_JSON) | BIT(POLICY_UNSEEN));
    if (status >= 0)
        return status;
    if (count > 1)
        return command_usage(command, "at most one policy is wanted behind `lint`");
    if (count == 1 && run_option_apply(&words->run, RUN_POLICY, operands[0], &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    return lint(command, &words->run, words->json, words->unseen);
}

static int learn_run(const struct command *command, struct policy_words *words, char **operands, int count)
{
    int status = options_fit(command, words, "learn",
                             BIT(POLICY_JSON) | BIT(POLICY_UNSEEN) | BIT(POLICY_OUTPUT) | BIT(POLICY_DEPTH) |
                                 BIT(POLICY_PARTIAL) | BIT(POLICY_NO_REPLAY));
    return status >= 0 ? status : policy_learn(command, &words->learn, operands, count);
}

static int backtest_run(const struct command *command, struct policy_words *words, char **operands, int count)
{
    int status = options_fit(command, words, "backtest", BIT(POLICY_JSON) | BIT(POLICY_ASSUME_OUTPUT));
    return status >= 0 ? status : policy_backtest(command, &words->backtest, operands, count);
}

static const struct {
    const char *name;
    int (*run)(const struct command *command, struct policy_words *words, char **operands, int count);
} parts[] = { { "lint", lint_run }, { "learn", learn_run }, { "backtest", backtest_run } };

static int words_run(const struct command *command, int argc, char **argv, struct policy_words *words)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    const char *value;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        int status = option_take(command, words, option, value);
        if (status >= 0)
            return status;
    }
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    const int count = state.argc - state.index - 1;
    for (size_t i = 0; count >= 0 && i < sizeof parts / sizeof *parts; i++)
        if (strcmp(argv[state.index], parts[i].name) == 0)
            return parts[i].run(command, words, argv + state.index + 1, count);
    return command_usage(command, "`lint`, `learn` or `backtest` is wanted");
}

static int run(const struct command *command, int argc, char **argv)
{
    struct policy_words words = { .learn = { .depth = UINT32_MAX, .process = REPLAY_PROCESS_DEFAULT },
                                  .backtest = { .process = REPLAY_PROCESS_DEFAULT } };
    run_arguments_init(&words.run);
    int status = words_run(command, argc, argv, &words);
    run_arguments_done(&words.run);
    return status;
}

const struct command command_policy = {
    .name = "policy",
    .arguments = "lint [FILE] | learn TRACE... | backtest POLICY TRACE...",
    .summary = "Say what a policy grants; learn the least one from traces; ask one what it would have changed.",
    .text =
        "lint prints what a policy file, and the options of `run`, grant, or why no run could start with them. It "
        "looks at the directories and devices that are named, as a start would, and at nothing else: no address is "
        "bound, and no name is asked for. --unseen leaves that out. Exit status: 0 the policy is sound, 2 usage, "
        "3 it is not; the message has the file's name and line.\n"
        "learn writes the least policy under which the calls that succeeded in the runs succeed again, each grant "
        "with the calls that need it: the decision core refuses them without it. Each trace is checked first. Exit "
        "status: 0 learnt, 1 a trace has findings or is not the whole run, or no one policy serves all runs, 2 "
        "usage, 3 a file is at fault.\n"
        "backtest executes the guests of the traces again under a policy that they did not have, confined and without "
        "the world: the first call that is decided otherwise, and how the guest goes on, for as long as the trace has "
        "the answers. Exit status: 0 nothing is decided otherwise, 1 something is, 2 usage, 3 a file is at fault.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
