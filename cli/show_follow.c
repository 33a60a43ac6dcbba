/* Waits for what a recorder writes: looks at the file's size now and then, and behind its last whole item asks whether
 * anybody still writes (tracer/trace_live.c).
 *
 * Invariant: after the recording is over the file is looked at once more, so that what was written last is not missed.
 */
#include "cli/show_follow.h"

#include <signal.h>
#include <time.h>

#include "cli/print.h"
#include "runtime/base/platform.h"
#include "wasi/policy/policy.h"

enum { LOOK_NS = 50000000 };

static volatile sig_atomic_t ended_by;

static void on_signal(int number) { ended_by = number; }

void show_follow_begin(void)
{
    /* No SA_RESTART: the wait ends with it. */
    const struct sigaction action = { .sa_handler = on_signal };
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

int show_follow_signal(void) { return ended_by; }

static void pause_short(void)
{
    const struct timespec look = { 0, LOOK_NS };
    nanosleep(&look, NULL);
}

bool show_live_end(const char *path, const struct trace_reader *reader, struct trace_end *ret)
{
    struct trace_beside beside = trace_beside(path, trace_reader_run_id(reader));
    *ret = (struct trace_end) { .start_ticks = beside.start_ticks, .start_ns = beside.start_ns };
    ret->end_ns = elapsed_now_ns();
    ret->end_ticks = platform_ticks();
    return beside.state == TRACE_BESIDE_LIVE;
}

/* Is all there that stands before the first event? */
static bool begins(const struct trace_reader *reader)
{
    struct run_spec spec;
    size_t size;
    uint64_t module_size;
    const void *bytes = trace_reader_description(reader, &size);
    if (trace_reader_has_module(reader, &module_size) || run_spec_decode(bytes, size, &spec, NULL) != STATUS_OK)
        return true; /* of a description that cannot be read nothing more is known */
    bool without = spec.facts.no_module;
    run_spec_done(&spec);
    return without;
}

enum status show_follow_open(const char *path, struct trace_reader **ret, struct error *error)
{
    for (;;) {
        struct error why = ERROR_INIT;
        bool live = trace_beside(path, NULL).state == TRACE_BESIDE_LIVE && !ended_by; /* before it is looked at */
        enum status s = trace_reader_open(path, ret, &why);
        if (s == STATUS_OK && (!live || begins(*ret)))
            return s;
        if (s == STATUS_OK)
            trace_reader_close(*ret);
        else if (!live || (s != STATUS_TRUNCATED && s != STATUS_MALFORMED))
            return error_copy(error, s, &why);
        pause_short();
    }
}

/* Until the file is longer. False: it will not be. */
static bool grows(const char *path, struct trace_reader *reader)
{
    for (;;) {
        if (ended_by)
            return false;
        bool live = trace_beside(path, trace_reader_run_id(reader)).state == TRACE_BESIDE_LIVE;
        if (trace_reader_grow(reader))
            return true;
        if (!live)
            return false;
        pause_short();
    }
}

enum status show_follow_next(const char *path, struct trace_reader *reader, enum trace_item_kind *ret_kind,
                             struct trace_call *call, struct trace_exit *exit, struct error *error)
{
    for (;;) {
        bool waits;
        enum status s = trace_reader_next_live(reader, ret_kind, call, exit, &waits, error);
        if (!waits)
            return s;
        if (!print_flush())
            return error_set(error, STATUS_IO, "cannot write to the standard output");
        if (grows(path, reader))
            continue;
        return ended_by ? STATUS_NOT_FOUND : trace_reader_next(reader, ret_kind, call, exit, error);
    }
}
