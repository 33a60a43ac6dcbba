/* Where each value of a policy file stands. Internal to wr_policy_yaml. */
#ifndef WARRANT_POLICY_MARKS_H
#define WARRANT_POLICY_MARKS_H

#include <stdbool.h>
#include "runtime/base/base.h"

enum { MARK_PATH_MAX = 64, MARK_DEPTH_MAX = 8, MARK_EVENTS_MAX = 1 << 18 };

struct policy_marks {
    uint32_t event_count, value_count;
    uint32_t
        *event_lines; /* owned; the line (from 1) of each parser event, in order; an end event has its beginning's */
    struct policy_mark {
        char path[MARK_PATH_MAX]; /* "files/0/host" */
        uint32_t line;
    } *values; /* owned */
};

/* Runs over the whole text: one document of mappings, sequences and scalars. INVALID or MALFORMED, with `name:line:` in
 * the text, for what is not YAML, more than one document, anchors, aliases, tags, keys seen twice, NUL, too deep or too
 * much. */
MUST_USE enum status policy_marks_read(const char *text, size_t size, const char *name, struct policy_marks *ret,
                                       struct error *error);
void policy_marks_done(struct policy_marks *marks);
/* The line of the value at `path`, or of the nearest value around it; 1 where there is none. */
uint32_t policy_marks_line(const struct policy_marks *marks, const char *path);
/* The line of the event with this number (from 0); the last one's beyond the end. */
uint32_t policy_marks_event_line(const struct policy_marks *marks, uint32_t event);

#endif
