/* A trace as strace would print it: lines, filters, a summary. docs/output.md says what stands where. */
#ifndef WARRANT_CHECKER_SHOW_H
#define WARRANT_CHECKER_SHOW_H

#include <stdbool.h>
#include "checker/crash.h"
#include "runtime/base/base.h"
#include "runtime/base/json_writer.h"
#include "tracer/trace.h"
#include "wasi/policy/policy.h"

/* Lines that begin with "#": before the first call, what was run and what held; behind the last, how it ended. */
void show_run(const struct run_spec *spec, struct buffer *out);
void show_end(const struct trace_end *end, struct buffer *out);
void show_end_words(const struct trace_end *end, struct buffer *out); /* the same without mark and newline */

/* ---- descriptors ---- */

struct show_paths;
/* spec: NULL where the description cannot be read; else borrowed until freed. Returns owned. */
MUST_USE enum status show_paths_create(const struct run_spec *spec, struct show_paths **ret, struct error *error);
void show_paths_free(struct show_paths *paths); /* NULL is fine */
/* Every call of the trace, in its order, behind the line that tells of it. */
void show_paths_follow(struct show_paths *paths, const struct trace_call *call);
/* Calls are missing from here on: no descriptor has a name. */
void show_paths_forget(struct show_paths *paths);

/* ---- times ---- */

struct show_clock {
    bool known; /* the trace relates ticks to time: it has an end */
    double ns_per_tick;
    uint64_t started_ns; /* CLOCK_REALTIME where ticks are 0; 0: not known */
};
/* end: of the trace; NULL: it has none. spec: NULL where the description cannot be read. */
struct show_clock show_clock_of(const struct trace_end *end, const struct run_spec *spec);
uint64_t show_clock_ns(const struct show_clock *clock, uint64_t ticks); /* 0 where not known */

/* ---- lines ---- */

/* Where the parts of a line stand that show_call appended: the call's name, and what it came to. */
struct show_parts {
    size_t begin, name, name_end, outcome, outcome_end, end; /* in the buffer */
    bool failed, refused; /* an error; a rule's, or a trap. In flight: failed; the guest's own exit: neither */
};

struct show_options {
    bool full;                      /* strings, buffers and structs are not cut */
    bool names;                     /* event number and time before each line */
    const struct show_paths *paths; /* borrowed; NULL: descriptors are numbers */
    struct show_clock clock;
    bool wall, delta, durations; /* the wall clock, and the time since the call before, as time; the call's own time */
    uint64_t before;             /* ticks of the call before */
    struct show_parts *parts;    /* borrowed; NULL: not wanted */
    const struct crash_symbols *crash; /* of the guest's trap, whose stack is then shown; borrowed */
};
/* Appends one line, with its newline: `fd_write(1<stdout>, [{0x1234, 12}], ...) = 0 (nwritten 12)  [pwritev 3 ... = 12]
 * right held`. */
void show_call(const struct trace_call *call, const struct show_options *options, struct buffer *out);
void show_call_json(const struct trace_call *call, const struct show_options *options,
                    struct buffer *out); /* one object, newline */
void show_exit(const struct trace_exit *exit, const struct show_options *options, struct buffer *out);
void show_exit_json(const struct trace_exit *exit, const struct show_options *options, struct buffer *out);
void show_state(uint64_t event, const struct trace_state *state, const struct show_options *options,
                struct buffer *out);
void show_state_json(uint64_t event, const struct trace_state *state, struct buffer *out);
void show_growth(uint64_t event, const struct trace_growth *growth, const struct show_options *options,
                 struct buffer *out);
void show_growth_json(uint64_t event, const struct trace_growth *growth, struct buffer *out);

/* ---- Chrome's Trace Event Format, for Perfetto: one JSON object, whose buffer may be emptied between these ---- */

void show_chrome_begin(const struct run_spec *spec, struct json *json); /* spec: NULL where it cannot be read */
void show_chrome_call(const struct trace_call *call, const struct show_options *options, struct json *json);
/* exit: NULL where the guest's end was not shown; it comes at `ticks`. */
void show_chrome_end(const struct trace_exit *exit, uint64_t ticks, const struct show_clock *clock, struct json *json);

#endif
