/* The options by which commands choose runs of an audit database. */
#ifndef WARRANT_CLI_CHOICE_OPTIONS_H
#define WARRANT_CLI_CHOICE_OPTIONS_H

#include "checker/checker.h"
#include "cli/options.h"

enum { CHOICE_LIST_MAX = 64 };

struct choice_options {
    struct checker_choice choice; /* points into this struct */
    const char *runs[CHOICE_LIST_MAX], *labels[CHOICE_LIST_MAX];
};

/* The shared rows, in the order of enum choice_option. */
#define CHOICE_OPTION_ROWS                                                                                             \
    { 0, "run", "RUN",                                                                                                 \
      "only these runs: 3, or 3..7, or the first eight digits of a run's id or more, or several of them with "         \
      "commas between; may be given several times" },                                                                  \
        { 0, "since", "TIME",                                                                                          \
          "only runs that started within this time (90m, 12h, 7d, 2w), or since this one (UTC): 2026-11-29, "          \
          "2026-11-29T08:30" },                                                                                        \
        { 0, "label", "KEY[=VALUE]", "only runs with this label; of several, runs that have all" }
enum choice_option { CHOICE_RUN, CHOICE_SINCE, CHOICE_LABEL, CHOICE_OPTION_COUNT };

/* Applies one option, counted from the first of them. -1, or the exit status of a value that is not understood. */
int choice_option(const struct command *command, struct choice_options *options, int option, const char *value);
/* Adds to the runs that are asked for, as --run does. */
int choice_run(const struct command *command, struct choice_options *options, const char *value);
/* A time in nanoseconds since 1970, at least 1: so long ago (90m, 12h, 7d, 2w), or a day or minute of UTC. `option`:
 * for messages. */
int choice_time(const struct command *command, const char *option, const char *value, int64_t *ret);

#endif
