/* Calls in Chrome's Trace Event Format, which Perfetto and chrome://tracing read: a slice for each call that has a time
 * of its own, an instant for each that has none (github.com/catapult-project: Trace Event Format, JSON Object Format).
 */
#include <inttypes.h>
#include <stdio.h>
#include "checker/show_filter.h"
#include "checker/show_inner.h"
#include "checker/show_time.h"

enum { PROCESS = 1, THREAD = 1 }; /* the guest is one of each */

void show_chrome_begin(const struct run_spec *spec, struct json *json)
{
    json_object_begin(json, NULL);
    json_string(json, "displayTimeUnit", "ns");
    json_array_begin(json, "traceEvents");
    json_object_begin(json, NULL);
    json_string(json, "name", "process_name");
    json_string(json, "ph", "M");
    json_u64(json, "pid", PROCESS);
    json_object_begin(json, "args");
    json_string(json, "name", spec && spec->module_path ? spec->module_path : "guest");
    json_object_end(json);
    json_object_end(json);
}

/* Microseconds, exact to the nanosecond. */
static void put_time(struct json *json, const char *key, uint64_t ns)
{
    char text[40];
    int size = snprintf(text, sizeof text, "%" PRIu64 ".%03u", ns / 1000, (unsigned)(ns % 1000));
    json_number(json, key, text, (size_t)size);
}

static void put_event(struct json *json, const char *name, const char *category, const char *phase, uint64_t ns)
{
    json_line(json);
    json_object_begin(json, NULL);
    json_string(json, "name", name);
    json_string(json, "cat", category);
    json_string(json, "ph", phase);
    json_u64(json, "pid", PROCESS);
    json_u64(json, "tid", THREAD);
    put_time(json, "ts", ns);
}

void show_chrome_call(const struct trace_call *call, const struct show_options *options, struct json *json)
{
    bool slice = call->timed && call->complete;
    struct show_options plain = *options;
    struct buffer line = BUFFER_INIT;
    plain.names = plain.durations = false;
    show_call(call, &plain, &line);
    if (line.size > 0)
        line.size--; /* its newline */
    put_event(json, call->request.call < OPERATION_COUNT ? abi_operations[call->request.call].name : "?",
              show_filter_category(call), slice ? "X" : "i", show_clock_ns(&options->clock, call->ticks));
    if (slice)
        put_time(json, "dur", show_clock_ns(&options->clock, call->duration));
    else
        json_string(json, "s", "t");
    json_object_begin(json, "args");
    json_u64(json, "event", call->begin_event);
    json_buffer(json, "line", &line);
    json_object_end(json);
    json_object_end(json);
    buffer_done(&line);
}

void show_chrome_end(const struct trace_exit *exit, uint64_t ticks, const struct show_clock *clock, struct json *json)
{
    if (exit) {
        put_event(json, abi_ended_name(exit->outcome), "exit", "i", show_clock_ns(clock, ticks));
        json_string(json, "s", "p");
        json_object_begin(json, "args");
        json_u64(json, "code", exit->exit_code);
        json_u64(json, "instructions", exit->instructions);
        json_object_end(json);
        json_object_end(json);
    }
    json_array_end(json);
    json_object_end(json);
    buffer_u8(json->out, '\n');
}
