/* The `warrant` command: finds the sub-command and hands over. */
#include <string.h>
#include <sys/resource.h>

#include "cli/commands.h"
#include "runtime/base/streams.h"

const struct command *const commands[] = {
    &command_run,    &command_record,     &command_replay,   &command_check,     &command_report,
    &command_show,   &command_query,      &command_db,       &command_diff,      &command_validate,
    &command_policy, &command_syscalls,   &command_doctor,   &command_recover,   &command_keygen,
    &command_attest, &command_completion, &command_man_page, &command_help_page,
};
const size_t command_count = sizeof commands / sizeof *commands;

enum { STACK_LEAST = 256 << 10, STACK_WANTED = 1 << 20 }; /* bytes; arguments and environment may take a quarter */

/* A stack that ends in the middle of a start kills without a word, so it is looked at before any. */
static bool stack_enough(unsigned long long *ret_limit)
{
    struct rlimit stack;
    if (getrlimit(RLIMIT_STACK, &stack) < 0)
        return true;
    if (stack.rlim_cur < STACK_WANTED) { /* RLIM_INFINITY is the largest number */
        struct rlimit more = stack;
        more.rlim_cur = stack.rlim_max < STACK_WANTED ? stack.rlim_max : STACK_WANTED;
        if (setrlimit(RLIMIT_STACK, &more) == 0)
            stack = more;
    }
    *ret_limit = stack.rlim_cur;
    return stack.rlim_cur >= STACK_LEAST;
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "";
    struct error error = ERROR_INIT;
    if (streams_fill(&error) != STATUS_OK)
        return EXIT_WARRANT_FAILED; /* there is nowhere to say it */
    unsigned long long stack = 0;
    if (!stack_enough(&stack)) {
        print_err("warrant %s: the limit on the stack of %llu KiB (ulimit -s) is too low; raise it to %d or more\n",
                  name, stack >> 10, STACK_WANTED >> 10);
        return !strcmp(name, "run") || !strcmp(name, "record") ? EXIT_WARRANT_FAILED : EXIT_FILE;
    }
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
