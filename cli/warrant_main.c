/* The `warrant` command: finds the sub-command and hands over. */
#include <string.h>

#include "cli/commands.h"
#include "runtime/base/streams.h"

const struct command *const commands[] = {
    &command_run,     &command_record,     &command_replay,   &command_check,     &command_show,
    &command_query,   &command_validate,   &command_policy,   &command_syscalls,  &command_doctor,
    &command_recover, &command_completion, &command_man_page, &command_help_page,
};
const size_t command_count = sizeof commands / sizeof *commands;

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
    if (!strcmp(name, "--help") || !strcmp(name, "-h"))
        name = "help";
    if (argc < 2) {
        command_overview(stderr);
        return EXIT_USAGE;
    }
    const struct command *command = command_find(name);
    if (!command)
        return EXIT_USAGE;
    int status = command->run(command, argc - 1, argv + 1);
    if (fflush(stdout) == 0 && !ferror(stdout))
        return status;
    print_err("warrant %s: cannot write to the standard output\n", name);
    return status == EXIT_OK ? EXIT_FILE : status;
}
