/* Times as people read them. Ticks of the recording's processor become nanoseconds by the two points that the trace's
 * END chunk has; where it has none, ticks stay ticks. */
#include "checker/show_time.h"

#include <inttypes.h>
#include <stdio.h>
#include <time.h>

enum { COLUMN = 15 };
#define SECOND UINT64_C(1000000000)

struct show_clock show_clock_of(const struct trace_end *end, const struct run_spec *spec)
{
    struct show_clock clock = { .started_ns = spec ? spec->started_ns : 0 };
    if (end && end->end_ticks > end->start_ticks && end->end_ns > end->start_ns) {
        clock.known = true;
        clock.ns_per_tick = (double)(end->end_ns - end->start_ns) / (double)(end->end_ticks - end->start_ticks);
    }
    return clock;
}

uint64_t show_clock_ns(const struct show_clock *clock, uint64_t ticks)
{
    double ns = clock->known ? (double)ticks * clock->ns_per_tick : 0;
    return ns < 9e18 ? (uint64_t)ns : 0; /* a damaged trace may say anything */
}

static struct buffer *put_column(struct buffer *out, const char *text, char mark)
{
    buffer_printf(out, " %*s", COLUMN, text);
    buffer_u8(out, (uint8_t)mark);
    return out;
}

static void seconds_text(uint64_t ns, char *ret, size_t size)
{
    snprintf(ret, size, "%" PRIu64 ".%06u", ns / SECOND, (unsigned)(ns % SECOND / 1000));
}

void show_seconds_put(uint64_t ns, struct buffer *out)
{
    char text[40];
    seconds_text(ns, text, sizeof text);
    buffer_string(out, text);
}

/* UTC, so that it reads the same wherever the trace is read. */
static void wall_text(const struct show_options *options, uint64_t ns, char *ret, size_t size)
{
    uint64_t at = options->clock.started_ns + ns;
    time_t seconds = (time_t)(at / SECOND);
    struct tm broken;
    if (options->clock.started_ns == 0 || !options->clock.known || !gmtime_r(&seconds, &broken))
        snprintf(ret, size, "?");
    else
        snprintf(ret, size, "%02d:%02d:%02d.%06u", broken.tm_hour, broken.tm_min, broken.tm_sec,
                 (unsigned)(at % SECOND / 1000));
}

static uint64_t delta_ns(const struct trace_call *call, const struct show_options *options)
{
    uint64_t ticks = call->ticks > options->before ? call->ticks - options->before : 0;
    return show_clock_ns(&options->clock, ticks);
}

void show_time_put(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    char text[40], mark = call->timed ? ' ' : '~';
    buffer_printf(out, "%8" PRIu64, call->begin_event);
    if (options->wall) {
        wall_text(options, show_clock_ns(&options->clock, call->ticks), text, sizeof text);
        put_column(out, text, mark);
    }
    if (options->delta) {
        seconds_text(delta_ns(call, options), text, sizeof text);
        put_column(out, options->clock.known ? text : "?", mark);
    }
    if (!options->wall && !options->delta) {
        if (options->clock.known)
            seconds_text(show_clock_ns(&options->clock, call->ticks), text, sizeof text);
        else
            snprintf(text, sizeof text, "%" PRIu64, call->ticks);
        put_column(out, text, mark);
    }
    buffer_u8(out, ' ');
}

void show_time_blank(uint64_t event, const struct show_options *options, struct buffer *out)
{
    buffer_printf(out, "%8" PRIu64, event);
    put_column(out, "", ' ');
    if (options->wall && options->delta)
        put_column(out, "", ' ');
    buffer_u8(out, ' ');
}

void show_duration_put(const struct trace_call *call, const struct show_options *options, struct buffer *out)
{
    if (!options->durations || !call->complete)
        return;
    buffer_string(out, " <");
    if (call->timed && options->clock.known)
        show_seconds_put(show_clock_ns(&options->clock, call->duration), out);
    else
        buffer_u8(out, '?');
    buffer_u8(out, '>');
}

static void member(struct json *json, const char *key, bool known, uint64_t ns)
{
    if (known)
        json_u64(json, key, ns);
    else
        json_null(json, key);
}

void show_time_json(const struct trace_call *call, const struct show_options *options, struct json *json)
{
    const struct show_clock *clock = &options->clock;
    uint64_t ns = show_clock_ns(clock, call->ticks);
    if (options->wall)
        member(json, "wall_ns", clock->known && clock->started_ns > 0, clock->started_ns + ns);
    if (options->delta) {
        member(json, "since_start_ns", clock->known, ns);
        member(json, "since_before_ns", clock->known, delta_ns(call, options));
    }
    if (options->durations)
        member(json, "duration_ns", clock->known && call->timed && call->complete,
               show_clock_ns(clock, call->duration));
}
