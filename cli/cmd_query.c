/* `warrant query`: questions to a database that `warrant check --db` made. */
#include "cli/commands.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>

#include "checker/checker.h"
#include "cli/choice_options.h"

enum { QUERY_JSON = CHOICE_OPTION_COUNT, QUERY_NO_COLOR };
static const struct option_row rows[] = {
    CHOICE_OPTION_ROWS,
    { 0, "json", NULL, "print an array of JSON objects" },
    NO_COLOR_OPTION_ROW,
};

static void list_queries(FILE *out)
{
    size_t count;
    const struct checker_query_row *queries = checker_queries(&count);
    for (size_t i = 0; i < count; i++)
        print_to(out, "  %-12s %s\n", queries[i].name, queries[i].description);
}

/* What is printed: on a terminal the first line of a text has a tone, the head of a table or a list's first name. */
struct printed {
    bool text, begun;
};

static size_t head_size(const char *bytes, size_t size)
{
    const char *end = memchr(bytes, '\n', size);
    return end ? (size_t)(end - bytes) : size;
}

/* Each piece at once, so that a pager or `head` sees the first rows while the query goes on. */
static enum status print(void *self, const void *bytes, size_t size, struct error *error)
{
    struct printed *printed = self;
    const struct print_mark head = { 0, head_size(bytes, size), PRINT_HEAD };
    if (printed->text)
        print_marked(stdout, bytes, size, &head, !printed->begun);
    else
        print_bytes(stdout, bytes, size);
    printed->begun = true;
    if (!ferror(stdout) && fflush(stdout) == 0)
        return STATUS_OK;
    return error_set_errno(error, errno == ENOSPC ? STATUS_NO_SPACE : STATUS_IO, errno, "cannot write the answer");
}

static int run(const struct command *command, int argc, char **argv)
{
    struct options_state state = { .index = 1, .argc = argc, .argv = argv };
    enum checker_format format = CHECKER_TEXT;
    struct choice_options choice = { 0 };
    const char *value;
    int option, status = -1;
    while ((option = options_next(command, &state, &value)) >= 0) {
        if (option == QUERY_JSON)
            format = CHECKER_JSON;
        else if (option == QUERY_NO_COLOR)
            print_no_color();
        else
            status = choice_option(command, &choice, option, value);
        if (status >= 0)
            return status;
    }
    if (option == OPTIONS_HELP) {
        command_help(command, stdout);
        print_out("\nnamed queries:\n");
        list_queries(stdout);
        return EXIT_OK;
    }
    if (option == OPTIONS_ERROR)
        return EXIT_USAGE;
    int operands = state.argc - state.index;
    if (operands < 1 || operands > 2)
        return command_usage(command, "a database, and a query's name or SQL, are wanted");
    if (operands == 1) {
        list_queries(stdout);
        return EXIT_OK;
    }
    struct error error = ERROR_INIT;
    struct printed printed = { .text = format == CHECKER_TEXT };
    const struct checker_sink sink = { print, &printed, print_width(stdout) };
    enum status s = checker_query(argv[state.index], argv[state.index + 1], &choice.choice, format, &sink, &error);
    return s == STATUS_OK ? EXIT_OK : command_failed(command, s == STATUS_INVALID ? EXIT_USAGE : EXIT_FILE, &error);
}

const struct command command_query = {
    .name = "query",
    .arguments = "DB [NAME | SQL]",
    .summary = "Ask a database that `warrant check --db` made.",
    .text = "Without a name the named queries are listed; docs/queries.md has their columns and the schema.\n--run, "
            "--since and "
            "--label choose runs for named queries; together they all hold. SQL chooses for itself.\nExit status: 0; 2 "
            "usage, or SQL that is refused; 3 the database is at fault, or has no such run or query.",
    .options = { rows, sizeof rows / sizeof *rows },
    .run = run,
};
