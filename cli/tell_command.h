/* What a replay tells of the guest's state, for the user: the wishes from the options, the answers as text or JSON. */
#ifndef WARRANT_CLI_TELL_COMMAND_H
#define WARRANT_CLI_TELL_COMMAND_H

#include "cli/options.h"
#include "replay/replay.h"
#include "runtime/base/json_writer.h"

struct tell_command {
    struct tell_wishes wishes;
    const char *texts[TELL_EXPRESSIONS]; /* as they were asked for; borrowed */
    bool as_json;
    struct buffer text; /* owned; what was told, in lines; in JSON the elements of an array */
    struct json json;
};
#define TELL_COMMAND_NONE { .text = BUFFER_INIT }

/* Takes --tell, or --at. -1, or the exit status. */
int tell_command_wish(const struct command *command, struct tell_command *tell, const char *value);
int tell_command_at(const struct command *command, struct tell_command *tell, const char *value);
/* Has the options ask. -1, or the exit status: --at without --tell. */
int tell_command_begin(const struct command *command, struct tell_command *tell, bool as_json,
                       struct replay_options *options);

#endif
