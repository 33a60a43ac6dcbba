/* What `show` is asked to leave out. */
#ifndef WARRANT_CLI_SHOW_SELECT_H
#define WARRANT_CLI_SHOW_SELECT_H

#include "checker/show_filter.h"
#include "checker/show_summary.h"
#include "cli/options.h"

struct show_select {
    struct show_filter filter;
    uint64_t first, last; /* events */
};

/* The values of options. -1, or EXIT_USAGE and it is said. */
int show_select_range(const struct command *command, const char *value, struct show_select *select); /* A..B */
int show_select_calls(const struct command *command, const char *value, struct show_select *select); /* [!]CALL,... */

#endif
