/* What a replay counts for the user: a profile in a form of other programs. The replayer counts; here its word is read,
 * and the files are written. */
#ifndef WARRANT_CLI_REPLAY_PROFILE_H
#define WARRANT_CLI_REPLAY_PROFILE_H

#include "cli/options.h"
#include "replay/replay.h"

struct replay_profile {
    const char *speedscope, *chrome, *coverage; /* where to; NULL: not asked for. Borrowed */
    struct buffer told;                         /* owned */
};
#define REPLAY_PROFILE_NONE { .told = BUFFER_INIT }

bool replay_profile_asked(const struct replay_profile *profile);
/* Looks at where files are to be written, and has the options ask for counts. DENIED: see check_place. */
MUST_USE enum status replay_profile_begin(struct replay_profile *profile, struct replay_options *options,
                                          struct error *error);
/* Writes what was asked for. What the coverage lacks is said as a message of the command. */
MUST_USE enum status replay_profile_end(const struct command *command, struct replay_profile *profile,
                                        const struct replay_options *options, struct error *error);
void replay_profile_done(struct replay_profile *profile);

#endif
