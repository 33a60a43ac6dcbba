/* The `warrant` command: finds the sub-command and hands over. */
#include <string.h>

#include "cli/commands.h"
#include "runtime/base/streams.h"

const struct command *const commands[] = {
    &command_run,    &command_record,   &command_replay, &command_check,   &command_show,       &command_query,
    &command_policy, &command_syscalls, &command_doctor, &command_recover, &command_completion, &command_man_page,
};
const size_t command_count = sizeof commands / sizeof *commands;

static void usage(FILE *out)
{
    print_to(out, "usage: warrant COMMAND [OPTION...] [ARGUMENT...]\n\n"
                  "A WebAssembly runtime for programs that nobody trusts: every hostcall is decided before it acts,\n"
                  "written into a trace, held against what the kernel saw, and replayed.\n\ncommands:\n");
    for (size_t i = 0; i < command_count; i++)
        print_to(out, "  %-12s %s\n", commands[i]->name, commands[i]->summary);
    print_to(out, "\n`warrant COMMAND --help` tells more of each; `warrant --version` its version.\n");
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    struct error error = ERROR_INIT;
    if (streams_fill(&error) != STATUS_OK)
        return EXIT_WARRANT_FAILED; /* there is nowhere to say it */
    if (!strcmp(name, "--version") || !strcmp(name, "-V")) {
        print_out("warrant " WARRANT_VERSION "\n");
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
        print_err("warrant %s: cannot write to the standard output\n", name);
        return status == EXIT_OK ? EXIT_FILE : status;
    }
    if (argc > 1)
        print_err("warrant: there is no command \"%s\"\n\n", name);
    usage(stderr);
    return EXIT_USAGE;
}
