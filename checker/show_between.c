/* What stands between the calls of a trace, in the words of show.c: states and refused growths. */
#include "checker/checker.h"

#include <inttypes.h>

/* As wide as a call's number and time. */
static void put_number(uint64_t event, const struct show_options *options, struct buffer *out)
{
    if (options->names)
        buffer_printf(out, "%8" PRIu64 " %14s  ", event, "");
}

void show_state(uint64_t event, const struct trace_state *state, const struct show_options *options, struct buffer *out)
{
    put_number(event, options, out);
    buffer_printf(out, "--- state%s %016" PRIx64 " after %" PRIu64 " instructions ---\n",
                  state->at_end ? " at the end" : "", state->digest, state->instructions);
}

void show_state_json(uint64_t event, const struct trace_state *state, struct buffer *out)
{
    buffer_printf(out,
                  "{\"event\":%" PRIu64 ",\"state\":\"%016" PRIx64 "\",\"at_end\":%s,\"instructions\":%" PRIu64 "}\n",
                  event, state->digest, state->at_end ? "true" : "false", state->instructions);
}

void show_growth(uint64_t event, const struct trace_growth *growth, const struct show_options *options,
                 struct buffer *out)
{
    put_number(event, options, out);
    buffer_printf(out, "--- %s %" PRIu32 " by %" PRIu32 " %s: refused by the system (growth %" PRIu64 ") ---\n",
                  growth->table ? "table.grow" : "memory.grow", growth->index, growth->amount,
                  growth->table ? "elements" : "pages", growth->number);
}

void show_growth_json(uint64_t event, const struct trace_growth *growth, struct buffer *out)
{
    buffer_printf(out,
                  "{\"event\":%" PRIu64 ",\"growth\":\"%s\",\"index\":%" PRIu32 ",\"amount\":%" PRIu32
                  ",\"number\":%" PRIu64 "}\n",
                  event, growth->table ? "table" : "memory", growth->index, growth->amount, growth->number);
}
