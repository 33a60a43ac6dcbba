/* `warrant policy backtest`: each trace's guest is executed again, confined, under another policy: the first call that
 * is decided otherwise, and how the guest goes on for as long as that is known (replay/asked.c).
 *
 * Invariants: what a policy grants is what lies at its paths here and now; a directory of the run's is known again by
 * its resolved path and, on the same machine, by what it is. One of the policy that the run did not have is an object
 * of which the trace knows nothing. */
#include "cli/policy_backtest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/utsname.h>

#include "checker/checker.h"
#include "cli/policy_places.h"
#include "cli/run_options.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/text.h"
#include "tracer/trace.h"
#include "wasi/start.h"

enum { STREAMS = 3, STEPS_MAX = 512 };

/* One run that is asked about. */
struct backtest {
    const struct policy_backtest *options;
    const char *path;
    struct replay_step *steps; /* owned; STEPS_MAX */
    uint32_t step_count;
    struct replay_report report;
    struct run_spec spec, asked;
    bool cut;
};

static void on_step(void *self, const struct replay_step *step)
{
    struct backtest *test = self;
    if (test->step_count < STEPS_MAX)
        test->steps[test->step_count++] = *step;
}

/* ---- the run's description with the policy that is asked ---- */

static char *copy_of(const char *text) { return strdup(text ? text : ""); }

/* Which of the run's directories lies there; UINT32_MAX: none. */
static uint32_t directory_of(const struct run_spec *was, const struct check_place *place)
{
    struct utsname here;
    const bool same = uname(&here) == 0 && was->facts.host && strcmp(was->facts.host, here.nodename) == 0;
    for (uint32_t i = 0; i < was->policy.file_count; i++) {
        const struct run_initial *initial = &was->initial[STREAMS + i];
        if (!initial->path || strcmp(initial->path, place->path) != 0)
            continue;
        if (!same || !place->here || place->ino == initial->ino)
            return i;
    }
    return UINT32_MAX;
}

/* A directory that the run did not have: a part of one that it had is on the same device, and as doubtful. */
static struct run_initial other_directory(const struct run_spec *was, const struct check_place *place)
{
    struct run_initial initial = { .filetype = FILETYPE_DIRECTORY, .doubtful = true };
    size_t deepest = 0;
    for (uint32_t i = 0; i < was->policy.file_count; i++) {
        const struct run_initial *whole = &was->initial[STREAMS + i];
        size_t length = whole->path ? strlen(whole->path) : 0;
        if (length > deepest && strncmp(place->path, whole->path, length) == 0 && place->path[length] == '/') {
            deepest = length;
            initial.dev = whole->dev;
            initial.doubtful = whole->doubtful;
        }
    }
    return initial;
}

static enum status initials_fill(const struct run_spec *was, const struct check_place *places, struct run_spec *now,
                                 struct error *error)
{
    const struct policy *policy = &now->policy;
    const uint32_t count = run_spec_initials(policy), sockets = STREAMS + policy->file_count;
    struct run_initial *initial = calloc(count, sizeof *initial);
    if (!initial)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < now->initial_count; i++)
        free(now->initial[i].path);
    free(now->initial);
    now->initial = initial;
    now->initial_count = count;
    for (uint32_t i = 0; i < count; i++) {
        uint32_t of = i < STREAMS ? i : UINT32_MAX;
        if (i >= STREAMS && i < sockets) {
            of = directory_of(was, &places[i - STREAMS]);
            of = of != UINT32_MAX ? STREAMS + of : of;
            initial[i] = other_directory(was, &places[i - STREAMS]);
        } else if (i >= sockets) {
            initial[i].filetype = FILETYPE_SOCKET_STREAM;
        }
        if (of != UINT32_MAX)
            initial[i] = was->initial[of];
        if (i >= sockets && !run_spec_is_resolver(now, i))
            initial[i].address = policy->listens[i - sockets];
        initial[i].path = copy_of(of != UINT32_MAX              ? was->initial[of].path
                                  : i >= STREAMS && i < sockets ? places[i - STREAMS].path
                                                                : "");
        if (!initial[i].path)
            return error_set(error, STATUS_NO_MEMORY, "out of memory");
    }
    return STATUS_OK;
}

static enum status nodes_fill(const struct run_spec *was, struct run_spec *now, struct error *error)
{
    const struct policy *policy = &now->policy;
    free(now->nodes);
    now->node_count = policy->device_count;
    now->nodes = calloc(policy->device_count + (size_t)1, sizeof *now->nodes);
    if (!now->nodes)
        return error_set(error, STATUS_NO_MEMORY, "out of memory");
    for (uint32_t i = 0; i < policy->device_count; i++)
        for (uint32_t k = 0; k < was->policy.device_count && k < was->node_count; k++)
            if (strcmp(policy->devices[i], was->policy.devices[k]) == 0)
                now->nodes[i] = was->nodes[k];
    return STATUS_OK;
}

static enum status asked_read(struct backtest *test, const char *policy, struct error *error)
{
    struct trace_reader *reader;
    struct check_place *places = NULL;
    struct trace_exit exit_item;
    size_t size;
    enum status s = trace_reader_open(test->path, &reader, error);
    if (s != STATUS_OK)
        return s;
    const void *bytes = trace_reader_description(reader, &size);
    s = run_spec_decode(bytes, size, &test->spec, error);
    if (s == STATUS_OK)
        s = run_spec_decode(bytes, size, &test->asked, error);
    test->cut = !trace_reader_exit_ahead(reader, &exit_item);
    trace_reader_close(reader);
    if (s != STATUS_OK)
        return s;
    policy_done(&test->asked.policy);
    policy_init(&test->asked.policy);
    s = cli_policy_read(policy, &test->asked.policy, error);
    if (s == STATUS_OK)
        s = policy_places_find(&test->asked.policy, &places, error);
    if (s == STATUS_OK)
        s = initials_fill(&test->spec, places, &test->asked, error);
    if (s == STATUS_OK)
        s = nodes_fill(&test->spec, &test->asked, error);
    policy_places_free(places, test->asked.policy.file_count);
    return s;
}

static enum status ask(struct backtest *test, const char *policy, struct error *error)
{
    struct buffer bytes = BUFFER_INIT;
    struct replay_process process = test->options->process;
    enum status s = asked_read(test, policy, error);
    if (s != STATUS_OK)
        return s;
    run_spec_encode(&test->asked, &bytes);
    const struct replay_options options = { .trace_path = test->path,
                                            .asked = bytes.data,
                                            .asked_size = bytes.size,
                                            .assume_output = test->options->assume_output,
                                            .told = on_step,
                                            .told_self = test };
    s = bytes.status == STATUS_OK ? replay_process_run(&process, &options, &test->report, error)
                                  : error_set(error, bytes.status, "out of memory");
    buffer_done(&bytes);
    return s;
}

/* ---- words ---- */

static const char *errno_words(uint32_t number)
{
    return number < WASI_ERRNO_COUNT ? abi_errno_name((enum wasi_errno)number) : "?";
}

static void put_decision(bool known, uint32_t wasi_errno, uint32_t rule, struct buffer *out)
{
    if (!known) {
        buffer_string(out, "not known");
        return;
    }
    buffer_string(out, wasi_errno == WASI_SUCCESS ? "success" : errno_words(wasi_errno));
    if (rule != RULE_NONE && rule < RULE_COUNT)
        buffer_printf(out, " (%s)", abi_rules[rule].text);
}

static void put_step(const struct replay_step *step, struct buffer *out)
{
    if (step->before > 0)
        buffer_printf(out, "  %10s  %" PRIu64 " calls more\n", "...", step->before);
    if (step->event > 0)
        buffer_printf(out, "  %10" PRIu64 "  ", step->event);
    else
        buffer_printf(out, "  %10s  ", "new");
    text_guard(out, step->text, strlen(step->text));
    switch ((enum replay_step_kind)step->kind) {
    case REPLAY_STEP_OTHER:
        buffer_string(out, ": then ");
        put_decision(step->then, step->errno_then, step->rule_then, out);
        buffer_string(out, "; now ");
        put_decision(step->now, step->errno_now, step->rule_now, out);
        buffer_string(out, step->traps ? ", and the guest is stopped" : "");
        break;
    case REPLAY_STEP_TOLD:
        buffer_string(out, ": ");
        put_decision(step->now, step->errno_now, step->rule_now, out);
        break;
    case REPLAY_STEP_SAME:
        buffer_string(out, ": as then, ");
        put_decision(step->now, step->errno_now, step->rule_now, out);
        break;
    case REPLAY_STEP_NEW:
        buffer_string(out, ": ");
        put_decision(step->now, step->errno_now, step->rule_now, out);
        break;
    case REPLAY_STEP_ASSUMED:
        buffer_string(out, ": taken to succeed");
        break;
    case REPLAY_STEP_WORLD:
    case REPLAY_STEP_COUNT:
        buffer_string(out, ": not known");
        if (step->then) {
            buffer_string(out, "; then ");
            put_decision(true, step->errno_then, step->rule_then, out);
        }
        break;
    }
    if (step->why[0]) {
        buffer_string(out, ": ");
        text_guard(out, step->why, strlen(step->why));
    }
    buffer_u8(out, '\n');
}

/* Of a process that may have been taken over: any number. */
static void put_exit(const struct trace_exit *exit, struct buffer *out)
{
    if (exit->outcome == WASI_ENDED_RETURNED)
        buffer_string(out, "returned from _start");
    else if (exit->outcome == WASI_ENDED_EXIT)
        buffer_printf(out, "exit with code %u", exit->exit_code);
    else if (exit->outcome == WASI_ENDED_RAISED)
        buffer_printf(out, "a signal of its own, status %u", exit->exit_code);
    else if (exit->outcome == WASI_ENDED_TRAP)
        buffer_printf(out, "trap: %s", check_trap_text(exit->trap));
    else
        buffer_string(out, "not known");
}

static void put_report(const struct backtest *test, struct buffer *out)
{
    const struct replay_report *report = &test->report;
    const struct replay_asked *asked = &report->asked;
    text_plain_string(out, test->path);
    if (!asked->differs)
        buffer_printf(out, ": nothing is decided otherwise: %" PRIu64 " hostcalls, ", report->calls);
    if (!asked->parted) {
        buffer_string(out, report->ended ? "the same end\n" : "as far as the trace goes: ");
        if (!report->ended) {
            text_guard(out, report->stop_text, strlen(report->stop_text));
            buffer_u8(out, '\n');
        }
        return;
    }
    if (!asked->differs)
        buffer_string(out, "the same end; the guest is told of other grants or rights\n");
    else if (asked->first_event > 0)
        buffer_printf(out, ": the first call that is decided otherwise is at event %" PRIu64 "\n", asked->first_event);
    else
        buffer_string(out, ": no call of then is decided otherwise, and yet the guest goes another way\n");
    for (uint32_t i = 0; i < test->step_count; i++)
        put_step(&test->steps[i], out);
    buffer_printf(out,
                  "  in all: %" PRIu64 " calls as then, %" PRIu64 " told something else, %" PRIu64
                  " that succeeded and do not, %" PRIu64 " new, %" PRIu64 " taken to succeed, %" PRIu64
                  " not made any more\n  ",
                  asked->followed, asked->told, asked->refused, asked->fresh, asked->assumed, asked->skipped);
    if (report->ended) {
        buffer_string(out, "then the guest ends: ");
        put_exit(&report->exit, out);
        buffer_string(out, "; recorded: ");
        put_exit(&report->recorded, out);
    } else {
        buffer_string(out, "what follows is not known: ");
        text_guard(out, asked->stop[0] ? asked->stop : report->stop_text,
                   strlen(asked->stop[0] ? asked->stop : report->stop_text));
    }
    buffer_u8(out, '\n');
}

/* ---- JSON ---- */

static void json_decision(const char *key, bool known, uint32_t wasi_errno, uint32_t rule, struct json *json)
{
    if (!known) {
        json_null(json, key);
        return;
    }
    json_object_begin(json, key);
    json_string(json, "errno", errno_words(wasi_errno));
    json_string(json, "rule", rule < RULE_COUNT ? abi_rules[rule].name : "?");
    json_string(json, "text", rule != RULE_NONE && rule < RULE_COUNT ? abi_rules[rule].text : NULL);
    json_object_end(json);
}

static void json_exit(const char *key, bool known, const struct trace_exit *exit, struct json *json)
{
    struct buffer text = BUFFER_INIT;
    char words[160];
    put_exit(exit, &text);
    text_copy(&text, words, sizeof words);
    buffer_done(&text);
    if (!known) {
        json_null(json, key);
        return;
    }
    json_object_begin(json, key);
    json_string(json, "text", words);
    json_u64(json, "code", exit->exit_code);
    json_object_end(json);
}

static void json_report(const struct backtest *test, struct buffer *out)
{
    static const char *const kinds[] = {
        [REPLAY_STEP_OTHER] = "other", [REPLAY_STEP_TOLD] = "told",       [REPLAY_STEP_SAME] = "same",
        [REPLAY_STEP_NEW] = "new",     [REPLAY_STEP_ASSUMED] = "assumed", [REPLAY_STEP_WORLD] = "unknown",
        [REPLAY_STEP_COUNT] = "?"
    };
    const struct replay_asked *asked = &test->report.asked;
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_string(&json, "trace", test->path);
    json_bool(&json, "differs", asked->differs);
    if (asked->first_event > 0)
        json_u64(&json, "first_event", asked->first_event);
    else
        json_null(&json, "first_event");
    json_array_begin(&json, "steps");
    for (uint32_t i = 0; i < test->step_count; i++) {
        const struct replay_step *step = &test->steps[i];
        json_object_begin(&json, NULL);
        json_string(&json, "kind", kinds[step->kind]);
        if (step->event > 0)
            json_u64(&json, "event", step->event);
        else
            json_null(&json, "event");
        json_u64(&json, "left_out_before", step->before);
        json_string(&json, "hostcall", abi_operations[step->call].name);
        json_string(&json, "call", step->text);
        json_decision("then", step->then, step->errno_then, step->rule_then, &json);
        json_decision("now", step->now && step->kind != REPLAY_STEP_WORLD, step->errno_now, step->rule_now, &json);
        json_bool(&json, "stops", step->traps);
        json_string(&json, "why", step->why[0] ? step->why : NULL);
        json_object_end(&json);
    }
    json_array_end(&json);
    json_u64(&json, "hostcalls", test->report.calls);
    json_u64(&json, "as_then", asked->followed);
    json_u64(&json, "told", asked->told);
    json_u64(&json, "refused", asked->refused);
    json_u64(&json, "new", asked->fresh);
    json_u64(&json, "assumed", asked->assumed);
    json_u64(&json, "not_made", asked->skipped);
    json_exit("end", test->report.ended, &test->report.exit, &json);
    json_exit("recorded_end", test->report.ended, &test->report.recorded, &json);
    json_string(&json, "stop", test->report.ended ? NULL : asked->stop[0] ? asked->stop : test->report.stop_text);
    json_object_end(&json);
    buffer_u8(out, '\n');
}

/* ---- the command ---- */

static int backtest_one(const struct command *command, struct backtest *test, const char *policy)
{
    struct error error = ERROR_INIT;
    struct buffer out = BUFFER_INIT;
    int status = EXIT_FILE;
    enum status s = ask(test, policy, &error);
    if (s == STATUS_OK && test->report.verdict == REPLAY_DIVERGED) {
        s = error_set(&error, STATUS_DIVERGED,
                      "%s: its own replay diverges at event %" PRIu64
                      ", so that it tells nothing; see `warrant replay`",
                      test->path, test->report.divergence.event);
    }
    if (s == STATUS_OK) {
        if (test->options->json)
            json_report(test, &out);
        else
            put_report(test, &out);
        print_text(stdout, &out);
        status = test->report.asked.differs ? EXIT_FINDING : EXIT_OK;
    } else {
        command_failed(command, EXIT_FILE, &error);
    }
    buffer_done(&out);
    return status;
}

int policy_backtest(const struct command *command, const struct policy_backtest *options, char **operands, int count)
{
    int status = EXIT_OK;
    if (count < 2)
        return command_usage(command, "a policy and at least one trace are wanted behind `backtest`");
    for (int i = 1; i < count; i++) {
        struct backtest *test = calloc(1, sizeof *test);
        struct replay_step *steps = calloc(STEPS_MAX, sizeof *steps);
        int one = EXIT_FILE;
        if (test && steps) {
            test->options = options;
            test->path = operands[i];
            test->steps = steps;
            run_spec_init(&test->spec);
            run_spec_init(&test->asked);
            one = backtest_one(command, test, operands[0]);
            run_spec_done(&test->spec);
            run_spec_done(&test->asked);
        } else {
            print_err("warrant %s: out of memory\n", command->name);
        }
        free(steps);
        free(test);
        status = one > status ? one : status;
    }
    return status;
}
