/* The `warrant` command: finds the sub-command and hands over. */
#include <string.h>

#include "cli/commands.h"

const struct command *const commands[] = {
    &command_run,    &command_record,   &command_replay, &command_check,   &command_show,       &command_query,
    &command_policy, &command_syscalls, &command_doctor, &command_recover, &command_completion, &command_man_page,
};
const size_t command_count = sizeof commands / sizeof *commands;

static void usage(FILE *out)
{
    fputs("usage: warrant COMMAND [OPTION...] [ARGUMENT...]\n\n"
          "A WebAssembly runtime for programs that nobody trusts: every hostcall is decided before it acts,\n"
          "written into a trace, held against what the kernel saw, and replayed.\n\ncommands:\n",
          out);
    for (size_t i = 0; i < command_count; i++)
        fprintf(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    fputs("\n`warrant COMMAND --help` tells more of each; `warrant --version` its version.\n", out);
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
        puts("warrant " WARRANT_VERSION);
        return EXIT_OK;
    }
    if (!strcmp(name, "--help") || !strcmp(name, "-h") || !strcmp(name, "help")) {
        usage(stdout);
        return EXIT_OK;
    }
    for (size_t i = 0; i < command_count; i++) {
        if (strcmp(name, commands[i]->name) != 0)
            continue;
        int status = commands[i]->run(commands[i], argc - 1, argv + 1);
        if (fflush(stdout) == 0 && !ferror(stdout))
            return status;
        fprintf(stderr, "warrant %s: cannot write to the standard output\n", name);
        return status == EXIT_OK ? EXIT_FILE : status;
    }
    if (argc > 1)
        fprintf(stderr, "warrant: there is no command \"%s\"\n\n", name);
    usage(stderr);
    return EXIT_USAGE;
}
