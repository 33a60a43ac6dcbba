/* `warrant check`: everything that can be said of a trace afterwards. */
#include "cli/commands.h"

#include <string.h>

#include "cli/check_run.h"
#include "cli/check_tones.h"

enum { CHECK_FORMAT = CHECK_RUN_OPTIONS, CHECK_JSON, CHECK_ALL, CHECK_NO_COLOR };
static const struct option_row rows[] = {
    CHECK_RUN_ROWS,
    [CHECK_FORMAT] = { 0, "format", "text|json|sarif", "how to print; SARIF 2.1.0 takes one trace" },
    [CHECK_JSON] = { 0, "json", NULL, "the same as --format json" },
    [CHECK_ALL] = { 0, "all", NULL, "print every finding that was kept, not the first 20" },
    [CHECK_NO_COLOR] = NO_COLOR_OPTION_ROW,
};

struct check {
    struct check_run run;
    bool json, sarif, all;
};

static int check_one(const struct command *command, struct check *check, struct checker *checker, const char *path)
{
    enum { FINDINGS_SHOWN = 20 };
    struct error error = ERROR_INIT;
    struct check_report report;
    if (check_run_recorded(command, path))
        return EXIT_RECORDED;
    check_report_init(&report);
    enum status s = check_run_check(&check->run, checker, path, &report, &error);
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
        if (check->sarif || check->json)
            print_text(stdout, &text);
        else
            check_tones_print(&report, &text);
        buffer_done(&text);
        status = report.exit_status;
    }
    check_report_done(&report);
    return status;
}

static int check_option(const struct command *command, struct check *check, int option, const char *value)
{
    switch (option) {
    case CHECK_JSON:
        check->json = true;
        return EXIT_OK;
    case CHECK_ALL:
        check->all = true;
        return EXIT_OK;
    case CHECK_NO_COLOR:
        print_no_color();
        return EXIT_OK;
    case CHECK_FORMAT:
        if (strcmp(value, "text") != 0 && strcmp(value, "json") != 0 && strcmp(value, "sarif") != 0)
            return command_usage(command, "--format wants text, json or sarif, not \"%s\"", value);
        check->json = value[0] == 'j';
        check->sarif = value[0] == 's';
        return EXIT_OK;
    default:
        return check_run_option(command, &check->run, option, value);
    }
}

/* The worst of two statuses: a file at fault before a finding, that before a trace that is not over, that before
 * nothing. */
static int worst(int a, int b)
{
    static const int order[] = { EXIT_FILE, EXIT_FINDING, EXIT_RECORDED };
    for (size_t i = 0; i < sizeof order / sizeof *order; i++)
        if (a == order[i] || b == order[i])
            return order[i];
    return a > b ? a : b;
}

static int check_all(const struct command *command, struct check *check, int argc, char **argv)
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
    if (check->run.options.witness_path && state.argc - state.index > 1)
        return command_usage(command, "--witness goes with one trace");
    if (check->sarif && state.argc - state.index > 1)
        return command_usage(command, "--format sarif goes with one trace");
    struct checker *checker;
    int status = check_run_open(command, &check->run, NULL, argv + state.index, state.argc - state.index, &checker);
    if (status != EXIT_OK)
        return status;
    for (int i = state.index; i < state.argc; i++)
        status = worst(status, check_one(command, check, checker, argv[i]));
    checker_close(checker);
    return status;
}

static int run(const struct command *command, int argc, char **argv)
{
    struct check check = { 0 };
    check_run_init(&check.run, command);
    int status = check_all(command, &check, argc, argv);
    check_run_done(&check.run);
    return status;
}

const struct command command_check = {
    .name = "check",
    .arguments = "FILE.wtrace...",
    .summary = "Hold a trace against the kernel's record, the policy and its own replay.",
    .text = "Exit status: 0 nothing found, 1 a finding (escape, divergence, or the witness "
            "contradicts the trace), 2 usage, 3 a file "
            "is at fault, 4 the trace is still being recorded, and is not checked yet.\nNothing found is not all was "
            "done: a run that nobody witnessed, judged and replayed is "
            "\"incomplete\" in the result's line, in JSON (verdict) and in the database.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
