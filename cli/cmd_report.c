/* `warrant report`: one page of HTML that says what a check came to, for whoever has to believe it. */
#include "cli/commands.h"

#include <unistd.h>

#include "cli/check_place.h"
#include "cli/check_run.h"

enum { REPORT_OUTPUT = CHECK_RUN_OPTIONS };
static const struct option_row rows[] = {
    CHECK_RUN_ROWS,
    [REPORT_OUTPUT] = { 'o', "output", "FILE.html", "where to write the page; to the standard output otherwise" },
};

struct report {
    struct check_run run;
    const char *output; /* NULL: the standard output */
};

static enum status report_form(void *self, struct checker *checker, const struct check_report *found,
                               struct buffer *out, struct error *error)
{
    (void)self;
    return check_report_html(checker, found, WARRANT_VERSION, out, error);
}

static int report_run(const struct command *command, struct report *report, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    struct error error = ERROR_INIT;
    const char *value, *path;
    int option;
    while ((option = options_next(command, &state, &value)) >= 0) {
        int status = EXIT_OK;
        if (option == REPORT_OUTPUT)
            report->output = value;
        else
            status = check_run_option(command, &report->run, option, value);
        if (status != EXIT_OK)
            return status;
    }
    int status = options_operand(command, &state, option, "one trace", &path);
    if (status >= 0)
        return status;
    if (!report->output && isatty(STDOUT_FILENO))
        return command_usage(command, "a page of HTML is nothing to read on a terminal; name a file with -o");
    if (report->output && check_place("the report", report->output, argv + state.index, 1, &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    return check_run_document(command, &report->run, argv + state.index, report->output, report_form, NULL);
}

static int run(const struct command *command, int argc, char **argv)
{
    struct report report = { 0 };
    check_run_init(&report.run, command);
    int status = report_run(command, &report, argc, argv);
    check_run_done(&report.run);
    return status;
}

const struct command command_report = {
    .name = "report",
    .arguments = "FILE.wtrace",
    .summary = "Check a trace, and write what was found as one page of HTML.",
    .text =
        "The page has no script and nothing from elsewhere: verdict, findings with their evidence, what was granted "
        "and what was used, a timeline, files, sockets, hostcalls and system calls. It is small however long the run "
        "was: lists are cut, and say so. Without --db the rows that it is made from are kept in a file without a name, "
        "in SQLITE_TMPDIR, TMPDIR or /var/tmp.\nExit status: that of `warrant check`.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
