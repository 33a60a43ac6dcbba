/* The columns of time. Private to checker/. */
#ifndef WARRANT_CHECKER_SHOW_TIME_H
#define WARRANT_CHECKER_SHOW_TIME_H

#include "checker/show.h"
#include "runtime/base/json_writer.h"

/* The event's number and the asked times, before a line; a call without a time of its own has that of what was before
 * it, with a `~`. */
void show_time_put(const struct trace_call *call, const struct show_options *options, struct buffer *out);
/* As wide, before a line that is no call's. */
void show_time_blank(uint64_t event, const struct show_options *options, struct buffer *out);
/* ` <0.000012>` behind a call, where durations are asked for. */
void show_duration_put(const struct trace_call *call, const struct show_options *options, struct buffer *out);
/* The members of a call's object that were asked for. */
void show_time_json(const struct trace_call *call, const struct show_options *options, struct json *json);
/* Appends seconds, with six digits behind the point. */
void show_seconds_put(uint64_t ns, struct buffer *out);

#endif
