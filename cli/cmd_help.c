/* `warrant help` and `warrant man-page`: both are made from the option tables, so they cannot fall behind. */
#include "cli/commands.h"

#include <string.h>

#include "cli/nearest.h"

static const char exit_statuses[] =
    "Of run and record: the guest's own; 125 warrant itself failed; 126 stopped by policy; 134 a trap; 128+N the "
    "guest's process was killed by signal N. Of the others: 0; 1 a finding; 2 usage; 3 the file or the machine is at "
    "fault.";

const struct command *command_find(const char *name)
{
    struct nearest nearest = nearest_to(name, strlen(name));
    for (size_t i = 0; i < command_count; i++) {
        if (!strcmp(name, commands[i]->name))
            return commands[i];
        nearest_offer(&nearest, commands[i]->name);
    }
    print_err("warrant: there is no command \"%s\"", name);
    if (nearest.name)
        print_err("; `warrant %s` is near", nearest.name);
    print_err("; `warrant help` lists them\n");
    return NULL;
}

void command_overview(FILE *out)
{
    print_to(out, "usage: warrant COMMAND [OPTION...] [ARGUMENT...]\n\n"
                  "A WebAssembly runtime for programs that nobody trusts: every hostcall is decided before it acts,\n"
                  "written into a trace, held against what the kernel saw, and replayed.\n\ncommands:\n");
    for (size_t i = 0; i < command_count; i++)
        print_to(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    print_to(out, "\n`warrant help COMMAND` tells more of each; `warrant --version` its version.\n");
}

static int help_run(const struct command *command, int argc, char **argv)
{
    if (argc > 2)
        return command_usage(command, "one command is wanted");
    if (argc < 2) {
        command_overview(stdout);
        return EXIT_OK;
    }
    if (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h"))
        return command_help(command, stdout), EXIT_OK;
    const struct command *other = command_find(argv[1]);
    if (!other)
        return EXIT_USAGE;
    char help[] = "--help", name[32], *words[] = { name, help, NULL };
    text_copy(&(struct buffer) { .data = (uint8_t *)argv[1], .size = strlen(argv[1]) }, name, sizeof name);
    return other == command ? (command_help(command, stdout), EXIT_OK) : other->run(other, 2, words);
}

static int man_run(const struct command *command, int argc, char **argv)
{
    if (argc > 1)
        return !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ? (command_help(command, stdout), EXIT_OK)
                                                                    : command_usage(command, "no argument is wanted");
    print_out(
        ".TH WARRANT 1 \"\" \"warrant " WARRANT_VERSION
        "\"\n.SH NAME\nwarrant \\- a WebAssembly runtime for programs that nobody trusts\n.SH SYNOPSIS\n.B warrant\n"
        "COMMAND [OPTION...] [ARGUMENT...]\n.SH DESCRIPTION\nRuns WebAssembly programs with WASI Preview 1, decides "
        "every hostcall before it acts, writes each into a trace, holds the trace against what the kernel saw, and "
        "replays "
        "it.\n"
        ".SH COMMANDS\n");
    for (size_t i = 0; i < command_count; i++)
        command_man(commands[i], stdout);
    print_out(".SH EXIT STATUS\n%s\n", exit_statuses);
    return EXIT_OK;
}

const struct command command_help_page = {
    .name = "help",
    .arguments = "[COMMAND]",
    .summary = "List the commands, or tell all of one.",
    .text = exit_statuses,
    .run = help_run,
};
const struct command command_man_page = {
    .name = "man-page",
    .arguments = "",
    .summary = "Print the manual page (roff).",
    .run = man_run,
};
