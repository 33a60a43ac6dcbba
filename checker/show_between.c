/* What stands between the calls of a trace, in the words of show_call.c: states and refused growths. */
#include "checker/show_time.h"
#include "runtime/base/json_writer.h"

#include <inttypes.h>

/* As wide as a call's number and time. */
static void put_number(uint64_t event, const struct show_options *options, struct buffer *out)
{
    if (options->names)
        show_time_blank(event, options, out);
}

void show_state(uint64_t event, const struct trace_state *state, const struct show_options *options, struct buffer *out)
{
    put_number(event, options, out);
    buffer_printf(out, "--- state%s %016" PRIx64 " after %" PRIu64 " instructions ---\n",
                  state->at_end ? " at the end" : "", state->digest, state->instructions);
}

void show_state_json(uint64_t event, const struct trace_state *state, struct buffer *out)
{
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_u64(&json, "event", event);
    json_hex_u64(&json, "state", state->digest);
    json_bool(&json, "at_end", state->at_end);
    json_u64(&json, "instructions", state->instructions);
    json_object_end(&json);
    buffer_u8(out, '\n');
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
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_u64(&json, "event", event);
    json_string(&json, "growth", growth->table ? "table" : "memory");
    json_u64(&json, "index", growth->index);
    json_u64(&json, "amount", growth->amount);
    json_u64(&json, "number", growth->number);
    json_object_end(&json);
    buffer_u8(out, '\n');
}
