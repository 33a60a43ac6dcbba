/* `warrant policy backtest`: each trace's guest is executed again, confined, under another policy: the first call that
 * is decided otherwise, and how the guest goes on for as long as that is known (replay/asked.c). */
#include "cli/policy_backtest.h"

#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "checker/checker.h"
#include "cli/asked_run.h"
#include "runtime/base/json_writer.h"
#include "runtime/base/text.h"
#include "tracer/trace.h"
#include "wasi/start.h"

enum { STEPS_MAX = 512, POLICY_BYTES_MAX = 1 << 20 };

/* One run that is asked about. */
struct backtest {
    const struct policy_backtest *options;
    const char *path;
    struct replay_step *steps; /* owned; STEPS_MAX */
    uint32_t step_count;
    struct replay_report report;
};

static void on_step(void *self, const struct replay_step *step)
{
    struct backtest *test = self;
    if (test->step_count < STEPS_MAX)
        test->steps[test->step_count++] = *step;
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

static int backtest_one(const struct command *command, struct backtest *test, const struct asked_policy *policy)
{
    struct error error = ERROR_INIT;
    struct buffer out = BUFFER_INIT;
    int status = EXIT_FILE;
    const struct replay_options more = { .assume_output = test->options->assume_output,
                                         .told = on_step,
                                         .told_self = test };
    enum status s = asked_run(test->path, policy, &test->options->process, &more, &test->report, &error);
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
    struct error error = ERROR_INIT;
    struct buffer text = BUFFER_INIT;
    if (file_read_all(operands[0], POLICY_BYTES_MAX, &text, &error) != STATUS_OK)
        return command_failed(command, EXIT_FILE, &error);
    const struct asked_policy policy = { (const char *)text.data, text.size, operands[0] };
    for (int i = 1; i < count; i++) {
        struct backtest *test = calloc(1, sizeof *test);
        struct replay_step *steps = calloc(STEPS_MAX, sizeof *steps);
        int one = EXIT_FILE;
        if (test && steps) {
            test->options = options;
            test->path = operands[i];
            test->steps = steps;
            one = backtest_one(command, test, &policy);
        } else {
            print_err("warrant %s: out of memory\n", command->name);
        }
        free(steps);
        free(test);
        status = one > status ? one : status;
    }
    buffer_done(&text);
    return status;
}
