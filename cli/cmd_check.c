/* `warrant check`: everything that can be said of a trace afterwards. */
#include "cli/commands.h"

#include <string.h>
#include <sys/utsname.h>

#include "checker/checker.h"
#include "cli/check_place.h"
#include "cli/policy_places.h"
#include "cli/progress.h"
#include "cli/replay_process.h"
#include "cli/run_options.h"

enum {
    CHECK_DB,
    CHECK_WITNESS,
    CHECK_POLICY,
    CHECK_FORMAT,
    CHECK_NO_REPLAY,
    CHECK_JSON,
    CHECK_ALL,
    CHECK_TIER,
    CHECK_MEMORY,
    CHECK_TIMEOUT
};
static const struct option_row rows[] = {
    { 0, "db", "FILE", "keep what was found in this SQLite database (made if missing); `warrant query` reads it" },
    { 0, "witness", "FILE", "the witness file; FILE.wwit beside the trace otherwise" },
    { 'p', "policy", "FILE", "judge this policy instead of the one in the trace" },
    { 0, "format", "text|json|sarif", "how to print; SARIF 2.1.0 takes one trace" },
    { 0, "no-replay", NULL, "do not execute the guest again" },
    { 0, "json", NULL, "the same as --format json" },
    { 0, "all", NULL, "print every finding that was kept, not the first 20" },
    TIER_OPTION_ROW,
    REPLAY_OPTION_ROWS,
};

struct check {
    struct check_options options;
    struct replay_process process;
    struct policy policy;
    struct utsname machine;
    struct check_place *places; /* one for each of its files */
    struct progress progress;
    const char *db, *policy_path;
    bool json, sarif, all;
};

static void on_progress(void *self, const char *what, uint64_t done, uint64_t total)
{
    progress_show(self, what, done, total, what[0] == 'w' ? "seconds" : "hostcalls");
}

static int check_one(const struct command *command, struct check *check, struct checker *checker, const char *path)
{
    enum { FINDINGS_SHOWN = 20 };
    struct error error = ERROR_INIT;
    struct check_report report;
    check_report_init(&report);
    check->options.trace_path = path;
    enum status s = checker_check(checker, &check->options, &report, &error);
    progress_done(&check->progress);
    int status = EXIT_FILE;
    if (s != STATUS_OK) {
        command_failed(command, EXIT_FILE, &error);
    } else {
        struct buffer text = BUFFER_INIT;
        if (check->sarif)
            check_report_sarif(&report, WARRANT_VERSION, &text);
        else if (check->json)
            check_report_json(&report, &text);
        else
            check_report_text(&report, check->all ? 0 : FINDINGS_SHOWN, &text);
        print_text(stdout, &text);
        buffer_done(&text);
        status = report.exit_status;
    }
    check_report_done(&report);
    return status;
}

static int check_option(const struct command *command, struct check *check, int option, const char *value)
{
    struct error error = ERROR_INIT;
    switch (option) {
    case CHECK_DB:
        check->db = value;
        return EXIT_OK;
    case CHECK_WITNESS:
        check->options.witness_path = value;
        return EXIT_OK;
    case CHECK_NO_REPLAY:
        check->options.no_replay = true;
        return EXIT_OK;
    case CHECK_JSON:
        check->json = true;
        return EXIT_OK;
    case CHECK_ALL:
        check->all = true;
        return EXIT_OK;
    case CHECK_TIER: {
        int status = tier_option(command, value);
        return status < 0 ? EXIT_OK : status;
    }
    case CHECK_MEMORY:
    case CHECK_TIMEOUT: {
        int status = replay_option(command, &check->process, option - CHECK_MEMORY, value);
        return status < 0 ? EXIT_OK : status;
    }
    case CHECK_POLICY:
        check->policy_path = value;
        if (check->options.policy)
            return command_usage(command, "one policy is asked; --policy was given twice");
        if (cli_policy_read(value, &check->policy, &error) != STATUS_OK)
            return command_failed(command, EXIT_FILE, &error);
        if (policy_places_find(&check->policy, &check->places, &error) != STATUS_OK)
            return command_failed(command, EXIT_FILE, &error);
        check->options.policy = &check->policy;
        check->options.places = check->places;
        if (uname(&check->machine) == 0)
            check->options.host = check->machine.nodename;
        return EXIT_OK;
    default:
        if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0 && strcmp(value, "sarif") != 0)
            return command_usage(command, "--format wants text, json or sarif, not \"%s\"", value);
        check->json = value[0] == 'j';
        check->sarif = value[0] == 's';
        return EXIT_OK;
    }
}

/* The worst of two statuses: a file at fault before a finding, a finding before nothing. */
static int worst(int a, int b) { return a > b ? a : b; }

static int check_run(const struct command *command, struct check *check, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    const char *value;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        int status = check_option(command, check, option, value);
        if (status != EXIT_OK)
            return status;
    }
    if (option == OPTIONS_HELP)
        return command_help(command, stdout), EXIT_OK;
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    if (state.index >= state.argc)
        return command_usage(command, "no trace is given");
    if (check->options.witness_path && state.argc - state.index > 1)
        return command_usage(command, "--witness goes with one trace");
    if (check->sarif && state.argc - state.index > 1)
        return command_usage(command, "--format sarif goes with one trace");
    struct error error = ERROR_INIT;
    struct checker *checker;
    const char *const places[][2] = { { "the database", check->db }, { "the policy", check->policy_path } };
    for (size_t i = 0; i < sizeof places / sizeof *places; i++)
        if (places[i][1] &&
            check_place(places[i][0], places[i][1], argv + state.index, state.argc - state.index, &error) != STATUS_OK)
            return command_failed(command, EXIT_FILE, &error);
    if (checker_open(check->db, on_progress, &check->progress, &checker, &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    int status = EXIT_OK;
    for (int i = state.index; i < state.argc; i++)
        status = worst(status, check_one(command, check, checker, argv[i]));
    checker_close(checker);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct check check = { .options = { .progress = on_progress, .replay = replay_process_run },
                           .process = REPLAY_PROCESS_DEFAULT };
    check.options.replay_self = &check.process;
    check.options.progress_self = &check.progress;
    progress_init(&check.progress, command->name);
    policy_init(&check.policy);
    int status = check_run(command, &check, argc, argv);
    policy_places_free(check.places, check.policy.file_count);
    policy_done(&check.policy);
    return status;
}

const struct command command_check = {
    .name = "check",
    .arguments = "FILE.wtrace...",
    .summary = "Hold a trace against the kernel's record, the policy and its own replay.",
    .text = "Exit status: 0 nothing found, 1 a finding (escape, divergence, or the witness "
            "contradicts the trace), 2 usage, 3 a file "
            "is at fault.\nNothing found is not all was done: a run that nobody witnessed, judged and replayed is "
            "\"incomplete\" in the result's line, in JSON (verdict) and in the database.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
