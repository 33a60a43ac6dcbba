/* The report of a check as JSON. docs/queries.md lists rules and verdicts; numbers that do not apply are null. */
#include "checker/checker.h"
#include "checker/ending.h"
#include "runtime/base/json_writer.h"

static void json_place(struct json *json, const char *key, uint64_t number)
{
    if (number == CHECK_NO_PLACE)
        json_null(json, key);
    else
        json_u64(json, key, number);
}

/* An empty text is none. */
static void json_text(struct json *json, const char *key, const char *text)
{
    json_string(json, key, text && text[0] ? text : NULL);
}

static void json_finding(void *self, const struct check_told *told)
{
    struct json *json = self;
    json_object_begin(json, NULL);
    json_string(json, "rule", told->rule);
    json_string(json, "severity", told->level);
    json_bool(json, "fails", told->fails);
    json_text(json, "file", told->file);
    json_place(json, "hostcall", told->hostcall);
    json_string(json, "call", told->call);
    json_place(json, "event", told->event);
    json_place(json, "chunk", told->chunk);
    json_place(json, "record", told->record);
    json_string(json, "syscall", told->syscall);
    json_string(json, "impact", told->impact);
    json_text(json, "evidence", told->evidence);
    json_string(json, "text", told->text);
    json_string(json, "advice", told->advice);
    json_object_end(json);
}

static void json_end(const struct check_report *r, struct json *json)
{
    struct buffer cause = BUFFER_INIT;
    ending_cause(&r->end, &cause);
    json_u64(json, "end_reason", r->end.reason);
    json_string(json, "ended", trace_end_name(r->end.reason));
    if (r->end.reason != 0)
        json_buffer(json, "cause", &cause);
    else
        json_null(json, "cause");
    json_u64(json, "signal", r->end.signal);
    buffer_done(&cause);
}

static void json_parts(const struct check_report *r, struct json *json)
{
    json_object_begin(json, "verdicts");
    for (unsigned v = 0; v < CHECK_VERDICT_COUNT; v++)
        json_u64(json, check_verdict_name((enum check_verdict)v), r->verdicts[v]);
    json_object_end(json);
    if (r->has_exit) {
        json_object_begin(json, "exit");
        json_string(json, "outcome", abi_ended_text(r->exit.outcome));
        json_u64(json, "code", r->exit.exit_code);
        json_u64(json, "instructions", r->exit.instructions);
        if (r->exit.outcome == WASI_ENDED_TRAP) {
            json_string(json, "trap", check_trap_name(r->exit.trap));
            json_u64(json, "function", r->exit.function);
            json_u64(json, "offset", r->exit.offset);
            crash_json(&r->exit.stack, r->crash, json);
        }
        json_object_end(json);
    } else {
        json_null(json, "exit");
    }
    json_object_begin(json, "replay");
    json_bool(json, "done", r->replay.done);
    json_bool(json, "identical", r->replay.identical);
    json_u64(json, "calls", r->replay.calls);
    json_u64(json, "instructions", r->replay.instructions);
    json_u64(json, "recorded_instructions", r->replay.recorded_instructions);
    json_text(json, "text", r->replay.text);
    json_object_end(json);
}

static void json_signed(struct json *json, const char *key, const struct check_signed *is)
{
    json_object_begin(json, key);
    json_string(json, "state", check_signed_name((enum check_signed_state)is->state));
    json_text(json, "key", is->key);
    json_object_end(json);
}

void check_report_json(const struct check_report *report, struct buffer *out)
{
    const struct check_report *r = report;
    struct json json = json_over(out);
    json_object_begin(&json, NULL);
    json_hex(&json, "run", r->run_id, TRACE_RUN_ID);
    json_text(&json, "trace", r->trace_path);
    json_text(&json, "witness", r->witness_path);
    json_bool(&json, "witnessed", r->witnessed);
    json_bool(&json, "whole", r->trace_whole);
    json_end(r, &json);
    json_bool(&json, "ends_inside_call", r->ends_inside_call);
    json_text(&json, "stop", r->stop_text);
    json_u64(&json, "hostcalls", r->hostcalls);
    json_u64(&json, "events", r->events);
    json_u64(&json, "syscalls", r->syscalls);
    json_u64(&json, "setup_syscalls", r->setup_syscalls);
    json_u64(&json, "other_syscalls", r->other_syscalls);
    json_u64(&json, "lost", r->lost);
    json_text(&json, "confined", r->confined);
    json_object_begin(&json, "signatures");
    json_signed(&json, "trace", &r->signed_by[CHECK_SIGNER_RECORDER]);
    json_signed(&json, "witness", &r->signed_by[CHECK_SIGNER_WITNESS]);
    json_object_end(&json);
    json_string(&json, "policy", r->policy_given ? "given" : "own");
    json_string(&json, "judged", check_judged_name((enum check_judged)r->judged));
    json_parts(r, &json);
    json_u64(&json, "elapsed_ns", r->elapsed_ns);
    json_u64(&json, "replay_ns", r->replay_ns);
    json_u64(&json, "finding_count", r->finding_count);
    json_u64(&json, "failing", r->failing);
    json_i64(&json, "exit_status", r->exit_status);
    json_string(&json, "verdict", check_report_verdict(r));
    json_array_begin(&json, "findings");
    check_report_visit(r, 0, json_finding, &json);
    json_array_end(&json);
    json_object_end(&json);
    buffer_u8(out, '\n');
}
