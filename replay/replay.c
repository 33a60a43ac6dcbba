/* Replays a trace: builds the guest's world from the trace's description, executes it with the trace as backend, and
 * compares at every step.
 *
 * Invariants: the first mismatch ends the replay; nothing but the trace and a module that the caller named is opened.
 * Leaves out: checking what was done against a policy or the kernel's record (checker/). */
#include "replay/session.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "replay/profile.h"
#include "wasi/start.h"

enum { PROGRESS_CALLS = 1024 };
/* How far another module may run past the instructions of the recorded one: it may never end by itself. */
enum { OVERRUN = 1 << 24 };

static enum status replay_begin(void *self, const struct request *request, struct error *error)
{
    struct session *session = self;
    if (session->stopped)
        return STATUS_STOPPED;
    if (session->item != SESSION_CALL) {
        session_expected(session, session->item == SESSION_GROWTH ? "a growth that is refused" : "the guest's end");
        session_found(session, "a call of %s",
                      request->call < OPERATION_COUNT ? abi_operations[request->call].name : "?");
        return session_diverge(session, session->report->last_event + 1, "exit", error);
    }
    if (session->options->until_event && session->call->begin_event > session->options->until_event)
        return session_until(session);
    enum status status = compare_request(session, request, error);
    if (status == STATUS_OK)
        session->report->last_event = session->call->begin_event;
    if (status == STATUS_OK)
        status = session_tell_call(session, session->call->begin_event, request->call, error);
    return status;
}

static enum status replay_op(void *self, const struct request *request, const struct op *op,
                             const struct backend_space *space, struct error *error)
{
    struct session *session = self;
    if (session->stopped)
        return STATUS_STOPPED;
    if (!session->call->complete && session->op >= session->call->ops.count)
        return session_in_flight(session, error);
    enum status status = compare_op(session, request, op, space, error);
    if (status == STATUS_OK)
        session->report->last_event = session->call->op_event[session->op];
    return status;
}

static enum status replay_act(void *self, const struct op *op, const struct request *request,
                              const struct backend_space *space, struct op_result *result, struct error *error)
{
    struct session *session = self;
    if (session->stopped)
        return STATUS_STOPPED;
    /* Results are stored with the end of a call: of the last one in a prefix there are none. */
    if (!session->call->complete)
        return session_in_flight(session, error);
    return answer_act(session, op, request, space, result, error);
}

static enum status replay_end(void *self, const struct request *request, const struct call_ops *ops,
                              const struct outcome *outcome, const struct backend_space *space, uint64_t committed,
                              struct error *error)
{
    struct session *session = self;
    (void)request, (void)ops, (void)space;
    if (session->stopped)
        return STATUS_STOPPED;
    if (!session->call->complete)
        return session_in_flight(session, error);
    enum status status = compare_outcome(session, outcome, committed, error);
    if (status != STATUS_OK)
        return status;
    struct replay_report *report = session->report;
    report->calls++;
    report->last_event = session->call->end_event;
    const struct replay_options *options = session->options;
    if (options->progress && report->calls % PROGRESS_CALLS == 0 &&
        !options->progress(options->progress_self, report->calls,
                           session->instance ? rt_instance_instructions(session->instance) : 0))
        return error_set(error, STATUS_STOPPED, "the replay was stopped by its caller");
    return session_next(session, error);
}

struct wasi_backend session_backend(struct session *session) { return (struct wasi_backend) { session, replay_act }; }

struct wasi_observer session_observer(struct session *session)
{
    return (struct wasi_observer) { session, replay_begin, replay_op, replay_end, NULL };
}

/* No more fuel than the trace says that the guest needed; another module gets some more. */
static void session_fuel(struct session *session, struct rt_limits *limits)
{
    struct trace_exit ahead;
    if (!trace_reader_exit_ahead(session->reader, &ahead))
        return;
    uint64_t more = session->report->other_module || session->asked ? OVERRUN : 0;
    uint64_t fuel = ahead.instructions < UINT64_MAX - more ? ahead.instructions + more : UINT64_MAX;
    session->fuel_recorded = fuel < limits->fuel;
    if (session->fuel_recorded)
        limits->fuel = fuel;
}

/* Tells what was counted. */
static enum status session_counted(struct session *session, struct error *error)
{
    const struct replay_options *options = session->options;
    struct profile profile;
    enum status status = profiler_get(session->profiler, session->module, session->instance, &profile, error);
    if (status != STATUS_OK)
        return status;
    status = profile_tell(&profile, options->counted, options->counted_self, error);
    profile_done(&profile);
    return status;
}

/* Executes the guest in the world that the trace describes. *ret_ending is set where it ended by itself; other endings
 * stand in the report, or are the status. */
static enum status session_execute(struct session *session, const struct wasi_start *start, bool *ret_ended,
                                   struct wasi_ending *ret_ending, struct error *error)
{
    const struct wasi_backend backend = session->asked ? asked_backend(session) : session_backend(session);
    const struct wasi_observer observer = session->asked ? asked_observer(session) : session_observer(session);
    const struct rt_growth_watch growths = session_growths(session);
    struct wasi *wasi = NULL;
    *ret_ended = false;
    *ret_ending = (struct wasi_ending) { .ended = WASI_ENDED_NOT_STARTED };
    enum status status = wasi_create(&start->config, &backend, &observer, &wasi, error);
    if (status != STATUS_OK)
        return status;
    status = wasi_start_run(session->module, wasi, &start->limits, &growths, session->profiler ? &session->watch : NULL,
                            &session->instance, ret_ending, error);
    if (session->instance)
        session->report->instructions = rt_instance_instructions(session->instance);
    const struct error *failure = wasi_failure(wasi);
    if (status == STATUS_OK && !session->stopped && session->report->verdict != REPLAY_DIVERGED) {
        if (session->failure.status != STATUS_OK)
            failure = &session->failure;
        if (failure && failure->status != STATUS_OK)
            status = session->asked && failure->status == STATUS_STOPPED ? asked_limit(session, failure->text)
                                                                         : error_copy(error, failure->status, failure);
        else
            *ret_ended = true;
    }
    if (status == STATUS_OK && session->instance && !asked_parted(session)) {
        status = session_last_state(session, *ret_ended, error);
        if (status == STATUS_DIVERGED || (status == STATUS_STOPPED && session->stopped)) {
            *ret_ended = false;
            status = STATUS_OK;
        }
    }
    const struct tell_wishes *wishes = session->options->wishes;
    if (status == STATUS_OK && session->instance && wishes && !wishes->every && wishes->event_count == 0)
        status = session_tell(session, 0, OPERATION_COUNT, error);
    if (status == STATUS_OK && session->instance && session->profiler)
        status = session_counted(session, error);
    rt_instance_free(session->instance);
    session->instance = NULL;
    wasi_free(wasi);
    return status;
}

static void session_ended(struct session *session, const struct wasi_ending *ending, struct error *error)
{
    struct replay_report *report = session->report;
    report->ended = true;
    report->recorded = session->recorded;
    report->exit = (struct trace_exit) { .outcome = ending->ended,
                                         .exit_code = ending->exit_code,
                                         .trap = ending->trap,
                                         .function = ending->function,
                                         .offset = ending->offset,
                                         .instructions = ending->instructions,
                                         .stack = ending->stack };
    if (asked_parted(session)) {
        asked_ended(session, &report->exit);
        return;
    }
    enum status status = compare_exit(session, &report->exit, error);
    if (status == STATUS_OK)
        report->verdict = REPLAY_IDENTICAL;
    else if (!asked_ended_early(session, &report->exit))
        session_place(session, ending->function, ending->offset,
                      ending->ended == WASI_ENDED_TRAP ? rt_module_function_name(session->module, ending->function)
                                                       : NULL);
}

/* Executes the module in the described world. A guest that could not be started is an outcome as any other. */
static enum status session_guest(struct session *session, const struct run_spec *spec, struct wasi_start *start,
                                 struct error *error)
{
    struct wasi_ending ending = { .ended = WASI_ENDED_NOT_STARTED };
    struct error why = ERROR_INIT;
    struct buffer module = BUFFER_INIT;
    bool ended = false;
    enum status status = session_next(session, error);
    if (status == STATUS_OK)
        status = session_bytes(session, spec, &module, error);
    if (status != STATUS_OK) {
        buffer_done(&module);
        return status;
    }
    bool never_started = session->item == SESSION_EXIT && session->recorded.outcome == WASI_ENDED_NOT_STARTED;
    status = rt_module_load(module.data, module.size, &start->module_limits, &session->module, &why);
    buffer_done(&module);
    error_prefix(&why, session->report->other_module ? "the module given" : "its module");
    if (status == STATUS_OK) {
        session_fuel(session, &start->limits);
        status = session_execute(session, start, &ended, &ending, &why);
    }
    /* What that machine lacked when it started the guest (address space, memory), this one has: nothing to compare
     * with, no lie. */
    if (status == STATUS_OK && ended && never_started && ending.ended != WASI_ENDED_NOT_STARTED &&
        session->recorded.instructions == 0) {
        ended = false;
        status = session_stop(session, REPLAY_PREFIX, STATUS_STOPPED,
                              "the guest could not start where it was recorded, and can here");
    }
    /* Too little memory here says nothing of why it was not started there. */
    bool refused = status != STATUS_OK && status != STATUS_NO_MEMORY && ending.ended == WASI_ENDED_NOT_STARTED;
    if (refused && never_started) {
        ended = true;
        status = STATUS_OK;
    }
    if (status != STATUS_OK)
        error_copy(error, status, &why);
    else if (ended)
        session_ended(session, &ending, NULL);
    return status;
}

static enum status session_run(struct session *session, struct error *error)
{
    const struct replay_options *options = session->options;
    const struct wasi_observer usual = session_observer(session);
    struct run_spec spec, asked;
    struct wasi_start start = { 0 };
    size_t size;
    const void *description = trace_reader_description(session->reader, &size);
    run_spec_init(&spec);
    run_spec_init(&asked);
    enum status status = run_spec_decode(description, size, &spec, error);
    if (status == STATUS_OK && options->asked) {
        status = run_spec_decode(options->asked, options->asked_size, &asked, error);
        if (status == STATUS_OK)
            status = asked_create(session, &spec, &asked, &usual, error);
    }
    if (status == STATUS_OK)
        status = wasi_start_init(options->asked ? &asked : &spec, &start, error);
    if (status == STATUS_OK)
        status = session_guest(session, &spec, &start, error);
    rt_module_free(session->module);
    wasi_start_done(&start);
    asked_free(session->asked);
    session->asked = NULL;
    run_spec_done(&asked);
    run_spec_done(&spec);
    return status == STATUS_STOPPED && session->stopped ? STATUS_OK : status;
}

/* Reads what is left behind the guest's end, so that the hash is that of everything. */
static void session_drain(struct session *session)
{
    struct replay_report *report = session->report;
    enum trace_item_kind kind;
    if (report->verdict != REPLAY_IDENTICAL && report->verdict != REPLAY_PREFIX)
        return;
    while (trace_reader_next(session->reader, &kind, session->call, &session->recorded, NULL) == STATUS_OK)
        ;
    trace_reader_hash(session->reader, report->trace_hash);
}

static enum status session_open(struct session *session, struct error *error)
{
    const struct replay_options *options = session->options;
    if (!options->files)
        return trace_reader_open(options->trace_path, &session->reader, error);
    return trace_reader_open_fd(options->files->trace, options->files->trace_size, &session->reader, error);
}

enum status replay_run(const struct replay_options *options, struct replay_report *ret, struct error *error)
{
    struct session session = { .options = options, .report = ret, .stream = { 0, 1, 2 } };
    *ret = (struct replay_report) { .verdict = REPLAY_IDENTICAL };
    session.call = calloc(1, sizeof *session.call);
    if (!session.call)
        return error_set(error, STATUS_NO_MEMORY, "no memory for a call");
    session.failure = (struct error)ERROR_INIT;
    enum status status = trace_digest_create(&session.digest, error);
    if (status == STATUS_OK && options->counted)
        status = profiler_create(&session.profiler, &session.watch, error);
    if (status == STATUS_OK)
        status = session_open(&session, error);
    if (status == STATUS_OK)
        status = session_run(&session, error);
    if (status == STATUS_OK)
        session_drain(&session);
    trace_reader_close(session.reader);
    trace_digest_free(session.digest);
    profiler_free(session.profiler);
    free(session.call);
    return status;
}
