/* `warrant show` from within: what its files share. Private to cmd_show.c and show_print.c. */
#ifndef WARRANT_CLI_SHOW_COMMAND_H
#define WARRANT_CLI_SHOW_COMMAND_H

#include "checker/checker.h"
#include "checker/show.h"
#include "checker/show_summary.h"
#include "cli/print.h"
#include "cli/show_select.h"

struct show {
    struct show_options options;
    struct show_select select;
    bool json, summary, grants, chrome, follow;
    const char *path;
    uint64_t count;              /* hostcalls */
    struct show_summary *counts; /* NULL: lines are wanted */
    struct show_paths *paths;
    struct run_spec spec;
    struct buffer out; /* of the Chrome trace, and what it wants behind the last call */
    struct json trace;
    struct trace_exit exit;
    bool exited;
    uint64_t ended; /* ticks where the last call ended */
};

/* Text of ours, in one tone. */
void show_print_toned(const struct buffer *text, enum print_tone tone);
/* One item as a line, or as an object of its own. */
void show_print_item(const struct show *show, enum trace_item_kind kind, const struct trace_reader *reader,
                     const struct trace_call *call, const struct trace_exit *exit_item);

#endif
