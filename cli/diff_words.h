/* What `diff` found, and how it is told. */
#ifndef WARRANT_CLI_DIFF_WORDS_H
#define WARRANT_CLI_DIFF_WORDS_H

#include "checker/diff.h"

enum { SIDES = 2 };

struct diff_side {
    const char *path;
    struct trace_reader *reader;
    struct trace_call *call, *last; /* large; last: the one before */
    struct show_paths *paths;
    struct run_spec spec;
    bool described;
    struct show_clock clock;
    struct show_summary *counts;
    struct trace_exit exit;
    struct trace_end end; /* where `ended` */
    bool exited, ended;   /* its exit was read; there are no calls behind */
    uint64_t calls;
};

struct diff {
    struct diff_side side[SIDES];
    struct diff_files *files;
    bool json, full;
    enum diff_part part;
    uint64_t same, event[SIDES];       /* calls that are the same; where they part */
    struct buffer before, line[SIDES]; /* the call before, and those that differ, as show has them; empty: none */
};

bool diff_is_same(const struct diff *diff);
/* For people, and as one JSON object. NO_MEMORY. */
MUST_USE enum status diff_put(const struct diff *diff, struct buffer *out, struct error *error);
MUST_USE enum status diff_put_json(const struct diff *diff, struct buffer *out, struct error *error);

#endif
