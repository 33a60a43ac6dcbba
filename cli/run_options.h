/* Options that `run` and `record` share: from the command line to a run_spec. */
#ifndef WARRANT_CLI_RUN_OPTIONS_H
#define WARRANT_CLI_RUN_OPTIONS_H

#include "cli/launch.h"
#include "cli/options.h"
#include "cli/tiers.h"

/* The shared rows of both option tables, in the order of enum run_option. */
#define RUN_OPTION_ROWS                                                                                                \
    { 0, "dir", "HOST[::GUEST][:ro]", "grant a directory; may be given several times" },                               \
        { 0, "env", "KEY=VALUE", "set a variable of the guest's environment, which is empty otherwise" },              \
        { 'p', "policy", "FILE", "read grants and limits from a policy file (YAML)" }, TIER_OPTION_ROW,                \
        { 0, "fuel", "N", "stop the guest after N Wasm instructions: 5000, 1e9" },                                     \
        { 0, "timeout", "TIME", "stop the guest after this wall-clock time: 500ms, 1.5s, 5m" },                        \
        { 0, "argv0", "NAME", "the program's name as the guest sees it; the module's file name otherwise" },           \
        { 0, "no-confine", NULL, "leave the second line (Landlock, seccomp) off; for measuring only" },                \
        { 0, "walker", "auto|openat2|components",                                                                      \
          "how paths are resolved beneath a granted directory: by openat2, or component by component; auto takes "     \
          "openat2 where the kernel has it" },                                                                         \
        { 0, "listen", "tcp:ADDRESS:PORT",                                                                             \
          "open a listening socket and hand it to the guest behind its directories; port 0: a free one, which is "     \
          "said; may be given several times" },                                                                        \
        { 0, "connect", "tcp|udp:ADDRESS/PREFIX:PORT[-LAST]",                                                          \
          "let the guest connect, or send datagrams, to these addresses; may be given several times" },                \
        { 0, "bind", "tcp|udp:ADDRESS/PREFIX:PORT[-LAST]",                                                             \
          "let the guest bind sockets of its own to these addresses; may be given several times" },                    \
        { 0, "resolve", "NAME", "let the guest ask for the addresses of this name; may be given several times" },      \
        { 'q', "quiet", NULL, "print nothing of warrant's own but errors, and where an unnamed trace went" }

enum run_option {
    RUN_DIR,
    RUN_ENV,
    RUN_POLICY,
    RUN_TIER,
    RUN_FUEL,
    RUN_TIMEOUT,
    RUN_ARGV0,
    RUN_NO_CONFINE,
    RUN_WALKER,
    RUN_LISTEN,
    RUN_CONNECT,
    RUN_BIND,
    RUN_RESOLVE,
    RUN_QUIET,
    RUN_OPTION_COUNT
};

enum { RUN_POLICIES_MAX = 16 };

struct run_arguments {
    struct run_spec spec;
    const char *policies[RUN_POLICIES_MAX]; /* the files that --policy named */
    size_t policy_count;
    bool quiet;
    const char *argv0;
};

void run_arguments_init(struct run_arguments *arguments);
void run_arguments_done(struct run_arguments *arguments);
/* Applies one option. INVALID with a text: the option's value is not understood (usage); others: a file is at fault. */
MUST_USE enum status run_option_apply(struct run_arguments *arguments, int option, const char *value,
                                      struct error *error);
/* A limit that an option lowers. INVALID: the value is not understood. */
MUST_USE enum status limit_option(const char *option, option_parse *parse, const char *value, uint64_t *limit,
                                  struct error *error);
/* Takes the operands: the module and the guest's arguments. */
MUST_USE enum status run_operands(struct run_arguments *arguments, int argc, char **argv, struct error *error);
/* Applies every option with `apply(self, ...)`, then takes the operands. -1: the run may begin; else the exit status,
 * and what was to be said is said. */
int run_parse(const struct command *command, int argc, char **argv, struct run_arguments *arguments,
              enum status (*apply)(void *self, int option, const char *value, struct error *error), void *self);
/* Reads a policy file; the text has its name and line. */
MUST_USE enum status cli_policy_read(const char *path, struct policy *policy, struct error *error);
/* Prints what launch_run told and returns the exit status that run and record document. */
int run_report(const char *command, const struct launch_result *result);
/* The exit status where launch_run failed before the guest was let go. */
int run_not_started(const struct launch_result *result);

#endif
