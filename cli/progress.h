/* Progress on stderr for what takes longer than a second: a line rewritten in place on a terminal, silent otherwise. */
#ifndef WARRANT_CLI_PROGRESS_H
#define WARRANT_CLI_PROGRESS_H

#include <stdbool.h>
#include <stdint.h>

struct progress {
    const char *command;
    uint64_t started_ns, shown_ns;
    bool terminal, shown;
};
void progress_init(struct progress *progress, const char *command);
/* what: "reading"; total 0: not known. */
void progress_show(struct progress *progress, const char *what, uint64_t done, uint64_t total, const char *unit);
void progress_done(struct progress *progress); /* clears the line */

#endif
