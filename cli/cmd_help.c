/* `warrant completion` and `warrant man-page`: both are made from the option tables, so they cannot fall behind. */
#include "cli/commands.h"

#include <string.h>

static int completion_run(const struct command *command, int argc, char **argv)
{
    if (argc == 2 && (!strcmp(argv[1], "--help") || !strcmp(argv[1], "-h")))
        return command_help(command, stdout), EXIT_OK;
    if (argc != 2 || strcmp(argv[1], "bash") != 0)
        return command_usage(command, "`bash` is the shell that is known");
    print_out(
        "_warrant()\n{\n    local word=${COMP_WORDS[COMP_CWORD]} options=\n    if [ \"$COMP_CWORD\" -eq 1 ]; then\n"
        "        COMPREPLY=($(compgen -W \"");
    for (size_t i = 0; i < command_count; i++)
        print_out("%s ", commands[i]->name);
    print_out("\" -- \"$word\"))\n        return\n    fi\n    case ${COMP_WORDS[1]} in\n");
    for (size_t i = 0; i < command_count; i++) {
        print_out("    %s) options=\"--help", commands[i]->name);
        for (size_t k = 0; k < commands[i]->options.count; k++)
            print_out(" --%s", commands[i]->options.rows[k].name);
        print_out("\" ;;\n");
    }
    print_out(
        "    esac\n    if [[ $word == -* ]]; then\n        COMPREPLY=($(compgen -W \"$options\" -- \"$word\"))\n    "
        "else\n"
        "        COMPREPLY=($(compgen -f -- \"$word\"))\n    fi\n}\ncomplete -o filenames -F _warrant warrant\n");
    return EXIT_OK;
}

static int man_run(const struct command *command, int argc, char **argv)
{
    if (argc > 1)
        return !strcmp(argv[1], "--help") || !strcmp(argv[1], "-h") ? (command_help(command, stdout), EXIT_OK)
                                                                    : command_usage(command, "no argument is wanted");
    print_out(
        ".TH WARRANT 1 \"\" \"warrant " WARRANT_VERSION
        "\"\n.SH NAME\nwarrant \\- a WebAssembly runtime for programs that nobody "
        "trusts\n.SH SYNOPSIS\n.B warrant\nCOMMAND [OPTION...] [ARGUMENT...]\n.SH DESCRIPTION\nRuns WebAssembly "
        "programs with "
        "WASI Preview 1, decides every hostcall before it acts, writes each into a trace, holds the trace against "
        "what the "
        "kernel saw, and replays it.\n.SH COMMANDS\n");
    for (size_t i = 0; i < command_count; i++)
        command_man(commands[i], stdout);
    print_out(
        ".SH EXIT STATUS\nOf run and record: the guest's own; 125 warrant itself failed; 126 stopped by policy; 134 "
        "a trap; "
        "128+N the guest's process was killed by signal N. Of the others: 0; 1 a finding; 2 usage; 3 the file or the "
        "machine is "
        "at fault.\n");
    return EXIT_OK;
}

const struct command command_completion = {
    .name = "completion",
    .arguments = "bash",
    .summary = "Print completion for the shell.",
    .run = completion_run,
};
const struct command command_man_page = {
    .name = "man-page",
    .arguments = "",
    .summary = "Print the manual page (roff).",
    .run = man_run,
};
