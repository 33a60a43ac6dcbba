/* Calls counted, as strace -c has it: the time is that of each call from its begin event to its end event.
 *
 * Calls that are cheaper than the reading of a clock have no time in the trace (docs/trace-format.md, Compact ops).
 * They are counted, and neither time nor mean takes them in. */
#include "checker/show_summary.h"

#include <inttypes.h>
#include <stdio.h>
#include "checker/moved.h"
#include "checker/show_inner.h"
#include "checker/show_time.h"

void show_summary_add(struct show_summary *summary, const struct trace_call *call)
{
    if (call->request.call >= OPERATION_COUNT)
        return;
    struct show_counts *counts = &summary->of[call->request.call];
    counts->calls++;
    if (!call->complete)
        return;
    counts->errors += !show_succeeded(call);
    counts->refused += show_refused(call);
    counts->timed += call->timed;
    counts->ticks += call->timed ? call->duration : 0;
    counts->bytes_in += call_bytes_moved(call, true);
    counts->bytes_out += call_bytes_moved(call, false);
}

static struct show_counts total_of(const struct show_summary *summary)
{
    struct show_counts total = { 0 };
    for (unsigned i = 0; i < OPERATION_COUNT; i++) {
        const struct show_counts *counts = &summary->of[i];
        total.calls += counts->calls;
        total.errors += counts->errors;
        total.refused += counts->refused;
        total.timed += counts->timed;
        total.ticks += counts->ticks;
        total.bytes_in += counts->bytes_in;
        total.bytes_out += counts->bytes_out;
    }
    return total;
}

/* Whether `a` stands above `b`: longer, then more often, then first in the table. */
static bool above(const struct show_summary *summary, unsigned a, unsigned b)
{
    const struct show_counts *x = &summary->of[a], *y = &summary->of[b];
    if (x->ticks != y->ticks)
        return x->ticks > y->ticks;
    return x->calls != y->calls ? x->calls > y->calls : a < b;
}

/* The operations that were called, in order. Returns how many. */
static unsigned sorted(const struct show_summary *summary, uint8_t *ret)
{
    unsigned count = 0;
    for (unsigned i = 0; i < OPERATION_COUNT; i++) {
        if (summary->of[i].calls == 0)
            continue;
        unsigned at = count++;
        for (; at > 0 && above(summary, i, ret[at - 1]); at--)
            ret[at] = ret[at - 1];
        ret[at] = (uint8_t)i;
    }
    return count;
}

static void put_row(const char *name, const struct show_counts *counts, uint64_t all_ticks,
                    const struct show_clock *clock, struct buffer *out)
{
    char line[256];
    double share = all_ticks > 0 ? 100.0 * (double)counts->ticks / (double)all_ticks : 0;
    uint64_t ns = show_clock_ns(clock, counts->ticks);
    snprintf(line, sizeof line,
             "%6.2f %5" PRIu64 ".%06" PRIu64 " %11.3f %9" PRIu64 " %9" PRIu64 " %9" PRIu64 " %12" PRIu64 " %12" PRIu64
             " ",
             share, ns / 1000000000, ns % 1000000000 / 1000,
             counts->timed > 0 ? (double)ns / (double)counts->timed / 1000 : 0.0, counts->calls, counts->errors,
             counts->refused, counts->bytes_in, counts->bytes_out);
    buffer_string(out, line);
    buffer_string(out, name);
    buffer_u8(out, '\n');
}

static void put_ruler(struct buffer *out)
{
    buffer_string(
        out,
        "------ ------------ ----------- --------- --------- --------- ------------ ------------ ----------------\n");
}

void show_summary_put(const struct show_summary *summary, const struct show_clock *clock, struct buffer *out)
{
    uint8_t order[OPERATION_COUNT];
    unsigned count = sorted(summary, order);
    struct show_counts total = total_of(summary);
    buffer_string(out,
                  "% time      seconds  usecs/call     calls    errors   refused     bytes in    bytes out call\n");
    put_ruler(out);
    for (unsigned i = 0; i < count; i++)
        put_row(abi_operations[order[i]].name, &summary->of[order[i]], total.ticks, clock, out);
    put_ruler(out);
    put_row("total", &total, total.ticks, clock, out);
    if (total.timed < total.calls)
        buffer_printf(
            out, "# %" PRIu64 " of these calls have no time of their own; seconds and usecs/call are without them\n",
            total.calls - total.timed);
    if (!clock->known)
        buffer_string(out, "# the trace has no end that relates its ticks to time\n");
}

static void row_json(const char *key, const char *name, const struct show_counts *counts,
                     const struct show_clock *clock, struct json *json)
{
    uint64_t ns = show_clock_ns(clock, counts->ticks);
    json_object_begin(json, key);
    if (name)
        json_string(json, "call", name);
    json_u64(json, "count", counts->calls);
    json_u64(json, "errors", counts->errors);
    json_u64(json, "refused", counts->refused);
    json_u64(json, "timed", counts->timed);
    if (clock->known) {
        json_u64(json, "total_ns", ns);
        json_u64(json, "mean_ns", counts->timed > 0 ? ns / counts->timed : 0);
    } else {
        json_null(json, "total_ns");
        json_null(json, "mean_ns");
    }
    json_u64(json, "bytes_in", counts->bytes_in);
    json_u64(json, "bytes_out", counts->bytes_out);
    json_object_end(json);
}

void show_summary_json(const struct show_summary *summary, const struct show_clock *clock, struct buffer *out)
{
    uint8_t order[OPERATION_COUNT];
    unsigned count = sorted(summary, order);
    struct show_counts total = total_of(summary);
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_array_begin(&json, "calls");
    for (unsigned i = 0; i < count; i++)
        row_json(NULL, abi_operations[order[i]].name, &summary->of[order[i]], clock, &json);
    json_array_end(&json);
    row_json("total", NULL, &total, clock, &json);
    json_object_end(&json);
    buffer_u8(out, '\n');
}
