/* The checker's one pass: pulls hostcalls and records as the matcher asks for them, stores what they were taken for,
 * and lets the judge see each system call that the guest's process issued after its setup.
 *
 * Invariants: memory does not grow with the trace (a hostcall's row waits in a bounded ring for its verdict); a damaged
 * trace or witness file is checked up to where it is valid, and the report says where that is. docs/queries.md. */
#include "checker/audit.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include "checker/ending_report.h"
#include "checker/findings.h"
#include "checker/hearing.h"
#include "checker/impact.h"
#include "checker/match.h"
#include "checker/match_state.h"
#include "checker/moved.h"
#include "runtime/base/text.h"
#include "checker/touched.h"

enum { WAITING = MATCH_PENDING, PROGRESS_EVERY = 16384 };

struct audit {
    const struct audit_options *options;
    struct check_report *report;
    struct match *match; /* NULL: unwitnessed */
    struct hearing *hearing;
    struct touched *touched; /* NULL: nothing is stored */
    bool judging;            /* the setup is over */
    enum status status;      /* of reading; the first failure that ends the pass */
    struct error *error;
    struct trace_end end;
    struct trace_call *call; /* large */
    struct witness_record record;
    uint32_t waiting_head, waiting_count;
    struct store_call waiting[WAITING]; /* rows whose verdict is open, in order */
};

/* ---- what the matcher tells ---- */

static void on_verdict(void *self, uint64_t hostcall, enum check_verdict verdict)
{
    struct audit *a = self;
    a->report->verdicts[verdict]++;
    if (!a->options->store)
        return;
    /* Calls get their verdicts in order, but one that needs none gets it at once: it is the last that came. */
    struct store_call *first = &a->waiting[a->waiting_head % WAITING];
    if (first->number == hostcall) {
        store_call(a->options->store, first, verdict);
        a->waiting_head++;
    } else {
        store_call(a->options->store, &a->waiting[(a->waiting_head + a->waiting_count - 1) % WAITING], verdict);
    }
    a->waiting_count--;
}

static void on_finding(void *self, enum check_finding_kind kind, const struct match_place *place,
                       const struct witness_record *record, int64_t syscall, const char *evidence)
{
    struct audit *a = self;
    if (kind == CHECK_FINDING_LOST)
        hearing_gap(a->hearing);
    findings_add(a->report, a->options->store, kind, place, record, syscall, evidence);
}

static void on_record(void *self, const struct witness_record *record, enum match_class class,
                      const struct match_place *place)
{
    struct audit *a = self;
    bool executed = record->kind == WITNESS_SYSCALL || record->kind == WITNESS_ENTRY_ONLY;
    bool guest = record->role != WITNESS_RECORDER;
    if (class == MATCH_PLAN || class == MATCH_MISMATCH || class == MATCH_RESTART || class == MATCH_UNKNOWN)
        a->report->syscalls++;
    else if (class == MATCH_SETUP)
        a->report->setup_syscalls++;
    else if (match_is_call(record))
        a->report->other_syscalls++;
    a->judging |= a->options->setup_until != UINT64_MAX
                      ? record->number > a->options->setup_until
                      : class == MATCH_PLAN || class == MATCH_UNKNOWN || class == MATCH_UNDECLARED;
    if (guest && executed && a->judging && class != MATCH_SETUP)
        hearing_record(a->hearing, record, place);
    if (a->options->store)
        store_syscall(a->options->store, record, class, place);
}

/* ---- what the matcher wants ---- */

static void store_new_call(struct audit *a, const struct trace_call *call, uint64_t number)
{
    struct store_call *row = &a->waiting[(a->waiting_head + a->waiting_count++) % WAITING];
    *row = (struct store_call) {
        .number = number,
        .begin_event = call->begin_event,
        .end_event = call->end_event,
        .chunk = call->chunk,
        .ticks = call->ticks,
        .duration = call->duration,
        .timed = call->timed,
        .call = call->request.call,
        .import = call->request.import,
        .complete = call->complete,
        .slot_count = call->request.call < OPERATION_COUNT ? abi_operations[call->request.call].slot_count : 0,
    };
    memcpy(row->slot, call->request.slot, row->slot_count * sizeof row->slot[0]);
    if (call->complete) {
        row->wasi_errno = call->outcome.wasi_errno;
        row->rule = call->outcome.rule;
        row->trap = call->outcome.trap;
        row->value_count = call->outcome.value_count;
        memcpy(row->value, call->outcome.value, sizeof row->value);
        row->bytes_in = call_bytes_moved(call, true);
        row->bytes_out = call_bytes_moved(call, false);
    }
    store_parts(a->options->store, call, number);
    touched_call(a->touched, call, number);
}

static void trace_stopped(struct audit *a)
{
    struct check_report *report = a->report;
    struct error why = ERROR_INIT;
    enum status s = trace_reader_stop(a->options->reader, &a->end, &report->ends_inside_call, &why);
    report->trace_whole = s == STATUS_OK;
    report->end = a->end;
    if (s != STATUS_OK) {
        struct buffer text = BUFFER_INIT;
        const char *reason = why.text[0] ? why.text : status_text(s);
        text_guard(&text, reason, strlen(reason));
        text_copy(&text, report->stop_text, sizeof report->stop_text);
        buffer_done(&text);
    }
}

/* The number of the last event of a call, DATA of one that is cut off left out. */
static uint64_t last_event(const struct trace_call *call)
{
    if (call->complete)
        return call->end_event;
    return call->ops.count > 0 ? call->op_event[call->ops.count - 1] : call->begin_event;
}

/* Reads on. False: there are no more hostcalls. */
static bool next_call(struct audit *a)
{
    struct check_report *report = a->report;
    const struct check_options *check = a->options->check;
    for (;;) {
        enum trace_item_kind kind;
        struct error why = ERROR_INIT;
        enum status s = trace_reader_next(a->options->reader, &kind, a->call, &report->exit, &why);
        if (s == STATUS_NO_MEMORY || s == STATUS_IO) /* this machine's fault, and not the trace's */
            a->status = error_copy(a->error, s, &why);
        if (s != STATUS_OK) {
            trace_stopped(a);
            if (s != STATUS_NOT_FOUND && report->trace_whole) {
                report->trace_whole = false;
                struct buffer text = BUFFER_INIT;
                text_guard(&text, why.text, strlen(why.text));
                text_copy(&text, report->stop_text, sizeof report->stop_text);
                buffer_done(&text);
            }
            return false;
        }
        if (kind != TRACE_ITEM_CALL) { /* states and growths are the replay's matter */
            report->has_exit |= kind == TRACE_ITEM_EXIT;
            report->events++;
            continue;
        }
        report->events += 1 + last_event(a->call) - a->call->begin_event;
        if (check->progress && report->hostcalls % PROGRESS_EVERY == 0)
            check->progress(check->progress_self, "reading", report->hostcalls, 0);
        return true;
    }
}

static void feed_call(struct audit *a)
{
    if (!next_call(a)) {
        if (a->match)
            match_calls_end(a->match, ending_is_open(a->report), a->end.end_ns);
        return;
    }
    uint64_t number = a->report->hostcalls++;
    if (a->options->store)
        store_new_call(a, a->call, number);
    hearing_call(a->hearing, a->call, number);
    if (a->match && match_call(a->match, a->call, number) != STATUS_OK)
        a->status = error_set(a->error, STATUS_NO_MEMORY, "no memory for the operands of hostcall %" PRIu64, number);
    else if (!a->match)
        on_verdict(a, number, a->call->complete ? CHECK_VERDICT_NONE : CHECK_VERDICT_IN_FLIGHT);
}

static void feed_record(struct audit *a)
{
    struct error why = ERROR_INIT;
    enum status s = witness_reader_next(a->options->witness, &a->record, &why);
    if (s == STATUS_OK) {
        if (match_record(a->match, &a->record) != STATUS_OK)
            a->status = error_set(a->error, STATUS_NO_MEMORY, "no memory for the operands of record %" PRIu64,
                                  a->record.number);
        return;
    }
    if (s == STATUS_NO_MEMORY || s == STATUS_IO) {
        a->status = error_copy(a->error, s, &why);
        return;
    }
    uint64_t lost = 0;
    struct error stop = ERROR_INIT;
    enum status whole = witness_reader_stop(a->options->witness, &lost, &stop);
    bool cut = s != STATUS_NOT_FOUND || whole != STATUS_OK;
    match_records_end(a->match, cut);
    if (cut)
        hearing_gap(a->hearing);
    a->report->lost = lost;
    if (!cut) {
        if (lost > 0 && a->report->finding_counts[CHECK_FINDING_LOST] == 0)
            findings_add(a->report, a->options->store, CHECK_FINDING_LOST, NULL, NULL, -1,
                         "the witness counted losses that it could not place");
        return;
    }
    const char *text = stop.text[0] ? stop.text : why.text[0] ? why.text : status_text(s);
    findings_add(a->report, a->options->store, CHECK_FINDING_WITNESS_STOP, NULL, NULL, -1, text);
}

/* One step. True: there is no more. */
static bool advance(struct audit *a)
{
    uint64_t before = a->report->hostcalls;
    enum match_need need = a->match ? match_step(a->match) : MATCH_NEED_CALL;
    switch (need) {
    case MATCH_NEED_CALL:
        feed_call(a);
        return !a->match && a->report->hostcalls == before;
    case MATCH_NEED_RECORD:
        feed_record(a);
        return false;
    case MATCH_AGAIN:
        return false;
    case MATCH_DONE:
        break;
    }
    return true;
}

/* What this machine cannot do (memory, disk, reading) ends the pass: nobody is accused or acquitted for it. */
static enum status loop(struct audit *a)
{
    for (bool done = false; !done && a->status == STATUS_OK;) {
        done = advance(a);
        if (a->status == STATUS_OK && a->options->store)
            a->status = store_status(a->options->store, a->error);
        if (a->status == STATUS_OK)
            a->status = hearing_status(a->hearing, a->error);
    }
    return a->status;
}

static enum status prepare(struct audit *a)
{
    const struct audit_options *o = a->options;
    enum status s = STATUS_OK;
    a->call = calloc(1, sizeof *a->call);
    if (!a->call)
        return error_set(a->error, STATUS_NO_MEMORY, "no memory for a hostcall");
    if (o->store)
        s = touched_create(o->store, o->spec, &a->touched, a->error);
    if (s == STATUS_OK)
        s = hearing_create(o, a->report, &a->hearing, a->error);
    if (s != STATUS_OK || !o->witness)
        return s;
    struct match_options match = {
        o->spec, witness_reader_info(o->witness)->guest_pid, o->setup_until, { a, on_verdict, on_record, on_finding }
    };
    return match_create(&match, &a->match, a->error);
}

enum status audit_run(const struct audit_options *options, struct check_report *report, double *ret_ns_per_tick,
                      struct error *error)
{
    struct audit *a = calloc(1, sizeof *a);
    if (!a)
        return error_set(error, STATUS_NO_MEMORY, "no memory for the check");
    a->options = options;
    a->report = report;
    a->error = error;
    enum status s = prepare(a);
    if (s == STATUS_OK)
        s = loop(a);
    if (s == STATUS_OK) {
        struct match_place place = { report->hostcalls - 1, a->call->begin_event, a->call->chunk, a->call->request.call,
                                     MATCH_NO_OP };
        ending_report(report, options->store, report->hostcalls > 0 ? &place : NULL);
        hearing_end(a->hearing);
        if (a->touched)
            touched_end(a->touched);
        uint64_t ticks = a->end.end_ticks - a->end.start_ticks, ns = a->end.end_ns - a->end.start_ns;
        *ret_ns_per_tick = ticks > 0 && a->end.end_ticks > a->end.start_ticks ? (double)ns / (double)ticks : 0;
    }
    touched_free(a->touched);
    hearing_free(a->hearing);
    match_free(a->match);
    free(a->call);
    free(a);
    return s;
}
