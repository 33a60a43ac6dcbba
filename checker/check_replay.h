/* The replay that belongs to a check: run first, reported when the trace was read. Private to checker/. */
#ifndef WARRANT_CHECKER_CHECK_REPLAY_H
#define WARRANT_CHECKER_CHECK_REPLAY_H

#include "checker/store.h"
#include "replay/replay.h"

struct check_replayed {
    struct replay_report *report; /* owned; NULL: none was run */
    enum status status;           /* of the replay */
    struct error why;
    uint64_t ns;
    bool done;
};
/* Executes the guest of the open trace again (options->replay, not NULL). What came of it is in *ret, a failure too;
 * check_replay_done. */
void check_replay_run(const struct check_options *options, const struct trace_reader *reader,
                      struct check_replayed *ret);
/* Holds what the replay says against what `reader`, which has read all of the trace, found, and puts it into the report
 * with its findings. Nothing where no replay was run. */
void check_replay_report(struct check_replayed *replayed, const struct trace_reader *reader, struct store *store,
                         struct check_report *report);
void check_replay_done(struct check_replayed *replayed);

#endif
