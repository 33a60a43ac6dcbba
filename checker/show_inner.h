/* What the files of `show` share. Private to checker/. */
#ifndef WARRANT_CHECKER_SHOW_INNER_H
#define WARRANT_CHECKER_SHOW_INNER_H

#include "checker/show_paths.h"
#include "runtime/base/json_writer.h"

enum { SHOWN_STRING = 64, SHOWN_IOVS = 4, SHOWN_BYTES = 32, SHOWN_ENTRIES = 8 };

static inline size_t show_cut(const struct show_options *options, size_t limit) { return options->full ? 0 : limit; }

/* Whether a region lies in the request's bytes; a damaged trace may say anything. */
static inline bool show_region_fits(struct region region)
{
    return (uint64_t)region.offset + region.length <= REQUEST_BYTES;
}

/* Whether the call told the guest something. */
static inline bool show_succeeded(const struct trace_call *call)
{
    return call->complete && call->outcome.wasi_errno == 0 && call->outcome.trap == 0;
}

/* Whether a rule refused what the guest asked. */
static inline bool show_refused(const struct trace_call *call)
{
    return call->complete && call->outcome.rule < RULE_COUNT && abi_rules[call->outcome.rule].refuses;
}

/* An argument, as text without JSON's quotes. *strings counts the strings so far. */
void show_argument(const struct trace_call *call, const struct operation_field *field, uint32_t *strings,
                   const struct show_options *options, struct buffer *out);
/* The value behind a result pointer: true where it is known, and was appended. *values counts the scalars so far. */
bool show_result(const struct trace_call *call, const struct operation_field *field, unsigned *values,
                 const struct show_options *options, struct buffer *out);

/* Structs of fields. The text forms return false, and append nothing, where the trace does not have the struct. */
const struct filestat *show_stat_find(const struct trace_call *call); /* NULL: there is none */
bool show_stat(const struct trace_call *call, const struct show_options *options, struct buffer *out);
bool show_prestat(const struct trace_call *call, const struct show_options *options, struct buffer *out);
uint32_t show_subscription_count(const struct trace_call *call); /* that poll_oneoff read; 0 of any other */
bool show_subscriptions(const struct trace_call *call, const struct show_options *options, struct buffer *out);
bool show_polled(const struct trace_call *call, const struct show_options *options, struct buffer *out);
bool show_entries(const struct trace_call *call, const struct show_options *options, struct buffer *out);
/* The members "symbolic", "paths" and "structs" of a call's object. */
void show_meaning_json(const struct trace_call *call, const struct show_options *options, struct json *json);

#endif
